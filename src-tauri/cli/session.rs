//! One stay: from the command line into a room, through the commands, and out.

use std::collections::BTreeSet;
use std::sync::Arc;

use anyhow::Context;
use pushtalk_engine::face::{
    Button, CuePreferences, ErrorCode, Intent, Preferences, RoomView, Stage, TalkKey, View,
};
use pushtalk_engine::{Direction, Engine, EngineConfig};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::sync::broadcast::error::RecvError;

use crate::args::{Args, Command};
use crate::commands::{LIST, Line};
use crate::events::{Event, Failure, Member, MemberNumbers, Printer};
use crate::sound;

/// Runs until we have left, or something fails.
pub(crate) async fn run(args: Args, printer: &Printer) -> anyhow::Result<()> {
    let sound = args.sound();
    if matches!(args.command, Command::Devices) {
        for device in pushtalk_engine::list_devices(sound.host)? {
            let direction = match device.direction {
                Direction::Input => "in",
                Direction::Output => "out",
            };
            printer.print(&Event::Device { direction, name: &device.name, default: device.is_default });
        }
        return Ok(());
    }
    check_device(&args, args.input.as_deref(), Direction::Input)?;
    check_device(&args, args.output.as_deref(), Direction::Output)?;
    let server = match (&args.command, &args.server) {
        (Command::Host { .. }, Some(server)) => Some(
            pushtalk_engine::parse_server(server)
                .ok_or_else(|| Failure { code: ErrorCode::BadServer, about: Some(server.clone()) })?,
        ),
        _ => None,
    };
    let listen = match &args.command {
        Command::Host { listen, .. } => *listen,
        Command::Join { .. } | Command::Devices | Command::Sound { .. } => None,
    };
    let host_on = match &args.command {
        Command::Host { interface, .. } => interface.clone(),
        Command::Join { .. } | Command::Devices | Command::Sound { .. } => None,
    };
    let engine = Engine::start(EngineConfig {
        preferences: Preferences {
            input: args.input.clone(),
            output: args.output.clone(),
            processing: args.processing(),
            use_vpn: !args.no_vpn,
            host_on,
            // A line means what it says, when it says it.
            talk_key: TalkKey { release_delay: args.release_delay, ..TalkKey::default() },
            cues: if args.no_cues { CuePreferences::silent() } else { CuePreferences::default() },
            ..Preferences::default()
        },
        sound,
        listen,
        server,
        talk_limit: args.talk_limit(),
        enable_audio: true,
        discovery: !args.no_discovery,
        ..EngineConfig::default()
    })?;
    let mut changes = engine.changes();
    engine
        .act(match args.command {
            Command::Host { title, .. } => Intent::Host { name: args.name, title },
            Command::Join { invitation } => {
                let server = if invitation.contains("://") { None } else { args.server };
                Intent::Join { name: args.name, text: invitation, server, pin: args.pin }
            }
            Command::Sound { check } => return sound::check(check, &engine, changes, printer).await,
            Command::Devices => return Ok(()),
        })
        .await;

    let mut lines = BufReader::new(tokio::io::stdin()).lines();
    let mut watcher = Watcher::default();
    loop {
        tokio::select! {
            view = changes.recv() => match view {
                Ok(view) => watcher.see(&view, printer)?,
                Err(RecvError::Lagged(_)) => watcher.see(&engine.views().borrow().clone(), printer)?,
                Err(RecvError::Closed) => anyhow::bail!("the engine ended"),
            },
            line = lines.next_line() => match line.context("standard input")? {
                None => break,
                Some(line) if line.trim().is_empty() => {}
                Some(line) => match line.parse() {
                    Ok(Line::Leave) => break,
                    Ok(line) => obey(line, &engine, printer).await,
                    Err(_) => printer.say(format!("commands are: {LIST}")),
                },
            },
            signal = tokio::signal::ctrl_c() => {
                signal?;
                break;
            }
        }
    }
    engine.shutdown().await;
    printer.print(&Event::Left);
    Ok(())
}

/// A device that was named must be there: silence from another one would be found out too late.
fn check_device(args: &Args, name: Option<&str>, direction: Direction) -> anyhow::Result<()> {
    let Some(name) = name else { return Ok(()) };
    let all = pushtalk_engine::list_devices(args.sound().host)?;
    if all.iter().any(|d| d.direction == direction && d.name == name) {
        return Ok(());
    }
    Err(Failure { code: ErrorCode::DeviceMissing, about: Some(name.to_owned()) }.into())
}

