//! Headers that a person must explain: what the workbook asks, and what was chosen when it comes back.
//! What becomes of an answer is decided where the answer is taken in.

use std::collections::BTreeSet;

use super::{result::NAME_COLUMN, returned::named_cell, view::QuestionView};
use crate::{
    catalogue::columns::Columns,
    db::{
        findings::Numbered,
        rows::{Column, RowKind},
    },
    domain::{
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::{fold, tidy},
        locale::Locale,
    },
    flow::{map::Table, read::Document},
    text::{Texts, findings as words},
};

/// Values that show what a column holds.
const SAMPLES: usize = 3;
/// A longer value is cut.
const SAMPLE_CHARS: usize = 40;

/// The detail of a finding that holds what was written and is no answer.
const CHOSEN: &str = "chosen";

/// A header that a firm explained.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explained {
    pub shown: String,
    /// None: the column is to be left alone.
    pub field: Option<Field>,
}

impl Explained {
    /// As headers are compared.
    pub fn header(&self) -> String {
        fold(&self.shown)
    }
}

/// The headers that are not clear, each once, with their columns.
pub fn asked(tables: &[Table]) -> Vec<Vec<(&Table, &Column)>> {
    let mut questions: Vec<Vec<(&Table, &Column)>> = Vec::new();
    for table in tables {
        for column in table.columns.iter().filter(|column| !column.asked.is_empty()) {
            let header = fold(&column.header);
            let same = |known: &&mut Vec<(&Table, &Column)>| fold(&known[0].1.header) == header;
            match questions.iter_mut().find(same) {
                Some(known) => known.push((table, column)),
                None => questions.push(vec![(table, column)]),
            }
        }
    }
    questions
}

/// What the workbook asks.
pub fn views(
    (tables, findings): (&[Table], &[Numbered]),
    columns: &Columns,
    (texts, locale): (&Texts, Locale),
) -> Vec<QuestionView> {
    let label = |field: Field| columns.header(field, locale).to_owned();
    let view = |question: Vec<(&Table, &Column)>| {
        let place = |(table, column): &(&Table, &Column)| match tables {
            [_] => column_letters(column.index),
            _ => format!("{} ({})", column_letters(column.index), table.name),
        };
        let (table, column) = question[0];
        let mut choices: Vec<String> = choices(table, column).into_iter().map(label).collect();
        choices.push(texts.label("workbook.question.leave"));
        QuestionView {
            columns: question.iter().map(place).collect::<Vec<_>>().join(", "),
            header: column.header.clone(),
            samples: samples(table, column),
            choices,
            remark: chosen(findings, &column.header).map(|said| words::message(texts, said)),
        }
    };
    asked(tables).into_iter().map(view).collect()
}

/// What the header may be, then all that no column is yet.
fn choices(table: &Table, column: &Column) -> Vec<Field> {
    let taken: BTreeSet<Field> = table.columns.iter().filter_map(|column| column.field).collect();
    let free = |field: &&Field| !taken.contains(field) && !column.asked.contains(field);
    column.asked.iter().chain(Field::ALL.iter().filter(free)).copied().collect()
}

/// The first values that differ.
fn samples(table: &Table, column: &Column) -> Vec<String> {
    let mut samples: Vec<String> = Vec::new();
    for row in table.rows.iter().filter(|row| row.kind == RowKind::Data) {
        let cell = usize::try_from(column.index).ok().and_then(|index| row.cells.get(index));
        let text = cell.map(|cell| tidy(&cell.text())).unwrap_or_default();
        if !text.is_empty() && !samples.contains(&text) {
            samples.push(text);
        }
        if samples.len() == SAMPLES {
            break;
        }
    }
    samples.into_iter().map(cut).collect()
}

fn cut(text: String) -> String {
    if text.chars().count() <= SAMPLE_CHARS {
        return text;
    }
    text.chars().take(SAMPLE_CHARS - 1).chain(['…']).collect()
}

/// What was chosen, and what of it nobody understands: where it stands, and what may be chosen there.
pub fn read(
    document: &Document,
    columns: &Columns,
    asked: &[QuestionView],
) -> (Vec<Explained>, Vec<Finding>) {
    let (mut explained, mut unclear) = (Vec::new(), Vec::new());
    for Written { place, shown, chosen } in written(document) {
        let field = columns.synonym(&chosen);
        if chosen.is_empty() || shown.is_empty() {
            continue;
        }
        if field.is_some() || is_to_leave(&chosen) {
            explained.push(Explained { shown, field });
            continue;
        }
        let question = asked.iter().find(|question| fold(&question.header) == fold(&shown));
        let choices = question.map(|question| question.choices.join(", ")).unwrap_or_default();
        let column = place.column.clone().unwrap_or_default();
        let cell = format!("{column}{}", place.row.unwrap_or_default());
        let finding = Finding::new(Code::HeaderAmbiguous, place).value(shown);
        unclear
            .push(finding.detail(CHOSEN, chosen).detail("choices", choices).detail("cell", cell));
    }
    (explained, unclear)
}

/// What was written as the answer to the question about a header, and is none.
pub fn chosen<'a>(findings: &'a [Numbered], header: &str) -> Option<&'a Finding> {
    let mut findings = findings.iter().map(|(_, finding)| finding);
    findings.find(|said| {
        said.detail.contains_key(CHOSEN)
            && said.value.as_ref().is_some_and(|it| fold(it) == fold(header))
    })
}

/// The fields whose columns were not known when a workbook was written: it shows none of their values.
pub fn unknown_then(document: &Document, known: &Columns) -> Vec<Field> {
    written(document).iter().filter_map(|it| known.field(&it.shown)).collect()
}

/// A question as it came back.
struct Written {
    /// Of the answer.
    place: Place,
    /// The header.
    shown: String,
    chosen: String,
}

fn written(document: &Document) -> Vec<Written> {
    let mut all = Vec::new();
    while let Some(named) = named_cell(document, &format!("{NAME_COLUMN}_{}", all.len() + 1)) {
        let text = |at: usize| named.row.cells.get(at).map(|cell| tidy(&cell.text()));
        let place = Place {
            sheet: Some(named.sheet.name.clone()),
            row: Some(named.row.number),
            column: u32::try_from(named.column).ok().map(column_letters),
            field: None,
        };
        let shown = text(super::result::HEADER_COLUMN).unwrap_or_default();
        all.push(Written { place, shown, chosen: text(named.column).unwrap_or_default() });
    }
    all
}

fn is_to_leave(chosen: &str) -> bool {
    let leave = |locale: &Locale| Texts::of(*locale).label("workbook.question.leave");
    Locale::ALL.iter().any(|locale| fold(&leave(locale)) == fold(chosen))
}
