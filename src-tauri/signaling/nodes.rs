//! Several servers that stand for one: whose connection has business where, and what servers say to each other.
//!
//! Each room is on one server, its home, with the lobby as it is. A connection whose room is elsewhere is a guest there:
//! what it asks is passed on, and what it is told comes back. Only where a room is has to be looked for, in the store.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::time::{Duration, Instant};

use pushtalk_protocol::{LobbyId, Nameplate, RefusalCode, RoomId};
use tokio::sync::mpsc;

use crate::ask::{Ask, Asked, Asker, Reply, Wanted};
use crate::letter::{Letter, Words};
use crate::lobby::{Answer, ConnectionId, Lobby, Push, Source};
use crate::store::{NodeId, Write};

/// Events of one connection that may wait until the one before is answered elsewhere: as many as the offers of somebody
/// who comes into the largest room.
const WAITING: usize = 128;
/// What was not answered elsewhere by then is refused. Clients wait for five seconds.
const ANSWER_WITHIN: Duration = Duration::from_secs(4);

/// What the store is asked to do for the lobby.
pub(crate) enum Order {
    Write(Write),
    /// Where is this room, or whose is this nameplate?
    Find {
        connection: ConnectionId,
        errand: u64,
        what: Wanted,
    },
    /// This one made a room.
    Claim {
        connection: ConnectionId,
        errand: u64,
        room: RoomId,
        nameplate: Nameplate,
        text: String,
    },
}

/// What was found.
pub(crate) enum Found {
    Nowhere,
    /// On another server, or on this one by now.
    At(NodeId),
    /// The store, or the server that has it, does not answer.
    NoAnswer,
}

/// One event whose answer is not here.
pub(crate) struct Errand {
    number: u64,
    pub(crate) asker: Asker,
    pub(crate) step: Step,
    until: Instant,
}

/// How far it has come.
pub(crate) enum Step {
    /// Where this is to be asked is being looked for.
    Finding(Box<Ask>),
    /// It was asked there.
    At(NodeId, Then),
    /// The room that was made is to become this server's, and this is the answer then.
    Claiming(Reply),
}

/// What follows for a connection when another server does what it asked.
pub(crate) enum Then {
    Sits,
    Stands,
    Knocks,
    Closes(LobbyId),
    Nothing,
}

impl Then {
    fn of(ask: &Ask) -> Self {
        match ask {
            Ask::Join(_) | Ask::Restore(_) | Ask::Resume(_) => Self::Sits,
            Ask::Leave(_) => Self::Stands,
            Ask::LobbyOpen(_) => Self::Knocks,
            Ask::LobbyClose(close) => Self::Closes(close.lobby),
            _ => Self::Nothing,
        }
    }
}

/// What a connection of this server has to do with others.
#[derive(Default)]
struct Tie {
    /// Where it sits, when that is elsewhere.
    home: Option<NodeId>,
    /// At which doors it knocks.
    lobbies: Vec<(LobbyId, NodeId)>,
    /// Who knows of it.
    known_at: BTreeSet<NodeId>,
    errand: Option<Errand>,
    waiting: VecDeque<Asked>,
}

/// Whom an event is for.
pub(crate) enum For {
    Us,
    Node(NodeId),
    WhoeverHas(Wanted),
    Nobody(RefusalCode),
}

/// The other servers, as this one sees them.
pub(crate) struct Nodes {
    /// None while the store does not answer.
    me: Option<NodeId>,
    orders: mpsc::UnboundedSender<Order>,
    ties: BTreeMap<ConnectionId, Tie>,
    guests: BTreeMap<(NodeId, u64), ConnectionId>,
    guest_of: BTreeMap<ConnectionId, (NodeId, u64)>,
    errands: u64,
}

impl Nodes {
    pub(crate) fn new(orders: mpsc::UnboundedSender<Order>) -> Self {
        Self {
            me: None,
            orders,
            ties: BTreeMap::new(),
            guests: BTreeMap::new(),
            guest_of: BTreeMap::new(),
            errands: 0,
        }
    }

    pub(crate) fn me(&self) -> Option<NodeId> {
        self.me
    }

    /// The store answers again, or does not any more.
    pub(crate) fn be(&mut self, me: Option<NodeId>) {
        self.me = me;
    }

    /// Those that this server has to do with.
    pub(crate) fn acquaintances(&self) -> Vec<NodeId> {
        let homes = self.ties.values().flat_map(|tie| tie.known_at.iter().copied());
        let all: BTreeSet<NodeId> = homes.chain(self.guests.keys().map(|(node, _)| *node)).collect();
        all.into_iter().filter(|node| Some(*node) != self.me).collect()
    }

