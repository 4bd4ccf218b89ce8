//! How a stream is opened: which shape it gets from the device, and what is done when it is refused.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use cpal::traits::{DeviceTrait, StreamTrait};
use cpal::{
    BufferSize, ErrorKind, SampleFormat, StreamConfig, SupportedBufferSize, SupportedStreamConfig,
    SupportedStreamConfigRange,
};

use crate::RATE;
use crate::error::{DeviceError, StreamEvent};
use crate::feed::Counters;
use crate::host::{AudioHost, in_time};
use crate::roster::{Direction, find};

/// Tried when the device refuses the wanted buffer, in frames at 48 kHz.
const FALLBACK_BUFFER: u32 = 480;

/// What to open.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OpenSettings {
    /// The sound interface.
    pub host: AudioHost,
    /// [`DeviceInfo::name`](crate::DeviceInfo::name); none for the system's default.
    pub name: Option<String>,
    /// Frames of 48 kHz in one buffer of the device; 480 is tried when the device refuses. Small is quick: one buffer
    /// in each direction is part of the delay from mouth to ear.
    pub buffer: u32,
}

impl Default for OpenSettings {
    fn default() -> Self {
        Self { host: AudioHost::Default, name: None, buffer: 240 }
    }
}

/// What the device got in the end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StreamShape {
    /// Frames a second.
    pub rate: u32,
    /// Interleaved channels.
    pub channels: u16,
    /// Frames at `rate` in one callback; none when the device decides.
    pub buffer: Option<u32>,
}

impl StreamShape {
    /// Ring slots for so many milliseconds.
    pub(crate) fn slots(&self, milliseconds: usize) -> usize {
        self.rate as usize * usize::from(self.channels) * milliseconds / 1000
    }

    /// Device frames that last as long as so many samples of 48 kHz, rounded up.
    pub(crate) fn frames(&self, samples: usize) -> u64 {
        (samples as u64 * u64::from(self.rate)).div_ceil(u64::from(RATE))
    }

    /// Samples of 48 kHz that last as long as so many device frames, rounded down.
    pub(crate) fn samples(&self, frames: u64) -> usize {
        (frames * u64::from(RATE) / u64::from(self.rate.max(1))) as usize
    }
}

/// Where errors of a running stream go.
#[derive(Clone)]
pub(crate) struct Reporter {
    tell: Arc<Mutex<dyn Fn(StreamEvent) + Send>>,
    closing: Arc<AtomicBool>,
    counters: Arc<Counters>,
}

impl Reporter {
    pub(crate) fn new(tell: impl Fn(StreamEvent) + Send + 'static, counters: Arc<Counters>) -> Self {
        Self { tell: Arc::new(Mutex::new(tell)), closing: Arc::default(), counters }
    }

    /// The error callback.
    pub(crate) fn report(&self, error: &cpal::Error) {
        if self.closing.load(Ordering::Acquire) {
            return;
        }
        let event = StreamEvent::of(error.kind());
        if event == StreamEvent::Xrun {
            // Some systems report it from within the callback, where nobody may wait for a lock: it is only counted.
            self.counters.xruns.fetch_add(1, Ordering::Relaxed);
            return;
        }
        let tell = self.tell.lock().unwrap_or_else(PoisonError::into_inner);
        (*tell)(event);
    }

    /// What a stream complains about while it is being closed is not told: some do when they see their device go.
    pub(crate) fn close(&self) {
        self.closing.store(true, Ordering::Release);
    }
}

/// A stream that runs, with what its callback feeds on.
pub(crate) struct Opened<R> {
    pub(crate) stream: cpal::Stream,
    pub(crate) name: String,
    pub(crate) label: String,
    pub(crate) shape: StreamShape,
    pub(crate) ring: R,
}

/// Opens and starts a stream. `attach` builds it for a shape; it is called again when the first is refused.
pub(crate) fn open<R: Send + 'static>(
    settings: &OpenSettings,
    direction: Direction,
    attach: impl Fn(
        &cpal::Device,
        StreamConfig,
        SampleFormat,
        StreamShape,
    ) -> Result<(cpal::Stream, R), cpal::Error>
    + Send
    + 'static,
) -> Result<Opened<R>, DeviceError> {
    let settings = settings.clone();
    in_time(move || {
        let name = settings.name.as_deref();
        let told = |error: cpal::Error| DeviceError::of(&error, direction, name);
        let (device, found) = find(settings.host, direction, name)?;
        let chosen = choose(&device, direction).map_err(told)?;
        let mut refusal = None;
        for buffer_size in buffers(settings.buffer, &chosen) {
            let config =
                StreamConfig { channels: chosen.channels(), sample_rate: chosen.sample_rate(), buffer_size };
            let shape = StreamShape {
                rate: config.sample_rate,
                channels: config.channels,
                buffer: match buffer_size {
                    BufferSize::Fixed(frames) => Some(frames),
                    BufferSize::Default => None,
                },
            };
            match attach(&device, config, chosen.sample_format(), shape) {
                Ok((stream, ring)) => {
                    stream.play().map_err(told)?;
                    let label = device.description().map_or_else(|_| found.clone(), |d| d.name().to_owned());
                    return Ok(Opened { stream, name: found, label, shape, ring });
                }
                Err(error) if refused(error.kind()) => refusal = Some(error),
                Err(error) => return Err(told(error)),
            }
        }
        Err(refusal.map_or_else(|| DeviceError::Unsupported { what: "no buffer size".into() }, told))
    })
}

