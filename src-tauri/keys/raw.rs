//! Linux, for whoever has chosen it: keyboards and mice themselves, whatever display there is.
//!
//! Their files are opened for reading only and nothing is grabbed, so that every key still reaches the program in front.
//! What is read is overwritten at once.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{ErrorKind, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use evdev::raw_stream::RawDevice;
use evdev::{AttributeSetRef, KeyCode};
use pushtalk_ptt::{Change, Chord, Key};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::fs::{Access, FileType, Mode, OFlags, inotify};
use rustix::io::Errno;
use zeroize::Zeroize as _;

use crate::held::Held;
use crate::thread::Thread;
use crate::{Binding, KeysError, Reach, Told, chords};

/// `struct input_event` of the kernel: two words of time, type, code, value.
const TIME: usize = 2 * size_of::<usize>();
const EVENT: usize = TIME + 8;
const EV_SYN: u16 = 0;
const EV_KEY: u16 = 1;
const SYN_DROPPED: u16 = 3;

/// Events that are read at once.
const MOST: usize = 64;

/// Devices have their files in this folder. Those that can be read are, now and as they come.
pub(crate) fn start(
    folder: &Path,
    bound: &[Binding],
    mut tell: impl FnMut(Told) + Send + 'static,
) -> Result<Thread, KeysError> {
    let mut devices = Devices::new(folder, bound);
    Thread::start(move |stopped| devices.listen(&stopped, &mut tell))
}

/// A device that is read.
struct Open {
    file: File,
    /// The keys it has that are bound, or can be held with one.
    keys: Vec<Key>,
}

struct Devices {
    folder: PathBuf,
    open: BTreeMap<u32, Open>,
    bound: Vec<Chord>,
    held: Held<u32>,
}

impl Devices {
    fn new(folder: &Path, bound: &[Binding]) -> Self {
        let bound = chords(bound);
        let held = Held::new(&bound);
        Self { folder: folder.to_owned(), open: BTreeMap::new(), bound, held }
    }

    /// Until it is stopped.
    fn listen(&mut self, stopped: &OwnedFd, tell: &mut impl FnMut(Told)) {
        // A file that comes or goes, and one that may be read from now on, or no longer.
        let changes = changes(&self.folder);
        let (mut reach, mut unread) = (None, Vec::new());
        let mut look = true;
        loop {
            if std::mem::take(&mut look) {
                for change in self.look() {
                    tell(Told::Changed(change));
                }
                // A gamepad, which everybody may read, tells no key of a keyboard.
                let missing = self.unread();
                let some = missing.len() < self.bound.len();
                let now = if some { Reach::Everywhere } else { Reach::Unreadable };
                if reach.as_ref() != Some(&now) {
                    reach = Some(now.clone());
                    unread.clear();
                    tell(Told::Reach(now));
                }
                if some && missing != unread {
                    unread.clone_from(&missing);
                    tell(Told::Unread(missing));
                }
            }
            let mut all = vec![PollFd::new(stopped, PollFlags::IN)];
            all.extend(changes.iter().map(|changes| PollFd::new(changes, PollFlags::IN)));
            all.extend(self.open.values().map(|device| PollFd::new(&device.file, PollFlags::IN)));
            match poll(&mut all, None) {
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return,
            }
            let ready: Vec<bool> = all.iter().map(|one| !one.revents().is_empty()).collect();
            if ready[0] {
                return;
            }
            if let Some(changes) = &changes {
                look = ready[1] && drain(changes);
            }
            let files = ready.iter().skip(1 + usize::from(changes.is_some()));
            let numbers: Vec<u32> =
                self.open.keys().zip(files).filter(|(_, ready)| **ready).map(|(number, _)| *number).collect();
            for number in numbers {
                for change in self.read(number) {
                    tell(Told::Changed(change));
                }
                // Another one may have its number already.
                look |= !self.open.contains_key(&number);
            }
        }
    }

    /// The bound chords that cannot be pressed on what is read, by their places.
    fn unread(&self) -> Vec<usize> {
        let keys: Vec<Key> = self.open.values().flat_map(|device| device.keys.iter().copied()).collect();
        let unread = |(place, chord): (usize, &Chord)| (!chord.is_among(&keys)).then_some(place);
        self.bound.iter().enumerate().filter_map(unread).collect()
    }

