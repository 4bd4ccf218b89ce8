//! Windows and macOS: what the system tells to whoever listens. Nothing is taken away from the program in front.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;
#[cfg(windows)]
use std::time::Instant;

use handy_keys::{Error, Key as Hooked, KeyEvent, KeyboardListener, Modifiers};
use pushtalk_ptt::{Change, Key, Watcher};

#[cfg(windows)]
use crate::asked::is_down;
#[cfg(windows)]
use crate::seen::Seen;
use crate::{Binding, KeysError, Reach, Told, chords, keypad};

/// How soon it ends when it is dropped, at the latest; and on Windows how often it is asked whether what is down is.
const LOOK: Duration = Duration::from_millis(100);

pub(crate) struct Listener {
    stopped: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(
        bound: &[Binding],
        mut tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        let stopped = Arc::new(AtomicBool::new(false));
        let (stop, mut watcher) = (Arc::clone(&stopped), Watcher::new(&chords(bound)));
        let listen = move || {
            let mut told = false;
            loop {
                let ended = match KeyboardListener::new() {
                    Ok(hook) => {
                        if !std::mem::replace(&mut told, true) {
                            tell(Told::Reach(Reach::Everywhere));
                        }
                        listen(&hook, &stop, &mut watcher, &mut tell)
                    }
                    Err(error) => {
                        tracing::info!(%error, "keys of the whole system are not heard");
                        match error {
                            Error::AccessibilityNotGranted => Ended::Because(Reach::NotAllowed),
                            _ => Ended::Because(Reach::Gone),
                        }
                    }
                };
                match ended {
                    Ended::Stopped => return,
                    Ended::Because(reach) => return tell(Told::Reach(reach)),
                    Ended::Stale => {}
                }
            }
        };
        let thread = std::thread::Builder::new().name("talk-keys".into()).spawn(listen);
        Ok(Self { stopped, thread: Some(thread.map_err(|_| KeysError::Refused)?) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        self.stopped.store(true, Ordering::Release);
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// Why it listens no more.
enum Ended {
    Stopped,
    Because(Reach),
    /// What the hook thinks to be held is not: it would not tell the next press of a modifier.
    #[cfg_attr(not(windows), expect(dead_code, reason = "only Windows is asked"))]
    Stale,
}

fn listen(
    hook: &KeyboardListener,
    stopped: &AtomicBool,
    watcher: &mut Watcher,
    tell: &mut impl FnMut(Told),
) -> Ended {
    #[cfg(windows)]
    let (mut asked, mut seen) = (Instant::now(), Seen::default());
    while !stopped.load(Ordering::Acquire) {
        #[cfg(windows)]
        if !watcher.is_idle() && asked.elapsed() >= LOOK {
            asked = Instant::now();
            let held = watcher.held();
            for change in seen.look(watcher, is_down) {
                tell(Told::Changed(change));
            }
            if watcher.held() != held {
                return Ended::Stale;
            }
        }
        match hook.recv_timeout(LOOK) {
            Ok(event) => {
                // Windows tells a key before it counts it as down.
                #[cfg(windows)]
                {
                    asked = Instant::now();
                    if let Some(key) = understood(&event) {
                        seen.told(key);
                    }
                }
                for change in heard(watcher, &event) {
                    tell(Told::Changed(change));
                }
            }
            Err(Error::Timeout) => {}
            Err(_) => return Ended::Because(Reach::Gone),
        }
    }
    Ended::Stopped
}

/// What an event changes.
fn heard(watcher: &mut Watcher, event: &KeyEvent) -> Vec<Change> {
    // What came up while nobody was told, as behind a locked screen, is missing from the event.
    let held =
        |key: Key| SIDES.iter().all(|(name, side)| key.name() != *name || event.modifiers.contains(*side));
    let mut changes = watcher.confirm(held);
    let Some(key) = understood(event) else { return changes };
    changes.extend(watcher.key(key, event.is_key_down));
    if !event.is_key_down {
        // Shift and Num Lock, pressed meanwhile, make another key of it.
        let twin = keypad::twin(key.name());
        changes.extend(twin.and_then(Key::named).into_iter().flat_map(|twin| watcher.key(twin, false)));
    }
    changes
}

const SIDES: [(&str, Modifiers); 8] = [
    ("ControlLeft", Modifiers::CTRL_LEFT),
    ("ControlRight", Modifiers::CTRL_RIGHT),
    ("ShiftLeft", Modifiers::SHIFT_LEFT),
    ("ShiftRight", Modifiers::SHIFT_RIGHT),
    ("AltLeft", Modifiers::OPT_LEFT),
    ("AltRight", Modifiers::OPT_RIGHT),
    ("MetaLeft", Modifiers::CMD_LEFT),
    ("MetaRight", Modifiers::CMD_RIGHT),
];

fn understood(event: &KeyEvent) -> Option<Key> {
    match (event.key, event.changed_modifier) {
        (Some(key), _) => Key::named(&code(key)?),
        (None, Some(changed)) => {
            let (name, _) = SIDES.iter().find(|(_, side)| *side == changed)?;
            Key::named(name)
        }
        (None, None) => None,
    }
}

/// The `code` of a key (W3C UI Events); none for one that cannot be bound.
fn code(key: Hooked) -> Option<String> {
    let word = match key {
        Hooked::Space => "Space",
        Hooked::Return => "Enter",
        Hooked::Tab => "Tab",
        Hooked::Escape => "Escape",
        Hooked::Delete => "Backspace",
        Hooked::ForwardDelete => "Delete",
        Hooked::Insert => "Insert",
        Hooked::Pause => "Pause",
        Hooked::Home => "Home",
        Hooked::End => "End",
        Hooked::PageUp => "PageUp",
        Hooked::PageDown => "PageDown",
        Hooked::LeftArrow => "ArrowLeft",
        Hooked::RightArrow => "ArrowRight",
        Hooked::UpArrow => "ArrowUp",
        Hooked::DownArrow => "ArrowDown",
        Hooked::Minus => "Minus",
        Hooked::Equal => "Equal",
        Hooked::LeftBracket => "BracketLeft",
        Hooked::RightBracket => "BracketRight",
        Hooked::Backslash => "Backslash",
        Hooked::Semicolon => "Semicolon",
        Hooked::Quote => "Quote",
        Hooked::Comma => "Comma",
        Hooked::Period => "Period",
        Hooked::Slash => "Slash",
        Hooked::Grave => "Backquote",
        Hooked::Section => "IntlBackslash",
        Hooked::KeypadDecimal => "NumpadDecimal",
        Hooked::KeypadMultiply => "NumpadMultiply",
        Hooked::KeypadPlus => "NumpadAdd",
        Hooked::KeypadMinus => "NumpadSubtract",
        Hooked::KeypadDivide => "NumpadDivide",
        Hooked::KeypadEnter => "NumpadEnter",
        Hooked::CapsLock => "CapsLock",
        Hooked::ScrollLock => "ScrollLock",
        Hooked::NumLock => "NumLock",
        Hooked::PrintScreen => "PrintScreen",
        Hooked::ContextMenu => "ContextMenu",
        Hooked::PlayPause => "MediaPlayPause",
        Hooked::Stop => "MediaStop",
        Hooked::PrevTrack => "MediaTrackPrevious",
        Hooked::NextTrack => "MediaTrackNext",
        Hooked::MouseMiddle => "Mouse3",
        Hooked::MouseX1 => "Mouse4",
        Hooked::MouseX2 => "Mouse5",
        _ => return numbered(key),
    };
    Some(word.to_owned())
}

/// Letters, digits, function keys and those of the keypad, by the names that they have there.
fn numbered(key: Hooked) -> Option<String> {
    let name = format!("{key:?}");
    if let [letter] = name.as_bytes() {
        return letter.is_ascii_uppercase().then(|| format!("Key{name}"));
    }
    if let Some(digit) = name.strip_prefix("Num") {
        return Some(format!("Digit{digit}"));
    }
    if let Some(digit) = name.strip_prefix("Keypad") {
        return Some(format!("Numpad{digit}"));
    }
    name.starts_with('F').then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(key: Hooked) -> Option<&'static str> {
        let event = KeyEvent {
            modifiers: Modifiers::empty(),
            key: Some(key),
            is_key_down: true,
            changed_modifier: None,
        };
        understood(&event).map(Key::name)
    }

    #[test]
    fn keys_have_the_names_by_which_they_are_bound() {
        for (key, name) in [
            (Hooked::A, "KeyA"),
            (Hooked::Num7, "Digit7"),
            (Hooked::F1, "F1"),
            (Hooked::F20, "F20"),
            (Hooked::Keypad0, "Numpad0"),
            (Hooked::KeypadPlus, "NumpadAdd"),
            (Hooked::Delete, "Backspace"),
            (Hooked::PlayPause, "MediaPlayPause"),
            (Hooked::MouseX1, "Mouse4"),
        ] {
            assert_eq!(of(key), Some(name));
        }
        for key in [Hooked::MouseLeft, Hooked::JisKana, Hooked::Dictation, Hooked::KeypadClear] {
            assert_eq!(of(key), None, "{key:?}");
        }
    }

    #[test]
    fn a_modifier_is_a_key_of_its_own_and_has_a_side() {
        let event = |changed| KeyEvent {
            modifiers: Modifiers::CTRL_RIGHT,
            key: None,
            is_key_down: true,
            changed_modifier: changed,
        };
        let of = |changed| understood(&event(Some(changed))).map(Key::name);
        assert_eq!(of(Modifiers::CTRL_RIGHT), Some("ControlRight"));
        assert_eq!(of(Modifiers::OPT_LEFT), Some("AltLeft"));
        assert_eq!(of(Modifiers::FN), None);
        assert_eq!(understood(&event(None)), None);
    }

    fn press(key: Option<Hooked>, changed: Option<Modifiers>, held: Modifiers, down: bool) -> KeyEvent {
        KeyEvent { modifiers: held, key, is_key_down: down, changed_modifier: changed }
    }

    #[test]
    fn nothing_stays_down_that_came_up_as_another_key_or_behind_a_locked_screen() {
        let chords = ["Numpad0", "ControlRight", "F8"].map(|chord| chord.parse().unwrap());
        let mut watcher = Watcher::new(&chords);
        let none = Modifiers::empty();
        let down = press(Some(Hooked::Keypad0), None, none, true);
        assert_eq!(heard(&mut watcher, &down), [(0, true)]);
        let shift = Modifiers::SHIFT_LEFT;
        assert_eq!(heard(&mut watcher, &press(None, Some(shift), shift, true)), []);
        assert_eq!(heard(&mut watcher, &press(Some(Hooked::Insert), None, shift, false)), [(0, false)]);

        let right = Modifiers::CTRL_RIGHT;
        assert_eq!(heard(&mut watcher, &press(None, Some(right), right, true)), [(1, true)]);
        assert_eq!(heard(&mut watcher, &press(Some(Hooked::F8), None, none, true)), [(1, false), (2, true)]);
        assert_eq!(heard(&mut watcher, &press(Some(Hooked::F8), None, none, false)), [(2, false)]);
    }
}
