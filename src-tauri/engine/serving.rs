//! Where the room's server is. On a member's device it goes when that member goes, and another one takes over.
//!
//! Whoever runs it says where it is (`Ctl::Place`). When that member has left, the one who decides in the room starts a
//! server on its own device, makes the room anew there from what its hosts have signed, and says so to the others. When it
//! has only vanished it may come back, and then it is for people to choose (`host_here`): two servers would be two rooms.
//! Nobody follows as long as the server before still answers; and who was told of a server that does not, goes on trying
//! the one before, in turns.

use std::collections::BTreeMap;
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{
    CertificateHash, Challenge, Ctl, Invitation, Nameplate, Pid, Place, Restore, ServerAddress,
    SignedStatement, StatementKind,
};

use crate::brain::{Hosting, HostingError, Output};
use crate::epoch::Epochs;
use crate::face::{ErrorCode, MemberLink};
use crate::inside::Inside;
use crate::notices::Notices;
use crate::seat::Seat;
use crate::view;

/// Places that are kept beside the present one.
const MOST_OTHERS: usize = 3;
/// Places that one member may name.
const MOST_TOLD: u8 = 16;
/// A server is gone when so many tries to reach it have led nowhere; more where others were tried in turns.
pub(crate) const TRIES: u32 = 2;
const TRIES_IN_TURNS: u32 = 6;
/// A device that could not start a server is not asked to for so long.
const PAUSE: Duration = Duration::from_secs(30);
/// Most that is said of a room's past, as it travels: it fits into one message.
const MOST_HISTORY: usize = 24 * 1024;

/// What is known of the room's server beside its addresses.
#[derive(Default)]
pub(crate) struct Serving {
    /// Where this device reaches its own server, when it runs here.
    own: Option<ServerAddress>,
    /// It says to run on a member's device.
    pub(crate) on_device: bool,
    /// Those who say that it is theirs, and where it is.
    claims: BTreeMap<Pid, Vec<ServerAddress>>,
    /// It is over there: one of them has left, or we are let in no more.
    over: bool,
    /// We have sat there.
    sat: bool,
    /// Where it was when we came to it, or where it was said to be before we did.
    known: Vec<ServerAddress>,
    /// Where else it was said to be, the latest first.
    others: Vec<Elsewhere>,
    /// How many places each has named.
    told: BTreeMap<Pid, u8>,
    starting: bool,
    /// Nobody was told yet that it runs here.
    new: bool,
    /// It could not be started, and that was told.
    failed: bool,
    not_before: Duration,
}

/// A server that the room may be on.
struct Elsewhere {
    by: Option<Pid>,
    servers: Vec<ServerAddress>,
    certificate: Option<CertificateHash>,
    identity: ServerIdentity,
    nameplate: Nameplate,
    on_device: bool,
    sat: bool,
    /// It was tried.
    tried: bool,
}

impl Serving {
    /// At these addresses; on this device, where its own server is reached like that.
    pub(crate) fn here(own: Option<ServerAddress>, known: Vec<ServerAddress>, on_device: bool) -> Self {
        Self { own, on_device, known, sat: true, ..Self::default() }
    }

    /// True when the room's server runs on this device.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
    }

    /// Where it is: what members say of addresses comes after those that have led to it, and takes the place of none.
    fn servers(&self) -> Vec<ServerAddress> {
        with_known(self.claims.values().flatten(), &self.known)
    }

    fn member_left(&mut self, peer: Pid) {
        self.over |= self.claims.remove(&peer).is_some() && self.claims.is_empty();
    }

    /// Nobody else is in the room any more.
    fn only_of(&mut self, roster: &[Pid]) {
        let gone: Vec<Pid> =
            self.claims.keys().filter(|pid| roster.binary_search(pid).is_err()).copied().collect();
        for pid in gone {
            self.member_left(pid);
        }
    }

    /// True when the server that is tried is one where we sat, and nothing says that it is over.
    pub(crate) fn may_live(&self) -> bool {
        self.sat && !self.over
    }
}

