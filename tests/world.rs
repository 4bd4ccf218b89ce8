//! A whole world in virtual time: clients, their server and the network between them, from one seed.
//!
//! Brains, lobby, mouths, ears, keys and codec are the real ones. Made up are the clock, the network, and peer
//! connections as far as they bring bytes from one end to the other.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};
use bytes::Bytes;
use pushtalk_audio::{BLOCK, Encoder, EncoderSettings, JitterConfig};
use pushtalk_e2ee::{ServerIdentity, pid as pid_of};
use pushtalk_engine::HearingStats;
use pushtalk_engine::brain::{
    Answer, Brain, Habits, Hosting, Input, ListenOrder, Output, Request, ServerNews, TalkOrder, VoiceNews,
};
use pushtalk_engine::ear::{Ear, Heard};
use pushtalk_engine::face::{Intent, Invitation, MemberLink, Preferences, RoomView, Stage, View};
use pushtalk_engine::mouth::{Mouth, Said};
use pushtalk_mesh::{MeshEvent, Role};
use pushtalk_protocol::{
    CertificateHash, Challenge, HelloRequest, LobbyClose, LobbyId, LobbyMessage, LobbyOpen, Pid, Relay,
    Rotate, Sdp, SdpKind, SignedStatement,
};
use pushtalk_signaling::client::ServerEvent;
use pushtalk_signaling::lobby::{ConnectionId, Lobby, Push};
use rand::rngs::StdRng;
use rand::{Rng, RngExt, SeedableRng};

/// One step of the voice.
pub const STEP: Duration = Duration::from_millis(10);

/// What the network does.
#[derive(Clone, Copy)]
pub struct Network {
    /// Of every message, one way.
    pub delay: Duration,
    /// Up to so much more, by chance; messages of one way keep their order, frames need not.
    pub jitter: Duration,
    /// Share of the frames that is lost.
    pub loss: f64,
    /// So much later than a frame comes a message of the data channel: it is repeated when it is lost.
    pub messages_late: Duration,
}

impl Default for Network {
    fn default() -> Self {
        Self {
            delay: Duration::from_millis(1),
            jitter: Duration::ZERO,
            loss: 0.0,
            messages_late: Duration::ZERO,
        }
    }
}

/// Changes frames on their way, or makes up others.
pub type Tamper = Box<dyn FnMut(&mut StdRng, &mut Vec<u8>)>;

/// One client.
pub struct Person {
    brain: Brain,
    mouth: Mouth,
    ear: Ear,
    encoder: Encoder,
    connection: Option<(u64, ConnectionId)>,
    microphone: bool,
    pid: Option<Pid>,
    clock: u32,
    sequence: BTreeMap<usize, u16>,
    /// Peer connections by peer; true when it is up.
    peers: BTreeMap<usize, bool>,
    /// Frames that its microphone gave while the button was down or the tail ran.
    pub kept: u64,
    /// Frames that left it, for each listener.
    pub sent: BTreeMap<usize, u64>,
    /// Blocks of 10 ms with any voice in them.
    pub heard_blocks: u64,
    /// Loudest sample that its ear gave.
    pub loudest: f32,
    /// Frames that did not open.
    pub rejected: u64,
}

enum Event {
    Input(usize, Input),
    Frame { to: usize, from: Pid, sequence: u16, timestamp: u32, bytes: Vec<u8> },
    Server(usize, u64, ServerCall),
}

enum ServerCall {
    Request(Request),
    Relay(Pid, Bytes),
    LobbyMessage(LobbyId, Vec<u8>),
    LobbyClose(LobbyId),
    Rotate(SignedStatement),
}

/// The world.
pub struct World {
    pub now: Duration,
    pub rng: StdRng,
    pub people: Vec<Person>,
    pub network: Network,
    pub tamper: Option<Tamper>,
    /// Everything that the server got or gave, as text.
    pub transcript: String,
    lobby: Lobby,
    identity: ServerIdentity,
    events: BTreeMap<(Duration, u64), Event>,
    last: BTreeMap<(usize, usize), Duration>,
    count: u64,
    next_step: Duration,
    apart: BTreeSet<(usize, usize)>,
}

const HASH: CertificateHash = CertificateHash::new([7; 32]);

