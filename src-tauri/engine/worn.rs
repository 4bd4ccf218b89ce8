//! Whether an output is worn on the head, by what it is called: then the microphone does not hear it.

/// What headphones are called, in lower case. A loudspeaker that is taken for headphones costs an echo, headphones that
/// are not known cost a little delay: only what is certain counts.
const NAMES: [&str; 17] = [
    "headphone",
    "headset",
    "earphone",
    "earpiece",
    "earbud",
    "airpod",
    "buds",
    "kopfhörer",
    "casque",
    "écouteur",
    "oreillette",
    "auricular",
    "cuffie",
    "fone de ouvido",
    "наушник",
    "سماعة رأس",
    "سماعات الرأس",
];

/// Whether an output of this name is known to be worn on the head.
pub(crate) fn is_worn(label: &str) -> bool {
    let label = label.to_lowercase();
    NAMES.iter().any(|name| label.contains(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn headphones_are_known_by_their_name_and_nothing_else_is() {
        for worn in [
            "USB Headset Analog Stereo",
            "Headphones (Realtek High Definition Audio)",
            "Ana\u{2019}s AirPods Pro",
            "Galaxy Buds2",
            "KOPFHÖRER",
            "Casque USB",
        ] {
            assert!(is_worn(worn), "{worn}");
        }
        for loud in
            ["Built-in Audio Analog Stereo", "Speakers (USB)", "HDMI 1", "JBL Flip 5", "", "Head unit"]
        {
            assert!(!is_worn(loud), "{loud}");
        }
    }
}
