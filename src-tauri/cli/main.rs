//! The headless client: the same engine as the window, driven by lines on standard input.

mod args;
mod commands;
mod events;
mod session;
mod sound;
mod words;

use std::process::ExitCode;

use clap::Parser;
use tracing_subscriber::EnvFilter;

fn main() -> ExitCode {
    let args = args::Args::parse();
    // Quiet unless asked: a log line is for who develops, an event for who uses.
    let filter = EnvFilter::new(pushtalk_process::log_directives("pushtalk", "off"));
    tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr).init();
    let printer = events::Printer::new(args.json);
    if let Err(error) =
        pushtalk_process::forbid_core_dumps().and_then(|()| pushtalk_process::forbid_looking_in())
    {
        printer.failure(&error.into());
        return ExitCode::FAILURE;
    }
    // Each member has sockets of its own; where no more are allowed, small rooms work all the same.
    drop(pushtalk_process::allow_many_files());
    let result = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(2)
        .enable_all()
        .build()
        .map_err(anyhow::Error::from)
        .and_then(|runtime| {
            let result = runtime.block_on(session::run(args, &printer));
            // Reading standard input blocks a thread that nothing can wake.
            runtime.shutdown_background();
            result
        });
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            printer.failure(&error);
            ExitCode::FAILURE
        }
    }
}
