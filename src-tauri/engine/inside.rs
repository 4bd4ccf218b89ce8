//! In a room: its members, their pairs, the door for newcomers, and the floor.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{MediaKey, OpenKey, SealKey, pid, verify_host_proof};
use pushtalk_mesh::{FailWhy, MeshEvent, Role};
use pushtalk_protocol::{
    Capabilities, CertificateHash, Ctl, Hello, MemberPublic, Mode, Pid, ServerAddress, Settings,
};
use pushtalk_room::{Input, Room, RoomConfig};
use pushtalk_signaling::client::ServerEvent;
use rand::CryptoRng;

use crate::brain::{Habits, ListenOrder, Output, TalkOrder, VoiceNews};
use crate::door::Doorkeeper;
use crate::face::{self, ErrorCode, MemberLink, Microphone, Preferences};
use crate::floor::FloorDesk;
use crate::identity::Identity;
use crate::notices::Notices;
use crate::pair::{Pair, PairEvent, Parcel, Way};
use crate::view;

/// Asked this often over the data channel.
const PING_EVERY: Duration = Duration::from_secs(1);
/// A member that says nothing for so long is lost.
const SILENCE: Duration = Duration::from_millis(3_500);
/// The same, once the server has told that its connection is gone.
const SILENCE_AFTER_LEAVING: Duration = Duration::from_millis(1_500);
/// A peer connection that is not up by then is begun anew.
const PATH_PATIENCE: Duration = Duration::from_secs(10);
/// Between a loss and the next handshake.
const PAUSE: Duration = Duration::from_millis(500);
/// So many failures are told to the person; trying goes on.
const TOLD_AFTER: u32 = 3;

/// With what we come in.
pub(crate) struct Arrival {
    pub(crate) identity: Identity,
    pub(crate) title: String,
    pub(crate) members: Vec<MemberPublic>,
    pub(crate) servers: Vec<ServerAddress>,
    pub(crate) certificate: Option<CertificateHash>,
    pub(crate) early: Vec<ServerEvent>,
}

/// Our stay in one room.
pub(crate) struct Inside {
    pub(crate) identity: Identity,
    /// Made once: it is the same until the epoch changes.
    pub(crate) invitation: face::Invitation,
    pub(crate) settings: Settings,
    pub(crate) members: BTreeMap<Pid, Member>,
    /// In the order they came.
    pub(crate) order: Vec<Pid>,
    pub(crate) server_up: bool,
    pub(crate) floor: FloorDesk,
    microphone: Microphone,
    door: Doorkeeper,
    newcomers: Vec<MemberPublic>,
    early: Vec<ServerEvent>,
    next_ping: Duration,
    version: String,
}

/// One other member.
pub(crate) struct Member {
    pair: Pair,
    pub(crate) hello: Option<Hello>,
    pub(crate) host: bool,
    pub(crate) link: MemberLink,
    /// False once the server has told that its connection is gone.
    at_server: bool,
    path: Path,
    generation: u32,
    /// Waits until the voice path is up: nothing is sealed for a member that is not shown as ready.
    seal_key: Option<SealKey>,
    last_heard: Duration,
    failures: u32,
}

/// How far the peer connection is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Path {
    None,
    Opening {
        until: Duration,
    },
    /// The data channel is open on our side; the other side has not yet said anything over it.
    Open {
        until: Duration,
    },
    /// Both sides have spoken over it.
    Up,
}

impl Inside {
    pub(crate) fn new(now: Duration, arrival: Arrival, habits: &Habits) -> Self {
        let Arrival { identity, title, members, servers, certificate, early } = arrival;
        let hosting = identity.host_key.is_some();
        let limit = u16::try_from(habits.talk_limit.as_secs()).unwrap_or(u16::MAX).clamp(10, 300);
        let settings = Settings { n: u32::from(hosting), mode: Mode::Radio, talk_limit: limit, title };
        let talk_limit = Duration::from_secs(limit.into());
        let room = Room::new(RoomConfig { me: identity.pid, hosting, talk_limit });
        Self {
            invitation: view::invitation(&identity, &servers, certificate),
            identity,
            settings,
            members: BTreeMap::new(),
            order: Vec::new(),
            server_up: true,
            floor: FloorDesk::new(room),
            microphone: Microphone::Off,
            door: Doorkeeper::default(),
            newcomers: members,
            early,
            next_ping: now + PING_EVERY,
            version: habits.version.clone(),
        }
    }

