//! The end that listens.

use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use pushtalk_ptt::{Act, Hand, Input, Source};
use tokio::io::{AsyncBufReadExt, AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt, BufReader};
#[cfg(unix)]
use tokio::net::UnixListener;
use tokio::sync::{Semaphore, mpsc};

use crate::{ControlError, Place, Request};

/// Whom the requests are for.
pub trait Host: Send + Sync + 'static {
    /// Somebody does something to the talk key.
    fn hand(&self, input: Input) -> impl Future<Output = ()> + Send;
    /// One line that tells how things are.
    fn status(&self) -> String;
}

/// Longest line that is read.
const LONGEST: u64 = 256;
/// Connections at one time; more wait.
const CONNECTIONS: usize = 16;
/// Answers that wait for somebody who does not read them; more are left out.
const ANSWERS: usize = 16;
/// A system that refuses connections for a moment is asked again after this.
const PAUSE: Duration = Duration::from_secs(1);

/// The hand of those who ask and go.
const PASSING: u32 = 0;

/// A socket that listens, and is gone with the value.
pub struct Server {
    #[cfg(unix)]
    listener: UnixListener,
    #[cfg(windows)]
    next: tokio::net::windows::named_pipe::NamedPipeServer,
    place: Place,
}

impl Server {
    /// Listens at this place. One that a program left behind that is gone is replaced.
    ///
    /// # Errors
    /// When the directory is not only ours, another program listens, or the system refuses.
    #[cfg(unix)]
    pub fn bind(place: Place) -> Result<Self, ControlError> {
        use std::os::unix::fs::PermissionsExt;
        place.prepare()?;
        let path = place.path();
        if let Err(error) = std::os::unix::net::UnixStream::connect(&path)
            && error.kind() == std::io::ErrorKind::ConnectionRefused
        {
            std::fs::remove_file(&path)?;
        }
        let listener = UnixListener::bind(&path)?;
        std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600))?;
        Ok(Self { listener, place })
    }

    /// Listens at this place.
    ///
    /// # Errors
    /// When another program listens there, or the system refuses.
    #[cfg(windows)]
    pub fn bind(place: Place) -> Result<Self, ControlError> {
        use tokio::net::windows::named_pipe::ServerOptions;
        let next = ServerOptions::new().first_pipe_instance(true).create(&place.name)?;
        Ok(Self { next, place })
    }

    /// Answers whoever comes, for ever.
    pub async fn run<H: Host>(mut self, host: Arc<H>) {
        let places = Arc::new(Semaphore::new(CONNECTIONS));
        let numbers = AtomicU32::new(PASSING + 1);
        loop {
            let Ok(place) = places.clone().acquire_owned().await else { return };
            match self.accept().await {
                Ok(connection) => {
                    let (host, number) = (host.clone(), numbers.fetch_add(1, Ordering::Relaxed));
                    tokio::spawn(async move {
                        answer(connection, &*host, number).await;
                        drop(place);
                    });
                }
                Err(error) => {
                    tracing::debug!(%error, "a connection to the control socket was refused");
                    tokio::time::sleep(PAUSE).await;
                }
            }
        }
    }

    #[cfg(unix)]
    async fn accept(&mut self) -> Result<tokio::net::UnixStream, ControlError> {
        let (connection, _) = self.listener.accept().await?;
        if connection.peer_cred()?.uid() == rustix::process::geteuid().as_raw() {
            Ok(connection)
        } else {
            Err(ControlError::NotOurs(self.place.path()))
        }
    }

    #[cfg(windows)]
    async fn accept(&mut self) -> Result<tokio::net::windows::named_pipe::NamedPipeServer, ControlError> {
        use tokio::net::windows::named_pipe::ServerOptions;
        self.next.connect().await?;
        let next = ServerOptions::new().create(&self.place.name)?;
        Ok(std::mem::replace(&mut self.next, next))
    }
}

#[cfg(unix)]
impl Drop for Server {
    fn drop(&mut self) {
        drop(std::fs::remove_file(self.place.path()));
    }
}

/// Answers one connection until it ends; what it held comes up then.
async fn answer<S: AsyncRead + AsyncWrite, H: Host>(connection: S, host: &H, number: u32) {
    let (requests, mut answers) = tokio::io::split(connection);
    let (tell, mut told) = mpsc::channel::<Vec<u8>>(ANSWERS);
    let mut writing = pin!(async {
        while let Some(line) = told.recv().await {
            // Who asks may not care for answers; it is heard all the same.
            let _ = answers.write_all(&line).await;
        }
    });
    let reading = async move {
        listen(requests, host, number, |line| {
            let _ = tell.try_send(line);
        })
        .await;
    };
    tokio::select! {
        () = reading => {}
        () = &mut writing => {}
    }
    // What was asked last is still answered.
    let _ = tokio::time::timeout(PAUSE, writing).await;
}

/// Does what is asked until nobody asks any more.
async fn listen<H: Host>(requests: impl AsyncRead + Unpin, host: &H, number: u32, tell: impl Fn(Vec<u8>)) {
    let held = Hand { source: Source::Control, key: number };
    let passing = Hand { source: Source::Control, key: PASSING };
    let mut holds = false;
    let mut requests = BufReader::new(requests);
    loop {
        let mut line = String::new();
        let read = (&mut requests).take(LONGEST).read_line(&mut line).await;
        if !read.is_ok_and(|read| read > 0 && line.ends_with('\n')) {
            break;
        }
        let input = match line.parse() {
            Ok(Request::Status) => {
                tell(format!("{}\n", host.status()).into_bytes());
                continue;
            }
            Ok(Request::Hold) => {
                holds = true;
                Input::Down(held, Act::Talk)
            }
            Ok(Request::Down) => Input::Down(passing, Act::Talk),
            Ok(Request::Up) => {
                if std::mem::take(&mut holds) {
                    host.hand(Input::Up(held)).await;
                }
                Input::Up(passing)
            }
            Ok(Request::Toggle) => Input::Toggle(Source::Control),
            Err(unknown) => {
                tell(format!("error {unknown}\n").into_bytes());
                continue;
            }
        };
        host.hand(input).await;
        tell(b"ok\n".to_vec());
    }
    if holds {
        host.hand(Input::Up(held)).await;
    }
}
