//! Known bytes of the protocol, worked out from known inputs: what `docs/PROTOCOL.md` shows, and a test compares.

use pushtalk_e2ee::{DoorRefusal, MediaKey, RoomSecret, SealKey, pid, room_id};
use pushtalk_protocol::{Capabilities, Hello, Mode};
use pushtalk_protocol::{
    CertificateHash, Ctl, DeniedReason, DisplayName, DoorState, Epoch, FloorMessage, HostPublic, Invitation,
    JoinPublic, LinkPassword, MemberPublic, Nameplate, Pid, Pin, Place, Rekey, RoomId, Roster, Sas,
    SecretBytes, Settings, Signature, SignedStatement, Statement, StatementKind, Status,
};

/// Name and value of each, in the order of the text. Keys, ids and signatures are one byte again and again.
pub fn vectors() -> Vec<(&'static str, String)> {
    let mut all = names();
    all.extend(ctl().map(|(name, message)| (name, hex(&message.encode()))));
    all.extend(statements());
    all.extend(frames());
    all
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn names() -> Vec<(&'static str, String)> {
    let secret = RoomSecret::from(SecretBytes::new([1; 32]));
    let (room, epoch) = (RoomId::new([2; 16]), Epoch(3));
    let invitation = Invitation {
        nameplate: Nameplate::from_index(7),
        password: LinkPassword::new([0xa5; 16]),
        servers: ["192.168.1.5:7443", "[fd00::1]:7443", "talk.example.org:443"]
            .iter()
            .filter_map(|s| s.parse().ok())
            .collect(),
        certificate: Some(CertificateHash::new([7; 32])),
    };
    vec![
        ("room_id", hex(room_id(&HostPublic::new([1; 32])).as_bytes())),
        ("pid", hex(pid(&MemberPublic::new([2; 32])).as_bytes())),
        ("join_pub", hex(secret.join_key(room, epoch).public().as_bytes())),
        ("link password", hex(secret.link_password(room, epoch).expose())),
        (
            "spoken password",
            String::from_utf8_lossy(secret.spoken_password(room, epoch).expose()).into_owned(),
        ),
        ("link", invitation.link()),
        ("door refusal", hex(&DoorRefusal::Wrong { left: 3 }.encode())),
    ]
}

fn ctl() -> [(&'static str, Ctl); 13] {
    let hello = |name: &str| {
        DisplayName::parse(name).ok().map(|name| Hello {
            name,
            app_version: "0.1.0".to_owned(),
            capabilities: Capabilities(0),
            host_proof: None,
            heir: HostPublic::new([2; 32]),
        })
    };
    let settings = Settings { n: 1, mode: Mode::Radio, talk_limit: 30, title: "Friday".to_owned() };
    let door = Pin::parse("0042").map_or(DoorState::Locked, DoorState::Pin);
    let place = Place {
        nameplate: Nameplate::from_index(7),
        certificate: CertificateHash::new([7; 32]),
        servers: ["192.168.1.5:7443"].iter().filter_map(|s| s.parse().ok()).collect(),
    };
    let busy = DeniedReason::Busy { talker: Pid::new([7; 16]) };
    [
        ("hello", hello("Ana").map_or(Ctl::Bye, Ctl::Hello)),
        ("media key", Ctl::MediaKey { generation: 1, key: SecretBytes::new([3; 32]) }),
        ("request", Ctl::Floor(FloorMessage::Request { spurt: 1, queue: true })),
        ("granted", Ctl::Floor(FloorMessage::Granted { n: 3, spurt: 1, limit_ms: 30_000 })),
        ("denied", Ctl::Floor(FloorMessage::Denied { n: 5, spurt: 6, reason: busy })),
        ("settings", Ctl::Settings(settings)),
        ("status", Ctl::Status(Status { muted: true, deafened: false, hand: true })),
        ("rekey", Ctl::Rekey(Rekey::First { epoch: Epoch(3), message: vec![1; 56] })),
        ("room secret", Ctl::RoomSecret { epoch: Epoch(4), secret: SecretBytes::new([5; 32]), door }),
        ("roster", Ctl::Roster(Roster { epoch: Epoch(1), pids: vec![Pid::new([1; 16]), Pid::new([2; 16])] })),
        ("sas", Ctl::Sas(Sas::Nonce([2; 32]))),
        ("wrong guesses", Ctl::WrongGuesses { epoch: Epoch(2), count: 4 }),
        ("place", Ctl::Place(place)),
    ]
}

fn statements() -> Vec<(&'static str, String)> {
    let pid = |n| Pid::new([n; 16]);
    let statement = |kind| Statement {
        room_id: RoomId::new([1; 16]),
        epoch: Epoch(2),
        seq: 3,
        kind,
        removed: vec![pid(7)],
        roster: vec![pid(4), pid(5)],
        join_pub: JoinPublic::new([8; 32]),
    };
    let transfer = StatementKind::Transfer { heir: pid(5), host_pub: HostPublic::new([6; 32]) };
    let signed = [StatementKind::Remove, transfer]
        .map(|kind| SignedStatement { statement: statement(kind), signature: Signature::new([9; 64]) });
    let [remove, transfer] = signed.map(|signed| hex(&signed.encode()));
    vec![("statement", remove), ("transfer", transfer)]
}

fn frames() -> Vec<(&'static str, String)> {
    let mut key = SealKey::new(MediaKey::from(SecretBytes::new([7; 32])), 3);
    let seal = |key: &mut SealKey| key.seal(b"\x01a word").map_or(String::new(), |f| hex(f.as_bytes()));
    let first = seal(&mut key);
    let second = seal(&mut key);
    let ratcheted = key.next_spurt().map_or(String::new(), |()| seal(&mut key));
    vec![("frame 0", first), ("frame 1", second), ("frame of the next spurt", ratcheted)]
}
