//! Takes whole files once: settled, claimed by a rename into `work/`, known by the hash of their bytes, archived.
//! A file's name and times are no identity; what is in it is not looked at here.
//!
//! `look` finds what lies there, `settling` says what of it is whole, `claim` takes it, `behind` finds it again, `register` gives it a batch, `archive`
//! keeps it.

mod look;

mod settling;

mod writers;

mod claim;

mod behind;

mod archive;

use std::path::{Path, PathBuf};

pub use archive::{archive, archive_rest, claim_again, name_after, work_path};
pub use behind::{end_copying, forgotten, hidden, left_behind, reclaim, remove_copies};
pub use claim::{Claim, Claimed, StillWritten, claim, give_back};
pub use look::{Look, Seen, Why, look};
pub use settling::{SETTLED, Settling, settled};

use super::{Services, options::ImportOptions, pay::untaken, staged::Options};
use crate::{
    db::{
        batches::{self, Batch, NewBatch},
        orders,
    },
    domain::{
        batch::{BatchId, BatchState},
        email::Email,
        firm::Firm,
    },
};

/// Folders of the inbox that are no firm's.
const RESERVED: [&str; 2] = [BANK, BOUNCE];
/// Where statements and answers about money go; stands for a firm's code where whose a file is is said.
pub const BANK: &str = "_bank";
/// The same of delivery reports.
pub const BOUNCE: &str = "_bounce";

/// Whose a file is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Owner {
    pub firm: String,
    /// The member of the firm whose sub-folder it came from.
    pub registered_by: Option<Email>,
    /// The sub-folder that it came from, where that is no member's: nothing of it is taken.
    pub stray: Option<String>,
}

impl Owner {
    /// Of a firm, or what stands for one.
    pub fn of(firm: &str) -> Owner {
        Owner { firm: firm.to_owned(), registered_by: None, stray: None }
    }
}

/// Whose a file is by its folder; `None` for one that lies beside the firms' folders.
pub fn owner(services: &Services, file: &Path) -> Option<Owner> {
    let inbox = &services.settings.files.inbox;
    let folders: Vec<&str> =
        file.parent()?.strip_prefix(inbox).ok()?.iter().filter_map(|part| part.to_str()).collect();
    if let [folder] = folders[..]
        && is_reserved(folder)
    {
        return Some(Owner::of(folder));
    }
    let named = folders.first().and_then(|folder| services.firm(folder).ok());
    let (firm, rest) = match named {
        Some(firm) => (firm, &folders[1..]),
        None => (services.only_firm()?, folders.as_slice()),
    };
    let owner = Owner::of(firm.code.as_str());
    match rest {
        [] => Some(owner),
        [folder] => {
            let registered_by = member_called(firm, folder);
            let stray = registered_by.is_none().then(|| (*folder).to_owned());
            Some(Owner { registered_by, stray, ..owner })
        }
        _ => None,
    }
}

/// Whether a folder of the inbox belongs to statements or delivery reports.
pub fn is_reserved(folder: &str) -> bool {
    RESERVED.contains(&folder)
}

/// A sub-folder is named for the local part of a staff e-mail.
fn member_called(firm: &Firm, folder: &str) -> Option<Email> {
    let emails =
        std::iter::once(&firm.admin.email).chain(firm.staff.iter().map(|staff| &staff.email));
    emails.into_iter().find(|email| email.local_part().eq_ignore_ascii_case(folder)).cloned()
}

/// The longest name that still has room for what is put before it, in bytes.
const LONGEST_NAME: usize = 150;

/// A file's name as readable text, cut where it is too long; its ending stays. It goes into receipts and log lines,
/// where a line break would be another line.
pub fn name_of(file: &Path) -> String {
    let name = file.file_name().unwrap_or_default().to_string_lossy();
    let name: String = name.chars().map(|c| if c.is_control() { picture(c) } else { c }).collect();
    if name.len() <= LONGEST_NAME {
        return name;
    }
    let (stem, ending) =
        name.rsplit_once('.').filter(|(_, end)| end.len() <= 8).unwrap_or((&name, ""));
    let at = stem.floor_char_boundary(LONGEST_NAME - ending.len() - 1);
    if ending.is_empty() { stem[..at].to_owned() } else { format!("{}.{ending}", &stem[..at]) }
}

