//! What becomes of the reading process's lines and of its end. Real files are read in `tests/it`.

use std::{collections::BTreeMap, io::Cursor, os::unix::process::ExitStatusExt};

use super::*;

use crate::domain::{finding::Code, sheet::Layout};

fn sheet(name: &str) -> Line {
    Line::Sheet { name: name.to_owned(), visible: true, layout: Layout::default() }
}

fn row(number: u32, text: &str) -> Line {
    Line::Row(Row { number, cells: vec![Cell::Text(text.to_owned())] })
}

fn done() -> Line {
    Line::Done { defined_names: Vec::new(), properties: BTreeMap::new() }
}

fn said(lines: &[Line]) -> Vec<u8> {
    let mut said = Vec::new();
    for line in lines {
        line.write(&mut said).unwrap();
    }
    said
}

fn heard(said: Vec<u8>, limits: &Limits) -> Result<Option<Document>, Unread> {
    document(&mut Lines::new(Cursor::new(said)), Container::Xls, limits)
}

fn code(unread: Unread) -> Code {
    match unread {
        Unread::Refused(refusal) => refusal.code(),
        Unread::Failed(error) => panic!("{error:#}"),
    }
}

#[test]
fn rows_belong_to_the_sheet_before_them() {
    let lines = [sheet("A"), row(2, "a"), row(9, "b"), sheet("B"), done()];
    let document = heard(said(&lines), &Limits::default()).unwrap().unwrap();
    assert_eq!(document.format, Format::of("xls"));
    let rows = |sheet: &Sheet| sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>();
    let sheets: Vec<_> = document.sheets.iter().map(|s| (s.name.as_str(), rows(s))).collect();
    assert_eq!(sheets, [("A", vec![2, 9]), ("B", vec![])]);
}

#[test]
fn without_its_last_line_nothing_is_believed() {
    let whole = said(&[sheet("A"), row(1, "a"), done()]);
    for cut in [0, 10, whole.len() - 1] {
        assert_eq!(heard(whole[..cut].to_vec(), &Limits::default()).unwrap(), None, "at {cut}");
    }
    assert!(matches!(heard(b"Usage:\n".to_vec(), &Limits::default()), Err(Unread::Failed(_))));
}

#[test]
fn the_limits_hold_for_what_is_told() {
    let few = Limits { max_rows: 1, ..Limits::default() };
    let refused = heard(said(&[sheet("A"), row(1, "a"), row(2, "b"), done()]), &few).unwrap_err();
    assert!(matches!(&refused, Unread::Refused(refusal) if refusal.sheet.as_deref() == Some("A")));
    assert_eq!(code(refused), Code::FileTooLarge);
    let short = Limits { max_cell_chars: 3, ..Limits::default() };
    let document = heard(said(&[sheet("A"), row(1, "đđđđđđ"), done()]), &short).unwrap().unwrap();
    assert_eq!(document.sheets[0].rows[0].cells, [Cell::Text("đđđđ".to_owned())]);
    let endless = vec![b' '; 17 << 20];
    assert_eq!(code(heard(endless, &Limits::default()).unwrap_err()), Code::FileTooLarge);
}

#[test]
fn a_refusal_is_passed_on() {
    let line =
        Line::Refused { why: Why::Password, values: BTreeMap::new(), sheet: Some("B".to_owned()) };
    let Err(Unread::Refused(refusal)) = heard(said(&[line]), &Limits::default()) else { panic!() };
    assert_eq!((refusal.why, refusal.sheet.as_deref()), (Why::Password, Some("B")));
}

#[test]
fn an_end_by_lack_of_memory_or_time_is_a_file_too_large() {
    for killed in [6, 9, 11, 24] {
        assert_eq!(code(silenced(ExitStatus::from_raw(killed))), Code::FileTooLarge, "{killed}");
    }
    assert_eq!(code(silenced(ExitStatus::from_raw(child::LATE << 8))), Code::FileTooLarge);
}

#[test]
fn an_end_from_outside_says_nothing_of_the_file() {
    for ended in [SIGHUP, SIGINT, SIGTERM, 2 << 8, 0] {
        assert!(matches!(silenced(ExitStatus::from_raw(ended)), Unread::Failed(_)), "{ended}");
    }
}

#[test]
fn a_program_that_is_not_there_says_nothing_of_the_file() {
    let reader = Reader {
        limits: Limits::default(),
        program: Path::new("/nowhere/hangloat"),
        is_list: &|_| true,
    };
    let file = tempfile::tempfile().unwrap();
    assert!(matches!(read(file, Container::Ods, &reader), Err(Unread::Failed(_))));
}

#[test]
fn a_file_over_its_own_limit_is_not_even_tried() {
    let limits = Limits { max_unstreamed_bytes: 3, ..Limits::default() };
    let reader = Reader { limits, program: Path::new("/nowhere/hangloat"), is_list: &|_| true };
    let file = tempfile::tempfile().unwrap();
    file.set_len(4).unwrap();
    let refused = read(file, Container::Xlsb, &reader).unwrap_err();
    assert_eq!(code(refused), Code::FileTooLarge);
}
