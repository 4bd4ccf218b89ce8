//! The sounds by which a radio tells what happens, by the convention of radios.

use std::f64::consts::TAU;

use crate::{BLOCK, SAMPLE_RATE};

/// What is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cue {
    /// Talk: a double chirp.
    Permit,
    /// Somebody else talks: a low tone.
    Busy,
    /// The channel is free: a single beep.
    Free,
    /// The talk limit is near: two short ones.
    LimitNear,
    /// Others can be reached: three rising.
    NetworkUp,
    /// Nobody can be reached any more: three falling.
    NetworkDown,
    /// Somebody begins to whisper to us: a soft falling double chirp.
    Whisper,
}

/// Part of a cue: from one pitch to another, in Hz, and how long, in milliseconds.
struct Tone {
    from: f64,
    to: f64,
    ms: usize,
}

const fn tone(hz: f64, ms: usize) -> Tone {
    Tone { from: hz, to: hz, ms }
}

const fn chirp(from: f64, to: f64, ms: usize) -> Tone {
    Tone { from, to, ms }
}

const fn pause(ms: usize) -> Tone {
    tone(0.0, ms)
}

/// Loudest sample of a cue at full volume: -14 dBFS.
const AMPLITUDE: f64 = 0.2;
/// Each tone rises and falls for so long, in milliseconds: it does not click.
const EDGE: usize = 5;
/// Samples of a millisecond.
const MS: usize = SAMPLE_RATE as usize / 1000;
/// So many are heard at once; one more is left out.
const AT_ONCE: usize = 4;

impl Cue {
    const ALL: [Self; 7] = [
        Self::Permit,
        Self::Busy,
        Self::Free,
        Self::LimitNear,
        Self::NetworkUp,
        Self::NetworkDown,
        Self::Whisper,
    ];

    /// The permit is the shortest: the first word is said into it.
    const fn tones(self) -> &'static [Tone] {
        match self {
            Self::Permit => const { &[chirp(900.0, 1400.0, 35), pause(15), chirp(1100.0, 1700.0, 35)] },
            Self::Busy => const { &[tone(330.0, 220)] },
            Self::Free => const { &[tone(1000.0, 90)] },
            Self::LimitNear => const { &[tone(800.0, 60), pause(50), tone(800.0, 60)] },
            Self::NetworkUp => const { &[tone(660.0, 70), tone(880.0, 70), tone(1100.0, 80)] },
            Self::NetworkDown => const { &[tone(1100.0, 70), tone(880.0, 70), tone(660.0, 80)] },
            // As short as the permit: the first word of another is heard beneath it.
            Self::Whisper => const { &[chirp(700.0, 500.0, 35), pause(15), chirp(600.0, 400.0, 35)] },
        }
    }

    fn samples(self) -> Box<[f32]> {
        synthesized(self.tones())
    }
}

/// The sound by which a person finds out whether the loudspeaker works: a major chord, one tone after the other, 750 ms.
pub fn test_sound() -> Box<[f32]> {
    synthesized(&[tone(440.0, 250), tone(554.37, 250), tone(659.26, 250)])
}

fn synthesized(tones: &[Tone]) -> Box<[f32]> {
    let mut out = Vec::new();
    for Tone { from, to, ms } in tones {
        let length = ms * MS;
        let mut phase = 0.0;
        for n in 0..length {
            let edge = (n.min(length - 1 - n) as f64 / (EDGE * MS) as f64).min(1.0);
            let envelope = 0.5 - 0.5 * (edge * TAU / 2.0).cos();
            out.push((AMPLITUDE * envelope * f64::sin(phase)) as f32);
            phase += TAU * (from + (to - from) * n as f64 / length as f64) / f64::from(SAMPLE_RATE);
        }
    }
    out.into_boxed_slice()
}

/// All cues, ready to be played.
pub struct Cues {
    samples: [Box<[f32]>; Cue::ALL.len()],
    playing: [Option<Playing>; AT_ONCE],
}

struct Playing {
    cue: Cue,
    at: usize,
    gain: f32,
}

impl Cues {
    /// Makes every cue; from here on nothing is computed or allocated for one.
    pub fn new() -> Self {
        Self { samples: Cue::ALL.map(Cue::samples), playing: [const { None }; AT_ONCE] }
    }

    /// Begins with the next block, at `gain` (0.0 to 1.0).
    pub fn play(&mut self, cue: Cue, gain: f32) {
        if let Some(free) = self.playing.iter_mut().find(|slot| slot.is_none()) {
            *free = Some(Playing { cue, at: 0, gain });
        }
    }

