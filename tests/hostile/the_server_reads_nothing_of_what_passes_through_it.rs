//! P2: all that a server sees, and all that is logged at any level, searched for what it must not know.

use std::time::Duration;

use pushtalk_engine::face::Intent;
use pushtalk_protocol::Invitation;
use pushtalk_tests::canary::Canaries;
use pushtalk_tests::logs::logged;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Network, World};

const NAMES: [&str; 3] = ["Anastasia", "Benjamino", "Cemalettin"];
const TITLE: &str = "Canary \"title\" é+/";

/// All that the server must not know.
fn secrets(world: &World) -> anyhow::Result<Canaries> {
    let mut canaries = Canaries::default();
    for name in NAMES {
        canaries.add_text("a name", name);
    }
    canaries.add_text("the title", TITLE);
    let invitation = world.invitation(0)?;
    canaries.add_text("the code", &invitation.code);
    canaries.add_text("the spoken password", &invitation.code[4..]);
    canaries.add_text("the link", &invitation.link);
    let link = Invitation::parse(&invitation.link)?;
    canaries.add("the link password", link.password.expose());
    for (who, person) in world.people.iter().enumerate() {
        for secret in person.dice.secrets() {
            canaries.add(&format!("a key of {who}"), secret);
            // Half of it is enough to be too much.
            canaries.add(&format!("the first half of a key of {who}"), &secret[..16]);
            canaries.add(&format!("the second half of a key of {who}"), &secret[16..]);
        }
        for packet in &person.opus {
            let piece = packet.get(8..24).unwrap_or(packet);
            if piece.iter().any(|b| *b != piece[0]) {
                canaries.add("a packet of the codec", piece);
            }
        }
        canaries.add("an address", format!("192.0.2.{who}").as_bytes());
    }
    for words in ["v=0 Offer", "v=0 Answer", "candidate:"] {
        canaries.add_text("a description", words);
    }
    Ok(canaries)
}

/// A whole meeting: coming in by link and by code, guessing wrong, talking, leaving.
fn meeting(seed: u64) -> anyhow::Result<(World, Canaries)> {
    let mut world = World::new(seed, Network::default());
    world.recorded = true;
    world.gather(&NAMES[..2], TITLE)?;
    let invitation = world.invitation(0)?;
    let server = invitation.servers.first().cloned();
    let late = world.person()?;
    let text = invitation.code.to_lowercase();
    world.act(late, Intent::Join { name: NAMES[2].into(), text, server: server.clone(), pin: None });
    world.run(Duration::from_secs(3));
    anyhow::ensure!((0..3).all(|who| world.ready(who) == 2), "not all came in");
    anyhow::ensure!(world.room_of(late)?.title == TITLE, "the title did not reach everybody");
    for talker in 0..3 {
        world.talks(talker, Duration::from_millis(700));
    }
    let canaries = secrets(&world)?;
    let stranger = world.person()?;
    let last = if invitation.code.ends_with('0') { "1" } else { "0" };
    let text = format!("{}{last}", &invitation.code[..10]);
    world.act(stranger, Intent::Join { name: "Stranger".into(), text, server, pin: None });
    world.run(Duration::from_secs(3));
    for who in 0..3 {
        world.act(who, Intent::Leave);
    }
    world.run(Duration::from_secs(2));
    Ok((world, canaries))
}

#[test]
fn neither_what_the_server_sees_nor_any_log_holds_a_secret() {
    try_seeds("recording server", 2, |seed| {
        let (meeting, logs) = logged(|| meeting(seed));
        let (world, canaries) = meeting?;
        anyhow::ensure!(canaries.len() > 2_000, "only {} spellings are searched for", canaries.len());
        let seen = world.server.transcript.as_bytes();
        anyhow::ensure!(seen.len() > 8_000, "the server saw only {} bytes", seen.len());
        anyhow::ensure!(logs.len() > 100, "only {} bytes were logged", logs.len());
        assert_eq!(canaries.find(seen), [], "seed {seed}: at the server");
        assert_eq!(canaries.find(&logs), [], "seed {seed}: in the logs");
        Ok(world.tally)
    });
}

#[test]
fn the_server_hears_nothing_at_all_when_somebody_talks() {
    let mut world = World::room(3, Network::default(), &NAMES, TITLE).unwrap();
    world.run(Duration::from_secs(5));
    let before = world.server.counts;
    for talker in [0, 1, 2, 0] {
        world.talks(talker, Duration::from_secs(1));
    }
    assert_eq!(world.server.counts, before, "the floor goes from device to device");
}

#[test]
fn a_canary_that_is_there_is_found_however_it_is_spelled() {
    let secret = b"Name \"with\" \xc3\xa9+/ in it";
    let mut canaries = Canaries::default();
    canaries.add("it", secret);
    canaries.add_text("a code", "ABC-DEF-GHJ");
    let text = std::str::from_utf8(secret).unwrap();
    let json = serde_json::to_string(text).unwrap();
    let hex = |upper: bool| {
        let hex = secret.iter().map(|b| if upper { format!("{b:02X}") } else { format!("{b:02x}") });
        hex.collect::<String>()
    };
    let url: String = secret
        .iter()
        .map(|b| if b.is_ascii_alphanumeric() { char::from(*b).into() } else { format!("%{b:02X}") })
        .collect();
    let mut places = vec![text.to_owned(), json, hex(true), hex(false), url, text.to_uppercase()];
    for place in 0..3 {
        for tail in 0..3 {
            use base64::{Engine as _, prelude::BASE64_STANDARD, prelude::BASE64_URL_SAFE_NO_PAD};
            let bytes = [&vec![0xfb; place][..], secret, &vec![0xff; tail]].concat();
            places.push(BASE64_STANDARD.encode(&bytes));
            places.push(BASE64_URL_SAFE_NO_PAD.encode(&bytes));
        }
    }
    for place in places {
        let hay = format!("{{\"data\":\"{place}\"}}");
        assert!(canaries.find(hay.as_bytes()).iter().any(|f| f.of == "it"), "{hay}");
        let cut = hay.replace(&place[..place.len() / 2], "");
        assert_eq!(canaries.find(cut.as_bytes()), [], "half of it is not it: {cut}");
    }
    for code in ["ABC-DEF-GHJ", "ABCDEFGHJ", "abcdefghj", "xabc-def-ghjx"] {
        assert!(!canaries.find(code.as_bytes()).is_empty(), "{code}");
    }
}

#[test]
fn a_secret_that_passes_the_server_or_is_logged_is_found() {
    let (found, logs) = logged(|| {
        tracing::trace!(name = NAMES[0], "a planted canary");
        let (mut world, canaries) = meeting(0).unwrap();
        world.server.transcript.push_str("[\"relay\",{\"data\":\"Q2VtYWxldHRpbg\"}]");
        (canaries.find(world.server.transcript.as_bytes()), canaries)
    });
    assert_eq!(found.0.len(), 1, "{:?}", found.0);
    assert!(found.1.find(&logs).iter().any(|f| f.of == "a name"));
}
