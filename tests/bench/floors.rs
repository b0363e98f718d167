//! What each step costs at least, by one library and nothing else, on one thread: reading the list, checking its rows in
//! memory, putting the very rows that an import stored into the same tables and indexes, writing a workbook.
//! Each runs in a process of its own, so that its memory is its own; checking is the program's own check.

use std::{
    fs::File,
    hint::black_box,
    path::Path,
    process::Command,
    time::{Duration, Instant},
};

use calamine::{Reader as _, Xlsx, open_workbook};
use chrono::NaiveDate;
use hangloat::{
    catalogue::Catalogue,
    domain::{
        cell::Cell,
        firm::{Admin, Firm},
        locale::Locale,
        sheet::Layout,
    },
    flow::{
        check::{self, Context, History},
        map,
        options::{HiddenRows, ImportOptions},
        progress::Progress,
        read::{Row, Sheet},
    },
    text::Texts,
};
use rusqlite::{Connection, params_from_iter, types::Value};
use rust_xlsxwriter::Workbook;

use super::{
    common::{Ran, done, measured, program},
    generate::{FISCAL_YEAR, HEADERS, List},
    history::{OF_HISTORY, database},
};

/// The word by which this program is told to do one step.
pub const WORD: &str = "floor";
/// Rows that are made ready at once while the clock stands.
const READY: usize = 10_000;
/// What an import fills row by row, in the order of their references, and what of them is of the list.
const TABLES: [(&str, Which); 9] = [
    ("run", Which::All),
    ("batch", Which::Id),
    ("batch_sheet", Which::Batch),
    ("batch_row", Which::Batch),
    ("finding", Which::Batch),
    ("client_order", Which::Batch),
    ("order_line", Which::Batch),
    ("client", Which::TaxId),
    ("client_tax_id", Which::TaxId),
];

/// By what the rows of a list are told from those of the history.
#[derive(Clone, Copy)]
enum Which {
    All,
    Id,
    Batch,
    TaxId,
}

impl Which {
    fn condition(self) -> String {
        match self {
            Which::All => "true".to_owned(),
            Which::Id => "id > 1".to_owned(),
            Which::Batch => "batch_id > 1".to_owned(),
            Which::TaxId => format!("tax_id not like '{OF_HISTORY}%'"),
        }
    }
}

pub fn read(list: &Path) -> Ran {
    step(&["read", list.to_str().unwrap()])
}

/// Of a list as CSV.
pub fn check(list: &Path) -> Ran {
    step(&["check", list.to_str().unwrap()])
}

/// What an import stored in `from`, once more in `into`, which has the same history.
pub fn store(from: &Path, into: &Path) -> Ran {
    step(&["store", from.to_str().unwrap(), into.to_str().unwrap()])
}

pub fn write(list: List, workbook: &Path) -> Ran {
    let dirty = if list.dirty { "dirty" } else { "clean" };
    step(&["write", &list.rows.to_string(), dirty, workbook.to_str().unwrap()])
}

/// The step says itself how long it took: what it made ready before does not count.
fn step(args: &[&str]) -> Ran {
    let mut command = Command::new(std::env::current_exe().unwrap());
    // Groups of equal rows are looked for by polars, which would take all processors.
    command.arg(WORD).args(args).env("POLARS_MAX_THREADS", "1");
    let ran = measured(command, &[0]);
    Ran { seconds: ran.said.trim().parse().unwrap(), ..ran }
}

/// Does the step that the arguments name, and prints its seconds.
pub fn run(args: &[String]) {
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let took = match args[..] {
        ["read", list] if Path::new(list).extension().is_some_and(|end| end == "xlsx") => {
            timed(|| read_xlsx(list))
        }
        ["read", list] => timed(|| read_csv(list)),
        ["check", list] => check_rows(list),
        ["store", from, into] => store_rows(Path::new(from), Path::new(into)),
        ["write", rows, dirty, workbook] => {
            write_rows(List::new(rows.parse().unwrap(), dirty == "dirty"), workbook)
        }
        _ => panic!("there is no step {args:?}"),
    };
    println!("{}", took.as_secs_f64());
}

fn timed<T>(work: impl FnOnce() -> T) -> Duration {
    let began = Instant::now();
    black_box(work());
    began.elapsed()
}

/// Every record as bytes.
fn read_csv(list: &str) -> usize {
    let mut file = csv::Reader::from_path(list).unwrap();
    let (mut record, mut fields) = (csv::ByteRecord::new(), 0);
    while file.read_byte_record(&mut record).unwrap() {
        fields += black_box(&record).len();
    }
    fields
}

/// Every cell as it comes.
fn read_xlsx(list: &str) -> usize {
    let mut book: Xlsx<_> = open_workbook(list).unwrap();
    let sheet = book.sheet_names()[0].clone();
    let mut cells = book.worksheet_cells_reader(&sheet).unwrap();
    let mut count = 0;
    while let Some(cell) = cells.next_cell().unwrap() {
        black_box(cell.get_value());
        count += 1;
    }
    count
}

