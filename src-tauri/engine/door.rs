//! Answering the door: what a member does when the server puts a joiner in touch with it.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{DoorError, PasswordKind, Responder};
use pushtalk_protocol::LobbyId;
use rand::CryptoRng;

use crate::brain::Output;
use crate::identity::Identity;

/// Conversations at the door at one time.
const MOST: usize = 8;
/// A joiner that has not proved itself by then is forgotten.
const PATIENCE: Duration = Duration::from_secs(10);

/// The conversations that are going on.
#[derive(Default)]
pub(crate) struct Doorkeeper {
    waiting: BTreeMap<LobbyId, (Responder, Duration)>,
}

impl Doorkeeper {
    pub(crate) fn poll_timeout(&self) -> Option<Duration> {
        self.waiting.values().map(|(_, until)| *until).min()
    }

    pub(crate) fn tick(&mut self, now: Duration, out: &mut Vec<Output>) {
        self.waiting.retain(|lobby, (_, until)| {
            let keep = now < *until;
            if !keep {
                out.push(Output::LobbyClose(*lobby));
            }
            keep
        });
    }

    pub(crate) fn closed(&mut self, lobby: LobbyId) {
        self.waiting.remove(&lobby);
    }

    /// The first message of a lobby is answered; the second proves that the joiner knows the password, or ends it.
    pub(crate) fn message(
        &mut self,
        now: Duration,
        rng: &mut dyn CryptoRng,
        lobby: LobbyId,
        data: &[u8],
        identity: &Identity,
        out: &mut Vec<Output>,
    ) {
        match self.waiting.remove(&lobby) {
            Some((responder, _)) => {
                let Identity { secret, room_id, host_public, epoch, .. } = identity;
                match responder.admit(data, secret, *room_id, host_public, *epoch) {
                    Ok(message) => out.push(Output::LobbyMessage(lobby, message)),
                    Err(error) => refuse(lobby, &error, out),
                }
            }
            None if self.waiting.len() >= MOST => out.push(Output::LobbyClose(lobby)),
            None => match answer(rng, data, identity) {
                Ok((responder, message)) => {
                    self.waiting.insert(lobby, (responder, now + PATIENCE));
                    out.push(Output::LobbyMessage(lobby, message));
                }
                Err(error) => refuse(lobby, &error, out),
            },
        }
    }
}

fn answer(
    rng: &mut dyn CryptoRng,
    data: &[u8],
    identity: &Identity,
) -> Result<(Responder, Vec<u8>), DoorError> {
    let mut rng = rng;
    let (link, spoken);
    let password: &[u8] = match Responder::inspect(data)?.kind {
        PasswordKind::Link => {
            link = identity.link_password();
            link.expose()
        }
        PasswordKind::Spoken => {
            spoken = identity.spoken_password();
            spoken.expose()
        }
    };
    Responder::start(&mut rng, data, password, None, &identity.nameplate, &identity.server)
}

fn refuse(lobby: LobbyId, error: &DoorError, out: &mut Vec<Output>) {
    tracing::info!(%error, "somebody was refused at the door");
    out.push(Output::LobbyClose(lobby));
}
