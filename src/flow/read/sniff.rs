//! What a file is, by its first bytes: a name can say anything.
//! Zips and compound files have more than one meaning; `archive` and `compound` look further.

use encoding_rs::{Encoding, UTF_16BE, UTF_16LE};

use crate::domain::refusal::Why;

/// As much of a file as is looked at.
pub(super) const HEAD: u64 = 8192;

/// What the first bytes are of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Zip,
    /// An OLE compound file: an old or an encrypted workbook, or another old document.
    Compound,
    Text,
    /// Text that cannot be decoded with certainty; the encoding is named.
    Encoded(&'static str),
    /// Known, and not read.
    Foreign(Why),
    Binary,
}

/// Signatures of what is dropped by mistake.
const FOREIGN: &[(&[u8], Why)] = &[
    (b"%PDF", Why::Pdf),
    (b"\x89PNG", Why::Picture),
    (b"\xFF\xD8\xFF", Why::Picture),
    (b"GIF8", Why::Picture),
    (b"II*\0", Why::Picture),
    (b"MM\0*", Why::Picture),
    (b"RIFF", Why::Media),
    (b"{\\rtf", Why::Document),
    (b"\x7FELF", Why::Program),
    (b"MZ\x90\0", Why::Program),
    (b"7z\xBC\xAF", Why::Archive),
    (b"Rar!", Why::Archive),
    (b"\x1F\x8B", Why::Archive),
    (b"\0\0\x1A\0", Why::Lotus),
    (b"\x09\0\x04\0", Why::OldExcel),
    (b"\x09\x02\x06\0", Why::OldExcel),
    (b"\x09\x04\x06\0", Why::OldExcel),
    (b"\x09\x08\x08\0", Why::BareExcel),
    (b"\x09\x08\x10\0", Why::BareExcel),
];

/// Fields that nothing but a mail begins with, and those that stand beside them.
const OF_MAILS: [&str; 8] = [
    "received",
    "return-path",
    "delivered-to",
    "message-id",
    "mime-version",
    "content-type",
    "auto-submitted",
    "x-failed-recipients",
];
const OF_LETTERS: [&str; 4] = ["from", "to", "subject", "date"];

pub(super) fn look(head: &[u8]) -> Kind {
    let foreign = FOREIGN.iter().find(|(signature, _)| head.starts_with(signature));
    if let Some((_, why)) = foreign {
        Kind::Foreign(*why)
    } else if head.starts_with(b"PK\x03\x04") || head.starts_with(b"PK\x05\x06") {
        Kind::Zip
    } else if head.starts_with(b"\xD0\xCF\x11\xE0") {
        Kind::Compound
    } else if head.starts_with(b"\xFF\xFE\0\0") || head.starts_with(b"\0\0\xFE\xFF") {
        Kind::Encoded("UTF-32")
    } else if is_mail(head) {
        Kind::Foreign(Why::Mail)
    } else if !is_wide(head) && is_binary(head) {
        Kind::Binary
    } else {
        Kind::Text
    }
}

/// A header of a mail. A statement may begin with `From: 01/11/2026`, too.
fn is_mail(head: &[u8]) -> bool {
    let text = String::from_utf8_lossy(head);
    let text = text.trim_start_matches('\u{feff}').trim_start();
    // Mail boxes put a line of their own before it.
    let lines = text.lines().skip_while(|line| line.starts_with("From "));
    let fields = lines.take_while(|line| !line.trim().is_empty());
    let names = fields.filter(|line| !line.starts_with([' ', '\t']));
    let names = names.map_while(|line| Some(line.split_once(':')?.0.trim().to_lowercase()));
    let names: Vec<String> = names.collect();
    let is_among = |all: &[&str]| names.iter().filter(|it| all.contains(&it.as_str())).count();
    let of_mails = is_among(&OF_MAILS);
    of_mails > 0 && of_mails + is_among(&OF_LETTERS) > 1
}