    /// Adds what plays now to a block. Gives true when there was anything.
    pub fn mix(&mut self, into: &mut [f32; BLOCK]) -> bool {
        let mut any = false;
        for slot in &mut self.playing {
            let Some(Playing { cue, at, gain }) = slot else { continue };
            let rest = self.samples[*cue as usize].get(*at..).unwrap_or_default();
            for (sum, sample) in into.iter_mut().zip(rest) {
                *sum += *gain * sample;
            }
            any = true;
            *at += BLOCK;
            if rest.len() <= BLOCK {
                *slot = None;
            }
        }
        any
    }

    /// Nothing plays any more.
    pub fn stop(&mut self) {
        self.playing = [const { None }; AT_ONCE];
    }
}

impl Default for Cues {
    fn default() -> Self {
        Self::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::amplitude_at;

    fn played(cue: Cue, gain: f32) -> Vec<f32> {
        let mut cues = Cues::new();
        cues.play(cue, gain);
        let mut out = Vec::new();
        let mut block = [0.0; BLOCK];
        while cues.mix(&mut block) {
            out.extend_from_slice(&std::mem::replace(&mut block, [0.0; BLOCK]));
        }
        out
    }

    #[test]
    fn every_cue_is_short_and_does_not_click() {
        for cue in Cue::ALL {
            let samples = cue.samples();
            let ms = samples.len() / MS;
            let brief = matches!(cue, Cue::Permit | Cue::Whisper);
            assert!(ms < 250 && (!brief || ms < 100), "{cue:?}: {ms} ms");
            assert_eq!((samples[0], samples[samples.len() - 1].abs() < 0.001), (0.0, true), "{cue:?}");
            // A sine of this height and 1700 Hz has no greater step.
            let step = samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
            assert!(step < 0.2 * 0.23, "{cue:?}: {step}");
            let early = samples[..MS].iter().fold(0.0f32, |most, s| most.max(s.abs()));
            assert!(early < 0.03, "{cue:?}: {early}");
        }
    }

    #[test]
    fn the_test_sound_is_short_well_heard_and_does_not_click() {
        let sound = test_sound();
        assert_eq!(sound.len(), 36_000);
        let loud = sound.iter().filter(|sample| f64::from(sample.abs()) > AMPLITUDE / 2.0).count();
        assert!(loud > sound.len() / 2, "{loud}");
        for part in sound.chunks_exact(250 * MS) {
            assert!(part[0] == 0.0 && part[part.len() - 1].abs() < 0.001);
        }
        let step = sound.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(step < 0.02, "{step}");
    }

    #[test]
    fn a_cue_is_played_whole_once_and_as_loud_as_is_wanted() {
        for cue in Cue::ALL {
            let (heard, whole) = (played(cue, 0.5), cue.samples());
            assert!(heard.iter().zip(&whole).all(|(heard, sample)| *heard == 0.5 * sample));
            assert!(heard[whole.len()..].iter().all(|sample| *sample == 0.0));
            assert!(heard.len() < whole.len() + BLOCK);
        }
    }

    #[test]
    fn pitch_tells_up_from_down_and_busy_from_free() {
        let pitches = |cue: Cue, hz: f32| amplitude_at(&played(cue, 1.0), hz, SAMPLE_RATE);
        assert!(pitches(Cue::Busy, 330.0) > 0.1 && pitches(Cue::Busy, 1000.0) < 0.01);
        assert!(pitches(Cue::Free, 1000.0) > 0.1 && pitches(Cue::Free, 330.0) < 0.01);
        let third = |cue: Cue, n: usize, hz: f32| {
            amplitude_at(&played(cue, 1.0)[n * 70 * MS..(n + 1) * 70 * MS], hz, SAMPLE_RATE)
        };
        for (n, hz) in [660.0, 880.0, 1100.0].into_iter().enumerate() {
            assert!(third(Cue::NetworkUp, n, hz) > 0.1 && third(Cue::NetworkDown, 2 - n, hz) > 0.1, "{hz}");
        }
    }

    #[test]
    fn cues_sound_together_and_too_many_are_left_out() {
        let mut cues = Cues::new();
        (0..AT_ONCE + 3).for_each(|_| cues.play(Cue::Free, 1.0));
        let mut block = [0.0; BLOCK];
        assert!(cues.mix(&mut block));
        let single = Cue::Free.samples();
        assert!(block.iter().zip(&single).all(|(sum, one)| (sum - AT_ONCE as f32 * one).abs() < 1e-6));
        cues.stop();
        assert!(!cues.mix(&mut block));
    }
}
