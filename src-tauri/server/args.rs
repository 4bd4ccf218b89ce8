//! What the server is told on its command line or by its environment.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context;
use clap::Parser;
use clap::builder::FalseyValueParser;
use ipnet::IpNet;
use pushtalk_signaling::server::{Certificate, Limits};

/// Brings members of PushTalk rooms together. Keeps nothing: when it ends, its rooms are gone.
#[derive(Parser)]
#[command(name = "pushtalk-server", version)]
pub(crate) struct Args {
    /// Where to listen; `[::]` is every address, port 0 a free one.
    #[arg(long, env = "PUSHTALK_LISTEN", value_name = "IP:PORT", default_value = "[::]:7443")]
    pub(crate) listen: SocketAddr,
    /// A DNS name under which it is known, with the port where that is another than 443; may be given more than once.
    #[arg(long = "name", env = "PUSHTALK_NAMES", value_name = "NAME[:PORT]", value_delimiter = ',')]
    pub(crate) names: Vec<String>,
    /// The certificate with those that vouch for it, in PEM. Without it the server makes one for itself, and says its
    /// fingerprint. Read again at SIGHUP.
    #[arg(long, env = "PUSHTALK_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    pub(crate) tls_cert: Option<PathBuf>,
    /// The key of the certificate, in PEM.
    #[arg(long, env = "PUSHTALK_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    pub(crate) tls_key: Option<PathBuf>,
    /// Stands for one with all servers at this Redis or Valkey, as `rediss://…`, or `redis://…` and `unix:///…` on this
    /// machine. All need the same names or the same certificate.
    #[arg(long, env = "PUSHTALK_REDIS", value_name = "URL", hide_env_values = true)]
    pub(crate) redis: Option<String>,
    /// Also one that writes what it has to a disk.
    #[arg(long, env = "PUSHTALK_REDIS_MAY_PERSIST", value_parser = FalseyValueParser::new(), requires = "redis")]
    pub(crate) redis_may_persist: bool,
    /// No TLS, on a loopback address only: for a proxy on the same machine that speaks TLS. Needs a name.
    #[arg(long, env = "PUSHTALK_PLAIN", value_parser = FalseyValueParser::new(), conflicts_with = "tls_cert", requires = "names")]
    pub(crate) plain: bool,
    /// A proxy whose `X-Forwarded-For` is believed, or a network of them; may be given more than once.
    #[arg(
        long = "trusted-proxy",
        env = "PUSHTALK_TRUSTED_PROXIES",
        value_name = "IP[/BITS]",
        value_delimiter = ',',
        value_parser = network
    )]
    pub(crate) proxies: Vec<IpNet>,
    /// Tells members from which address they are seen (STUN over UDP), so that those who are not on one network can reach each
    /// other; port 3478 is usual.
    #[arg(long, env = "PUSHTALK_STUN", value_name = "IP:PORT")]
    pub(crate) stun: Option<SocketAddr>,
    /// When it is asked to end, everybody is told, and it goes on for so long; asked again, it ends at once.
    #[arg(long, env = "PUSHTALK_GRACE", value_name = "SECONDS", default_value_t = 5)]
    grace: u64,
    /// Members of a room, 64 at most.
    #[arg(long, env = "PUSHTALK_MEMBERS", value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u16).range(2..=64))]
    members: u16,
    /// Rooms.
    #[arg(long, env = "PUSHTALK_ROOMS", value_name = "N", default_value_t = 256)]
    rooms: usize,
    /// Connections.
    #[arg(long, env = "PUSHTALK_CONNECTIONS", value_name = "N", default_value_t = 2048)]
    connections: usize,
    /// Connections from one address (from one /64 of IPv6).
    #[arg(long, env = "PUSHTALK_CONNECTIONS_PER_ADDRESS", value_name = "N", default_value_t = 32)]
    connections_per_address: usize,
    /// The same, where the address is of a network that the server is on, or of a private one.
    #[arg(long, env = "PUSHTALK_CONNECTIONS_PER_NEAR_ADDRESS", value_name = "N", default_value_t = 128)]
    connections_per_near_address: usize,
    /// Rooms are closed when they are so old; 0 is never.
    #[arg(long, env = "PUSHTALK_ROOM_LIFE", value_name = "HOURS", default_value_t = 24)]
    room_life: u32,
}

/// An address is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    text.parse()
        .or_else(|_| text.parse::<IpAddr>().map(IpNet::from))
        .map_err(|_| "an address or a network is wanted, such as 10.0.0.1 or fd00::/8".to_owned())
}

impl Args {
    pub(crate) fn grace(&self) -> Duration {
        Duration::from_secs(self.grace)
    }

    pub(crate) fn limits(&self) -> Limits {
        let life = Duration::from_secs(u64::from(self.room_life) * 3600);
        Limits {
            members: self.members.into(),
            rooms: self.rooms,
            connections: self.connections,
            connections_from_afar: self.connections_per_address,
            connections_from_near: self.connections_per_near_address,
            life: Some(life).filter(|life| !life.is_zero()),
            ..Limits::default()
        }
    }

    /// The certificate in the files that were named; none where none were.
    pub(crate) fn certificate(&self) -> anyhow::Result<Option<Certificate>> {
        let (Some(chain), Some(key)) = (&self.tls_cert, &self.tls_key) else { return Ok(None) };
        let read =
            |file: &PathBuf| std::fs::read(file).with_context(|| format!("cannot read {}", file.display()));
        let certificate = Certificate::from_pem(&read(chain)?, &read(key)?)
            .with_context(|| format!("{} and {} are of no use", chain.display(), key.display()))?;
        Ok(Some(certificate))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Args, String> {
        Args::try_parse_from([&["pushtalk-server"], words].concat()).map_err(|error| error.to_string())
    }

    #[test]
    fn without_a_word_the_limits_are_the_defaults() {
        let limits = parse(&[]).unwrap().limits();
        assert_eq!(format!("{limits:?}"), format!("{:?}", Limits::default()));
    }

    #[test]
    fn what_is_told_counts_and_what_makes_no_sense_is_refused() {
        let words = ["--members", "64", "--room-life", "0", "--trusted-proxy", "10.0.0.0/8,::1"];
        let args = parse(&words).unwrap();
        assert_eq!((args.limits().members, args.limits().life), (64, None));
        assert_eq!(args.proxies, ["10.0.0.0/8", "::1/128"].map(|net| net.parse::<IpNet>().unwrap()));
        for wrong in [
            &["--members", "65"][..],
            &["--members", "1"],
            &["--tls-cert", "a"],
            &["--plain"],
            &["--plain", "--name", "a", "--tls-cert", "a", "--tls-key", "b"],
            &["--trusted-proxy", "10.0.0.0/33"],
            &["--listen", "7443"],
        ] {
            assert!(parse(wrong).is_err(), "{wrong:?}");
        }
    }

    #[test]
    fn files_that_are_not_there_are_named() {
        let args = parse(&["--tls-cert", "/nonexistent/a.pem", "--tls-key", "/nonexistent/b.pem"]).unwrap();
        let error = format!("{:#}", args.certificate().err().unwrap());
        assert!(error.contains("/nonexistent/a.pem"), "{error}");
    }
}
