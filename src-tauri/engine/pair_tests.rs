//! Two members say things to each other while relay and data channel come and go.

use std::collections::VecDeque;
use std::time::Duration;

use bytes::Bytes;
use pushtalk_e2ee::{
    HostKey, Joiner, MemberKey, PasswordKind, Responder, RoomSecret, SeatKey, ServerIdentity, pid, room_id,
};
use pushtalk_protocol::{CertificateHash, Ctl, DisplayName, Epoch, Nameplate, SecretBytes};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::identity::Identity;
use crate::pair::{Pair, PairEvent, Parcel, Way};

const NOW: Duration = Duration::ZERO;

/// Two members of one room; the first one has the smaller pid.
pub(crate) struct Two {
    rng: StdRng,
    identities: [Identity; 2],
    pub(crate) pairs: [Pair; 2],
    said: [Vec<Ctl>; 2],
    proved: [u32; 2],
    renewed: [u32; 2],
}

/// The secret, brought to somebody else through the door: there is no other way to have it twice.
fn brought(rng: &mut StdRng, secret: &RoomSecret, host: &HostKey) -> RoomSecret {
    let (nameplate, server) =
        (Nameplate::from_index(1), ServerIdentity::Certificate(CertificateHash::new([1; 32])));
    let (joiner, m1) = Joiner::start(rng, PasswordKind::Link, b"password", None, &nameplate, &server);
    let (responder, m2) = Responder::start(rng, &m1, b"password", None, &nameplate, &server).unwrap();
    let (proved, m3) = joiner.answer(&m2).unwrap();
    let m4 = responder.admit(&m3, secret, room_id(&host.public()), &host.public(), Epoch::default()).unwrap();
    proved.finish(&m4).unwrap().secret
}

impl Two {
    pub(crate) fn new(seed: u64) -> Self {
        let mut rng = StdRng::seed_from_u64(seed);
        let host = HostKey::generate(&mut rng);
        let own = RoomSecret::generate(&mut rng);
        let other = brought(&mut rng, &own, &host);
        let mut identities = [own, other].map(|secret| {
            let member_key = MemberKey::generate(&mut rng);
            let room_id = room_id(&host.public());
            Identity {
                room_id,
                first_host: host.public(),
                host_public: host.public(),
                before: None,
                epoch: Epoch::default(),
                pid: pid(&member_key.public()),
                psk: secret.pair_psk(room_id, Epoch::default()),
                member_key,
                secret,
                seat_key: SeatKey::generate(&mut rng),
                heir_key: HostKey::generate(&mut rng),
                hosting: false,
                name: DisplayName::parse("Ana").unwrap(),
                nameplate: Nameplate::from_index(1),
                server: ServerIdentity::Certificate(CertificateHash::new([1; 32])),
            }
        });
        if identities[0].pid > identities[1].pid {
            identities.reverse();
        }
        let pair = |a: usize, b: usize| {
            Pair::new(&identities[a], identities[b].pid, identities[b].member_key.public())
        };
        let pairs = [pair(0, 1), pair(1, 0)];
        Self { rng, identities, pairs, said: [Vec::new(), Vec::new()], proved: [0; 2], renewed: [0; 2] }
    }

    /// Delivers to `to`; gives what it answers.
    fn deliver(&mut self, to: usize, way: Way, bytes: &Bytes) -> Vec<Parcel> {
        let mut out = Vec::new();
        let Self { rng, identities, pairs, said, proved, renewed } = self;
        for event in pairs[to].hear(NOW, way, bytes, &identities[to], rng, &mut out) {
            match event {
                PairEvent::Proved => proved[to] += 1,
                PairEvent::Renewed => renewed[to] += 1,
                PairEvent::Said(message) => said[to].push(message),
                PairEvent::OtherVersion(_) => panic!("another version"),
            }
        }
        out
    }

    /// A whole handshake over a relay that loses nothing; the initiator's first word proves it.
    fn shake_hands(&mut self) {
        let mut parcels = Vec::new();
        self.pairs[0].begin(NOW, &self.identities[0], &mut self.rng, &mut parcels);
        let answer = self.deliver(1, Way::Relay, &parcels[0].bytes);
        self.deliver(0, Way::Relay, &answer[0].bytes);
        let hello = self.say(0, 0);
        self.deliver(1, Way::Relay, &hello.bytes);
        assert_eq!(self.proved, [1, 1]);
    }

