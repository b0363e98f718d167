//! Which files of the inbox may be taken, and why others are left alone. Nothing is moved here, and no link is followed.

use std::{
    collections::HashMap,
    ffi::{OsStr, OsString},
    fmt,
    io::{self, ErrorKind},
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use super::is_reserved;
use crate::flow::Services;

/// Endings and names of files that are not meant for us, or not whole yet.
const UNFINISHED: [&str; 3] = [".tmp", ".part", ".crdownload"];
const SYSTEM: [&str; 2] = ["thumbs.db", "desktop.ini"];
/// An office program that was closed well takes its owner file away.
const STALE: Duration = Duration::from_hours(24);
/// Below the inbox lie the firms' folders, and below those their staff's.
const DEEPEST: usize = 2;

/// How a file looks from outside: another one under the same name, or one that grows, looks different.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Look {
    device: u64,
    inode: u64,
    len: u64,
    modified: Option<SystemTime>,
}

impl Look {
    /// `None` where no file is: nothing, a folder, a link.
    pub fn at(path: &Path) -> io::Result<Option<Look>> {
        match fs_err::symlink_metadata(path) {
            Ok(meta) if meta.is_file() => Ok(Some(Look {
                device: meta.dev(),
                inode: meta.ino(),
                len: meta.len(),
                modified: meta.modified().ok(),
            })),
            Ok(_) => Ok(None),
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Device and number: the same file, by whatever path.
    pub fn identity(self) -> (u64, u64) {
        (self.device, self.inode)
    }
}

/// Why a file is left where it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Why {
    Empty,
    /// By its name: a download, or a copy that is not finished.
    Unfinished,
    /// Its owner file lies beside it.
    Open,
    OpenForDays,
    /// It looked different a moment ago, or a program has it open for writing.
    StillWritten,
    Link,
    /// A file or a folder of somebody else, or of a share that is away.
    Unreadable,
    /// In a folder that is no firm's and no member of staff's.
    TooDeep,
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Why::Empty => "it is empty",
            Why::Unfinished => "its name says that it is not finished",
            Why::Open => "it is open in an office program (its owner file lies beside it)",
            Why::OpenForDays => {
                "it is open in an office program for over a day; if nobody has it open, delete the owner file beside it"
            }
            Why::StillWritten => "it is still being written",
            Why::Link => "it is a link, and links are not followed; drop the file itself",
            Why::Unreadable => "it cannot be read; let this user read it",
            Why::TooDeep => "its folder is no firm's and no member of staff's",
        })
    }
}

/// What lies in the inbox.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    /// In order.
    pub files: Vec<(PathBuf, Look)>,
    pub left: Vec<(PathBuf, Why)>,
}

/// Looks once. Files of the system and hidden ones are passed over without a word.
pub fn look(services: &Services) -> anyhow::Result<Seen> {
    let mut seen = Seen::default();
    collect((&services.settings.files.inbox, 0), services.now().into(), &mut seen)?;
    seen.files.sort_by(|(a, _), (b, _)| a.cmp(b));
    Ok(seen)
}

fn collect((folder, depth): (&Path, usize), now: SystemTime, seen: &mut Seen) -> io::Result<()> {
    let mut names = Vec::new();
    for entry in fs_err::read_dir(folder)? {
        let entry = entry?;
        if let Some(kind) = seen.or_left(&entry.path(), entry.file_type()) {
            names.push((entry.file_name(), kind));
        }
    }
    let owners = Owners::among(folder, names.iter().map(|(name, _)| name.as_os_str()), now);
    for (name, kind) in names {
        let path = folder.join(&name);
        if is_hidden(&name) {
            continue;
        }
        if kind.is_symlink() {
            seen.left.push((path, Why::Link));
        } else if kind.is_dir() {
            if is_reserved(&name.to_string_lossy()) && depth > 0 {
                continue;
            }
            if depth < DEEPEST {
                let collected = collect((&path, depth + 1), now, seen);
                seen.or_left(&path, collected);
            } else {
                seen.left.push((path, Why::TooDeep));
            }
        } else if let Some(Some(look)) = seen.or_left(&path, Look::at(&path)) {
            match owners.of(&name).or_else(|| of_itself(&name, look)) {
                Some(why) => seen.left.push((path, why)),
                None => seen.files.push((path, look)),
            }
        }
    }
    Ok(())
}

impl Seen {
    /// What vanished is passed over; what cannot be looked at is left, and keeps no other from being seen.
    fn or_left<T>(&mut self, path: &Path, looked: io::Result<T>) -> Option<T> {
        let vanished = |error: &io::Error| error.kind() == ErrorKind::NotFound;
        if looked.as_ref().is_err_and(|error| !vanished(error)) {
            self.left.push((path.to_owned(), Why::Unreadable));
        }
        looked.ok()
    }
}

