//! The two doors of the window, and the levels.

use pushtalk_engine::face::{Intent, View};
use tauri::ipc::{Channel, InvokeResponseBody};
use tauri::{State, Webview};

use crate::session::{Door, Session};

/// Hands over what the person asks for. What came of it shows in the view.
#[tauri::command]
pub(crate) async fn act(session: State<'_, Session>, intent: Intent) -> Result<(), ()> {
    session.engine().act(intent).await;
    Ok(())
}

/// Sends the view of now and every later one.
#[tauri::command]
pub(crate) fn watch(webview: Webview, session: State<'_, Session>, views: Channel<View>) {
    let mut seen = session.engine().views();
    session.serve(&webview, Door::Views, async move {
        loop {
            let view = seen.borrow_and_update().clone();
            if views.send(View::clone(&view)).is_err() || seen.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Sends two bytes whenever they change: own and heard level, 0 (silence) to 255 (full scale).
#[tauri::command]
pub(crate) fn levels(webview: Webview, session: State<'_, Session>, levels: Channel<InvokeResponseBody>) {
    let mut heard = session.engine().levels();
    session.serve(&webview, Door::Levels, async move {
        loop {
            let now = *heard.borrow_and_update();
            if levels.send(InvokeResponseBody::Raw(now.to_vec())).is_err() || heard.changed().await.is_err() {
                return;
            }
        }
    });
}

/// Makes the window a small one that stays above all others, or the usual one again.
#[tauri::command]
pub(crate) fn small(window: tauri::WebviewWindow, on: bool) {
    #[cfg(desktop)]
    crate::desktop::small(&window, on);
    #[cfg(mobile)]
    let _ = (window, on);
}

/// Writes what is kept on this device into a file of its own, where downloads go; gives its path.
#[tauri::command]
pub(crate) fn export(app: tauri::AppHandle, session: State<'_, Session>) -> Result<String, ()> {
    let preferences = session.engine().views().borrow().preferences.clone();
    crate::kept::export(&app, &preferences).map_err(drop)
}
