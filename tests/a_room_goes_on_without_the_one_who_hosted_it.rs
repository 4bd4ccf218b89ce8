//! The server of a room goes with the one on whose device it ran, or is started anew: real programs, on real networks.
#![cfg(test)]

use std::process::Command;

use anyhow::Context;
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::{Client, NO_DISCOVERY};
use pushtalk_tests::netns::TwoMachines;
use pushtalk_tests::standalone::Standalone;
use serde_json::Value;

fn client(machines: &TwoMachines, machine: usize, discovery: &str, args: &[&str]) -> anyhow::Result<Client> {
    let mut command = machines.command(machine, binary("pushtalk-cli", "pushtalk-cli")?)?;
    command.env(NO_DISCOVERY, discovery).env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
    Client::by(command, args)
}

fn link(invitation: &Value) -> anyhow::Result<String> {
    Ok(invitation["link"].as_str().context("a link")?.to_owned())
}

/// They are ready for each other.
fn meet(one: &mut Client, another: &mut Client, names: [&str; 2]) -> anyhow::Result<()> {
    one.event_where("ready", |event| event["name"] == names[1])?;
    another.event_where("ready", |event| event["name"] == names[0])?;
    Ok(())
}

#[test]
fn when_the_host_leaves_others_come_in_by_what_the_next_one_shows() -> anyhow::Result<()> {
    let Some(mut machines) = TwoMachines::start() else { return Ok(()) };
    machines.cable_with(["10.6.0.1/24", "10.6.0.2/24"])?;
    let mut ana = client(&machines, 0, "1", &["host", "--name", "Ana"])?;
    let first = link(&ana.event("invitation")?)?;
    let mut ben = client(&machines, 1, "1", &["join", &first, "--name", "Ben"])?;
    meet(&mut ana, &mut ben, ["Ana", "Ben"])?;
    let mut cleo = client(&machines, 0, "1", &["join", &first, "--name", "Cleo"])?;
    meet(&mut ben, &mut cleo, ["Ben", "Cleo"])?;
    ana.command("leave")?;
    ana.wait()?;
    let is_bens = |event: &Value| event["servers"][0].as_str().is_some_and(|at| at.starts_with("10.6.0.2:"));
    let (_, new) = ben.event_where("invitation", is_bens)?;
    ben.event_where("error", |event| event["code"] == "nowServing")?;
    // All in the room show the same.
    let new = link(&new)?;
    cleo.event_where("invitation", |event| event["link"] == new.as_str())?;
    let mut dan = client(&machines, 0, "1", &["join", &new, "--name", "Dan"])?;
    meet(&mut ben, &mut dan, ["Ben", "Dan"])?;
    cleo.event_where("ready", |event| event["name"] == "Dan")?;
    // The one who was the host let nobody in any more.
    let mut eve = client(&machines, 1, "1", &["join", &first, "--name", "Eve"])?;
    eve.event("error")?;
    Ok(())
}

#[test]
fn when_the_host_vanishes_its_link_leads_to_the_next_one_on_the_same_network() -> anyhow::Result<()> {
    let Some(mut machines) = TwoMachines::start() else { return Ok(()) };
    machines.cable_with(["10.7.0.1/24", "10.7.0.2/24"])?;
    let mut ana = client(&machines, 0, "0", &["host", "--name", "Ana"])?;
    let first = link(&ana.event("invitation")?)?;
    let mut ben = client(&machines, 1, "0", &["join", &first, "--name", "Ben"])?;
    meet(&mut ana, &mut ben, ["Ana", "Ben"])?;
    ana.kill()?;
    ben.event_where("error", |event| event["code"] == "serverGone")?;
    // It may come back, so this is for Ben to say.
    ben.command("host-here")?;
    ben.event_where("invitation", |event| event["link"] != first.as_str())?;
    ben.event_where("error", |event| event["code"] == "nowServing")?;
    let mut cleo = client(&machines, 0, "0", &["join", &first, "--name", "Cleo"])?;
    meet(&mut ben, &mut cleo, ["Ben", "Cleo"])?;
    Ok(())
}

#[test]
fn a_server_that_is_started_anew_gets_its_rooms_back_from_those_who_are_in_them() -> anyhow::Result<()> {
    let folder = std::env::temp_dir().join(format!("pushtalk-anew-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    let made = rcgen::generate_simple_self_signed(["pushtalk.invalid".to_owned()])?;
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem())?;
    std::fs::write(&key, made.signing_key.serialize_pem())?;
    let (cert, key) = (cert.to_string_lossy().into_owned(), key.to_string_lossy().into_owned());
    let start = |listen: &str| {
        let program = Command::new(binary("pushtalk-server", "pushtalk-server")?);
        Standalone::by(program, &["--listen", listen, "--tls-cert", &cert, "--tls-key", &key])
    };
    let mut server = start("127.0.0.1:0")?;
    let address = server.address.clone();
    let mut ana = Client::start(&["host", "--name", "Ana", "--server", &address])?;
    let invitation = ana.event("invitation")?;
    let link = link(&invitation)?;
    let mut ben = Client::start(&["join", &link, "--name", "Ben"])?;
    meet(&mut ana, &mut ben, ["Ana", "Ben"])?;
    server.kill()?;
    for client in [&mut ana, &mut ben] {
        client.event_where("error", |event| event["code"] == "serverGone")?;
    }
    let _again = start(&address)?;
    // It is not shown while it leads nowhere.
    for client in [&mut ana, &mut ben] {
        assert_eq!(client.event("invitation")?, invitation);
    }
    let mut cleo = Client::start(&["join", &link, "--name", "Cleo"])?;
    meet(&mut ana, &mut cleo, ["Ana", "Cleo"])?;
    ben.event_where("ready", |event| event["name"] == "Cleo")?;
    Ok(std::fs::remove_dir_all(&folder)?)
}
