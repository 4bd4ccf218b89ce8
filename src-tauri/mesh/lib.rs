//! Peer connections: sealed frames and messages between devices over WebRTC.
