//! P3: members that the server invents, hides, or keeps from each other change nothing about who is talked to.
//!
//! That each frame goes to exactly those who are shown as ready is checked by the world whenever one is sealed.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::{Initiation, MemberKey, PairContext, RoomSecret, pid as pid_of};
use pushtalk_engine::face::{Intent, MemberLink};
use pushtalk_protocol::{Epoch, MemberJoined, MemberLeft, MemberPublic, Pid, Relayed, RoomClosed, RoomId};
use pushtalk_signaling::lobby::{ConnectionId, Push};
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{
    Call, Desk, Malice, Mallory, Network, Operator, Reply, Told, World, pid_of as pid_in, shown_as_ready,
};

const NAMES: [&str; 4] = ["Ana", "Ben", "Cem", "Dua"];

/// Tells everybody of members that nobody let in, and speaks for them as far as it can.
#[derive(Default)]
struct Inventor {
    ghosts: Vec<MemberKey>,
    room: Option<RoomId>,
    seats: Vec<(ConnectionId, MemberPublic)>,
}

impl Inventor {
    /// The first message of a handshake by a ghost, with a room secret that it made up.
    fn handshake(&self, desk: &mut Desk<'_>, ghost: &MemberKey, with: &MemberPublic) -> Option<Push> {
        let (room_id, epoch) = (self.room?, Epoch(0));
        let psk = RoomSecret::generate(desk.rng).pair_psk(room_id, epoch);
        let me = pid_of(&ghost.public());
        let context = PairContext { room_id, epoch, me, peer: pid_of(with) };
        let (_, first) = Initiation::start(context, ghost, with, &psk, 1, desk.rng).ok()?;
        let data = BASE64_URL_SAFE_NO_PAD.encode([&[1, 1], &first[..]].concat());
        Some(Push::Relayed(Relayed { from: me, data }))
    }
}

impl Operator for Inventor {
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        while self.ghosts.len() < 3 {
            self.ghosts.push(MemberKey::generate(desk.rng));
        }
        match &call {
            Call::Create(create) => {
                self.room = Some(create.room_id);
                self.seats.push((from, create.member_pub));
            }
            Call::Join(join) => self.seats.push((from, join.member_pub)),
            _ => {}
        }
        desk.serve(from, call);
    }

    fn tells(&mut self, desk: &mut Desk<'_>, to: ConnectionId, mut told: Told) {
        let ghosts = || self.ghosts.iter().map(MemberKey::public);
        if let Told::Answer(Reply::Joined(joined)) = &mut told {
            joined.members.extend(ghosts());
        }
        let created = matches!(told, Told::Answer(Reply::Created(_)));
        let inside = created || matches!(told, Told::Answer(Reply::Joined(_)));
        desk.tell(to, told);
        if created {
            for member_pub in ghosts() {
                desk.tell(to, Told::Push(Push::MemberJoined(MemberJoined { member_pub })));
            }
        }
        let with = self.seats.iter().rev().find(|(seat, _)| *seat == to).map(|(_, public)| *public);
        if let Some(with) = with.filter(|_| inside) {
            for ghost in &self.ghosts {
                if let Some(push) = self.handshake(desk, ghost, &with) {
                    desk.tell(to, Told::Push(push));
                }
            }
        }
    }
}

#[test]
fn a_member_that_the_server_invents_is_shown_and_never_talked_to() {
    try_seeds("ghosts", 4, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(Inventor::default()));
        world.gather(&NAMES[..3], "Friday")?;
        for talker in 0..3 {
            world.talks(talker, Duration::from_secs(1));
        }
        for who in 0..3 {
            let room = world.room_of(who)?;
            assert_eq!(room.members.len(), 6, "seed {seed}: whom the server names is shown");
            let connecting = room.members.iter().filter(|m| m.link == MemberLink::Connecting).count();
            assert_eq!(connecting, 3, "seed {seed}: a ghost gets no further");
            assert_eq!(world.people[who].sent.len(), 2, "seed {seed}: voice went to the two that are real");
            assert!(world.people[who].heard_blocks > 150, "seed {seed}: they hear each other all the same");
        }
        Ok(world.tally)
    });
}

/// Keeps from some that others are there.
struct Splitter {
    /// Members in the order they came, and on which side each is put.
    seen: Vec<(MemberPublic, ConnectionId)>,
}

impl Splitter {
    fn side(&self, at: usize) -> bool {
        at.is_multiple_of(2)
    }

    fn hides(&self, member: &MemberPublic, from: ConnectionId) -> bool {
        let member = self.seen.iter().position(|(public, _)| public == member);
        let to = self.seen.iter().position(|(_, connection)| *connection == from);
        member.zip(to).is_some_and(|(a, b)| self.side(a) != self.side(b))
    }
}

impl Operator for Splitter {
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        match &call {
            Call::Create(create) => self.seen.push((create.member_pub, from)),
            Call::Join(join) => self.seen.push((join.member_pub, from)),
            _ => {}
        }
        desk.serve(from, call);
    }

    fn tells(&mut self, desk: &mut Desk<'_>, to: ConnectionId, mut told: Told) {
        match &mut told {
            Told::Answer(Reply::Joined(joined)) => joined.members.retain(|m| !self.hides(m, to)),
            Told::Push(Push::MemberJoined(joined)) if self.hides(&joined.member_pub, to) => return,
            _ => {}
        }
        desk.tell(to, told);
    }
}

