//! The desktop program.
#![cfg_attr(not(debug_assertions), windows_subsystem = "windows")]

use pushtalk_app::Arguments;

fn main() -> anyhow::Result<()> {
    pushtalk_app::run(Arguments::parse(std::env::args_os().skip(1))?)
}
