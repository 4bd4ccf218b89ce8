//! A connection that can be cut from outside, and that gives up when the other end takes nothing.
//!
//! The layers above keep a connection until its writer is done, and a writer waits for as long as the other end's window
//! is shut: without this, who stops reading would stay a member for hours.

use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::sync::watch;
use tokio::time::{Sleep, sleep};

use crate::gate::Place;

/// The other end has so long to take what is written.
const STALL: Duration = Duration::from_secs(10);

/// What is left in the hand of who may cut.
pub(crate) struct Tether {
    cut: watch::Sender<bool>,
    ended: AtomicBool,
}

impl Tether {
    /// Ends the connection, whatever it is doing.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// True when the connection is no more.
    pub(crate) fn is_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
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
    _place: Place,
}

type Signal = Pin<Box<dyn Future<Output = ()> + Send>>;

impl<S> Tethered<S> {
    /// Ends when its tether is cut, or when `closing` says so for all.
    pub(crate) fn new(inner: S, place: Place, closing: &watch::Receiver<bool>) -> (Self, Arc<Tether>) {
        let (cut, own) = watch::channel(false);
        let tether = Arc::new(Tether { cut, ended: AtomicBool::new(false) });
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
        Pin::new(&mut this.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Tethered<S> {
    fn poll_write(self: Pin<&mut Self>, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let this = self.get_mut();
        this.check_writer(cx)?;
        let result = Pin::new(&mut this.inner).poll_write(cx, buf);
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