    /// Opens what is there and not yet open, and closes what may not be read any more: who has given the seat to another
    /// user does not hear their keys.
    fn look(&mut self) -> Vec<Change> {
        let readable = |number: &u32| {
            rustix::fs::access(self.folder.join(format!("event{number}")), Access::READ_OK).is_ok()
        };
        let closed: Vec<u32> = self.open.keys().filter(|number| !readable(number)).copied().collect();
        let mut changes = Vec::new();
        for number in closed {
            self.open.remove(&number);
            changes.extend(self.held.gone(number));
        }
        let Ok(entries) = std::fs::read_dir(&self.folder) else { return changes };
        for entry in entries.flatten() {
            let name = entry.file_name();
            let Some(number) = name.to_str().and_then(number) else { continue };
            if !self.open.contains_key(&number)
                && let Some(device) = opened(&entry.path(), |key| self.held.minds(key))
            {
                self.open.insert(number, device);
            }
        }
        changes
    }

    /// What a device tells; one that is gone lets go of all it held.
    fn read(&mut self, number: u32) -> Vec<Change> {
        let Some(mut file) = self.open.get(&number).map(|device| &device.file) else { return Vec::new() };
        let mut bytes = [0; MOST * EVENT];
        match file.read(&mut bytes) {
            Ok(length) if length > 0 && length.is_multiple_of(EVENT) => {
                let changes = understood(&mut self.held, number, &bytes[..length]);
                // Not even on the stack.
                bytes.zeroize();
                changes
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {
                Vec::new()
            }
            _ => {
                self.open.remove(&number);
                self.held.gone(number)
            }
        }
    }
}

/// What a device tells in these bytes.
fn understood(held: &mut Held<u32>, device: u32, bytes: &[u8]) -> Vec<Change> {
    let mut changes = Vec::new();
    for event in bytes.chunks_exact(EVENT) {
        let [t0, t1, c0, c1, value @ ..] = &event[TIME..] else { continue };
        let (kind, code) = (u16::from_ne_bytes([*t0, *t1]), u16::from_ne_bytes([*c0, *c1]));
        match (kind, code, value) {
            // It could not keep up, and some coming up may be lost.
            (EV_SYN, SYN_DROPPED, _) => changes.extend(held.gone(device)),
            (EV_KEY, code, value) => {
                let down = match <[u8; 4]>::try_from(value).map(i32::from_ne_bytes) {
                    Ok(1) => true,
                    Ok(0) => false,
                    // It repeats.
                    _ => continue,
                };
                if let Some(key) = Key::of_event_code(code) {
                    changes.extend(held.key(device, key, down));
                }
            }
            _ => {}
        }
    }
    changes
}

/// The number of a device by the name of its file.
fn number(name: &str) -> Option<u32> {
    name.strip_prefix("event").filter(|rest| rest.bytes().all(|byte| byte.is_ascii_digit()))?.parse().ok()
}

/// Opens a device that has keys; none for whatever else is there, which is not even opened.
fn opened(path: &Path, minds: impl Fn(Key) -> bool) -> Option<Open> {
    let kind = |mode| FileType::from_raw_mode(mode);
    if kind(rustix::fs::lstat(path).ok()?.st_mode) != FileType::CharacterDevice {
        return None;
    }
    let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOFOLLOW | OFlags::NOCTTY | OFlags::CLOEXEC;
    let file = File::from(rustix::fs::open(path, flags, Mode::empty()).ok()?);
    let device = RawDevice::from_fd(file.try_clone().ok()?.into()).ok()?;
    let keys = device.supported_keys()?;
    keys.iter().next()?;
    Some(Open { file, keys: wanted(keys, minds) })
}

fn wanted(keys: &AttributeSetRef<KeyCode>, minds: impl Fn(Key) -> bool) -> Vec<Key> {
    keys.iter().filter_map(|code| Key::of_event_code(code.code())).filter(|key| minds(*key)).collect()
}

fn changes(folder: &Path) -> Option<OwnedFd> {
    let changes = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK).ok()?;
    let which = inotify::WatchFlags::CREATE
        | inotify::WatchFlags::DELETE
        | inotify::WatchFlags::MOVED_TO
        | inotify::WatchFlags::ATTRIB;
    inotify::add_watch(&changes, folder, which).ok()?;
    Some(changes)
}

/// True when there was something.
fn drain(changes: &OwnedFd) -> bool {
    let mut bytes = [0; 4096];
    let mut some = false;
    while rustix::io::read(changes, &mut bytes).is_ok_and(|length| length > 0) {
        some = true;
    }
    some
}

#[cfg(test)]
#[path = "raw_tests.rs"]
mod tests;
