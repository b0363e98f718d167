//! What people wrote into a workbook of ours: ticks, and who made them. An edited row is seen, and no tick is taken
//! with it.

use chrono::{DateTime, Utc};
use minijinja::context;

use super::{
    fixes::{stale as stale_row, told},
    identity::{Answer, checksum, own_checksum},
    result::{NAME_ACTIVATE, NAME_BY, NAME_CONFIRM, OWN_COLUMNS, is_lasting},
    results::{Columns, Results},
    rows::{rid, shown_texts},
};
use crate::{
    db::{
        batches::Batch,
        rows::{Column, RowKind},
    },
    domain::{
        batch::RowState,
        confirmation_code::ConfirmationCode,
        field::Field,
        finding::{Code, Finding, Place, Severity, column_index, column_letters},
        locale::Locale,
    },
    flow::{
        Services,
        map::{Table, TableRow},
        read::{Cell, Document, Row, Sheet},
        staged::Staged,
    },
    text::Texts,
};

/// What was decided about one order.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Ticks {
    pub confirm: bool,
    /// Written into the box instead of a tick.
    pub code: Option<ConfirmationCode>,
    pub activate: bool,
}

/// What a returned workbook says.
#[derive(Clone, Debug, Default)]
pub struct Returned {
    /// By the position of the order in the batch, from 1.
    pub ticks: Vec<Ticks>,
    /// Who decided, as written; empty for the firm's admin.
    pub by: String,
    /// Rows of which nothing follows and that are not as they were: cells of no field, deleted ones of an order.
    pub edited: Vec<Finding>,
    /// Rows whose cells were edited.
    pub changed: Vec<Edited>,
    /// What was written besides, and answers for nothing.
    pub told: Vec<Finding>,
}

/// A row whose cells say something else now.
#[derive(Clone, Debug)]
pub struct Edited {
    pub sheet: i64,
    pub row: u32,
    pub changes: Vec<(Field, Cell)>,
    /// Of each of them the cell, old and new.
    pub findings: Vec<Finding>,
}

/// What was written on the sheets of results.
#[derive(Default)]
struct Written {
    edited: Vec<Finding>,
    changed: Vec<Edited>,
    told: Vec<Finding>,
}

/// Reads the decisions out of a returned workbook.
pub fn read(
    document: &Document,
    answer: &Answer,
    orders: usize,
    staged: &Staged,
    texts: &Texts,
) -> Returned {
    let written = |name: &str, position: usize| {
        let alone = named(document, name).filter(|_| orders == 1);
        alone.or_else(|| named(document, &format!("{name}_{position}"))).unwrap_or_default()
    };
    let ticks = |position| {
        let confirm = written(NAME_CONFIRM, position);
        let code: Option<ConfirmationCode> = confirm.text().parse().ok();
        let activate = is_ticked(&written(NAME_ACTIVATE, position));
        Ticks { confirm: code.is_some() || is_ticked(&confirm), code, activate }
    };
    let ticks = (1..=orders).map(ticks).collect();
    let by = who(document);
    let Written { edited, changed, told } = self::written(document, answer, staged, texts);
    Returned { ticks, by, edited, changed, told }
}

/// What is said of an answer that was written before its batch changed.
pub fn stale(answer: &Answer, batch: &Batch, differences: &[String]) -> Finding {
    let finding = Finding::new(Code::FileStaleAnswer, Place::default())
        .value(format!("r{}", answer.revision));
    let finding = if differences.is_empty() {
        finding
    } else {
        finding.detail("reason", differences.join(" "))
    };
    finding.suggest(newest(batch))
}

/// What is said of an answer to a list that the data do not have: it came after what was restored.
pub fn lost(texts: &Texts, answer: &Answer) -> Finding {
    let values = context! { batch => answer.batch.to_string() };
    Finding::new(Code::FileStaleAnswer, Place::default())
        .value(format!("r{}", answer.revision))
        .detail("refused", texts.say("message.refused.lost", values))
        .detail("how", texts.label("message.refused.lost_how"))
}

