//! Messages of a session: each reads back to the same bytes, and nothing else reads.

use proptest::prelude::*;

use crate::*;

fn secret(door: DoorState) -> Ctl {
    Ctl::RoomSecret { epoch: Epoch(4), secret: SecretBytes::new([5; 32]), door }
}

fn place() -> Place {
    let servers = ["192.168.1.5:7443", "[fd00::1]:7443"].map(|at| at.parse().unwrap());
    Place {
        nameplate: Nameplate::from_index(7),
        certificate: CertificateHash::new([7; 32]),
        servers: servers.to_vec(),
    }
}

fn samples() -> Vec<Ctl> {
    let floor = [
        FloorMessage::Request { spurt: 1, queue: false },
        FloorMessage::Request { spurt: 1, queue: true },
        FloorMessage::Queued { n: 1, spurt: 2, place: 3 },
        FloorMessage::Release { spurt: 2 },
        FloorMessage::Continue { spurt: 3, n: 4 },
        FloorMessage::Granted { n: 3, spurt: 4, limit_ms: 30_000 },
        FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::Busy { talker: Pid::new([7; 16]) } },
        FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::TooSoon },
        FloorMessage::Denied { n: 5, spurt: 6, reason: DeniedReason::NotArbiter },
        FloorMessage::Taken { n: 8, talker: Pid::new([9; 16]) },
        FloorMessage::Idle { n: 10 },
        FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Limit },
        FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Collision },
        FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Silence },
        FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Preempted },
        FloorMessage::Revoked { n: 11, spurt: 12, reason: RevokedReason::Mode },
    ];
    let mut all = vec![
        Ctl::Hello(Hello {
            name: DisplayName::parse("Ana").unwrap(),
            app_version: "0.1.0".into(),
            capabilities: Capabilities(5),
            host_proof: Some(Signature::new([1; 64])),
            heir: HostPublic::new([2; 32]),
        }),
        Ctl::Hello(Hello {
            name: DisplayName::parse("بن").unwrap(),
            app_version: String::new(),
            capabilities: Capabilities(0),
            host_proof: None,
            heir: HostPublic::new([2; 32]),
        }),
        Ctl::Sdp(Sdp { path: 0, kind: SdpKind::Offer, text: "v=0".into() }),
        Ctl::Sdp(Sdp { path: 7, kind: SdpKind::Answer, text: "v=0".into() }),
        Ctl::Ice(Candidate { path: 7, text: "candidate:1".into() }),
        Ctl::MediaKey { generation: 1, key: SecretBytes::new([3; 32]) },
        Ctl::Settings(Settings { n: 1, mode: Mode::Radio, talk_limit: 30, title: "Friday".into() }),
        Ctl::Settings(Settings { n: 2, mode: Mode::Open, talk_limit: 300, title: String::new() }),
        Ctl::Status(Status { muted: true, deafened: false, hand: true }),
        Ctl::Heard { generation: 1, step: 2 },
        Ctl::Ping { token: 1 },
        Ctl::Pong { token: 1, at: 2_000_000 },
        Ctl::Bye,
        Ctl::Renew,
        Ctl::Rekey(Rekey::First { epoch: Epoch(3), message: vec![1; 56] }),
        Ctl::Rekey(Rekey::Second { message: vec![2; 48] }),
        Ctl::Rekey(Rekey::Done),
        Ctl::Statement(crate::statement::tests::sample()),
        secret(DoorState::Open),
        secret(DoorState::Locked),
        secret(DoorState::Pin(Pin::parse("0042").unwrap())),
        Ctl::Roster(Roster { epoch: Epoch(1), pids: vec![Pid::new([1; 16]), Pid::new([2; 16])] }),
        Ctl::Roster(Roster { epoch: Epoch(1), pids: Vec::new() }),
        Ctl::Sas(Sas::Commit([1; 64])),
        Ctl::Sas(Sas::Nonce([2; 32])),
        Ctl::Sas(Sas::Reveal([3; 32])),
        Ctl::Sas(Sas::Cancel),
        Ctl::WrongGuesses { epoch: Epoch(2), count: 4 },
        Ctl::Captured { timestamp: 96_000, at: 2_000_000 },
        Ctl::Report(Report { fraction_lost: 13, discard_rate: 2, buffer_ms: 21, mouth_to_ear_ms: Some(40) }),
        Ctl::Report(Report::default()),
        Ctl::Restart,
        Ctl::Place(place()),
    ];
    all.extend(floor.map(Ctl::Floor));
    all
}

#[test]
fn every_message_reads_back_as_it_was_written() {
    for message in samples() {
        let bytes = message.encode();
        let again = Ctl::decode(&bytes).unwrap_or_else(|e| panic!("{message:?}: {e}"));
        assert_eq!(again.encode(), bytes, "{message:?}");
    }
}

#[test]
fn a_cut_or_lengthened_message_is_an_error() {
    for message in samples() {
        let bytes = message.encode();
        for end in 0..bytes.len() {
            assert!(Ctl::decode(&bytes[..end]).is_err(), "{message:?} cut at {end}");
        }
        let longer = [&bytes[..], &[0]].concat();
        assert!(Ctl::decode(&longer).is_err(), "{message:?} lengthened");
    }
}

#[test]
fn a_name_that_is_not_written_as_it_is_shown_is_an_error() {
    for (written, ok) in [("Ana", true), (" Ana", false), ("Ana\n", false), ("e\u{301}", false)] {
        let w = Writer::versioned().u8(1).lv(written.as_bytes()).lv(b"").u32(0).u8(0).raw(&[2; 32]);
        assert_eq!(Ctl::decode(&w.finish()).is_ok(), ok, "{written:?}");
    }
}

#[test]
fn a_place_without_an_address_with_too_many_or_spelled_otherwise_is_an_error() {
    let with = |nameplate: &[u8], servers: &[u8]| {
        let w = Writer::versioned().u8(22).raw(nameplate).raw(&[7; 32]).lv(servers).finish();
        Ctl::decode(&w).err()
    };
    let one = [4, 10, 0, 0, 1, 0x1d, 0x13];
    assert_eq!(with(b"007", &one), None);
    assert_eq!(with(b"007", &one.repeat(8)), None);
    assert_eq!(with(b"007", &[]), Some(WireError::Value));
    assert_eq!(with(b"007", &one.repeat(9)), Some(WireError::Value));
    assert_eq!(with(b"oo7", &one), Some(WireError::Value));
    assert_eq!(with(b"\xff07", &one), Some(WireError::Value));
    assert_eq!(with(b"007", &[4, 10, 0, 0, 1, 0, 0]), Some(WireError::Value));
    assert_eq!(with(b"007", &[0, 0, 1, b'a', 0x1d, 0x13]), Some(WireError::Value), "a name");
    assert_eq!(with(b"007", &[5]), Some(WireError::Kind(5)));
}

#[test]
fn another_version_is_named() {
    let mut bytes = Ctl::Bye.encode();
    bytes[0] = 2;
    assert_eq!(Ctl::decode(&bytes).err(), Some(WireError::Version { theirs: 2 }));
}

proptest! {
    #[test]
    fn any_bytes_end_in_a_message_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..200), kind in 0u8..24) {
        drop(Ctl::decode(&bytes));
        let framed = [&[VERSION, kind], &bytes[..]].concat();
        if let Ok(message) = Ctl::decode(&framed) {
            prop_assert_eq!(message.encode(), framed);
        }
    }
}

use crate::VERSION;