    /// Whom this is for; what does not depend on where the room is, is judged here.
    pub(crate) fn meant(&self, lobby: &mut Lobby, now: Duration, from: ConnectionId, ask: &Ask) -> For {
        let tie = self.ties.get(&from);
        let home = tie.and_then(|tie| tie.home);
        match ask {
            Ask::Hello(_) => return For::Us,
            Ask::Relay(_) | Ask::Rotate(_) | Ask::Leave(_) => return home.map_or(For::Us, For::Node),
            Ask::LobbyMessage(message) => return self.door(tie, message.lobby),
            Ask::LobbyClose(close) => return self.door(tie, close.lobby),
            Ask::Create(_) | Ask::Join(_) | Ask::Restore(_) | Ask::Resume(_) | Ask::LobbyOpen(_) => {}
        }
        if home.is_some() {
            return For::Nobody(RefusalCode::NotAvailable);
        }
        let wanted = ask.wanted();
        if wanted.is_some_and(|wanted| lobby.has(wanted)) {
            return For::Us;
        }
        if let Ask::LobbyOpen(open) = ask
            && let Err(error) = lobby.knocks_elsewhere(now, from, open)
        {
            return For::Nobody(error);
        }
        match wanted {
            _ if self.me.is_none() => For::Nobody(RefusalCode::Unready),
            Some(wanted) => For::WhoeverHas(wanted),
            None => For::Us,
        }
    }

    fn door(&self, tie: Option<&Tie>, of: LobbyId) -> For {
        let Some(tie) = tie else { return For::Us };
        let knocks = tie.lobbies.iter().find(|(lobby, _)| *lobby == of).map(|(_, node)| *node);
        knocks.or(tie.home).map_or(For::Us, For::Node)
    }

    /// Whether this has to wait for what the connection asked before; it waits then. None when too much does.
    pub(crate) fn waits(&mut self, from: ConnectionId, asked: Asked) -> Option<Result<(), Asked>> {
        let Some(tie) = self.ties.get_mut(&from).filter(|tie| tie.errand.is_some()) else {
            return Some(Err(asked));
        };
        if tie.waiting.len() >= WAITING {
            return None;
        }
        tie.waiting.push_back(asked);
        Some(Ok(()))
    }

    /// What waits for nothing any more.
    pub(crate) fn next(&mut self, from: ConnectionId) -> Option<Asked> {
        self.ties.get_mut(&from).filter(|tie| tie.errand.is_none())?.waiting.pop_front()
    }

    /// Looks for where this is.
    pub(crate) fn look_for(&mut self, from: ConnectionId, asker: Asker, ask: Ask, what: Wanted) {
        let errand = self.begin(from, asker, Step::Finding(Box::new(ask)));
        self.order(Order::Find { connection: from, errand, what });
    }

    /// A room was made here, which is to be claimed before anybody hears of it.
    pub(crate) fn claim(&mut self, from: ConnectionId, asker: Asker, reply: Reply) -> u64 {
        self.begin(from, asker, Step::Claiming(reply))
    }

    /// Asks another server.
    pub(crate) fn pass_on(
        &mut self,
        lobby: &mut Lobby,
        from: ConnectionId,
        asker: Asker,
        ask: Ask,
        node: NodeId,
    ) {
        let errand = self.begin(from, asker, Step::Finding(Box::new(ask)));
        self.send_errand(lobby, from, errand, node);
    }

    fn begin(&mut self, from: ConnectionId, asker: Asker, step: Step) -> u64 {
        self.errands += 1;
        let number = self.errands;
        let until = Instant::now() + ANSWER_WITHIN;
        self.ties.entry(from).or_default().errand = Some(Errand { number, asker, step, until });
        number
    }

    /// What is looked for is on that server. False when it cannot be asked there: each challenge is for one try, wherever
    /// that is made.
    pub(crate) fn send_errand(
        &mut self,
        lobby: &mut Lobby,
        from: ConnectionId,
        number: u64,
        node: NodeId,
    ) -> bool {
        let Some(tie) = self.ties.get_mut(&from) else { return false };
        let Some(errand) = tie.errand.as_mut().filter(|it| it.number == number) else { return false };
        let Step::Finding(ask) = &errand.step else { return false };
        let challenge = match &**ask {
            Ask::Join(_) | Ask::Restore(_) | Ask::Resume(_) => match lobby.spend_challenge(from) {
                Ok(challenge) => Some(challenge),
                Err(_) => return false,
            },
            Ask::LobbyOpen(_) => lobby.challenge(from),
            _ => None,
        };
        let Some(Source(source)) = lobby.source(from) else { return false };
        let then = Then::of(ask);
        let Step::Finding(ask) = std::mem::replace(&mut errand.step, Step::At(node, then)) else {
            return false;
        };
        tie.known_at.insert(node);
        self.say(node, Words::Ask { connection: from.0, source, challenge, errand: number, ask });
        true
    }

    /// The errand that this is about, when it still is one; it is over.
    pub(crate) fn end_errand(&mut self, from: ConnectionId, number: u64) -> Option<Errand> {
        let errand = &mut self.ties.get_mut(&from)?.errand;
        errand.take_if(|it| it.number == number)
    }

