//! A sound system without a sound card: a private PulseAudio whose cables lead from a mouth to an ear.
//!
//! `cable` is a stereo sink that leads nowhere. What is played into `mouth` is its left channel, which is heard by
//! the microphone `mic`; what is played into `ear` is its right channel. So one recording of the cable holds what was
//! said and what was heard, aligned to the sample. In front of both microphones the air hums at -126 dB: digital silence
//! means that one is muted. `quiet` is a second microphone at which nobody speaks, `void` a second loudspeaker to
//! which nobody listens: the talker has `mic` and `void`, the listener `quiet` and `ear`.
//!
//! ```text
//! play ─> mouth ─> cable left ──> mic ─> program under test ─> … ─> ear ─> cable right
//!                       └───────────────── record ─────────────────────────────┘
//! ```
//!
//! Nothing of the machine's own sound system is used or touched. All that was started ends with the value.

mod chirps;
mod pipe;
mod tape;

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};

pub use chirps::{CHIRP, Delay, Spread, Train, find_chirps, positions, strays};
pub use pipe::OwnClock;
pub use tape::{Player, Recording, Tape};

/// Frames a second of all that is played and recorded.
pub const RATE: u32 = 48_000;
/// The microphone that hears `mouth`.
pub const MIC: &str = "mic";
/// The loudspeaker that is recorded.
pub const EAR: &str = "ear";
/// What is spoken into.
pub const MOUTH: &str = "mouth";
/// A microphone at which nobody speaks.
pub const QUIET: &str = "quiet";
/// A loudspeaker to which nobody listens.
pub const VOID: &str = "void";

/// Longest wait for the server to answer; it takes about a tenth of a second.
const PATIENCE: Duration = Duration::from_secs(10);

/// Round-robin real time: any will do.
const PRIORITY: &str = "5";
/// Ahead of those that it serves.
const SERVER_PRIORITY: &str = "6";

/// Variables of the machine that would lead a client to another server, or this server to a bus.
const FOREIGN: [&str; 13] = [
    "PULSE_SERVER",
    "PULSE_RUNTIME_PATH",
    "PULSE_STATE_PATH",
    "PULSE_COOKIE",
    "PULSE_SINK",
    "PULSE_SOURCE",
    "PULSE_SCRIPT",
    "PULSE_LATENCY_MSEC",
    "DBUS_SESSION_BUS_ADDRESS",
    "PIPEWIRE_REMOTE",
    "PIPEWIRE_RUNTIME_DIR",
    "XDG_CONFIG_HOME",
    "XDG_STATE_HOME",
];

/// Whether the programs a rig needs are here.
///
/// # Errors
/// Names the first that is missing, and the package it comes in.
pub fn available() -> anyhow::Result<()> {
    for (program, package) in [
        ("pulseaudio", "pulseaudio"),
        ("pactl", "pulseaudio-utils"),
        ("pacat", "pulseaudio-utils"),
        ("parec", "pulseaudio-utils"),
    ] {
        let found =
            Command::new(program).arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
        ensure!(
            found.is_ok_and(|status| status.success()),
            "the sound rig needs the program {program} (Debian: package {package})"
        );
    }
    Ok(())
}

/// Does what needs an undisturbed machine until it went well, at most `tries` times. A machine that stands still for a
/// tenth of a second (others use it, or the one it runs on) tears holes into any sound; a program that loses sound by
/// itself loses it every time.
///
/// # Errors
/// What went wrong the last time.
#[expect(clippy::print_stderr, reason = "a try that went wrong is seen in the output of the test")]
pub fn undisturbed<T>(tries: usize, mut go: impl FnMut() -> anyhow::Result<T>) -> anyhow::Result<T> {
    for attempt in 1..tries {
        match go() {
            Ok(done) => return Ok(done),
            Err(error) => eprintln!("disturbed ({attempt} of {tries}): {error:#}"),
        }
    }
    go()
}

/// Looks until it is so; what happens at the server takes a moment.
///
/// # Errors
/// When it is not so within ten seconds.
pub fn soon(what: &str, mut is_so: impl FnMut() -> anyhow::Result<bool>) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(10);
    while !is_so()? {
        ensure!(Instant::now() < deadline, "{what}: not within ten seconds");
        std::thread::sleep(Duration::from_millis(10));
    }
    Ok(())
}

/// A running sound system of its own.
///
/// One at a time on a machine: the others wait in [`SoundRig::start`]. The cable ticks every half millisecond when
/// cpal plays into it, which keeps a core busy.
pub struct SoundRig {
    server: Child,
    folder: PathBuf,
    /// Locked as long as this lives.
    _turn: File,
}

