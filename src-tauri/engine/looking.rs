//! On the way to a room whose server is not known, or is not where it was: it may be on this network.

use std::time::Duration;

use pushtalk_protocol::{DisplayName, Invitation, Nameplate, Pin, RoomCode, ServerAddress};
use pushtalk_signaling::discovery::Nearby;
use rand::CryptoRng;

use crate::brain::{Brain, Output, Stage};
use crate::entering::Entering;
use crate::face::ErrorCode;
use crate::ticket::Ticket;

/// A room that is there has answered by then.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is known of it.
pub(crate) struct Looking {
    name: DisplayName,
    pin: Option<Pin>,
    sought: Sought,
    until: Duration,
    /// What is told when nothing is found.
    or_else: (ErrorCode, Option<String>),
}

/// With what one would come in.
enum Sought {
    Code(RoomCode),
    /// A link whose own servers do not answer.
    Link(Invitation),
}

impl Looking {
    pub(crate) fn for_code(now: Duration, name: DisplayName, pin: Option<Pin>, code: RoomCode) -> Self {
        let or_else = (ErrorCode::ServerNeeded, None);
        Self { name, pin, sought: Sought::Code(code), until: now + PATIENCE, or_else }
    }

    pub(crate) fn for_link(
        now: Duration,
        name: DisplayName,
        pin: Option<Pin>,
        link: Invitation,
        or_else: (ErrorCode, Option<String>),
    ) -> Self {
        Self { name, pin, sought: Sought::Link(link), until: now + PATIENCE, or_else }
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    /// Nothing was found.
    pub(crate) fn or_else(&self) -> (ErrorCode, Option<String>) {
        self.or_else.clone()
    }

    /// Whether the room that is sought is said to be here.
    fn is_found(&self, nearby: &[Nearby]) -> bool {
        match &self.sought {
            Sought::Code(code) => !servers(code.nameplate, nearby).is_empty(),
            Sought::Link(link) => elsewhere(link, nearby).is_some(),
        }
    }
}

/// Where it is said to be. Whoever says so need not be right: the code proves it.
fn servers(nameplate: Nameplate, nearby: &[Nearby]) -> Vec<ServerAddress> {
    let of_it = nearby.iter().filter(|room| room.nameplate == nameplate);
    of_it.flat_map(|room| room.servers.iter().cloned()).collect()
}

/// Where the room of a link has gone to, as is said. The password of the link proves it.
fn elsewhere<'a>(link: &Invitation, nearby: &'a [Nearby]) -> Option<&'a Nearby> {
    nearby.iter().find(|room| room.nameplate == link.nameplate && Some(room.certificate) != link.certificate)
}

impl Brain {
    /// Goes on when the room that is looked for was found.
    pub(crate) fn look(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let home = Stage::Home { inspected: None, ask: 0 };
        match std::mem::replace(&mut self.stage, home) {
            Stage::Looking(looking) if looking.is_found(&self.nearby) => {
                let Looking { name, pin, sought, .. } = looking;
                let ticket = match sought {
                    Sought::Code(code) => {
                        let servers = servers(code.nameplate, &self.nearby);
                        Ticket::Code(code, servers)
                    }
                    Sought::Link(link) => Ticket::Link(match elsewhere(&link, &self.nearby) {
                        Some(Nearby { servers, certificate, .. }) => {
                            Invitation { servers: servers.clone(), certificate: Some(*certificate), ..link }
                        }
                        None => link,
                    }),
                };
                self.attempt += 1;
                let entering = Entering::join(now, rng, name, ticket, pin, self.attempt, out);
                self.stage = Stage::Entering(entering.found_nearby());
            }
            other => self.stage = other,
        }
    }

    /// Looks for the room of a link whose server does not answer. False where that is of no use.
    pub(crate) fn look_instead(
        &mut self,
        now: Duration,
        why: (ErrorCode, Option<String>),
        out: &mut Vec<Output>,
    ) -> bool {
        let unreachable = matches!(
            why.0,
            ErrorCode::ServerUnreachable | ErrorCode::ServerKeptApart | ErrorCode::ServerOnOtherNetwork
        );
        if !unreachable || !self.discovers() {
            return false;
        }
        let home = Stage::Home { inspected: None, ask: 0 };
        match std::mem::replace(&mut self.stage, home) {
            Stage::Entering(entering) => match entering.look_elsewhere() {
                Ok((name, pin, link)) => {
                    out.push(Output::Disconnect);
                    self.attempt += 1;
                    self.stage = Stage::Looking(Looking::for_link(now, name, pin, link, why));
                    true
                }
                Err(entering) => {
                    self.stage = Stage::Entering(*entering);
                    false
                }
            },
            other => {
                self.stage = other;
                false
            }
        }
    }

    /// Whether this program looks around on the network at all.
    pub(crate) fn discovers(&self) -> bool {
        self.habits.discovery && self.preferences.nearby
    }

    /// Whether rooms on this network are to be listened for.
    pub(crate) fn listens(&self) -> bool {
        self.discovers() && matches!(self.stage, Stage::Home { .. } | Stage::Looking(_))
    }

    /// The room that is hosted on this machine and is to be told of.
    pub(crate) fn told_of(&self) -> Option<Nameplate> {
        match &self.stage {
            Stage::Inside(inside) if self.discovers() && inside.seat.is_taken() => {
                Some(inside.identity.nameplate)
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::CertificateHash;

    use super::*;

    fn room(n: u16, servers: &[&str]) -> Nearby {
        let servers = servers.iter().map(|at| at.parse().unwrap()).collect();
        let nameplate = Nameplate::from_index(n);
        Nearby { nameplate, servers, certificate: CertificateHash::new([1; 32]) }
    }

    #[test]
    fn a_room_is_looked_for_by_its_nameplate_wherever_it_is_said_to_be() {
        let nearby =
            [room(7, &["192.0.2.7:7000"]), room(8, &["192.0.2.8:7000"]), room(7, &["192.0.2.9:7000"])];
        let at = |n| {
            let servers = servers(Nameplate::from_index(n), &nearby);
            servers.iter().map(ToString::to_string).collect::<Vec<_>>()
        };
        assert!(at(9).is_empty());
        assert_eq!(at(8), ["192.0.2.8:7000"]);
        assert_eq!(at(7), ["192.0.2.7:7000", "192.0.2.9:7000"]);
    }

    #[test]
    fn the_room_of_a_link_is_looked_for_where_its_own_server_is_not() {
        let link = |certificate| Invitation {
            nameplate: Nameplate::from_index(7),
            password: pushtalk_protocol::LinkPassword::new([1; 16]),
            servers: Vec::new(),
            certificate,
        };
        let own = Some(CertificateHash::new([1; 32]));
        let other = Some(CertificateHash::new([2; 32]));
        let nearby = [room(8, &["192.0.2.8:7000"]), room(7, &["192.0.2.7:7000"])];
        assert!(elsewhere(&link(own), &nearby).is_none(), "it is the one that did not answer");
        let found = elsewhere(&link(other), &nearby).unwrap();
        assert_eq!(found.servers[0].to_string(), "192.0.2.7:7000");
        assert!(elsewhere(&link(other), &nearby[..1]).is_none());
    }
}
