//! The control loop: tells the brain what happened, does what it says, shows its view when it changed.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use pushtalk_device::{AudioHost, DeviceError};
use pushtalk_mesh::{Addresses, Mesh, MeshEvent};
use pushtalk_protocol::{Pid, ServerAddress};
use pushtalk_signaling::addresses::{Whereabouts, whereabouts};
use pushtalk_signaling::client::{Client, ClientError, Trust};
use rand::rand_core::UnwrapErr;
use rand::rngs::SysRng;
use tokio::sync::{broadcast, mpsc, oneshot, watch};
use tokio::task::JoinHandle;

use crate::brain::{Answer, Brain, Input, ListenOrder, Output, Request, ServerNews, TalkOrder, VoiceNews};
use crate::contacts::Contacts;
use crate::face::{self, ErrorCode, Intent, View, WindowPlace};
use crate::held_back::HeldBack;
use crate::hosting::{Embedded, Hosts};
use crate::key::Awake;
use crate::peers::Peers;
use crate::post::Post;
use crate::soundcheck::SoundChecker;
use crate::stats::{Hearings, MemberStats};
use crate::vicinity::Vicinity;
use crate::view::{member_id, steady};

/// Events of a server that wait for the loop.
const PUSHES: usize = 256;

pub(crate) enum Command {
    Act(Intent),
    Notice(ErrorCode, Option<String>),
    Offer(String),
    WindowIs(WindowPlace),
    Hand(pushtalk_ptt::Input),
    Key {
        chord: String,
        down: bool,
        elsewhere: bool,
    },
    /// For the brain as it is.
    Told(Box<Input>),
    Stats(oneshot::Sender<Vec<MemberStats>>),
    Shutdown(oneshot::Sender<()>),
}

/// The ways to the voice threads.
pub(crate) struct Threads {
    pub(crate) talk: Post<TalkOrder>,
    pub(crate) listen: Post<ListenOrder>,
    pub(crate) hearings: Arc<Hearings>,
    pub(crate) host: AudioHost,
    pub(crate) check: SoundChecker,
}

pub(crate) struct Control {
    brain: Brain,
    rng: UnwrapErr<SysRng>,
    start: Instant,
    inputs: mpsc::Sender<Input>,
    peers: Peers,
    threads: Threads,
    hosts: Hosts,
    connection: Connection,
    embedded: Option<Embedded>,
    views: watch::Sender<Arc<View>>,
    changes: broadcast::Sender<Arc<View>>,
    shown: View,
    held_back: HeldBack,
    awake: Awake,
    addresses: Addresses,
    vicinity: Vicinity,
    contacts: Contacts,
    /// Where a connection that came to be is handed over.
    opened_tx: mpsc::Sender<(u64, Client)>,
    opened: mpsc::Receiver<(u64, Client)>,
}

/// The connection to the signaling server, as far as it has come.
enum Connection {
    None,
    Connecting(u64, JoinHandle<()>),
    Open(u64, Arc<Client>),
}

impl Control {
    #[expect(clippy::too_many_arguments, reason = "called once, with everything that the loop is made of")]
    pub(crate) fn new(
        brain: Brain,
        start: Instant,
        inputs: mpsc::Sender<Input>,
        mesh: Mesh,
        threads: Threads,
        hosts: Hosts,
        views: watch::Sender<Arc<View>>,
        changes: broadcast::Sender<Arc<View>>,
    ) -> Self {
        let shown = steady(&views.borrow());
        let (rng, connection, embedded) = (UnwrapErr(SysRng), Connection::None, None);
        let (opened_tx, opened) = mpsc::channel(4);
        Self {
            brain,
            rng,
            start,
            inputs,
            peers: Peers::new(mesh),
            threads,
            hosts,
            connection,
            embedded,
            views,
            changes,
            shown,
            held_back: HeldBack::default(),
            awake: Awake::default(),
            addresses: Addresses::default(),
            vicinity: Vicinity::default(),
            contacts: Contacts::default(),
            opened_tx,
            opened,
        }
    }

