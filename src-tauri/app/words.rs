//! What the tray and the notifications say, in the languages of the window.

use pushtalk_engine::face::{KeyDoes, Language};

/// All of it, in one language.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Words {
    pub(crate) show: &'static str,
    pub(crate) microphone: &'static str,
    pub(crate) deafen: &'static str,
    pub(crate) leave: &'static str,
    pub(crate) quit: &'static str,
    /// Of the tray, by state: in no room, in a room, on air, whispering, silent, nobody reachable.
    pub(crate) states: [&'static str; 6],
    pub(crate) came: &'static str,
    pub(crate) hand: &'static str,
    pub(crate) server_gone: &'static str,
    pub(crate) out: &'static str,
    /// What a key does, for the settings of the desktop: talk, latch, mute, deafen.
    does: [&'static str; 6],
}

const EN: Words = Words {
    show: "Show PushTalk",
    microphone: "Microphone on",
    deafen: "Hear nobody",
    leave: "Leave the room",
    quit: "Quit",
    states: ["In no room", "In a room", "On air", "Whispering", "Microphone off", "Nobody reachable"],
    came: "Somebody came into your room.",
    hand: "Somebody in your room raises a hand.",
    server_gone: "The room’s server went away. Those inside talk on.",
    out: "You are not in the room any more.",
    does: [
        "Talk while held",
        "Talk until pressed again",
        "Microphone off, and on again",
        "Hear nobody, and everybody again",
        "Whisper to the people you chose, while held",
        "Whisper back, while held, to whoever whispered or talked last",
    ],
};

const FR: Words = Words {
    show: "Afficher PushTalk",
    microphone: "Micro allumé",
    deafen: "N’entendre personne",
    leave: "Quitter le salon",
    quit: "Quitter PushTalk",
    states: [
        "Dans aucun salon",
        "Dans un salon",
        "À l’antenne",
        "Chuchotement",
        "Micro éteint",
        "Personne n’est joignable",
    ],
    came: "Quelqu’un est entré dans votre salon.",
    hand: "Quelqu’un lève la main dans votre salon.",
    server_gone: "Le serveur du salon a disparu. Ceux qui y sont continuent à parler.",
    out: "Vous n’êtes plus dans le salon.",
    does: [
        "Parler tant qu’elle est maintenue",
        "Parler jusqu’au prochain appui",
        "Micro désactivé, puis activé",
        "N’entendre personne, puis tout le monde",
        "Chuchoter aux personnes choisies, tant que la touche est enfoncée",
        "Répondre en chuchotant à la dernière personne qui a chuchoté ou parlé, tant que la touche est enfoncée",
    ],
};

const AR: Words = Words {
    show: "إظهار PushTalk",
    microphone: "الميكروفون مفتوح",
    deafen: "عدم سماع أحد",
    leave: "مغادرة الغرفة",
    quit: "إنهاء PushTalk",
    states: ["خارج أي غرفة", "داخل غرفة", "على الهواء", "همس", "الميكروفون مغلق", "لا يمكن الوصول إلى أحد"],
    came: "دخل شخص إلى غرفتك.",
    hand: "شخص في غرفتك يرفع يده.",
    server_gone: "اختفى خادم الغرفة. يواصل من في الداخل الحديث.",
    out: "لم تعد في الغرفة.",
    does: [
        "التحدث أثناء الضغط",
        "التحدث حتى الضغطة التالية",
        "إيقاف الميكروفون وتشغيله",
        "عدم سماع أحد ثم سماع الجميع",
        "الهمس إلى من اخترتهم ما دام المفتاح مضغوطًا",
        "الرد همسًا على آخر من همس أو تحدث ما دام المفتاح مضغوطًا",
    ],
};

impl Words {
    /// What a key is for.
    pub(crate) fn does(&self, does: KeyDoes) -> &'static str {
        let [talk, latch, mute, deafen, whisper, answer] = self.does;
        match does {
            KeyDoes::Talk => talk,
            KeyDoes::Latch => latch,
            KeyDoes::Mute => mute,
            KeyDoes::Deafen => deafen,
            KeyDoes::Whisper => whisper,
            KeyDoes::Answer => answer,
        }
    }
}

/// In the language that was chosen, or the first of these that the system speaks.
pub(crate) fn words(language: Language) -> &'static Words {
    match language {
        Language::En => &EN,
        Language::Fr => &FR,
        Language::Ar => &AR,
        Language::System => spoken(sys_locale::get_locales()),
    }
}

fn spoken(locales: impl Iterator<Item = String>) -> &'static Words {
    let known = |locale: String| match locale.split(['-', '_']).next()? {
        "en" => Some(&EN),
        "fr" => Some(&FR),
        "ar" => Some(&AR),
        _ => None,
    };
    locales.into_iter().find_map(known).unwrap_or(&EN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_language_of_the_system_that_there_is_is_spoken() {
        let of = |all: &[&str]| spoken(all.iter().map(|locale| (*locale).to_owned()));
        assert_eq!(of(&["de-DE", "fr_FR.UTF-8", "en-US"]), &FR);
        assert_eq!(of(&["ar-EG"]), &AR);
        assert_eq!(of(&["de-DE", "C"]), &EN);
        assert_eq!(words(Language::Ar), &AR);
    }
}
