//! The talk thread: from the microphone through processing and the encoder to the mouth.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError};
use pushtalk_audio::{AudioError, BLOCK, Encoder, MAX_FRAME_BYTES, Processing, level};
use pushtalk_device::{Capture, DeviceError, OpenSettings, StreamEvent};
use pushtalk_mesh::VoiceSender;
use zeroize::{Zeroize, Zeroizing};

use crate::brain::{TalkOrder, VoiceNews};
use crate::face::ErrorCode;
use crate::levels::Levels;
use crate::mouth::{Mouth, Said};
use crate::sound::SoundSettings;

/// How long to look for orders before looking for samples again.
const LOOK: Duration = Duration::from_millis(2);
/// The same while the microphone is closed.
const REST: Duration = Duration::from_millis(200);
/// What was said just before the button came up is still on its way through the device: go on for so long.
const TAIL: Duration = Duration::from_millis(60);

/// Takes orders until the sender is gone.
pub(crate) fn spawn(
    settings: SoundSettings,
    orders: Receiver<TalkOrder>,
    sender: VoiceSender,
    clock: u32,
    levels: Arc<Levels>,
    tell: impl Fn(VoiceNews) + Send + 'static,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("talk".into()).spawn(move || {
        match Talker::new(settings, sender, clock, levels, tell) {
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
    processing: Processing,
    encoder: Encoder,
    mouth: Mouth,
    /// Samples that do not make a frame yet.
    pending: Zeroizing<Vec<f32>>,
    /// 48 kHz clock of the microphone, at the start of `pending`.
    clock: u32,
    packet: Zeroizing<Vec<u8>>,
}

impl<T: Fn(VoiceNews)> Talker<T> {
    fn new(
        settings: SoundSettings,
        sender: VoiceSender,
        clock: u32,
        levels: Arc<Levels>,
        tell: T,
    ) -> Result<Self, AudioError> {
        let (stream_events_tx, stream_events) = crossbeam_channel::bounded(16);
        Ok(Self {
            processing: settings.processing(),
            encoder: Encoder::new(settings.encoder())?,
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
            packet: Zeroizing::new(vec![0; MAX_FRAME_BYTES]),
        })
    }

    fn run(mut self, orders: &Receiver<TalkOrder>) {
        loop {
            let wait = if self.capture.is_some() { LOOK } else { REST };
            match orders.recv_timeout(wait) {
                Ok(order) => self.obey(order),
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            self.watch_device();
            self.take_samples();
        }
    }

    fn obey(&mut self, order: TalkOrder) {
        let sender = &self.sender;
        let said = match order {
            TalkOrder::OpenMicrophone(name) => return self.open(name),
            TalkOrder::CloseMicrophone => return self.close(),
            TalkOrder::AddPeer(pid, key) => return self.mouth.add_peer(pid, key),
            TalkOrder::RemovePeer(pid) => return self.mouth.remove_peer(pid),
            TalkOrder::Keep => {
                // What waited in the ring was said before the press.
                self.take_samples();
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
                said
            }
            TalkOrder::Drop => self.mouth.stop(),
            TalkOrder::Finish => {
                self.mouth.finish(self.settings.tail_frames(TAIL));
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
        let about = name.clone();
        let settings = OpenSettings { host: self.settings.host, name, buffer: self.settings.buffer };
        match Capture::open(&settings, move |event| {
            let _ = events.try_send(event);
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
        let Some(capture) = &mut self.capture else { return };
        capture.read(&mut self.pending);
        let frame = self.settings.frame.samples();
        let mut start = 0;
        while self.pending.len() - start >= frame {
            self.frame(start..start + frame);
            start += frame;
        }
        self.pending[..start].zeroize();
        self.pending.drain(..start);
    }

    fn frame(&mut self, samples: std::ops::Range<usize>) {
        let samples = &mut self.pending[samples];
        for block in samples.as_chunks_mut::<BLOCK>().0 {
            self.processing.process(block);
        }
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
