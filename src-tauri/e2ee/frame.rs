//! What is inside a sealed frame of voice.

use pushtalk_protocol::WireError;

/// Set in the first frame of a spurt.
const FIRST: u8 = 1;
/// Set in the last frame of a spurt.
const LAST: u8 = 2;
/// Set in the frames of a whisper.
const WHISPER: u8 = 4;

/// One packet of Opus, and where in its spurt it stands. Opus is at a constant bitrate, so all frames of a room are of
/// one size.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct VoicePlaintext<'a> {
    /// The first of the spurt.
    pub first: bool,
    /// The last of the spurt.
    pub last: bool,
    /// Not for the whole room.
    pub whisper: bool,
    /// One packet (RFC 6716), never empty.
    pub opus: &'a [u8],
}

impl<'a> VoicePlaintext<'a> {
    /// Bytes that are added to the packet.
    pub const OVERHEAD: usize = 1;

    /// Writes to the beginning of `out`; gives the bytes to be sealed, or none when `out` is too short.
    pub fn encode<'o>(&self, out: &'o mut [u8]) -> Option<&'o [u8]> {
        let out = out.get_mut(..Self::OVERHEAD + self.opus.len())?;
        let (flags, opus) = out.split_first_mut()?;
        *flags = (u8::from(self.first) * FIRST)
            | (u8::from(self.last) * LAST)
            | (u8::from(self.whisper) * WHISPER);
        opus.copy_from_slice(self.opus);
        Some(out)
    }

    /// Reads what `encode` wrote.
    ///
    /// # Errors
    /// `Short` without a packet, `Value` for a flag that this version does not have.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, WireError> {
        let (flags, opus) = bytes.split_first().ok_or(WireError::Short)?;
        if opus.is_empty() {
            return Err(WireError::Short);
        }
        if flags & !(FIRST | LAST | WHISPER) != 0 {
            return Err(WireError::Value);
        }
        let set = |flag| flags & flag != 0;
        Ok(Self { first: set(FIRST), last: set(LAST), whisper: set(WHISPER), opus })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_frame_reads_back_and_its_size_does_not_tell_what_it_is() {
        let opus = [7; 80];
        for flags in 0..8_u8 {
            let mut out = [0; 100];
            let [first, last, whisper] = [1, 2, 4].map(|flag| flags & flag != 0);
            let frame = VoicePlaintext { first, last, whisper, opus: &opus };
            let bytes = frame.encode(&mut out).unwrap();
            assert_eq!(bytes.len(), 81);
            assert!(VoicePlaintext::decode(bytes).is_ok_and(|read| read == frame));
            assert!(frame.encode(&mut [0; 80]).is_none());
        }
    }

    #[test]
    fn what_is_no_frame_is_told_why() {
        assert_eq!(VoicePlaintext::decode(&[]).err(), Some(WireError::Short));
        assert_eq!(VoicePlaintext::decode(&[1]).err(), Some(WireError::Short));
        assert_eq!(VoicePlaintext::decode(&[8, 0]).err(), Some(WireError::Value));
    }
}
