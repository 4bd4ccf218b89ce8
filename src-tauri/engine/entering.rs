//! The way in: from "host" or "join" to being let into a room by the server and a member.

use std::time::Duration;

use pushtalk_e2ee::{
    DoorRefusal, HostKey, Joiner, JoinerProved, MemberKey, PasswordKind, RoomSecret, SeatKey, ServerIdentity,
    pid, room_id,
};
use pushtalk_protocol::{
    CertificateHash, Challenge, Create, DisplayName, DoorState, Epoch, Invitation, Join, LobbyId,
    MemberPublic, Nameplate, Pin, RefusalCode, RoomCode, ServerAddress,
};
use pushtalk_signaling::client::{ServerEvent, Trust};
use rand::CryptoRng;

use crate::brain::{Answer, Hosting, HostingError, Output, Request, ServerNews, Step};
use crate::face::{EnteringStep, ErrorCode};
use crate::identity::Identity;
use crate::inside::Arrival;
use crate::ticket::Ticket;

/// Longest wait for any one step; the lobby asks up to three members, five seconds each.
const STEP_PATIENCE: Duration = Duration::from_secs(17);

/// Where a room is made.
pub(crate) enum At {
    Server(ServerAddress),
    /// On this device, for everybody or for those on this network.
    Here(Option<String>),
}

/// On the way in.
pub(crate) struct Entering {
    name: DisplayName,
    keys: Option<Keys>,
    plan: Plan,
    server: Option<ServerIdentity>,
    challenge: Option<Challenge>,
    servers: Vec<ServerAddress>,
    /// What an invitation to this room will pin.
    certificate: Option<CertificateHash>,
    /// Where this device reaches its own server.
    own: Option<ServerAddress>,
    /// What is known of the room was heard on this network.
    nearby: bool,
    /// The server says to run on a member's device.
    on_device: bool,
    step: EnteringStep,
    deadline: Duration,
    /// What came from members before the server's own answer did.
    early: Vec<ServerEvent>,
}

/// What we are known by, in this room only.
struct Keys {
    member: MemberKey,
    seat: SeatKey,
    /// The host's, when we make the room.
    heir: HostKey,
}

impl Keys {
    fn generate(rng: &mut impl CryptoRng) -> Self {
        Self { member: MemberKey::generate(rng), seat: SeatKey::generate(rng), heir: HostKey::generate(rng) }
    }
}

enum Plan {
    Host { secret: RoomSecret, title: String },
    Join { nameplate: Nameplate, password: Password, pin: Option<Pin>, lobby: Option<LobbyId>, door: Door },
}

enum Password {
    Link(pushtalk_protocol::LinkPassword),
    Spoken(pushtalk_protocol::SpokenPassword),
}

/// How far the door is open.
enum Door {
    Closed,
    Knocked(Joiner),
    Proved(JoinerProved),
    Open(pushtalk_e2ee::Admission),
}

/// Most events kept before we are in.
const MOST_EARLY: usize = 64;

impl Entering {
    pub(crate) fn host(
        now: Duration,
        rng: &mut dyn CryptoRng,
        name: DisplayName,
        title: String,
        at: At,
        attempt: u64,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut rng = rng;
        let (step, servers) = match at {
            At::Server(address) => {
                out.push(Output::Connect(attempt, vec![address.clone()], Trust::AcceptAndTell));
                (EnteringStep::Connecting, vec![address])
            }
            At::Here(interface) => {
                out.push(Output::StartServer(interface));
                (EnteringStep::StartingServer, Vec::new())
            }
        };
        Self {
            name,
            keys: Some(Keys::generate(&mut rng)),
            plan: Plan::Host { secret: RoomSecret::generate(&mut rng), title },
            server: None,
            challenge: None,
            servers,
            certificate: None,
            own: None,
            nearby: false,
            on_device: false,
            step,
            deadline: now + STEP_PATIENCE,
            early: Vec::new(),
        }
    }

