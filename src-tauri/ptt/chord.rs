//! What a person binds: a key or a mouse button, with the keys that are held with it.

use std::fmt::{self, Display, Formatter};
use std::str::FromStr;

use crate::key::Key;

/// Keys that are held with another, on either side of the keyboard.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[expect(clippy::struct_excessive_bools, reason = "a keyboard has four of them")]
pub struct Modifiers {
    /// Control.
    pub ctrl: bool,
    /// Shift.
    pub shift: bool,
    /// Alt, or Option.
    pub alt: bool,
    /// Windows, Command or Super.
    pub meta: bool,
}

impl Modifiers {
    fn has(self, other: Self) -> bool {
        (self.ctrl || !other.ctrl)
            && (self.shift || !other.shift)
            && (self.alt || !other.alt)
            && (self.meta || !other.meta)
    }
}

/// A key, and what is held with it: `Ctrl+Shift+KeyV`. A modifier can be the key itself: `ControlRight`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Chord {
    /// The key that presses.
    pub key: Key,
    /// What has to be held with it. More may be: who runs in a game holds Shift.
    pub modifiers: Modifiers,
}

impl Chord {
    /// True for the text of a chord with a button of a gamepad.
    #[must_use]
    pub fn is_gamepad(text: &str) -> bool {
        text.parse::<Self>().is_ok_and(|chord| chord.key.is_gamepad())
    }

    /// True when it can be pressed with these keys.
    #[must_use]
    pub fn is_among(&self, keys: &[Key]) -> bool {
        let mut watcher = Watcher::new(&[*self]);
        for key in keys.iter().filter(|key| **key != self.key && key.modifier().is_some()) {
            watcher.key(*key, true);
        }
        keys.contains(&self.key) && watcher.key(self.key, true).contains(&(0, true))
    }
}

/// There is no such chord.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a chord is a key, with Ctrl+, Shift+, Alt+ or Meta+ before it")]
pub struct UnknownChord;

impl FromStr for Chord {
    type Err = UnknownChord;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let (held, key) = match text.rsplit_once('+') {
            Some((held, key)) => (Some(held), key),
            None => (None, text),
        };
        let mut modifiers = Modifiers::default();
        for name in held.into_iter().flat_map(|held| held.split('+')) {
            let modifier = match name {
                "Ctrl" => &mut modifiers.ctrl,
                "Shift" => &mut modifiers.shift,
                "Alt" => &mut modifiers.alt,
                "Meta" => &mut modifiers.meta,
                _ => return Err(UnknownChord),
            };
            if std::mem::replace(modifier, true) {
                return Err(UnknownChord);
            }
        }
        let key = Key::named(key).ok_or(UnknownChord)?;
        Ok(Self { key, modifiers })
    }
}

impl Display for Chord {
    fn fmt(&self, formatter: &mut Formatter<'_>) -> fmt::Result {
        let Modifiers { ctrl, shift, alt, meta } = self.modifiers;
        for (held, name) in [(ctrl, "Ctrl+"), (shift, "Shift+"), (alt, "Alt+"), (meta, "Meta+")] {
            if held {
                formatter.write_str(name)?;
            }
        }
        formatter.write_str(self.key.name())
    }
}

/// Watches keys as devices tell them, for bound chords. Of all other keys nothing is kept but which modifiers are down.
#[derive(Clone, Debug, Default)]
pub struct Watcher {
    chords: Vec<Watched>,
    down: Vec<Key>,
}

#[derive(Clone, Copy, Debug)]
struct Watched {
    chord: Chord,
    pressed: bool,
}

/// A chord went down, or came up: its place in the list, and true for down.
pub type Change = (usize, bool);

impl Watcher {
    /// Of these chords.
    #[must_use]
    pub fn new(chords: &[Chord]) -> Self {
        let chords = chords.iter().map(|chord| Watched { chord: *chord, pressed: false }).collect();
        Self { chords, down: Vec::new() }
    }

    /// True for a key that is bound, or can be held with one. Of all others nothing need be known.
    #[must_use]
    pub fn minds(&self, key: Key) -> bool {
        key.modifier().is_some() || self.chords.iter().any(|watched| watched.chord.key == key)
    }

    /// A key went down or came up. The repetition of a key changes nothing.
    pub fn key(&mut self, key: Key, down: bool) -> Vec<Change> {
        if key.modifier().is_some() {
            self.down.retain(|held| *held != key);
            if down {
                self.down.push(key);
            }
        }
        let held = self.held();
        let mut changes = Vec::new();
        for (place, watched) in self.chords.iter_mut().enumerate() {
            let Chord { key: wanted, modifiers } = watched.chord;
            // A modifier that is the key itself is not held with it.
            let complete = held.has(modifiers);
            if key == wanted && down && complete {
                if std::mem::replace(&mut watched.pressed, true) {
                    continue;
                }
                changes.push((place, true));
            } else if watched.pressed && (key == wanted || !complete) {
                watched.pressed = false;
                changes.push((place, false));
            }
        }
        changes
    }

