//! Rows of the sheet *Cần sửa* that came back with other values, or with a decision.
//! What becomes of them is decided by the checks, as for a new list.

use std::collections::{BTreeMap, HashMap};

use minijinja::context;

use super::{
    identity::{Answer, RID, checksum},
    returned::same,
    rows::{given, rid, shown_texts},
};
use crate::{
    catalogue::columns::Columns,
    db::rows::RowKind,
    domain::{
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::fold,
        locale::Locale,
    },
    flow::{
        map::{Table, TableRow},
        read::{Cell, Document, Row, Sheet},
        staged::Staged,
    },
    text::Texts,
};

/// The header stands among the first rows, whatever was put above it.
const HEADER_WITHIN: usize = 60;
/// Columns of ours besides the decision.
const OWN: [&str; 3] = ["reason", "fix", "suggestion"];

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
    let mut order: Vec<&str> = Vec::new();
    let mut written: HashMap<&str, Vec<Written>> = HashMap::new();
    for form in &forms {
        fixes.told.extend(form.unknown_columns(texts));
        for row in form.rows() {
            let row = form.read(row, texts);
            if row.says_nothing() {
                continue;
            }
            match known.get_key_value(row.rid.as_str()) {
                Some((rid, _)) => {
                    let rid = rid.as_str();
                    written.entry(rid).or_insert_with(|| {
                        order.push(rid);
                        Vec::new()
                    });
                    written.entry(rid).or_default().push(row);
                }
                None => fixes.told.push(row.without_a_row(texts)),
            }
        }
    }
    for rid in order {
        let rows = &written[rid];
        match one(rows, rid, texts) {
            Ok(row) => {
                let (table, before) = known[rid];
                let Some(fix) = row.fix((table, before), columns) else { continue };
                match since(&fix, (table, before), answer.rows.get(rid)) {
                    Since::Untouched => fixes.rows.push(fix),
                    Since::SaysTheOld => {}
                    Since::Changed => fixes.told.push(stale(table, fix.row)),
                }
            }
            Err(told) => fixes.told.extend(told),
        }
    }
    fixes
}

/// The rows of the list, by what stands in the hidden column.
fn known_rows(staged: &Staged) -> HashMap<String, (&Table, &TableRow)> {
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
    if value.is_empty() { finding } else { finding.value(value) }
}

/// In every language, since a workbook is in that of whoever asked for it.
fn headings(keys: &[&str]) -> Vec<String> {
    let label = |locale: &Locale, key: &str| Texts::of(*locale).label(&format!("workbook.{key}"));
    Locale::ALL.iter().flat_map(|locale| keys.iter().map(move |key| label(locale, key))).collect()
}

/// A sheet to fix: where the fields, the row id and the decision stand.
struct Form<'a> {
    sheet: &'a Sheet,
    header: usize,
    fields: Vec<(Field, usize)>,
    rid: usize,
    decision: Option<usize>,
}

impl<'a> Form<'a> {
    fn of(sheet: &'a Sheet, columns: &Columns) -> Option<Form<'a>> {
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

    fn rows(&self) -> impl Iterator<Item = &'a Row> {
        self.sheet.rows.iter().skip(self.header + 1)
    }

    fn place(&self, row: &Row) -> Place {
        Place { sheet: Some(self.sheet.name.clone()), row: Some(row.number), ..Place::default() }
    }

    /// Columns with contents under a header that means nothing here.
    fn unknown_columns(&self, texts: &Texts) -> Vec<Finding> {
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

    fn read(&self, row: &Row, texts: &Texts) -> Written {
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
struct Written {
    place: Place,
    rid: String,
    fields: BTreeMap<Field, Cell>,
    /// In the column of decisions.
    said: String,
    decision: Option<Decision>,
    /// Why it cannot be taken.
    flaw: Option<Finding>,
}

impl Written {
    /// Nothing at all, or a row whose cells were emptied: it was deleted, and waits on.
    fn says_nothing(&self) -> bool {
        self.said.is_empty() && self.fields.values().all(|cell| shown(cell).is_empty())
    }

    fn says_the_same(&self, other: &Written) -> bool {
        let fields = || self.fields.keys().chain(other.fields.keys());
        let of = |row: &Written, field| row.fields.get(field).map(shown).unwrap_or_default();
        self.decision == other.decision
            && fields().all(|field| same(&of(self, field), &of(other, field)))
    }

    fn without_a_row(&self, texts: &Texts) -> Finding {
        let why = if self.rid.is_empty() { "added" } else { "unknown" };
        told(texts, &self.place, why, &self.rid)
    }

    fn fix(&self, (table, before): (&Table, &TableRow), columns: &Columns) -> Option<Fix> {
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
