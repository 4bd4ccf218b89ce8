//! Microphones and loudspeakers through cpal.
