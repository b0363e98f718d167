//! What the targets share: sheets made of text, the shipped catalogue, and the laws that hold for any list.
//! What is right for a given cell is said by the tests of the program.

use std::{io::Write, path::Path, sync::OnceLock};

use chrono::NaiveDate;
use hangloat::{
    catalogue::Catalogue,
    db::rows::RowKind,
    domain::{
        batch::RowState,
        cell::Cell,
        firm::{Admin, Firm},
        locale::Locale,
        sheet::Layout,
    },
    flow::{
        check::{self, Checked, Context, History, Past},
        map::{self, Mapped},
        options::{HiddenRows, ImportOptions},
        read::{self, Document, Limits, Reader, Row, Sheet, Unread},
    },
    text::Texts,
};

/// Small, so that what takes much memory is a finding and not a slow run.
pub fn limits() -> Limits {
    Limits {
        max_file_bytes: 1 << 20,
        max_expanded_bytes: 32 << 20,
        max_shared_strings_bytes: 4 << 20,
        ..Limits::default()
    }
}

/// Reads bytes as a file with this name.
pub fn read(bytes: &[u8], suffix: &str) -> Result<Document, Unread> {
    let mut file = tempfile::Builder::new().suffix(suffix).tempfile().unwrap();
    file.write_all(bytes).unwrap();
    // Old workbooks are read in a process of its own, which is not what is fuzzed here.
    read::read(file.path(), &Reader { limits: limits(), program: Path::new("false"), is_list: &|_| true })
}

/// The reader catches panics of the crates below it, and answers; only what nobody caught ends the run.
pub fn let_panics_be_caught() {
    std::panic::set_hook(Box::new(|panic| eprintln!("{panic}")));
}

/// A line is a row, `\t` stands between cells, `\u{c}` between sheets; the first letter of a cell says what it is.
pub fn sheets(text: &str) -> Vec<Sheet> {
    let sheet = |(number, text): (usize, &str)| Sheet {
        name: format!("Sheet{number}"),
        visible: !text.starts_with('~'),
        rows: (1..).zip(text.lines()).map(row).filter(|row| !row.cells.is_empty()).collect(),
        layout: Layout::default(),
    };
    text.split('\u{c}').enumerate().map(sheet).collect()
}

fn row((number, line): (u32, &str)) -> Row {
    let mut cells: Vec<Cell> = line.split('\t').take(64).map(cell).collect();
    let width = cells.iter().rposition(|cell| !cell.is_empty()).map_or(0, |last| last + 1);
    cells.truncate(width);
    Row { number, cells }
}

/// `#9.5|00` a number with its format, `@2026-01-01` a date, `!N/A` an error, `?` nothing cached, else text.
pub fn cell(text: &str) -> Cell {
    let rest = text.get(1..).unwrap_or_default();
    match text.chars().next() {
        None => Cell::Empty,
        Some('#') => {
            let (value, format) = rest.split_once('|').unwrap_or((rest, ""));
            let format = (!format.is_empty()).then(|| format.to_owned());
            let value = value.parse().ok().filter(|value: &f64| value.is_finite());
            value.map_or(Cell::Empty, |value| Cell::Number { value, format })
        }
        Some('@') => {
            let day = rest.parse().ok().and_then(|day: NaiveDate| day.and_hms_opt(0, 0, 0));
            day.map_or(Cell::Empty, Cell::Date)
        }
        Some('!') => Cell::Error(rest.to_owned()),
        Some('?') => Cell::NoValue,
        Some('+') if rest.is_empty() => Cell::Bool(true),
        Some(_) => Cell::Text(text.to_owned()),
    }
}

pub fn catalogue() -> &'static Catalogue {
    static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../jobs/catalogue");
    CATALOGUE.get_or_init(|| Catalogue::load(&folder).unwrap())
}

fn firm() -> Firm {
    Firm {
        code: "MINHAN".parse().unwrap(),
        name: "Công ty TNHH Dịch vụ Kế toán Minh An".into(),
        tax_id: Some("0101243150".parse().unwrap()),
        admin: Admin {
            name: "Nguyễn Thị Lan".into(),
            email: "lan@minhan.example".parse().unwrap(),
            phone: None,
        },
        staff: Vec::new(),
    }
}

/// Maps and checks sheets, and holds what came out against the laws.
pub fn judge(sheets: Vec<Sheet>, from_csv: bool) -> (Mapped, Checked) {
    let rows_of = |sheet: &Sheet| sheet.rows.iter().map(|row| row.number).collect::<Vec<u32>>();
    let before: Vec<(String, Vec<u32>)> =
        sheets.iter().map(|sheet| (sheet.name.clone(), rows_of(sheet))).collect();
    let mapped = map::tables(sheets, &catalogue().columns, HiddenRows::Hold);
    let (firm, options) = (firm(), ImportOptions::default());
    let context = Context {
        catalogue: catalogue(),
        firm: &firm,
        options: &options,
        order_level: &mapped.order_level,
        today: NaiveDate::from_ymd_opt(2026, 11, 23).unwrap(),
        from_csv,
        max_bad_share: 0.5,
        max_cell_chars: 32_767,
        texts: Texts::of(Locale::Vi),
        locale: Locale::Vi,
    };
    let wanted = check::wanted(&mapped.tables, &context.catalogue.columns);
    let checked = check::check(&mapped, &context, &History::new(Past::default(), &wanted.pairs));
    hold(&before, &mapped, &checked);
    (mapped, checked)
}

/// Each row of a list keeps its number, each client among them has one verdict, and nobody else has one.
fn hold(before: &[(String, Vec<u32>)], mapped: &Mapped, checked: &Checked) {
    let mut clients = Vec::new();
    for table in &mapped.tables {
        let numbers: Vec<u32> = table.rows.iter().map(|row| row.number).collect();
        let (_, known) = before.iter().find(|(name, _)| *name == table.name).unwrap();
        assert_eq!(&numbers, known, "rows of {}", table.name);
        let data = table.rows.iter().filter(|row| row.kind == RowKind::Data);
        clients.extend(data.map(|row| (table.sheet, row.number)));
    }
    let judged: Vec<(i64, u32)> = checked.verdicts.iter().map(|it| (it.sheet, it.row)).collect();
    assert_eq!(clients, judged);
    for verdict in &checked.verdicts {
        let is_taken = matches!(verdict.state, RowState::Accepted | RowState::Unchanged);
        assert!(!is_taken || verdict.client.is_some(), "row {} has no client", verdict.row);
        assert!(!is_taken || !checked.is_refused, "row {} of a refused file", verdict.row);
    }
}
