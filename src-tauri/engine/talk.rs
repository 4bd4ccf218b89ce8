//! The talk thread: from the microphone through processing and the encoder to the mouth.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};
use pushtalk_audio::{AudioError, BLOCK, Encoder, EncoderSettings, MAX_FRAME_BYTES, SAMPLE_RATE, time_of};
use pushtalk_device::{Capture, DeviceError, OpenSettings, StreamEvent, hurry};
use pushtalk_mesh::VoiceSender;
use zeroize::{Zeroize, Zeroizing};

use crate::brain::{Plug, PlugNews, TalkOrder, VoiceNews};
use crate::echo::EchoReference;
use crate::levels::Levels;
use crate::mouth::{Mouth, Said};
use crate::silence::Silence;
use crate::sound::{SoundSettings, tail_frames};
use crate::strip::Strip;
use crate::whole::Whole;

/// Orders and the device wake this thread; it looks around this often in any case.
const LOOK: Duration = Duration::from_millis(100);
/// Largest buffer that a microphone gets which gives too little with a smaller one: 40 ms.
const LARGEST_BUFFER: u32 = 1_920;
/// While voice is sent, how often it is told when it was said.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Takes orders until the sender is gone.
#[expect(clippy::too_many_arguments, reason = "called once, with everything that the thread works with")]
pub(crate) fn spawn(
    settings: SoundSettings,
    orders: Receiver<TalkOrder>,
    sender: VoiceSender,
    clock: u32,
    start: Instant,
    levels: Arc<Levels>,
    reference: EchoReference,
    tell: impl Fn(VoiceNews) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("talk".into()).spawn(move || {
        hurry();
        match Talker::new(settings, sender, clock, start, levels, Strip::new(reference), tell) {
            Ok(talker) => talker.run(&orders),
            Err(error) => tracing::error!(%error, "the encoder could not be made"),
        }
    })
}

/// A microphone, and what watches over it.
struct Open {
    capture: Capture,
    silence: Silence,
    whole: Whole,
    /// Asked for by this name.
    name: Option<String>,
}

struct Talker<T> {
    settings: SoundSettings,
    tell: T,
    levels: Arc<Levels>,
    sender: VoiceSender,
    capture: Option<Open>,
    /// Of microphones that need a larger buffer than was wanted: frames of 48 kHz, by the exact name.
    buffers: BTreeMap<String, u32>,
    /// Number of the order by which it was opened.
    attempt: u32,
    stream_events: Receiver<StreamEvent>,
    stream_events_tx: crossbeam_channel::Sender<StreamEvent>,
    strip: Strip,
    encoder: Encoder,
    /// As it is to be from the next press on.
    coding: EncoderSettings,
    mouth: Mouth,
    /// Samples that do not make a frame yet.
    pending: Zeroizing<Vec<f32>>,
    /// 48 kHz clock of the microphone, at the start of `pending`.
    clock: u32,
    start: Instant,
    /// A place on that clock, and when it was in the air.
    captured: Option<(u32, Instant)>,
    /// The same of the microphone before, until the one that is open has given something.
    before: Option<(u32, Instant)>,
    /// When that was told last, in this spurt.
    told: Option<Instant>,
    packet: Zeroizing<Vec<u8>>,
}

impl<T: Fn(VoiceNews)> Talker<T> {
    fn new(
        settings: SoundSettings,
        sender: VoiceSender,
        clock: u32,
        start: Instant,
        levels: Arc<Levels>,
        strip: Strip,
        tell: T,
    ) -> Result<Self, AudioError> {
        let (stream_events_tx, stream_events) = crossbeam_channel::bounded(16);
        Ok(Self {
            strip,
            encoder: Encoder::new(settings.encoder())?,
            coding: settings.encoder(),
            settings,
            tell,
            levels,
            sender,
            capture: None,
            buffers: BTreeMap::new(),
            attempt: 0,
            stream_events,
            stream_events_tx,
            mouth: Mouth::default(),
            pending: Zeroizing::new(Vec::with_capacity(BLOCK * 64)),
            clock,
            start,
            captured: None,
            before: None,
            told: None,
            packet: Zeroizing::new(vec![0; MAX_FRAME_BYTES]),
        })
    }

