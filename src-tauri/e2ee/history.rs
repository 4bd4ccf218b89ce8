//! What has become of a room, by what its hosts have signed one after the other.

use pushtalk_protocol::{Challenge, Epoch, HostPublic, Pid, Restore, SignedStatement, StatementKind};

use crate::proofs::verify;
use crate::words::restore_words;
use crate::{CryptoError, ServerIdentity, pid, room_id, verify_statement};

/// Where the statements of a room lead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct History {
    /// Who signs now.
    pub host_pub: HostPublic,
    /// The number of the last statement; 0 without one.
    pub seq: u32,
}

/// Checks that what `restore` says of the room has been signed: by the first host, whose room it is, and by those to
/// whom it was handed over, up to the epoch and the join key that it claims. A room without a statement is in its first
/// epoch, whose join key nobody has signed. Who was removed cannot make a room anew.
///
/// Where the room is there, `present` is what has become of it as far as is known: what is newer has to be signed by who is the
/// host in that. A host of before could else leave out that it is none any more.
///
/// # Errors
/// One of them is not so.
pub fn verify_history(
    restore: &Restore,
    statements: &[SignedStatement],
    present: Option<History>,
) -> Result<History, CryptoError> {
    if restore.room_id != room_id(&restore.first_host) {
        return Err(CryptoError);
    }
    let me = pid(&restore.member_pub);
    let mut history = History { host_pub: restore.first_host, seq: 0 };
    let mut epoch = Epoch::default();
    for signed in statements {
        let statement = &signed.statement;
        let follows = statement.seq > history.seq && statement.epoch > epoch;
        if statement.room_id != restore.room_id || !follows || statement.removed.contains(&me) {
            return Err(CryptoError);
        }
        verify_statement(&history.host_pub, signed)?;
        let newer = present.filter(|present| statement.seq > present.seq);
        if newer.is_some_and(|present| history.seq <= present.seq && history.host_pub != present.host_pub) {
            return Err(CryptoError);
        }
        (history.seq, epoch) = (statement.seq, statement.epoch);
        if let StatementKind::Transfer { host_pub, .. } = statement.kind {
            history.host_pub = host_pub;
        }
    }
    let signed = statements.last().is_none_or(|last| last.statement.join_pub == restore.join_pub);
    if signed && epoch == restore.epoch { Ok(history) } else { Err(CryptoError) }
}