#[test]
fn a_room_that_the_server_splits_talks_to_whom_each_half_shows() {
    try_seeds("split room", 4, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(Splitter { seen: Vec::new() }));
        let gathered = world.gather(&NAMES, "Friday");
        assert!(gathered.is_err(), "seed {seed}: the room is split");
        for talker in 0..4 {
            world.talks(talker, Duration::from_secs(1));
        }
        let pids: Vec<Pid> = world.people.iter().filter_map(|p| p.pid).collect();
        for who in 0..4 {
            let room = world.room_of(who)?;
            let half: Vec<usize> = (0..4).filter(|at| at % 2 == who % 2 && *at != who).collect();
            assert_eq!(shown_as_ready(&room), half.iter().map(|at| pids[*at]).collect(), "seed {seed}");
            assert_eq!(room.members.len(), 2, "seed {seed}: nobody else is shown");
            assert_eq!(world.people[who].sent.keys().copied().collect::<Vec<_>>(), half, "seed {seed}");
            for other in (0..4).filter(|at| at % 2 != who % 2) {
                assert_eq!(world.sent(who, other), 0, "seed {seed}");
            }
        }
        Ok(world.tally)
    });
}

#[test]
fn a_member_that_the_server_hides_from_one_is_not_talked_to_by_that_one_alone() {
    struct Hider(u32);
    impl Operator for Hider {
        fn tells(&mut self, desk: &mut Desk<'_>, to: ConnectionId, mut told: Told) {
            // The third one is not told of the first, who is told of the third.
            if let Told::Answer(Reply::Joined(joined)) = &mut told {
                self.0 += 1;
                if self.0 == 2 {
                    joined.members.remove(0);
                }
            }
            desk.tell(to, told);
        }
    }
    try_seeds("hidden host", 3, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(Hider(0)));
        assert!(world.gather(&NAMES[..3], "").is_err(), "seed {seed}");
        world.talks(1, Duration::from_secs(1));
        world.talks(2, Duration::from_secs(1));
        let hidden = world.people[0].pid;
        let room = world.room_of(2)?;
        assert!(room.members.iter().all(|m| pid_in(&m.id) != hidden), "seed {seed}: it is not shown");
        assert_eq!((world.sent(2, 0), world.sent(0, 2)), (0, 0), "seed {seed}: and not talked to");
        assert_eq!(
            room.hidden, 1,
            "seed {seed}: that somebody is hidden is seen by the one it is hidden from"
        );
        let apart = world.room_of(1)?.apart;
        let split: Vec<_> = apart.iter().map(|pair| [pid_in(&pair.one), pid_in(&pair.other)]).collect();
        let both = [hidden, world.people[2].pid];
        let reverse = [both[1], both[0]];
        assert!(
            split == [both] || split == [reverse],
            "seed {seed}: the third one sees who is apart: {split:?}"
        );
        assert!(world.sent(1, 0) > 0 && world.sent(1, 2) > 0, "seed {seed}: others talk to it");
        Ok(world.tally)
    });
}

#[test]
fn nothing_that_the_server_says_in_the_name_of_members_makes_a_listener_of_a_ghost() {
    try_seeds("ghosts and lies", 4, |seed| {
        let (mallory, malice, loot) = Mallory::new(Malice::default());
        let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
        world.gather(&NAMES[..2], "")?;
        *malice.borrow_mut() = Malice { invent: 0.5, name: 0.5, again: 0.2, ..Malice::default() };
        world.run(Duration::from_secs(10));
        world.talks(0, Duration::from_secs(1));
        for (who, other) in [(0, 1), (1, 0)] {
            let sent: Vec<usize> = world.people[who].sent.keys().copied().collect();
            assert!(sent.iter().all(|to| *to == other), "seed {seed}: voice for a ghost");
        }
        assert!(world.sent(0, 1) > 90, "seed {seed}");
        let mut tally = world.tally;
        tally.tampered += loot.borrow().deeds;
        Ok(tally)
    });
}

#[test]
fn the_servers_word_that_somebody_left_takes_nobody_out_of_a_conversation() {
    struct Liar(Vec<Pid>, bool);
    impl Operator for Liar {
        fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
            match &call {
                Call::Create(create) => self.0.push(pid_of(&create.member_pub)),
                Call::Join(join) => self.0.push(pid_of(&join.member_pub)),
                _ => {}
            }
            desk.serve(from, call);
        }

        fn passes(&mut self, desk: &mut Desk<'_>) {
            if desk.now < Duration::from_secs(8) || self.1 {
                return;
            }
            self.1 = true;
            for to in 0..100 {
                for pid in &self.0 {
                    desk.tell(ConnectionId(to), Told::Push(Push::MemberLeft(MemberLeft { pid: *pid })));
                }
                desk.tell(ConnectionId(to), Told::Push(Push::RoomClosed(RoomClosed {})));
            }
        }
    }
    try_seeds("false farewells", 3, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(Liar(Vec::new(), false)));
        world.gather(&NAMES[..3], "")?;
        world.run(Duration::from_secs(10));
        world.act(0, Intent::Dismiss { notice: 0 });
        world.talks(0, Duration::from_secs(1));
        for who in 1..3 {
            assert_eq!(world.ready(who), 2, "seed {seed}");
            assert!(world.people[who].heard_blocks > 90, "seed {seed}: {who} hears no more");
        }
        Ok(world.tally)
    });
}
