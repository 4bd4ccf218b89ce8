//! A microphone on standby: enabled, but open only while the talk button is down.
//!
//! A Bluetooth headset whose microphone is open plays everything like a telephone; this way it does so only while its
//! owner talks. The floor is asked for when the microphone is open: nobody holds it without a voice.

use std::time::Duration;

use pushtalk_room::{Input, Situation};

use crate::brain::{Output, TalkOrder};
use crate::face::{ErrorCode, Microphone, Preferences, TalkMode};
use crate::inside::Inside;
use crate::notices::Notices;

/// What is known of it in a room.
#[derive(Default)]
pub(crate) struct Standby {
    /// True when the person wants it so.
    on: bool,
    /// The microphone to open; none for the system's default.
    chosen: Option<String>,
    /// What the floor is told as soon as the microphone is open.
    awaited: Option<Input>,
}

impl Standby {
    /// True from the press until the microphone is open.
    pub(crate) fn is_awaited(&self) -> bool {
        self.awaited.is_some()
    }
}

impl Inside {
    /// Enables the microphone as the person wants it: open, or on standby.
    pub(crate) fn enable_microphone(
        &mut self,
        now: Duration,
        preferences: &Preferences,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        // A microphone that waits for a voice has to be open.
        self.standby.on = preferences.mic_while_pressed && preferences.talk_mode == TalkMode::Hold;
        self.standby.chosen.clone_from(&preferences.input);
        if self.standby.on && !self.sounding.hands.person {
            self.stand_by(now, out);
        } else {
            self.open_microphone(now, self.standby.chosen.clone(), notices, out);
        }
    }

    /// The talk button went down; `press` is the kind of it.
    pub(crate) fn press(
        &mut self,
        now: Duration,
        press: Input,
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        self.sounding.hands.person = true;
        let wanted = matches!(self.floor.view().button, Situation::Idle | Situation::Receiving { .. });
        if self.microphone == Microphone::Standby {
            // What is meant for a few comes in place of what was meant for all.
            if let (Some(awaited), Input::Whisper(_)) = (&mut self.standby.awaited, &press) {
                *awaited = press;
            } else if wanted && self.standby.awaited.is_none() {
                self.standby.awaited = Some(press);
                let steps = self.ports.input.open(self.standby.chosen.clone());
                self.microphone_steps(now, steps, notices, out);
            }
            return;
        }
        self.floor.handle(now, press, out);
        self.flush(out);
        if self.floor.view().button == Situation::SilentMic {
            self.tell_silent(notices);
        }
    }

    /// The talk button came up.
    pub(crate) fn release(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.sounding.hands.person = false;
        if self.standby.awaited.take().is_none() && !self.sounding.hands.voice {
            self.floor.handle(now, Input::Release, out);
            self.flush(out);
        }
    }

    /// The microphone is open: what was waited for is done.
    pub(crate) fn microphone_came(&mut self, now: Duration, out: &mut Vec<Output>) {
        if let Some(press) = self.standby.awaited.take() {
            self.floor.handle(now, press, out);
            self.flush(out);
        }
    }

    /// It does not come.
    pub(crate) fn microphone_stays_away(&mut self) {
        self.standby.awaited = None;
    }

    /// Closes the microphone when the button is up and the last words are out.
    pub(crate) fn rest_microphone(&mut self, now: Duration, notices: &mut Notices, out: &mut Vec<Output>) {
        // One that failed is tried again by the next press, and not meanwhile.
        let open = matches!(self.microphone, Microphone::Open | Microphone::Silent | Microphone::Failed);
        // Pressed once and let go of before it was open.
        let opening = self.microphone == Microphone::Standby && !self.ports.input.is_closed();
        let busy = matches!(
            self.floor.view().button,
            Situation::Talking { .. } | Situation::Requesting | Situation::Queued { .. }
        );
        if self.standby.on && (open || opening) && !self.sounding.hands.person && !busy {
            notices.withdraw(ErrorCode::MicrophoneSilent);
            self.stand_by(now, out);
        }
    }

    fn stand_by(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.ports.input.close();
        out.push(Output::Talk(TalkOrder::CloseMicrophone));
        self.microphone = Microphone::Standby;
        self.tell_microphone(now, out);
    }
}
