//! The brain: everything that one client decides, as a machine without clock, randomness or IO.
//!
//! `handle` takes what happened and says what is to be done; the control loop does it. Timers are data.

use std::time::Duration;

use pushtalk_protocol::{DisplayName, DoorState, Mode, Pid, Pin, ServerAddress, StatementKind};
use pushtalk_signaling::discovery::Nearby;
use rand::CryptoRng;

use crate::check::Checking;
use crate::entering::{At, Entering};
use crate::epoch::Begin;
use crate::face::{self, EnteringStep, ErrorCode, Intent};
use crate::inside::Inside;
use crate::key::TalkKeys;
use crate::looking::Looking;
use crate::lookout::Lookout;
use crate::notices::Notices;
pub use crate::orders::{
    Answer, CheckNews, CheckOrder, GamepadNews, Hosting, HostingError, Input, ListenOrder, Output, Plug,
    PlugNews, Request, ServerNews, TalkOrder, VoiceNews,
};
use crate::ticket::{Ticket, inspect, ticket};
use crate::whisper::Whom;

/// How this client makes and hosts rooms; from the command line.
#[derive(Clone)]
pub struct Habits {
    /// Rooms are made on this server instead of an embedded one.
    pub server: Option<ServerAddress>,
    /// Longest time one person may talk without a pause.
    pub talk_limit: Duration,
    /// True to enable audio on entering a room; the person said so by starting the command line.
    pub enable_audio: bool,
    /// True to choose how voice is encoded by what the network is like.
    pub adapt: bool,
    /// True where the program may look around on the network.
    pub discovery: bool,
    /// The program's own version.
    pub version: String,
}

/// A link is far shorter.
const LONGEST_OFFER: usize = 4096;

/// One client.
pub struct Brain {
    pub(crate) habits: Habits,
    pub(crate) stage: Stage,
    pub(crate) notices: Notices,
    pub(crate) preferences: face::Preferences,
    pub(crate) lookout: Lookout,
    pub(crate) check: Checking,
    pub(crate) key: TalkKeys,
    /// The name that was last used: in memory, for the next room.
    pub(crate) name: String,
    pub(crate) attempt: u64,
    day: u32,
    /// Rooms on this network, as they say themselves.
    pub(crate) nearby: Vec<Nearby>,
    /// That this machine is on, as of when it was asked for.
    pub(crate) networks: Vec<face::Network>,
    /// That this program has to do with, as of when it was asked for.
    pub(crate) contacts: Vec<face::Contact>,
    /// Handed over by the system.
    pub(crate) offered: Option<face::Offer>,
    offers: u32,
    /// Servers that were to be started, and of which nothing was told yet.
    starts: usize,
}

/// Where we are.
#[expect(clippy::large_enum_variant, reason = "there is one value of it in a program")]
pub(crate) enum Stage {
    Home { inspected: Option<face::Inspected>, ask: u32 },
    Looking(Looking),
    Entering(Entering),
    Inside(Inside),
}

impl Brain {
    /// At home, with the name to propose and what is kept on this device.
    pub fn new(habits: Habits, name: String, preferences: face::Preferences) -> Self {
        let key = TalkKeys::new(preferences.talk_key);
        Self {
            habits,
            stage: Stage::Home { inspected: None, ask: 0 },
            notices: Notices::default(),
            preferences,
            lookout: Lookout::default(),
            check: Checking::default(),
            key,
            name,
            attempt: 0,
            day: 0,
            nearby: Vec::new(),
            networks: Vec::new(),
            contacts: Vec::new(),
            offered: None,
            offers: 0,
            starts: 0,
        }
    }

    /// Tells which day it is, in days since 1970-01-01: what recent rooms are marked with.
    pub fn set_day(&mut self, day: u32) {
        self.day = day;
    }

    /// Tells something that happened outside.
    pub fn notice(&mut self, code: ErrorCode, about: Option<String>) {
        self.notices.tell(code, about);
    }

