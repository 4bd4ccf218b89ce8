//! A bound key, pressed on the display while another window has the focus, opens the channel of the real program and
//! closes it; that other window still gets the key.

use std::process::Command;

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::json;

/// Does something to the display, as hands do.
fn hands(display: &Display, words: &[&str]) -> anyhow::Result<String> {
    let output = Command::new("xdotool")
        .env("DISPLAY", display.name())
        .args(words)
        .output()
        .context("xdotool (Debian: package xdotool)")?;
    ensure!(output.status.success(), "xdotool {words:?}: {}", String::from_utf8_lossy(&output.stderr));
    Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// Gives the focus of the display to this window.
fn focus(display: &Display, window: &Window) -> anyhow::Result<()> {
    let process = window.process().to_string();
    let found = hands(display, &["search", "--onlyvisible", "--pid", &process])?;
    let id = found.lines().last().context("no window")?.to_owned();
    hands(display, &["windowfocus", "--sync", &id]).map(drop)
}

async fn bind(window: &Window, display: &Display, key: &str) -> anyhow::Result<()> {
    focus(display, window)?;
    window.click("open-settings").await?;
    window.click("bind").await?;
    window.wait_for_words("Press the key you want").await?;
    hands(display, &["key", key])?;
    window.find("bound").await?;
    window.wait_for_words("Press it once, with another window in front").await
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_talks_while_another_window_has_the_focus() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let folder = tempfile::tempdir()?;
    let open = |name: &str| {
        let launch = Launch::with(rig.command(&program)).profile(folder.path().join(name));
        Window::open(&display, &program, launch)
    };

    let ana = open("ana").await?;
    let link = ana.host("Ana").await?;
    let ben = open("ben").await?;
    ben.join("Ben", &link).await?;
    ana.click("mic-on").await?;
    ana.wait_for("talk", "data-situation", "idle").await?;

    bind(&ana, &display, "F8").await?;
    ana.escape().await?;

    // What the window with the focus sees of it.
    focus(&display, &ben)?;
    let script =
        "(window.seen = [], addEventListener('keydown', (event) => window.seen.push(event.code)), 1)";
    ben.evaluate(script).await?;
    let mut tries = 0;
    loop {
        hands(&display, &["keydown", "F8"])?;
        ana.wait_for("talk", "data-situation", "talking").await?;
        ben.find_css("[data-testid=member][data-talks=true]").await?;
        let heard = tokio::task::block_in_place(|| rig.chirps_heard(1));
        hands(&display, &["keyup", "F8"])?;
        ana.wait_for("talk", "data-situation", "idle").await?;
        tries += 1;
        match heard {
            Ok(12) => break,
            heard => ensure!(tries < 6, "of 12 chirps were heard: {heard:?}"),
        }
    }
    assert_eq!(tokio::task::block_in_place(|| rig.chirps_heard(2))?, 0, "a released key was heard");
    let seen = ben.evaluate("window.seen.includes('F8')").await?;
    assert_eq!(seen, json!(true), "the key was taken away from the window that has the focus");

    // Other keys do nothing, and now it is proven.
    hands(&display, &["keydown", "F7"])?;
    ana.click("open-settings").await?;
    ana.wait_for_words("Works in other programs").await?;
    ana.find_css("[data-testid=bound][data-proven=true]").await?;
    ana.escape().await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    hands(&display, &["keyup", "F7"])?;

    // Held while the program is killed: the next one holds nothing, until the key goes down anew.
    hands(&display, &["keydown", "F8"])?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    let killed = Command::new("kill").args(["-KILL", &ana.process().to_string()]).status()?;
    ensure!(killed.success());
    ben.wait_for_words("No answer").await?;
    drop(ana);
    let ana = open("ana").await?;
    let link = ana.host("Ana").await?;
    ben.click("leave").await?;
    ben.find("host").await?;
    ben.join("Ben", &link).await?;
    ana.click("mic-on").await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    hands(&display, &["keyup", "F8"])?;
    hands(&display, &["keydown", "F8"])?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    hands(&display, &["keyup", "F8"])?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    ana.quit().await?;
    ben.quit().await
}
