//! Two real windows, from the first run to the end of the room: an invitation that the system hands over, talking,
//! comparing, hearing nobody, blocking, a PIN, sending away, and a host that leaves. Each step is seen on both sides.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Bus, Display, Launch, Window};

/// The one other member, in the list of people.
const OTHER: &str = "[data-testid=member]:not(.me)";

/// As a click on a link does it: the system starts the program with it.
fn open_link(program: &Path, display: &Display, bus: &Bus, profile: &Path, link: &str) -> anyhow::Result<()> {
    let started = Command::new(program)
        .arg(link)
        .env("DISPLAY", display.name())
        .env("GDK_BACKEND", "x11")
        .env("DBUS_SESSION_BUS_ADDRESS", bus.address())
        .env("PUSHTALK_PROFILE_DIR", profile)
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .context("the second program")?;
    ensure!(started.success(), "the second program ended with {started}");
    Ok(())
}

/// Opens what there is about the other member.
async fn open_other(window: &Window) -> anyhow::Result<()> {
    window.click_css(&format!("{OTHER} button")).await?;
    window.find("verify").await?;
    Ok(())
}

async fn close_dialog(window: &Window) -> anyhow::Result<()> {
    window.client().active_element().await?.send_keys("\u{e00c}").await?;
    Ok(())
}

/// By the link that is shown, and the PIN that is asked for.
async fn join_with_pin(who: &Window, host: &Window) -> anyhow::Result<()> {
    who.wait_for_words("Leads to room").await?;
    who.click("join").await?;
    who.find_css("[data-code=pinNeeded]").await?;
    who.type_into("pin", "4711").await?;
    who.click("join").await?;
    for window in [host, who] {
        window.find_css(&format!("{OTHER}[data-link=ready]")).await?;
    }
    Ok(())
}

async fn link_of(window: &Window) -> anyhow::Result<String> {
    window.click("invite").await?;
    let link = window.value("invite-link").await?;
    close_dialog(window).await?;
    Ok(link)
}

async fn picture(window: &Window, name: &str) -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("PUSHTALK_PICTURES").map(PathBuf::from) else { return Ok(()) };
    std::fs::create_dir_all(&folder)?;
    window.screenshot(&folder.join(format!("{name}.png"))).await
}

