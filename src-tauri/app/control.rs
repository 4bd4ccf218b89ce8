//! The control socket of the desktop program, and the errands that ask it.

use std::path::Path;
use std::sync::Arc;

use pushtalk_control::{ControlError, Host, Place, Request, Server, ask, hold};
use pushtalk_engine::face::Stage;
use pushtalk_engine::{Engine, ptt};
use serde_json::{Value, json};

struct Desk(Arc<Engine>);

impl Host for Desk {
    async fn hand(&self, input: ptt::Input) {
        self.0.hand(input).await;
    }

    /// Neither names nor codes nor addresses.
    fn status(&self) -> String {
        let view = self.0.views().borrow().clone();
        let status = match &view.stage {
            Stage::Home { .. } => json!({ "stage": "home" }),
            Stage::Entering { .. } => json!({ "stage": "entering" }),
            Stage::Room(room) => json!({
                "stage": "room",
                "button": serde_json::to_value(&room.button).unwrap_or_default()["is"],
                "latched": room.latched,
                "microphone": room.microphone,
                "people": room.members.len(),
            }),
        };
        status.to_string()
    }
}

/// Listens as long as the program runs. Without it everything else works.
pub(crate) async fn listen(engine: Arc<Engine>, profile: Option<Box<Path>>) {
    match Server::bind(Place::of(profile.as_deref())) {
        Ok(server) => {
            engine.socket(true).await;
            server.run(Arc::new(Desk(engine))).await;
        }
        Err(error) => tracing::warn!(%error, "there is no control socket"),
    }
}

/// Asks the program that runs, and gives what is to be said about it.
pub(crate) fn errand(request: Request, as_json: bool, profile: Option<&Path>) -> anyhow::Result<String> {
    let place = Place::of(profile);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let answer = runtime.block_on(async {
        match request {
            Request::Hold => hold(&place, end()).await.map(|_| String::new()),
            Request::Status => ask(&place, request).await,
            Request::Down | Request::Up | Request::Toggle => {
                ask(&place, request).await.map(|_| String::new())
            }
        }
    });
    // A thread that waits for standard input is waited for by nobody.
    runtime.shutdown_background();
    let answer = answer?;
    if request != Request::Status || as_json {
        return Ok(if answer.is_empty() { answer } else { format!("{answer}\n") });
    }
    let status: Value = serde_json::from_str(&answer).map_err(|_| ControlError::NoAnswer)?;
    let lines = status.as_object().into_iter().flatten().map(|(what, value)| match value.as_str() {
        Some(text) => format!("{what}: {text}\n"),
        None => format!("{what}: {value}\n"),
    });
    Ok(lines.collect())
}

/// The end of standard input, or of the program that asks.
async fn end() {
    let mut nothing = tokio::io::sink();
    let mut input = tokio::io::stdin();
    tokio::select! {
        _ = tokio::io::copy(&mut input, &mut nothing) => {}
        _ = tokio::signal::ctrl_c() => {}
    }
}
