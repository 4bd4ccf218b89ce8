//! P4: somebody who was let in, with all its keys and with the server on its side, is taken for nobody but itself.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_engine::face::{FloorView, Intent};
use pushtalk_protocol::{
    Capabilities, Ctl, DeniedReason, DisplayName, Epoch, FloorMessage, Hello, HostPublic, Mode, Pid, Rekey,
    Relayed, RevokedReason, Roster, Sas, SecretBytes, Settings, Signature, SignedStatement,
};
use pushtalk_signaling::lobby::Push;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Kind, Network, Parcel, Told, World, pid_of};
use rand::seq::IndexedRandom;
use rand::{Rng, RngExt};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];
const MOLE: usize = 3;

/// A room of three with a mole in it that all are ready for.
fn infiltrated(seed: u64) -> anyhow::Result<World> {
    let mut world = World::new(seed, Network::default());
    world.recorded = true;
    world.gather(&NAMES, "Friday")?;
    let link = world.invitation(0)?.link;
    let mole = world.mole()?;
    anyhow::ensure!(mole == MOLE);
    world.join(mole, "Mole", &link);
    world.run(Duration::from_secs(3));
    anyhow::ensure!((0..3).all(|who| world.ready(who) == 3), "the mole did not come in");
    Ok(world)
}

fn pid(world: &World, who: usize) -> anyhow::Result<Pid> {
    world.people[who].pid.ok_or_else(|| anyhow::anyhow!("{who} has no place"))
}

/// One lie, of a random kind, to a random member, in the name of another one.
fn lie(world: &mut World) -> anyhow::Result<()> {
    let victim = world.rng.random_range(0..3);
    let other = (victim + world.rng.random_range(1..3)) % 3;
    let (to, name, own) = (pid(world, victim)?, pid(world, other)?, pid(world, MOLE)?);
    world.tally.tampered += 1;
    match world.rng.random_range(0..9) {
        0 => {
            // Its own voice, as another one's.
            let mut voice = vec![0; 81];
            world.rng.fill_bytes(&mut voice);
            let Some(tie) = world.mole_of(MOLE)?.ties.get_mut(&to) else { return Ok(()) };
            let Some(frame) = tie.seal_key.as_mut().and_then(|key| key.seal(&voice).ok()) else {
                return Ok(());
            };
            frame_to(world, name, to, frame.as_bytes().to_vec());
        }
        1 | 2 => {
            // What another one said to it, passed on: as that one's, or as its own.
            let said: Vec<_> =
                world.wire.iter().rev().take(400).filter(|w| w.1 == own && w.2 != Kind::Ctl).collect();
            let Some((from, _, _, bytes)) = said.choose(&mut world.rng).map(|w| (*w).clone()) else {
                return Ok(());
            };
            let from = if world.rng.random_bool(0.5) { from } else { own };
            frame_to(world, from, to, bytes);
        }
        3 => {
            // Sealed messages that it got from another one.
            let got = world.mole_of(MOLE)?.received.clone();
            let Some((from, _, bytes)) = got.choose(&mut world.rng).cloned() else { return Ok(()) };
            ctl_to(world, victim, from, to, bytes);
        }
        4 => {
            // Its own sealed messages, in the name of another one.
            let sent: Vec<_> = world.wire.iter().filter(|w| w.0 == own && w.2 == Kind::Ctl).collect();
            let Some(bytes) = sent.choose(&mut world.rng).map(|w| w.3.clone()) else { return Ok(()) };
            ctl_to(world, victim, name, to, bytes);
        }
        _ => {
            let message = false_message(world, name)?;
            world.mole_says(MOLE, to, &message)?;
        }
    }
    Ok(())
}

fn frame_to(world: &mut World, from: Pid, to: Pid, bytes: Vec<u8>) {
    let kind = Kind::Frame { sequence: world.rng.random(), timestamp: world.rng.random() };
    world.carry(Parcel { from, to, kind, bytes, late: Duration::ZERO });
}

/// Over the peer connection of the one it claims to be, or through the server in that one's name.
fn ctl_to(world: &mut World, victim: usize, from: Pid, to: Pid, bytes: Vec<u8>) {
    if world.rng.random_bool(0.5) {
        let late = Duration::from_millis(1);
        world.carry(Parcel { from, to, kind: Kind::Ctl, bytes, late });
    } else {
        let data = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        world.server_tells(victim, Told::Push(Push::Relayed(Relayed { from, data })));
    }
}

