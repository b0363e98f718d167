//! The user's rows with what became of them, as the workbook shows them.

use std::collections::{BTreeSet, HashMap};

use minijinja::context;
use rayon::prelude::*;

use super::{
    allowed::{self, Fallback},
    fit::shown,
    paper::identifying,
    view::{DataRow, FindingText, LeftOut, LineView, RowKind, RowView, SheetView},
};
use crate::{
    catalogue::columns::Columns,
    db::{
        findings::Numbered,
        rows::{self, Column},
        widths,
    },
    domain::{
        batch::{BatchId, RowRef, RowState},
        cell::Cell,
        field::Field,
        finding::{Code, Finding, Place, Severity},
        order::LineState,
    },
    flow::{
        Services,
        map::{Table, TableRow, fields, not_chosen},
    },
    text::{
        Texts,
        findings::{self, BY_ANSWER},
    },
};

/// A sheet and a row of it.
pub type At = (i64, u32);

/// What holds for all lists of a file.
#[derive(Debug)]
pub struct Whole<'a> {
    pub services: &'a Services,
    /// What holds where a row says nothing.
    pub fallback: Fallback,
    /// None of a dry run.
    pub batch: Option<BatchId>,
    /// There are two lists or more.
    pub several: bool,
    /// The list was taken back: what its rows say is no question any more.
    pub is_taken_back: bool,
    /// What is said of a row that only a question about the whole list holds.
    pub list_held: Option<FindingText>,
}

/// What is known of some rows.
#[derive(Debug, Default)]
pub struct Facts<'a> {
    pub states: HashMap<At, RowState>,
    /// Rows that a person left out.
    pub dropped: BTreeSet<At>,
    pub said: HashMap<At, Vec<&'a Finding>>,
    pub lines: HashMap<At, LineView>,
    /// Why lines have no licence though one was asked for.
    pub stuck: HashMap<At, FindingText>,
    /// What of the newest answer corrected nothing.
    pub refused: HashMap<At, Vec<FindingText>>,
}

/// The findings by their rows.
pub fn by_row<'a>(findings: impl Iterator<Item = &'a Numbered>) -> HashMap<At, Vec<&'a Finding>> {
    let mut said: HashMap<At, Vec<&Finding>> = HashMap::new();
    for (sheet, finding) in findings {
        if let Some(at) = sheet.zip(finding.place.row) {
            said.entry(at).or_default().push(finding);
        }
    }
    said
}

/// Some rows of a table, as the workbook shows them; made on all processors.
pub fn views(
    whole: &Whole<'_>,
    table: &Table,
    rows: &[TableRow],
    facts: &Facts<'_>,
) -> Vec<RowView> {
    let view = |row: &TableRow| {
        let kind = match row.kind {
            rows::RowKind::Outside => outside(whole, table, row),
            rows::RowKind::Header => RowKind::Header,
            rows::RowKind::Data => RowKind::Data(Box::new(data(whole, table, row, facts))),
        };
        RowView { number: row.number, cells: row.cells.clone(), kind }
    };
    rows.par_iter().map(view).collect()
}

/// A client that nobody chose says so; all else outside of the list says nothing.
fn outside(whole: &Whole<'_>, table: &Table, row: &TableRow) -> RowKind {
    let columns = &whole.services.catalogue.columns;
    let choice = not_chosen(&row.cells, &table.columns, columns);
    let Some(choice) = choice.filter(|_| row.number > table.header_row) else {
        return RowKind::Outside;
    };
    let texts = whole.services.texts;
    let values = context! { column => choice.header.trim(), yes => columns.yes().first() };
    RowKind::NotChosen(Box::new(DataRow {
        state: RowState::Unchanged,
        left_out: Some(LeftOut::NotChosen),
        is_corrected: false,
        findings: vec![FindingText {
            code: Code::RowLeftOut.to_string(),
            severity: Severity::Info,
            column: None,
            field: None,
            message: texts.say("workbook.left_out.not_chosen_reason", values.clone()),
            fix: texts.say("workbook.left_out.not_chosen_fix", values),
        }],
        line: None,
        fields: Vec::new(),
        rid: String::new(),
        suggestion: Vec::new(),
        choices: Vec::new(),
    }))
}

