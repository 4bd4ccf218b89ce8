//! What the window sees of keys of the whole system: a part of `face.rs`.

use serde::Serialize;

/// How the keys of the whole system work here.
#[derive(Clone, Debug, Default, Serialize, PartialEq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct KeysView {
    /// Where they are heard.
    pub reach: KeyReach,
    /// Those of the bound chords that were heard since they were bound: it is proven that they work.
    pub heard: Vec<String>,
    /// Those of the bound chords that another program has for itself, as far as the display tells.
    pub taken: Vec<String>,
    /// Those of the bound chords that cannot be pressed on what is read, where keyboards and mice are read themselves: only
    /// this window hears them.
    pub unread: Vec<String>,
    /// What the desktop has bound them to, where it is the desktop that tells them; a chord that is missing is bound to
    /// nothing.
    pub triggers: Vec<Trigger>,
    /// True while nobody is there, as far as the system tells (the screen is locked, or another person has the seat): no
    /// bound key does anything, unless it is this window that hears it.
    pub away: bool,
    /// True while other programs of this person can hold the button, by `pushtalk ptt`.
    pub socket: bool,
    /// True while gamepads are heard.
    pub gamepads: bool,
    /// True while a key is to be bound, until a gamepad has told one.
    pub binding: bool,
    /// The button of a gamepad that is to be bound: `GamepadSouth`.
    pub pressed: Option<String>,
}

/// What the desktop has bound a chord to.
#[derive(Clone, Debug, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub struct Trigger {
    /// `Bound::chord`.
    pub chord: String,
    /// In the desktop's words.
    pub by: String,
}

/// Where keys are heard.
#[derive(Clone, Copy, Debug, Default, Serialize, PartialEq, Eq)]
#[cfg_attr(test, derive(ts_rs::TS))]
#[serde(rename_all = "camelCase")]
pub enum KeyReach {
    /// Nobody has bound one: nothing listens.
    #[default]
    Nowhere,
    /// In whatever program has the focus, but for those that are `unread`; none is taken away from it.
    Everywhere,
    /// In whatever program has the focus, by what the desktop has bound them to; it takes them away from that program.
    ByDesktop,
    /// Only in this window: the desktop is asked, and may be asking the person.
    ThisWindowAsking,
    /// Only in this window: the desktop, or the person whom it asked, has said no.
    ThisWindowDenied,
    /// Only in this window: the desktop tells keys to nobody else, and has no portal for shortcuts.
    ThisWindowNoPortal,
    /// Only in this window: keyboards and mice were to be read, and none can be.
    ThisWindowUnreadable,
    /// Only in this window: the system wants the person to allow it first (macOS).
    ThisWindowNotAllowed,
    /// Only in this window: the display or the desktop, which told them, is gone.
    ThisWindowGone,
    /// Only in this window: there is no way yet on this system.
    ThisWindowBySystem,
    /// Only in this window: the system refuses.
    ThisWindowRefused,
}
