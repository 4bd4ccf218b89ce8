//! The Socket.IO face of the lobby: every event is decoded, asked, acknowledged, and told to whom it concerns.
//!
//! Three things about socketioxide 0.18 that this rests on. A handler is called on the connection's own reading task
//! and only what it returns is spawned, so work that is done before it returns keeps the order of the events. `TryData`
//! ends in a value or an error for whatever was sent: no argument, a wrong one, a binary one. The client is told that
//! it is connected before the connect handler runs but after the middleware has, so the handlers are set in the latter,
//! or the first event could find none.

use std::collections::BTreeMap;
use std::future::{Ready, ready};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pushtalk_protocol::{
    Challenge, Create, Empty, Join, LobbyClose, LobbyId, LobbyMessage, LobbyOpen, Refusal, RefusalCode,
    Relay, Resume, Rotate, VERSION, event,
};
use rand::TryRng;
use rand::rngs::SysRng;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::{SendError, SocketIo};
use tokio::sync::Notify;

use crate::argument::{Object, read_hello};
use crate::lobby::{ConnectionId, Lobby, Push, Source};
use crate::tether::{Forwarded, Polled, Tether};

/// What all connections share.
#[derive(Clone)]
pub(crate) struct Switchboard {
    state: Arc<Mutex<State>>,
    start: Instant,
    next: Arc<AtomicU64>,
    /// The time of the next timeout may have moved.
    changed: Arc<Notify>,
}

/// One lock around both, so that acknowledgements and pushes leave in the order in which the lobby made them.
struct State {
    lobby: Lobby,
    plugs: BTreeMap<ConnectionId, Plug>,
}

/// The way to one connection.
struct Plug {
    socket: SocketRef,
    tether: Arc<Tether>,
    /// It hangs on no connection, so it has to be told.
    polled: bool,
}

impl Plug {
    /// Ends it. Its handlers may not be called here, for they wait for who calls this.
    fn cut(&self) {
        self.tether.cut();
        if self.polled {
            let socket = self.socket.clone();
            // When it cannot even take this, it is on its end.
            tokio::spawn(async move { drop(socket.disconnect()) });
        }
    }
}

/// One connection, in the handlers of its events.
#[derive(Clone)]
struct Session {
    id: ConnectionId,
    tether: Arc<Tether>,
    source: Source,
    polled: bool,
    /// Set under the lock: an event that was on its way when the connection ended makes nothing anew.
    over: Arc<AtomicBool>,
}

type Answer<T> = Result<T, RefusalCode>;

impl Switchboard {
    pub(crate) fn new(lobby: Lobby) -> Self {
        Self {
            state: Arc::new(Mutex::new(State { lobby, plugs: BTreeMap::new() })),
            start: Instant::now(),
            next: Arc::default(),
            changed: Arc::default(),
        }
    }

    /// Takes the connections of the namespace `/`.
    pub(crate) fn attach(&self, io: &SocketIo) {
        use socketioxide::handler::ConnectHandler as _;
        let board = self.clone();
        let welcome = move |socket: SocketRef| ready(board.welcome(&socket));
        io.ns("/", (|_: SocketRef| ready(())).with(welcome));
    }

