//! The engine as the shells see it: started once, asked by intents, watched by views.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use pushtalk_mesh::{Mesh, MeshConfig};
use pushtalk_protocol::ServerAddress;
use rand::Rng;
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use tokio::runtime::{self, Handle};
use tokio::sync::{broadcast, mpsc, oneshot, watch};

use crate::brain::{Brain, GamepadNews, Habits, Input};
use crate::control::{Command, Control, Threads};
use crate::face::{ErrorCode, Intent, KeyReach, Preferences, Trigger, View, WindowPlace};
use crate::hosting::Hosts;
use crate::levels::Levels;
use crate::post::Post;
use crate::sound::SoundSettings;
use crate::soundcheck::SoundChecker;
use crate::stats::{Hearings, MemberStats};
use crate::{echo, listen, talk};

/// Views that a slow watcher may fall behind.
const VIEWS: usize = 256;
/// Sealed frames between the network and the listen thread; a full one drops the oldest.
const FRAMES: usize = 1024;
/// How often the meters are read.
const METER: Duration = Duration::from_millis(67);

/// As RFC 7675 has it. Members ping each other more often over the data channel, and notice sooner when one is silent.
const CONSENT_EVERY: Duration = Duration::from_secs(5);
/// Silence that ICE is to notice.
const DISCONNECTED_AFTER: Duration = Duration::from_secs(12);

/// With what the engine starts.
pub struct EngineConfig {
    /// Shown as the name to use; in memory only.
    pub name: String,
    /// What is kept on this device.
    pub preferences: Preferences,
    /// Something to be told at once.
    pub notice: Option<(ErrorCode, Option<String>)>,
    /// Devices and frames.
    pub sound: SoundSettings,
    /// Where the embedded server listens; none for a free port on every address.
    pub listen: Option<SocketAddr>,
    /// Rooms are made on this server instead of an embedded one.
    pub server: Option<ServerAddress>,
    /// Longest time one person may talk without a pause.
    pub talk_limit: Duration,
    /// True to open the microphone on entering a room, because the person has said so already.
    pub enable_audio: bool,
    /// Whether the program may look for rooms on this network, and tell of its own, where the preferences say so.
    pub discovery: bool,
    /// The program's own version, shown to the others.
    pub version: String,
}

