//! The brain: everything that one client decides, as a machine without clock, randomness or IO.
//!
//! `handle` takes what happened and says what is to be done; the control loop does it. Timers are data.

use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{OpenKey, SealKey, ServerIdentity};
use pushtalk_mesh::{MeshEvent, Role};
use pushtalk_protocol::{
    CertificateHash, Create, Created, DisplayName, HelloAck, Invitation, InvitationError, Join, Joined,
    LobbyId, LobbyOpened, Nameplate, Pid, RefusalCode, RoomCode, Sdp, ServerAddress,
};
use pushtalk_room::Turn;
use pushtalk_signaling::client::{ServerEvent, Trust};
use rand::CryptoRng;

use crate::entering::Entering;
use crate::face::{self, EnteringStep, ErrorCode, Intent, Microphone};
use crate::inside::Inside;
use crate::notices::Notices;

/// What happened.
pub enum Input {
    /// A person asked for something.
    Intent(Intent),
    /// The embedded server is up, or could not be started.
    Hosting(Result<Hosting, String>),
    /// News of the connection to the server that was asked for by this number.
    Server(u64, ServerNews),
    /// News of a peer connection.
    Mesh(MeshEvent),
    /// News of the voice threads.
    Voice(VoiceNews),
    /// A timer is due, or a turn may have ended.
    Tick,
}

/// Where the embedded server can be reached.
pub struct Hosting {
    /// For invitations, the most likely one first.
    pub addresses: Vec<ServerAddress>,
    /// Where this machine itself connects to.
    pub own: ServerAddress,
    /// What its certificate is.
    pub certificate: CertificateHash,
}

/// News of the connection to the server.
pub enum ServerNews {
    /// It is there, with this certificate or name.
    Connected(ServerIdentity),
    /// It could not be reached.
    Failed(ErrorCode, Option<String>),
    /// The answer to the one request that is open.
    Answer(Answer),
    /// The server says something of itself.
    Push(ServerEvent),
}

/// Answers to requests.
pub enum Answer {
    /// To `Request::Hello`.
    Hello(HelloAck),
    /// To `Request::Create`.
    Created(Created),
    /// To `Request::LobbyOpen`.
    LobbyOpened(LobbyOpened),
    /// To `Request::Join`.
    Joined(Joined),
    /// No.
    Refused(RefusalCode),
    /// The server speaks another version.
    OtherVersion(u8),
    /// No answer came.
    Failed,
}

/// What is asked of the server, one at a time.
#[derive(Clone)]
pub enum Request {
    /// The first of all.
    Hello,
    /// Make a room.
    Create(Box<Create>),
    /// Knock.
    LobbyOpen(Nameplate, Vec<u8>),
    /// Enter.
    Join(Box<Join>),
}

/// News of the voice threads.
pub enum VoiceNews {
    /// The microphone is open.
    MicrophoneOpen,
    /// It could not be opened, or it went away.
    MicrophoneFailed(ErrorCode, Option<String>),
    /// The output could not be opened, or it went away.
    OutputFailed(ErrorCode, Option<String>),
    /// A frame of this member has opened; told a few times a second while it talks.
    Heard(Pid),
    /// The talk thread has let go of its turn.
    TurnEnded,
    /// Keys have sealed so many spurts that new ones are wanted.
    KeysWorn,
    /// The devices that there are.
    Devices(face::Devices),
}

/// What is to be done.
pub enum Output {
    /// Start the embedded server.
    StartServer,
    /// Connect to a server; news of it carry this number.
    Connect(u64, Vec<ServerAddress>, Trust),
    /// Ask the server.
    Request(Request),
    /// Through the server to one member.
    Relay(Pid, Bytes),
    /// To the other end of a lobby.
    LobbyMessage(LobbyId, Vec<u8>),
    /// A lobby is over.
    LobbyClose(LobbyId),
    /// Leave and close the connection; stop the embedded server.
    Disconnect,
    /// Open a peer connection.
    OpenPeer(Pid, Role),
    /// A session description of the other side.
    RemoteDescription(Pid, Sdp),
    /// A candidate of the other side.
    RemoteCandidate(Pid, String),
    /// Over the data channel.
    SendCtl(Pid, Bytes),
    /// Close a peer connection.
    ClosePeer(Pid),
    /// To the talk thread.
    Talk(TalkOrder),
    /// To the listen thread.
    Listen(ListenOrder),
    /// Look for devices; `VoiceNews::Devices` tells.
    ListDevices,
}

/// What the talk thread is told.
pub enum TalkOrder {
    /// Open the microphone of this name.
    OpenMicrophone(Option<String>),
    /// Close the microphone and wipe what it gave.
    CloseMicrophone,
    /// From now on frames are sealed for this member too.
    AddPeer(Pid, SealKey),
    /// Nothing more for this member; its key is wiped.
    RemovePeer(Pid),
    /// The button is down: keep frames from now on.
    Keep,
    /// The floor is ours: send what was kept, and go on.
    Begin(Turn),
    /// Throw away what was kept.
    Drop,
    /// The button is up: send the rest and end the turn.
    Finish,
}

