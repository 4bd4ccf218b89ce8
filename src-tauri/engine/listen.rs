//! The listen thread: gives the loudspeaker as much of the ear as it needs, and no more.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, TryRecvError};
use pushtalk_audio::{BLOCK, JitterConfig, level, time_of};
use pushtalk_device::{DeviceError, OpenSettings, Playback, RATE, StreamEvent, hurry};
use pushtalk_mesh::ReceivedFrame;

use crate::brain::{ListenOrder, Plug, PlugNews, VoiceNews};
use crate::ear::{Ear, Heard};
use crate::echo::EchoSource;
use crate::levels::Levels;
use crate::sound::SoundSettings;
use crate::speaker::Speaker;
use crate::stats::Hearings;
use crate::worn::is_worn;

/// Frames, orders and the device wake this thread; it looks around this often in any case.
const LOOK: Duration = Duration::from_millis(100);
/// After so long without voice the device plays silence by itself.
const REST_AFTER: Duration = Duration::from_secs(2);
/// How often the numbers are put where people can ask for them.
const NUMBERS_EVERY: Duration = Duration::from_millis(100);
/// How often it is told how a voice arrives.
const TELL_EVERY: Duration = Duration::from_secs(1);
/// One block of the mix.
const BLOCK_TIME: Duration = Duration::from_millis(10);
/// Silence is written in halves of a block, so that a voice can begin every 5 ms.
const SILENCE: usize = BLOCK / 2;

/// What the listen thread works with.
pub(crate) struct Listening<T> {
    pub(crate) settings: SoundSettings,
    pub(crate) orders: Receiver<ListenOrder>,
    pub(crate) frames: Receiver<ReceivedFrame>,
    pub(crate) levels: Arc<Levels>,
    pub(crate) hearings: Arc<Hearings>,
    pub(crate) echo: EchoSource,
    pub(crate) start: Instant,
    pub(crate) tell: T,
}

/// Takes orders until the sender is gone.
pub(crate) fn spawn<T: Fn(VoiceNews) + Send + 'static>(
    work: Listening<T>,
) -> std::io::Result<JoinHandle<()>> {
    std::thread::Builder::new().name("listen".into()).spawn(move || {
        hurry();
        Listener::new(work).run();
    })
}

struct Listener<T> {
    work: Listening<T>,
    ear: Ear,
    speaker: Speaker,
    playback: Option<Playback>,
    /// Number of the order by which it was opened.
    attempt: u32,
    stream_events: Receiver<StreamEvent>,
    stream_events_tx: Sender<StreamEvent>,
    /// When the next block is due while there is no device to ask for it.
    next_block: Instant,
    /// When there was voice or a cue last, or a frame of it.
    last_voice: Instant,
    resting: bool,
    numbers_at: Instant,
    tell_at: Instant,
    mixed: [f32; BLOCK],
}

impl<T: Fn(VoiceNews)> Listener<T> {
    fn new(work: Listening<T>) -> Self {
        let (stream_events_tx, stream_events) = crossbeam_channel::bounded(16);
        Self {
            work,
            ear: Ear::new(JitterConfig::lan()),
            speaker: Speaker::new(),
            playback: None,
            attempt: 0,
            stream_events,
            stream_events_tx,
            next_block: Instant::now(),
            last_voice: Instant::now(),
            resting: false,
            numbers_at: Instant::now(),
            tell_at: Instant::now(),
            mixed: [0.0; BLOCK],
        }
    }

