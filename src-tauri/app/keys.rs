//! Keys of the whole system: a listener runs while a person has bound some, and not otherwise.

use std::sync::Arc;

use pushtalk_engine::Engine;
use pushtalk_engine::face::KeyReach;
use pushtalk_engine::ptt::Chord;
use pushtalk_keys::{KeysError, Listener, Told};
use tauri::AppHandle;
use tokio::sync::mpsc;

/// Follows what is bound, for as long as the program runs.
pub(crate) async fn follow(app: AppHandle, engine: Arc<Engine>) {
    let mut views = engine.views();
    let (tell, mut told) = mpsc::unbounded_channel::<(u32, Told)>();
    let mut bound: Vec<String> = Vec::new();
    let mut round = 0_u32;
    let mut listener = None;
    loop {
        let view = views.borrow_and_update().clone();
        let wanted = view.preferences.keys.iter().map(|key| &key.chord);
        if !wanted.clone().eq(&bound) {
            bound = wanted.cloned().collect();
            round = round.wrapping_add(1);
            // The one before is over before the next begins.
            drop(listener.take());
            let (started, reach) = start(&bound, round, tell.clone());
            listener = started;
            engine.keys_reach(reach).await;
        }
        tokio::select! {
            changed = views.changed() => if changed.is_err() { return },
            Some((of, told)) = told.recv() => match told {
                _ if of != round => {}
                Told::Changed((place, down)) => {
                    if let Some(chord) = bound.get(place) {
                        let elsewhere = !crate::desktop::has_focus(&app);
                        engine.key(chord.clone(), down, elsewhere).await;
                    }
                }
                Told::Gone => engine.keys_reach(KeyReach::ThisWindowRefused).await,
            },
        }
    }
}

fn start(
    bound: &[String],
    round: u32,
    tell: mpsc::UnboundedSender<(u32, Told)>,
) -> (Option<Listener>, KeyReach) {
    // The engine has read them before it kept them; a file may hold anything.
    let Ok(chords) = bound.iter().map(|chord| chord.parse()).collect::<Result<Vec<Chord>, _>>() else {
        return (None, KeyReach::ThisWindowRefused);
    };
    if chords.is_empty() {
        return (None, KeyReach::Nowhere);
    }
    match Listener::start(&chords, move |told| {
        let _ = tell.send((round, told));
    }) {
        Ok(listener) => (Some(listener), KeyReach::Everywhere),
        Err(error) => {
            tracing::info!(%error, "keys of the whole system are not heard");
            let reach = match error {
                KeysError::Wayland => KeyReach::ThisWindowByDesktop,
                KeysError::NoDisplay | KeysError::Refused => KeyReach::ThisWindowRefused,
                KeysError::Unsupported => KeyReach::ThisWindowBySystem,
            };
            (None, reach)
        }
    }
}
