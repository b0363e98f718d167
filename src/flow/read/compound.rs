//! OLE compound files are not read; an encrypted one is told from an old workbook by its directory.
//! Only the entry names and the first records are looked at, never the chains between sectors.

use std::{
    fs::File,
    io::{BufReader, ErrorKind, Read, Seek, SeekFrom},
};

use super::{refusal::Refusal, sniff::OLD_EXCEL};

/// A directory entry: 64 bytes of name in UTF-16, its first sector at 116 ([MS-CFB] 2.6.1).
const ENTRY: usize = 128;
const FIRST_SECTOR: usize = 116;
/// The record of a workbook that is followed by encrypted ones ([MS-XLS] 2.4.117).
const FILE_PASS: u16 = 0x002F;
/// Sheets are listed after it, in the clear.
const BOUND_SHEET: u16 = 0x0085;

/// Says what the compound file is, and that it is not read.
pub(super) fn refusal(file: &File) -> Refusal {
    match look(file) {
        Ok(refusal) => refusal,
        Err(error) => error.into(),
    }
}

fn look(mut file: &File) -> std::io::Result<Refusal> {
    file.rewind()?;
    let mut source = BufReader::new(file);
    let mut header = [0; ENTRY];
    source.read_exact(&mut header)?;
    let sector_shift = u32::from(header[30]).clamp(7, 12);
    let mut workbook = None;
    let mut entry = [0; ENTRY];
    while read_entry(&mut source, &mut entry)? {
        if is_named(&entry, "EncryptedPackage") {
            return Ok(Refusal::encrypted("the workbook"));
        }
        if is_named(&entry, "Workbook") || is_named(&entry, "Book") {
            let sector = entry[FIRST_SECTOR..].first_chunk().map(|four| u32::from_le_bytes(*four));
            workbook = sector.map(|sector| (u64::from(sector) + 1) << sector_shift);
        }
    }
    let Some(start) = workbook else {
        return Ok(Refusal::unsupported("an old Office document"));
    };
    file.seek(SeekFrom::Start(start))?;
    let mut records = Vec::new();
    file.take(1 << 13).read_to_end(&mut records)?;
    let encrypted = asks_for_password(&records);
    Ok(if encrypted { Refusal::encrypted(OLD_EXCEL) } else { Refusal::unsupported(OLD_EXCEL) })
}

fn read_entry(source: &mut impl Read, entry: &mut [u8; ENTRY]) -> std::io::Result<bool> {
    match source.read_exact(entry) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

/// The name, and the NUL behind it.
fn is_named(entry: &[u8; ENTRY], name: &str) -> bool {
    let wanted = name.encode_utf16().chain([0]).flat_map(u16::to_le_bytes);
    entry.iter().copied().zip(wanted).all(|(byte, wanted)| byte == wanted)
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
    use crate::domain::finding::Code;
    use std::io::Write;

    /// A header, a directory entry and whatever follows.
    fn compound(name: &str, records: &[u8]) -> Refusal {
        let mut bytes = vec![0; 1024];
        bytes[30] = 9;
        let name: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
        bytes[512..512 + name.len()].copy_from_slice(&name);
        bytes[512 + FIRST_SECTOR] = 1;
        bytes.extend_from_slice(records);
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(&bytes).unwrap();
        refusal(&file)
    }

    #[test]
    fn an_encrypted_package_is_told_from_an_old_workbook() {
        assert_eq!(compound("EncryptedPackage", &[]).code, Code::FileEncrypted);
        let plain = [0x09, 0x08, 2, 0, 0, 6, 0x85, 0, 0, 0, 0x2F, 0, 0, 0];
        assert_eq!(compound("Workbook", &plain).code, Code::FileUnsupported);
        let locked = [0x09, 0x08, 2, 0, 0, 6, 0x2F, 0, 0, 0];
        assert_eq!(compound("Workbook", &locked).code, Code::FileEncrypted);
        assert_eq!(compound("WordDocument", &[]).code, Code::FileUnsupported);
    }
}
