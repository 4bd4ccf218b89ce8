//! A connection that can be cut from outside, that gives up when the other end takes nothing, and that listens more slowly
//! to who says too much.
//!
//! The layers above keep a connection until its writer is done, and a writer waits for as long as the other end's window
//! is shut: without this, who stops reading would stay a member for hours. What is too much is left in the socket, so that
//! the other end's own system makes it wait: nothing is lost, and nothing grows.
//!
//! A session of long polling hangs on no connection. It has a tether of its own, and a place for as long as it lasts.

use std::io;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Instant, Sleep, sleep};

use crate::bucket::Bucket;
use crate::gate::Place;
use crate::limits::Limits;
use crate::lobby::Source;

/// The other end has so long to take what is written.
const STALL: Duration = Duration::from_secs(10);
/// Who should be silent for longer is cut, where nothing slows it down.
const OVERDRAWN: Duration = Duration::from_secs(5);

/// What is left in the hand of who may cut.
pub(crate) struct Tether {
    cut: watch::Sender<bool>,
    ended: AtomicBool,
    source: Source,
    limits: Limits,
    since: Instant,
    intake: Mutex<Intake>,
    /// Bytes that were handed over to be written, and are not yet.
    waiting: AtomicUsize,
    /// The same, of all connections.
    waiting_of_all: Arc<AtomicUsize>,
}

/// How much is listened to.
struct Intake {
    events: Bucket,
    bytes: Bucket,
}

impl Tether {
    fn new(place: &Place) -> Self {
        let limits = *place.limits();
        let full = |rate| Bucket::new(Duration::ZERO, rate);
        Self {
            cut: watch::channel(false).0,
            ended: AtomicBool::new(false),
            source: place.source(),
            limits,
            since: Instant::now(),
            intake: Mutex::new(Intake { events: full(limits.events), bytes: full(limits.bytes) }),
            waiting: AtomicUsize::new(0),
            waiting_of_all: place.waiting_of_all(),
        }
    }

