//! Rows of the sheet *Cần sửa* that came back with other values, or with a decision.
//! What becomes of them is decided by the checks, as for a new list.

use super::{
    identity::RID,
    returned::same,
    rows::{given, shown_texts},
};
use crate::{
    catalogue::columns::Columns,
    domain::{field::Field, fold::fold, locale::Locale},
    flow::{
        map::{Table, TableRow},
        read::{Cell, Document, Row, Sheet},
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

/// Every row of the sheet to fix that was changed or decided.
pub fn read(document: &Document, staged: &Staged, columns: &Columns) -> Vec<Fix> {
    let names = Locale::ALL.iter().map(|locale| Texts::of(*locale).label("workbook.sheet.fix"));
    let names: Vec<String> = names.collect();
    let Some(sheet) = document.sheets.iter().find(|sheet| names.contains(&sheet.name)) else {
        return Vec::new();
    };
    let Some(form) = Form::of(sheet, columns) else { return Vec::new() };
    sheet.rows.iter().skip(1).filter_map(|row| form.fix(row, staged, columns)).collect()
}

/// Where the fields, the row id and the decision stand.
struct Form {
    fields: Vec<(Field, usize)>,
    rid: usize,
    decision: Option<usize>,
}

impl Form {
    fn of(sheet: &Sheet, columns: &Columns) -> Option<Form> {
        let header = &sheet.rows.first()?.cells;
        let position =
            |wanted: &dyn Fn(&str) -> bool| header.iter().position(|cell| wanted(&cell.text()));
        let decisions: Vec<String> = Locale::ALL
            .iter()
            .map(|locale| Texts::of(*locale).label("workbook.column.decision"))
            .collect();
        let fields = header
            .iter()
            .enumerate()
            .filter_map(|(at, cell)| Some((columns.field(&cell.text())?, at)));
        Some(Form {
            fields: fields.collect(),
            rid: position(&|text| text == RID)?,
            decision: position(&|text| decisions.iter().any(|known| known == text)),
        })
    }

    fn fix(&self, row: &Row, staged: &Staged, columns: &Columns) -> Option<Fix> {
        let cell = |at: usize| row.cells.get(at).cloned().unwrap_or_default();
        let (sheet, number) = place(&cell(self.rid).text())?;
        let table = staged.tables.iter().find(|table| table.sheet == sheet)?;
        let before = table.rows.iter().find(|row| row.number == number)?;
        let changes = self.changes(&cell, table, before, columns);
        let decision = self.decision.and_then(|at| decision(&cell(at).text()));
        let says_something = !changes.is_empty() || decision.is_some();
        says_something.then_some(Fix { sheet, row: number, changes, decision })
    }

    fn changes(
        &self,
        cell: &impl Fn(usize) -> Cell,
        table: &Table,
        before: &TableRow,
        columns: &Columns,
    ) -> Vec<(Field, Cell)> {
        let given = given(table, before, columns);
        let old = |field: Field| {
            given.iter().find(|(known, _)| *known == field).map_or("", |(_, text)| text)
        };
        let text = |cell: &Cell| shown_texts(std::slice::from_ref(cell)).pop().unwrap_or_default();
        let now = self.fields.iter().map(|(field, at)| (*field, cell(*at)));
        now.filter(|(field, cell)| !same(text(cell).trim(), old(*field).trim())).collect()
    }
}

/// `17` of the only list, or `2!17`.
fn place(rid: &str) -> Option<(i64, u32)> {
    let (sheet, row) = rid.split_once('!').unwrap_or(("1", rid));
    Some((sheet.trim().parse().ok()?, row.trim().parse().ok()?))
}

fn decision(text: &str) -> Option<Decision> {
    match fold(text).as_str() {
        "nhan" | "accept" => Some(Decision::Accept),
        "bo" | "drop" => Some(Decision::Drop),
        _ => None,
    }
}