/// Checks that a member who has the join key made `restore`. Gives its pid.
///
/// # Errors
/// The signature is not by that key over this.
pub fn verify_restore(
    restore: &Restore,
    challenge: &Challenge,
    srv: &ServerIdentity,
) -> Result<Pid, CryptoError> {
    let pid = pid(&restore.member_pub);
    let words = restore_words(challenge, restore.room_id, restore.epoch, pid, srv);
    verify(restore.join_pub.as_bytes(), &words, &restore.sig)?;
    Ok(pid)
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::{
        CertificateHash, JoinPublic, MemberPublic, Nameplate, RoomId, SeatPublic, Signature, Statement,
    };
    use rand::{SeedableRng, rngs::StdRng};

    use super::*;
    use crate::{HostKey, MemberKey, RoomSecret};

    struct World {
        hosts: [HostKey; 3],
        member: MemberPublic,
        room: RoomId,
        secret: RoomSecret,
    }

    fn world(seed: u64) -> World {
        let rng = &mut StdRng::seed_from_u64(seed);
        let hosts: [HostKey; 3] = std::array::from_fn(|_| HostKey::generate(rng));
        let room = room_id(&hosts[0].public());
        World { room, member: MemberKey::generate(rng).public(), secret: RoomSecret::generate(rng), hosts }
    }

    impl World {
        fn join_pub(&self, epoch: u32) -> JoinPublic {
            self.secret.join_key(self.room, Epoch(epoch)).public()
        }

        /// By this host; `to` is the next one.
        fn statement(&self, by: usize, seq: u32, to: Option<usize>) -> SignedStatement {
            let me = pid(&self.member);
            let kind = to.map_or(StatementKind::Door, |to| {
                let host_pub = self.hosts[to].public();
                StatementKind::Transfer { heir: me, host_pub }
            });
            self.hosts[by].sign_statement(Statement {
                room_id: self.room,
                epoch: Epoch(seq + 1),
                seq,
                kind,
                removed: vec![Pid::new([9; 16])],
                roster: vec![me],
                join_pub: self.join_pub(seq + 1),
            })
        }

        fn restore(&self, epoch: u32) -> Restore {
            Restore {
                room_id: self.room,
                first_host: self.hosts[0].public(),
                statements: Vec::new(),
                epoch: Epoch(epoch),
                join_pub: self.join_pub(epoch),
                nameplate: Nameplate::from_index(7),
                member_pub: self.member,
                seat_pub: SeatPublic::new([3; 32]),
                sig: Signature::new([0; 64]),
            }
        }
    }

    #[test]
    fn a_room_is_what_its_hosts_have_signed_one_after_the_other() {
        let w = world(1);
        let history = |host: usize, seq| Ok(History { host_pub: w.hosts[host].public(), seq });
        assert_eq!(verify_history(&w.restore(0), &[], None), history(0, 0));
        assert_eq!(verify_history(&w.restore(3), &[w.statement(0, 2, None)], None), history(0, 2));
        let two = [w.statement(0, 1, Some(1)), w.statement(1, 4, Some(2))];
        assert_eq!(verify_history(&w.restore(5), &two, None), history(2, 4));
        let three = [&two[..], &[w.statement(2, 7, None)]].concat();
        assert_eq!(verify_history(&w.restore(8), &three, None), history(2, 7));
    }

    #[test]
    fn what_was_not_signed_by_the_host_of_then_or_not_in_this_order_is_no_history() {
        let (w, other) = (world(1), world(2));
        let [first, second] = [w.statement(0, 1, Some(1)), w.statement(1, 4, None)];
        let good = [first.clone(), second.clone()];
        assert!(verify_history(&w.restore(5), &good, None).is_ok());
        let wrong: [&[SignedStatement]; 8] = [
            &[],
            std::slice::from_ref(&first),
            std::slice::from_ref(&second),
            &[second.clone(), first.clone()],
            &[first.clone(), second.clone(), second.clone()],
            // By the one who was the host before.
            &[first.clone(), w.statement(0, 4, None)],
            // By one to whom it was never handed over.
            &[first.clone(), w.statement(2, 4, None)],
            &[first.clone(), other.statement(1, 4, None)],
        ];
        for (i, wrong) in wrong.iter().enumerate() {
            assert_eq!(verify_history(&w.restore(5), wrong, None), Err(CryptoError), "{i}");
        }
        let claims: [fn(&mut Restore, &World); 6] = [
            |r, other| r.room_id = other.room,
            |r, other| r.first_host = other.hosts[0].public(),
            |r, other| (r.room_id, r.first_host) = (other.room, other.hosts[0].public()),
            |r, _| r.epoch = Epoch(6),
            |r, _| r.epoch = Epoch(2),
            |r, other| r.join_pub = other.join_pub(5),
        ];
        for (i, claim) in claims.iter().enumerate() {
            let mut restore = w.restore(5);
            claim(&mut restore, &other);
            assert_eq!(verify_history(&restore, &good, None), Err(CryptoError), "{i}");
        }
        // The first epoch is the only one that needs no statement.
        assert_eq!(verify_history(&w.restore(1), &[], None), Err(CryptoError));
    }

    #[test]
    fn who_was_the_host_makes_nothing_of_a_room_that_is_there() {
        let w = world(1);
        let [first, second] = [w.statement(0, 1, Some(1)), w.statement(1, 4, None)];
        let present = |host: usize, seq| Some(History { host_pub: w.hosts[host].public(), seq });
        let verify = |epoch, statements: &[SignedStatement], present| {
            verify_history(&w.restore(epoch), statements, present)
        };
        // What has become of it is known here, or follows.
        for (host, seq) in [(0, 0), (1, 1), (1, 3), (1, 4), (1, 9)] {
            assert!(verify(5, &[first.clone(), second.clone()], present(host, seq)).is_ok(), "{host} {seq}");
        }
        // The first host leaves out that it has handed the room over.
        let late = w.statement(0, 7, None);
        assert_eq!(verify(8, std::slice::from_ref(&late), present(1, 1)), Err(CryptoError));
        assert_eq!(verify(8, std::slice::from_ref(&late), present(1, 4)), Err(CryptoError));
        // Or hands it over to another one, later than it did.
        let other = w.statement(0, 7, Some(2));
        assert_eq!(verify(8, std::slice::from_ref(&other), present(1, 4)), Err(CryptoError));
        assert!(verify(8, &[late], present(0, 0)).is_ok(), "as long as it is the host");
    }

    #[test]
    fn who_was_removed_makes_no_room_anew() {
        let mut w = world(1);
        let mut statement = w.statement(0, 1, None).statement;
        statement.roster.clear();
        statement.removed = vec![pid(&w.member)];
        let removed = w.hosts[0].sign_statement(statement);
        assert_eq!(verify_history(&w.restore(2), std::slice::from_ref(&removed), None), Err(CryptoError));
        w.member = world(2).member;
        assert!(verify_history(&w.restore(2), &[removed], None).is_ok());
    }

    #[test]
    fn a_room_is_made_anew_only_by_who_has_its_secret() {
        let (w, other) = (world(1), world(2));
        let (challenge, another) = (Challenge::new([1; 32]), Challenge::new([2; 32]));
        let srv = ServerIdentity::Certificate(CertificateHash::new([9; 32]));
        let me = pid(&w.member);
        let mut good = w.restore(5);
        good.sig = w.secret.join_key(w.room, Epoch(5)).sign_restore(&challenge, w.room, Epoch(5), me, &srv);
        assert_eq!(verify_restore(&good, &challenge, &srv), Ok(me));
        assert_eq!(verify_restore(&good, &another, &srv), Err(CryptoError));
        let elsewhere = ServerIdentity::Origin("https://talk.example".into());
        assert_eq!(verify_restore(&good, &challenge, &elsewhere), Err(CryptoError));
        let key = w.secret.join_key(w.room, Epoch(5));
        let claims: [fn(&mut Restore, &World); 4] = [
            |r, other| r.room_id = other.room,
            |r, _| r.epoch = Epoch(4),
            |r, other| r.member_pub = other.member,
            |r, other| r.join_pub = other.join_pub(5),
        ];
        for (i, claim) in claims.iter().enumerate() {
            let mut wrong = good.clone();
            claim(&mut wrong, &other);
            assert_eq!(verify_restore(&wrong, &challenge, &srv), Err(CryptoError), "{i}");
        }
        // What lets in does not make anew.
        let join = Restore { sig: key.sign_join(&challenge, w.room, Epoch(5), me, &srv), ..good };
        assert_eq!(verify_restore(&join, &challenge, &srv), Err(CryptoError));
    }
}
