//! What holds for any list, whatever stands in it: generated sheets and files.
//! What is said of a given cell is tested beside it.

use std::io::Write;

use hangloat::{
    db::rows::RowKind,
    domain::sheet::Merge,
    flow::read::{self, Document, Limits, Reader, Unread},
};
use proptest::{collection::vec, prelude::*, sample::select};
use rust_xlsxwriter::Workbook;

use super::*;

const HEADERS: &[&str] = &[
    "STT",
    "Mã số thuế",
    "MST/CCCD",
    "Tên khách hàng",
    "Email",
    "SĐT",
    "Loại hình",
    "Gói",
    "Năm tài chính",
    "Thuế GTGT",
    "Chế độ kế toán",
    "Ngày bắt đầu hạch toán",
    "Ghi chú",
    "Ngành nghề",
    "Ghi chú / Mã khách hàng",
    "M· sè thuÕ",
];
const WORDS: &[&str] = &[
    "",
    " ",
    "-",
    "x",
    "0101243150",
    "101243150",
    "079180000001",
    "1.00112E+11",
    "Công ty Hòa Bình",
    "C«ng ty Hßa B×nh",
    "Coâng ty",
    "CÃ´ng ty",
    "a@b.example",
    "0912345678",
    "0912345678 / 0987654321",
    "Doanh nghiệp",
    "HKD",
    "ASP-DN",
    "ASP-HKD",
    "2026",
    "Khấu trừ",
    "TT133",
    "01/02/2026",
    "13/13/2026",
    "Tổng cộng",
    "Ghi chú: xem sau",
    "(1)",
    "Mã số thuế",
    "\u{ad}\u{200b}",
    "a\u{1}b",
    "=1+1",
    "🧋",
];

fn config() -> ProptestConfig {
    ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(96) }
}

fn any_cell() -> impl Strategy<Value = Cell> {
    let formats = select(vec![None, Some("0000000000"), Some("000000000000"), Some("0#########")]);
    let days = (0..200_000_i64).prop_map(|days| day("1900-01-01") + chrono::Duration::days(days));
    prop_oneof![
        4 => select(WORDS).prop_map(text),
        2 => select(HEADERS).prop_map(text),
        1 => any::<String>().prop_map(|any| text(&any)),
        1 => (any::<f64>().prop_filter("finite", |value| value.is_finite()), formats.clone())
            .prop_map(|(value, format)| Cell::Number { value, format: format.map(str::to_owned) }),
        1 => (0..1_000_000_000_000_u64, formats).prop_map(|(value, format)| {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            let value = value as f64;
            Cell::Number { value, format: format.map(str::to_owned) }
        }),
        1 => days.prop_map(|day| Cell::Date(day.into())),
        1 => any::<bool>().prop_map(Cell::Bool),
        1 => Just(Cell::Error("#N/A".to_owned())),
        1 => Just(Cell::NoValue),
        3 => Just(Cell::Empty),
    ]
}

/// Rows that hold something, as a reader gives them; their numbers grow by any steps.
fn numbered(rows: Vec<(u32, Vec<Cell>)>) -> Vec<Row> {
    let mut number = 0;
    let mut numbered = Vec::new();
    for (step, mut cells) in rows {
        number += step;
        let width = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
        cells.truncate(width);
        if width > 0 {
            numbered.push(Row { number, cells });
        }
    }
    numbered
}

fn any_layout() -> impl Strategy<Value = Layout> {
    let merge = (1..40_u32, 0..5_u32, 0..12_u32, 0..3_u32).prop_map(|(row, high, column, wide)| {
        let (first_row, first_column) = (row, column);
        Merge { first_row, last_row: row + high, first_column, last_column: column + wide }
    });
    let hidden = (1..20_u32, 0..3_u32).prop_map(|(first, more)| vec![(first, first + more)]);
    (prop_oneof![Just(Vec::new()), hidden], vec(merge, 0..3), any::<bool>())
        .prop_map(|(hidden, merges, from_1904)| Layout { hidden, merges, from_1904 })
}

fn any_sheet() -> impl Strategy<Value = Sheet> {
    let rows = vec((1..4_u32, vec(any_cell(), 0..14)), 0..20);
    let header = vec(select(HEADERS), 3..12);
    (rows, header, 0..6_usize, any_layout(), any::<bool>()).prop_map(
        |(mut rows, header, at, layout, visible)| {
            rows.insert(at.min(rows.len()), (1, header.into_iter().map(text).collect()));
            Sheet { name: "DS".to_owned(), visible, rows: numbered(rows), layout }
        },
    )
}

