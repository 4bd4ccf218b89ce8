//! How an epoch begins at the server: what the host has signed decides who sits, who may join and who signs next.

use std::time::Duration;

use pushtalk_e2ee::verify_statement;
use pushtalk_protocol::{Empty, RefusalCode, RoomClosed, Rotate, Statement, StatementKind};

use crate::lobby::{Answer, ConnectionId, Lobby, Push};

impl Lobby {
    /// Begins the epoch of a statement. Any member may hand it over, for the signature alone counts.
    ///
    /// Who is not in its roster loses the seat, also one that is kept, and is told that the room is closed; those who
    /// stay are told that it left.
    ///
    /// # Errors
    /// `BadRequest` for what is no statement; `NotAvailable` outside a room, and for a statement that is of another room,
    /// not by the present host, or not newer than the last one.
    pub fn rotate(&mut self, now: Duration, from: ConnectionId, rotate: &Rotate) -> Answer<Empty> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let signed = self.read_statement(&rotate.statement).ok_or(RefusalCode::BadRequest)?;
        let (id, _) = self.seat(from).ok_or(NO)?;
        let room = self.rooms.get_mut(&id).ok_or(NO)?;
        verify_statement(&room.host_pub, &signed).map_err(|_| NO)?;
        let Statement { room_id, epoch, seq, kind, roster, join_pub, .. } = signed.statement;
        if room_id != id || epoch <= room.epoch || seq <= room.seq {
            return Err(NO);
        }
        (room.epoch, room.seq, room.join_pub) = (epoch, seq, join_pub);
        if let StatementKind::Transfer { heir, host_pub } = kind {
            room.host_pub = host_pub;
            // The host is asked first at the door.
            if let Some(at) = room.seats.iter().position(|seat| seat.pid == heir) {
                room.seats[..=at].rotate_right(1);
            }
        }
        // All are gone before the first of them is told of: nobody who is out is asked at the door in place of another.
        let (seats, gone): (Vec<_>, Vec<_>) = std::mem::take(&mut room.seats)
            .into_iter()
            .partition(|seat| roster.binary_search(&seat.pid).is_ok());
        room.seats = seats;
        self.touch(id);
        for seat in gone {
            if let Some(connection) = seat.connection() {
                self.stand_up(now, id, seat.pid, connection);
                // Also what it had begun at a door before it came in.
                self.stop_knocking(connection);
                self.pushes.push((connection, Push::RoomClosed(RoomClosed {})));
            }
        }
        self.close_if_empty(id);
        Ok(Empty {})
    }
}