/// Something that only another one may say.
fn false_message(world: &mut World, name: Pid) -> anyhow::Result<Ctl> {
    let rng = &mut world.rng;
    let (n, spurt) = (rng.random_range(0..u64::from(u32::MAX)), rng.random_range(0..20));
    Ok(match rng.random_range(0..16) {
        0 => Ctl::Floor(FloorMessage::Taken { n, talker: name }),
        1 => Ctl::Floor(FloorMessage::Granted { n, spurt, limit_ms: 300_000 }),
        2 => Ctl::Floor(FloorMessage::Revoked { n, spurt, reason: RevokedReason::Limit }),
        3 => Ctl::Floor(FloorMessage::Idle { n }),
        4 => Ctl::Floor(FloorMessage::Denied { n, spurt, reason: DeniedReason::Busy { talker: name } }),
        5 => Ctl::Floor(FloorMessage::Queued { n, spurt, place: 7 }),
        6 | 7 => Ctl::Hello(Hello {
            name: DisplayName::parse("Mole")?,
            app_version: "0".to_owned(),
            capabilities: Capabilities::default(),
            host_proof: Some(Signature::new(std::array::from_fn(|_| rng.random()))),
            heir: HostPublic::new([3; 32]),
        }),
        8 => Ctl::Settings(Settings {
            n: u32::MAX,
            mode: Mode::Open,
            talk_limit: 300,
            title: "Owned".to_owned(),
        }),
        9 => Ctl::Roster(Roster { epoch: Epoch(0), pids: vec![name] }),
        10 => Ctl::Sas(Sas::Reveal([7; 32])),
        11 => Ctl::Rekey(Rekey::Second { message: vec![7; 48] }),
        12 => Ctl::WrongGuesses { epoch: Epoch(1), count: 200 },
        13 => Ctl::RoomSecret {
            epoch: Epoch(1),
            secret: SecretBytes::new([7; 32]),
            door: pushtalk_protocol::DoorState::Open,
        },
        14 => Ctl::MediaKey { generation: rng.random_range(0..4), key: SecretBytes::new(rng.random()) },
        _ => match forged_statement(world) {
            Some(statement) => Ctl::Statement(statement),
            None => Ctl::Renew,
        },
    })
}

/// The mole makes itself the host, by a signature of its own.
fn forged_statement(world: &mut World) -> Option<SignedStatement> {
    use pushtalk_protocol::{JoinPublic, Statement, StatementKind};
    let own = world.people[MOLE].pid?;
    let room_id = world.mole_of(MOLE).ok()?.admission.as_ref()?.room_id;
    let statement = Statement {
        room_id,
        epoch: Epoch(1),
        seq: 1,
        kind: StatementKind::Transfer { heir: own, host_pub: HostPublic::new([5; 32]) },
        removed: Vec::new(),
        roster: vec![own],
        join_pub: JoinPublic::new([6; 32]),
    };
    Some(SignedStatement { statement, signature: Signature::new([7; 64]) })
}

/// All is as the three of them made it.
fn undeceived(world: &World, talker: Option<usize>) -> anyhow::Result<()> {
    for who in 0..3 {
        let room = world.room_of(who)?;
        anyhow::ensure!(room.title == "Friday", "{who} sees the title {}", room.title);
        anyhow::ensure!(room.members.len() == 4, "{who} sees {} members", room.members.len());
        for member in &room.members {
            let at = world.people.iter().position(|p| p.pid == pid_of(&member.id));
            let Some(at) = at else { anyhow::bail!("{who} sees a stranger") };
            let name = NAMES.get(at).copied().unwrap_or("Mole");
            anyhow::ensure!(member.name == name, "{who} sees {name} as {}", member.name);
            anyhow::ensure!(member.host == (at == 0), "{who} sees {name} as host: {}", member.host);
        }
        if let FloorView::Taken { id, .. } = &room.floor {
            let shown = world.people.iter().position(|p| p.pid == pid_of(id));
            anyhow::ensure!(shown == talker, "{who} sees {shown:?} talk, and it is {talker:?}");
        }
    }
    Ok(())
}

