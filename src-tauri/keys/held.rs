//! Which device holds which key down: a key is down as long as one of them holds it, and what goes lets go.

use std::collections::BTreeMap;

use pushtalk_ptt::{Change, Chord, Key, Watcher};

/// Keys of several devices as one. Of keys that are neither bound nor held with bound ones nothing is kept.
#[derive(Debug)]
pub(crate) struct Held<Id> {
    watcher: Watcher,
    down: BTreeMap<Id, Vec<Key>>,
}

impl<Id: Copy + Ord> Held<Id> {
    pub(crate) fn new(chords: &[Chord]) -> Self {
        Self { watcher: Watcher::new(chords), down: BTreeMap::new() }
    }

    /// True for a key of which anything is kept.
    pub(crate) fn minds(&self, key: Key) -> bool {
        self.watcher.minds(key)
    }

    /// A key of this device went down, or came up.
    pub(crate) fn key(&mut self, device: Id, key: Key, down: bool) -> Vec<Change> {
        if !self.minds(key) {
            return Vec::new();
        }
        let keys = self.down.entry(device).or_default();
        keys.retain(|held| *held != key);
        if down {
            keys.push(key);
        } else if keys.is_empty() {
            self.down.remove(&device);
        }
        let held = self.down.values().any(|keys| keys.contains(&key));
        self.watcher.key(key, held)
    }

    /// The device is gone, or does not know any more what is down.
    pub(crate) fn gone(&mut self, device: Id) -> Vec<Change> {
        let keys = self.down.get(&device).cloned().unwrap_or_default();
        keys.into_iter().flat_map(|key| self.key(device, key, false)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(name: &str) -> Key {
        Key::named(name).unwrap()
    }

    fn held(chords: &[&str]) -> Held<u8> {
        Held::new(&chords.iter().map(|chord| chord.parse().unwrap()).collect::<Vec<_>>())
    }

    #[test]
    fn a_key_is_down_while_any_device_holds_it() {
        let mut held = held(&["F8", "Ctrl+Mouse4"]);
        assert_eq!(held.key(1, key("F8"), true), [(0, true)]);
        assert_eq!(held.key(2, key("F8"), true), []);
        assert_eq!(held.key(1, key("F8"), false), []);
        assert_eq!(held.key(1, key("ControlLeft"), true), []);
        assert_eq!(held.key(3, key("Mouse4"), true), [(1, true)], "keyboard and mouse are one hand");
        assert_eq!(held.gone(2), [(0, false)]);
        assert_eq!(held.gone(1), [(1, false)], "what was held with it is gone");
        assert_eq!(held.gone(1), []);
        assert_eq!(held.key(3, key("Mouse4"), false), []);
        assert!(held.down.is_empty());
    }

    #[test]
    fn of_other_keys_nothing_is_kept() {
        let mut held = held(&["F8"]);
        for name in ["KeyA", "Enter", "Mouse4", "F9"] {
            assert_eq!(held.key(1, key(name), true), []);
        }
        assert!(held.down.is_empty());
    }
}