async fn obey(line: Line, engine: &Engine, printer: &Printer) {
    match line {
        Line::Act(intent) => {
            let intent = named(intent, engine);
            engine.act(intent).await;
        }
        Line::Invite => {
            if let Stage::Room(RoomView { invitation: Some(invitation), .. }) = &engine.views().borrow().stage
            {
                printer.print(&invitation.into());
            }
        }
        Line::Stats => {
            let members = engine.stats().await.into_iter().map(numbers).collect();
            printer.print(&Event::Stats { members });
        }
        Line::Leave => {}
    }
}

fn members(room: &RoomView) -> Vec<Member<'_>> {
    room.members.iter().map(Member::from).collect()
}

/// A member may be called by its name, where only one has it.
fn named(mut intent: Intent, engine: &Engine) -> Intent {
    if let Intent::Kick { id }
    | Intent::HandOver { id }
    | Intent::Verify { id }
    | Intent::Verified { id, .. }
    | Intent::SetVolume { id, .. }
    | Intent::SetMuted { id, .. }
    | Intent::SetWhisper { id, .. } = &mut intent
        && let Stage::Room(room) = &engine.views().borrow().stage
    {
        let mut called = room.members.iter().filter(|m| !m.me && m.name == *id);
        if let (Some(member), None) = (called.next(), called.next()) {
            id.clone_from(&member.id);
        }
    }
    intent
}

fn numbers(stats: pushtalk_engine::MemberStats) -> MemberNumbers {
    let (jitter, quality) = (stats.hearing.jitter, stats.quality);
    MemberNumbers {
        id: stats.id,
        buffer_ms: jitter.buffer.as_secs_f64() * 1000.0,
        target_ms: jitter.target.as_secs_f64() * 1000.0,
        received: jitter.received,
        lost: jitter.lost,
        late: jitter.late,
        concealed: jitter.concealed_blocks,
        recovered: jitter.recovered,
        rejected: stats.hearing.rejected,
        bytes_sent: stats.link.bytes_sent,
        bytes_received: stats.link.bytes_received,
        packets_sent: stats.link.packets_sent,
        packets_received: stats.link.packets_received,
        dropped: stats.link.dropped,
        transport: stats.link.transport.map(|transport| match transport {
            pushtalk_engine::Transport::Udp => "udp",
            pushtalk_engine::Transport::Tcp => "tcp",
        }),
        mouth_to_ear_ms: quality.and_then(|quality| quality.mouth_to_ear_ms),
        round_trip_ms: quality.and_then(|quality| quality.round_trip_ms),
        jitter_ms: quality.map(|quality| quality.jitter_ms),
        loss_permille: quality.map(|quality| quality.loss_permille),
        concealed_permille: quality.map(|quality| quality.concealed_permille),
        bitrate: quality.map(|quality| quality.bitrate),
    }
}

/// Turns views into events: what is new is printed once.
#[derive(Default)]
struct Watcher {
    last: Option<Arc<View>>,
    entered: bool,
    ready: BTreeSet<String>,
    told: BTreeSet<u32>,
}

impl Watcher {
    fn see(&mut self, view: &Arc<View>, printer: &Printer) -> anyhow::Result<()> {
        match &view.stage {
            Stage::Room(room) => {
                let last = self.last.take();
                let last = last.as_deref().and_then(|v| match &v.stage {
                    Stage::Room(room) => Some(room),
                    _ => None,
                });
                self.room(room, last, printer);
            }
            // Back home without having asked for it, or never away from it: that is why.
            Stage::Home { .. } => {
                if let Some(notice) = view.notices.last() {
                    return Err(Failure { code: notice.code, about: notice.about.clone() }.into());
                }
                anyhow::ensure!(!self.entered, "the room was left");
            }
            Stage::Entering { .. } => {}
        }
        for notice in &view.notices {
            if self.told.insert(notice.id) {
                printer.error(notice.code, notice.about.as_deref(), notice.instead.as_deref());
            }
        }
        self.last = Some(view.clone());
        Ok(())
    }