/// All rules on all rows, for a firm without a past.
fn check_rows(list: &str) -> Duration {
    let catalogue = Catalogue::built_in().unwrap();
    let mapped = map::tables(vec![sheet(list)], &catalogue.columns, HiddenRows::Hold);
    let admin = Admin {
        name: "Nguyễn Thị Lan".to_owned(),
        email: "lan@minhan.example".parse().unwrap(),
        phone: None,
    };
    let firm = Firm {
        code: "MINHAN".parse().unwrap(),
        name: "Minh An".to_owned(),
        tax_id: None,
        admin,
        staff: Vec::new(),
    };
    let (options, progress) = (ImportOptions::default(), Progress::silent());
    let context = Context {
        catalogue: &catalogue,
        firm: &firm,
        options: &options,
        order_level: &[],
        today: NaiveDate::from_ymd_opt(2026, 2, 2).unwrap(),
        from_csv: true,
        max_bad_share: 0.5,
        max_cell_chars: 32_767,
        texts: Texts::of(Locale::Vi),
        locale: Locale::Vi,
        progress: &progress,
    };
    let history = History::default();
    timed(|| check::check(&mapped, &context, &history))
}

fn sheet(list: &str) -> Sheet {
    let file = File::open(list).unwrap();
    let mut file = csv::ReaderBuilder::new().has_headers(false).from_reader(file);
    let rows = (1..).zip(file.records()).map(|(number, record)| {
        let record = record.unwrap();
        let cells = record.iter().map(|text| Cell::Text(text.to_owned())).collect();
        Row { number, cells }
    });
    Sheet {
        name: "list".to_owned(),
        visible: true,
        rows: rows.collect(),
        layout: Layout::default(),
    }
}

/// Statements that are prepared once, in one transaction, as durable as the program's.
fn store_rows(from: &Path, into: &Path) -> Duration {
    done(program(into, &["orders", "-q"]));
    let (source, mut target) = (database(from), database(into));
    target
        .execute_batch(
            "pragma journal_mode = wal; pragma synchronous = full; pragma foreign_keys = on;",
        )
        .unwrap();
    let began = Instant::now();
    let tx = target.transaction().unwrap();
    let mut took = began.elapsed();
    for (table, which) in TABLES {
        took += copy(&source, &tx, table, &which.condition());
    }
    took + timed(|| tx.commit().unwrap())
}

/// Only what is stored counts, not the reading.
fn copy(source: &Connection, target: &Connection, table: &str, condition: &str) -> Duration {
    let mut rows = source.prepare(&format!("select * from {table} where {condition}")).unwrap();
    let columns: Vec<String> = rows.column_names().into_iter().map(str::to_owned).collect();
    let places: Vec<String> = (1..=columns.len()).map(|place| format!("?{place}")).collect();
    let (names, places) = (columns.join(", "), places.join(", "));
    let insert = format!("insert into {table} ({names}) values ({places})");
    let mut insert = target.prepare(&insert).unwrap();
    let mut rows = rows.query([]).unwrap();
    let mut took = Duration::ZERO;
    loop {
        let mut ready: Vec<Vec<Value>> = Vec::new();
        while ready.len() < READY
            && let Some(row) = rows.next().unwrap()
        {
            ready.push((0..columns.len()).map(|column| row.get(column).unwrap()).collect());
        }
        if ready.is_empty() {
            return took;
        }
        took += timed(|| {
            for row in ready {
                insert.execute(params_from_iter(row)).unwrap();
            }
        });
    }
}

/// The columns of the list, and two beside them: how a row stands, and why.
fn write_rows(list: List, workbook: &str) -> Duration {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet_with_constant_memory().unwrap();
    for (column, header) in (0..).zip(HEADERS.into_iter().chain(["Trạng thái", "Lý do"])) {
        sheet.write_string(0, column, header).unwrap();
    }
    let (mut rows, mut number, mut took) = (list.rows(), 1, Duration::ZERO);
    loop {
        let ready: Vec<_> = rows.by_ref().take(READY).collect();
        if ready.is_empty() {
            return took + timed(|| book.save(workbook).unwrap());
        }
        let began = Instant::now();
        for row in ready {
            for (column, text) in (0..).zip(&row) {
                if usize::from(column) == FISCAL_YEAR {
                    sheet.write_number(number, column, 2026).unwrap();
                } else {
                    sheet.write_string(number, column, text).unwrap();
                }
            }
            let own = u16::try_from(row.len()).unwrap();
            sheet.write_string(number, own, "Đã nhận").unwrap();
            let reason = "Cột Mã số thuế: chữ số kiểm tra không đúng";
            let reason = if number % 20 == 10 { reason } else { "" };
            sheet.write_string(number, own + 1, reason).unwrap();
            number += 1;
        }
        took += began.elapsed();
    }
}
