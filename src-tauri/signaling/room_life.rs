//! How long a room lasts: everybody in it is told before, and talks on afterwards, but nobody finds it any more.

use std::time::Duration;

use pushtalk_protocol::{RoomClosed, RoomCloses, RoomId};

use crate::lobby::{Lobby, Push};
use crate::seat::Room;

impl Room {
    /// When something about its end is due.
    fn next_close(&self, notice: Duration) -> Option<Duration> {
        self.closes_at.map(|at| if self.told { at } else { at.saturating_sub(notice) })
    }
}

impl Lobby {
    /// The server ends in so long, and with it all rooms.
    #[cfg(any(feature = "server", test))]
    pub(crate) fn announce_end(&mut self, left: Duration) {
        let closes = closes_in(left);
        for room in self.rooms.values() {
            self.pushes.extend(room.connections().map(|to| (to, closes.clone())));
        }
    }

    /// When `close_old_rooms` has something to do next.
    pub(crate) fn next_close(&self) -> Option<Duration> {
        self.rooms.values().filter_map(|room| room.next_close(self.limits.notice)).min()
    }

    /// Tells of rooms that close soon, and closes those whose time is over.
    pub(crate) fn close_old_rooms(&mut self, now: Duration) {
        let notice = self.limits.notice;
        let due = self.rooms.iter().filter(|(_, room)| room.next_close(notice).is_some_and(|at| at <= now));
        let due: Vec<RoomId> = due.map(|(id, _)| *id).collect();
        for id in due {
            let Some(room) = self.rooms.get_mut(&id) else { continue };
            let left = room.closes_at.map(|at| at.saturating_sub(now)).filter(|left| !left.is_zero());
            if let Some(left) = left {
                room.told = true;
                let closes = closes_in(left);
                self.pushes.extend(room.connections().map(|to| (to, closes.clone())));
                continue;
            }
            // All are gone before anybody is told, as where an epoch begins.
            for seat in std::mem::take(&mut room.seats) {
                let Some(connection) = seat.connection() else { continue };
                self.stand_up(now, id, seat.pid, connection);
                self.stop_knocking(connection);
                self.pushes.push((connection, Push::RoomClosed(RoomClosed {})));
            }
            self.close_if_empty(id);
        }
    }
}

fn closes_in(left: Duration) -> Push {
    Push::RoomCloses(RoomCloses { seconds: u32::try_from(left.as_secs()).unwrap_or(u32::MAX) })
}
