//! Whoever attacks a server hurts nobody: it lives, it does not grow, and the rooms of others go on.
#![cfg(test)]

use std::time::Duration;

use futures_util::SinkExt;
use pushtalk_tests::siege::{PATIENCE, Rude, Siege, tcp, tls};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::timeout;
use tokio_tungstenite::tungstenite::Message;

const REFUSED: &str = "not_available";

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_not_overwritten_entered_or_spoken_into_without_its_keys() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let mut rude = Rude::new(siege.address, 1).await.unwrap();
    for event in ["create", "join"] {
        let challenge = rude.hello().await.unwrap();
        let forged = if event == "create" { siege.overwrite(&challenge) } else { siege.intrude(&challenge) };
        let answer = rude.ask(event, &forged).await.unwrap();
        assert_eq!(answer, json!({"error": REFUSED}), "{event}");
    }
    // Neither from outside nor from a room of its own.
    let relay = json!({"to": siege.member(), "data": "AAAA"});
    assert_eq!(rude.ask("relay", &relay).await.unwrap(), json!({"error": REFUSED}));
    let challenge = rude.hello().await.unwrap();
    let made = rude.ask("create", &siege.own_room(&challenge)).await.unwrap();
    assert!(made["nameplate"].is_string(), "{made}");
    assert_eq!(rude.ask("relay", &relay).await.unwrap(), json!({"error": REFUSED}));
    siege.nobody_is_hurt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn nameplates_cannot_be_searched() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let (mut none, mut too_many) = (0, 0);
    for connection in 0..4 {
        let mut rude = Rude::new(siege.address, 2).await.unwrap();
        rude.hello().await.unwrap();
        for n in 0..32 {
            let nameplate = pushtalk_protocol::Nameplate::from_index(connection * 32 + n);
            let answer =
                rude.ask("lobby open", &json!({"nameplate": nameplate, "data": "AAAA"})).await.unwrap();
            none += u32::from(answer == json!({"error": REFUSED}));
            too_many += u32::from(answer == json!({"error": "too_many"}));
        }
    }
    // Of 32768 at most 20, and what the time has brought; the room itself may have been among them.
    assert!(none <= 24 && none + too_many >= 127, "{none} {too_many}");
    siege.nobody_is_hurt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn ten_thousand_who_knock_at_one_door_are_a_few_for_those_inside() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let knock = json!({"nameplate": siege.nameplate, "data": "AAAA"});
    let knock = format!("42{}", json!(["lobby open", knock]));
    let mut all = Vec::new();
    for n in 0..125 {
        let mut rude = Rude::new(siege.address, 100 + n).await.unwrap();
        rude.hello().await.unwrap();
        for _ in 0..80 {
            rude.say(&knock).await.unwrap();
        }
        all.push(rude);
    }
    siege.nobody_is_hurt().await.unwrap();
    let knocks = siege.knocks();
    assert!(knocks <= 64, "{knocks}");
}

#[tokio::test(flavor = "multi_thread")]
async fn who_shouts_is_heard_slowly_and_the_others_as_ever() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let mut shouters = Vec::new();
    for n in 0..8 {
        let mut rude = Rude::new(siege.address, 10 + n).await.unwrap();
        shouters.push(tokio::spawn(async move {
            let long = format!(
                "42[\"relay\",{{\"to\":\"AAAAAAAAAAAAAAAAAAAAAA\",\"data\":\"{}\"}}]",
                "A".repeat(20_000)
            );
            // Until the system makes it wait.
            for _ in 0..2_000 {
                if rude.0.feed(Message::text(long.clone())).await.is_err() {
                    return;
                }
            }
            let _ = rude.0.flush().await;
        }));
    }
    for _ in 0..20 {
        siege.nobody_is_hurt().await.unwrap();
    }
    shouters.iter().for_each(tokio::task::JoinHandle::abort);
    siege.nobody_is_hurt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_of_a_hundred_megabytes_ends_its_own_connection() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let mut rude = Rude::new(siege.address, 3).await.unwrap();
    // The header of a text frame (RFC 6455 section 5.2) with a length of 100 MB and a mask of zeros, and then its bytes.
    let wire = rude.0.get_mut();
    let mut header = vec![0x81, 0xff];
    header.extend_from_slice(&100_000_000_u64.to_be_bytes());
    header.extend_from_slice(&[0; 4]);
    wire.write_all(&header).await.unwrap();
    let pour =
        async { while wire.write_all(&[b'A'; 64 * 1024]).await.is_ok() && wire.flush().await.is_ok() {} };
    timeout(PATIENCE, pour).await.expect("an end in time");
    siege.nobody_is_hurt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn who_says_half_a_request_is_gone_after_a_while() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    let mut halves = Vec::new();
    for n in 0..30 {
        let mut wire = tls(siege.address, 20 + n).await.unwrap();
        wire.write_all(b"GET /socket.io/?EIO=4&transport=websocket HTTP/1.1\r\nhost: a").await.unwrap();
        halves.push(wire);
    }
    // And some that do not even shake hands.
    let mut mute = Vec::new();
    for n in 0..30 {
        mute.push(tcp(siege.address, 60 + n).await.unwrap());
    }
    siege.nobody_is_hurt().await.unwrap();
    let mut rest = Vec::new();
    for wire in &mut halves {
        // A byte now and then does not help.
        let _ = wire.write_all(b"x").await;
        drop(timeout(PATIENCE, wire.read_to_end(&mut rest)).await.expect("an end in time"));
    }
    for wire in &mut mute {
        drop(timeout(PATIENCE, wire.read_to_end(&mut rest)).await.expect("an end in time"));
    }
    siege.nobody_is_hurt().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_is_full_says_so_and_those_inside_go_on() {
    let mut siege = Siege::begin(&["--connections", "40"]).await.unwrap();
    let mut crowd = Vec::new();
    let refused = loop {
        match Rude::new(siege.address, 200 + crowd.len() as u16).await {
            Ok(rude) => crowd.push(rude),
            Err(error) => break error,
        }
    };
    assert_eq!(crowd.len(), 38, "the two of the room have theirs");
    assert!(format!("{refused:#}").contains("503"), "{refused:#}");
    crowd.truncate(20);
    let all_well = async { while siege.nobody_is_hurt().await.is_err() {} };
    timeout(PATIENCE, all_well).await.expect("place again");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_page_of_another_site_gets_nothing() {
    let mut siege = Siege::begin(&[]).await.unwrap();
    for line in ["origin: https://evil.example", "sec-fetch-site: cross-site", "host: evil.example"] {
        let mut wire = tls(siege.address, 4).await.unwrap();
        let host =
            if line.starts_with("host") { String::new() } else { format!("host: {}\r\n", siege.address) };
        let origin = if line.starts_with("host") { "origin: https://evil.example\r\n" } else { "" };
        let request = format!(
            "GET /socket.io/?EIO=4&transport=polling HTTP/1.1\r\n{host}{origin}{line}\r\nconnection: close\r\n\r\n"
        );
        wire.write_all(request.as_bytes()).await.unwrap();
        let mut answer = Vec::new();
        drop(timeout(Duration::from_secs(10), wire.read_to_end(&mut answer)).await.unwrap());
        assert!(answer.starts_with(b"HTTP/1.1 403"), "{line}: {}", String::from_utf8_lossy(&answer));
    }
    siege.nobody_is_hurt().await.unwrap();
}