impl Default for EngineConfig {
    fn default() -> Self {
        Self {
            name: String::new(),
            preferences: Preferences::default(),
            notice: None,
            sound: SoundSettings::default(),
            listen: None,
            server: None,
            talk_limit: Duration::from_secs(30),
            enable_audio: false,
            discovery: true,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// Why the engine could not start.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// A thread could not be started.
    #[error("a thread could not be started: {0}")]
    Thread(#[from] std::io::Error),
}

/// A running client. Dropping it ends it without a good-bye; `shutdown` leaves properly.
pub struct Engine {
    commands: mpsc::Sender<Command>,
    views: watch::Receiver<Arc<View>>,
    changes: broadcast::Sender<Arc<View>>,
    levels: watch::Receiver<[u8; 2]>,
}

impl Engine {
    /// Starts the voice threads, and one for the network and the control loop: packets that a pool of threads takes in turns
    /// cost more, for one has to be woken by another. A room that is hosted has its server on the runtime that this is
    /// called in.
    ///
    /// # Errors
    /// When a thread could not be started.
    ///
    /// # Panics
    /// When called outside of a tokio runtime.
    pub fn start(config: EngineConfig) -> Result<Self, EngineError> {
        let outside = Handle::current();
        let (runtime, work) = thread()?;
        let inside = runtime.enter();
        let (commands, commands_rx) = mpsc::channel(256);
        let (inputs, inputs_rx) = mpsc::channel(1024);
        let (mesh_tx, mesh_rx) = mpsc::channel(1024);
        let (frames_tx, frames_rx) = crossbeam_channel::bounded(FRAMES);
        let (talk_tx, talk_rx) = crossbeam_channel::bounded(1024);
        let (listen_tx, listen_rx) = crossbeam_channel::bounded(1024);
        let (changes, _) = broadcast::channel(VIEWS);
        let (levels_tx, levels_rx) = watch::channel([0; 2]);
        let start = Instant::now();
        let mut rng = UnwrapErr(SysRng);

        let levels = Arc::new(Levels::default());
        let hearings = Arc::new(Hearings::default());
        let (source, reference) = echo::reference();
        let tell = {
            let inputs = inputs.clone();
            // The loop takes inputs faster than voice gives news; if it hangs, news are the least of it.
            move |news| drop(inputs.try_send(Input::Voice(news)))
        };
        let listener = listen::spawn(listen::Listening {
            settings: config.sound,
            orders: listen_rx,
            frames: frames_rx.clone(),
            levels: levels.clone(),
            hearings: hearings.clone(),
            echo: source,
            start,
            tell: tell.clone(),
        })?;
        let listen = Post::new(listen_tx, listener.thread());
        let frames = Post::new(frames_tx, listener.thread());
        let mesh_config = MeshConfig {
            vpn: config.preferences.use_vpn,
            disconnected_after: DISCONNECTED_AFTER,
            consent_every: CONSENT_EVERY,
            ..MeshConfig::default()
        };
        let mesh = Mesh::new(mesh_config, mesh_tx, move |frame| {
            frames.send_dropping(frame, &frames_rx);
        });
        let talker = talk::spawn(
            config.sound,
            talk_rx,
            mesh.voice_sender(),
            rng.next_u32(),
            start,
            levels.clone(),
            reference,
            tell.clone(),
        )?;
        let talk = Post::new(talk_tx, talker.thread());

        let habits = Habits {
            server: config.server,
            talk_limit: config.talk_limit,
            enable_audio: config.enable_audio,
            adapt: config.sound.frame.is_none(),
            discovery: config.discovery,
            version: config.version,
        };
        let mut brain = Brain::new(habits, config.name, config.preferences);
        if let Some((code, about)) = config.notice {
            brain.notice(code, about);
        }
        let (views_tx, views) = watch::channel(Arc::new(brain.view(Duration::ZERO)));
        let check = SoundChecker::new(config.sound, levels.clone(), tell);
        let threads = Threads { talk, listen, hearings, host: config.sound.host, check };
        let hosts = Hosts { runtime: outside, at: config.listen };
        let control = Control::new(brain, start, inputs, mesh, threads, hosts, views_tx, changes.clone());
        runtime.spawn(meter(levels, levels_tx));
        drop(inside);
        drop(work.send(control.run(commands_rx, inputs_rx, mesh_rx)));
        Ok(Self { commands, views, changes, levels: levels_rx })
    }

    /// Asks for something; what comes of it is seen in the view.
    pub async fn act(&self, intent: Intent) {
        drop(self.commands.send(Command::Act(intent)).await);
    }

    /// Tells the person something that only the shell can know.
    pub async fn notice(&self, code: ErrorCode, about: Option<String>) {
        drop(self.commands.send(Command::Notice(code, about)).await);
    }

    /// Shows an invitation that the system handed over; nothing is done with it.
    pub async fn offer(&self, text: String) {
        drop(self.commands.send(Command::Offer(text)).await);
    }

    /// Tells what a hand did to a talk key that is not the window's.
    pub async fn hand(&self, input: pushtalk_ptt::Input) {
        drop(self.commands.send(Command::Hand(input)).await);
    }

    /// Tells that a bound key of the whole system went down, or came up; `elsewhere` while another program had the focus.
    pub async fn key(&self, chord: String, down: bool, elsewhere: bool) {
        drop(self.commands.send(Command::Key { chord, down, elsewhere }).await);
    }

    /// Tells where keys of the whole system are heard, and what the desktop has bound them to.
    pub async fn keys_reach(&self, reach: KeyReach, triggers: Vec<Trigger>) {
        self.tell(Input::KeyReach(reach, triggers)).await;
    }

    /// Tells that a reason (by a number of its own) begins why nobody is in front of the device, or ends.
    pub async fn away(&self, why: u8, begins: bool) {
        self.tell(Input::Away { why, begins }).await;
    }

    /// Tells whether other programs can hold the button.
    pub async fn socket(&self, there: bool) {
        self.tell(Input::Socket(there)).await;
    }

    /// Tells which of the bound keys another program has for itself, too.
    pub async fn keys_taken(&self, taken: Vec<String>) {
        self.tell(Input::KeysTaken(taken)).await;
    }

    /// Tells which of the bound keys cannot be pressed on the keyboards and mice that are read.
    pub async fn keys_unread(&self, unread: Vec<String>) {
        self.tell(Input::KeysUnread(unread)).await;
    }

    /// Tells whether gamepads are heard, and what they press while a key is to be bound.
    pub async fn gamepad(&self, news: GamepadNews) {
        self.tell(Input::Gamepad(news)).await;
    }

    async fn tell(&self, input: Input) {
        drop(self.commands.send(Command::Told(Box::new(input))).await);
    }

    /// Remembers where the window is, for the next start.
    pub async fn window_is(&self, place: WindowPlace) {
        drop(self.commands.send(Command::WindowIs(place)).await);
    }

    /// The newest view, now and whenever it changed.
    pub fn views(&self) -> watch::Receiver<Arc<View>> {
        self.views.clone()
    }

    /// Every view from now on, in order, none left out unless the receiver falls 256 behind.
    pub fn changes(&self) -> broadcast::Receiver<Arc<View>> {
        self.changes.subscribe()
    }

    /// Own and heard level, 0 to 255, at most 15 times a second.
    pub fn levels(&self) -> watch::Receiver<[u8; 2]> {
        self.levels.clone()
    }

    /// Numbers for each member.
    pub async fn stats(&self) -> Vec<MemberStats> {
        let (answer, wait) = oneshot::channel();
        drop(self.commands.send(Command::Stats(answer)).await);
        wait.await.unwrap_or_default()
    }

    /// Leaves the room and ends.
    pub async fn shutdown(&self) {
        let (answer, wait) = oneshot::channel();
        drop(self.commands.send(Command::Shutdown(answer)).await);
        drop(wait.await);
    }
}

/// A thread with a runtime of its own, which lives as long as the one work that it is then given.
fn thread<F: Future<Output = ()> + Send + 'static>() -> std::io::Result<(Handle, oneshot::Sender<F>)> {
    let (handle_tx, handle) = std::sync::mpsc::sync_channel(1);
    let (work_tx, work) = oneshot::channel::<F>();
    std::thread::Builder::new().name("engine".into()).spawn(move || {
        let runtime = match runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return drop(handle_tx.send(Err(error))),
        };
        drop(handle_tx.send(Ok(runtime.handle().clone())));
        runtime.block_on(async {
            if let Ok(work) = work.await {
                work.await;
            }
        });
    })?;
    let handle = handle.recv().unwrap_or_else(|ended| Err(std::io::Error::other(ended)))?;
    Ok((handle, work_tx))
}

async fn meter(levels: Arc<Levels>, to: watch::Sender<[u8; 2]>) {
    let mut beat = tokio::time::interval(METER);
    while !to.is_closed() {
        beat.tick().await;
        let now = levels.read();
        to.send_if_modified(|last| std::mem::replace(last, now) != now);
    }
}
