//! Rooms that their server has lost: made anew by a member, as what they were, and by nobody else.

use std::time::Duration;

use pushtalk_e2ee::HostKey;
use pushtalk_protocol::{Epoch, Nameplate, RefusalCode, Restore, Signature, SignedStatement, StatementKind};
use rand::SeedableRng;
use rand::rngs::StdRng;

use crate::lobby::{Limits, Rate};
use crate::lobby_world::{NO, NOW, World, conn, easy};

impl World {
    fn restored(&mut self, of: usize, statements: &[&SignedStatement]) -> Result<Nameplate, RefusalCode> {
        let restore = self.restore(of, statements);
        self.restored_by(of, &restore)
    }

    fn restored_by(&mut self, of: usize, restore: &Restore) -> Result<Nameplate, RefusalCode> {
        self.lobby.restore(NOW, conn(of), restore, 9).map(|created| created.nameplate)
    }
}

type Attempt = fn(&mut World, &World) -> Restore;

/// What another member signs with from now on.
fn handed_over(world: &World, epoch: u32, to: usize) -> (SignedStatement, HostKey) {
    let heir_key = HostKey::generate(&mut StdRng::seed_from_u64(77));
    let kind = StatementKind::Transfer { heir: world.pid(to), host_pub: heir_key.public() };
    (world.host.sign_statement(world.statement(epoch, kind, &[0, to])), heir_key)
}

#[test]
fn a_member_makes_its_room_anew_and_the_others_come_in_by_its_secret() {
    let mut world = World::new(easy(), 4);
    assert_eq!(world.restored(1, &[]), Ok(Nameplate::from_index(5)), "it is called as before");
    let join = world.join(2);
    assert_eq!(world.lobby.join(conn(2), &join).unwrap().members, [world.public(1)]);
    // The host is one of them, and still the host.
    let join = world.join(0);
    assert!(world.lobby.join(conn(0), &join).is_ok());
    let signed = world.signed(1, &[0, 1]);
    assert!(world.rotate(0, &signed).is_ok());
    assert!(world.relay(0, 1).is_ok() && world.relay(0, 2).is_err(), "who is not in the roster is out");
}

#[test]
fn a_room_whose_name_is_taken_gets_another_one() {
    let (mut world, _) = World::room(easy(), 0, 3);
    world.renew();
    assert_eq!(world.restored(2, &[]), Ok(Nameplate::from_index(9)));
    assert_eq!(world.lobby.counts().0, 2);
}

#[test]
fn a_room_that_was_handed_over_is_its_last_hosts() {
    let mut world = World::new(easy(), 3);
    let (handed_over, heir) = handed_over(&world, 1, 1);
    assert!(world.restored(2, &[&handed_over]).is_ok());
    for of in [0, 1] {
        let join = world.join_in(of, Epoch(1));
        assert!(world.lobby.join(conn(of), &join).is_ok());
    }
    // The first one signs nothing any more.
    let late = world.signed(2, &[0]);
    assert_eq!(world.rotate(0, &late).err(), Some(NO));
    let next = heir.sign_statement(world.statement(2, StatementKind::Door, &[0, 1, 2]));
    assert!(world.rotate(1, &next).is_ok());
    // An older statement is none.
    let old = heir.sign_statement(world.statement(1, StatementKind::Door, &[1]));
    assert_eq!(world.rotate(1, &old).err(), Some(NO));
}

#[test]
fn a_room_that_is_there_gives_way_only_to_what_has_become_of_it() {
    let (mut world, nameplate) = World::room(easy(), 1, 2);
    assert_eq!(world.restored(2, &[]).err(), Some(NO), "it is there");
    assert!(world.lobby.take_pushes().is_empty() && world.lobby.take_cuts().is_empty());
    // Two who were removed have made of it what it was before; the others know better.
    let later = world.signed(1, &[2, 3]);
    world.hello(2);
    assert_eq!(world.restored(2, &[&later]), Ok(nameplate));
    assert_eq!(world.lobby.take_cuts(), [conn(0), conn(1)]);
    assert_eq!(world.lobby.counts().0, 1);
    let join = world.join_in(3, Epoch(1));
    assert_eq!(world.lobby.join(conn(3), &join).unwrap().members, [world.public(2)]);
    world.lobby.connected(conn(4), crate::lobby_world::HERE).unwrap();
}

