//! Wayland: the desktop's portal for shortcuts, by the bus of the session. A key that the desktop has bound this way does
//! not reach the program in front.

use std::os::fd::OwnedFd;
use std::pin::pin;
use std::time::{Duration, Instant};

use async_io::{Async, Timer};
use futures_util::StreamExt as _;
use futures_util::future::{Either, select};
use zbus::MessageStream;
use zbus::connection::Builder;

use crate::shortcuts::{Output, Shortcuts};
use crate::thread::Thread;
use crate::{Binding, KeysError, Reach, Told};

/// Longest wait for a bus that is told that we end.
const GOODBYE: Duration = Duration::from_secs(1);

/// On the bus of the session, or on the one at this address. Nothing is waited for: what comes of it is told.
pub(crate) fn start(
    bus: Option<&str>,
    bound: &[Binding],
    mut tell: impl FnMut(Told) + Send + 'static,
) -> Result<Thread, KeysError> {
    let (bus, bound) = (bus.map(str::to_owned), bound.to_vec());
    Thread::start(move |stopped| {
        let Ok(stopped) = Async::new(stopped) else { return tell(Told::Reach(Reach::Gone)) };
        match async_io::block_on(listen(bus, bound, &stopped, &mut tell)) {
            Err(Ended::Stopped) => {}
            Err(Ended::NoBus) => tell(Told::Reach(Reach::NoPortal)),
            Err(Ended::BusGone) => tell(Told::Reach(Reach::Gone)),
        }
    })
}

/// Why nothing is listened to any more.
enum Ended {
    Stopped,
    NoBus,
    BusGone,
}

enum Never {}

async fn listen(
    bus: Option<String>,
    bound: Vec<Binding>,
    stopped: &Async<OwnedFd>,
    tell: &mut impl FnMut(Told),
) -> Result<Never, Ended> {
    let connect = async {
        match &bus {
            Some(bus) => Builder::address(bus.as_str())?,
            None => Builder::session()?,
        }
        .build()
        .await
    };
    let connection = unless(stopped, connect).await?.map_err(|_| Ended::NoBus)?;
    let name = connection.unique_name().map(|name| name.to_string()).ok_or(Ended::NoBus)?;
    let mut messages = MessageStream::from(&connection);
    let mut shortcuts = Shortcuts::new(&name, bound);
    let start = Instant::now();
    let mut outputs = shortcuts.begin();
    loop {
        for output in outputs {
            match output {
                Output::Send(message) => {
                    unless(stopped, connection.send(&message)).await?.map_err(|_| Ended::BusGone)?;
                }
                Output::Tell(told) => tell(told),
            }
        }
        let timer = shortcuts.poll_timeout().map_or_else(Timer::never, |at| Timer::at(start + at));
        let event = match unless(stopped, select(messages.next(), timer)).await {
            Ok(event) => event,
            Err(ended) => {
                if let Some(message) = shortcuts.end() {
                    // A bus that takes nothing any more does not hold us up.
                    drop(select(pin!(connection.send(&message)), Timer::after(GOODBYE)).await);
                }
                return Err(ended);
            }
        };
        let now = start.elapsed();
        outputs = match event {
            Either::Left((Some(Ok(message)), _)) => shortcuts.handle(now, &message),
            Either::Left((Some(Err(_)) | None, _)) => return Err(Ended::BusGone),
            Either::Right(_) => shortcuts.handle_timeout(now),
        };
    }
}

/// What comes of it, unless we are stopped first.
async fn unless<T>(stopped: &Async<OwnedFd>, work: impl Future<Output = T>) -> Result<T, Ended> {
    match select(pin!(stopped.readable()), pin!(work)).await {
        Either::Left(_) => Err(Ended::Stopped),
        Either::Right((done, _)) => Ok(done),
    }
}
