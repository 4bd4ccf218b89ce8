//! Where a room's server is, as the member says on whose device it runs.

use crate::{CertificateHash, Invitation, Nameplate, Reader, ServerAddress, WireError, Writer};

/// Where the server of a room is.
#[derive(Clone, PartialEq, Eq)]
pub struct Place {
    /// What the room is called there.
    pub nameplate: Nameplate,
    /// The only certificate to accept.
    pub certificate: CertificateHash,
    /// The likelier first; 1 to 8.
    pub servers: Vec<ServerAddress>,
}

impl Place {
    pub(crate) fn write(&self, w: Writer) -> Writer {
        let servers = self.servers.iter().take(Invitation::MAX_SERVERS);
        let servers = servers.fold(Writer::new(), |w, server| server.write(w)).finish();
        w.raw(self.nameplate.as_str().as_bytes()).raw(self.certificate.as_bytes()).lv(&servers)
    }

    pub(crate) fn read(r: &mut Reader<'_>) -> Result<Self, WireError> {
        let nameplate = r.array::<3>()?;
        let written = std::str::from_utf8(&nameplate).map_err(|_| WireError::Value)?;
        // In the one way that it is written.
        let nameplate = Nameplate::parse(written).ok().filter(|nameplate| nameplate.as_str() == written);
        let nameplate = nameplate.ok_or(WireError::Value)?;
        let certificate = CertificateHash::new(r.array()?);
        let servers = ServerAddress::read_all(r.lv()?)?;
        // Who reads this dials them, so names that lead anywhere are none, nor is what is no one machine.
        let is_machine = |server: &ServerAddress| match server {
            ServerAddress::Ip(at) => {
                let ip = at.ip().to_canonical();
                let broadcast = matches!(ip, std::net::IpAddr::V4(ip) if ip.is_broadcast());
                !(ip.is_unspecified() || ip.is_multicast() || broadcast)
            }
            ServerAddress::Name(..) => false,
        };
        if servers.is_empty() || servers.len() > Invitation::MAX_SERVERS || !servers.iter().all(is_machine) {
            return Err(WireError::Value);
        }
        Ok(Self { nameplate, certificate, servers })
    }
}