/// Each row of a sheet keeps its number, and each client among them ends in one state.
fn hold(before: &[Sheet], said: &Said) -> Result<(), TestCaseError> {
    let mut clients = Vec::new();
    for table in &said.mapped.tables {
        let sheet = before.iter().find(|sheet| sheet.name == table.name).unwrap();
        let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
        prop_assert_eq!(&numbers, &sheet.rows.iter().map(|row| row.number).collect::<Vec<_>>());
        let data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
        clients.extend(data.map(|row| (table.sheet, row.number)));
    }
    let verdicts = &said.checked.verdicts;
    prop_assert_eq!(&clients, &verdicts.iter().map(|it| (it.sheet, it.row)).collect::<Vec<_>>());
    for verdict in verdicts {
        let is_taken = matches!(verdict.state, RowState::Accepted | RowState::Unchanged);
        prop_assert!(!is_taken || (verdict.client.is_some() && !said.checked.is_refused));
    }
    for finding in said.all() {
        let Some(row) = finding.place.row else { continue };
        let is_there = |sheet: &Sheet| sheet.rows.iter().any(|known| known.number == row);
        prop_assert!(before.iter().any(is_there), "{finding:?}");
    }
    Ok(())
}

/// A state of a row is what its findings say.
fn agree(said: &Said) -> Result<(), TestCaseError> {
    let of_all = |severity| {
        said.all().any(|finding| finding.place.row.is_none() && finding.severity == severity)
    };
    for verdict in &said.checked.verdicts {
        let has = |severity| {
            said.all().any(|it| it.place.row == Some(verdict.row) && it.severity == severity)
        };
        let expected = if has(Severity::Error) || of_all(Severity::Error) {
            RowState::Rejected
        } else if has(Severity::Hold) || of_all(Severity::Hold) {
            RowState::Held
        } else {
            RowState::Accepted
        };
        prop_assert_eq!(verdict.state, expected, "row {}", verdict.row);
    }
    Ok(())
}

fn read_bytes(bytes: &[u8], suffix: &str) -> Result<Document, Unread> {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    let program = Path::new(env!("CARGO_BIN_EXE_hangloat"));
    read::read(file.path(), &Reader { limits: Limits::default(), program, is_list: &|_| true })
}

/// As a spreadsheet writes a field.
fn quoted(field: &str) -> String {
    format!("\"{}\"", field.replace('"', "\"\""))
}

/// A cell that a workbook can hold and give back as it is.
fn plain_cell() -> impl Strategy<Value = Cell> {
    prop_oneof![
        "[a-zđạếưỷ0-9 .,;\"'\n]{0,12}[a-zđạếưỷ]".prop_map(Cell::Text),
        (-1_000_000_000_000_i64..1_000_000_000_000).prop_map(|value| {
            #[expect(clippy::cast_precision_loss, reason = "below 2^53")]
            number(value as f64)
        }),
        any::<bool>().prop_map(Cell::Bool),
        Just(Cell::Empty),
    ]
}

fn workbook_of(rows: &[Row]) -> Vec<u8> {
    let mut workbook = Workbook::new();
    let sheet = workbook.add_worksheet();
    for row in rows {
        for (column, cell) in (0_u16..).zip(&row.cells) {
            let at = row.number - 1;
            match cell {
                Cell::Text(text) => sheet.write_string(at, column, text).unwrap(),
                Cell::Number { value, .. } => sheet.write_number(at, column, *value).unwrap(),
                Cell::Bool(value) => sheet.write_boolean(at, column, *value).unwrap(),
                _ => continue,
            };
        }
    }
    workbook.save_to_buffer().unwrap()
}

