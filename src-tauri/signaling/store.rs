//! Where several servers that stand for one find each other: which has which room, and the way from one to another.
//!
//! Without a store a server has all its rooms in its own memory, and there is nothing else. With one, each room still is
//! on one server, which is asked by the others; the store holds where that is, and what the next one needs to go on with
//! the room when its server is gone. Nothing in it is secret, and none of it lasts longer than the rooms.

use std::fmt::Display;
use std::time::Duration;

use pushtalk_protocol::{Nameplate, RoomId};
use serde::{Deserialize, Serialize};
use tokio::sync::mpsc;

/// What is in the store is gone after this time when nobody renews it.
pub const KEPT_FOR: Duration = Duration::from_secs(120);
/// A server that has said nothing for so long is gone.
pub const GONE_AFTER: Duration = Duration::from_millis(2_500);

/// One run of one server, for as long as it is connected to the store. Never used twice.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub u64);

/// What one server sends to another, or puts into the store. As it is; only servers read it.
pub type Text = String;

/// What is to be done in this order.
#[derive(Debug)]
pub enum Write {
    /// Passes this on to another server. One that is gone does not get it.
    Send {
        /// To which.
        to: NodeId,
        /// What it is told.
        text: Text,
    },
    /// Puts a room of this server into the store, or renews it there.
    Keep {
        /// Which.
        room: RoomId,
        /// Where it is found.
        nameplate: Nameplate,
        /// What this server was called when it put it there before.
        before: NodeId,
        /// What another server would need.
        text: Text,
    },
    /// Takes a room of this server out again.
    Drop {
        /// Which.
        room: RoomId,
    },
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The room is this server's.
    Ours,
    /// There is such a room.
    RoomTaken,
    /// Another room has this nameplate.
    NameplateTaken,
}

/// A store.
pub trait Store: Send + Sync + 'static {
    /// A connection to it.
    type Session: Session;

    /// Connects. What others send to this server comes to `inbox`, which ends with the session.
    fn begin(
        &self,
        inbox: mpsc::UnboundedSender<Text>,
    ) -> impl Future<Output = Result<Self::Session, <Self::Session as Session>::Error>> + Send;
}

/// A connection to a store. Each call fails for good when the connection is lost.
pub trait Session: Clone + Send + Sync + 'static {
    /// Why it failed.
    type Error: Display + Send;

    /// What this server is called as long as it lasts.
    fn me(&self) -> NodeId;

    /// Does all of this in this order. Says which of the rooms to keep another server has.
    fn write(&self, all: Vec<Write>) -> impl Future<Output = Result<Vec<RoomId>, Self::Error>> + Send;

    /// Makes a room this server's that no server has, and nobody else's nameplate its.
    fn claim(
        &self,
        room: RoomId,
        nameplate: Nameplate,
        text: Text,
    ) -> impl Future<Output = Result<Claimed, Self::Error>> + Send;

    /// Which room has this nameplate.
    fn find(&self, nameplate: Nameplate) -> impl Future<Output = Result<Option<RoomId>, Self::Error>> + Send;

    /// Which server has this room.
    fn home(&self, room: RoomId) -> impl Future<Output = Result<Option<NodeId>, Self::Error>> + Send;

    /// Makes a room this server's that is one's who is gone; none when that one lives, or another was faster.
    fn adopt(
        &self,
        room: RoomId,
        from: NodeId,
    ) -> impl Future<Output = Result<Option<Text>, Self::Error>> + Send;

    /// Whether another server lives and gets what is sent to it. One that does not may be about to come back.
    fn hears(&self, node: NodeId) -> impl Future<Output = Result<bool, Self::Error>> + Send;

    /// Says that this server lives, and which of these are gone.
    fn beat(&self, others: Vec<NodeId>) -> impl Future<Output = Result<Vec<NodeId>, Self::Error>> + Send;
}
