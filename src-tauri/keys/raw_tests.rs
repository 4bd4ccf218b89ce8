//! What is opened, what is read, and what is told of it. No device: bytes as the kernel writes them, by pipes.

use std::io::Write as _;
use std::sync::mpsc::{Receiver, channel};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::fs::CWD;

use super::*;

const PATIENCE: Duration = Duration::from_secs(10);
const F8: u16 = 66;
const LEFT_CTRL: u16 = 29;
const KEY_A: u16 = 30;
const MOUSE_4: u16 = 0x113;

fn bound(chords: &[&str]) -> Vec<Binding> {
    let one = |chord: &&str| Binding { chord: chord.parse().unwrap(), description: String::new() };
    chords.iter().map(one).collect()
}

fn event(kind: u16, code: u16, value: i32) -> Vec<u8> {
    let mut bytes = vec![7; TIME];
    bytes.extend(kind.to_ne_bytes());
    bytes.extend(code.to_ne_bytes());
    bytes.extend(value.to_ne_bytes());
    bytes
}

fn key(code: u16, value: i32) -> Vec<u8> {
    event(EV_KEY, code, value)
}

/// Runs with these files as devices, and hands out what is told.
fn listening(folder: &Path, chords: &[&str], files: Vec<File>) -> (Receiver<Told>, OwnedFd, JoinHandle<()>) {
    let mut devices = Devices::new(folder, &bound(chords));
    let all: Vec<Key> = (0..0x120).filter_map(Key::of_event_code).collect();
    devices.open =
        (100..).zip(files).map(|(number, file)| (number, Open { file, keys: all.clone() })).collect();
    for number in devices.open.keys() {
        std::fs::write(folder.join(format!("event{number}")), "").unwrap();
    }
    let (stopped, stop) = rustix::pipe::pipe().unwrap();
    let (tell, told) = channel();
    let thread = std::thread::spawn(move || {
        devices.listen(&stopped, &mut |what| drop(tell.send(what)));
    });
    (told, stop, thread)
}

fn pipe() -> (File, File) {
    let (read, write) = rustix::pipe::pipe().unwrap();
    (read.into(), write.into())
}

fn next(told: &Receiver<Told>) -> Told {
    told.recv_timeout(PATIENCE).unwrap()
}

#[test]
fn bound_keys_are_told_and_nothing_else_is_kept_or_told() {
    let mut held = Held::new(&chords(&bound(&["F8", "Ctrl+Mouse4", "ControlRight"])));
    let mut tells = |bytes: &[u8]| understood(&mut held, 1, bytes);
    assert_eq!(tells(&key(F8, 1)), [(0, true)]);
    assert_eq!(tells(&[key(F8, 2), key(F8, 2), key(F8, 1)].concat()), [], "it repeats");
    assert_eq!(tells(&[key(KEY_A, 1), key(KEY_A, 0), event(EV_SYN, 0, 0)].concat()), []);
    assert_eq!(tells(&[key(F8, 0), key(LEFT_CTRL, 1), key(MOUSE_4, 1)].concat()), [(0, false), (1, true)]);
    assert_eq!(tells(&event(EV_SYN, SYN_DROPPED, 0)), [(1, false)], "some coming up may be lost");
    for (kind, code, value) in
        [(EV_KEY, 767, 1), (EV_KEY, u16::MAX, 1), (EV_KEY, F8, -1), (EV_KEY, F8, i32::MAX), (2, F8, 1)]
    {
        assert_eq!(tells(&event(kind, code, value)), []);
    }
    assert_eq!(tells(&key(97, 1)), [(2, true)], "a modifier alone");
}

#[test]
fn any_bytes_are_read_without_harm() {
    let mut held = Held::new(&chords(&bound(&["F8"])));
    for seed in 0..2_000_u32 {
        let byte = |at: u32| (seed.wrapping_mul(2_654_435_761).rotate_left(at % 32) >> 3).to_le_bytes()[0];
        let bytes: Vec<u8> = (0..seed % 97).map(byte).collect();
        understood(&mut held, seed % 3, &bytes);
    }
}

