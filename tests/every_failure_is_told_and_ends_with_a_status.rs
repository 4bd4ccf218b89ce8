//! Whatever stands in the way of entering a room is said in one line, and the exit status is not zero.

use std::net::TcpListener;

use anyhow::{Context, ensure};
use pushtalk_tests::client::Client;

/// Runs until it ends, which it does by itself; the last thing it says is this error.
fn fails(args: &[&str], code: &str) {
    let check = || -> anyhow::Result<()> {
        let mut client = Client::start(args)?;
        let (_, error) = client.event_where("error", |event| event["code"] == code)?;
        ensure!(!client.wait()?.success(), "it ended well");
        ensure!(client.seen().last() == Some(&error), "it went on after {error}");
        Ok(())
    };
    check().unwrap_or_else(|error| panic!("{args:?}: {error:#}"));
}

struct Room {
    _host: Client,
    link: String,
    code: String,
    server: String,
}

fn room() -> anyhow::Result<Room> {
    let mut host = Client::start(&["host", "--name", "Ana", "--listen", "127.0.0.1:0"])?;
    let invitation = host.event("invitation")?;
    let text = |of: &serde_json::Value| of.as_str().map(str::to_owned).context("a text");
    Ok(Room {
        link: text(&invitation["link"])?,
        code: text(&invitation["code"])?,
        server: text(&invitation["servers"][0])?,
        _host: host,
    })
}

/// The link with one of its fields changed, each still well-formed.
fn with_field(link: &str, at: usize, change: impl Fn(&str) -> String) -> String {
    let mut fields: Vec<String> = link.split('.').map(str::to_owned).collect();
    fields[at] = change(&fields[at]);
    fields.join(".")
}

/// Another character at the front, of the same alphabet.
fn other(field: &str) -> String {
    let front = if field.starts_with('A') { 'B' } else { 'A' };
    format!("{front}{}", &field[1..])
}

#[test]
fn a_wrong_code_or_link_is_told_as_such() {
    let room = room().unwrap();
    let last = room.code.chars().last().unwrap();
    let wrong = format!("{}{}", &room.code[..10], if last == '0' { '1' } else { '0' });
    fails(&["join", &wrong, "--server", &room.server], "wrongCode");
    let nobody = format!("{}{}", if room.code.starts_with("000") { "111" } else { "000" }, &room.code[3..]);
    fails(&["join", &nobody, "--server", &room.server], "wrongCode");
    fails(&["join", &with_field(&room.link, 2, other)], "wrongCode");
    fails(&["join", &room.link[..room.link.len() - 3]], "notAnInvitation");
    fails(&["join", "hello"], "notAnInvitation");
    fails(&["join", &room.code], "serverNeeded");
    fails(&["join", &room.code, "--server", "nowhere"], "badServer");
}

#[test]
fn a_server_that_is_not_the_one_in_the_invitation_is_refused() {
    let room = room().unwrap();
    fails(&["join", &with_field(&room.link, 4, other)], "wrongCertificate");
}

#[test]
fn an_invitation_of_another_version_is_told_with_both_versions() {
    let room = room().unwrap();
    let newer = room.link.replace("/j/1.", "/j/2.");
    let mut client = Client::start(&["join", &newer]).unwrap();
    let error = client.event("error").unwrap();
    assert_eq!((&error["code"], &error["about"]), (&"otherVersion".into(), &"2 / 1".into()));
}

#[test]
fn a_server_that_is_not_there_is_told() {
    let unused = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string();
    fails(&["join", "000-000-000", "--server", &unused], "serverUnreachable");
    fails(&["host", "--server", &unused], "serverUnreachable");
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    fails(&["host", "--listen", &taken.local_addr().unwrap().to_string()], "cannotHost");
}

#[test]
fn a_device_that_is_not_there_ends_it_before_it_begins() {
    fails(&["host", "--in", "no such microphone"], "deviceMissing");
    fails(&["host", "--out", "no such loudspeaker"], "deviceMissing");
}

#[test]
fn a_name_that_cannot_be_shown_is_refused() {
    fails(&["host", "--name", ""], "badName");
    fails(&["host", "--name", &"x".repeat(33)], "badName");
}

#[test]
fn a_machine_without_microphone_and_loudspeaker_still_hosts_and_says_so() {
    let mut host = Client::start(&["host", "--listen", "127.0.0.1:0"]).unwrap();
    host.event("entered").unwrap();
    host.event_where("error", |event| event["code"] == "noMicrophone").unwrap();
    host.command("nonsense").unwrap();
    host.event_where("error", |event| event["code"].is_null()).unwrap();
    host.command("invite").unwrap();
    host.event("invitation").unwrap();
    host.hang_up();
    host.event("left").unwrap();
    assert!(host.wait().unwrap().success());
}
