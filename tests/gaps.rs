//! Where a voice falls silent for the listener while the talker speaks.

/// What is looked at in one piece, in samples: 5 ms.
const PIECE: usize = 240;
/// A stretch of so many silent pieces is heard as a gap: 20 ms.
const AUDIBLE: usize = 4;
/// How exactly it is known what should be heard, in pieces: 20 ms to both sides.
const DOUBT: usize = 4;
/// From this level on it is speech: -40 dBFS.
const SPEECH: f32 = 0.01;
/// Below this it is silence: -60 dBFS.
const SILENCE: f32 = 0.001;

/// Counts gaps. `behind`: by how many samples each 5 ms of `heard` are behind `said`.
pub fn gaps(said: &[f32], heard: &[f32], behind: &[usize]) -> usize {
    let said: Vec<f32> = said.chunks(PIECE).map(loudness).collect();
    let speech = |piece: usize| {
        let near = said.get(piece.saturating_sub(DOUBT)..=piece + DOUBT);
        near.is_some_and(|near| near.iter().all(|level| *level > SPEECH))
    };
    let (mut gaps, mut silent) = (0, 0);
    for (n, piece) in heard.chunks(PIECE).enumerate() {
        let behind = behind.get(n).map_or(0, |samples| samples / PIECE);
        let missing = loudness(piece) < SILENCE && n.checked_sub(behind).is_some_and(speech);
        silent = if missing { silent + 1 } else { 0 };
        gaps += usize::from(silent == AUDIBLE);
    }
    gaps
}

fn loudness(samples: &[f32]) -> f32 {
    (samples.iter().map(|sample| sample * sample).sum::<f32>() / samples.len() as f32).sqrt()
}