    /// When `tick` has something to do next.
    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        self.lock().lobby.poll_timeout().map(|at| self.start + at)
    }

    /// Waits until `poll_timeout` may say something else.
    pub(crate) async fn changed(&self) {
        self.changed.notified().await;
    }

    /// Does what is due.
    pub(crate) fn tick(&self) {
        let now = self.start.elapsed();
        let mut state = self.lock();
        // A connection that ended without its handler being called is found here.
        let ended: Vec<_> =
            state.plugs.iter().filter(|(_, p)| p.tether.is_ended()).map(|(id, _)| *id).collect();
        for id in ended {
            state.unplug(now, id);
        }
        state.lobby.handle_timeout(now);
        state.deliver();
    }

    /// Tells everybody who sits in a room that the server ends in so long.
    pub(crate) fn announce_end(&self, left: Duration) {
        let mut state = self.lock();
        state.lobby.announce_end(left);
        state.deliver();
    }

    /// Rooms and connections there are.
    pub(crate) fn counts(&self) -> (usize, usize) {
        self.lock().lobby.counts()
    }

    /// Forgets everybody; the handlers of their sockets hold this, and this holds their sockets.
    pub(crate) fn clear(&self) {
        let mut state = self.lock();
        state.plugs.clear();
        state.lobby.clear();
    }

    #[cfg(test)]
    pub(crate) fn is_empty(&self) -> bool {
        let state = self.lock();
        state.lobby.is_empty() && state.plugs.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn welcome(&self, socket: &SocketRef) -> Result<(), &'static str> {
        let with = &socket.req_parts().extensions;
        let polled = with.get::<Arc<Polled>>().map(|polled| polled.tether());
        let tether = polled.or_else(|| with.get::<Arc<Tether>>()).filter(|tether| !tether.is_cut());
        let (tether, polled) = (tether.ok_or("not available")?.clone(), polled.is_some());
        let id = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
        let source = with.get::<Arc<Forwarded>>().map_or_else(|| tether.source(), |it| it.source());
        let session = Session { id, tether, source, polled, over: Arc::default() };
        self.on(socket, &session, event::HELLO, move |lobby, _, hello: Value| {
            lobby.hello(id, read_hello(hello)?, Challenge::new(fresh()?))
        });
        self.on(socket, &session, event::CREATE, move |lobby, now, create: Create| {
            lobby.create(now, id, &create, u16::from_be_bytes(fresh()?))
        });
        self.on(socket, &session, event::JOIN, move |lobby, _, join: Join| lobby.join(id, &join));
        self.on(socket, &session, event::RESUME, move |lobby, now, resume: Resume| {
            lobby.resume(now, id, &resume)
        });
        self.on(socket, &session, event::ROTATE, move |lobby, now, rotate: Rotate| {
            lobby.rotate(now, id, &rotate)
        });
        self.on(socket, &session, event::LEAVE, move |lobby, now, Empty {}| lobby.leave(now, id));
        self.on(socket, &session, event::RELAY, move |lobby, _, relay: Relay| lobby.relay(id, relay));
        self.on(socket, &session, event::LOBBY_OPEN, move |lobby, now, open: LobbyOpen| {
            lobby.lobby_open(now, id, open, LobbyId::new(fresh()?))
        });
        self.on(socket, &session, event::LOBBY_MESSAGE, move |lobby, now, message: LobbyMessage| {
            lobby.lobby_message(now, id, message)
        });
        self.on(socket, &session, event::LOBBY_CLOSE, move |lobby, _, close: LobbyClose| {
            lobby.lobby_close(id, close)
        });
        let tether = session.tether.clone();
        socket.on_fallback(move |ack: AckSender| {
            tether.heard_event();
            tracing::debug!("an unknown event is refused");
            // Nobody is owed this answer: a connection that cannot take it is on its end.
            drop(refuse(ack, RefusalCode::BadRequest));
            ready(())
        });
        let board = self.clone();
        socket.on_disconnect(move || board.ended(&session));
        Ok(())
    }

    fn on<T, A>(
        &self,
        socket: &SocketRef,
        session: &Session,
        name: &'static str,
        act: impl Fn(&mut Lobby, Duration, T) -> Answer<A> + Send + Sync + Clone + 'static,
    ) where
        T: DeserializeOwned + Send + Sync + 'static,
        A: Serialize + 'static,
    {
        let (board, session) = (self.clone(), session.clone());
        let handler = move |socket: SocketRef, TryData(data): TryData<Object<T>>, ack: AckSender| {
            let data = data.map(|Object(data)| data).map_err(|_| RefusalCode::BadRequest);
            board.event(&session, socket, name, data, ack, act)
        };
        socket.on(name, handler);
    }

    fn event<T, A: Serialize>(
        &self,
        session: &Session,
        socket: SocketRef,
        name: &'static str,
        data: Answer<T>,
        ack: AckSender,
        act: impl Fn(&mut Lobby, Duration, T) -> Answer<A>,
    ) -> Ready<()> {
        session.tether.heard_event();
        let now = self.start.elapsed();
        let mut state = self.lock();
        if session.over.load(Ordering::Relaxed) {
            return ready(());
        }
        let answer = state.plug(session, socket).and(data).and_then(|data| act(&mut state.lobby, now, data));
        let sent = match answer {
            Ok(answer) => ack.send(&answer),
            Err(error) => {
                tracing::debug!(event = name, ?error, "refused");
                refuse(ack, error)
            }
        };
        if sent.is_err() || (session.polled && session.tether.is_overdrawn()) {
            state.cut(session.id);
        }
        state.deliver();
        drop(state);
        // What members say most often moves no timeout, and to look for the next one takes all rooms.
        if ![event::RELAY, event::HELLO, event::JOIN].contains(&name) {
            self.changed.notify_one();
        }
        ready(())
    }

    fn ended(&self, session: &Session) -> Ready<()> {
        let now = self.start.elapsed();
        let mut state = self.lock();
        session.over.store(true, Ordering::Relaxed);
        state.unplug(now, session.id);
        state.deliver();
        drop(state);
        // One that left the namespace has nothing to say on this connection any more.
        session.tether.cut();
        self.changed.notify_one();
        ready(())
    }
}

