//! X11: raw events of the XInput extension. They come whoever has the focus, and take nothing away from anybody.

use std::os::fd::OwnedFd;
use std::thread::JoinHandle;

use pushtalk_ptt::{Key, Watcher};
use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::Errno;
use x11rb::connection::Connection as _;
use x11rb::protocol::Event;
use x11rb::protocol::xinput::{ConnectionExt as _, Device, EventMask, XIEventMask};
use x11rb::rust_connection::RustConnection;

use crate::{Binding, KeysError, Reach, Told, chords};

/// X keycodes are Linux input event codes and this.
const OFFSET: u32 = 8;

pub(crate) struct Listener {
    /// Closed, it ends the thread.
    stop: Option<OwnedFd>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    pub(crate) fn start(
        display: Option<&str>,
        bound: &[Binding],
        mut tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        let connection = listening(display).ok_or(KeysError::Refused)?;
        let (stopped, stop) = rustix::pipe::pipe().map_err(|_| KeysError::Refused)?;
        let mut watcher = Watcher::new(&chords(bound));
        let listen = move || {
            tell(Told::Reach(Reach::Everywhere));
            if listen(&connection, &stopped, &mut watcher, &mut tell).is_none() {
                tell(Told::Reach(Reach::Gone));
            }
        };
        let thread = std::thread::Builder::new().name("talk-keys".into()).spawn(listen);
        Ok(Self { stop: Some(stop), thread: Some(thread.map_err(|_| KeysError::Refused)?) })
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

/// A connection that is told all keys and buttons.
fn listening(display: Option<&str>) -> Option<RustConnection> {
    let (connection, screen) = x11rb::connect(display).ok()?;
    let root = connection.setup().roots.get(screen)?.root;
    // Since 2.1 raw events come even while another program has grabbed the keyboard.
    connection.xinput_xi_query_version(2, 2).ok()?.reply().ok()?;
    let events = XIEventMask::RAW_KEY_PRESS
        | XIEventMask::RAW_KEY_RELEASE
        | XIEventMask::RAW_BUTTON_PRESS
        | XIEventMask::RAW_BUTTON_RELEASE;
    let mask = EventMask { deviceid: u16::from(bool::from(Device::ALL_MASTER)), mask: vec![events] };
    connection.xinput_xi_select_events(root, &[mask]).ok()?.check().ok()?;
    Some(connection)
}

/// Some when it was stopped, none when the display is gone.
fn listen(
    connection: &RustConnection,
    stopped: &OwnedFd,
    watcher: &mut Watcher,
    tell: &mut impl FnMut(Told),
) -> Option<()> {
    loop {
        while let Some(event) = connection.poll_for_event().ok()? {
            if let Some((key, down)) = understood(&event) {
                for change in watcher.key(key, down) {
                    tell(Told::Changed(change));
                }
            }
        }
        let mut both = [PollFd::new(connection.stream(), PollFlags::IN), PollFd::new(stopped, PollFlags::IN)];
        match poll(&mut both, None) {
            Ok(_) if !both[1].revents().is_empty() => return Some(()),
            Ok(_) | Err(Errno::INTR) => {}
            Err(_) => return None,
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
