//! Rooms of several people in virtual time.

use std::time::Duration;

use pushtalk_engine::face::{Button, FloorView, Intent};
use pushtalk_tests::world::{Network, World};

const NAMES: [&str; 4] = ["Ana", "Ben", "Cem", "Dua"];

fn talk(world: &mut World, who: usize, time: Duration) {
    world.act(who, Intent::Press);
    world.run(time);
    world.act(who, Intent::Release);
    world.run(Duration::from_secs(1));
}

#[test]
fn everybody_hears_the_talker_whole_and_nobody_else_sends_anything() {
    for seed in 0..4 {
        let mut world = World::room(seed, Network::default(), &NAMES, "Friday").unwrap();
        let talker = usize::try_from(seed).unwrap();
        talk(&mut world, talker, Duration::from_secs(2));
        for who in 0..NAMES.len() {
            let person = &world.people[who];
            assert_eq!(person.rejected, 0, "seed {seed}");
            if who == talker {
                assert!(person.kept >= 200);
                assert_eq!(person.sent.len(), NAMES.len() - 1);
                assert!(
                    person.sent.values().all(|sent| *sent == person.kept),
                    "seed {seed}: {:?}",
                    person.sent
                );
                assert_eq!(person.heard_blocks, 0, "one's own voice is not heard");
            } else {
                assert!(person.sent.is_empty());
                let kept = world.people[talker].kept;
                assert!(person.heard_blocks + 3 >= kept, "seed {seed}: {} of {kept}", person.heard_blocks);
                assert!(person.loudest > 0.2);
            }
            assert_eq!(world.room_of(who).unwrap().floor, FloorView::Idle);
        }
    }
}

#[test]
fn the_first_syllable_is_whole_however_late_the_floor_is_granted() {
    for delay in [20, 80, 200] {
        let network = Network { delay: Duration::from_millis(delay), ..Network::default() };
        let mut world = World::room(delay, network, &NAMES[..3], "").unwrap();
        // The second one has to ask the host.
        talk(&mut world, 1, Duration::from_secs(1));
        let person = &world.people[1];
        assert!(person.said >= Duration::from_secs(1), "{:?} from the press on", person.said);
        assert!(
            person.sent.len() == 2 && person.sent.values().all(|sent| *sent == person.kept),
            "{delay} ms"
        );
        for who in [0, 2] {
            // Excess delay is worked off by leaving out periods, so blocks are fewer than frames; frames are not.
            let hearing = world.hearing(who).jitter;
            assert_eq!(
                (hearing.played, hearing.lost, hearing.late),
                (world.people[1].kept, 0, 0),
                "{delay} ms"
            );
        }
    }
}

#[test]
fn a_short_tap_is_said_even_when_it_ends_before_the_floor_is_granted() {
    let network = Network { delay: Duration::from_millis(100), ..Network::default() };
    let mut world = World::room(1, network, &NAMES[..2], "").unwrap();
    talk(&mut world, 1, Duration::from_millis(60));
    assert!(world.people[1].kept >= 6);
    assert_eq!(world.sent(1, 0), world.people[1].kept);
    assert!(world.people[0].loudest > 0.2);
}

#[test]
fn who_presses_while_another_talks_sends_nothing_and_is_told_who() {
    let mut world = World::room(2, Network::default(), &NAMES[..3], "").unwrap();
    world.act(1, Intent::Press);
    world.run(Duration::from_millis(200));
    world.act(2, Intent::SetQueueing { on: false });
    world.act(2, Intent::Press);
    world.run(Duration::from_millis(200));
    let room = world.room_of(2).unwrap();
    let ben = room.members.iter().find(|m| m.name == "Ben").unwrap();
    assert_eq!(room.button, Button::Busy { id: ben.id.clone() });
    assert!(world.people[2].sent.is_empty());
}

#[test]
fn a_voice_goes_on_when_frames_are_lost_and_late() {
    let network = Network {
        delay: Duration::from_millis(15),
        jitter: Duration::from_millis(30),
        loss: 0.1,
        ..Network::default()
    };
    let mut world = World::room(3, network, &NAMES[..2], "").unwrap();
    talk(&mut world, 0, Duration::from_secs(5));
    let kept = world.people[0].kept;
    assert!(world.people[1].heard_blocks * 100 >= kept * 90, "{} of {kept}", world.people[1].heard_blocks);
}

#[test]
fn two_hundred_and_fifty_presses_wear_no_key_out() {
    // The message that brings a new key comes later than the frames around it.
    let network = Network { messages_late: Duration::from_millis(40), ..Network::default() };
    let mut world = World::room(4, network, &NAMES[..2], "").unwrap();
    for press in 0..250 {
        let before = world.people[1].heard_blocks;
        world.act(0, Intent::Press);
        world.run(Duration::from_millis(60));
        world.act(0, Intent::Release);
        world.run(Duration::from_millis(250));
        assert!(world.people[1].heard_blocks > before, "press {press}");
    }
    assert_eq!(world.people[1].rejected, 0);
}

#[test]
fn who_leaves_is_gone_at_once_and_the_last_one_leaves_nothing_at_the_server() {
    let mut world = World::room(5, Network::default(), &NAMES[..3], "").unwrap();
    world.act(1, Intent::Press);
    world.run(Duration::from_millis(300));
    world.act(1, Intent::Leave);
    world.run(Duration::from_millis(100));
    for who in [0, 2] {
        let room = world.room_of(who).unwrap();
        assert_eq!((room.members.len(), room.floor), (2, FloorView::Idle));
    }
    world.act(0, Intent::Leave);
    world.act(2, Intent::Leave);
    // How often somebody has knocked, by a stand-in for an address, is counted for ten seconds more.
    world.run(Duration::from_secs(10));
    assert!(world.server_is_empty());
}
