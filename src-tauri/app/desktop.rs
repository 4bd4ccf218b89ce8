//! What is expected of a program on a desktop: one of it, a place in the tray, a window that comes back where it was.

use std::collections::hash_map::DefaultHasher;
use std::hash::{Hash as _, Hasher as _};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use pushtalk_engine::face::{Button, ErrorCode, Intent, Manners, Microphone, Stage, View, WindowPlace};
use tauri::async_runtime::spawn;
use tauri::image::Image;
use tauri::menu::{CheckMenuItem, Menu, MenuEvent, MenuItem, PredefinedMenuItem};
use tauri::tray::{MouseButton, MouseButtonState, TrayIcon, TrayIconBuilder, TrayIconEvent};
use tauri::{
    AppHandle, Builder, Config, LogicalSize, Manager, PhysicalPosition, PhysicalSize, WebviewWindow,
    WindowEvent, Wry, include_image,
};
use tauri_plugin_autostart::ManagerExt as _;
use tauri_plugin_notification::NotificationExt as _;

use crate::arguments::{Arguments, Errand};
use crate::news::news;
use crate::session::{self, Session};
use crate::words::words;

const WINDOW: &str = "main";
/// Said once the window rests for so long.
const SETTLED: Duration = Duration::from_millis(500);
/// Most that is told is told once in so long.
const BETWEEN_NEWS: Duration = Duration::from_secs(10);
/// Of the small window.
const SMALL: LogicalSize<f64> = LogicalSize::new(280.0, 320.0);
const SMALLEST: LogicalSize<f64> = LogicalSize::new(240.0, 260.0);

/// What is known of the window and the tray.
#[derive(Default)]
struct Desktop {
    tray: Mutex<Option<Tray>>,
    focused: AtomicBool,
    /// The size that the window had before it was made small.
    before: Mutex<Option<PhysicalSize<u32>>>,
    moved: tokio::sync::Notify,
}

/// The plugins that make it one program among others.
pub(crate) fn plugins(builder: Builder<Wry>, config: &Config, profile: Option<&Path>) -> Builder<Wry> {
    let builder =
        builder.plugin(tauri_plugin_autostart::Builder::new().arg("--hidden").app_name("PushTalk").build());
    // Each profile is a program of its own; only on Linux can two of them be told apart.
    if profile.is_some() && !cfg!(target_os = "linux") {
        return builder;
    }
    let mut id = config.identifier.clone();
    if let Some(profile) = profile {
        let mut hasher = DefaultHasher::new();
        profile.hash(&mut hasher);
        id.push_str(&format!(".profile{:x}", hasher.finish()));
    }
    let single = tauri_plugin_single_instance::Builder::new().dbus_id(id).callback(|app, words, _| {
        if let Ok(arguments) = Arguments::parse(words.into_iter().skip(1).map(Into::into)) {
            let errand = match arguments.errand {
                Some(Errand::Join(link)) => Some(link),
                _ => None,
            };
            session::offer(app, arguments.link.as_deref().into_iter().chain(errand.as_deref()));
        }
        show_window(app);
    });
    builder.plugin(single.build())
}

/// True while the window has the focus.
pub(crate) fn has_focus(app: &AppHandle) -> bool {
    app.try_state::<Desktop>().is_some_and(|desktop| desktop.focused.load(Ordering::Relaxed))
}

/// Puts a picture into the tray and follows what happens. True when there is a tray.
pub(crate) fn begin(app: &AppHandle) -> bool {
    app.manage(Desktop::default());
    // On Linux the library of the tray is loaded when it is first wanted, and panics when it is not installed.
    let tray = catch_unwind(AssertUnwindSafe(|| Tray::put(app)));
    let tray = match tray {
        Ok(Ok(tray)) => Some(tray),
        Ok(Err(error)) => {
            tracing::warn!(%error, "there is no tray");
            None
        }
        Err(_) => {
            tracing::warn!("there is no tray: libayatana-appindicator3 is not installed");
            None
        }
    };
    let is_there = tray.is_some();
    *app.state::<Desktop>().tray.lock().unwrap_or_else(PoisonError::into_inner) = tray;
    spawn(follow(app.clone()));
    spawn(remember(app.clone()));
    is_there
}