/// As in workbooks: the picture of a control character.
fn picture(control: char) -> char {
    match u32::from(control) {
        n @ ..0x20 => char::from_u32(0x2400 + n).unwrap_or(char::REPLACEMENT_CHARACTER),
        0x7f => '\u{2421}',
        _ => char::REPLACEMENT_CHARACTER,
    }
}

/// Where a firm drops its files.
fn firm_folder(services: &Services, firm: Option<&str>) -> PathBuf {
    let inbox = &services.settings.files.inbox;
    match firm {
        Some(reserved) if is_reserved(reserved) => inbox.join(reserved),
        Some(firm) if services.only_firm().is_none() => inbox.join(firm),
        _ => inbox.clone(),
    }
}

/// Like in the inbox: the firm's, and in it the member's of staff. So a file keeps its owner.
fn claimed_folder(services: &Services, owner: Option<&Owner>) -> PathBuf {
    let folder = services.home.join("work").join(owner.map_or("_", |owner| owner.firm.as_str()));
    let member = owner.and_then(|owner| owner.registered_by.as_ref());
    let stray = owner.and_then(|owner| owner.stray.as_deref());
    let name = member.map(Email::local_part).or(stray);
    name.map_or(folder.clone(), |name| folder.join(name))
}

/// Registers a claimed file under its hash: as a new batch, as one that was begun, or as the same bytes again.
pub async fn register(
    services: &Services,
    claimed: &Claimed,
    owner: Option<&Owner>,
    (options, run_id): (&ImportOptions, Option<i64>),
) -> anyhow::Result<BatchId> {
    let firm = owner.map(|owner| owner.firm.as_str());
    let mut tx = services.db.begin().await?;
    let before = batches::same_bytes(&mut tx, firm, &claimed.sha256).await?;
    if let Some(begun) = before.iter().find(|batch| !batch.archived) {
        return Ok(begun.id());
    }
    let mut of = before.iter().find(|batch| counts_as_first(batch)).map(Batch::id);
    if let Some(first) = of
        && orders::is_wholly_cancelled(&mut tx, first).await?
    {
        of = None;
    }
    let new = NewBatch {
        firm,
        file_name: &claimed.file_name,
        sha256: &claimed.sha256,
        run_id,
        registered_by: owner.and_then(|owner| owner.registered_by.as_ref()).map(Email::as_str),
        duplicate_of: of,
        options: serde_json::to_value(Options::of(options, owner.and_then(|it| it.stray.clone())))?,
    };
    let batch = batches::register(&mut tx, new, services.now()).await?;
    tx.commit().await?;
    Ok(batch)
}

/// A refused or undone batch does not make the same bytes a duplicate, nor does a statement that waits: no line of it
/// was recorded, and another day it may hold.
fn counts_as_first(batch: &Batch) -> bool {
    !untaken::waits(batch)
        && !matches!(batch.state, BatchState::Rejected | BatchState::Undone | BatchState::Duplicate)
}

#[cfg(test)]
mod tests {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};

    use super::*;

    #[test]
    fn a_name_becomes_one_readable_line_that_fits() {
        let name = |bytes: &[u8]| name_of(&Path::new("/inbox").join(OsStr::from_bytes(bytes)));
        assert_eq!(name(b"a\nb\x7f.csv"), "a\u{240a}b\u{2421}.csv");
        assert_eq!(name(b"kh\xe1ch.csv"), "kh\u{fffd}ch.csv");
        assert_eq!(name(b"-rf.csv"), "-rf.csv");
        let long = name(&[&[b'x'; 251][..], b".csv"].concat());
        assert!(long.len() <= LONGEST_NAME && long.ends_with("x.csv"), "{long}");
    }
}