fn data(whole: &Whole<'_>, table: &Table, row: &TableRow, facts: &Facts<'_>) -> DataRow {
    let at = (table.sheet, row.number);
    let findings = facts.said.get(&at).map(Vec::as_slice).unwrap_or_default();
    let state = facts.states.get(&at).copied().unwrap_or(RowState::Rejected);
    let waits = matches!(state, RowState::Rejected | RowState::Held);
    let left_out = if facts.dropped.contains(&at) {
        Some(LeftOut::Decided)
    } else if whole.is_taken_back && waits {
        Some(LeftOut::TakenBack)
    } else {
        is_skipped(state, findings).then_some(LeftOut::Hidden)
    };
    let line = facts.lines.get(&at);
    let told = findings.iter().filter(|finding| !is_over(finding, line));
    let mut said: Vec<FindingText> =
        told.map(|finding| in_words(whole.services.texts, finding)).collect();
    if left_out == Some(LeftOut::Decided) {
        said = vec![about_left_out(whole, table, row.number)];
    } else if state == RowState::Held && !findings.iter().any(|it| is_open(it)) {
        said.extend(whole.list_held.clone());
    }
    said.extend(facts.stuck.get(&at).cloned());
    said.extend(facts.refused.get(&at).into_iter().flatten().cloned());
    if whole.is_taken_back {
        without_offers(&mut said);
    }
    let mut data = DataRow {
        state,
        left_out,
        is_corrected: state == RowState::Unchanged && findings.iter().any(|it| is_by_answer(it)),
        findings: said,
        line: line.cloned(),
        fields: Vec::new(),
        rid: rid(table, row.number, whole.several),
        suggestion: suggestions(findings),
        choices: Vec::new(),
    };
    if data.needs_fixing() {
        data.fields = given(table, row, &whole.services.catalogue.columns);
        data.choices = allowed::of(whole.services, &data, &whole.fallback);
    }
    data
}

/// Nothing is to be done about a list that was taken back.
pub fn without_offers(said: &mut [FindingText]) {
    for finding in said {
        finding.fix.clear();
    }
}

/// Whether a row is left out because nobody sees it in its file.
fn is_skipped(state: RowState, findings: &[&Finding]) -> bool {
    state == RowState::Unchanged && findings.iter().any(|finding| finding.is_skipped())
}

/// The row says what its line says because `nhận` corrected that.
fn is_by_answer(finding: &Finding) -> bool {
    finding.code == Code::ClientSameAsBefore && finding.detail.contains_key(BY_ANSWER)
}

/// A hint that nothing can be made of any more: the year is in use, was cancelled, or what the platform said is to be read.
fn is_over(finding: &Finding, line: Option<&LineView>) -> bool {
    use LineState::{Active, Cancelled, Failed, Grace, Suspended, Uncertain};
    finding.code == Code::FreeYearAvailable
        && line.is_some_and(|line| {
            matches!(line.state, Grace | Active | Suspended | Cancelled | Failed | Uncertain)
        })
}

fn is_open(finding: &Finding) -> bool {
    matches!(finding.severity, Severity::Error | Severity::Hold)
}

/// What is said of a row that only a question about the whole list holds. `asks`: the summary asks what columns are.
pub fn list_held<'a>(
    findings: impl Iterator<Item = &'a Finding>,
    asks: bool,
    texts: &Texts,
) -> Option<FindingText> {
    let of_list =
        |finding: &&Finding| finding.severity == Severity::Hold && finding.place.row.is_none();
    let questions = findings.filter(of_list);
    let questions: Vec<FindingText> = questions.map(|finding| in_words(texts, finding)).collect();
    let joined = |text: fn(&FindingText) -> &String| {
        let mut said: Vec<&str> = questions.iter().map(|it| text(it).as_str()).collect();
        said.dedup();
        said.join(" ")
    };
    let question = joined(|it| &it.message);
    let fix = if asks { texts.label("workbook.list_held.fix") } else { joined(|it| &it.fix) };
    Some(FindingText {
        code: questions.first()?.code.clone(),
        severity: Severity::Hold,
        column: None,
        field: None,
        message: texts.say("workbook.list_held.reason", context! { question }),
        fix,
    })
}

