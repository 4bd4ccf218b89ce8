//! The one window, which shows nothing but the program's own pages.

use anyhow::Context as _;
use tauri::webview::NewWindowResponse;
use tauri::{AppHandle, Url, WebviewWindowBuilder};

/// Opens the window of the configuration where it was last; `hidden` for not yet.
pub(crate) fn open(app: &AppHandle, hidden: bool) -> anyhow::Result<()> {
    let config = app.config().app.windows.first().context("the configuration has no window")?;
    // A page that is driven by tests cannot be a private one; every other one keeps nothing of its own.
    let driven = std::env::var_os("TAURI_WEBVIEW_AUTOMATION").is_some();
    let builder = WebviewWindowBuilder::from_config(app, config)?
        .incognito(!driven)
        .on_navigation(is_own)
        .on_new_window(|_, _| NewWindowResponse::Deny);
    #[cfg(desktop)]
    let builder = builder.visible(!hidden);
    #[cfg(mobile)]
    let _ = hidden;
    let window = builder.build()?;
    #[cfg(desktop)]
    crate::desktop::put_back(app, &window);
    #[cfg(mobile)]
    let _ = window;
    Ok(())
}

/// True for the program's own pages: `tauri://localhost` or, on Windows, `http://tauri.localhost`.
fn is_own(url: &Url) -> bool {
    match url.scheme() {
        "tauri" => true,
        "http" | "https" if url.host_str() == Some("tauri.localhost") => true,
        "http" => tauri::is_dev() && url.host_str() == Some("127.0.0.1"),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::is_own;

    #[test]
    fn the_window_leaves_its_own_pages_for_nothing() {
        for own in ["tauri://localhost", "tauri://localhost/index.html", "http://tauri.localhost/"] {
            assert!(is_own(&own.parse().unwrap()), "{own}");
        }
        for foreign in
            ["https://example.org/", "http://tauri.localhost.example.org/", "about:blank", "data:text/html,x"]
        {
            assert!(!is_own(&foreign.parse().unwrap()), "{foreign}");
        }
    }
}