    pub(crate) fn join(
        now: Duration,
        rng: &mut dyn CryptoRng,
        name: DisplayName,
        ticket: Ticket,
        pin: Option<Pin>,
        attempt: u64,
        out: &mut Vec<Output>,
    ) -> Self {
        let mut rng = rng;
        let (nameplate, password, servers, certificate, trust) = match ticket {
            Ticket::Link(Invitation { nameplate, password, servers, certificate }) => {
                let trust = certificate.map_or(Trust::Authorities, Trust::Pinned);
                (nameplate, Password::Link(password), servers, certificate, trust)
            }
            Ticket::Code(RoomCode { nameplate, password }, servers) => {
                (nameplate, Password::Spoken(password), servers, None, Trust::AcceptAndTell)
            }
        };
        out.push(Output::Connect(attempt, servers.clone(), trust));
        Self {
            name,
            keys: Some(Keys::generate(&mut rng)),
            plan: Plan::Join { nameplate, password, pin, lobby: None, door: Door::Closed },
            server: None,
            challenge: None,
            servers,
            certificate,
            own: None,
            nearby: false,
            on_device: false,
            step: EnteringStep::Connecting,
            deadline: now + STEP_PATIENCE,
            early: Vec::new(),
        }
    }

    /// The room was looked for on this network, and is not to be once more.
    pub(crate) fn found_nearby(self) -> Self {
        Self { nearby: true, ..self }
    }

    /// What leads to the room another way, when it is a link whose server does not answer.
    pub(crate) fn look_elsewhere(self) -> Result<(DisplayName, Option<Pin>, Invitation), Box<Self>> {
        match self {
            Self {
                plan: Plan::Join { nameplate, password: Password::Link(password), pin, .. },
                name,
                servers,
                certificate: certificate @ Some(_),
                step: EnteringStep::Connecting,
                nearby: false,
                ..
            } => Ok((name, pin, Invitation { nameplate, password, servers, certificate })),
            other => Err(Box::new(other)),
        }
    }

    pub(crate) fn step(&self) -> EnteringStep {
        self.step
    }

    pub(crate) fn is_hosting(&self) -> bool {
        matches!(self.plan, Plan::Host { .. })
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.deadline
    }

    pub(crate) fn handle_timeout(&self, now: Duration) -> Step {
        if now < self.deadline {
            return Step::Stay;
        }
        match self.step {
            EnteringStep::StartingServer => Step::Fail(ErrorCode::CannotHost, None),
            EnteringStep::Looking | EnteringStep::Connecting | EnteringStep::Joining => {
                Step::Fail(ErrorCode::ServerUnreachable, None)
            }
            EnteringStep::Proving => Step::Fail(ErrorCode::NobodyAnswered, None),
        }
    }

    pub(crate) fn hosting(
        &mut self,
        now: Duration,
        attempt: u64,
        hosting: Result<Hosting, HostingError>,
        out: &mut Vec<Output>,
    ) -> Step {
        if self.step != EnteringStep::StartingServer {
            // It was started for a room that was left.
            return Step::Stay;
        }
        match hosting {
            Ok(Hosting { addresses, own, certificate }) => {
                self.servers = addresses;
                self.own = Some(own.clone());
                out.push(Output::Connect(attempt, vec![own], Trust::Pinned(certificate)));
                self.go(now, EnteringStep::Connecting)
            }
            Err(error) => {
                let (code, about) = error.told();
                Step::Fail(code, about)
            }
        }
    }

    pub(crate) fn server(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        news: ServerNews,
        out: &mut Vec<Output>,
    ) -> Step {
        match news {
            ServerNews::Connected(server) => {
                if let ServerIdentity::Certificate(hash) = &server {
                    self.certificate = Some(*hash);
                }
                self.server = Some(server);
                out.push(Output::Request(Request::Hello));
                Step::Stay
            }
            ServerNews::Failed(code, about) => Step::Fail(code, about),
            ServerNews::Answer(answer) => self.answer(now, rng, answer, out),
            ServerNews::Push(event) => self.push(now, event, out),
        }
    }

    fn go(&mut self, now: Duration, step: EnteringStep) -> Step {
        self.step = step;
        self.deadline = now + STEP_PATIENCE;
        Step::Stay
    }

