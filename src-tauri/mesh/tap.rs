//! Where voice packets are taken out of a connection, and seen to leave it, on the task that reads its sockets.

use std::{collections::VecDeque, sync::Arc, time::Instant};

use pushtalk_protocol::Pid;
use rtc::{
    interceptor::{Interceptor, Packet, Slot, StreamInfo, TaggedPacket},
    sansio::Protocol,
    shared::error::Error,
};

use crate::{ReceivedFrame, link::Link};

/// Takes frames that came in.
pub(crate) type Voice = Arc<dyn Fn(ReceivedFrame) + Send + Sync>;

/// After the reports have counted a packet, before anything else could hold it.
pub(crate) fn slot() -> Slot {
    Slot::from(12_500)
}

/// An incoming frame goes straight to the listener and no further: the way over the library's track would cost a queue
/// and a task for each pair.
pub(crate) struct Tap {
    peer: Pid,
    link: Arc<Link>,
    voice: Voice,
    inward: VecDeque<TaggedPacket>,
    outward: VecDeque<TaggedPacket>,
}

impl Tap {
    pub(crate) fn new(peer: Pid, link: Arc<Link>, voice: Voice) -> Self {
        Self { peer, link, voice, inward: VecDeque::new(), outward: VecDeque::new() }
    }
}

impl Protocol<TaggedPacket, TaggedPacket, ()> for Tap {
    type Rout = TaggedPacket;
    type Wout = TaggedPacket;
    type Eout = ();
    type Error = Error;
    type Time = Instant;

    fn handle_read(&mut self, tagged: TaggedPacket) -> Result<(), Error> {
        match tagged.message.packet {
            Packet::Rtp(packet) => {
                if self.link.came(&packet) {
                    (self.voice)(ReceivedFrame {
                        peer: self.peer,
                        sequence: packet.header.sequence_number,
                        timestamp: packet.header.timestamp,
                        marker: packet.header.marker,
                        arrival: tagged.now,
                        payload: packet.payload,
                    });
                }
            }
            _ => self.inward.push_back(tagged),
        }
        Ok(())
    }

    fn poll_read(&mut self) -> Option<TaggedPacket> {
        self.inward.pop_front()
    }

    fn handle_write(&mut self, tagged: TaggedPacket) -> Result<(), Error> {
        if let Packet::Rtp(packet) = &tagged.message.packet {
            if self.link.ended() {
                return Ok(());
            }
            self.link.left(packet.payload.len());
        }
        self.outward.push_back(tagged);
        Ok(())
    }

    fn poll_write(&mut self) -> Option<TaggedPacket> {
        self.outward.pop_front()
    }
}

impl Interceptor for Tap {
    fn bind_local_stream(&mut self, _: &StreamInfo) {}
    fn unbind_local_stream(&mut self, _: &StreamInfo) {}
    fn bind_remote_stream(&mut self, _: &StreamInfo) {}
    fn unbind_remote_stream(&mut self, _: &StreamInfo) {}
}
