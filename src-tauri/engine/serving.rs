//! Where the room's server is. On a member's device it goes when that member goes, and another one takes over.
//!
//! Whoever runs it says where it is (`Ctl::Place`). When it is gone together with its member, the one who decides in the
//! room starts one on its own device, makes the room anew there from what its hosts have signed, and says so to the
//! others. Nobody follows as long as the server before still answers; and who was told of a server that does not, goes
//! on trying the one before, in turns.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_e2ee::ServerIdentity;
use pushtalk_protocol::{
    CertificateHash, Challenge, Ctl, Nameplate, Pid, Place, Restore, ServerAddress, SignedStatement,
    StatementKind,
};

use crate::brain::{Hosting, Output};
use crate::epoch::Epochs;
use crate::face::{ErrorCode, MemberLink};
use crate::inside::Inside;
use crate::notices::Notices;
use crate::seat::Seat;
use crate::view;

/// Places that are kept beside the present one.
const MOST_OTHERS: usize = 3;
/// A device that could not start a server is not asked to for so long.
const PAUSE: Duration = Duration::from_secs(30);
/// Most that is said of a room's past, as it travels: it fits into one message.
const MOST_HISTORY: usize = 24 * 1024;

/// What is known of the room's server beside its addresses.
#[derive(Default)]
pub(crate) struct Serving {
    /// Where this device reaches its own server, when it runs here.
    own: Option<ServerAddress>,
    /// On whose device it runs, when a member has said so.
    by: Option<Pid>,
    /// Where else it was said to be, the latest first.
    others: Vec<Elsewhere>,
    starting: bool,
    /// Nobody was told yet that it runs here.
    new: bool,
    not_before: Duration,
}

/// A server that the room may be on.
struct Elsewhere {
    by: Option<Pid>,
    servers: Vec<ServerAddress>,
    certificate: Option<CertificateHash>,
    identity: ServerIdentity,
    nameplate: Nameplate,
}

impl Serving {
    /// On this device, where its own server is reached like that.
    pub(crate) fn here(me: Pid, own: Option<ServerAddress>) -> Self {
        Self { by: own.as_ref().map(|_| me), own, ..Self::default() }
    }

    /// True when the room's server runs on this device.
    pub(crate) fn is_own(&self) -> bool {
        self.own.is_some()
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
    pub(crate) fn told_place(&mut self, now: Duration, peer: Pid, place: Place) {
        let Place { nameplate, certificate, servers } = place;
        if self.certificate == Some(certificate) {
            // Whose certificate it is proves itself when the server is connected to.
            if !self.serving.is_own() {
                self.serving.by = Some(peer);
                self.lie_at(servers);
            }
            return;
        }
        let identity = ServerIdentity::Certificate(certificate);
        let told = Elsewhere { by: Some(peer), servers, certificate: Some(certificate), identity, nameplate };
        self.serving.others.retain(|other| other.by != Some(peer) && other.identity != told.identity);
        self.serving.others.insert(0, told);
        self.serving.others.truncate(MOST_OTHERS);
        if matches!(self.seat, Seat::Lost { .. } | Seat::Trying { .. }) && !self.serving.is_own() {
            self.look_elsewhere(now);
            self.seat.hurry(now);
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
        let is_here = |other: &Elsewhere| other.by.is_none_or(|by| members.contains_key(&by));
        self.serving.others.retain(is_here);
        if self.serving.others.is_empty() || self.serving.is_own() {
            return false;
        }
        let next = self.serving.others.remove(0);
        let before = self.settle_at(next);
        self.serving.others.push(before);
        self.seat.begin_anew(now);
        true
    }

    /// Is not at this server any more; gives the one before.
    fn settle_at(&mut self, next: Elsewhere) -> Elsewhere {
        let Elsewhere { by, servers, certificate, identity, nameplate } = next;
        let before = Elsewhere {
            by: std::mem::replace(&mut self.serving.by, by),
            servers: std::mem::replace(&mut self.servers, servers),
            certificate: std::mem::replace(&mut self.certificate, certificate),
            identity: std::mem::replace(&mut self.identity.server, identity),
            nameplate: std::mem::replace(&mut self.identity.nameplate, nameplate),
        };
        self.invitation = view::invitation(&self.identity, &self.servers, self.certificate);
        before
    }

    /// The server that we try lets us in no more, in whatever way. False when there is no other one.
    pub(crate) fn give_up_server(&mut self, now: Duration) -> bool {
        let other = self.look_elsewhere(now);
        if other {
            self.serving.others.pop();
        }
        other
    }

    /// Starts a server on this device when the one before went with its member and the others count on us.
    pub(crate) fn take_over(&mut self, now: Duration, out: &mut Vec<Output>) {
        let Serving { own, by, others, starting, not_before, new: _ } = &self.serving;
        let is_gone = |by: Option<Pid>| by.is_some_and(|by| !self.members.contains_key(&by));
        let gone = own.is_none() && is_gone(*by) && others.iter().all(|other| is_gone(other.by));
        let lost = matches!(self.seat, Seat::Lost { .. } | Seat::Trying { .. });
        if gone
            && lost
            && self.epoch() == self.identity.epoch
            && !*starting
            && now >= *not_before
            && self.decides()
            && self.epochs.history().is_some()
        {
            tracing::info!("the server went with its member: one is started here");
            self.serving.starting = true;
            out.push(Output::StartServer);
        }
    }

    /// True for the host, else for the member with the smallest pid among those who reach each other.
    fn decides(&self) -> bool {
        let ready = || self.members.iter().filter(|(_, member)| member.link == MemberLink::Ready);
        self.identity.hosting || ready().all(|(pid, member)| !member.host && *pid > self.identity.pid)
    }

    /// The server on this device is up, or is not to be.
    pub(crate) fn hosted(&mut self, now: Duration, hosting: Result<Hosting, String>, notices: &mut Notices) {
        self.serving.starting = false;
        match hosting {
            Ok(Hosting { addresses, own, certificate }) => {
                // What was before is gone.
                self.settle_at(Elsewhere {
                    by: Some(self.identity.pid),
                    servers: addresses,
                    certificate: Some(certificate),
                    identity: ServerIdentity::Certificate(certificate),
                    nameplate: self.identity.nameplate,
                });
                (self.serving.own, self.serving.others) = (Some(own), Vec::new());
                self.serving.new = true;
                self.seat.begin_by_restoring(now);
            }
            Err(about) => {
                self.serving.not_before = now + PAUSE;
                notices.tell(ErrorCode::CannotHost, Some(about));
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
        if self.serving.is_own() {
            if std::mem::take(&mut self.serving.new) {
                notices.tell(ErrorCode::NowServing, None);
            }
            self.tell_place_to_all(out);
        }
    }
}