    /// The same, where that server was asked; what follows from its answer is noted.
    pub(crate) fn answered(
        &mut self,
        node: NodeId,
        from: ConnectionId,
        number: u64,
        answer: &Answer<Reply>,
    ) -> Option<Errand> {
        let tie = self.ties.get_mut(&from)?;
        let is_it = |it: &mut Errand| it.number == number && matches!(it.step, Step::At(at, _) if at == node);
        let errand = tie.errand.take_if(is_it)?;
        if let (Step::At(_, then), Ok(reply)) = (&errand.step, answer) {
            match (then, reply) {
                (Then::Sits, _) => tie.home = Some(node),
                (Then::Stands, _) => tie.home = None,
                (Then::Knocks, Reply::Opened(opened)) => tie.lobbies.push((opened.lobby, node)),
                (Then::Closes(closed), _) => tie.lobbies.retain(|(lobby, _)| lobby != closed),
                (Then::Knocks | Then::Nothing, _) => {}
            }
        }
        Some(errand)
    }

    /// Notes what follows from what a connection is told. False when that server has no business with it.
    pub(crate) fn told(&mut self, node: NodeId, connection: ConnectionId, push: &Push) -> bool {
        let Some(tie) = self.ties.get_mut(&connection) else { return false };
        match push {
            Push::RoomClosed(_) if tie.home == Some(node) => tie.home = None,
            Push::LobbyClose(close) => tie.lobbies.retain(|(lobby, _)| *lobby != close.lobby),
            _ => {}
        }
        tie.known_at.contains(&node)
    }

    /// Errands that nobody has answered in time.
    pub(crate) fn late(&mut self, now: Instant) -> Vec<(ConnectionId, Errand)> {
        self.errands_where(|errand| errand.until <= now)
    }

    fn errands_where(&mut self, which: impl Fn(&Errand) -> bool) -> Vec<(ConnectionId, Errand)> {
        let all = self.ties.iter_mut();
        all.filter_map(|(id, tie)| Some((*id, tie.errand.take_if(|errand| which(errand))?))).collect()
    }

    /// A connection of this server is gone: those who know of it are told.
    pub(crate) fn forget(&mut self, connection: ConnectionId) {
        let Some(tie) = self.ties.remove(&connection) else { return };
        for node in tie.known_at {
            self.say(node, Words::Gone { connection: connection.0 });
        }
    }

    /// Another server is gone. Gives the connections here that had business there, and the guests that came from it.
    pub(crate) fn lose(&mut self, node: NodeId) -> (Vec<ConnectionId>, Vec<ConnectionId>) {
        let mut cut = Vec::new();
        for (id, tie) in &mut self.ties {
            let at = matches!(&tie.errand, Some(Errand { step: Step::At(at, _), .. }) if *at == node);
            let knocks = tie.lobbies.iter().any(|(_, at)| *at == node);
            if tie.known_at.remove(&node) && (at || knocks || tie.home == Some(node)) {
                cut.push(*id);
            }
        }
        let gone: Vec<u64> = self.guests.range((node, 0)..=(node, u64::MAX)).map(|((_, n), _)| *n).collect();
        let guests = gone.into_iter().filter_map(|n| self.guest_gone(node, n)).collect();
        (cut, guests)
    }

    /// None of the others can be asked any more.
    pub(crate) fn lose_all(&mut self) -> (Vec<ConnectionId>, Vec<ConnectionId>, Vec<(ConnectionId, Errand)>) {
        let (mut cut, mut guests) = (Vec::new(), Vec::new());
        for node in self.acquaintances() {
            let (some, from_there) = self.lose(node);
            cut.extend(some);
            guests.extend(from_there);
        }
        self.me = None;
        (cut, guests, self.errands_where(|errand| !matches!(errand.step, Step::At(..))))
    }

    /// The guest that this is; `next` when it is a new one.
    pub(crate) fn guest(&mut self, node: NodeId, n: u64, next: ConnectionId) -> (ConnectionId, bool) {
        let known = self.guests.get(&(node, n)).copied();
        let id = known.unwrap_or(next);
        if known.is_none() {
            self.guests.insert((node, n), id);
            self.guest_of.insert(id, (node, n));
        }
        (id, known.is_none())
    }

    pub(crate) fn guest_gone(&mut self, node: NodeId, n: u64) -> Option<ConnectionId> {
        let id = self.guests.remove(&(node, n))?;
        self.guest_of.remove(&id);
        Some(id)
    }

    /// Tells a guest.
    pub(crate) fn push(&self, to: ConnectionId, push: Push) {
        if let Some(&(node, connection)) = self.guest_of.get(&to) {
            self.say(node, Words::Push { connection, push });
        }
    }

    /// Cuts a guest. False when it is none.
    pub(crate) fn cut(&mut self, guest: ConnectionId) -> bool {
        let Some(&(node, connection)) = self.guest_of.get(&guest) else { return false };
        self.say(node, Words::Cut { connection });
        self.guest_gone(node, connection);
        true
    }

    pub(crate) fn say(&self, to: NodeId, words: Words) {
        let Some(from) = self.me else { return };
        match serde_json::to_string(&Letter { from, words }) {
            Ok(text) => self.order(Order::Write(Write::Send { to, text })),
            Err(error) => tracing::error!(%error, "a letter could not be written"),
        }
    }

    pub(crate) fn order(&self, order: Order) {
        // Nobody does it when the server ends.
        drop(self.orders.send(order));
    }
}
