//! Voice in a world: microphones, frames on their way, and ears.

use std::collections::BTreeSet;

use pushtalk_audio::BLOCK;
use pushtalk_e2ee::SealedFrame;
use pushtalk_engine::brain::{Input, ListenOrder, Plug, PlugNews, TalkOrder, VoiceNews};
use pushtalk_engine::ear::Heard;
use pushtalk_engine::mouth::Said;
use pushtalk_engine::tail_frames;
use pushtalk_mesh::{MeshEvent, RtpStamp};
use pushtalk_protocol::Pid;
use rand::RngExt;

use super::{Event, Kind, Parcel, World};

type Sealed = Vec<(Pid, SealedFrame, RtpStamp)>;

impl World {
    pub(super) fn talk(&mut self, who: usize, order: TalkOrder) {
        let mut sealed = Vec::new();
        let person = &mut self.people[who];
        let said = match order {
            TalkOrder::OpenMicrophone(plug) => return self.open_microphone(who, plug),
            TalkOrder::CloseMicrophone => {
                let said = person.mouth.stop();
                self.close_microphone(who);
                said
            }
            TalkOrder::AddPeer(pid, key) => return person.mouth.add_peer(pid, key),
            TalkOrder::RemovePeer(pid) => return person.mouth.remove_peer(pid),
            TalkOrder::Keep => {
                // An encoder that cannot be reset or changed would be heard.
                let _ = person.encoder.change(person.coding);
                let _ = person.encoder.reset();
                person.pending.clear();
                person.mouth.keep()
            }
            TalkOrder::Begin(turn) => {
                let said = person.mouth.begin(turn, &mut |to, frame, stamp| sealed.push((to, frame, stamp)));
                let (keys, timestamp) = (person.mouth.spurt_keys(), person.clock);
                let to = keys.iter().map(|(pid, ..)| *pid).collect();
                self.later(who, Input::Voice(VoiceNews::Spurt(keys)));
                self.later(who, Input::Voice(VoiceNews::Captured { timestamp, at: self.now, to }));
                said
            }
            TalkOrder::Drop => person.mouth.stop(),
            TalkOrder::Code(settings) => {
                person.coding = settings;
                return;
            }
            TalkOrder::Process(settings) => {
                person.processing = settings;
                return;
            }
            TalkOrder::Gate(threshold) => {
                person.gate = threshold;
                return;
            }
            TalkOrder::Finish => {
                person.mouth.finish(tail_frames(person.encoder.settings().frame));
                Said::Nothing
            }
        };
        let worn = self.people[who].mouth.take_worn();
        self.send(who, sealed);
        self.pass_on(who, said);
        if worn {
            self.later(who, Input::Voice(VoiceNews::KeysWorn));
        }
    }

    fn pass_on(&mut self, who: usize, said: Said) {
        match said {
            Said::Nothing => {}
            Said::TurnEnded => self.later(who, Input::Voice(VoiceNews::TurnEnded)),
        }
    }

    pub(super) fn listen(&mut self, who: usize, order: ListenOrder) {
        let ear = &mut self.people[who].ear;
        match order {
            ListenOrder::AddPeer(pid, key) => drop(ear.add_peer(self.now, pid, key)),
            ListenOrder::RemovePeer(pid) => ear.remove_peer(pid),
            ListenOrder::Hold(pid, config) => ear.hold(pid, config),
            ListenOrder::Volume(pid, gain) => ear.set_volume(pid, gain),
            ListenOrder::Duck(on) => self.people[who].ducked = on,
            ListenOrder::Cue(cue, gain) => self.people[who].cues.push((cue, gain)),
            ListenOrder::OpenOutput(Plug { attempt, .. }) => {
                let opened = PlugNews::Opened("a loudspeaker".into());
                self.at(self.now, Event::Input(who, Input::Voice(VoiceNews::Output(attempt, opened))));
            }
            ListenOrder::CloseOutput => {}
        }
    }

    /// Puts sealed frames on the wire.
    fn send(&mut self, who: usize, sealed: Sealed) {
        if !sealed.is_empty() {
            let listeners: BTreeSet<Pid> = sealed.iter().map(|(pid, ..)| *pid).collect();
            self.check_listeners(who, &listeners);
        }
        for (to, frame, stamp) in sealed {
            let person = &mut self.people[who];
            let sequence = person.sequence.entry(to).or_default();
            *sequence = sequence.wrapping_add(1);
            let (sequence, Some(from)) = (*sequence, person.pid) else { continue };
            let bytes = frame.as_bytes().to_vec();
            self.tally.sent += 1;
            if let Some(listener) = self.who(to) {
                *self.people[who].sent.entry(listener).or_default() += 1;
            }
            self.ledger.sealed.insert((from, to, bytes.clone()));
            if !self.people[who].reaches(to)
                || self.is_dead(who, to)
                || self.rng.random_bool(self.network.loss)
            {
                continue;
            }
            let kind = Kind::Frame { sequence, timestamp: stamp.timestamp };
            self.post(Parcel { from, to, kind, bytes, late: std::time::Duration::ZERO });
        }
    }

