//! Servers that stand for one share their rooms, and what one of them or their Redis takes with it when it dies is
//! found again.
#![cfg(test)]

use std::process::Command;
use std::time::{Duration, Instant};

use pushtalk_protocol::RefusalCode;
use pushtalk_signaling::client::{ClientError, ServerEvent};
use pushtalk_tests::balancer::Balancer;
use pushtalk_tests::binary::binary;
use pushtalk_tests::canary::Canaries;
use pushtalk_tests::client::Client;
use pushtalk_tests::community::{Community, Member, Redis, Room, at};

const UNREADY: ClientError = ClientError::Refused(RefusalCode::Unready);

#[tokio::test(flavor = "multi_thread")]
async fn a_room_is_found_and_entered_from_every_server() {
    let community = Community::new().unwrap();
    let [a, b, c] = [(); 3].map(|()| community.server().unwrap());
    let room = Room::default();
    let mut ana = Member::on(at(&a).unwrap()).await.unwrap();
    let nameplate = ana.create(&room).await.unwrap();
    let mut ben = Member::on(at(&b).unwrap()).await.unwrap();
    ben.knocks(nameplate, &mut ana).await.unwrap();
    assert_eq!(ben.join(&room).await.unwrap(), 1);
    let mut cleo = Member::on(at(&c).unwrap()).await.unwrap();
    assert_eq!(cleo.join(&room).await.unwrap(), 2);
    ben.says(&mut ana, b"from b to a").await.unwrap();
    ana.says(&mut ben, b"from a to b").await.unwrap();
    ben.says(&mut cleo, b"from b to c").await.unwrap();
    // Many at once keep their order.
    for n in 0..100_u8 {
        cleo.client.relay(ben.pid(), &[n]).unwrap();
    }
    for n in 0..100_u8 {
        let event = ben.wait(|event| matches!(event, ServerEvent::Relayed { .. })).await.unwrap();
        assert!(matches!(event, ServerEvent::Relayed { data, .. } if data[..] == [n]));
    }
    ben.client.leave().await.unwrap();
    let left = |event: &ServerEvent| matches!(event, ServerEvent::MemberLeft(left) if left.pid == ben.pid());
    ana.wait(left).await.unwrap();
    // Who is outside says nothing inside, and comes in again.
    ben.client.relay(ana.pid(), b"from outside").unwrap();
    assert_eq!(ben.join(&room).await.unwrap(), 2);
    ben.client.relay(ana.pid(), b"from inside").unwrap();
    let event = ana.wait(|event| matches!(event, ServerEvent::Relayed { .. })).await.unwrap();
    assert!(matches!(event, ServerEvent::Relayed { data, .. } if data[..] == *b"from inside"));
    drop(cleo);
    ana.wait(|event| matches!(event, ServerEvent::MemberLeft(_))).await.unwrap();
    for member in [ben, ana] {
        member.client.leave().await.unwrap();
        member.client.close().await;
    }
    // Cleo's seat is kept for a minute, so the room is still there; without it nothing is left but the servers.
    let rooms =
        |keys: Vec<String>| keys.into_iter().filter(|key| !key.starts_with("pushtalk:server:")).count();
    assert_eq!(rooms(community.redis.keys().unwrap()), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_left_of_a_room_that_everybody_left() {
    let community = Community::new().unwrap();
    let [a, b] = [(); 2].map(|()| community.server().unwrap());
    let room = Room::default();
    let ana = Member::on(at(&a).unwrap()).await.unwrap();
    ana.create(&room).await.unwrap();
    let ben = Member::on(at(&b).unwrap()).await.unwrap();
    ben.join(&room).await.unwrap();
    assert_eq!(community.redis.keys().unwrap().len(), 4);
    ana.client.leave().await.unwrap();
    ben.client.leave().await.unwrap();
    let begun = Instant::now();
    while community.redis.keys().unwrap().iter().any(|key| !key.starts_with("pushtalk:server:")) {
        assert!(begun.elapsed() < Duration::from_secs(30));
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(ben.join(&room).await, Err(ClientError::Refused(RefusalCode::NotAvailable)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_dies_and_its_rooms_go_on_at_another() {
    let community = Community::new().unwrap();
    let [mut a, b] = [(); 2].map(|()| community.server().unwrap());
    let room = Room::default();
    let mut ana = Member::on(at(&a).unwrap()).await.unwrap();
    let nameplate = ana.create(&room).await.unwrap();
    let mut ben = Member::on(at(&b).unwrap()).await.unwrap();
    ben.join(&room).await.unwrap();
    community.redis.keeps(&room, 2).await.unwrap();
    let begun = Instant::now();
    a.kill().unwrap();
    ana.is_cut().await.unwrap();
    ana.come_back(&room, at(&b).unwrap()).await.unwrap();
    ben.is_cut().await.unwrap();
    assert_eq!(ben.come_back(&room, at(&b).unwrap()).await.unwrap(), 1);
    let took = begun.elapsed();
    assert!(took < Duration::from_secs(5), "{took:?}");
    ben.says(&mut ana, b"still here").await.unwrap();
    // The code is the same, on a server that has come since as well.
    let c = community.server().unwrap();
    let mut cleo = Member::on(at(&c).unwrap()).await.unwrap();
    cleo.knocks(nameplate, &mut ana).await.unwrap();
    assert_eq!(cleo.join(&room).await.unwrap(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn all_members_of_a_server_that_died_find_their_seats_though_they_come_in_the_same_moment() {
    let community = Community::new().unwrap();
    let [mut a, b, c] = [(); 3].map(|()| community.server().unwrap());
    let others = [at(&b).unwrap(), at(&c).unwrap()];
    let room = Room::default();
    let ana = Member::on(at(&a).unwrap()).await.unwrap();
    ana.create(&room).await.unwrap();
    let mut members = vec![ana];
    for _ in 0..15 {
        let member = Member::on(at(&a).unwrap()).await.unwrap();
        member.join(&room).await.unwrap();
        members.push(member);
    }
    community.redis.keeps(&room, 16).await.unwrap();
    a.kill().unwrap();
    let back = members.iter_mut().enumerate().map(|(n, member)| member.come_back(&room, others[n % 2]));
    let there = futures_util::future::try_join_all(back).await.unwrap();
    // Each saw those who were there before.
    assert_eq!(there.iter().max(), Some(&15));
    let (first, last) = members.split_at_mut(15);
    first[0].says(&mut last[0], b"all here").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_challenge_is_for_one_try_wherever_that_is_made() {
    let community = Community::new().unwrap();
    let [a, b] = [(); 2].map(|()| community.server().unwrap());
    let room = Room::default();
    let mut ana = Member::on(at(&a).unwrap()).await.unwrap();
    let nameplate = ana.create(&room).await.unwrap();
    let mut ben = Member::on(at(&b).unwrap()).await.unwrap();
    ben.knocks(nameplate, &mut ana).await.unwrap();
    let challenge = ben.client.hello().await.unwrap().challenge;
    ben.client.lobby_open(nameplate, b"once more").await.unwrap();
    let refused = Err(ClientError::Refused(RefusalCode::NotAvailable));
    assert_eq!(ben.join_by(&challenge, &Room::default()).await, refused);
    assert_eq!(ben.join_by(&challenge, &room).await, refused);
    assert_eq!(ben.join(&room).await, Ok(1));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_redis_dies_and_rooms_on_a_server_go_on_until_it_is_back() {
    let mut community = Community::new().unwrap();
    let [a, b] = [(); 2].map(|()| community.server().unwrap());
    let room = Room::default();
    let mut ana = Member::on(at(&a).unwrap()).await.unwrap();
    let nameplate = ana.create(&room).await.unwrap();
    let near = Member::on(at(&a).unwrap()).await.unwrap();
    near.join(&room).await.unwrap();
    let mut far = Member::on(at(&b).unwrap()).await.unwrap();
    far.join(&room).await.unwrap();
    community.redis.kill().unwrap();
    far.is_cut().await.unwrap();
    // On its own server the room goes on, also for newcomers.
    near.says(&mut ana, b"and now?").await.unwrap();
    assert_eq!(Member::on(at(&a).unwrap()).await.unwrap().join(&room).await, Ok(2));
    // Elsewhere it is said why not.
    let stranger = Member::on(at(&b).unwrap()).await.unwrap();
    assert_eq!(stranger.join(&room).await, Err(UNREADY));
    assert_eq!(stranger.create(&Room::default()).await, Err(UNREADY));
    // A server that has not said yet what it has may still have it.
    a.stand_still(true).unwrap();
    community.redis.start_again().unwrap();
    let begun = Instant::now();
    while let Err(error) = stranger.create(&Room::default()).await {
        assert!(error == UNREADY && begun.elapsed() < Duration::from_secs(30), "{error:?}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(Member::on(at(&b).unwrap()).await.unwrap().join(&room).await, Err(UNREADY));
    a.stand_still(false).unwrap();
    far.come_back(&room, at(&b).unwrap()).await.unwrap();
    far.says(&mut ana, b"back").await.unwrap();
    let mut stranger = Member::on(at(&b).unwrap()).await.unwrap();
    stranger.knocks(nameplate, &mut ana).await.unwrap();
    stranger.join(&room).await.unwrap();
    stranger.says(&mut far, b"hello").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_stood_still_gives_up_the_rooms_that_others_have_taken_over() {
    let community = Community::new().unwrap();
    let [a, b] = [(); 2].map(|()| community.server().unwrap());
    let room = Room::default();
    let mut ana = Member::on(at(&a).unwrap()).await.unwrap();
    ana.create(&room).await.unwrap();
    let mut ben = Member::on(at(&b).unwrap()).await.unwrap();
    ben.join(&room).await.unwrap();
    community.redis.keeps(&room, 2).await.unwrap();
    a.stand_still(true).unwrap();
    ben.is_cut().await.unwrap();
    ben.come_back(&room, at(&b).unwrap()).await.unwrap();
    a.stand_still(false).unwrap();
    ana.is_cut().await.unwrap();
    // On either server: the room is at the other one now.
    assert_eq!(ana.come_back(&room, at(&a).unwrap()).await.unwrap(), 1);
    ben.says(&mut ana, b"together again").await.unwrap();
    ana.says(&mut ben, b"on one server").await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn clients_behind_a_balancer_meet_and_find_their_room_again_when_a_server_dies() {
    let community = Community::new().unwrap();
    let [mut a, b] = [(); 2].map(|()| community.server().unwrap());
    let balancer = Balancer::start(vec![at(&a).unwrap(), at(&b).unwrap()]).await.unwrap();
    let address = balancer.address.to_string();
    tokio::task::spawn_blocking(move || {
        let mut ana = Client::start(&["host", "--name", "Ana", "--server", &address]).unwrap();
        let invitation = ana.event("invitation").unwrap();
        let link = invitation["link"].as_str().unwrap();
        // The first connection was to a, which is the room's home, the next one is to b.
        let mut ben = Client::start(&["join", link, "--name", "Ben"]).unwrap();
        ben.event("ready").unwrap();
        ana.event("ready").unwrap();
        a.kill().unwrap();
        for client in [&mut ana, &mut ben] {
            client.event_where("error", |event| event["code"] == "serverGone").unwrap();
            assert_eq!(client.event("invitation").unwrap(), invitation, "it is as it was");
        }
        let mut cleo = Client::start(&["join", link, "--name", "Cleo"]).unwrap();
        for client in [&mut ana, &mut ben] {
            client.event_where("ready", |event| event["name"] == "Cleo").unwrap();
        }
        cleo.event("ready").unwrap();
    })
    .await
    .unwrap();
    drop(b);
}

#[test]
fn a_redis_that_writes_to_a_disk_is_refused_unless_it_is_allowed() {
    let redis = Redis::start(&["--save", "60 1"]).unwrap();
    let program = binary("pushtalk-server", "pushtalk-server").unwrap();
    let refused =
        Command::new(program).args(["--listen", "127.0.0.1:0", "--redis", &redis.url()]).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("--redis-may-persist"), "{said}");
    let allowed = ["--redis", &redis.url(), "--redis-may-persist"];
    pushtalk_tests::standalone::Standalone::start(&allowed).unwrap();
}

#[test]
fn a_redis_elsewhere_is_used_over_tls_if_it_is_who_it_should_be() {
    let folder = std::env::temp_dir().join(format!("pushtalk-redis-tls-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    let made = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let (cert, key) = (folder.join("cert.pem"), folder.join("key.pem"));
    std::fs::write(&cert, made.cert.pem()).unwrap();
    std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
    let (cert, key) = (cert.to_str().unwrap(), key.to_str().unwrap());
    let tls = ["--port", "0", "--tls-port", "{port}", "--tls-auth-clients", "no"];
    let redis =
        Redis::start(&[&tls[..], &["--tls-cert-file", cert, "--tls-key-file", key]].concat()).unwrap();
    let url = format!("rediss://localhost:{}", redis.port());
    let command = |authorities: &str| {
        let mut command = Command::new(binary("pushtalk-server", "pushtalk-server").unwrap());
        command.args(["--listen", "127.0.0.1:0", "--redis", &url]).env("SSL_CERT_FILE", authorities);
        command
    };
    // By nobody's word, and by an authority that has not vouched for it.
    let other = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let another = folder.join("other.pem");
    std::fs::write(&another, other.cert.pem()).unwrap();
    let refused = command(another.to_str().unwrap()).output().unwrap();
    let said = String::from_utf8_lossy(&refused.stderr);
    assert!(!refused.status.success() && said.contains("Redis"), "{said}");
    pushtalk_tests::standalone::Standalone::by(command(cert), &[]).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn at_the_loudest_level_servers_write_down_nothing_of_those_who_meet_there() {
    let community = Community::new().unwrap();
    let (mut logs, mut servers) = (Vec::new(), Vec::new());
    for n in 0..2 {
        let log = community.file(&format!("log-{n}"));
        servers.push(community.server_that_logs(&log).unwrap());
        logs.push(log);
    }
    let room = Room::default();
    let mut ana = Member::on(at(&servers[0]).unwrap()).await.unwrap();
    let nameplate = ana.create(&room).await.unwrap();
    let mut ben = Member::on(at(&servers[1]).unwrap()).await.unwrap();
    ben.knocks(nameplate, &mut ana).await.unwrap();
    ben.join(&room).await.unwrap();
    ben.says(&mut ana, b"what nobody else is to know").await.unwrap();
    // Refusals are told of too.
    assert!(ben.join(&room).await.is_err());
    let mut canaries = Canaries::default();
    canaries.add("what was passed on", b"what nobody else is to know");
    canaries.add("what was said at the door", b"who is there?");
    for (whose, member) in [("Ana's", &ana), ("Ben's", &ben)] {
        canaries.add(&format!("{whose} pid"), member.pid().as_bytes());
        canaries.add(&format!("{whose} key"), member.public().as_bytes());
        canaries.add_text(&format!("{whose} address"), &member.client.local_address().to_string());
    }
    canaries.add("the room", room.id().as_bytes());
    canaries.add_text("the Redis", &community.redis.url());
    drop((ana, ben));
    drop(servers);
    for log in logs {
        let written = std::fs::read(log).unwrap();
        let text = String::from_utf8_lossy(&written);
        assert!(text.contains("refused") || text.contains("connected to the store"), "{text}");
        assert_eq!(canaries.find(&written), [], "{text}");
    }
}
