//! Two clients in one room on the rig: one speaks into the mouth, the other one's ear is recorded.

use std::time::Duration;

use anyhow::Context;

use crate::client::Client;
use crate::rig::{EAR, MIC, QUIET, SoundRig, VOID};

/// The talker hosts, unless a server is named; the listener has joined by the link. Voice can flow both ways.
pub struct Pair {
    /// Speaks into the mouth and hears nothing.
    pub talker: Client,
    /// Its ear is on the tape; its own microphone is silent.
    pub listener: Client,
    /// By which the listener came in.
    pub link: String,
    /// To be said aloud.
    pub code: String,
    /// Address of the server.
    pub server: String,
}

/// Who starts a client on a rig.
pub type Starter<'a> = dyn Fn(&[&str]) -> anyhow::Result<Client> + 'a;

impl Pair {
    /// Starts both, ahead of all else that runs on this machine.
    ///
    /// # Errors
    /// When they do not come to be ready for each other.
    pub fn start(rig: &SoundRig, more: &[&str], hosting: &[&str]) -> anyhow::Result<Self> {
        Self::by(&|args| Client::on(rig, args), more, hosting)
    }

    /// Starts both by `start`, with `more` arguments for both and `hosting` for who hosts.
    ///
    /// # Errors
    /// When they do not come to be ready for each other.
    pub fn by(start: &Starter<'_>, more: &[&str], hosting: &[&str]) -> anyhow::Result<Self> {
        let common = ["--audio-host", "pulse", "--processing", "off"];
        let host = ["host", "--name", "Ana", "--in", MIC, "--out", VOID];
        let mut talker = start(&[&host, hosting, &common, more].concat())?;
        let invitation = talker.event("invitation")?;
        let text = |of: &serde_json::Value| of.as_str().map(str::to_owned).context("a text");
        let (link, code) = (text(&invitation["link"])?, text(&invitation["code"])?);
        let server = text(&invitation["servers"][0])?;
        let join = ["join", &link, "--name", "Ben", "--in", QUIET, "--out", EAR];
        let mut listener = start(&[&join, &common[..], more].concat())?;
        listener.event("ready")?;
        talker.event("ready")?;
        talker.floor("idle")?;
        Ok(Self { talker, listener, link, code, server })
    }
}

/// Longer than any press takes to act and any sound to arrive.
pub const SETTLE: Duration = Duration::from_millis(400);
