//! What the command line asked to be done at once.

use std::io::{BufRead as _, Write as _};
use std::sync::Arc;

use pushtalk_engine::Engine;
use pushtalk_engine::face::{Intent, Stage};

use crate::arguments::{Arguments, Errand};

/// Does it.
pub(crate) async fn run(engine: Arc<Engine>, arguments: Arguments) {
    let name = arguments.name.unwrap_or_default();
    let intent = match arguments.errand {
        Some(Errand::Host(title)) => Some(Intent::Host { name, title }),
        Some(Errand::Join(text)) => Some(Intent::Join { name, text, server: None, pin: None }),
        Some(Errand::JoinFromInput) => {
            first_line().await.map(|text| Intent::Join { name, text, server: None, pin: None })
        }
        #[cfg(desktop)]
        Some(Errand::Ask { .. }) => None,
        Some(Errand::Say(_)) | None => None,
    };
    if let Some(intent) = intent {
        engine.act(intent).await;
    }
    if arguments.print_invitation
        && let Some(link) = invitation(engine).await
    {
        // Whoever wanted it may be gone.
        drop(writeln!(std::io::stdout(), "{link}"));
    }
}

async fn first_line() -> Option<String> {
    let read = tokio::task::spawn_blocking(|| {
        let mut line = String::new();
        std::io::stdin().lock().read_line(&mut line).map(|_| line.trim().to_owned())
    });
    read.await.ok()?.ok().filter(|line| !line.is_empty())
}

/// The link of the first room that we are in.
async fn invitation(engine: Arc<Engine>) -> Option<String> {
    let mut views = engine.views();
    drop(engine);
    loop {
        if let Stage::Room(room) = &views.borrow_and_update().stage
            && let Some(invitation) = &room.invitation
        {
            return Some(invitation.link.clone());
        }
        views.changed().await.ok()?;
    }
}
