//! P1: of what is said, nothing leaves a device but what is sealed.

use std::collections::BTreeMap;
use std::time::Duration;

use pushtalk_e2ee::{FrameId, VoicePlaintext};
use pushtalk_tests::canary::Canaries;
use pushtalk_tests::seeds::try_seeds;
use pushtalk_tests::world::{Kind, Network, World};

const NAMES: [&str; 3] = ["Ana", "Ben", "Cem"];
/// Authentication tag of AES-256-GCM.
const TAG: usize = 16;

/// A piece from the middle of each packet: where the codec is not the same each time.
fn pieces(world: &World) -> anyhow::Result<Canaries> {
    let mut canaries = Canaries::default();
    for packet in world.people.iter().flat_map(|p| &p.opus) {
        let piece = packet.get(8..24).unwrap_or(packet);
        if piece.iter().any(|b| *b != piece[0]) {
            canaries.add("a packet of the codec", piece);
        }
    }
    anyhow::ensure!(canaries.len() > 500, "only {} pieces of voice", canaries.len());
    Ok(canaries)
}

#[test]
fn no_packet_of_the_codec_is_found_in_anything_that_leaves_a_device() {
    try_seeds("sealed voice", 2, |seed| {
        let mut world = World::run_by(seed, Network::default(), Box::new(pushtalk_tests::world::Honest));
        world.recorded = true;
        world.gather(&NAMES, "Friday")?;
        for talker in 0..3 {
            world.talks(talker, Duration::from_secs(1));
        }
        let canaries = pieces(&world)?;
        let wire: Vec<u8> = world.wire.iter().flat_map(|(.., bytes)| bytes.iter().copied()).collect();
        assert!(wire.len() > 50_000, "seed {seed}: {} bytes left", wire.len());
        assert_eq!(canaries.find(&wire), [], "seed {seed}: between the devices");
        assert_eq!(canaries.find(world.server.transcript.as_bytes()), [], "seed {seed}: at the server");
        Ok(world.tally)
    });
}

#[test]
fn every_frame_has_one_size_and_no_two_frames_anything_in_common() {
    let mut world = World::new(1, Network::default());
    world.recorded = true;
    world.gather(&NAMES, "").unwrap();
    world.talks(0, Duration::from_secs(2));
    let mut bodies = BTreeMap::new();
    let mut frames = 0;
    for (_, _, kind, bytes) in world.wire.iter().filter(|(_, _, kind, _)| *kind != Kind::Ctl) {
        let id = FrameId::read(bytes).unwrap();
        let opus = world.people[0].opus[0].len();
        let sealed = opus + VoicePlaintext::OVERHEAD + TAG;
        let header = bytes.len() - sealed;
        assert!((1..=11).contains(&header), "{kind:?} {id:?}: the size says nothing but the frame's number");
        for piece in bytes[header..].chunks_exact(16) {
            assert!(bodies.insert(piece.to_vec(), id).is_none(), "two frames share sixteen bytes");
        }
        frames += 1;
    }
    assert!(frames >= 400, "{frames}");
}

#[test]
fn a_device_whose_button_is_up_sends_no_frame_at_all() {
    let mut world = World::new(2, Network::default());
    world.recorded = true;
    world.gather(&NAMES, "").unwrap();
    world.run(Duration::from_secs(5));
    assert!(world.people.iter().all(|p| p.kept == 0), "nothing is even kept");
    assert!(world.wire.iter().all(|(_, _, kind, _)| *kind == Kind::Ctl));
    assert!(world.wire.iter().all(|(.., bytes)| bytes.len() < 400), "and no message is as long as voice");
}