impl Epochs {
    /// What hosts have signed, as far as it is needed to make the room anew: how it came to its host, and the last word.
    /// None when that is more than a server looks at.
    fn history(&self) -> Option<Vec<String>> {
        let transfers = self.transfers.iter();
        let last = self.latest.iter();
        let last = last.filter(|last| !matches!(last.statement.kind, StatementKind::Transfer { .. }));
        let written = |signed: &SignedStatement| BASE64_URL_SAFE_NO_PAD.encode(signed.encode());
        let all: Vec<String> = transfers.chain(last).map(written).collect();
        let length: usize = all.iter().map(String::len).sum();
        (all.len() <= Restore::MOST_STATEMENTS && length <= MOST_HISTORY).then_some(all)
    }
}

impl Inside {
    /// Where the room's server is reached from here.
    pub(crate) fn way(&self) -> Vec<ServerAddress> {
        match &self.serving.own {
            Some(own) => vec![own.clone()],
            None => self.servers.clone(),
        }
    }

    /// Says where the server is, when it runs on this device.
    pub(crate) fn tell_place(&mut self, peer: Pid, out: &mut Vec<Output>) {
        if let (true, Some(certificate)) = (self.serving.is_own(), self.certificate) {
            let (nameplate, servers) = (self.identity.nameplate, self.servers.clone());
            self.say(peer, &Ctl::Place(Place { nameplate, certificate, servers }), out);
        }
    }

    fn tell_place_to_all(&mut self, out: &mut Vec<Output>) {
        for peer in self.order.clone() {
            self.tell_place(peer, out);
        }
    }

    /// A member says that the room's server runs on its device.
    pub(crate) fn told_place(&mut self, now: Duration, peer: Pid, place: Place, out: &mut Vec<Output>) {
        let Place { nameplate, certificate, servers } = place;
        if self.certificate == Some(certificate) {
            // Whose certificate it is proves itself when the server is connected to.
            if !self.serving.is_own() && self.serving.on_device {
                self.serving.claims.insert(peer, servers);
                self.lie_at(self.serving.servers());
            }
            return;
        }
        let told = self.serving.told.entry(peer).or_default();
        *told = told.saturating_add(1);
        if *told > MOST_TOLD {
            return;
        }
        let told = Elsewhere {
            by: Some(peer),
            servers,
            certificate: Some(certificate),
            identity: ServerIdentity::Certificate(certificate),
            nameplate,
            on_device: true,
            sat: false,
            tried: false,
        };
        let others = &mut self.serving.others;
        others.retain(|other| other.sat || (other.by != Some(peer) && other.identity != told.identity));
        if others.iter().all(|other| other.identity != told.identity) {
            others.insert(0, told);
        }
        while others.len() > MOST_OTHERS {
            let last = others.iter().rposition(|other| !other.sat).unwrap_or(MOST_OTHERS);
            others.remove(last);
        }
        if self.serving.is_own() && !self.seat.is_given() {
            // Two have started one: the host's is the room's, else that of the smaller pid.
            let is_host = self.members.get(&peer).is_some_and(|member| member.host);
            if !self.identity.hosting && (is_host || peer < self.identity.pid) {
                tracing::info!("another member has a server too: the one here ends");
                self.end_own(out);
                self.seat.begin_by_seat(now);
                self.give_up_server(now);
            }
        } else if self.seat.is_given() {
            self.end_own(out);
            self.seat.begin_by_seat(now);
            self.give_up_server(now);
        } else if matches!(self.seat, Seat::Lost { .. })
            && (!self.serving.may_live() || self.seat.failed(TRIES))
        {
            self.look_elsewhere(now);
            self.seat.hurry(now);
        }
    }

    fn end_own(&mut self, out: &mut Vec<Output>) {
        if self.serving.own.take().is_some() {
            out.push(Output::StopServer);
        }
    }

    /// A member has left. What it said of addresses goes with it.
    pub(crate) fn claimant_left(&mut self, peer: Pid) {
        if self.serving.claims.contains_key(&peer) {
            self.serving.member_left(peer);
            self.lie_at(self.serving.servers());
        }
    }

    /// Nobody but these is in the room any more.
    pub(crate) fn claimants_are_of(&mut self, roster: &[Pid]) {
        if !self.serving.claims.is_empty() {
            self.serving.only_of(roster);
            self.lie_at(self.serving.servers());
        }
    }

    /// The server is the same one, and its addresses are these now.
    pub(crate) fn lie_at(&mut self, servers: Vec<ServerAddress>) {
        if self.servers != servers {
            self.servers = servers;
            self.invitation = view::invitation(&self.identity, &self.servers, self.certificate);
        }
    }