/// What is said of a row that a person left out, and of the way back.
fn about_left_out(whole: &Whole<'_>, table: &Table, row: u32) -> FindingText {
    let sheet = whole.several.then(|| table.name.clone());
    let finding = Finding::new(Code::RowLeftOut, Place { row: Some(row), ..Place::default() });
    let row = whole.batch.map(|batch| RowRef { batch, sheet, row }.to_string());
    let finding = row.into_iter().fold(finding, |finding, row| finding.detail("row", row));
    in_words(whole.services.texts, &finding)
}

/// The lists of a batch without their rows.
pub async fn sheets_of_batch(
    services: &Services,
    batch: BatchId,
    tables: &[Table],
) -> anyhow::Result<Vec<SheetView>> {
    let widths: HashMap<i64, i64> =
        widths::of_batch(&services.db, batch).await?.into_iter().collect();
    let widest = |table: &Table| widths.get(&table.sheet).copied().unwrap_or_default();
    let view = |table: &Table| Ok(sheet(table, usize::try_from(widest(table))?));
    tables.iter().map(view).collect()
}

/// A list without the rows that it has.
pub fn sheet_of_table(table: &Table) -> SheetView {
    let widest = table.rows.iter().map(|row| row.cells.len()).max();
    sheet(table, widest.unwrap_or_default())
}

/// A list without its rows, of which the widest has so many cells.
fn sheet(table: &Table, widest: usize) -> SheetView {
    let columns = table.columns.iter().map(|column| column.index + 1).max().unwrap_or_default();
    let columns = usize::try_from(columns).unwrap_or_default();
    let mut header = vec![String::new(); columns];
    for column in &table.columns {
        if let Some(cell) =
            usize::try_from(column.index).ok().and_then(|index| header.get_mut(index))
        {
            cell.clone_from(&column.header);
        }
    }
    let place = |column: &Column| Some((usize::try_from(column.index).ok()?, column.field?));
    SheetView {
        name: table.name.clone(),
        header_row: table.header_row,
        header,
        width: columns.max(widest),
        identifying: identifying(table.columns.iter().filter_map(place)),
    }
}

pub fn in_words(texts: &Texts, finding: &Finding) -> FindingText {
    FindingText {
        code: finding.name(),
        severity: finding.severity,
        column: finding.place.column.clone(),
        field: finding.place.field,
        message: findings::message(texts, finding),
        fix: findings::fix(texts, finding),
    }
}

/// The mapped values as they should be read, for the sheet to fix: decoded, and those of merged cells in each row.
pub fn given(table: &Table, row: &TableRow, columns: &Columns) -> Vec<(Field, String)> {
    let fields = fields(table, row, columns);
    fields.given().map(|(field, value)| (field, value.shown().to_owned())).collect()
}

fn suggestions(findings: &[&Finding]) -> Vec<(Field, String)> {
    findings
        .iter()
        .filter_map(|finding| finding.place.field.zip(finding.suggestion.clone()))
        .collect()
}

/// The texts of cells as a workbook of ours shows them, without the empty ones at the end.
/// Truth values read as numbers, which is what other programs make of them.
pub fn shown_texts(cells: &[Cell]) -> Vec<String> {
    let text = |cell: &Cell| match cell {
        Cell::Bool(value) => i32::from(*value).to_string(),
        other => shown(&other.text()).into_owned(),
    };
    let mut texts: Vec<String> = cells.iter().map(text).collect();
    while texts.last().is_some_and(|text| text.trim().is_empty()) {
        texts.pop();
    }
    texts
}

/// `17` of the only list, `2!17` where there are several.
pub fn rid(table: &Table, row: u32, several: bool) -> String {
    if several { format!("{}!{row}", table.sheet) } else { row.to_string() }
}