fn is_hidden(name: &OsStr) -> bool {
    let bytes = name.as_encoded_bytes();
    bytes.starts_with(b".")
        || bytes.starts_with(b"~$")
        || SYSTEM.contains(&name.to_string_lossy().to_lowercase().as_str())
}

fn of_itself(name: &OsStr, look: Look) -> Option<Why> {
    let lower = name.to_string_lossy().to_lowercase();
    if UNFINISHED.iter().any(|ending| lower.ends_with(ending)) {
        return Some(Why::Unfinished);
    }
    (look.len == 0).then_some(Why::Empty)
}

/// The owner files of a folder: Office writes `~$name` and for long names `~$` without the first two letters,
/// LibreOffice `.~lock.name#`.
struct Owners(HashMap<OsString, bool>);

impl Owners {
    fn among<'a>(folder: &Path, names: impl Iterator<Item = &'a OsStr>, now: SystemTime) -> Owners {
        let is_owner = |name: &&OsStr| {
            let bytes = name.as_encoded_bytes();
            bytes.starts_with(b"~$") || bytes.starts_with(b".~lock.")
        };
        let stale = |name: &OsStr| {
            let meta = fs_err::symlink_metadata(folder.join(name)).ok();
            let age = meta.and_then(|meta| now.duration_since(meta.modified().ok()?).ok());
            age.is_some_and(|age| age > STALE)
        };
        Owners(names.filter(is_owner).map(|name| (name.to_owned(), stale(name))).collect())
    }

    fn of(&self, name: &OsStr) -> Option<Why> {
        if self.0.is_empty() {
            return None;
        }
        let is_stale = owner_names(name).iter().find_map(|owner| self.0.get(owner))?;
        Some(if *is_stale { Why::OpenForDays } else { Why::Open })
    }
}

fn owner_names(name: &OsStr) -> Vec<OsString> {
    let around = |before: &str, name: &OsStr, after: &str| {
        let mut owner = OsString::from(before);
        owner.push(name);
        owner.push(after);
        owner
    };
    let mut names = vec![around("~$", name, ""), around(".~lock.", name, "#")];
    if let Some(text) = name.to_str() {
        let rest: String = text.chars().skip(2).collect();
        names.push(OsString::from(format!("~${rest}")));
    }
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_open_in_an_office_program_has_an_owner_file_beside_it() {
        let folder = tempfile::tempdir().unwrap();
        let of = |owner: &str, name: &str| {
            let owners = std::iter::once(OsStr::new(owner));
            Owners::among(folder.path(), owners, SystemTime::now()).of(OsStr::new(name))
        };
        for owner in ["~$danh-sach.xlsx", "~$nh-sach.xlsx", ".~lock.danh-sach.xlsx#"] {
            assert_eq!(of(owner, "danh-sach.xlsx"), Some(Why::Open), "{owner}");
        }
        assert_eq!(of("~$khac.xlsx", "danh-sach.xlsx"), None);
        assert_eq!(of("~$ch hàng.xlsx", "Khách hàng.xlsx"), None, "two letters, not bytes");
        assert_eq!(of("~$ách hàng.xlsx", "Khách hàng.xlsx"), Some(Why::Open));
    }

    #[test]
    fn an_owner_file_is_stale_after_a_day_of_the_given_clock() {
        let folder = tempfile::tempdir().unwrap();
        fs_err::write(folder.path().join("~$a.xlsx"), "").unwrap();
        let after = |age: Duration| {
            let names = std::iter::once(OsStr::new("~$a.xlsx"));
            let owners = Owners::among(folder.path(), names, SystemTime::now() + age);
            owners.of(OsStr::new("a.xlsx"))
        };
        assert_eq!(after(STALE * 2), Some(Why::OpenForDays));
        assert_eq!(after(STALE / 2), Some(Why::Open));
    }

    #[test]
    fn what_cannot_be_looked_at_is_left_and_what_vanished_is_not() {
        let file = PathBuf::from("a.csv");
        let mut seen = Seen::default();
        assert_eq!(seen.or_left::<()>(&file, Err(ErrorKind::NotFound.into())), None);
        assert!(seen.left.is_empty());
        assert_eq!(seen.or_left::<()>(&file, Err(ErrorKind::PermissionDenied.into())), None);
        assert_eq!(seen.left, [(file, Why::Unreadable)]);
    }
}