impl SoundRig {
    /// Starts the server and waits until it answers.
    ///
    /// # Errors
    /// When a program is missing or the server does not come up.
    pub fn start() -> anyhow::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        available()?;
        let turn =
            File::create(std::env::temp_dir().join("pushtalk-rig.lock")).context("the lock of the rig")?;
        turn.lock().context("the lock of the rig")?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("pushtalk-rig-{}-{number}", std::process::id()));
        furnish(&folder)?;
        let mut rig = Self { server: serve(&folder)?, folder, _turn: turn };
        rig.wait()?;
        Ok(rig)
    }

    /// Starts the server anew, as it was in the beginning.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn restart(&mut self) -> anyhow::Result<()> {
        self.break_down();
        self.server = serve(&self.folder)?;
        self.wait()
    }

    /// The variables that lead a program to this sound system. Use [`SoundRig::command`] where possible: it also
    /// takes away those that lead elsewhere.
    pub fn env(&self) -> Vec<(&'static str, PathBuf)> {
        env(&self.folder)
    }

    /// A command whose sound goes through this rig.
    pub fn command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = Command::new(program.as_ref());
        command.own_world(&self.folder);
        command
    }

    /// The same, ahead of all else that runs on this machine where the system allows it (root): a test that shares two
    /// cores with a compiler would lose samples otherwise. Not for measuring what a program does by itself.
    pub fn urgent_command(&self, program: impl AsRef<Path>) -> Command {
        let mut command = urgent(program.as_ref());
        command.own_world(&self.folder);
        command
    }

    /// Says `samples` (48 kHz mono) into the mouth, after so much silence.
    ///
    /// # Errors
    /// When the player does not start.
    pub fn play(&self, samples: &[f32], after: Duration) -> anyhow::Result<Player> {
        Player::start(self, MOUTH, samples, after)
    }

    /// Says twelve chirps into the mouth, and gives how many of them were heard.
    ///
    /// # Errors
    /// When something else was heard, too.
    pub fn chirps_heard(&self, seed: u64) -> anyhow::Result<usize> {
        let train = Train::new(seed, 12, 12_000, 0.3);
        let tape = self.record()?;
        self.play(&train.samples, Duration::from_millis(300))?.finish()?;
        tape.wait_until(tape.length() + Duration::from_millis(600))?;
        let recording = tape.stop();
        let delays = find_chirps(&recording.left, &recording.right);
        ensure!(delays.len() == train.starts.len(), "{} chirps were said", delays.len());
        let strays = strays(&recording.left, &recording.right);
        ensure!(strays.is_empty(), "what nobody said was heard: {strays:?}");
        Ok(delays.iter().flatten().count())
    }

    /// Records the cable from now on: left what is said, right what is heard.
    ///
    /// # Errors
    /// When the recorder does not start.
    pub fn record(&self) -> anyhow::Result<Tape> {
        Tape::start(self, "cable.monitor")
    }

    /// The processes that have a microphone open, one entry for each stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn capturing(&self) -> anyhow::Result<Vec<u32>> {
        self.streams("source-outputs")
    }

    /// The processes that have a loudspeaker open, one entry for each stream.
    ///
    /// # Errors
    /// When the server does not answer.
    pub fn playing(&self) -> anyhow::Result<Vec<u32>> {
        self.streams("sink-inputs")
    }

    /// What `pactl` says; for switching, muting and unloading devices in the middle of a test.
    ///
    /// # Errors
    /// When it fails.
    pub fn pactl(&self, arguments: &[&str]) -> anyhow::Result<String> {
        let output = self.command("pactl").args(arguments).stdin(Stdio::null()).output().context("pactl")?;
        let told = String::from_utf8_lossy(&output.stderr);
        ensure!(output.status.success(), "pactl {arguments:?}: {told}");
        Ok(String::from_utf8_lossy(&output.stdout).into_owned())
    }

    /// Ends the server under the feet of those who use it.
    pub fn break_down(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }

    /// The cables themselves are streams too, of no process.
    fn streams(&self, what: &str) -> anyhow::Result<Vec<u32>> {
        let listing = self.pactl(&["list", what])?;
        let of_line = |line: &str| {
            line.trim().strip_prefix("application.process.id = ")?.trim_matches('"').parse().ok()
        };
        Ok(listing.lines().filter_map(of_line).collect())
    }

    fn wait(&mut self) -> anyhow::Result<()> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if self.pactl(&["get-default-source"]).is_ok_and(|name| name.trim() == MIC) {
                hurry(self.server.id());
                return Ok(());
            }
            let ended = self.server.try_wait()?;
            if ended.is_some() || Instant::now() > deadline {
                let log = std::fs::read_to_string(self.folder.join("server.log")).unwrap_or_default();
                bail!("the sound server did not come up ({ended:?}): {log}");
            }
            std::thread::sleep(Duration::from_millis(10));
        }
    }
}

