//! How long a press takes: from a key or a line to the program, and from there to the floor.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pushtalk_control::{Host, Place, Server};
use pushtalk_engine::ptt::Input;
use pushtalk_keys::{Binding, Listener, Reach, Told};
use pushtalk_tests::pair::Pair;
use pushtalk_tests::portal::{Answer, Portal};
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Bus, Display};
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{KEY_PRESS_EVENT, KEY_RELEASE_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::{keep, say};

const PRESSES: usize = 300;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(20);
const PATIENCE: Duration = Duration::from_secs(2);
/// F8, as an X keycode.
const F8: u8 = 74;

pub(crate) fn ptt() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    say(format_args!("{:<34} {:>8} {:>8} {:>8}", "from, to", "p50 ms", "p95 ms", "max ms"))?;
    let rows = [
        row("key on X11, bound chord told", x11()?)?,
        row("signal of the portal, chord told", runtime.block_on(portal())?)?,
        row("line on the socket, hand told", runtime.block_on(socket())?)?,
        row("press on standard input, talking", floor()?)?,
    ];
    keep("ptt", rows.to_vec())
}

fn row(what: &str, mut times: Vec<Duration>) -> anyhow::Result<Value> {
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1000.0;
    let (p50, p95, max) = (at(50), at(95), at(100));
    say(format_args!("{what:<34} {p50:>8.2} {p95:>8.2} {max:>8.2}"))?;
    Ok(json!({ "what": what, "p50_ms": p50, "p95_ms": p95, "max_ms": max }))
}

/// From a key that the display is told to have gone down.
fn x11() -> anyhow::Result<Vec<Duration>> {
    let display = Display::start()?;
    let bound = Binding { chord: "F8".parse()?, description: String::new() };
    let (tell, told) = channel();
    let _listener = Listener::on_display(display.name(), &[bound], move |what| {
        let _ = tell.send((Instant::now(), what));
    })?;
    next(&told, &Told::Reach(Reach::Everywhere))?;
    let (connection, _) = x11rb::connect(Some(display.name()))?;
    let mut times = Vec::new();
    for _ in 0..PRESSES {
        for (kind, down) in [(KEY_PRESS_EVENT, true), (KEY_RELEASE_EVENT, false)] {
            let begun = Instant::now();
            connection.xtest_fake_input(kind, F8, 0, x11rb::NONE, 0, 0, 0)?;
            connection.flush()?;
            let at = next(&told, &Told::Changed((0, down)))?;
            if down {
                times.push(at.saturating_duration_since(begun));
            }
            std::thread::sleep(PAUSE);
        }
    }
    Ok(times)
}

/// From the signal that the desktop's portal sends, over a bus of its own.
async fn portal() -> anyhow::Result<Vec<Duration>> {
    let bus = Bus::start()?;
    let portal = Portal::start(bus.address(), Answer::Yes).await?;
    let bound = Binding { chord: "F8".parse()?, description: "Talk while held".to_owned() };
    let (tell, told) = channel();
    let listener = Listener::on_bus(bus.address(), &[bound], move |what| {
        let _ = tell.send((Instant::now(), what));
    })?;
    next(&told, &Told::Reach(Reach::Asking))?;
    next(&told, &Told::Reach(Reach::ByDesktop(vec![Some("Press F8".to_owned())])))?;
    let mut times = Vec::new();
    for _ in 0..PRESSES {
        for down in [true, false] {
            let begun = Instant::now();
            portal.key("F8", down).await?;
            let at = next(&told, &Told::Changed((0, down)))?;
            if down {
                times.push(at.saturating_duration_since(begun));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    tokio::task::spawn_blocking(|| drop(listener)).await?;
    Ok(times)
}

fn next(told: &Receiver<(Instant, Told)>, wanted: &Told) -> anyhow::Result<Instant> {
    let (at, what) = told.recv_timeout(PATIENCE).context("the key was not told")?;
    ensure!(what == *wanted, "{what:?} was told, not {wanted:?}");
    Ok(at)
}

struct Desk(tokio::sync::mpsc::UnboundedSender<(Instant, Input)>);

impl Host for Desk {
    async fn hand(&self, input: Input) {
        let _ = self.0.send((Instant::now(), input));
    }

    fn status(&self) -> String {
        "{}".to_owned()
    }
}

/// From a line that a program writes which keeps its connection.
async fn socket() -> anyhow::Result<Vec<Duration>> {
    let folder = tempfile::tempdir()?;
    let place = Place::of(Some(folder.path()));
    let (tell, mut told) = tokio::sync::mpsc::unbounded_channel();
    let server = tokio::spawn(Server::bind(place.clone())?.run(Arc::new(Desk(tell))));
    let mut connection = tokio::net::UnixStream::connect(place.path()).await?;
    let mut times = Vec::new();
    for _ in 0..PRESSES {
        for line in ["ptt down\n", "ptt up\n"] {
            let begun = Instant::now();
            connection.write_all(line.as_bytes()).await?;
            let told = tokio::time::timeout(PATIENCE, told.recv()).await?;
            let (at, input) = told.context("the server is gone")?;
            if matches!(input, Input::Down(..)) {
                times.push(at.saturating_duration_since(begun));
            }
            tokio::time::sleep(PAUSE).await;
        }
    }
    server.abort();
    Ok(times)
}

/// Through the whole engine, from a line of the headless client to the line that tells of the floor.
fn floor() -> anyhow::Result<Vec<Duration>> {
    let rig = SoundRig::start()?;
    let mut pair = Pair::start(&rig, &[], &[])?;
    let mut times = Vec::new();
    for _ in 0..PRESSES / 3 {
        let begun = Instant::now();
        pair.talker.command("press")?;
        let at = pair.talker.floor("talking")?;
        times.push(at.saturating_duration_since(begun));
        std::thread::sleep(PAUSE);
        pair.talker.command("release")?;
        pair.talker.floor("idle")?;
    }
    Ok(times)
}