/// What is said of an answer that says to which revision of a batch it answers, and that our key did not sign: it was
/// altered, or written before the data were restored. Nothing is known of a batch that is not the firm's: then it is
/// said when the data were restored, if they were.
pub fn not_signed(
    services: &Services,
    batch: Result<&Batch, Option<DateTime<Utc>>>,
    revision: i64,
) -> Finding {
    let finding = Finding::new(Code::FileForgedAnswer, Place::default());
    let batch = match batch {
        Ok(batch) => batch,
        Err(None) => return finding,
        Err(Some(at)) => {
            let at = services.local(at).format("%d/%m/%Y").to_string();
            return finding.detail("restored", at);
        }
    };
    let received = services.local(batch.received_at).format("%d/%m/%Y").to_string();
    finding
        .value(format!("r{revision}"))
        .detail("file", batch.file_name.as_str())
        .detail("batch", batch.id().to_string())
        .detail("received", received)
        .suggest(newest(batch))
}

/// The revision to go on with, where this answer itself has brought about a newer one.
pub fn name_newest(said: &mut [Finding], batch: &Batch) {
    for finding in said.iter_mut().filter(|finding| finding.code == Code::FileStaleAnswer) {
        finding.suggestion = Some(newest(batch));
    }
}

/// How the newest workbook of a batch is called.
pub fn newest(batch: &Batch) -> String {
    let stem = super::outbox::stem(&batch.file_name);
    format!("{stem}__{}__r{}.xlsx", batch.id(), batch.revision)
}

/// Who decided, as written; empty where nobody says so.
pub fn who(document: &Document) -> String {
    named(document, NAME_BY).map(|cell| cell.text().trim().to_owned()).unwrap_or_default()
}

/// The cell that a name of the workbook points at.
fn named(document: &Document, name: &str) -> Option<Cell> {
    let NamedCell { row, column, .. } = named_cell(document, name)?;
    Some(row.cells.get(column).cloned().unwrap_or_default())
}

/// Where a name of the workbook points.
pub struct NamedCell<'a> {
    pub sheet: &'a Sheet,
    pub row: &'a Row,
    /// From 0.
    pub column: usize,
}

pub fn named_cell<'a>(document: &'a Document, name: &str) -> Option<NamedCell<'a>> {
    let (_, formula) = document.defined_names.iter().find(|(known, _)| known == name)?;
    let (sheet, cell) = formula.trim_start_matches('=').rsplit_once('!')?;
    let sheet = sheet.trim_matches(['$', '\'']).replace("''", "'");
    let sheet = document.sheets.iter().find(|known| known.name == sheet)?;
    let (row, column) = row_and_column(cell)?;
    let row = sheet.rows.iter().find(|known| known.number == row)?;
    Some(NamedCell { sheet, row, column })
}

/// `$C$5` → row 5, column 2 from 0.
fn row_and_column(reference: &str) -> Option<(u32, usize)> {
    let reference = reference.replace('$', "");
    let digits = reference.find(|c: char| c.is_ascii_digit())?;
    let (letters, row) = reference.split_at(digits);
    Some((row.parse().ok()?, usize::try_from(column_index(letters)?).ok()?))
}

/// TRUE, 1, x, ✓ or có.
pub fn is_ticked(cell: &Cell) -> bool {
    match cell {
        Cell::Bool(ticked) => *ticked,
        Cell::Number { value, .. } => (*value - 1.0).abs() < f64::EPSILON,
        Cell::Text(text) => {
            matches!(
                text.trim().to_lowercase().as_str(),
                "true" | "1" | "x" | "✓" | "✔" | "☑" | "có" | "co"
            )
        }
        _ => false,
    }
}