    /// Of several servers that were to be started only the last one is wanted.
    fn hosting_is_late(&mut self) -> bool {
        self.starts = self.starts.saturating_sub(1);
        self.starts > 0
    }

    /// Shows an invitation that the system handed over. Nothing is done with it.
    pub fn offer(&mut self, text: String) {
        if text.len() > LONGEST_OFFER {
            return self.notices.tell(ErrorCode::NotAnInvitation, None);
        }
        self.offers = self.offers.wrapping_add(1);
        self.offered = Some(face::Offer { number: self.offers, text });
    }

    /// Remembers where the window is.
    pub fn window_is(&mut self, place: face::WindowPlace) {
        self.preferences.window = Some(place);
    }

    /// True in a room.
    pub(crate) fn is_inside(&self) -> bool {
        matches!(self.stage, Stage::Inside(_))
    }

    /// The other members of the room we are in, in the order they came.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Pid> {
        match &self.stage {
            Stage::Inside(inside) => inside.order.as_slice(),
            _ => &[],
        }
        .iter()
    }

    /// How a member's voice arrives.
    pub(crate) fn quality(&self, pid: &Pid) -> Option<face::Quality> {
        match &self.stage {
            Stage::Inside(inside) => inside.members.get(pid)?.reception.quality,
            _ => None,
        }
    }

    /// When `Input::Tick` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        let stage = match &self.stage {
            Stage::Home { .. } => None,
            Stage::Looking(looking) => Some(looking.deadline()),
            Stage::Entering(entering) => Some(entering.deadline()),
            Stage::Inside(inside) => inside.poll_timeout(),
        };
        let lookout = self.lookout.poll_timeout(self.is_inside());
        [stage, lookout, self.key.poll_timeout()].into_iter().flatten().min()
    }

    /// Takes what happened at `now` (since any fixed start) and gives what is to be done, in order.
    pub fn handle(&mut self, now: Duration, rng: &mut dyn CryptoRng, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Intent(intent) => self.intent(now, rng, intent, &mut out),
            Input::Hand(input) => self.hand(now, input, &mut out),
            Input::Key { chord, down, elsewhere } => self.key(now, rng, &chord, down, elsewhere, &mut out),
            Input::Away { why, begins } => self.away(now, why, begins, &mut out),
            Input::Socket(there) => self.key.shown.socket = there,
            Input::KeysTaken(taken) => self.keys_taken(taken),
            Input::KeysUnread(unread) => self.keys_unread(unread),
            Input::Gamepad(news) => self.gamepad(news),
            Input::KeyReach(reach, triggers) => self.keys_reach(now, reach, triggers, &mut out),
            // Of a server that was left meanwhile; it is stopped already.
            Input::Hosting(_) if self.hosting_is_late() => {}
            Input::Hosting(hosting) => match &mut self.stage {
                Stage::Entering(entering) => {
                    self.attempt += 1;
                    let step = entering.hosting(now, self.attempt, hosting, &mut out);
                    self.follow(now, rng, step, &mut out);
                }
                Stage::Inside(inside) => inside.hosted(now, hosting, &mut self.notices, &mut out),
                Stage::Home { .. } | Stage::Looking(_) => {}
            },
            Input::Server(attempt, _) if attempt != self.attempt => {}
            Input::Server(_, news) => self.server(now, rng, news, &mut out),
            Input::Mesh(event) => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.mesh(now, rng, event, &mut self.notices, &mut out);
                }
            }
            Input::Voice(news) => self.voice(now, rng, news, &mut out),
            Input::Addresses { cut, hosted } => {
                if let Stage::Inside(inside) = &mut self.stage {
                    if cut {
                        inside.cut_off(now, rng, &mut self.notices);
                    }
                    inside.addresses_changed(now, &mut out);
                    if let Some(servers) = hosted {
                        inside.readdressed(servers, &mut out);
                    }
                }
            }
            Input::Networks(networks) => self.networks = networks,
            Input::Contacts(contacts) => self.contacts = contacts,
            Input::Nearby(nearby) => {
                self.nearby = nearby;
                self.look(now, rng, &mut out);
            }
            Input::Tick => {
                self.hand(now, pushtalk_ptt::Input::Tick, &mut out);
                self.tick(now, rng, &mut out);
            }
        }
        self.end_latch(now, &mut out);
        if self.lookout.look(now, self.is_inside()) {
            out.push(Output::ListDevices);
        }
        if let Stage::Inside(inside) = &mut self.stage {
            inside.remember_title(&mut self.preferences);
            inside.hint_bluetooth(&mut self.preferences, &mut self.notices);
            inside.rest_microphone(now, &mut self.notices, &mut out);
            inside.note_reach(now);
            inside.tell_sounding(now, &self.preferences, &mut out);
            inside.tell_own_status(&mut out);
            if let Some(why) = inside.sent_away {
                self.go_home(now, rng, &mut out);
                self.notices.tell(why, None);
            }
        }
        let starts = out.iter().filter(|output| matches!(output, Output::StartServer(_))).count();
        self.starts = self.starts.saturating_add(starts);
        out
    }

    fn tick(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Home { .. } => {}
            Stage::Looking(looking) if now >= looking.deadline() => {
                let (code, about) = looking.or_else();
                self.go_home(now, rng, out);
                self.notices.tell(code, about);
            }
            Stage::Looking(_) => {}
            Stage::Entering(entering) => {
                let step = entering.handle_timeout(now);
                self.follow(now, rng, step, out);
            }
            Stage::Inside(inside) => {
                if inside.wants_seat(now) {
                    self.attempt += 1;
                    inside.seek_seat(now, self.attempt, out);
                }
                inside.tick(now, rng, &mut self.notices, out);
                inside.take_over(now, self.preferences.host_on.as_ref(), out);
            }
        }
    }

    pub(crate) fn intent(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        intent: Intent,
        out: &mut Vec<Output>,
    ) {
        match intent {
            Intent::Host { name, title } => self.host(now, rng, &name, &title, out),
            Intent::Join { name, text, server, pin } => {
                let pin = pin.as_deref().map(str::trim).filter(|pin| !pin.is_empty()).map(Pin::parse);
                match pin.transpose() {
                    Ok(pin) => self.join(now, rng, &name, &text, server.as_deref(), pin, out),
                    Err(_) => self.notices.tell(ErrorCode::BadPin, None),
                }
            }
            Intent::Inspect { text, ask } => {
                if let Stage::Home { .. } = self.stage {
                    self.stage = Stage::Home { inspected: inspect(&text), ask };
                }
            }
            Intent::Leave => self.go_home(now, rng, out),
            Intent::Dismiss { notice } => self.notices.dismiss(notice),
            Intent::SetTheme { theme } => self.preferences.theme = theme,
            Intent::EraseAll => self.erase_all(now, rng, out),
            Intent::SetLanguage { language } => self.preferences.language = language,
            Intent::SetProcessing { .. }
            | Intent::SetDucking { .. }
            | Intent::SetCues { .. }
            | Intent::SetTalkMode { .. } => self.choose_sound(now, intent, out),
            Intent::ForgetRecent { index } => {
                let index = index as usize;
                if index < self.preferences.recent.len() {
                    self.preferences.recent.remove(index);
                }
            }
            Intent::ForgetAllRecent => self.preferences.recent.clear(),
            Intent::Press => self.press(now, out),
            Intent::Preempt => self.preempt(now, out),
            Intent::PressWhisper => self.press_whisper(now, Whom::Chosen, out),
            Intent::PressAnswer => self.press_whisper(now, Whom::Last, out),
            Intent::SetWhisper { id, on } => self.set_whisper(now, &id, on, out),
            Intent::Release => self.release(now, out),
            Intent::ToggleTalk => self.toggle_talk(now, out),
            Intent::SetTalkKey { talk_key } => self.set_talk_key(talk_key),
            Intent::SetKeys { keys } => self.set_keys(now, keys, out),
            Intent::BindKey { on } => self.bind_key(on),
            Intent::SetRawKeys { on } => self.preferences.raw_keys = on,
            Intent::SetQueueing { on } => {
                self.preferences.queueing = on;
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.floor.handle(now, pushtalk_room::Input::Queueing(on), out);
                    inside.flush(out);
                }
            }
            Intent::SetDevices { .. }
            | Intent::ListDevices
            | Intent::WatchDevices { .. }
            | Intent::EnableAudio
            | Intent::DisableAudio
            | Intent::SetMicWhilePressed { .. }
            | Intent::PlayTestSound
            | Intent::HearYourself
            | Intent::StopSoundCheck => self.with_devices(now, intent, out),
            Intent::SetDeafened { on } => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.set_deafened(now, on, &self.preferences, &mut self.notices, out);
                }
            }
            Intent::SetNearby { on } => {
                self.preferences.nearby = on;
                self.nearby.clear();
            }
            Intent::ListNetworks => out.push(Output::ListNetworks),
            Intent::ListContacts => out.push(Output::ListContacts),
            Intent::TakeOffer { number } => {
                self.offered.take_if(|offer| offer.number == number);
            }
            Intent::Welcomed => self.preferences.welcomed = true,
            Intent::SetManners { manners } => self.preferences.manners = manners,
            Intent::SetHostOn { network } => self.preferences.host_on = network,
            Intent::SetUseVpn { on } => {
                self.preferences.use_vpn = on;
                out.push(Output::UseVpn(on));
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.addresses_changed(now, out);
                }
            }
            Intent::HostHere => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.host_here(now, self.preferences.host_on.as_ref(), out);
                }
            }
            Intent::RaiseHand { .. }
            | Intent::SetVolume { .. }
            | Intent::SetMuted { .. }
            | Intent::SetBlocked { .. }
            | Intent::SetMode { .. }
            | Intent::SetTalkLimit { .. }
            | Intent::Kick { .. }
            | Intent::Lock { .. }
            | Intent::Unlock
            | Intent::NewCode
            | Intent::HandOver { .. }
            | Intent::Verify { .. }
            | Intent::Verified { .. }
            | Intent::StopVerifying => {
                if let Stage::Inside(inside) = &mut self.stage {
                    in_room(now, rng, inside, intent, &mut self.notices, out);
                }
            }
        }
    }

    /// What is in use is as it is from the beginning, too.
    fn erase_all(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let first = face::Preferences::default();
        for intent in [
            Intent::SetDevices { input: first.input, output: first.output },
            Intent::SetQueueing { on: first.queueing },
            Intent::SetProcessing { processing: first.processing },
            Intent::SetTalkMode { mode: first.talk_mode, threshold: first.voice_threshold },
            Intent::SetMicWhilePressed { on: first.mic_while_pressed },
            Intent::SetUseVpn { on: first.use_vpn },
            Intent::SetTalkKey { talk_key: first.talk_key },
            Intent::SetKeys { keys: first.keys },
        ] {
            self.intent(now, rng, intent, out);
        }
        self.preferences = face::Preferences::default();
        self.name.clear();
    }

    fn host(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        name: &str,
        title: &str,
        out: &mut Vec<Output>,
    ) {
        if !matches!(self.stage, Stage::Home { .. }) {
            return;
        }
        self.notices.clear();
        let Some(name) = self.name(name) else { return };
        self.attempt += 1;
        let title = title.trim().chars().filter(|c| !c.is_control()).take(32).collect::<String>();
        let title = if title.len() > 64 { String::new() } else { title };
        let at = match &self.habits.server {
            Some(server) => At::Server(server.clone()),
            None => At::Here(self.preferences.host_on.clone()),
        };
        let entering = Entering::host(now, rng, name, title, at, self.attempt, out);
        self.stage = Stage::Entering(entering);
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "all that a person gives to join, with time and randomness"
    )]
    fn join(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        name: &str,
        text: &str,
        server: Option<&str>,
        pin: Option<Pin>,
        out: &mut Vec<Output>,
    ) {
        if !matches!(self.stage, Stage::Home { .. }) {
            return;
        }
        self.notices.clear();
        let Some(name) = self.name(name) else { return };
        let ticket = match ticket(text, server) {
            Ok(ticket) => ticket,
            Err((code, about)) => return self.notices.tell(code, about),
        };
        match ticket {
            Ticket::Code(_, servers) if servers.is_empty() && !self.discovers() => {
                self.notices.tell(ErrorCode::ServerNeeded, None);
            }
            Ticket::Code(code, servers) if servers.is_empty() => {
                self.stage = Stage::Looking(Looking::for_code(now, name, pin, code));
                self.look(now, rng, out);
            }
            ticket => {
                self.attempt += 1;
                self.stage = Stage::Entering(Entering::join(now, rng, name, ticket, pin, self.attempt, out));
            }
        }
    }

    fn name(&mut self, text: &str) -> Option<DisplayName> {
        match DisplayName::parse(text) {
            Ok(name) => {
                name.as_str().clone_into(&mut self.name);
                Some(name)
            }
            Err(_) => {
                self.notices.tell(ErrorCode::BadName, None);
                None
            }
        }
    }

    fn server(&mut self, now: Duration, rng: &mut dyn CryptoRng, news: ServerNews, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Home { .. } | Stage::Looking(_) => {}
            Stage::Entering(entering) => {
                let step = entering.server(now, rng, news, out);
                self.follow(now, rng, step, out);
            }
            Stage::Inside(inside) => match news {
                ServerNews::Push(event) => inside.server(now, rng, event, &mut self.notices, out),
                news => inside.seat_news(now, rng, news, &mut self.notices, out),
            },
        }
    }

    /// Goes where the entering led to.
    fn follow(&mut self, now: Duration, rng: &mut dyn CryptoRng, step: Step, out: &mut Vec<Output>) {
        match step {
            Step::Stay => {}
            Step::Fail(code, about) if self.look_instead(now, (code, about.clone()), out) => {}
            Step::Fail(code, about) => {
                self.go_home(now, rng, out);
                self.notices.tell(code, about);
            }
            Step::Enter(mut arrival) => {
                arrival.queueing = self.preferences.queueing;
                let recent = face::Recent {
                    title: arrival.title.clone(),
                    hosted: arrival.identity.hosting && self.habits.server.is_none(),
                    server: arrival.servers.first().map(ToString::to_string),
                    day: self.day,
                };
                remember(&mut self.preferences, recent);
                let mut inside = Inside::new(now, *arrival, &self.habits);
                inside.open_output(&self.preferences, &mut self.notices, out);
                inside.settle(now, rng, &mut self.notices, out);
                if self.habits.enable_audio {
                    inside.enable_microphone(now, &self.preferences, &mut self.notices, out);
                }
                self.stage = Stage::Inside(inside);
            }
        }
    }

    fn voice(&mut self, now: Duration, rng: &mut dyn CryptoRng, news: VoiceNews, out: &mut Vec<Output>) {
        if let VoiceNews::SoundCheck(number, news) = news {
            return self.check.news(number, news, &mut self.notices);
        }
        if let VoiceNews::Devices(devices) = news {
            let known = self.lookout.seen(now, devices);
            if let Stage::Inside(inside) = &mut self.stage {
                inside.listed(now, known, &mut self.notices, out);
            }
            return;
        }
        if let Stage::Inside(inside) = &mut self.stage {
            inside.voice(now, rng, news, &mut self.notices, out);
        }
    }

    fn go_home(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Home { .. } => return,
            Stage::Looking(_) | Stage::Entering(_) => {}
            Stage::Inside(inside) => inside.leave(now, rng, &mut self.notices, out),
        }
        out.push(Output::Disconnect);
        self.contacts.clear();
        self.attempt += 1;
        self.stage = Stage::Home { inspected: None, ask: 0 };
        self.key.let_go(now);
        self.notices.clear();
    }
}