    /// Meets those who are here already.
    pub(crate) fn settle(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        for member in std::mem::take(&mut self.newcomers) {
            self.meet(now, rng, member, out);
        }
        for event in std::mem::take(&mut self.early) {
            self.server(now, rng, event, notices, out);
        }
    }

    pub(crate) fn microphone(&self) -> Microphone {
        self.microphone
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let pairs = self.members.values().filter_map(|m| m.pair.poll_timeout());
        let paths = self.members.values().filter_map(|m| match m.path {
            Path::Opening { until } | Path::Open { until } => Some(until),
            Path::None | Path::Up => None,
        });
        let ping = (!self.members.is_empty()).then_some(self.next_ping);
        pairs.chain(paths).chain(ping).chain(self.floor.poll_timeout()).chain(self.door.poll_timeout()).min()
    }

    /// The host's name for the room reaches the list of recent rooms when it is learned.
    pub(crate) fn remember_title(&self, preferences: &mut Preferences) {
        if self.identity.host_key.is_none()
            && !self.settings.title.is_empty()
            && let Some(recent) = preferences.recent.first_mut()
            && recent.title != self.settings.title
        {
            recent.title.clone_from(&self.settings.title);
        }
    }

    pub(crate) fn server(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        event: ServerEvent,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        match event {
            ServerEvent::MemberJoined(joined) => self.meet(now, rng, joined.member_pub, out),
            ServerEvent::MemberLeft(left) => {
                if let Some(member) = self.members.get_mut(&left.pid) {
                    member.at_server = false;
                    if member.path != Path::Up {
                        self.part(now, left.pid, out);
                    }
                }
            }
            ServerEvent::Relayed { from, data } => {
                self.hear(now, rng, from, Way::Relay, &data, notices, out);
            }
            ServerEvent::LobbyMessage { lobby, data } => {
                self.door.message(now, rng, lobby, &data, &self.identity, out);
            }
            ServerEvent::LobbyClose { lobby } => self.door.closed(lobby),
            ServerEvent::RoomClosed => {
                self.server_up = false;
                notices.tell(ErrorCode::RoomClosed, None);
            }
            ServerEvent::Gone => {
                if self.server_up {
                    self.server_up = false;
                    notices.tell(ErrorCode::ServerGone, None);
                }
                let gone: Vec<Pid> =
                    self.members.iter().filter(|(_, m)| m.path != Path::Up).map(|(pid, _)| *pid).collect();
                for member in self.members.values_mut() {
                    member.at_server = false;
                }
                for pid in gone {
                    self.part(now, pid, out);
                }
            }
        }
    }