    /// Gives something to the network between the devices, which does with it what it likes.
    pub(super) fn post(&mut self, parcel: Parcel) {
        if self.recorded {
            self.wire.push((parcel.from, parcel.to, parcel.kind, parcel.bytes.clone()));
        }
        let sent = parcel.clone();
        let mut parcel = parcel;
        if let Some(tamper) = &mut self.tamper
            && parcel.kind != Kind::Ctl
        {
            tamper(&mut self.rng, &mut parcel.bytes);
        }
        let arriving = match &mut self.meddler {
            Some(meddler) => meddler(&mut self.rng, parcel),
            None => vec![parcel],
        };
        let same =
            |p: &Parcel| p.bytes == sent.bytes && (p.from, p.to, p.late) == (sent.from, sent.to, sent.late);
        if !matches!(arriving.as_slice(), [one] if same(one)) {
            self.tally.tampered += 1;
        }
        for parcel in arriving {
            self.carry(parcel);
        }
    }

    /// Brings something to a device, as from that peer connection.
    pub fn carry(&mut self, parcel: Parcel) {
        let Some(to) = self.who(parcel.to) else { return };
        let at = match parcel.kind {
            Kind::Frame { .. } => self.now + self.delay(),
            Kind::Ctl if !parcel.late.is_zero() => self.now + self.delay(),
            Kind::Ctl => {
                let from = self.who(parcel.from).unwrap_or(usize::MAX);
                self.in_order(from, to) + self.network.messages_late
            }
        };
        self.at(at + parcel.late, Event::Arrives(to, parcel));
    }

    pub(super) fn arrives(&mut self, to: usize, parcel: Parcel) {
        let Parcel { from, bytes, kind, .. } = parcel;
        let Kind::Frame { sequence, timestamp } = kind else {
            return self.give(to, Input::Mesh(MeshEvent::Ctl { peer: from, message: bytes.into() }));
        };
        match self.people[to].ear.receive(from, sequence, timestamp, self.now, &bytes) {
            Heard::Voice { news, whisper, begins } => {
                self.tally.accepted += 1;
                self.check_heard(from, parcel.to, &bytes);
                if let Some((generation, step)) = begins {
                    self.give(to, Input::Voice(VoiceNews::Began(from, generation, step)));
                }
                if news {
                    self.give(to, Input::Voice(VoiceNews::Heard { peer: from, whisper }));
                }
            }
            Heard::OutOfReach => {
                self.tally.rejected += 1;
                self.people[to].rejected += 1;
                self.give(to, Input::Voice(VoiceNews::KeyWanted(from)));
            }
            Heard::Rejected | Heard::Stranger => {
                self.tally.rejected += 1;
                self.people[to].rejected += 1;
            }
        }
    }

    /// One frame of somebody's voice.
    fn say(&mut self, who: usize, sealed: &mut Sealed) {
        let person = &mut self.people[who];
        let samples = std::mem::take(&mut person.pending);
        let timestamp = person.clock.wrapping_sub(samples.len() as u32);
        let mut packet = [0; 320];
        let Ok(bytes) = person.encoder.encode(&samples, &mut packet) else { return };
        person.kept += 1;
        person.said += person.encoder.settings().frame.duration();
        if self.recorded {
            person.opus.push(packet[..bytes].to_vec());
        }
        let said = person.mouth.frame(timestamp, &packet[..bytes], &mut |to, frame, stamp| {
            sealed.push((to, frame, stamp));
        });
        self.send(who, std::mem::take(sealed));
        self.pass_on(who, said);
    }

    /// 10 ms of everybody's microphone and ear.
    pub(super) fn step(&mut self) {
        for who in 0..self.people.len() {
            let mut sealed = Sealed::new();
            let person = &mut self.people[who];
            let clock = person.clock;
            person.clock = clock.wrapping_add(480);
            if person.microphone && person.mouth.wants_frames() {
                person.pending.extend((0..BLOCK).map(|n| tone(clock.wrapping_add(n as u32))));
                if person.pending.len() == person.encoder.settings().frame.samples() {
                    self.say(who, &mut sealed);
                }
            }
            let mut block = [0.0; BLOCK];
            let person = &mut self.people[who];
            if person.ear.block(self.now, self.now, &mut block) {
                person.heard_blocks += 1;
                person.loudest = block.iter().fold(person.loudest, |most, s| most.max(s.abs()));
            }
            if self.now.as_millis().is_multiple_of(1000) {
                let news: Vec<_> = self.people[who].ear.news().collect();
                for (pid, stats) in news {
                    self.give(who, Input::Voice(VoiceNews::Hearing(pid, stats)));
                }
            }
        }
    }
}

/// 400 Hz, loud.
pub fn tone(clock: u32) -> f32 {
    (f64::from(clock % 120) / 120.0 * std::f64::consts::TAU).sin() as f32 * 0.5
}
