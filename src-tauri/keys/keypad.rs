//! The keypad has two names for most of its keys.

/// Keys of the keypad, with what Windows calls them while Num Lock is off or Shift is held.
pub(crate) const KEYPAD: [(&str, &str); 10] = [
    ("Numpad0", "Insert"),
    ("Numpad1", "End"),
    ("Numpad2", "ArrowDown"),
    ("Numpad3", "PageDown"),
    ("Numpad4", "ArrowLeft"),
    ("Numpad6", "ArrowRight"),
    ("Numpad7", "Home"),
    ("Numpad8", "ArrowUp"),
    ("Numpad9", "PageUp"),
    ("NumpadDecimal", "Delete"),
];

/// What the other one of the two is called.
pub(crate) fn twin(name: &str) -> Option<&'static str> {
    KEYPAD.iter().find_map(|(one, other)| match name {
        name if name == *one => Some(*other),
        name if name == *other => Some(*one),
        _ => None,
    })
}
