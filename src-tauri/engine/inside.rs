//! In a room: its members, their pairs, the door for newcomers, and the floor.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_mesh::{FailWhy, MeshEvent};
use pushtalk_protocol::{CertificateHash, Ctl, MemberPublic, Mode, Pid, ServerAddress, Settings};
use pushtalk_room::{Input, Room, RoomConfig};
use pushtalk_signaling::client::ServerEvent;
use rand::CryptoRng;

use crate::brain::{Habits, ListenOrder, Output, TalkOrder, VoiceNews};
use crate::door::Doorkeeper;
use crate::face::{self, ErrorCode, Microphone, Preferences};
use crate::floor::FloorDesk;
use crate::identity::Identity;
use crate::member::{Member, Path};
use crate::notices::Notices;
use crate::pair::{Parcel, Way};
use crate::ties::silence;
use crate::view;

/// Asked this often over the data channel.
const PING_EVERY: Duration = Duration::from_secs(1);
/// A member that says nothing for so long is lost.
const SILENCE: Duration = Duration::from_millis(3_500);
/// The same, once the server has told that its connection is gone.
const SILENCE_AFTER_LEAVING: Duration = Duration::from_millis(1_500);
/// A peer connection that is not up by then is begun anew.
pub(crate) const PATH_PATIENCE: Duration = Duration::from_secs(10);
/// Between a loss and the next handshake.
pub(crate) const PAUSE: Duration = Duration::from_millis(500);

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
    pub(crate) version: String,
}

impl Inside {
    pub(crate) fn new(now: Duration, arrival: Arrival, habits: &Habits) -> Self {
        let Arrival { identity, title, members, servers, certificate, early } = arrival;
        let hosting = identity.hosting;
        let limit = u16::try_from(habits.talk_limit.as_secs()).unwrap_or(u16::MAX).clamp(10, 300);
        let settings = Settings { n: u32::from(hosting), mode: Mode::Radio, talk_limit: limit, title };
        let talk_limit = Duration::from_secs(limit.into());
        let room = Room::new(RoomConfig { me: identity.pid, hosting, talk_limit, mode: Mode::Radio });
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
        if !self.identity.hosting
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
            // It was closed again while it opened; the order to close it is on its way behind.
            VoiceNews::MicrophoneOpen if self.microphone == Microphone::Off => {}
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
                member.failed(notices);
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

    pub(crate) fn say(&mut self, peer: Pid, message: &Ctl, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&peer) {
            let mut parcels = Vec::new();
            member.pair.say(message, &mut parcels);
            send(peer, parcels, out);
        }
    }

    /// Says to the members what the floor wants to be said.
    pub(crate) fn flush(&mut self, out: &mut Vec<Output>) {
        for (peer, message) in self.floor.take_messages() {
            self.say(peer, &Ctl::Floor(message), out);
        }
    }
}

pub(crate) fn send(peer: Pid, parcels: Vec<Parcel>, out: &mut Vec<Output>) {
    out.extend(parcels.into_iter().map(|parcel| match parcel.way {
        Way::Relay => Output::Relay(peer, parcel.bytes),
        Way::Channel => Output::SendCtl(peer, parcel.bytes),
    }));
}
