//! The seats of a room: kept for a while when their connection is lost, and taken again by who has the seat key.

use std::time::Duration;

use pushtalk_e2ee::verify_resume;
use pushtalk_protocol::{
    Epoch, HostPublic, JoinPublic, Joined, MemberJoined, MemberLeft, MemberPublic, Nameplate, Pid,
    RefusalCode, Resume, RoomId, SeatPublic,
};

use crate::bucket::Bucket;
use crate::lobby::{Answer, ConnectionId, Lobby, Push};

/// A key to check signatures against where there is no room or seat, so that it takes as long: the base point of
/// Ed25519. Anybody can sign with it, so what it says is thrown away.
pub(crate) const NOBODY: [u8; 32] = {
    let mut point = [0x66; 32];
    point[0] = 0x58;
    point
};
const NOBODYS_SEAT: SeatPublic = SeatPublic::new(NOBODY);

pub(crate) struct Room {
    pub(crate) nameplate: Nameplate,
    /// Who signs its statements.
    pub(crate) host_pub: HostPublic,
    pub(crate) epoch: Epoch,
    /// Of the last statement.
    pub(crate) seq: u32,
    pub(crate) join_pub: JoinPublic,
    /// The host first, then in the order they came.
    pub(crate) seats: Vec<Seat>,
    /// How many may knock.
    pub(crate) knocks: Bucket,
    /// When its time is over.
    pub(crate) closes_at: Option<Duration>,
    /// Everybody in it was told that it closes.
    pub(crate) told: bool,
}

pub(crate) struct Seat {
    pub(crate) pid: Pid,
    pub(crate) member_pub: MemberPublic,
    pub(crate) seat_pub: SeatPublic,
    pub(crate) presence: Presence,
}

/// Who sits on a seat.
#[derive(Clone, Copy)]
pub(crate) enum Presence {
    /// This connection.
    Here(ConnectionId),
    /// Nobody; it is kept.
    Away { until: Duration },
}

impl Room {
    pub(crate) fn seat(&self, of: Pid) -> Option<&Seat> {
        self.seats.iter().find(|seat| seat.pid == of)
    }

    fn seat_mut(&mut self, of: Pid) -> Option<&mut Seat> {
        self.seats.iter_mut().find(|seat| seat.pid == of)
    }

    /// Of those who are connected.
    pub(crate) fn connections(&self) -> impl Iterator<Item = ConnectionId> {
        self.seats.iter().filter_map(Seat::connection)
    }

    /// Those who are connected.
    pub(crate) fn present(&self) -> impl Iterator<Item = MemberPublic> {
        self.seats.iter().filter(|seat| seat.connection().is_some()).map(|seat| seat.member_pub)
    }

    /// When the last seat will be free; none while somebody is connected.
    fn deserted_until(&self) -> Option<Duration> {
        let ends = self.seats.iter().map(Seat::kept_until).collect::<Option<Vec<_>>>()?;
        ends.into_iter().max()
    }
}

impl Seat {
    pub(crate) fn connection(&self) -> Option<ConnectionId> {
        match self.presence {
            Presence::Here(connection) => Some(connection),
            Presence::Away { .. } => None,
        }
    }

    fn kept_until(&self) -> Option<Duration> {
        match self.presence {
            Presence::Here(_) => None,
            Presence::Away { until } => Some(until),
        }
    }
}

