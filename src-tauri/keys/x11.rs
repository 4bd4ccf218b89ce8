//! X11: raw events of the XInput extension. They come whoever has the focus, and take nothing away from anybody.

use std::os::fd::OwnedFd;
use std::time::Duration;

use pushtalk_ptt::{Chord, Key, Modifiers, Watcher};
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use x11rb::connection::Connection as _;
use x11rb::errors::ReplyError;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask, XIEventMask};
use x11rb::protocol::xproto::{ConnectionExt as _, GrabMode, ModMask};
use x11rb::protocol::{ErrorKind, Event};
use x11rb::rust_connection::RustConnection;

use crate::thread::Thread;
use crate::{Binding, KeysError, Reach, Told, chords};

/// X keycodes are Linux input event codes and this.
const OFFSET: u32 = 8;
/// The device of the pointer that all mice move.
const POINTER: u16 = 2;
/// While a key is down, the display is asked so often whether it is.
const CONFIRM: Duration = Duration::from_secs(1);

/// A display that tells all keys and buttons.
struct Display {
    connection: RustConnection,
    root: u32,
}

pub(crate) fn start(
    display: Option<&str>,
    bound: &[Binding],
    mut tell: impl FnMut(Told) + Send + 'static,
) -> Result<Thread, KeysError> {
    let display = Display::open(display).ok_or(KeysError::Refused)?;
    let chords = chords(bound);
    let mut watcher = Watcher::new(&chords);
    Thread::start(move |stopped| {
        tell(Told::Reach(Reach::Everywhere));
        let taken: Vec<usize> =
            (0..chords.len()).filter(|place| display.is_taken(chords[*place]) == Some(true)).collect();
        if !taken.is_empty() {
            tell(Told::Taken(taken));
        }
        if display.listen(&stopped, &mut watcher, &mut tell).is_none() {
            tell(Told::Reach(Reach::Gone));
        }
    })
}

impl Display {
    fn open(name: Option<&str>) -> Option<Self> {
        let (connection, screen) = x11rb::connect(name).ok()?;
        let root = connection.setup().roots.get(screen)?.root;
        // Since 2.1 raw events come even while another program has grabbed the keyboard.
        connection.xinput_xi_query_version(2, 2).ok()?.reply().ok()?;
        let events = XIEventMask::RAW_KEY_PRESS
            | XIEventMask::RAW_KEY_RELEASE
            | XIEventMask::RAW_BUTTON_PRESS
            | XIEventMask::RAW_BUTTON_RELEASE;
        let mask = EventMask { deviceid: u16::from(bool::from(Device::ALL_MASTER)), mask: vec![events] };
        connection.xinput_xi_select_events(root, &[mask]).ok()?.check().ok()?;
        Some(Self { connection, root })
    }

    /// Some when it was stopped, none when the display is gone.
    fn listen(&self, stopped: &OwnedFd, watcher: &mut Watcher, tell: &mut impl FnMut(Told)) -> Option<()> {
        let confirm = Timespec::try_from(CONFIRM).ok();
        loop {
            while let Some(event) = self.connection.poll_for_event().ok()? {
                if let Some((key, down)) = understood(&event) {
                    for change in watcher.key(key, down) {
                        tell(Told::Changed(change));
                    }
                }
            }
            let display = PollFd::new(self.connection.stream(), PollFlags::IN);
            let mut both = [display, PollFd::new(stopped, PollFlags::IN)];
            match poll(&mut both, confirm.as_ref().filter(|_| !watcher.is_idle())) {
                Ok(0) => {
                    let down = self.down()?;
                    for change in watcher.confirm(|key| down.has(key)) {
                        tell(Told::Changed(change));
                    }
                }
                Ok(_) if !both[1].revents().is_empty() => return Some(()),
                Ok(_) | Err(Errno::INTR) => {}
                Err(_) => return None,
            }
        }
    }

    fn down(&self) -> Option<Down> {
        let keys = self.connection.query_keymap().ok()?;
        let pointer = self.connection.xinput_xi_query_pointer(self.root, POINTER).ok()?;
        Some(Down { keys: keys.reply().ok()?.keys, buttons: pointer.reply().ok()?.buttons })
    }

    /// Whether another program has the key for itself.
    fn is_taken(&self, chord: Chord) -> Option<bool> {
        let key = u8::try_from(u32::from(chord.key.event_code()) + OFFSET).ok()?;
        let Modifiers { ctrl, shift, alt, meta } = chord.modifiers;
        let held =
            [(ctrl, ModMask::CONTROL), (shift, ModMask::SHIFT), (alt, ModMask::M1), (meta, ModMask::M4)];
        let held = held.into_iter().filter(|(held, _)| *held);
        let held = held.fold(ModMask::default(), |all, (_, mask)| all | mask);
        let both = GrabMode::ASYNC;
        // Who asks for what another one has is refused; where it is free it is given back at once.
        match self.connection.grab_key(true, self.root, held, key, both, both).ok()?.check() {
            Ok(()) => {
                self.connection.ungrab_key(key, self.root, held).ok()?.check().ok()?;
                Some(false)
            }
            Err(ReplyError::X11Error(error)) => Some(error.error_kind == ErrorKind::Access),
            Err(ReplyError::ConnectionError(_)) => None,
        }
    }
}

/// What the display says to be down: one bit for each keycode, and for each button.
struct Down {
    keys: [u8; 32],
    buttons: Vec<u32>,
}

impl Down {
    fn has(&self, key: Key) -> bool {
        let code = u32::from(key.event_code());
        let bit = |place: u32, bits: u32| bits & (1 << place) != 0;
        match (1..=9).find(|number| button(*number) == Some(code)) {
            Some(number) => self.buttons.first().is_some_and(|bits| bit(number, *bits)),
            None => {
                let code = code + OFFSET;
                self.keys.get(code as usize / 8).is_some_and(|bits| bit(code % 8, (*bits).into()))
            }
        }
    }
}

fn understood(event: &Event) -> Option<(Key, bool)> {
    let (code, down) = match event {
        Event::XinputRawKeyPress(event) => (event.detail.checked_sub(OFFSET)?, true),
        Event::XinputRawKeyRelease(event) => (event.detail.checked_sub(OFFSET)?, false),
        Event::XinputRawButtonPress(event) => (button(event.detail)?, true),
        Event::XinputRawButtonRelease(event) => (button(event.detail)?, false),
        _ => return None,
    };
    Some((Key::of_event_code(u16::try_from(code).ok()?)?, down))
}

/// The event code of a button by its number; those of wheels are none.
fn button(number: u32) -> Option<u32> {
    match number {
        2 => Some(0x112),
        8 => Some(0x113),
        9 => Some(0x114),
        _ => None,
    }
}