impl World {
    /// Nobody is there yet.
    pub fn new(seed: u64, network: Network) -> Self {
        let identity = ServerIdentity::Certificate(HASH);
        Self {
            now: Duration::ZERO,
            rng: StdRng::seed_from_u64(seed),
            people: Vec::new(),
            network,
            tamper: None,
            transcript: String::new(),
            lobby: Lobby::new(pushtalk_signaling::lobby::Limits::default(), identity.clone()),
            identity,
            events: BTreeMap::new(),
            last: BTreeMap::new(),
            count: 0,
            next_step: Duration::ZERO,
            apart: BTreeSet::new(),
        }
    }

    /// One more client, at home.
    ///
    /// # Errors
    /// When the codec cannot be had.
    pub fn person(&mut self) -> anyhow::Result<usize> {
        let habits = Habits {
            server: None,
            talk_limit: Duration::from_secs(30),
            enable_audio: true,
            version: "0".to_owned(),
        };
        self.people.push(Person {
            brain: Brain::new(habits, String::new(), Preferences::default()),
            mouth: Mouth::default(),
            ear: Ear::new(JitterConfig::lan()),
            encoder: Encoder::new(EncoderSettings::lan())?,
            connection: None,
            microphone: false,
            pid: None,
            clock: self.rng.next_u32(),
            sequence: BTreeMap::new(),
            peers: BTreeMap::new(),
            kept: 0,
            sent: BTreeMap::new(),
            heard_blocks: 0,
            loudest: 0.0,
            rejected: 0,
        });
        Ok(self.people.len() - 1)
    }

    /// A room with so many people in it, all ready for each other. The first one hosts.
    ///
    /// # Errors
    /// When it does not come to be.
    pub fn room(seed: u64, network: Network, names: &[&str], title: &str) -> anyhow::Result<Self> {
        let mut world = Self::new(seed, network);
        for (at, name) in names.iter().enumerate() {
            let who = world.person()?;
            if at == 0 {
                world.act(who, Intent::Host { name: (*name).into(), title: title.into() });
            } else {
                let text = world.invitation(0)?.link;
                world.act(who, Intent::Join { name: (*name).into(), text, server: None, pin: None });
            }
            world.run(Duration::from_secs(2) + 40 * network.delay);
        }
        for who in 0..names.len() {
            let room = world.room_of(who)?;
            let ready = room.members.iter().filter(|m| m.link == MemberLink::Ready).count();
            anyhow::ensure!(ready == names.len() - 1, "seed {seed}: {who} is ready for {ready}");
        }
        Ok(world)
    }

    /// A person does something.
    pub fn act(&mut self, who: usize, intent: Intent) {
        self.give(who, Input::Intent(intent));
    }

    /// What this person sees.
    pub fn view(&self, who: usize) -> View {
        self.people[who].brain.view(self.now)
    }

    /// The room that this person is in.
    ///
    /// # Errors
    /// When there is none.
    pub fn room_of(&self, who: usize) -> anyhow::Result<RoomView> {
        match self.view(who).stage {
            Stage::Room(room) => Ok(room),
            other => anyhow::bail!("{who} is in no room: {other:?}"),
        }
    }

    /// How others come in.
    ///
    /// # Errors
    /// When this person cannot tell.
    pub fn invitation(&self, who: usize) -> anyhow::Result<Invitation> {
        self.room_of(who)?.invitation.ok_or_else(|| anyhow::anyhow!("{who} has no invitation"))
    }

    /// Time passes.
    pub fn run(&mut self, time: Duration) {
        let until = self.now + time;
        loop {
            let timer = (0..self.people.len())
                .filter_map(|who| Some((self.people[who].brain.poll_timeout()?.max(self.now), who)))
                .min();
            let event = self.events.first_key_value().map(|((at, _), _)| *at);
            let next = [timer.map(|(at, _)| at), event, Some(self.next_step)].into_iter().flatten().min();
            let Some(next) = next.filter(|at| *at <= until) else { break };
            self.now = next;
            if event == Some(next) {
                if let Some((_, event)) = self.events.pop_first() {
                    self.happen(event);
                }
            } else if self.next_step == next {
                self.next_step += STEP;
                self.step();
            } else if let Some((_, who)) = timer {
                self.give(who, Input::Tick);
            }
            if let Some(at) = self.lobby.poll_timeout()
                && at <= self.now
            {
                self.lobby.handle_timeout(self.now);
                self.deliver_pushes();
            }
        }
        self.now = until;
    }