    fn room(&mut self, room: &RoomView, last: Option<&RoomView>, printer: &Printer) {
        if !self.entered {
            self.entered = true;
            let id = room.members.first().map_or("", |m| m.id.as_str());
            printer.print(&Event::Entered { hosting: room.hosting, id });
        }
        if let Some(invitation) = &room.invitation
            && last.and_then(|l| l.invitation.as_ref()) != Some(invitation)
        {
            printer.print(&invitation.into());
        }
        if last.map(members) != Some(members(room)) {
            printer.print(&Event::Members { members: members(room) });
            let ready =
                |m: &&pushtalk_engine::face::MemberView| m.link == pushtalk_engine::face::MemberLink::Ready;
            for member in room.members.iter().filter(ready) {
                if !self.ready.contains(&member.id) {
                    printer.print(&Event::Ready { id: &member.id, name: &member.name });
                }
            }
            self.ready = room.members.iter().filter(ready).map(|m| m.id.clone()).collect();
        }
        if last.map(|l| (l.door, l.mode, l.hosting, l.code_dead))
            != Some((room.door, room.mode, room.hosting, room.code_dead))
        {
            let RoomView { door, mode, hosting, code_dead, .. } = *room;
            printer.print(&Event::Room { door, mode, hosting, code_dead });
        }
        if let Some(heard) = room.heard
            && last.map(|l| l.heard) != Some(room.heard)
        {
            printer.print(&Event::Heard { by: heard.by, of: heard.of });
        }
        if last.is_some_and(|l| l.apart != room.apart || l.hidden != room.hidden) {
            printer.print(&Event::Split { apart: &room.apart, hidden: room.hidden });
        }
        if last.map(|l| &l.verifying) != Some(&room.verifying)
            && let Some(verifying) = &room.verifying
        {
            printer.print(&verifying.into());
        }
        if last.map(state) != Some(state(room)) {
            let (state, id, why) = state(room);
            printer.print(&Event::Floor { state, id, why });
        }
        let heard = |room: &RoomView| match &room.button {
            Button::Receiving { id } | Button::Busy { id } => Some(id.clone()),
            _ => None,
        };
        let (before, after) = (last.and_then(heard), heard(room));
        let name = |id: &str| room.members.iter().find(|m| m.id == id).map_or("", |m| m.name.as_str());
        if before != after {
            if let Some(id) = &before {
                printer.print(&Event::Receiving { on: false, id, name: name(id) });
            }
            if let Some(id) = &after {
                printer.print(&Event::Receiving { on: true, id, name: name(id) });
            }
        }
        let (before, after) = (last.map_or(Vec::new(), whispers), whispers(room));
        for id in before.iter().filter(|id| !after.contains(id)) {
            printer.print(&Event::Whispered { on: false, id, name: name(id) });
        }
        for id in after.iter().filter(|id| !before.contains(id)) {
            printer.print(&Event::Whispered { on: true, id, name: name(id) });
        }
    }
}

/// Those who whisper to us.
fn whispers(room: &RoomView) -> Vec<&str> {
    room.members.iter().filter(|m| m.whispers).map(|m| m.id.as_str()).collect()
}

/// The talk button's situation in a word, with whom it is about.
fn state(room: &RoomView) -> (&'static str, Option<&str>, Option<String>) {
    match &room.button {
        Button::AudioOff => ("audio_off", None, None),
        Button::NoMic => ("no_mic", None, None),
        Button::SilentMic => ("silent_mic", None, None),
        Button::Connecting => ("connecting", None, None),
        Button::Alone => ("alone", None, None),
        Button::Idle => ("idle", None, None),
        Button::Requesting => ("requesting", None, None),
        Button::Talking { .. } if !room.whispering.is_empty() => ("whispering", None, None),
        Button::Talking { .. } => ("talking", None, None),
        Button::Queued { place } => ("queued", None, Some(place.to_string())),
        Button::Busy { id } => ("busy", Some(id), None),
        Button::Revoked { why } => ("revoked", None, Some(format!("{why:?}").to_lowercase())),
        Button::Receiving { id } => ("receiving", Some(id), None),
        Button::Offline => ("offline", None, None),
        Button::Reconnecting { .. } => ("reconnecting", None, None),
        Button::Deafened => ("deafened", None, None),
        Button::KeyMismatch { id } => ("key_mismatch", Some(id), None),
    }
}
