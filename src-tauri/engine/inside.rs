//! In a room: its members, their pairs, the door for newcomers, and the floor.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use pushtalk_mesh::{FailWhy, MeshEvent};
use pushtalk_protocol::{
    CertificateHash, Ctl, DoorState, MemberPublic, Mode, Pid, Roster, ServerAddress, Settings, Status,
};
use pushtalk_room::{Input, Room, RoomConfig, Rosters, Situation};
use pushtalk_signaling::client::ServerEvent;
use rand::CryptoRng;

use crate::aside::Deafened;
use crate::brain::{Habits, ListenOrder, Output, TalkOrder, VoiceNews};
use crate::coding::Coding;
use crate::crowd;
use crate::door::Doorkeeper;
use crate::epoch::Epochs;
use crate::face::{self, ErrorCode, Microphone, Preferences};
use crate::floor::FloorDesk;
use crate::guesses::Guesses;
use crate::heard::Spurt;
use crate::identity::Identity;
use crate::listing::Listing;
use crate::member::{Member, Path};
use crate::notices::Notices;
use crate::pair::{Parcel, Way};
use crate::ports::Ports;
use crate::seat::Seat;
use crate::serving::Serving;
use crate::sounding::Sounding;
use crate::standby::Standby;
use crate::ties::silence;
use crate::verify::Comparing;
use crate::view;
use crate::whisper::Whisper;

/// Asked this often over the data channel.
const PING_EVERY: Duration = Duration::from_secs(1);
/// A member that says nothing for so long is lost.
const SILENCE: Duration = Duration::from_millis(3_500);
/// The same, once the server has told that its connection is gone.
const SILENCE_AFTER_LEAVING: Duration = Duration::from_millis(1_500);
/// A peer connection that is not up so long after its offer is begun anew.
pub(crate) const PATH_PATIENCE: Duration = Duration::from_secs(10);
/// The same, before there is an offer: where many connect at once, who offers takes one after the other.
pub(crate) const OFFER_PATIENCE: Duration = Duration::from_secs(30);
/// Who is lost is the same member for so long: as long as the server keeps the seat.
pub(crate) const ABSENCE: Duration = Duration::from_secs(60);

/// With what we come in.
pub(crate) struct Arrival {
    pub(crate) identity: Identity,
    pub(crate) title: String,
    pub(crate) members: Vec<MemberPublic>,
    pub(crate) servers: Vec<ServerAddress>,
    pub(crate) certificate: Option<CertificateHash>,
    pub(crate) early: Vec<ServerEvent>,
    /// Who may come in, as far as who comes in knows it.
    pub(crate) door: DoorState,
    pub(crate) queueing: bool,
    /// Where this device reaches the server, when it runs here.
    pub(crate) own: Option<ServerAddress>,
    /// The server says to run on a member's device.
    pub(crate) on_device: bool,
}

/// Our stay in one room.
pub(crate) struct Inside {
    pub(crate) identity: Identity,
    pub(crate) servers: Vec<ServerAddress>,
    pub(crate) certificate: Option<CertificateHash>,
    pub(crate) serving: Serving,
    /// Made once: it is the same until the epoch changes.
    pub(crate) invitation: face::Invitation,
    pub(crate) settings: Settings,
    pub(crate) members: BTreeMap<Pid, Member>,
    /// In the order they came.
    pub(crate) order: Vec<Pid>,
    pub(crate) seat: Seat,
    pub(crate) epochs: Epochs,
    pub(crate) guesses: Guesses,
    pub(crate) rosters: Rosters,
    pub(crate) listing: Listing,
    pub(crate) comparing: Option<Comparing>,
    /// Those whom the host has sent away.
    pub(crate) removed: BTreeSet<Pid>,
    /// Those whose emoji were the same.
    pub(crate) verified: BTreeSet<Pid>,
    pub(crate) spurt: Spurt,
    pub(crate) whisper: Whisper,
    pub(crate) hand: bool,
    /// Set while we hear nobody.
    pub(crate) deafened: Option<Deafened>,
    /// What the others were told of us last.
    pub(crate) status: Status,
    /// Since when nobody can be reached and everybody is looked for.
    pub(crate) looking_since: Option<Duration>,
    /// Set when the host has sent us away: our stay is over.
    pub(crate) sent_away: Option<ErrorCode>,
    pub(crate) floor: FloorDesk,
    /// None when the person has chosen how long frames are.
    pub(crate) coding: Option<Coding>,
    pub(crate) microphone: Microphone,
    pub(crate) ports: Ports,
    pub(crate) standby: Standby,
    pub(crate) sounding: Sounding,
    pub(crate) door: Doorkeeper,
    newcomers: Vec<MemberPublic>,
    early: Vec<ServerEvent>,
    next_ping: Duration,
    pub(crate) version: String,
}

