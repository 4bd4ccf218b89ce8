//! What a text that was typed or pasted leads to.

use pushtalk_protocol::{Invitation, InvitationError, RoomCode, ServerAddress};

use crate::face::{self, ErrorCode};

/// What `Intent::Join` leads to.
pub(crate) enum Ticket {
    Link(Invitation),
    /// At one of these servers; with none, somewhere on this network perhaps.
    Code(RoomCode, Vec<ServerAddress>),
}

fn invitation_error(error: InvitationError) -> (ErrorCode, Option<String>) {
    match error {
        InvitationError::Version { theirs } => {
            (ErrorCode::OtherVersion, Some(format!("{theirs} / {}", pushtalk_protocol::VERSION)))
        }
        InvitationError::NotAnInvitation | InvitationError::Damaged => (ErrorCode::NotAnInvitation, None),
    }
}

pub(crate) fn ticket(text: &str, server: Option<&str>) -> Result<Ticket, (ErrorCode, Option<String>)> {
    if Invitation::looks_like_one(text) {
        return Invitation::parse(text).map(Ticket::Link).map_err(invitation_error);
    }
    let code = RoomCode::parse(text).map_err(|_| (ErrorCode::NotAnInvitation, None))?;
    let Some(server) = server.map(str::trim).filter(|s| !s.is_empty()) else {
        return Ok(Ticket::Code(code, Vec::new()));
    };
    let server = server.parse().map_err(|_| (ErrorCode::BadServer, Some(server.to_owned())))?;
    Ok(Ticket::Code(code, vec![server]))
}

pub(crate) fn inspect(text: &str) -> Option<face::Inspected> {
    if text.trim().is_empty() {
        return None;
    }
    if Invitation::looks_like_one(text) {
        return Some(match Invitation::parse(text) {
            Ok(invitation) => face::Inspected::Link {
                nameplate: invitation.nameplate.as_str().to_owned(),
                servers: invitation.servers.iter().map(ToString::to_string).collect(),
                pinned: invitation.certificate.is_some(),
            },
            Err(error) => face::Inspected::Unusable { why: invitation_error(error).0 },
        });
    }
    Some(match RoomCode::parse(text) {
        Ok(code) => face::Inspected::Code { code: code.spelled() },
        Err(_) => face::Inspected::Unusable { why: ErrorCode::NotAnInvitation },
    })
}
