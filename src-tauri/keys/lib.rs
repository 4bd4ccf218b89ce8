//! Keys of the whole system, wherever the focus is.
//!
//! A [`Listener`] only listens: no key is taken away from the program that has the focus. Of what it hears it tells the
//! bound chords and nothing else, and keeps nothing but which modifiers are down ([`pushtalk_ptt::Watcher`]). It runs
//! only while somebody has bound a key.
#![warn(missing_docs)]

#[cfg(target_os = "linux")]
mod x11;

use pushtalk_ptt::{Change, Chord};

/// Why keys are not heard here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum KeysError {
    /// There is no display that tells keys to programs without the focus: Wayland keeps them for the one that has it.
    #[error("the desktop tells keys only to the window that has the focus")]
    Wayland,
    /// There is no display.
    #[error("there is no display")]
    NoDisplay,
    /// The display is too old, or refuses.
    #[error("the display does not tell keys")]
    Refused,
    /// This system has no listener yet.
    #[error("not on this system yet")]
    Unsupported,
}

/// What a listener tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Told {
    /// A bound chord went down, or came up.
    Changed(Change),
    /// The display is gone: nothing more will be told, and whatever was down says nothing any more.
    Gone,
}

/// Listens until it is dropped.
pub struct Listener {
    #[cfg(target_os = "linux")]
    _inner: x11::Listener,
}

impl Listener {
    /// Listens for these chords.
    ///
    /// # Errors
    /// When this system does not tell them.
    #[cfg(target_os = "linux")]
    pub fn start(chords: &[Chord], tell: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
        if set("WAYLAND_DISPLAY") {
            // An X server may be there for old programs; it hears keys only while one of them has the focus.
            return Err(KeysError::Wayland);
        }
        if !set("DISPLAY") {
            return Err(KeysError::NoDisplay);
        }
        Ok(Self { _inner: x11::Listener::start(None, chords, tell)? })
    }

    /// Listens on another display than that of the session.
    ///
    /// # Errors
    /// When it does not tell keys.
    #[cfg(target_os = "linux")]
    pub fn on_display(
        name: &str,
        chords: &[Chord],
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        Ok(Self { _inner: x11::Listener::start(Some(name), chords, tell)? })
    }

    /// Listens for these chords.
    ///
    /// # Errors
    /// Always: not on this system yet.
    #[cfg(not(target_os = "linux"))]
    pub fn start(_: &[Chord], _: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        Err(KeysError::Unsupported)
    }
}
