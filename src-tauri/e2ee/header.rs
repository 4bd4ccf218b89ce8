//! The clear header of a sealed frame: key id and counter (RFC 9605, section 4.3), in their shortest form only.

use crate::FrameError;

/// The longest header: the configuration byte, eight bytes each of KID and CTR.
pub(crate) const LONGEST: usize = 17;

/// Marks a field that does not fit into three bits; the three bits are its length less one then.
const EXTENDED: u8 = 0b1000;

/// What the header of a frame says, without a key. Anybody can write it: it chooses a key and proves nothing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FrameId {
    /// Generation of the media key.
    pub generation: u32,
    /// Ratchet step within the generation: counts the presses of the button.
    pub step: u8,
    /// Number of the frame within its step, from 0.
    pub counter: u64,
}

impl FrameId {
    /// Reads the header of a sealed frame.
    ///
    /// # Errors
    /// `Malformed`.
    pub fn read(frame: &[u8]) -> Result<Self, FrameError> {
        Self::split(frame).map(|(id, _)| id)
    }

    /// Gives the header's length too.
    pub(crate) fn split(frame: &[u8]) -> Result<(Self, usize), FrameError> {
        let (kid, counter, length) = decode(frame).ok_or(FrameError::Malformed)?;
        let generation = u32::try_from(kid >> 8).map_err(|_| FrameError::Malformed)?;
        Ok((Self { generation, step: kid as u8, counter }, length))
    }

    /// Section 7 of the protocol: KID = generation · 256 + step.
    pub(crate) fn kid(generation: u32, step: u8) -> u64 {
        u64::from(generation) << 8 | u64::from(step)
    }
}

/// Writes a header to the beginning of `out`; gives its length.
pub(crate) fn encode(kid: u64, counter: u64, out: &mut [u8; LONGEST]) -> usize {
    let mut length = 1;
    let mut field = |value: u64| -> u8 {
        if value < 8 {
            return value as u8;
        }
        let bytes = value.to_be_bytes();
        let significant = &bytes[value.leading_zeros() as usize / 8..];
        out[length..length + significant.len()].copy_from_slice(significant);
        length += significant.len();
        EXTENDED | (significant.len() - 1) as u8
    };
    let config = field(kid) << 4 | field(counter);
    out[0] = config;
    length
}

/// KID, CTR and the header's length; none when it is cut, or longer than it must be.
fn decode(frame: &[u8]) -> Option<(u64, u64, usize)> {
    let (&config, mut rest) = frame.split_first()?;
    let mut field = |bits: u8| -> Option<u64> {
        let value = u64::from(bits & 0b111);
        if bits & EXTENDED == 0 {
            return Some(value);
        }
        let (bytes, tail) = rest.split_at_checked(value as usize + 1)?;
        rest = tail;
        let value = bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte));
        let shortest = bytes[0] != 0 && value >= 8;
        shortest.then_some(value)
    };
    let (kid, counter) = (field(config >> 4)?, field(config & 0b1111)?);
    Some((kid, counter, frame.len() - rest.len()))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::derive::tests::hex;
    use crate::header_vectors::HEADERS;

    fn written(kid: u64, counter: u64) -> Vec<u8> {
        let mut out = [0; LONGEST];
        let length = encode(kid, counter, &mut out);
        out[..length].to_vec()
    }

    #[test]
    fn headers_are_those_of_the_rfc() {
        let mut tried = 0;
        for row in HEADERS.split(',') {
            let fields: Vec<_> = row.split_whitespace().collect();
            let [kid, counter, header] = fields[..] else { panic!("{row}") };
            let (kid, counter, header) = (kid.parse().unwrap(), counter.parse().unwrap(), hex(header));
            assert_eq!(written(kid, counter), header, "{row}");
            assert_eq!(decode(&header), Some((kid, counter, header.len())), "{row}");
            tried += 1;
        }
        assert_eq!(tried, 17 * 17);
    }

    #[test]
    fn a_header_that_is_longer_than_it_must_be_is_refused() {
        for longer in ["8000", "8007", "0800", "0807", "090001", "9000ff", "0f0000000000000001", "8807ff"] {
            assert_eq!(FrameId::read(&hex(longer)), Err(FrameError::Malformed), "{longer}");
        }
        assert_eq!(FrameId::read(&hex("8008")).map(|id| id.step), Ok(8));
    }

    #[test]
    fn a_generation_has_four_bytes() {
        assert_eq!(FrameId::read(&written(1 << 40, 0)), Err(FrameError::Malformed));
        let id = FrameId { generation: u32::MAX, step: 255, counter: 9 };
        assert_eq!(FrameId::read(&written(FrameId::kid(u32::MAX, 255), 9)), Ok(id));
    }

    proptest! {
        #[test]
        fn there_is_one_header_for_each_key_and_number(bytes in proptest::collection::vec(any::<u8>(), 0..20)) {
            if let Some((kid, counter, length)) = decode(&bytes) {
                prop_assert_eq!(written(kid, counter), &bytes[..length]);
            }
        }

        #[test]
        fn a_header_reads_back_and_a_cut_one_is_refused(kid: u64, counter: u64, shift in 0u32..64) {
            let (kid, counter) = (kid >> shift, counter >> (63 - shift));
            let header = written(kid, counter);
            prop_assert_eq!(decode(&header), Some((kid, counter, header.len())));
            for end in 0..header.len() {
                prop_assert_eq!(decode(&header[..end]), None);
            }
            let theirs = sframe::header::SframeHeader::deserialize(&header).unwrap();
            prop_assert_eq!((theirs.key_id(), theirs.counter()), (kid, counter));
        }
    }
}
