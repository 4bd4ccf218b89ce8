//! What each part of the processing does to sound, and how late it makes it.

use crate::tone::{Noise, amplitude_at, rms, sine, speech};
use crate::{BLOCK, Processing, ProcessingSettings};

fn run(settings: ProcessingSettings, samples: &[f32]) -> Vec<f32> {
    let mut processing = Processing::new(settings);
    samples
        .chunks_exact(BLOCK)
        .flat_map(|chunk| {
            let mut block: [f32; BLOCK] = chunk.try_into().unwrap();
            processing.hear(&[0.0; BLOCK]);
            processing.process(&mut block);
            block
        })
        .collect()
}

#[test]
fn off_changes_nothing() {
    let said = speech(48_000);
    assert_eq!(run(ProcessingSettings::off(), &said), said);
}

#[test]
fn sound_is_delayed_as_much_as_is_told() {
    let said = speech(48_000 * 2);
    for settings in [
        ProcessingSettings::on(),
        ProcessingSettings { noise_suppression: true, ..ProcessingSettings::off() },
        ProcessingSettings { high_pass: true, ..ProcessingSettings::off() },
        ProcessingSettings { gain_control: true, ..ProcessingSettings::off() },
        ProcessingSettings { gain_control: true, high_pass: true, ..ProcessingSettings::off() },
        ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::off() },
        ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::on() },
    ] {
        let heard = run(settings, &said);
        let likeness = |lag: &usize| -> f32 {
            said[24_000..72_000].iter().zip(&heard[24_000 + lag..]).map(|(a, b)| a * b).sum()
        };
        let best = (0..1_000).max_by(|a, b| likeness(a).total_cmp(&likeness(b))).unwrap();
        let told = Processing::new(settings).delay();
        assert!(best.abs_diff(told) <= 24, "{settings:?}: told {told}, is {best}");
    }
}

#[test]
fn rumble_goes_and_voice_stays() {
    let settings = ProcessingSettings { high_pass: true, ..ProcessingSettings::off() };
    let low = run(settings, &sine(30.0, 0.3, 96_000, 48_000));
    assert!(rms(&low[48_000..]) < 0.05, "{}", rms(&low[48_000..]));
    let voice = run(settings, &sine(1000.0, 0.3, 96_000, 48_000));
    assert!((amplitude_at(&voice[48_000..], 1000.0, 48_000) - 0.3).abs() < 0.02);
}

#[test]
fn steady_noise_is_lowered() {
    let mut noise = Noise::new(5);
    let hiss: Vec<f32> = (0..48_000 * 3).map(|_| 0.02 * noise.sample()).collect();
    let settings = ProcessingSettings { noise_suppression: true, ..ProcessingSettings::off() };
    let heard = run(settings, &hiss);
    let (before, after) = (rms(&hiss[96_000..]), rms(&heard[96_000..]));
    assert!(after < 0.5 * before, "{before} to {after}");
}

#[test]
fn a_quiet_voice_is_raised() {
    let quiet: Vec<f32> = speech(48_000 * 4).iter().map(|s| 0.05 * s).collect();
    let settings = ProcessingSettings { gain_control: true, ..ProcessingSettings::off() };
    let heard = run(settings, &quiet);
    assert!(rms(&heard[96_000..]) > 1.5 * rms(&quiet[96_000..]));
    assert!(heard.iter().all(|s| s.abs() <= 1.0));
}