    /// This person's connection to the server breaks; both ends learn of it.
    pub fn unplug(&mut self, who: usize) {
        if let Some((attempt, id)) = self.people[who].connection.take() {
            self.lobby.disconnected(self.now, id);
            self.deliver_pushes();
            self.later(who, Input::Server(attempt, ServerNews::Push(ServerEvent::Gone)));
        }
    }

    /// The peer connection of two people breaks; both learn of it.
    pub fn sever(&mut self, one: usize, other: usize) {
        for (end, far) in [(one, other), (other, one)] {
            if self.people[end].peers.remove(&far).is_some()
                && let Some(peer) = self.people[far].pid
            {
                self.later(end, Input::Mesh(MeshEvent::Closed { peer }));
            }
        }
    }

    /// No peer connection comes to be between two people, and the one they have breaks.
    pub fn keep_apart(&mut self, one: usize, other: usize) {
        self.apart.extend([(one, other), (other, one)]);
        self.sever(one, other);
    }

    /// They can reach each other again.
    pub fn let_together(&mut self, one: usize, other: usize) {
        self.apart.remove(&(one, other));
        self.apart.remove(&(other, one));
    }

    /// What this person calls another one.
    ///
    /// # Errors
    /// When it does not know that one.
    pub fn id_of(&self, who: usize, name: &str) -> anyhow::Result<String> {
        let room = self.room_of(who)?;
        let member = room.members.into_iter().find(|member| member.name == name);
        member.map(|member| member.id).ok_or_else(|| anyhow::anyhow!("{who} knows no {name}"))
    }

    /// What this person's ear did with the voice of the one that it heard.
    pub fn hearing(&self, who: usize) -> HearingStats {
        self.people[who]
            .ear
            .stats()
            .map(|(_, stats)| stats)
            .max_by_key(|s| s.jitter.received)
            .unwrap_or_default()
    }

    /// True when the server holds nothing of anybody.
    pub fn server_is_empty(&self) -> bool {
        self.lobby.is_empty()
    }

    fn give(&mut self, who: usize, input: Input) {
        let outputs = self.people[who].brain.handle(self.now, &mut self.rng, input);
        for output in outputs {
            self.perform(who, output);
        }
    }

    fn at(&mut self, time: Duration, event: Event) {
        self.count += 1;
        self.events.insert((time, self.count), event);
    }

    fn delay(&mut self) -> Duration {
        let most = u64::try_from(self.network.jitter.as_micros()).unwrap_or(0);
        self.network.delay + Duration::from_micros(self.rng.random_range(0..=most))
    }

    /// Keeps the order of what one end says to another; end 1000 is the server.
    fn in_order(&mut self, from: usize, to: usize) -> Duration {
        let at = self.now + self.delay();
        let last = self.last.entry((from, to)).or_default();
        *last = (*last).max(at);
        *last
    }

    fn later(&mut self, who: usize, input: Input) {
        let at = self.in_order(1000, who);
        self.at(at, Event::Input(who, input));
    }

    fn call(&mut self, who: usize, call: ServerCall) {
        if let Some((attempt, _)) = self.people[who].connection {
            let at = self.in_order(who, 1000);
            self.at(at, Event::Server(who, attempt, call));
        }
    }

    fn who(&self, pid: Pid) -> Option<usize> {
        self.people.iter().position(|p| p.pid == Some(pid))
    }