/// What the listen thread is told.
pub enum ListenOrder {
    /// Open the output of this name.
    OpenOutput(Option<String>),
    /// Close the output.
    CloseOutput,
    /// Frames of this member are opened with this key.
    AddPeer(Pid, OpenKey),
    /// Nothing more of this member; its key is wiped.
    RemovePeer(Pid),
}

/// How this client makes and hosts rooms; from the command line.
#[derive(Clone)]
pub struct Habits {
    /// Rooms are made on this server instead of an embedded one.
    pub server: Option<ServerAddress>,
    /// Longest time one person may talk without a pause.
    pub talk_limit: Duration,
    /// True to enable audio on entering a room; the person said so by starting the command line.
    pub enable_audio: bool,
    /// The program's own version.
    pub version: String,
}

/// One client.
pub struct Brain {
    pub(crate) habits: Habits,
    pub(crate) stage: Stage,
    pub(crate) notices: Notices,
    pub(crate) preferences: face::Preferences,
    pub(crate) devices: face::Devices,
    /// The name that was last used: in memory, for the next room.
    pub(crate) name: String,
    attempt: u64,
    day: u32,
}

/// Where we are.
#[expect(clippy::large_enum_variant, reason = "there is one value of it in a program")]
pub(crate) enum Stage {
    Home { inspected: Option<face::Inspected>, ask: u32 },
    Entering(Entering),
    Inside(Inside),
}

/// What `Intent::Join` leads to.
pub(crate) enum Ticket {
    Link(Invitation),
    Code(RoomCode, ServerAddress),
}

impl Brain {
    /// At home, with the name to propose and what is kept on this device.
    pub fn new(habits: Habits, name: String, preferences: face::Preferences) -> Self {
        Self {
            habits,
            stage: Stage::Home { inspected: None, ask: 0 },
            notices: Notices::default(),
            preferences,
            devices: face::Devices::default(),
            name,
            attempt: 0,
            day: 0,
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

    /// The other members of the room we are in, in the order they came.
    pub(crate) fn others(&self) -> impl Iterator<Item = &Pid> {
        match &self.stage {
            Stage::Inside(inside) => inside.order.as_slice(),
            _ => &[],
        }
        .iter()
    }

    /// When `Input::Tick` is wanted next.
    pub fn poll_timeout(&self) -> Option<Duration> {
        match &self.stage {
            Stage::Home { .. } => None,
            Stage::Entering(entering) => Some(entering.deadline()),
            Stage::Inside(inside) => inside.poll_timeout(),
        }
    }

    /// Takes what happened at `now` (since any fixed start) and gives what is to be done, in order.
    pub fn handle(&mut self, now: Duration, rng: &mut dyn CryptoRng, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Intent(intent) => self.intent(now, rng, intent, &mut out),
            Input::Hosting(hosting) => {
                if let Stage::Entering(entering) = &mut self.stage {
                    self.attempt += 1;
                    let step = entering.hosting(now, self.attempt, hosting, &mut out);
                    self.follow(now, rng, step, &mut out);
                }
            }
            Input::Server(attempt, _) if attempt != self.attempt => {}
            Input::Server(_, news) => self.server(now, rng, news, &mut out),
            Input::Mesh(event) => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.mesh(now, rng, event, &mut self.notices, &mut out);
                }
            }
            Input::Voice(news) => self.voice(now, rng, news, &mut out),
            Input::Tick => match &mut self.stage {
                Stage::Home { .. } => {}
                Stage::Entering(entering) => {
                    let step = entering.handle_timeout(now);
                    self.follow(now, rng, step, &mut out);
                }
                Stage::Inside(inside) => inside.tick(now, rng, &mut self.notices, &mut out),
            },
        }
        if let Stage::Inside(inside) = &mut self.stage {
            inside.remember_title(&mut self.preferences);
        }
        out
    }

    fn intent(&mut self, now: Duration, rng: &mut dyn CryptoRng, intent: Intent, out: &mut Vec<Output>) {
        match intent {
            Intent::Host { name, title } => self.host(now, rng, &name, &title, out),
            Intent::Join { name, text, server } => self.join(now, rng, &name, &text, server.as_deref(), out),
            Intent::Inspect { text, ask } => {
                if let Stage::Home { .. } = self.stage {
                    self.stage = Stage::Home { inspected: inspect(&text), ask };
                }
            }
            Intent::Leave => self.go_home(now, out),
            Intent::Dismiss { notice } => self.notices.dismiss(notice),
            Intent::SetTheme { theme } => self.preferences.theme = theme,
            Intent::SetDevices { input, output } => {
                let changed = (self.preferences.input != input, self.preferences.output != output);
                self.preferences.input = input;
                self.preferences.output = output;
                if let Stage::Inside(inside) = &mut self.stage {
                    if changed.0 && inside.microphone() != Microphone::Off {
                        inside.open_microphone(now, &self.preferences, out);
                    }
                    if changed.1 {
                        out.push(Output::Listen(ListenOrder::OpenOutput(self.preferences.output.clone())));
                    }
                }
            }
            Intent::ListDevices => out.push(Output::ListDevices),
            Intent::ForgetRecent { index } => {
                let index = index as usize;
                if index < self.preferences.recent.len() {
                    self.preferences.recent.remove(index);
                }
            }
            Intent::ForgetAllRecent => self.preferences.recent.clear(),
            Intent::EnableAudio => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.open_microphone(now, &self.preferences, out);
                }
            }
            Intent::DisableAudio => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.close_microphone(now, out);
                }
            }
            Intent::Press => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.press(now, out);
                }
            }
            Intent::Release => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.release(now, out);
                }
            }
        }
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
        let entering = Entering::host(now, rng, name, title, self.habits.server.clone(), self.attempt, out);
        self.stage = Stage::Entering(entering);
    }

    fn join(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        name: &str,
        text: &str,
        server: Option<&str>,
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
        self.attempt += 1;
        self.stage = Stage::Entering(Entering::join(now, rng, name, ticket, self.attempt, out));
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
            Stage::Home { .. } => {}
            Stage::Entering(entering) => {
                let step = entering.server(now, rng, news, out);
                self.follow(now, rng, step, out);
            }
            Stage::Inside(inside) => match news {
                ServerNews::Push(event) => inside.server(now, rng, event, &mut self.notices, out),
                ServerNews::Failed(..) | ServerNews::Connected(_) | ServerNews::Answer(_) => {}
            },
        }
    }

    /// Goes where the entering led to.
    fn follow(&mut self, now: Duration, rng: &mut dyn CryptoRng, step: Step, out: &mut Vec<Output>) {
        match step {
            Step::Stay => {}
            Step::Fail(code, about) => {
                self.go_home(now, out);
                self.notices.tell(code, about);
            }
            Step::Enter(arrival) => {
                let recent = face::Recent {
                    title: arrival.title.clone(),
                    hosted: arrival.identity.host_key.is_some() && self.habits.server.is_none(),
                    server: arrival.servers.first().map(ToString::to_string),
                    day: self.day,
                };
                remember(&mut self.preferences, recent);
                out.push(Output::Listen(ListenOrder::OpenOutput(self.preferences.output.clone())));
                let mut inside = Inside::new(now, *arrival, &self.habits);
                inside.settle(now, rng, &mut self.notices, out);
                if self.habits.enable_audio {
                    inside.open_microphone(now, &self.preferences, out);
                }
                self.stage = Stage::Inside(inside);
            }
        }
    }

    fn voice(&mut self, now: Duration, rng: &mut dyn CryptoRng, news: VoiceNews, out: &mut Vec<Output>) {
        if let VoiceNews::Devices(devices) = news {
            self.devices = devices;
            return;
        }
        if let Stage::Inside(inside) = &mut self.stage {
            inside.voice(now, rng, news, &mut self.notices, out);
        }
    }

    fn go_home(&mut self, now: Duration, out: &mut Vec<Output>) {
        match &mut self.stage {
            Stage::Home { .. } => return,
            Stage::Entering(_) => {}
            Stage::Inside(inside) => inside.leave(now, out),
        }
        out.push(Output::Disconnect);
        self.attempt += 1;
        self.stage = Stage::Home { inspected: None, ask: 0 };
        self.notices.clear();
    }
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

