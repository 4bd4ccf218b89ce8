//! Keys of the whole system: a listener runs while a person has bound some, and not otherwise.

use std::sync::Arc;

use pushtalk_engine::Engine;
use pushtalk_engine::face::{Bound, KeyReach, Preferences, Trigger};
use pushtalk_keys::{Binding, KeysError, Listener, Reach, Told};
use tauri::AppHandle;
use tokio::sync::mpsc;

use crate::words::words;

/// Follows what is bound, for as long as the program runs.
pub(crate) async fn follow(app: AppHandle, engine: Arc<Engine>) {
    let mut views = engine.views();
    let (tell, mut told) = mpsc::unbounded_channel::<(u32, Told)>();
    let mut bound: Vec<Bound> = Vec::new();
    let mut raw = false;
    let mut round = 0_u32;
    let mut listener = None;
    loop {
        let view = views.borrow_and_update().clone();
        let wanted = &view.preferences;
        if wanted.keys != bound || wanted.raw_keys != raw {
            bound.clone_from(&wanted.keys);
            raw = wanted.raw_keys;
            round = round.wrapping_add(1);
            // The one before is over before the next begins.
            drop(listener.take());
            match start(wanted, round, tell.clone()) {
                Ok(started) => listener = Some(started),
                Err(reach) => engine.keys_reach(reach, Vec::new()).await,
            }
        }
        tokio::select! {
            changed = views.changed() => if changed.is_err() { return },
            Some((of, told)) = told.recv() => match told {
                _ if of != round => {}
                Told::Changed((place, down)) => {
                    if let Some(key) = bound.get(place) {
                        let elsewhere = !crate::desktop::has_focus(&app);
                        engine.key(key.chord.clone(), down, elsewhere).await;
                    }
                }
                Told::Taken(places) => {
                    let taken = places.into_iter().filter_map(|place| bound.get(place));
                    engine.keys_taken(taken.map(|key| key.chord.clone()).collect()).await;
                }
                Told::Reach(reach) => {
                    let (reach, triggers) = shown(reach, &bound);
                    engine.keys_reach(reach, triggers).await;
                }
            },
        }
    }
}

fn start(
    wanted: &Preferences,
    round: u32,
    tell: mpsc::UnboundedSender<(u32, Told)>,
) -> Result<Listener, KeyReach> {
    let binding = |key: &Bound| {
        let chord = key.chord.parse().ok()?;
        Some(Binding { chord, description: words(wanted.language).does(key.does).to_owned() })
    };
    // The engine has read them before it kept them; a file may hold anything.
    let bindings =
        wanted.keys.iter().map(binding).collect::<Option<Vec<_>>>().ok_or(KeyReach::ThisWindowRefused)?;
    if bindings.is_empty() {
        return Err(KeyReach::Nowhere);
    }
    let tell = move |told| drop(tell.send((round, told)));
    let started =
        if wanted.raw_keys { Listener::raw(&bindings, tell) } else { Listener::start(&bindings, tell) };
    started.map_err(|error| {
        tracing::info!(%error, "keys of the whole system are not heard");
        match error {
            KeysError::NoDisplay | KeysError::Refused => KeyReach::ThisWindowRefused,
            KeysError::Unsupported => KeyReach::ThisWindowBySystem,
        }
    })
}

fn shown(reach: Reach, bound: &[Bound]) -> (KeyReach, Vec<Trigger>) {
    let reach = match reach {
        Reach::Everywhere => KeyReach::Everywhere,
        Reach::ByDesktop(by) => {
            let trigger =
                |(key, by): (&Bound, Option<String>)| Some(Trigger { chord: key.chord.clone(), by: by? });
            return (KeyReach::ByDesktop, bound.iter().zip(by).filter_map(trigger).collect());
        }
        Reach::Asking => KeyReach::ThisWindowAsking,
        Reach::Denied => KeyReach::ThisWindowDenied,
        Reach::NoPortal => KeyReach::ThisWindowNoPortal,
        Reach::Unreadable => KeyReach::ThisWindowUnreadable,
        Reach::NotAllowed => KeyReach::ThisWindowNotAllowed,
        Reach::Gone => KeyReach::ThisWindowGone,
    };
    tracing::info!(?reach, "how keys of the whole system are heard");
    (reach, Vec::new())
}

/// Whatever is held is let go of where nobody would see it come up.
#[cfg(target_os = "linux")]
pub(crate) async fn let_go_when_away(engine: Arc<Engine>) {
    let (tell, mut told) = mpsc::unbounded_channel();
    pushtalk_keys::watch_away(move || {
        let _ = tell.send(());
    });
    while told.recv().await.is_some() {
        engine.hand(pushtalk_engine::ptt::Input::Away).await;
    }
}
