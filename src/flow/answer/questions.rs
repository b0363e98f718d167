//! Headers that a person must explain: what the workbook asks, and what was chosen when it comes back.
//! What becomes of an answer is decided where the answer is taken in.

use std::collections::BTreeSet;

use super::{result::NAME_COLUMN, returned::named_row, view::QuestionView};
use crate::{
    catalogue::columns::Columns,
    db::rows::{Column, RowKind},
    domain::{
        field::Field,
        finding::{Code, Finding, Place, column_letters},
        fold::{fold, tidy},
        locale::Locale,
    },
    flow::{map::Table, read::Document},
    text::Texts,
};

/// Values that show what a column holds.
const SAMPLES: usize = 3;
/// A longer value is cut.
const SAMPLE_CHARS: usize = 40;

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
    tables: &[Table],
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

/// What was chosen, and what of it nobody understands.
pub fn read(document: &Document, columns: &Columns) -> (Vec<Explained>, Vec<Finding>) {
    let (mut explained, mut unclear) = (Vec::new(), Vec::new());
    for (shown, chosen) in written(document) {
        let field = columns.synonym(&chosen);
        if chosen.is_empty() || shown.is_empty() {
            continue;
        }
        if field.is_some() || is_to_leave(&chosen) {
            explained.push(Explained { shown, field });
        } else {
            let finding = Finding::new(Code::HeaderAmbiguous, Place::default());
            unclear.push(finding.value(shown).detail("chosen", chosen));
        }
    }
    (explained, unclear)
}

/// The fields whose columns were not known when a workbook was written: it shows none of their values.
pub fn unknown_then(document: &Document, known: &Columns) -> Vec<Field> {
    written(document).iter().filter_map(|(shown, _)| known.field(shown)).collect()
}

/// Header and choice of each question.
fn written(document: &Document) -> Vec<(String, String)> {
    let mut written = Vec::new();
    while let Some((cells, at)) =
        named_row(document, &format!("{NAME_COLUMN}_{}", written.len() + 1))
    {
        let text = |at: usize| cells.get(at).map(|cell| tidy(&cell.text())).unwrap_or_default();
        written.push((text(super::result::HEADER_COLUMN), text(at)));
    }
    written
}

fn is_to_leave(chosen: &str) -> bool {
    let leave = |locale: &Locale| Texts::of(*locale).label("workbook.question.leave");
    Locale::ALL.iter().any(|locale| fold(&leave(locale)) == fold(chosen))
}
