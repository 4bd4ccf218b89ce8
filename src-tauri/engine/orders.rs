//! What the brain is told, and what it wants done.

use std::time::Duration;

use bytes::Bytes;
use pushtalk_audio::{Cue, EncoderSettings, JitterConfig, ProcessingSettings};
use pushtalk_device::DeviceInfo;
use pushtalk_e2ee::{OpenKey, SealKey, ServerIdentity};
use pushtalk_mesh::{MeshEvent, Role};
use pushtalk_protocol::{
    Candidate, CertificateHash, Create, Created, HelloAck, Join, Joined, LobbyId, LobbyOpened, Nameplate,
    Pid, RefusalCode, Restore, Resume, Sdp, ServerAddress, SignedStatement,
};
use pushtalk_room::Turn;
use pushtalk_signaling::client::{ServerEvent, Trust};
use pushtalk_signaling::discovery::Nearby;

use crate::face::{self, ErrorCode, Intent};
pub use crate::port::{Plug, PlugNews};
pub use crate::soundcheck::{CheckNews, CheckOrder};
use crate::stats::HearingStats;

/// What happened.
pub enum Input {
    /// A person asked for something.
    Intent(Intent),
    /// A hand did something to a talk key.
    Hand(pushtalk_ptt::Input),
    /// A key of the whole system.
    Key {
        /// One of those that are bound.
        chord: String,
        /// True when it went down, false when it came up.
        down: bool,
        /// True while another program had the focus.
        elsewhere: bool,
    },
    /// Where keys of the whole system are heard, and what the desktop has bound them to.
    KeyReach(face::KeyReach, Vec<face::Trigger>),
    /// Bound keys that another program has for itself, too.
    KeysTaken(Vec<String>),
    /// Bound keys that cannot be pressed on what is read.
    KeysUnread(Vec<String>),
    /// Whether other programs can hold the button.
    Socket(bool),
    /// Nobody is there: the screen is locked, the device goes to sleep, or another person has the seat; or no longer.
    Away {
        /// A number for the reason.
        why: u8,
        /// True when it begins.
        begins: bool,
    },
    /// News of the gamepads.
    Gamepad(GamepadNews),
    /// The rooms that say to be on this network have changed.
    Nearby(Vec<Nearby>),
    /// The embedded server is up, or could not be started.
    Hosting(Result<Hosting, HostingError>),
    /// The networks that this machine is on.
    Networks(Vec<face::Network>),
    /// The addresses that this program has to do with.
    Contacts(Vec<face::Contact>),
    /// News of the connection to the server that was asked for by this number.
    Server(u64, ServerNews),
    /// News of a peer connection.
    Mesh(MeshEvent),
    /// News of the voice threads.
    Voice(VoiceNews),
    /// The addresses of this machine have changed.
    Addresses {
        /// True when the connection to the server hung on one that is gone, and was closed.
        cut: bool,
        /// Those of the embedded server now, where there is one.
        hosted: Option<Vec<ServerAddress>>,
    },
    /// A timer is due, or a turn may have ended.
    Tick,
}

/// What gamepads tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum GamepadNews {
    /// Whether they are heard.
    Heard(bool),
    /// A button went down while a key is to be bound, as the chord that it would be.
    Pressed(String),
}

/// Why there is no embedded server.
#[derive(Debug)]
pub enum HostingError {
    /// The network that was chosen (its name) is not there.
    NoSuchNetwork(String),
    /// The system refuses, and says so.
    Failed(String),
}

impl HostingError {
    /// As it is told.
    pub(crate) fn told(self) -> (ErrorCode, Option<String>) {
        match self {
            Self::NoSuchNetwork(name) => (ErrorCode::NetworkMissing, Some(name)),
            Self::Failed(why) => (ErrorCode::CannotHost, Some(why)),
        }
    }
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
    /// To `Request::Create` and `Request::Restore`.
    Created(Created),
    /// To `Request::LobbyOpen`.
    LobbyOpened(LobbyOpened),
    /// To `Request::Join` and `Request::Resume`.
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
    /// Make the room anew.
    Restore(Box<Restore>),
    /// Come back.
    Resume(Box<Resume>),
}

