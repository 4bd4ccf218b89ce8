//! What stays on this device: the preferences, in one file of the store.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use pushtalk_engine::face::Preferences;
use serde_json::{Map, Value, json};
use tauri::{AppHandle, Manager as _, Wry};
use tauri_plugin_store::{Store, StoreExt as _, resolve_store_path};

const FILE: &str = "preferences.json";
/// The form of the file. A file with a later one is left to the program that wrote it.
const VERSION: u64 = 1;

/// The store, as long as the program runs.
pub(crate) struct Kept {
    /// None when there is a file that can be neither read nor put aside: it is left as it is.
    store: Option<Arc<Store<Wry>>>,
    last: Mutex<Preferences>,
    dir: Option<PathBuf>,
}

/// What was found.
enum Found {
    Nothing,
    Good(Preferences),
    /// Broken, not ours to read, or from a later version.
    Unreadable,
}

impl Kept {
    /// Opens the store. The preferences are the default ones when there were none or they could not be read; false
    /// for the latter, and what was there is put aside next to it.
    pub(crate) fn load(app: &AppHandle) -> (Self, Preferences, bool) {
        let Ok(path) = resolve_store_path(app, FILE) else {
            tracing::error!("there is no place for preferences");
            let kept = Self { store: None, last: Mutex::default(), dir: None };
            return (kept, Preferences::default(), false);
        };
        let (preferences, readable, usable) = match read(&path) {
            Found::Nothing => (Preferences::default(), true, true),
            Found::Good(preferences) => (preferences, true, true),
            Found::Unreadable => {
                let aside = put_aside(&path);
                tracing::warn!(aside, "the preferences could not be read");
                (Preferences::default(), false, aside)
            }
        };
        if let Some(dir) = path.parent() {
            make_private(dir);
        }
        let store = usable.then(|| app.store_builder(FILE).disable_auto_save().create_new().build());
        let store = match store {
            Some(Ok(store)) => Some(store),
            Some(Err(_)) => {
                tracing::error!("the store could not be opened");
                None
            }
            None => None,
        };
        if let Some(store) = &store {
            // The store writes itself once more at the end of the program, so it must hold what the file holds.
            put(store, &preferences);
        }
        let dir = path.parent().map(Path::to_owned);
        (Self { store, last: Mutex::new(preferences.clone()), dir }, preferences, readable)
    }

    /// Stores the preferences when they are others than the last ones. False when they should be, but cannot.
    pub(crate) fn keep(&self, preferences: &Preferences) -> bool {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if *last == *preferences {
            return true;
        }
        last.clone_from(preferences);
        let Some(store) = &self.store else { return false };
        if *preferences == Preferences::default() {
            // What was put aside goes too. The store has nothing to write at the end of the program.
            store.clear();
            return self.dir.as_deref().is_some_and(erase);
        }
        put(store, preferences);
        store.save().is_ok()
    }
}

fn put(store: &Store<Wry>, preferences: &Preferences) {
    store.set("version", VERSION);
    store.set("preferences", json!(preferences));
}

fn read(path: &Path) -> Found {
    match fs::read(path) {
        Ok(bytes) => understand(&bytes).map_or(Found::Unreadable, Found::Good),
        Err(error) if error.kind() == ErrorKind::NotFound => Found::Nothing,
        Err(_) => Found::Unreadable,
    }
}

fn understand(bytes: &[u8]) -> Option<Preferences> {
    let mut file: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    if file.is_empty() {
        // All was erased.
        return Some(Preferences::default());
    }
    if file.get("version")?.as_u64()? != VERSION {
        return None;
    }
    serde_json::from_value(file.remove("preferences")?).ok()
}

/// Writes the preferences into a new file, where downloads go, else documents; gives its path.
pub(crate) fn export(app: &AppHandle, preferences: &Preferences) -> anyhow::Result<String> {
    let paths = app.path();
    let dir = paths.download_dir().or_else(|_| paths.document_dir()).or_else(|_| paths.home_dir())?;
    fs::create_dir_all(&dir)?;
    export_to(&dir, preferences)
}

fn export_to(dir: &Path, preferences: &Preferences) -> anyhow::Result<String> {
    let text = serde_json::to_vec_pretty(&json!({ "version": VERSION, "preferences": preferences }))?;
    for n in 1..1000 {
        let number = if n == 1 { String::new() } else { format!("-{n}") };
        let path = dir.join(format!("pushtalk-preferences{number}.json"));
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        match options.open(&path) {
            Ok(mut file) => {
                file.write_all(&text)?;
                return Ok(path.to_string_lossy().into_owned());
            }
            Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
            Err(error) => return Err(error.into()),
        }
    }
    anyhow::bail!("there are too many exports already")
}

