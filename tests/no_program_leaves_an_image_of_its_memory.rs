//! What the system is asked at the start holds for the programs as they run.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::client::Client;

/// Ends with the value.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        drop(self.0.kill());
        drop(self.0.wait());
    }
}

/// The soft and the hard limit of what may be written of the memory of a process.
fn limits(process: u32) -> anyhow::Result<(String, String)> {
    let all = std::fs::read_to_string(format!("/proc/{process}/limits"))?;
    let line = all.lines().find_map(|line| line.strip_prefix("Max core file size"));
    let mut words = line.context("no such limit")?.split_whitespace().map(str::to_owned);
    Ok((words.next().context("a soft limit")?, words.next().context("a hard limit")?))
}

/// To whom the system shows the inside of a process: to who started it, or, when it cannot be looked into, to root.
fn is_closed(process: u32, started_by: u32) -> anyhow::Result<bool> {
    ensure!(started_by != 0, "root sees everything");
    Ok(std::fs::metadata(format!("/proc/{process}/environ"))?.uid() == 0)
}

/// The program, to be started by somebody who is not root, from where anybody can.
fn command(program: &Path, folder: &Path) -> anyhow::Result<(Command, u32)> {
    use std::os::unix::process::CommandExt as _;
    const NOBODY: u32 = 65_534;
    let me = std::fs::metadata("/proc/self")?.uid();
    if me != 0 {
        return Ok((Command::new(program), me));
    }
    let copy = folder.join(program.file_name().context("a name")?);
    std::fs::copy(program, &copy)?;
    let mut command = Command::new(copy);
    command.uid(NOBODY).gid(NOBODY);
    Ok((command, NOBODY))
}

fn folder() -> anyhow::Result<std::path::PathBuf> {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = std::env::temp_dir().join(format!("pushtalk-closed-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
    Ok(folder)
}

#[test]
fn a_running_server_can_be_neither_dumped_nor_looked_into() -> anyhow::Result<()> {
    let folder = folder()?;
    let (mut command, by) = command(&binary("pushtalk-server", "pushtalk-server")?, &folder)?;
    let child = command.args(["--listen", "127.0.0.1:0"]).stdin(Stdio::null()).stdout(Stdio::piped()).spawn();
    let mut server = Running(child?);
    // It says so when it listens, and that is after.
    let mut line = String::new();
    BufReader::new(server.0.stdout.take().context("its output")?).read_line(&mut line)?;
    let (limits, closed) = (limits(server.0.id())?, is_closed(server.0.id(), by)?);
    drop(server);
    std::fs::remove_dir_all(folder)?;
    ensure!(line.starts_with("listening"), "{line}");
    ensure!(limits == ("0".to_owned(), "0".to_owned()), "{limits:?}");
    ensure!(closed, "it can be looked into");
    Ok(())
}

#[test]
fn a_running_client_can_be_neither_dumped_nor_looked_into() -> anyhow::Result<()> {
    let folder = folder()?;
    let (mut command, by) = command(&binary("pushtalk-cli", "pushtalk-cli")?, &folder)?;
    command.env("XDG_RUNTIME_DIR", "/nonexistent").env_remove("PULSE_SERVER");
    let mut client = Client::by(command, &["host", "--listen", "127.0.0.1:0"])?;
    client.event("entered")?;
    let (limits, closed) = (limits(client.pid())?, is_closed(client.pid(), by)?);
    drop(client);
    std::fs::remove_dir_all(folder)?;
    ensure!(limits == ("0".to_owned(), "0".to_owned()), "{limits:?}");
    ensure!(closed, "it can be looked into");
    Ok(())
}