/// News of the voice threads.
pub enum VoiceNews {
    /// What became of the order of this number to open a microphone.
    Microphone(u32, PlugNews),
    /// Whether the microphone that was opened by the order of this number gives nothing but zeros.
    MicrophoneSilent(u32, bool),
    /// What became of the order of this number to open an output.
    Output(u32, PlugNews),
    /// A frame of a member has opened; told a few times a second while it talks.
    Heard {
        /// Who.
        peer: Pid,
        /// Not for the whole room.
        whisper: bool,
    },
    /// The talk thread has let go of its turn.
    TurnEnded,
    /// Keys have sealed so many spurts that new ones are wanted.
    KeysWorn,
    /// The key of this member's frames cannot be reached from the one that we have.
    KeyWanted(Pid),
    /// A spurt of ours begins; with generation and step of each listener's key.
    Spurt(Vec<(Pid, u32, u8)>),
    /// A spurt of this member begins to be played; with generation and step of its key.
    Began(Pid, u32, u8),
    /// How this member's voice arrives; told about once a second while it talks.
    Hearing(Pid, HearingStats),
    /// When the voice that is being sent was said; told about once a second while there is one.
    Captured {
        /// Of RTP.
        timestamp: u32,
        /// On the clock of `Brain::handle`.
        at: Duration,
        /// Whom it is for.
        to: Vec<Pid>,
    },
    /// Whether the output that was opened is known to be worn on the head.
    OutputWorn(bool),
    /// A voice begins (true) or has ended, where voices were asked for.
    Gate(bool),
    /// How the sound check of this number goes.
    SoundCheck(u32, CheckNews),
    /// The devices that there are; none where the system did not answer.
    Devices(Option<Vec<DeviceInfo>>),
}

/// What is to be done.
pub enum Output {
    /// Start the embedded server, on this network only if one is named.
    StartServer(Option<String>),
    /// End the embedded server, and the connection to it.
    StopServer,
    /// End the embedded server, which is not wanted any more; the connection is to another one.
    DropServer,
    /// Say which networks there are.
    ListNetworks,
    /// Say which addresses this program has to do with.
    ListContacts,
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
    /// Give the server what the host has signed.
    Rotate(SignedStatement),
    /// Leave and close the connection; stop the embedded server.
    Disconnect,
    /// Open a peer connection.
    OpenPeer(Pid, Role),
    /// Make another path next to the one in use; true to try TCP and link-local addresses too.
    RestartPeer(Pid, bool),
    /// Choose whether paths may go through tunnels.
    UseVpn(bool),
    /// A session description of the other side.
    RemoteDescription(Pid, Sdp),
    /// A candidate of the other side.
    RemoteCandidate(Pid, Candidate),
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
    /// Begin a sound check in place of what runs; `VoiceNews::SoundCheck` tells.
    SoundCheck(CheckOrder),
    /// End the one that runs.
    StopSoundCheck,
}

/// What the talk thread is told.
pub enum TalkOrder {
    /// Open this microphone in place of what is open. What is being said goes on.
    OpenMicrophone(Plug),
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
    /// Encode like this: from the next press on, as far as it changes the size of a frame.
    Code(EncoderSettings),
    /// Do this to the microphone: at once, but not amid a spurt.
    Process(ProcessingSettings),
    /// Tell when a voice of at least so many dBFS begins and ends, and keep its beginning; none to keep nothing.
    Gate(Option<f32>),
}

/// What the listen thread is told.
pub enum ListenOrder {
    /// Open this output in place of what is open.
    OpenOutput(Plug),
    /// Close the output.
    CloseOutput,
    /// Frames of this member are opened with this key.
    AddPeer(Pid, OpenKey),
    /// Nothing more of this member; its key is wiped.
    RemovePeer(Pid),
    /// How long to hold this member's voice.
    Hold(Pid, JitterConfig),
    /// How loud this member is to be: 0.0 for not at all, 1.0 for as it comes.
    Volume(Pid, f32),
    /// Turn voices down, or no longer.
    Duck(bool),
    /// Play this at once, so loud: 0.0 to 1.0.
    Cue(Cue, f32),
}
