//! A display without a screen.

use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};

/// An X server of its own, on a number that was free.
pub struct Display {
    server: Child,
    name: String,
}

impl Display {
    /// Starts it and waits until it takes clients.
    ///
    /// # Errors
    /// When Xvfb is missing or does not come up.
    pub fn start() -> anyhow::Result<Self> {
        super::available()?;
        let server = Command::new("Xvfb")
            .args(["-displayfd", "1", "-screen", "0", "1280x1024x24", "-nolisten", "tcp", "-noreset"])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .context("Xvfb")?;
        let mut display = Self { server, name: String::new() };
        let mut number = String::new();
        if let Some(output) = display.server.stdout.take() {
            BufReader::new(output).read_line(&mut number)?;
        }
        ensure!(!number.trim().is_empty(), "Xvfb did not come up");
        display.name = format!(":{}", number.trim());
        Ok(display)
    }

    /// What `DISPLAY` is to be.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Does something to it, as hands do: the words of `xdotool`.
    ///
    /// # Errors
    /// When it cannot be done.
    pub fn hands(&self, words: &[&str]) -> anyhow::Result<String> {
        let output = Command::new("xdotool")
            .env("DISPLAY", self.name())
            .args(words)
            .output()
            .context("xdotool (Debian: package xdotool)")?;
        ensure!(output.status.success(), "xdotool {words:?}: {}", String::from_utf8_lossy(&output.stderr));
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    }
}

impl Drop for Display {
    fn drop(&mut self) {
        drop(self.server.kill());
        drop(self.server.wait());
    }
}
