//! Gamepads, wherever the focus is: their buttons still reach the game.
//!
//! The library leaves a thread behind each time that it is begun anew. So one thread begins it, when somebody first wants to
//! hear gamepads, and keeps it; while nobody does, what it tells is thrown away.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, TryRecvError, channel};
use std::time::{Duration, Instant};

use gilrs::{Button, EventType, Gilrs, GilrsBuilder};
use pushtalk_ptt::Key;

use crate::held::Held;
use crate::{Binding, KeysError, Reach, Told, chords};

/// The library cannot be woken: what is ordered is seen by then.
const GLANCE: Duration = Duration::from_millis(50);
/// Who comes back sooner with nothing has not waited.
const EARLY: Duration = Duration::from_millis(1);
const MOST_EARLY: u32 = 200;
/// While nobody listens, what the library tells is thrown away so often.
const IDLE: Duration = Duration::from_millis(500);

static THREAD: OnceLock<Option<Sender<Order>>> = OnceLock::new();
static NUMBER: AtomicU64 = AtomicU64::new(0);

/// Listens to gamepads until it is dropped, or until another one does.
pub struct Pads {
    number: u64,
    orders: Sender<Order>,
}

/// What is listened for.
#[derive(Clone, Debug)]
pub enum Wanted {
    /// These chords.
    Bound(Vec<Binding>),
    /// Any button, as [`Told::Pressed`]: one is to be bound.
    Any,
}

impl Pads {
    /// Nothing is waited for: whether gamepads can be heard is told.
    ///
    /// # Errors
    /// When the system has no thread left.
    pub fn start(wanted: &Wanted, tell: impl FnMut(Told) + Send + 'static) -> Result<Self, KeysError> {
        let orders = THREAD.get_or_init(thread).clone().ok_or(KeysError::Refused)?;
        Self::ordered(orders, wanted, tell)
    }

    fn ordered(
        orders: Sender<Order>,
        wanted: &Wanted,
        tell: impl FnMut(Told) + Send + 'static,
    ) -> Result<Self, KeysError> {
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let work = Work { number, ear: Ear::new(wanted), tell: Box::new(tell) };
        orders.send(Order::Begin(work)).map_err(|_| KeysError::Refused)?;
        Ok(Self { number, orders })
    }
}

impl Drop for Pads {
    fn drop(&mut self) {
        // Where the thread has ended, so has this.
        let _ = self.orders.send(Order::End(self.number));
    }
}

enum Order {
    Begin(Work),
    End(u64),
}

struct Work {
    number: u64,
    ear: Ear,
    tell: Box<dyn FnMut(Told) + Send>,
}

/// Where events of gamepads come from.
trait Source {
    /// The next one, if it comes within this time; the number of its gamepad, and nothing for what does not count.
    fn next(&mut self, within: Duration) -> Option<(usize, Option<What>)>;
}

impl Source for Gilrs {
    fn next(&mut self, within: Duration) -> Option<(usize, Option<What>)> {
        let event = self.next_event_blocking(Some(within))?;
        Some((event.id.into(), what(event.event)))
    }
}

fn thread() -> Option<Sender<Order>> {
    let (orders, ordered) = channel();
    std::thread::Builder::new().name("gamepads".into()).spawn(move || run(&ordered, begun)).ok()?;
    Some(orders)
}

/// For as long as somebody can order something.
fn run<S: Source>(ordered: &Receiver<Order>, mut begin: impl FnMut() -> Option<S>) {
    let mut pads: Option<S> = None;
    let mut work: Option<Work> = None;
    let mut idle_looks = 0_u32;
    loop {
        let order = match work {
            Some(_) => ordered.try_recv(),
            None => idle(ordered, pads.as_mut()),
        };
        match order {
            Ok(Order::Begin(mut new)) => {
                pads = pads.or_else(&mut begin);
                // What was pressed while nobody listened counts for nothing.
                if let Some(pads) = &mut pads {
                    drain(pads);
                }
                let reach = if pads.is_some() { Reach::Everywhere } else { Reach::Unreadable };
                (new.tell)(Told::Reach(reach));
                work = Some(new).filter(|_| pads.is_some());
            }
            Ok(Order::End(number)) => {
                work.take_if(|work| work.number == number);
            }
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return,
        }
        let (Some(work), Some(pads)) = (&mut work, &mut pads) else { continue };
        let looked = Instant::now();
        let heard = pads.next(GLANCE);
        // The library often comes back at once with nothing. One that went without a word makes it do so for ever.
        idle_looks = if heard.is_none() && looked.elapsed() < EARLY { idle_looks + 1 } else { 0 };
        if idle_looks > MOST_EARLY {
            std::thread::sleep(GLANCE);
        }
        if let Some((pad, Some(what))) = heard {
            for told in work.ear.hears(pad, what) {
                (work.tell)(told);
            }
        }
    }
}