/// Markup and other things that are text, but no delimited table.
pub(super) fn foreign_text(text: &str) -> Option<Why> {
    let start: String = text.trim_start().chars().take(400).collect::<String>().to_lowercase();
    let is_html = ["<!doctype html", "<html", "<table", "<head", "<body", "<meta"];
    if is_html.iter().any(|tag| start.starts_with(tag)) {
        return Some(Why::Html);
    }
    if start.starts_with("<?xml") || start.starts_with("<workbook") {
        let is_excel = start.contains("excel.sheet") || start.contains("office:spreadsheet");
        return Some(if is_excel { Why::ExcelXml } else { Why::Xml });
    }
    let mut lines = start.lines().map(str::trim);
    let is_dif = lines.next() == Some("table") && lines.next() == Some("0,1");
    is_dif.then_some(Why::Dif)
}

fn is_wide(head: &[u8]) -> bool {
    head.starts_with(b"\xFF\xFE") || head.starts_with(b"\xFE\xFF") || bare_utf16(head).is_some()
}

/// UTF-16 without a mark: Latin text in it has a NUL in every other place, and hardly any elsewhere.
pub(super) fn bare_utf16(head: &[u8]) -> Option<&'static Encoding> {
    let nuls = |first: usize| head.iter().skip(first).step_by(2).filter(|b| **b == 0).count();
    let (even, odd) = (nuls(0), nuls(1));
    let is_wide = even.min(odd) * 8 < even.max(odd) && even.max(odd) * 4 > head.len();
    // A lone NUL is no letter.
    let is_wide = is_wide && head.len() > 1;
    is_wide.then_some(if odd > even { UTF_16LE } else { UTF_16BE })
}

/// More than one byte in ten that no text has, or a NUL where not even the encoding is right.
fn is_binary(head: &[u8]) -> bool {
    let is_control = |b: &&u8| **b < b' ' && !matches!(**b, b'\t' | b'\n' | b'\r' | b'\x0C');
    let is_utf8 =
        || std::str::from_utf8(head).map_or_else(|error| error.error_len().is_none(), |_| true);
    head.iter().filter(is_control).count() * 10 > head.len() || (head.contains(&0) && !is_utf8())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_dropped_by_mistake_is_named() {
        assert_eq!(look(b"%PDF-1.7"), Kind::Foreign(Why::Pdf));
        assert_eq!(look(b"\x89PNG\r\n"), Kind::Foreign(Why::Picture));
        let mail = b"Return-Path: <>\r\nReceived: from a\r\n by b\r\nSubject: Tr\xE1\xBA\xA3\r\n\r\nx,y\r\n";
        assert_eq!(look(mail), Kind::Foreign(Why::Mail));
        assert_eq!(look(b"From: 01/11/2026\nTo: 30/11/2026\nDate;Credit\n"), Kind::Text);
        assert_eq!(look(b"Content-Type,Name\nReceived: 5,A\n"), Kind::Text);
        assert_eq!(foreign_text("\n <!DOCTYPE HTML><table>"), Some(Why::Html));
        assert_eq!(foreign_text("<?xml version='1.0'?><a/>"), Some(Why::Xml));
        let excel = "<?xml version=\"1.0\"?><?mso-application progid=\"Excel.Sheet\"?>";
        assert_eq!(foreign_text(excel), Some(Why::ExcelXml));
        assert_eq!(foreign_text("TABLE\r\n0,1\r\n\"EXCEL\""), Some(Why::Dif));
    }

    #[test]
    fn bytes_that_no_text_has_make_a_binary() {
        assert_eq!(look(b"\x01\x02\0\0\0\x03abc"), Kind::Binary);
        assert_eq!(look(b"BM\xB6\x9C abcdefghijklm\0\xFFnopqrstuvwxyz"), Kind::Binary);
        assert_eq!(look(b"Name,MST\nA,\x000101243150\n"), Kind::Text);
        assert_eq!(look("Tên;MST\r\nCông ty A;1".as_bytes()), Kind::Text);
    }

    #[test]
    fn wide_text_is_known_by_its_mark_or_its_nuls() {
        assert_eq!(look(b"\xFF\xFEa\0"), Kind::Text);
        assert_eq!(look(b"\xFF\xFE\0\0a\0\0\0"), Kind::Encoded("UTF-32"));
        assert_eq!(look(b"a\0,\0b\0"), Kind::Text);
        assert_eq!(bare_utf16(b"a\0,\0b\0"), Some(UTF_16LE));
        assert_eq!(bare_utf16(b"\0a\0,\0b"), Some(UTF_16BE));
        assert_eq!(bare_utf16(b"a,b"), None);
    }
}
