//! What the host signs: epochs that begin, who stays in the room, and who is the host.
//!
//! Section 8 of the protocol. A statement acts in the same tick: whoever is not in its roster gets nothing more. The
//! secret of the new epoch follows, from the host or from anybody who has it; what it is derived to is in the statement.

use std::time::Duration;

use pushtalk_e2ee::{RoomSecret, verify_host_proof, verify_statement};
use pushtalk_protocol::{
    Ctl, DoorState, Epoch, JoinPublic, Pid, SecretBytes, SignedStatement, Statement, StatementKind,
};
use pushtalk_room::Input;
use rand::{CryptoRng, RngExt};

use crate::brain::Output;
use crate::face::ErrorCode;
use crate::guesses::Guesses;
use crate::inside::{Inside, PATH_PATIENCE, send};
use crate::member::Path;
use crate::notices::Notices;
use crate::pair::{Parcel, Way};
use crate::view;

/// A pair that has no keys of the new epoch by then is begun anew.
const COMING_OVER: Duration = Duration::from_secs(10);
/// Not all pairs change their keys at once.
const SPREAD: Duration = Duration::from_secs(1);
/// Most changes of the host that a room can have.
const MOST_TRANSFERS: usize = 64;

/// What is known of the epochs of a room.
pub(crate) struct Epochs {
    /// The number of the last statement that counted.
    seq: u32,
    /// Each made another member the host, in order: by them a newcomer finds who signs now.
    pub(crate) transfers: Vec<SignedStatement>,
    pub(crate) latest: Option<SignedStatement>,
    /// Begun by a statement; its secret is not here yet.
    awaited: Option<Awaited>,
    pub(crate) door: DoorState,
    until: Option<Duration>,
}

struct Awaited {
    epoch: Epoch,
    join_pub: JoinPublic,
    roster: Vec<Pid>,
}

impl Epochs {
    pub(crate) fn new(door: DoorState) -> Self {
        Self { seq: 0, transfers: Vec::new(), latest: None, awaited: None, door, until: None }
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.until
    }
}

/// A second holder, for the next one to be told.
fn second(door: &DoorState) -> DoorState {
    match door {
        DoorState::Open => DoorState::Open,
        DoorState::Locked => DoorState::Locked,
        DoorState::Pin(pin) => match pushtalk_protocol::Pin::from_digits(pin.expose()) {
            Ok(pin) => DoorState::Pin(pin),
            // What was a PIN is one.
            Err(_) => DoorState::Locked,
        },
    }
}

impl Inside {
    /// The epoch that there is to be: by the last statement that counted.
    pub(crate) fn epoch(&self) -> Epoch {
        self.epochs.awaited.as_ref().map_or(self.identity.epoch, |awaited| awaited.epoch)
    }

    /// As host: begins an epoch, without those that are removed.
    pub(crate) fn begin_epoch(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        begin: Begin,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Begin { kind, removed, door } = begin;
        let identity = &self.identity;
        let next = identity.epoch.0.checked_add(1).zip(self.epochs.seq.checked_add(1));
        let Some((epoch, seq)) = next.filter(|_| identity.hosting && self.epochs.awaited.is_none()) else {
            return;
        };
        let (mut source, epoch, room_id) = (rng, Epoch(epoch), identity.room_id);
        let secret = RoomSecret::generate(&mut source);
        let stays = |pid: &Pid| !removed.contains(pid);
        let mut roster: Vec<Pid> = self.members.keys().copied().filter(stays).collect();
        roster.push(identity.pid);
        roster.sort_unstable();
        let join_pub = secret.join_key(room_id, epoch).public();
        let door = door.unwrap_or_else(|| second(&self.epochs.door));
        let statement = Statement { room_id, epoch, seq, kind, removed: removed.clone(), roster, join_pub };
        let signed = identity.heir_key.sign_statement(statement);
        out.push(Output::Rotate(signed.clone()));
        // Who is removed is told, by both ways, since its peer connection is closed right behind it.
        for pid in removed {
            self.say_last(pid, &Ctl::Statement(signed.clone()), out);
        }
        self.take_statement(now, None, signed, notices, out);
        self.take_secret(now, source, None, epoch, secret, door, out);
    }

