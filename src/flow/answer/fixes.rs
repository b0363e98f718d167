//! Rows of the sheet *Cần sửa* that came back with other values, or with a decision: which row of the list each is,
//! and whether it still may be. What becomes of them is decided by the checks, as for a new list.

use std::collections::HashMap;

use minijinja::context;

use super::{
    form::{Form, Written, headings},
    identity::{Answer, checksum},
    rows::rid,
};
use crate::{
    catalogue::columns::Columns,
    db::rows::RowKind,
    domain::{
        field::Field,
        finding::{Code, Finding, Place},
    },
    flow::{
        map::{Table, TableRow},
        read::{Cell, Document},
        staged::Staged,
    },
    text::Texts,
};

/// What a person decided about a held row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    Accept,
    Drop,
}

/// A row that came back.
#[derive(Clone, Debug, PartialEq)]
pub struct Fix {
    pub sheet: i64,
    pub row: u32,
    /// The fields that say something else than before.
    pub changes: Vec<(Field, Cell)>,
    pub decision: Option<Decision>,
}

/// What the sheet to fix says.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Fixes {
    /// Every row that was changed or decided.
    pub rows: Vec<Fix>,
    /// What is written there and answers for no row, or not for one alone.
    pub told: Vec<Finding>,
}

impl Fixes {
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty() && self.told.is_empty()
    }
}

/// Reads the sheet to fix. It is known by its hidden column, wherever that stands and whatever the sheet is called.
pub fn read(
    (document, answer): (&Document, &Answer),
    staged: &Staged,
    columns: &Columns,
    texts: &Texts,
) -> Fixes {
    let forms: Vec<Form<'_>> =
        document.sheets.iter().filter_map(|sheet| Form::of(sheet, columns)).collect();
    let mut fixes = Fixes::default();
    if forms.is_empty() {
        fixes.told.extend(lost(document, texts));
    }
    let known = known_rows(staged);
    for (rid, rows) in by_row(&forms, &known, &mut fixes.told, texts) {
        let row = match one(&rows, rid, texts) {
            Ok(row) => row,
            Err(told) => {
                fixes.told.extend(told);
                continue;
            }
        };
        let (table, before) = known[rid];
        let Some(fix) = row.fix((table, before), columns) else { continue };
        match since(&fix, (table, before), answer.rows.get(rid)) {
            Since::Untouched => fixes.rows.push(fix),
            Since::SaysTheOld => {}
            Since::Changed => fixes.told.push(stale(table, fix.row)),
        }
    }
    fixes
}

/// The rows of a list, by what stands in the hidden column.
type Known<'a> = HashMap<String, (&'a Table, &'a TableRow)>;

/// What came back for each row of the list, in the order of the sheets; what is there for none is told.
fn by_row<'k>(
    forms: &[Form<'_>],
    known: &'k Known<'_>,
    told: &mut Vec<Finding>,
    texts: &Texts,
) -> Vec<(&'k str, Vec<Written>)> {
    let mut all: Vec<(&str, Vec<Written>)> = Vec::new();
    let mut places: HashMap<&str, usize> = HashMap::new();
    for form in forms {
        told.extend(form.unknown_columns(texts));
        let rows = form.rows().map(|row| form.read(row, texts));
        for row in rows.filter(|row| !row.says_nothing()) {
            let Some((rid, _)) = known.get_key_value(row.rid.as_str()) else {
                told.push(row.without_a_row(texts));
                continue;
            };
            let at = *places.entry(rid.as_str()).or_insert_with(|| {
                all.push((rid.as_str(), Vec::new()));
                all.len() - 1
            });
            all[at].1.push(row);
        }
    }
    all
}

fn known_rows(staged: &Staged) -> Known<'_> {
    let several = staged.tables.len() > 1;
    let of_table = |table| {
        let table: &Table = table;
        let rows = table.rows.iter().filter(|row| row.kind == RowKind::Data);
        rows.map(move |row| (rid(table, row.number, several), (table, row)))
    };
    staged.tables.iter().flat_map(of_table).collect()
}

/// What became of a row since the answer was written.
enum Since {
    Untouched,
    /// It was fixed, and the answer still says what went out.
    SaysTheOld,
    Changed,
}

fn since(fix: &Fix, (table, now): (&Table, &TableRow), went_out: Option<&String>) -> Since {
    let is_same = went_out.is_none_or(|went_out| *went_out == checksum(&now.cells));
    if is_same || fix.changes.is_empty() {
        return Since::Untouched;
    }
    let mut cells = now.cells.clone();
    for (field, cell) in &fix.changes {
        let column = table.columns.iter().find(|column| column.field == Some(*field));
        let at = column.and_then(|column| usize::try_from(column.index).ok());
        if let Some(old) = at.and_then(|at| cells.get_mut(at)) {
            old.clone_from(cell);
        }
    }
    let says_the_old = fix.decision.is_none() && went_out == Some(&checksum(&cells));
    if says_the_old { Since::SaysTheOld } else { Since::Changed }
}

/// The row went on since the answer was written.
pub fn stale(table: &Table, row: u32) -> Finding {
    let place = Place { sheet: Some(table.name.clone()), row: Some(row), ..Place::default() };
    Finding::new(Code::RowStaleAnswer, place)
}

/// Copies of a row that say the same are one; which of several was meant is not guessed.
fn one<'a>(rows: &'a [Written], rid: &str, texts: &Texts) -> Result<&'a Written, Vec<Finding>> {
    let differ = rows.windows(2).any(|pair| !pair[0].says_the_same(&pair[1]));
    if differ {
        return Err(rows.iter().map(|row| told(texts, &row.place, "copied", rid)).collect());
    }
    match rows {
        [row, ..] => row.flaw.clone().map_or(Ok(row), |flaw| Err(vec![flaw])),
        [] => Err(Vec::new()),
    }
}

/// The sheet is there by its name, and nobody can say which row is which.
fn lost(document: &Document, texts: &Texts) -> Option<Finding> {
    let names = headings(&["sheet.fix"]);
    let sheet = document.sheets.iter().find(|sheet| names.contains(&sheet.name))?;
    let place = Place { sheet: Some(sheet.name.clone()), ..Place::default() };
    (sheet.rows.len() > 1).then(|| told(texts, &place, "lost", ""))
}

/// A part of the sheet that was not taken, and why.
pub fn told(texts: &Texts, place: &Place, why: &str, value: &str) -> Finding {
    let reason = texts.say(&format!("message.unknown_answer.{why}"), context! { value });
    let finding = Finding::new(Code::RowUnknownAnswer, place.clone()).detail("reason", reason);
    let how = format!("message.unknown_answer.how.{why}");
    let finding = if texts.has(&how) { finding.detail("how", texts.label(&how)) } else { finding };
    if value.is_empty() { finding } else { finding.value(value) }
}
