//! One WebRTC peer connection, built the one way that this product uses.

use std::{
    net::SocketAddr,
    sync::{Arc, OnceLock},
    time::{Duration, Instant},
};

use bytes::{Bytes, BytesMut};
use pushtalk_protocol::{Pid, Sdp, SdpKind};
use rtc::{
    ice::mdns::MulticastDnsMode,
    interceptor::{ReceiverReportBuilder, SenderReportBuilder, Slot},
    media_stream::MediaStreamTrack,
    peer_connection::configuration::media_engine::MIME_TYPE_OPUS,
    rtp_transceiver::{
        RTCRtpTransceiverDirection, RTCRtpTransceiverInit,
        rtp_sender::{
            RTCRtpCodec, RTCRtpCodecParameters, RTCRtpCodingParameters, RTCRtpEncodingParameters,
            RtpCodecKind,
        },
    },
};
use tokio::sync::{mpsc, watch};
use webrtc::{
    data_channel::{DataChannel, DataChannelEvent, RTCDataChannelInit},
    error::{Error, Result},
    media_stream::track_local::static_rtp::TrackLocalStaticRTP,
    peer_connection::{
        MediaEngine, PeerConnection, PeerConnectionBuilder, PeerConnectionEventHandler,
        RTCConfigurationBuilder, RTCIceCandidateInit, RTCIceConnectionState, RTCIceGatheringState,
        RTCIceServer, RTCPeerConnectionIceEvent, RTCPeerConnectionState, RTCSessionDescription,
        RTCStatsReportEntry, Registry, SettingEngineBuilder, SrtpProtectionProfile, StatsSelector, crypto,
    },
    rtp_transceiver::RtpTransceiver,
};

use crate::{
    MeshConfig, Transport,
    interfaces::Local,
    link::Link,
    scoped::{self, Names, Scoped},
    sockets::Sockets,
    tap::{self, Tap, Voice},
};

/// Bytes of messages that may wait inside the connection; more wait in the pair's queue.
const CTL_BUFFER: usize = 256 * 1024;
/// Local candidates that may wait to be told.
const CANDIDATES: usize = 64;
/// Addresses that TCP is tried from: the peer dials each of them.
const LISTENING: usize = 4;
/// A pair of candidates is tried this often at first. The path that works is chosen at the next try, and the handshake
/// begins at the one after: this is most of the time that connecting takes.
const TRY_EVERY: Duration = Duration::from_millis(20);
/// The same, for each connection that is being made at the same time: tries of all of them share the pace, as RFC 8445
/// has it (section 14), or a room that comes in all at once would do nothing but try.
const TRY_EVERY_OF_MANY: Duration = Duration::from_millis(5);
/// Trying goes on for so long: many who connect at once are slow.
const TRY_FOR: Duration = Duration::from_secs(10);
/// How often sender and receiver reports go out: the least interval of RFC 3550 (section 6.2). Members tell each other more
/// over the data channel.
const RTCP_EVERY: Duration = Duration::from_secs(5);
const OPUS_PAYLOAD_TYPE: u8 = 111;

/// How a peer is tried to be reached, besides by UDP from each address of this device.
#[derive(Clone, Copy)]
pub(crate) struct Ways {
    /// By TCP as well.
    pub(crate) tcp: bool,
    /// From where this device is seen, as this server tells.
    pub(crate) stun: Option<SocketAddr>,
}

/// A connection and what it says of itself.
pub(crate) struct Connection {
    pc: Arc<dyn PeerConnection>,
    ctl: Arc<dyn DataChannel>,
    track: Arc<TrackLocalStaticRTP>,
    sends: Arc<dyn RtpTransceiver>,
    names: Names,
    /// Values of the `a=fingerprint:sha-256` lines of the peer's description (RFC 8122).
    fingerprints: OnceLock<Vec<String>>,
}

/// Where a connection is; only the newest counts.
#[derive(Clone, Copy, Default)]
pub(crate) struct Situation {
    pub(crate) peer: RTCPeerConnectionState,
    pub(crate) ice: RTCIceConnectionState,
    pub(crate) gathered: bool,
    /// The peer opened a data channel of its own, which nobody here asked for.
    pub(crate) foreign_channel: bool,
}

/// What the connection says, for its pair.
pub(crate) struct News {
    pub(crate) situation: watch::Receiver<Situation>,
    pub(crate) candidates: mpsc::Receiver<String>,
}