/// What happens to a window.
pub(crate) fn window_event(app: &AppHandle, label: &str, event: &WindowEvent) {
    let (Some(desktop), Some(window)) = (app.try_state::<Desktop>(), app.get_webview_window(label)) else {
        return;
    };
    match event {
        WindowEvent::Focused(focused) => desktop.focused.store(*focused, Ordering::Relaxed),
        WindowEvent::Resized(_) | WindowEvent::Moved(_) => desktop.moved.notify_one(),
        WindowEvent::CloseRequested { api, .. } if stays_in_tray(app) => {
            api.prevent_close();
            drop(window.hide());
        }
        _ => {}
    }
}

fn stays_in_tray(app: &AppHandle) -> bool {
    let has_tray = app.state::<Desktop>().tray.lock().unwrap_or_else(PoisonError::into_inner).is_some();
    let wanted = || app.state::<Session>().engine().views().borrow().preferences.manners.close_to_tray;
    has_tray && wanted()
}

fn show_window(app: &AppHandle) {
    if let Some(window) = app.get_webview_window(WINDOW) {
        drop(window.show());
        drop(window.unminimize());
        drop(window.set_focus());
    }
}

/// Puts the window where it was last, if there is still a screen there.
pub(crate) fn put_back(app: &AppHandle, window: &WebviewWindow) {
    let Some(place) = app.state::<Session>().engine().views().borrow().preferences.window else { return };
    if place.width > 0 && place.height > 0 {
        drop(window.set_size(PhysicalSize::new(place.width, place.height)));
    }
    if let Some((x, y)) = place.at
        && window.available_monitors().is_ok_and(|all| {
            all.iter().any(|screen| holds(*screen.position(), *screen.size(), place, (x, y)))
        })
    {
        drop(window.set_position(PhysicalPosition::new(x, y)));
    }
    if place.maximized {
        drop(window.maximize());
    }
}

/// True when the upper edge of the window, by which it is moved, can be reached on this screen.
fn holds(at: PhysicalPosition<i32>, size: PhysicalSize<u32>, place: WindowPlace, (x, y): (i32, i32)) -> bool {
    const EDGE: i64 = 48;
    let (left, top) = (i64::from(at.x), i64::from(at.y));
    let (right, bottom) = (left + i64::from(size.width), top + i64::from(size.height));
    let (x, y) = (i64::from(x), i64::from(y));
    x + i64::from(place.width) >= left + EDGE
        && x + EDGE <= right
        && y + EDGE / 2 >= top
        && y + EDGE <= bottom
}

/// Remembers where the window is, once it rests there.
async fn remember(app: AppHandle) {
    // What happens at the start is our own doing.
    tokio::time::sleep(2 * SETTLED).await;
    let desktop = app.state::<Desktop>();
    loop {
        desktop.moved.notified().await;
        while tokio::time::timeout(SETTLED, desktop.moved.notified()).await.is_ok() {}
        let Some(window) = app.get_webview_window(WINDOW) else { continue };
        let is_small = desktop.before.lock().unwrap_or_else(PoisonError::into_inner).is_some();
        let is_seen = window.is_visible().unwrap_or(false) && !window.is_minimized().unwrap_or(true);
        if is_small || !is_seen {
            continue;
        }
        let engine = app.state::<Session>().engine().clone();
        let last = engine.views().borrow().preferences.window;
        if let Some(place) = place(&window, last) {
            engine.window_is(place).await;
        }
    }
}

/// Where it is. While it fills the screen it keeps the size and the place that it comes back to.
fn place(window: &WebviewWindow, last: Option<WindowPlace>) -> Option<WindowPlace> {
    if window.is_maximized().ok()? {
        return Some(WindowPlace { maximized: true, ..last.unwrap_or_default() });
    }
    let size = window.inner_size().ok()?;
    let at = window.outer_position().ok().map(|at| (at.x, at.y));
    Some(WindowPlace { width: size.width, height: size.height, at, maximized: false })
}

