//! Bringing members together: the signaling server, its client, and the pure lobby.
