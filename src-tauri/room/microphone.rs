//! What becomes of the button when the microphone does something else.

use std::time::Duration;

use crate::button::Own;
use crate::input::Microphone;
use crate::room::Room;
use crate::turn::Audience;
use crate::view::Situation;

impl Room {
    /// What the microphone does from now on. One that is silent ends a turn like one that fails, but the button that is
    /// still down when it is heard again counts as pressed then.
    pub(crate) fn microphone(&mut self, now: Duration, microphone: Microphone) {
        self.microphone = microphone;
        match microphone {
            Microphone::Open => {
                if matches!(self.own, Own::Refused(Situation::SilentMic)) {
                    self.own = Own::Rest;
                    match self.audience.clone() {
                        Audience::Everybody => self.press(now, false),
                        Audience::Only(to) => self.whisper(now, to),
                    }
                }
            }
            Microphone::Silent => {
                let down = match &self.own {
                    Own::Asking(ask) => ask.released.is_none(),
                    Own::Talking(talk) => talk.released.is_none(),
                    Own::Queued(_) => true,
                    Own::Rest => false,
                    Own::Refused(_) => return,
                };
                self.end(now, None);
                if down {
                    self.own = Own::Refused(Situation::SilentMic);
                }
            }
            Microphone::Off | Microphone::Failed => self.end(now, None),
        }
    }
}

#[cfg(test)]
mod tests {
    use crate::table::Table;
    use crate::{Floor, Input, Microphone, Situation};

    #[test]
    fn into_a_silent_microphone_nobody_talks_and_the_button_says_so() {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Microphone(Microphone::Silent));
        assert_eq!(table.button(2), Situation::SilentMic);
        table.give(2, Input::Press);
        assert_eq!(
            (table.button(2), table.live(), table.floor(1)),
            (Situation::SilentMic, vec![], Floor::Idle)
        );
        table.give(2, Input::Release);
        table.give(2, Input::Microphone(Microphone::Open));
        assert_eq!((table.button(2), table.live()), (Situation::Idle, vec![]), "the button is up");
    }

    #[test]
    fn who_holds_the_button_until_the_microphone_is_heard_talks_from_then_on() {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Microphone(Microphone::Silent));
        table.give(2, Input::Press);
        table.give(2, Input::Microphone(Microphone::Open));
        assert_eq!(table.live(), [2]);
    }

    #[test]
    fn a_turn_into_a_microphone_that_falls_silent_ends_and_frees_the_floor() {
        let mut table = Table::of(2, Some(1));
        table.give(2, Input::Press);
        assert_eq!(table.live(), [2]);
        table.give(2, Input::Microphone(Microphone::Silent));
        assert_eq!((table.live(), table.floor(1)), (vec![], Floor::Idle));
        assert_eq!(table.button(2), Situation::SilentMic);
        table.give(2, Input::Microphone(Microphone::Failed));
        assert_eq!(table.button(2), Situation::NoMic, "the button is down, but there is nothing to wait for");
        table.give(1, Input::Press);
        assert_eq!(table.talker(2), Some(1));
    }
}
