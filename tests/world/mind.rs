//! What decides for one client of a world: the real brain, or something that only looks like one from outside.

use std::time::Duration;

use pushtalk_engine::brain::{Brain, Input, Output};
use pushtalk_engine::face::View;
use rand::CryptoRng;

use super::mole::Mole;

/// Takes what happened and says what is to be done, as the brain does.
pub trait Mind {
    /// What happened at `now`, and what is to be done.
    fn handle(&mut self, now: Duration, rng: &mut dyn CryptoRng, input: Input) -> Vec<Output>;

    /// When `Input::Tick` is wanted next.
    fn poll_timeout(&self) -> Option<Duration>;

    /// What the person sees; none for a mind that shows nothing.
    fn view(&self, now: Duration) -> Option<View>;

    /// The mole, if it is one.
    fn mole(&mut self) -> Option<&mut Mole> {
        None
    }
}

impl Mind for Brain {
    fn handle(&mut self, now: Duration, rng: &mut dyn CryptoRng, input: Input) -> Vec<Output> {
        Brain::handle(self, now, rng, input)
    }

    fn poll_timeout(&self) -> Option<Duration> {
        Brain::poll_timeout(self)
    }

    fn view(&self, now: Duration) -> Option<View> {
        Some(Brain::view(self, now))
    }
}
