//! Windows: whether a key is down, asked of the system. Its hook is told nothing of what comes up behind a locked screen or a
//! question for more rights; there the system calls every key up.

use pushtalk_ptt::Key;
use win_hotkeys::state::KeyboardState;

use crate::keypad::twin;

/// True also for a key of which the system cannot be asked. Of no other key than this one anything is asked.
pub(crate) fn is_down(key: Key) -> bool {
    by(key.name(), KeyboardState::get_async_key_state)
}

fn by(name: &str, is_down: impl Fn(u16) -> bool) -> bool {
    let names = [Some(name), twin(name)];
    names.into_iter().flatten().map(code).any(|code| code.is_none_or(&is_down))
}

/// The virtual-key code of a key by its `code` (W3C UI Events). None for punctuation, which has another one on each
/// keyboard.
fn code(name: &str) -> Option<u16> {
    let number = |prefix: &str| name.strip_prefix(prefix)?.parse::<u16>().ok();
    let letter = name.strip_prefix("Key").filter(|rest| rest.len() == 1);
    if let Some(letter) = letter.and_then(|rest| rest.bytes().next()) {
        return Some(letter.into());
    }
    if let Some(digit) = number("Digit").filter(|digit| *digit < 10) {
        return Some(0x30 + digit);
    }
    if let Some(digit) = number("Numpad").filter(|digit| *digit < 10) {
        return Some(0x60 + digit);
    }
    if let Some(number) = number("F").filter(|number| (1..=24).contains(number)) {
        return Some(0x6F + number);
    }
    CODES.iter().find_map(|(known, code)| (*known == name).then_some(*code))
}

const CODES: [(&str, u16); 41] = [
    ("Mouse3", 0x04),
    ("Mouse4", 0x05),
    ("Mouse5", 0x06),
    ("Backspace", 0x08),
    ("Tab", 0x09),
    ("Enter", 0x0D),
    ("NumpadEnter", 0x0D),
    ("CapsLock", 0x14),
    ("Escape", 0x1B),
    ("Space", 0x20),
    ("PageUp", 0x21),
    ("PageDown", 0x22),
    ("End", 0x23),
    ("Home", 0x24),
    ("ArrowLeft", 0x25),
    ("ArrowUp", 0x26),
    ("ArrowRight", 0x27),
    ("ArrowDown", 0x28),
    ("PrintScreen", 0x2C),
    ("Insert", 0x2D),
    ("Delete", 0x2E),
    ("MetaLeft", 0x5B),
    ("MetaRight", 0x5C),
    ("ContextMenu", 0x5D),
    ("NumpadMultiply", 0x6A),
    ("NumpadAdd", 0x6B),
    ("NumpadSubtract", 0x6D),
    ("NumpadDecimal", 0x6E),
    ("NumpadDivide", 0x6F),
    ("NumLock", 0x90),
    ("ScrollLock", 0x91),
    ("ShiftLeft", 0xA0),
    ("ShiftRight", 0xA1),
    ("ControlLeft", 0xA2),
    ("ControlRight", 0xA3),
    ("AltLeft", 0xA4),
    ("AltRight", 0xA5),
    ("MediaTrackNext", 0xB0),
    ("MediaTrackPrevious", 0xB1),
    ("MediaStop", 0xB2),
    ("MediaPlayPause", 0xB3),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keypad::KEYPAD;

    #[test]
    fn a_key_is_asked_for_by_its_code_and_no_other_is() {
        for (name, code) in [
            ("KeyV", 0x56),
            ("Digit7", 0x37),
            ("F1", 0x70),
            ("F24", 0x87),
            ("ControlRight", 0xA3),
            ("Mouse4", 5),
        ] {
            assert!(by(name, |asked| asked == code), "{name}");
            assert!(!by(name, |asked| asked != code), "{name}");
        }
        let known = CODES.iter().filter(|(name, _)| Key::named(name).is_some()).count();
        assert_eq!(known, CODES.len(), "each is the name of a key");
    }

    #[test]
    fn a_key_of_the_keypad_is_down_by_either_name() {
        for (one, other) in KEYPAD {
            for pressed in [one, other].map(|name| code(name).unwrap()) {
                assert!(
                    by(one, |asked| asked == pressed) && by(other, |asked| asked == pressed),
                    "{one} {other}"
                );
            }
            assert!(!by(one, |_| false));
        }
    }

    #[test]
    fn of_what_cannot_be_asked_for_nobody_lets_go() {
        for name in ["Backquote", "Semicolon", "Minus", "IntlBackslash", "F25", "Keyboard"] {
            assert!(by(name, |_| false), "{name}");
        }
    }
}