#[test]
fn devices_are_heard_as_they_tell_and_let_go_when_they_go() {
    let folder = tempfile::tempdir().unwrap();
    let ((keyboard, mut keys), (mouse, mut buttons)) = (pipe(), pipe());
    let (told, stop, thread) = listening(folder.path(), &["F8", "Ctrl+Mouse4"], vec![keyboard, mouse]);
    assert_eq!(next(&told), Told::Reach(Reach::Everywhere));
    keys.write_all(&key(LEFT_CTRL, 1)).unwrap();
    keys.write_all(&key(F8, 1)).unwrap();
    assert_eq!(next(&told), Told::Changed((0, true)));
    buttons.write_all(&key(MOUSE_4, 1)).unwrap();
    assert_eq!(next(&told), Told::Changed((1, true)));
    drop(keys);
    let both = [next(&told), next(&told)];
    for place in [0, 1] {
        assert!(both.contains(&Told::Changed((place, false))), "{both:?}");
    }
    // Half an event is no device of the kernel's.
    buttons.write_all(&key(MOUSE_4, 1)[..EVENT - 1]).unwrap();
    assert_eq!(next(&told), Told::Reach(Reach::Unreadable));
    drop(stop);
    thread.join().unwrap();
    assert!(told.recv().is_err(), "nothing is told when it stops");
}

#[test]
fn what_may_not_be_read_any_more_is_closed_and_lets_go() {
    let folder = tempfile::tempdir().unwrap();
    let ((keyboard, mut keys), (mouse, mut buttons)) = (pipe(), pipe());
    let (told, stop, thread) = listening(folder.path(), &["F8", "Mouse4"], vec![keyboard, mouse]);
    assert_eq!(next(&told), Told::Reach(Reach::Everywhere));
    keys.write_all(&key(F8, 1)).unwrap();
    assert_eq!(next(&told), Told::Changed((0, true)));
    std::fs::remove_file(folder.path().join("event100")).unwrap();
    assert_eq!(next(&told), Told::Changed((0, false)));
    assert!(keys.write_all(&key(F8, 1)).is_err(), "nobody reads it");
    buttons.write_all(&key(MOUSE_4, 1)).unwrap();
    assert_eq!(next(&told), Told::Changed((1, true)), "the other one is read on");
    drop(stop);
    thread.join().unwrap();
}

#[test]
fn only_devices_are_opened_and_where_there_is_none_that_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    // Whatever is opened in there is seen.
    let opens = inotify::init(inotify::CreateFlags::NONBLOCK).unwrap();
    std::fs::write(at("event0"), key(F8, 1)).unwrap();
    rustix::fs::mkfifoat(CWD, at("event1"), Mode::RUSR | Mode::WUSR).unwrap();
    std::os::unix::fs::symlink("/dev/null", at("event2")).unwrap();
    std::fs::create_dir(at("event3")).unwrap();
    std::os::unix::net::UnixListener::bind(at("event4")).unwrap();
    for name in ["event", "event+5", "event5x", "mouse0", "js0", "event99999999999"] {
        std::fs::write(at(name), "").unwrap();
    }
    inotify::add_watch(&opens, folder.path(), inotify::WatchFlags::OPEN).unwrap();

    let mut devices = Devices::new(folder.path(), &bound(&["F8"]));
    devices.look();
    assert!(devices.open.is_empty());
    let mut space = [std::mem::MaybeUninit::uninit(); 4096];
    let mut reader = inotify::Reader::new(&opens, &mut space);
    while let Ok(event) = reader.next() {
        assert_eq!(event.file_name(), None, "something else than the folder was opened");
    }

    for folder in [folder.path(), Path::new("/nowhere/at/all")] {
        let (told, stop, thread) = listening(folder, &["F8"], Vec::new());
        assert_eq!(next(&told), Told::Reach(Reach::Unreadable));
        drop(stop);
        thread.join().unwrap();
    }
    // Another device file than one of input answers no question about keys.
    assert!(opened(Path::new("/dev/null"), |_| true).is_none());
    assert_eq!(
        ["event0", "event17", "event", "event-1", "mouse0"].map(number),
        [Some(0), Some(17), None, None, None]
    );
}

