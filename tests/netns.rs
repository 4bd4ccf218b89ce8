//! Two network namespaces, each a machine of its own, joined by cables. Needs root, `ip` and, to block packets, `iptables`.

use std::io::{Write, stderr};
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering::Relaxed};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};

static COUNT: AtomicU32 = AtomicU32::new(0);

/// Two machines. They are gone with the value.
pub struct TwoMachines {
    names: [String; 2],
    cables: u32,
    ipv6: bool,
}

impl TwoMachines {
    /// Two machines that have loopback and nothing else. None, said loudly, where they cannot be made.
    pub fn start() -> Option<Self> {
        let count = COUNT.fetch_add(1, Relaxed);
        let machines = Self {
            names: [0, 1].map(|n| format!("pt{}-{count}-{n}", std::process::id())),
            cables: 0,
            ipv6: true,
        };
        let made = machines.names.iter().try_for_each(|name| {
            run(&["ip", "netns", "add", name])?;
            // Without the second in which IPv6 looks for another one that has the address.
            set(name, "net/ipv6/conf/default/accept_dad", "0")?;
            run(&["ip", "-n", name, "link", "set", "lo", "up"])
        });
        match made {
            Ok(()) => Some(machines),
            Err(error) => {
                skipped(&error);
                None
            }
        }
    }

    /// Lays a cable between both. Its end on each machine is the interface of the returned name, up, without any address
    /// but what IPv6 gives to itself.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn cable(&mut self) -> anyhow::Result<String> {
        let end = format!("cable{}", self.cables);
        self.cables += 1;
        let [one, other] = &self.names;
        run(&["ip", "-n", one, "link", "add", &end, "type", "veth", "peer", "name", &end, "netns", other])?;
        for machine in [0, 1] {
            self.ip(machine, &["link", "set", &end, "up"])?;
        }
        for machine in [0, 1] {
            self.wait_for(machine, &end)?;
        }
        Ok(end)
    }

    /// The system takes a moment to see that a cable is plugged in, and only then gives it the address of its own.
    fn wait_for(&self, machine: usize, end: &str) -> anyhow::Result<()> {
        let until = Instant::now() + Duration::from_secs(5);
        loop {
            let mut show = Command::new("ip");
            let output = show.args(["-n", self.name(machine)?, "addr", "show", "dev", end]).output()?;
            let text = String::from_utf8_lossy(&output.stdout);
            if text.contains("state UP") && (!self.ipv6 || text.contains("fe80:")) {
                return Ok(());
            }
            ensure!(Instant::now() < until, "the cable stays dead: {text}");
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A cable with an address at each end, like `10.1.0.1/24`.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn cable_with(&mut self, addresses: [&str; 2]) -> anyhow::Result<String> {
        let end = self.cable()?;
        for (machine, address) in addresses.iter().enumerate() {
            self.ip(machine, &["addr", "add", address, "dev", &end])?;
        }
        Ok(end)
    }

    /// `ip ARGS` on a machine.
    ///
    /// # Errors
    /// When it fails.
    pub fn ip(&self, machine: usize, args: &[&str]) -> anyhow::Result<()> {
        run(&[&["ip", "-n", self.name(machine)?], args].concat())
    }

    /// Lets nothing of this protocol (`udp`, `tcp`) in or out of a machine, but on loopback.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn block(&self, machine: usize, protocol: &str) -> anyhow::Result<()> {
        for (chain, towards) in [("INPUT", "-i"), ("OUTPUT", "-o")] {
            for program in ["iptables", "ip6tables"] {
                let rule = ["-A", chain, "!", towards, "lo", "-p", protocol, "-j", "DROP"];
                run(&[&["ip", "netns", "exec", self.name(machine)?, program], &rule[..]].concat())?;
            }
        }
        Ok(())
    }

    /// Loses this share of the UDP packets that come in by an interface, each by itself.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn lose(&self, machine: usize, interface: &str, share: f64) -> anyhow::Result<()> {
        let share = share.to_string();
        for program in ["iptables", "ip6tables"] {
            let rule = ["-A", "INPUT", "-i", interface, "-p", "udp", "-m", "statistic", "--mode", "random"];
            let rule = [&rule[..], &["--probability", &share, "-j", "DROP"]].concat();
            run(&[&["ip", "netns", "exec", self.name(machine)?, program], &rule[..]].concat())?;
        }
        Ok(())
    }

    /// Cables that are laid from now on have no IPv6.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn without_ipv6(&mut self) -> anyhow::Result<()> {
        self.ipv6 = false;
        self.names.iter().try_for_each(|name| set(name, "net/ipv6/conf/default/disable_ipv6", "1"))
    }

    /// Counts from now on how much UDP comes in by an interface.
    ///
    /// # Errors
    /// When the system refuses.
    pub fn count_udp(&self, machine: usize, interface: &str) -> anyhow::Result<()> {
        let rule = ["iptables", "-A", "INPUT", "-i", interface, "-p", "udp"];
        run(&[&["ip", "netns", "exec", self.name(machine)?], &rule[..]].concat())
    }

    /// How many packets were counted on an interface.
    ///
    /// # Errors
    /// When nothing is counted.
    pub fn counted(&self, machine: usize, interface: &str) -> anyhow::Result<u64> {
        let mut list = self.command(machine, "iptables")?;
        let output = list.args(["-nvxL", "INPUT"]).output()?;
        let text = String::from_utf8_lossy(&output.stdout);
        let rule = text.lines().find(|line| line.contains(interface)).context("nothing is counted")?;
        Ok(rule.split_whitespace().next().context("no number")?.parse()?)
    }

    /// A command that runs on a machine.
    ///
    /// # Errors
    /// When there is no such machine.
    pub fn command(&self, machine: usize, program: impl AsRef<std::ffi::OsStr>) -> anyhow::Result<Command> {
        let mut command = Command::new("ip");
        command.args(["netns", "exec", self.name(machine)?]).arg(program);
        Ok(command)
    }

    fn name(&self, machine: usize) -> anyhow::Result<&str> {
        self.names.get(machine).map(String::as_str).context("there are two machines")
    }
}

impl Drop for TwoMachines {
    fn drop(&mut self) {
        for name in &self.names {
            drop(run(&["ip", "netns", "del", name]));
        }
    }
}

/// Past the test harness, which keeps what a test that passes says to itself.
pub(crate) fn skipped(error: &anyhow::Error) {
    drop(writeln!(stderr(), "SKIPPED: no network namespaces here (they need root): {error:#}"));
}

pub(crate) fn set(name: &str, what: &str, value: &str) -> anyhow::Result<()> {
    run(&["ip", "netns", "exec", name, "sh", "-c", &format!("echo {value} > /proc/sys/{what}")])
}

pub(crate) fn run(words: &[&str]) -> anyhow::Result<()> {
    let (program, args) = words.split_first().context("nothing to run")?;
    let output = Command::new(program).args(args).stdin(Stdio::null()).output()?;
    ensure!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr).trim());
    Ok(())
}