#[tokio::test(flavor = "multi_thread")]
async fn two_windows_do_what_people_do_in_a_room() -> anyhow::Result<()> {
    let (rig, display, bus) = (SoundRig::start()?, Display::start()?, Bus::start()?);
    let program = binary("pushtalk", "pushtalk")?;
    let bens = std::env::temp_dir().join(format!("pushtalk-ben-{}", std::process::id()));
    let launch = || Launch::with(rig.command(&program)).env("DBUS_SESSION_BUS_ADDRESS", bus.address());

    // The first run, which tries the button and sends nothing.
    let ana = Window::open(&display, &program, launch().first_run()).await?;
    ana.type_into("first-name", "Ana").await?;
    picture(&ana, "first-run").await?;
    ana.click("first-next").await?;
    ana.find("first-hear").await?;
    ana.click("first-next").await?;
    ana.pointer_down("first-talk").await?;
    ana.wait_for_words("now they would hear you").await?;
    ana.pointer_up().await?;
    ana.wait_for_words("Release ends it").await?;
    ensure!(rig.capturing()?.is_empty(), "trying the button has opened a microphone");
    ana.click("first-next").await?;
    ana.find("name").await?;
    ensure!(ana.value("name").await? == "Ana", "the name was forgotten");
    ana.click("host").await?;
    ana.wait_for("talk", "data-situation", "audioOff").await?;
    let link = link_of(&ana).await?;

    // The system hands the link over: it is shown, and joins nothing.
    let ben = Window::open(&display, &program, launch().profile(&bens)).await?;
    ben.type_into("name", "Ben").await?;
    open_link(&program, &display, &bus, &bens, &link)?;
    ben.wait_for_words("Leads to room").await?;
    ensure!(ben.value("invitation").await? == link, "another link is shown");
    ensure!(ana.attribute("members", "data-testid").await?.is_some());
    ensure!(
        !ana.shows("compare").await?
            && ana.client().find_all(fantoccini::Locator::Css(OTHER)).await?.is_empty(),
        "somebody joined unasked"
    );
    ben.click("join").await?;
    for window in [&ana, &ben] {
        window.find_css(&format!("{OTHER}[data-link=ready]")).await?;
    }

    // Talk.
    for window in [&ana, &ben] {
        window.click("mic-on").await?;
        window.wait_for("talk", "data-situation", "idle").await?;
    }
    ana.pointer_down("talk").await?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    ben.wait_for("talk", "data-situation", "receiving").await?;
    ana.pointer_up().await?;
    ben.wait_for("talk", "data-situation", "idle").await?;

    // Another link while in a room waits for the person.
    open_link(&program, &display, &bus, &bens, &link)?;
    ben.click("offered-stay").await?;

    // Who hears nobody is seen to do so.
    ben.click("deafen").await?;
    ben.wait_for("talk", "data-situation", "deafened").await?;
    ana.wait_for_words("Hears nobody").await?;
    ben.click("deafen").await?;
    ben.wait_for("talk", "data-situation", "idle").await?;

    // Compare: the same seven pictures on both.
    open_other(&ana).await?;
    ana.click("verify").await?;
    ben.wait_for_words("wants to compare with you").await?;
    ben.click_named("Compare").await?;
    let (anas, bens_emoji) = (ana.text("emoji").await?, ben.text("emoji").await?);
    ensure!(!anas.is_empty() && anas == bens_emoji, "{anas:?} is not {bens_emoji:?}");
    for window in [&ana, &ben] {
        window.click("same").await?;
        window.wait_for_words("Verified").await?;
    }
    picture(&ana, "verified").await?;

    // Addresses and numbers are there for who wants to see them.
    ben.click("open-settings").await?;
    ben.click("open-connections").await?;
    ben.find("contact").await?;
    ben.find("measured").await?;
    picture(&ben, "connections").await?;
    close_dialog(&ben).await?;

    // Block and unblock.
    open_other(&ben).await?;
    ben.click("block").await?;
    ben.find_css(&format!("{OTHER}[data-link=blocked]")).await?;
    ana.find_css(&format!("{OTHER}[data-link=lost]")).await?;
    ben.click("block").await?;
    for window in [&ana, &ben] {
        window.find_css(&format!("{OTHER}[data-link=ready]")).await?;
    }
    close_dialog(&ben).await?;

    // A PIN: who is inside stays, and whoever comes needs it.
    ana.click("open-control").await?;
    ana.click_css("[data-testid=door] input[value=pin]").await?;
    ana.type_into("door-pin", "4711").await?;
    ana.click("door-apply").await?;
    close_dialog(&ana).await?;
    for window in [&ana, &ben] {
        window.wait_for_words("PIN needed").await?;
    }
    ben.click("leave").await?;
    ben.find("host").await?;
    ana.wait_for("talk", "data-situation", "alone").await?;
    let locked = link_of(&ana).await?;
    ensure!(locked != link, "the old link still leads here");
    open_link(&program, &display, &bus, &bens, &locked)?;
    join_with_pin(&ben, &ana).await?;

    // Sent away.
    open_other(&ana).await?;
    ana.click("kick").await?;
    ana.click_named("Remove").await?;
    ben.find_css("[data-code=removed]").await?;
    ben.find("host").await?;
    ana.wait_for("talk", "data-situation", "alone").await?;

    // The host leaves: the other one is the host, and has the server.
    let renewed = link_of(&ana).await?;
    open_link(&program, &display, &bus, &bens, &renewed)?;
    join_with_pin(&ben, &ana).await?;
    ana.click("leave").await?;
    ana.find("host").await?;
    ben.find_css("[data-code=youAreHost]").await?;
    ben.find_css("[data-code=nowServing]").await?;
    ben.find("open-control").await?;
    picture(&ben, "host-left").await?;

    ben.quit().await?;
    ana.quit().await?;
    std::fs::remove_dir_all(&bens)?;
    Ok(())
}
