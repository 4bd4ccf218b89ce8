//! Two real windows: one hosts, the other joins by the link it shows, and what is said into the one while its button
//! is held comes out of the other. No microphone is open before it was turned on, and none after leaving.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::ensure;
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Display, Launch, Window};

/// Who talks, in the list of people.
const TALKER: &str = "[data-testid=member][data-talks=true]";

/// Pictures of the windows are left in the folder that this names.
async fn picture(window: &Window, name: &str) -> anyhow::Result<()> {
    let Some(folder) = std::env::var_os("PUSHTALK_PICTURES").map(PathBuf::from) else { return Ok(()) };
    std::fs::create_dir_all(&folder)?;
    window.screenshot(&folder.join(format!("{name}.png"))).await
}

async fn until_microphones_are(rig: &SoundRig, count: usize) -> anyhow::Result<()> {
    let deadline = Instant::now() + Duration::from_secs(5);
    while rig.capturing()?.len() != count {
        ensure!(Instant::now() < deadline, "{} microphones are open, not {count}", rig.capturing()?.len());
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn one_window_talks_and_the_other_is_heard() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let open = || Window::open(&display, &program, Launch::with(rig.command(&program)));

    let ana = open().await?;
    ana.type_into("name", "Ana").await?;
    ana.type_into("title", "Friday hike").await?;
    picture(&ana, "home").await?;
    ana.click("host").await?;
    ana.wait_for("talk", "data-situation", "audioOff").await?;
    ana.click("invite").await?;
    let link = ana.value("invite-link").await?;
    ensure!(link.starts_with("pushtalk://j/"), "{link}");
    picture(&ana, "invite").await?;
    ana.click_named("Copy link").await?;
    ana.wait_for_words("Copied").await?;
    ana.client().active_element().await?.send_keys("\u{e00c}").await?;

    let ben = open().await?;
    ben.type_into("name", "Ben").await?;
    ben.type_into("invitation", &link).await?;
    ben.wait_for_words("Leads to room").await?;
    ben.click("join").await?;
    ben.wait_for("talk", "data-situation", "audioOff").await?;
    ben.wait_for_words("Friday hike").await?;

    // Both see each other, and nobody's microphone is open.
    ana.wait_for_words("Ben").await?;
    ben.wait_for_words("Ana").await?;
    ensure!(rig.capturing()?.is_empty(), "a microphone is open that nobody turned on");
    ana.click("mic-on").await?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    until_microphones_are(&rig, 1).await?;
    picture(&ana, "idle").await?;

    // Held by the pointer: everything is heard. A machine that others use tears holes into any sound, so not at the
    // first try only.
    let mut tries = 0;
    loop {
        ana.pointer_down("talk").await?;
        ana.wait_for("talk", "data-situation", "talking").await?;
        ben.find_css(TALKER).await?;
        let heard = tokio::task::block_in_place(|| rig.chirps_heard(1));
        if tries == 0 {
            picture(&ana, "talking").await?;
            picture(&ben, "receiving").await?;
        }
        ana.pointer_up().await?;
        ana.wait_for("talk", "data-situation", "idle").await?;
        tries += 1;
        match heard {
            Ok(12) => break,
            heard => ensure!(tries < 6, "of 12 chirps were heard: {heard:?}"),
        }
    }
    // Released: nothing is.
    assert_eq!(tokio::task::block_in_place(|| rig.chirps_heard(2))?, 0, "a released button was heard");

    // The same by the space bar, and the other one sees that the channel is taken.
    ana.key_down(' ').await?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    ben.find_css(TALKER).await?;
    ana.key_up(' ').await?;
    ana.wait_for("talk", "data-situation", "idle").await?;

    ana.click("leave").await?;
    ana.find("host").await?;
    until_microphones_are(&rig, 0).await?;
    ben.quit().await?;
    ana.quit().await
}