#[test]
fn a_mole_that_lies_with_all_its_keys_is_taken_for_nobody_else() {
    try_seeds("a mole's lies", 6, |seed| {
        let mut world = infiltrated(seed)?;
        for talker in [1, 0, 2, 1] {
            let before: Vec<u64> = world.people.iter().map(|p| p.heard_blocks).collect();
            world.act(talker, Intent::Press);
            for _ in 0..20 {
                world.run(Duration::from_millis(50));
                lie(&mut world)?;
                undeceived(&world, Some(talker))?;
            }
            world.act(talker, Intent::Release);
            world.run(Duration::from_millis(700));
            undeceived(&world, None)?;
            for who in (0..3).filter(|who| *who != talker) {
                let heard = world.people[who].heard_blocks - before[who];
                anyhow::ensure!(heard > 90, "{who} heard {heard} blocks of {talker}");
            }
        }
        anyhow::ensure!(world.tally.rejected > 5, "nothing was tried: {:?}", world.tally);
        Ok(world.tally)
    });
}

/// What the mole was told of comparing emoji, and by whom.
fn told_to_compare(world: &mut World) -> anyhow::Result<Vec<(Pid, Ctl)>> {
    let heard = &world.mole_of(MOLE)?.heard;
    let told = heard.iter().filter_map(|(who, plain)| Some((*who, Ctl::decode(plain).ok()?)));
    Ok(told.filter(|(_, message)| matches!(message, Ctl::Sas(_))).collect())
}

#[test]
fn who_is_between_two_that_compare_emoji_makes_them_see_different_ones() {
    try_seeds("between two", 6, |seed| {
        let mut world = infiltrated(seed)?;
        let (ana, ben) = (pid(&world, 0)?, pid(&world, 1)?);
        let mole = world.id_of(0, "Mole")?;
        // Ana takes it for Ben, and Ben for Ana; what each says to compare is passed on to the other as it is.
        world.act(0, Intent::Verify { id: mole });
        let mut passed = 0;
        for _ in 0..20 {
            world.run(Duration::from_millis(50));
            let told = told_to_compare(&mut world)?;
            for (from, message) in told.iter().skip(passed) {
                world.mole_says(MOLE, if *from == ana { ben } else { ana }, message)?;
                world.tally.tampered += 1;
            }
            passed = told.len();
        }
        anyhow::ensure!(passed == 3, "{passed} messages were passed on");
        let shown = |who| anyhow::Ok(world.room_of(who)?.verifying.and_then(|verifying| verifying.code));
        let (at_ana, at_ben) = (shown(0)?, shown(1)?);
        anyhow::ensure!(at_ana.is_some() && at_ben.is_some(), "both see something to compare");
        anyhow::ensure!(at_ana != at_ben, "both see {at_ana:?}");
        Ok(world.tally)
    });
}

#[test]
fn frames_for_one_member_are_no_use_at_another() {
    let mut world = infiltrated(1).unwrap();
    world.talks(1, Duration::from_secs(1));
    let own = pid(&world, MOLE).unwrap();
    let ben = pid(&world, 1).unwrap();
    let heard: Vec<_> = world.wire.iter().filter(|w| w.1 == own && w.2 != Kind::Ctl).cloned().collect();
    assert!(heard.len() > 90);
    let before = (world.people[2].heard_blocks, world.people[2].rejected);
    for (_, _, _, bytes) in &heard {
        let cem = pid(&world, 2).unwrap();
        frame_to(&mut world, ben, cem, bytes.clone());
        frame_to(&mut world, own, cem, bytes.clone());
    }
    world.run(Duration::from_secs(1));
    assert_eq!(world.people[2].heard_blocks, before.0, "nothing of it is played");
    assert_eq!(world.people[2].rejected, before.1 + 2 * heard.len() as u64);
}

#[test]
fn the_mole_would_be_heard_as_itself() {
    // What the mole has is good for what it is meant for: without this, the rest would prove nothing.
    let mut world = infiltrated(2).unwrap();
    let (own, ana) = (pid(&world, MOLE).unwrap(), pid(&world, 0).unwrap());
    let tie = world.mole_of(MOLE).unwrap().ties.get_mut(&ana).unwrap();
    let frame = tie.seal_key.as_mut().unwrap().seal(&[1; 41]).unwrap().as_bytes().to_vec();
    world.vouch(own, ana, &frame);
    frame_to(&mut world, own, ana, frame);
    world.run(Duration::from_millis(100));
    assert_eq!(world.tally.accepted, 1);
    world.mole_says(MOLE, ana, &Ctl::Bye).unwrap();
    world.run(Duration::from_millis(100));
    assert_eq!(world.room_of(0).unwrap().members.len(), 3, "it said good-bye, and that was believed");
}
