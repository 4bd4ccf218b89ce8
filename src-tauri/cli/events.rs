//! What is printed: one event a line, flushed at once, as JSON or as words.

use std::io::Write;

use pushtalk_engine::emoji;
use pushtalk_engine::face::{
    Apart, Door, ErrorCode, Invitation, MemberLink, MemberView, RoomMode, SoundCheck, Verifying,
};
use serde::Serialize;

use crate::words::sentence;

/// One event.
#[derive(Serialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub(crate) enum Event<'a> {
    /// A device that can be named by `--in` or `--out`.
    Device { direction: &'static str, name: &'a str, default: bool },
    /// What a sound check is at.
    Sound { state: SoundCheck },
    /// We are in a room.
    Entered { hosting: bool, id: &'a str },
    /// How others come in.
    Invitation { link: &'a str, code: &'a str, servers: &'a [String] },
    /// Voice can flow to this member.
    Ready { id: &'a str, name: &'a str },
    /// Who is here, we ourselves first.
    Members { members: Vec<Member<'a>> },
    /// How the room works.
    Room { door: Door, mode: RoomMode, hosting: bool, code_dead: bool },
    /// So many have begun to hear what we say.
    Heard { by: u32, of: u32 },
    /// Members who cannot hear each other, and how many are hidden from us.
    Split { apart: &'a [Apart], hidden: u32 },
    /// What to compare with a member, as soon as it has answered.
    Verifying { id: &'a str, emoji: Vec<&'static str>, names: Vec<&'static str>, numbers: &'a [u16] },
    /// What the talk button shows.
    Floor {
        state: &'static str,
        #[serde(skip_serializing_if = "Option::is_none")]
        id: Option<&'a str>,
        #[serde(skip_serializing_if = "Option::is_none")]
        why: Option<String>,
    },
    /// Somebody else's voice comes in, or ends.
    Receiving { on: bool, id: &'a str, name: &'a str },
    /// The same, and it is whispered to us.
    Whispered { on: bool, id: &'a str, name: &'a str },
    /// Numbers.
    Stats { members: Vec<MemberNumbers> },
    /// Something went wrong; if the program ends by it, the exit status says so.
    Error {
        code: Option<ErrorCode>,
        message: String,
        #[serde(skip_serializing_if = "Option::is_none")]
        about: Option<&'a str>,
        /// The device that is used in place of the one in `about`.
        #[serde(skip_serializing_if = "Option::is_none")]
        instead: Option<&'a str>,
    },
    /// We have left.
    Left,
}

#[derive(Serialize, PartialEq)]
pub(crate) struct Member<'a> {
    id: &'a str,
    name: &'a str,
    me: bool,
    host: bool,
    link: MemberLink,
    verified: bool,
    hand: bool,
    volume: u16,
    muted: bool,
    mic_off: bool,
    deafened: bool,
    chosen: bool,
}

impl<'a> From<&'a MemberView> for Member<'a> {
    fn from(m: &'a MemberView) -> Self {
        let MemberView { id, name, .. } = m;
        let MemberView { me, host, link, verified, hand, volume, muted, mic_off, deafened, chosen, .. } = *m;
        Self { id, name, me, host, link, verified, hand, volume, muted, mic_off, deafened, chosen }
    }
}

/// Numbers about one member; durations in milliseconds.
#[derive(Serialize)]
pub(crate) struct MemberNumbers {
    pub(crate) id: String,
    pub(crate) buffer_ms: f64,
    pub(crate) target_ms: f64,
    pub(crate) received: u64,
    pub(crate) lost: u64,
    pub(crate) late: u64,
    /// In blocks of 10 ms.
    pub(crate) concealed: u64,
    pub(crate) recovered: u64,
    pub(crate) rejected: u64,
    pub(crate) bytes_sent: u64,
    pub(crate) bytes_received: u64,
    pub(crate) packets_sent: u64,
    pub(crate) packets_received: u64,
    pub(crate) dropped: u64,
    /// `udp` or `tcp`.
    pub(crate) transport: Option<&'static str>,
    /// These of the last second in which it talked.
    pub(crate) mouth_to_ear_ms: Option<u32>,
    pub(crate) round_trip_ms: Option<u32>,
    pub(crate) jitter_ms: Option<u32>,
    pub(crate) loss_permille: Option<u32>,
    pub(crate) concealed_permille: Option<u32>,
    pub(crate) bitrate: Option<u32>,
}

impl<'a> From<&'a Invitation> for Event<'a> {
    fn from(i: &'a Invitation) -> Self {
        Self::Invitation { link: &i.link, code: &i.code, servers: &i.servers }
    }
}

impl<'a> From<&'a Verifying> for Event<'a> {
    fn from(verifying: &'a Verifying) -> Self {
        let code = verifying.code.as_ref();
        let table = code.into_iter().flat_map(|code| &code.emoji).filter_map(|at| emoji(*at));
        let (emoji, names) = table.unzip();
        Self::Verifying { id: &verifying.id, emoji, names, numbers: code.map_or(&[], |code| &code.numbers) }
    }
}

