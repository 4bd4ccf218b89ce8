//! What the window sees of the brain.

use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use pushtalk_protocol::{CertificateHash, DoorState, Invitation, Mode, Pid, RoomCode, ServerAddress};
use pushtalk_room::{Floor, Situation};

use crate::brain::{Brain, Stage};
use crate::face::{
    self, Apart, Button, FloorView, MemberLink, MemberView, Qr, RevokedWhy, RoomView, SasCode, Verifying,
    View,
};
use crate::identity::Identity;
use crate::inside::Inside;

impl Brain {
    /// The view at `now`.
    pub fn view(&self, now: Duration) -> View {
        let stage = match &self.stage {
            Stage::Home { inspected, ask } => {
                let mut nearby: Vec<_> =
                    self.nearby.iter().map(|room| room.nameplate.as_str().to_owned()).collect();
                nearby.dedup();
                face::Stage::Home { inspected: inspected.clone(), ask: *ask, nearby }
            }
            Stage::Looking(_) | Stage::Entering(_) => {
                let (step, hosting) =
                    self.stage.entering_step().unwrap_or((face::EnteringStep::Connecting, false));
                face::Stage::Entering { step, hosting }
            }
            Stage::Inside(inside) => face::Stage::Room(room(inside, now, self.key.is_latched())),
        };
        View {
            stage,
            notices: self.notices.list().to_vec(),
            name: self.name.clone(),
            keys: self.key.view(),
            preferences: self.preferences.clone(),
            devices: self.lookout.view(),
            networks: self.networks.clone(),
            contacts: self.contacts.clone(),
            offered: self.offered.clone(),
            sound_check: self.check.shown(),
            version: self.habits.version.clone(),
        }
    }
}

/// Without what changes by itself as time passes: two views that are equal this way need not be shown twice.
pub(crate) fn steady(view: &View) -> View {
    let mut view = view.clone();
    if let face::Stage::Room(room) = &mut view.stage {
        if let FloorView::Taken { for_ms, .. } = &mut room.floor {
            *for_ms = 0;
        }
        match &mut room.button {
            Button::Talking { for_ms, left_ms, .. } => (*for_ms, *left_ms) = (0, 0),
            Button::Reconnecting { for_ms } => *for_ms = 0,
            _ => {}
        }
    }
    view
}

pub(crate) fn member_id(pid: &Pid) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(pid.as_bytes())
}

pub(crate) fn millis(duration: Duration) -> u32 {
    u32::try_from(duration.as_millis()).unwrap_or(u32::MAX)
}

fn room(inside: &Inside, now: Duration, latched: bool) -> RoomView {
    let identity = &inside.identity;
    let own = MemberView {
        id: member_id(&identity.pid),
        name: identity.name.as_str().to_owned(),
        me: true,
        host: identity.hosting,
        link: MemberLink::Own,
        verified: false,
        hand: inside.hand,
        volume: 100,
        muted: false,
        mic_off: inside.status.muted,
        deafened: inside.status.deafened,
        chosen: false,
        whispers: false,
        keys: 0,
        quality: None,
    };
    let view = inside.floor.view();
    let others = inside.order.iter().filter_map(|pid| {
        let member = inside.members.get(pid)?;
        Some(MemberView {
            id: member_id(pid),
            name: member.name().unwrap_or_default(),
            me: false,
            host: member.host,
            link: member.link,
            verified: inside.verified.contains(pid),
            hand: member.status.hand,
            volume: inside.volume(pid).percent,
            muted: inside.volume(pid).muted,
            mic_off: member.status.muted,
            deafened: member.status.deafened,
            chosen: inside.whisper.chosen.contains(pid),
            whispers: view.whispers.contains(pid) && !inside.volume(pid).muted,
            keys: member.generation,
            quality: member.reception.quality,
        })
    });
    let differences = inside.rosters.differences();
    let locked = matches!(inside.epochs.door, DoorState::Locked);
    RoomView {
        title: inside.settings.title.clone(),
        hosting: identity.hosting,
        members: std::iter::once(own).chain(others).collect(),
        mode: match inside.settings.mode {
            Mode::Radio => face::RoomMode::Radio,
            Mode::Open => face::RoomMode::Open,
        },
        heard: inside.spurt.shown(),
        floor: match view.floor {
            _ if inside.settings.mode == Mode::Open && !view.talkers.is_empty() => {
                FloorView::Open { ids: view.talkers.iter().map(|talker| member_id(&talker.pid)).collect() }
            }
            Floor::Idle => FloorView::Idle,
            Floor::Taken { pid, since } => {
                FloorView::Taken { id: member_id(&pid), for_ms: millis(now.saturating_sub(since)) }
            }
        },
        button: match inside.looking_since {
            Some(since) => Button::Reconnecting { for_ms: millis(now.saturating_sub(since)) },
            None if inside.standby.is_awaited() => Button::Requesting,
            None if inside.deafened.is_some() && view.button == Situation::AudioOff => Button::Deafened,
            None => button(view.button, now),
        },
        talk_limit: u32::from(inside.settings.talk_limit),
        invitation: (inside.seat.is_taken() && !locked).then(|| inside.invitation.clone()),
        door: match inside.epochs.door {
            DoorState::Open => face::Door::Open,
            DoorState::Locked => face::Door::Locked,
            DoorState::Pin(_) => face::Door::Pin,
        },
        code_dead: inside.guesses.are_over(),
        apart: differences
            .apart
            .iter()
            .map(|(one, other)| Apart { one: member_id(one), other: member_id(other) })
            .collect(),
        hidden: u32::try_from(differences.hidden.len()).unwrap_or(u32::MAX),
        verifying: inside.comparing.as_ref().map(|comparing| Verifying {
            id: member_id(&comparing.peer),
            code: comparing
                .code()
                .map(|code| SasCode { emoji: code.emoji.to_vec(), numbers: code.numbers.to_vec() }),
        }),
        microphone: inside.microphone,
        server: inside.seat.is_taken(),
        serving: inside.serving.is_own(),
        whispering: view.whispering.iter().map(member_id).collect(),
        latched,
    }
}