    fn perform(&mut self, who: usize, output: Output) {
        match output {
            Output::StartServer => {
                let Ok(own) = "127.0.0.1:7443".parse() else { return };
                let Ok(address) = "127.0.0.1:7443".parse() else { return };
                let hosting = Hosting { addresses: vec![address], own, certificate: HASH };
                self.later(who, Input::Hosting(Ok(hosting)));
            }
            Output::Connect(attempt, ..) => {
                self.count += 1;
                let id = ConnectionId(self.count);
                let taken = self.lobby.connected(id).is_ok();
                self.people[who].connection = taken.then_some((attempt, id));
                let news = ServerNews::Connected(self.identity.clone());
                self.later(who, Input::Server(attempt, news));
            }
            Output::Request(request) => self.call(who, ServerCall::Request(request)),
            Output::Relay(to, bytes) => self.call(who, ServerCall::Relay(to, bytes)),
            Output::LobbyMessage(lobby, data) => self.call(who, ServerCall::LobbyMessage(lobby, data)),
            Output::LobbyClose(lobby) => self.call(who, ServerCall::LobbyClose(lobby)),
            Output::Disconnect => {
                if let Some((_, id)) = self.people[who].connection.take() {
                    // As a client does that closes in good order; outside a room there is nothing to leave.
                    let _ = self.lobby.leave(self.now, id);
                    self.lobby.disconnected(self.now, id);
                    self.deliver_pushes();
                }
            }
            Output::OpenPeer(peer, role) => self.open_peer(who, peer, role),
            Output::RemoteDescription(peer, sdp) => self.described(who, peer, &sdp),
            Output::RemoteCandidate(..) | Output::ListDevices => {}
            Output::Rotate(signed) => self.call(who, ServerCall::Rotate(signed)),
            Output::SendCtl(peer, message) => {
                let (Some(to), Some(from)) = (self.who(peer), self.people[who].pid) else { return };
                if self.people[who].peers.get(&to) == Some(&true) {
                    let at = self.in_order(who, to) + self.network.messages_late;
                    self.at(at, Event::Input(to, Input::Mesh(MeshEvent::Ctl { peer: from, message })));
                }
            }
            Output::ClosePeer(peer) => self.close_peer(who, peer),
            Output::Talk(order) => self.talk(who, order),
            Output::Listen(order) => self.listen(who, order),
        }
    }

    fn open_peer(&mut self, who: usize, peer: Pid, role: Role) {
        let Some(to) = self.who(peer) else { return };
        self.people[who].peers.insert(to, false);
        if role == Role::Offerer {
            let text = format!("v=0 description of {who} for {to}");
            let sdp = Sdp { kind: SdpKind::Offer, text };
            self.later(who, Input::Mesh(MeshEvent::Description { peer, sdp }));
        }
    }

    fn described(&mut self, who: usize, peer: Pid, sdp: &Sdp) {
        let (Some(to), Some(own)) = (self.who(peer), self.people[who].pid) else { return };
        if sdp.kind == SdpKind::Offer {
            let text = format!("v=0 description of {who} for {to}");
            let sdp = Sdp { kind: SdpKind::Answer, text };
            self.later(who, Input::Mesh(MeshEvent::Description { peer, sdp }));
            return;
        }
        if self.apart.contains(&(who, to)) {
            return;
        }
        for (end, other) in [(who, peer), (to, own)] {
            let far = if end == who { to } else { who };
            self.people[end].peers.insert(far, true);
            self.later(end, Input::Mesh(MeshEvent::Connected { peer: other }));
            self.later(end, Input::Mesh(MeshEvent::CtlOpen { peer: other }));
        }
    }

    fn close_peer(&mut self, who: usize, peer: Pid) {
        let (Some(to), Some(own)) = (self.who(peer), self.people[who].pid) else { return };
        if self.people[who].peers.remove(&to).is_some() && self.people[to].peers.remove(&who).is_some() {
            let at = self.in_order(who, to);
            self.at(at, Event::Input(to, Input::Mesh(MeshEvent::Closed { peer: own })));
        }
    }

