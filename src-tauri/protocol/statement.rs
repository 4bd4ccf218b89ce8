//! What the host signs: who is in the room from the next epoch on, and who is the host.

use crate::{Epoch, HostPublic, JoinPublic, Pid, Reader, RoomId, Signature, WireError, Writer};

/// Most members that a room can have.
pub const MOST_MEMBERS: usize = 64;

/// Begins an epoch. Whoever is not in the roster is out, whatever it knew before.
#[derive(Clone, PartialEq, Eq)]
pub struct Statement {
    /// The room.
    pub room_id: RoomId,
    /// The epoch that begins.
    pub epoch: Epoch,
    /// Counts the statements of a room, from 1.
    pub seq: u32,
    /// What for.
    pub kind: StatementKind,
    /// Those who are sent away, in rising order.
    pub removed: Vec<Pid>,
    /// Those who stay, in rising order.
    pub roster: Vec<Pid>,
    /// The public half of what is derived from the new room secret: it proves the secret, also when it is passed on.
    pub join_pub: JoinPublic,
}

/// Why an epoch begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StatementKind {
    /// Somebody was removed.
    Remove,
    /// The door was locked or unlocked, or there is a new code.
    Door,
    /// Another member is the host from now on.
    Transfer {
        /// Who.
        heir: Pid,
        /// What that member signs with.
        host_pub: HostPublic,
    },
}

/// A statement with the signature of who is the host before it.
#[derive(Clone, PartialEq, Eq)]
pub struct SignedStatement {
    /// What is said.
    pub statement: Statement,
    /// By the host key, over "PushTalk1 statement" ‖ 0 ‖ the statement's bytes.
    pub signature: Signature,
}

impl Statement {
    /// The bytes that travel and are signed.
    pub fn encode(&self) -> Vec<u8> {
        self.write(Writer::new()).finish()
    }

    fn write(&self, w: Writer) -> Writer {
        let w = w.raw(self.room_id.as_bytes()).u32(self.epoch.0).u32(self.seq);
        let w = match &self.kind {
            StatementKind::Remove => w.u8(1),
            StatementKind::Door => w.u8(2),
            StatementKind::Transfer { heir, host_pub } => {
                w.u8(3).raw(heir.as_bytes()).raw(host_pub.as_bytes())
            }
        };
        write_pids(write_pids(w, &self.removed), &self.roster).raw(self.join_pub.as_bytes())
    }

    fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let (room_id, epoch, seq) = (RoomId::new(r.array()?), Epoch(r.u32()?), r.u32()?);
        let kind = match r.u8()? {
            1 => StatementKind::Remove,
            2 => StatementKind::Door,
            3 => {
                StatementKind::Transfer { heir: Pid::new(r.array()?), host_pub: HostPublic::new(r.array()?) }
            }
            other => return Err(WireError::Kind(other)),
        };
        let (removed, roster) = (read_pids(r)?, read_pids(r)?);
        let both = removed.iter().any(|pid| roster.binary_search(pid).is_ok());
        let heir_is_out =
            matches!(&kind, StatementKind::Transfer { heir, .. } if roster.binary_search(heir).is_err());
        if both || heir_is_out {
            return Err(WireError::Value);
        }
        Ok(Self { room_id, epoch, seq, kind, removed, roster, join_pub: JoinPublic::new(r.array()?) })
    }
}

impl SignedStatement {
    /// The bytes: version, statement, signature.
    pub fn encode(&self) -> Vec<u8> {
        self.write(Writer::versioned()).finish()
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// What is wrong with the bytes: also pids that are not in rising order, somebody who is both removed and in the
    /// roster, and an heir who is not in it.
    pub fn decode(bytes: &[u8]) -> Result<Self, WireError> {
        let mut r = Reader::versioned(bytes)?;
        let signed = Self::read(&mut r)?;
        r.end()?;
        Ok(signed)
    }

    pub(crate) fn write(&self, w: Writer) -> Writer {
        self.statement.write(w).raw(self.signature.as_bytes())
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        Ok(Self { statement: Statement::read(r)?, signature: Signature::new(r.array()?) })
    }
}

pub(crate) fn write_pids(w: Writer, pids: &[Pid]) -> Writer {
    let count = u8::try_from(pids.len()).unwrap_or(u8::MAX);
    pids.iter().take(count.into()).fold(w.u8(count), |w, pid| w.raw(pid.as_bytes()))
}

/// At most 64, in rising order, so that there is one way to write a set.
pub(crate) fn read_pids(r: &mut Reader<'_>) -> Result<Vec<Pid>, WireError> {
    let count = usize::from(r.u8()?);
    if count > MOST_MEMBERS {
        return Err(WireError::Value);
    }
    let pids = (0..count).map(|_| r.array().map(Pid::new)).collect::<Result<Vec<_>, _>>()?;
    if pids.is_sorted_by(|a, b| a < b) { Ok(pids) } else { Err(WireError::Value) }
}

#[cfg(test)]
pub(crate) mod tests {
    use proptest::prelude::*;

    use super::*;

    pub(crate) fn sample() -> SignedStatement {
        let pid = |n| Pid::new([n; 16]);
        let statement = Statement {
            room_id: RoomId::new([1; 16]),
            epoch: Epoch(2),
            seq: 3,
            kind: StatementKind::Transfer { heir: pid(5), host_pub: HostPublic::new([6; 32]) },
            removed: vec![pid(7)],
            roster: vec![pid(4), pid(5)],
            join_pub: JoinPublic::new([8; 32]),
        };
        SignedStatement { statement, signature: Signature::new([9; 64]) }
    }

    #[test]
    fn a_statement_reads_back_and_a_cut_or_lengthened_one_is_an_error() {
        for kind in [StatementKind::Remove, StatementKind::Door, sample().statement.kind] {
            let mut signed = sample();
            signed.statement.kind = kind;
            let bytes = signed.encode();
            assert!(SignedStatement::decode(&bytes).is_ok_and(|read| read == signed));
            for end in 0..bytes.len() {
                assert!(SignedStatement::decode(&bytes[..end]).is_err(), "cut at {end}");
            }
            assert!(SignedStatement::decode(&[&bytes[..], &[0]].concat()).is_err());
        }
    }

    #[test]
    fn a_statement_that_contradicts_itself_is_an_error() {
        let pid = |n| Pid::new([n; 16]);
        let changes: [fn(&mut Statement); 5] = [
            |s| s.removed = vec![Pid::new([4; 16])],
            |s| s.roster.reverse(),
            |s| s.roster = vec![Pid::new([5; 16]); 2],
            |s| s.roster = vec![Pid::new([4; 16])],
            |s| s.roster = (0..65).map(|n| Pid::new([n; 16])).collect(),
        ];
        for (i, change) in changes.iter().enumerate() {
            let mut signed = sample();
            change(&mut signed.statement);
            assert_eq!(SignedStatement::decode(&signed.encode()).err(), Some(WireError::Value), "{i}");
        }
        assert!(sample().statement.roster.contains(&pid(5)));
    }

    proptest! {
        #[test]
        fn any_bytes_end_in_a_statement_or_an_error(bytes in proptest::collection::vec(any::<u8>(), 0..400)) {
            let framed = [&[crate::VERSION], &bytes[..]].concat();
            if let Ok(signed) = SignedStatement::decode(&framed) {
                prop_assert_eq!(signed.encode(), framed);
            }
        }
    }
}