/// Throws away what has come.
fn drain(pads: &mut impl Source) {
    let mut nothing = 0;
    while nothing < 8 {
        nothing = if pads.next(Duration::ZERO).is_some() { 0 } else { nothing + 1 };
    }
}

/// Waits for an order. What the library tells meanwhile is thrown away: else it would pile up, and gamepads that came and
/// went would not be known.
fn idle<S: Source>(ordered: &Receiver<Order>, pads: Option<&mut S>) -> Result<Order, TryRecvError> {
    let Some(pads) = pads else { return ordered.recv().map_err(|_| TryRecvError::Disconnected) };
    match ordered.recv_timeout(IDLE) {
        Err(RecvTimeoutError::Timeout) => {
            drain(pads);
            Err(TryRecvError::Empty)
        }
        Err(RecvTimeoutError::Disconnected) => Err(TryRecvError::Disconnected),
        Ok(order) => Ok(order),
    }
}

fn begun() -> Option<Gilrs> {
    match GilrsBuilder::new().with_force_feedback(false).build() {
        Ok(pads) => Some(pads),
        Err(error) => {
            tracing::info!(%error, "gamepads are not heard");
            None
        }
    }
}

/// What a gamepad does, as far as it counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum What {
    Button(Button, bool),
    Gone,
}

fn what(event: EventType) -> Option<What> {
    match event {
        EventType::ButtonPressed(button, _) => Some(What::Button(button, true)),
        EventType::ButtonReleased(button, _) => Some(What::Button(button, false)),
        EventType::Disconnected => Some(What::Gone),
        _ => None,
    }
}

/// What is made of what gamepads do.
#[derive(Debug)]
enum Ear {
    Bound(Held<usize>),
    Any,
}

impl Ear {
    fn new(wanted: &Wanted) -> Self {
        match wanted {
            Wanted::Bound(bound) => Self::Bound(Held::new(&chords(bound))),
            Wanted::Any => Self::Any,
        }
    }

    fn hears(&mut self, pad: usize, what: What) -> Vec<Told> {
        let changes = match (self, what) {
            (Self::Bound(held), What::Gone) => held.gone(pad),
            (Self::Bound(held), What::Button(button, down)) => {
                key(button).map(|key| held.key(pad, key, down)).unwrap_or_default()
            }
            (Self::Any, What::Button(button, true)) => {
                return key(button).map(Told::Pressed).into_iter().collect();
            }
            (Self::Any, _) => Vec::new(),
        };
        changes.into_iter().map(Told::Changed).collect()
    }
}