impl Connection {
    /// Binds sockets and starts the connection's driver, while so many others are being made; nothing is sent yet.
    pub(crate) async fn build(
        config: &MeshConfig,
        local: Local,
        ways: Ways,
        others: usize,
        peer: Pid,
        link: &Arc<Link>,
        voice: Voice,
    ) -> Result<(Self, News)> {
        let (situation, situation_rx) = watch::channel(Situation::default());
        let (candidates, candidates_rx) = mpsc::channel(CANDIDATES);
        let (every, tries) = pace(others);
        let settings = SettingEngineBuilder::new()
            .with_multicast_dns_mode(MulticastDnsMode::Disabled)
            .with_include_loopback_candidate(true)
            .with_ice_timeouts(
                Some(config.disconnected_after),
                Some(config.failed_after),
                Some(config.consent_every),
            )
            .with_ice_connection_attempts(Some(every), Some(tries))
            .with_srtp_protection_profiles(vec![
                SrtpProtectionProfile::Srtp_Aead_Aes_128_Gcm,
                SrtpProtectionProfile::Srtp_Aead_Aes_256_Gcm,
                SrtpProtectionProfile::Srtp_Aes128_Cm_Hmac_Sha1_80,
            ])
            .build();
        let scoped = Scoped::bind(&local.scoped);
        let names = scoped.names();
        let addresses: Vec<SocketAddr> = local.plain.iter().copied().chain(scoped.stand_ins()).collect();
        let listening = local.plain.into_iter().take(LISTENING).collect();
        let mut media = MediaEngine::default();
        media.register_codec(
            RTCRtpCodecParameters { rtp_codec: opus(), payload_type: OPUS_PAYLOAD_TYPE },
            RtpCodecKind::Audio,
        )?;
        let interceptors = Registry::new()
            .with(Slot::ReceiverReport, ReceiverReportBuilder::new().with_interval(RTCP_EVERY).build())
            .with(Slot::SenderReport, SenderReportBuilder::new().with_interval(RTCP_EVERY).build())
            .with(tap::slot(), Tap::new(peer, Arc::clone(link), voice));
        let ask = ways
            .stun
            .map(|server| RTCIceServer { urls: vec![format!("stun:{server}")], ..Default::default() });
        // Without a certificate in the configuration each connection makes its own.
        let pc: Arc<dyn PeerConnection> = Arc::new(
            PeerConnectionBuilder::new()
                .with_configuration(
                    RTCConfigurationBuilder::new().with_ice_servers(ask.into_iter().collect()).build(),
                )
                .with_setting_engine(settings)
                .with_media_engine(media)
                .with_interceptor_registry(interceptors)
                .with_handler(Arc::new(Handler { situation, candidates }))
                .with_tcp_addrs(if ways.tcp { listening } else { Vec::new() })
                .with_udp_addrs(addresses)
                .with_runtime(Arc::new(Sockets::new(scoped)))
                .with_data_channel_send_buffer_limit(CTL_BUFFER)
                .build()
                .await?,
        );
        match Self::furnish(&pc, link.ssrc).await {
            Ok((ctl, track, sends)) => Ok((
                Self { pc, ctl, track, sends, names, fingerprints: OnceLock::new() },
                News { situation: situation_rx, candidates: candidates_rx },
            )),
            Err(error) => {
                let _ = pc.close().await;
                Err(error)
            }
        }
    }

    /// Two sections and not one that sends and receives: Chromium never runs the receive transform on such a one.
    async fn furnish(
        pc: &Arc<dyn PeerConnection>,
        ssrc: u32,
    ) -> Result<(Arc<dyn DataChannel>, Arc<TrackLocalStaticRTP>, Arc<dyn RtpTransceiver>)> {
        let ctl = pc
            .create_data_channel(
                "ctl",
                Some(RTCDataChannelInit { ordered: true, negotiated: Some(0), ..Default::default() }),
            )
            .await?;
        let encoding = RTCRtpEncodingParameters {
            rtp_coding_parameters: RTCRtpCodingParameters { ssrc: Some(ssrc), ..Default::default() },
            codec: opus(),
            ..Default::default()
        };
        let track = Arc::new(TrackLocalStaticRTP::new(MediaStreamTrack::new(
            "pushtalk".to_owned(),
            "voice".to_owned(),
            "voice".to_owned(),
            RtpCodecKind::Audio,
            vec![encoding],
        )));
        let direction = |direction| {
            Some(RTCRtpTransceiverInit { direction, streams: Vec::new(), send_encodings: Vec::new() })
        };
        let sends = pc
            .add_transceiver_from_track(
                Arc::clone(&track) as _,
                direction(RTCRtpTransceiverDirection::Sendonly),
            )
            .await?;
        pc.add_transceiver_from_kind(RtpCodecKind::Audio, direction(RTCRtpTransceiverDirection::Recvonly))
            .await?;
        Ok((ctl, track, sends))
    }

