//! P7: the server itself, with all that it ever saw, stays outside; so does who guesses.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::{HostKey, Joiner, PasswordKind, Responder, RoomSecret, ServerIdentity, room_id};
use pushtalk_engine::face::{ErrorCode, Intent, Stage};
use pushtalk_protocol::{
    CertificateHash, Epoch, Invitation, Joined, LobbyId, LobbyMessage, LobbyOpened, MemberPublic, Nameplate,
    RoomCode,
};
use pushtalk_signaling::lobby::{ConnectionId, Push};
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Call, Desk, HASH, Loot, Malice, Mallory, Network, Operator, Reply, Told, World};

const NAMES: [&str; 2] = ["Ana", "Ben"];

/// Answers each knock itself, and lets the joiner into a room of its own.
#[derive(Default)]
struct Doorman {
    /// What it takes for the password.
    guess: Vec<u8>,
    /// What it takes for the PIN.
    pin: Option<Vec<u8>>,
    nameplate: Option<Nameplate>,
    waiting: Option<(LobbyId, Responder)>,
    /// Joiners that went into its room.
    caught: u32,
}

struct Shared(Rc<RefCell<Doorman>>);

impl Operator for Shared {
    fn called(&mut self, desk: &mut Desk<'_>, from: ConnectionId, call: Call) {
        let mut man = self.0.borrow_mut();
        match call {
            Call::LobbyOpen(open) if !man.guess.is_empty() => {
                let (lobby, server) = (LobbyId::new([9; 8]), ServerIdentity::Certificate(HASH));
                let first = BASE64_URL_SAFE_NO_PAD.decode(&open.data).unwrap_or_default();
                let pin = man.pin.as_deref();
                let answer = Responder::start(desk.rng, &first, &man.guess, pin, &open.nameplate, &server);
                let Ok((responder, second)) = answer else { return };
                (man.nameplate, man.waiting) = (Some(open.nameplate), Some((lobby, responder)));
                desk.tell(from, Told::Answer(Reply::LobbyOpened(LobbyOpened { lobby })));
                say(desk, from, lobby, &second);
            }
            Call::LobbyMessage(message) if man.waiting.as_ref().is_some_and(|(l, _)| *l == message.lobby) => {
                let Some((lobby, responder)) = man.waiting.take() else { return };
                let third = BASE64_URL_SAFE_NO_PAD.decode(&message.data).unwrap_or_default();
                let (host, secret) = (HostKey::generate(desk.rng).public(), RoomSecret::generate(desk.rng));
                // It wants in at any price: when the tag does not fit, it makes up the fourth message.
                let fourth = responder
                    .admit(&third, &secret, room_id(&host), &host, Epoch(0))
                    .unwrap_or_else(|_| [&[1, 4], &[7; 132][..]].concat());
                say(desk, from, lobby, &fourth);
            }
            Call::Join(_) if !man.guess.is_empty() => {
                man.caught += 1;
                let (members, nameplate) = (Vec::<MemberPublic>::new(), man.nameplate);
                let nameplate = nameplate.unwrap_or(Nameplate::from_index(0));
                desk.tell(from, Told::Answer(Reply::Joined(Joined { members, nameplate })));
            }
            call => desk.serve(from, call),
        }
    }
}

fn say(desk: &mut Desk<'_>, to: ConnectionId, lobby: LobbyId, bytes: &[u8]) {
    let data = BASE64_URL_SAFE_NO_PAD.encode(bytes);
    desk.tell(to, Told::Push(Push::LobbyMessage(LobbyMessage { lobby, data })));
}

/// A joiner comes to a server that answers the door itself with this guess; gives whether it went in there.
fn caught(seed: u64, guess: impl Fn(&Invitation) -> Vec<u8>) -> anyhow::Result<(World, bool)> {
    caught_with(seed, guess, None)
}

/// The same where the joiner has a PIN, which is said first, and the server takes the other for it.
fn caught_with(
    seed: u64,
    guess: impl Fn(&Invitation) -> Vec<u8>,
    pins: Option<[&str; 2]>,
) -> anyhow::Result<(World, bool)> {
    let doorman = Rc::new(RefCell::new(Doorman::default()));
    let mut world = World::run_by(seed, Network::default(), Box::new(Shared(doorman.clone())));
    world.gather(&NAMES[..1], "Friday")?;
    let link = world.invitation(0)?.link;
    doorman.borrow_mut().guess = guess(&Invitation::parse(&link)?);
    doorman.borrow_mut().pin = pins.map(|pins| pins[1].into());
    let who = world.person()?;
    let pin = pins.map(|pins| pins[0].to_owned());
    world.act(who, Intent::Join { name: "Ben".into(), text: link, server: None, pin });
    world.run(Duration::from_secs(3));
    let caught = doorman.borrow().caught > 0;
    Ok((world, caught))
}

