//! A `pushtalk-server` process, ended with the value.

use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStdout, Command, ExitStatus, Stdio};

use anyhow::Context;

use crate::binary::binary;

/// A running server.
pub struct Standalone {
    child: Child,
    /// Open as long as it lives, for it may say more than its address.
    _says: BufReader<ChildStdout>,
    /// Where it listens.
    pub address: String,
}

impl Standalone {
    /// Starts it on this machine, on a free port of loopback, with `more` arguments.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn start(more: &[&str]) -> anyhow::Result<Self> {
        let command = Command::new(binary("pushtalk-server", "pushtalk-server")?);
        Self::by(command, &[&["--listen", "127.0.0.1:0"], more].concat())
    }

    /// The same, by a command that is prepared already, with these arguments.
    ///
    /// # Errors
    /// When it does not come up.
    pub fn by(mut command: Command, args: &[&str]) -> anyhow::Result<Self> {
        let mut child = command
            .args(args)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .context("pushtalk-server")?;
        let mut line = String::new();
        let mut says = BufReader::new(child.stdout.take().context("no output")?);
        says.read_line(&mut line)?;
        let address = line.trim().rsplit(' ').next().context("no address")?.to_owned();
        Ok(Self { child, _says: says, address })
    }

    /// Its process.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits until it has ended by itself.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub fn wait(&mut self) -> anyhow::Result<ExitStatus> {
        Ok(self.child.wait()?)
    }

    /// Lets it stand still, or go on.
    ///
    /// # Errors
    /// When it cannot be told.
    #[cfg(unix)]
    pub fn stand_still(&self, still: bool) -> anyhow::Result<()> {
        let signal = if still { "-STOP" } else { "-CONT" };
        let told = Command::new("kill").args([signal, &self.id().to_string()]).status()?;
        anyhow::ensure!(told.success(), "kill {signal} failed");
        Ok(())
    }

    /// Ends it without a good-bye.
    ///
    /// # Errors
    /// When it is gone already.
    pub fn kill(&mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }
}

impl Drop for Standalone {
    fn drop(&mut self) {
        drop(self.kill());
    }
}
