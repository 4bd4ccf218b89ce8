//! Says at once what it hears: the device crate alone, from one microphone to one loudspeaker.
//!
//! `parrot MICROPHONE LOUDSPEAKER [BUFFER [SLACK]]`: names of devices, empty for the default ones; frames in one
//! buffer of a device; frames that may wait for the loudspeaker when a sound begins. It takes lines, `open`, `close`,
//! `list` and `stats`, and answers each with one. The end of the input ends it.

use std::io::{BufRead, Write};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::time::Duration;

use anyhow::Context;
use pushtalk_device::{AudioHost, Capture, OpenSettings, Playback, StreamEvent, list};

/// How often the rings are looked at: the engine does it as often.
const LOOK: Duration = Duration::from_millis(1);

/// Nobody hears this.
const SILENT: f32 = 1e-4;

struct Parrot {
    capture: Capture,
    playback: Playback,
    events: Receiver<StreamEvent>,
}

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let microphone = arguments.next().context("which microphone?")?;
    let loudspeaker = arguments.next().context("which loudspeaker?")?;
    let buffer = arguments.next().map_or(Ok(240), |text| text.parse()).context("a buffer in frames")?;
    let slack =
        arguments.next().map_or(Ok(buffer as usize), |text| text.parse()).context("a slack in frames")?;
    let settings = |name: &str| OpenSettings {
        host: AudioHost::Default,
        name: (!name.is_empty()).then(|| name.to_owned()),
        buffer,
    };

    let (orders, ordered) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if orders.send(line).is_err() {
                return;
            }
        }
    });

    let mut answers = std::io::stdout().lock();
    let mut parrot: Option<Parrot> = None;
    let mut heard = Vec::new();
    loop {
        match ordered.recv_timeout(LOOK) {
            Ok(order) => {
                let answer = match order.as_str() {
                    "open" => open(&settings(&microphone), &settings(&loudspeaker)).map(|opened| {
                        let shapes = format!("{:?} {:?}", opened.capture.shape(), opened.playback.shape());
                        parrot = Some(opened);
                        shapes
                    }),
                    "close" => {
                        parrot = None;
                        Ok("closed".into())
                    }
                    "list" => list(AudioHost::Default).map(|all| format!("{all:?}")).map_err(Into::into),
                    _ => Ok(parrot.as_ref().map_or_else(|| "closed".into(), stats)),
                };
                writeln!(answers, "{}", answer.unwrap_or_else(|error| format!("error: {error}")))?;
                answers.flush()?;
            }
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if let Some(parrot) = &mut parrot {
            heard.clear();
            parrot.capture.read(&mut heard);
            // What came late stays late; between two sounds the time is made up for.
            let silent = heard.iter().all(|sample| sample.abs() < SILENT);
            if !silent || parrot.playback.queued() <= slack {
                parrot.playback.write(&heard);
            } else {
                parrot.playback.rest();
            }
        }
    }
}

fn open(input: &OpenSettings, output: &OpenSettings) -> anyhow::Result<Parrot> {
    let (told, events) = channel();
    let also = told.clone();
    let playback = Playback::open(output, move |event| also.send(event).unwrap_or_default())?;
    let capture = Capture::open(input, move |event| told.send(event).unwrap_or_default())?;
    Ok(Parrot { capture, playback, events })
}

fn stats(parrot: &Parrot) -> String {
    let Parrot { capture, playback, events } = parrot;
    format!(
        "captured {} lost {} overruns {} queued {} missed {} underruns {} events {:?}",
        capture.frames(),
        capture.lost(),
        capture.overruns(),
        playback.queued(),
        playback.missed(),
        playback.underruns(),
        events.try_iter().collect::<Vec<_>>()
    )
}
