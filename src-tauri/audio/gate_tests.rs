//! What opens the gate and what does not, how soon, and how much of a word is lost.

use proptest::prelude::*;

use crate::tone::{Noise, rms, sine, voice};
use crate::{BLOCK, Gate, GateChange, level};

const SECOND: usize = 48_000;

/// What happens, and at which block.
fn changes(gate: &mut Gate, samples: &[f32]) -> Vec<(usize, GateChange)> {
    let blocks = samples.as_chunks::<BLOCK>().0.iter().enumerate();
    blocks.filter_map(|(at, block)| Some((at, gate.push(level(block).rms)?))).collect()
}

fn to_amplitude(decibel: f32) -> f32 {
    10f32.powf(decibel / 20.0)
}

/// Noise of this loudness, in dBFS: white, or dull (below some hundred Hz).
fn noise(seed: u64, decibel: f32, dull: bool, samples: usize) -> Vec<f32> {
    let mut source = Noise::new(seed);
    let mut last = 0.0;
    let mut step = || {
        let fresh = source.sample();
        last += if dull { 0.05 * (fresh - last) } else { fresh - last };
        last
    };
    (0..SECOND).for_each(|_| _ = step());
    let mut all: Vec<f32> = (0..samples).map(|_| step()).collect();
    let scale = to_amplitude(decibel) / rms(&all);
    all.iter_mut().for_each(|sample| *sample *= scale);
    all
}

/// Something like speech whose first syllable has this loudness, in dBFS.
fn speech(seed: u64, higher: f32, decibel: f32, samples: usize) -> Vec<f32> {
    let mut all = voice(samples, higher, seed);
    let scale = to_amplitude(decibel) / rms(&all[..SECOND / 5]);
    all.iter_mut().for_each(|sample| *sample *= scale);
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    #[test]
    fn silence_and_steady_noise_never_open_the_gate(
        seed: u64,
        decibel in -90f32..-5.0,
        dull: bool,
        threshold in -60f32..-10.0,
    ) {
        let mut gate = Gate::new(threshold);
        prop_assert_eq!(changes(&mut gate, &noise(seed, decibel, dull, 8 * SECOND)), []);
        let hum = sine(50.0 + (seed % 200) as f32, to_amplitude(decibel), 8 * SECOND, 48_000);
        prop_assert_eq!(changes(&mut Gate::new(threshold), &hum), []);
        prop_assert_eq!(changes(&mut Gate::new(threshold), &vec![0.0; SECOND]), []);
    }

    #[test]
    fn a_voice_opens_it_within_50_ms_and_nothing_of_its_first_syllable_is_lost(
        seed: u64,
        higher in 0.7f32..1.6,
        threshold in -55f32..-25.0,
        louder in 0f32..15.0,
        around in 25f32..50.0,
        silence in (SECOND / 2)..(4 * SECOND),
    ) {
        let said = speech(seed, higher, threshold + louder, SECOND / 5);
        let mut all = noise(seed, threshold + louder - around, seed.is_multiple_of(2), silence);
        let begins = all.len();
        all.extend(&said);
        let mut gate = Gate::new(threshold);
        let found = changes(&mut gate, &all);
        let Some((at, GateChange::Opens { back })) = found.first().copied() else {
            return Err(TestCaseError::fail("closed"));
        };
        // From the first block on that is as loud as was said.
        let loud = all.as_chunks::<BLOCK>().0.iter().position(|block| level(block).rms >= threshold);
        let late = at + 1 - loud.unwrap_or(0);
        prop_assert!(late <= 5, "{late} blocks late");
        let from = (at + 1 - back) * BLOCK;
        let power = |samples: &[f32]| samples.iter().map(|s| s * s).sum::<f32>();
        let kept = power(&said[from.saturating_sub(begins)..]) / power(&said);
        prop_assert!(kept >= 0.99, "{kept}");
        prop_assert!(back <= 13 && at >= begins / BLOCK);
    }
}

#[test]
fn the_gate_stays_open_between_words_and_closes_400_ms_after_the_last() {
    let mut gate = Gate::new(-45.0);
    let word = speech(3, 1.0, -20.0, SECOND);
    let silence = |ms: usize| noise(1, -80.0, false, ms * 48);
    let all = [silence(1000), word.clone(), silence(300), word, silence(1000)].concat();
    let found = changes(&mut gate, &all);
    assert!(
        matches!(found[..], [(100..=105, GateChange::Opens { .. }), (_, GateChange::Closes)]),
        "{found:?}"
    );
    let (closed, last_word) = (found[1].0 * 10, 3300);
    assert!((300..=410).contains(&(closed - last_word)), "{closed}");
    assert!(!gate.is_open());
}

#[test]
fn a_click_does_not_open_it() {
    let mut all = noise(5, -70.0, false, 3 * SECOND);
    for at in [SECOND, 2 * SECOND] {
        all[at..at + 240].fill(0.9);
    }
    assert_eq!(changes(&mut Gate::new(-45.0), &all), []);
}

#[test]
fn noise_that_sets_in_is_taken_for_a_voice_no_longer_than_some_seconds() {
    let all = [noise(7, -80.0, false, SECOND), noise(8, -30.0, false, 9 * SECOND)].concat();
    let found = changes(&mut Gate::new(-45.0), &all);
    assert!(
        matches!(found[..], [(_, GateChange::Opens { .. }), (100..480, GateChange::Closes)]),
        "{found:?}"
    );
}

#[test]
fn a_threshold_that_is_raised_closes_it_and_numbers_that_are_none_do_no_harm() {
    let mut gate = Gate::new(-45.0);
    (0..50).for_each(|_| _ = gate.push(-80.0));
    (0..3).for_each(|_| _ = gate.push(-40.0));
    assert!(gate.is_open());
    gate.set_threshold(-20.0);
    (0..40).for_each(|_| _ = gate.push(-40.0));
    assert!(!gate.is_open());
    for level in [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX] {
        assert_eq!(gate.push(level), None);
    }
}
