//! A mole: somebody who was let into a room and does there what no program of ours does.
//!
//! It speaks the protocol by hand, with keys that a test can use for whatever it likes. Until it is told to lie it is a
//! member like any other.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{
    Admission, HostKey, Initiation, Joiner, JoinerProved, MediaKey, MemberKey, OpenKey, PairContext,
    PasswordKind, SealKey, SeatKey, ServerIdentity, Session, pid, respond,
};
use pushtalk_engine::brain::{Answer, Input, Output, Request, ServerNews};
use pushtalk_engine::face::{Intent, View};
use pushtalk_mesh::{MeshEvent, Role};
use pushtalk_protocol::{
    Capabilities, Challenge, Ctl, DisplayName, Hello, Invitation, Join, LobbyId, MemberPublic, Pid, Reader,
    SecretBytes, Writer,
};
use pushtalk_signaling::client::{ServerEvent, Trust};
use rand::CryptoRng;

use super::mind::Mind;

const FIRST: u8 = 1;
const SECOND: u8 = 2;
const TRANSPORT: u8 = 3;

/// Somebody who is let in and is not what it seems.
#[derive(Default)]
pub struct Mole {
    name: Option<DisplayName>,
    invitation: Option<Invitation>,
    attempt: u64,
    server: Option<ServerIdentity>,
    challenge: Option<Challenge>,
    lobby: Option<LobbyId>,
    knocked: Option<Joiner>,
    proved: Option<JoinerProved>,
    early: Vec<ServerEvent>,
    key: Option<MemberKey>,
    /// What the door gave: the room and its secret.
    pub admission: Option<Admission>,
    /// Who it is.
    pub pid: Option<Pid>,
    /// The other members.
    pub ties: BTreeMap<Pid, Tie>,
    /// What others said to it, in order, as encoded.
    pub heard: Vec<(Pid, Vec<u8>)>,
    /// Sealed bytes of sessions that came to it, and how: true for over the peer connection.
    pub received: Vec<(Pid, bool, Vec<u8>)>,
    /// Frames that came to it.
    pub frames: Vec<(Pid, Vec<u8>)>,
}

/// What it has with one other member.
pub struct Tie {
    public: MemberPublic,
    initiation: Option<Initiation>,
    unproved: Option<Session>,
    session: Option<Session>,
    /// True once the data channel is open.
    channel: bool,
    /// Seals what it says to that member.
    pub seal_key: Option<SealKey>,
    /// Opens what that member says to it.
    pub open_keys: Vec<OpenKey>,
}

impl Tie {
    /// True when there is a session.
    pub fn is_open(&self) -> bool {
        self.session.is_some()
    }
}

impl Mole {
    /// Seals a message for a member, with its own session.
    pub fn say(&mut self, to: Pid, message: &Ctl) -> Option<Output> {
        let tie = self.ties.get_mut(&to)?;
        let session = tie.session.as_mut()?;
        let (n, sealed) = session.seal(&message.encode()).ok()?;
        if matches!(message, Ctl::MediaKey { .. }) {
            session.rekey_sending();
        }
        let bytes = Writer::versioned().u8(TRANSPORT).u64(n).raw(&sealed).finish();
        Some(if tie.channel { Output::SendCtl(to, bytes.into()) } else { Output::Relay(to, bytes.into()) })
    }

    /// Begins a handshake anew, with all the keys that it had; none where the other one is to begin.
    pub fn call_again(&mut self, rng: &mut dyn CryptoRng, peer: Pid, counter: u64) -> Option<Output> {
        let context = self.context(peer)?;
        let (key, admission) = (self.key.as_ref()?, self.admission.as_ref()?);
        let psk = admission.secret.pair_psk(admission.room_id, admission.epoch);
        let tie = self.ties.get_mut(&peer)?;
        let mut rng = rng;
        let (initiation, message) =
            Initiation::start(context, key, &tie.public, &psk, counter, &mut rng).ok()?;
        tie.initiation = Some(initiation);
        tie.session = None;
        Some(relay(peer, FIRST, &message))
    }

    /// Its own public key, as the server knows it.
    pub fn public(&self) -> Option<MemberPublic> {
        self.key.as_ref().map(MemberKey::public)
    }

    fn meet(&mut self, rng: &mut dyn CryptoRng, public: MemberPublic, out: &mut Vec<Output>) {
        let peer = pid(&public);
        if Some(peer) == self.pid || self.ties.contains_key(&peer) {
            return;
        }
        let mut tie = Tie {
            public,
            initiation: None,
            unproved: None,
            session: None,
            channel: false,
            seal_key: None,
            open_keys: Vec::new(),
        };
        if let (Some(context), Some(key), Some(admission)) = (self.context(peer), &self.key, &self.admission)
            && context.is_initiator()
        {
            let mut rng = rng;
            let psk = admission.secret.pair_psk(admission.room_id, admission.epoch);
            if let Ok((initiation, message)) = Initiation::start(context, key, &tie.public, &psk, 1, &mut rng)
            {
                tie.initiation = Some(initiation);
                out.push(relay(peer, FIRST, &message));
            }
        }
        self.ties.insert(peer, tie);
    }

