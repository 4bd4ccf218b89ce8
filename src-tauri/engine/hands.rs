//! What holds the talk button down: the person, a voice, or both.

use std::time::Duration;

use pushtalk_protocol::Mode;
use pushtalk_room::{Input, Situation};

use crate::brain::Output;
use crate::inside::Inside;

/// Who holds it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Hands {
    /// The person, by a key, a pointer or a command.
    pub(crate) person: bool,
    /// A voice that opened the gate.
    pub(crate) voice: bool,
    /// Somebody holds the button to whisper, whether it works or not.
    pub(crate) whisper: bool,
    /// Until then no voice presses.
    hushed: Duration,
}

/// Who was stopped amid a whisper notices it by then.
const HUSH: Duration = Duration::from_secs(5);

impl Hands {
    /// A whisper ended that nobody has let go of: what is said now is not meant for all.
    pub(crate) fn hush(&mut self, now: Duration) {
        self.hushed = now + HUSH;
    }
}

impl Inside {
    /// A voice begins, or has ended. Where one talks at a time it never asks while another talks, and nowhere while somebody
    /// whispers to us: what it hears may be that one, out of the loudspeaker. Nor does it as long as we whisper, or mean to.
    pub(crate) fn gate(&mut self, now: Duration, open: bool, out: &mut Vec<Output>) {
        if open {
            let view = self.floor.view();
            let free = self.settings.mode == Mode::Open || view.button == Situation::Idle;
            let Hands { person, voice, whisper, hushed } = self.sounding.hands;
            if !free || !view.whispers.is_empty() || person || voice || whisper || now < hushed {
                return;
            }
            self.sounding.hands.voice = true;
            self.button(now, Input::Press, out);
        } else if std::mem::take(&mut self.sounding.hands.voice) && !self.sounding.hands.person {
            self.button(now, Input::Release, out);
        }
    }

    fn button(&mut self, now: Duration, input: Input, out: &mut Vec<Output>) {
        self.floor.handle(now, input, out);
        self.flush(out);
    }
}