    /// The addresses of this device have changed, and with it those of its server.
    pub(crate) fn readdressed(&mut self, servers: Vec<ServerAddress>, out: &mut Vec<Output>) {
        if self.serving.is_own() && self.servers != servers {
            self.lie_at(servers);
            self.tell_place_to_all(out);
        }
    }

    /// The next one of the servers that the room may be on is to be tried. False when there is none.
    pub(crate) fn look_elsewhere(&mut self, now: Duration) -> bool {
        let members = &self.members;
        let is_here = |other: &Elsewhere| other.sat || other.by.is_none_or(|by| members.contains_key(&by));
        self.serving.others.retain(is_here);
        if self.serving.others.is_empty() || self.serving.is_own() {
            return false;
        }
        let next = self.serving.others.remove(0);
        let over = self.serving.over;
        let before = self.settle_at(next);
        // One that went with its member does not come back.
        if !over {
            self.serving.others.push(before);
        }
        self.seat.begin_anew(now);
        true
    }

    /// Is not at this server any more; gives the one before.
    fn settle_at(&mut self, next: Elsewhere) -> Elsewhere {
        let Elsewhere { by, servers, certificate, identity, nameplate, on_device, sat, .. } = next;
        let claims = by.into_iter().map(|by| (by, Vec::new())).collect();
        let before = Elsewhere {
            by: std::mem::replace(&mut self.serving.claims, claims).pop_first().map(|(by, _)| by),
            servers: std::mem::replace(&mut self.servers, servers.clone()),
            certificate: std::mem::replace(&mut self.certificate, certificate),
            identity: std::mem::replace(&mut self.identity.server, identity),
            nameplate: std::mem::replace(&mut self.identity.nameplate, nameplate),
            on_device: std::mem::replace(&mut self.serving.on_device, on_device),
            sat: std::mem::replace(&mut self.serving.sat, sat),
            tried: true,
        };
        (self.serving.known, self.serving.over) = (servers, false);
        self.invitation = view::invitation(&self.identity, &self.servers, self.certificate);
        before
    }

    /// The server where we sit wants us no more. False when there is no other one.
    pub(crate) fn leave_server(&mut self, now: Duration) -> bool {
        if self.serving.others.is_empty() || self.serving.is_own() {
            return false;
        }
        self.seat.begin_by_seat(now);
        self.give_up_server(now)
    }

    /// The server that we try lets us in no more, in whatever way. False when there is no other one.
    pub(crate) fn give_up_server(&mut self, now: Duration) -> bool {
        self.serving.over = true;
        self.look_elsewhere(now)
    }

    /// Starts a server on this device when the one before went with its member, and the others count on us.
    pub(crate) fn take_over(&mut self, now: Duration, on: Option<&String>, out: &mut Vec<Output>) {
        let Serving { on_device, claims, over, others, .. } = &self.serving;
        let tries = if others.is_empty() { TRIES } else { TRIES_IN_TURNS };
        if *on_device && *over && claims.is_empty() && self.seat.failed(tries) && self.decides() {
            self.start_server(now, on, out);
        }
    }

    /// Starts a server on this device, because a person wants it to; the one before does not answer.
    pub(crate) fn host_here(&mut self, now: Duration, on: Option<&String>, out: &mut Vec<Output>) {
        if self.seat.is_taken() {
            return;
        }
        if self.serving.others.iter().any(|other| !other.tried) {
            // Somebody else was faster, and it is not known yet whether that one answers.
            self.seat.begin_by_seat(now);
            self.look_elsewhere(now);
        } else {
            self.serving.not_before = now;
            self.serving.failed = false;
            self.start_server(now, on, out);
        }
    }

    fn start_server(&mut self, now: Duration, on: Option<&String>, out: &mut Vec<Output>) {
        let Serving { own, starting, not_before, .. } = &self.serving;
        let can = (own.is_none() || self.seat.is_given()) && !*starting && now >= *not_before;
        if can && self.epoch() == self.identity.epoch && self.epochs.history().is_some() {
            tracing::info!("the room's server is gone: one is started here");
            self.serving.starting = true;
            self.end_own(out);
            out.push(Output::StartServer(on.cloned()));
        }
    }

