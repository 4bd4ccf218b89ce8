//! Keys by their names and numbers.

use crate::chord::Modifiers;

/// One key of a keyboard by where it lies, or one button of a mouse or a gamepad.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Key(usize);

/// The names are the `code` values of W3C UI Events, `Mouse3` (middle) to `Mouse5` (forward), and buttons of a gamepad by where
/// they lie; the numbers are Linux input event codes.
pub(crate) const KEYS: [(&str, u16); 144] = [
    ("Escape", 1),
    ("Digit1", 2),
    ("Digit2", 3),
    ("Digit3", 4),
    ("Digit4", 5),
    ("Digit5", 6),
    ("Digit6", 7),
    ("Digit7", 8),
    ("Digit8", 9),
    ("Digit9", 10),
    ("Digit0", 11),
    ("Minus", 12),
    ("Equal", 13),
    ("Backspace", 14),
    ("Tab", 15),
    ("KeyQ", 16),
    ("KeyW", 17),
    ("KeyE", 18),
    ("KeyR", 19),
    ("KeyT", 20),
    ("KeyY", 21),
    ("KeyU", 22),
    ("KeyI", 23),
    ("KeyO", 24),
    ("KeyP", 25),
    ("BracketLeft", 26),
    ("BracketRight", 27),
    ("Enter", 28),
    ("ControlLeft", 29),
    ("KeyA", 30),
    ("KeyS", 31),
    ("KeyD", 32),
    ("KeyF", 33),
    ("KeyG", 34),
    ("KeyH", 35),
    ("KeyJ", 36),
    ("KeyK", 37),
    ("KeyL", 38),
    ("Semicolon", 39),
    ("Quote", 40),
    ("Backquote", 41),
    ("ShiftLeft", 42),
    ("Backslash", 43),
    ("KeyZ", 44),
    ("KeyX", 45),
    ("KeyC", 46),
    ("KeyV", 47),
    ("KeyB", 48),
    ("KeyN", 49),
    ("KeyM", 50),
    ("Comma", 51),
    ("Period", 52),
    ("Slash", 53),
    ("ShiftRight", 54),
    ("NumpadMultiply", 55),
    ("AltLeft", 56),
    ("Space", 57),
    ("CapsLock", 58),
    ("F1", 59),
    ("F2", 60),
    ("F3", 61),
    ("F4", 62),
    ("F5", 63),
    ("F6", 64),
    ("F7", 65),
    ("F8", 66),
    ("F9", 67),
    ("F10", 68),
    ("NumLock", 69),
    ("ScrollLock", 70),
    ("Numpad7", 71),
    ("Numpad8", 72),
    ("Numpad9", 73),
    ("NumpadSubtract", 74),
    ("Numpad4", 75),
    ("Numpad5", 76),
    ("Numpad6", 77),
    ("NumpadAdd", 78),
    ("Numpad1", 79),
    ("Numpad2", 80),
    ("Numpad3", 81),
    ("Numpad0", 82),
    ("NumpadDecimal", 83),
    ("IntlBackslash", 86),
    ("F11", 87),
    ("F12", 88),
    ("NumpadEnter", 96),
    ("ControlRight", 97),
    ("NumpadDivide", 98),
    ("PrintScreen", 99),
    ("AltRight", 100),
    ("Home", 102),
    ("ArrowUp", 103),
    ("PageUp", 104),
    ("ArrowLeft", 105),
    ("ArrowRight", 106),
    ("End", 107),
    ("ArrowDown", 108),
    ("PageDown", 109),
    ("Insert", 110),
    ("Delete", 111),
    ("Pause", 119),
    ("MetaLeft", 125),
    ("MetaRight", 126),
    ("ContextMenu", 127),
    ("F13", 183),
    ("F14", 184),
    ("F15", 185),
    ("F16", 186),
    ("F17", 187),
    ("F18", 188),
    ("F19", 189),
    ("F20", 190),
    ("F21", 191),
    ("F22", 192),
    ("F23", 193),
    ("F24", 194),
    ("AudioVolumeMute", 113),
    ("AudioVolumeDown", 114),
    ("AudioVolumeUp", 115),
    ("MediaTrackNext", 163),
    ("MediaPlayPause", 164),
    ("MediaTrackPrevious", 165),
    ("MediaStop", 166),
    ("Mouse3", 0x112),
    ("Mouse4", 0x113),
    ("Mouse5", 0x114),
    ("GamepadSouth", 0x130),
    ("GamepadEast", 0x131),
    ("GamepadNorth", 0x133),
    ("GamepadWest", 0x134),
    ("GamepadLeftShoulder", 0x136),
    ("GamepadRightShoulder", 0x137),
    ("GamepadLeftTrigger", 0x138),
    ("GamepadRightTrigger", 0x139),
    ("GamepadSelect", 0x13a),
    ("GamepadStart", 0x13b),
    ("GamepadMode", 0x13c),
    ("GamepadLeftStick", 0x13d),
    ("GamepadRightStick", 0x13e),
    ("GamepadUp", 0x220),
    ("GamepadDown", 0x221),
    ("GamepadLeft", 0x222),
    ("GamepadRight", 0x223),
];

impl Key {
    /// By its name; none for a name that there is not.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        KEYS.iter().position(|(known, _)| *known == name).map(Self)
    }

    /// By its Linux input event code.
    #[must_use]
    pub fn of_event_code(code: u16) -> Option<Self> {
        KEYS.iter().position(|(_, known)| *known == code).map(Self)
    }

    /// Its name.
    #[must_use]
    pub fn name(self) -> &'static str {
        KEYS[self.0].0
    }

    /// Its Linux input event code.
    #[must_use]
    pub fn event_code(self) -> u16 {
        KEYS[self.0].1
    }

    /// True for a key with which one writes, in any program.
    #[must_use]
    pub fn is_typed(self) -> bool {
        let name = self.name();
        ["Key", "Digit", "Numpad", "Bracket"].iter().any(|kind| name.starts_with(kind))
            || ["Space", "Enter", "Backspace", "Tab", "Minus", "Equal", "Semicolon", "Quote"].contains(&name)
            || ["Backquote", "Backslash", "IntlBackslash", "Comma", "Period", "Slash"].contains(&name)
    }

    /// True for a button of a gamepad.
    #[must_use]
    pub fn is_gamepad(self) -> bool {
        self.name().starts_with("Gamepad")
    }

    /// What it stands for when it is held with others. The right Alt key does not count: on many keyboards it is AltGr, with
    /// which one writes.
    pub(crate) fn modifier(self) -> Option<Modifiers> {
        Some(match self.name() {
            "ControlLeft" | "ControlRight" => Modifiers { ctrl: true, ..Modifiers::default() },
            "ShiftLeft" | "ShiftRight" => Modifiers { shift: true, ..Modifiers::default() },
            "AltLeft" => Modifiers { alt: true, ..Modifiers::default() },
            "MetaLeft" | "MetaRight" => Modifiers { meta: true, ..Modifiers::default() },
            _ => return None,
        })
    }
}
