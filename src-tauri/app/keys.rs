//! Keys of the whole system and buttons of gamepads: listeners run while a person has bound some, and not otherwise.

use std::sync::Arc;

use pushtalk_engine::Engine;
use pushtalk_engine::brain::GamepadNews;
use pushtalk_engine::face::{Bound, KeyReach, Language, Preferences, Trigger, View};
#[cfg(target_os = "linux")]
use pushtalk_engine::ptt;
use pushtalk_engine::ptt::Chord;
#[cfg(target_os = "linux")]
use pushtalk_keys::Away;
use pushtalk_keys::{Binding, KeysError, Listener, Pads, Reach, Told, Wanted};
use tauri::AppHandle;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};

use crate::words::words;

/// What is listened for.
#[derive(Default)]
struct Asked {
    /// As it is kept.
    all: Vec<Bound>,
    keys: Vec<Bound>,
    raw: bool,
    buttons: Vec<Bound>,
    /// A button is to be bound.
    any: bool,
}

impl Asked {
    fn of(view: &View) -> Self {
        let View { preferences, keys: shown, .. } = view;
        // The engine has read them before it kept them; a file may hold anything, also what a later version knows.
        let known = preferences.keys.iter().filter(|key| key.chord.parse::<Chord>().is_ok());
        let (buttons, keys) = known.cloned().partition(|key| Chord::is_gamepad(&key.chord));
        Self { all: preferences.keys.clone(), keys, raw: preferences.raw_keys, buttons, any: shown.binding }
    }

    fn is_of(&self, View { preferences, keys, .. }: &View) -> bool {
        self.all == preferences.keys && self.raw == preferences.raw_keys && self.any == keys.binding
    }
}

/// Tells of the listener that was started in this round.
type Teller = UnboundedSender<(u32, Told)>;

/// Follows what is bound, for as long as the program runs.
pub(crate) async fn follow(app: AppHandle, engine: Arc<Engine>) {
    let mut views = engine.views();
    let (tell, mut told) = unbounded_channel();
    let (tell_of_pads, mut told_of_pads) = unbounded_channel();
    let mut asked = Asked::default();
    let (mut round, mut round_of_pads) = (0_u32, 0_u32);
    let (mut listener, mut pads) = (None, None);
    loop {
        let view = views.borrow_and_update().clone();
        if !asked.is_of(&view) {
            let before = std::mem::replace(&mut asked, Asked::of(&view));
            if (&asked.keys, asked.raw) != (&before.keys, before.raw) {
                round = round.wrapping_add(1);
                // The one before is over before the next begins.
                end(listener.take()).await;
                match start(&asked.keys, &view.preferences, round, tell.clone()) {
                    Ok(started) => listener = Some(started),
                    Err(reach) => engine.keys_reach(reach, Vec::new()).await,
                }
            }
            if (&asked.buttons, asked.any) != (&before.buttons, before.any) {
                round_of_pads = round_of_pads.wrapping_add(1);
                end(pads.take()).await;
                // What the one before had told to be down, the next does not know of.
                for button in &before.buttons {
                    engine.key(button.chord.clone(), false, false).await;
                }
                pads = start_pads(&asked, view.preferences.language, round_of_pads, tell_of_pads.clone());
                if pads.is_none() {
                    engine.gamepad(GamepadNews::Heard(false)).await;
                }
            }
        }
        let (told, bound) = tokio::select! {
            changed = views.changed() => match changed {
                Ok(()) => continue,
                Err(_) => return,
            },
            Some((of, told)) = told.recv() => match of == round {
                true => (told, &asked.keys),
                false => continue,
            },
            Some((of, told)) = told_of_pads.recv() => match (of == round_of_pads, told) {
                (true, Told::Reach(reach)) => {
                    engine.gamepad(GamepadNews::Heard(reach == Reach::Everywhere)).await;
                    continue;
                }
                (true, told) => (told, &asked.buttons),
                (false, _) => continue,
            },
        };
        match told {
            Told::Changed((place, down)) => {
                if let Some(key) = bound.get(place) {
                    let elsewhere = !crate::desktop::has_focus(&app);
                    engine.key(key.chord.clone(), down, elsewhere).await;
                }
            }
            Told::Taken(places) => engine.keys_taken(chords(&places, bound)).await,
            Told::Unread(places) => engine.keys_unread(chords(&places, bound)).await,
            Told::Pressed(key) => engine.gamepad(GamepadNews::Pressed(key.name().to_owned())).await,
            Told::Reach(reach) => {
                let (reach, triggers) = shown(reach, bound);
                engine.keys_reach(reach, triggers).await;
            }
        }
    }
}

/// A listener ends when its thread has, which may first have to tell a bus that nobody reads.
async fn end(listener: Option<impl Send + 'static>) {
    drop(tokio::task::spawn_blocking(move || drop(listener)).await);
}

fn chords(places: &[usize], bound: &[Bound]) -> Vec<String> {
    places.iter().filter_map(|place| bound.get(*place)).map(|key| key.chord.clone()).collect()
}

fn bindings(bound: &[Bound], language: Language) -> Vec<Binding> {
    let binding = |key: &Bound| {
        let chord = key.chord.parse().ok()?;
        Some(Binding { chord, description: words(language).does(key.does).to_owned() })
    };
    bound.iter().filter_map(binding).collect()
}

fn start(bound: &[Bound], wanted: &Preferences, round: u32, tell: Teller) -> Result<Listener, KeyReach> {
    let bindings = bindings(bound, wanted.language);
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

/// None when no gamepad has to be listened to, or none can be.
fn start_pads(asked: &Asked, language: Language, round: u32, tell: Teller) -> Option<Pads> {
    let wanted = match asked {
        Asked { any: true, .. } => Wanted::Any,
        Asked { buttons, .. } if buttons.is_empty() => return None,
        Asked { buttons, .. } => Wanted::Bound(bindings(buttons, language)),
    };
    Pads::start(&wanted, move |told| drop(tell.send((round, told)))).ok()
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

/// Whatever is held is let go of where nobody would see it come up, and until somebody is there again no key talks.
#[cfg(target_os = "linux")]
pub(crate) async fn let_go_when_away(engine: Arc<Engine>) {
    let (tell, mut told) = unbounded_channel();
    pushtalk_keys::watch_away(move |why, begins| {
        let _ = tell.send((why, begins));
    });
    while let Some((why, begins)) = told.recv().await {
        match why {
            Away::Asked => engine.hand(ptt::Input::Away).await,
            why => engine.away(why as u8, begins).await,
        }
    }
}
