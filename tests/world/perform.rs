//! What the minds of a world want done, done.

use pushtalk_e2ee::{ServerIdentity, pid as pid_of};
use pushtalk_engine::brain::{Answer, Hosting, Input, Output, ServerNews};
use pushtalk_engine::face::ErrorCode;
use pushtalk_mesh::{MeshEvent, Role};
use pushtalk_protocol::{
    LobbyClose, LobbyMessage, MemberPublic, Pid, Relay, Rotate, Sdp, SdpKind, StatementKind,
};
use pushtalk_signaling::client::{ServerEvent, Trust};
use pushtalk_signaling::lobby::ConnectionId;

use base64::{Engine as _, prelude::BASE64_URL_SAFE_NO_PAD};

use super::call::{Call, Told};
use super::law::Known;
use super::server::Letter;
use super::{Event, Kind, PATIENCE, Parcel, World};

impl World {
    pub(super) fn perform(&mut self, who: usize, output: Output) {
        match output {
            Output::StartServer(_) => {
                let Ok(own) = "127.0.0.1:7443".parse() else { return };
                let Ok(address) = "127.0.0.1:7443".parse() else { return };
                let certificate = self.server.start(who);
                let hosting = Hosting { addresses: vec![address], own, certificate };
                self.later(who, Input::Hosting(Ok(hosting)));
            }
            Output::Connect(attempt, _, trust) => self.connect(who, attempt, trust),
            Output::Request(request) => {
                let (asked, call) = Call::request(request);
                self.count += 1;
                self.people[who].asked = Some((asked, self.count));
                match &call {
                    Call::Create(create) => self.enrol(who, &create.member_pub, true),
                    Call::Join(join) => self.enrol(who, &join.member_pub, false),
                    _ => {}
                }
                self.call(who, call);
                let number = self.count;
                self.at(self.now + PATIENCE, Event::GiveUp(who, number));
            }
            Output::Relay(to, bytes) => {
                self.call(who, Call::Relay(Relay { to, data: BASE64_URL_SAFE_NO_PAD.encode(&bytes) }));
            }
            Output::LobbyMessage(lobby, data) => {
                let data = BASE64_URL_SAFE_NO_PAD.encode(&data);
                self.call(who, Call::LobbyMessage(LobbyMessage { lobby, data }));
            }
            Output::Rotate(signed) => {
                self.hands_over(who, &signed.statement.kind);
                let statement = BASE64_URL_SAFE_NO_PAD.encode(signed.encode());
                self.call(who, Call::Rotate(Rotate { statement }));
            }
            Output::LobbyClose(lobby) => self.call(who, Call::LobbyClose(LobbyClose { lobby })),
            Output::DropServer => {
                if self.server.runs_on(who) {
                    self.server_dies();
                }
            }
            Output::StopServer => {
                self.people[who].connection = None;
                if self.server.runs_on(who) {
                    self.server_dies();
                }
            }
            Output::Disconnect => {
                if let Some((_, id)) = self.people[who].connection.take() {
                    let letters = self.server.disconnected(self.now, &mut self.rng, id, true);
                    self.letters(letters);
                }
                if self.server_goes_with_its_host && self.server.runs_on(who) {
                    self.server_dies();
                }
            }
            Output::OpenPeer(peer, role) => self.open_peer(who, peer, role),
            Output::RestartPeer(peer, _) => self.restart_peer(who, peer),
            Output::RemoteDescription(peer, sdp) => self.described(who, peer, &sdp),
            Output::ListDevices => self.list_devices(who),
            Output::RemoteCandidate(..)
            | Output::SoundCheck(_)
            | Output::StopSoundCheck
            | Output::ListNetworks
            | Output::ListContacts
            | Output::UseVpn(_) => {}
            Output::SendCtl(to, bytes) => {
                let Some(from) = self.people[who].pid else { return };
                if self.people[who].reaches(to) && !self.is_dead(who, to) {
                    let (bytes, late) = (bytes.to_vec(), std::time::Duration::ZERO);
                    self.post(Parcel { from, to, kind: Kind::Ctl, bytes, late });
                }
            }
            Output::ClosePeer(peer) => self.close_peer(who, peer),
            Output::Talk(order) => self.talk(who, order),
            Output::Listen(order) => self.listen(who, order),
        }
    }

    fn connect(&mut self, who: usize, attempt: u64, trust: Trust) {
        self.people[who].dialled.push(self.now);
        self.count += 1;
        let id = ConnectionId(self.count);
        let answers = if self.offline.contains(&who) { None } else { self.server.connect(who, id) };
        let failed = match answers {
            None => ErrorCode::ServerUnreachable,
            Some(hash) if matches!(trust, Trust::Pinned(wanted) if wanted != hash) => {
                ErrorCode::WrongCertificate
            }
            Some(hash) => {
                self.people[who].connection = Some((attempt, id));
                let news = ServerNews::Connected(ServerIdentity::Certificate(hash));
                return self.later(who, Input::Server(attempt, news));
            }
        };
        self.later(who, Input::Server(attempt, ServerNews::Failed(failed, None)));
    }

    /// The world learns who somebody is, from itself.
    fn enrol(&mut self, who: usize, public: &MemberPublic, host: bool) {
        let (pid, name) = (pid_of(public), self.people[who].name.clone());
        self.people[who].pid = Some(pid);
        // Who comes in once more is who it was.
        self.ledger.known.entry(pid).or_insert(Known { who, name, host });
    }