fn key(button: Button) -> Option<Key> {
    Key::named(match button {
        Button::South => "GamepadSouth",
        Button::East => "GamepadEast",
        Button::North => "GamepadNorth",
        Button::West => "GamepadWest",
        Button::LeftTrigger => "GamepadLeftShoulder",
        Button::RightTrigger => "GamepadRightShoulder",
        Button::LeftTrigger2 => "GamepadLeftTrigger",
        Button::RightTrigger2 => "GamepadRightTrigger",
        Button::Select => "GamepadSelect",
        Button::Start => "GamepadStart",
        Button::Mode => "GamepadMode",
        Button::LeftThumb => "GamepadLeftStick",
        Button::RightThumb => "GamepadRightStick",
        Button::DPadUp => "GamepadUp",
        Button::DPadDown => "GamepadDown",
        Button::DPadLeft => "GamepadLeft",
        Button::DPadRight => "GamepadRight",
        Button::C | Button::Z | Button::Unknown => return None,
    })
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc::RecvTimeoutError;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(10);

    fn bound(chords: &[&str]) -> Wanted {
        let one = |chord: &&str| Binding { chord: chord.parse().unwrap(), description: String::new() };
        Wanted::Bound(chords.iter().map(one).collect())
    }

    fn went(place: usize, down: bool) -> [Told; 1] {
        [Told::Changed((place, down))]
    }

    #[test]
    fn bound_buttons_are_told_and_one_that_goes_lets_go() {
        use What::{Button as Does, Gone};
        let mut ear = Ear::new(&bound(&["GamepadSouth", "GamepadLeftTrigger"]));
        assert_eq!(ear.hears(0, Does(Button::South, true)), went(0, true));
        assert_eq!(ear.hears(1, Does(Button::South, true)), [], "another one holds it already");
        assert_eq!(ear.hears(0, Does(Button::North, true)), []);
        assert_eq!(ear.hears(0, Does(Button::Unknown, true)), []);
        assert_eq!(ear.hears(0, Gone), []);
        assert_eq!(ear.hears(1, Gone), went(0, false));
        assert_eq!(ear.hears(0, Does(Button::LeftTrigger2, true)), went(1, true));
        assert_eq!(ear.hears(0, Does(Button::LeftTrigger2, false)), went(1, false));
    }

    #[test]
    fn any_button_is_told_while_one_is_to_be_bound_and_does_nothing() {
        let mut ear = Ear::new(&Wanted::Any);
        let south = Told::Pressed(Key::named("GamepadSouth").unwrap());
        assert_eq!(ear.hears(0, What::Button(Button::South, true)), [south]);
        assert_eq!(ear.hears(0, What::Button(Button::South, false)), []);
        assert_eq!(ear.hears(0, What::Gone), []);
        assert_eq!(ear.hears(0, What::Button(Button::Unknown, true)), []);
    }

    /// Gamepads that do what the test says.
    struct Fake(Receiver<(usize, What)>);

    impl Source for Fake {
        fn next(&mut self, within: Duration) -> Option<(usize, Option<What>)> {
            self.0.recv_timeout(within).ok().map(|(pad, what)| (pad, Some(what)))
        }
    }

    fn listen(orders: &Sender<Order>) -> (Pads, Receiver<Told>) {
        let (tell, told) = channel();
        let wanted = bound(&["GamepadSouth", "GamepadEast"]);
        let pads = Pads::ordered(orders.clone(), &wanted, move |what| drop(tell.send(what))).unwrap();
        (pads, told)
    }

    #[test]
    fn while_nobody_listens_what_gamepads_tell_does_not_pile_up() {
        // It takes no more than one at a time.
        let (hands, fake) = std::sync::mpsc::sync_channel(1);
        let (orders, ordered) = channel();
        let mut source = Some(Fake(fake));
        let thread = std::thread::spawn(move || run(&ordered, || source.take()));
        let (pads, told) = listen(&orders);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reach(Reach::Everywhere)));
        drop(pads);
        assert_eq!(told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        let until = Instant::now() + PATIENCE;
        let mut taken = 0;
        while taken < 3 && Instant::now() < until {
            taken += u32::from(hands.try_send((0, What::Gone)).is_ok());
            std::thread::yield_now();
        }
        assert_eq!(taken, 3);
        drop(orders);
        thread.join().unwrap();
    }

    #[test]
    fn one_listens_at_a_time_and_what_is_pressed_while_none_does_counts_for_nothing() {
        let (hands, fake) = channel();
        let (orders, ordered) = channel();
        let mut source = Some(Fake(fake));
        let thread = std::thread::spawn(move || run(&ordered, || source.take()));
        let press = |down| hands.send((0, What::Button(Button::South, down))).unwrap();
        let next = |told: &Receiver<Told>| told.recv_timeout(PATIENCE).unwrap();

        press(true);
        let (first, told_first) = listen(&orders);
        assert_eq!(next(&told_first), Told::Reach(Reach::Everywhere));
        hands.send((0, What::Button(Button::East, true))).unwrap();
        assert_eq!(next(&told_first), went(1, true)[0], "not what was before");
        let (second, told) = listen(&orders);
        assert_eq!(next(&told), Told::Reach(Reach::Everywhere));
        assert!(told_first.recv_timeout(PATIENCE).is_err(), "it has ended when another one began");
        drop(first);
        // It sees what is ordered before it looks for what comes next.
        for down in [true, false] {
            press(down);
            assert_eq!(next(&told), went(0, down)[0], "the end of the first one ends nothing else");
        }
        drop(second);
        assert_eq!(told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        press(false);
        press(true);
        let (third, told) = listen(&orders);
        assert_eq!(next(&told), Told::Reach(Reach::Everywhere), "it was begun once");
        press(true);
        press(false);
        assert_eq!([next(&told), next(&told)], [went(0, true), went(0, false)].concat()[..]);
        drop((third, orders));
        thread.join().unwrap();
    }

    #[test]
    fn where_gamepads_cannot_be_read_that_is_told() {
        let (orders, ordered) = channel();
        let thread = std::thread::spawn(move || run(&ordered, || None::<Fake>));
        let (pads, told) = listen(&orders);
        assert_eq!(told.recv_timeout(PATIENCE), Ok(Told::Reach(Reach::Unreadable)));
        assert_eq!(told.recv_timeout(PATIENCE), Err(RecvTimeoutError::Disconnected));
        drop((pads, orders));
        thread.join().unwrap();
    }

    #[test]
    fn the_gamepads_of_this_machine_are_asked_without_harm() {
        for wanted in [bound(&["GamepadSouth"]), Wanted::Any] {
            let (tell, told) = channel();
            let _pads = Pads::start(&wanted, move |what| drop(tell.send(what))).unwrap();
            assert!(matches!(told.recv_timeout(PATIENCE), Ok(Told::Reach(_))));
        }
    }
}
