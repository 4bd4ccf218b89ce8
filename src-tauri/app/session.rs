//! The engine behind the window, from the start of the program to its end.

use std::collections::HashMap;
use std::future::Future;
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use pushtalk_engine::face::ErrorCode;
use pushtalk_engine::{Engine, EngineConfig};
use tauri::async_runtime::{JoinHandle, block_on, spawn};
use tauri::{AppHandle, ExitRequestApi, Manager, Webview};

use crate::arguments::Arguments;
use crate::errand;
use crate::kept::Kept;

/// How long leaving a room may hold up the end of the program.
const GOOD_BYE: Duration = Duration::from_secs(3);

/// Set where the program is not to look around on the network, whatever a person chooses.
const NO_DISCOVERY: &str = "PUSHTALK_NO_DISCOVERY";

/// What a window listens to.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Door {
    /// The views.
    Views,
    /// The levels.
    Levels,
}

/// Everything that lives as long as the program.
pub(crate) struct Session {
    engine: Arc<Engine>,
    kept: Arc<Kept>,
    served: Mutex<HashMap<(String, Door), JoinHandle<()>>>,
    end: AtomicU8,
}

/// Stages of `Session::end`.
const RUNNING: u8 = 0;
const LEAVING: u8 = 1;
const LEFT: u8 = 2;

impl Session {
    /// Starts the engine with what is kept on this device, and puts the session into the app's state.
    pub(crate) fn begin(app: &AppHandle, arguments: Arguments) -> anyhow::Result<()> {
        let (kept, preferences, readable) = Kept::load(app);
        let config = EngineConfig {
            name: arguments.name.clone().unwrap_or_default(),
            preferences,
            notice: (!readable).then_some((ErrorCode::PreferencesUnreadable, None)),
            discovery: std::env::var_os(NO_DISCOVERY).is_none_or(|set| set == "0"),
            version: app.package_info().version.to_string(),
            ..EngineConfig::default()
        };
        let engine = Arc::new(block_on(async { Engine::start(config) })?);
        let kept = Arc::new(kept);

        #[cfg(desktop)]
        {
            spawn(crate::control::listen(engine.clone(), arguments.profile.as_deref().map(Into::into)));
            spawn(crate::keys::follow(app.clone(), engine.clone()));
            #[cfg(target_os = "linux")]
            spawn(crate::keys::let_go_when_away(engine.clone()));
        }
        let link = arguments.link.clone();
        spawn(keep(engine.clone(), kept.clone()));
        spawn(errand::run(engine.clone(), arguments));
        spawn(end_on_signal(app.clone()));
        app.manage(Self { engine, kept, served: Mutex::default(), end: AtomicU8::new(RUNNING) });
        offer(app, link.as_deref().into_iter());
        Ok(())
    }

    pub(crate) fn engine(&self) -> &Arc<Engine> {
        &self.engine
    }

    /// Lets this future serve a door of a window, in place of the one before: a page that was loaded anew asks
    /// again, and the old page's channel would live on for ever.
    pub(crate) fn serve(&self, to: &Webview, door: Door, server: impl Future<Output = ()> + Send + 'static) {
        let mut served = self.served.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(before) = served.insert((to.label().to_owned(), door), spawn(server)) {
            before.abort();
        }
    }
}

/// Shows the invitations that the system hands over; whether to join is the person's choice.
pub(crate) fn offer<'a>(app: &AppHandle, links: impl Iterator<Item = &'a str>) {
    let Some(session) = app.try_state::<Session>() else { return };
    for link in links.map(str::to_owned) {
        let engine = session.engine.clone();
        spawn(async move { engine.offer(link).await });
    }
}

/// Leaves the room properly before the program ends.
pub(crate) fn before_exit(app: &AppHandle, api: &ExitRequestApi, code: Option<i32>) {
    let Some(session) = app.try_state::<Session>() else { return };
    match session.end.compare_exchange(RUNNING, LEAVING, Ordering::SeqCst, Ordering::SeqCst) {
        Ok(_) => {}
        Err(LEFT) => return,
        Err(_) => return api.prevent_exit(),
    }
    api.prevent_exit();
    let app = app.clone();
    spawn(async move {
        let session = app.state::<Session>();
        if tokio::time::timeout(GOOD_BYE, session.engine.shutdown()).await.is_err() {
            tracing::warn!("leaving took too long; the others will notice by themselves");
        }
        let last = session.engine.views().borrow().clone();
        session.kept.keep(&last.preferences);
        session.end.store(LEFT, Ordering::SeqCst);
        app.exit(code.unwrap_or(0));
    });
}

/// Stores the preferences whenever they change.
async fn keep(engine: Arc<Engine>, kept: Arc<Kept>) {
    let mut views = engine.views();
    while views.changed().await.is_ok() {
        let view = views.borrow_and_update().clone();
        if !kept.keep(&view.preferences) {
            tracing::error!("the preferences could not be stored");
            engine.notice(ErrorCode::PreferencesNotStored, None).await;
        }
    }
}

/// Ends the program as the closing of its window does.
async fn end_on_signal(app: AppHandle) {
    if signal().await.is_ok() {
        app.exit(0);
    }
}

#[cfg(unix)]
async fn signal() -> std::io::Result<()> {
    use tokio::signal::unix::{SignalKind, signal};
    let (mut end, mut interrupt) = (signal(SignalKind::terminate())?, signal(SignalKind::interrupt())?);
    tokio::select! {
        _ = end.recv() => {}
        _ = interrupt.recv() => {}
    }
    Ok(())
}

#[cfg(not(unix))]
async fn signal() -> std::io::Result<()> {
    tokio::signal::ctrl_c().await
}
