//! The Tauri shell: a window, its doors, and what stays on this device.

mod arguments;
mod commands;
#[cfg(desktop)]
mod control;
#[cfg(desktop)]
mod desktop;
mod errand;
#[cfg(test)]
mod guard_test;
mod kept;
#[cfg(desktop)]
mod keys;
#[cfg(desktop)]
mod news;
mod session;
mod window;
#[cfg(desktop)]
mod words;

use std::io::{IsTerminal as _, Write as _};

use anyhow::Context as _;
pub use arguments::{Arguments, Errand};
use tauri::RunEvent;
use tauri::utils::config::AppDirectoriesOverride;
use tauri::webview::PermissionResponse;
use tracing_subscriber::EnvFilter;

use crate::session::Session;

/// Opens the window and stays until it is closed.
///
/// # Errors
/// When there is no display, or the window cannot be made.
pub fn run(arguments: Arguments) -> anyhow::Result<()> {
    if let Some(Errand::Say(text)) = &arguments.errand {
        return Ok(std::io::stdout().write_all(text.as_bytes())?);
    }
    #[cfg(desktop)]
    if let Some(Errand::Ask { request, json }) = &arguments.errand {
        let answer = control::errand(*request, *json, arguments.profile.as_deref())?;
        return Ok(std::io::stdout().write_all(answer.as_bytes())?);
    }
    pushtalk_process::forbid_core_dumps()?;
    // Each member has sockets of its own; where no more are allowed, small rooms work all the same.
    drop(pushtalk_process::allow_many_files());
    log();
    let mut context = tauri::generate_context!();
    if let Some(profile) = &arguments.profile {
        let profile = std::path::absolute(profile).context("the profile directory cannot be named")?;
        context.config_mut().app.app_directories_override = Some(AppDirectoriesOverride::Root(profile));
    }
    let builder = tauri::Builder::default();
    // First: a second program hands over what it was started with, and ends before it has begun anything.
    #[cfg(desktop)]
    let builder = desktop::plugins(builder, context.config(), arguments.profile.as_deref());
    builder
        .plugin(tauri_plugin_store::Builder::new().build())
        .plugin(tauri_plugin_notification::init())
        // The microphone belongs to the program, not to the page.
        .on_permission_request(|_, _| PermissionResponse::Deny)
        .invoke_handler(tauri::generate_handler![
            commands::act,
            commands::watch,
            commands::levels,
            commands::small,
            commands::export,
        ])
        .setup(move |app| {
            let hidden = arguments.hidden;
            Session::begin(app.handle(), arguments)?;
            #[cfg(desktop)]
            let hidden = desktop::begin(app.handle()) && hidden;
            window::open(app.handle(), hidden)?;
            Ok(())
        })
        .build(context)
        .context("the window cannot be made")?
        .run(|app, event| match event {
            RunEvent::ExitRequested { api, code, .. } => session::before_exit(app, &api, code),
            #[cfg(desktop)]
            RunEvent::WindowEvent { label, event, .. } => desktop::window_event(app, &label, &event),
            #[cfg(any(target_os = "macos", target_os = "ios", target_os = "android"))]
            RunEvent::Opened { urls } => session::offer(app, urls.iter().map(tauri::Url::as_str)),
            _ => {}
        });
    Ok(())
}

/// Says on standard error what happens here; `PUSHTALK_LOG` chooses how much.
fn log() {
    let filter = EnvFilter::new(pushtalk_process::log_directives("pushtalk", "info"));
    let colours = std::io::stderr().is_terminal();
    let lines =
        tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).with_ansi(colours);
    // Fails only when somebody else listens already.
    drop(lines.try_init());
}
