//! The 64 emoji by which two people compare what they see: section 10 of the protocol.

/// One of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Emoji {
    /// One character, shown as a picture without a selector behind it.
    pub symbol: &'static str,
    /// Its English name.
    pub en: &'static str,
    /// Its French name.
    pub fr: &'static str,
    /// Its Arabic name.
    pub ar: &'static str,
}

const fn emoji(symbol: &'static str, en: &'static str, fr: &'static str, ar: &'static str) -> Emoji {
    Emoji { symbol, en, fr, ar }
}

/// Six bits are a place in this table; the order is part of the protocol. All are in Unicode 11, which phones of 2018
/// can show. Each is a thing of its own that a person can name over the telephone.
pub const EMOJI: [Emoji; 64] = [
    emoji("🐶", "dog", "chien", "كلب"),
    emoji("🐱", "cat", "chat", "قط"),
    emoji("🐴", "horse", "cheval", "حصان"),
    emoji("🐮", "cow", "vache", "بقرة"),
    emoji("🐘", "elephant", "éléphant", "فيل"),
    emoji("🐰", "rabbit", "lapin", "أرنب"),
    emoji("🐓", "rooster", "coq", "ديك"),
    emoji("🦋", "butterfly", "papillon", "فراشة"),
    emoji("🐢", "turtle", "tortue", "سلحفاة"),
    emoji("🐟", "fish", "poisson", "سمكة"),
    emoji("🐙", "octopus", "pieuvre", "أخطبوط"),
    emoji("🐝", "bee", "abeille", "نحلة"),
    emoji("🐫", "camel", "chameau", "جمل"),
    emoji("🐸", "frog", "grenouille", "ضفدع"),
    emoji("🦁", "lion", "lion", "أسد"),
    emoji("🐧", "penguin", "manchot", "بطريق"),
    emoji("🌵", "cactus", "cactus", "صبار"),
    emoji("🌴", "palm tree", "palmier", "نخلة"),
    emoji("🌹", "rose", "rose", "وردة"),
    emoji("🌻", "sunflower", "tournesol", "عباد الشمس"),
    emoji("🍄", "mushroom", "champignon", "فطر"),
    emoji("🍎", "apple", "pomme", "تفاحة"),
    emoji("🍌", "banana", "banane", "موزة"),
    emoji("🍇", "grapes", "raisin", "عنب"),
    emoji("🍓", "strawberry", "fraise", "فراولة"),
    emoji("🍋", "lemon", "citron", "ليمونة"),
    emoji("🍉", "watermelon", "pastèque", "بطيخة"),
    emoji("🌽", "corn", "maïs", "ذرة"),
    emoji("🥕", "carrot", "carotte", "جزرة"),
    emoji("🍞", "bread", "pain", "خبز"),
    emoji("🍕", "pizza", "pizza", "بيتزا"),
    emoji("🎂", "cake", "gâteau", "كعكة"),
    emoji("🥚", "egg", "œuf", "بيضة"),
    emoji("🌙", "moon", "lune", "قمر"),
    emoji("⭐", "star", "étoile", "نجمة"),
    emoji("🔥", "fire", "feu", "نار"),
    emoji("🌈", "rainbow", "arc-en-ciel", "قوس قزح"),
    emoji("⚡", "lightning", "éclair", "برق"),
    emoji("🚗", "car", "voiture", "سيارة"),
    emoji("🚲", "bicycle", "vélo", "دراجة"),
    emoji("🚂", "train", "train", "قطار"),
    emoji("🚀", "rocket", "fusée", "صاروخ"),
    emoji("🚁", "helicopter", "hélicoptère", "مروحية"),
    emoji("⛵", "sailboat", "voilier", "قارب"),
    emoji("⚓", "anchor", "ancre", "مرساة"),
    emoji("🔑", "key", "clé", "مفتاح"),
    emoji("🔒", "padlock", "cadenas", "قفل"),
    emoji("🔔", "bell", "cloche", "جرس"),
    emoji("📖", "book", "livre", "كتاب"),
    emoji("🎸", "guitar", "guitare", "جيتار"),
    emoji("🎺", "trumpet", "trompette", "بوق"),
    emoji("🥁", "drum", "tambour", "طبل"),
    emoji("⚽", "ball", "ballon", "كرة"),
    emoji("🏆", "trophy", "trophée", "كأس"),
    emoji("🎁", "gift", "cadeau", "هدية"),
    emoji("☔", "umbrella", "parapluie", "مظلة"),
    emoji("⏰", "alarm clock", "réveil", "منبه"),
    emoji("🔨", "hammer", "marteau", "مطرقة"),
    emoji("📷", "camera", "appareil photo", "كاميرا"),
    emoji("💡", "light bulb", "ampoule", "مصباح"),
    emoji("🎩", "hat", "chapeau", "قبعة"),
    emoji("👓", "glasses", "lunettes", "نظارة"),
    emoji("👑", "crown", "couronne", "تاج"),
    emoji("🏠", "house", "maison", "منزل"),
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn each_emoji_has_a_picture_and_names_of_its_own() {
        type Field = fn(&Emoji) -> &'static str;
        let fields: [Field; 4] = [|e| e.symbol, |e| e.en, |e| e.fr, |e| e.ar];
        for (i, field) in fields.iter().enumerate() {
            let different: BTreeSet<_> = EMOJI.iter().map(field).collect();
            assert_eq!(different.len(), EMOJI.len(), "field {i}");
            assert!(EMOJI.iter().all(|e| !field(e).trim().is_empty()), "field {i}");
        }
    }

    #[test]
    fn each_symbol_is_one_character_that_is_a_picture_by_itself() {
        for Emoji { symbol, en, .. } in &EMOJI {
            // Emoji_Presentation is "yes" for these of the old blocks and for all that we use of the new ones.
            let old = ["⭐", "⚡", "⛵", "⚓", "⚽", "☔", "⏰"];
            let mut chars = symbol.chars();
            let one = chars.next().is_some_and(|c| ('\u{1f300}'..='\u{1f9ff}').contains(&c));
            assert!((one || old.contains(symbol)) && chars.next().is_none(), "{en}");
        }
    }

    #[test]
    fn names_are_written_in_the_letters_of_their_language() {
        for Emoji { en, fr, ar, .. } in &EMOJI {
            assert!(en.chars().all(|c| c.is_ascii_lowercase() || c == ' '), "{en}");
            assert!(fr.chars().all(|c| c.is_lowercase() || " -".contains(c)), "{fr}");
            assert!(ar.chars().all(|c| ('\u{621}'..='\u{64a}').contains(&c) || c == ' '), "{ar}");
        }
    }
}
