//! A session bus of its own, by which one program finds another one of its kind.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// A D-Bus session bus, which ends with the value.
pub struct Bus {
    daemon: Child,
    address: String,
}

impl Bus {
    /// Starts it and waits until it says where it is.
    ///
    /// # Errors
    /// When `dbus-daemon` is missing or does not come up.
    pub fn start() -> anyhow::Result<Self> {
        let daemon = Command::new("dbus-daemon")
            .args(["--session", "--nofork", "--nopidfile", "--print-address=1"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("dbus-daemon (Debian: package dbus)")?;
        let mut bus = Self { daemon, address: String::new() };
        if let Some(output) = bus.daemon.stdout.take() {
            BufReader::new(output).read_line(&mut bus.address)?;
        }
        ensure!(!bus.address.trim().is_empty(), "dbus-daemon did not come up");
        Ok(bus)
    }

    /// What `DBUS_SESSION_BUS_ADDRESS` is to be.
    pub fn address(&self) -> &str {
        self.address.trim()
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        drop(self.daemon.kill());
        drop(self.daemon.wait());
    }
}
