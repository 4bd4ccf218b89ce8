//! What the system must have: looked for, and installed where that can be done without asking.

use std::path::PathBuf;

use anyhow::{bail, ensure};

use crate::shell::{program, which};

/// What for.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    /// To build and run the app.
    Run,
    /// To test it too.
    Test,
    /// To mark how speech sounds.
    Score,
}

/// How something is looked for.
enum Probe {
    /// One of these programs.
    Program(&'static [&'static str]),
    /// A library with its headers, by its name for pkg-config.
    Library(&'static str),
    /// A file in one of the folders of the system's libraries.
    File(&'static str),
    /// Python with what this line uses.
    Python(&'static str),
}

use Probe::{File, Library, Program, Python};

/// What is needed, and what it is called by apt, dnf and pacman.
struct Need(Purpose, Probe, &'static str, &'static str, &'static str);

const NEEDS: &[Need] = &[
    Need(Purpose::Run, Program(&["cc"]), "build-essential", "gcc gcc-c++ make", "base-devel"),
    Need(Purpose::Run, Program(&["c++"]), "build-essential", "gcc gcc-c++ make", "base-devel"),
    Need(Purpose::Run, Program(&["cmake"]), "cmake", "cmake", "cmake"),
    Need(Purpose::Run, Program(&["pkg-config"]), "pkg-config", "pkgconf-pkg-config", "pkgconf"),
    Need(Purpose::Run, Program(&["git"]), "git", "git", "git"),
    Need(Purpose::Run, Program(&["node"]), "nodejs", "nodejs", "nodejs"),
    Need(Purpose::Run, Program(&["npm"]), "npm", "npm", "npm"),
    Need(
        Purpose::Run,
        Library("webkit2gtk-4.1"),
        "libwebkit2gtk-4.1-dev",
        "webkit2gtk4.1-devel",
        "webkit2gtk-4.1",
    ),
    Need(Purpose::Run, Library("alsa"), "libasound2-dev", "alsa-lib-devel", "alsa-lib"),
    Need(Purpose::Run, Library("dbus-1"), "libdbus-1-dev", "dbus-devel", "dbus"),
    Need(Purpose::Run, Library("libudev"), "libudev-dev", "systemd-devel", "systemd-libs"),
    Need(
        Purpose::Run,
        Library("ayatana-appindicator3-0.1"),
        "libayatana-appindicator3-dev",
        "libayatana-appindicator-gtk3-devel",
        "libayatana-appindicator",
    ),
    Need(Purpose::Test, Program(&["dbus-daemon"]), "dbus", "dbus-daemon", "dbus"),
    Need(Purpose::Test, Program(&["xdotool"]), "xdotool", "xdotool", "xdotool"),
    Need(Purpose::Test, Program(&["Xvfb"]), "xvfb", "xorg-x11-server-Xvfb", "xorg-server-xvfb"),
    Need(
        Purpose::Test,
        Program(&["WebKitWebDriver"]),
        "webkit2gtk-driver",
        "webkit2gtk4.1",
        "webkit2gtk-4.1",
    ),
    Need(Purpose::Test, Program(&["pulseaudio"]), "pulseaudio", "pulseaudio", "pulseaudio"),
    Need(Purpose::Test, Program(&["pactl"]), "pulseaudio-utils", "pulseaudio-utils", "libpulse"),
    Need(
        Purpose::Test,
        File("alsa-lib/libasound_module_pcm_pulse.so"),
        "libasound2-plugins",
        "alsa-plugins-pulseaudio",
        "alsa-plugins",
    ),
    Need(Purpose::Test, Program(&["ip"]), "iproute2", "iproute", "iproute2"),
    Need(Purpose::Test, Program(&["iptables"]), "iptables", "iptables-nft", "iptables"),
    Need(Purpose::Test, Program(REDIS), "redis-server", "valkey", "valkey"),
    Need(Purpose::Test, Program(CHROMIUM), "chromium", "chromium", "chromium"),
    Need(Purpose::Score, Program(&["python3"]), "python3", "python3", "python"),
    Need(Purpose::Score, Python("import ensurepip"), "python3-venv", "python3", "python"),
    Need(Purpose::Score, Python(PYTHON_HEADERS), "python3-dev", "python3-devel", "python"),
];

/// What several servers share their rooms by.
const REDIS: &[&str] = &["redis-server", "valkey-server"];

/// The browsers that can test the window's pages.
const CHROMIUM: &[&str] = &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable"];

/// Fails without the headers that extensions in C are built with.
const PYTHON_HEADERS: &str =
    "import os, sysconfig; os.stat(os.path.join(sysconfig.get_path('include'), 'Python.h'))";

/// The browser for the tests of the window's pages.
pub(crate) fn chromium() -> Option<PathBuf> {
    std::env::var_os("PUSHTALK_CHROMIUM")
        .map(PathBuf::from)
        .or_else(|| CHROMIUM.iter().find_map(|name| which(name)))
}

/// Sees to it that everything is there.
pub(crate) fn meet(purpose: Purpose) -> anyhow::Result<()> {
    if cfg!(target_os = "linux") {
        let missing = missing(purpose);
        if !missing.is_empty() {
            install(&missing)?;
            let still: Vec<_> = self::missing(purpose).iter().map(|need| need.2).collect();
            ensure!(still.is_empty(), "installed, but still not to be found: {}", still.join(", "));
        }
    } else {
        elsewhere()?;
    }
    node_is_new_enough()
}

fn missing(purpose: Purpose) -> Vec<&'static Need> {
    let wanted = NEEDS.iter().filter(|need| need.0 == Purpose::Run || need.0 == purpose);
    wanted.filter(|need| !is_there(&need.1)).collect()
}

fn is_there(probe: &Probe) -> bool {
    match probe {
        Program(names) => names.iter().any(|name| which(name).is_some()),
        Python(line) => program("python3").words(&["-c", line]).succeeds(),
        Library(name) => program("pkg-config").words(&["--exists", name]).succeeds(),
        File(name) => ["/usr/lib", "/usr/lib64"].iter().any(|folder| {
            let here = PathBuf::from(folder);
            let below = std::fs::read_dir(&here).into_iter().flatten().flatten().map(|entry| entry.path());
            std::iter::once(here.clone()).chain(below).any(|folder| folder.join(name).exists())
        }),
    }
}

/// The names of packages, each once.
fn packages(missing: &[&Need], of: impl Fn(&Need) -> &'static str) -> Vec<&'static str> {
    let mut names: Vec<_> = missing.iter().flat_map(|need| of(need).split(' ')).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn install(missing: &[&Need]) -> anyhow::Result<()> {
    if which("apt-get").is_some() {
        let names = packages(missing, |need| need.2);
        eprintln!("Missing packages: {}", names.join(" "));
        if let Some(before) = as_root() {
            refresh()?;
            return apt(
                before,
                &[&["install", "--yes", "--no-install-recommends"], names.as_slice()].concat(),
            );
        }
        bail!(
            "they cannot be installed without a password; please run:\n\n    sudo apt-get install {}\n",
            names.join(" ")
        );
    }
    if which("dnf").is_some() {
        bail!(
            "packages are missing; please run:\n\n    sudo dnf install {}\n",
            packages(missing, |need| need.3).join(" ")
        );
    }
    if which("pacman").is_some() {
        bail!(
            "packages are missing; please run:\n\n    sudo pacman -S {}\n",
            packages(missing, |need| need.4).join(" ")
        );
    }
    bail!("packages are missing (names as in Debian): {}", packages(missing, |need| need.2).join(" "))
}

/// Makes apt's lists of packages new.
pub(crate) fn refresh() -> anyhow::Result<()> {
    match as_root() {
        Some(before) => apt(before, &["update"]),
        None => bail!("the lists of packages are old; please run:\n\n    sudo apt-get update\n"),
    }
}

fn apt(before: &[&str], words: &[&str]) -> anyhow::Result<()> {
    let line = [before, &["env", "DEBIAN_FRONTEND=noninteractive", "apt-get"], words].concat();
    program(line[0]).words(&line[1..]).run()
}

/// What to put before a command that only root may run; none without a password.
fn as_root() -> Option<&'static [&'static str]> {
    if is_root() {
        Some(&[])
    } else if program("sudo").words(&["-n", "true"]).succeeds() {
        Some(&["sudo", "-n"])
    } else {
        None
    }
}

fn is_root() -> bool {
    program("id").words(&["-u"]).read().is_ok_and(|id| id.trim() == "0")
}

/// macOS and Windows: nothing is installed, what is missing is told.
fn elsewhere() -> anyhow::Result<()> {
    let missing: Vec<_> = ["cmake", "node"].into_iter().filter(|name| which(name).is_none()).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let how = if cfg!(target_os = "macos") { "brew install" } else { "winget install" };
    bail!("missing: {0}; for example: {how} {0}", missing.join(" "))
}

fn node_is_new_enough() -> anyhow::Result<()> {
    let told = program("node").words(&["--version"]).read()?;
    let version = told.trim().trim_start_matches('v');
    let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
    let (major, minor) = (parts.next().unwrap_or(0), parts.next().unwrap_or(0));
    ensure!(
        matches!((major, minor), (20, 19..) | (22, 12..) | (23.., _)),
        "Node.js {version} is too old: 20.19, 22.12 or later is needed; see https://nodejs.org/en/download"
    );
    Ok(())
}