#[test]
fn a_server_that_answers_the_door_itself_catches_nobody() {
    try_seeds("server at the door", 6, |seed| {
        let (world, caught) = caught(seed, |invitation| {
            let mut guess = invitation.password.expose().to_vec();
            let at = usize::try_from(seed).unwrap_or(0) % guess.len();
            guess[at] ^= 1;
            guess
        })?;
        assert!(!caught, "seed {seed}");
        let view = world.view(1);
        assert!(matches!(view.stage, Stage::Home { .. }), "seed {seed}: {:?}", view.stage);
        assert_eq!(view.notices.last().map(|n| n.code), Some(ErrorCode::WrongCode), "seed {seed}");
        Ok(world.tally)
    });
}

#[test]
fn it_would_catch_who_comes_if_it_knew_the_password() {
    let (_, caught) = caught(1, |invitation| invitation.password.expose().to_vec()).unwrap();
    assert!(caught, "else the test before proves nothing");
}

#[test]
fn a_server_that_was_given_the_link_catches_nobody_who_has_a_pin() {
    try_seeds("server with the link", 4, |seed| {
        let password = |invitation: &Invitation| invitation.password.expose().to_vec();
        for pin in ["4712", "47110", "0000"] {
            let (world, caught) = caught_with(seed, password, Some(["4711", pin]))?;
            assert!(!caught, "seed {seed}: {pin}");
            assert!(matches!(world.view(1).stage, Stage::Home { .. }), "seed {seed}: {pin}");
        }
        let (world, caught) = caught_with(seed, password, Some(["4711", "4711"]))?;
        assert!(caught, "seed {seed}: it would, if it knew the PIN too");
        Ok(world.tally)
    });
}

/// In front of the real server, with a certificate of its own.
struct InTheMiddle;

impl Operator for InTheMiddle {
    fn certificate(&mut self, who: usize) -> CertificateHash {
        if who == 0 { HASH } else { CertificateHash::new([8; 32]) }
    }
}

#[test]
fn a_machine_in_the_middle_gets_nothing_from_a_code_and_no_connection_from_a_link() {
    try_seeds("machine in the middle", 4, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(InTheMiddle));
        world.gather(&NAMES[..1], "")?;
        let invitation = world.invitation(0)?;
        let (by_link, by_code) = (world.person()?, world.person()?);
        world.join(by_link, "Ben", &invitation.link);
        let server = invitation.servers.first().cloned();
        world.act(by_code, Intent::Join { name: "Cem".into(), text: invitation.code, server, pin: None });
        world.run(Duration::from_secs(5));
        for (who, code) in [(by_link, ErrorCode::WrongCertificate), (by_code, ErrorCode::WrongCode)] {
            let view = world.view(who);
            assert!(matches!(view.stage, Stage::Home { .. }), "seed {seed}: {:?}", view.stage);
            assert_eq!(view.notices.last().map(|n| n.code), Some(code), "seed {seed}");
        }
        assert_eq!(world.room_of(0)?.members.len(), 1, "seed {seed}");
        Ok(world.tally)
    });
}

#[test]
fn what_somebody_said_at_the_door_opens_it_for_nobody_else() {
    try_seeds("door replayed", 4, |seed| {
        let (mallory, _, loot) = Mallory::new(Malice::default());
        let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
        world.gather(&NAMES, "")?;
        let said: Vec<String> = loot
            .borrow()
            .calls
            .iter()
            .filter_map(|(_, call)| match call {
                Call::LobbyOpen(open) => Some(open.data.clone()),
                Call::LobbyMessage(message) => Some(message.data.clone()),
                _ => None,
            })
            .collect();
        // First message, its answer, and the tag that was right.
        anyhow::ensure!(said.len() == 4, "the door took {} messages", said.len());
        for member in 0..2 {
            let lobby = LobbyId::new([(seed as u8).wrapping_add(1), member as u8, 0, 0, 0, 0, 0, 1]);
            let before = loot.borrow().calls.len();
            for data in [&said[0], &said[2]] {
                let message = LobbyMessage { lobby, data: data.clone() };
                world.server_tells(member, Told::Push(Push::LobbyMessage(message)));
                world.run(Duration::from_millis(100));
            }
            let (places, closed) = answers(&loot.borrow().calls[before..], lobby);
            assert_eq!(places, [2, 5], "seed {seed}: it answers the knock, and refuses");
            let closed = closed > 0;
            assert!(closed, "seed {seed}: it ends there");
        }
        let mut tally = world.tally;
        tally.tampered += 4;
        Ok(tally)
    });
}

#[test]
fn one_knock_is_one_guess() {
    let (mallory, _, loot) = Mallory::new(Malice::default());
    let mut world = World::run_by(5, Network::default(), Box::new(mallory));
    world.gather(&NAMES, "").unwrap();
    let lobby = LobbyId::new([3; 8]);
    let first = loot.borrow().calls.iter().find_map(|(_, call)| match call {
        Call::LobbyOpen(open) => Some(open.data.clone()),
        _ => None,
    });
    let before = loot.borrow().calls.len();
    let tag = |byte: u8| BASE64_URL_SAFE_NO_PAD.encode([&[1, 3], &[byte; 32][..]].concat());
    for data in std::iter::once(first.unwrap()).chain((0..20).map(tag)) {
        world.server_tells(0, Told::Push(Push::LobbyMessage(LobbyMessage { lobby, data })));
        world.run(Duration::from_millis(20));
    }
    let (places, closed) = answers(&loot.borrow().calls[before..], lobby);
    assert_eq!(places, [2, 5], "it refuses once, and says nothing more");
    assert_eq!(closed, 20, "each further tag is refused at once");
}

