//! Checking what hosts, members and joiners have signed.

use ed25519_dalek::VerifyingKey;
use pushtalk_protocol::{
    Challenge, Create, Epoch, HostPublic, Join, JoinPublic, Pid, Resume, RoomId, SeatPublic, Signature,
    SignedStatement,
};

use crate::words::{create_words, host_words, join_words, resume_words, statement_words};
use crate::{CryptoError, ServerIdentity, pid, room_id};

/// Checks what a member says in `hello` to be the host.
///
/// # Errors
/// It is not.
pub fn verify_host_proof(
    host: &HostPublic,
    room_id: RoomId,
    epoch: Epoch,
    pid: Pid,
    proof: &Signature,
) -> Result<(), CryptoError> {
    verify(host.as_bytes(), &host_words(room_id, epoch, pid), proof)
}

/// Checks that the host signed a statement. Whose room and which epoch it is about is the caller's to check.
///
/// # Errors
/// It did not.
pub fn verify_statement(host: &HostPublic, signed: &SignedStatement) -> Result<(), CryptoError> {
    verify(host.as_bytes(), &statement_words(&signed.statement), &signed.signature)
}

/// Checks all that `create` claims: the room is the host key's, the host key signed, and so did the join key. Gives the
/// creator's pid.
///
/// # Errors
/// One of them is not so.
pub fn verify_create(
    create: &Create,
    challenge: &Challenge,
    srv: &ServerIdentity,
) -> Result<Pid, CryptoError> {
    let Create { room_id: room, host_pub, epoch, join_pub, member_pub, host_sig, join_sig, .. } = create;
    if *room != room_id(host_pub) {
        return Err(CryptoError);
    }
    let pid = pid(member_pub);
    verify(host_pub.as_bytes(), &create_words(challenge, *room, *epoch, join_pub, pid, srv), host_sig)?;
    verify(join_pub.as_bytes(), &join_words(challenge, *room, *epoch, pid, srv), join_sig)?;
    Ok(pid)
}

/// Checks what `join` claims against the join key of that room and epoch. Gives the joiner's pid.
///
/// # Errors
/// The signature is not by that key over this.
pub fn verify_join(
    join: &Join,
    join_pub: &JoinPublic,
    challenge: &Challenge,
    srv: &ServerIdentity,
) -> Result<Pid, CryptoError> {
    let pid = pid(&join.member_pub);
    verify(join_pub.as_bytes(), &join_words(challenge, join.room_id, join.epoch, pid, srv), &join.sig)?;
    Ok(pid)
}

/// Checks what `resume` claims against the key of that seat.
///
/// # Errors
/// The signature is not by that key over this.
pub fn verify_resume(
    resume: &Resume,
    seat_pub: &SeatPublic,
    challenge: &Challenge,
    srv: &ServerIdentity,
) -> Result<(), CryptoError> {
    verify(seat_pub.as_bytes(), &resume_words(challenge, resume.room_id, resume.pid, srv), &resume.sig)
}

