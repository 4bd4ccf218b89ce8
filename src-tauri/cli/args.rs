//! The command line.

use std::net::SocketAddr;
use std::time::Duration;

use clap::builder::FalseyValueParser;
use clap::{Parser, Subcommand, ValueEnum};
use pushtalk_engine::SoundSettings;
use pushtalk_engine::face::ProcessingPreferences;

/// Push-to-talk voice for small groups, without a window.
#[derive(Parser)]
#[command(name = "pushtalk-cli", version, about)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
    /// What the others will see.
    #[arg(long, global = true, default_value = "guest")]
    pub(crate) name: String,
    /// Exact name of the microphone; see `devices`.
    #[arg(long = "in", global = true, value_name = "NAME")]
    pub(crate) input: Option<String>,
    /// Exact name of the output; see `devices`.
    #[arg(long = "out", global = true, value_name = "NAME")]
    pub(crate) output: Option<String>,
    /// The system's sound interface; the system's usual one if not given.
    #[arg(long, global = true, value_enum)]
    pub(crate) audio_host: Option<AudioHost>,
    /// Frames of 48 kHz in one device buffer.
    #[arg(long, global = true, default_value_t = 240, value_parser = clap::value_parser!(u32).range(48..=4800))]
    pub(crate) buffer: u32,
    /// Milliseconds in one voice frame; `auto` chooses by what the network is like.
    #[arg(long, global = true, value_enum, default_value = "auto")]
    pub(crate) frame: Frame,
    /// High-pass, noise suppression and gain control of the microphone.
    #[arg(long, global = true, value_enum, default_value = "default", overrides_with = "processing")]
    pub(crate) processing: Processing,
    /// The signaling server: needed to join by a code; `host` makes its room there instead of hosting itself.
    #[arg(long, global = true, value_name = "HOST:PORT")]
    pub(crate) server: Option<String>,
    /// The PIN of the room, if it has one.
    #[arg(long, global = true, value_name = "DIGITS")]
    pub(crate) pin: Option<String>,
    /// Keeps voice out of VPNs and other tunnels.
    #[arg(long, global = true)]
    pub(crate) no_vpn: bool,
    /// Neither looks for rooms on this network nor tells of its own there.
    #[arg(long, global = true, env = "PUSHTALK_NO_DISCOVERY", value_parser = FalseyValueParser::new())]
    pub(crate) no_discovery: bool,
    /// How long talking goes on after `release`, in milliseconds.
    #[arg(long, global = true, default_value_t = 0, value_name = "MS", value_parser = clap::value_parser!(u16).range(0..=2000))]
    pub(crate) release_delay: u16,
    /// Plays nothing but voices: no beeps.
    #[arg(long, global = true)]
    pub(crate) no_cues: bool,
    /// One JSON object a line on standard output.
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a room, and host it on this machine unless a server is named.
    Host {
        /// Where the embedded server listens; a free port of every address if not given.
        #[arg(long, value_name = "IP:PORT", conflicts_with = "server")]
        listen: Option<SocketAddr>,
        /// Host for this network alone: the name of an interface, as the system calls it.
        #[arg(long, value_name = "NAME", conflicts_with_all = ["server", "listen"])]
        interface: Option<String>,
        /// Longest time one person may talk without a pause.
        #[arg(long, value_name = "SECONDS", default_value_t = 30, value_parser = clap::value_parser!(u16).range(10..=300))]
        talk_limit: u16,
        /// What the room is called.
        #[arg(long, default_value = "")]
        title: String,
    },
    /// Join by a link, or by a code together with `--server`.
    Join {
        /// `pushtalk://j/…` or `XXX-XXX-XXX`.
        invitation: String,
    },
    /// List microphones and outputs.
    Devices,
    /// Find out whether microphone and output work, without a room.
    Sound {
        #[command(subcommand)]
        check: Check,
    },
}

#[derive(Clone, Copy, Subcommand)]
pub(crate) enum Check {
    /// Play a short sound.
    Play,
    /// Record three seconds into memory and play them; nothing of it is kept.
    Hear,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum AudioHost {
    Alsa,
    Pulse,
}

#[derive(Clone, Copy, ValueEnum)]
pub(crate) enum Frame {
    Auto,
    #[value(name = "10")]
    Ms10,
    #[value(name = "20")]
    Ms20,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Processing {
    Off,
    Default,
}

impl Args {
    pub(crate) fn sound(&self) -> SoundSettings {
        SoundSettings {
            host: match self.audio_host {
                None => pushtalk_engine::AudioHost::Default,
                Some(AudioHost::Alsa) => pushtalk_engine::AudioHost::Alsa,
                Some(AudioHost::Pulse) => pushtalk_engine::AudioHost::Pulse,
            },
            buffer: self.buffer,
            frame: match self.frame {
                Frame::Auto => None,
                Frame::Ms10 => Some(pushtalk_engine::FrameLength::Ms10),
                Frame::Ms20 => Some(pushtalk_engine::FrameLength::Ms20),
            },
        }
    }

    pub(crate) fn processing(&self) -> ProcessingPreferences {
        match self.processing {
            Processing::Off => ProcessingPreferences::off(),
            Processing::Default => ProcessingPreferences::default(),
        }
    }

    pub(crate) fn talk_limit(&self) -> Duration {
        match self.command {
            Command::Host { talk_limit, .. } => Duration::from_secs(talk_limit.into()),
            Command::Join { .. } | Command::Devices | Command::Sound { .. } => Duration::from_secs(30),
        }
    }
}