/// Removes the preferences and all that were put aside; false when one of them stays.
fn erase(dir: &Path) -> bool {
    let Ok(all) = fs::read_dir(dir) else { return true };
    let ours = |name: &str| name.starts_with("preferences.") && name.ends_with(".json");
    let mut gone = true;
    for entry in all.flatten().filter(|entry| entry.file_name().to_str().is_some_and(ours)) {
        gone &= fs::remove_file(entry.path()).is_ok();
    }
    gone
}

/// Renames a file so that nothing overwrites it; false when that is not possible.
fn put_aside(path: &Path) -> bool {
    free_name(path).is_some_and(|aside| fs::rename(path, aside).is_ok())
}

fn free_name(path: &Path) -> Option<PathBuf> {
    (1..100)
        .map(|n| path.with_file_name(format!("preferences.unreadable-{n}.json")))
        .find(|name| name.symlink_metadata().is_err())
}

/// Makes a directory that is nobody else's to read.
fn make_private(dir: &Path) {
    let mut maker = fs::DirBuilder::new();
    maker.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut maker, 0o700);
    if maker.create(dir).is_err() {
        tracing::error!("the directory for preferences could not be made");
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use pushtalk_engine::face::Theme;

    #[test]
    fn preferences_are_read_as_they_were_written() {
        let preferences =
            Preferences { theme: Theme::Dark, input: Some("a microphone".into()), ..Preferences::default() };
        let bytes = serde_json::to_vec(&json!({ "version": VERSION, "preferences": preferences })).unwrap();
        assert_eq!(understand(&bytes), Some(preferences));
    }

    #[test]
    fn a_preference_that_is_missing_takes_its_default() {
        assert_eq!(understand(br#"{"version":1,"preferences":{}}"#), Some(Preferences::default()));
        assert_eq!(understand(b"{}"), Some(Preferences::default()), "all was erased");
    }

    #[test]
    fn what_is_broken_or_newer_is_not_guessed_at() {
        let all = [
            "",
            "{",
            "[]",
            r#"{"version":2,"preferences":{}}"#,
            r#"{"version":1}"#,
            r#"{"version":1,"preferences":{"theme":"sepia"}}"#,
            r#"{"version":"1","preferences":{}}"#,
        ];
        for text in all {
            assert_eq!(understand(text.as_bytes()), None, "{text}");
        }
    }

    #[test]
    fn an_export_reads_as_the_preferences_and_never_replaces_another() {
        let dir = std::env::temp_dir().join(format!("pushtalk-export-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let preferences = Preferences { theme: Theme::Dark, ..Preferences::default() };
        let (one, two) = (export_to(&dir, &preferences).unwrap(), export_to(&dir, &preferences).unwrap());
        assert_ne!(one, two);
        assert_eq!(understand(&fs::read(one).unwrap()), Some(preferences));
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn what_is_erased_is_gone_with_what_was_put_aside_and_nothing_else_is() {
        let dir = std::env::temp_dir().join(format!("pushtalk-erased-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        for name in [FILE, "preferences.unreadable-1.json", "preferences.unreadable-2.json", "another.json"] {
            fs::write(dir.join(name), "{}").unwrap();
        }
        assert!(erase(&dir));
        let left: Vec<_> = fs::read_dir(&dir).unwrap().map(|entry| entry.unwrap().file_name()).collect();
        assert_eq!(left, ["another.json"]);
        assert!(erase(&dir) && erase(&dir.join("nowhere")), "there is nothing to erase");
        fs::remove_dir_all(&dir).unwrap();
    }

    #[test]
    fn an_unreadable_file_is_put_aside_and_never_over_another() {
        let dir = std::env::temp_dir().join(format!("pushtalk-kept-{}", std::process::id()));
        fs::create_dir_all(&dir).unwrap();
        let path = dir.join(FILE);
        for text in ["first", "second"] {
            fs::write(&path, text).unwrap();
            assert!(put_aside(&path));
            assert!(!path.exists());
        }
        let aside =
            |n: u32| fs::read_to_string(dir.join(format!("preferences.unreadable-{n}.json"))).unwrap();
        assert_eq!((aside(1), aside(2)), ("first".into(), "second".into()));
        fs::remove_dir_all(&dir).unwrap();
    }
}
