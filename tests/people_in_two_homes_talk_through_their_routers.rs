//! Two people at home, each behind a router that translates addresses, meet at a server on the internet: voice goes straight
//! from one home to the other, and the server, which tells each from where it is seen, gets none of it.
#![cfg(test)]

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;
use pushtalk_tests::homes::{Place, SERVER, TwoHomes};
use pushtalk_tests::rig::{QUIET, SoundRig, VOID};
use pushtalk_tests::standalone::Standalone;

fn client(rig: &SoundRig, homes: &TwoHomes, home: usize, args: &[&str]) -> anyhow::Result<Client> {
    let mut command = homes.command(Place::Home(home), binary("pushtalk-cli", "pushtalk-cli")?);
    command.envs(rig.env());
    let sound = ["--audio-host", "pulse", "--processing", "off", "--in", QUIET, "--out", VOID];
    Client::by(command, &[args, &sound].concat())
}

#[test]
fn voice_goes_from_home_to_home_and_not_by_the_server() {
    let Some(homes) = TwoHomes::start() else { return };
    let rig = SoundRig::start().unwrap();
    let (listen, stun) = (format!("{SERVER}:7443"), format!("{SERVER}:3478"));
    let program = homes.command(Place::Internet, binary("pushtalk-server", "pushtalk-server").unwrap());
    let mut server = Standalone::by(program, &["--listen", &listen, "--stun", &stun]).unwrap();
    let mut ana = client(&rig, &homes, 0, &["host", "--name", "Ana", "--server", &listen]).unwrap();
    let invitation = ana.event("invitation").unwrap();
    let link = invitation["link"].as_str().unwrap();
    let mut ben = client(&rig, &homes, 1, &["join", link, "--name", "Ben"]).unwrap();
    ben.event("ready").unwrap();
    ana.event("ready").unwrap();
    ben.floor("idle").unwrap();
    // From now on there is nobody in between who could pass it on.
    server.kill().unwrap();
    ben.command("press").unwrap();
    heard(&mut ana, 50).unwrap();
    let stats = ana.stats().unwrap();
    assert_eq!(stats["transport"], "udp");
}

fn heard(listener: &mut Client, frames: u64) -> anyhow::Result<()> {
    let start = Instant::now();
    loop {
        let stats = listener.stats()?;
        if stats["received"].as_u64().context("a number of frames")? >= frames {
            return Ok(());
        }
        ensure!(start.elapsed() < Duration::from_secs(10), "no voice: {stats}");
    }
}