#[test]
fn it_looks_again_when_something_comes() {
    let folder = tempfile::tempdir().unwrap();
    let changes = changes(folder.path()).unwrap();
    assert!(!drain(&changes));
    std::fs::write(folder.path().join("event0"), "").unwrap();
    assert!(drain(&changes), "it came");
    assert!(!drain(&changes));
    let readable = std::os::unix::fs::PermissionsExt::from_mode(0o644);
    std::fs::set_permissions(folder.path().join("event0"), readable).unwrap();
    assert!(drain(&changes), "it may be read from now on");
}

#[test]
fn chords_that_no_device_has_are_told_and_whether_any_has_one() {
    let set = |keys: &[KeyCode]| keys.iter().copied().collect::<evdev::AttributeSet<KeyCode>>();
    let pad = set(&[KeyCode::BTN_SOUTH, KeyCode::BTN_START]);
    let keyboard = set(&[KeyCode::KEY_A, KeyCode::KEY_F8, KeyCode::KEY_RIGHTCTRL]);
    let mouse = set(&[KeyCode::BTN_LEFT, KeyCode::BTN_SIDE]);
    let chords = ["F8", "Mouse4", "Ctrl+Mouse4"];
    let tells = |devices: &[&evdev::AttributeSet<KeyCode>]| {
        let folder = tempfile::tempdir().unwrap();
        let mut all = Devices::new(folder.path(), &bound(&chords));
        let pipes: Vec<_> = devices.iter().map(|_| pipe()).collect();
        for ((number, keys), (read, _)) in (100..).zip(devices).zip(&pipes) {
            let keys = wanted(keys, |key| all.held.minds(key));
            all.open.insert(number, Open { file: read.try_clone().unwrap(), keys });
            std::fs::write(folder.path().join(format!("event{number}")), "").unwrap();
        }
        let (stopped, stop) = rustix::pipe::pipe().unwrap();
        drop(stop);
        let mut told = Vec::new();
        all.listen(&stopped, &mut |what| told.push(what));
        told
    };
    assert_eq!(tells(&[&pad]), [Told::Reach(Reach::Unreadable)], "a gamepad is no keyboard");
    assert_eq!(tells(&[&pad, &keyboard]), [Told::Reach(Reach::Everywhere), Told::Unread(vec![1, 2])]);
    assert_eq!(tells(&[&mouse]), [Told::Reach(Reach::Everywhere), Told::Unread(vec![0, 2])]);
    assert_eq!(tells(&[&keyboard, &mouse]), [Told::Reach(Reach::Everywhere)]);
    let none = wanted(&keyboard, |key| Held::<u32>::new(&[]).minds(key));
    assert_eq!(none, [Key::named("ControlRight").unwrap()], "of other keys nothing is kept");
}

#[test]
fn a_device_that_goes_takes_its_chords_along() {
    let folder = tempfile::tempdir().unwrap();
    let mut devices = Devices::new(folder.path(), &bound(&["F8", "Mouse4"]));
    let ((keyboard, _keys), (mouse, buttons)) = (pipe(), pipe());
    for (number, file, name) in [(100, keyboard, "F8"), (101, mouse, "Mouse4")] {
        devices.open.insert(number, Open { file, keys: vec![Key::named(name).unwrap()] });
        std::fs::write(folder.path().join(format!("event{number}")), "").unwrap();
    }
    let (stopped, stop) = rustix::pipe::pipe().unwrap();
    let (tell, told) = channel();
    let thread = std::thread::spawn(move || devices.listen(&stopped, &mut |what| drop(tell.send(what))));
    assert_eq!(next(&told), Told::Reach(Reach::Everywhere));
    drop(buttons);
    assert_eq!(next(&told), Told::Unread(vec![1]));
    std::fs::remove_file(folder.path().join("event100")).unwrap();
    assert_eq!(next(&told), Told::Reach(Reach::Unreadable));
    drop(stop);
    thread.join().unwrap();
}
