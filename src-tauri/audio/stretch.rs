//! Voice made shorter or longer by one period, where it resembles itself.

/// Length of the cross-fade in samples: 5 ms.
pub(crate) const FADE: usize = 240;

/// The shortest period that is taken out or put in: 2.5 ms.
pub(crate) const LEAST_LAG: usize = 120;

/// The longest: 15 ms.
pub(crate) const MOST_LAG: usize = 720;

/// What must be alike, in samples.
const WINDOW: usize = 480;

/// The search runs on every fourth sample of a smoothed signal first.
const STEP: usize = 4;

/// Below this mean square nobody hears where it is cut: -50 dBFS.
const QUIET: f32 = 1e-5;

/// The lag at which `samples` resembles its own beginning best, between [`LEAST_LAG`] and `most`, and how much: 1 is
/// the same, 0 is unrelated. `None` when there are too few samples.
pub(crate) fn best_lag(samples: &[f32], most: usize) -> Option<(usize, f32)> {
    let most = most.min(MOST_LAG).min(samples.len().checked_sub(FADE)?);
    if most < LEAST_LAG {
        return None;
    }
    let window = WINDOW.min(samples.len() - most) / STEP * STEP;
    let head = &samples[..window];
    let energy: f32 = head.iter().map(|s| s * s).sum();
    if energy < QUIET * window as f32 {
        return Some((most, 1.0));
    }

    let mut smooth = [0.0; (WINDOW + MOST_LAG) / STEP];
    let smooth = &mut smooth[..(window + most) / STEP];
    for (out, chunk) in smooth.iter_mut().zip(samples.chunks_exact(STEP)) {
        *out = chunk.iter().sum();
    }
    let coarse = (LEAST_LAG / STEP..=most / STEP)
        .filter(|lag| lag + window / STEP <= smooth.len())
        .map(|lag| (lag, likeness(&smooth[..window / STEP], &smooth[lag..])))
        .max_by(|a, b| a.1.total_cmp(&b.1))?
        .0;
    let from = (coarse * STEP).saturating_sub(STEP).max(LEAST_LAG);
    let to = (coarse * STEP + STEP).min(most);
    (from..=to).map(|lag| (lag, likeness(head, &samples[lag..]))).max_by(|a, b| a.1.total_cmp(&b.1))
}

fn likeness(head: &[f32], other: &[f32]) -> f32 {
    let (mut product, mut one, mut two) = (0.0, 1e-9, 1e-9);
    for (a, b) in head.iter().zip(other) {
        product += a * b;
        one += a * a;
        two += b * b;
    }
    product / f32::sqrt(one * two)
}

/// Takes `lag` samples out of the front of `samples`: the beginning fades into what is `lag` later. Returns the new
/// length.
pub(crate) fn shorten(samples: &mut [f32], lag: usize) -> usize {
    let length = samples.len();
    for n in 0..FADE {
        let weight = raised(n);
        samples[n + lag] = samples[n] * (1.0 - weight) + samples[n + lag] * weight;
    }
    samples.copy_within(lag.., 0);
    length - lag
}

/// Puts `lag` samples into the front of `buffer`, of which `length` are in use: after the first `lag` samples the
/// sound fades back into its own beginning. Returns the new length.
pub(crate) fn lengthen(buffer: &mut [f32], length: usize, lag: usize) -> usize {
    buffer.copy_within(..length, lag);
    // The copy of sample n lies at n + lag now; what followed sample n + lag lies another lag further.
    for n in 0..FADE {
        let weight = raised(n);
        let onward = buffer[n + 2 * lag];
        buffer[n + lag] = onward * (1.0 - weight) + buffer[n + lag] * weight;
    }
    length + lag
}

/// A quarter of a cosine squared: 0 to 1 over the fade, flat at both ends.
fn raised(n: usize) -> f32 {
    0.5 - 0.5 * (std::f32::consts::PI * (n as f32 + 0.5) / FADE as f32).cos()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::{sine, snr_db, speech};

    fn steepest(samples: &[f32]) -> f32 {
        samples.windows(2).map(|pair| (pair[1] - pair[0]).abs()).fold(0.0, f32::max)
    }

    #[test]
    fn the_period_of_a_voice_is_found() {
        let (lag, likeness) = best_lag(&sine(150.0, 0.5, 1440, 48_000), MOST_LAG).unwrap();
        assert!(lag.abs_diff(320) <= 1 || lag.abs_diff(640) <= 1, "{lag}");
        assert!(likeness > 0.999);
    }

    #[test]
    fn a_period_less_leaves_a_voice_without_a_click() {
        let mut samples = sine(200.0, 0.5, 1440, 48_000);
        let steep = steepest(&samples);
        let (lag, _) = best_lag(&samples, MOST_LAG).unwrap();
        let length = shorten(&mut samples, lag);
        assert_eq!(length, 1440 - lag);
        assert!(snr_db(&sine(200.0, 0.5, length, 48_000), &samples[..length]) > 40.0);
        assert!(steepest(&samples[..length]) < 1.05 * steep);
    }

    #[test]
    fn a_period_more_leaves_a_voice_without_a_click() {
        let mut samples = sine(200.0, 0.5, 960, 48_000);
        samples.resize(2000, 0.0);
        let (lag, _) = best_lag(&samples[..960], MOST_LAG).unwrap();
        let length = lengthen(&mut samples, 960, lag);
        assert_eq!(length, 960 + lag);
        assert!(snr_db(&sine(200.0, 0.5, length, 48_000), &samples[..length]) > 40.0);
    }

    #[test]
    fn speech_is_cut_no_steeper_than_it_is_itself() {
        let voice = speech(48_000);
        let steep = steepest(&voice);
        for start in (0..40_000).step_by(777) {
            let mut part = voice[start..start + 1440].to_vec();
            let (lag, _) = best_lag(&part, MOST_LAG).unwrap();
            let length = shorten(&mut part, lag);
            assert!(steepest(&part[..length]) <= 1.1 * steep);
            let mut part = voice[start..start + 480].to_vec();
            part.resize(1440, 0.0);
            let (lag, _) = best_lag(&part[..480], MOST_LAG).unwrap();
            let length = lengthen(&mut part, 480, lag);
            assert!(steepest(&part[..length]) <= 1.1 * steep);
        }
    }

    #[test]
    fn too_little_sound_is_left_alone() {
        assert_eq!(best_lag(&[0.0; 300], MOST_LAG), None);
        assert_eq!(best_lag(&[], MOST_LAG), None);
    }
}