    /// The next epoch begins for this one.
    fn enter(&mut self, who: usize) {
        let secret = RoomSecret::from(SecretBytes::new([9; 32]));
        let mut roster: Vec<_> = self.identities.iter().map(|identity| identity.pid).collect();
        roster.sort_unstable();
        self.identities[who].enter(NOW, Epoch(1), secret, roster);
    }

    fn say(&mut self, from: usize, token: u32) -> Parcel {
        let mut parcels = Vec::new();
        assert!(self.pairs[from].say(&Ctl::Ping { token }, &mut parcels));
        parcels.remove(0)
    }

    fn tokens(&self, of: usize) -> Vec<u32> {
        let token = |m: &Ctl| match m {
            Ctl::Ping { token } => Some(*token),
            _ => None,
        };
        self.said[of].iter().filter_map(token).collect()
    }
}

#[test]
fn the_move_from_relay_to_data_channel_loses_and_doubles_none() {
    for seed in 0..200 {
        let mut two = Two::new(seed);
        two.shake_hands();
        let count = two.rng.random_range(1..20_u32);
        let moved_at = two.rng.random_range(0..count);
        let (mut relay, mut channel) = (Vec::new(), Vec::new());
        for token in 1..=count {
            if token == moved_at {
                two.pairs[0].channel_opened(&mut channel);
            }
            let parcel = two.say(0, token);
            if parcel.way == Way::Relay { relay.push(parcel) } else { channel.push(parcel) }
        }
        if moved_at == 0 {
            two.pairs[0].channel_opened(&mut channel);
        }
        // The relay is late, or dies with some of what it had; the data channel is whole. Each keeps its order.
        relay.truncate(two.rng.random_range(0..=relay.len()));
        let (mut relay, mut channel) = (relay.into_iter().peekable(), channel.into_iter().peekable());
        while relay.peek().is_some() || channel.peek().is_some() {
            let from_relay = channel.peek().is_none() || (relay.peek().is_some() && two.rng.random_bool(0.5));
            let parcel = if from_relay { relay.next() } else { channel.next() };
            if let Some(parcel) = parcel {
                two.deliver(1, parcel.way, &parcel.bytes);
            }
        }
        assert_eq!(two.tokens(1), (0..=count).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn a_media_key_changes_the_session_key_behind_it_and_the_talk_goes_on() {
    let mut two = Two::new(1);
    two.shake_hands();
    for generation in 1..4 {
        let mut parcels = Vec::new();
        assert!(
            two.pairs[1].say(&Ctl::MediaKey { generation, key: SecretBytes::new([7; 32]) }, &mut parcels)
        );
        assert!(two.pairs[1].say(&Ctl::Ping { token: generation }, &mut parcels));
        for parcel in parcels {
            two.deliver(0, parcel.way, &parcel.bytes);
        }
    }
    assert_eq!(two.tokens(0), [1, 2, 3]);
}

/// What each has said and the other has not heard yet.
#[derive(Default)]
struct Wires([VecDeque<Parcel>; 2]);

impl Wires {
    /// The first one has new keys begun now and then; both talk on, and what they say arrives in order, at any time.
    fn talk(&mut self, two: &mut Two, tokens: &mut [u32; 2], steps: u32) {
        for _ in 0..steps {
            match two.rng.random_range(0..8) {
                0 => {
                    let mut out = Vec::new();
                    assert!(two.pairs[0].rekey(&two.identities[0], &mut two.rng, &mut out));
                    self.0[0].extend(out);
                }
                1..4 => {
                    let from = two.rng.random_range(0..2);
                    tokens[from] += 1;
                    let parcel = two.say(from, tokens[from]);
                    self.0[from].push_back(parcel);
                }
                _ => {
                    let from = two.rng.random_range(0..2);
                    self.arrive(two, from);
                }
            }
        }
    }

    fn arrive(&mut self, two: &mut Two, from: usize) {
        if let Some(parcel) = self.0[from].pop_front() {
            let answers = two.deliver(1 - from, parcel.way, &parcel.bytes);
            self.0[1 - from].extend(answers);
        }
    }

    fn all_arrive(&mut self, two: &mut Two) {
        while self.0.iter().any(|wire| !wire.is_empty()) {
            (0..2).for_each(|from| self.arrive(two, from));
        }
    }
}

#[test]
fn two_who_talk_on_change_their_keys_and_lose_no_word() {
    for seed in 0..300 {
        let mut two = Two::new(seed);
        two.shake_hands();
        let (mut wires, mut tokens) = (Wires::default(), [0; 2]);
        wires.talk(&mut two, &mut tokens, 60);
        wires.all_arrive(&mut two);
        assert_eq!(two.tokens(1), (0..=tokens[0]).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(two.tokens(0), (1..=tokens[1]).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(two.renewed[0], two.renewed[1], "seed {seed}");
        assert_eq!(two.pairs[0].handshake_hash(), two.pairs[1].handshake_hash());
    }
}

#[test]
fn an_epoch_that_begins_at_different_times_for_two_is_reached_by_both() {
    for seed in 0..300 {
        let mut two = Two::new(seed);
        two.shake_hands();
        let (mut wires, mut tokens) = (Wires::default(), [0; 2]);
        wires.talk(&mut two, &mut tokens, 20);
        let first = two.rng.random_range(0..2);
        for who in [first, 1 - first] {
            two.enter(who);
            let mut out = Vec::new();
            two.pairs[who].epoch_began(&two.identities[who], &mut two.rng, &mut out);
            wires.0[who].extend(out);
            wires.talk(&mut two, &mut tokens, 20);
        }
        wires.all_arrive(&mut two);
        let mut out = Vec::new();
        if two.pairs[0].epoch() != Some(Epoch(1)) {
            assert!(two.pairs[0].rekey(&two.identities[0], &mut two.rng, &mut out));
            wires.0[0].extend(out);
            wires.all_arrive(&mut two);
        }
        assert_eq!([0, 1].map(|who| two.pairs[who].epoch()), [Some(Epoch(1)); 2], "seed {seed}");
        assert_eq!(two.tokens(1), (0..=tokens[0]).collect::<Vec<_>>(), "seed {seed}");
        assert_eq!(two.tokens(0), (1..=tokens[1]).collect::<Vec<_>>(), "seed {seed}");
    }
}

#[test]
fn what_the_server_changes_repeats_or_invents_says_nothing_and_ends_nothing() {
    let mut two = Two::new(2);
    two.shake_hands();
    let parcel = two.say(0, 1);
    for at in 0..parcel.bytes.len() {
        let mut changed = parcel.bytes.to_vec();
        changed[at] ^= 1;
        // A version byte that was changed is told as another version; everything else is silence.
        if at > 0 {
            assert!(two.deliver(1, Way::Relay, &changed.into()).is_empty(), "byte {at}");
        }
    }
    assert_eq!(two.tokens(1), [0]);
    two.deliver(1, Way::Relay, &parcel.bytes);
    two.deliver(1, Way::Relay, &parcel.bytes);
    assert_eq!(two.tokens(1), [0, 1]);
}

#[test]
fn a_repeated_first_message_is_refused_and_a_living_session_is_kept_until_a_new_one_has_proved_itself() {
    let mut two = Two::new(3);
    let mut parcels = Vec::new();
    two.pairs[0].begin(NOW, &two.identities[0], &mut two.rng, &mut parcels);
    let first = parcels.remove(0).bytes;
    let answer = two.deliver(1, Way::Relay, &first);
    two.deliver(0, Way::Relay, &answer[0].bytes);
    let hello = two.say(0, 0);
    two.deliver(1, Way::Relay, &hello.bytes);

    // The server plays the old first message again: no answer.
    assert!(two.deliver(1, Way::Relay, &first).is_empty());

    // A new handshake is answered, yet the old session still talks until the new one does.
    two.pairs[0].begin(NOW, &two.identities[0], &mut two.rng, &mut parcels);
    let old = two.say(0, 1);
    let answer = two.deliver(1, Way::Relay, &parcels[0].bytes);
    assert_eq!(answer.len(), 1);
    two.deliver(1, Way::Relay, &old.bytes);
    assert_eq!((two.tokens(1), two.proved), (vec![0, 1], [1, 1]));
    two.deliver(0, Way::Relay, &answer[0].bytes);
    let new = two.say(0, 2);
    two.deliver(1, Way::Relay, &new.bytes);
    assert_eq!((two.tokens(1), two.proved), (vec![0, 1, 2], [2, 2]));
}