/// Makes the window a small one that stays above all others, or the usual one again.
pub(crate) fn small(window: &WebviewWindow, on: bool) {
    let desktop = window.state::<Desktop>();
    let mut before = desktop.before.lock().unwrap_or_else(PoisonError::into_inner);
    if on == before.is_some() {
        return;
    }
    if on {
        *before = window.inner_size().ok();
        drop(window.unmaximize());
        drop(window.set_min_size(Some(SMALLEST)));
        drop(window.set_size(SMALL));
    } else if let Some(size) = before.take() {
        drop(window.set_size(size));
        let config = window.config().app.windows.first();
        let least = config.and_then(|it| Some(LogicalSize::new(it.min_width?, it.min_height?)));
        drop(window.set_min_size(least));
    }
    drop(window.set_always_on_top(on));
}

/// Keeps the tray, notifications and the start at login as the views want it.
async fn follow(app: AppHandle) {
    let engine = app.state::<Session>().engine().clone();
    let mut views = engine.views();
    let mut before = views.borrow_and_update().clone();
    let mut told = None::<tokio::time::Instant>;
    show_in_tray(&app, &before);
    while views.changed().await.is_ok() {
        let now = views.borrow_and_update().clone();
        show_in_tray(&app, &now);
        let manners = now.preferences.manners;
        let (was, wanted) = (before.preferences.manners.start_at_login, manners.start_at_login);
        if was != wanted {
            let login = app.autolaunch();
            let done = if wanted { login.enable() } else { login.disable() };
            if let Err(error) = done {
                tracing::warn!(%error, "start at login");
                let manners = Manners { start_at_login: was, ..manners };
                engine.act(Intent::SetManners { manners }).await;
                engine.notice(ErrorCode::StartAtLoginFailed, None).await;
            }
        }
        let focused = app.state::<Desktop>().focused.load(Ordering::Relaxed);
        let rested = told.is_none_or(|at| at.elapsed() >= BETWEEN_NEWS);
        if manners.notify
            && !manners.quiet
            && !focused
            && rested
            && let Some(text) = news(&before, &now, words(now.preferences.language))
        {
            told = Some(tokio::time::Instant::now());
            if app.notification().builder().title("PushTalk").body(text).show().is_err() {
                tracing::debug!("the system takes no notifications");
            }
        }
        before = now;
    }
}

/// What the picture in the tray tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Home,
    Room,
    OnAir,
    Whispering,
    Silent,
    Offline,
}

impl State {
    fn of(view: &View) -> Self {
        let Stage::Room(room) = &view.stage else { return Self::Home };
        match room.button {
            Button::Talking { .. } if !room.whispering.is_empty() => Self::Whispering,
            Button::Talking { .. } => Self::OnAir,
            Button::Offline | Button::Reconnecting { .. } | Button::KeyMismatch { .. } => Self::Offline,
            _ if matches!(room.microphone, Microphone::Off | Microphone::Failed) => Self::Silent,
            _ => Self::Room,
        }
    }

    fn picture(self) -> Image<'static> {
        match self {
            Self::Home => include_image!("icons/tray/home.png"),
            Self::Room => include_image!("icons/tray/room.png"),
            Self::OnAir | Self::Whispering => include_image!("icons/tray/on-air.png"),
            Self::Silent => include_image!("icons/tray/silent.png"),
            Self::Offline => include_image!("icons/tray/offline.png"),
        }
    }
}