/// What was written on the sheets of results besides the decisions.
fn written(document: &Document, answer: &Answer, staged: &Staged, texts: &Texts) -> Written {
    let mut written = Written::default();
    let count = staged.tables.len();
    for table in &staged.tables {
        let Some(results) = Results::of(document, table, count, answer) else { continue };
        let place =
            |row| Place { sheet: Some(results.sheet.name.clone()), row, ..Place::default() };
        if matches!(results.columns, Columns::Lost) {
            written.edited.push(told(texts, &place(None), "moved", ""));
            continue;
        }
        let between = results.put_between();
        let said =
            |header: &String| told(texts, &place(None), "column", header).severity(Severity::Info);
        written.told.extend(between.iter().map(said));
        for row in table.rows.iter().filter(|row| row.kind == RowKind::Data) {
            let rid = rid(table, row.number, count > 1);
            let Some(found) = results.rows.get(&row.number) else {
                // A row that waits was deleted, and waits on.
                let is_taken =
                    staged.states.get(&(table.sheet, row.number)) == Some(&RowState::Accepted);
                let named = name(table, row);
                let place = Place { row: Some(row.number), ..place(None) };
                written.edited.extend(is_taken.then(|| told(texts, &place, "deleted", &named)));
                continue;
            };
            let theirs = results.theirs(found);
            let theirs = theirs
                .get(..width(table, row))
                .filter(|_| results.own.is_none())
                .unwrap_or(&theirs);
            // A row that was fixed since is not edited where it still says what went out with the answer.
            let went_out = answer.rows.get(&rid);
            if went_out.is_none_or(|went_out| *went_out != checksum(theirs)) {
                let is_stale = went_out.is_some_and(|it| *it != checksum(&row.cells));
                written.row((table, row), (theirs, is_stale), texts);
            }
            let is_ours_edited = own(&results, found)
                .zip(answer.own.get(&rid))
                .is_some_and(|(now, went_out)| now != *went_out);
            let said =
                || told(texts, &place(Some(found.number)), "ours", "").severity(Severity::Info);
            written.told.extend(is_ours_edited.then(said));
        }
        let added = results.added.iter();
        let said = |row: &&Row| told(texts, &place(Some(row.number)), "added_result", "");
        written.told.extend(added.map(said));
    }
    written
}

impl Written {
    /// What an edited row is, if it says something else.
    fn row(
        &mut self,
        (table, row): (&Table, &TableRow),
        (now, is_stale): (&[Cell], bool),
        texts: &Texts,
    ) {
        let mut findings = differences(table, row, now, texts);
        if findings.is_empty() {
            return;
        }
        let changes = changes(table, row, now);
        if is_stale {
            self.told.push(stale_row(table, row.number));
        } else if changes.is_empty() {
            self.edited.push(findings.swap_remove(0));
        } else {
            findings.retain(|finding| finding.place.field.is_some());
            let (sheet, row) = (table.sheet, row.number);
            self.changed.push(Edited { sheet, row, changes, findings });
        }
    }
}

/// The checksum of our columns, where they stand as they went out.
fn own(results: &Results<'_>, row: &Row) -> Option<String> {
    let (header, own) = (results.header?, results.own?);
    let text = |row: &Row, at: usize| row.cells.get(own + at).map(|cell| cell.text().into_owned());
    let heading = |name: &str| format!("workbook.column.{name}");
    let are_ours = |texts: &Texts| {
        let mut names = OWN_COLUMNS.iter().enumerate();
        names.all(|(at, name)| text(header, at) == Some(texts.label(&heading(name))))
    };
    Locale::ALL.iter().any(|locale| are_ours(Texts::of(*locale))).then_some(())?;
    let lasting = OWN_COLUMNS.iter().enumerate().filter(|(_, name)| is_lasting(name));
    let texts = lasting.map(|(at, _)| text(row, at).unwrap_or_default());
    Some(own_checksum(&texts.collect::<Vec<_>>()))
}

