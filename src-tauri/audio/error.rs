//! What can be wrong with what this crate was given.

/// Why a call was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum AudioError {
    /// A setting is out of its range.
    #[error("a setting of the codec is out of range")]
    Settings,
    /// The input does not have the length that was agreed on.
    #[error("{given} samples were given where {wanted} belong")]
    Length {
        /// Samples given.
        given: usize,
        /// Samples wanted.
        wanted: usize,
    },
    /// The output has too little room.
    #[error("the output has too little room")]
    Room,
    /// The packet is not an Opus packet of 10 or 20 ms.
    #[error("not an Opus packet of 10 or 20 ms")]
    Packet,
    /// The codec failed for a reason of its own.
    #[error("the codec failed")]
    Codec,
    /// A sample rate is outside 8 to 384 kHz, or the two are too far apart.
    #[error("this sample rate cannot be converted")]
    Rate,
}
