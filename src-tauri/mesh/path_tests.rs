//! Live pairs on loopback that get another path.

use std::time::{Duration, Instant};

use pushtalk_protocol::{Sdp, SdpKind};

use crate::{
    MeshConfig, MeshError, MeshEvent, Role, RtpStamp, Transport,
    life::AT_ONCE,
    rig::{PROCESS, Rig, Side, Who, config, pid, sealed, soon},
};

/// Until both sides have another path.
async fn moved(rig: &mut Rig) {
    let mut open = Vec::new();
    while open.len() < 2 {
        match rig.step().await {
            (_, MeshEvent::Connected { .. }) => {}
            (who, MeshEvent::CtlOpen { .. }) => open.push(who),
            (who, other) => panic!("{who:?}: {other:?}"),
        }
    }
    assert_ne!(open[0], open[1]);
}

#[tokio::test(flavor = "multi_thread")]
async fn offers_take_turns_and_one_that_is_given_up_makes_room_for_the_next() {
    let _shared = PROCESS.read().await;
    let mut ana = Side::new(config());
    for n in 1..=AT_ONCE as u8 + 2 {
        ana.mesh.open(pid(n), Role::Offerer).unwrap();
    }
    let mut offered = Vec::new();
    let describe = async |ana: &mut Side| loop {
        match ana.next().await {
            MeshEvent::Description { peer, .. } => return peer,
            MeshEvent::Candidate { .. } => {}
            other => panic!("{other:?}"),
        }
    };
    for _ in 0..AT_ONCE {
        offered.push(describe(&mut ana).await);
    }
    ana.mesh.close(offered[0]);
    // Its turn is over at once, and its end is told when its sockets are closed: whichever comes first.
    let (mut closed, mut next) = (false, None);
    while !closed || next.is_none() {
        match ana.next().await {
            MeshEvent::Closed { peer } if peer == offered[0] && !closed => closed = true,
            MeshEvent::Description { peer, .. } if next.is_none() && !offered.contains(&peer) => {
                next = Some(peer)
            }
            MeshEvent::Candidate { .. } => {}
            other => panic!("{other:?}"),
        }
    }
    let next = next.unwrap();
    // Those that wait still end in order.
    let last =
        (1..=AT_ONCE as u8 + 2).map(pid).find(|peer| *peer != next && !offered.contains(peer)).unwrap();
    ana.mesh.close(last);
    assert_eq!(ana.outcome_before_any_offer().await, MeshEvent::Closed { peer: last });
}

