//! On the way to a room whose code is known and whose server is not: it may be on this network.

use std::time::Duration;

use pushtalk_protocol::{DisplayName, Nameplate, Pin, RoomCode, ServerAddress};
use pushtalk_signaling::discovery::Nearby;
use rand::CryptoRng;

use crate::brain::{Brain, Output, Stage};
use crate::entering::Entering;
use crate::ticket::Ticket;

/// A room that is there has answered by then.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is known of it.
pub(crate) struct Looking {
    name: DisplayName,
    pin: Option<Pin>,
    code: RoomCode,
    until: Duration,
}

impl Looking {
    pub(crate) fn new(now: Duration, name: DisplayName, pin: Option<Pin>, code: RoomCode) -> Self {
        Self { name, pin, code, until: now + PATIENCE }
    }

    pub(crate) fn deadline(&self) -> Duration {
        self.until
    }

    /// Where it is said to be. Whoever says so need not be right: the code proves it.
    fn servers(&self, nearby: &[Nearby]) -> Vec<ServerAddress> {
        let of_it = nearby.iter().filter(|room| room.nameplate == self.code.nameplate);
        of_it.flat_map(|room| room.servers.iter().cloned()).collect()
    }
}

impl Brain {
    /// Goes on when the room that is looked for was found.
    pub(crate) fn look(&mut self, now: Duration, rng: &mut dyn CryptoRng, out: &mut Vec<Output>) {
        let home = Stage::Home { inspected: None, ask: 0 };
        match std::mem::replace(&mut self.stage, home) {
            Stage::Looking(looking) => match looking.servers(&self.nearby) {
                servers if servers.is_empty() => self.stage = Stage::Looking(looking),
                servers => {
                    let Looking { name, pin, code, .. } = looking;
                    let ticket = Ticket::Code(code, servers);
                    self.attempt += 1;
                    self.stage =
                        Stage::Entering(Entering::join(now, rng, name, ticket, pin, self.attempt, out));
                }
            },
            other => self.stage = other,
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
            Stage::Inside(inside) if self.discovers() => Some(inside.identity.nameplate),
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
        let code = |n| {
            let code = RoomCode::parse("7K0-1QP-XY2").unwrap();
            RoomCode { nameplate: Nameplate::from_index(n), ..code }
        };
        let looking = |n| {
            let name = DisplayName::parse("Ben").unwrap();
            Looking::new(Duration::ZERO, name, None, code(n))
        };
        let nearby =
            [room(7, &["192.0.2.7:7000"]), room(8, &["192.0.2.8:7000"]), room(7, &["192.0.2.9:7000"])];
        let servers = |n| looking(n).servers(&nearby).iter().map(ToString::to_string).collect::<Vec<_>>();
        assert!(servers(9).is_empty());
        assert_eq!(servers(8), ["192.0.2.8:7000"]);
        assert_eq!(servers(7), ["192.0.2.7:7000", "192.0.2.9:7000"]);
    }
}
