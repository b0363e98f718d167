//! The sheet to fix as it came back: where its columns stand, wherever they went, and what each row says there.
//! Which row of the list that is, and whether it may still be, is decided in `fixes`.

use std::collections::{BTreeMap, HashMap};

use super::{
    fixes::{Decision, Fix, told},
    identity::RID,
    returned::same,
    rows::{given, shown_texts},
};
use crate::{
    catalogue::columns::Columns,
    domain::{
        field::Field,
        finding::{Finding, Place, column_letters},
        fold::fold,
        locale::Locale,
    },
    flow::{
        map::{Table, TableRow},
        read::{Cell, Row, Sheet},
    },
    text::Texts,
};

/// The header stands among the first rows, whatever was put above it.
const HEADER_WITHIN: usize = 60;
/// Columns of ours besides the decision.
const OWN: [&str; 3] = ["reason", "fix", "suggestion"];

/// In every language, since a workbook is in that of whoever asked for it.
pub fn headings(keys: &[&str]) -> Vec<String> {
    let label = |locale: &Locale, key: &str| Texts::of(*locale).label(&format!("workbook.{key}"));
    Locale::ALL.iter().flat_map(|locale| keys.iter().map(move |key| label(locale, key))).collect()
}

/// A sheet to fix: where the fields, the row id and the decision stand.
pub struct Form<'a> {
    sheet: &'a Sheet,
    header: usize,
    fields: Vec<(Field, usize)>,
    rid: usize,
    decision: Option<usize>,
}

impl<'a> Form<'a> {
    pub fn of(sheet: &'a Sheet, columns: &Columns) -> Option<Form<'a>> {
        let is_rid = |cell: &Cell| cell.text().trim() == RID;
        let mut first = sheet.rows.iter().take(HEADER_WITHIN).enumerate();
        let (header, rid) =
            first.find_map(|(at, row)| Some((at, row.cells.iter().position(is_rid)?)))?;
        let decisions = headings(&["column.decision"]);
        let cells = &sheet.rows[header].cells;
        let decision =
            cells.iter().position(|cell| decisions.iter().any(|it| it == cell.text().trim()));
        let field = |(at, cell): (usize, &Cell)| Some((columns.field(&cell.text())?, at));
        let fields = cells.iter().enumerate().filter_map(field).collect();
        Some(Form { sheet, header, fields, rid, decision })
    }

    pub fn rows(&self) -> impl Iterator<Item = &'a Row> {
        self.sheet.rows.iter().skip(self.header + 1)
    }

    fn place(&self, row: &Row) -> Place {
        Place { sheet: Some(self.sheet.name.clone()), row: Some(row.number), ..Place::default() }
    }

    /// Columns with contents under a header that means nothing here.
    pub fn unknown_columns(&self, texts: &Texts) -> Vec<Finding> {
        let own: Vec<String> = OWN.iter().map(|name| format!("column.{name}")).collect();
        let own = headings(&own.iter().map(String::as_str).collect::<Vec<_>>());
        let header = &self.sheet.rows[self.header];
        let heading = |at: usize| header.cells.get(at).map(|cell| cell.text().trim().to_owned());
        let is_known = |at: usize| {
            let known = self.rid == at || self.decision == Some(at);
            known || self.fields.iter().any(|(_, known)| *known == at)
        };
        let is_filled = |at: usize| self.rows().any(|row| !text(row, at).is_empty());
        let width = self.rows().map(|row| row.cells.len()).max().unwrap_or_default();
        let unknown = (0..width).filter(|at| {
            !is_known(*at) && !heading(*at).is_some_and(|it| own.contains(&it)) && is_filled(*at)
        });
        let say = |at: usize| {
            let column = u32::try_from(at).ok().map(column_letters);
            let place = Place { column, ..self.place(header) };
            told(texts, &place, "column", &heading(at).unwrap_or_default())
        };
        unknown.map(say).collect()
    }

    pub fn read(&self, row: &Row, texts: &Texts) -> Written {
        let place = self.place(row);
        let mut flaw = None;
        let mut fields: BTreeMap<Field, Cell> = BTreeMap::new();
        for (field, at) in &self.fields {
            let cell = row.cells.get(*at).cloned().unwrap_or_default();
            if fields.get(field).is_some_and(|known| !same(&shown(known), &shown(&cell))) {
                flaw = Some(told(texts, &place, "twice", ""));
            }
            fields.entry(*field).or_insert(cell);
        }
        let said = self.decision.map(|at| text(row, at)).unwrap_or_default();
        let decision = decision(&said);
        if decision.is_none() && !said.is_empty() {
            flaw = Some(told(texts, &place, "decision", &said));
        }
        Written { place, rid: text(row, self.rid), fields, said, decision, flaw }
    }
}

/// A row of the sheet as it came back.
pub struct Written {
    pub place: Place,
    pub rid: String,
    fields: BTreeMap<Field, Cell>,
    /// In the column of decisions.
    said: String,
    decision: Option<Decision>,
    /// Why it cannot be taken.
    pub flaw: Option<Finding>,
}

impl Written {
    /// Nothing at all, or a row whose cells were emptied: it was deleted, and waits on.
    pub fn says_nothing(&self) -> bool {
        self.said.is_empty() && self.fields.values().all(|cell| shown(cell).is_empty())
    }

    pub fn says_the_same(&self, other: &Written) -> bool {
        let fields = || self.fields.keys().chain(other.fields.keys());
        let of = |row: &Written, field| row.fields.get(field).map(shown).unwrap_or_default();
        self.decision == other.decision
            && fields().all(|field| same(&of(self, field), &of(other, field)))
    }

    pub fn without_a_row(&self, texts: &Texts) -> Finding {
        let why = if self.rid.is_empty() { "added" } else { "unknown" };
        told(texts, &self.place, why, &self.rid)
    }

    pub fn fix(&self, (table, before): (&Table, &TableRow), columns: &Columns) -> Option<Fix> {
        let old: HashMap<Field, String> = given(table, before, columns).into_iter().collect();
        let is_new = |(field, cell): &(&Field, &Cell)| {
            !same(&shown(cell), old.get(field).map_or("", |text| text.trim()))
        };
        let changes = self.fields.iter().filter(is_new);
        let changes: Vec<(Field, Cell)> =
            changes.map(|(field, cell)| (*field, cell.clone())).collect();
        let says_something = !changes.is_empty() || self.decision.is_some();
        let (sheet, row, decision) = (table.sheet, before.number, self.decision);
        says_something.then_some(Fix { sheet, row, changes, decision })
    }
}

fn text(row: &Row, at: usize) -> String {
    row.cells.get(at).map(|cell| cell.text().trim().to_owned()).unwrap_or_default()
}

/// As a workbook of ours shows it.
fn shown(cell: &Cell) -> String {
    let text = shown_texts(std::slice::from_ref(cell)).pop().unwrap_or_default();
    text.trim().to_owned()
}

fn decision(text: &str) -> Option<Decision> {
    match fold(text).as_str() {
        "nhan" | "accept" => Some(Decision::Accept),
        "bo" | "drop" => Some(Decision::Drop),
        _ => None,
    }
}
