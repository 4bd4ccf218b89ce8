//! On the way to a room whose code is known and whose server is not: it may be on this network.

use std::time::Duration;

use pushtalk_protocol::{DisplayName, Pin, RoomCode, ServerAddress};
use pushtalk_signaling::discovery::Nearby;

use crate::ticket::Ticket;

/// A room that is there has answered by then.
const PATIENCE: Duration = Duration::from_secs(4);

/// What is known of it.
pub(crate) struct Looking {
    pub(crate) name: DisplayName,
    pub(crate) pin: Option<Pin>,
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

    /// Whether it is among these. Whoever says so need not be right: the code proves it.
    pub(crate) fn is_among(&self, nearby: &[Nearby]) -> bool {
        !servers(&self.code, nearby).is_empty()
    }

    /// What leads there.
    pub(crate) fn ticket(self, nearby: &[Nearby]) -> (DisplayName, Option<Pin>, Ticket) {
        let servers = servers(&self.code, nearby);
        (self.name, self.pin, Ticket::Code(self.code, servers))
    }
}

fn servers(code: &RoomCode, nearby: &[Nearby]) -> Vec<ServerAddress> {
    let of_it = nearby.iter().filter(|room| room.nameplate == code.nameplate);
    of_it.flat_map(|room| room.servers.iter().cloned()).collect()
}

#[cfg(test)]
mod tests {
    use pushtalk_protocol::{CertificateHash, Nameplate};

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
        assert!(!looking(9).is_among(&nearby) && looking(8).is_among(&nearby));
        let (_, _, ticket) = looking(7).ticket(&nearby);
        let Ticket::Code(_, servers) = ticket else { panic!("no code") };
        let servers: Vec<_> = servers.iter().map(ToString::to_string).collect();
        assert_eq!(servers, ["192.0.2.7:7000", "192.0.2.9:7000"]);
    }
}
