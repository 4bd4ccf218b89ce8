//! The sources themselves are looked at: where secrets are, what can be done with them, and what goes through the doors.

use std::path::Path;

use pushtalk_tests::inventory::{Sources, careless, not_plain};

fn workspace() -> Sources {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    Sources::of_the_workspace(&root).unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn what_the_window_sees_and_asks_for_holds_no_secret() {
    assert_eq!(
        not_plain(&workspace(), "engine", &["face.rs", "keys.rs", "preferences.rs"], &["View", "Intent"]),
        [""; 0]
    );
}

#[test]
fn what_is_said_to_the_server_and_by_it_holds_no_secret() {
    assert_eq!(not_plain(&workspace(), "protocol", &["signal.rs"], &[]), [""; 0]);
}

#[test]
fn no_type_with_a_secret_can_be_copied_printed_or_written() {
    let (secrets, problems) = careless(&workspace());
    // That they are found at all; one of each kind of way.
    for (home, name) in [
        ("protocol", "Ctl"),
        ("protocol", "Invitation"),
        ("protocol", "RoomCode"),
        ("protocol", "Pin"),
        ("e2ee", "HostKey"),
        ("e2ee", "MemberKey"),
        ("e2ee", "RoomSecret"),
        ("e2ee", "MediaKey"),
        ("e2ee", "SealKey"),
        ("e2ee", "OpenKey"),
        ("e2ee", "Session"),
    ] {
        assert!(secrets.iter().any(|id| id.home == home && id.name == name), "{home}::{name} is not found");
    }
    assert_eq!(problems, [""; 0]);
}

fn planted(text: &str) -> Sources {
    let protocol =
        "pub struct SecretBytes<const N: usize>(Box<Zeroizing<[u8; N]>>); pub struct Pin(Vec<u8>);";
    let face = "pub struct View { pub stage: Stage } pub enum Stage { Home { n: Option<Vec<u32>> } }";
    let files =
        [("protocol", "secret.rs", protocol), ("engine", "face.rs", face), ("engine", "other.rs", text)];
    // A text for the door takes its place.
    let door = text.contains("struct View");
    Sources::of(files.into_iter().filter(|(_, name, _)| !(door && *name == "face.rs")).map(
        |(home, name, text)| {
            if door && name == "other.rs" { (home, "face.rs", text) } else { (home, name, text) }
        },
    ))
    .unwrap_or_else(|error| panic!("{error:#}"))
}

#[test]
fn a_secret_that_was_planted_at_the_door_is_found() {
    let finds = |text: &str| not_plain(&planted(text), "engine", &["face.rs"], &["View"]);
    assert_eq!(
        finds("pub struct View { a: u8, b: Vec<Option<String>>, c: B } enum B { C(bool), D { e: f32 } }"),
        [""; 0]
    );
    for (text, way) in [
        (
            "use pushtalk_protocol::SecretBytes; struct View { k: SecretBytes<32> }",
            "View.k holds protocol::SecretBytes",
        ),
        ("use pushtalk_protocol::Pin; struct View { k: Option<Vec<Pin>> }", "View.k holds protocol::Pin"),
        ("struct View { k: zeroize::Zeroizing<String> }", "View.k holds Zeroizing"),
        (
            "struct View { a: A } enum A { B, C { d: (u8, pushtalk_e2ee::MediaKey) } }",
            "View.a.C.d holds e2ee::MediaKey",
        ),
        (
            "use pushtalk_protocol::LinkPassword as String; struct View { k: String }",
            "View.k holds protocol::LinkPassword",
        ),
        ("use crate::other::Anything; struct View { k: Anything }", "View.k holds engine::Anything"),
        ("struct View { k: Key } type Key = [Box<dyn Fn()>; 2];", "View.k.= holds Box"),
    ] {
        assert_eq!(finds(text), [way], "{text}");
    }
    assert_eq!(
        not_plain(&planted(""), "engine", &["face.rs"], &["Gone"]),
        ["engine::Gone is not in face.rs"]
    );
}

#[test]
fn a_careless_type_that_was_planted_is_found() {
    let finds = |text: &str| careless(&planted(&format!("use pushtalk_protocol::SecretBytes; {text}"))).1;
    for innocent in [
        // Another one's name is not it.
        "struct Stage(SecretBytes<32>); mod face { #[derive(Clone)] struct Stage; }",
        "struct Key(SecretBytes<32>);",
        "#[derive(Clone, Debug)] struct Public([u8; 32]);",
        "#[derive(Clone)] struct Handle(Arc<Key>); struct Key(SecretBytes<32>);",
        "#[derive(Clone, Debug)] struct Handle(mpsc::Sender<Key>); struct Key(SecretBytes<32>);",
        "#[derive(Clone)] struct Handle(fn(SecretBytes<32>));",
        "#[cfg(test)] #[derive(Clone)] struct Key(SecretBytes<32>);",
        "enum Said { Key(SecretBytes<32>), Bye } impl fmt::Debug for Said { fn fmt(&self, f: &mut fmt::Formatter<'_>) \
         -> fmt::Result { f.write_str(match self { Self::Key(_) => \"key\", Self::Bye => \"bye\" }) } }",
    ] {
        assert_eq!(finds(innocent), [""; 0], "{innocent}");
    }
    for (text, problem) in [
        ("#[derive(Clone)] struct Key(SecretBytes<32>);", "engine::Key derives Clone"),
        (
            "#[derive(Debug)] struct Key { a: u8, b: Option<Vec<SecretBytes<32>>> }",
            "engine::Key derives Debug",
        ),
        ("#[derive(serde::Serialize)] enum Key { A, B(SecretBytes<32>) }", "engine::Key derives Serialize"),
        (
            "#[cfg_attr(test, derive(Deserialize))] struct Key([SecretBytes<32>; 2]);",
            "engine::Key derives Deserialize",
        ),
        (
            "#[derive(Clone)] struct Outer(Inner); struct Inner(SecretBytes<32>);",
            "engine::Outer derives Clone",
        ),
        (
            "#[derive(Clone)] struct Outer(Inner); type Inner = (u8, zeroize::Zeroizing<u8>);",
            "engine::Outer derives Clone",
        ),
        (
            "#[derive(Debug)] struct Handle(Arc<Key>); struct Key(SecretBytes<32>);",
            "engine::Handle derives Debug",
        ),
        ("#[derive(Clone)] struct Key(pushtalk_protocol::SecretBytes<6>);", "engine::Key derives Clone"),
        ("struct Key(SecretBytes<32>); impl Clone for Key {}", "engine::Key implements Clone in other.rs"),
        (
            "struct Key(SecretBytes<32>); impl std::fmt::Display for Key {}",
            "engine::Key implements Display in other.rs",
        ),
        (
            "struct Key(SecretBytes<32>); impl Debug for Key { fn fmt(&self) { write!(f, \"{:?}\", self.0) } }",
            "engine::Key implements Debug in other.rs",
        ),
        (
            "enum Key { A(SecretBytes<32>) } impl Debug for Key { fn fmt(&self) { match self { Self::A(a) => f.x(a) } } }",
            "engine::Key implements Debug in other.rs",
        ),
    ] {
        assert_eq!(finds(text), [problem], "{text}");
    }
}
