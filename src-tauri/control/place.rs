//! Where the socket is: one for each profile of each person.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::Path;
#[cfg(unix)]
use std::path::PathBuf;

#[cfg(unix)]
use crate::ControlError;

/// The place of one program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    #[cfg(unix)]
    pub(crate) folder: PathBuf,
    pub(crate) name: String,
}

impl Place {
    /// That of a profile; the usual one without.
    #[must_use]
    pub fn of(profile: Option<&Path>) -> Self {
        let profile = profile.map(|profile| {
            let mut hasher = DefaultHasher::new();
            std::path::absolute(profile).unwrap_or_else(|_| profile.to_owned()).hash(&mut hasher);
            format!("-{:x}", hasher.finish())
        });
        let profile = profile.unwrap_or_default();
        #[cfg(unix)]
        {
            Self { folder: folder(), name: format!("control{profile}.sock") }
        }
        #[cfg(windows)]
        {
            let user = std::env::var("USERNAME").unwrap_or_default();
            let user: String = user.chars().filter(char::is_ascii_alphanumeric).collect();
            Self { name: format!(r"\\.\pipe\pushtalk-{user}{profile}") }
        }
    }

    /// A socket in this directory.
    #[cfg(all(unix, test))]
    pub(crate) fn within(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), name: "control.sock".to_owned() }
    }

    /// A pipe that is called like this directory.
    #[cfg(all(windows, test))]
    pub(crate) fn within(folder: &Path) -> Self {
        let name: String = folder.display().to_string().chars().filter(char::is_ascii_alphanumeric).collect();
        Self { name: format!(r"\\.\pipe\pushtalk-{name}") }
    }

    /// The socket itself.
    #[cfg(unix)]
    #[must_use]
    pub fn path(&self) -> PathBuf {
        self.folder.join(&self.name)
    }

    /// Makes the directory where there is none, and looks whether it is ours alone.
    #[cfg(unix)]
    pub(crate) fn prepare(&self) -> Result<(), ControlError> {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        self.check()
    }

    /// Looks whether the directory is ours alone.
    #[cfg(unix)]
    pub(crate) fn check(&self) -> Result<(), ControlError> {
        use std::os::unix::fs::MetadataExt;
        let about = std::fs::symlink_metadata(&self.folder)?;
        let ours = about.is_dir() && about.uid() == rustix::process::geteuid().as_raw();
        if ours && about.mode() & 0o077 == 0 {
            Ok(())
        } else {
            Err(ControlError::NotOurs(self.folder.clone()))
        }
    }
}

/// The session's own directory; where the system has none, one of this person's in that for temporary files.
#[cfg(unix)]
fn folder() -> PathBuf {
    match std::env::var_os("XDG_RUNTIME_DIR") {
        Some(session) if Path::new(&session).is_absolute() => Path::new(&session).join("pushtalk"),
        _ => std::env::temp_dir().join(format!("pushtalk-{}", rustix::process::geteuid().as_raw())),
    }
}
