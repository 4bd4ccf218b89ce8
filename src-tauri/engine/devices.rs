//! What a person asks for about devices.

use std::time::Duration;

use crate::brain::{Brain, Output, Stage};
use crate::face::{Intent, Microphone};

impl Brain {
    pub(crate) fn with_devices(&mut self, now: Duration, intent: Intent, out: &mut Vec<Output>) {
        match intent {
            Intent::SetDevices { input, output } => {
                let changed = (self.preferences.input != input, self.preferences.output != output);
                self.preferences.input = input;
                self.preferences.output = output;
                if changed.0 {
                    self.enable_again(now, out);
                }
                if changed.1
                    && let Stage::Inside(inside) = &mut self.stage
                {
                    inside.open_output(&self.preferences, &mut self.notices, out);
                }
            }
            Intent::ListDevices if self.lookout.look_at_once() => out.push(Output::ListDevices),
            Intent::WatchDevices { on } => self.lookout.watched = on,
            Intent::EnableAudio => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.set_deafened(now, false, &self.preferences, &mut self.notices, out);
                    inside.enable_microphone(now, &self.preferences, &mut self.notices, out);
                }
            }
            Intent::DisableAudio => {
                if let Stage::Inside(inside) = &mut self.stage {
                    inside.close_microphone(now, out);
                }
            }
            Intent::SetMicWhilePressed { on } => {
                self.preferences.mic_while_pressed = on;
                self.enable_again(now, out);
            }
            Intent::PlayTestSound => self.check.begin(false, &self.preferences, out),
            // Who is on air is heard by others already.
            Intent::HearYourself if !self.is_talking() => self.check.begin(true, &self.preferences, out),
            Intent::StopSoundCheck => self.check.stop(out),
            _ => {}
        }
    }

    fn is_talking(&self) -> bool {
        matches!(&self.stage, Stage::Inside(inside) if inside.is_talking())
    }

    /// A microphone that is enabled follows what the person has chosen.
    pub(crate) fn enable_again(&mut self, now: Duration, out: &mut Vec<Output>) {
        if let Stage::Inside(inside) = &mut self.stage
            && inside.microphone != Microphone::Off
        {
            inside.enable_microphone(now, &self.preferences, &mut self.notices, out);
        }
    }
}
