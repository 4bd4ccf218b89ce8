//! What the echo canceller leaves of the loudspeaker, and of who talks over it.

use std::time::Duration;

use crate::tone::{Noise, rms, voice};
use crate::{BLOCK, Processing, ProcessingSettings};

const SECOND: usize = 48_000;
const ECHO: ProcessingSettings = ProcessingSettings { echo_cancelling: true, ..ProcessingSettings::off() };

/// A small room: the way to the microphone takes `delay` samples, then some 20 ms of ever weaker reflections.
fn room(played: &[f32], delay: usize) -> Vec<f32> {
    let taps = [(0, 0.25), (53, -0.12), (131, 0.09), (288, -0.07), (460, 0.05), (731, 0.03), (960, -0.02)];
    let mut echo = vec![0.0; played.len()];
    for (tap, gain) in taps {
        for (out, sample) in echo[delay + tap..].iter_mut().zip(played) {
            *out += gain * sample;
        }
    }
    echo
}

/// What leaves the device: the microphone hears `near` over the echo, with the breath of its own amplifier.
fn cancel(settings: ProcessingSettings, played: &[f32], echo: &[f32], near: &[f32]) -> Vec<f32> {
    let mut processing = Processing::new(settings);
    let mut breath = Noise::new(3);
    let mut out = Vec::with_capacity(played.len());
    let blocks = played.as_chunks::<BLOCK>().0.iter().zip(echo.as_chunks::<BLOCK>().0);
    for ((played, echo), near) in blocks.zip(near.as_chunks::<BLOCK>().0) {
        processing.hear(played);
        processing.set_echo_delay(Duration::from_millis(20));
        let mut block = [0.0; BLOCK];
        for (n, sample) in block.iter_mut().enumerate() {
            *sample = echo[n] + near[n] + 0.0002 * breath.sample();
        }
        processing.process(&mut block);
        out.extend_from_slice(&block);
    }
    out
}

fn decibel(ratio: f32) -> f32 {
    20.0 * ratio.log10()
}

#[test]
fn after_two_seconds_the_echo_of_a_voice_is_gone() {
    let played = voice(6 * SECOND, 1.0, 7);
    for delay_ms in [20, 45, 80, 120] {
        let echo = room(&played, delay_ms * 48);
        let left = cancel(ECHO, &played, &echo, &vec![0.0; played.len()]);
        let less = decibel(rms(&echo[2 * SECOND..]) / rms(&left[2 * SECOND..]));
        assert!(less >= 20.0, "{delay_ms} ms: {less:.1} dB");
    }
}

#[test]
fn who_talks_over_the_loudspeaker_is_heard() {
    let said: Vec<f32> = voice(6 * SECOND, 1.37, 11).iter().map(|sample| 0.4 * sample).collect();
    let near = [vec![0.0; 4 * SECOND], said].concat();
    // In the microphone the echo is as loud as the voice, or 10 dB quieter.
    for (loud, least) in [(1.0, -6.0), (0.3, -3.0)] {
        let played: Vec<f32> = voice(10 * SECOND, 1.0, 7).iter().map(|sample| loud * sample).collect();
        let echo = room(&played, 60 * 48);
        let heard = cancel(ECHO, &played, &echo, &near);
        let late = Processing::new(ECHO).delay();
        let (near, heard) = (&near[4 * SECOND..9 * SECOND], &heard[4 * SECOND + late..9 * SECOND + late]);
        let power: f32 = near.iter().map(|sample| sample * sample).sum();
        let kept = near.iter().zip(heard).map(|(near, heard)| near * heard).sum::<f32>() / power;
        assert!(decibel(kept) > least, "{:.1} dB of {:.1}", decibel(kept), decibel(rms(heard) / rms(near)));
    }
}

#[test]
fn without_a_loudspeaker_the_voice_is_left_as_it_is() {
    let silence = vec![0.0; 4 * SECOND];
    let near = voice(4 * SECOND, 1.2, 11);
    let heard = cancel(ECHO, &silence, &silence, &near);
    let less = decibel(rms(&near[SECOND..]) / rms(&heard[SECOND..]));
    assert!(less.abs() < 1.0, "{less:.1} dB");
}
