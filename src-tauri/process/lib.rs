//! What the programs ask of the system, and do by themselves, so that nothing of theirs is left behind: the first thing
//! that each of them does.
#![warn(missing_docs)]

use std::io;

/// No image of the memory is written when the program falls, now or in what it starts. Nothing on systems that are not
/// Unix.
///
/// # Errors
/// When the system refuses.
pub fn forbid_core_dumps() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, setrlimit};
        // The hard limit too: it can be lowered by anybody, and raised again by nobody but root.
        setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) })?;
    }
    Ok(())
}

/// As many files may be open as the system allows at all: each connection is one, and many systems begin with 1024.
///
/// # Errors
/// When the system refuses.
pub fn allow_many_files() -> io::Result<()> {
    #[cfg(unix)]
    {
        use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
        let Rlimit { maximum, .. } = getrlimit(Resource::Nofile);
        // Some systems that say that there is no limit refuse it all the same.
        setrlimit(Resource::Nofile, Rlimit { current: maximum.or(Some(65_536)), maximum })?;
    }
    Ok(())
}

/// Other programs of the same person can neither look into the memory nor trace it, and the system hands no image of it to
/// a collector of crashes, which a limit alone does not forbid (core(5), prctl(2)). On Linux; nothing elsewhere.
///
/// Not for a program with a window: the desktop portal finds out by `/proc` which one asks it for something.
///
/// # Errors
/// When the system refuses.
pub fn forbid_looking_in() -> io::Result<()> {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        use rustix::process::{DumpableBehavior, set_dumpable_behavior};
        set_dumpable_behavior(DumpableBehavior::NotDumpable)?;
    }
    Ok(())
}

/// What is logged, as directives of `tracing_subscriber::EnvFilter`: nothing but what the crates whose names begin with
/// `own` say, from the level that the variable `PUSHTALK_LOG` names (`off`, `error`, `warn`, `info`, `debug`, `trace`), or
/// from `usual`. No word in it lets other crates through: what they would log holds addresses and messages.
pub fn log_directives(own: &str, usual: &str) -> String {
    directives(std::env::var("PUSHTALK_LOG").ok().as_deref(), own, usual)
}

fn directives(asked: Option<&str>, own: &str, usual: &str) -> String {
    const LEVELS: [&str; 6] = ["off", "error", "warn", "info", "debug", "trace"];
    let level = asked.filter(|asked| LEVELS.contains(asked)).unwrap_or(usual);
    format!("off,{own}={level}")
}

#[cfg(test)]
#[cfg(unix)]
mod file_tests {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

    #[test]
    fn as_many_files_may_be_open_as_the_system_allows() {
        let maximum = getrlimit(Resource::Nofile).maximum;
        setrlimit(Resource::Nofile, Rlimit { current: Some(256), maximum }).unwrap();
        super::allow_many_files().unwrap();
        assert_eq!(getrlimit(Resource::Nofile).current, maximum.or(Some(65_536)));
    }
}

#[cfg(test)]
mod log_tests {
    use super::directives;

    #[test]
    fn no_word_lets_the_logs_of_other_crates_through() {
        assert_eq!(directives(None, "pushtalk", "info"), "off,pushtalk=info");
        assert_eq!(directives(Some("trace"), "pushtalk", "info"), "off,pushtalk=trace");
        for asked in ["", "rtc=trace", "pushtalk=debug,rtc_ice=trace", "TRACE,", "*"] {
            assert_eq!(directives(Some(asked), "pushtalk", "off"), "off,pushtalk=off");
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use rustix::process::{DumpableBehavior, Resource, Rlimit, dumpable_behavior, getrlimit};

    use super::*;

    #[test]
    fn memory_is_neither_written_nor_shown() {
        forbid_core_dumps().unwrap();
        assert_eq!(getrlimit(Resource::Core), Rlimit { current: Some(0), maximum: Some(0) });
        forbid_looking_in().unwrap();
        assert_eq!(dumpable_behavior(), Ok(DumpableBehavior::NotDumpable));
    }
}
