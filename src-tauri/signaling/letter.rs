//! What servers that stand for one write to each other.

use pushtalk_protocol::Challenge;
use serde::{Deserialize, Serialize};

use crate::ask::{Ask, Reply};
use crate::lobby::{Answer, Push};
use crate::store::NodeId;

/// What one server says to another.
#[derive(Deserialize, Serialize)]
pub(crate) struct Letter {
    pub(crate) from: NodeId,
    pub(crate) words: Words,
}

/// Of a connection, as its own server calls it.
#[derive(Deserialize, Serialize)]
pub(crate) enum Words {
    /// To the home of a room: a connection asks this.
    Ask { connection: u64, source: u64, challenge: Option<Challenge>, errand: u64, ask: Box<Ask> },
    /// To all that know it: it is gone.
    Gone { connection: u64 },
    /// Back: this is the answer.
    Answer { connection: u64, errand: u64, answer: Answer<Reply> },
    /// Back: it is to be told this.
    Push { connection: u64, push: Push },
    /// Back: it is to be cut.
    Cut { connection: u64 },
}
