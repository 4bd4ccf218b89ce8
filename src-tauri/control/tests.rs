//! What the two ends promise each other, over the socket and over the pipe of Windows.

#[cfg(unix)]
use std::os::unix::fs::PermissionsExt;
#[cfg(unix)]
use std::path::Path;
use std::sync::Arc;

use pushtalk_ptt::{Act, Hand, Input, Source};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use crate::client::{Stream, connect};
use crate::{ControlError, Host, Place, Request, Server, ask, hold};

struct Desk(mpsc::UnboundedSender<Input>);

impl Host for Desk {
    async fn hand(&self, input: Input) {
        self.0.send(input).unwrap();
    }

    fn status(&self) -> String {
        r#"{"stage":"home"}"#.to_owned()
    }
}

/// A server in a directory of its own, and what it is told.
struct Room {
    place: Place,
    folder: tempfile::TempDir,
    told: mpsc::UnboundedReceiver<Input>,
    server: JoinHandle<()>,
}

impl Room {
    fn open() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let place = Place::within(&folder.path().join("pushtalk"));
        let (tell, told) = mpsc::unbounded_channel();
        let server = Server::bind(place.clone()).unwrap();
        Self { place, folder, told, server: tokio::spawn(server.run(Arc::new(Desk(tell)))) }
    }

    async fn stream(&self) -> BufReader<Stream> {
        connect(&self.place).await.unwrap()
    }
}

fn hand(key: u32) -> Hand {
    Hand { source: Source::Control, key }
}

#[test]
fn requests_read_as_they_are_written() {
    for request in [Request::Down, Request::Up, Request::Toggle, Request::Hold, Request::Status] {
        assert_eq!(request.to_string().parse(), Ok(request));
    }
    for line in ["", "ptt", "ptt  up now", "PTT up", "status all", "ptt\0up"] {
        assert!(line.parse::<Request>().is_err(), "{line:?}");
    }
    assert_eq!("  ptt   up \r\n".parse(), Ok(Request::Up));
}

#[tokio::test]
async fn what_is_asked_is_done_and_answered() {
    let mut room = Room::open();
    for (request, input) in [
        (Request::Down, Input::Down(hand(0), Act::Talk)),
        (Request::Up, Input::Up(hand(0))),
        (Request::Toggle, Input::Toggle(Source::Control)),
    ] {
        assert_eq!(ask(&room.place, request).await.unwrap(), "ok");
        assert_eq!(room.told.recv().await, Some(input));
    }
    assert_eq!(ask(&room.place, Request::Status).await.unwrap(), r#"{"stage":"home"}"#);
    room.server.abort();
}

#[tokio::test]
async fn a_connection_that_ends_lets_go() {
    let mut room = Room::open();
    let mut one = room.stream().await;
    one.write_all(b"ptt hold\n").await.unwrap();
    let Some(Input::Down(held, Act::Talk)) = room.told.recv().await else { panic!("it is not held") };
    assert_ne!(held, hand(0), "nobody else can let go of it");
    drop(one);
    assert_eq!(room.told.recv().await, Some(Input::Up(held)));
    // Or when it says so.
    let mut two = room.stream().await;
    two.write_all(b"ptt hold\nptt up\n").await.unwrap();
    let Some(Input::Down(held, Act::Talk)) = room.told.recv().await else { panic!("it is not held") };
    assert_eq!(room.told.recv().await, Some(Input::Up(held)));
    assert_eq!(room.told.recv().await, Some(Input::Up(hand(0))));
    drop(two);
    // By the client: until its end is over, or the program's.
    let place = room.place.clone();
    hold(&place, async {}).await.unwrap();
    assert!(matches!(room.told.recv().await, Some(Input::Down(..))));
    assert!(matches!(room.told.recv().await, Some(Input::Up(_))));
}

#[tokio::test]
async fn one_connection_asks_as_often_as_it_likes_also_without_listening() {
    let mut room = Room::open();
    let mut stream = room.stream().await;
    // More answers than a socket holds.
    for _ in 0..1_000 {
        stream.write_all(b"ptt down\n").await.unwrap();
        assert_eq!(room.told.recv().await, Some(Input::Down(hand(0), Act::Talk)));
        stream.write_all(b"ptt up\n").await.unwrap();
        assert_eq!(room.told.recv().await, Some(Input::Up(hand(0))));
    }
}

#[tokio::test]
async fn bad_lines_are_told_and_long_ones_end_the_connection() {
    let room = Room::open();
    let mut stream = room.stream().await;
    stream.write_all(b"ptt sideways\nstatus\n").await.unwrap();
    let mut answer = [0; 256];
    let mut all = String::new();
    while !all.ends_with("}\n") {
        let read = stream.read(&mut answer).await.unwrap();
        all.push_str(std::str::from_utf8(&answer[..read]).unwrap());
    }
    assert!(all.starts_with("error ask: "), "{all}");
    for bytes in [&[b'x'; 1000][..], b"\xff\xfe\n"] {
        let mut stream = room.stream().await;
        drop(stream.write_all(bytes).await);
        let mut rest = Vec::new();
        drop(stream.read_to_end(&mut rest).await);
        assert!(rest.is_empty(), "{rest:?}");
    }
    assert!(ask(&room.place, Request::Status).await.is_ok());
}

#[cfg(unix)]
#[tokio::test]
async fn nobody_else_can_open_it() {
    let room = Room::open();
    let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!(mode(&room.place.path()), 0o600);
    assert_eq!(mode(&room.place.folder), 0o700);
    // A directory that others can write to is not used.
    let open = room.folder.path().join("open");
    std::fs::create_dir(&open).unwrap();
    std::fs::set_permissions(&open, std::fs::Permissions::from_mode(0o777)).unwrap();
    assert!(matches!(Server::bind(Place::within(&open)), Err(ControlError::NotOurs(_))));
    // Nor is whoever listens there asked.
    let _stranger = std::os::unix::net::UnixListener::bind(open.join("control.sock")).unwrap();
    assert!(matches!(ask(&Place::within(&open), Request::Up).await, Err(ControlError::NotOurs(_))));
}

#[tokio::test]
async fn there_is_one_at_a_time_and_where_nobody_listens_that_is_said() {
    let room = Room::open();
    assert!(matches!(Server::bind(room.place.clone()), Err(ControlError::Io(_))));
    let nobody = Place::within(&room.folder.path().join("nobody"));
    assert!(matches!(ask(&nobody, Request::Up).await, Err(ControlError::NotRunning)));
}

#[cfg(unix)]
#[tokio::test]
async fn where_nobody_listens_that_is_said_and_what_was_left_behind_is_replaced() {
    let folder = tempfile::tempdir().unwrap();
    let place = Place::within(&folder.path().join("pushtalk"));
    assert!(matches!(ask(&place, Request::Up).await, Err(ControlError::NotRunning)));
    std::fs::create_dir_all(&place.folder).unwrap();
    std::fs::set_permissions(&place.folder, std::fs::Permissions::from_mode(0o700)).unwrap();
    drop(std::os::unix::net::UnixListener::bind(place.path()).unwrap());
    assert!(place.path().exists(), "the socket of a program that was killed");
    assert!(matches!(ask(&place, Request::Up).await, Err(ControlError::NotRunning)));
    let server = Server::bind(place.clone()).unwrap();
    assert!(matches!(Server::bind(place.clone()), Err(ControlError::Io(_))), "one at a time");
    drop(server);
    assert!(!place.path().exists());
}