    /// Makes the offer and starts gathering.
    pub(crate) async fn offer(&self) -> Result<()> {
        let offer = self.pc.create_offer(None).await?;
        self.pc.set_local_description(offer).await
    }

    /// Takes what the peer said; for an offer also makes the answer and starts gathering.
    pub(crate) async fn take(&self, sdp: Sdp) -> Result<()> {
        let _ = self.fingerprints.set(fingerprints(&sdp.text));
        match sdp.kind {
            SdpKind::Offer => {
                self.pc.set_remote_description(RTCSessionDescription::offer(sdp.text)?).await?;
                let answer = self.pc.create_answer(None).await?;
                self.pc.set_local_description(answer).await
            }
            SdpKind::Answer => self.pc.set_remote_description(RTCSessionDescription::answer(sdp.text)?).await,
        }
    }

    /// The local description with the candidates gathered so far.
    pub(crate) async fn description(&self, path: u32, kind: SdpKind) -> Option<Sdp> {
        let description = self.pc.local_description().await?;
        Some(Sdp { path, kind, text: self.told(&description.sdp) })
    }

    /// As others can use it.
    pub(crate) fn told(&self, text: &str) -> String {
        scoped::told(text, &self.names)
    }

    pub(crate) async fn candidate(&self, candidate: String) -> Result<()> {
        self.pc.add_ice_candidate(RTCIceCandidateInit { candidate, ..Default::default() }).await?;
        self.nudge().await;
        Ok(())
    }

    /// Lets the driver look for something to send. It does not by itself after a candidate came or a handshake ended, but
    /// at its next timer.
    pub(crate) async fn nudge(&self) {
        // Any call that ends in a wake would do; this one changes nothing.
        let _ = self.ctl.set_buffered_amount_low_threshold(0).await;
    }

    /// The type that both sides agreed on; the library only logs packets of another one.
    pub(crate) async fn payload_type(&self) -> Result<u8> {
        let sender = self.sends.sender().await?.ok_or(Error::ErrRTPSenderNotExisted)?;
        let parameters = sender.get_parameters().await?;
        parameters
            .rtp_parameters
            .codecs
            .iter()
            .find(|codec| codec.rtp_codec.mime_type.eq_ignore_ascii_case(MIME_TYPE_OPUS))
            .map(|codec| codec.payload_type)
            .ok_or(Error::ErrRTPTransceiverCodecUnsupported)
    }

    /// Whether a DTLS handshake has ended, with the certificate that the peer's description names.
    ///
    /// The library has compared them before; but its connection state says `Connected` too when the other side gives the
    /// handshake up, so the certificate itself is looked at.
    pub(crate) async fn proved(&self) -> bool {
        let certificates = async {
            let sender = self.sends.sender().await.ok()??;
            sender.transport().await.ok()??.get_remote_certificates().await.ok()
        };
        let (Some(certificates), Some(fingerprints)) = (certificates.await, self.fingerprints.get()) else {
            return false;
        };
        let Some(fingerprint) = certificates.first().and_then(|certificate| fingerprint(certificate)) else {
            return false;
        };
        fingerprints.iter().any(|described| described.eq_ignore_ascii_case(&fingerprint))
    }

    pub(crate) fn track(&self) -> Arc<TrackLocalStaticRTP> {
        Arc::clone(&self.track)
    }

    pub(crate) async fn next_ctl(&self) -> Option<DataChannelEvent> {
        self.ctl.poll().await
    }

    /// Waits while too much is on its way.
    pub(crate) async fn send_ctl(&self, message: Bytes) -> Result<()> {
        self.ctl.send(BytesMut::from(message)).await
    }