    pub(crate) fn mesh(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        event: MeshEvent,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        match event {
            MeshEvent::Description { peer, sdp } => self.say(peer, &Ctl::Sdp(sdp), out),
            MeshEvent::Candidate { peer, candidate } => self.say(peer, &Ctl::Ice(candidate), out),
            MeshEvent::CtlOpen { peer } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    let mut parcels = Vec::new();
                    member.path = Path::Open { until: now + PATH_PATIENCE };
                    member.pair.channel_opened(&mut parcels);
                    send(peer, parcels, out);
                    self.say(peer, &Ctl::Ping { token: 0 }, out);
                }
            }
            MeshEvent::Ctl { peer, message } => {
                self.hear(now, rng, peer, Way::Channel, &message, notices, out)
            }
            MeshEvent::Connected { .. } | MeshEvent::Disconnected { .. } => {}
            MeshEvent::Failed { peer, why: FailWhy::Dtls } => self.mismatch(now, peer, notices, out),
            MeshEvent::Failed { peer, .. } | MeshEvent::Closed { peer } => {
                self.lose(now, peer, notices, out);
            }
        }
    }

    pub(crate) fn voice(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        news: VoiceNews,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        match news {
            VoiceNews::MicrophoneOpen => {
                self.microphone = Microphone::Open;
                for code in [ErrorCode::NoMicrophone, ErrorCode::MicrophoneBlocked, ErrorCode::MicrophoneGone]
                {
                    notices.withdraw(code);
                }
                self.tell_microphone(now, out);
            }
            VoiceNews::MicrophoneFailed(code, about) => {
                if self.microphone != Microphone::Off {
                    self.microphone = Microphone::Failed;
                    notices.tell(code, about);
                    self.tell_microphone(now, out);
                }
            }
            VoiceNews::OutputFailed(code, about) => notices.tell(code, about),
            VoiceNews::Heard(pid) => {
                if let Some(member) = self.members.get_mut(&pid) {
                    member.last_heard = now;
                }
                self.floor.handle(now, Input::Voice(pid), out);
                self.flush(out);
            }
            VoiceNews::TurnEnded => {
                self.floor.handle(now, Input::Tick, out);
                self.flush(out);
            }
            VoiceNews::KeysWorn => self.renew_keys(rng, out),
            VoiceNews::Devices(_) => {}
        }
    }

    pub(crate) fn open_microphone(
        &mut self,
        now: Duration,
        preferences: &Preferences,
        out: &mut Vec<Output>,
    ) {
        if self.microphone == Microphone::Off {
            self.microphone = Microphone::Failed;
        }
        out.push(Output::Talk(TalkOrder::OpenMicrophone(preferences.input.clone())));
        self.tell_microphone(now, out);
    }

    pub(crate) fn close_microphone(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.microphone = Microphone::Off;
        self.tell_microphone(now, out);
        out.push(Output::Talk(TalkOrder::CloseMicrophone));
    }

    fn tell_microphone(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.floor.microphone(now, self.microphone, out);
        self.flush(out);
    }

    pub(crate) fn press(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.floor.handle(now, Input::Press, out);
        self.flush(out);
    }

    pub(crate) fn release(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.floor.handle(now, Input::Release, out);
        self.flush(out);
    }

    pub(crate) fn tick(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        self.floor.handle(now, Input::Tick, out);
        self.flush(out);
        self.door.tick(now, out);
        if now >= self.next_ping {
            self.next_ping = now + PING_EVERY;
            let up: Vec<Pid> =
                self.members.iter().filter(|(_, m)| m.path == Path::Up).map(|(pid, _)| *pid).collect();
            for pid in up {
                self.say(pid, &Ctl::Ping { token: 0 }, out);
            }
        }
        let mut lost = Vec::new();
        for (pid, member) in &mut self.members {
            let mut parcels = Vec::new();
            if member.pair.handle_timeout(now, &self.identity, rng, &mut parcels) {
                member.failures += 1;
                if member.failures == TOLD_AFTER {
                    let name = member.hello.as_ref().map(|h| h.name.as_str().to_owned());
                    notices.tell(ErrorCode::CannotConnect, name);
                }
            }
            send(*pid, parcels, out);
            let silence = if member.at_server { SILENCE } else { SILENCE_AFTER_LEAVING };
            match member.path {
                Path::Up if now >= member.last_heard + silence => lost.push(*pid),
                Path::Opening { until } | Path::Open { until } if now >= until => lost.push(*pid),
                _ => {}
            }
        }
        for pid in lost {
            self.lose(now, pid, notices, out);
        }
    }

    /// Says good-bye to everybody and takes back every key.
    pub(crate) fn leave(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.floor.handle(now, Input::Leave, out);
        self.flush(out);
        for (pid, member) in &mut self.members {
            let mut parcels = Vec::new();
            member.pair.say(&Ctl::Bye, &mut parcels);
            // The data channel is closed right behind it, so it goes over the relay too; the second one is dropped by
            // its number.
            let again = parcels.iter().map(|p| Parcel { way: Way::Relay, bytes: p.bytes.clone() });
            let again: Vec<Parcel> = again.collect();
            parcels.extend(again);
            send(*pid, parcels, out);
        }
        out.push(Output::Talk(TalkOrder::CloseMicrophone));
        out.push(Output::Listen(ListenOrder::CloseOutput));
        for pid in std::mem::take(&mut self.order) {
            self.members.remove(&pid);
            silence(pid, out);
            out.push(Output::ClosePeer(pid));
        }
    }

    fn meet(&mut self, now: Duration, rng: &mut dyn CryptoRng, public: MemberPublic, out: &mut Vec<Output>) {
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
    fn hear(
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
        let mut events = VecDeque::from(events);
        while let Some(event) = events.pop_front() {
            match event {
                PairEvent::Proved => self.proved(now, peer, rng, out),
                PairEvent::Said(message) => self.said(now, peer, message, notices, out),
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
        let host_proof = self
            .identity
            .host_key
            .as_ref()
            .map(|key| key.prove_host(self.identity.room_id, self.identity.epoch, self.identity.pid));
        let hello = Hello {
            name: self.identity.name.clone(),
            app_version: self.version.clone(),
            capabilities: Capabilities::default(),
            host_proof,
        };
        self.say(peer, &Ctl::Hello(hello), out);
        if self.identity.host_key.is_some() {
            self.say(peer, &Ctl::Settings(self.settings.clone()), out);
        }
        self.say(peer, &media_key, out);
        self.flush(out);
    }

    /// A new generation of keys for everybody that frames are sealed for; in order behind what was said before.
    fn renew_keys(&mut self, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        for peer in self.order.clone() {
            let Some(member) = self.members.get_mut(&peer) else { continue };
            if member.link == MemberLink::Ready {
                let (seal_key, media_key) = member.next_generation(rng);
                self.say(peer, &media_key, out);
                out.push(Output::Talk(TalkOrder::AddPeer(peer, seal_key)));
            }
        }
    }

    fn said(&mut self, now: Duration, peer: Pid, message: Ctl, notices: &mut Notices, out: &mut Vec<Output>) {
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
            Ctl::Status(_) | Ctl::Heard { .. } | Ctl::Pong { .. } => {}
        }
        let _ = notices;
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
    fn lose(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
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
        member.failures += 1;
        if member.failures == TOLD_AFTER {
            notices.tell(ErrorCode::CannotConnect, member.hello.as_ref().map(|h| h.name.as_str().to_owned()));
        }
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Down(peer), out);
        self.flush(out);
    }

    /// The other end of the peer connection is not who the session named: nothing flows, and nothing is tried again.
    fn mismatch(&mut self, now: Duration, peer: Pid, notices: &mut Notices, out: &mut Vec<Output>) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        member.link = MemberLink::Mismatch;
        member.path = Path::None;
        member.seal_key = None;
        notices.tell(
            ErrorCode::CannotConnectSecurely,
            member.hello.as_ref().map(|h| h.name.as_str().to_owned()),
        );
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Mismatch(peer), out);
        self.flush(out);
    }

    /// A member is gone for good.
    fn part(&mut self, now: Duration, peer: Pid, out: &mut Vec<Output>) {
        if self.members.remove(&peer).is_none() {
            return;
        }
        self.order.retain(|pid| *pid != peer);
        silence(peer, out);
        out.push(Output::ClosePeer(peer));
        self.floor.handle(now, Input::Gone(peer), out);
        self.flush(out);
    }

    fn say(&mut self, peer: Pid, message: &Ctl, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&peer) {
            let mut parcels = Vec::new();
            member.pair.say(message, &mut parcels);
            send(peer, parcels, out);
        }
    }

    /// Says to the members what the floor wants to be said.
    fn flush(&mut self, out: &mut Vec<Output>) {
        for (peer, message) in self.floor.take_messages() {
            self.say(peer, &Ctl::Floor(message), out);
        }
    }
}

impl Member {
    /// A fresh key: one half to seal with, the other to be told.
    fn next_generation(&mut self, rng: &mut dyn CryptoRng) -> (SealKey, Ctl) {
        let mut rng = rng;
        self.generation += 1;
        let key = MediaKey::generate(&mut rng);
        let told = Ctl::MediaKey { generation: self.generation, key: key.to_secret() };
        (SealKey::new(key, self.generation), told)
    }
}

/// Takes back both keys of a member.
fn silence(peer: Pid, out: &mut Vec<Output>) {
    out.push(Output::Talk(TalkOrder::RemovePeer(peer)));
    out.push(Output::Listen(ListenOrder::RemovePeer(peer)));
}

fn send(peer: Pid, parcels: Vec<Parcel>, out: &mut Vec<Output>) {
    out.extend(parcels.into_iter().map(|parcel| match parcel.way {
        Way::Relay => Output::Relay(peer, parcel.bytes),
        Way::Channel => Output::SendCtl(peer, parcel.bytes),
    }));
}
