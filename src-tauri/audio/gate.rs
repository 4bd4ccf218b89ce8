//! Voice-activated talking: a gate that opens when somebody speaks, and closes a while after.
//!
//! It goes by loudness alone: a voice is as loud as the person has said that it is, and stands out of the noise around,
//! whose floor is followed by minimum statistics (R. Martin, 1994).

/// A voice is so much louder than the noise around, in dB.
const MARGIN: f32 = 10.0;
/// While the gate is open, what is this much less is still voice, in dB.
const HYSTERESIS: f32 = 6.0;
/// So many of the last three blocks have to be loud: a click is not.
const LOUD: u32 = 2;
/// The gate stays open for so many blocks after the last voice: the pause between two words.
const HANGOVER: u32 = 40;
/// Speech begins before it is loud: so many blocks before the first loud one belong to it.
const LEAD: usize = 10;
/// The quietest of so many stretches is the noise around: three seconds, which no word lasts.
const STRETCHES: usize = 10;
/// Blocks of a stretch.
const STRETCH: u32 = 30;
/// What a single block adds to the mean of its power, which the floor is the least of.
const SMOOTHING: f32 = 0.2;
/// Quieter than this is the same silence, in dBFS.
const SILENCE: f32 = -96.0;

/// A gate for one microphone.
#[derive(Debug, Clone)]
pub struct Gate {
    threshold: f32,
    floor: Floor,
    /// The last three blocks, as bits; 1 for a loud one.
    loud: u32,
    open: bool,
    /// Blocks since the last voice.
    quiet: u32,
}

/// What happens at a gate.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum GateChange {
    /// Somebody speaks.
    Opens {
        /// So many blocks, the last one included, belong to what is said. 13 at most.
        back: usize,
    },
    /// Nobody has spoken for 400 ms.
    Closes,
}

impl Gate {
    /// A closed gate; a voice is at least so loud, in dBFS (root of the mean square).
    pub const fn new(threshold: f32) -> Self {
        Self { threshold, floor: Floor::new(), loud: 0, open: false, quiet: 0 }
    }

    /// From now on a voice is at least so loud.
    pub const fn set_threshold(&mut self, threshold: f32) {
        self.threshold = threshold;
    }

    /// Nobody is listened to any more. Gives true when it was open.
    pub const fn close(&mut self) -> bool {
        (self.loud, self.quiet) = (0, 0);
        std::mem::replace(&mut self.open, false)
    }

    /// True while somebody speaks, and 400 ms longer.
    pub const fn is_open(&self) -> bool {
        self.open
    }

    /// Takes how loud the next block of 10 ms is, in dBFS.
    pub fn push(&mut self, level: f32) -> Option<GateChange> {
        let level = if level.is_finite() { level.max(SILENCE) } else { SILENCE };
        let floor = self.floor.after(level);
        let least = if self.open { self.threshold - HYSTERESIS } else { self.threshold };
        let above = if self.open { MARGIN - HYSTERESIS } else { MARGIN };
        let loud = level >= least && level >= floor + above;
        self.loud = (self.loud << 1 | u32::from(loud)) & 0b111;
        self.quiet = if loud { 0 } else { self.quiet.saturating_add(1) };
        if !self.open && self.loud.count_ones() >= LOUD {
            self.open = true;
            // How far back the first of the three is that were loud.
            let first = u32::BITS - self.loud.leading_zeros();
            return Some(GateChange::Opens { back: first as usize + LEAD });
        }
        if self.open && self.quiet >= HANGOVER {
            self.open = false;
            return Some(GateChange::Closes);
        }
        None
    }
}

/// The noise around: the least of the smoothed power of late.
#[derive(Debug, Clone)]
struct Floor {
    /// Of the power; none before the first block.
    mean: Option<f32>,
    /// The least of each stretch, the one of now first.
    least: [f32; STRETCHES],
    blocks: u32,
}

impl Floor {
    const fn new() -> Self {
        Self { mean: None, least: [f32::MAX; STRETCHES], blocks: 0 }
    }

    /// The floor, in dBFS, with one block more.
    fn after(&mut self, level: f32) -> f32 {
        let power = 10f32.powf(level / 10.0);
        let mean = self.mean.map_or(power, |mean| mean + SMOOTHING * (power - mean));
        self.mean = Some(mean);
        if self.blocks == STRETCH {
            self.least.rotate_right(1);
            (self.least[0], self.blocks) = (f32::MAX, 0);
        }
        self.blocks += 1;
        self.least[0] = self.least[0].min(mean);
        10.0 * self.least.iter().fold(f32::MAX, |least, stretch| least.min(*stretch)).log10()
    }
}
