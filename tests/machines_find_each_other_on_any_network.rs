//! Two machines of their own on networks as they are: addresses change, UDP is blocked, there is no IPv4.
#![cfg(test)]

use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::{Client, NO_DISCOVERY};
use pushtalk_tests::netns::TwoMachines;
use pushtalk_tests::rig::{QUIET, SoundRig, VOID};
use serde_json::Value;

/// Ana hosts on machine 0, Ben joins from machine 1.
struct Meeting {
    ana: Client,
    ben: Client,
}

impl Meeting {
    fn start(rig: &SoundRig, machines: &TwoMachines, more: &[&str]) -> anyhow::Result<Self> {
        let client = |machine, args: &[&str]| {
            let mut command = machines.command(machine, binary("pushtalk-cli", "pushtalk-cli")?)?;
            command.envs(rig.env());
            Client::by(command, &[args, more].concat())
        };
        let sound = ["--audio-host", "pulse", "--processing", "off", "--in", QUIET, "--out", VOID];
        let mut ana = client(0, &[&["host", "--name", "Ana"], &sound[..]].concat())?;
        let invitation = ana.event("invitation")?;
        let link = invitation["link"].as_str().context("a link")?;
        let mut ben = client(1, &[&["join", link, "--name", "Ben"], &sound[..]].concat())?;
        ben.event("ready")?;
        ana.event("ready")?;
        ben.floor("idle")?;
        Ok(Self { ana, ben })
    }

    /// Ben talks; gives how long it took until Ana had so many frames more.
    fn voice_comes(&mut self, frames: u64) -> anyhow::Result<Duration> {
        let (start, before) = (Instant::now(), received(&self.ana.stats()?)?);
        while received(&self.ana.stats()?)? < before + frames {
            // What it has said by now is seen too.
            let numbers = (self.ben.stats()?, self.ana.stats()?);
            ensure!(
                start.elapsed() < Duration::from_secs(10),
                "no voice; {numbers:?}; Ana saw {:?}, Ben {:?}",
                self.ana.seen().iter().rev().filter(|e| e["event"] != "stats").take(9).collect::<Vec<_>>(),
                self.ben.seen()
            );
        }
        Ok(start.elapsed())
    }

    /// Whom Ana has seen, in whatever state, and which states those were.
    fn others_that_ana_saw(&self) -> (Vec<&str>, Vec<&str>) {
        let lists = self.ana.seen().iter().filter(|event| event["event"] == "members");
        let others =
            lists.filter_map(|event| event["members"].as_array()).flatten().filter(|m| m["me"] == false);
        let (mut ids, mut links): (Vec<_>, Vec<_>) =
            others.filter_map(|m| Some((m["id"].as_str()?, m["link"].as_str()?))).unzip();
        for list in [&mut ids, &mut links] {
            list.sort_unstable();
            list.dedup();
        }
        (ids, links)
    }
}

fn received(stats: &Value) -> anyhow::Result<u64> {
    stats["received"].as_u64().context("a number of frames")
}

/// A client that looks around on the network of its machine.
fn looking(machines: &TwoMachines, machine: usize, args: &[&str]) -> anyhow::Result<Client> {
    let mut command = machines.command(machine, binary("pushtalk-cli", "pushtalk-cli")?)?;
    command.env(NO_DISCOVERY, "0").env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
    Client::by(command, args)
}

#[test]
fn a_room_on_the_network_is_found_by_its_code_alone() -> anyhow::Result<()> {
    let Some(mut machines) = TwoMachines::start() else { return Ok(()) };
    machines.cable_with(["10.4.0.1/24", "10.4.0.2/24"])?;
    let mut ana = looking(&machines, 0, &["host", "--name", "Ana"])?;
    let invitation = ana.event("invitation")?;
    let code = invitation["code"].as_str().context("a code")?;
    let mut ben = looking(&machines, 1, &["join", code, "--name", "Ben"])?;
    ben.event("ready")?;
    ana.event("ready")?;
    // One that is of no room of this network is looked for, and then said to be missing.
    let other =
        if code.starts_with("0") { code.replacen('0', "1", 1) } else { code.replacen(&code[..1], "0", 1) };
    let mut cleo = looking(&machines, 1, &["join", &other, "--name", "Cleo"])?;
    assert_eq!(cleo.event("error")?["code"], "serverNeeded");
    Ok(())
}

