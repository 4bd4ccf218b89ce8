//! From the rate of the device to 48 kHz, or back, for one stream.

use crate::error::DeviceError;

/// Changes the rate of a run of blocks of any length.
pub(crate) struct RateConverter {
    /// Input frames for one output frame.
    step: f64,
    /// Where the next output lies, in input frames after `last`.
    position: f64,
    last: f32,
    same: bool,
}

impl RateConverter {
    pub(crate) fn new(from: u32, to: u32) -> Result<Self, DeviceError> {
        if from == 0 || to == 0 {
            return Err(DeviceError::Unsupported { what: "a rate of zero".into() });
        }
        Ok(Self { step: f64::from(from) / f64::from(to), position: 0.0, last: 0.0, same: from == to })
    }

    /// Appends to `out` all that `input` is enough for.
    pub(crate) fn convert(&mut self, input: &[f32], out: &mut Vec<f32>) {
        if self.same {
            out.extend_from_slice(input);
            return;
        }
        for next in input {
            while self.position < 1.0 {
                out.push(self.last + (next - self.last) * self.position as f32);
                self.position += self.step;
            }
            self.position -= 1.0;
            self.last = *next;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_second_stays_a_second_whatever_the_length_of_the_blocks() {
        for (from, to) in [(44_100_u32, 48_000_u32), (16_000, 48_000), (48_000, 44_100), (48_000, 48_000)] {
            let mut converter = RateConverter::new(from, to).unwrap();
            let (mut out, mut left, mut block) = (Vec::new(), from as usize, 1);
            while left > 0 {
                let now = block.min(left);
                converter.convert(&vec![0.5; now], &mut out);
                left -= now;
                block = block % 700 + 13;
            }
            let off = out.len().abs_diff(to as usize);
            assert!(off <= 2000, "{from} to {to}: {} frames", out.len());
        }
    }

    #[test]
    fn a_rate_of_zero_is_refused() {
        assert!(RateConverter::new(0, 48_000).is_err());
    }
}
