//! The real window on a display without a screen, driven as a person would: pointer, keys and eyes.
//!
//! Each window has its own WebDriver, which starts the program; all of it ends with the value. A window needs neither a
//! window manager nor a bus. Linux only: elsewhere [`available`] says so.

mod bus;
mod display;
mod drive;

use std::ffi::OsString;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use fantoccini::{Client, ClientBuilder};
use hyper_util::client::legacy::connect::HttpConnector;
use serde_json::json;

use crate::client::NO_DISCOVERY;

pub use bus::Bus;
pub use display::Display;

/// Longest wait for anything that a window is to show.
pub const PATIENCE: Duration = Duration::from_secs(20);

/// Whether the programs that a window needs are here.
///
/// # Errors
/// Names the first that is missing, and the package it comes in.
pub fn available() -> anyhow::Result<()> {
    for (program, package) in [("Xvfb", "xvfb"), ("WebKitWebDriver", "webkit2gtk-driver")] {
        let found = std::env::var_os("PATH")
            .is_some_and(|path| std::env::split_paths(&path).any(|folder| folder.join(program).is_file()));
        ensure!(found, "the real window needs the program {program} (Debian: package {package})");
    }
    Ok(())
}

/// How a window is started.
pub struct Launch {
    driver: Command,
    arguments: Vec<OsString>,
    profile: Option<PathBuf>,
    first_run: bool,
}

impl Launch {
    /// With no sound of its own and a fresh profile.
    pub fn new() -> Self {
        let mut driver = Command::new("WebKitWebDriver");
        driver.env("DBUS_SESSION_BUS_ADDRESS", "unix:path=/dev/null");
        Self::with(driver)
    }

    /// With the variables of this command, whose program is not used: `rig.command("…")` of a sound rig.
    pub fn with(world: Command) -> Self {
        let mut driver = Command::new("WebKitWebDriver");
        for (name, value) in world.get_envs() {
            match value {
                Some(value) => driver.env(name, value),
                None => driver.env_remove(name),
            };
        }
        driver.env_remove("WAYLAND_DISPLAY");
        Self { driver, arguments: Vec::new(), profile: None, first_run: false }
    }

    /// Hands these arguments to the program.
    pub fn arguments(mut self, arguments: impl IntoIterator<Item = impl Into<OsString>>) -> Self {
        self.arguments.extend(arguments.into_iter().map(Into::into));
        self
    }

    /// Sets a variable for the program.
    pub fn env(mut self, name: &str, value: impl Into<OsString>) -> Self {
        self.driver.env(name, value.into());
        self
    }

    /// Begins with the first run, which is else over.
    pub fn first_run(mut self) -> Self {
        self.first_run = true;
        self
    }

    /// Uses this profile directory, which stays when the window is gone.
    pub fn profile(mut self, folder: impl Into<PathBuf>) -> Self {
        self.profile = Some(folder.into());
        self
    }
}

impl Default for Launch {
    fn default() -> Self {
        Self::new()
    }
}

/// An open window of the program.
pub struct Window {
    client: Client,
    driver: Child,
    program: u32,
    folder: PathBuf,
}