    /// Ends the connection, whatever it is doing.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    pub(crate) fn is_cut(&self) -> bool {
        *self.cut.borrow()
    }

    /// True when so much was said that nothing may be said for a while, and it was said all the same: where there is no
    /// connection that could be read more slowly.
    pub(crate) fn is_overdrawn(&self) -> bool {
        self.pause().is_some_and(|pause| pause > OVERDRAWN)
    }

    /// True when the connection is no more.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// From where it comes.
    pub(crate) fn source(&self) -> Source {
        self.source
    }

    /// One more event was heard. More is read when there may be.
    pub(crate) fn heard_event(&self) {
        self.intake(|now, intake| intake.events.take(now, 1));
    }

    /// So much is about to be written. False when too much waits already.
    pub(crate) fn writes(&self, bytes: usize) -> bool {
        let own = self.waiting.fetch_add(bytes, Ordering::Relaxed) + bytes;
        let all = self.waiting_of_all.fetch_add(bytes, Ordering::Relaxed) + bytes;
        // Where too much waits in all, nobody is cut who has taken all but the last few messages.
        let fair = own <= self.limits.relay * 4 || all <= self.limits.backlogs;
        own <= self.limits.backlog && fair
    }

    /// So much was written, also of what was never announced.
    fn wrote(&self, bytes: usize) {
        let take = |waiting: usize| Some(waiting.saturating_sub(bytes));
        let before =
            self.waiting.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).unwrap_or_else(|it| it);
        self.waiting_of_all.fetch_sub(before.min(bytes), Ordering::Relaxed);
    }

    fn heard_bytes(&self, bytes: usize) {
        self.intake(|now, intake| intake.bytes.take(now, u32::try_from(bytes).unwrap_or(u32::MAX)));
    }

    /// For how long nothing is to be read.
    fn pause(&self) -> Option<Duration> {
        self.intake(|now, intake| intake.events.wait(now).max(intake.bytes.wait(now)))
    }

    fn intake<T>(&self, act: impl FnOnce(Duration, &mut Intake) -> T) -> T {
        act(self.since.elapsed(), &mut self.intake.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Drop for Tether {
    fn drop(&mut self) {
        self.waiting_of_all.fetch_sub(*self.waiting.get_mut(), Ordering::Relaxed);
    }
}

/// A session of long polling: it ends with the request that began it, which the layers above keep for so long.
pub(crate) struct Polled {
    tether: Arc<Tether>,
    _place: Place,
}

impl Polled {
    pub(crate) fn new(place: Place) -> Self {
        Self { tether: Arc::new(Tether::new(&place)), _place: place }
    }

    pub(crate) fn tether(&self) -> &Arc<Tether> {
        &self.tether
    }
}

impl Drop for Polled {
    fn drop(&mut self) {
        self.tether.ended.store(true, Ordering::Release);
    }
}

/// From where a connection really comes that a proxy has passed on; kept with the request that began it.
pub(crate) struct Forwarded {
    place: Place,
}

impl Forwarded {
    pub(crate) fn new(place: Place) -> Self {
        Self { place }
    }

    pub(crate) fn source(&self) -> Source {
        self.place.source()
    }
}

/// The connection.
pub(crate) struct Tethered<S> {
    inner: S,
    tether: Arc<Tether>,
    is_cut: bool,
    /// One each, since reader and writer are woken apart.
    reader: Signal,
    writer: Signal,
    stalled: Option<Pin<Box<Sleep>>>,
    /// Until then nothing is read.
    paused: Option<Pin<Box<Sleep>>>,
    _place: Place,
}

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<S> Tethered<S> {
    /// Ends when its tether is cut, or when `closing` says so for all.
    pub(crate) fn new(inner: S, place: Place, closing: &watch::Receiver<bool>) -> (Self, Arc<Tether>) {
        let tether = Arc::new(Tether::new(&place));
        let own = tether.cut.subscribe();
        let signal = || -> Signal {
            let (own, all) = (said(own.clone()), said(closing.clone()));
            Box::pin(async move {
                tokio::select! {
                    () = own => {}
                    () = all => {}
                }
            })
        };
        let (reader, writer) = (signal(), signal());
        let tethered = Self {
            inner,
            tether: tether.clone(),
            is_cut: false,
            reader,
            writer,
            stalled: None,
            paused: None,
            _place: place,
        };
        (tethered, tether)
    }

    fn check_writer(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.is_cut || self.writer.as_mut().poll(cx).is_ready() {
            self.is_cut = true;
            return Err(io::ErrorKind::ConnectionAborted.into());
        }
        Ok(())
    }

    /// Passes on what the inner one says, and counts the time for which it says to wait.
    fn patiently<T>(&mut self, cx: &mut Context<'_>, result: Poll<io::Result<T>>) -> Poll<io::Result<T>> {
        if result.is_ready() {
            self.stalled = None;
            return result;
        }
        ready!(self.stalled.get_or_insert_with(|| Box::pin(sleep(STALL))).as_mut().poll(cx));
        self.is_cut = true;
        self.tether.cut();
        Poll::Ready(Err(io::ErrorKind::TimedOut.into()))
    }
}

impl<S> Drop for Tethered<S> {
    fn drop(&mut self) {
        self.tether.ended.store(true, Ordering::Release);
    }
}

/// Waits until it says true, or until nobody can say so any more.
async fn said(mut signal: watch::Receiver<bool>) {
    while !*signal.borrow_and_update() {
        if signal.changed().await.is_err() {
            return;
        }
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Tethered<S> {
    fn poll_read(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_cut || this.reader.as_mut().poll(cx).is_ready() {
            this.is_cut = true;
            return Poll::Ready(Err(io::ErrorKind::ConnectionAborted.into()));
        }
        loop {
            if let Some(paused) = &mut this.paused {
                ready!(paused.as_mut().poll(cx));
            }
            this.paused = this.tether.pause().map(|pause| Box::pin(sleep(pause)));
            if this.paused.is_none() {
                break;
            }
        }
        let before = buf.filled().len();
        ready!(Pin::new(&mut this.inner).poll_read(cx, buf))?;
        this.tether.heard_bytes(buf.filled().len() - before);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tethered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_writer(cx)?;
        let result = Pin::new(&mut this.inner).poll_write(cx, buf);
        if let Poll::Ready(Ok(bytes)) = result {
            this.tether.wrote(bytes);
        }
        this.patiently(cx, result)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_writer(cx)?;
        let result = Pin::new(&mut this.inner).poll_flush(cx);
        this.patiently(cx, result)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        this.check_writer(cx)?;
        let result = Pin::new(&mut this.inner).poll_shutdown(cx);
        this.patiently(cx, result)
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};

    use tokio::io::{AsyncReadExt, AsyncWriteExt, DuplexStream, duplex};

    use super::*;
    use crate::gate::Gate;
    use crate::limits::Rate;

    const SECOND: Duration = Duration::from_secs(1);

    /// A connection, its other end, and what closes it.
    type Connection = (Tethered<DuplexStream>, Arc<Tether>, DuplexStream, watch::Sender<bool>);

    fn tethered(limits: Limits) -> Connection {
        let (inner, other_end) = duplex(1 << 20);
        let place = Gate::new(limits).admit(IpAddr::from(Ipv4Addr::LOCALHOST)).unwrap();
        let (closing, closed) = watch::channel(false);
        let (tethered, tether) = Tethered::new(inner, place, &closed);
        (tethered, tether, other_end, closing)
    }

    #[tokio::test(start_paused = true)]
    async fn who_sends_too_much_is_read_more_slowly_and_nothing_is_lost() {
        let limits = Limits { bytes: Rate::a_second(1000, 100), ..Limits::default() };
        let (mut tethered, _tether, mut other_end, _closing) = tethered(limits);
        let said: Vec<u8> = (0..3000_u32).map(|n| n as u8).collect();
        other_end.write_all(&said).await.unwrap();
        drop(other_end);
        let (begun, mut heard, mut block) = (Instant::now(), Vec::new(), [0; 200]);
        while let Ok(count @ 1..) = tethered.read(&mut block).await {
            heard.extend_from_slice(&block[..count]);
            let most = 1000.0 + 100.0 * begun.elapsed().as_secs_f64() + 200.0;
            assert!(heard.len() as f64 <= most + 1.0, "{} after {:?}", heard.len(), begun.elapsed());
        }
        assert_eq!(heard, said);
        assert!(begun.elapsed() >= 18 * SECOND);
    }

    #[tokio::test(start_paused = true)]
    async fn after_too_many_events_nothing_more_is_read_for_a_while() {
        let limits = Limits { events: Rate::a_second(10, 5), ..Limits::default() };
        let (mut tethered, tether, mut other_end, _closing) = tethered(limits);
        other_end.write_all(&[1; 10]).await.unwrap();
        let begun = Instant::now();
        for _ in 0..10 {
            tether.heard_event();
        }
        assert_eq!(tethered.read(&mut [0; 5]).await.unwrap(), 5);
        assert_eq!(begun.elapsed(), Duration::ZERO);
        for _ in 0..5 {
            tether.heard_event();
        }
        assert_eq!(tethered.read(&mut [0; 5]).await.unwrap(), 5);
        assert!(begun.elapsed() >= SECOND && begun.elapsed() < 2 * SECOND, "{:?}", begun.elapsed());
    }

    #[tokio::test(start_paused = true)]
    async fn who_is_paused_can_be_cut() {
        let limits = Limits { events: Rate::a_second(1, 0), ..Limits::default() };
        let (mut tethered, tether, _other_end, _closing) = tethered(limits);
        tether.heard_event();
        tether.heard_event();
        let cut = async {
            tokio::task::yield_now().await;
            tether.cut();
        };
        let mut block = [0; 5];
        let (read, ()) = tokio::join!(tethered.read(&mut block), cut);
        assert_eq!(read.unwrap_err().kind(), io::ErrorKind::ConnectionAborted);
    }

    #[tokio::test]
    async fn what_waits_to_be_written_is_bounded_and_what_was_written_does_not_count() {
        let limits = Limits { backlog: 1000, backlogs: 1500, relay: 100, ..Limits::default() };
        let gate = Gate::new(limits);
        let (_closing, closed) = watch::channel(false);
        let mut all = Vec::new();
        for _ in 0..3 {
            let place = gate.admit(IpAddr::from(Ipv4Addr::LOCALHOST)).unwrap();
            let (inner, other_end) = duplex(1 << 20);
            all.push((Tethered::new(inner, place, &closed), other_end));
        }
        let [((first, a), _), ((_, b), _), ((_, c), _)] = &mut all[..] else { panic!() };
        assert!(a.writes(900));
        assert!(!a.writes(101), "more than one may have");
        first.write_all(&[0; 1100]).await.unwrap();
        assert!(a.writes(1000), "all that waited was written");
        assert!(b.writes(400) && !b.writes(101), "more than all may have, and this one does not take it");
        assert!(c.writes(300), "who has taken everything is not cut for the others");
        drop(all);
        let place = gate.admit(IpAddr::from(Ipv4Addr::LOCALHOST)).unwrap();
        assert_eq!(place.waiting_of_all().load(Ordering::Relaxed), 0);
    }
}