/// The client of a row, as it is written.
fn name(table: &Table, row: &TableRow) -> String {
    let column = table.columns.iter().find(|column| column.field == Some(Field::Name));
    let at = column.and_then(|column| usize::try_from(column.index).ok());
    let cell = at.and_then(|at| row.cells.get(at));
    cell.map_or_else(|| row.number.to_string(), |cell| cell.text().into_owned())
}

/// The user's columns.
fn width(table: &Table, row: &TableRow) -> usize {
    let mapped = table.columns.iter().map(|column| column.index + 1).max().unwrap_or_default();
    usize::try_from(mapped).unwrap_or_default().max(row.cells.len())
}

/// The fields that say something else now.
fn changes(table: &Table, row: &TableRow, now: &[Cell]) -> Vec<(Field, Cell)> {
    let (before, after) = (shown_texts(&row.cells), shown_texts(now));
    let text = |texts: &[String], at: usize| {
        texts.get(at).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let change = |column: &Column| {
        let at = usize::try_from(column.index).ok()?;
        let is_same = same(&text(&before, at), &text(&after, at));
        let cell = now.get(at).cloned().unwrap_or_default();
        column.field.filter(|_| !is_same).map(|field| (field, cell))
    };
    table.columns.iter().filter_map(change).collect()
}

/// Each cell that says something else now.
fn differences(table: &Table, row: &TableRow, now: &[Cell], texts: &Texts) -> Vec<Finding> {
    let (before, now) = (shown_texts(&row.cells), shown_texts(now));
    let text = |texts: &[String], at: usize| {
        texts.get(at).map(|text| text.trim().to_owned()).unwrap_or_default()
    };
    let said = |at: usize| {
        let index = u32::try_from(at).ok()?;
        let column = table.columns.iter().find(|column| column.index == index);
        let place = Place {
            sheet: Some(table.name.clone()),
            row: Some(row.number),
            column: Some(column_letters(index)),
            field: column.and_then(|column| column.field),
        };
        let values = context! { old => text(&before, at), new => text(&now, at) };
        let reason = texts.say("message.edited", values);
        let finding = Finding::new(Code::ClientChanged, place).value(text(&now, at));
        Some(finding.detail("edited", reason))
    };
    let is_other = |at: &usize| !same(&text(&before, *at), &text(&now, *at));
    (0..width(table, row)).filter(is_other).filter_map(said).collect()
}

/// The same text, or the same number written otherwise.
pub fn same(a: &str, b: &str) -> bool {
    let number = |text: &str| text.parse::<f64>().ok();
    let lines = |text: &str| text.replace("\r\n", "\n");
    lines(a) == lines(b) || (!a.starts_with('0') && number(a).is_some() && number(a) == number(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reference_is_read_as_row_and_column() {
        assert_eq!(row_and_column("$C$5"), Some((5, 2)));
        assert_eq!(row_and_column("AB12"), Some((12, 27)));
        assert_eq!(row_and_column("5"), None);
    }

    #[test]
    fn a_reference_to_a_column_beyond_all_numbers_points_nowhere() {
        assert_eq!(row_and_column("$TTTTTTTTTTTTTTTTTTTTTTTTTTTC$4"), None);
        assert_eq!(row_and_column("$C$99999999999"), None);
    }

    #[test]
    fn a_tick_is_made_in_many_ways_and_anything_else_is_none() {
        let ticked = ["x", "X", "✓", "TRUE", "1", " có "].map(|text| Cell::Text(text.to_owned()));
        assert!(ticked.iter().all(is_ticked));
        assert!(
            is_ticked(&Cell::Bool(true)) && is_ticked(&Cell::Number { value: 1.0, format: None })
        );
        let not = [
            Cell::Empty,
            Cell::Bool(false),
            Cell::Text("không".to_owned()),
            Cell::Number { value: 0.0, format: None },
        ];
        assert!(!not.iter().any(is_ticked));
    }
}