/// The places in the conversation of what a member said in a lobby, and how often it closed it.
fn answers(calls: &[(ConnectionId, Call)], lobby: LobbyId) -> (Vec<u8>, usize) {
    let places = calls.iter().filter_map(|(_, call)| match call {
        Call::LobbyMessage(message) if message.lobby == lobby => {
            BASE64_URL_SAFE_NO_PAD.decode(&message.data).ok()?.get(1).copied()
        }
        _ => None,
    });
    let closed = |call: &Call| matches!(call, Call::LobbyClose(close) if close.lobby == lobby);
    (places.collect(), calls.iter().filter(|(_, call)| closed(call)).count())
}

/// A joiner with a password of its own choice, brought to one member by the server. Gives what that member answers.
fn guess(world: &mut World, loot: &Rc<RefCell<Loot>>, member: usize, number: u8, code: &RoomCode) -> Vec<u8> {
    let lobby = LobbyId::new([number, member as u8, 4, 4, 4, 4, 4, 4]);
    let server = ServerIdentity::Certificate(HASH);
    let before = loot.borrow().calls.len();
    let password = code.password.expose();
    let (joiner, first) =
        Joiner::start(&mut world.rng, PasswordKind::Spoken, password, None, &code.nameplate, &server);
    let bring = |world: &mut World, bytes: &[u8]| {
        let data = BASE64_URL_SAFE_NO_PAD.encode(bytes);
        world.server_tells(member, Told::Push(Push::LobbyMessage(LobbyMessage { lobby, data })));
        world.run(Duration::from_millis(5));
        let loot = loot.borrow();
        let said = loot.calls[before..].iter().rev().find_map(|(_, call)| match call {
            Call::LobbyMessage(message) if message.lobby == lobby => Some(message.data.clone()),
            _ => None,
        });
        said.map(|data| BASE64_URL_SAFE_NO_PAD.decode(data).unwrap_or_default()).unwrap_or_default()
    };
    let second = bring(world, &first);
    match joiner.answer(&second) {
        Ok((_, third)) => bring(world, &third),
        Err(_) => second,
    }
}

#[test]
fn a_server_that_brings_a_guesser_to_each_member_in_turn_gets_five_guesses_in_all() {
    try_seeds("guesses", 4, |seed| {
        let (mallory, _, loot) = Mallory::new(Malice::default());
        let mut world = World::run_by(seed, Network::default(), Box::new(mallory));
        world.gather(&["Ana", "Ben", "Cem"], "")?;
        let code = world.invitation(0)?.code;
        let right = RoomCode::parse(&code)?;
        let wrong = |n: u8| -> anyhow::Result<RoomCode> {
            let digit = |at: u8| char::from(b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"[usize::from(at % 32)]);
            let text = format!("{}{}{}", &code[..9], digit(n / 32), digit(n));
            Ok(RoomCode::parse(&text)?)
        };
        let (mut taken, mut number) = (0, 0);
        for n in 0..40 {
            let code = wrong(n)?;
            if code.password.expose() == right.password.expose() {
                continue;
            }
            let member = usize::from(n % 3);
            number += 1;
            // Version, place, reason: 5 is a wrong guess, 2 a password that is dead.
            match guess(&mut world, &loot, member, number, &code).get(1..3) {
                Some([5, 5]) => taken += 1,
                Some([5, 2]) => {}
                other => anyhow::bail!("the door answers {other:?}"),
            }
            world.tally.tampered += 1;
        }
        anyhow::ensure!(taken == 5, "{taken} guesses were taken");
        for member in 0..3 {
            let answer = guess(&mut world, &loot, member, 200, &right);
            anyhow::ensure!(answer.get(1..3) == Some(&[5, 2]), "the right code opens {member}: {answer:?}");
        }
        let room = world.room_of(0)?;
        anyhow::ensure!(room.code_dead, "the host is told");
        let who = world.person()?;
        world.join(who, "Dua", &world.invitation(0)?.link);
        world.run(Duration::from_secs(3));
        anyhow::ensure!(world.ready(who) == 3, "the link, which nobody guesses, lets in");
        Ok(world.tally)
    });
}

#[test]
fn the_right_guess_within_the_five_would_be_answered_with_the_key() {
    let (mallory, _, loot) = Mallory::new(Malice::default());
    let mut world = World::run_by(9, Network::default(), Box::new(mallory));
    world.gather(&NAMES, "").unwrap();
    let right = RoomCode::parse(&world.invitation(0).unwrap().code).unwrap();
    let answer = guess(&mut world, &loot, 1, 1, &right);
    assert_eq!(answer.get(1), Some(&4), "else the test before proves nothing");
}
