//! The chirp finder of the rig tells what was heard, when, and what should not have been.

use pushtalk_tests::rig::{CHIRP, Delay, Spread, Train, find_chirps, strays};
use rand::rngs::SmallRng;
use rand::{RngExt, SeedableRng};

const EVERY: usize = 12_000;

fn noise(seed: u64, length: usize, volume: f32) -> Vec<f32> {
    let mut random = SmallRng::seed_from_u64(seed);
    (0..length).map(|_| random.random_range(-volume..volume)).collect()
}

/// `samples` of `from`, as many samples later and that much louder.
fn echo(from: &[f32], later: usize, volume: f32) -> Vec<f32> {
    let mut all = vec![0.0; later];
    all.extend(from.iter().map(|sample| sample * volume));
    all.truncate(from.len());
    all
}

#[test]
fn a_delay_is_found_to_the_sample_at_any_volume() {
    let train = Train::new(1, 8, EVERY, 0.5);
    for (later, volume) in [(0, 1.0), (1, 0.01), (527, -0.3), (4_801, 2.0), (10_000, 0.1)] {
        let heard = echo(&train.samples, later, volume);
        let expected = vec![Some(Delay { samples: later as i64 }); 8];
        assert_eq!(find_chirps(&train.samples, &heard), expected, "{later} samples later");
        assert!(strays(&train.samples, &heard).is_empty());
    }
}

#[test]
fn a_chirp_is_found_in_noise_and_noise_is_no_chirp() {
    let train = Train::new(2, 8, EVERY, 0.5);
    let heard: Vec<f32> = echo(&train.samples, 960, 0.5)
        .iter()
        .zip(noise(3, train.samples.len(), 0.15))
        .map(|(a, b)| a + b)
        .collect();
    for delay in find_chirps(&train.samples, &heard) {
        assert!(delay.is_some_and(|delay| (delay.samples - 960).abs() <= 2), "{delay:?}");
    }
    assert_eq!(find_chirps(&noise(4, 480_000, 0.5), &heard), []);
    assert_eq!(find_chirps(&[0.0; 48_000], &[]), []);
    assert_eq!(find_chirps(&[0.0; 10], &[0.0; 10]), []);
}

#[test]
fn chirps_that_were_not_let_through_are_missed_one_by_one() {
    let train = Train::new(5, 6, EVERY, 0.5);
    let mut heard = echo(&train.samples, 1_000, 0.5);
    for lost in [0, 3] {
        heard[lost * EVERY..(lost + 1) * EVERY].fill(0.0);
    }
    let found: Vec<bool> = find_chirps(&train.samples, &heard).iter().map(Option::is_some).collect();
    assert_eq!(found, [false, true, true, false, true, true]);
}

#[test]
fn a_chirp_that_nobody_said_is_a_stray() {
    let train = Train::new(6, 4, EVERY, 0.5);
    let mut heard = echo(&train.samples, 300, 1.0);
    let at = 2 * EVERY + 5_000;
    let again: Vec<f32> = heard[300..300 + CHIRP].to_vec();
    heard[at..at + CHIRP].copy_from_slice(&again);
    assert_eq!(strays(&train.samples, &heard), [at]);
    assert!(find_chirps(&train.samples, &heard).iter().all(Option::is_some));
    assert_eq!(strays(&[0.0; 48_000], &train.samples).len(), 4);
}

#[test]
fn trains_differ_by_their_seed_only() {
    assert_eq!(Train::new(7, 3, EVERY, 0.5).samples, Train::new(7, 3, EVERY, 0.5).samples);
    assert_ne!(Train::new(7, 3, EVERY, 0.5).samples, Train::new(8, 3, EVERY, 0.5).samples);
}

#[test]
fn a_spread_counts_what_was_said_and_measures_what_was_heard() {
    let delays: Vec<_> = (1..=20).map(|ms| (ms != 7).then_some(Delay { samples: ms * 48 })).collect();
    let spread = Spread::of(&delays).unwrap();
    assert_eq!((spread.said, spread.heard), (20, 19));
    assert_eq!((spread.min, spread.p50, spread.p95, spread.max), (1.0, 11.0, 20.0, 20.0));
    assert_eq!(Spread::of(&[None]), None);
}
