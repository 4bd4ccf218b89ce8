//! What is signed, byte by byte. Each begins with its own name, so that no signature is taken for another.

use pushtalk_protocol::{Challenge, Epoch, JoinPublic, Pid, RoomId, Statement, Writer};

use crate::ServerIdentity;

/// "PushTalk1 host" ‖ 0 ‖ room_id ‖ e ‖ pid, by the host key.
pub(crate) fn host_words(room_id: RoomId, epoch: Epoch, pid: Pid) -> Vec<u8> {
    Writer::new()
        .raw(b"PushTalk1 host")
        .u8(0)
        .raw(room_id.as_bytes())
        .u32(epoch.0)
        .raw(pid.as_bytes())
        .finish()
}

/// "PushTalk1 statement" ‖ 0 ‖ the statement's bytes, by the host key.
pub(crate) fn statement_words(statement: &Statement) -> Vec<u8> {
    Writer::new().raw(b"PushTalk1 statement").u8(0).raw(&statement.encode()).finish()
}

/// "PushTalk1 create" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ join_pub ‖ pid ‖ srv, by the host key.
pub(crate) fn create_words(
    challenge: &Challenge,
    room_id: RoomId,
    epoch: Epoch,
    join_pub: &JoinPublic,
    pid: Pid,
    srv: &ServerIdentity,
) -> Vec<u8> {
    let w = Writer::new()
        .raw(b"PushTalk1 create")
        .u8(0)
        .raw(challenge.as_bytes())
        .raw(room_id.as_bytes())
        .u32(epoch.0)
        .raw(join_pub.as_bytes())
        .raw(pid.as_bytes());
    srv.write(w).finish()
}

/// "PushTalk1 join" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ pid ‖ srv, by the join key.
pub(crate) fn join_words(
    challenge: &Challenge,
    room_id: RoomId,
    epoch: Epoch,
    pid: Pid,
    srv: &ServerIdentity,
) -> Vec<u8> {
    let w = Writer::new()
        .raw(b"PushTalk1 join")
        .u8(0)
        .raw(challenge.as_bytes())
        .raw(room_id.as_bytes())
        .u32(epoch.0)
        .raw(pid.as_bytes());
    srv.write(w).finish()
}

/// "PushTalk1 restore" ‖ 0 ‖ challenge ‖ room_id ‖ e ‖ pid ‖ srv, by the join key.
pub(crate) fn restore_words(
    challenge: &Challenge,
    room_id: RoomId,
    epoch: Epoch,
    pid: Pid,
    srv: &ServerIdentity,
) -> Vec<u8> {
    let w = Writer::new()
        .raw(b"PushTalk1 restore")
        .u8(0)
        .raw(challenge.as_bytes())
        .raw(room_id.as_bytes())
        .u32(epoch.0)
        .raw(pid.as_bytes());
    srv.write(w).finish()
}

/// "PushTalk1 resume" ‖ 0 ‖ challenge ‖ room_id ‖ pid ‖ srv, by the seat key.
pub(crate) fn resume_words(
    challenge: &Challenge,
    room_id: RoomId,
    pid: Pid,
    srv: &ServerIdentity,
) -> Vec<u8> {
    let w = Writer::new()
        .raw(b"PushTalk1 resume")
        .u8(0)
        .raw(challenge.as_bytes())
        .raw(room_id.as_bytes())
        .raw(pid.as_bytes());
    srv.write(w).finish()
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::StatementKind;

    use super::*;

    #[test]
    fn signed_words_are_those_of_the_protocol() {
        let (challenge, room, pid) = (Challenge::new([1; 32]), RoomId::new([2; 16]), Pid::new([3; 16]));
        let (join_pub, srv) = (JoinPublic::new([4; 32]), ServerIdentity::Origin("https://a".into()));
        let epoch = Epoch(7);
        let e: &[u8] = &[0, 0, 0, 7];
        let (c, r, p, j): (&[u8], &[u8], &[u8], &[u8]) = (&[1; 32], &[2; 16], &[3; 16], &[4; 32]);
        let s: &[u8] = b"\x00\x0a\x02https://a";
        assert_eq!(host_words(room, epoch, pid), [b"PushTalk1 host\0", r, e, p].concat());
        assert_eq!(
            create_words(&challenge, room, epoch, &join_pub, pid, &srv),
            [b"PushTalk1 create\0", c, r, e, j, p, s].concat()
        );
        assert_eq!(
            join_words(&challenge, room, epoch, pid, &srv),
            [b"PushTalk1 join\0", c, r, e, p, s].concat()
        );
        assert_eq!(
            restore_words(&challenge, room, epoch, pid, &srv),
            [b"PushTalk1 restore\0", c, r, e, p, s].concat()
        );
        assert_eq!(resume_words(&challenge, room, pid, &srv), [b"PushTalk1 resume\0", c, r, p, s].concat());
        let kind = StatementKind::Remove;
        let statement =
            Statement { room_id: room, epoch, seq: 9, kind, removed: vec![], roster: vec![pid], join_pub };
        let seq: &[u8] = &[0, 0, 0, 9];
        assert_eq!(
            statement_words(&statement),
            [b"PushTalk1 statement\0", r, e, seq, &[1, 0, 1], p, j].concat()
        );
    }
}