#[test]
fn a_room_that_is_not_to_be_found_is_not() -> anyhow::Result<()> {
    let Some(mut machines) = TwoMachines::start() else { return Ok(()) };
    machines.cable_with(["10.5.0.1/24", "10.5.0.2/24"])?;
    let mut ana = looking(&machines, 0, &["host", "--name", "Ana", "--no-discovery"])?;
    let invitation = ana.event("invitation")?;
    let code = invitation["code"].as_str().context("a code")?;
    let mut ben = looking(&machines, 1, &["join", code, "--name", "Ben"])?;
    assert_eq!(ben.event("error")?["code"], "serverNeeded");
    Ok(())
}

#[test]
fn a_room_that_is_hosted_on_one_network_is_found_and_entered_from_that_one_alone() -> anyhow::Result<()> {
    let Some(mut machines) = TwoMachines::start() else { return Ok(()) };
    let first = machines.cable_with(["10.8.1.1/24", "10.8.1.2/24"])?;
    machines.cable_with(["10.8.2.1/24", "10.8.2.2/24"])?;
    let mut ana = looking(&machines, 0, &["host", "--name", "Ana", "--interface", &first])?;
    let invitation = ana.event("invitation")?;
    let servers = invitation["servers"].as_array().context("servers")?;
    let [server] = &servers[..] else { anyhow::bail!("{servers:?}") };
    let server = server.as_str().context("an address")?;
    let port = server.strip_prefix("10.8.1.1:").context("of the first cable")?;
    let code = invitation["code"].as_str().context("a code")?;
    // Over the other cable nobody answers, though that is the same machine.
    let other = format!("10.8.2.1:{port}");
    let mut eve = looking(&machines, 1, &["join", code, "--server", &other, "--name", "Eve"])?;
    assert_eq!(eve.event("error")?["code"], "serverKeptApart");
    machines.ip(1, &["link", "set", &first, "down"])?;
    let mut dan = looking(&machines, 1, &["join", code, "--name", "Dan"])?;
    assert_eq!(dan.event("error")?["code"], "serverNeeded");
    machines.ip(1, &["link", "set", &first, "up"])?;
    let mut ben = looking(&machines, 1, &["join", code, "--name", "Ben"])?;
    ben.event("ready")?;
    ana.event("ready")?;
    // A network that is not there is none to host on.
    let mut cleo = looking(&machines, 1, &["host", "--name", "Cleo", "--interface", "nowhere0"])?;
    assert_eq!(cleo.event("error")?["code"], "networkMissing");
    Ok(())
}

#[test]
fn the_talk_goes_on_when_the_network_is_changed_under_it() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    let first = machines.cable_with(["10.71.0.1/24", "10.71.0.2/24"]).unwrap();
    let second = machines.cable_with(["10.72.0.1/24", "10.72.0.2/24"]).unwrap();
    machines.ip(1, &["link", "set", &second, "down"]).unwrap();
    let mut meeting = Meeting::start(&rig, &machines, &[]).unwrap();
    meeting.ben.command("press").unwrap();
    meeting.voice_comes(50).unwrap();

    // The cable is pulled and another one is plugged in.
    machines.ip(1, &["link", "set", &first, "down"]).unwrap();
    machines.ip(1, &["link", "set", &second, "up"]).unwrap();
    let gap = meeting.voice_comes(50).unwrap();
    assert!(gap < Duration::from_secs(3), "{gap:?}");
    eprintln!("half a second of voice is there {gap:?} after another cable");

    // The same cable, another address.
    machines.ip(1, &["addr", "del", "10.72.0.2/24", "dev", &second]).unwrap();
    machines.ip(1, &["addr", "add", "10.72.0.3/24", "dev", &second]).unwrap();
    let gap = meeting.voice_comes(50).unwrap();
    assert!(gap < Duration::from_secs(3), "{gap:?}");
    eprintln!("half a second of voice is there {gap:?} after another address");

    let (ids, links) = meeting.others_that_ana_saw();
    assert_eq!((ids.len(), links.contains(&"lost")), (1, false), "{ids:?} {links:?}");
    assert_eq!(meeting.ana.stats().unwrap()["transport"], "udp");
}

