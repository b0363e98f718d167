//! Texts by hand: encodings, separators, quotes, and the line each record starts on.
//! Which separator is found for what is tested beside `delimiter`.

use std::io::Write;

use std::path::Path;

use super::*;
use crate::domain::finding::Code;
use crate::flow::read::{Cell, Limits};

fn read_with(bytes: &[u8], limits: &Limits) -> Result<Document, Refusal> {
    let mut file = tempfile::tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let (limits, program) = (limits.clone(), Path::new("/nowhere"));
    let reader = Reader { limits, program, is_list: &|_| true };
    read(&file, "danh-sach", &reader).map_err(Unread::refusal)
}

fn document(bytes: &[u8]) -> Result<Document, Refusal> {
    read_with(bytes, &Limits::default())
}

/// Each row as its number and its texts.
fn rows(text: &str) -> Vec<(u32, Vec<String>)> {
    let mut document = document(text.as_bytes()).unwrap();
    let texts = |cells: &[Cell]| cells.iter().map(|cell| cell.text().into_owned()).collect();
    let rows = document.sheets.remove(0).rows;
    rows.iter().map(|row| (row.number, texts(&row.cells))).collect()
}

fn numbers(text: &str) -> Vec<u32> {
    rows(text).iter().map(|row| row.0).collect()
}

fn format(bytes: &[u8]) -> (String, Option<String>) {
    let format = document(bytes).unwrap().format;
    (format.encoding.unwrap(), format.delimiter)
}

fn utf16(text: &str, order: fn(u16) -> [u8; 2]) -> Vec<u8> {
    ['\u{feff}']
        .into_iter()
        .chain(text.chars())
        .collect::<String>()
        .encode_utf16()
        .flat_map(order)
        .collect()
}

#[test]
fn a_record_has_the_number_of_the_line_it_starts_on() {
    for end in ["\n", "\r\n", "\r"] {
        let lines = |text: &str| numbers(&text.replace('\n', end));
        assert_eq!(lines("a,b\nc,d\ne,f"), [1, 2, 3], "{end:?}");
        assert_eq!(lines("\n\na,b\n\n\nc,d\n"), [3, 6], "{end:?}");
        assert_eq!(lines("a,b\n\"c\nc\",d\n\ne,\"f\n\nf\"\ng,h\n"), [1, 2, 5, 8], "{end:?}");
        assert_eq!(lines("a,b\n,\n  ,\nc,d\n"), [1, 4], "{end:?}");
        assert_eq!(lines("sep=;\na;b\nc;d\n"), [2, 3], "{end:?}");
    }
    assert_eq!(numbers("\u{feff}a,b\r\nc,d\n\re,f"), [1, 2, 4]);
}

#[test]
fn every_field_is_a_text_as_it_stands() {
    let found = rows("Tên;MST;Số\n\"Công ty \"\"A\"\"; B\";0101243150; 1,5 \n");
    assert_eq!(found[1].1, ["Công ty \"A\"; B", "0101243150", " 1,5 "]);
}

#[test]
fn records_need_not_be_of_one_length() {
    assert_eq!(
        rows("a,b,c\n1\n1,2,3,4\n,,\n")[1..],
        [(2, vec!["1".to_owned()]), (3, ["1", "2", "3", "4"].map(str::to_owned).to_vec()),]
    );
}

#[test]
fn a_text_of_one_column_is_a_table() {
    let found = rows("Tên\nCông ty A, chi nhánh\nCông ty B\nCông ty C\n");
    assert_eq!(found[1], (2, vec!["Công ty A, chi nhánh".to_owned()]));
    assert_eq!(format(b"MST\n0101243150\n"), ("UTF-8".to_owned(), None));
}

#[test]
fn the_encoding_is_told_by_its_mark() {
    let text = "Tên\tMST\r\nCông ty Ấn Độ\t1\r\n";
    let tab = Some("\t".to_owned());
    for (bytes, name) in [
        (text.as_bytes().to_vec(), "UTF-8"),
        ([b"\xEF\xBB\xBF", text.as_bytes()].concat(), "UTF-8"),
        (utf16(text, u16::to_le_bytes), "UTF-16LE"),
        (utf16(text, u16::to_be_bytes), "UTF-16BE"),
    ] {
        assert_eq!(format(&bytes), (name.to_owned(), tab.clone()));
        let sheet = document(&bytes).unwrap().sheets.remove(0);
        assert_eq!((sheet.name.as_str(), sheet.visible), ("danh-sach", true));
        assert_eq!(sheet.rows[0].cells[0].text(), "Tên");
        assert_eq!(sheet.rows[1].cells[0].text(), "Công ty Ấn Độ");
    }
}

/// Each character as the byte of its number.
fn bytes(text: &str) -> Vec<u8> {
    text.chars().map(|c| u8::try_from(u32::from(c)).unwrap()).collect()
}

fn first_cell(text: &[u8]) -> (String, String) {
    let document = document(text).unwrap();
    let cell = document.sheets[0].rows[0].cells[0].text().into_owned();
    (document.format.encoding.unwrap(), cell)
}

#[test]
fn wide_text_needs_no_mark() {
    for order in [u16::to_le_bytes, u16::to_be_bytes] {
        let text = &utf16("Công ty Ấn Độ;MST;Gói\r\nA;1;2\r\n", order)[2..];
        assert_eq!(first_cell(text).1, "Công ty Ấn Độ");
    }
}