impl Lobby {
    /// Comes back to a seat. The others are told that the member joined, and before that, when its old connection was
    /// still taken for alive, that it left: what was on its way to that one is lost.
    ///
    /// The old connection is out in the same step, and is found in `take_cuts`: at no time do two sit on one seat.
    ///
    /// # Errors
    /// `NotAvailable` for whatever reason.
    pub fn resume(&mut self, now: Duration, from: ConnectionId, resume: &Resume) -> Answer<Joined> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let challenge = self.spend_challenge(from)?;
        let Resume { room_id, pid, .. } = *resume;
        let room = self.rooms.get(&room_id);
        let seat = room.and_then(|r| r.seat(pid)).filter(|s| s.kept_until().is_none_or(|at| at > now));
        let seat_pub = seat.map_or(NOBODYS_SEAT, |s| s.seat_pub);
        let there = room.map(|r| r.nameplate).filter(|_| seat.is_some());
        let proved = self.proved(|identity| verify_resume(resume, &seat_pub, &challenge, identity));
        let seat = self.rooms.get_mut(&room_id).and_then(|r| r.seat_mut(pid));
        let (Some(nameplate), Some(seat), Some(())) = (there, seat, proved) else { return Err(NO) };
        let (old, member_pub) = (seat.connection(), seat.member_pub);
        seat.presence = Presence::Here(from);
        self.sit(from, room_id, pid);
        if let Some(old) = old {
            self.tell_others(room_id, pid, &Push::MemberLeft(MemberLeft { pid }));
            self.stop_answering(now, old);
            self.forget(old);
            self.cuts.push(old);
        }
        self.tell_others(room_id, pid, &Push::MemberJoined(MemberJoined { member_pub }));
        let others = self.rooms.get(&room_id).into_iter().flat_map(|r| r.present());
        Ok(Joined { members: others.filter(|other| *other != member_pub).collect(), nameplate })
    }

    /// The connection is lost: its seat is kept, and the others are told that nobody sits on it.
    pub(crate) fn keep_seat(&mut self, now: Duration, connection: ConnectionId) {
        let Some((id, pid)) = self.connections.get_mut(&connection).and_then(|c| c.seat.take()) else {
            return;
        };
        if let Some(seat) = self.rooms.get_mut(&id).and_then(|r| r.seat_mut(pid)) {
            seat.presence = Presence::Away { until: now + self.limits.seat };
        }
        self.tell_others(id, pid, &Push::MemberLeft(MemberLeft { pid }));
        self.stop_answering(now, connection);
    }

    /// The seat is free.
    pub(crate) fn unseat(&mut self, now: Duration, id: RoomId, pid: Pid) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        let Some(at) = room.seats.iter().position(|seat| seat.pid == pid) else { return };
        if let Some(connection) = room.seats.remove(at).connection() {
            self.stand_up(now, id, pid, connection);
        }
        self.touch(id);
        self.close_if_empty(id);
    }

    /// A connection has no seat any more; those who stay are told.
    pub(crate) fn stand_up(&mut self, now: Duration, id: RoomId, pid: Pid, connection: ConnectionId) {
        if let Some(connection) = self.connections.get_mut(&connection) {
            connection.seat = None;
        }
        self.tell_others(id, pid, &Push::MemberLeft(MemberLeft { pid }));
        self.stop_answering(now, connection);
    }

    /// When `free_seats` has something to do next.
    pub(crate) fn next_seat(&self) -> Option<Duration> {
        let rooms = self.rooms.values().filter(|_| !self.holds_seats);
        rooms.flat_map(|r| &r.seats).filter_map(Seat::kept_until).min()
    }

    /// Nobody came back to them.
    pub(crate) fn free_seats(&mut self, now: Duration) {
        if self.holds_seats {
            return;
        }
        let mut fewer = Vec::new();
        for (id, room) in &mut self.rooms {
            let before = room.seats.len();
            room.seats.retain(|seat| seat.kept_until().is_none_or(|until| until > now));
            if room.seats.len() < before {
                fewer.push(*id);
            }
        }
        for id in fewer {
            self.touch(id);
        }
        let empty: Vec<_> =
            self.rooms.iter().filter(|(_, r)| r.seats.is_empty()).map(|(id, _)| *id).collect();
        for id in empty {
            self.close_if_empty(id);
        }
    }

    /// Makes place for a room where there is none: of those that nobody is connected to, the one goes that would go
    /// first. Else whoever makes a room and hangs up, again and again, would keep all others out.
    pub(crate) fn clear_deserted(&mut self) -> Option<()> {
        let deserted = self.rooms.iter().filter_map(|(id, r)| Some((r.deserted_until()?, *id)));
        let (_, id) = deserted.min()?;
        self.rooms.get_mut(&id)?.seats.clear();
        self.close_if_empty(id);
        Some(())
    }

    pub(crate) fn close_if_empty(&mut self, id: RoomId) {
        if self.rooms.get(&id).is_some_and(|r| r.seats.is_empty())
            && let Some(room) = self.rooms.remove(&id)
        {
            self.nameplates.remove(&room.nameplate);
            self.touch(id);
        }
    }
}
