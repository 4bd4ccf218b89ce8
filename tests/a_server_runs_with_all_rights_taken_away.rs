//! A server works with what its systemd unit leaves it: no rights, nothing to write to, few files.
#![cfg(test)]

use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context, ensure};
use pushtalk_tests::binary::binary;
use pushtalk_tests::community::{Member, Room, at};
use pushtalk_tests::standalone::Standalone;

/// What systemd does before it starts a program, as far as it can be done by others: `$1` and `$2` are limits.
const AS_SYSTEMD_DOES: &str = r#"
set -e
core=$1 files=$2; shift 2
mount --bind / /
mount -o remount,ro,bind /
mount -t tmpfs -o ro none /home
mount -t tmpfs none /tmp
exec prlimit --core="$core" --nofile="$files" setpriv --reuid=65534 --regid=65534 --clear-groups --no-new-privs \
    --bounding-set=-all --inh-caps=-all "$@"
"#;

fn unit() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../src-tauri/server/deploy/pushtalk-server.service")
}

fn setting(name: &str) -> anyhow::Result<String> {
    let unit = std::fs::read_to_string(unit())?;
    let value = unit.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix('='));
    Ok(value.with_context(|| format!("the unit has no {name}"))?.to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_runs_with_all_rights_taken_away() -> anyhow::Result<()> {
    if std::fs::metadata("/proc/self")?.uid() != 0 {
        eprintln!("SKIPPED: only root can take rights away from others");
        return Ok(());
    }
    // Somewhere that is neither a home nor thrown away.
    let folder = Path::new("/var/tmp").join(format!("pushtalk-rights-{}", std::process::id()));
    std::fs::create_dir_all(&folder)?;
    std::fs::set_permissions(&folder, std::fs::Permissions::from_mode(0o755))?;
    let program = folder.join("pushtalk-server");
    std::fs::copy(binary("pushtalk-server", "pushtalk-server")?, &program)?;
    let mut command = Command::new("unshare");
    command.args(["--mount", "--ipc", "--uts", "sh", "-c", AS_SYSTEMD_DOES, "sh"]);
    command.args([setting("LimitCORE")?, setting("LimitNOFILE")?]).arg(&program);
    let server = Standalone::by(command, &["--listen", "127.0.0.1:0"]);
    let met = async {
        let server = server?;
        let status = std::fs::read_to_string(format!("/proc/{}/status", server.id()))?;
        for none in ["CapEff:\t0000000000000000", "CapBnd:\t0000000000000000", "NoNewPrivs:\t1"] {
            ensure!(status.contains(none), "it has more rights: {status}");
        }
        let room = Room::default();
        let ana = Member::on(at(&server)?).await?;
        ana.create(&room).await?;
        let mut ben = Member::on(at(&server)?).await?;
        ben.join(&room).await?;
        ana.says(&mut ben, b"hello").await
    };
    let met = met.await;
    std::fs::remove_dir_all(folder)?;
    met
}

#[test]
fn the_unit_is_one_and_leaves_next_to_nothing_open() -> anyhow::Result<()> {
    let analyze = |args: &[&str]| Command::new("systemd-analyze").args(args).arg(unit()).output();
    // Of 100 that it could be exposed to, by the count of systemd itself.
    let Ok(exposed) = analyze(&["security", "--offline=true", "--threshold=15"]) else {
        eprintln!("SKIPPED: there is no systemd-analyze here");
        return Ok(());
    };
    ensure!(exposed.status.success(), "{}", String::from_utf8_lossy(&exposed.stdout));
    Ok(())
}