/// Strict (no small-order key, no second form of a signature), so that all members and servers agree.
pub(crate) fn verify(public: &[u8; 32], words: &[u8], signature: &Signature) -> Result<(), CryptoError> {
    let signature = ed25519_dalek::Signature::from_bytes(signature.as_bytes());
    VerifyingKey::from_bytes(public)
        .and_then(|key| key.verify_strict(words, &signature))
        .map_err(|_| CryptoError)
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::{CertificateHash, MemberPublic, Statement, StatementKind};
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::{HostKey, JoinKey, MemberKey, RoomSecret, SeatKey};

    struct World {
        host: HostKey,
        join: JoinKey,
        member: MemberPublic,
        room: RoomId,
        challenge: Challenge,
        srv: ServerIdentity,
    }

    const EPOCH: Epoch = Epoch(7);

    fn world(seed: u64) -> World {
        let rng = &mut StdRng::seed_from_u64(seed);
        let host = HostKey::generate(rng);
        let room = room_id(&host.public());
        let join = RoomSecret::generate(rng).join_key(room, EPOCH);
        let member = MemberKey::generate(rng).public();
        let challenge = Challenge::new([seed as u8; 32]);
        World {
            host,
            join,
            member,
            room,
            challenge,
            srv: ServerIdentity::Certificate(CertificateHash::new([9; 32])),
        }
    }

    fn create(w: &World) -> Create {
        let (room_id, join_pub, pid) = (w.room, w.join.public(), pid(&w.member));
        Create {
            room_id,
            host_pub: w.host.public(),
            epoch: EPOCH,
            join_pub,
            member_pub: w.member,
            seat_pub: SeatPublic::new([3; 32]),
            host_sig: w.host.sign_create(&w.challenge, room_id, EPOCH, &join_pub, pid, &w.srv),
            join_sig: w.join.sign_join(&w.challenge, room_id, EPOCH, pid, &w.srv),
        }
    }

    #[test]
    fn a_room_is_made_by_its_host_key_only() {
        let (w, other) = (world(1), world(2));
        let good = create(&w);
        assert_eq!(verify_create(&good, &w.challenge, &w.srv), Ok(pid(&w.member)));
        let wrong = [
            Create { room_id: other.room, ..good.clone() },
            Create { host_pub: other.host.public(), ..good.clone() },
            Create { room_id: other.room, host_pub: other.host.public(), ..good.clone() },
            Create { epoch: Epoch(8), ..good.clone() },
            Create { join_pub: other.join.public(), ..good.clone() },
            Create { member_pub: other.member, ..good.clone() },
            Create { host_sig: good.join_sig, ..good.clone() },
            Create { join_sig: good.host_sig, ..good.clone() },
        ];
        for (i, wrong) in wrong.iter().enumerate() {
            assert_eq!(verify_create(wrong, &w.challenge, &w.srv), Err(CryptoError), "{i}");
        }
        assert_eq!(verify_create(&good, &other.challenge, &w.srv), Err(CryptoError));
        // A host that signs all of it properly, for a room that is not its own.
        let stolen = World { room: other.room, ..world(1) };
        assert_eq!(verify_create(&create(&stolen), &w.challenge, &w.srv), Err(CryptoError));
        let elsewhere = ServerIdentity::Origin("https://talk.example".into());
        assert_eq!(verify_create(&good, &w.challenge, &elsewhere), Err(CryptoError));
    }

    #[test]
    fn a_room_is_joined_only_by_who_has_its_secret() {
        let (w, other) = (world(1), world(2));
        let sign = |key: &JoinKey| key.sign_join(&w.challenge, w.room, EPOCH, pid(&w.member), &w.srv);
        let seat_pub = SeatPublic::new([3; 32]);
        let good = Join { room_id: w.room, epoch: EPOCH, member_pub: w.member, seat_pub, sig: sign(&w.join) };
        let public = w.join.public();
        assert_eq!(verify_join(&good, &public, &w.challenge, &w.srv), Ok(pid(&w.member)));
        let wrong = [
            Join { room_id: other.room, ..good.clone() },
            Join { epoch: Epoch(6), ..good.clone() },
            Join { member_pub: other.member, ..good.clone() },
            Join { sig: sign(&other.join), ..good.clone() },
        ];
        for (i, wrong) in wrong.iter().enumerate() {
            assert_eq!(verify_join(wrong, &public, &w.challenge, &w.srv), Err(CryptoError), "{i}");
        }
        assert_eq!(verify_join(&good, &public, &other.challenge, &w.srv), Err(CryptoError));
        assert_eq!(verify_join(&good, &other.join.public(), &w.challenge, &w.srv), Err(CryptoError));
    }

    #[test]
    fn a_seat_is_taken_again_only_by_who_had_it() {
        let (w, other) = (world(1), world(2));
        let rng = &mut StdRng::seed_from_u64(5);
        let (seat, another) = (SeatKey::generate(rng), SeatKey::generate(rng));
        let me = pid(&w.member);
        let good =
            Resume { room_id: w.room, pid: me, sig: seat.sign_resume(&w.challenge, w.room, me, &w.srv) };
        let check = |resume: &Resume, key: &SeatKey, challenge| {
            verify_resume(resume, &key.public(), challenge, &w.srv)
        };
        assert_eq!(check(&good, &seat, &w.challenge), Ok(()));
        assert_eq!(check(&good, &another, &w.challenge), Err(CryptoError));
        assert_eq!(check(&good, &seat, &other.challenge), Err(CryptoError));
        let elsewhere = ServerIdentity::Origin("https://talk.example".into());
        assert_eq!(verify_resume(&good, &seat.public(), &w.challenge, &elsewhere), Err(CryptoError));
        for wrong in [
            Resume { room_id: other.room, ..good.clone() },
            Resume { pid: pid(&other.member), ..good.clone() },
            Resume { sig: w.join.sign_join(&w.challenge, w.room, EPOCH, me, &w.srv), ..good.clone() },
        ] {
            assert_eq!(check(&wrong, &seat, &w.challenge), Err(CryptoError));
        }
    }

    #[test]
    fn a_statement_is_the_hosts_as_it_was_signed() {
        let (w, other) = (world(1), world(2));
        let member = |n| Pid::new([n; 16]);
        let statement = Statement {
            room_id: w.room,
            epoch: EPOCH,
            seq: 3,
            kind: StatementKind::Remove,
            removed: vec![member(9)],
            roster: vec![member(1), member(2)],
            join_pub: w.join.public(),
        };
        let good = w.host.sign_statement(statement);
        let host = w.host.public();
        assert_eq!(verify_statement(&host, &good), Ok(()));
        let read = SignedStatement::decode(&good.encode()).ok().unwrap();
        assert_eq!(verify_statement(&host, &read), Ok(()));
        assert_eq!(verify_statement(&other.host.public(), &good), Err(CryptoError));
        let changes: [fn(&mut Statement, &World); 9] = [
            |s, other| s.room_id = other.room,
            |s, _| s.epoch = Epoch(8),
            |s, _| s.seq = 4,
            |s, _| s.kind = StatementKind::Door,
            |s, other| {
                s.kind = StatementKind::Transfer { heir: Pid::new([1; 16]), host_pub: other.host.public() }
            },
            |s, _| s.removed.clear(),
            // The same pids in the other list.
            |s, _| s.roster.append(&mut s.removed),
            |s, _| s.roster.truncate(1),
            |s, other| s.join_pub = other.join.public(),
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut wrong = good.clone();
            change(&mut wrong.statement, &other);
            assert_eq!(verify_statement(&host, &wrong), Err(CryptoError), "{i}");
        }
        let signature = w.host.prove_host(w.room, EPOCH, pid(&w.member));
        assert_eq!(verify_statement(&host, &SignedStatement { signature, ..good }), Err(CryptoError));
    }

    #[test]
    fn a_key_that_signs_everything_is_refused() {
        // The neutral element as a key, with R neutral and S zero: RFC 8032 without strictness takes it for any words.
        let mut neutral = [0; 32];
        neutral[0] = 1;
        let mut signature = [0; 64];
        signature[..32].copy_from_slice(&neutral);
        assert_eq!(verify(&neutral, b"anything", &Signature::new(signature)), Err(CryptoError));
    }

    #[test]
    fn only_the_host_proves_to_be_the_host() {
        let (w, other) = (world(1), world(2));
        let me = pid(&w.member);
        let proof = w.host.prove_host(w.room, EPOCH, me);
        let check =
            |host: &HostKey, room, epoch, pid| verify_host_proof(&host.public(), room, epoch, pid, &proof);
        assert_eq!(check(&w.host, w.room, EPOCH, me), Ok(()));
        assert_eq!(check(&other.host, w.room, EPOCH, me), Err(CryptoError));
        assert_eq!(check(&w.host, other.room, EPOCH, me), Err(CryptoError));
        assert_eq!(check(&w.host, w.room, Epoch(8), me), Err(CryptoError));
        assert_eq!(check(&w.host, w.room, EPOCH, pid(&other.member)), Err(CryptoError));
    }
}
