//! The door and the handshake under any bytes: who knows nothing gets no further than an error.

use pushtalk_e2ee::{
    HostKey, Initiation, Joiner, MemberKey, PairContext, PasswordKind, Responder, RoomSecret, ServerIdentity,
    Session, pid, respond, room_id,
};
use pushtalk_protocol::{CertificateHash, Epoch, Nameplate};
use rand::SeedableRng;
use rand::rngs::StdRng;

/// The first byte says where the rest stands in for an honest message.
pub fn strangers(data: &[u8]) {
    let Some((place, said)) = data.split_first() else { return };
    let mut rng = StdRng::seed_from_u64(7);
    match place % 8 {
        place @ 0..4 => at_the_door(&mut rng, place, said),
        place => in_a_pair(&mut rng, place, said),
    }
}

/// 0 to 3: in place of message 1 to 4, as it is; nobody who has not the password is let in.
fn at_the_door(rng: &mut StdRng, place: u8, said: &[u8]) {
    let srv = ServerIdentity::Certificate(CertificateHash::new([5; 32]));
    let (kind, plate) = (PasswordKind::Spoken, Nameplate::from_index(7));
    let (joiner, first) = Joiner::start(rng, kind, b"1QPXY2", None, &plate, &srv);
    let first = if place == 0 { said } else { &first };
    if let Ok(knock) = Responder::inspect(first) {
        assert!(place != 0 || first.len() == 51, "{knock:?}");
    }
    let Ok((responder, second)) = Responder::start(rng, first, b"1QPXY2", None, &plate, &srv) else {
        assert!(place == 0);
        return;
    };
    let Ok((joiner, third)) = joiner.answer(if place == 1 { said } else { &second }) else { return };
    let host = HostKey::generate(rng).public();
    let secret = RoomSecret::generate(rng);
    let third = if place == 2 { said } else { &third };
    let fourth = responder.admit(third, &secret, room_id(&host), &host, Epoch(1));
    assert!(fourth.is_ok() == (place == 3), "who guesses is not let in");
    let fourth = fourth.unwrap_or_default();
    let end = joiner.finish(if place == 3 { said } else { &fourth });
    assert!(end.is_err(), "who does not know the password lets nobody in");
}

/// 4 and 5: in place of the first and the second message of Noise; 6 and 7: to a session, as its next and as any
/// message.
fn in_a_pair(rng: &mut StdRng, place: u8, said: &[u8]) {
    let mut keys = [MemberKey::generate(rng), MemberKey::generate(rng)];
    keys.sort_by_key(|key| pid(&key.public()));
    let [a, b] = &keys;
    let (epoch, room) = (Epoch(1), room_id(&HostKey::generate(rng).public()));
    let psk = RoomSecret::generate(rng).pair_psk(room, epoch);
    let context = |me: &MemberKey, peer: &MemberKey| PairContext {
        room_id: room,
        epoch,
        me: pid(&me.public()),
        peer: pid(&peer.public()),
    };
    let Ok((initiation, first)) = Initiation::start(context(a, b), a, &b.public(), &psk, 1, rng) else {
        return;
    };
    let first = if place == 4 { said } else { &first };
    let answered = respond(context(b, a), b, &a.public(), &psk, first, None, rng);
    assert!(answered.is_ok() == (place != 4), "nobody else begins a handshake");
    let Ok((mut theirs, _, second)) = answered else { return };
    let session = initiation.finish(if place == 5 { said } else { &second });
    assert!(session.is_ok() == (place != 5), "nobody else answers a handshake");
    let Ok(mut ours) = session else { return };
    let (n, rest) = match said.split_first_chunk() {
        Some((n, rest)) if place == 7 => (u64::from_be_bytes(*n), rest),
        _ => (0, said),
    };
    for session in [&mut ours, &mut theirs] {
        assert!(session.open(n, rest).is_err(), "nobody else says anything");
    }
    understand_each_other(&mut ours, &mut theirs);
}

/// Whatever was said to them.
fn understand_each_other(ours: &mut Session, theirs: &mut Session) {
    let sealed = ours.seal(b"still there");
    let opened = sealed.and_then(|(n, sealed)| theirs.open(n, &sealed));
    assert!(opened.is_ok_and(|word| word == b"still there"));
}
