//! What connections ask, from its coming to its answer, wherever that is given.

use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use pushtalk_protocol::{Nameplate, RefusalCode, RoomId};

use crate::ask::{Ask, Asked, Asker, Reply, fresh};
use crate::letter::{Letter, Words};
use crate::lobby::{Answer, ConnectionId, Source};
use crate::moving::Kept;
use crate::nodes::{Errand, For, Found, Nodes, Order, Step};
use crate::store::{Claimed, NodeId, Write};
use crate::switchboard::{State, refuse};

impl State {
    /// A connection asks something.
    pub(crate) fn hear(&mut self, now: Duration, from: ConnectionId, asked: Asked) {
        let asked = match &mut self.nodes {
            Some(nodes) => match nodes.waits(from, asked) {
                Some(Ok(())) => return,
                Some(Err(asked)) => asked,
                None => return self.cut(from),
            },
            None => asked,
        };
        self.take_up(now, from, asked);
        self.go_on(now, from);
    }

    /// What a connection asked while something else of it was on its way.
    fn go_on(&mut self, now: Duration, from: ConnectionId) {
        while let Some(asked) = self.nodes.as_mut().and_then(|nodes| nodes.next(from)) {
            self.take_up(now, from, asked);
        }
    }

    fn take_up(&mut self, now: Duration, from: ConnectionId, Asked { ask, asker }: Asked) {
        let ask = match ask {
            Ok(ask) => ask,
            Err(error) => return self.answer(from, asker, Err(error)),
        };
        let meant = match &self.nodes {
            Some(nodes) => nodes.meant(&mut self.lobby, now, from, &ask),
            None => For::Us,
        };
        match (meant, &mut self.nodes) {
            (For::Node(node), Some(nodes)) => nodes.pass_on(&mut self.lobby, from, asker, ask, node),
            (For::WhoeverHas(what), Some(nodes)) => nodes.look_for(from, asker, ask, what),
            (For::Nobody(error), _) => self.answer(from, asker, Err(error)),
            _ => self.ask_here(now, from, asker, ask),
        }
    }

    fn ask_here(&mut self, now: Duration, from: ConnectionId, asker: Asker, ask: Ask) {
        match (ask.of(&mut self.lobby, now, from), &mut self.nodes) {
            (Ok(reply @ Reply::Created(_)), Some(nodes)) => {
                let errand = nodes.claim(from, asker, reply);
                self.claim(now, from, errand);
            }
            (answer, _) => self.answer(from, asker, answer),
        }
    }

    fn answer(&mut self, from: ConnectionId, Asker { name, ack }: Asker, answer: Answer<Reply>) {
        let sent = match answer {
            Ok(reply) => reply.send(ack),
            Err(error) => {
                tracing::debug!(event = name, ?error, "refused");
                refuse(ack, error)
            }
        };
        if sent.is_err() {
            self.cut(from);
        }
    }

    /// The room that this connection has just made.
    fn claim(&mut self, now: Duration, from: ConnectionId, errand: u64) {
        let (Some(nodes), Some((room, _))) = (&self.nodes, self.lobby.seat(from)) else { return };
        let Some((nameplate, text)) = self.lobby.kept(now, room).and_then(|kept| written(&kept)) else {
            return;
        };
        nodes.order(Order::Claim { connection: from, errand, room, nameplate, text });
        // It is not to be renewed before it is ours.
        self.lobby.untouch(room);
    }

    /// What became of a claim.
    pub(crate) fn claimed(
        &mut self,
        now: Duration,
        from: ConnectionId,
        number: u64,
        claimed: Option<Claimed>,
    ) {
        let errand = self.nodes.as_mut().and_then(|nodes| nodes.end_errand(from, number));
        let Some(Errand { asker, step: Step::Claiming(mut reply), .. }) = errand else { return };
        let room = self.lobby.seat(from).map(|(room, _)| room);
        let answer = match (claimed, room, &mut reply) {
            (Some(Claimed::Ours), ..) => Ok(reply),
            (Some(Claimed::NameplateTaken), Some(room), Reply::Created(created)) => {
                let renamed = fresh().ok().and_then(|word| self.lobby.rename(room, u16::from_be_bytes(word)));
                if let (Some(nameplate), Some(nodes)) = (renamed, &mut self.nodes) {
                    created.nameplate = nameplate;
                    let errand = nodes.claim(from, asker, reply);
                    return self.claim(now, from, errand);
                }
                Err(RefusalCode::NotAvailable)
            }
            (Some(_), ..) => Err(RefusalCode::NotAvailable),
            (None, ..) => Err(RefusalCode::Unready),
        };
        if answer.is_err() {
            self.lobby.undo(now, from);
        }
        self.answer(from, asker, answer);
        self.go_on(now, from);
    }

    /// It was found where that is which a connection asks for.
    pub(crate) fn found(&mut self, now: Duration, from: ConnectionId, number: u64, found: Found) {
        let Some(nodes) = &mut self.nodes else { return };
        match found {
            Found::At(node) if nodes.me() != Some(node) => {
                if nodes.send_errand(&mut self.lobby, from, number, node) {
                    return;
                }
                self.end(now, from, number, Err(RefusalCode::NotAvailable));
            }
            Found::NoAnswer => self.end(now, from, number, Err(RefusalCode::Unready)),
            Found::Nowhere | Found::At(_) => {
                let errand = nodes.end_errand(from, number);
                let Some(Errand { asker, step: Step::Finding(ask), .. }) = errand else { return };
                match (&*ask, &found) {
                    // It was counted when it was looked for.
                    (Ask::LobbyOpen(_), Found::Nowhere) => {
                        self.answer(from, asker, Err(RefusalCode::NotAvailable));
                    }
                    // Here it takes as long as if there were such a room.
                    _ => self.ask_here(now, from, asker, *ask),
                }
                self.go_on(now, from);
            }
        }
    }