/// For the formats that are not numbers (one-bit streams).
pub(crate) fn unknown_format(format: SampleFormat) -> cpal::Error {
    cpal::Error::with_message(ErrorKind::UnsupportedConfig, format!("samples of format {format}"))
}

fn refused(kind: ErrorKind) -> bool {
    matches!(kind, ErrorKind::UnsupportedConfig | ErrorKind::UnsupportedOperation | ErrorKind::InvalidInput)
}

/// The device's own rate and channels: other ones are converted by the system, or even change the device for everybody.
/// Floating point where the system offers it, for the system converts formats without delay.
fn choose(device: &cpal::Device, direction: Direction) -> Result<SupportedStreamConfig, cpal::Error> {
    let own = match direction {
        Direction::Input => device.default_input_config(),
        Direction::Output => device.default_output_config(),
    }?;
    if own.sample_format() == SampleFormat::F32 {
        return Ok(own);
    }
    let float = |mut ranges: Box<dyn Iterator<Item = SupportedStreamConfigRange>>| {
        ranges.find_map(|range| {
            let fits = range.sample_format() == SampleFormat::F32 && range.channels() == own.channels();
            fits.then(|| range.try_with_sample_rate(own.sample_rate())).flatten()
        })
    };
    let floating = match direction {
        Direction::Input => device.supported_input_configs().map(|ranges| float(Box::new(ranges))),
        Direction::Output => device.supported_output_configs().map(|ranges| float(Box::new(ranges))),
    };
    Ok(floating.ok().flatten().unwrap_or(own))
}

/// Buffer sizes to try. The device's own default comes last: it may be two seconds long.
fn buffers(wanted: u32, chosen: &SupportedStreamConfig) -> Vec<BufferSize> {
    let mut tries: Vec<BufferSize> = Vec::new();
    for frames in [wanted, FALLBACK_BUFFER.max(wanted)] {
        let frames = u64::from(frames) * u64::from(chosen.sample_rate()) / u64::from(RATE);
        let frames = u32::try_from(frames).unwrap_or(u32::MAX).max(1);
        let frames = match *chosen.buffer_size() {
            SupportedBufferSize::Range { min, max } if min <= max => frames.clamp(min, max),
            _ => frames,
        };
        if !tries.contains(&BufferSize::Fixed(frames)) {
            tries.push(BufferSize::Fixed(frames));
        }
    }
    tries.push(BufferSize::Default);
    tries
}

#[cfg(test)]
mod tests {
    use super::*;

    fn device(rate: u32, buffer_size: SupportedBufferSize) -> SupportedStreamConfig {
        SupportedStreamConfig::new(2, rate, buffer_size, SampleFormat::F32)
    }

    #[test]
    fn a_small_buffer_is_tried_before_a_larger_one() {
        let any = device(48_000, SupportedBufferSize::Unknown);
        let expected = [BufferSize::Fixed(240), BufferSize::Fixed(480), BufferSize::Default];
        assert_eq!(buffers(240, &any), expected);
        assert_eq!(buffers(960, &any), [BufferSize::Fixed(960), BufferSize::Default]);
    }

    #[test]
    fn a_buffer_lasts_as_long_at_any_rate_and_fits_the_device() {
        let slow = device(16_000, SupportedBufferSize::Unknown);
        assert_eq!(buffers(240, &slow)[0], BufferSize::Fixed(80));
        let coarse = device(48_000, SupportedBufferSize::Range { min: 512, max: 4096 });
        assert_eq!(buffers(240, &coarse), [BufferSize::Fixed(512), BufferSize::Default]);
    }

    #[test]
    fn a_stream_that_is_being_closed_complains_to_nobody() {
        let (told, heard) = std::sync::mpsc::channel();
        let counters = Arc::new(Counters::default());
        let reporter = Reporter::new(move |event| told.send(event).unwrap(), counters.clone());
        reporter.report(&cpal::Error::new(ErrorKind::Xrun));
        reporter.report(&cpal::Error::new(ErrorKind::DeviceChanged));
        reporter.close();
        reporter.report(&cpal::Error::new(ErrorKind::DeviceNotAvailable));
        assert_eq!(heard.try_iter().collect::<Vec<_>>(), [StreamEvent::Changed]);
        assert_eq!(counters.xruns.load(Ordering::Relaxed), 1);
    }
}
