//! How long a press takes: from a key or a line to the program, and from there to the floor.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use anyhow::{Context, bail, ensure};
use pushtalk_control::{Host, Place, Server};
use pushtalk_engine::ptt::Input;
use pushtalk_keys::{Binding, Listener, Reach, Told};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::pair::Pair;
use pushtalk_tests::portal::{Answer, Portal};
use pushtalk_tests::rig::{QUIET, SoundRig, VOID};
use pushtalk_tests::window::{Bus, Display, Launch, Window};
use serde_json::{Value, json};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::UnixStream;
use x11rb::connection::Connection;
use x11rb::protocol::xproto::{BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, KEY_PRESS_EVENT, KEY_RELEASE_EVENT};
use x11rb::protocol::xtest::ConnectionExt as _;

use crate::{keep, say};

const PRESSES: usize = 300;
/// Between two of them.
const PAUSE: Duration = Duration::from_millis(20);
/// Between two presses of the window: as long as it takes to be drawn as before.
const REST: Duration = Duration::from_millis(600);
/// Between two looks at how it is.
const GLANCE: Duration = Duration::from_micros(300);
const PATIENCE: Duration = Duration::from_secs(2);
/// F8 and the space bar, as X keycodes, and the left button of the mouse.
const F8: u8 = 74;
const SPACE: u8 = 65;
const LEFT: u8 = 1;

pub(crate) fn ptt() -> anyhow::Result<()> {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build()?;
    say(format_args!("{:<34} {:>8} {:>8} {:>8}", "from, to", "p50 ms", "p95 ms", "max ms"))?;
    let [pointer, space, pushed, seen] = runtime.block_on(window())?;
    let rows = [
        row("key on X11, bound chord told", x11()?)?,
        row("signal of the portal, chord told", runtime.block_on(portal())?)?,
        row("line on the socket, hand told", runtime.block_on(socket())?)?,
        row("press on standard input, talking", floor()?)?,
        row("pointer on the window, seen talking", pointer)?,
        row("space bar in the window, the same", space)?,
        row("line on the socket, the same", pushed)?,
        row("asking the socket how it is", seen)?,
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
    let mut connection = UnixStream::connect(place.path()).await?;
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

/// Through the real window, from what the display is told of the pointer, or of the space bar, to the first answer on the
/// control socket that it talks. That is asked at short intervals. Then the same where a line on that socket is what presses, and
/// how long an answer takes.
async fn window() -> anyhow::Result<[Vec<Duration>; 4]> {
    let (rig, display) = (SoundRig::start()?, Display::start()?);
    let program = binary("pushtalk", "pushtalk")?;
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("ana");
    let ana = Window::open(&display, &program, Launch::with(rig.command(&program)).profile(&profile)).await?;
    let link = ana.host("Ana").await?;
    let join = ["join", &link, "--name", "Ben", "--in", QUIET, "--out", VOID, "--audio-host", "pulse"];
    let mut ben = Client::on(&rig, &join)?;
    ben.event("ready")?;
    ana.click("mic-on").await?;
    ana.wait_for("talk", "data-situation", "idle").await?;

    let world = rig.command(&program);
    let runtime = world.get_envs().find(|(name, _)| *name == "XDG_RUNTIME_DIR").and_then(|(_, value)| value);
    let place = Place::of(Some(&profile)).path();
    let name = place.file_name().context("no name")?;
    let socket =
        PathBuf::from(runtime.context("the rig has no place for sockets")?).join("pushtalk").join(name);
    let mut asked = Asked(BufReader::new(UnixStream::connect(socket).await?));

    let middle = "(() => { const { x, y, width, height } = document.querySelector('[data-testid=talk]')\
                  .getBoundingClientRect(); return [screenX + x + width / 2, screenY + y + height / 2] })()";
    let [x, y]: [f64; 2] = serde_json::from_value(ana.evaluate(middle).await?)?;
    display.hands(&["mousemove", &x.round().to_string(), &y.round().to_string()])?;
    ana.focus(&display)?;
    let (connection, _) = x11rb::connect(Some(display.name()))?;
    let fake = |kind: u8, which: u8| -> anyhow::Result<()> {
        connection.xtest_fake_input(kind, which, 0, x11rb::NONE, 0, 0, 0)?;
        Ok(connection.flush()?)
    };

    let mut answers = Vec::new();
    for _ in 0..PRESSES {
        let begun = Instant::now();
        asked.button().await?;
        answers.push(begun.elapsed());
    }
    let (mut pointer, mut space, mut pushed) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..PRESSES / 6 {
        for (down, up, which, times) in [
            (BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, LEFT, &mut pointer),
            (KEY_PRESS_EVENT, KEY_RELEASE_EVENT, SPACE, &mut space),
        ] {
            let begun = Instant::now();
            fake(down, which)?;
            times.push(asked.until("talking").await?.saturating_duration_since(begun));
            tokio::time::sleep(PAUSE).await;
            fake(up, which)?;
            asked.until("idle").await?;
            tokio::time::sleep(REST).await;
        }
        let begun = Instant::now();
        asked.ask("ptt down\n").await?;
        pushed.push(asked.until("talking").await?.saturating_duration_since(begun));
        tokio::time::sleep(PAUSE).await;
        asked.ask("ptt up\n").await?;
        asked.until("idle").await?;
        tokio::time::sleep(REST).await;
    }
    ana.quit().await?;
    Ok([pointer, space, pushed, answers])
}

/// The control socket of the program in the window.
struct Asked(BufReader<UnixStream>);

impl Asked {
    async fn ask(&mut self, line: &str) -> anyhow::Result<String> {
        self.0.write_all(line.as_bytes()).await?;
        let mut answer = String::new();
        self.0.read_line(&mut answer).await?;
        Ok(answer)
    }

    /// What the talk button is.
    async fn button(&mut self) -> anyhow::Result<String> {
        let status: Value = serde_json::from_str(&self.ask("status\n").await?)?;
        Ok(status["button"].as_str().context("there is no button")?.to_owned())
    }

    /// Asks until it is this.
    async fn until(&mut self, wanted: &str) -> anyhow::Result<Instant> {
        let begun = Instant::now();
        loop {
            let now = self.button().await?;
            match now == wanted {
                true => return Ok(Instant::now()),
                false if begun.elapsed() > PATIENCE => bail!("the button is {now}, not {wanted}"),
                // Asked without a pause it takes a core from who is measured.
                false => std::thread::sleep(GLANCE),
            }
        }
    }
}
