//! OLE compound files: an old workbook is told from an encrypted one and from other old documents.
//! Only entry names and first records are looked at, never the chains between sectors: those are `unstreamed`'s.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read, Seek, SeekFrom},
};

use super::refusal::{ERROR, Refusal, Unread};
use crate::domain::refusal::Why;

/// A directory entry: 64 bytes of name in UTF-16, its kind at 66, its class at 80, its first sector at 116
/// ([MS-CFB] 2.6.1).
/// Entries fill sectors from end to end, so one stands at each multiple of this wherever the directory goes on.
const ENTRY: usize = 128;
const KIND: usize = 66;
const ROOT: u8 = 5;
const CLASS: usize = 80;
const FIRST_SECTOR: usize = 116;
/// In the header: where the directory begins ([MS-CFB] 2.2).
const DIRECTORY: usize = 48;
/// What Excel's classes begin with, {00020810-…} and {00020820-…}.
const EXCEL: [&[u8]; 2] = [&[0x10, 0x08, 2, 0], &[0x20, 0x08, 2, 0]];
/// The record of a workbook that is followed by encrypted ones; it is among the first ([MS-XLS] 2.4.117).
const FILE_PASS: u16 = 0x002F;
/// Sheets are listed after it, in the clear.
const BOUND_SHEET: u16 = 0x0085;

/// Lets workbooks pass that have no password.
pub(super) fn admit(file: &File) -> Result<(), Unread> {
    let found = look(file)?;
    if found.is_package {
        return Err(Refusal::new(Why::Password).into());
    }
    if !found.has_root {
        return Err(Refusal::new(Why::CutOff).with(ERROR, "its directory is missing").into());
    }
    if let Some(other) = found.other.filter(|_| !found.is_excel) {
        return Err(Refusal::new(other).into());
    }
    if found.workbooks.is_empty() {
        return Err(Refusal::new(Why::OldOffice).into());
    }
    for start in found.workbooks {
        if asks_for_password(&sector(file, start)?) {
            return Err(Refusal::new(Why::Password).into());
        }
    }
    Ok(())
}

#[derive(Default)]
struct Found {
    /// The directory is there; it often stands at the end.
    has_root: bool,
    /// An encrypted package of today's Office.
    is_package: bool,
    /// Where streams of workbooks begin. A document of another kind may have them inside, and a workbook documents.
    workbooks: Vec<u64>,
    other: Option<Why>,
    is_excel: bool,
}

fn look(mut file: &File) -> std::io::Result<Found> {
    file.rewind()?;
    let mut source = BufReader::new(file);
    let mut entry = [0; ENTRY];
    source.read_exact(&mut entry)?;
    let shift = u32::from(entry[30]).clamp(7, 12);
    let start = |entry: &[u8], at: usize| {
        let number = entry[at..].first_chunk().map_or(0, |four| u32::from_le_bytes(*four));
        (u64::from(number) + 1) << shift
    };
    let (root, mut at) = (start(&entry, DIRECTORY), 0);
    let mut found = Found::default();
    while read_entry(&mut source, &mut entry)? {
        at += ENTRY as u64;
        if at == root {
            found.has_root = entry[KIND] == ROOT;
            found.is_excel = EXCEL.iter().any(|class| entry[CLASS..].starts_with(class));
        }
        if is_named(&entry, "EncryptedPackage") {
            found.is_package = true;
        } else if is_named(&entry, "Workbook") || is_named(&entry, "Book") {
            found.workbooks.push(start(&entry, FIRST_SECTOR));
        } else if is_named(&entry, "WordDocument") {
            found.other = Some(Why::Document);
        } else if is_named(&entry, "PowerPoint Document") {
            found.other = Some(Why::Presentation);
        }
    }
    Ok(found)
}

fn read_entry(source: &mut impl Read, entry: &mut [u8; ENTRY]) -> std::io::Result<bool> {
    match source.read_exact(entry) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The name in whatever case, and the NUL behind it.
fn is_named(entry: &[u8; ENTRY], name: &str) -> bool {
    let wanted = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
    entry.iter().zip(wanted).all(|(byte, wanted)| byte.eq_ignore_ascii_case(&wanted))
}

/// What surely belongs to the stream that begins there.
fn sector(mut file: &File, start: u64) -> std::io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(start))?;
    let mut bytes = Vec::new();
    file.take(512).read_to_end(&mut bytes)?;
    Ok(bytes)
}

/// Records are an id, a length and so many bytes.
fn asks_for_password(mut records: &[u8]) -> bool {
    while let [id_low, id_high, low, high, rest @ ..] = records {
        match u16::from_le_bytes([*id_low, *id_high]) {
            FILE_PASS => return true,
            BOUND_SHEET => return false,
            _ => {}
        }
        records = rest.get(usize::from(u16::from_le_bytes([*low, *high]))..).unwrap_or_default();
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;

    const WORD: &[u8] = &[0x06, 0x09, 2, 0];

    /// A header, directory entries under a root of that class, and in sector 2 whatever follows.
    fn compound(class: &[u8], names: &[&str], records: &[u8]) -> Option<Refusal> {
        let mut bytes = vec![0; 1536];
        (bytes[30], bytes[512 + KIND]) = (9, ROOT);
        bytes[512 + CLASS..512 + CLASS + class.len()].copy_from_slice(class);
        for (at, name) in (640..).step_by(ENTRY).zip(names) {
            let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            bytes[at..at + name.len()].copy_from_slice(&name);
            bytes[at + FIRST_SECTOR] = 2;
        }
        bytes.extend_from_slice(records);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        admit(&file).err().map(Unread::refusal)
    }

    fn code(names: &[&str], records: &[u8]) -> Option<Why> {
        compound(&[], names, records).map(|refusal| refusal.why)
    }

    #[test]
    fn an_encrypted_package_is_told_from_an_old_workbook() {
        assert_eq!(code(&["EncryptedPackage"], &[]), Some(Why::Password));
        let plain = [0x09, 0x08, 2, 0, 0, 6, 0x85, 0, 0, 0, 0x2F, 0, 0, 0];
        assert_eq!(code(&["WORKBOOK"], &plain), None);
        let locked = [0x09, 0x08, 2, 0, 0, 6, 0x2F, 0, 0, 0];
        assert_eq!(code(&["Workbook"], &locked), Some(Why::Password));
        assert_eq!(code(&["Book"], &locked), Some(Why::Password));
    }

    #[test]
    fn a_file_without_its_directory_is_damaged() {
        let mut file = tempfile::tempfile().unwrap();
        let mut bytes = vec![0; 1024];
        (bytes[30], bytes[DIRECTORY]) = (9, 1);
        file.write_all(&bytes).unwrap();
        assert_eq!(admit(&file).unwrap_err().refusal().why, Why::CutOff);
    }

    #[test]
    fn a_document_with_a_workbook_in_it_is_no_workbook() {
        let why = |class: &[u8], names: &[&str]| compound(class, names, &[]).unwrap().why;
        assert_eq!(why(WORD, &["WordDocument"]), Why::Document);
        assert_eq!(why(WORD, &["Workbook", "WordDocument"]), Why::Document);
        assert_eq!(why(&[], &["PowerPoint Document"]), Why::Presentation);
        assert_eq!(why(&[], &["Contents"]), Why::OldOffice);
        assert_eq!(compound(EXCEL[1], &["WordDocument", "Workbook"], &[]), None);
    }
}