    /// Runs until it is shut down or every handle is gone.
    pub(crate) async fn run(
        mut self,
        mut commands: mpsc::Receiver<Command>,
        mut inputs: mpsc::Receiver<Input>,
        mut mesh: mpsc::Receiver<MeshEvent>,
    ) {
        loop {
            self.look_around();
            if self.awake.has_slept(self.brain.is_pressed(), SystemTime::now()) {
                self.handle(Input::Hand(pushtalk_ptt::Input::Away)).await;
            }
            let timeout = self.brain.poll_timeout().map(|at| self.start + at);
            let look = self.awake.poll_timeout().map(|after| Instant::now() + after);
            let timeout = [timeout, self.held_back.poll_timeout(), look].into_iter().flatten().min();
            let tick = async {
                match timeout {
                    Some(at) => tokio::time::sleep_until(at.into()).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                command = commands.recv() => match command {
                    Some(Command::Act(intent)) => {
                        self.take(Input::Intent(intent)).await;
                        self.show_now();
                    }
                    Some(Command::Hand(input)) => {
                        self.take(Input::Hand(input)).await;
                        self.show_now();
                    }
                    Some(Command::Key { chord, down, elsewhere }) => {
                        self.take(Input::Key { chord, down, elsewhere }).await;
                        self.show_now();
                    }
                    Some(Command::Told(input)) => self.handle(*input).await,
                    Some(Command::Offer(text)) => {
                        self.brain.offer(text);
                        self.show();
                    }
                    Some(Command::WindowIs(place)) => {
                        self.brain.window_is(place);
                        self.show();
                    }
                    Some(Command::Notice(code, about)) => {
                        self.brain.notice(code, about);
                        self.show();
                    }
                    Some(Command::Stats(answer)) => drop(answer.send(self.stats())),
                    Some(Command::Shutdown(answer)) => {
                        self.take(Input::Intent(Intent::Leave)).await;
                        self.show_now();
                        self.peers.close_all().await;
                        let _ = answer.send(());
                        return;
                    }
                    None => {
                        self.take(Input::Intent(Intent::Leave)).await;
                        self.show_now();
                        return;
                    }
                },
                Some(input) = inputs.recv() => {
                    self.heed(&input);
                    self.handle(input).await;
                }
                Some(event) = mesh.recv() => {
                    if let Some(event) = self.peers.news(event) {
                        self.handle(Input::Mesh(event)).await;
                    }
                }
                Some((attempt, client)) = self.opened.recv() => self.connected(attempt, client).await,
                () = self.addresses.changed(), if self.brain.is_inside() => {
                    let cut = self.hangs_in_the_air();
                    if cut {
                        self.connection = Connection::None;
                    }
                    let hosted = self.embedded.as_ref().map(Embedded::addresses);
                    self.handle(Input::Addresses { cut, hosted }).await;
                }
                nearby = self.vicinity.changed() => self.handle(Input::Nearby(nearby)).await,
                () = tick => self.handle(Input::Tick).await,
            }
        }
    }

    /// A server says in its first words whether it tells from which address one is seen.
    fn heed(&mut self, input: &Input) {
        if let Input::Server(_, ServerNews::Answer(Answer::Hello(hello))) = input
            && let Connection::Open(_, client) = &self.connection
        {
            let stun = client.stun(hello);
            self.contacts.stun(stun);
            self.peers.use_stun(stun);
        }
    }

    async fn handle(&mut self, input: Input) {
        self.take(input).await;
        self.show();
    }

    async fn take(&mut self, input: Input) {
        self.brain.set_day(today());
        let outputs = self.brain.handle(self.start.elapsed(), &mut self.rng, input);
        for output in outputs {
            self.perform(output).await;
        }
    }

    /// Listens for rooms, and tells of the one that is hosted here, as things are.
    fn look_around(&mut self) {
        let hosted = self.brain.told_of().zip(self.embedded.as_ref());
        let hosted = hosted.and_then(|(nameplate, embedded)| embedded.told_of(nameplate));
        self.vicinity.want(self.brain.listens(), hosted);
    }

    fn show(&mut self) {
        let begun = Instant::now();
        if self.held_back.is_due(begun) {
            self.show_now();
            self.held_back.made(Instant::now(), begun.elapsed());
        }
    }

    fn show_now(&mut self) {
        let view = self.brain.view(self.start.elapsed());
        let now = steady(&view);
        if now != self.shown {
            self.shown = now;
            let view = Arc::new(view);
            self.views.send_replace(view.clone());
            // Nobody may be watching the changes.
            drop(self.changes.send(view));
        }
    }

    async fn perform(&mut self, output: Output) {
        match output {
            Output::StartServer(interface) => {
                let started = self.hosts.start(interface).await;
                let hosting = started.map(|(embedded, hosting)| {
                    self.embedded = Some(embedded);
                    hosting
                });
                self.later(Input::Hosting(hosting));
            }
            Output::StopServer => {
                self.connection = Connection::None;
                self.stop_embedded().await;
            }
            Output::DropServer => self.stop_embedded().await,
            Output::ListNetworks => self.later(Input::Networks(networks())),
            Output::ListContacts => {
                self.later(Input::Contacts(self.contacts.list(self.vicinity.is_in_use())));
            }
            Output::Connect(attempt, addresses, trust) => {
                self.contacts.server(&addresses);
                self.connect(attempt, addresses, trust);
            }
            Output::Request(request) => self.request(request),
            Output::Relay(to, bytes) => {
                if let Connection::Open(_, client) = &self.connection
                    && client.relay(to, &bytes).is_err()
                {
                    tracing::debug!("a message could not be relayed");
                }
            }
            Output::LobbyMessage(lobby, message) => {
                if let Connection::Open(_, client) = &self.connection {
                    let _ = client.lobby_message(lobby, &message);
                }
            }
            Output::LobbyClose(lobby) => {
                if let Connection::Open(_, client) = &self.connection {
                    let _ = client.lobby_close(lobby);
                }
            }
            Output::Rotate(signed) => {
                if let Connection::Open(_, client) = &self.connection {
                    let client = client.clone();
                    tokio::spawn(async move {
                        if client.rotate(&signed).await.is_err() {
                            tracing::debug!("the server did not take a statement");
                        }
                    });
                }
            }
            Output::Disconnect => {
                self.contacts = Contacts::default();
                self.disconnect().await;
            }
            Output::OpenPeer(peer, role) => self.peers.open(peer, role),
            Output::RestartPeer(peer, tcp) => self.peers.restart(peer, tcp),
            Output::UseVpn(on) => self.peers.use_vpn(on),
            Output::RemoteDescription(peer, sdp) => {
                self.contacts.described(peer, &sdp.text);
                self.peers.description(peer, sdp);
            }
            Output::RemoteCandidate(peer, candidate) => {
                self.contacts.candidate(peer, &candidate.text);
                self.peers.candidate(peer, candidate);
            }
            Output::SendCtl(peer, bytes) => self.peers.send(peer, bytes),
            Output::ClosePeer(peer) => self.peers.close(peer),
            Output::Talk(order) => self.threads.talk.send(order),
            Output::Listen(order) => self.threads.listen.send(order),
            Output::ListDevices => self.list_devices(),
            Output::SoundCheck(order) => self.threads.check.start(order),
            Output::StopSoundCheck => self.threads.check.stop(),
        }
    }

    /// Gives the brain an input after what is being performed now.
    fn later(&self, input: Input) {
        let inputs = self.inputs.clone();
        tokio::spawn(async move { drop(inputs.send(input).await) });
    }

    fn connect(&mut self, attempt: u64, addresses: Vec<ServerAddress>, trust: Trust) {
        let (inputs, opened) = (self.inputs.clone(), self.opened_tx.clone());
        let task = tokio::spawn(async move {
            let (pushes_tx, mut pushes) = mpsc::channel(PUSHES);
            match Client::connect(&addresses, trust, pushes_tx).await {
                Ok(client) => {
                    if opened.send((attempt, client)).await.is_err() {
                        return;
                    }
                }
                Err(error) => {
                    let about = addresses.first().map(ToString::to_string);
                    let (code, about) = match error {
                        ClientError::WrongCertificate => (ErrorCode::WrongCertificate, about),
                        ClientError::Busy => (ErrorCode::ServerFull, about),
                        _ => (unreachable(&addresses), about),
                    };
                    drop(inputs.send(Input::Server(attempt, ServerNews::Failed(code, about))).await);
                    return;
                }
            }
            while let Some(event) = pushes.recv().await {
                if inputs.send(Input::Server(attempt, ServerNews::Push(event))).await.is_err() {
                    return;
                }
            }
        });
        if let Connection::Connecting(_, before) =
            std::mem::replace(&mut self.connection, Connection::Connecting(attempt, task))
        {
            before.abort();
        }
    }

    async fn connected(&mut self, attempt: u64, client: Client) {
        // It was given up while it came to be: dropping it closes it.
        if !matches!(self.connection, Connection::Connecting(wanted, _) if wanted == attempt) {
            return;
        }
        let server = client.identity();
        self.connection = Connection::Open(attempt, Arc::new(client));
        self.handle(Input::Server(attempt, ServerNews::Connected(server))).await;
    }

    fn request(&self, request: Request) {
        let Connection::Open(attempt, client) = &self.connection else { return };
        let (attempt, client, inputs) = (*attempt, client.clone(), self.inputs.clone());
        tokio::spawn(async move {
            let answer = match request {
                Request::Hello => client.hello().await.map(Answer::Hello),
                Request::Create(create) => client.create(&create).await.map(Answer::Created),
                Request::LobbyOpen(nameplate, first) => {
                    client.lobby_open(nameplate, &first).await.map(Answer::LobbyOpened)
                }
                Request::Join(join) => client.join(&join).await.map(Answer::Joined),
                Request::Restore(restore) => client.restore(&restore).await.map(Answer::Created),
                Request::Resume(resume) => client.resume(&resume).await.map(Answer::Joined),
            };
            let answer = answer.unwrap_or_else(|error| match error {
                ClientError::Refused(code) => Answer::Refused(code),
                ClientError::OtherVersion { theirs } => Answer::OtherVersion(theirs),
                _ => Answer::Failed,
            });
            drop(inputs.send(Input::Server(attempt, ServerNews::Answer(answer))).await);
        });
    }

    /// Whether the connection to the server hangs on an address that this machine has no more.
    fn hangs_in_the_air(&self) -> bool {
        let Connection::Open(_, client) = &self.connection else { return false };
        !self.addresses.has(client.local_address())
    }

    async fn disconnect(&mut self) {
        match std::mem::replace(&mut self.connection, Connection::None) {
            Connection::None => {}
            Connection::Connecting(_, task) => task.abort(),
            Connection::Open(_, client) => client.close().await,
        }
        self.stop_embedded().await;
    }

    async fn stop_embedded(&mut self) {
        if let Some(embedded) = self.embedded.take() {
            embedded.stop().await;
        }
    }

    fn list_devices(&self) {
        let (inputs, host) = (self.inputs.clone(), self.threads.host);
        tokio::task::spawn_blocking(move || {
            let devices = match pushtalk_device::list(host) {
                Ok(all) => Some(all),
                // Nothing is there without it.
                Err(DeviceError::NoHost { .. }) => Some(Vec::new()),
                Err(_) => None,
            };
            drop(inputs.blocking_send(Input::Voice(VoiceNews::Devices(devices))));
        });
    }

    fn stats(&self) -> Vec<MemberStats> {
        let of = |pid: &Pid| MemberStats {
            id: member_id(pid),
            hearing: self.threads.hearings.get(*pid),
            link: self.peers.stats(*pid).unwrap_or_default(),
            quality: self.brain.quality(pid),
        };
        self.brain.others().map(of).collect()
    }
}

fn networks() -> Vec<face::Network> {
    let all = pushtalk_signaling::addresses::networks().into_iter();
    let shown = |ip: &std::net::IpAddr| ip.to_string();
    all.map(|it| face::Network { name: it.name, addresses: it.addresses.iter().map(shown).collect() })
        .collect()
}

/// Days since 1970-01-01, by the system's clock.
fn today() -> u32 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO);
    u32::try_from(since.as_secs() / 86_400).unwrap_or(0)
}

fn unreachable(addresses: &[ServerAddress]) -> ErrorCode {
    match whereabouts(addresses) {
        Whereabouts::SameNetwork => ErrorCode::ServerKeptApart,
        Whereabouts::OtherNetwork => ErrorCode::ServerOnOtherNetwork,
        Whereabouts::Anywhere => ErrorCode::ServerUnreachable,
    }
}