    /// Round trip of the path in use, as ICE measured it last, and what it goes over. None before there is one.
    pub(crate) async fn measure(&self) -> Option<(Option<Duration>, Transport)> {
        let report = self.pc.get_stats(Instant::now(), StatsSelector::None).await;
        let pair = report.candidate_pairs().filter(|pair| pair.nominated).last()?;
        let seconds = Some(pair.current_round_trip_time).filter(|s| *s > 0.0);
        let round_trip = seconds.and_then(|s| Duration::try_from_secs_f64(s).ok());
        let tcp = report.iter().find_map(|entry| match entry {
            RTCStatsReportEntry::LocalCandidate(it) if it.stats.id.ends_with(&pair.local_candidate_id) => {
                Some(it.protocol.eq_ignore_ascii_case("tcp"))
            }
            RTCStatsReportEntry::RemoteCandidate(it) if it.stats.id.ends_with(&pair.remote_candidate_id) => {
                Some(it.protocol.eq_ignore_ascii_case("tcp"))
            }
            _ => None,
        })?;
        Some((round_trip, if tcp { Transport::Tcp } else { Transport::Udp }))
    }

    /// Whether the driver still runs; if it died of something it could not bear, nothing else would tell.
    pub(crate) async fn alive(&self) -> bool {
        self.pc.set_configuration(self.pc.get_configuration().await).await.is_ok()
    }

    /// Tells the peer, closes the sockets and ends the driver. Dropping would do none of it.
    pub(crate) async fn close(&self) {
        if self.pc.close().await.is_err() {
            tracing::debug!("a connection did not close in order");
        }
    }
}

/// How often a pair of candidates is tried, and how many times.
fn pace(others: usize) -> (Duration, u16) {
    let others = u32::try_from(others).unwrap_or(u32::MAX);
    let every = TRY_EVERY_OF_MANY.saturating_mul(others).clamp(TRY_EVERY, 10 * TRY_EVERY);
    (every, (TRY_FOR.as_millis() / every.as_millis()) as u16)
}

fn fingerprints(description: &str) -> Vec<String> {
    let values = description.lines().filter_map(|line| line.strip_prefix("a=fingerprint:"));
    let sha256 = values.filter_map(|value| value.split_once(' '));
    sha256
        .filter(|(hash, _)| hash.eq_ignore_ascii_case("sha-256"))
        .map(|(_, value)| value.trim().to_owned())
        .collect()
}

fn fingerprint(certificate: &[u8]) -> Option<String> {
    let hash =
        crypto::default_provider().ok()?.crypto().hash(crypto::HashAlgorithm::Sha256, certificate).ok()?;
    Some(hash.iter().map(|byte| format!("{byte:02X}")).collect::<Vec<_>>().join(":"))
}

fn opus() -> RTCRtpCodec {
    RTCRtpCodec {
        mime_type: MIME_TYPE_OPUS.to_owned(),
        clock_rate: 48_000,
        channels: 2,
        sdp_fmtp_line: "minptime=10;useinbandfec=1".to_owned(),
        rtcp_feedback: Vec::new(),
    }
}

/// Runs on the driver's task and so never waits.
struct Handler {
    situation: watch::Sender<Situation>,
    candidates: mpsc::Sender<String>,
}

#[async_trait::async_trait]
impl PeerConnectionEventHandler for Handler {
    async fn on_ice_candidate(&self, event: RTCPeerConnectionIceEvent) {
        if let Ok(init) = event.candidate.to_json()
            && self.candidates.try_send(init.candidate).is_err()
        {
            tracing::debug!("a local candidate found no room");
        }
    }

    async fn on_ice_gathering_state_change(&self, state: RTCIceGatheringState) {
        if state == RTCIceGatheringState::Complete {
            self.situation.send_modify(|now| now.gathered = true);
        }
    }

    async fn on_ice_connection_state_change(&self, state: RTCIceConnectionState) {
        self.situation.send_modify(|now| now.ice = state);
    }

    async fn on_connection_state_change(&self, state: RTCPeerConnectionState) {
        self.situation.send_modify(|now| now.peer = state);
    }

    async fn on_data_channel(&self, _: Arc<dyn DataChannel>) {
        self.situation.send_modify(|now| now.foreign_channel = true);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_who_connect_at_once_try_less_often_and_as_long() {
        assert_eq!(pace(0), (Duration::from_millis(20), 500));
        assert_eq!(pace(4), (Duration::from_millis(20), 500));
        assert_eq!(pace(19), (Duration::from_millis(95), 105));
        assert_eq!(pace(63), (Duration::from_millis(200), 50));
    }
}