    /// True for the host, else for the member with the smallest pid among those who reach each other.
    fn decides(&self) -> bool {
        let ready = || self.members.iter().filter(|(_, member)| member.link == MemberLink::Ready);
        self.identity.hosting || ready().all(|(pid, member)| !member.host && *pid > self.identity.pid)
    }

    /// The server on this device is up, or is not to be.
    pub(crate) fn hosted(
        &mut self,
        now: Duration,
        hosting: Result<Hosting, HostingError>,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if !std::mem::take(&mut self.serving.starting) {
            return;
        }
        let members = &self.members;
        let is_hosts = |other: &Elsewhere| other.by.and_then(|by| members.get(&by)).is_some_and(|by| by.host);
        match hosting {
            // It came back while this one was being started, or the host has one.
            Ok(_) if self.seat.is_taken() || self.serving.others.iter().any(is_hosts) => {
                out.push(Output::DropServer);
                if !self.seat.is_taken() {
                    self.seat.begin_by_seat(now);
                    self.give_up_server(now);
                }
            }
            Ok(Hosting { addresses, own, certificate }) => {
                // What was before is gone.
                self.settle_at(Elsewhere {
                    by: Some(self.identity.pid),
                    servers: addresses,
                    certificate: Some(certificate),
                    identity: ServerIdentity::Certificate(certificate),
                    nameplate: self.identity.nameplate,
                    on_device: true,
                    sat: false,
                    tried: false,
                });
                (self.serving.own, self.serving.others) = (Some(own), Vec::new());
                self.serving.new = true;
                self.seat.begin_by_restoring(now);
            }
            Err(error) => {
                self.serving.not_before = now + PAUSE;
                if !std::mem::replace(&mut self.serving.failed, true) {
                    let (code, about) = error.told();
                    notices.tell(code, about);
                }
            }
        }
    }

    /// What makes the room anew at a server that has none; none when too much has become of it.
    pub(crate) fn restore(&self, challenge: &Challenge) -> Option<Restore> {
        let identity = &self.identity;
        let (room_id, epoch, pid) = (identity.room_id, identity.epoch, identity.pid);
        let key = identity.secret.join_key(room_id, epoch);
        Some(Restore {
            room_id,
            first_host: identity.first_host,
            statements: self.epochs.history()?,
            epoch,
            join_pub: key.public(),
            nameplate: identity.nameplate,
            member_pub: identity.member_key.public(),
            seat_pub: identity.seat_key.public(),
            sig: key.sign_restore(challenge, room_id, epoch, pid, &identity.server),
        })
    }

    /// We sit at a server, where the room is called so.
    pub(crate) fn settled(&mut self, nameplate: Nameplate, notices: &mut Notices, out: &mut Vec<Output>) {
        if self.identity.nameplate != nameplate {
            self.identity.nameplate = nameplate;
            self.invitation = view::invitation(&self.identity, &self.servers, self.certificate);
        }
        (self.serving.sat, self.serving.over) = (true, false);
        if self.serving.is_own() {
            if std::mem::take(&mut self.serving.new) {
                notices.tell(ErrorCode::NowServing, None);
            }
            self.tell_place_to_all(out);
        }
    }
}

fn with_known<'a>(
    told: impl Iterator<Item = &'a ServerAddress>,
    known: &[ServerAddress],
) -> Vec<ServerAddress> {
    let half = Invitation::MAX_SERVERS / 2;
    let told: Vec<_> = told.filter(|it| !known.contains(it)).take(half).cloned().collect();
    let known = known.iter().take(Invitation::MAX_SERVERS - told.len()).cloned();
    known.chain(told).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_member_says_of_addresses_hides_none_that_has_led_to_the_server() {
        let at = |n: u16| ServerAddress::Name("a".to_owned(), n);
        let all = |ports: &[u16]| ports.iter().map(|n| at(*n)).collect::<Vec<_>>();
        assert!(with_known(all(&[9]).iter(), &all(&[1, 2])) == all(&[1, 2, 9]));
        assert!(with_known(all(&[2, 9]).iter(), &all(&[1, 2])) == all(&[1, 2, 9]), "each once");
        let many = with_known(all(&[10, 11, 12, 13, 14, 15]).iter(), &all(&[1, 2, 3, 4, 5]));
        assert!(many == all(&[1, 2, 3, 4, 10, 11, 12, 13]));
        assert!(with_known([].iter(), &all(&[1, 2, 3, 4, 5, 6, 7, 8])).len() == 8);
    }
}