/// Prints events.
pub(crate) struct Printer {
    json: bool,
}

impl Printer {
    pub(crate) fn new(json: bool) -> Self {
        Self { json }
    }

    pub(crate) fn print(&self, event: &Event<'_>) {
        let line = if self.json { serde_json::to_string(event).unwrap_or_default() } else { words(event) };
        if let (Event::Error { .. }, false) = (event, self.json) {
            drop(writeln!(std::io::stderr().lock(), "{line}"));
            return;
        }
        let mut out = std::io::stdout().lock();
        // A reader that is gone has no use for an error either.
        drop(writeln!(out, "{line}").and_then(|()| out.flush()));
    }

    pub(crate) fn error(&self, code: ErrorCode, about: Option<&str>, instead: Option<&str>) {
        let message = match instead {
            Some(instead) => format!("{}, {instead}", sentence(code, about)),
            None => sentence(code, about),
        };
        self.print(&Event::Error { code: Some(code), message, about, instead });
    }

    /// What is not of the engine.
    pub(crate) fn say(&self, message: String) {
        self.print(&Event::Error { code: None, message, about: None, instead: None });
    }

    /// The last line of a program that failed.
    pub(crate) fn failure(&self, error: &anyhow::Error) {
        match error.downcast_ref::<Failure>() {
            Some(Failure { code, about }) => self.error(*code, about.as_deref(), None),
            None => self.say(format!("{error:#}")),
        }
    }
}

/// What ended the program, as a person is told.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) code: ErrorCode,
    pub(crate) about: Option<String>,
}

impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&sentence(self.code, self.about.as_deref()))
    }
}

impl std::error::Error for Failure {}

fn words(event: &Event<'_>) -> String {
    match event {
        Event::Device { direction, name, default } => {
            format!("{direction}  {name}{}", if *default { "  (default)" } else { "" })
        }
        Event::Sound { state } => match state {
            SoundCheck::Idle => "done",
            SoundCheck::TestSound => "playing a short sound",
            SoundCheck::Recording => "recording: say something",
            SoundCheck::PlayingBack => "playing what you said",
        }
        .to_owned(),
        Event::Entered { hosting: true, .. } => "hosting a room".to_owned(),
        Event::Entered { hosting: false, .. } => "in the room".to_owned(),
        Event::Invitation { link, code, servers } => {
            format!("link  {link}\ncode  {code}  at  {}", servers.join("  or  "))
        }
        Event::Ready { name, .. } => format!("ready to talk to {name}"),
        Event::Members { members } => {
            let names: Vec<String> = members
                .iter()
                .map(|m| {
                    let lost = if m.link == MemberLink::Lost { " (lost)" } else { "" };
                    format!("{}{}{lost}", m.name, if m.host { " (host)" } else { "" })
                })
                .collect();
            format!("here: {}", names.join(", "))
        }
        Event::Room { door, mode, code_dead, .. } => {
            let dead = if *code_dead { "; the code is dead" } else { "" };
            format!("door {door:?}, {mode:?} room{dead}").to_lowercase()
        }
        Event::Heard { by, of } => format!("heard by {by} of {of}"),
        Event::Split { apart: [], hidden: 0 } => "everybody hears everybody".to_owned(),
        Event::Split { apart, hidden } => {
            let pairs: Vec<String> = apart.iter().map(|a| format!("{} and {}", a.one, a.other)).collect();
            format!("cannot hear each other: {}; hidden from us: {hidden}", pairs.join(", "))
        }
        Event::Verifying { emoji, names, numbers, .. } if !emoji.is_empty() => {
            format!("compare: {}  ({})  or {numbers:?}", emoji.join(" "), names.join(", "))
        }
        Event::Verifying { .. } => "comparing: waiting for the other one".to_owned(),
        Event::Floor { state, why, .. } => match why {
            Some(why) => format!("{state}: {why}"),
            None => (*state).to_owned(),
        },
        Event::Receiving { on: true, name, .. } => format!("{name} talks"),
        Event::Receiving { on: false, name, .. } => format!("{name} has finished"),
        Event::Whispered { on: true, name, .. } => format!("{name} whispers to you"),
        Event::Whispered { on: false, name, .. } => format!("{name} has stopped whispering"),
        Event::Stats { members } => members
            .iter()
            .map(|m| {
                let numbers = format!(
                    "buffer {:.1} ms  received {}  lost {}  concealed {}  rejected {}  sent {} B  received {} B",
                    m.buffer_ms, m.received, m.lost, m.concealed, m.rejected, m.bytes_sent, m.bytes_received
                );
                match m.mouth_to_ear_ms {
                    Some(ms) => format!("mouth to ear {ms} ms  {numbers}"),
                    None => numbers,
                }
            })
            .collect::<Vec<_>>()
            .join("\n"),
        Event::Error { message, .. } => format!("error: {message}"),
        Event::Left => "left".to_owned(),
    }
}
