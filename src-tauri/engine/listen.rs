//! The listen thread: gives the loudspeaker as much of the ear as it needs, and no more.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, select};
use pushtalk_audio::{BLOCK, JitterConfig, level};
use pushtalk_device::{OpenSettings, Playback, StreamEvent};
use pushtalk_mesh::ReceivedFrame;

use crate::brain::{ListenOrder, VoiceNews};
use crate::ear::{Ear, Heard};
use crate::face::ErrorCode;
use crate::levels::Levels;
use crate::sound::SoundSettings;
use crate::stats::Hearings;
use crate::talk::device_error;

/// How long to look for frames before looking whether the device wants samples.
const LOOK: Duration = Duration::from_millis(1);
/// The same while nobody talks.
const REST: Duration = Duration::from_millis(3);
/// One block of the mix.
const BLOCK_TIME: Duration = Duration::from_millis(10);

/// What the listen thread works with.
pub(crate) struct Listening<T> {
    pub(crate) settings: SoundSettings,
    pub(crate) orders: Receiver<ListenOrder>,
    pub(crate) frames: Receiver<ReceivedFrame>,
    pub(crate) levels: Arc<Levels>,
    pub(crate) hearings: Arc<Hearings>,
    pub(crate) start: Instant,
    pub(crate) tell: T,
}

/// Takes orders until the sender is gone.
pub(crate) fn spawn<T: Fn(VoiceNews) + Send + 'static>(
    work: Listening<T>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("listen".into()).spawn(move || Listener::new(work).run())
}

struct Listener<T> {
    work: Listening<T>,
    ear: Ear,
    playback: Option<Playback>,
    stream_events: Receiver<StreamEvent>,
    stream_events_tx: Sender<StreamEvent>,
    /// When the next block is due while there is no device to ask for it.
    next_block: Instant,
    mixed: [f32; BLOCK],
}

impl<T: Fn(VoiceNews)> Listener<T> {
    fn new(work: Listening<T>) -> Self {
        let (stream_events_tx, stream_events) = crossbeam_channel::bounded(16);
        Self {
            work,
            ear: Ear::new(JitterConfig::lan()),
            playback: None,
            stream_events,
            stream_events_tx,
            next_block: Instant::now(),
            mixed: [0.0; BLOCK],
        }
    }

    fn run(mut self) {
        let (orders, frames) = (self.work.orders.clone(), self.work.frames.clone());
        loop {
            let wait = if self.ear.is_hearing() { LOOK } else { REST };
            select! {
                recv(orders) -> order => match order {
                    Ok(order) => self.obey(order),
                    Err(_) => return,
                },
                recv(frames) -> frame => if let Ok(frame) = frame {
                    self.receive(&frame);
                },
                default(wait) => {}
            }
            while let Ok(frame) = frames.try_recv() {
                self.receive(&frame);
            }
            self.watch_device();
            self.play();
        }
    }

    fn obey(&mut self, order: ListenOrder) {
        match order {
            ListenOrder::OpenOutput(name) => self.open(name),
            ListenOrder::CloseOutput => {
                self.playback = None;
                self.work.levels.set_heard(0);
            }
            ListenOrder::AddPeer(pid, key) => {
                if let Err(error) = self.ear.add_peer(self.work.start.elapsed(), pid, key) {
                    tracing::error!(%error, "a decoder could not be made");
                }
            }
            ListenOrder::RemovePeer(pid) => {
                self.ear.remove_peer(pid);
                self.work.hearings.remove(pid);
            }
        }
    }

    fn open(&mut self, name: Option<String>) {
        self.playback = None;
        while self.stream_events.try_recv().is_ok() {}
        let events = self.stream_events_tx.clone();
        let about = name.clone();
        let SoundSettings { host, buffer, .. } = self.work.settings;
        match Playback::open(&OpenSettings { host, name, buffer }, move |event| {
            let _ = events.try_send(event);
        }) {
            Ok(playback) => self.playback = Some(playback),
            Err(error) => {
                tracing::warn!("the output could not be opened");
                let (code, about) = device_error(&error, about, ErrorCode::NoOutput, ErrorCode::NoOutput);
                (self.work.tell)(VoiceNews::OutputFailed(code, about));
            }
        }
    }

    fn watch_device(&mut self) {
        while let Ok(event) = self.stream_events.try_recv() {
            if matches!(event, StreamEvent::Gone | StreamEvent::Invalidated) {
                self.playback = None;
                (self.work.tell)(VoiceNews::OutputFailed(ErrorCode::OutputGone, None));
            }
        }
    }

    fn receive(&mut self, frame: &ReceivedFrame) {
        let arrival = frame.arrival.saturating_duration_since(self.work.start);
        let heard = self.ear.receive(frame.peer, frame.sequence, frame.timestamp, arrival, &frame.payload);
        match heard {
            Heard::Voice { news, begins } => {
                if let Some((generation, step)) = begins {
                    (self.work.tell)(VoiceNews::Began(frame.peer, generation, step));
                }
                if news {
                    (self.work.tell)(VoiceNews::Heard(frame.peer));
                }
            }
            Heard::OutOfReach => (self.work.tell)(VoiceNews::KeyWanted(frame.peer)),
            Heard::Rejected | Heard::Stranger => {}
        }
    }

    /// What waits in the device's ring is delay: it gets a block only when it has less than one buffer.
    fn play(&mut self) {
        let threshold = self.work.settings.buffer as usize;
        loop {
            match &self.playback {
                Some(playback) if playback.queued() > threshold => break,
                None if self.next_block > Instant::now() => break,
                Some(_) => self.next_block = Instant::now(),
                // No device: voices go on in silence, so that what is told of them stays true.
                None => self.next_block += BLOCK_TIME,
            }
            self.ear.block(self.work.start.elapsed(), &mut self.mixed);
            self.work.levels.set_heard(level(&self.mixed).meter);
            for (pid, stats) in self.ear.stats() {
                self.work.hearings.update(pid, stats);
            }
            if let Some(playback) = &mut self.playback {
                playback.write(&self.mixed);
            }
        }
    }
}