#[test]
fn vietnamese_in_windows_1258_is_composed() {
    let text = bytes(
        "Ng\u{fd}\u{f5}\u{cc}i \u{f0}a\u{f2}i di\u{ea}\u{f2}n pha\u{ec}p lu\u{e2}\u{f2}t;MST\r\nA;1\r\n",
    );
    assert_eq!(
        first_cell(&text),
        ("windows-1258".to_owned(), "Người đại diện pháp luật".to_owned())
    );
}

#[test]
fn bytes_of_old_vietnamese_fonts_are_kept_as_a_workbook_would_have_them() {
    for old in ["Ng\u{AD}êi ®¹i diÖn ph¸p luËt", "Ngöôøi ñaïi dieän phaùp luaät"] {
        let text = bytes(&format!("{old};MST\r\nA;1\r\n"));
        assert_eq!(first_cell(&text), ("windows-1252".to_owned(), old.to_owned()));
    }
    let western = bytes("Müller und Söhne, España;MST\nA;1\n");
    assert_eq!(first_cell(&western).1, "Müller und Söhne, España");
}

#[test]
fn what_cannot_be_decoded_with_certainty_is_refused_with_its_line() {
    let mixed =
        [b"Ten,MST\r\n".as_slice(), "Công ty Hòa Bình,".as_bytes(), b"C\xD4NG,1\r\n"].concat();
    let undefined = b"Ten,MST\r\nC\xD4NG \x81,1\r\n".to_vec();
    let marked = b"\xEF\xBB\xBFTen,MST\r\nC\xD4NG,1\r\n".to_vec();
    for bytes in [mixed, undefined, marked] {
        let refusal = document(&bytes).unwrap_err();
        assert_eq!((refusal.why, &*refusal.values["line"]), (Why::Mixed, "2"));
    }
    let mut odd = utf16("a;b", u16::to_le_bytes);
    odd.push(b'c');
    assert_eq!(document(&odd).unwrap_err().code(), Code::FileEncoding);
}

#[test]
fn a_record_without_an_end_is_refused_where_it_begins() {
    for piece in [",", "\"", "a"] {
        let text = format!("a,b\nc,d\n{}", piece.repeat(MAX_RECORD * 2));
        let refusal = document(text.as_bytes()).unwrap_err();
        assert_eq!((refusal.why, &*refusal.values["line"]), (Why::EndlessRecord, "2"));
    }
}

#[test]
fn a_text_without_content_is_empty() {
    for text in ["", " \r\n\t\n", "\u{feff}", ",,,\n,,\n", "sep=;\n"] {
        assert_eq!(document(text.as_bytes()).unwrap_err().code(), Code::FileEmpty, "{text:?}");
    }
}

#[test]
fn a_quote_that_is_never_closed_is_refused_where_it_opens() {
    let rest = "a,b\n".repeat(150);
    for text in [
        format!("a,b\nc,\"d\ne\",\"f\n{rest}"),
        format!("a,b\nc,\"d\ne\",\"f\n{rest}\"g\",h\n"),
        "a,b\nc,\"d\ne\",\"f\ng,h\n".to_owned(),
    ] {
        let refusal = document(text.as_bytes()).unwrap_err();
        assert_eq!((refusal.why, &*refusal.values["line"]), (Why::OpenQuote, "3"));
    }
    assert_eq!(numbers("a,b\nc,\"d\ne\"\n"), [1, 2]);
    assert_eq!(numbers("a,b\nc,5\" pipe\n"), [1, 2]);
}

#[test]
fn too_much_is_refused() {
    let refused = |text: &str, limits: Limits| read_with(text.as_bytes(), &limits).unwrap_err();
    let rows = Limits { max_rows: 2, ..Limits::default() };
    let refusal = refused("a\nb\n\nc\n", rows);
    assert_eq!((refusal.why, &*refusal.values["row"]), (Why::Rows, "4"));
    let columns = Limits { max_columns: 2, ..Limits::default() };
    let refusal = refused("a,b\nc,d,e\n", columns);
    assert_eq!((refusal.why, &*refusal.values["cell"]), (Why::Columns, "C2"));
    assert_eq!(refusal.format.unwrap().delimiter.as_deref(), Some(","));
}

#[test]
fn a_file_that_grew_over_its_limit_is_refused_and_never_cut() {
    let utf16: Vec<u8> = "\u{FEFF}a,b\n1,2\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
    for (bytes, most) in [(&b"a,b\n1,2\n"[..], 7), (&utf16[..], 17)] {
        let limits = |max_file_bytes| Limits { max_file_bytes, ..Limits::default() };
        assert_eq!(read_with(bytes, &limits(most)).unwrap_err().code(), Code::FileTooLarge);
        assert!(read_with(bytes, &limits(most + 1)).is_ok());
    }
}

#[test]
fn letters_that_became_question_marks_refuse_the_file_and_questions_do_not() {
    let lost = "Ten;MST\nCong ty TNHH Th??ng m?i V? D?;0100109106\n?? V?n Th?;1\n";
    let refusal = document(lost.as_bytes()).unwrap_err();
    assert_eq!(refusal.why, Why::LettersLost);
    assert_eq!((&*refusal.values["line"], &*refusal.values["word"]), ("2", "Th??ng"));
    for kept in [
        "Tên;Ghi chú\nAn;Đã ký?\nBình;Ai trả? Khi nào?\nChi;??\nDũng;?\n",
        "a;b\nwho?;x\nwhy?;y\nwhat?;z\n",
    ] {
        assert!(document(kept.as_bytes()).is_ok(), "{kept}");
    }
}
