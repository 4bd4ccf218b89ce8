//! Rooms that another server takes over, and connections that are on another one: what the lobby does where several
//! servers stand for one.

use std::collections::BTreeSet;
use std::time::Duration;

use pushtalk_e2ee::pid;
use pushtalk_protocol::{
    Challenge, Epoch, HostPublic, JoinPublic, LobbyOpen, MemberPublic, Nameplate, RefusalCode, RoomId,
    SeatPublic,
};
use serde::{Deserialize, Serialize};

use crate::ask::Wanted;
use crate::bucket::Bucket;
use crate::lobby::{Answer, ConnectionId, Lobby};
use crate::seat::{Presence, Room, Seat};
use crate::text64;

/// What is kept of a room for whoever takes it over: no more than its own server knows, which is public keys.
#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
pub(crate) struct Kept {
    pub(crate) nameplate: Nameplate,
    host_pub: HostPublic,
    epoch: Epoch,
    seq: u32,
    join_pub: JoinPublic,
    seats: Vec<KeptSeat>,
    /// Of its life, when it was written.
    left: Option<Duration>,
}

#[derive(Clone, Debug, Deserialize, Serialize, PartialEq, Eq)]
struct KeptSeat {
    member_pub: MemberPublic,
    seat_pub: SeatPublic,
}

impl Lobby {
    /// Notes which rooms change from now on, for `take_touched`.
    pub(crate) fn note_changes(&mut self) {
        self.touched = Some(BTreeSet::new());
    }

    /// Rooms that were made, changed or closed since the last call.
    pub(crate) fn take_touched(&mut self) -> BTreeSet<RoomId> {
        self.touched.as_mut().map(std::mem::take).unwrap_or_default()
    }

    /// The rooms there are.
    pub(crate) fn room_ids(&self) -> impl Iterator<Item = RoomId> {
        self.rooms.keys().copied()
    }

    pub(crate) fn has(&self, wanted: Wanted) -> bool {
        match wanted {
            Wanted::Room(room) => self.rooms.contains_key(&room),
            Wanted::Nameplate(nameplate) => self.nameplates.contains_key(&nameplate),
        }
    }

    /// What another server needs to go on with this room.
    pub(crate) fn kept(&self, now: Duration, room: RoomId) -> Option<Kept> {
        let room = self.rooms.get(&room)?;
        let seats = room.seats.iter();
        let seats = seats.map(|it| KeptSeat { member_pub: it.member_pub, seat_pub: it.seat_pub }).collect();
        Some(Kept {
            nameplate: room.nameplate,
            host_pub: room.host_pub,
            epoch: room.epoch,
            seq: room.seq,
            join_pub: room.join_pub,
            seats,
            left: room.closes_at.map(|at| at.saturating_sub(now)),
        })
    }

    /// Takes over a room of a server that is gone. Its members come back to their seats, or these are free.
    pub(crate) fn adopt(&mut self, now: Duration, id: RoomId, kept: Kept) {
        if self.rooms.contains_key(&id) || self.nameplates.contains_key(&kept.nameplate) {
            return;
        }
        let presence = Presence::Away { until: now + self.limits.seat };
        let seats = kept.seats.into_iter().take(self.limits.members);
        let seats = seats.map(|KeptSeat { member_pub, seat_pub }| Seat {
            pid: pid(&member_pub),
            member_pub,
            seat_pub,
            presence,
        });
        let room = Room {
            nameplate: kept.nameplate,
            host_pub: kept.host_pub,
            epoch: kept.epoch,
            seq: kept.seq,
            join_pub: kept.join_pub,
            seats: seats.collect(),
            knocks: Bucket::new(now, self.limits.knocks_at_a_room),
            closes_at: kept.left.map(|left| now + left),
            told: false,
        };
        self.nameplates.insert(kept.nameplate, id);
        self.rooms.insert(id, room);
    }

    /// Its nameplate is another room's on another server: it gets the next free one from `word` on.
    pub(crate) fn rename(&mut self, id: RoomId, word: u16) -> Option<Nameplate> {
        let nameplate = self.free_nameplate(word)?;
        let room = self.rooms.get_mut(&id)?;
        self.nameplates.remove(&std::mem::replace(&mut room.nameplate, nameplate));
        self.nameplates.insert(nameplate, id);
        Some(nameplate)
    }

    /// While servers do not reach each other, seats are kept however long that takes; afterwards as long as ever.
    pub(crate) fn hold_seats(&mut self, now: Duration, hold: bool) {
        self.holds_seats = hold;
        let until = now + self.limits.seat;
        for seat in self.rooms.values_mut().flat_map(|room| &mut room.seats).filter(|_| !hold) {
            if let Presence::Away { .. } = seat.presence {
                seat.presence = Presence::Away { until };
            }
        }
    }

    /// For a connection of another server, which has got this challenge there.
    pub(crate) fn lend_challenge(&mut self, to: ConnectionId, challenge: Challenge) {
        if let Some(connection) = self.connections.get_mut(&to) {
            connection.challenge = Some(challenge);
        }
    }

    /// Whether a connection may knock at another server's door.
    ///
    /// # Errors
    /// As for a door of our own, for whatever does not depend on the room.
    pub(crate) fn knocks_elsewhere(
        &mut self,
        now: Duration,
        from: ConnectionId,
        open: &LobbyOpen,
    ) -> Answer<()> {
        if !text64::is_at_most(&open.data, self.limits.lobby) {
            return Err(RefusalCode::BadRequest);
        }
        let connection = self.connections.get(&from).ok_or(RefusalCode::BadRequest)?;
        if connection.challenge.is_none() || connection.seat.is_some() {
            return Err(RefusalCode::NotAvailable);
        }
        if !self.knockers.try_take(now, connection.source) {
            return Err(RefusalCode::TooMany);
        }
        Ok(())
    }

    /// What a connection has to sign, as long as it has not.
    pub(crate) fn challenge(&self, of: ConnectionId) -> Option<Challenge> {
        self.connections.get(&of)?.challenge
    }

    /// This room is to be claimed first.
    pub(crate) fn untouch(&mut self, room: RoomId) {
        if let Some(touched) = &mut self.touched {
            touched.remove(&room);
        }
    }

    /// The room was given up before anybody could find it.
    pub(crate) fn undo(&mut self, now: Duration, from: ConnectionId) {
        if let Some((room, pid)) = self.seat(from) {
            self.unseat(now, room, pid);
        }
    }
}