impl Window {
    /// Starts the program on this display and waits until its page is there.
    ///
    /// # Errors
    /// When a program is missing, or no window appears.
    pub async fn open(display: &Display, program: &Path, launch: Launch) -> anyhow::Result<Self> {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        available()?;
        let number = COUNT.fetch_add(1, Ordering::Relaxed);
        let folder = std::env::temp_dir().join(format!("pushtalk-window-{}-{number}", std::process::id()));
        std::fs::create_dir_all(&folder)?;
        let profile = launch.profile.unwrap_or_else(|| folder.join("profile"));
        if !launch.first_run {
            welcome(&profile)?;
        }
        let port = free_port()?;

        let mut driver = launch.driver;
        driver
            .arg(format!("--port={port}"))
            .env("DISPLAY", display.name())
            .env("PUSHTALK_PROFILE_DIR", &profile)
            .env("TAURI_WEBVIEW_AUTOMATION", "true")
            .env(NO_DISCOVERY, "1")
            // Neither a bus of assistive technology nor a graphics card.
            .env("NO_AT_BRIDGE", "1")
            .env("LIBGL_ALWAYS_SOFTWARE", "1")
            .env("GDK_BACKEND", "x11")
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.join("log"))?);
        let mut driver = driver.spawn().context("WebKitWebDriver")?;
        let client = match session(&mut driver, port, program, &launch.arguments).await {
            Ok(client) => client,
            Err(error) => {
                end(&mut driver, &[]);
                let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
                drop(std::fs::remove_dir_all(&folder));
                return Err(error.context(format!("no window: {log}")));
            }
        };
        let Some(program) = children(driver.id()).first().copied() else {
            end(&mut driver, &[]);
            bail!("the driver runs no program");
        };
        Ok(Self { client, driver, program, folder })
    }

    /// The session with the page, for what this harness has no words for.
    pub fn client(&self) -> &Client {
        &self.client
    }

    /// The process of the program.
    pub fn process(&self) -> u32 {
        self.program
    }

    /// Gives it the focus of its display.
    ///
    /// # Errors
    /// When it is not shown there.
    pub fn focus(&self, display: &Display) -> anyhow::Result<()> {
        let found = display.hands(&["search", "--onlyvisible", "--pid", &self.program.to_string()])?;
        let id = found.lines().last().context("no window")?.to_owned();
        display.hands(&["windowfocus", "--sync", &id]).map(drop)
    }

    /// What the program and its driver said on standard error.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Asks the program to end, as the system does when its user logs out, and waits until it has.
    ///
    /// # Errors
    /// When it is still there after [`PATIENCE`].
    pub async fn quit(self) -> anyhow::Result<()> {
        let asked = Command::new("kill").arg(self.program.to_string()).status().context("kill")?;
        ensure!(asked.success(), "the program is not there any more");
        let deadline = Instant::now() + PATIENCE;
        while is_alive(self.program) {
            ensure!(Instant::now() < deadline, "the program does not end: {}", self.log());
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }
}

impl Drop for Window {
    fn drop(&mut self) {
        end(&mut self.driver, &[self.program]);
        drop(std::fs::remove_dir_all(&self.folder));
    }
}

async fn session(
    driver: &mut Child,
    port: u16,
    program: &Path,
    arguments: &[OsString],
) -> anyhow::Result<Client> {
    let arguments: Vec<_> = arguments.iter().map(|argument| argument.to_string_lossy()).collect();
    let wanted = json!({ "webkitgtk:browserOptions": { "binary": program, "args": arguments } });
    let serde_json::Value::Object(wanted) = wanted else { bail!("not an object") };
    let deadline = Instant::now() + PATIENCE;
    loop {
        if let Some(status) = driver.try_wait()? {
            bail!("the driver ended with {status}");
        }
        if tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
            break;
        }
        ensure!(Instant::now() < deadline, "the driver does not listen");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    let connect = ClientBuilder::new(HttpConnector::new())
        .capabilities(wanted)
        .connect(&format!("http://127.0.0.1:{port}"))
        .await;
    Ok(connect?)
}

/// As if the first run were over; a profile that has been used stays as it is.
fn welcome(profile: &Path) -> anyhow::Result<()> {
    let file = profile.join("preferences.json");
    if !file.exists() {
        std::fs::create_dir_all(profile)?;
        std::fs::write(file, json!({ "version": 1, "preferences": { "welcomed": true } }).to_string())?;
    }
    Ok(())
}

/// A port that nobody uses now.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind(("127.0.0.1", 0))?.local_addr()?.port())
}

/// Ends the driver and the programs that it started, and waits until they are gone.
fn end(driver: &mut Child, programs: &[u32]) {
    let mut all = children(driver.id());
    all.extend(
        programs.iter().filter(|program| !all.contains(program) && is_alive(**program)).collect::<Vec<_>>(),
    );
    for program in all {
        drop(Command::new("kill").args(["-KILL", &program.to_string()]).stderr(Stdio::null()).status());
    }
    drop(driver.kill());
    drop(driver.wait());
}

fn children(of: u32) -> Vec<u32> {
    let list = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).unwrap_or_default();
    list.split_whitespace().filter_map(|number| number.parse().ok()).collect()
}

/// True unless there is no such process, or only what its parent has not yet noticed the end of.
fn is_alive(process: u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(')').next().is_some_and(|rest| !rest.is_empty() && !rest.trim_start().starts_with('Z'))
}