    fn context(&self, peer: Pid) -> Option<PairContext> {
        let admission = self.admission.as_ref()?;
        Some(PairContext { room_id: admission.room_id, epoch: admission.epoch, me: self.pid?, peer })
    }

    fn knock(&mut self, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let (Some(invitation), Some(server)) = (&self.invitation, &self.server) else { return };
        let (mut rng, password) = (rng, invitation.password.expose());
        let (joiner, message) =
            Joiner::start(&mut rng, PasswordKind::Link, password, None, &invitation.nameplate, server);
        self.knocked = Some(joiner);
        out.push(Output::Request(Request::LobbyOpen(invitation.nameplate, message)));
    }

    fn enter(&mut self, rng: &mut dyn CryptoRng, admission: Admission, out: &mut Vec<Output>) {
        let (Some(server), Some(challenge)) = (&self.server, &self.challenge) else { return };
        let mut rng = rng;
        let key = MemberKey::generate(&mut rng);
        let (room_id, epoch, member_pub) = (admission.room_id, admission.epoch, key.public());
        let sig = admission.secret.join_key(room_id, epoch).sign_join(
            challenge,
            room_id,
            epoch,
            pid(&member_pub),
            server,
        );
        let seat_pub = SeatKey::generate(&mut rng).public();
        out.push(Output::Request(Request::Join(Box::new(Join {
            room_id,
            epoch,
            member_pub,
            seat_pub,
            sig,
        }))));
        self.pid = Some(pid(&member_pub));
        (self.key, self.admission) = (Some(key), Some(admission));
    }

    fn answered(&mut self, rng: &mut dyn CryptoRng, answer: Answer, out: &mut Vec<Output>) {
        match answer {
            Answer::Hello(ack) => {
                self.challenge = Some(ack.challenge);
                self.knock(rng, out);
            }
            Answer::LobbyOpened(opened) => {
                self.lobby = Some(opened.lobby);
                for event in std::mem::take(&mut self.early) {
                    self.pushed(rng, event, out);
                }
            }
            Answer::Joined(joined) => {
                for member in joined.members {
                    self.meet(rng, member, out);
                }
            }
            _ => {}
        }
    }

    fn pushed(&mut self, rng: &mut dyn CryptoRng, event: ServerEvent, out: &mut Vec<Output>) {
        match event {
            ServerEvent::LobbyMessage { lobby, data } => match self.lobby {
                None => self.early.push(ServerEvent::LobbyMessage { lobby, data }),
                Some(open) if open == lobby => {
                    if let Some(joiner) = self.knocked.take() {
                        let Ok((proved, message)) = joiner.answer(&data) else { return };
                        self.proved = Some(proved);
                        out.push(Output::LobbyMessage(lobby, message));
                    } else if let Some(Ok(admission)) = self.proved.take().map(|p| p.finish(&data)) {
                        out.push(Output::LobbyClose(lobby));
                        self.enter(rng, admission, out);
                    }
                }
                Some(_) => {}
            },
            ServerEvent::MemberJoined(joined) => self.meet(rng, joined.member_pub, out),
            ServerEvent::Relayed { from, data } => self.hear(rng, from, false, &data, out),
            _ => {}
        }
    }

    fn hear(
        &mut self,
        rng: &mut dyn CryptoRng,
        from: Pid,
        straight: bool,
        bytes: &[u8],
        out: &mut Vec<Output>,
    ) {
        self.received.push((from, straight, bytes.to_vec()));
        let Ok(mut reader) = Reader::versioned(bytes) else { return };
        match reader.u8() {
            Ok(FIRST) => self.respond(rng, from, reader.rest(), out),
            Ok(SECOND) => {
                let Some(tie) = self.ties.get_mut(&from) else { return };
                let Some(Ok(session)) = tie.initiation.take().map(|i| i.finish(reader.rest())) else {
                    return;
                };
                tie.session = Some(session);
                self.introduce(rng, from, out);
            }
            Ok(TRANSPORT) => {
                let Ok(n) = reader.u64() else { return };
                let sealed = reader.rest().to_vec();
                let Some(tie) = self.ties.get_mut(&from) else { return };
                if let Some(mut session) = tie.unproved.take() {
                    let Ok(plain) = session.open(n, &sealed) else {
                        tie.unproved = Some(session);
                        return;
                    };
                    tie.session = Some(session);
                    self.introduce(rng, from, out);
                    return self.told(from, plain, out);
                }
                let Some(session) = &mut tie.session else { return };
                let Ok(plain) = session.open(n, &sealed) else { return };
                self.told(from, plain, out);
            }
            _ => {}
        }
    }