fn button(situation: Situation, now: Duration) -> Button {
    match situation {
        Situation::AudioOff => Button::AudioOff,
        Situation::NoMic => Button::NoMic,
        Situation::SilentMic => Button::SilentMic,
        Situation::Connecting => Button::Connecting,
        Situation::Alone => Button::Alone,
        Situation::Idle => Button::Idle,
        Situation::Requesting => Button::Requesting,
        Situation::Queued { place } => Button::Queued { place },
        Situation::Talking { since, until, near } => Button::Talking {
            for_ms: millis(now.saturating_sub(since)),
            left_ms: millis(until.saturating_sub(now)),
            near,
        },
        Situation::Busy { who } => Button::Busy { id: member_id(&who) },
        Situation::Revoked { why } => Button::Revoked { why: revoked(why) },
        Situation::Receiving { who } => Button::Receiving { id: member_id(&who) },
        Situation::Offline => Button::Offline,
        Situation::KeyMismatch { who } => Button::KeyMismatch { id: member_id(&who) },
    }
}

fn revoked(why: pushtalk_room::RevokedWhy) -> RevokedWhy {
    match why {
        pushtalk_room::RevokedWhy::Limit => RevokedWhy::Limit,
        pushtalk_room::RevokedWhy::Collision => RevokedWhy::Collision,
        pushtalk_room::RevokedWhy::ArbiterLost => RevokedWhy::ArbiterLost,
        pushtalk_room::RevokedWhy::Silence => RevokedWhy::Silence,
        pushtalk_room::RevokedWhy::Preempted => RevokedWhy::Preempted,
        pushtalk_room::RevokedWhy::Mode => RevokedWhy::Mode,
    }
}

/// The invitation that everybody in the room can pass on.
pub(crate) fn invitation(
    identity: &Identity,
    servers: &[ServerAddress],
    certificate: Option<CertificateHash>,
) -> face::Invitation {
    let link = Invitation {
        nameplate: identity.nameplate,
        password: identity.link_password(),
        servers: servers.to_vec(),
        certificate,
    }
    .link();
    let code = RoomCode { nameplate: identity.nameplate, password: identity.spoken_password() }.spelled();
    face::Invitation { qr: qr(&link), link, code, servers: servers.iter().map(ToString::to_string).collect() }
}

fn qr(text: &str) -> Qr {
    match qrcode::QrCode::with_error_correction_level(text, qrcode::EcLevel::M) {
        Ok(code) => {
            let modules = code.to_colors().iter().map(|c| c.select('1', '0')).collect();
            Qr { size: u32::try_from(code.width()).unwrap_or(0), modules }
        }
        // A link is far below the 2,331 bytes that fit.
        Err(_) => Qr { size: 0, modules: String::new() },
    }
}
