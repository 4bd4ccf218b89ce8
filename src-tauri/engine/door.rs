//! Answering the door: what a member does when the server puts a joiner in touch with it.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{DoorError, DoorRefusal, Knock, PasswordKind, Responder};
use pushtalk_protocol::{Ctl, DoorState, LobbyId, MOST_MEMBERS};
use rand::CryptoRng;

use crate::brain::Output;
use crate::face::ErrorCode;
use crate::guesses::Guesses;
use crate::identity::Identity;
use crate::inside::Inside;
use crate::notices::Notices;

/// Conversations at the door at one time: a whole room may come in the same second.
const MOST: usize = MOST_MEMBERS;
/// A joiner that has not proved itself by then is forgotten.
const PATIENCE: Duration = Duration::from_secs(10);

/// A joiner that was answered, and has to prove itself.
struct Waiting {
    responder: Responder,
    knock: Knock,
    until: Duration,
}

/// The conversations that are going on.
#[derive(Default)]
pub(crate) struct Doorkeeper {
    waiting: BTreeMap<LobbyId, Waiting>,
}

impl Doorkeeper {
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waiting.values().map(|waiting| waiting.until).min()
    }

    pub(crate) fn tick(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.waiting.retain(|lobby, waiting| {
            let keep = now < waiting.until;
            if !keep {
                out.push(Output::LobbyClose(*lobby));
            }
            keep
        });
    }

    /// An epoch has begun: who knocked with a password of the one before has to knock anew, or it would be let in by
    /// what is dead.
    pub(crate) fn shut(&mut self, out: &mut Vec<Output>) {
        out.extend(std::mem::take(&mut self.waiting).into_keys().map(Output::LobbyClose));
    }

    pub(crate) fn closed(&mut self, lobby: LobbyId) {
        self.waiting.remove(&lobby);
    }

    /// The first message of a lobby is answered; the second proves that the joiner knows the password, or ends it.
    /// Gives true for a wrong guess that counts.
    #[expect(
        clippy::too_many_arguments,
        reason = "a message with its time, and all that the answer depends on"
    )]
    fn message(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        lobby: LobbyId,
        data: &[u8],
        identity: &Identity,
        (door, guesses): (&DoorState, &Guesses),
        out: &mut Vec<Output>,
    ) -> bool {
        let Some(Waiting { responder, knock, .. }) = self.waiting.remove(&lobby) else {
            if self.waiting.len() >= MOST {
                out.push(Output::LobbyClose(lobby));
                return false;
            }
            match answer(rng, data, identity, door, guesses) {
                Ok((responder, knock, message)) => {
                    self.waiting.insert(lobby, Waiting { responder, knock, until: now + PATIENCE });
                    out.push(Output::LobbyMessage(lobby, message));
                }
                Err(error) => refuse(lobby, &error, out),
            }
            return false;
        };
        // It may have been locked, or the password may have died, since the answer.
        if let Err(error) = may_come(&knock, door, guesses) {
            refuse(lobby, &error, out);
            return false;
        }
        let Identity { secret, room_id, epoch, first_host, .. } = identity;
        match responder.admit(data, secret, *room_id, first_host, *epoch) {
            Ok(message) => {
                out.push(Output::LobbyMessage(lobby, message));
                false
            }
            Err(DoorError::WrongTag) => {
                let counts = can_be_guessed(&knock);
                let left = guesses.left().saturating_sub(u8::from(counts));
                refuse(lobby, &DoorError::TurnedAway(DoorRefusal::Wrong { left }), out);
                counts
            }
            Err(error) => {
                refuse(lobby, &error, out);
                false
            }
        }
    }
}

impl Inside {
    /// A joiner says something at the door.
    pub(crate) fn knocked(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        lobby: LobbyId,
        data: &[u8],
        notices: &mut Notices,
        out: &mut Vec<Output>,
    ) {
        let state = (&self.epochs.door, &self.guesses);
        if self.door.message(now, rng, lobby, data, &self.identity, state, out) {
            let (epoch, count) = (self.identity.epoch, self.guesses.count());
            for peer in self.order.clone() {
                self.say(peer, &Ctl::WrongGuesses { epoch, count }, out);
            }
            self.tell_guessed(notices);
        }
    }

    /// The host is told that the code is dead.
    pub(crate) fn tell_guessed(&self, notices: &mut Notices) {
        if self.identity.hosting && self.guesses.are_over() {
            notices.tell(ErrorCode::CodeGuessed, None);
        }
    }
}

/// 30 bits, or digits, can be tried; the 128 bits of a link alone cannot.
fn can_be_guessed(knock: &Knock) -> bool {
    knock.pin || knock.kind == PasswordKind::Spoken
}

fn may_come(knock: &Knock, door: &DoorState, guesses: &Guesses) -> Result<(), DoorError> {
    let refusal = match door {
        DoorState::Locked => DoorRefusal::Locked,
        DoorState::Pin(_) if !knock.pin => DoorRefusal::PinNeeded,
        DoorState::Open if knock.pin => DoorRefusal::PinUnneeded,
        DoorState::Open | DoorState::Pin(_) if can_be_guessed(knock) && guesses.are_over() => {
            DoorRefusal::CodeRetired
        }
        DoorState::Open | DoorState::Pin(_) => return Ok(()),
    };
    Err(DoorError::TurnedAway(refusal))
}

fn answer(
    rng: &mut dyn CryptoRng,
    data: &[u8],
    identity: &Identity,
    door: &DoorState,
    guesses: &Guesses,
) -> Result<(Responder, Knock, Vec<u8>), DoorError> {
    let knock = Responder::inspect(data)?;
    may_come(&knock, door, guesses)?;
    let pin = match door {
        DoorState::Pin(pin) => Some(pin.expose()),
        DoorState::Open | DoorState::Locked => None,
    };
    let mut rng = rng;
    let (link, spoken);
    let password: &[u8] = match knock.kind {
        PasswordKind::Link => {
            link = identity.link_password();
            link.expose()
        }
        PasswordKind::Spoken => {
            spoken = identity.spoken_password();
            spoken.expose()
        }
    };
    let (nameplate, server) = (&identity.nameplate, &identity.server);
    let (responder, message) = Responder::start(&mut rng, data, password, pin, nameplate, server)?;
    Ok((responder, knock, message))
}

fn refuse(lobby: LobbyId, error: &DoorError, out: &mut Vec<Output>) {
    tracing::info!(%error, "somebody was refused at the door");
    if let DoorError::TurnedAway(refusal) = error {
        out.push(Output::LobbyMessage(lobby, refusal.encode()));
    }
    out.push(Output::LobbyClose(lobby));
}