/// What a person asks for in a room, beyond talking.
fn in_room(
    now: Duration,
    rng: &mut dyn CryptoRng,
    inside: &mut Inside,
    intent: Intent,
    notices: &mut Notices,
    out: &mut Vec<Output>,
) {
    let door = |door| Begin { kind: StatementKind::Door, removed: Vec::new(), door };
    let begin = match intent {
        Intent::RaiseHand { up } => return inside.raise_hand(up, out),
        Intent::SetVolume { id, percent } => {
            if let Some(pid) = inside.member_of(&id) {
                inside.set_volume(pid, |volume| volume.percent = percent, out);
            }
            return;
        }
        Intent::SetMuted { id, on } => {
            if let Some(pid) = inside.member_of(&id) {
                inside.set_volume(pid, |volume| volume.muted = on, out);
            }
            return;
        }
        Intent::SetBlocked { id, on } => {
            match inside.member_of(&id) {
                Some(pid) if on => inside.block(now, pid, out),
                Some(pid) => inside.unblock(now, rng, pid, out),
                None => {}
            }
            return;
        }
        Intent::SetMode { mode } => {
            let mode = match mode {
                face::RoomMode::Radio => Mode::Radio,
                face::RoomMode::Open => Mode::Open,
            };
            return inside.set(now, |settings| settings.mode = mode, out);
        }
        Intent::SetTalkLimit { seconds } => {
            return inside.set(now, |settings| settings.talk_limit = seconds.clamp(10, 300), out);
        }
        Intent::Kick { id } => {
            let Some(pid) = inside.member_of(&id) else { return };
            Begin { kind: StatementKind::Remove, removed: vec![pid], door: None }
        }
        Intent::Lock { pin: None } => door(Some(DoorState::Locked)),
        Intent::Lock { pin: Some(pin) } => match Pin::parse(&pin) {
            Ok(pin) => door(Some(DoorState::Pin(pin))),
            Err(_) => return notices.tell(ErrorCode::BadPin, None),
        },
        Intent::Unlock => door(Some(DoorState::Open)),
        Intent::NewCode => door(None),
        Intent::HandOver { id } => {
            if let Some(pid) = inside.member_of(&id) {
                inside.hand_over(now, rng, Some(pid), notices, out);
            }
            return;
        }
        Intent::Verify { id } => {
            if let Some(pid) = inside.member_of(&id) {
                inside.verify(rng, pid, out);
            }
            return;
        }
        Intent::Verified { id, same } => {
            if let Some(pid) = inside.member_of(&id) {
                inside.verified(now, pid, same, notices, out);
            }
            return;
        }
        Intent::StopVerifying => return inside.stop_verifying(out),
        _ => return,
    };
    notices.withdraw(ErrorCode::CodeGuessed);
    inside.begin_epoch(now, rng, begin, notices, out);
}

/// Where entering leads.
pub(crate) enum Step {
    Stay,
    Fail(ErrorCode, Option<String>),
    Enter(Box<crate::inside::Arrival>),
}

impl Stage {
    pub(crate) fn entering_step(&self) -> Option<(EnteringStep, bool)> {
        match self {
            Self::Looking(_) => Some((EnteringStep::Looking, false)),
            Self::Entering(entering) => Some((entering.step(), entering.is_hosting())),
            _ => None,
        }
    }
}

fn remember(preferences: &mut face::Preferences, recent: face::Recent) {
    let server = if recent.hosted { None } else { recent.server };
    let recent = face::Recent { server, ..recent };
    let same =
        |r: &face::Recent| r.hosted == recent.hosted && r.server == recent.server && r.title == recent.title;
    preferences.recent.retain(|r| !same(r));
    preferences.recent.insert(0, recent);
    preferences.recent.truncate(8);
}