    fn talk(&mut self, who: usize, order: TalkOrder) {
        let mut sealed = Vec::new();
        let person = &mut self.people[who];
        let said = match order {
            TalkOrder::OpenMicrophone(_) => {
                person.microphone = true;
                return self.later(who, Input::Voice(VoiceNews::MicrophoneOpen));
            }
            TalkOrder::CloseMicrophone => {
                person.microphone = false;
                person.mouth.stop()
            }
            TalkOrder::AddPeer(pid, key) => return person.mouth.add_peer(pid, key),
            TalkOrder::RemovePeer(pid) => return person.mouth.remove_peer(pid),
            TalkOrder::Keep => {
                // An encoder that cannot be reset would be heard.
                let _ = person.encoder.reset();
                person.mouth.keep()
            }
            TalkOrder::Begin(turn) => {
                let said = person.mouth.begin(turn, &mut |to, frame, stamp| sealed.push((to, frame, stamp)));
                let keys = person.mouth.spurt_keys();
                self.later(who, Input::Voice(VoiceNews::Spurt(keys)));
                said
            }
            TalkOrder::Drop => person.mouth.stop(),
            TalkOrder::Finish => {
                person.mouth.finish(6);
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

    fn listen(&mut self, who: usize, order: ListenOrder) {
        let ear = &mut self.people[who].ear;
        match order {
            ListenOrder::AddPeer(pid, key) => drop(ear.add_peer(self.now, pid, key)),
            ListenOrder::RemovePeer(pid) => ear.remove_peer(pid),
            ListenOrder::OpenOutput(_) | ListenOrder::CloseOutput => {}
        }
    }

    /// Puts sealed frames on the wire. Whoever gets one is shown as ready at that moment: nobody else ever does.
    fn send(&mut self, who: usize, sealed: Vec<(Pid, pushtalk_e2ee::SealedFrame, pushtalk_mesh::RtpStamp)>) {
        for (pid, frame, stamp) in sealed {
            let Some(to) = self.who(pid) else { panic!("a frame for nobody") };
            let shown = self.room_of(who).is_ok_and(|room| {
                let id = BASE64_URL_SAFE_NO_PAD.encode(pid.as_bytes());
                room.members.iter().any(|m| m.id == id && m.link == MemberLink::Ready)
            });
            assert!(shown, "a frame for somebody who is not shown");
            let person = &mut self.people[who];
            *person.sent.entry(to).or_default() += 1;
            let sequence = person.sequence.entry(to).or_default();
            *sequence = sequence.wrapping_add(1);
            let (sequence, Some(from)) = (*sequence, person.pid) else { continue };
            if self.people[who].peers.get(&to) != Some(&true) || self.rng.random_bool(self.network.loss) {
                continue;
            }
            let mut bytes = frame.as_bytes().to_vec();
            if let Some(tamper) = &mut self.tamper {
                tamper(&mut self.rng, &mut bytes);
            }
            let at = self.now + self.delay();
            self.at(at, Event::Frame { to, from, sequence, timestamp: stamp.timestamp, bytes });
        }
    }

    /// 10 ms of everybody's microphone and ear.
    fn step(&mut self) {
        for who in 0..self.people.len() {
            let mut sealed = Vec::new();
            let person = &mut self.people[who];
            let clock = person.clock;
            person.clock = clock.wrapping_add(480);
            if person.microphone && person.mouth.wants_frames() {
                person.kept += 1;
                let mut packet = [0; 320];
                let wave: Vec<f32> = (0..BLOCK).map(|n| tone(clock.wrapping_add(n as u32))).collect();
                if let Ok(bytes) = person.encoder.encode(&wave, &mut packet) {
                    let said = person.mouth.frame(clock, &packet[..bytes], &mut |to, frame, stamp| {
                        sealed.push((to, frame, stamp));
                    });
                    self.send(who, sealed);
                    self.pass_on(who, said);
                }
            }
            let mut block = [0.0; BLOCK];
            let person = &mut self.people[who];
            if person.ear.block(self.now, &mut block) {
                person.heard_blocks += 1;
                person.loudest = block.iter().fold(person.loudest, |most, s| most.max(s.abs()));
            }
        }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Input(who, input) => self.give(who, input),
            Event::Frame { to, from, sequence, timestamp, bytes } => {
                match self.people[to].ear.receive(from, sequence, timestamp, self.now, &bytes) {
                    Heard::Voice { news, begins } => {
                        if let Some((generation, step)) = begins {
                            self.give(to, Input::Voice(VoiceNews::Began(from, generation, step)));
                        }
                        if news {
                            self.give(to, Input::Voice(VoiceNews::Heard(from)));
                        }
                    }
                    Heard::OutOfReach => self.give(to, Input::Voice(VoiceNews::KeyWanted(from))),
                    Heard::Rejected | Heard::Stranger => self.people[to].rejected += 1,
                }
            }
            Event::Server(who, attempt, call) => self.serve(who, attempt, call),
        }
    }

    fn serve(&mut self, who: usize, attempt: u64, call: ServerCall) {
        let Some((open, id)) = self.people[who].connection else { return };
        if open != attempt {
            return;
        }
        let (now, lobby) = (self.now, &mut self.lobby);
        let answer = match call {
            ServerCall::Request(Request::Hello) => {
                let mut challenge = [0; 32];
                self.rng.fill_bytes(&mut challenge);
                let hello = HelloRequest { version: pushtalk_protocol::VERSION };
                Some(lobby.hello(id, hello, Challenge::new(challenge)).map(Answer::Hello))
            }
            ServerCall::Request(Request::Create(create)) => {
                self.transcript += &serde_json::to_string(&create).unwrap_or_default();
                self.people[who].pid = Some(pid_of(&create.member_pub));
                let word = (self.rng.next_u32() & 0xffff) as u16;
                Some(lobby.create(id, &create, word).map(Answer::Created))
            }
            ServerCall::Request(Request::LobbyOpen(nameplate, first)) => {
                let data = BASE64_URL_SAFE_NO_PAD.encode(&first);
                self.transcript += &format!("\n{}", String::from_utf8_lossy(&first));
                let lobby_id = LobbyId::new(self.rng.next_u64().to_be_bytes());
                Some(
                    lobby
                        .lobby_open(now, id, LobbyOpen { nameplate, data }, lobby_id)
                        .map(Answer::LobbyOpened),
                )
            }
            ServerCall::Request(Request::Join(join)) => {
                self.transcript += &serde_json::to_string(&join).unwrap_or_default();
                self.people[who].pid = Some(pid_of(&join.member_pub));
                Some(lobby.join(id, &join).map(Answer::Joined))
            }
            ServerCall::Relay(to, bytes) => {
                self.transcript += &format!("\n{}", String::from_utf8_lossy(&bytes));
                // A member that has just left is refused; its pair ends in any case.
                let _ = lobby.relay(id, Relay { to, data: BASE64_URL_SAFE_NO_PAD.encode(&bytes) });
                None
            }
            ServerCall::LobbyMessage(l, data) => {
                self.transcript += &format!("\n{}", String::from_utf8_lossy(&data));
                let message = LobbyMessage { lobby: l, data: BASE64_URL_SAFE_NO_PAD.encode(&data) };
                let _ = lobby.lobby_message(now, id, message);
                None
            }
            ServerCall::Request(Request::Resume(resume)) => {
                self.transcript += &serde_json::to_string(&resume).unwrap_or_default();
                Some(lobby.resume(now, id, &resume).map(Answer::Joined))
            }
            ServerCall::Rotate(signed) => {
                let statement = BASE64_URL_SAFE_NO_PAD.encode(signed.encode());
                let _ = lobby.rotate(now, id, &Rotate { statement });
                None
            }
            ServerCall::LobbyClose(l) => {
                let _ = lobby.lobby_close(id, LobbyClose { lobby: l });
                None
            }
        };
        if let Some(answer) = answer {
            let answer = answer.unwrap_or_else(Answer::Refused);
            self.later(who, Input::Server(attempt, ServerNews::Answer(answer)));
        }
        self.deliver_pushes();
    }

    fn deliver_pushes(&mut self) {
        for (to, push) in self.lobby.take_pushes() {
            let who = self.people.iter().position(|p| p.connection.is_some_and(|(_, id)| id == to));
            let Some(who) = who else { continue };
            let Some((attempt, _)) = self.people[who].connection else { continue };
            let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).unwrap_or_default();
            let event = match push {
                Push::Relayed(r) => ServerEvent::Relayed { from: r.from, data: decode(&r.data).into() },
                Push::LobbyMessage(m) => ServerEvent::LobbyMessage { lobby: m.lobby, data: decode(&m.data) },
                Push::LobbyClose(c) => ServerEvent::LobbyClose { lobby: c.lobby },
                Push::MemberJoined(joined) => ServerEvent::MemberJoined(joined),
                Push::MemberLeft(left) => ServerEvent::MemberLeft(left),
                Push::RoomClosed(_) => ServerEvent::RoomClosed,
            };
            self.later(who, Input::Server(attempt, ServerNews::Push(event)));
        }
    }
}

/// 400 Hz, loud.
fn tone(clock: u32) -> f32 {
    (f64::from(clock % 120) / 120.0 * std::f64::consts::TAU).sin() as f32 * 0.5
}
