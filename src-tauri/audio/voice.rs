//! The voice of one talker as samples: decoded, recovered or made up, in a queue to be played.

use crate::pcm::Pcm;
use crate::{AudioError, BLOCK, Decoder, Pulled};

/// The gain of each concealed block in a row; after the last there is silence until something comes.
const CONCEALMENT: [f32; 6] = [1.0, 1.0, 0.8, 0.55, 0.25, 0.0];

pub(crate) struct Voice {
    decoder: Decoder,
    pcm: Pcm,
    /// Concealed blocks in a row.
    concealed: usize,
    kind: Pulled,
}

impl Voice {
    pub(crate) fn new() -> Result<Self, AudioError> {
        Ok(Self { decoder: Decoder::new()?, pcm: Pcm::new(), concealed: 0, kind: Pulled::Normal })
    }

    /// Samples that wait.
    pub(crate) fn len(&self) -> usize {
        self.pcm.len()
    }

    /// What was added last: normal, recovered or made up.
    pub(crate) fn kind(&self) -> Pulled {
        self.kind
    }

    /// Another spurt: nothing of the one before is left. Sound that begins amid a word fades in.
    pub(crate) fn begin(&mut self, amid: bool) {
        // A decoder that cannot be reset goes on from where it was: heard, if at all, as a click.
        let _ = self.decoder.reset();
        self.go_on();
        self.pcm.restart(if amid { 0.0 } else { 1.0 });
    }

    /// The same spurt after a pause.
    pub(crate) fn go_on(&mut self) {
        self.pcm.restart(0.0);
        self.concealed = 0;
        self.kind = Pulled::Normal;
    }

    /// Adds what a packet holds; false when it cannot be decoded, a block is then made up.
    pub(crate) fn play(&mut self, opus: &[u8]) -> bool {
        let decoder = &mut self.decoder;
        if self.pcm.append(1.0, |room| decoder.decode(opus, room)).is_err() {
            self.make_up(1.0);
            return false;
        }
        self.concealed = 0;
        self.kind = Pulled::Normal;
        true
    }

    /// Adds what a packet knows of the one before it; false when that is nothing.
    pub(crate) fn recover(&mut self, opus: &[u8]) -> bool {
        let decoder = &mut self.decoder;
        if self.pcm.append(1.0, |room| decoder.decode_fec(opus, room)).is_err() {
            return false;
        }
        self.concealed = 0;
        self.kind = Pulled::Fec;
        true
    }

    /// Adds a block that is made up, quieter each time in a row; false when there have been enough of them.
    pub(crate) fn conceal(&mut self) -> bool {
        let gain = CONCEALMENT.get(self.concealed).copied();
        if let Some(gain) = gain {
            self.make_up(gain);
        }
        gain.is_some()
    }

    /// Adds a block in which the voice fades away.
    pub(crate) fn fade_away(&mut self) {
        self.make_up(0.0);
    }

    fn make_up(&mut self, gain: f32) {
        let decoder = &mut self.decoder;
        let block = |room: &mut [f32]| decoder.conceal(room.get_mut(..BLOCK).ok_or(AudioError::Room)?);
        if self.pcm.append(gain, block).is_err() {
            // Never seen; a silent block keeps the time.
            let silence = |room: &mut [f32]| {
                room.get_mut(..BLOCK).ok_or(AudioError::Room)?.fill(0.0);
                Ok(BLOCK)
            };
            let _ = self.pcm.append(0.0, silence);
        }
        self.concealed += 1;
        self.kind = Pulled::Plc;
    }

    /// Takes the next 10 ms out; see [`Pcm::take`].
    pub(crate) fn take(&mut self, out: &mut [f32; BLOCK], ends: bool) {
        self.pcm.take(out, ends);
    }

    /// Leaves samples out (`faster`) or puts some in; returns how many, if it could be done unheard.
    pub(crate) fn stretch(&mut self, faster: bool, most: usize, likeness: f32) -> Option<usize> {
        if faster { self.pcm.shorten(most, likeness) } else { self.pcm.lengthen(most, likeness) }
    }
}

/// The kind of a block of which two parts are of these kinds.
pub(crate) fn worse(one: Pulled, other: Pulled) -> Pulled {
    match (one, other) {
        (Pulled::Plc, _) | (_, Pulled::Plc) => Pulled::Plc,
        (Pulled::Fec, _) | (_, Pulled::Fec) => Pulled::Fec,
        _ => Pulled::Normal,
    }
}
