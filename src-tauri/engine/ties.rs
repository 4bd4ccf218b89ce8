//! The ties to the other members: meeting, agreeing on keys, being ready for each other, losing and parting.

use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{MediaKey, OpenKey, pid};
use pushtalk_mesh::Role;
use pushtalk_protocol::{Capabilities, Ctl, Hello, MOST_MEMBERS, MemberPublic, Pid, Status};
use pushtalk_room::Input;
use rand::CryptoRng;

use crate::backoff::{NETWORK, jittered};
use crate::brain::{ListenOrder, Output, TalkOrder};
use crate::face::{ErrorCode, MemberLink};
use crate::identity::Identity;
use crate::inside::{ABSENCE, Inside, OFFER_PATIENCE, send};
use crate::member::{Member, Path};
use crate::notices::Notices;
use crate::pair::{Pair, PairEvent, Way};
use crate::reception::micros;

/// New keys are made this often, if nothing asks for them earlier.
const KEYS_LAST: Duration = Duration::from_secs(15 * 60);
/// Keys that were begun are there by then, or the pair is begun anew.
const RENEWING: Duration = Duration::from_secs(10);
/// The other one is not followed when it wants new keys more often.
const RENEWED_ENOUGH: Duration = Duration::from_secs(1);

impl Inside {
    pub(crate) fn meet(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        public: MemberPublic,
        out: &mut Vec<Output>,
    ) {
        let peer = pid(&public);
        if peer == self.identity.pid || self.removed.contains(&peer) {
            return;
        }
        if self.members.contains_key(&peer) {
            return self.meet_again(now, rng, peer, out);
        }
        // Whatever the server says: no room has more.
        if self.members.len() >= MOST_MEMBERS {
            return;
        }
        let mut member = Member::new(now, Pair::new(&self.identity, peer, public), now + KEYS_LAST);
        let mut parcels = Vec::new();
        member.pair.begin(now, &self.identity, rng, &mut parcels);
        send(peer, parcels, out);
        self.members.insert(peer, member);
        self.order.push(peer);
        self.floor.handle(now, Input::Known(peer), out);
        self.flush(out);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "one message has a sender, a way, a time and places to answer to"
    )]
    pub(crate) fn hear(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        way: Way,
        data: &Bytes,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.is_ended() {
            return;
        }
        let mut parcels = Vec::new();
        let events = member.pair.hear(now, way, data, &self.identity, rng, &mut parcels);
        send(peer, parcels, out);
        if way == Way::Channel && !events.is_empty() {
            member.last_heard = now;
            if matches!(member.path, Path::Open { .. }) {
                member.path = Path::Up;
            }
        }
        // The other one found the data channel dead.
        let relayed = way == Way::Relay && !events.is_empty() && member.path == Path::Up;
        for event in events {
            match event {
                PairEvent::Proved => self.proved(now, peer, rng, out),
                PairEvent::Renewed => self.renewed(now, peer, rng, out),
                PairEvent::Said(message) => self.said(now, rng, peer, message, notices, out),
                PairEvent::OtherVersion(theirs) => notices.tell(
                    ErrorCode::OtherVersion,
                    Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)),
                ),
            }
        }
        if relayed {
            self.go_both_ways(now, peer, out);
        }
        self.ready(now, peer, notices, out);
    }

    /// A session is there: say who we are, hand over the key of our frames, look for a path.
    fn proved(&mut self, now: Duration, peer: Pid, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.path != Path::None {
            out.push(Output::ClosePeer(peer));
            silence(peer, out);
            self.floor.handle(now, Input::Down(peer), out);
        }
        let role = if member.pair.is_initiator() { Role::Offerer } else { Role::Answerer };
        member.link = MemberLink::Connecting;
        member.path = Path::Opening { until: now + OFFER_PATIENCE };
        member.pair.channel_closed();
        (member.absent_until, member.renewing_until) = (None, None);
        (member.restart, member.both_until, member.trying_since) = (None, None, None);
        (member.renewed, member.renew_at) = (now, now + KEYS_LAST);
        if member.pair.epoch() != Some(self.identity.epoch) {
            // Who comes back from the epoch before gets the keys of this one first.
            member.renew_at = now;
        }
        let (seal_key, media_key) = member.next_generation(rng);
        member.seal_key = Some(seal_key);
        out.push(Output::OpenPeer(peer, role));
        self.comparing.take_if(|comparing| comparing.peer == peer);
        self.tell_epochs(peer, out);
        let Identity { room_id, epoch, pid, heir_key, hosting, .. } = &self.identity;
        let host_proof = hosting.then(|| heir_key.prove_host(*room_id, *epoch, *pid));
        let heir = heir_key.public();
        let hello = Hello {
            name: self.identity.name.clone(),
            app_version: self.version.clone(),
            capabilities: Capabilities::default(),
            host_proof,
            heir,
        };
        self.say(peer, &Ctl::Hello(hello), out);
        if self.identity.hosting {
            self.say(peer, &Ctl::Settings(self.settings.clone()), out);
        }
        self.say(peer, &media_key, out);
        self.tell_place(peer, out);
        if self.guesses.own() > 0 {
            let (epoch, count) = (self.identity.epoch, self.guesses.own());
            self.say(peer, &Ctl::WrongGuesses { epoch, count }, out);
        }
        self.flush(out);
    }

    /// Sees to it that a pair gets new keys: the initiator begins, the other one asks for it.
    pub(crate) fn renew(&mut self, now: Duration, rng: &mut dyn CryptoRng, peer: Pid, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        member.renew_at = now + KEYS_LAST;
        if member.path == Path::None {
            return;
        }
        if !member.pair.is_initiator() {
            return self.say(peer, &Ctl::Renew, out);
        }
        let mut parcels = Vec::new();
        if member.pair.rekey(&self.identity, rng, &mut parcels) {
            member.renewing_until.get_or_insert(now + RENEWING);
        }
        send(peer, parcels, out);
    }

    pub(crate) fn renew_what_is_due(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        out: &mut Vec<Output>,
    ) {
        let due = |m: &Member| m.path != Path::None && now >= m.renew_at;
        let due: Vec<Pid> = self.members.iter().filter(|(_, m)| due(m)).map(|(pid, _)| *pid).collect();
        for peer in due {
            self.renew(now, rng, peer, out);
        }
    }

    /// The session has new keys: the frames get some too.
    fn renewed(&mut self, now: Duration, peer: Pid, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        (member.renewed, member.renew_at, member.renewing_until) = (now, now + KEYS_LAST, None);
        let (seal_key, media_key) = member.next_generation(rng);
        if member.link == MemberLink::Ready {
            out.push(Output::Talk(TalkOrder::AddPeer(peer, seal_key)));
        } else {
            member.seal_key = Some(seal_key);
        }
        // The epoch may have begun while this was on its way.
        if member.pair.epoch() != Some(self.identity.epoch) {
            member.renew_at = now;
        }
        self.say(peer, &media_key, out);
    }

    fn said(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        message: Ctl,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        match message {
            Ctl::Hello(hello) => {
                member.hello = Some(hello);
                self.recognise_hosts(now, out);
            }
            Ctl::Sdp(sdp) => {
                member.described(now, &sdp);
                out.push(Output::RemoteDescription(peer, sdp));
            }
            Ctl::Ice(candidate) => out.push(Output::RemoteCandidate(peer, candidate)),
            Ctl::MediaKey { generation, key } => {
                let key = OpenKey::new(MediaKey::from(key), generation);
                out.push(Output::Listen(ListenOrder::AddPeer(peer, key)));
                self.tell_volume(peer, out);
            }
            Ctl::Floor(message) => {
                self.floor.handle(now, Input::Floor { from: peer, message }, out);
                self.flush(out);
            }
            Ctl::Settings(settings) => {
                if member.host && settings.n > self.settings.n {
                    self.floor.settings(now, &settings, out);
                    self.settings = settings;
                    self.flush(out);
                }
            }
            Ctl::Ping { token } => self.say(peer, &Ctl::Pong { token, at: micros(now) }, out),
            Ctl::Pong { token, at } => {
                member.reception.pong(now, token, at);
                self.fit_to_paths(now, out);
            }
            Ctl::Captured { timestamp, at } => member.reception.captured(timestamp, at),
            Ctl::Report(report) => {
                member.reception.reported(now, report);
                self.fit_to_paths(now, out);
            }
            Ctl::Bye => {
                self.claimant_left(peer);
                self.part(now, peer, out);
            }
            Ctl::Status(status) => member.status = status,
            Ctl::Heard { generation, step } => self.spurt.heard(peer, generation, step),
            Ctl::Renew => {
                if member.pair.is_initiator() && now >= member.renewed + RENEWED_ENOUGH {
                    self.renew(now, rng, peer, out);
                }
            }
            Ctl::Statement(signed) => self.take_statement(now, Some(peer), signed, notices, out),
            Ctl::RoomSecret { epoch, secret, door } => {
                self.take_secret(now, rng, Some(peer), epoch, secret.into(), door, out);
            }
            Ctl::Roster(roster) => self.rosters.told(now, peer, &roster),
            Ctl::Sas(sas) => self.sas(now, rng, peer, sas, notices, out),
            Ctl::WrongGuesses { epoch, count } => {
                if epoch == self.identity.epoch {
                    self.guesses.told(peer, count);
                    self.tell_guessed(notices);
                }
            }
            Ctl::Restart => self.restart_asked(now, peer, out),
            Ctl::Place(place) => self.told_place(now, peer, place, out),
            // A step of a handshake is taken by the pair itself.
            Ctl::Rekey(_) => {}
        }
    }

    /// Voice can flow to a member once both have spoken over the data channel and it is known who they are.
    fn ready(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        let epoch = self.epoch();
        let Some(member) = self.members.get_mut(&peer) else { return };
        let is_new = member.path == Path::Up && member.hello.is_some() && member.link != MemberLink::Ready;
        if !is_new || member.pair.epoch() != Some(epoch) {
            return;
        }
        let Some(key) = member.seal_key.take() else { return };
        member.link = MemberLink::Ready;
        (member.failures, member.timeouts) = (0, 0);
        notices.withdraw(ErrorCode::CannotConnect);
        let host = member.host;
        out.push(Output::Talk(TalkOrder::AddPeer(peer, key)));
        self.floor.handle(now, Input::Up { pid: peer, host }, out);
        self.flush(out);
        // Who comes takes us for one whose microphone is on, who hears, and has nothing to say.
        if self.status != Status::default() {
            self.say(peer, &Ctl::Status(self.status), out);
        }
    }

    /// Somebody who was here is announced again: it has come back to its seat.
    pub(crate) fn meet_again(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        member.at_server = true;
        if member.both_until.is_some() {
            // What was relayed while one of us was away is lost.
            let mut parcels = Vec::new();
            member.pair.go_both_ways(&mut parcels);
            send(peer, parcels, out);
        }
        if member.is_ended() || member.path != Path::None {
            return;
        }
        member.absent_until = None;
        member.link = MemberLink::Connecting;
        let mut parcels = Vec::new();
        member.pair.begin(now, &self.identity, rng, &mut parcels);
        send(peer, parcels, out);
        self.floor.handle(now, Input::Known(peer), out);
        self.flush(out);
    }

    /// No answer any more: take the keys back, and find each other anew where the server still knows the member.
    pub(crate) fn lose(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        peer: Pid,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.is_ended() || member.path == Path::None {
            return;
        }
        if !member.at_server || !self.seat.is_taken() {
            return self.miss(now, peer, out);
        }
        member.pair.begin_at(now + jittered(NETWORK.after(member.failures), rng));
        member.failed(notices);
        self.cut(now, peer, MemberLink::Lost, out);
    }

    /// Cannot be reached at all: its place is kept for a while.
    pub(crate) fn miss(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        // Of who was never met there is nothing to keep.
        if member.is_ended() || member.hello.is_none() {
            return self.part(now, peer, out);
        }
        member.absent_until.get_or_insert(now + ABSENCE);
        member.pair.rest();
        self.cut(now, peer, MemberLink::Lost, out);
    }

    /// No peer connection, and no key.
    pub(crate) fn cut(&mut self, now: Duration, peer: Pid, link: MemberLink, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        (member.link, member.path) = (link, Path::None);
        (member.seal_key, member.renewing_until) = (None, None);
        (member.restart, member.both_until) = (None, None);
        member.pair.channel_closed();
        self.comparing.take_if(|comparing| comparing.peer == peer);
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        let input = match link {
            MemberLink::Mismatch => Input::Mismatch(peer),
            // Nobody waits for who is blocked.
            MemberLink::Blocked => Input::Gone(peer),
            _ => Input::Down(peer),
        };
        self.floor.handle(now, input, out);
        self.flush(out);
    }

    /// The other end of the peer connection is not who the session named: nothing flows, and nothing is tried again.
    pub(crate) fn mismatch(
        &mut self,
        now: Duration,
        peer: Pid,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        notices.tell(ErrorCode::CannotConnectSecurely, member.name());
        self.end_pair(now, peer, out);
    }

    /// Nothing flows to a member any more until it has left.
    pub(crate) fn end_pair(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        self.cut(now, peer, MemberLink::Mismatch, out);
    }

    /// A member is gone for good.
    pub(crate) fn part(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        if self.members.remove(&peer).is_none() {
            return;
        }
        self.order.retain(|pid| *pid != peer);
        self.comparing.take_if(|comparing| comparing.peer == peer);
        self.whisper.forget(&peer);
        self.rosters.gone(now, peer);
        self.listing.compared = None;
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Gone(peer), out);
        self.flush(out);
    }
}

/// Takes back both keys of a member.
pub(crate) fn silence(peer: Pid, out: &mut Vec<Output>) {
    out.push(Output::Talk(TalkOrder::RemovePeer(peer)));
    out.push(Output::Listen(ListenOrder::RemovePeer(peer)));
}
