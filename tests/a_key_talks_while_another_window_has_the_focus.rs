//! A bound key, pressed on the display while another window has the focus, opens the channel of the real program and
//! closes it; that other window still gets the key.

use std::process::Command;

use anyhow::ensure;
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::json;

async fn bind(window: &Window, display: &Display, key: &str) -> anyhow::Result<()> {
    window.click("open-settings").await?;
    window.bind(display, key).await?;
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
    let ben = open("ben").await?;
    ana.meet(&ben).await?;

    bind(&ana, &display, "F8").await?;
    ana.escape().await?;

    // What the window with the focus sees of it.
    ben.focus(&display)?;
    let script =
        "(window.seen = [], addEventListener('keydown', (event) => window.seen.push(event.code)), 1)";
    ben.evaluate(script).await?;
    let mut tries = 0;
    loop {
        display.hands(&["keydown", "F8"])?;
        ana.wait_for("talk", "data-situation", "talking").await?;
        ben.find_css("[data-testid=member][data-talks=true]").await?;
        let heard = tokio::task::block_in_place(|| rig.chirps_heard(1));
        display.hands(&["keyup", "F8"])?;
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
    display.hands(&["keydown", "F7"])?;
    ana.click("open-settings").await?;
    ana.wait_for_words("Works in other programs").await?;
    ana.find_css("[data-testid=bound][data-proven=true]").await?;
    ana.escape().await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    display.hands(&["keyup", "F7"])?;

    // Held while the program is killed: the next one holds nothing, until the key goes down anew.
    display.hands(&["keydown", "F8"])?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    let killed = Command::new("kill").args(["-KILL", &ana.process().to_string()]).status()?;
    ensure!(killed.success());
    ben.wait_for_words("No answer").await?;
    drop(ana);
    let ana = open("ana").await?;
    ben.click("leave").await?;
    ben.find("host").await?;
    ana.meet(&ben).await?;
    display.hands(&["keyup", "F8"])?;
    display.hands(&["keydown", "F8"])?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    display.hands(&["keyup", "F8"])?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    ana.quit().await?;
    ben.quit().await
}
