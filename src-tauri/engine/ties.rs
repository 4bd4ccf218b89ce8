//! The ties to the other members: meeting, agreeing on keys, being ready for each other, losing and parting.

use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{MediaKey, OpenKey, pid, verify_host_proof};
use pushtalk_mesh::Role;
use pushtalk_protocol::{Capabilities, Ctl, Hello, MemberPublic, Pid};
use pushtalk_room::Input;
use rand::CryptoRng;

use crate::brain::{ListenOrder, Output, TalkOrder};
use crate::face::{ErrorCode, MemberLink};
use crate::identity::Identity;
use crate::inside::{Inside, PATH_PATIENCE, PAUSE, send};
use crate::member::{Member, Path};
use crate::notices::Notices;
use crate::pair::{Pair, PairEvent, Way};

impl Inside {
    pub(crate) fn meet(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        public: MemberPublic,
        out: &mut Vec<Output>,
    ) {
        let peer = pid(&public);
        if peer == self.identity.pid || self.members.contains_key(&peer) {
            return;
        }
        let mut member = Member {
            pair: Pair::new(&self.identity, peer, public),
            hello: None,
            host: false,
            link: MemberLink::Connecting,
            at_server: true,
            path: Path::None,
            generation: 0,
            seal_key: None,
            last_heard: now,
            failures: 0,
        };
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
        if member.link == MemberLink::Mismatch {
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
        for event in events {
            match event {
                PairEvent::Proved => self.proved(now, peer, rng, out),
                PairEvent::Said(message) => self.said(now, peer, message, out),
                PairEvent::OtherVersion(theirs) => notices.tell(
                    ErrorCode::OtherVersion,
                    Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)),
                ),
            }
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
        member.path = Path::Opening { until: now + PATH_PATIENCE };
        member.pair.channel_closed();
        let (seal_key, media_key) = member.next_generation(rng);
        member.seal_key = Some(seal_key);
        out.push(Output::OpenPeer(peer, role));
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
        self.flush(out);
    }

    /// A new generation of keys for everybody that frames are sealed for; in order behind what was said before.
    pub(crate) fn renew_keys(&mut self, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        for peer in self.order.clone() {
            let Some(member) = self.members.get_mut(&peer) else { continue };
            if member.link == MemberLink::Ready {
                let (seal_key, media_key) = member.next_generation(rng);
                self.say(peer, &media_key, out);
                out.push(Output::Talk(TalkOrder::AddPeer(peer, seal_key)));
            }
        }
    }

    fn said(&mut self, now: Duration, peer: Pid, message: Ctl, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        match message {
            Ctl::Hello(hello) => {
                let Identity { room_id, host_public, epoch, .. } = &self.identity;
                member.host = hello.host_proof.as_ref().is_some_and(|proof| {
                    verify_host_proof(host_public, *room_id, *epoch, peer, proof).is_ok()
                });
                member.hello = Some(hello);
            }
            Ctl::Sdp(sdp) => out.push(Output::RemoteDescription(peer, sdp)),
            Ctl::Ice(candidate) => out.push(Output::RemoteCandidate(peer, candidate)),
            Ctl::MediaKey { generation, key } => {
                let key = OpenKey::new(MediaKey::from(key), generation);
                out.push(Output::Listen(ListenOrder::AddPeer(peer, key)));
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
            Ctl::Ping { token } => self.say(peer, &Ctl::Pong { token }, out),
            Ctl::Bye => self.part(now, peer, out),
            Ctl::Status(_)
            | Ctl::Heard { .. }
            | Ctl::Pong { .. }
            | Ctl::Renew
            | Ctl::Rekey(_)
            | Ctl::Statement(_)
            | Ctl::RoomSecret { .. }
            | Ctl::Roster(_)
            | Ctl::Sas(_)
            | Ctl::WrongGuesses { .. } => {}
        }
    }

    /// Voice can flow to a member once both have spoken over the data channel and it is known who they are.
    fn ready(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.path != Path::Up || member.hello.is_none() || member.link == MemberLink::Ready {
            return;
        }
        let Some(key) = member.seal_key.take() else { return };
        member.link = MemberLink::Ready;
        member.failures = 0;
        notices.withdraw(ErrorCode::CannotConnect);
        let host = member.host;
        out.push(Output::Talk(TalkOrder::AddPeer(peer, key)));
        self.floor.handle(now, Input::Up { pid: peer, host }, out);
        self.flush(out);
    }

    /// No answer any more: take the keys back, and find each other anew where the server still knows the member.
    pub(crate) fn lose(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        if member.link == MemberLink::Mismatch || member.path == Path::None {
            return;
        }
        if !member.at_server || !self.server_up {
            return self.part(now, peer, out);
        }
        member.link = MemberLink::Lost;
        member.path = Path::None;
        member.seal_key = None;
        member.pair.channel_closed();
        member.pair.begin_at(now + PAUSE);
        member.failed(notices);
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Down(peer), out);
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
        member.link = MemberLink::Mismatch;
        member.path = Path::None;
        member.seal_key = None;
        notices.tell(ErrorCode::CannotConnectSecurely, member.name());
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Mismatch(peer), out);
        self.flush(out);
    }

    /// A member is gone for good.
    pub(crate) fn part(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        if self.members.remove(&peer).is_none() {
            return;
        }
        self.order.retain(|pid| *pid != peer);
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