    fn run(mut self) {
        loop {
            loop {
                match self.work.orders.try_recv() {
                    Ok(order) => self.obey(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            while let Ok(frame) = self.work.frames.try_recv() {
                self.receive(&frame);
            }
            self.watch_device();
            self.play();
            std::thread::park_timeout(match self.playback {
                None if !self.resting => self.next_block.saturating_duration_since(Instant::now()),
                _ => LOOK,
            });
        }
    }

    fn obey(&mut self, order: ListenOrder) {
        match order {
            ListenOrder::OpenOutput(plug) => self.open(plug),
            ListenOrder::CloseOutput => {
                self.playback = None;
                self.speaker.stop();
                self.work.levels.set_heard(0);
            }
            ListenOrder::AddPeer(pid, key) => {
                if let Err(error) = self.ear.add_peer(self.work.start.elapsed(), pid, key) {
                    tracing::error!(%error, "a decoder could not be made");
                }
            }
            ListenOrder::Hold(pid, config) => self.ear.hold(pid, config),
            ListenOrder::Volume(pid, gain) => self.ear.set_volume(pid, gain),
            ListenOrder::Duck(on) => self.speaker.duck(on),
            ListenOrder::Cue(cue, gain) => {
                self.speaker.cue(cue, gain);
                self.wake_up();
            }
            ListenOrder::RemovePeer(pid) => {
                self.ear.remove_peer(pid);
                self.work.hearings.remove(pid);
            }
        }
    }

    fn open(&mut self, Plug { attempt, name }: Plug) {
        self.attempt = attempt;
        self.playback = None;
        while self.stream_events.try_recv().is_ok() {}
        let events = self.stream_events_tx.clone();
        let thread = std::thread::current();
        let SoundSettings { host, buffer, .. } = self.work.settings;
        match Playback::open(&OpenSettings { host, name, buffer }, move |event| {
            let _ = events.try_send(event);
            thread.unpark();
        }) {
            Ok(playback) => {
                (self.work.tell)(VoiceNews::OutputWorn(is_worn(playback.label())));
                self.tell_device(PlugNews::Opened(playback.name().to_owned()));
                self.pass_over();
                self.playback = Some(playback);
                self.wake_up();
            }
            Err(error) => {
                tracing::warn!("the output could not be opened");
                self.tell_device(PlugNews::Failed(error));
            }
        }
    }

    fn tell_device(&self, news: PlugNews) {
        (self.work.tell)(VoiceNews::Output(self.attempt, news));
    }

    /// What was to be heard while no device was open is over.
    fn pass_over(&mut self) {
        while let Ok(frame) = self.work.frames.try_recv() {
            self.receive(&frame);
        }
        while !self.resting && self.due().is_some() {
            let now = self.next_block.saturating_duration_since(self.work.start);
            self.ear.block(now, now, &mut self.mixed);
        }
    }

    fn watch_device(&mut self) {
        while let Ok(event) = self.stream_events.try_recv() {
            let news = match event {
                StreamEvent::Gone | StreamEvent::Invalidated => PlugNews::Lost,
                StreamEvent::PermissionDenied => PlugNews::Failed(DeviceError::PermissionDenied),
                StreamEvent::Changed | StreamEvent::Xrun | StreamEvent::Other => continue,
            };
            self.playback = None;
            return self.tell_device(news);
        }
    }

    fn receive(&mut self, frame: &ReceivedFrame) {
        let arrival = frame.arrival.saturating_duration_since(self.work.start);
        let heard = self.ear.receive(frame.peer, frame.sequence, frame.timestamp, arrival, &frame.payload);
        match heard {
            Heard::Voice { news, whisper, begins } => {
                self.wake_up();
                if let Some((generation, step)) = begins {
                    (self.work.tell)(VoiceNews::Began(frame.peer, generation, step));
                }
                if news {
                    (self.work.tell)(VoiceNews::Heard { peer: frame.peer, whisper });
                }
            }
            Heard::OutOfReach => (self.work.tell)(VoiceNews::KeyWanted(frame.peer)),
            Heard::Rejected | Heard::Stranger => {}
        }
    }

    /// Voice or a cue is there, or may be soon.
    fn wake_up(&mut self) {
        self.last_voice = Instant::now();
        if std::mem::take(&mut self.resting) {
            self.next_block = self.last_voice;
            if let Some(playback) = &mut self.playback {
                playback.resume();
            }
        }
    }

    /// What waits in the device's ring is delay: it gets a block only when it would run dry.
    fn play(&mut self) {
        if self.last_voice.elapsed() > REST_AFTER {
            // The echo canceller needs to know of silence too.
            if self.playback.is_none() || !self.work.echo.is_wanted() {
                return self.rest();
            }
            self.wake_up();
        }
        self.tell_numbers();
        while let Some(ahead) = self.due() {
            let now = self.work.start.elapsed() + ahead;
            let heard = self.playback.as_mut().and_then(Playback::played_at);
            let heard = heard.map_or(now, |at| at.saturating_duration_since(self.work.start));
            let voice = self.ear.block(now, heard, &mut self.mixed);
            self.work.levels.set_heard(level(&self.mixed).meter);
            let sound = self.speaker.finish(voice, &mut self.mixed);
            if sound {
                self.last_voice = Instant::now();
            }
            if let Some(playback) = &mut self.playback {
                self.next_block = Instant::now();
                let played = if sound { &self.mixed[..] } else { &self.mixed[..SILENCE] };
                let taken = playback.write(played);
                self.work.echo.tell(&played[..taken], heard);
            }
        }
    }

    /// Whether a block is to be made now, and how long before its time: a device that takes much at once is given blocks
    /// in advance.
    fn due(&mut self) -> Option<Duration> {
        match &mut self.playback {
            Some(playback) => {
                let ahead = time_of(playback.queued(), RATE);
                playback.is_hungry().then_some(ahead)
            }
            None if self.next_block > Instant::now() => None,
            // No device: voices go on in silence, so that what is told of them stays true.
            None => {
                self.next_block += BLOCK_TIME;
                Some(Duration::ZERO)
            }
        }
    }

    /// Numbers for people, for the encoder of who talks, and for how long its voice takes.
    fn tell_numbers(&mut self) {
        let now = Instant::now();
        if now < self.numbers_at {
            return;
        }
        self.numbers_at = now + NUMBERS_EVERY;
        for (pid, stats) in self.ear.stats() {
            self.work.hearings.update(pid, stats);
        }
        if let Some(playback) = &self.playback {
            // Blocks for a device that takes much at once are made before their time.
            let early = playback.period().saturating_sub(SILENCE);
            self.ear.set_early(time_of(early, RATE));
        }
        if now >= self.tell_at {
            self.tell_at = now + TELL_EVERY;
            for (pid, stats) in self.ear.news() {
                (self.work.tell)(VoiceNews::Hearing(pid, stats));
            }
        }
    }

    /// Nobody has talked for a while.
    fn rest(&mut self) {
        self.ear.expire(self.work.start.elapsed());
        if !std::mem::replace(&mut self.resting, true) {
            self.work.levels.set_heard(0);
            if let Some(playback) = &mut self.playback {
                playback.rest();
            }
        }
    }
}
