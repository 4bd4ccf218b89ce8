//! P5: who was sent away has all its old secrets, and maybe the server on its side; it hears nothing more.

use std::time::Duration;

use pushtalk_engine::face::{Intent, MemberLink};
use pushtalk_protocol::{Ctl, MemberJoined, Pid};
use pushtalk_signaling::lobby::{ConnectionId, Push};
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Call, Desk, Honest, Kind, Network, Operator, Parcel, Told, World, pid_of};
use rand::RngExt;

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];
const MOLE: usize = 3;

/// Takes no notice of what the host has signed: whoever has a seat keeps it, and the old join key is good.
struct Accomplice;

impl Operator for Accomplice {
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        if !matches!(call, Call::Rotate(_)) {
            desk.serve(from, call);
        }
    }
}

fn infiltrated(seed: u64, operator: Box<dyn Operator>) -> anyhow::Result<(World, String)> {
    let mut world = World::run_by(seed, Network::default(), operator);
    world.recorded = true;
    world.gather(&NAMES, "Friday")?;
    let link = world.invitation(0)?.link;
    anyhow::ensure!(world.mole()? == MOLE);
    world.join(MOLE, "Mole", &link);
    world.run(Duration::from_secs(3));
    anyhow::ensure!((0..3).all(|who| world.ready(who) == 3), "the mole did not come in");
    Ok((world, link))
}

/// Whether somebody still lists the mole.
fn lists(world: &World, who: usize) -> bool {
    let mole = world.people[MOLE].pid;
    world.room_of(who).is_ok_and(|room| room.members.iter().any(|m| pid_of(&m.id) == mole))
}

/// The host sends the mole away in the middle of what somebody says. From the moment that each learns of it, nothing
/// goes to the mole; when all know, nothing that it has opens anything.
fn send_away(world: &mut World) -> anyhow::Result<()> {
    let seed = world.seed;
    let talker = world.rng.random_range(0..3);
    world.act(talker, Intent::Press);
    let before = Duration::from_millis(world.rng.random_range(0..1_000));
    world.run(before);
    anyhow::ensure!((0..3).all(|who| lists(world, who)), "it is there");
    let id = world.id_of(0, "Mole")?;
    world.act(0, Intent::Kick { id });
    let mut told: [Option<u64>; 3] = [None; 3];
    for _ in 0..200 {
        for (who, told) in told.iter_mut().enumerate() {
            let sent = world.sent(who, MOLE);
            if !lists(world, who) {
                let at_most = *told.get_or_insert(sent);
                anyhow::ensure!(sent == at_most, "{who} talks on to who was sent away");
            }
        }
        world.run(Duration::from_millis(1));
    }
    anyhow::ensure!(told.iter().all(Option::is_some), "not everybody has learned of it: {told:?}");
    world.wire.clear();
    world.run(Duration::from_secs(2));
    world.act(talker, Intent::Release);
    world.run(Duration::from_secs(1));
    for next in 0..3 {
        let heard: Vec<u64> = world.people.iter().map(|p| p.heard_blocks).collect();
        world.talks(next, Duration::from_secs(1));
        for who in (0..3).filter(|who| *who != next) {
            let blocks = world.people[who].heard_blocks - heard[who];
            anyhow::ensure!(blocks > 90, "{who} hears {blocks} blocks of {next}: the others talk on");
        }
    }
    let capture = std::mem::take(&mut world.wire);
    let (now, own) = (world.now, world.people[MOLE].pid);
    let spy = world.mole_of(MOLE)?;
    let mut frames = 0;
    for (from, to, kind, bytes) in &capture {
        anyhow::ensure!(Some(*to) != own, "seed {seed}: something went to the mole");
        if *kind == Kind::Ctl || Some(*from) == own {
            continue;
        }
        frames += 1;
        for key in spy.ties.values_mut().flat_map(|tie| &mut tie.open_keys) {
            anyhow::ensure!(key.open(now, bytes).is_err(), "the mole opened a frame");
        }
    }
    anyhow::ensure!(frames > 600, "only {frames} frames were tried");
    world.tally.rejected += frames;
    Ok(())
}

/// It tries to come back with everything that it had.
fn come_back(world: &mut World, link: &str) -> anyhow::Result<()> {
    let others: Vec<Pid> = world.people[..3].iter().filter_map(|p| p.pid).collect();
    let own = world.people[MOLE].pid.ok_or_else(|| anyhow::anyhow!("the mole has no place"))?;
    for counter in 2..12 {
        world.mole_calls_again(MOLE, counter * 1_000)?;
        for to in &others {
            // Frames with its old keys, and messages in its old sessions.
            let frame = world
                .mole_of(MOLE)?
                .ties
                .get_mut(to)
                .and_then(|tie| Some(tie.seal_key.as_mut()?.seal(&[1; 41]).ok()?.as_bytes().to_vec()));
            if let Some(bytes) = frame {
                let kind = Kind::Frame { sequence: world.rng.random(), timestamp: world.rng.random() };
                world.carry(Parcel { from: own, to: *to, kind, bytes, late: Duration::ZERO });
                world.tally.tampered += 1;
            }
            // It may have no session any more.
            drop(world.mole_says(MOLE, *to, &Ctl::Ping { token: 7 }));
        }
        // The server says that it is here, again and again.
        if let Some(member_pub) = world.mole_of(MOLE)?.public() {
            for who in 0..3 {
                let joined = Push::MemberJoined(MemberJoined { member_pub });
                world.server_tells(who, Told::Push(joined));
                world.tally.tampered += 1;
            }
        }
        world.run(Duration::from_millis(500));
        for who in 0..3 {
            anyhow::ensure!(world.link(who, MOLE) != Some(MemberLink::Ready), "{who} is ready for it");
        }
    }
    let sessions = world.mole_of(MOLE)?.ties.values().filter(|tie| tie.is_open()).count();
    let begun = world.mole_of(MOLE)?.ties.keys().filter(|peer| own < **peer).count();
    anyhow::ensure!(sessions + begun <= 3, "a handshake with the old secret was answered");
    // With the link that let it in, as somebody new.
    let again = world.person()?;
    world.join(again, "Dua", link);
    world.run(Duration::from_secs(20));
    anyhow::ensure!(world.room_of(again).is_err(), "the old link lets in");
    for who in 0..3 {
        anyhow::ensure!(world.ready(who) == 2, "{who} is ready for {}", world.ready(who));
    }
    // The new one does.
    let link = world.invitation(0)?.link;
    world.join(again, "Dua", &link);
    world.run(Duration::from_secs(3));
    anyhow::ensure!(world.ready(again) == 3, "the new link lets nobody in");
    Ok(())
}

#[test]
fn who_was_sent_away_opens_nothing_and_does_not_come_back() {
    try_seeds("sent away", 5, |seed| {
        let (mut world, link) = infiltrated(seed, Box::new(Honest))?;
        send_away(&mut world)?;
        come_back(&mut world, &link)?;
        Ok(world.tally)
    });
}

#[test]
fn with_the_server_on_its_side_it_gets_no_further() {
    try_seeds("sent away, with the server", 5, |seed| {
        let (mut world, link) = infiltrated(seed, Box::new(Accomplice))?;
        send_away(&mut world)?;
        let joiner = come_back(&mut world, &link);
        // Such a server lets nobody in who has the new secret: that is all that it can do.
        anyhow::ensure!(
            joiner.as_ref().is_err_and(|error| error.to_string() == "the new link lets nobody in"),
            "{joiner:?}"
        );
        Ok(world.tally)
    });
}