fn invitation_error(error: InvitationError) -> (ErrorCode, Option<String>) {
    match error {
        InvitationError::Version { theirs } => {
            (ErrorCode::OtherVersion, Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)))
        }
        InvitationError::NotAnInvitation | InvitationError::Damaged => (ErrorCode::NotAnInvitation, None),
    }
}

fn ticket(text: &str, server: Option<&str>) -> Result<Ticket, (ErrorCode, Option<String>)> {
    if Invitation::looks_like_one(text) {
        return Invitation::parse(text).map(Ticket::Link).map_err(invitation_error);
    }
    let code = RoomCode::parse(text).map_err(|_| (ErrorCode::NotAnInvitation, None))?;
    let server = server.map(str::trim).filter(|s| !s.is_empty()).ok_or((ErrorCode::ServerNeeded, None))?;
    let server = server.parse().map_err(|_| (ErrorCode::BadServer, Some(server.to_owned())))?;
    Ok(Ticket::Code(code, server))
}

fn inspect(text: &str) -> Option<face::Inspected> {
    if text.trim().is_empty() {
        return None;
    }
    if Invitation::looks_like_one(text) {
        return Some(match Invitation::parse(text) {
            Ok(invitation) => face::Inspected::Link {
                nameplate: invitation.nameplate.as_str().to_owned(),
                servers: invitation.servers.iter().map(ToString::to_string).collect(),
                pinned: invitation.certificate.is_some(),
            },
            Err(error) => face::Inspected::Unusable { why: invitation_error(error).0 },
        });
    }
    Some(match RoomCode::parse(text) {
        Ok(code) => face::Inspected::Code { code: code.spelled() },
        Err(_) => face::Inspected::Unusable { why: ErrorCode::NotAnInvitation },
    })
}