/// The picture in the tray, with its menu.
struct Tray {
    icon: TrayIcon,
    show: MenuItem<Wry>,
    microphone: CheckMenuItem<Wry>,
    deafen: CheckMenuItem<Wry>,
    leave: MenuItem<Wry>,
    quit: MenuItem<Wry>,
    shown: Option<(State, bool, bool, &'static str)>,
}

impl Tray {
    fn put(app: &AppHandle) -> anyhow::Result<Self> {
        let words = words(app.state::<Session>().engine().views().borrow().preferences.language);
        let item = |id: &str, text: &str| MenuItem::with_id(app, id, text, true, None::<&str>);
        let check = |id: &str, text: &str| CheckMenuItem::with_id(app, id, text, false, false, None::<&str>);
        let (show, leave) = (item("show", words.show)?, item("leave", words.leave)?);
        let (microphone, deafen) = (check("microphone", words.microphone)?, check("deafen", words.deafen)?);
        let quit = item("quit", words.quit)?;
        let (one, other) = (PredefinedMenuItem::separator(app)?, PredefinedMenuItem::separator(app)?);
        let menu = Menu::with_items(app, &[&show, &one, &microphone, &deafen, &leave, &other, &quit])?;
        let icon = TrayIconBuilder::with_id("tray")
            .icon(State::Home.picture())
            .tooltip("PushTalk")
            .menu(&menu)
            .show_menu_on_left_click(false)
            .on_menu_event(chosen)
            .on_tray_icon_event(|icon, event| {
                if let TrayIconEvent::Click {
                    button: MouseButton::Left,
                    button_state: MouseButtonState::Up,
                    ..
                } = event
                {
                    show_window(icon.app_handle());
                }
            })
            .build(app)
            .context("the tray")?;
        Ok(Self { icon, show, microphone, deafen, leave, quit, shown: None })
    }

    fn show(&mut self, view: &View) -> tauri::Result<()> {
        let words = words(view.preferences.language);
        let state = State::of(view);
        let room = if let Stage::Room(room) = &view.stage { Some(room) } else { None };
        let microphone = room.is_some_and(|room| room.microphone != Microphone::Off);
        let deafened = room.is_some_and(|room| room.button == Button::Deafened);
        let shown = (state, microphone, deafened, words.show);
        if self.shown == Some(shown) {
            return Ok(());
        }
        self.shown = Some(shown);
        self.icon.set_icon(Some(state.picture()))?;
        let now = words.states[state as usize];
        self.icon.set_tooltip(Some(format!("PushTalk: {now}")))?;
        self.show.set_text(words.show)?;
        self.microphone.set_text(words.microphone)?;
        self.microphone.set_enabled(room.is_some())?;
        self.microphone.set_checked(microphone)?;
        self.deafen.set_text(words.deafen)?;
        self.deafen.set_enabled(room.is_some())?;
        self.deafen.set_checked(deafened)?;
        self.leave.set_text(words.leave)?;
        self.leave.set_enabled(room.is_some())?;
        self.quit.set_text(words.quit)
    }
}

fn show_in_tray(app: &AppHandle, view: &View) {
    let desktop = app.state::<Desktop>();
    let mut tray = desktop.tray.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some(tray) = &mut *tray
        && let Err(error) = tray.show(view)
    {
        tracing::debug!(%error, "the tray did not change");
    }
}

/// What a person chose in the menu of the tray.
fn chosen(app: &AppHandle, event: MenuEvent) {
    let engine = app.state::<Session>().engine().clone();
    let view = engine.views().borrow().clone();
    let room = if let Stage::Room(room) = &view.stage { Some(room) } else { None };
    let intent = match (event.id().as_ref(), room) {
        ("show", _) => return show_window(app),
        ("quit", _) => return app.exit(0),
        ("microphone", Some(room)) if room.microphone == Microphone::Off => Intent::EnableAudio,
        ("microphone", Some(_)) => Intent::DisableAudio,
        ("deafen", Some(room)) => Intent::SetDeafened { on: room.button != Button::Deafened },
        ("leave", Some(_)) => Intent::Leave,
        _ => return,
    };
    // A tick that the menu has made by itself is set right by the view that follows.
    if let Some(tray) = &mut *app.state::<Desktop>().tray.lock().unwrap_or_else(PoisonError::into_inner) {
        tray.shown = None;
    }
    spawn(async move { engine.act(intent).await });
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_back_only_where_it_can_be_moved_from() {
        let screen = (PhysicalPosition::new(0, 0), PhysicalSize::new(1920, 1080));
        let place = WindowPlace { width: 900, height: 640, at: None, maximized: false };
        let is_held = |x, y| holds(screen.0, screen.1, place, (x, y));
        for good in [(0, 0), (1000, 400), (-800, 10), (1860, 1000), (10, -20)] {
            assert!(is_held(good.0, good.1), "{good:?}");
        }
        for bad in [(-880, 10), (1900, 10), (10, -400), (10, 1070), (3000, 3000)] {
            assert!(!is_held(bad.0, bad.1), "{bad:?}");
        }
    }
}
