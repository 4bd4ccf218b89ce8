//! Rooms that their server has lost, because it was started anew or was on the device of somebody who left: any member
//! makes them anew, here.
//!
//! What the room is follows from what its hosts have signed, not from who says so. A room that is here already stays as it
//! is, unless what is said of it is newer: whoever was removed could else keep the others out with what the room was
//! before.

use std::time::Duration;

use pushtalk_e2ee::{History, verify_history, verify_restore};
use pushtalk_protocol::{Created, RefusalCode, Restore, RoomId, SignedStatement};

use crate::lobby::{Answer, ConnectionId, Lobby, New, Source};
use crate::seat::{Presence, Seat};
use crate::text64;

impl Lobby {
    /// Makes a room anew, with the member who asks in it; `word` chooses the nameplate when the one before is another
    /// room's. Counts as a knock of its address.
    ///
    /// # Errors
    /// `BadRequest` for what are no statements, `TooMany`, else `NotAvailable` for whatever reason.
    pub fn restore(
        &mut self,
        now: Duration,
        from: ConnectionId,
        restore: &Restore,
        word: u16,
    ) -> Answer<Created> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        let statements = self.read_statements(&restore.statements).ok_or(RefusalCode::BadRequest)?;
        let challenge = self.spend_challenge(from)?;
        let source = self.source(from).ok_or(RefusalCode::BadRequest)?;
        let present = self.rooms.get(&restore.room_id);
        let present = present.map(|room| History { host_pub: room.host_pub, seq: room.seq });
        // Where others were faster that is no knock: they may all come from one address.
        if present.is_none() && !self.knockers.try_take(now, source) {
            return Err(RefusalCode::TooMany);
        }
        // What costs most comes last: sixteen signatures are not looked at for nothing.
        let pid = self.proved(|identity| verify_restore(restore, &challenge, identity)).ok_or(NO)?;
        let last = statements.last().map(|last| last.statement.seq);
        if present.as_ref().is_some_and(|present| last.is_none_or(|last| last <= present.seq)) {
            return Err(NO);
        }
        let history = verify_history(restore, &statements, present).map_err(|_| NO)?;
        let Restore { room_id: id, epoch, join_pub, member_pub, seat_pub, .. } = *restore;
        let seat = Seat { pid, member_pub, seat_pub, presence: Presence::Here(from) };
        if let Some(present) = present {
            if history.seq <= present.seq {
                return Err(NO);
            }
            return self.give_way(now, New { id, history, epoch, join_pub, seat, wish: None }).ok_or(NO);
        }
        let wish = Some(restore.nameplate);
        self.open_room(now, New { id, history, epoch, join_pub, seat, wish }, word)
    }

    /// A room that is here turns into what has become of it, under the name that it has: who sits in it comes in again.
    fn give_way(&mut self, now: Duration, new: New) -> Option<Created> {
        tracing::info!("a room gives way to what has become of it");
        let New { id, history, epoch, join_pub, seat, .. } = new;
        let (connection, pid) = (seat.connection()?, seat.pid);
        self.empty(now, id);
        let room = self.rooms.get_mut(&id)?;
        (room.host_pub, room.seq) = (history.host_pub, history.seq);
        (room.epoch, room.join_pub) = (epoch, join_pub);
        room.seats.push(seat);
        let nameplate = room.nameplate;
        self.sit(connection, id, pid);
        self.touch(id);
        Some(Created { nameplate })
    }

    /// Everybody in a room is cut.
    fn empty(&mut self, now: Duration, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        for seat in std::mem::take(&mut room.seats) {
            let Some(connection) = seat.connection() else { continue };
            self.stand_up(now, id, seat.pid, connection);
            self.forget(connection);
            self.cuts.push(connection);
        }
    }

    /// A room that is elsewhere: who is connected to it here is to look for it again.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn yield_room(&mut self, now: Duration, id: RoomId) {
        self.empty(now, id);
        self.close_if_empty(id);
    }

    /// What a connection is known by to others than us.
    pub(crate) fn source(&self, of: ConnectionId) -> Option<Source> {
        self.connections.get(&of).map(|connection| connection.source)
    }

    fn read_statements(&self, statements: &[String]) -> Option<Vec<SignedStatement>> {
        if statements.len() > Restore::MOST_STATEMENTS {
            return None;
        }
        statements.iter().map(|statement| self.read_statement(statement)).collect()
    }

    /// One that a client has sent.
    pub(crate) fn read_statement(&self, statement: &str) -> Option<SignedStatement> {
        if !text64::is_at_most(statement, self.limits.statement) {
            return None;
        }
        SignedStatement::decode(&text64::decode(statement)?).ok()
    }
}
