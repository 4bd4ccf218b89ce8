//! Live pairs on loopback.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use bytes::Bytes;
use pushtalk_e2ee::{OpenKey, SealKey};
use pushtalk_protocol::{Candidate, Sdp, SdpKind};
use tokio::sync::mpsc;

use crate::{
    FailWhy, Mesh, MeshConfig, MeshError, MeshEvent, ReceivedFrame, Role, RtpStamp,
    rig::{PROCESS, Rig, Side, Who, config, media_key, pid, plain, sealed, soon},
};

#[tokio::test(flavor = "multi_thread")]
async fn messages_arrive_complete_and_in_order_in_both_directions() {
    let _shared = PROCESS.read().await;
    let mut rig = Rig::connected(config(), pid(1)).await;
    let message = |n: usize| Bytes::from(vec![n as u8; 1 + n * 163]);
    for n in 0..=100 {
        rig.ana.mesh.send_ctl(pid(1), message(n)).unwrap();
        rig.ben.mesh.send_ctl(pid(1), message(100 - n)).unwrap();
    }
    for n in 0..=100 {
        assert_eq!(rig.ben.next().await, MeshEvent::Ctl { peer: pid(1), message: message(n) });
        assert_eq!(rig.ana.next().await, MeshEvent::Ctl { peer: pid(1), message: message(100 - n) });
    }
    let longest = Bytes::from(vec![7; 16 * 1024]);
    rig.ana.mesh.send_ctl(pid(1), longest.clone()).unwrap();
    assert_eq!(rig.ben.next().await, MeshEvent::Ctl { peer: pid(1), message: longest });
    let longer = Bytes::from(vec![7; 16 * 1024 + 1]);
    assert_eq!(rig.ana.mesh.send_ctl(pid(1), longer), Err(MeshError::TooLong));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_thousand_frames_from_a_plain_thread_arrive_with_their_headers_in_both_directions() {
    let _shared = PROCESS.read().await;
    let rig = Rig::connected(config(), pid(1)).await;
    let rig = tokio::task::spawn_blocking(move || {
        for (from, to) in [(&rig.ana, &rig.ben), (&rig.ben, &rig.ana)] {
            let sender = from.mesh.voice_sender();
            let (mut seal, mut open) = (SealKey::new(media_key(), 1), OpenKey::new(media_key(), 1));
            let before = Instant::now();
            let mut came: Vec<ReceivedFrame> = Vec::new();
            let mut bytes = 0;
            for n in 0..1000_u32 {
                let stamp = RtpStamp { timestamp: n * 480, marker: n % 100 == 0 };
                let frame = seal.seal(&plain(n)).unwrap();
                bytes += 12 + frame.as_bytes().len() as u64;
                assert!(sender.send(pid(1), frame, stamp));
                came.push(to.frames.recv_timeout(Duration::from_secs(10)).expect("the frame arrives"));
            }
            let first = came[0].clone();
            for (n, it) in (0..1000_u32).zip(&came) {
                assert_eq!(it.peer, pid(1));
                assert_eq!(it.sequence, first.sequence.wrapping_add(n as u16));
                assert_eq!(it.timestamp, n * 480);
                assert_eq!(it.marker, n % 100 == 0);
                assert_eq!(open.open(Duration::ZERO, &it.payload).unwrap().plaintext, plain(n));
                assert!(it.arrival >= before && it.arrival <= Instant::now());
            }
            let (sent, received) = (from.mesh.stats(pid(1)).unwrap(), to.mesh.stats(pid(1)).unwrap());
            assert_eq!((sent.packets_sent, sent.bytes_sent, sent.dropped), (1000, bytes, 0));
            assert_eq!((received.packets_received, received.bytes_received), (1000, bytes));
        }
        rig
    });
    rig.await.unwrap().ana.mesh.close_all().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_certificate_other_than_the_described_one_ends_the_pair_and_nothing_is_delivered() {
    let _shared = PROCESS.read().await;
    for kind in [SdpKind::Offer, SdpKind::Answer] {
        let mut rig = Rig::new(MeshConfig { dtls_within: Duration::from_secs(3), ..config() });
        rig.on_the_way = match kind {
            SdpKind::Offer => |sdp| if sdp.kind == SdpKind::Offer { tampered(sdp) } else { sdp },
            SdpKind::Answer => |sdp| if sdp.kind == SdpKind::Answer { tampered(sdp) } else { sdp },
        };
        rig.open(pid(1));
        let mut failed = Vec::new();
        while failed.len() < 2 {
            let (who, event) = rig.step().await;
            assert_eq!(event, MeshEvent::Failed { peer: pid(1), why: FailWhy::Dtls }, "{who:?}");
            failed.push(who);
            for side in [&rig.ana, &rig.ben] {
                let sender = side.mesh.voice_sender();
                assert!(!sender.send(pid(1), sealed(1), RtpStamp { timestamp: 0, marker: true }));
                assert!(side.mesh.send_ctl(pid(1), Bytes::from_static(b"x")).is_err());
            }
        }
        assert_ne!(failed[0], failed[1]);
        assert!(rig.ana.frames.try_recv().is_err() && rig.ben.frames.try_recv().is_err());
    }
}

/// A candidate of the first path.
fn first(text: &str) -> Candidate {
    Candidate { path: 0, text: text.to_owned() }
}

/// Another certificate: the last byte of its fingerprint differs.
pub(crate) fn tampered(sdp: Sdp) -> Sdp {
    let lines: Vec<String> = sdp
        .text
        .lines()
        .map(|line| match line.starts_with("a=fingerprint:") {
            true if line.ends_with("00") => format!("{}01", &line[..line.len() - 2]),
            true => format!("{}00", &line[..line.len() - 2]),
            false => line.to_owned(),
        })
        .collect();
    let text = lines.join("\r\n") + "\r\n";
    assert_ne!(text, sdp.text);
    Sdp { text, ..sdp }
}

#[test]
fn a_peer_that_vanishes_is_noticed_and_given_up() {
    let runtime =
        || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let (here, there) = (runtime(), runtime());
    let _shared = here.block_on(PROCESS.read());
    let config = MeshConfig {
        disconnected_after: Duration::from_secs(2),
        failed_after: Duration::from_secs(1),
        ..config()
    };
    let ben = {
        let _there = there.enter();
        Side::new(config.clone())
    };
    here.block_on(async {
        let mut rig = Rig { ana: Side::new(config), ben, on_the_way: |sdp| sdp };
        rig.open(pid(1));
        rig.ready(1).await;
        there.shutdown_background();
        assert_eq!(rig.ana.next().await, MeshEvent::Disconnected { peer: pid(1) });
        assert_eq!(rig.ana.next().await, MeshEvent::Failed { peer: pid(1), why: FailWhy::Ice });
        assert_eq!(rig.ana.mesh.stats(pid(1)), None);
    });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_one_side_closes_is_closed_on_both_and_can_be_opened_anew() {
    let _shared = PROCESS.read().await;
    let mut rig = Rig::connected(config(), pid(1)).await;
    assert_eq!(rig.ana.mesh.open(pid(1), Role::Offerer), Err(MeshError::StillOpen));
    rig.ana.mesh.close(pid(1));
    let sender = rig.ana.mesh.voice_sender();
    assert!(!sender.send(pid(1), sealed(1), RtpStamp { timestamp: 0, marker: true }), "not one more frame");
    assert_eq!(rig.ana.next().await, MeshEvent::Closed { peer: pid(1) });
    assert_eq!(rig.ben.next().await, MeshEvent::Closed { peer: pid(1) });
    assert_eq!(rig.ana.mesh.send_ctl(pid(1), Bytes::new()), Err(MeshError::NoPair));
    rig.open(pid(1));
    rig.ready(1).await;
    rig.ana.mesh.send_ctl(pid(1), Bytes::from_static(b"again")).unwrap();
    let message = Bytes::from_static(b"again");
    assert_eq!(rig.ben.next().await, MeshEvent::Ctl { peer: pid(1), message });
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_said_right_before_the_end_arrives() {
    let _shared = PROCESS.read().await;
    for _ in 0..5 {
        let mut rig = Rig::connected(config(), pid(1)).await;
        for n in 0..8 {
            rig.ana.mesh.send_ctl(pid(1), Bytes::from(vec![n; 1000])).unwrap();
        }
        rig.ana.mesh.close(pid(1));
        for n in 0..8 {
            let message = Bytes::from(vec![n; 1000]);
            assert_eq!(rig.ben.next().await, MeshEvent::Ctl { peer: pid(1), message });
        }
        assert_eq!(rig.ben.next().await, MeshEvent::Closed { peer: pid(1) });
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_that_come_before_the_description_are_kept() {
    let _shared = PROCESS.read().await;
    let mut rig = Rig::new(config());
    rig.open(pid(1));
    for offers in [true, false] {
        let (from, to) = if offers { (&mut rig.ana, &rig.ben) } else { (&mut rig.ben, &rig.ana) };
        let MeshEvent::Description { sdp, .. } = from.next().await else { panic!("no description") };
        let (candidates, rest): (Vec<_>, Vec<_>) =
            sdp.text.lines().partition(|line| line.starts_with("a=candidate:"));
        assert!(!candidates.is_empty());
        for candidate in candidates {
            to.mesh.remote_candidate(pid(1), first(candidate.trim_start_matches("a="))).unwrap();
        }
        to.mesh.remote_candidate(pid(1), first("")).unwrap();
        to.mesh.remote_description(pid(1), Sdp { text: rest.join("\r\n") + "\r\n", ..sdp }).unwrap();
    }
    rig.ready(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_fails_its_pair_and_no_other() {
    let _shared = PROCESS.read().await;
    let mut ana = Side::new(config());
    ana.mesh.open(pid(9), Role::Offerer).unwrap();
    let MeshEvent::Description { sdp: offer, .. } = ana.next().await else { panic!("no description") };
    let mut ben = Side::new(config());
    ben.mesh.open(pid(200), Role::Answerer).unwrap();
    let without = |what: &str| -> String {
        offer.text.lines().filter(|line| !line.starts_with(what)).map(|line| format!("{line}\r\n")).collect()
    };
    let garbage = [
        String::new(),
        "v=0".to_owned(),
        "\0\u{ffff}garbage\r\n".repeat(50),
        "a".repeat(70_000),
        offer.text.replacen(
            "a=end-of",
            &format!("{}a=end-of", "a=candidate:1 1 udp 1 192.0.2.1 9 typ host\r\n".repeat(60)),
            1,
        ),
        without("a=ice-pwd"),
        without("a=mid"),
        offer.text.replace("opus/48000", "opus/x"),
        offer.text.replace("opus/48000/2", "PCMU/8000"),
        offer.text.replace("a=mid:", "a=mud:"),
        without("a=fingerprint"),
    ];
    for (n, text) in (1..).zip(garbage) {
        ben.mesh.open(pid(n), Role::Answerer).unwrap();
        ben.mesh.remote_description(pid(n), Sdp { path: 0, kind: SdpKind::Offer, text }).unwrap();
        assert_eq!(ben.outcome().await, MeshEvent::Failed { peer: pid(n), why: FailWhy::Other }, "text {n}");
    }
    let failed = MeshEvent::Failed { peer: pid(1), why: FailWhy::Other };
    ben.mesh.open(pid(1), Role::Answerer).unwrap();
    ben.mesh.remote_description(pid(1), Sdp { kind: SdpKind::Answer, ..offer.clone() }).unwrap();
    assert_eq!(ben.outcome().await, failed, "an answer to nothing");
    for candidate in ["garbage", "candidate:1 1 udp x 1.2.3.4 9 typ host", &"c ".repeat(300)] {
        ben.mesh.open(pid(1), Role::Answerer).unwrap();
        ben.mesh.remote_candidate(pid(1), first(candidate)).unwrap();
        // What is too long has failed the pair by now, or not yet.
        let described = ben.mesh.remote_description(pid(1), offer.clone());
        assert!(matches!(described, Ok(()) | Err(MeshError::NoPair)), "{described:?}");
        assert_eq!(ben.outcome().await, failed);
    }
    assert!(ben.mesh.stats(pid(200)).is_some());
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_that_only_other_devices_can_use_are_passed_over() {
    let _shared = PROCESS.read().await;
    let mut rig = Rig::new(config());
    rig.open(pid(1));
    for candidate in [
        "candidate:1 1 udp 2122260223 9b36eaac-bb2e-49bb-bb78-21c41c499900.local 50000 typ host",
        "candidate:1 1 tcp 1518280447 192.0.2.1 9 typ host tcptype active",
    ] {
        rig.ana.mesh.remote_candidate(pid(1), first(candidate)).unwrap();
        rig.ben.mesh.remote_candidate(pid(1), first(candidate)).unwrap();
    }
    rig.ready(1).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_holds_one_sending_and_one_receiving_section_of_opus_and_a_certificate_of_its_own() {
    let _shared = PROCESS.read().await;
    let mut side = Side::new(config());
    let mut fingerprints = Vec::new();
    for n in [1, 2] {
        side.mesh.open(pid(n), Role::Offerer).unwrap();
        let MeshEvent::Description { sdp, peer } = side.next().await else { panic!("no description") };
        assert_eq!((peer, sdp.kind), (pid(n), SdpKind::Offer));
        let count = |start: &str| sdp.text.lines().filter(|line| line.starts_with(start)).count();
        assert_eq!((count("m=audio"), count("m=application"), count("m=")), (2, 1, 3), "{}", sdp.text);
        // The data channel's section says sendrecv, which means nothing there.
        assert_eq!((count("a=sendonly"), count("a=recvonly"), count("a=sendrecv")), (1, 1, 1));
        assert_eq!((count("a=rtpmap:"), count("a=rtpmap:111 opus/48000/2")), (2, 2));
        assert_eq!((count("a=extmap:"), count("a=rtcp-fb:")), (0, 0));
        assert!(!sdp.text.contains(".local") && !sdp.text.contains("srflx"));
        assert!(sdp.text.contains(" 127.0.0.1 "));
        let own: Vec<_> = sdp
            .text
            .lines()
            .filter(|line| line.starts_with("a=fingerprint:sha-256 "))
            .map(str::to_owned)
            .collect();
        fingerprints.push(own[0].clone());
    }
    assert_ne!(fingerprints[0], fingerprints[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn before_a_pair_is_connected_nothing_is_taken_for_it() {
    let _shared = PROCESS.read().await;
    let side = Side::new(config());
    let stamp = RtpStamp { timestamp: 0, marker: true };
    let sender = side.mesh.voice_sender();
    assert!(!sender.send(pid(1), sealed(1), stamp));
    assert_eq!(side.mesh.send_ctl(pid(1), Bytes::new()), Err(MeshError::NoPair));
    side.mesh.open(pid(1), Role::Offerer).unwrap();
    assert!(!sender.send(pid(1), sealed(1), stamp));
    assert_eq!(side.mesh.send_ctl(pid(1), Bytes::new()), Err(MeshError::NotOpen));
    assert_eq!(side.mesh.stats(pid(1)), Some(crate::LinkStats::default()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_that_finds_no_peer_fails_in_time() {
    let _shared = PROCESS.read().await;
    let mut side = Side::new(MeshConfig { connect_within: Duration::from_millis(50), ..config() });
    side.mesh.open(pid(1), Role::Answerer).unwrap();
    assert_eq!(side.outcome().await, MeshEvent::Failed { peer: pid(1), why: FailWhy::Ice });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pair_whose_listener_panics_is_given_up_and_its_peer_learns_it() {
    let _shared = PROCESS.read().await;
    let (events, events_rx) = mpsc::channel(64);
    let mesh = Mesh::new(config(), events, |_| panic!("for a test"));
    let ben = Side { mesh, events: events_rx, frames: std::sync::mpsc::channel().1 };
    let mut rig = Rig { ana: Side::new(config()), ben, on_the_way: |sdp| sdp };
    rig.open(pid(1));
    rig.ready(1).await;
    assert!(rig.ana.mesh.voice_sender().send(pid(1), sealed(1), RtpStamp { timestamp: 0, marker: true }));
    assert_eq!(rig.ben.next().await, MeshEvent::Failed { peer: pid(1), why: FailWhy::Other });
    assert_eq!(rig.ana.next().await, MeshEvent::Disconnected { peer: pid(1) });
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_stays_of_fifty_pairs_after_they_are_closed() {
    const PAIRS: u8 = 50;
    let _alone = PROCESS.write().await;
    let mut rig = Rig::connected(config(), pid(0)).await;
    let tasks = || tokio::runtime::Handle::current().metrics().num_alive_tasks();
    let baseline = (tasks(), open_files());
    for n in 1..=PAIRS {
        rig.open(pid(n));
    }
    rig.ready(PAIRS.into()).await;
    assert!(open_files() > baseline.1 && tasks() > baseline.0);
    let links: Vec<_> = (1..=PAIRS)
        .flat_map(|n| {
            [&rig.ana, &rig.ben].map(|side| Arc::downgrade(&side.mesh.links().get(pid(n)).unwrap()))
        })
        .collect();
    for n in 1..=PAIRS {
        rig.ana.mesh.close(pid(n));
    }
    let mut closed = 0;
    while closed < 2 * usize::from(PAIRS) {
        match rig.step().await {
            (_, MeshEvent::Closed { peer }) if peer != pid(0) => closed += 1,
            (who, other) => panic!("{who:?}: {other:?}"),
        }
    }
    soon(async {
        // The last event of a pair comes out a moment before its task ends.
        while tasks() > baseline.0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
    assert_eq!(open_files(), baseline.1);
    assert!(links.iter().all(|link| link.upgrade().is_none()), "a connection is still in memory");

    rig.ana.mesh.send_ctl(pid(0), Bytes::from_static(b"still here")).unwrap();
    let (who, event) = rig.step().await;
    assert_eq!((who, event), (Who::Ben, MeshEvent::Ctl { peer: pid(0), message: "still here".into() }));

    rig.ana.mesh.close_all().await;
    drop(rig.ben.mesh);
    soon(async {
        while tasks() > 0 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}

fn open_files() -> usize {
    std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count)
}
