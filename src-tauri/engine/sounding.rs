//! How the voice threads are set: it follows from what the person has chosen and from the room, and is told when it
//! changes.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_audio::{Cue, ProcessingSettings};
use pushtalk_protocol::{Mode, Pid};
use pushtalk_room::Situation;

use crate::brain::{Brain, ListenOrder, Output, TalkOrder};
use crate::cues::{cue, loudness};
use crate::face::{EchoCancelling, Intent, Preferences, ProcessingPreferences, TalkMode};
use crate::hands::Hands;
use crate::inside::Inside;
use crate::preferences::KeyDoes;
use crate::volumes::Volume;

/// What the voice threads of one room were told, and what their setting depends on.
#[derive(Default)]
pub(crate) struct Sounding {
    /// True when the output is known to be worn on the head.
    pub(crate) worn: bool,
    pub(crate) hands: Hands,
    /// Of those for whom it was changed.
    pub(crate) volumes: BTreeMap<Pid, Volume>,
    /// What the button showed last, and whether it whispered.
    shown: Option<(Situation, bool)>,
    /// Who whispered to us, and when last.
    whisperers: BTreeMap<Pid, Duration>,
    told: Option<Setting>,
}

/// Who whispers again so soon, or is heard again after a gap, goes on.
const SAME_WHISPER: Duration = Duration::from_secs(2);

/// How the voice threads are to work.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Setting {
    processing: ProcessingSettings,
    ducked: bool,
    /// Voices from this level on, in dBFS, hold the button down.
    gate: Option<f32>,
}

impl Setting {
    /// `several` when others may be heard while one talks.
    fn of(preferences: &Preferences, mode: Mode, several: bool, button: Situation, worn: bool) -> Self {
        let echo_cancelling = match preferences.processing.echo_cancelling {
            EchoCancelling::On => true,
            EchoCancelling::Off => false,
            EchoCancelling::Auto => several && !worn,
        };
        Self {
            processing: ProcessingSettings { echo_cancelling, ..alone(preferences.processing) },
            ducked: preferences.ducking && mode == Mode::Radio && matches!(button, Situation::Talking { .. }),
            gate: (preferences.talk_mode == TalkMode::Voice)
                .then(|| preferences.voice_threshold.clamp(-60, -10).into()),
        }
    }
}

/// What is done to a microphone while nothing is played.
pub(crate) fn alone(preferences: ProcessingPreferences) -> ProcessingSettings {
    let ProcessingPreferences { high_pass, noise_suppression, gain_control, .. } = preferences;
    ProcessingSettings { high_pass, noise_suppression, gain_control, echo_cancelling: false }
}

impl Brain {
    /// What a person chooses about sound.
    pub(crate) fn choose_sound(&mut self, now: Duration, intent: Intent, out: &mut Vec<Output>) {
        match intent {
            Intent::SetProcessing { processing } => self.preferences.processing = processing,
            Intent::SetDucking { on } => self.preferences.ducking = on,
            Intent::SetCues { cues } => self.preferences.cues = cues,
            Intent::SetTalkMode { mode, threshold } => {
                self.preferences.talk_mode = mode;
                self.preferences.voice_threshold = threshold.clamp(-60, -10);
                if self.preferences.mic_while_pressed {
                    self.enable_again(now, out);
                }
            }
            _ => {}
        }
    }
}

impl Inside {
    /// Tells the voice threads what has changed for them.
    pub(crate) fn tell_sounding(&mut self, now: Duration, preferences: &Preferences, out: &mut Vec<Output>) {
        let view = self.floor.view();
        let (mode, button, whispers) = (self.settings.mode, view.button, !view.whispering.is_empty());
        let answers = preferences.keys.iter().any(|bound| bound.does == KeyDoes::Answer);
        let several = mode == Mode::Open || !self.whisper.chosen.is_empty() || answers;
        let setting = Setting::of(preferences, mode, several, button, self.sounding.worn);
        let told = self.sounding.told.replace(setting);
        if told.map(|told| told.processing) != Some(setting.processing) {
            out.push(Output::Talk(TalkOrder::Process(setting.processing)));
        }
        if told.and_then(|told| told.gate) != setting.gate {
            out.push(Output::Talk(TalkOrder::Gate(setting.gate)));
        }
        if told.is_some_and(|told| told.ducked) != setting.ducked {
            out.push(Output::Listen(ListenOrder::Duck(setting.ducked)));
        }
        let shown = (button, whispers);
        let before = self.sounding.shown.replace(shown);
        // Who whispered, and now talks to all, hears that it begins, and the other way around.
        let before = before.map(|(before, did)| if did == whispers { before } else { Situation::Idle });
        let by_button = before
            .and_then(|before| cue(before, button, mode))
            // Who talks by voice is talking already, and would hear it at every word.
            .filter(|cue| !(*cue == Cue::Permit && self.sounding.hands.voice));
        let begins = self.whisper_begins(now, &view.whispers);
        if preferences.manners.quiet {
            return;
        }
        for cue in by_button.into_iter().chain(begins.then_some(Cue::Whisper)) {
            if let Some(gain) = loudness(cue, &preferences.cues) {
                out.push(Output::Listen(ListenOrder::Cue(cue, gain)));
            }
        }
    }

    /// True when somebody of these begins to whisper to us and is heard. Not while we talk: our own microphone would hear the
    /// sound that tells it.
    fn whisper_begins(&mut self, now: Duration, whisperers: &[Pid]) -> bool {
        self.sounding.whisperers.retain(|_, last| now.saturating_sub(*last) <= SAME_WHISPER);
        let mut begins = false;
        for pid in whisperers {
            let goes_on = self.sounding.whisperers.insert(*pid, now).is_some();
            begins |= !goes_on && !self.volume(pid).muted;
        }
        begins && !self.status.deafened && !self.button_works()
    }
}
