//! The sound by which a person finds out whether the loudspeaker works: three rising tones.

use std::f32::consts::TAU;

use pushtalk_audio::SAMPLE_RATE;

/// A major chord, in Hz.
const TONES: [f32; 3] = [440.0, 554.37, 659.26];
/// Samples of one tone: 250 ms.
const TONE: usize = 12_000;
/// Fading in and out, in samples: 10 ms, so that nothing clicks.
const FADE: usize = 480;
/// Well heard and never loud.
const VOLUME: f32 = 0.2;

/// 48 kHz mono.
pub(crate) fn chime() -> Vec<f32> {
    let tone = |hz: f32| {
        (0..TONE).map(move |n| {
            let fade = n.min(TONE - 1 - n).min(FADE) as f32 / FADE as f32;
            VOLUME * fade * (TAU * hz * n as f32 / SAMPLE_RATE as f32).sin()
        })
    };
    TONES.into_iter().flat_map(tone).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_short_heard_never_loud_and_does_not_click() {
        let chime = chime();
        assert_eq!(chime.len(), 36_000);
        assert!(chime.iter().all(|sample| sample.abs() <= VOLUME));
        let loud = chime.iter().filter(|sample| sample.abs() > VOLUME / 2.0).count();
        assert!(loud > chime.len() / 2, "{loud}");
        assert_eq!((chime[0], chime[TONE], chime[chime.len() - 1]), (0.0, 0.0, 0.0));
        let steepest = chime.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max);
        assert!(steepest < 0.02, "{steepest}");
    }
}
