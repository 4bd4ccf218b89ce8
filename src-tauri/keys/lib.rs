//! Keys of the whole system and buttons of gamepads, wherever the focus is.
//!
//! A [`Listener`] only listens: it takes no key away from the program that has the focus. Under Wayland it is the desktop
//! that listens, and takes away what it tells. Of what is heard it tells the bound chords and nothing else, and keeps
//! nothing but which modifiers are down ([`pushtalk_ptt::Watcher`]). It runs only while somebody has bound a key.
#![warn(missing_docs)]

#[cfg(windows)]
mod asked;
#[cfg(target_os = "linux")]
mod away;
#[cfg(target_os = "linux")]
mod calls;
mod held;
#[cfg(any(windows, target_os = "macos"))]
mod hooks;
#[cfg(any(windows, target_os = "macos"))]
mod keypad;
mod pads;
#[cfg(target_os = "linux")]
mod portal;
#[cfg(target_os = "linux")]
mod raw;
#[cfg(any(windows, test))]
mod seen;
#[cfg(target_os = "linux")]
mod shortcuts;
#[cfg(target_os = "linux")]
mod thread;
#[cfg(target_os = "linux")]
mod trigger;
#[cfg(target_os = "linux")]
mod x11;

#[cfg(target_os = "linux")]
pub use away::{Away, watch_away};
pub use pads::{Pads, Wanted};
use pushtalk_ptt::{Change, Chord, Key};

/// Why keys are not heard here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// There is no display.
    #[error("there is no display")]
    NoDisplay,
    /// The display is too old, or refuses.
    #[error("the display does not tell keys")]
    Refused,
    /// This system has none.
    #[error("not on this system")]
    Unsupported,
}

/// A chord, and what it is for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    /// What is pressed.
    pub chord: Chord,
    /// What it does, in words of the person, for a desktop that shows it.
    pub description: String,
}

/// What a listener tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Told {
    /// A bound chord went down, or came up.
    Changed(Change),
    /// These chords, by their places, another program has for itself, too.
    Taken(Vec<usize>),
    /// These chords, by their places, no keyboard and no mouse has that can be read: only our own window hears them. Told
    /// after the reach, each time that it changes; a reach that is told ends it.
    Unread(Vec<usize>),
    /// A button of a gamepad went down, while one is to be bound.
    Pressed(Key),
    /// How keys are heard from now on. Where it differs from what was told before, whatever was down says nothing any more.
    Reach(Reach),
}

/// How keys are heard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reach {
    /// In whatever program has the focus, but for those that are told as [`Told::Unread`]; none is taken away from it.
    Everywhere,
    /// The desktop is asked, and may be asking the person.
    Asking,
    /// The desktop tells them, and by what, in its words, for each chord in order; none where nothing triggers one. What
    /// triggers them does not reach the program that has the focus.
    ByDesktop(Vec<Option<String>>),
    /// The desktop, or the person whom it asked, has said no; it is not asked again.
    Denied,
    /// The desktop has no portal for shortcuts. Should one come, it is asked.
    NoPortal,
    /// No keyboard and no mouse with a bound key, or no gamepad, can be read. Should one become readable, it is.
    Unreadable,
    /// The system wants the person to allow it first (macOS).
    NotAllowed,
    /// The display, or the portal, was there and is gone. A portal that comes back is asked anew.
    Gone,
}

/// Listens until it is dropped.
pub struct Listener {
    #[cfg(target_os = "linux")]
    _inner: thread::Thread,
    #[cfg(any(windows, target_os = "macos"))]
    _inner: hooks::Listener,
}

impl Listener {
    /// Listens for these chords. What has to be waited for is told later.
    ///
    /// # Errors
    /// When this system does not tell them.
    #[cfg(target_os = "linux")]
    pub fn start(bound: &[Binding], tell: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if set("WAYLAND_DISPLAY") {
            // An X server may be there for old programs; it hears keys only while one of them has the focus.
            return Ok(Self { _inner: portal::start(None, bound, tell)? });
        }
        if !set("DISPLAY") {
            return Err(KeysError::NoDisplay);
        }
        Ok(Self { _inner: x11::start(None, bound, tell)? })
    }

    /// Listens on another display than that of the session.
    ///
    /// # Errors
    /// When it does not tell keys.
    #[cfg(target_os = "linux")]
    pub fn on_display(
        name: &str,
        bound: &[Binding],
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        Ok(Self { _inner: x11::start(Some(name), bound, tell)? })
    }

    /// Asks the desktop on another bus than that of the session.
    ///
    /// # Errors
    /// When the system has no thread or pipe left.
    #[cfg(target_os = "linux")]
    pub fn on_bus(
        address: &str,
        bound: &[Binding],
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        Ok(Self { _inner: portal::start(Some(address), bound, tell)? })
    }

    /// Reads keyboards and mice themselves; only for whoever has chosen that.
    ///
    /// # Errors
    /// When the system has no thread or pipe left.
    #[cfg(target_os = "linux")]
    pub fn raw(bound: &[Binding], tell: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        Self::in_folder("/dev/input".as_ref(), bound, tell)
    }

    /// The same of another folder than that of the system.
    ///
    /// # Errors
    /// When the system has no thread or pipe left.
    #[cfg(target_os = "linux")]
    pub fn in_folder(
        folder: &std::path::Path,
        bound: &[Binding],
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        Ok(Self { _inner: raw::start(folder, bound, tell)? })
    }

    /// Reads keyboards and mice themselves.
    ///
    /// # Errors
    /// Always: not on this system.
    #[cfg(not(target_os = "linux"))]
    pub fn raw(_: &[Binding], _: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        Err(KeysError::Unsupported)
    }

    /// Listens for these chords. What has to be waited for is told later.
    ///
    /// # Errors
    /// When the system has no thread left.
    #[cfg(any(windows, target_os = "macos"))]
    pub fn start(bound: &[Binding], tell: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        Ok(Self { _inner: hooks::Listener::start(bound, tell)? })
    }

    /// Listens for these chords.
    ///
    /// # Errors
    /// Always: not on this system.
    #[cfg(not(any(target_os = "linux", windows, target_os = "macos")))]
    pub fn start(_: &[Binding], _: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        Err(KeysError::Unsupported)
    }
}

fn chords(bound: &[Binding]) -> Vec<Chord> {
    bound.iter().map(|bound| bound.chord).collect()
}