    /// A statement came, from whom ever; what the host has signed counts once.
    pub(crate) fn take_statement(
        &mut self,
        now: Duration,
        from: Option<Pid>,
        signed: SignedStatement,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let statement = &signed.statement;
        let counts = statement.room_id == self.identity.room_id
            && statement.seq > self.epochs.seq
            && verify_statement(&self.identity.host_public, &signed).is_ok();
        if !counts {
            return;
        }
        self.epochs.seq = statement.seq;
        let begins = statement.epoch > self.epoch();
        self.epochs.latest = Some(signed.clone());
        if let StatementKind::Transfer { heir, host_pub } = statement.kind {
            self.identity.host_public = host_pub;
            if self.epochs.transfers.len() < MOST_TRANSFERS {
                self.epochs.transfers.push(signed.clone());
            }
            self.host_is(now, heir, notices, out);
        }
        if !begins {
            return self.recognise_hosts(now, out);
        }
        tracing::info!("an epoch begins");
        if statement.roster.binary_search(&self.identity.pid).is_err() {
            let removed = statement.removed.binary_search(&self.identity.pid).is_ok();
            self.sent_away = Some(if removed { ErrorCode::Removed } else { ErrorCode::NotAvailable });
            return;
        }
        let (stay, go): (Vec<Pid>, Vec<Pid>) =
            self.order.iter().partition(|pid| statement.roster.binary_search(pid).is_ok());
        self.claimants_are_of(&statement.roster);
        for pid in go {
            self.part(now, pid, out);
        }
        // The server may announce them again; nobody meets them in this room any more.
        self.removed.extend(statement.removed.iter().copied());
        let host_is_there = self.members.values().any(|member| member.host && member.at_server);
        if from.is_some() && !host_is_there {
            // Who signed may have no server any more.
            out.push(Output::Rotate(signed.clone()));
        }
        for pid in stay.into_iter().filter(|pid| Some(*pid) != from) {
            self.say(pid, &Ctl::Statement(signed.clone()), out);
        }
        self.epochs.until = Some(now + COMING_OVER);
        let Statement { epoch, join_pub, roster, .. } = signed.statement;
        self.epochs.awaited = Some(Awaited { epoch, join_pub, roster });
    }

