//! How a stranger is put in touch with a member: section 3 of the protocol, as far as the server sees it.

use std::time::Duration;

use pushtalk_protocol::{
    Empty, LobbyClose, LobbyId, LobbyMessage, LobbyOpen, LobbyOpened, RefusalCode, RoomId,
};

use crate::lobby::{Answer, ConnectionId, Lobby, Push};
use crate::text64;

/// A joiner at the door, and the member that it was put in touch with.
pub(crate) struct Knock {
    pub(crate) joiner: ConnectionId,
    pub(crate) responder: ConnectionId,
    pub(crate) room: RoomId,
    /// Said again to the next member when this one is silent; none once one has answered, for then the conversation is
    /// between these two.
    first: Option<String>,
    /// Members that were asked, the present one included.
    tried: Vec<ConnectionId>,
    /// Messages after the first.
    said: u8,
    deadline: Duration,
}

impl Lobby {
    /// Knocks: the first member of the room gets the message. `lobby` is 8 fresh random bytes.
    ///
    /// # Errors
    /// `BadRequest` for what is too long or not base64url, `TooMany` for more than one connection may have open or one
    /// address may begin, `NotAvailable` for a nameplate where nobody can be asked.
    pub fn lobby_open(
        &mut self,
        now: Duration,
        from: ConnectionId,
        open: LobbyOpen,
        lobby: LobbyId,
    ) -> Answer<LobbyOpened> {
        if !text64::is_at_most(&open.data, self.limits.lobby) || self.knocks.contains_key(&lobby) {
            return Err(RefusalCode::BadRequest);
        }
        let connection = self.connections.get_mut(&from).ok_or(RefusalCode::BadRequest)?;
        if connection.challenge.is_none() || connection.seat.is_some() {
            return Err(RefusalCode::NotAvailable);
        }
        if connection.lobbies >= self.limits.lobbies {
            return Err(RefusalCode::TooMany);
        }
        // Also for nameplates that nobody has: this is how they would be searched.
        if !self.knockers.try_take(now, connection.source) {
            return Err(RefusalCode::TooMany);
        }
        let room = *self.nameplates.get(&open.nameplate).ok_or(RefusalCode::NotAvailable)?;
        // A room with a queue at its door, or with nobody at home, looks like none.
        if self.knocks.values().filter(|k| k.room == room).count() >= self.limits.lobbies_of_a_room {
            return Err(RefusalCode::NotAvailable);
        }
        let at_home = self.rooms.get_mut(&room).ok_or(RefusalCode::NotAvailable)?;
        let first = at_home.connections().next();
        let first = first.filter(|_| at_home.knocks.try_take(now));
        let responder = first.ok_or(RefusalCode::NotAvailable)?;
        connection.lobbies += 1;
        let knock = Knock {
            joiner: from,
            responder,
            room,
            first: Some(open.data.clone()),
            tried: vec![responder],
            said: 0,
            deadline: now + self.limits.answer,
        };
        self.knocks.insert(lobby, knock);
        self.pushes.push((responder, Push::LobbyMessage(LobbyMessage { lobby, data: open.data })));
        Ok(LobbyOpened { lobby })
    }

    /// Passes a message on to the other end of a lobby.
    ///
    /// # Errors
    /// `BadRequest` for what is too long or not base64url; `NotAvailable` for a lobby of others or none, before anybody
    /// answered, and for more messages than a conversation takes.
    pub fn lobby_message(
        &mut self,
        now: Duration,
        from: ConnectionId,
        message: LobbyMessage,
    ) -> Answer<Empty> {
        const NO: RefusalCode = RefusalCode::NotAvailable;
        if !text64::is_at_most(&message.data, self.limits.lobby) {
            return Err(RefusalCode::BadRequest);
        }
        let knock = self.knocks.get_mut(&message.lobby).ok_or(NO)?;
        if knock.said >= self.limits.lobby_messages {
            return Err(NO);
        }
        let to = if from == knock.responder {
            knock.first = None;
            knock.joiner
        } else if from == knock.joiner && knock.first.is_none() {
            knock.responder
        } else {
            return Err(NO);
        };
        knock.said += 1;
        knock.deadline = now + self.limits.answer;
        self.pushes.push((to, Push::LobbyMessage(message)));
        Ok(Empty {})
    }

    /// Ends a lobby; the other end is told.
    ///
    /// A member that closes instead of answering speaks for the room: the next one is not asked, or a retired code
    /// would be tried on each member in turn.
    ///
    /// # Errors
    /// `NotAvailable` for a lobby of others or none.
    pub fn lobby_close(&mut self, from: ConnectionId, close: LobbyClose) -> Answer<Empty> {
        let knock = self.knocks.get(&close.lobby).ok_or(RefusalCode::NotAvailable)?;
        if from != knock.joiner && from != knock.responder {
            return Err(RefusalCode::NotAvailable);
        }
        self.end_lobby(close.lobby, Some(from));
        Ok(Empty {})
    }

    /// When `pass_over` has something to do next.
    pub(crate) fn next_answer(&self) -> Option<Duration> {
        self.knocks.values().map(|k| k.deadline).min()
    }

    /// Passes over members that do not answer, and ends lobbies that are over.
    pub(crate) fn pass_over(&mut self, now: Duration) {
        for lobby in self.lobbies(|k| k.deadline <= now) {
            self.ask_next(now, lobby);
        }
    }

    /// The joiner is gone.
    pub(crate) fn stop_knocking(&mut self, from: ConnectionId) {
        for lobby in self.lobbies(|k| k.joiner == from) {
            self.end_lobby(lobby, Some(from));
        }
    }

    /// The member is no member any more: the next one is asked, or the lobby ends.
    pub(crate) fn stop_answering(&mut self, now: Duration, from: ConnectionId) {
        for lobby in self.lobbies(|k| k.responder == from) {
            self.ask_next(now, lobby);
        }
    }

    /// Tells everybody in it but `by`.
    pub(crate) fn end_lobby(&mut self, lobby: LobbyId, by: Option<ConnectionId>) {
        let Some(knock) = self.knocks.remove(&lobby) else { return };
        if let Some(joiner) = self.connections.get_mut(&knock.joiner) {
            joiner.lobbies = joiner.lobbies.saturating_sub(1);
        }
        for end in [knock.joiner, knock.responder] {
            if Some(end) != by {
                self.pushes.push((end, Push::LobbyClose(LobbyClose { lobby })));
            }
        }
    }

    fn lobbies(&self, which: impl Fn(&Knock) -> bool) -> Vec<LobbyId> {
        self.knocks.iter().filter(|(_, knock)| which(knock)).map(|(lobby, _)| *lobby).collect()
    }

    fn ask_next(&mut self, now: Duration, lobby: LobbyId) {
        let Some(knock) = self.knocks.get_mut(&lobby) else { return };
        let room = self.rooms.get(&knock.room);
        let next = room.and_then(|r| r.connections().find(|c| !knock.tried.contains(c)));
        match (next, &knock.first) {
            (Some(next), Some(first)) => {
                let data = first.clone();
                // Who is passed over need not answer any more.
                self.pushes.push((knock.responder, Push::LobbyClose(LobbyClose { lobby })));
                knock.responder = next;
                knock.tried.push(next);
                knock.deadline = now + self.limits.answer;
                self.pushes.push((next, Push::LobbyMessage(LobbyMessage { lobby, data })));
            }
            _ => self.end_lobby(lobby, None),
        }
    }
}