    fn answer(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        answer: Answer,
        out: &mut Vec<Output>,
    ) -> Step {
        match answer {
            Answer::Hello(ack) => {
                (self.challenge, self.on_device) = (Some(ack.challenge), ack.on_device);
                if self.is_hosting() { self.create(now, out) } else { self.knock(now, rng, out) }
            }
            Answer::LobbyOpened(opened) => {
                if let Plan::Join { lobby, .. } = &mut self.plan {
                    *lobby = Some(opened.lobby);
                }
                let early = std::mem::take(&mut self.early);
                for event in early {
                    match self.push(now, event, out) {
                        Step::Stay => {}
                        other => return other,
                    }
                }
                Step::Stay
            }
            Answer::Created(created) => self.arrive(created.nameplate, Vec::new()),
            Answer::Joined(joined) => self.arrive(joined.nameplate, joined.members),
            Answer::OtherVersion(theirs) => Step::Fail(
                ErrorCode::OtherVersion,
                Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)),
            ),
            Answer::Refused(RefusalCode::NotAvailable) if self.step == EnteringStep::Proving => {
                Step::Fail(ErrorCode::WrongCode, None)
            }
            Answer::Refused(RefusalCode::TooMany) => Step::Fail(ErrorCode::ServerFull, None),
            Answer::Refused(RefusalCode::Unready) => Step::Fail(ErrorCode::ServerUnready, None),
            Answer::Refused(_) => Step::Fail(ErrorCode::NotAvailable, None),
            Answer::Failed => Step::Fail(ErrorCode::ServerUnreachable, None),
        }
    }

    fn create(&mut self, now: Duration, out: &mut Vec<Output>) -> Step {
        let (Plan::Host { secret, .. }, Some(server), Some(challenge), Some(keys)) =
            (&self.plan, &self.server, &self.challenge, &self.keys)
        else {
            return Step::Stay;
        };
        let epoch = Epoch::default();
        let key = &keys.heir;
        let host_pub = key.public();
        let room_id = room_id(&host_pub);
        let member_pub = keys.member.public();
        let own = pid(&member_pub);
        let join_key = secret.join_key(room_id, epoch);
        let join_pub = join_key.public();
        out.push(Output::Request(Request::Create(Box::new(Create {
            room_id,
            host_pub,
            epoch,
            join_pub,
            member_pub,
            seat_pub: keys.seat.public(),
            host_sig: key.sign_create(challenge, room_id, epoch, &join_pub, own, server),
            join_sig: join_key.sign_join(challenge, room_id, epoch, own, server),
        }))));
        self.go(now, EnteringStep::Joining)
    }

    fn knock(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) -> Step {
        let (Plan::Join { nameplate, password, pin, door, .. }, Some(server)) =
            (&mut self.plan, &self.server)
        else {
            return Step::Stay;
        };
        let mut rng = rng;
        let (kind, password): (_, &[u8]) = match password {
            Password::Link(password) => (PasswordKind::Link, password.expose()),
            Password::Spoken(password) => (PasswordKind::Spoken, password.expose()),
        };
        let (joiner, message) =
            Joiner::start(&mut rng, kind, password, pin.as_ref().map(Pin::expose), nameplate, server);
        *door = Door::Knocked(joiner);
        out.push(Output::Request(Request::LobbyOpen(*nameplate, message)));
        self.go(now, EnteringStep::Proving)
    }

    fn push(&mut self, now: Duration, event: ServerEvent, out: &mut Vec<Output>) -> Step {
        let Plan::Join { lobby, door, pin, .. } = &mut self.plan else { return self.keep(event) };
        let has_pin = pin.is_some();
        match (event, *lobby) {
            (ServerEvent::Gone, _) => Step::Fail(ErrorCode::ServerUnreachable, None),
            (ServerEvent::LobbyMessage { lobby: l, data }, Some(open)) if l == open => {
                match std::mem::replace(door, Door::Closed) {
                    Door::Knocked(joiner) => match joiner.answer(&data) {
                        Ok((proved, message)) => {
                            *door = Door::Proved(proved);
                            out.push(Output::LobbyMessage(open, message));
                            Step::Stay
                        }
                        Err(error) => door_error(&error, has_pin),
                    },
                    Door::Proved(proved) => match proved.finish(&data) {
                        Ok(admission) => {
                            out.push(Output::LobbyClose(open));
                            *lobby = None;
                            *door = Door::Open(admission);
                            self.enter(now, out)
                        }
                        Err(error) => door_error(&error, has_pin),
                    },
                    other => {
                        *door = other;
                        Step::Stay
                    }
                }
            }
            (ServerEvent::LobbyClose { lobby: closed }, Some(open)) if closed == open => {
                // Closed before we proved anything: nobody was there. Closed after: what we know is wrong.
                match door {
                    Door::Proved(_) => Step::Fail(ErrorCode::WrongCode, None),
                    _ => Step::Fail(ErrorCode::NobodyAnswered, None),
                }
            }
            (event, _) => self.keep(event),
        }
    }

    /// Keeps what came ahead of the answer it belongs behind.
    fn keep(&mut self, event: ServerEvent) -> Step {
        if matches!(event, ServerEvent::Gone) {
            return Step::Fail(ErrorCode::ServerUnreachable, None);
        }
        if self.early.len() < MOST_EARLY {
            self.early.push(event);
        }
        Step::Stay
    }

    fn enter(&mut self, now: Duration, out: &mut Vec<Output>) -> Step {
        let (Plan::Join { door: Door::Open(admission), .. }, Some(server), Some(challenge), Some(keys)) =
            (&self.plan, &self.server, &self.challenge, &self.keys)
        else {
            return Step::Stay;
        };
        let member_pub = keys.member.public();
        let join_key = admission.secret.join_key(admission.room_id, admission.epoch);
        out.push(Output::Request(Request::Join(Box::new(Join {
            room_id: admission.room_id,
            epoch: admission.epoch,
            member_pub,
            seat_pub: keys.seat.public(),
            sig: join_key.sign_join(challenge, admission.room_id, admission.epoch, pid(&member_pub), server),
        }))));
        self.go(now, EnteringStep::Joining)
    }

    /// We are in. Consumes what led here, as far as a `&mut` can.
    fn arrive(&mut self, nameplate: Nameplate, members: Vec<MemberPublic>) -> Step {
        let placeholder = Plan::Join {
            nameplate,
            password: Password::Link(pushtalk_protocol::LinkPassword::new([0; 16])),
            pin: None,
            lobby: None,
            door: Door::Closed,
        };
        let (Some(server), Some(keys)) = (self.server.take(), self.keys.take()) else { return Step::Stay };
        let (room_id, host_public, epoch, secret, hosting, title, door) =
            match std::mem::replace(&mut self.plan, placeholder) {
                Plan::Host { secret, title } => {
                    let host_public = keys.heir.public();
                    let epoch = Epoch::default();
                    (room_id(&host_public), host_public, epoch, secret, true, title, DoorState::Open)
                }
                Plan::Join { door: Door::Open(admission), pin, .. } => (
                    admission.room_id,
                    admission.host_pub,
                    admission.epoch,
                    admission.secret,
                    false,
                    String::new(),
                    pin.map_or(DoorState::Open, DoorState::Pin),
                ),
                Plan::Join { .. } => return Step::Stay,
            };
        let identity = Identity {
            room_id,
            first_host: host_public,
            host_public,
            epoch,
            before: None,
            pid: pid(&keys.member.public()),
            psk: secret.pair_psk(room_id, epoch),
            member_key: keys.member,
            secret,
            seat_key: keys.seat,
            heir_key: keys.heir,
            hosting,
            name: self.name.clone(),
            nameplate,
            server,
        };
        Step::Enter(Box::new(Arrival {
            identity,
            title,
            members,
            servers: std::mem::take(&mut self.servers),
            certificate: self.certificate,
            early: std::mem::take(&mut self.early),
            door,
            queueing: true,
            own: self.own.take(),
            on_device: self.on_device,
        }))
    }
}

fn door_error(error: &pushtalk_e2ee::DoorError, has_pin: bool) -> Step {
    match error {
        pushtalk_e2ee::DoorError::Version { theirs } => {
            Step::Fail(ErrorCode::OtherVersion, Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)))
        }
        pushtalk_e2ee::DoorError::TurnedAway(refusal) => match refusal {
            DoorRefusal::Locked => Step::Fail(ErrorCode::RoomLocked, None),
            DoorRefusal::CodeRetired => Step::Fail(ErrorCode::CodeRetired, None),
            DoorRefusal::PinNeeded => Step::Fail(ErrorCode::PinNeeded, None),
            DoorRefusal::PinUnneeded => Step::Fail(ErrorCode::PinUnneeded, None),
            DoorRefusal::Wrong { left } if has_pin => Step::Fail(ErrorCode::WrongPin, Some(left.to_string())),
            DoorRefusal::Wrong { .. } => Step::Fail(ErrorCode::WrongCode, None),
        },
        _ => Step::Fail(ErrorCode::WrongCode, None),
    }
}