/// Sends a frame every few milliseconds, on a thread, for as long as told.
fn talk(rig: &Rig, time: Duration) -> std::thread::JoinHandle<u32> {
    let sender = rig.ana.mesh.voice_sender();
    std::thread::spawn(move || {
        let start = Instant::now();
        let mut n = 0;
        while start.elapsed() < time {
            assert!(sender.send(pid(1), sealed(n), RtpStamp { timestamp: n, marker: false }), "frame {n}");
            n += 1;
            std::thread::sleep(Duration::from_millis(5));
        }
        n
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn another_path_takes_over_without_the_loss_of_a_frame_and_the_first_is_gone_afterwards() {
    let _alone = PROCESS.write().await;
    let mut rig = Rig::connected(config(), pid(1)).await;
    let open_files = || std::fs::read_dir("/proc/self/fd").map_or(0, Iterator::count);
    let before = open_files();
    let talking = talk(&rig, Duration::from_millis(1500));
    for n in 1..=2 {
        rig.ana.mesh.restart(pid(1), false).unwrap();
        moved(&mut rig).await;
        rig.ana.mesh.send_ctl(pid(1), vec![n; 9].into()).unwrap();
        let message = vec![n; 9].into();
        assert_eq!(rig.step().await, (Who::Ben, MeshEvent::Ctl { peer: pid(1), message }));
    }
    let sent = tokio::task::spawn_blocking(|| talking.join()).await.unwrap().unwrap();
    let mut came: Vec<u32> = Vec::new();
    while came.len() < sent as usize {
        let frame = rig.ben.frames.recv_timeout(Duration::from_secs(5)).expect("every frame arrives");
        came.push(frame.timestamp);
    }
    came.sort_unstable();
    assert_eq!(came, (0..sent).collect::<Vec<_>>());
    soon(async {
        while open_files() > before {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    })
    .await;
    rig.ana.mesh.close(pid(1));
    assert_eq!(rig.ana.next().await, MeshEvent::Closed { peer: pid(1) });
    assert_eq!(rig.ben.next().await, MeshEvent::Closed { peer: pid(1) });
}

#[tokio::test(flavor = "multi_thread")]
async fn a_path_that_comes_to_nothing_leaves_the_one_before_as_it_is() {
    let _shared = PROCESS.read().await;
    let config = MeshConfig { connect_within: Duration::from_secs(2), ..config() };
    let mut rig = Rig::connected(config, pid(1)).await;
    rig.ana.mesh.restart(pid(1), false).unwrap();
    let MeshEvent::Description { sdp, .. } = rig.ana.next().await else { panic!("no offer") };
    assert_eq!((sdp.path, sdp.kind), (1, SdpKind::Offer));
    // It is lost on its way. The next one replaces it, and is lost too.
    rig.ana.mesh.restart(pid(1), false).unwrap();
    let MeshEvent::Description { sdp, .. } = rig.ana.next().await else { panic!("no offer") };
    assert_eq!(sdp.path, 2);
    let talking = talk(&rig, Duration::from_secs(3));
    let sent = tokio::task::spawn_blocking(|| talking.join()).await.unwrap().unwrap();
    let came = (0..sent).filter(|_| rig.ben.frames.recv_timeout(Duration::from_secs(5)).is_ok()).count();
    assert_eq!(came, sent as usize);
    assert!(
        rig.ana.events.try_recv().is_err() && rig.ben.events.try_recv().is_err(),
        "nothing is told of it"
    );
    // Late news of what was given up are of no use.
    assert_eq!(rig.ben.mesh.restart(pid(1), false), Err(MeshError::NotOfferer));
    rig.ana.mesh.restart(pid(1), false).unwrap();
    moved(&mut rig).await;
    assert_eq!(rig.ben.mesh.remote_description(pid(1), sdp), Err(MeshError::NoPair));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_path_with_another_certificate_is_never_used() {
    let _shared = PROCESS.read().await;
    let mut rig =
        Rig::connected(MeshConfig { dtls_within: Duration::from_secs(2), ..config() }, pid(1)).await;
    rig.on_the_way = |sdp| match sdp.kind {
        SdpKind::Offer => crate::tests::tampered(sdp),
        SdpKind::Answer => sdp,
    };
    rig.ana.mesh.restart(pid(1), false).unwrap();
    let told = tokio::time::timeout(Duration::from_secs(5), rig.step()).await;
    assert!(told.is_err(), "nothing is told of it: {told:?}");
    let talking = talk(&rig, Duration::from_secs(1));
    let sent = tokio::task::spawn_blocking(|| talking.join()).await.unwrap().unwrap();
    let came = (0..sent).filter(|_| rig.ben.frames.recv_timeout(Duration::from_secs(5)).is_ok()).count();
    assert_eq!(came, sent as usize);
    for side in [&rig.ana, &rig.ben] {
        assert!(side.mesh.links().get(pid(1)).is_some_and(|link| link.path() == 0));
    }
}

/// Leaves out what the transport of this name needs.
fn without(sdp: Sdp, transport: &str) -> Sdp {
    let lines = sdp.text.lines().filter(|line| {
        let mut words = line.split(' ');
        !(line.starts_with("a=candidate:")
            && words.nth(2).is_some_and(|it| it.eq_ignore_ascii_case(transport)))
    });
    let text = lines.map(|line| format!("{line}\r\n")).collect();
    Sdp { text, ..sdp }
}

#[tokio::test(flavor = "multi_thread")]
async fn tcp_carries_all_where_udp_does_not_and_nothing_where_it_does() {
    let _shared = PROCESS.read().await;
    let mut rig = Rig::new(config());
    rig.open(pid(1));
    rig.ready(1).await;
    for (on_the_way, transport) in [
        ((|sdp| without(sdp, "udp")) as fn(Sdp) -> Sdp, Transport::Tcp),
        (|sdp| sdp, Transport::Udp),
        (|sdp| without(sdp, "udp"), Transport::Tcp),
    ] {
        rig.on_the_way = on_the_way;
        rig.ana.mesh.restart(pid(1), true).unwrap();
        moved(&mut rig).await;
        let talking = talk(&rig, Duration::from_millis(300));
        let sent = tokio::task::spawn_blocking(|| talking.join()).await.unwrap().unwrap();
        for n in 0..sent {
            let frame = rig.ben.frames.recv_timeout(Duration::from_secs(5)).expect("every frame arrives");
            assert_eq!(frame.timestamp, n);
        }
        for side in [&rig.ana, &rig.ben] {
            soon(async {
                while side.mesh.stats(pid(1)).and_then(|stats| stats.transport) != Some(transport) {
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
            })
            .await;
        }
    }
}
