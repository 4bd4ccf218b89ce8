//! Windows: whether a key is down, asked of the system. Its hook is told nothing of what comes up behind a locked screen or a
//! question for more rights; there the system calls every key up.

use device_query::{DeviceState, Keycode};
use pushtalk_ptt::Key;

use crate::keypad::twin;

/// All that is down now.
pub(crate) struct Down {
    keys: Vec<Keycode>,
    /// By their numbers.
    buttons: Vec<bool>,
}

impl Down {
    pub(crate) fn now() -> Self {
        let state = DeviceState::new();
        Self { keys: state.query_keymap(), buttons: state.query_pointer().button_pressed }
    }

    /// True also for a key of which the system cannot be asked this way.
    pub(crate) fn has(&self, key: Key) -> bool {
        if let Some(number) = key.name().strip_prefix("Mouse").and_then(|number| number.parse::<usize>().ok())
        {
            return self.buttons.get(number).is_none_or(|down| *down);
        }
        let names = [Some(key.name()), twin(key.name())];
        let mut codes = names.into_iter().flatten().map(code);
        codes.any(|code| code.is_none_or(|code| self.keys.contains(&code)))
    }
}

/// A key by its `code` (W3C UI Events), as it is called when one asks.
fn code(name: &str) -> Option<Keycode> {
    let plain = name.strip_prefix("Key").or_else(|| name.strip_prefix("Arrow")).unwrap_or(name);
    let called = match plain {
        "ControlLeft" => "LControl",
        "ControlRight" => "RControl",
        "ShiftLeft" => "LShift",
        "ShiftRight" => "RShift",
        "AltLeft" => "LAlt",
        "AltRight" => "RAlt",
        "MetaLeft" => "LMeta",
        "MetaRight" => "RMeta",
        "BracketLeft" => "LeftBracket",
        "BracketRight" => "RightBracket",
        "Backslash" => "BackSlash",
        "Quote" => "Apostrophe",
        "Period" => "Dot",
        "Backquote" => "Grave",
        "NumpadEnter" => "Enter",
        _ => return plain.replace("Digit", "Key").parse().ok(),
    };
    called.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn down(keys: &[Keycode], buttons: &[bool]) -> impl Fn(&str) -> bool {
        let down = Down { keys: keys.to_vec(), buttons: buttons.to_vec() };
        move |name| down.has(Key::named(name).unwrap())
    }

    #[test]
    fn keys_are_asked_for_by_the_names_that_they_have_there() {
        for (name, code) in [
            ("KeyV", Keycode::V),
            ("Digit7", Keycode::Key7),
            ("F13", Keycode::F13),
            ("Space", Keycode::Space),
            ("ArrowUp", Keycode::Up),
            ("ControlRight", Keycode::RControl),
            ("MetaLeft", Keycode::LMeta),
            ("Backquote", Keycode::Grave),
            ("Backslash", Keycode::BackSlash),
            ("NumpadAdd", Keycode::NumpadAdd),
            ("NumpadEnter", Keycode::Enter),
        ] {
            assert!(down(&[code], &[])(name), "{name}");
            assert!(!down(&[], &[])(name), "{name}");
            assert!(!down(&[Keycode::Tab], &[])(name), "{name}");
        }
    }

    #[test]
    fn a_key_of_the_keypad_is_down_by_either_name() {
        for (one, other) in crate::keypad::KEYPAD {
            for key in [one, other] {
                let code = code(key).unwrap();
                assert!(down(&[code], &[])(one) && down(&[code], &[])(other), "{one} {other}");
            }
            assert!(!down(&[Keycode::Numpad5], &[])(one));
        }
    }

    #[test]
    fn of_what_cannot_be_asked_for_nobody_lets_go() {
        for name in ["MediaPlayPause", "ScrollLock", "PrintScreen", "IntlBackslash", "F24"] {
            assert!(down(&[], &[])(name), "{name}");
        }
        let buttons = [false, false, false, false, true, false];
        assert!(down(&[], &buttons)("Mouse4") && !down(&[], &buttons)("Mouse3"));
    }
}
