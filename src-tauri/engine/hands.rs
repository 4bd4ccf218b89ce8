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
}

impl Inside {
    /// A voice begins, or has ended. Where one talks at a time it never asks while another talks: what it hears may be
    /// that one, out of the loudspeaker.
    pub(crate) fn gate(&mut self, now: Duration, open: bool, out: &mut Vec<Output>) {
        if open {
            let free = self.settings.mode == Mode::Open || self.floor.view().button == Situation::Idle;
            if !free || self.sounding.hands != Hands::default() {
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
