//! A `pushtalk-cli` process: commands in, events out, ended with the value.

use std::io::{BufRead, BufReader, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail};
use serde_json::Value;

use crate::binary::binary;
use crate::rig::SoundRig;

/// Longest wait for an event; far more than any of them needs.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// A running client.
pub struct Client {
    child: Child,
    stdin: Option<ChildStdin>,
    events: Receiver<(Instant, Value)>,
    /// All that was printed, for the message of a failure.
    seen: Vec<Value>,
}

/// Tests are heard by nobody else on the network.
pub const NO_DISCOVERY: &str = "PUSHTALK_NO_DISCOVERY";

impl Client {
    /// Starts `pushtalk-cli --json ARGS`, with no sound system and no display.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn start(args: &[&str]) -> anyhow::Result<Self> {
        let mut command = Command::new(binary("pushtalk-cli", "pushtalk-cli")?);
        command.env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
        Self::by(command, args)
    }

    /// The same, on the rig.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn on(rig: &SoundRig, args: &[&str]) -> anyhow::Result<Self> {
        Self::by(rig.urgent_command(binary("pushtalk-cli", "pushtalk-cli")?), args)
    }

    /// The same, by a command that is prepared already. It looks around on the network where the command says
    /// `PUSHTALK_NO_DISCOVERY=0` only.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn by(mut command: Command, args: &[&str]) -> anyhow::Result<Self> {
        if command.get_envs().all(|(name, _)| name != NO_DISCOVERY) {
            command.env(NO_DISCOVERY, "1");
        }
        let mut child = command
            .arg("--json")
            .args(args)
            .env_remove("DISPLAY")
            .env_remove("WAYLAND_DISPLAY")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("pushtalk-cli")?;
        let stdin = child.stdin.take();
        let stdout = child.stdout.take().context("no standard output")?;
        let (to, events) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(stdout).lines().map_while(Result::ok) {
                let event = serde_json::from_str(&line).unwrap_or(Value::String(line));
                if to.send((Instant::now(), event)).is_err() {
                    return;
                }
            }
        });
        Ok(Self { child, stdin, events, seen: Vec::new() })
    }

    /// The process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Sends one command line.
    ///
    /// # Errors
    /// When the client is gone.
    pub fn command(&mut self, line: &str) -> anyhow::Result<()> {
        let stdin = self.stdin.as_mut().context("standard input is closed")?;
        writeln!(stdin, "{line}")?;
        Ok(stdin.flush()?)
    }

    /// Ends the standard input.
    pub fn hang_up(&mut self) {
        self.stdin = None;
    }

    /// The next event of this kind; others before it are passed over.
    ///
    /// # Errors
    /// When it does not come in time, or the client ends before.
    pub fn event(&mut self, kind: &str) -> anyhow::Result<Value> {
        self.event_where(kind, |_| true).map(|(_, event)| event)
    }

    /// The next event of this kind that fits, with the time it was read.
    ///
    /// # Errors
    /// When it does not come in time, or the client ends before.
    pub fn event_where(
        &mut self,
        kind: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<(Instant, Value)> {
        self.event_within(PATIENCE, kind, fits)
    }

    /// The same, where another wait is wanted.
    ///
    /// # Errors
    /// When it does not come in time, or the client ends before.
    pub fn event_within(
        &mut self,
        patience: Duration,
        kind: &str,
        fits: impl Fn(&Value) -> bool,
    ) -> anyhow::Result<(Instant, Value)> {
        let until = Instant::now() + patience;
        loop {
            match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((at, event)) => {
                    self.seen.push(event.clone());
                    if event["event"] == kind && fits(&event) {
                        return Ok((at, event));
                    }
                }
                Err(RecvTimeoutError::Timeout) => bail!("no {kind} came; seen: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => {
                    bail!("it ended before {kind}; seen: {:#?}", self.seen)
                }
            }
        }
    }

    /// The next floor event in this state.
    ///
    /// # Errors
    /// As `event`.
    pub fn floor(&mut self, state: &str) -> anyhow::Result<Instant> {
        self.event_where("floor", |event| event["state"] == state).map(|(at, _)| at)
    }

    /// Numbers as of now, of the only other member.
    ///
    /// # Errors
    /// As `event`.
    pub fn stats(&mut self) -> anyhow::Result<Value> {
        self.command("stats")?;
        Ok(self.event("stats")?["members"][0].clone())
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it does not end in time.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        // Its standard output ends with it, so nothing has to be polled.
        let until = Instant::now() + PATIENCE;
        loop {
            match self.events.recv_timeout(until.saturating_duration_since(Instant::now())) {
                Ok((_, event)) => self.seen.push(event),
                Err(RecvTimeoutError::Timeout) => bail!("it did not end; seen: {:#?}", self.seen),
                Err(RecvTimeoutError::Disconnected) => return Ok(self.child.wait()?),
            }
        }
    }

    /// All events that were read so far.
    pub fn seen(&self) -> &[Value] {
        &self.seen
    }

    /// Ends it without a good-bye.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Its process id.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }
}

impl Drop for Client {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}
