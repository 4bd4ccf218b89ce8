//! The talk thread: from the microphone through processing and the encoder to the mouth.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, TryRecvError};
use pushtalk_audio::{
    AudioError, BLOCK, Encoder, EncoderSettings, MAX_FRAME_BYTES, SAMPLE_RATE, level, time_of,
};
use pushtalk_device::{Capture, DeviceError, OpenSettings, StreamEvent, hurry};
use pushtalk_mesh::VoiceSender;
use zeroize::{Zeroize, Zeroizing};

use crate::brain::{TalkOrder, VoiceNews};
use crate::face::ErrorCode;
use crate::levels::Levels;
use crate::mouth::{Mouth, Said};
use crate::sound::{SoundSettings, tail_frames};
use crate::strip::Strip;

/// Orders and the device wake this thread; it looks around this often in any case.
const LOOK: Duration = Duration::from_millis(100);
/// While voice is sent, how often it is told when it was said.
const TELL_EVERY: Duration = Duration::from_secs(1);

/// Takes orders until the sender is gone.
pub(crate) fn spawn(
    settings: SoundSettings,
    orders: Receiver<TalkOrder>,
    sender: VoiceSender,
    clock: u32,
    start: Instant,
    levels: Arc<Levels>,
    tell: impl Fn(VoiceNews) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("talk".into()).spawn(move || {
        hurry();
        match Talker::new(settings, sender, clock, start, levels, tell) {
            Ok(talker) => talker.run(&orders),
            Err(error) => tracing::error!(%error, "the encoder could not be made"),
        }
    })
}

struct Talker<T> {
    settings: SoundSettings,
    tell: T,
    levels: Arc<Levels>,
    sender: VoiceSender,
    capture: Option<Capture>,
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
        tell: T,
    ) -> Result<Self, AudioError> {
        let (stream_events_tx, stream_events) = crossbeam_channel::bounded(16);
        Ok(Self {
            strip: Strip::new(),
            encoder: Encoder::new(settings.encoder())?,
            coding: settings.encoder(),
            settings,
            tell,
            levels,
            sender,
            capture: None,
            stream_events,
            stream_events_tx,
            mouth: Mouth::default(),
            pending: Zeroizing::new(Vec::with_capacity(BLOCK * 64)),
            clock,
            start,
            captured: None,
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
            TalkOrder::OpenMicrophone(name) => return self.open(name),
            TalkOrder::CloseMicrophone => return self.close(),
            TalkOrder::AddPeer(pid, key) => return self.mouth.add_peer(pid, key),
            TalkOrder::RemovePeer(pid) => return self.mouth.remove_peer(pid),
            TalkOrder::Process(settings) => return self.strip.want(settings),
            TalkOrder::Keep => {
                // What waited in the ring was said before the press.
                self.take_samples();
                self.encode_by(self.coding);
                self.forget_samples();
                if self.encoder.reset().is_err() {
                    tracing::warn!("the encoder could not be reset");
                }
                self.mouth.keep()
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

    fn open(&mut self, name: Option<String>) {
        self.close_device();
        let events = self.stream_events_tx.clone();
        let (about, thread) = (name.clone(), std::thread::current());
        let settings = OpenSettings { host: self.settings.host, name, buffer: self.settings.buffer };
        match Capture::open(&settings, move |event| {
            let _ = events.try_send(event);
            thread.unpark();
        }) {
            Ok(capture) => {
                self.capture = Some(capture);
                (self.tell)(VoiceNews::MicrophoneOpen);
            }
            Err(error) => {
                tracing::warn!("the microphone could not be opened");
                let (code, about) =
                    device_error(&error, about, ErrorCode::NoMicrophone, ErrorCode::MicrophoneBlocked);
                (self.tell)(VoiceNews::MicrophoneFailed(code, about));
            }
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
        self.captured = None;
        self.levels.set_own(0);
    }

    fn watch_device(&mut self) {
        while let Ok(event) = self.stream_events.try_recv() {
            let code = match event {
                StreamEvent::Gone | StreamEvent::Invalidated => ErrorCode::MicrophoneGone,
                StreamEvent::PermissionDenied => ErrorCode::MicrophoneBlocked,
                _ => continue,
            };
            self.close();
            return (self.tell)(VoiceNews::MicrophoneFailed(code, None));
        }
    }

    /// Takes what the device has; each full frame goes its way, and is wiped.
    fn take_samples(&mut self) {
        self.strip.settle(self.mouth.wants_frames());
        let frame = self.encoder.settings().frame.samples();
        let Some(capture) = &mut self.capture else { return };
        if let Some(at) = capture.captured_at() {
            let waiting = u32::try_from(self.pending.len()).unwrap_or(0);
            self.captured = Some((self.clock.wrapping_add(waiting), at));
        }
        capture.read(&mut self.pending);
        let mut start = 0;
        while self.pending.len() - start >= frame {
            self.frame(start..start + frame);
            start += frame;
        }
        self.pending[..start].zeroize();
        self.pending.drain(..start);
        if let Some(capture) = &mut self.capture {
            capture.wake_at(frame - self.pending.len());
        }
        self.tell_captured();
    }

    /// Wipes what does not make a frame yet.
    fn forget_samples(&mut self) {
        let forgotten = u32::try_from(self.pending.len()).unwrap_or(0);
        self.clock = self.clock.wrapping_add(forgotten);
        self.pending.zeroize();
        if let Some(capture) = &mut self.capture {
            capture.wake_at(self.encoder.settings().frame.samples());
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
        (self.tell)(VoiceNews::Captured { timestamp, at });
    }

    fn encode_by(&mut self, settings: EncoderSettings) {
        if settings != self.encoder.settings()
            && let Err(error) = self.encoder.change(settings)
        {
            tracing::warn!(%error, "the encoder could not be changed");
        }
    }

    fn frame(&mut self, samples: std::ops::Range<usize>) {
        let samples = &mut self.pending[samples];
        self.strip.process(samples);
        self.levels.set_own(level(samples).meter);
        let timestamp = self.clock;
        self.clock = self.clock.wrapping_add(u32::try_from(samples.len()).unwrap_or(0));
        if !self.mouth.wants_frames() {
            return;
        }
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
}

/// What a person is told about a device that does not work.
pub(crate) fn device_error(
    error: &DeviceError,
    name: Option<String>,
    none: ErrorCode,
    blocked: ErrorCode,
) -> (ErrorCode, Option<String>) {
    match error {
        DeviceError::NotFound { .. } => (ErrorCode::DeviceMissing, name),
        DeviceError::PermissionDenied => (blocked, None),
        _ => (none, name),
    }
}