proptest! {
    #![proptest_config(config())]

    #[test]
    fn every_client_row_of_any_sheet_ends_in_one_state(
        sheet in any_sheet(),
        from_csv in any::<bool>(),
    ) {
        let before = vec![sheet];
        let said = World { from_csv, ..World::default() }.sheets(before.clone());
        hold(&before, &said)?;
        agree(&said)?;
    }

    #[test]
    fn rows_of_several_lists_are_judged_apart(first in any_sheet(), second in any_sheet()) {
        let before = vec![first, Sheet { name: "DS 2".to_owned(), ..second }];
        let said = World::default().sheets(before.clone());
        hold(&before, &said)?;
    }

    #[test]
    fn no_client_is_lost_wherever_the_list_begins(
        above in vec(prop_oneof![Just(""), Just("DANH SÁCH"), Just("Kính gửi: anh Bình")], 0..8),
        gaps in vec(1..5_u32, 1..12),
        left in 0..5_usize,
    ) {
        let mut rows: Vec<(u32, Vec<Cell>)> = above.iter().map(|title| (1, vec![text(title)])).collect();
        let indented = |cells: Vec<Cell>| [vec![Cell::Empty; left], cells].concat();
        let mut list = list(&(1..).zip(&gaps).map(|(n, _)| enterprise(n)).collect::<Vec<_>>()).rows.into_iter();
        rows.push((1, indented(list.next().unwrap().cells)));
        rows.extend(list.zip(&gaps).map(|(row, gap)| (*gap, indented(row.cells))));
        let sheet = Sheet { name: "DS".to_owned(), visible: true, rows: numbered(rows), layout: Layout::default() };
        let expected: Vec<u32> = sheet.rows.iter().map(|row| row.number).rev().take(gaps.len()).collect();
        let said = World::default().sheets(vec![sheet]);
        prop_assert!(said.is_clean(), "{:?}", said.names());
        let judged: Vec<u32> = said.checked.verdicts.iter().rev().map(|it| it.row).collect();
        prop_assert_eq!(judged, expected);
    }

    #[test]
    fn a_workbook_gives_back_each_cell_where_it_stood(
        rows in vec((1..50_u32, vec(plain_cell(), 0..10)), 1..15),
    ) {
        let rows = numbered(rows);
        prop_assume!(!rows.is_empty());
        let document = read_bytes(&workbook_of(&rows), ".xlsx").unwrap();
        prop_assert_eq!(&document.sheets[0].rows, &rows);
    }

    #[test]
    fn a_record_of_a_csv_has_the_line_on_which_it_starts(
        rows in vec((0..3_usize, vec("[a-zđạếưỷ0-9 ,;|\"\n]{0,8}[a-zđạế]", 3)), 3..12),
        delimiter in select(vec![",", ";", "\t", "|"]),
        end in select(vec!["\n", "\r\n", "\r"]),
    ) {
        // The first line declares the separator: what is found without it is tested where it is found.
        let (mut file, mut line, mut expected) = (format!("sep={delimiter}{end}"), 2, Vec::new());
        for (blank, fields) in rows {
            file.push_str(&end.repeat(blank));
            line += blank;
            expected.push((u32::try_from(line).unwrap(), fields.clone()));
            let record = fields.iter().map(|field| quoted(field)).collect::<Vec<_>>().join(delimiter);
            line += record.matches('\n').count() + 1;
            file.push_str(&record.replace('\n', end));
            file.push_str(end);
        }
        let document = read_bytes(file.as_bytes(), ".csv").unwrap();
        let texts = |row: &Row| row.cells.iter().map(|cell| cell.text().replace(end, "\n")).collect();
        let found: Vec<(u32, Vec<String>)> =
            document.sheets[0].rows.iter().map(|row| (row.number, texts(row))).collect();
        prop_assert_eq!(found, expected);
    }

    #[test]
    fn a_spoilt_file_is_read_or_refused_with_a_reason(
        is_workbook in any::<bool>(),
        flips in vec((any::<prop::sample::Index>(), any::<u8>()), 0..6),
        cut in prop::option::of(any::<prop::sample::Index>()),
    ) {
        let rows = list(&[enterprise(1), household(2)]).rows;
        let texts = |row: &Row| row.cells.iter().map(|cell| quoted(&cell.text())).collect::<Vec<_>>().join(";");
        let mut bytes = if is_workbook {
            workbook_of(&rows)
        } else {
            rows.iter().map(texts).collect::<Vec<_>>().join("\n").into_bytes()
        };
        for (at, byte) in flips {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        bytes.truncate(cut.map_or(bytes.len(), |cut| cut.index(bytes.len())));
        match read_bytes(&bytes, ".xlsx") {
            Err(unread) => prop_assert!(!unread.to_string().is_empty()),
            Ok(document) => {
                let before = document.sheets.clone();
                let said = World { from_csv: !is_workbook, ..World::default() }.sheets(document.sheets);
                hold(&before, &said)?;
            }
        }
    }
}
