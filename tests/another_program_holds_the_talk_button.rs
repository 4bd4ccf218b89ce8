//! The control socket of the real program: another one of the same person presses, latches, lets go, and asks how it is.

use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Output, Stdio};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::rig::SoundRig;
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::Value;

/// Runs the program for one question.
fn ask(rig: &SoundRig, program: &Path, profile: &Path, words: &[&str]) -> anyhow::Result<Output> {
    command(rig, program, profile, words).output().context("the program does not start")
}

fn command(rig: &SoundRig, program: &Path, profile: &Path, words: &[&str]) -> Command {
    let mut command = rig.command(program);
    command.arg("--profile").arg(profile).args(words).stdin(Stdio::null());
    command
}

fn done(output: &Output) -> anyhow::Result<()> {
    ensure!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    Ok(())
}

#[tokio::test(flavor = "multi_thread")]
async fn another_program_holds_the_talk_button() -> anyhow::Result<()> {
    let rig = SoundRig::start()?;
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let folder = tempfile::tempdir()?;
    let profile = folder.path().join("ana");
    let open = || Window::open(&display, &program, Launch::with(rig.command(&program)).profile(&profile));

    // Nobody runs yet.
    let refused = ask(&rig, &program, &profile, &["ptt", "down"])?;
    ensure!(!refused.status.success());
    ensure!(String::from_utf8_lossy(&refused.stderr).contains("PushTalk is not running"), "{refused:?}");

    let ana = open().await?;
    let status = || -> anyhow::Result<Value> {
        let output = ask(&rig, &program, &profile, &["status", "--json"])?;
        ensure!(output.status.success(), "{output:?}");
        Ok(serde_json::from_slice(&output.stdout)?)
    };
    assert_eq!(status()?["stage"], "home");
    // Pressed outside of a room nothing happens.
    done(&ask(&rig, &program, &profile, &["ptt", "down"])?)?;
    done(&ask(&rig, &program, &profile, &["ptt", "up"])?)?;

    let ben = Window::open(&display, &program, Launch::with(rig.command(&program))).await?;
    ana.meet(&ben).await?;

    // While the other window has the focus.
    for _ in 0..3 {
        done(&ask(&rig, &program, &profile, &["ptt", "down"])?)?;
        ana.wait_for("talk", "data-situation", "talking").await?;
        ben.find_css("[data-testid=member][data-talks=true]").await?;
        assert_eq!(status()?["button"], "talking");
        done(&ask(&rig, &program, &profile, &["ptt", "up"])?)?;
        ana.wait_for("talk", "data-situation", "idle").await?;
    }

    done(&ask(&rig, &program, &profile, &["ptt", "toggle"])?)?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    ana.wait_for_words("It stays on.").await?;
    let now = status()?;
    assert_eq!((&now["latched"], &now["people"]), (&Value::Bool(true), &Value::from(2)));
    let text = now.to_string();
    ensure!(!text.contains("Ana") && !text.contains("Ben") && !text.contains("://"), "{text}");
    done(&ask(&rig, &program, &profile, &["ptt", "toggle"])?)?;
    ana.wait_for("talk", "data-situation", "idle").await?;

    // Held for as long as somebody holds it, even one who is killed.
    let mut pedal = command(&rig, &program, &profile, &["ptt", "hold"]).stdin(Stdio::piped()).spawn()?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    pedal.kill()?;
    pedal.wait()?;
    ana.wait_for("talk", "data-situation", "idle").await?;
    let mut pedal = command(&rig, &program, &profile, &["ptt", "hold"]).stdin(Stdio::piped()).spawn()?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    pedal.stdin.take().context("no input")?.write_all(b"bye")?;
    ensure!(pedal.wait()?.success());
    ana.wait_for("talk", "data-situation", "idle").await?;

    // Held while the program is killed: whoever holds it learns of it, and the next program holds nothing.
    let mut pedal = command(&rig, &program, &profile, &["ptt", "hold"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()?;
    ana.wait_for("talk", "data-situation", "talking").await?;
    let killed = Command::new("kill").args(["-KILL", &ana.process().to_string()]).status()?;
    ensure!(killed.success());
    let input = pedal.stdin.take();
    let told = pedal.wait_with_output()?;
    drop(input);
    ensure!(!told.status.success(), "{told:?}");
    drop(ana);
    let ana = open().await?;
    ben.click("leave").await?;
    ben.find("host").await?;
    ana.meet(&ben).await?;
    assert_eq!(status()?["button"], "idle");
    ben.quit().await?;
    ana.quit().await
}
