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

use pushtalk_protocol::{Refusal, RefusalCode, VERSION, event};
use serde::de::DeserializeOwned;
use serde_json::Value;
use socketioxide::extract::{AckSender, SocketRef, TryData};
use socketioxide::{SendError, SocketIo};
use tokio::sync::{Notify, mpsc};

use crate::argument::{Object, read_hello};
use crate::ask::{Ask, Asked, Asker};
use crate::lobby::{Answer, ConnectionId, Lobby, Push, Source};
use crate::nodes::{Nodes, Order};
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

/// One lock around all, so that acknowledgements and pushes leave in the order in which the lobby made them.
pub(crate) struct State {
    pub(crate) lobby: Lobby,
    plugs: BTreeMap<ConnectionId, Plug>,
    /// None where this server stands alone.
    pub(crate) nodes: Option<Nodes>,
    pub(crate) next: Arc<AtomicU64>,
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

impl Switchboard {
    pub(crate) fn new(lobby: Lobby) -> Self {
        let next = Arc::<AtomicU64>::default();
        let state = State { lobby, plugs: BTreeMap::new(), nodes: None, next: next.clone() };
        let state = Arc::new(Mutex::new(state));
        Self { state, start: Instant::now(), next, changed: Arc::default() }
    }

    /// One that stands with others for one, to which these orders go.
    pub(crate) fn among(mut lobby: Lobby, orders: mpsc::UnboundedSender<Order>) -> Self {
        lobby.note_changes();
        let board = Self::new(lobby);
        board.lock().nodes = Some(Nodes::new(orders));
        board
    }

    /// What others bring, and what follows from it.
    pub(crate) fn with<T>(&self, act: impl FnOnce(&mut State, Duration) -> T) -> T {
        let now = self.start.elapsed();
        let mut state = self.lock();
        let result = act(&mut state, now);
        state.deliver(now);
        drop(state);
        self.changed.notify_one();
        result
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
        state.deliver(now);
    }

    /// Tells everybody who sits in a room that the server ends in so long.
    pub(crate) fn announce_end(&self, left: Duration) {
        let mut state = self.lock();
        // Where others stand with it, its rooms go on with them.
        if state.nodes.is_some() {
            return;
        }
        state.lobby.announce_end(left);
        state.deliver(self.start.elapsed());
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
        self.on(socket, &session, event::HELLO, |hello: Value| read_hello(hello).map(Ask::Hello));
        self.on(socket, &session, event::CREATE, |create| Ok(Ask::Create(create)));
        self.on(socket, &session, event::JOIN, |join| Ok(Ask::Join(join)));
        self.on(socket, &session, event::RESTORE, |restore| Ok(Ask::Restore(Box::new(restore))));
        self.on(socket, &session, event::RESUME, |resume| Ok(Ask::Resume(resume)));
        self.on(socket, &session, event::ROTATE, |rotate| Ok(Ask::Rotate(rotate)));
        self.on(socket, &session, event::LEAVE, |empty| Ok(Ask::Leave(empty)));
        self.on(socket, &session, event::RELAY, |relay| Ok(Ask::Relay(relay)));
        self.on(socket, &session, event::LOBBY_OPEN, |open| Ok(Ask::LobbyOpen(open)));
        self.on(socket, &session, event::LOBBY_MESSAGE, |message| Ok(Ask::LobbyMessage(message)));
        self.on(socket, &session, event::LOBBY_CLOSE, |close| Ok(Ask::LobbyClose(close)));
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

    fn on<T: DeserializeOwned + Send + Sync + 'static>(
        &self,
        socket: &SocketRef,
        session: &Session,
        name: &'static str,
        ask: fn(T) -> Answer<Ask>,
    ) {
        let (board, session) = (self.clone(), session.clone());
        let handler = move |socket: SocketRef, TryData(data): TryData<Object<T>>, ack: AckSender| {
            let data = data.map_err(|_| RefusalCode::BadRequest);
            board.event(&session, socket, name, data.and_then(|Object(data)| ask(data)), ack)
        };
        socket.on(name, handler);
    }

    fn event(
        &self,
        session: &Session,
        socket: SocketRef,
        name: &'static str,
        ask: Answer<Ask>,
        ack: AckSender,
    ) -> Ready<()> {
        session.tether.heard_event();
        let now = self.start.elapsed();
        let mut state = self.lock();
        if session.over.load(Ordering::Relaxed) {
            return ready(());
        }
        let moves = ask.as_ref().is_ok_and(Ask::moves_a_timeout);
        let ask = state.plug(session, socket).and(ask);
        state.hear(now, session.id, Asked { ask, asker: Asker { name, ack } });
        if session.polled && session.tether.is_overdrawn() {
            state.cut(session.id);
        }
        state.deliver(now);
        drop(state);
        if moves {
            self.changed.notify_one();
        }
        ready(())
    }

    fn ended(&self, session: &Session) -> Ready<()> {
        let now = self.start.elapsed();
        let mut state = self.lock();
        session.over.store(true, Ordering::Relaxed);
        state.unplug(now, session.id);
        state.deliver(now);
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
        if let Some(nodes) = &mut self.nodes {
            nodes.forget(id);
        }
        self.lobby.disconnected(now, id);
    }

    fn deliver(&mut self, now: Duration) {
        for cut in self.lobby.take_cuts() {
            // Its end is told like any other; until then it may say what it likes, and is refused.
            tracing::info!("a connection whose seat is another's is cut");
            if !self.nodes.as_mut().is_some_and(|nodes| nodes.cut(cut)) {
                self.cut(cut);
            }
        }
        for (to, push) in self.lobby.take_pushes() {
            match &self.nodes {
                Some(nodes) if !self.plugs.contains_key(&to) => nodes.push(to, push),
                _ => self.tell(to, &push),
            }
        }
        self.keep_touched(now);
    }

    pub(crate) fn tell(&self, to: ConnectionId, push: &Push) {
        let Some(plug) = self.plugs.get(&to) else { return };
        // What is polled is written by whichever connection asks for it.
        let fits = plug.polled || plug.tether.writes(size(push));
        if !fits || say(&plug.socket, push).is_err() {
            // What members say to each other is numbered: with one message lost, the rest is of no use. Nor may
            // what waits for a slow connection grow.
            tracing::info!("a connection that did not keep up is cut");
            plug.cut();
        }
    }

    pub(crate) fn cut(&self, id: ConnectionId) {
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

pub(crate) fn refuse(ack: AckSender, error: RefusalCode) -> Result<(), SendError> {
    let version = (error == RefusalCode::OtherVersion).then_some(VERSION);
    ack.send(&Refusal { error, version })
}
