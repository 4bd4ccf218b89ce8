//! How a chord is written in the shortcuts syntax of the XDG, for a desktop that is asked for it.
//!
//! Keysyms are what is printed on a key, chords where it lies: these are the ones of a US keyboard. It is only a wish;
//! what the desktop made of it is told.

use pushtalk_ptt::Chord;

/// `CTRL+SHIFT+a`; none for what the syntax has no word for: a modifier alone, a button.
pub(crate) fn preferred_trigger(chord: &Chord) -> Option<String> {
    let held = chord.modifiers;
    // Taken away from every program, nobody could write with it any more.
    if chord.key.is_typed() && !(held.ctrl || held.alt || held.meta) {
        return None;
    }
    let key = keysym(chord.key.name())?;
    let mut trigger = String::new();
    for (held, name) in
        [(held.ctrl, "CTRL+"), (held.shift, "SHIFT+"), (held.alt, "ALT+"), (held.meta, "LOGO+")]
    {
        if held {
            trigger.push_str(name);
        }
    }
    trigger.push_str(&key);
    Some(trigger)
}

/// The name of the keysym, without `XKB_KEY_`.
fn keysym(name: &str) -> Option<String> {
    if let Some(letter) = name.strip_prefix("Key") {
        return Some(letter.to_lowercase());
    }
    if let Some(digit) = name.strip_prefix("Digit") {
        return Some(digit.to_owned());
    }
    let keysym = match name {
        "Escape" => "Escape",
        "Minus" => "minus",
        "Equal" => "equal",
        "Backspace" => "BackSpace",
        "Tab" => "Tab",
        "BracketLeft" => "bracketleft",
        "BracketRight" => "bracketright",
        "Enter" => "Return",
        "Semicolon" => "semicolon",
        "Quote" => "apostrophe",
        "Backquote" => "grave",
        "Backslash" => "backslash",
        "Comma" => "comma",
        "Period" => "period",
        "Slash" => "slash",
        "Space" => "space",
        "IntlBackslash" => "less",
        "CapsLock" => "Caps_Lock",
        "NumLock" => "Num_Lock",
        "ScrollLock" => "Scroll_Lock",
        "NumpadMultiply" => "KP_Multiply",
        "NumpadSubtract" => "KP_Subtract",
        "NumpadAdd" => "KP_Add",
        "NumpadDecimal" => "KP_Decimal",
        "NumpadEnter" => "KP_Enter",
        "NumpadDivide" => "KP_Divide",
        "PrintScreen" => "Print",
        "Home" => "Home",
        "ArrowUp" => "Up",
        "PageUp" => "Page_Up",
        "ArrowLeft" => "Left",
        "ArrowRight" => "Right",
        "End" => "End",
        "ArrowDown" => "Down",
        "PageDown" => "Page_Down",
        "Insert" => "Insert",
        "Delete" => "Delete",
        "Pause" => "Pause",
        "ContextMenu" => "Menu",
        "AudioVolumeMute" => "XF86AudioMute",
        "AudioVolumeDown" => "XF86AudioLowerVolume",
        "AudioVolumeUp" => "XF86AudioRaiseVolume",
        "MediaTrackNext" => "XF86AudioNext",
        "MediaPlayPause" => "XF86AudioPlay",
        "MediaTrackPrevious" => "XF86AudioPrev",
        "MediaStop" => "XF86AudioStop",
        _ => return numbered(name),
    };
    Some(keysym.to_owned())
}

fn numbered(name: &str) -> Option<String> {
    let (keys, number) = match name.strip_prefix("Numpad") {
        Some(number) => ("KP_", number),
        None => ("F", name.strip_prefix('F')?),
    };
    number.parse::<u8>().ok().map(|number| format!("{keys}{number}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn chords_are_written_as_desktops_read_them_and_others_are_not_wished_for() {
        for (chord, trigger) in [
            ("F8", Some("F8")),
            ("F13", Some("F13")),
            ("Ctrl+Shift+KeyA", Some("CTRL+SHIFT+a")),
            ("Alt+Meta+Digit0", Some("ALT+LOGO+0")),
            ("Alt+Numpad7", Some("ALT+KP_7")),
            ("Ctrl+NumpadAdd", Some("CTRL+KP_Add")),
            ("Ctrl+Backquote", Some("CTRL+grave")),
            ("Backquote", None),
            ("Shift+KeyA", None),
            ("F24", Some("F24")),
            ("MediaPlayPause", Some("XF86AudioPlay")),
            ("ControlRight", None),
            ("Ctrl+AltLeft", None),
            ("MetaLeft", None),
            ("Mouse4", None),
        ] {
            let chord: Chord = chord.parse().unwrap();
            assert_eq!(preferred_trigger(&chord).as_deref(), trigger, "{chord}");
        }
    }
}
