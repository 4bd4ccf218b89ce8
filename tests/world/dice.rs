//! Seeded randomness that remembers what it gave: so a test knows every secret that a client drew.

use std::convert::Infallible;

use rand::rngs::StdRng;
use rand::{SeedableRng, TryCryptoRng, TryRng};

/// One client's source of randomness.
pub struct Dice {
    rng: StdRng,
    drawn: Vec<Vec<u8>>,
}

impl Dice {
    /// From a seed.
    pub fn new(seed: u64) -> Self {
        Self { rng: StdRng::seed_from_u64(seed), drawn: Vec::new() }
    }

    /// All that was drawn in one piece of 32 bytes or more. Nonces, which are shown to others, are shorter; keys and the
    /// seeds of key pairs are not.
    pub fn secrets(&self) -> impl Iterator<Item = &[u8]> {
        self.drawn.iter().map(Vec::as_slice).filter(|bytes| bytes.len() >= 32)
    }
}

impl TryRng for Dice {
    type Error = Infallible;

    fn try_next_u32(&mut self) -> Result<u32, Infallible> {
        self.rng.try_next_u32()
    }

    fn try_next_u64(&mut self) -> Result<u64, Infallible> {
        self.rng.try_next_u64()
    }

    fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
        self.rng.try_fill_bytes(bytes)?;
        self.drawn.push(bytes.to_vec());
        Ok(())
    }
}

impl TryCryptoRng for Dice {}