    fn respond(&mut self, rng: &mut dyn CryptoRng, from: Pid, message: &[u8], out: &mut Vec<Output>) {
        let (Some(context), Some(key), Some(admission)) = (self.context(from), &self.key, &self.admission)
        else {
            return;
        };
        let (mut rng, psk) = (rng, admission.secret.pair_psk(admission.room_id, admission.epoch));
        let Some(tie) = self.ties.get_mut(&from) else { return };
        if let Ok((session, _, message)) = respond(context, key, &tie.public, &psk, message, None, &mut rng) {
            tie.unproved = Some(session);
            out.push(relay(from, SECOND, &message));
        }
    }

    /// Says who it is, and hands over the key of its frames.
    fn introduce(&mut self, rng: &mut dyn CryptoRng, peer: Pid, out: &mut Vec<Output>) {
        let (Some(name), Some(context)) = (self.name.clone(), self.context(peer)) else { return };
        let role = if context.is_initiator() { Role::Offerer } else { Role::Answerer };
        out.push(Output::OpenPeer(peer, role));
        let mut rng = rng;
        let hello = Hello {
            name,
            app_version: "0".to_owned(),
            capabilities: Capabilities::default(),
            host_proof: None,
            heir: HostKey::generate(&mut rng).public(),
        };
        let mut key = [0; 32];
        rng.fill_bytes(&mut key);
        let media_key = Ctl::MediaKey { generation: 1, key: SecretBytes::new(key) };
        if let Some(tie) = self.ties.get_mut(&peer) {
            tie.seal_key = Some(SealKey::new(MediaKey::from(SecretBytes::new(key)), 1));
        }
        out.extend(self.say(peer, &Ctl::Hello(hello)));
        out.extend(self.say(peer, &media_key));
    }

    fn told(&mut self, from: Pid, plain: Vec<u8>, out: &mut Vec<Output>) {
        let Some(tie) = self.ties.get_mut(&from) else { return };
        match Ctl::decode(&plain) {
            Ok(Ctl::Sdp(sdp)) => out.push(Output::RemoteDescription(from, sdp)),
            Ok(Ctl::Ping { token }) => out.extend(self.say(from, &Ctl::Pong { token, at: 0 })),
            Ok(Ctl::MediaKey { generation, key }) => {
                if let Some(session) = &mut tie.session {
                    session.rekey_receiving();
                }
                tie.open_keys.push(OpenKey::new(MediaKey::from(key), generation));
            }
            _ => {}
        }
        self.heard.push((from, plain));
    }
}

impl Mind for Mole {
    fn handle(&mut self, _: Duration, rng: &mut dyn CryptoRng, input: Input) -> Vec<Output> {
        let mut out = Vec::new();
        match input {
            Input::Intent(Intent::Join { name, text, .. }) => {
                self.name = DisplayName::parse(&name).ok();
                if let Ok(invitation) = Invitation::parse(&text) {
                    self.attempt += 1;
                    let (servers, trust) = (invitation.servers.clone(), Trust::AcceptAndTell);
                    self.invitation = Some(invitation);
                    out.push(Output::Connect(self.attempt, servers, trust));
                }
            }
            Input::Server(_, ServerNews::Connected(server)) => {
                self.server = Some(server);
                out.push(Output::Request(Request::Hello));
            }
            Input::Server(_, ServerNews::Answer(answer)) => self.answered(rng, answer, &mut out),
            Input::Server(_, ServerNews::Push(event)) => self.pushed(rng, event, &mut out),
            Input::Mesh(MeshEvent::Description { peer, sdp }) => out.extend(self.say(peer, &Ctl::Sdp(sdp))),
            Input::Mesh(MeshEvent::CtlOpen { peer }) => {
                if let Some(tie) = self.ties.get_mut(&peer) {
                    tie.channel = true;
                }
                out.extend(self.say(peer, &Ctl::Ping { token: 0 }));
            }
            Input::Mesh(MeshEvent::Ctl { peer, message }) => self.hear(rng, peer, true, &message, &mut out),
            _ => {}
        }
        out
    }

    fn poll_timeout(&self) -> Option<Duration> {
        None
    }

    fn view(&self, _: Duration) -> Option<View> {
        None
    }

    fn mole(&mut self) -> Option<&mut Mole> {
        Some(self)
    }
}

fn relay(to: Pid, kind: u8, message: &[u8]) -> Output {
    Output::Relay(to, Writer::versioned().u8(kind).raw(message).finish().into())
}
