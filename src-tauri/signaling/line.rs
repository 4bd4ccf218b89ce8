//! The task that a connection lives in: says what was ordered, in order, and tells what is heard.

use std::collections::BTreeMap;
use std::time::Duration;

use bytes::Bytes;
use futures_util::{SinkExt, StreamExt};
use pushtalk_protocol::{Empty, LobbyClose, LobbyMessage, Relayed, RoomClosed, RoomCloses, event};
use serde::de::DeserializeOwned;
use serde_json::Value;
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until, timeout};
use tokio_tungstenite::tungstenite::Message;

use crate::client::ServerEvent;
use crate::dial::Socket;
use crate::packet::{self, Incoming};
use crate::text64;

/// A server that does not take a message in this time is gone.
const WRITE_WITHIN: Duration = Duration::from_secs(10);

/// What is to be said.
pub(crate) enum Order {
    /// An event; with `answer`, an acknowledgement is asked for.
    Say { name: &'static str, argument: Value, answer: Option<oneshot::Sender<Value>> },
    /// Nothing more: the room is left and the connection closed.
    Close,
}

pub(crate) struct Line {
    socket: Socket,
    silence: Duration,
    events: mpsc::Sender<ServerEvent>,
    /// Who waits for which acknowledgement.
    asked: BTreeMap<i64, oneshot::Sender<Value>>,
    last_id: i64,
}

/// How a connection ended.
enum End {
    /// Because we wanted it, or nobody listens.
    Ours,
    /// All other ways.
    Theirs,
}

impl Line {
    pub(crate) fn new(socket: Socket, silence: Duration, events: mpsc::Sender<ServerEvent>) -> Self {
        Self { socket, silence, events, asked: BTreeMap::new(), last_id: 0 }
    }

    pub(crate) async fn run(mut self, orders: mpsc::Receiver<Order>) {
        if let End::Theirs = self.talk(orders).await {
            tracing::info!("the connection to the server is gone");
            // Whoever waits for an answer learns it at once, and first.
            self.asked.clear();
            drop(self.events.send(ServerEvent::Gone).await);
        }
    }

    async fn talk(&mut self, mut orders: mpsc::Receiver<Order>) -> End {
        let mut heard = Instant::now();
        // Nothing is read before there is room to tell it, so that a slow listener slows the server down and not more;
        // orders are taken all the while, for the listener may be waiting for one of them.
        let mut heed = None;
        loop {
            tokio::select! {
                room = self.events.clone().reserve_owned(), if heed.is_none() => match room {
                    Ok(room) => (heed, heard) = (Some(room), Instant::now()),
                    Err(_) => return End::Ours,
                },
                message = self.socket.next(), if heed.is_some() => {
                    heard = Instant::now();
                    let text = match message {
                        Some(Ok(Message::Text(text))) => text,
                        Some(Ok(Message::Close(_)) | Err(_)) | None => return End::Theirs,
                        Some(Ok(_)) => continue,
                    };
                    match packet::read(&text) {
                        Incoming::Ping => if !self.write(packet::PONG.to_owned()).await {
                            return End::Theirs;
                        },
                        Incoming::Closed => return End::Theirs,
                        Incoming::Ack { id, argument } => if let Some(answer) = self.asked.remove(&id) {
                            // Who asked may have stopped waiting.
                            drop(answer.send(argument));
                        },
                        Incoming::Event { name, argument } => match push(&name, argument) {
                            Some(event) => drop(heed.take().map(|room| room.send(event))),
                            None => tracing::debug!("the server said something unreadable"),
                        },
                        Incoming::Open { .. } | Incoming::Connected | Incoming::Other => {}
                    }
                },
                order = orders.recv() => match order {
                    Some(Order::Say { name, argument, answer }) => if !self.say(name, &argument, answer).await {
                        return End::Theirs;
                    },
                    // Dropped without a word: the seat is kept for who comes back to it.
                    None => return End::Ours,
                    Some(Order::Close) => {
                        if let Ok(leave) = serde_json::to_value(Empty {}) && self.say(event::LEAVE, &leave, None).await {
                            drop(timeout(WRITE_WITHIN, self.socket.close(None)).await);
                        }
                        return End::Ours;
                    }
                },
                // While there is no room, the server's silence cannot be heard.
                () = sleep_until(heard + self.silence), if heed.is_some() => return End::Theirs,
            }
        }
    }

    /// Gives false when the connection is over.
    async fn say(&mut self, name: &str, argument: &Value, answer: Option<oneshot::Sender<Value>>) -> bool {
        let id = answer.map(|answer| {
            self.asked.retain(|_, asked| !asked.is_closed());
            self.last_id += 1;
            self.asked.insert(self.last_id, answer);
            self.last_id
        });
        match packet::event(name, argument, id) {
            Some(text) => self.write(text).await,
            None => true,
        }
    }

    async fn write(&mut self, text: String) -> bool {
        matches!(timeout(WRITE_WITHIN, self.socket.send(Message::text(text))).await, Ok(Ok(())))
    }
}

/// Decodes an event of the server; none for what is not one. A member can have others sent what is no base64url, so
/// this is no reason to hang up.
fn push(name: &str, argument: Value) -> Option<ServerEvent> {
    fn read<T: DeserializeOwned>(argument: Value) -> Option<T> {
        serde_json::from_value(argument).ok()
    }
    Some(match name {
        event::RELAY => {
            let Relayed { from, data } = read(argument)?;
            ServerEvent::Relayed { from, data: Bytes::from(text64::decode(&data)?) }
        }
        event::LOBBY_MESSAGE => {
            let LobbyMessage { lobby, data } = read(argument)?;
            ServerEvent::LobbyMessage { lobby, data: text64::decode(&data)? }
        }
        event::LOBBY_CLOSE => ServerEvent::LobbyClose { lobby: read::<LobbyClose>(argument)?.lobby },
        event::MEMBER_JOINED => ServerEvent::MemberJoined(read(argument)?),
        event::MEMBER_LEFT => ServerEvent::MemberLeft(read(argument)?),
        event::ROOM_CLOSES => {
            let RoomCloses { seconds } = read(argument)?;
            ServerEvent::RoomCloses { left: Duration::from_secs(seconds.into()) }
        }
        event::ROOM_CLOSED => {
            let RoomClosed {} = read(argument)?;
            ServerEvent::RoomClosed
        }
        _ => return None,
    })
}