    fn run(mut self, orders: &Receiver<TalkOrder>) {
        loop {
            loop {
                match orders.try_recv() {
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            self.watch_device();
            self.take_samples();
            std::thread::park_timeout(LOOK);
        }
    }

    fn obey(&mut self, order: TalkOrder) {
        let sender = &self.sender;
        let said = match order {
            TalkOrder::OpenMicrophone(plug) => return self.open(plug),
            TalkOrder::CloseMicrophone => return self.close(),
            TalkOrder::AddPeer(pid, key) => return self.mouth.add_peer(pid, key),
            TalkOrder::RemovePeer(pid) => return self.mouth.remove_peer(pid),
            TalkOrder::Process(settings) => return self.strip.want(settings),
            TalkOrder::Gate(threshold) => {
                let closed = self.strip.gate(threshold);
                return self.tell_gate(closed.then_some(false));
            }
            TalkOrder::Keep => {
                self.take_samples();
                self.encode_by(self.coding);
                if self.encoder.reset().is_err() {
                    tracing::warn!("the encoder could not be reset");
                }
                let said = self.mouth.keep();
                self.keep_from_the_beginning();
                said
            }
            TalkOrder::Begin(turn) => {
                let said = self.mouth.begin(turn, &mut |pid, frame, stamp| {
                    sender.send(pid, frame, stamp);
                });
                (self.tell)(VoiceNews::Spurt(self.mouth.spurt_keys()));
                self.told = None;
                self.tell_captured();
                said
            }
            TalkOrder::Drop => self.mouth.stop(),
            TalkOrder::Code(settings) => {
                self.coding = settings;
                // The size of what is sent is to say nothing, so within a spurt only the rest changes.
                if settings.frame_bytes() == self.encoder.frame_bytes() {
                    self.encode_by(settings);
                }
                return;
            }
            TalkOrder::Finish => {
                self.mouth.finish(tail_frames(self.encoder.settings().frame));
                Said::Nothing
            }
        };
        self.pass_on(said);
        if self.mouth.take_worn() {
            (self.tell)(VoiceNews::KeysWorn);
        }
    }

    fn pass_on(&self, said: Said) {
        match said {
            Said::Nothing => {}
            Said::TurnEnded => (self.tell)(VoiceNews::TurnEnded),
        }
    }

    /// What is being said goes on: others hear a gap.
    fn open(&mut self, Plug { attempt, name }: Plug) {
        self.attempt = attempt;
        let known = name.as_ref().and_then(|name| self.buffers.get(name));
        let buffer = known.copied().unwrap_or(self.settings.buffer);
        match self.plug(name, buffer) {
            Ok(device) => self.tell_device(PlugNews::Opened(device)),
            Err(error) => {
                tracing::warn!("the microphone could not be opened");
                self.tell_device(PlugNews::Failed(error));
            }
        }
    }

    /// Gives the exact name of the device.
    fn plug(&mut self, name: Option<String>, buffer: u32) -> Result<String, DeviceError> {
        let before = self.captured.or(self.before);
        self.close_device();
        self.before = before;
        let settings = OpenSettings { host: self.settings.host, name: name.clone(), buffer };
        let (events, thread) = (self.stream_events_tx.clone(), std::thread::current());
        let capture = Capture::open(&settings, move |event| {
            let _ = events.try_send(event);
            thread.unpark();
        })?;
        let (now, device) = (self.start.elapsed(), capture.name().to_owned());
        self.capture = Some(Open { capture, silence: Silence::new(now), whole: Whole::new(now), name });
        Ok(device)
    }

    /// It gives less than it hears: with a larger buffer it may give all. Nothing is said of it, for it is the same one.
    fn enlarge(&mut self) {
        let Some(open) = &self.capture else { return };
        let (device, name) = (open.capture.name().to_owned(), open.name.clone());
        let buffer = self.buffers.get(&device).copied().unwrap_or(self.settings.buffer) * 2;
        if buffer > LARGEST_BUFFER {
            return;
        }
        tracing::info!(buffer, "the microphone gives too little: it gets a larger buffer");
        self.buffers.insert(device, buffer);
        if self.plug(name, buffer).is_err() {
            self.tell_device(PlugNews::Lost);
        }
    }

    fn close(&mut self) {
        let said = self.mouth.stop();
        self.pass_on(said);
        self.close_device();
    }

    fn close_device(&mut self) {
        self.capture = None;
        while self.stream_events.try_recv().is_ok() {}
        self.pending.zeroize();
        (self.captured, self.before) = (None, None);
        self.levels.set_own(0);
        let closed = self.strip.close();
        self.tell_gate(closed.then_some(false));
    }

    fn tell_device(&self, news: PlugNews) {
        (self.tell)(VoiceNews::Microphone(self.attempt, news));
    }

    fn watch_device(&mut self) {
        while let Ok(event) = self.stream_events.try_recv() {
            let news = match event {
                StreamEvent::Gone | StreamEvent::Invalidated => PlugNews::Lost,
                StreamEvent::PermissionDenied => PlugNews::Failed(DeviceError::PermissionDenied),
                StreamEvent::Changed | StreamEvent::Xrun | StreamEvent::Other => continue,
            };
            let before = self.captured.or(self.before);
            self.close_device();
            self.before = before;
            return self.tell_device(news);
        }
    }

    /// Takes what the device has; each full frame goes its way, and is wiped.
    fn take_samples(&mut self) {
        self.strip.settle(self.capture.is_some(), self.mouth.wants_frames());
        let frame = self.encoder.settings().frame.samples();
        let Some(Open { capture, silence, whole, .. }) = &mut self.capture else { return };
        if let Some(at) = capture.captured_at() {
            // The clock has gone on while no microphone was open.
            if let Some((clock, then)) = self.before.take() {
                self.clock = resumed(self.clock, clock, at.saturating_duration_since(then));
            }
            let waiting = u32::try_from(self.pending.len()).unwrap_or(0);
            self.captured = Some((self.clock.wrapping_add(waiting), at));
        }
        let known = self.pending.len();
        capture.read(&mut self.pending);
        let (now, new) = (self.start.elapsed(), &self.pending[known..]);
        let poor = whole.takes(now, new.len());
        if let Some(silent) = silence.hear(now, new) {
            (self.tell)(VoiceNews::MicrophoneSilent(self.attempt, silent));
        }
        let mut start = 0;
        while self.pending.len() - start >= frame {
            self.frame(start..start + frame);
            start += frame;
        }
        self.pending[..start].zeroize();
        self.pending.drain(..start);
        if let Some(open) = &mut self.capture {
            open.capture.wake_at(frame - self.pending.len());
        }
        self.tell_captured();
        if poor {
            self.enlarge();
        }
    }

    /// A voice that opened the gate is kept from its first sound on. A press is kept from the press on: what waits was
    /// said before it.
    fn keep_from_the_beginning(&mut self) {
        let frame = self.encoder.settings().frame.samples();
        let begun = self.strip.begun(frame);
        if begun.is_empty() {
            return self.forget_samples();
        }
        let mut clock = self.clock.wrapping_sub(u32::try_from(begun.len()).unwrap_or(0));
        for samples in begun.chunks_exact(frame) {
            self.encode(samples, clock);
            clock = clock.wrapping_add(u32::try_from(frame).unwrap_or(0));
        }
    }

    /// Wipes what does not make a frame yet.
    fn forget_samples(&mut self) {
        let forgotten = u32::try_from(self.pending.len()).unwrap_or(0);
        self.clock = self.clock.wrapping_add(forgotten);
        self.pending.zeroize();
        if let Some(open) = &mut self.capture {
            open.capture.wake_at(self.encoder.settings().frame.samples());
        }
    }

    /// Others are told when what they hear was said: processing and codec give it that much later than it came in.
    fn tell_captured(&mut self) {
        let Some((timestamp, at)) = self.captured.filter(|_| self.mouth.is_on_air()) else { return };
        let now = Instant::now();
        if self.told.is_some_and(|told| now < told + TELL_EVERY) {
            return;
        }
        self.told = Some(now);
        let samples = self.strip.delay() + self.encoder.look_ahead().unwrap_or(0);
        let at = at.saturating_duration_since(self.start).saturating_sub(time_of(samples, SAMPLE_RATE));
        let to = self.mouth.spurt_keys().into_iter().map(|(pid, ..)| pid).collect();
        (self.tell)(VoiceNews::Captured { timestamp, at, to });
    }

    fn encode_by(&mut self, settings: EncoderSettings) {
        if settings != self.encoder.settings()
            && let Err(error) = self.encoder.change(settings)
        {
            tracing::warn!(%error, "the encoder could not be changed");
        }
    }

    fn frame(&mut self, samples: std::ops::Range<usize>) {
        let (taken, captured) = (self.mouth.wants_frames(), self.captured_at(self.clock));
        let (level, gate) = self.strip.process(&mut self.pending[samples.clone()], captured, taken);
        self.levels.set_own(level.meter);
        let timestamp = self.clock;
        self.clock = self.clock.wrapping_add(u32::try_from(samples.len()).unwrap_or(0));
        self.tell_gate(gate);
        if taken {
            let pending = std::mem::take(&mut *self.pending);
            self.encode(&pending[samples], timestamp);
            *self.pending = pending;
        }
    }

    /// When the sample at this place of the microphone's clock was in the air.
    fn captured_at(&self, clock: u32) -> Option<Duration> {
        let (place, at) = self.captured?;
        let at = at.saturating_duration_since(self.start);
        let (later, earlier) = (clock.wrapping_sub(place), place.wrapping_sub(clock));
        let apart = |samples: u32| time_of(samples as usize, SAMPLE_RATE);
        Some(if later < earlier { at + apart(later) } else { at.saturating_sub(apart(earlier)) })
    }

    fn encode(&mut self, samples: &[f32], timestamp: u32) {
        match self.encoder.encode(samples, &mut self.packet) {
            Ok(bytes) => {
                let sender = &self.sender;
                let said = self.mouth.frame(timestamp, &self.packet[..bytes], &mut |pid, frame, stamp| {
                    sender.send(pid, frame, stamp);
                });
                self.pass_on(said);
            }
            Err(error) => tracing::error!(%error, "a frame could not be encoded"),
        }
    }

    fn tell_gate(&self, change: Option<bool>) {
        if let Some(open) = change {
            (self.tell)(VoiceNews::Gate(open));
        }
    }
}

/// Where a clock of 48 kHz goes on that was at `place` so long ago; never back behind `now`.
fn resumed(now: u32, place: u32, ago: Duration) -> u32 {
    let passed = ago.as_micros() * u128::from(SAMPLE_RATE) / 1_000_000;
    let resumed = place.wrapping_add(u32::try_from(passed).unwrap_or(u32::MAX));
    // The half of all numbers that is ahead.
    if resumed.wrapping_sub(now) < 1 << 31 { resumed } else { now }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_of_a_new_microphone_goes_on_where_that_of_the_one_before_would_be() {
        assert_eq!(resumed(1_000, 520, Duration::from_millis(100)), 5_320);
        assert_eq!(resumed(u32::MAX, u32::MAX - 479, Duration::from_millis(20)), 480);
        assert_eq!(resumed(1_000, 520, Duration::ZERO), 1_000, "never back");
    }
}
