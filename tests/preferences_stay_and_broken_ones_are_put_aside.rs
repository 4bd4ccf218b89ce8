//! What a person chose in the real window is there the next time; a file that cannot be read is kept, not overwritten.

use std::fs;

use anyhow::ensure;
use pushtalk_tests::binary::binary;
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::json;

const CHOOSE_DARK: &str =
    "void window.__TAURI_INTERNALS__.invoke('act', { intent: { do: 'setTheme', theme: 'dark' } })";
const THEME: &str = "document.documentElement.dataset.theme";

#[tokio::test]
async fn preferences_stay_and_broken_ones_are_put_aside() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("pushtalk-preferences-{}", std::process::id()));
    let file = folder.join("preferences.json");
    let display = Display::start()?;
    let program = binary("pushtalk", "pushtalk")?;
    let open = || Window::open(&display, &program, Launch::new().profile(&folder));

    let window = open().await?;
    window.find("host").await?;
    window.evaluate(CHOOSE_DARK).await?;
    window.wait_for_root("data-theme", "dark").await?;
    window.quit().await?;

    let window = open().await?;
    window.find("host").await?;
    assert_eq!(window.evaluate(THEME).await?, json!("dark"), "the theme was forgotten");
    window.quit().await?;

    fs::write(&file, "{ broken")?;
    // As at the very first start, but for what is told.
    let window = open().await?;
    window.find_css("[data-code=preferencesUnreadable]").await?;
    window.click("first-skip").await?;
    window.find("host").await?;
    assert_eq!(window.evaluate(THEME).await?, json!("system"));
    window.quit().await?;
    assert_eq!(fs::read_to_string(folder.join("preferences.unreadable-1.json"))?, "{ broken");
    ensure!(serde_json::from_slice::<serde_json::Value>(&fs::read(&file)?).is_ok(), "no new preferences");

    // What cannot be stored holds until the end, and the person is told.
    let window = open().await?;
    window.find("host").await?;
    fs::remove_file(&file)?;
    fs::create_dir(&file)?;
    window.evaluate(CHOOSE_DARK).await?;
    window.wait_for_root("data-theme", "dark").await?;
    window.find_css("[data-code=preferencesNotStored]").await?;
    window.quit().await?;
    fs::remove_dir_all(&folder)?;
    Ok(())
}
