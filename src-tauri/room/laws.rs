//! What must be true at every instant of a simulated world.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_protocol::Mode;

use crate::table::{ms, pid};
use crate::world::{Seat, World};
use crate::{Audience, Floor, Situation, Turn};

/// After a change among the members has been noticed, so long two may talk: the stated hand-over, and the way there
/// and back.
const HANDOVER: Duration = Duration::from_secs(2);

impl World {
    /// What must be true at every instant.
    pub(crate) fn check(&mut self) {
        let (seed, now) = (self.seed, self.now);
        for (who, seat) in &self.seats {
            if let Some(since) = seat.open {
                assert!(now <= since + ms(5_000), "seed {seed}: {who} waits for ever");
            }
            let view = seat.room.view();
            let talks = matches!(view.button, Situation::Talking { .. });
            let live = seat.turn.as_ref().is_some_and(Turn::is_live);
            assert_eq!(talks, live, "seed {seed}: the button of {who} says what is");
            assert_eq!(view.button == Situation::Requesting, seat.open.is_some(), "seed {seed}: {who}");
            let audience = seat.turn.as_ref().filter(|turn| turn.is_live()).map(Turn::audience);
            let whispering = match audience {
                Some(Audience::Only(pids)) => {
                    pids.iter().copied().filter(|pid| seat.room.is_ready(*pid)).collect()
                }
                Some(Audience::Everybody) | None => Vec::new(),
            };
            let whispers = audience.is_some_and(Audience::is_whisper);
            assert_eq!(view.whispering, whispering, "seed {seed}: whom {who} whispers to is shown");
            assert!(!whispers || !whispering.is_empty(), "seed {seed}: {who} whispers to nobody");
            let own_floor = matches!(view.floor, Floor::Taken { pid: holder, .. } if holder == pid(*who));
            assert!(!whispers || !own_floor, "seed {seed}: {who} whispers and shows the floor as its own");
            let queue = seat.room.queue.pids();
            assert!(queue.is_empty() || seat.room.floor.is_some(), "seed {seed}: a free floor is waited for");
            let others = queue.iter().filter(|pid| seat.room.is_ready(**pid)).count();
            let own = usize::from(queue.contains(&pid(*who)));
            assert_eq!(queue.len(), others + own, "seed {seed}: who is not here waits");
            assert_eq!(queue.iter().collect::<BTreeSet<_>>().len(), queue.len(), "seed {seed}: waits twice");
        }
        let radio = |seat: &Seat| seat.room.mode == Mode::Radio;
        let live = self.live();
        self.most = self.most.max(live.len());
        // A hand-over takes its time: it begins when the last one has noticed.
        let settled = HANDOVER + ms(4 * self.delay);
        if self.disturbed.is_some_and(|at| now < at + settled) {
            return;
        }
        // Those that follow the same arbiter, which knows them.
        let mut followed = BTreeSet::new();
        for who in &live {
            let room = &self.seats[who].room;
            if !radio(&self.seats[who]) {
                continue;
            }
            if let (Some(arbiter), Some(talk)) = (room.arbiter, room.talking())
                && talk.is_known()
            {
                assert!(followed.insert(arbiter), "seed {seed}: two talk at once at {now:?}: {live:?}");
            }
        }
        let here = self.seats.keys().map(|who| pid(*who)).collect::<BTreeSet<_>>();
        // To each other and to nobody else: who does not know yet that somebody is dead may still follow that one.
        let connected = |(who, seat): (&u8, &Seat)| {
            radio(seat) && seat.room.ready().chain([pid(*who)]).collect::<BTreeSet<_>>() == here
        };
        if self.seats.iter().all(connected) {
            assert!(
                live.len() <= 1,
                "seed {seed}: {live:?} talk at once at {now:?}, though all are connected"
            );
        }
    }
}
