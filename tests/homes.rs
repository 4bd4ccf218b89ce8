//! Two homes, each behind a router of its own that translates addresses, and the internet between them. Needs root, `ip` and
//! `iptables`.

use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use crate::netns::{run, set};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// An address of the internet at which a server may listen.
pub const SERVER: &str = "198.51.100.1";

/// Where a program may run.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// On the internet.
    Internet,
    /// On a machine at home: 0 or 1.
    Home(usize),
}

/// Both homes have the same private network, as most have. It is gone with the value.
///
/// ```text
/// home 0 ── router 0 ── internet ── router 1 ── home 1
/// 192.168.1.2   203.0.113.2  198.51.100.1  203.0.113.6   192.168.1.2
/// ```
pub struct TwoHomes {
    prefix: String,
}

impl TwoHomes {
    /// None, said loudly, where they cannot be made.
    pub fn start() -> Option<Self> {
        let count = COUNT.fetch_add(1, Relaxed);
        let homes = Self { prefix: format!("pt{}h{count}", std::process::id()) };
        match homes.furnish() {
            Ok(()) => Some(homes),
            Err(error) => {
                crate::netns::skipped(&error);
                None
            }
        }
    }

    fn furnish(&self) -> anyhow::Result<()> {
        for name in self.names() {
            run(&["ip", "netns", "add", &name])?;
            set(&name, "net/ipv6/conf/default/disable_ipv6", "1")?;
            run(&["ip", "-n", &name, "link", "set", "lo", "up"])?;
        }
        let net = self.name("net");
        run(&["ip", "-n", &net, "addr", "add", &format!("{SERVER}/32"), "dev", "lo"])?;
        set(&net, "net/ipv4/ip_forward", "1")?;
        for (home, wan, gateway) in [(0, "203.0.113.2", "203.0.113.1"), (1, "203.0.113.6", "203.0.113.5")] {
            let (machine, router) = (self.name(&format!("home{home}")), self.name(&format!("router{home}")));
            let end = format!("to{home}");
            self.cable((&net, &end, &format!("{gateway}/30")), (&router, "wan", &format!("{wan}/30")))?;
            self.cable((&router, "lan", "192.168.1.1/24"), (&machine, "eth0", "192.168.1.2/24"))?;
            run(&["ip", "-n", &router, "route", "add", "default", "via", gateway])?;
            run(&["ip", "-n", &machine, "route", "add", "default", "via", "192.168.1.1"])?;
            set(&router, "net/ipv4/ip_forward", "1")?;
            let rule = |words: &[&str]| run(&[&["ip", "netns", "exec", &router, "iptables"], words].concat());
            rule(&["-t", "nat", "-A", "POSTROUTING", "-o", "wan", "-j", "MASQUERADE"])?;
            // Nothing comes in that nobody inside has asked for.
            for chain in ["INPUT", "FORWARD"] {
                let asked = ["-m", "conntrack", "--ctstate", "ESTABLISHED,RELATED", "-j", "ACCEPT"];
                rule(&[&["-A", chain, "-i", "wan"], &asked[..]].concat())?;
                rule(&["-A", chain, "-i", "wan", "-j", "DROP"])?;
            }
        }
        Ok(())
    }

    fn cable(&self, one: (&str, &str, &str), other: (&str, &str, &str)) -> anyhow::Result<()> {
        let link = [
            "ip", "-n", one.0, "link", "add", one.1, "type", "veth", "peer", "name", other.1, "netns",
            other.0,
        ];
        run(&link)?;
        for (machine, end, address) in [one, other] {
            run(&["ip", "-n", machine, "addr", "add", address, "dev", end])?;
            run(&["ip", "-n", machine, "link", "set", end, "up"])?;
        }
        Ok(())
    }

    /// A command that runs there.
    pub fn command(&self, at: Place, program: impl AsRef<std::ffi::OsStr>) -> Command {
        let name = match at {
            Place::Internet => self.name("net"),
            Place::Home(home) => self.name(&format!("home{home}")),
        };
        let mut command = Command::new("ip");
        command.args(["netns", "exec", &name]).arg(program);
        command
    }

    fn name(&self, of: &str) -> String {
        format!("{}{of}", self.prefix)
    }

    fn names(&self) -> impl Iterator<Item = String> {
        ["net", "router0", "router1", "home0", "home1"].into_iter().map(|of| self.name(of))
    }
}

impl Drop for TwoHomes {
    fn drop(&mut self) {
        for name in self.names() {
            drop(run(&["ip", "netns", "del", &name]));
        }
    }
}