    /// The secret of an epoch came; it is the right one when it leads to what the host has signed.
    #[expect(
        clippy::too_many_arguments,
        reason = "a message with its sender, time, randomness and places to answer to"
    )]
    pub(crate) fn take_secret(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        from: Option<Pid>,
        epoch: Epoch,
        secret: RoomSecret,
        door: DoorState,
        out: &mut Vec<Output>,
    ) {
        let right = |awaited: &mut Awaited| {
            let join_pub = secret.join_key(self.identity.room_id, epoch).public();
            awaited.epoch == epoch && join_pub == awaited.join_pub
        };
        let Some(awaited) = self.epochs.awaited.take_if(right) else { return };
        self.door.shut(out);
        self.identity.enter(now, epoch, secret, awaited.roster);
        self.epochs.door = door;
        self.guesses = Guesses::default();
        self.invitation = view::invitation(&self.identity, &self.servers, self.certificate);
        for pid in self.order.clone() {
            if Some(pid) != from {
                self.tell_secret(pid, out);
            }
            let mut parcels = Vec::new();
            if let Some(member) = self.members.get_mut(&pid) {
                member.pair.epoch_began(&self.identity, rng, &mut parcels);
                let spread = u64::try_from(SPREAD.as_millis()).unwrap_or(0);
                member.renew_at = now + Duration::from_millis(rng.random_range(0..=spread));
            }
            send(pid, parcels, out);
        }
        self.recognise_hosts(now, out);
        self.seat.reconsider(now);
    }

    /// Tells how the room came to be as it is: to who has just proved itself.
    pub(crate) fn tell_epochs(&mut self, peer: Pid, out: &mut Vec<Output>) {
        let last = self.epochs.latest.clone();
        for signed in self.epochs.transfers.clone().into_iter().chain(last) {
            self.say(peer, &Ctl::Statement(signed), out);
        }
        let comes_back =
            self.members.get(&peer).and_then(|m| m.pair.epoch()).is_some_and(|e| e < self.identity.epoch);
        if comes_back {
            self.tell_secret(peer, out);
        }
    }

    fn tell_secret(&mut self, peer: Pid, out: &mut Vec<Output>) {
        let secret: SecretBytes<32> = self.identity.secret.to_secret();
        let (epoch, door) = (self.identity.epoch, second(&self.epochs.door));
        self.say(peer, &Ctl::RoomSecret { epoch, secret, door }, out);
    }

    /// Pairs that did not come over into the epoch in time have no keys any more.
    pub(crate) fn end_old_epochs(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if self.epochs.until.is_none_or(|until| now < until) {
            return;
        }
        self.epochs.until = None;
        let epoch = self.epoch();
        let late = |m: &crate::member::Member| m.path != Path::None && m.pair.epoch() != Some(epoch);
        let late: Vec<Pid> = self.members.iter().filter(|(_, m)| late(m)).map(|(pid, _)| *pid).collect();
        for pid in late {
            self.lose(now, rng, pid, notices, out);
        }
    }

    /// Says something and says it through the server too, for the peer connection is about to be closed; the second
    /// one is dropped by its number.
    pub(crate) fn say_last(&mut self, peer: Pid, message: &Ctl, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        let mut parcels = Vec::new();
        member.pair.say(message, &mut parcels);
        let again: Vec<Parcel> =
            parcels.iter().map(|p| Parcel { way: Way::Relay, bytes: p.bytes.clone() }).collect();
        send(peer, parcels.into_iter().chain(again).collect(), out);
    }

    fn host_is(&mut self, now: Duration, heir: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        for (pid, member) in &mut self.members {
            member.host = *pid == heir;
        }
        let was = self.identity.hosting;
        self.identity.hosting = heir == self.identity.pid;
        notices.withdraw(ErrorCode::HostLost);
        if self.identity.hosting && !was {
            notices.tell(ErrorCode::YouAreHost, None);
        } else if let Some(member) = self.members.get(&heir) {
            notices.tell(ErrorCode::HostChanged, member.name());
        }
        self.floor.handle(now, Input::Host(Some(heir)), out);
        self.flush(out);
    }

    /// Who proved to be the host before we knew who signs, or in which epoch.
    pub(crate) fn recognise_hosts(&mut self, now: Duration, out: &mut Vec<Output>) {
        let (host, room, epoch) = (self.identity.host_public, self.identity.room_id, self.identity.epoch);
        let mut found = None;
        for (pid, member) in &mut self.members {
            let proof = member.hello.as_ref().and_then(|hello| hello.host_proof.as_ref());
            if !member.host
                && proof.is_some_and(|proof| verify_host_proof(&host, room, epoch, *pid, proof).is_ok())
            {
                member.host = true;
                found = Some(*pid);
            }
        }
        if found.is_some() {
            self.floor.handle(now, Input::Host(found), out);
            self.flush(out);
        }
    }

    /// As host: makes another member the host; the one who has been here longest when nobody is named.
    pub(crate) fn hand_over(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        to: Option<Pid>,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let can = |pid: &&Pid| self.members.get(pid).is_some_and(|m| m.path == Path::Up && m.hello.is_some());
        let heir = match to {
            Some(to) => Some(to).filter(|to| can(&to)),
            None => self.order.iter().find(can).copied(),
        };
        let Some(heir) = heir else { return };
        let Some(host_pub) = self.members.get(&heir).and_then(|m| m.hello.as_ref()).map(|h| h.heir) else {
            return;
        };
        let begin =
            Begin { kind: StatementKind::Transfer { heir, host_pub }, removed: Vec::new(), door: None };
        self.begin_epoch(now, rng, begin, notices, out);
    }
}

/// What an epoch begins with.
pub(crate) struct Begin {
    pub(crate) kind: StatementKind,
    /// In rising order.
    pub(crate) removed: Vec<Pid>,
    /// None: as before.
    pub(crate) door: Option<DoorState>,
}

const _: () = assert!(COMING_OVER.as_secs() >= PATH_PATIENCE.as_secs());
