//! What the system says of keys that were told to be down. It is believed that a key is up only where it was seen down since:
//! a program that takes a key away from others takes it away from what the system says, too.

use pushtalk_ptt::{Change, Key, Watcher};

/// Keys that were seen down.
#[derive(Debug, Default)]
pub(crate) struct Seen(Vec<Key>);

impl Seen {
    /// A key went down, or came up.
    pub(crate) fn told(&mut self, key: Key) {
        self.0.retain(|seen| *seen != key);
    }

    /// Looks at all that is told to be down; gives what came up without being told.
    pub(crate) fn look(&mut self, watcher: &mut Watcher, is_down: impl Fn(Key) -> bool) -> Vec<Change> {
        let before = std::mem::take(&mut self.0);
        watcher.confirm(|key| {
            let down = is_down(key);
            if down {
                self.0.push(key);
            }
            down || !before.contains(&key)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_up_comes_up_if_it_was_seen_down_since_it_went_down() {
        let key = |name: &str| Key::named(name).unwrap();
        let mut watcher = Watcher::new(&["F8", "Mouse4"].map(|chord| chord.parse().unwrap()));
        let mut seen = Seen::default();
        watcher.key(key("F8"), true);
        watcher.key(key("Mouse4"), true);
        // Another program has taken the button of the mouse away.
        assert_eq!(seen.look(&mut watcher, |down| down == key("F8")), []);
        assert_eq!(seen.look(&mut watcher, |down| down == key("F8")), []);
        assert_eq!(seen.look(&mut watcher, |_| false), [(0, false)]);
        assert_eq!(watcher.key(key("Mouse4"), false), [(1, false)]);
        watcher.key(key("F8"), true);
        assert_eq!(seen.look(&mut watcher, |_| true), []);
        watcher.key(key("F8"), false);
        seen.told(key("F8"));
        // What was seen of the last press says nothing of this one.
        watcher.key(key("F8"), true);
        assert_eq!(seen.look(&mut watcher, |_| false), []);
        assert_eq!(seen.look(&mut watcher, |_| true), []);
        assert_eq!(seen.look(&mut watcher, |_| false), [(0, false)]);
    }
}