    /// True while none of its keys is thought to be down.
    #[must_use]
    pub fn is_idle(&self) -> bool {
        self.down.is_empty() && self.chords.iter().all(|watched| !watched.pressed)
    }

    /// Asks of all keys that are thought to be down whether they are: that one came up may not have been told.
    pub fn confirm(&mut self, mut is_down: impl FnMut(Key) -> bool) -> Vec<Change> {
        let pressed = self.chords.iter().filter(|watched| watched.pressed).map(|watched| watched.chord.key);
        let mut up: Vec<Key> =
            pressed.chain(self.down.iter().copied()).filter(|key| !is_down(*key)).collect();
        up.sort_unstable();
        up.dedup();
        up.into_iter().flat_map(|key| self.key(key, false)).collect()
    }

    /// What is held with other keys, as far as it was told.
    #[must_use]
    pub fn held(&self) -> Modifiers {
        self.down.iter().filter_map(|key| key.modifier()).fold(Modifiers::default(), |all, one| Modifiers {
            ctrl: all.ctrl || one.ctrl,
            shift: all.shift || one.shift,
            alt: all.alt || one.alt,
            meta: all.meta || one.meta,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::key::KEYS;

    fn chord(text: &str) -> Chord {
        text.parse().unwrap()
    }

    fn key(name: &str) -> Key {
        Key::named(name).unwrap()
    }

    #[test]
    fn chords_read_as_they_are_written() {
        for (name, code) in KEYS {
            assert_eq!(chord(name).to_string(), name);
            assert_eq!(Key::of_event_code(code), Key::named(name), "{name}");
        }
        for text in ["Ctrl+KeyV", "Ctrl+Shift+Alt+Meta+F13", "Shift+Mouse4"] {
            assert_eq!(chord(text).to_string(), text);
        }
        for text in
            ["", "+", "Ctrl+", "Ctrl", "KeyÄ", "Ctrl+Ctrl+KeyV", "KeyV+Ctrl", "Hyper+KeyV", "ctrl+KeyV"]
        {
            assert!(text.parse::<Chord>().is_err(), "{text}");
        }
    }

    #[test]
    fn a_chord_is_down_while_all_of_it_is() {
        let mut watcher = Watcher::new(&[chord("Ctrl+KeyV"), chord("KeyV"), chord("ControlRight")]);
        assert_eq!(watcher.key(key("KeyV"), true), [(1, true)]);
        assert_eq!(watcher.key(key("KeyV"), false), [(1, false)]);
        assert_eq!(watcher.key(key("ControlLeft"), true), []);
        assert_eq!(watcher.key(key("KeyV"), true), [(0, true), (1, true)]);
        assert_eq!(watcher.key(key("KeyV"), true), [], "it repeats");
        assert_eq!(watcher.key(key("ControlLeft"), false), [(0, false)]);
        assert_eq!(watcher.key(key("KeyV"), false), [(1, false)]);
        assert_eq!(watcher.key(key("ControlRight"), true), [(2, true)]);
        assert_eq!(watcher.key(key("ControlRight"), false), [(2, false)]);
    }

    #[test]
    fn what_is_not_down_any_more_comes_up_though_nobody_has_told_it() {
        let mut watcher = Watcher::new(&[chord("Ctrl+KeyV"), chord("Mouse4"), chord("ControlLeft")]);
        assert!(watcher.is_idle());
        for name in ["ControlLeft", "KeyV", "Mouse4"] {
            watcher.key(key(name), true);
        }
        assert_eq!(watcher.confirm(|_| true), []);
        assert!(!watcher.is_idle());
        assert_eq!(watcher.confirm(|down| down != key("KeyV")), [(0, false)]);
        assert_eq!(watcher.confirm(|down| down != key("Mouse4")), [(1, false)]);
        assert_eq!(watcher.confirm(|_| false), [(2, false)]);
        assert!(watcher.is_idle(), "the modifier is forgotten, too");
        assert_eq!(watcher.confirm(|_| false), []);
    }

    #[test]
    fn more_keys_than_bound_do_not_disturb_and_nothing_is_kept_of_them() {
        let mut watcher = Watcher::new(&[chord("Mouse4")]);
        for name in ["ShiftLeft", "KeyW"] {
            assert_eq!(watcher.key(key(name), true), []);
        }
        assert_eq!(watcher.key(key("Mouse4"), true), [(0, true)]);
        assert_eq!(watcher.key(key("ShiftLeft"), false), []);
        assert_eq!(watcher.key(key("Mouse4"), false), [(0, false)]);
        for (name, _) in KEYS {
            watcher.key(key(name), true);
        }
        let modifiers = KEYS.iter().filter(|(name, _)| key(name).modifier().is_some()).count();
        assert_eq!(watcher.down.len(), modifiers, "only modifiers are remembered");
    }
}
