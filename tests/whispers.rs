//! A room whose people whisper, and what is seen of it.
#![cfg(test)]

use std::time::Duration;

use pushtalk_engine::face::{Bound, Button, ErrorCode, Intent, KeyDoes, TalkKey};
use pushtalk_tests::world::{Network, World};

pub(crate) const SECOND: Duration = Duration::from_secs(1);
pub(crate) const MOMENT: Duration = Duration::from_millis(50);
pub(crate) const ANA: usize = 0;
pub(crate) const BEN: usize = 1;
pub(crate) const EVE: usize = 2;
pub(crate) const ZOE: usize = 3;

/// Ana hosts; F8 whispers to the chosen, F9 answers, F7 talks. Nothing goes on after a key came up.
pub(crate) fn room(seed: u64) -> World {
    let mut world = World::room(seed, Network::default(), &["Ana", "Ben", "Eve", "Zoe"], "").unwrap();
    for who in [ANA, BEN, EVE, ZOE] {
        let key = |(chord, does): (&str, _)| Bound { chord: chord.to_owned(), does };
        let keys = [("F7", KeyDoes::Talk), ("F8", KeyDoes::Whisper), ("F9", KeyDoes::Answer)];
        world.act(who, Intent::SetKeys { keys: keys.map(key).to_vec() });
        let talk_key = TalkKey { release_delay: 0, ..TalkKey::default() };
        world.act(who, Intent::SetTalkKey { talk_key });
    }
    world.run(SECOND);
    world
}

pub(crate) fn choose(world: &mut World, who: usize, name: &str, on: bool) {
    let id = world.id_of(who, name).unwrap();
    world.act(who, Intent::SetWhisper { id, on });
}

/// Names of those whom this person whispers to.
pub(crate) fn whispering(world: &World, who: usize) -> Vec<String> {
    let room = world.room_of(who).unwrap();
    let shown = room.members.iter().filter(|member| room.whispering.contains(&member.id));
    shown.map(|member| member.name.clone()).collect()
}

/// Names of those who whisper to this person.
pub(crate) fn whispers(world: &World, who: usize) -> Vec<String> {
    let members = world.room_of(who).unwrap().members;
    members.into_iter().filter(|member| member.whispers).map(|member| member.name).collect()
}

pub(crate) fn button(world: &World, who: usize) -> Button {
    world.room_of(who).unwrap().button
}

pub(crate) fn talks(world: &World, who: usize) -> bool {
    matches!(button(world, who), Button::Talking { .. })
}

/// Frames that this person has sent to each of the others.
pub(crate) fn sent(world: &World, who: usize) -> [u64; 4] {
    [ANA, BEN, EVE, ZOE].map(|to| world.sent(who, to))
}

pub(crate) fn told(world: &World, who: usize) -> bool {
    world.view(who).notices.iter().any(|notice| notice.code == ErrorCode::NobodyToWhisperTo)
}
