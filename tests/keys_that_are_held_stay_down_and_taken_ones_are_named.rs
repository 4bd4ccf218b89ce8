//! The listener on a display of its own: what is held for long stays down, though the display is asked again and again
//! whether it is, and a key that another program has for itself is named.

use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::{Context, ensure};
use pushtalk_keys::{Binding, Listener, Reach, Told};
use pushtalk_tests::window::Display;
use x11rb::connection::Connection;
use x11rb::protocol::Event;
use x11rb::protocol::xproto::{
    BUTTON_PRESS_EVENT, BUTTON_RELEASE_EVENT, ConnectionExt as _, GrabMode, KEY_PRESS_EVENT,
    KEY_RELEASE_EVENT, ModMask,
};
use x11rb::protocol::xtest::ConnectionExt as _;

const PATIENCE: Duration = Duration::from_secs(5);
/// The display is asked each second.
const LONG: Duration = Duration::from_millis(2_500);
/// X keycodes, and the back button of a mouse.
const F8: u8 = 74;
const F9: u8 = 75;
const CONTROL: u8 = 37;
const BACK: u8 = 8;

fn binding(chord: &str) -> anyhow::Result<Binding> {
    Ok(Binding { chord: chord.parse()?, description: String::new() })
}

fn next(told: &Receiver<Told>, wanted: &Told) -> anyhow::Result<()> {
    let what = told.recv_timeout(PATIENCE).context("nothing was told")?;
    ensure!(what == *wanted, "{what:?} was told, not {wanted:?}");
    Ok(())
}

#[test]
fn keys_that_are_held_stay_down_and_taken_ones_are_named() -> anyhow::Result<()> {
    let display = Display::start()?;
    let (hands, screen) = x11rb::connect(Some(display.name()))?;
    let root = hands.setup().roots.get(screen).context("no screen")?.root;
    let sync = GrabMode::ASYNC;
    hands.grab_key(true, root, ModMask::default(), F8, sync, sync)?.check()?;

    let (tell, told) = channel();
    let bound = [binding("F9")?, binding("F8")?, binding("Ctrl+F9")?, binding("Mouse4")?];
    let _listener = Listener::on_display(display.name(), &bound, move |what| drop(tell.send(what)))?;
    next(&told, &Told::Reach(Reach::Everywhere))?;
    next(&told, &Told::Taken(vec![1]))?;

    // It is heard all the same, and whoever has it gets it, too.
    let fake = |kind, detail| -> anyhow::Result<()> {
        hands.xtest_fake_input(kind, detail, 0, x11rb::NONE, 0, 0, 0)?.check()?;
        Ok(())
    };
    for (kind, down) in [(KEY_PRESS_EVENT, true), (KEY_RELEASE_EVENT, false)] {
        fake(kind, F8)?;
        next(&told, &Told::Changed((1, down)))?;
        let mut event = hands.wait_for_event()?;
        while let Event::MappingNotify(_) = event {
            event = hands.wait_for_event()?;
        }
        ensure!(event.response_type() == kind, "{event:?}");
    }

    // All kinds at once: a key, a modifier, a button of a mouse.
    fake(KEY_PRESS_EVENT, CONTROL)?;
    fake(KEY_PRESS_EVENT, F9)?;
    next(&told, &Told::Changed((0, true)))?;
    next(&told, &Told::Changed((2, true)))?;
    fake(BUTTON_PRESS_EVENT, BACK)?;
    next(&told, &Told::Changed((3, true)))?;
    let quiet = told.recv_timeout(LONG);
    ensure!(quiet == Err(RecvTimeoutError::Timeout), "{quiet:?} while all of it was down");
    fake(BUTTON_RELEASE_EVENT, BACK)?;
    next(&told, &Told::Changed((3, false)))?;
    fake(KEY_RELEASE_EVENT, CONTROL)?;
    next(&told, &Told::Changed((2, false)))?;
    fake(KEY_RELEASE_EVENT, F9)?;
    next(&told, &Told::Changed((0, false)))?;

    // What was free is free still: who listens does not take it.
    hands.grab_key(true, root, ModMask::CONTROL, F9, sync, sync)?.check()?;
    Ok(())
}