impl Inside {
    pub(crate) fn new(now: Duration, arrival: Arrival, habits: &Habits) -> Self {
        let Arrival { identity, title, members, servers, certificate, early, door, queueing, own, on_device } =
            arrival;
        let hosting = identity.hosting;
        let limit = u16::try_from(habits.talk_limit.as_secs()).unwrap_or(u16::MAX).clamp(10, 300);
        let settings = Settings { n: u32::from(hosting), mode: Mode::Radio, talk_limit: limit, title };
        let talk_limit = Duration::from_secs(limit.into());
        let (me, mode) = (identity.pid, settings.mode);
        let mut floor = FloorDesk::new(Room::new(RoomConfig { me, hosting, talk_limit, mode }));
        // Nothing is to be done for that.
        floor.handle(now, Input::Queueing(queueing), &mut Vec::new());
        Self {
            invitation: view::invitation(&identity, &servers, certificate),
            serving: Serving::here(own, servers.clone(), on_device),
            servers,
            certificate,
            listing: Listing::new(now, Roster { epoch: identity.epoch, pids: vec![me] }),
            identity,
            settings,
            members: BTreeMap::new(),
            order: Vec::new(),
            seat: Seat::Taken,
            epochs: Epochs::new(door),
            guesses: Guesses::default(),
            rosters: Rosters::new(me),
            comparing: None,
            removed: BTreeSet::new(),
            verified: BTreeSet::new(),
            spurt: Spurt::default(),
            whisper: Whisper::default(),
            hand: false,
            deafened: None,
            status: Status::default(),
            looking_since: None,
            sent_away: None,
            floor,
            coding: habits.adapt.then(Coding::new),
            microphone: Microphone::Off,
            sounding: Sounding::default(),
            ports: Ports::new(),
            standby: Standby::default(),
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

    /// By how much all that has to do with pings is slower than in a small room.
    pub(crate) fn crowd(&self) -> u32 {
        crowd::of(self.members.len() + 1)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        let crowd = self.crowd();
        let members = self.members.values().flat_map(|m| {
            let renewal = (m.path != Path::None).then_some(m.renew_at);
            let renewing = m.renewing_until.filter(|_| m.path != Path::None);
            let path = match m.path {
                Path::Opening { until } | Path::Open { until } => Some(until),
                Path::None | Path::Up => None,
            };
            [m.pair.poll_timeout(), renewal, renewing, path, m.path_timeout(crowd), m.absent_until]
        });
        let before = self.identity.before.as_ref().map(|before| before.until);
        let others =
            [before, self.seat.poll_timeout(), self.epochs.poll_timeout(), self.rosters.poll_timeout()];
        let listing = self.listing.poll_timeout();
        let ping = (!self.members.is_empty()).then_some(self.next_ping);
        let desks =
            [ping, listing, self.floor.poll_timeout(), self.door.poll_timeout(), self.ports.poll_timeout()];
        members.chain(others).chain(desks).flatten().min()
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
                        self.miss(now, left.pid, out);
                    }
                }
            }
            ServerEvent::Relayed { from, data } => {
                self.hear(now, rng, from, Way::Relay, &data, notices, out);
            }
            ServerEvent::LobbyMessage { lobby, data } => {
                self.knocked(now, rng, lobby, &data, notices, out);
            }
            ServerEvent::LobbyClose { lobby } => self.door.closed(lobby),
            ServerEvent::RoomCloses { left } => {
                let minutes = left.as_secs().div_ceil(60).to_string();
                notices.tell(ErrorCode::RoomCloses, Some(minutes));
            }
            // Of one that a member has named that is no last word.
            ServerEvent::RoomClosed if self.leave_server(now) => {}
            ServerEvent::RoomClosed => {
                self.seat = Seat::Given { closed: true };
                notices.tell(ErrorCode::RoomClosed, None);
            }
            ServerEvent::Gone => {
                self.unseated(now, rng, notices);
                let gone: Vec<Pid> =
                    self.members.iter().filter(|(_, m)| m.path != Path::Up).map(|(pid, _)| *pid).collect();
                for member in self.members.values_mut() {
                    member.at_server = false;
                }
                for pid in gone {
                    self.miss(now, pid, out);
                }
            }
        }
        self.compare_rosters(now, out);
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
            MeshEvent::Description { peer, sdp } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    member.described(now, &sdp);
                }
                self.say(peer, &Ctl::Sdp(sdp), out);
            }
            MeshEvent::Candidate { peer, candidate } => self.say(peer, &Ctl::Ice(candidate), out),
            MeshEvent::CtlOpen { peer } if self.is_up(peer) => self.moved(now, peer, out),
            MeshEvent::CtlOpen { peer } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    let mut parcels = Vec::new();
                    member.path = Path::Open { until: now + PATH_PATIENCE };
                    member.restart = None;
                    member.pair.channel_opened(&mut parcels);
                    send(peer, parcels, out);
                    self.ping(now, peer, out);
                }
            }
            MeshEvent::Ctl { peer, message } => {
                self.hear(now, rng, peer, Way::Channel, &message, notices, out)
            }
            MeshEvent::Disconnected { peer } => {
                if self.members.get(&peer).is_some_and(|member| member.restart.is_none()) {
                    self.restart(now, peer, 0, out);
                }
            }
            MeshEvent::Reached { peer } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    member.reached();
                }
            }
            MeshEvent::Connected { .. } => {}
            MeshEvent::Failed { peer, why: FailWhy::Dtls } => {
                if self.members.get_mut(&peer).is_some_and(Member::stalled) {
                    self.mismatch(now, peer, notices, out);
                } else {
                    self.lose(now, rng, peer, notices, out);
                }
            }
            MeshEvent::Failed { peer, .. } | MeshEvent::Closed { peer } => {
                self.lose(now, rng, peer, notices, out);
            }
        }
        self.compare_rosters(now, out);
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
            VoiceNews::Microphone(attempt, news) => {
                let steps = self.ports.input.news(now, attempt, news);
                self.microphone_steps(now, steps, notices, out);
            }
            VoiceNews::MicrophoneSilent(attempt, silent) => {
                self.microphone_silent(now, attempt, silent, notices, out);
            }
            VoiceNews::Output(attempt, news) => {
                let steps = self.ports.output.news(now, attempt, news);
                self.output_steps(steps, notices, out);
            }
            VoiceNews::Heard { peer, whisper } => {
                if let Some(member) = self.members.get_mut(&peer) {
                    member.last_heard = now;
                }
                // Who is muted here is not heard, and not answered.
                if !self.volume(&peer).muted && self.deafened.is_none() {
                    self.whisper.heard(now, peer, whisper);
                }
                let heard = if whisper { Input::Whispered(peer) } else { Input::Voice(peer) };
                self.floor.handle(now, heard, out);
                self.flush(out);
            }
            VoiceNews::TurnEnded => {
                self.floor.handle(now, Input::Tick, out);
                self.flush(out);
            }
            VoiceNews::KeysWorn => {
                for peer in self.order.clone() {
                    self.renew(now, rng, peer, out);
                }
            }
            VoiceNews::KeyWanted(peer) => self.renew(now, rng, peer, out),
            VoiceNews::Spurt(keys) => self.spurt = Spurt::begun(keys),
            // Who is muted here is not heard.
            VoiceNews::Began(peer, ..) if self.volume(&peer).muted || self.deafened.is_some() => {}
            VoiceNews::Began(peer, generation, step) => {
                self.say(peer, &Ctl::Heard { generation, step }, out);
            }
            VoiceNews::Hearing(peer, hearing) => self.hearing(peer, hearing, out),
            VoiceNews::Captured { timestamp, at, to } => self.captured(timestamp, at, &to, out),
            VoiceNews::OutputWorn(worn) => self.sounding.worn = worn,
            VoiceNews::Gate(open) => self.gate(now, open, out),
            VoiceNews::Devices(_) | VoiceNews::SoundCheck(..) => {}
        }
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
        self.tick_ports(now, notices, out);
        self.seat_timeout(now, rng);
        self.identity.forget_before(now);
        self.rosters.handle_timeout(now);
        self.end_old_epochs(now, rng, notices, out);
        self.renew_what_is_due(now, rng, out);
        self.tend_paths(now, out);
        if now >= self.next_ping {
            self.next_ping = now + PING_EVERY * self.crowd();
            let up: Vec<Pid> =
                self.members.iter().filter(|(_, m)| m.path == Path::Up).map(|(pid, _)| *pid).collect();
            for pid in up {
                self.ping(now, pid, out);
            }
            self.fit_to_paths(now, out);
        }
        let mut lost = Vec::new();
        let silence = SILENCE * self.crowd();
        for (pid, member) in &mut self.members {
            let mut parcels = Vec::new();
            if member.pair.handle_timeout(now, &self.identity, rng, &mut parcels) {
                member.failed(notices);
            }
            send(*pid, parcels, out);
            let silence = if member.at_server { silence } else { SILENCE_AFTER_LEAVING };
            match member.path {
                Path::Up | Path::Opening { .. } | Path::Open { .. }
                    if member.renewing_until.is_some_and(|until| now >= until) =>
                {
                    lost.push(*pid);
                }
                Path::Up if now >= member.last_heard + silence => lost.push(*pid),
                Path::Opening { until } | Path::Open { until } if now >= until => lost.push(*pid),
                _ => {}
            }
        }
        for pid in lost {
            self.lose(now, rng, pid, notices, out);
        }
        let gone = |m: &Member| m.absent_until.is_some_and(|until| now >= until);
        let gone: Vec<Pid> = self.members.iter().filter(|(_, m)| gone(m)).map(|(pid, _)| *pid).collect();
        for pid in gone {
            if self.members.get(&pid).is_some_and(|member| member.host) {
                notices.tell(ErrorCode::HostLost, None);
            }
            self.part(now, pid, out);
        }
        self.compare_rosters(now, out);
    }

    /// Says good-bye to everybody and takes back every key. A host hands the room over first.
    pub(crate) fn leave(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        if self.identity.hosting {
            self.hand_over(now, rng, None, notices, out);
        }
        self.floor.handle(now, Input::Leave, out);
        self.flush(out);
        for pid in self.order.clone() {
            self.say_last(pid, &Ctl::Bye, out);
        }
        out.push(Output::Talk(TalkOrder::CloseMicrophone));
        out.push(Output::Listen(ListenOrder::CloseOutput));
        for pid in std::mem::take(&mut self.order) {
            self.members.remove(&pid);
            silence(pid, out);
            out.push(Output::ClosePeer(pid));
        }
    }

    /// Says something to a member with whom there is still something.
    pub(crate) fn say(&mut self, peer: Pid, message: &Ctl, out: &mut Vec<Output>) {
        if let Some(member) = self.members.get_mut(&peer).filter(|member| !member.is_ended()) {
            let mut parcels = Vec::new();
            member.pair.say(message, &mut parcels);
            send(peer, parcels, out);
        }
    }

    /// The member that the window calls so.
    pub(crate) fn member_of(&self, id: &str) -> Option<Pid> {
        self.order.iter().find(|pid| view::member_id(pid) == id).copied()
    }

    /// The others are to know that we would like to say something.
    pub(crate) fn raise_hand(&mut self, up: bool, out: &mut Vec<Output>) {
        self.hand = up;
        self.tell_own_status(out);
    }

    /// As host: changes how the room works, and tells everybody.
    pub(crate) fn set(&mut self, now: Duration, change: impl FnOnce(&mut Settings), out: &mut Vec<Output>) {
        if !self.identity.hosting {
            return;
        }
        change(&mut self.settings);
        self.settings.n = self.settings.n.saturating_add(1);
        self.floor.settings(now, &self.settings, out);
        self.flush(out);
        for peer in self.order.clone() {
            self.say(peer, &Ctl::Settings(self.settings.clone()), out);
        }
    }

    /// After all that happened.
    pub(crate) fn note_reach(&mut self, now: Duration) {
        let nobody = matches!(self.floor.view().button, Situation::Offline);
        self.looking_since =
            if nobody && !self.seat.is_given() { self.looking_since.or(Some(now)) } else { None };
    }

    fn is_up(&self, peer: Pid) -> bool {
        self.members.get(&peer).is_some_and(|member| member.path == Path::Up)
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