impl State {
    /// At the first event, and not before: from then on it is certain that the end will be told.
    fn plug(&mut self, session: &Session, socket: SocketRef) -> Answer<()> {
        if self.plugs.contains_key(&session.id) {
            return Ok(());
        }
        self.lobby.connected(session.id, session.source)?;
        let Session { tether, polled, .. } = session;
        self.plugs.insert(session.id, Plug { socket, tether: tether.clone(), polled: *polled });
        Ok(())
    }

    fn unplug(&mut self, now: Duration, id: ConnectionId) {
        self.plugs.remove(&id);
        self.lobby.disconnected(now, id);
    }

    fn deliver(&mut self) {
        for cut in self.lobby.take_cuts() {
            // Its end is told like any other; until then it may say what it likes, and is refused.
            tracing::info!("a connection whose member is back on another one is cut");
            self.cut(cut);
        }
        for (to, push) in self.lobby.take_pushes() {
            let Some(plug) = self.plugs.get(&to) else { continue };
            // What is polled is written by whichever connection asks for it.
            let fits = plug.polled || plug.tether.writes(size(&push));
            if !fits || say(&plug.socket, &push).is_err() {
                // What members say to each other is numbered: with one message lost, the rest is of no use. Nor may
                // what waits for a slow connection grow.
                tracing::info!("a connection that did not keep up is cut");
                plug.cut();
            }
        }
    }

    fn cut(&self, id: ConnectionId) {
        if let Some(plug) = self.plugs.get(&id) {
            plug.cut();
        }
    }
}

/// How many bytes it is on the wire, at least. More would add up, for what is written is subtracted.
fn size(push: &Push) -> usize {
    const LEAST: usize = 16;
    LEAST
        + match push {
            Push::Relayed(relayed) => relayed.data.len(),
            Push::LobbyMessage(message) => message.data.len(),
            _ => 0,
        }
}

fn say(socket: &SocketRef, push: &Push) -> Result<(), SendError> {
    match push {
        Push::Relayed(relayed) => socket.emit(event::RELAY, relayed),
        Push::LobbyMessage(message) => socket.emit(event::LOBBY_MESSAGE, message),
        Push::LobbyClose(close) => socket.emit(event::LOBBY_CLOSE, close),
        Push::MemberJoined(joined) => socket.emit(event::MEMBER_JOINED, joined),
        Push::MemberLeft(left) => socket.emit(event::MEMBER_LEFT, left),
        Push::RoomCloses(closes) => socket.emit(event::ROOM_CLOSES, closes),
        Push::RoomClosed(closed) => socket.emit(event::ROOM_CLOSED, closed),
    }
}

fn refuse(ack: AckSender, error: RefusalCode) -> Result<(), SendError> {
    let version = (error == RefusalCode::OtherVersion).then_some(VERSION);
    ack.send(&Refusal { error, version })
}

/// Random bytes of the operating system.
fn fresh<const N: usize>() -> Answer<[u8; N]> {
    let mut bytes = [0; N];
    SysRng.try_fill_bytes(&mut bytes).map_err(|_| RefusalCode::NotAvailable)?;
    Ok(bytes)
}
