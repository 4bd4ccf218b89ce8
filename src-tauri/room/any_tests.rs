//! Whatever a room is told, in whatever order and by whomever, it stays whole.

use std::collections::BTreeSet;
use std::time::Duration;

use proptest::prelude::*;
use pushtalk_protocol::{DeniedReason, FloorMessage, Mode, Pid, RevokedReason};

use crate::table::{LIMIT, ms, pid};
use crate::{Audience, Input, LinkState, Microphone, Output, Room, RoomConfig, Situation, Turn};

fn member() -> impl Strategy<Value = Pid> {
    (1..6_u8).prop_map(pid)
}

fn count() -> impl Strategy<Value = u64> {
    prop_oneof![4 => 0..20_u64, 1 => any::<u64>()]
}

fn message() -> impl Strategy<Value = FloorMessage> {
    let spurt = || prop_oneof![4 => 0..4_u32, 1 => any::<u32>()];
    let denied = prop_oneof![
        member().prop_map(|talker| DeniedReason::Busy { talker }),
        Just(DeniedReason::TooSoon),
        Just(DeniedReason::NotArbiter),
    ];
    let reason = prop_oneof![
        Just(RevokedReason::Limit),
        Just(RevokedReason::Collision),
        Just(RevokedReason::Silence),
        Just(RevokedReason::Preempted),
        Just(RevokedReason::Mode),
    ];
    prop_oneof![
        spurt().prop_map(|spurt| FloorMessage::Request { spurt, queue: spurt % 2 == 0 }),
        (spurt(), count()).prop_map(|(spurt, n)| FloorMessage::Continue { spurt, n }),
        spurt().prop_map(|spurt| FloorMessage::Release { spurt }),
        (count(), spurt(), any::<u32>()).prop_map(|(n, spurt, limit_ms)| FloorMessage::Granted {
            n,
            spurt,
            limit_ms
        }),
        (count(), spurt(), denied).prop_map(|(n, spurt, reason)| FloorMessage::Denied { n, spurt, reason }),
        (count(), spurt(), reason).prop_map(|(n, spurt, reason)| FloorMessage::Revoked { n, spurt, reason }),
        (count(), spurt(), any::<u16>()).prop_map(|(n, spurt, place)| FloorMessage::Queued {
            n,
            spurt,
            place
        }),
        (count(), member()).prop_map(|(n, talker)| FloorMessage::Taken { n, talker }),
        count().prop_map(|n| FloorMessage::Idle { n }),
    ]
}

fn input() -> impl Strategy<Value = Input> {
    let microphone = prop_oneof![
        4 => Just(Microphone::Open),
        1 => Just(Microphone::Off),
        1 => Just(Microphone::Failed),
        2 => Just(Microphone::Silent),
    ];
    prop_oneof![
        2 => member().prop_map(Input::Known),
        6 => (member(), any::<bool>()).prop_map(|(pid, host)| Input::Up { pid, host }),
        2 => member().prop_map(Input::Down),
        2 => member().prop_map(Input::Gone),
        1 => member().prop_map(Input::Mismatch),
        8 => Just(Input::Press),
        2 => Just(Input::Preempt),
        3 => proptest::collection::btree_set(member(), 0..4).prop_map(Input::Whisper),
        2 => any::<bool>().prop_map(|open| Input::Mode(if open { Mode::Open } else { Mode::Radio })),
        1 => proptest::option::of(member()).prop_map(Input::Host),
        1 => any::<bool>().prop_map(Input::Queueing),
        6 => Just(Input::Release),
        20 => (member(), message()).prop_map(|(from, message)| Input::Floor { from, message }),
        2 => member().prop_map(Input::Voice),
        2 => member().prop_map(Input::Whispered),
        1 => any::<u32>().prop_map(|s| Input::TalkLimit(Duration::from_secs(s.into()))),
        3 => microphone.prop_map(Input::Microphone),
        1 => Just(Input::Tick),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn nothing_that_is_said_to_a_room_makes_it_talk_without_a_press_or_wait_for_ever(
        hosting: bool,
        steps in proptest::collection::vec((input(), 0..3_000_u64, any::<bool>()), 1..120),
    ) {
        let mut room = Room::new(RoomConfig { me: pid(3), hosting, talk_limit: LIMIT, mode: Mode::Radio });
        let mut now = ms(0);
        let _ = room.handle(now, Input::Microphone(Microphone::Open));
        let mut open: Option<Duration> = None;
        let mut turn: Option<Turn> = None;
        // Whom the last press was for.
        let (mut for_all, mut down, mut asked) = (true, false, BTreeSet::new());
        for (input, wait, spoken) in steps {
            match &input {
                Input::Whisper(to) => (for_all, down, asked) = (false, true, to.clone()),
                Input::Release => down = false,
                Input::Press | Input::Preempt if turn.is_none() || !down => for_all = true,
                _ => {}
            }
            for output in room.handle(now, input) {
                match output {
                    Output::Send { to, .. } => prop_assert!(to != pid(3), "says something to itself"),
                    Output::Keep => prop_assert!(open.replace(now).is_none() && turn.is_none()),
                    Output::Begin(begun) => {
                        prop_assert!(open.take().is_some() && turn.is_none());
                        prop_assert!(begun.until() <= now + Duration::from_secs(300));
                        match begun.audience() {
                            Audience::Everybody => prop_assert!(for_all, "a whisper goes to all"),
                            Audience::Only(pids) => prop_assert!(pids.is_subset(&asked), "to somebody else"),
                        }
                        turn = Some(begun);
                    }
                    Output::Drop => {
                        prop_assert!(open.take().is_some() != turn.take().is_some_and(|turn| !turn.is_live()));
                    }
                    Output::Finish => {}
                }
            }
            // What ends in the same breath is dropped in it.
            prop_assert!(turn.as_ref().is_none_or(Turn::is_live));
            let view = room.view();
            let live = turn.as_ref().is_some_and(Turn::is_live);
            let bound = view.members.len() + 1;
            prop_assert!(room.queue.pids().len() <= bound && view.talkers.len() <= bound);
            let mismatch = matches!(view.button, Situation::KeyMismatch { .. });
            prop_assert_eq!(live, matches!(view.button, Situation::Talking { .. }));
            prop_assert!(!live || view.members.iter().any(|member| member.link == LinkState::Ready));
            prop_assert!(!(mismatch && open.is_some()));
            prop_assert!(open.is_none_or(|since| now < since + ms(5_000)));
            let due = room.poll_timeout();
            prop_assert!(due.is_none_or(|due| due > now), "a timer stays due");
            // Time passes as the timers want it.
            now = due.map_or(now + ms(wait), |due| due.min(now + ms(wait)));
            if spoken {
                turn = None;
            }
        }
        // However it stands, leaving ends it.
        for output in room.handle(now, Input::Leave) {
            prop_assert!(!matches!(output, Output::Begin(_) | Output::Keep));
        }
        prop_assert!(turn.is_none_or(|turn| !turn.is_live()));
        prop_assert_eq!(room.poll_timeout(), None);
    }
}
