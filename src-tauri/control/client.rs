//! The end that asks.

use std::time::Duration;

use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};

use crate::{ControlError, Place, Request};

/// Longest line that is read.
const LONGEST: u64 = 4096;
/// A program that hangs is not waited for.
const PATIENCE: Duration = Duration::from_secs(2);

#[cfg(unix)]
pub(crate) type Stream = tokio::net::UnixStream;
#[cfg(windows)]
pub(crate) type Stream = tokio::net::windows::named_pipe::NamedPipeClient;

/// What was answered.
pub type Answer = Result<String, ControlError>;

/// Asks once.
///
/// # Errors
/// When nobody listens, or what answers is not PushTalk.
pub async fn ask(place: &Place, request: Request) -> Answer {
    let mut connection = connect(place).await?;
    say(&mut connection, request).await
}

/// Holds the button down until `end` is over.
///
/// # Errors
/// As [`ask`]; and when the program ends meanwhile.
pub async fn hold(place: &Place, end: impl Future<Output = ()>) -> Answer {
    let mut connection = connect(place).await?;
    let answer = say(&mut connection, Request::Hold).await?;
    let mut nothing = [0];
    tokio::select! {
        () = end => Ok(answer),
        _ = connection.read(&mut nothing) => Err(ControlError::NotRunning),
    }
}

#[cfg(unix)]
pub(crate) async fn connect(place: &Place) -> Result<BufReader<Stream>, ControlError> {
    use std::io::ErrorKind;
    let absent =
        |error: &std::io::Error| matches!(error.kind(), ErrorKind::NotFound | ErrorKind::ConnectionRefused);
    match place.check() {
        Err(ControlError::Io(error)) if absent(&error) => return Err(ControlError::NotRunning),
        checked => checked?,
    }
    match Stream::connect(place.path()).await {
        // Somebody else's program would be told when we press.
        Ok(connection) if connection.peer_cred()?.uid() != rustix::process::geteuid().as_raw() => {
            Err(ControlError::NotOurs(place.path()))
        }
        Ok(connection) => Ok(BufReader::new(connection)),
        Err(error) if absent(&error) => Err(ControlError::NotRunning),
        Err(error) => Err(error.into()),
    }
}

#[cfg(windows)]
pub(crate) async fn connect(place: &Place) -> Result<BufReader<Stream>, ControlError> {
    use std::io::ErrorKind;
    use tokio::net::windows::named_pipe::ClientOptions;
    /// All instances of the pipe are taken (`ERROR_PIPE_BUSY`).
    const BUSY: i32 = 231;
    for _ in 0..20 {
        match ClientOptions::new().open(&place.name) {
            Ok(connection) => return Ok(BufReader::new(connection)),
            Err(error) if error.raw_os_error() == Some(BUSY) => {
                tokio::time::sleep(PATIENCE / 20).await;
            }
            Err(error) if error.kind() == ErrorKind::NotFound => return Err(ControlError::NotRunning),
            Err(error) => return Err(error.into()),
        }
    }
    Err(ControlError::NoAnswer)
}

async fn say(connection: &mut BufReader<Stream>, request: Request) -> Answer {
    let asked = async {
        connection.get_mut().write_all(format!("{request}\n").as_bytes()).await?;
        let mut line = String::new();
        connection.take(LONGEST).read_line(&mut line).await?;
        Ok::<_, std::io::Error>(line)
    };
    let line = tokio::time::timeout(PATIENCE, asked).await.map_err(|_| ControlError::NoAnswer)??;
    match line.strip_suffix('\n') {
        Some(line) => match line.strip_prefix("error ") {
            Some(why) => Err(ControlError::Refused(why.to_owned())),
            None => Ok(line.to_owned()),
        },
        None => Err(ControlError::NoAnswer),
    }
}
