//! What can be said on the command line of the desktop program.

use std::ffi::OsString;
use std::path::PathBuf;

use anyhow::bail;

const HELP: &str = "\
PushTalk

  --profile DIR           keep everything in this directory (also PUSHTALK_PROFILE_DIR)
  --name NAME             the name to use
  --host                  make a room at once
  --title TITLE           what to call it
  --join LINK             join by this link at once; `-` reads it from standard input
  --print-invitation      print the link of the room on standard output
  --hidden                start in the tray, where there is one
  LINK                    show where this link leads; joining is left to you

  ptt down|up|toggle      press, release or latch the talk button of the PushTalk that runs
  ptt hold                hold it until standard input ends
  status [--json]         how it is

  --version, --help
";

/// The command line, read.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Arguments {
    /// Where everything is kept, instead of the usual place.
    pub profile: Option<PathBuf>,
    /// The name to use.
    pub name: Option<String>,
    /// What to do at once.
    pub errand: Option<Errand>,
    /// True to print the link of the room as soon as there is one.
    pub print_invitation: bool,
    /// True to start in the tray, where there is one.
    pub hidden: bool,
    /// A link that the system hands over. It is shown, and joins nothing.
    pub link: Option<String>,
}

/// Something to do at once, because the person said so on the command line.
#[derive(Debug, PartialEq, Eq)]
pub enum Errand {
    /// Make a room of this title and host it.
    Host(String),
    /// Join by this link.
    Join(String),
    /// Join by the link that comes on standard input. Arguments can be read by every user of the machine.
    JoinFromInput,
    /// Say this and do nothing else.
    Say(String),
    /// Ask the program that runs already, and do nothing else.
    #[cfg(desktop)]
    Ask {
        /// For this.
        request: pushtalk_control::Request,
        /// True to say the answer as it came.
        json: bool,
    },
}

impl Arguments {
    /// Reads the arguments that follow the program's name.
    ///
    /// # Errors
    /// When one is not known, lacks its value, or does not fit another.
    pub fn parse(words: impl IntoIterator<Item = OsString>) -> anyhow::Result<Self> {
        let mut words = words.into_iter();
        let profile =
            std::env::var_os("PUSHTALK_PROFILE_DIR").filter(|dir| !dir.is_empty()).map(PathBuf::from);
        let mut read = Self { profile, ..Self::default() };
        let (mut host, mut title, mut join) = (false, None, None);
        while let Some(word) = words.next() {
            let word = word.to_string_lossy();
            match word.as_ref() {
                #[cfg(desktop)]
                asks @ ("ptt" | "status") => {
                    read.errand = Some(ask(asks, words)?);
                    return Ok(read);
                }
                "--profile" => read.profile = Some(value(&word, words.next())?.into()),
                "--name" => read.name = Some(text(&word, words.next())?),
                "--host" => host = true,
                "--title" => title = Some(text(&word, words.next())?),
                "--join" => join = Some(text(&word, words.next())?),
                "--print-invitation" => read.print_invitation = true,
                "--hidden" => read.hidden = true,
                "--version" => {
                    read.errand = Some(Errand::Say(format!("pushtalk {}\n", env!("CARGO_PKG_VERSION"))))
                }
                "--help" | "-h" => read.errand = Some(Errand::Say(HELP.to_owned())),
                unknown if unknown.starts_with("--") => {
                    bail!("there is no argument {unknown}; --help tells which there are")
                }
                link if link.starts_with("pushtalk:") => read.link = Some(link.to_owned()),
                // Systems hand over files and process numbers.
                _ => {}
            }
        }
        if read.errand.is_some() {
            return Ok(read);
        }
        read.errand = match (host, join) {
            (true, Some(_)) => bail!("--host and --join exclude each other"),
            (true, None) => Some(Errand::Host(title.take().unwrap_or_default())),
            (false, Some(link)) if link == "-" => Some(Errand::JoinFromInput),
            (false, Some(link)) => Some(Errand::Join(link)),
            (false, None) => None,
        };
        if title.is_some() {
            bail!("--title needs --host");
        }
        if read.errand.is_some() && read.name.is_none() {
            bail!("--host and --join need --name");
        }
        Ok(read)
    }
}

/// What is asked of the program that runs: all the words that are left.
#[cfg(desktop)]
fn ask(first: &str, rest: impl Iterator<Item = OsString>) -> anyhow::Result<Errand> {
    let mut line = first.to_owned();
    let mut json = false;
    for word in rest {
        match word.to_string_lossy().as_ref() {
            "--json" if first == "status" => json = true,
            word => line = format!("{line} {word}"),
        }
    }
    Ok(Errand::Ask { request: line.parse()?, json })
}

fn value(of: &str, word: Option<OsString>) -> anyhow::Result<OsString> {
    match word {
        Some(word) if !word.is_empty() => Ok(word),
        _ => bail!("{of} needs a value"),
    }
}

fn text(of: &str, word: Option<OsString>) -> anyhow::Result<String> {
    match value(of, word)?.into_string() {
        Ok(text) => Ok(text),
        Err(_) => bail!("{of} needs a text in UTF-8"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(words: &str) -> anyhow::Result<Arguments> {
        Arguments::parse(words.split_whitespace().map(OsString::from))
    }

    #[test]
    fn an_errand_needs_a_name() {
        assert!(read("--host").is_err());
        assert!(read("--join pushtalk://j/1.x").is_err());
        assert_eq!(read("--host --name Ana").unwrap().errand, Some(Errand::Host(String::new())));
        assert_eq!(read("--name Ben --join -").unwrap().errand, Some(Errand::JoinFromInput));
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for words in ["--nothing", "--name", "--host --join x --name Ana", "--title Hike --name Ana"] {
            assert!(read(words).is_err(), "{words}");
        }
    }

    #[test]
    fn a_link_that_the_system_hands_over_joins_nothing() {
        let arguments = read("pushtalk://j/1.7K0.AAAA.BBBB -psn_0_123").unwrap();
        assert_eq!(
            (arguments.errand, arguments.link.as_deref()),
            (None, Some("pushtalk://j/1.7K0.AAAA.BBBB"))
        );
    }

    #[test]
    #[cfg(desktop)]
    fn the_program_that_runs_can_be_asked() {
        use pushtalk_control::Request;

        let asked = |words| read(words).unwrap().errand;
        assert_eq!(asked("ptt down"), Some(Errand::Ask { request: Request::Down, json: false }));
        assert_eq!(asked("status --json"), Some(Errand::Ask { request: Request::Status, json: true }));
        let arguments = read("--profile /tmp/one ptt toggle").unwrap();
        assert_eq!(arguments.profile, Some("/tmp/one".into()));
        assert_eq!(arguments.errand, Some(Errand::Ask { request: Request::Toggle, json: false }));
        for words in ["ptt", "ptt sideways", "ptt down --json", "status all"] {
            assert!(read(words).is_err(), "{words}");
        }
    }

    #[test]
    fn help_is_said_whatever_else_is_there() {
        assert!(matches!(read("--host --help").unwrap().errand, Some(Errand::Say(_))));
    }
}
