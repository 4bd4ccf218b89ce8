//! What a connection has of the system: the library's own runtime, but for its sockets. TCP does not wait for more to be
//! sent, and link-local addresses have a scope.

use std::{
    future::Future,
    io,
    net::SocketAddr,
    pin::Pin,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use webrtc::runtime::{
    AsyncInterval, AsyncTcpListener, AsyncTcpStream, AsyncUdpSocket, JoinHandle, Runtime, TokioRuntime,
};

use crate::scoped::{Scoped, ScopedSocket};

type Later<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// The runtime of a connection.
#[derive(Debug)]
pub(crate) struct Sockets(Mutex<Scoped>);

impl Sockets {
    pub(crate) fn new(scoped: Scoped) -> Self {
        Self(Mutex::new(scoped))
    }
}

impl Runtime for Sockets {
    fn spawn(&self, future: Later<'static, ()>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn(future)
    }

    fn spawn_reactor(&self, pool: usize, future: Later<'static, ()>) -> Box<dyn JoinHandle> {
        TokioRuntime.spawn_reactor(pool, future)
    }

    fn wrap_udp_socket(&self, socket: std::net::UdpSocket) -> io::Result<Arc<dyn AsyncUdpSocket>> {
        let scoped = self.0.lock().unwrap_or_else(PoisonError::into_inner).take(socket.local_addr()?);
        match scoped {
            None => TokioRuntime.wrap_udp_socket(socket),
            Some((real, scope)) => {
                Ok(Arc::new(ScopedSocket::new(TokioRuntime.wrap_udp_socket(real)?, scope, socket)))
            }
        }
    }

    fn wrap_tcp_listener(&self, listener: std::net::TcpListener) -> io::Result<Arc<dyn AsyncTcpListener>> {
        listener.set_nonblocking(true)?;
        Ok(Arc::new(Listener(tokio::net::TcpListener::from_std(listener)?)))
    }

    fn connect_tcp(&self, to: SocketAddr) -> Later<'_, io::Result<Arc<dyn AsyncTcpStream>>> {
        Box::pin(async move { Stream::new(tokio::net::TcpStream::connect(to).await?) })
    }

    fn resolve_host<'a>(&'a self, host: &'a str) -> Later<'a, io::Result<Vec<SocketAddr>>> {
        TokioRuntime.resolve_host(host)
    }

    fn sleep(&self, duration: Duration) -> Later<'static, ()> {
        TokioRuntime.sleep(duration)
    }

    fn interval(&self, period: Duration) -> Box<dyn AsyncInterval> {
        TokioRuntime.interval(period)
    }

    fn block_on(&self, future: Pin<Box<dyn Future<Output = ()> + '_>>) {
        TokioRuntime.block_on(future);
    }

    fn yield_now(&self) -> Later<'static, ()> {
        TokioRuntime.yield_now()
    }
}

#[derive(Debug)]
struct Listener(tokio::net::TcpListener);

impl AsyncTcpListener for Listener {
    fn accept(&self) -> Later<'_, io::Result<(Arc<dyn AsyncTcpStream>, SocketAddr)>> {
        Box::pin(async move {
            let (stream, from) = self.0.accept().await?;
            Ok((Stream::new(stream)?, from))
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        self.0.local_addr()
    }
}

/// Known by the addresses that it began with: they are asked for after its end too.
#[derive(Debug)]
struct Stream {
    reads: OwnedReadHalf,
    writes: OwnedWriteHalf,
    local: SocketAddr,
    peer: SocketAddr,
}

impl Stream {
    fn new(stream: tokio::net::TcpStream) -> io::Result<Arc<dyn AsyncTcpStream>> {
        stream.set_nodelay(true)?;
        let (local, peer) = (stream.local_addr()?, stream.peer_addr()?);
        let (reads, writes) = stream.into_split();
        Ok(Arc::new(Self { reads, writes, local, peer }))
    }
}

impl AsyncTcpStream for Stream {
    fn read<'a, 'b>(&'a self, buf: &'b mut [u8]) -> Later<'b, io::Result<usize>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            loop {
                self.reads.readable().await?;
                match self.reads.try_read(buf) {
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    other => return other,
                }
            }
        })
    }

    fn write_all<'a, 'b>(&'a self, buf: &'b [u8]) -> Later<'b, io::Result<()>>
    where
        'a: 'b,
    {
        Box::pin(async move {
            let mut rest = buf;
            while !rest.is_empty() {
                self.writes.writable().await?;
                match self.writes.try_write(rest) {
                    Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                    Ok(written) => rest = rest.get(written..).unwrap_or_default(),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
            Ok(())
        })
    }

    fn local_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.local)
    }

    fn peer_addr(&self) -> io::Result<SocketAddr> {
        Ok(self.peer)
    }
}
