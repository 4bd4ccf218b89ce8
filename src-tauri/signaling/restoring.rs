//! Rooms that their server has lost, because it was started anew or was on the device of somebody who left: any member
//! makes them anew, here.
//!
//! What the room is follows from what its hosts have signed, not from who says so. A room that is here already stays as it
//! is, unless what is said of it is newer: whoever was removed could else keep the others out with what the room was
//! before.

use std::time::Duration;

use pushtalk_e2ee::{verify_history, verify_restore};
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
        if !self.knockers.try_take(now, source) {
            return Err(RefusalCode::TooMany);
        }
        let history = verify_history(restore, &statements).map_err(|_| NO)?;
        let pid = self.proved(|identity| verify_restore(restore, &challenge, identity)).ok_or(NO)?;
        let Restore { room_id: id, epoch, join_pub, member_pub, seat_pub, .. } = *restore;
        if let Some(room) = self.rooms.get(&id) {
            if history.seq <= room.seq {
                return Err(NO);
            }
            tracing::info!("a room gives way to what has become of it");
            self.yield_room(now, id);
        }
        let seat = Seat { pid, member_pub, seat_pub, presence: Presence::Here(from) };
        let wish = Some(restore.nameplate);
        self.open_room(now, New { id, history, epoch, join_pub, seat, wish }, word)
    }

    /// A room that is elsewhere, or is to be made anew: who is connected to it here is to look for it again.
    pub(crate) fn yield_room(&mut self, now: Duration, id: RoomId) {
        let Some(room) = self.rooms.get_mut(&id) else { return };
        for seat in std::mem::take(&mut room.seats) {
            let Some(connection) = seat.connection() else { continue };
            self.stand_up(now, id, seat.pid, connection);
            self.forget(connection);
            self.cuts.push(connection);
        }
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
