//! Sound without hardware: codec, jitter buffer, mixing, resampling, processing.