#[test]
fn where_udp_is_blocked_voice_goes_over_tcp() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    machines.cable_with(["10.73.0.1/24", "10.73.0.2/24"]).unwrap();
    for machine in [0, 1] {
        machines.block(machine, "udp").unwrap();
    }
    let mut meeting = Meeting::start(&rig, &machines, &[]).unwrap();
    meeting.ben.command("press").unwrap();
    meeting.voice_comes(100).unwrap();
    for client in [&mut meeting.ana, &mut meeting.ben] {
        assert_eq!(client.stats().unwrap()["transport"], "tcp");
    }
}

#[test]
fn ipv6_alone_is_enough_and_an_interface_that_leads_nowhere_does_no_harm() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    let dead_end = machines.cable().unwrap();
    machines.ip(0, &["addr", "add", "10.74.0.1/24", "dev", &dead_end]).unwrap();
    machines.cable_with(["fd74::1/64", "fd74::2/64"]).unwrap();
    let mut meeting = Meeting::start(&rig, &machines, &[]).unwrap();
    meeting.ben.command("press").unwrap();
    meeting.voice_comes(50).unwrap();
    assert_eq!(meeting.ana.stats().unwrap()["transport"], "udp");
}

#[test]
fn link_local_addresses_of_ipv6_alone_are_enough() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    machines.cable().unwrap();
    let mut meeting = Meeting::start(&rig, &machines, &[]).unwrap();
    meeting.ben.command("press").unwrap();
    meeting.voice_comes(50).unwrap();
}

#[test]
fn link_local_addresses_of_ipv4_alone_are_enough() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    machines.without_ipv6().unwrap();
    machines.cable_with(["169.254.7.1/16", "169.254.7.2/16"]).unwrap();
    let mut meeting = Meeting::start(&rig, &machines, &[]).unwrap();
    meeting.ben.command("press").unwrap();
    meeting.voice_comes(50).unwrap();
}

#[test]
fn a_vpn_is_used_unless_the_person_says_no() {
    let Some(mut machines) = TwoMachines::start() else { return };
    let rig = SoundRig::start().unwrap();
    machines.cable_with(["10.75.0.1/24", "10.75.0.2/24"]).unwrap();
    let cable = machines.cable().unwrap();
    for (machine, address) in [(0, "10.76.0.1/24"), (1, "10.76.0.2/24")] {
        machines.ip(machine, &["link", "set", &cable, "down"]).unwrap();
        machines.ip(machine, &["link", "set", &cable, "name", "wg0"]).unwrap();
        machines.ip(machine, &["link", "set", "wg0", "up"]).unwrap();
        machines.ip(machine, &["addr", "add", address, "dev", "wg0"]).unwrap();
    }
    machines.count_udp(0, "wg0").unwrap();
    for (more, used) in [(&["--no-vpn"][..], false), (&[], true)] {
        let mut meeting = Meeting::start(&rig, &machines, more).unwrap();
        meeting.ben.command("press").unwrap();
        meeting.voice_comes(50).unwrap();
        assert_eq!(machines.counted(0, "wg0").unwrap() > 0, used, "{more:?}");
    }
}