#[test]
fn who_was_the_host_takes_no_room_from_those_who_are_in_it() {
    let (mut world, _) = World::room(easy(), 1, 1);
    let (handed_over, _) = handed_over(&world, 1, 1);
    assert!(world.rotate(0, &handed_over).is_ok());
    world.lobby.take_pushes();
    // It leaves out that it has handed the room over, and claims to have said something later.
    let late = world.signed(7, &[2]);
    assert_eq!(world.restored(2, &[&late]).err(), Some(NO));
    world.hello(2);
    assert_eq!(world.restored(2, &[&late, &handed_over]).err(), Some(NO));
    assert!(world.lobby.take_pushes().is_empty() && world.lobby.take_cuts().is_empty());
    assert!(world.relay(0, 1).is_ok());
}

#[test]
fn nobody_makes_anew_what_is_not_theirs() {
    let mut other = World::new(easy(), 2);
    other.renew();
    let attempts: [(&str, Attempt); 6] = [
        ("forged", |w, _| Restore { sig: Signature::new([1; 64]), ..w.restore(1, &[]) }),
        ("of another connection", |w, _| w.restore(0, &[])),
        ("another's room", |w, other| Restore { room_id: other.room_id(), ..w.restore(1, &[]) }),
        ("an epoch that was never signed", |w, _| Restore { epoch: Epoch(1), ..w.restore(1, &[]) }),
        ("a statement of another room", |w, other| w.restore(1, &[&other.signed(1, &[1])])),
        ("a statement that is too old", |w, _| {
            let (first, second) = (w.signed(1, &[1]), w.signed(2, &[1]));
            Restore { statements: w.restore(1, &[&second, &first]).statements, ..w.restore(1, &[&second]) }
        }),
    ];
    for (which, attempt) in attempts {
        let mut world = World::new(easy(), 2);
        let restore = attempt(&mut world, &other);
        assert_eq!(world.restored_by(1, &restore).err(), Some(NO), "{which}");
        assert_eq!(world.lobby.counts().0, 0, "{which}");
        let good = world.restore(1, &[]);
        assert_eq!(world.restored_by(1, &good).err(), Some(NO), "{which}: a challenge is for one try");
    }
}

#[test]
fn what_is_no_statement_or_too_many_of_them_is_a_bad_request() {
    let mut world = World::new(easy(), 1);
    let mut restore = world.restore(0, &[]);
    let signed = world.signed(1, &[0]);
    for statements in [
        vec!["".to_owned()],
        vec!["not base64url!".to_owned()],
        vec![world.restore(0, &[&signed]).statements[0][1..].to_owned()],
        vec!["A".repeat(6000)],
        vec![world.restore(0, &[&signed]).statements[0].clone(); Restore::MOST_STATEMENTS + 1],
    ] {
        restore.statements = statements;
        assert_eq!(world.restored_by(0, &restore).err(), Some(RefusalCode::BadRequest));
    }
    assert!(world.restored(0, &[&signed]).is_ok(), "and costs no challenge");
}

#[test]
fn rooms_are_made_anew_as_often_as_doors_are_knocked_at() {
    let rate = Rate::a_minute(2, 1);
    let mut world = World::new(Limits { knocks_of_an_address: Some(rate), ..easy() }, 4);
    let forged = |world: &World, of| Restore { sig: Signature::new([1; 64]), ..world.restore(of, &[]) };
    for (of, refused) in [(0, NO), (1, NO), (2, RefusalCode::TooMany)] {
        let restore = forged(&world, of);
        assert_eq!(world.restored_by(of, &restore).err(), Some(refused), "{of}");
    }
    world.hello(2);
    let restore = world.restore(2, &[]);
    assert!(world.lobby.restore(NOW + Duration::from_secs(60), conn(2), &restore, 9).is_ok());
}
