//! Which files of the inbox are whole: those that looked the same for a while, that no program of this machine has
//! open for writing, and that can be read. What lies there is found by `look`.

use std::{
    collections::HashMap,
    io::ErrorKind,
    path::{Path, PathBuf},
    time::Duration,
};

use super::{
    look::{Look, Seen, Why, look},
    writers,
};
use crate::flow::Services;

/// For so long a file must look the same before it is taken.
pub const SETTLED: Duration = Duration::from_secs(2);

/// Remembers since when each file looks as it does.
#[derive(Debug, Default)]
pub struct Settling(HashMap<PathBuf, (Look, tokio::time::Instant)>);

impl Settling {
    /// The files that looked the same for [`SETTLED`] and that no program of this machine is writing; the others
    /// are told as left.
    pub fn whole(&mut self, mut seen: Seen) -> Seen {
        let now = tokio::time::Instant::now();
        let before = std::mem::take(&mut self.0);
        for (path, look) in &seen.files {
            let since = before.get(path).filter(|(then, _)| then == look);
            self.0.insert(path.clone(), (*look, since.map_or(now, |(_, since)| *since)));
        }
        let is_settled = |path: &PathBuf| {
            self.0.get(path).is_some_and(|(_, since)| now.duration_since(*since) >= SETTLED)
        };
        let (settled, fresh): (Vec<_>, Vec<_>) =
            seen.files.into_iter().partition(|(path, _)| is_settled(path));
        let written = writers::of(settled.iter().map(|(_, look)| look.identity()));
        let (written, whole): (Vec<_>, Vec<_>) =
            settled.into_iter().partition(|(_, look)| written.contains(&look.identity()));
        let (whole, unreadable): (Vec<_>, Vec<_>) =
            whole.into_iter().partition(|(path, _)| is_readable(path));
        seen.left.extend(unreadable.into_iter().map(|(path, _)| (path, Why::Unreadable)));
        let left = fresh.into_iter().chain(written).map(|(path, _)| (path, Why::StillWritten));
        seen.left.extend(left);
        Seen { files: whole, left: seen.left }
    }

    /// When the next file may be settled.
    pub fn next_at(&self) -> Option<tokio::time::Instant> {
        let now = tokio::time::Instant::now();
        self.0.values().map(|(_, since)| *since + SETTLED).filter(|at| *at > now).min()
    }
}

/// Looks twice, for a run that takes what lies there whole.
pub async fn settled(services: &Services) -> anyhow::Result<Seen> {
    let mut settling = Settling::default();
    let first = settling.whole(look(services)?);
    if first.left.iter().any(|(_, why)| *why == Why::StillWritten) {
        tokio::time::sleep(SETTLED).await;
    }
    Ok(settling.whole(look(services)?))
}

/// Said before it is claimed, so that nothing leaves the inbox that cannot be read.
fn is_readable(path: &Path) -> bool {
    fs_err::File::open(path).map_or_else(|error| error.kind() == ErrorKind::NotFound, |_| true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_opened_is_told_before_it_is_claimed_and_what_vanished_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let (socket, file) = (folder.path().join("socket"), folder.path().join("a.csv"));
        // Not even root can open one.
        let _listener = std::os::unix::net::UnixListener::bind(&socket).unwrap();
        fs_err::write(&file, "a").unwrap();
        assert!(!is_readable(&socket) && is_readable(&file));
        assert!(is_readable(&folder.path().join("gone")));
    }
}