impl Drop for SoundRig {
    fn drop(&mut self) {
        self.break_down();
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

fn serve(folder: &Path) -> anyhow::Result<Child> {
    urgent("pulseaudio")
        .args(["--daemonize=no", "-n", "--use-pid-file=no", "--exit-idle-time=-1", "--disallow-exit"])
        .args(["--log-target=stderr", "--log-level=error", "--file"])
        .arg(folder.join("cables.pa"))
        .own_world(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(File::create(folder.join("server.log"))?)
        .spawn()
        .context("pulseaudio")
}

/// `chrt` becomes the program, so the process keeps its number.
fn urgent(program: impl AsRef<Path>) -> Command {
    static ALLOWED: LazyLock<bool> = LazyLock::new(|| {
        let tried = Command::new("chrt").args(["-r", PRIORITY, "true"]).stderr(Stdio::null()).status();
        tried.is_ok_and(|status| status.success())
    });
    if *ALLOWED {
        let mut command = Command::new("chrt");
        command.args(["-r", PRIORITY]).arg(program.as_ref());
        command
    } else {
        Command::new(program.as_ref())
    }
}

/// The sound server gives its priority away when it starts, and would then wait for the programs that wait for it. So
/// it gets it back, ahead of them, with all the threads that it has by now. Not where the system does not allow it.
fn hurry(server: u32) {
    let mut command = Command::new("chrt");
    command.args(["--all-tasks", "--rr", "--pid", SERVER_PRIORITY, &server.to_string()]);
    drop(command.stdout(Stdio::null()).stderr(Stdio::null()).status());
}

trait OwnWorld {
    fn own_world(&mut self, folder: &Path) -> &mut Self;
}

impl OwnWorld for Command {
    fn own_world(&mut self, folder: &Path) -> &mut Self {
        for name in FOREIGN {
            self.env_remove(name);
        }
        self.envs(env(folder))
    }
}

/// cpal looks for `$XDG_RUNTIME_DIR/pulse/native`; it does not understand `PULSE_RUNTIME_PATH`.
fn env(folder: &Path) -> Vec<(&'static str, PathBuf)> {
    vec![
        ("XDG_RUNTIME_DIR", folder.to_owned()),
        ("HOME", folder.join("home")),
        ("PULSE_CONFIG", folder.join("daemon.conf")),
        ("PULSE_CLIENTCONFIG", folder.join("client.conf")),
        ("DBUS_SESSION_BUS_ADDRESS", PathBuf::from("unix:path=/dev/null")),
    ]
}

/// The streams of the hum have the numbers 2 and 3, behind those of `mouth` and `ear`. A sink ticks as fast as the most
/// impatient stream on it wants; while there is none, a tick may last two seconds. A source that makes its own sound
/// ticks so slowly at all times, and is no microphone.
fn furnish(folder: &Path) -> anyhow::Result<()> {
    use std::fs;
    fs::create_dir_all(folder.join("home")).context("a folder for the rig")?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        fs::set_permissions(folder, fs::Permissions::from_mode(0o700))?;
    }
    fs::write(folder.join("client.conf"), "autospawn = no\nenable-shm = no\n")?;
    fs::write(
        folder.join("daemon.conf"),
        "default-sample-format = float32le\ndefault-sample-rate = 48000\nalternate-sample-rate = 48000\n\
         enable-shm = no\nenable-memfd = no\nflat-volumes = no\nhigh-priority = no\nrealtime-scheduling = no\n",
    )?;
    let cables = "load-module module-native-protocol-unix auth-anonymous=1\n\
         load-module module-null-sink sink_name=cable format=float32le rate=48000 channels=2 \
           channel_map=front-left,front-right \n\
         load-module module-remap-sink sink_name=mouth master=cable format=float32le rate=48000 channels=1 \
           channel_map=mono master_channel_map=front-left remix=no sink_properties=device.description=Mouth\n\
         load-module module-remap-sink sink_name=ear master=cable format=float32le rate=48000 channels=1 \
           channel_map=mono master_channel_map=front-right remix=no sink_properties=device.description=Ear\n\
         load-module module-remap-source source_name=mic master=cable.monitor format=float32le rate=48000 channels=1 \
           channel_map=mono master_channel_map=front-left remix=no source_properties=device.description=Microphone\n\
         load-module module-sine sink=mouth frequency=60\n\
         set-sink-input-volume 2 655\n\
         load-module module-null-sink sink_name=hush format=float32le rate=48000 channels=1 channel_map=mono\n\
         load-module module-remap-source source_name=quiet master=hush.monitor format=float32le rate=48000 channels=1 \
           channel_map=mono master_channel_map=mono remix=no source_properties=device.description=Quiet\n\
         load-module module-sine sink=hush frequency=60\n\
         set-sink-input-volume 3 655\n\
         load-module module-null-sink sink_name=void format=float32le rate=48000 channels=2 \
           channel_map=front-left,front-right sink_properties=device.description=Void\n\
         set-default-sink ear\n\
         set-default-source mic\n";
    fs::write(folder.join("cables.pa"), cables)?;
    Ok(())
}
