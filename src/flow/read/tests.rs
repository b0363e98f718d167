//! Files as they lie in a folder: told apart by content, refused with a code.
//! What is in them is tested beside each reader.

use std::path::PathBuf;

use super::*;
use crate::domain::finding::Code;

/// Nothing here needs a process of its own.
fn read(path: &Path, limits: &Limits) -> Result<Document, Refusal> {
    let reader =
        Reader { limits: limits.clone(), program: Path::new("/nowhere"), is_list: &|_| true };
    super::read(path, &reader).map_err(|unread| match unread {
        Unread::Refused(refusal) => refusal,
        Unread::Failed(error) => panic!("{error:#}"),
    })
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Folder {
        Folder(tempfile::tempdir().unwrap())
    }

    fn with(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        fs_err::write(&path, bytes).unwrap();
        path
    }

    fn code(&self, bytes: &[u8]) -> Code {
        read(&self.with("a.xlsx", bytes), &Limits::default()).unwrap_err().code()
    }
}

fn workbook() -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    workbook.add_worksheet().write(0, 0, "MST").unwrap();
    workbook.save_to_buffer().unwrap()
}

#[test]
fn a_file_is_what_its_bytes_are_not_what_its_name_says() {
    let folder = Folder::new();
    let document = read(&folder.with("a.csv", &workbook()), &Limits::default()).unwrap();
    assert_eq!(document.format, Format::of("xlsx"));
    let text = folder.with("Danh sách.xlsx", "Tên;MST\nA;1\n".as_bytes());
    let document = read(&text, &Limits::default()).unwrap();
    assert_eq!(document.format.container, "csv");
    assert_eq!(document.sheets[0].name, "Danh sách");
}

#[test]
fn each_kind_of_refusal_has_its_code() {
    let folder = Folder::new();
    assert_eq!(folder.code(b""), Code::FileEmpty);
    assert_eq!(folder.code(b" \r\n"), Code::FileEmpty);
    assert_eq!(folder.code(b"\x01\0\0\0\x02\x03ab"), Code::FileNotATable);
    assert_eq!(folder.code(b"%PDF-1.7\n"), Code::FileUnsupported);
    assert_eq!(folder.code(b"<html><table></table></html>"), Code::FileUnsupported);
    assert_eq!(folder.code(b"\xFF\xFE\0\0a\0\0\0"), Code::FileEncoding);
    assert_eq!(folder.code(&workbook()[..900]), Code::FileUnreadable);
    assert_eq!(folder.code(b"\xD0\xCF\x11\xE0"), Code::FileUnreadable);
}

#[test]
fn a_folder_is_unreadable_and_what_is_not_there_says_nothing_of_a_file() {
    let folder = Folder::new();
    let refusal = read(folder.0.path(), &Limits::default()).unwrap_err();
    assert_eq!(refusal.code(), Code::FileUnreadable, "{refusal}");
    let reader =
        Reader { limits: Limits::default(), program: Path::new("/nowhere"), is_list: &|_| true };
    let gone = super::read(&folder.0.path().join("nothing"), &reader);
    assert!(matches!(gone, Err(Unread::Failed(_))));
}

#[test]
fn a_file_over_the_limit_is_not_opened_further() {
    let limits = Limits { max_file_bytes: 3, ..Limits::default() };
    let refusal = read(&Folder::new().with("a.csv", b"abcd"), &limits).unwrap_err();
    assert_eq!(refusal.code(), Code::FileTooLarge);
}

#[test]
fn a_part_larger_than_it_declares_is_not_unpacked() {
    let mut bytes = {
        let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
        let options = zip::write::SimpleFileOptions::default();
        zip.start_file("_rels/.rels", options).unwrap();
        zip.start_file("xl/workbook.xml", options).unwrap();
        zip.start_file("xl/sharedStrings.xml", options).unwrap();
        std::io::Write::write_all(&mut zip, &vec![b' '; 8 << 20]).unwrap();
        zip.finish().unwrap().into_inner()
    };
    let declared = (8_u32 << 20).to_le_bytes();
    while let Some(at) = bytes.windows(4).position(|four| four == declared) {
        bytes[at..at + 4].copy_from_slice(&9_u32.to_le_bytes());
    }
    assert_eq!(Folder::new().code(&bytes), Code::FileUnreadable);
}