    /// The world learns of a new host, from the one before.
    fn hands_over(&mut self, who: usize, kind: &StatementKind) {
        let is_host = |pid: &Pid| self.ledger.known.get(pid).is_some_and(|known| known.host);
        if let StatementKind::Transfer { heir, .. } = kind
            && self.people[who].pid.as_ref().is_some_and(is_host)
            && let Some(heir) = self.ledger.known.get_mut(heir)
        {
            heir.host = true;
        }
    }

    fn call(&mut self, who: usize, call: Call) {
        if let Some((_, id)) = self.people[who].connection {
            let at = self.in_order(who, usize::MAX);
            self.at(at, Event::Called(who, id, call));
        }
    }

    pub(super) fn called(&mut self, who: usize, id: ConnectionId, call: Call) {
        if self.people[who].connection.is_some_and(|(_, open)| open == id) {
            let letters = self.server.called(self.now, &mut self.rng, id, call);
            self.letters(letters);
            for cut in self.server.cuts() {
                self.cut(cut);
            }
        }
    }

    fn cut(&mut self, id: ConnectionId) {
        for who in 0..self.people.len() {
            if let Some((attempt, _)) = self.people[who].connection.take_if(|(_, open)| *open == id) {
                self.people[who].asked = None;
                self.later(who, Input::Server(attempt, ServerNews::Push(ServerEvent::Gone)));
            }
        }
    }

    pub(super) fn letters(&mut self, letters: Vec<Letter>) {
        for Letter { to, told, late } in letters {
            let Some(who) = self.people.iter().position(|p| p.connection.is_some_and(|(_, id)| id == to))
            else {
                continue;
            };
            let at =
                if late.is_zero() { self.in_order(usize::MAX, who) } else { self.now + self.delay() + late };
            self.at(at, Event::Told(who, to, told));
        }
    }

    pub(super) fn told(&mut self, who: usize, id: ConnectionId, told: Told) {
        let person = &mut self.people[who];
        let Some((attempt, _)) = person.connection.filter(|(_, open)| *open == id) else { return };
        let news = match told {
            Told::Answer(reply) => {
                let Some((asked, _)) = person.asked else { return };
                let Some(answer) = reply.answer(asked) else { return };
                person.asked = None;
                ServerNews::Answer(answer)
            }
            push => {
                let Some(event) = push.event() else { return };
                ServerNews::Push(event)
            }
        };
        self.give(who, Input::Server(attempt, news));
    }

    pub(super) fn give_up(&mut self, who: usize, number: u64) {
        let person = &mut self.people[who];
        if person.asked.is_some_and(|(_, open)| open == number) {
            person.asked = None;
            if let Some((attempt, _)) = person.connection {
                self.give(who, Input::Server(attempt, ServerNews::Answer(Answer::Failed)));
            }
        }
    }

    fn open_peer(&mut self, who: usize, peer: Pid, role: Role) {
        let Some(own) = self.people[who].pid else { return };
        self.ledger.opened.insert((own, peer));
        self.people[who].links.insert(peer, false);
        self.people[who].paths.insert(peer, 0);
        if role == Role::Offerer {
            self.describe(who, own, peer, 0, SdpKind::Offer);
        }
    }

    fn restart_peer(&mut self, who: usize, peer: Pid) {
        let Some(own) = self.people[who].pid else { return };
        let Some(path) = self.people[who].paths.get_mut(&peer) else { return };
        *path += 1;
        let path = *path;
        self.describe(who, own, peer, path, SdpKind::Offer);
    }

    fn describe(&mut self, who: usize, own: Pid, peer: Pid, path: u32, kind: SdpKind) {
        self.count += 1;
        let text = format!("v=0 {kind:?} {} candidate:{who} 192.0.2.{who} 9", self.count);
        self.ledger.described.insert((own, peer, text.clone()));
        self.later(who, Input::Mesh(MeshEvent::Description { peer, sdp: Sdp { path, kind, text } }));
    }

    fn described(&mut self, who: usize, peer: Pid, sdp: &Sdp) {
        let Some(own) = self.people[who].pid else { return };
        self.check_description(own, peer, sdp);
        if sdp.kind == SdpKind::Offer {
            return self.describe(who, own, peer, sdp.path, SdpKind::Answer);
        }
        if self.people[who].paths.get(&peer) != Some(&sdp.path) {
            return;
        }
        let Some(to) = self.who(peer) else { return };
        if !self.people[to].links.contains_key(&own) || self.apart.contains(&(who, to)) {
            return;
        }
        self.dead.retain(|pair| *pair != (who, to) && *pair != (to, who));
        for (end, other) in [(who, peer), (to, own)] {
            self.people[end].links.insert(other, true);
            self.later(end, Input::Mesh(MeshEvent::Connected { peer: other }));
            self.later(end, Input::Mesh(MeshEvent::CtlOpen { peer: other }));
        }
    }

    fn close_peer(&mut self, who: usize, peer: Pid) {
        let (Some(to), Some(own)) = (self.who(peer), self.people[who].pid) else { return };
        if self.people[who].links.remove(&peer).is_some() && self.people[to].links.remove(&own).is_some() {
            let at = self.in_order(who, to);
            self.at(at, Event::Input(to, Input::Mesh(MeshEvent::Closed { peer: own })));
        }
    }
}
