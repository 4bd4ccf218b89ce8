//! The real program on buses of its own: whatever holds the talk button lets go when the screen is locked, the device goes
//! to sleep, or another person has the seat.

use std::collections::HashMap;
use std::path::Path;

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Bus, Display, Launch, Window};
use zbus::connection::Builder;
use zbus::zvariant::{ObjectPath, Value};
use zbus::{Connection, interface};

const SESSION: &str = "/org/freedesktop/login1/session/_32";

/// Who manages seats, as far as a program asks it.
struct Manager;

#[interface(name = "org.freedesktop.login1.Manager")]
impl Manager {
    fn get_session(&self, id: &str) -> zbus::fdo::Result<ObjectPath<'static>> {
        if id != "auto" {
            return Err(zbus::fdo::Error::InvalidArgs(id.to_owned()));
        }
        ObjectPath::try_from(SESSION).map_err(|error| zbus::fdo::Error::Failed(error.to_string()))
    }
}

/// What has locked the screen.
struct Saver;

#[interface(name = "org.freedesktop.ScreenSaver")]
impl Saver {
    fn get_active(&self) -> bool {
        true
    }
}

async fn login(bus: &Bus) -> zbus::Result<Connection> {
    let builder = Builder::address(bus.address())?.name("org.freedesktop.login1")?;
    builder.serve_at("/org/freedesktop/login1", Manager)?.build().await
}

#[derive(Clone, Copy, Debug)]
enum Away {
    ScreenSaver,
    Lock,
    Sleep,
    OtherPerson,
}

async fn tell(away: Away, session: &Connection, system: &Connection) -> zbus::Result<()> {
    let nobody = None::<&str>;
    match away {
        Away::ScreenSaver => {
            let saver = ("/org/freedesktop/ScreenSaver", "org.freedesktop.ScreenSaver");
            session.emit_signal(nobody, saver.0, saver.1, "ActiveChanged", &true).await
        }
        Away::Lock => {
            system.emit_signal(nobody, SESSION, "org.freedesktop.login1.Session", "Lock", &()).await
        }
        Away::Sleep => {
            let manager = ("/org/freedesktop/login1", "org.freedesktop.login1.Manager");
            system.emit_signal(nobody, manager.0, manager.1, "PrepareForSleep", &true).await
        }
        Away::OtherPerson => {
            let changed = HashMap::from([("Active", Value::from(false))]);
            let body = ("org.freedesktop.login1.Session", changed, Vec::<&str>::new());
            let properties = "org.freedesktop.DBus.Properties";
            system.emit_signal(nobody, SESSION, properties, "PropertiesChanged", &body).await
        }
    }
}

fn latch(rig: &SoundRig, program: &Path, profile: &Path) -> anyhow::Result<()> {
    let mut ask = rig.command(program);
    let status = ask.arg("--profile").arg(profile).args(["ptt", "toggle"]).status();
    ensure!(status.context("the program does not start")?.success());
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_locked_screen_lets_go() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("ana");
    let (session_bus, system_bus) = (Bus::start()?, Bus::start()?);
    let system = login(&system_bus).await?;
    let session = Builder::address(session_bus.address())?.build().await?;

    let launch = Launch::with(rig.command(&program))
        .env("DBUS_SESSION_BUS_ADDRESS", session_bus.address())
        .env("DBUS_SYSTEM_BUS_ADDRESS", system_bus.address())
        .profile(&profile);
    let ana = Window::open(&display, &program, launch).await?;
    let ben = Window::open(&display, &program, Launch::with(rig.command(&program))).await?;
    ana.meet(&ben).await?;

    for away in [Away::ScreenSaver, Away::Lock, Away::Sleep, Away::OtherPerson] {
        latch(&rig, &program, &profile)?;
        ana.wait_for("talk", "data-situation", "talking").await?;
        tell(away, &session, &system).await?;
        ana.wait_for("talk", "data-situation", "idle").await.with_context(|| format!("{away:?}"))?;
    }
    ana.quit().await?;
    ben.quit().await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_screen_that_was_locked_at_the_start_is_known_and_free_when_what_locked_it_dies()
-> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let bus = Bus::start()?;
    let saver = Builder::address(bus.address())?.name("org.freedesktop.ScreenSaver")?;
    let saver = saver.serve_at("/org/freedesktop/ScreenSaver", Saver)?.build().await?;

    let launch = Launch::with(rig.command(&program)).env("DBUS_SESSION_BUS_ADDRESS", bus.address());
    let ana = Window::open(&display, &program, launch).await?;
    let ben = Window::open(&display, &program, Launch::with(rig.command(&program))).await?;
    ana.meet(&ben).await?;
    ana.click("open-settings").await?;
    ana.bind(&display, "F8").await?;
    ana.wait_for_words("Press it once, with another window in front").await?;
    // Pressed while nobody is there, it is heard and does not talk, not even when somebody is again.
    ben.focus(&display)?;
    display.hands(&["keydown", "F8"])?;
    ana.wait_for_words("Works in other programs").await?;
    ana.escape().await?;
    ana.wait_for_words("bound keys work again after you press this button").await?;
    saver.close().await?;
    ana.wait_for_words("Hold the button or the space bar").await?;
    assert_eq!(ana.attribute("talk", "data-situation").await?.as_deref(), Some("idle"));
    display.hands(&["keyup", "F8"])?;
    display.hands(&["keydown", "F8"])?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    display.hands(&["keyup", "F8"])?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    ana.quit().await?;
    ben.quit().await
}
