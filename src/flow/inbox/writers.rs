//! Which files a program of this machine has open for writing. Writers on other machines, and programs that this
//! user may not look at, are not seen: sizes and times stay the base.

use std::{
    collections::HashSet,
    ffi::OsStr,
    os::unix::fs::MetadataExt,
    path::{Path, PathBuf},
};

/// Device and number of a file: a path may go through links, and these do not.
type Identity = (u64, u64);

/// Those of `files` that are open for writing.
pub fn of(files: impl Iterator<Item = Identity>) -> HashSet<Identity> {
    let files: HashSet<Identity> = files.collect();
    if files.is_empty() {
        return HashSet::new();
    }
    let is_process = |name: &OsStr| name.as_encoded_bytes().iter().all(u8::is_ascii_digit);
    let processes = entries(Path::new("/proc"))
        .filter(|path| path.file_name().is_some_and(is_process))
        .flat_map(|process| entries(&process.join("fd")));
    processes.filter_map(|opened| written(&opened, &files)).collect()
}

/// Processes come and go, and others are not ours to see.
fn entries(folder: &Path) -> impl Iterator<Item = PathBuf> + use<> {
    let entries = fs_err::read_dir(folder).into_iter().flatten();
    entries.filter_map(Result::ok).map(|entry| entry.path())
}

fn written(opened: &Path, files: &HashSet<Identity>) -> Option<Identity> {
    let file = identity(opened).filter(|file| files.contains(file))?;
    let number = opened.file_name()?;
    let info = opened.parent()?.with_file_name("fdinfo").join(number);
    let info = fs_err::read_to_string(info).ok()?;
    let flags = info.lines().find_map(|line| line.strip_prefix("flags:"))?.trim();
    // The last two bits, in octal: 0 reads, 1 writes, 2 does both.
    let writes = u32::from_str_radix(flags, 8).ok()? & 0b11 != 0;
    writes.then_some(file)
}

/// Of what it leads to.
fn identity(opened: &Path) -> Option<Identity> {
    let meta = fs_err::metadata(opened).ok()?;
    Some((meta.dev(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_open_for_writing_is_seen_and_one_open_for_reading_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let folder = folder.path();
        let (read, written) = (folder.join("read"), folder.join("written"));
        fs_err::write(&read, "").unwrap();
        let _reads = fs_err::File::open(&read).unwrap();
        let _writes = fs_err::File::create(&written).unwrap();
        let [read, written] = [read, written].map(|path| identity(&path).unwrap());
        assert_eq!(of([read, written].into_iter()), HashSet::from([written]));
    }
}
