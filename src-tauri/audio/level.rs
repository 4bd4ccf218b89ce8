//! How loud a stretch of sound is.

/// What counts as silence, in dBFS.
const FLOOR: f32 = -96.0;

/// Where a meter begins to show, in dBFS.
const METER_FLOOR: f32 = -60.0;

/// A loudness.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Level {
    /// Root of the mean square in dBFS, -96 to about 0; a full sine is -3.
    pub rms: f32,
    /// Largest sample in dBFS, from -96.
    pub peak: f32,
    /// For a meter: 0 at -60 dBFS (root mean square) and below, 255 at 0, even in dB.
    pub meter: u8,
}

/// Measures samples; none at all is silence.
pub fn level(samples: &[f32]) -> Level {
    let square: f32 = samples.iter().map(|s| s * s).sum();
    let peak = samples.iter().fold(0.0f32, |peak, s| peak.max(s.abs()));
    let rms = decibel((square / samples.len().max(1) as f32).sqrt());
    // A cast to u8 saturates.
    let meter = ((rms - METER_FLOOR) / -METER_FLOOR * 255.0).round() as u8;
    Level { rms, peak: decibel(peak), meter }
}

fn decibel(amplitude: f32) -> f32 {
    (20.0 * amplitude.log10()).max(FLOOR)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tone::sine;

    #[test]
    fn a_full_sine_is_three_decibels_below_full_scale() {
        let full = level(&sine(1000.0, 1.0, 480, 48_000));
        assert!((full.rms + 3.01).abs() < 0.05, "{full:?}");
        assert!(full.peak.abs() < 0.05, "{full:?}");
        assert!(full.meter > 240);
    }

    #[test]
    fn silence_shows_nothing() {
        for silent in [level(&[]), level(&[0.0; 480])] {
            assert_eq!(silent, Level { rms: -96.0, peak: -96.0, meter: 0 });
        }
    }

    #[test]
    fn the_meter_is_even_in_decibels() {
        let half = level(&[10f32.powf(-30.0 / 20.0); 480]);
        assert!(half.meter.abs_diff(128) <= 1);
        assert_eq!(level(&[1.0; 480]).meter, 255);
        assert_eq!(level(&[8.0; 480]).meter, 255);
    }
}
