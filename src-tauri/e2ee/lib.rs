//! Keys and sealing: the only place of cryptography.
