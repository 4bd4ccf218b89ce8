//! The page of the real window reaches the program through its doors, and nothing else through nothing else.

use pushtalk_tests::binary::binary;
use pushtalk_tests::window::{Display, Launch, Window};
use serde_json::{Value, json};

/// What a promise of the page came to: `["ok", value]` or `["no", reason]`.
async fn settled(window: &Window, promise: &str) -> anyhow::Result<(bool, Value)> {
    let script = format!(
        "const done = arguments[arguments.length - 1];
         Promise.resolve().then(() => {promise})
             .then((value) => done([true, value ?? null]), (why) => done([false, String(why)]));"
    );
    let told = window.client().execute_async(&script, Vec::new()).await?;
    Ok((told[0] == json!(true), told[1].clone()))
}

#[tokio::test]
async fn the_window_is_open_to_nothing_but_its_doors() -> anyhow::Result<()> {
    let display = Display::start()?;
    let window = Window::open(&display, &binary("pushtalk", "pushtalk")?, Launch::new()).await?;
    window.find("host").await?;

    assert_eq!(window.evaluate("typeof window.__TAURI__").await?, json!("undefined"));
    let guard = "getComputedStyle(document.querySelector('iframe#__tauri_isolation__')).display";
    assert_eq!(window.evaluate(guard).await?, json!("none"), "the guard has a place in the page");

    // The page runs and loads nothing but its own.
    let (ran, why) = settled(&window, "(0, eval)('1 + 1')").await?;
    assert!(!ran, "a text ran as a program: {why}");
    let (got, _) = settled(&window, "fetch('http://127.0.0.1:9/')").await?;
    assert!(!got, "the page reached a server");
    let (open, _) =
        settled(&window, "window.open('https://example.invalid/') === null ? Promise.reject() : 1").await?;
    assert!(!open, "the page opened a window");
    window.evaluate("void (location.href = 'http://127.0.0.1:9/')").await?;

    // The doors are open, for what the contract knows.
    let invoke =
        |command: &str, payload: &str| format!("window.__TAURI_INTERNALS__.invoke('{command}', {payload})");
    let (heard, why) = settled(&window, &invoke("act", "{ intent: { do: 'listDevices' } }")).await?;
    assert!(heard, "an intent was refused: {why}");
    for (command, payload) in [
        ("act", "{ intent: { do: 'erase' } }"),
        ("act", "{ intent: { do: 'host', name: 'Ana', title: '', secret: 1 } }"),
        ("act", "{ intent: { do: 'dismiss', notice: 'all' } }"),
        ("act", "{ intent: { do: 'press' }, more: 1 }"),
        ("watch", "{ views: 7 }"),
        ("plugin:store|load", "{ path: 'preferences.json' }"),
        ("plugin:event|listen", "{ event: 'store://change', target: { kind: 'Any' }, handler: 1 }"),
        ("plugin:app|version", "{}"),
    ] {
        let (heard, value) = settled(&window, &invoke(command, payload)).await?;
        assert!(!heard, "{command} {payload} was heard: {value}");
    }
    assert_eq!(window.client().current_url().await?.scheme(), "tauri", "the page left its place");
    window.quit().await
}
