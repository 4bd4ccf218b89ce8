//! A sound check from the command line.

use std::sync::Arc;

use pushtalk_engine::Engine;
use pushtalk_engine::face::{Intent, SoundCheck, View};
use tokio::sync::broadcast::Receiver;

use crate::args::Check;
use crate::events::{Event, Failure, Printer};

/// Runs until it is over; a device that does not work ends it as a failure.
pub(crate) async fn check(
    check: Check,
    engine: &Engine,
    mut changes: Receiver<Arc<View>>,
    printer: &Printer,
) -> anyhow::Result<()> {
    engine
        .act(match check {
            Check::Play => Intent::PlayTestSound,
            Check::Hear => Intent::HearYourself,
        })
        .await;
    let mut state = SoundCheck::Idle;
    loop {
        tokio::select! {
            view = changes.recv() => {
                let view = view?;
                if std::mem::replace(&mut state, view.sound_check) != view.sound_check {
                    printer.print(&Event::Sound { state });
                }
                if let Some(notice) = view.notices.last() {
                    return Err(Failure { code: notice.code, about: notice.about.clone() }.into());
                }
                if state == SoundCheck::Idle {
                    return Ok(());
                }
            }
            signal = tokio::signal::ctrl_c() => {
                signal?;
                engine.act(Intent::StopSoundCheck).await;
            }
        }
    }
}