    fn end(&mut self, now: Duration, from: ConnectionId, number: u64, answer: Answer<Reply>) {
        if let Some(errand) = self.nodes.as_mut().and_then(|nodes| nodes.end_errand(from, number)) {
            self.answer(from, errand.asker, answer);
            self.go_on(now, from);
        }
    }

    /// Another server writes.
    pub(crate) fn letter(&mut self, now: Duration, Letter { from: node, words }: Letter) {
        let Some(nodes) = &mut self.nodes else { return };
        match words {
            Words::Ask { connection, source, challenge, errand, ask } => {
                let next = ConnectionId(self.next.fetch_add(1, Ordering::Relaxed));
                let (id, new) = nodes.guest(node, connection, next);
                let known = if new { self.lobby.connected(id, Source(source)) } else { Ok(()) };
                if let Some(challenge) = challenge {
                    self.lobby.lend_challenge(id, challenge);
                }
                // It was said in the store to be here: it will be in a moment, or is no more.
                let here = ask.wanted().is_none_or(|wanted| self.lobby.has(wanted));
                let known = if here { known } else { Err(RefusalCode::Unready) };
                let answer = known.and_then(|()| ask.of(&mut self.lobby, now, id));
                nodes.say(node, Words::Answer { connection, errand, answer });
            }
            Words::Gone { connection } => {
                if let Some(id) = nodes.guest_gone(node, connection) {
                    self.lobby.disconnected(now, id);
                }
            }
            Words::Answer { connection, errand, answer } => {
                let id = ConnectionId(connection);
                if let Some(errand) = nodes.answered(node, id, errand, &answer) {
                    self.answer(id, errand.asker, answer);
                    self.go_on(now, id);
                }
            }
            Words::Push { connection, push } => {
                if nodes.told(node, ConnectionId(connection), &push) {
                    self.tell(ConnectionId(connection), &push);
                }
            }
            Words::Cut { connection } => self.cut(ConnectionId(connection)),
        }
    }

    /// The servers that there is something to do with.
    pub(crate) fn acquaintances(&self) -> Vec<NodeId> {
        self.nodes.as_ref().map(Nodes::acquaintances).unwrap_or_default()
    }

    /// Another server is gone.
    pub(crate) fn node_gone(&mut self, now: Duration, node: NodeId) {
        let Some(nodes) = &mut self.nodes else { return };
        let (cut, guests) = nodes.lose(node);
        self.without(now, cut, guests);
    }

    fn without(&mut self, now: Duration, cut: Vec<ConnectionId>, guests: Vec<ConnectionId>) {
        for guest in guests {
            self.lobby.disconnected(now, guest);
        }
        for id in cut {
            // What was on its way is lost; it comes back, and to whoever has the room by then.
            self.cut(id);
        }
    }

    /// The store does not answer any more: what is here goes on.
    pub(crate) fn store_gone(&mut self, now: Duration) {
        let Some(nodes) = &mut self.nodes else { return };
        let (cut, guests, errands) = nodes.lose_all();
        self.lobby.hold_seats(now, true);
        self.without(now, cut, guests);
        for (from, errand) in errands {
            self.give_up(now, from, errand);
        }
    }

    /// The store answers (again), and this server has this name there. What it has is put there anew.
    pub(crate) fn store_back(&mut self, now: Duration, me: NodeId, before: Option<NodeId>) {
        self.lobby.hold_seats(now, false);
        if let Some(nodes) = &mut self.nodes {
            nodes.be(Some(me));
        }
        self.renew(now, before.unwrap_or(me));
    }

    /// Says again what rooms there are, before the store forgets it.
    pub(crate) fn renew(&mut self, now: Duration, before: NodeId) {
        let rooms: Vec<_> = self.lobby.room_ids().collect();
        for room in rooms {
            self.keep(now, room, before);
        }
    }

    fn keep(&self, now: Duration, room: RoomId, before: NodeId) {
        let Some(nodes) = self.nodes.as_ref().filter(|nodes| nodes.me().is_some()) else { return };
        let write = match self.lobby.kept(now, room).and_then(|kept| written(&kept)) {
            Some((nameplate, text)) => Write::Keep { room, nameplate, before, text },
            None => Write::Drop { room },
        };
        nodes.order(Order::Write(write));
    }

    /// Puts into the store what has changed.
    pub(crate) fn keep_touched(&mut self, now: Duration) {
        for room in self.lobby.take_touched() {
            if let Some(me) = self.nodes.as_ref().and_then(Nodes::me) {
                self.keep(now, room, me);
            }
        }
    }

    /// What was not answered in time is refused.
    pub(crate) fn refuse_late(&mut self, now: Duration) {
        let late = self.nodes.as_mut().map(|nodes| nodes.late(Instant::now())).unwrap_or_default();
        for (from, errand) in late {
            // Then nobody knows whether it was done there.
            let elsewhere = matches!(errand.step, Step::At(..));
            self.give_up(now, from, errand);
            if elsewhere {
                self.cut(from);
            }
        }
    }

    fn give_up(&mut self, now: Duration, from: ConnectionId, errand: Errand) {
        if let Step::Claiming(_) = errand.step {
            self.lobby.undo(now, from);
        }
        self.answer(from, errand.asker, Err(RefusalCode::Unready));
        self.go_on(now, from);
    }
}

fn written(kept: &Kept) -> Option<(Nameplate, String)> {
    Some((kept.nameplate, serde_json::to_string(kept).ok()?))
}
