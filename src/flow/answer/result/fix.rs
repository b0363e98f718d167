//! The sheet to fix: only rejected and held rows, in the columns of the template, ready to be dropped back.
//! What becomes of the fixed rows is decided where the answer is taken in.

use anyhow::Context;
use rust_xlsxwriter::{Format, IgnoreError, Worksheet, XlsxError};

use super::{
    Kit,
    own::said,
    places::At,
    rows::{MAX_LINKS, MAX_NOTES, explained},
};
use crate::{
    domain::{batch::RowState, field::Field, finding::Severity},
    flow::answer::{
        fit::{height, lines, width},
        lists::Lists,
        look::{self, Shape, TEXT, Tone, note, put_field, put_link, put_text},
        paper,
        view::{DataRow, FindingText, ViewKind},
    },
};

/// The hidden last column: which row of the batch a row is.
pub const RID: &str = "_rid";
const DRY_RID: &str = "_row";
/// Behind the columns of the template, in this order; [`RID`] follows.
const OWN: [(&str, f64); 4] =
    [("reason", 48.0), ("fix", 48.0), ("suggestion", 28.0), ("decision", 13.0)];
const DECISION: usize = 3;
/// After the label of a required field.
const REQUIRED: &str = " (*)";
/// Programs grow slow over more drop-downs in a column: then every row is offered everything.
const MAX_RUNS: usize = 1_000;
const NARROWEST: f64 = 10.0;
const WIDEST: f64 = 32.0;

/// What the columns of the template need on the sheet.
pub struct Needs {
    labels: Vec<(Field, String)>,
    /// Of each whether it has something to say of a row, and the widest value.
    fields: Vec<(bool, f64)>,
}

impl Needs {
    pub fn of(labels: &[(Field, String)]) -> Needs {
        Needs { labels: labels.to_vec(), fields: vec![(false, 0.0); labels.len()] }
    }

    pub fn add(&mut self, row: &DataRow) {
        for ((field, _), (is_told, widest)) in self.labels.iter().zip(&mut self.fields) {
            let value = row.field(*field);
            *is_told = *is_told
                || !value.is_empty()
                || row.findings.iter().any(|finding| finding.field == Some(*field))
                || row.suggestion.iter().any(|(known, _)| known == field);
            *widest = widest.max(width(value));
        }
    }

    /// Of all columns. One that has nothing to say of any row is hidden: it has no width.
    fn widths(&self) -> Vec<f64> {
        let needed = |((_, label), (is_told, widest)): (&(Field, String), &(bool, f64))| {
            if !label.ends_with(REQUIRED) && !is_told {
                return 0.0;
            }
            let label = (width(label) + 2.0).min(18.0);
            (widest.max(label) + 3.0).clamp(NARROWEST, WIDEST)
        };
        let fields = self.labels.iter().zip(&self.fields).map(needed);
        fields.chain(OWN.map(|(_, width)| width)).collect()
    }
}

/// Writes the sheet from top to bottom: its rows leave memory as they come.
pub struct Writer<'a> {
    kit: &'a Kit<'a>,
    sheet: Worksheet,
    /// The column at which ours begin.
    own: usize,
    /// Of all columns but that of the row ids.
    widths: Vec<f64>,
    own_format: Format,
    link: Format,
    notes: usize,
    /// How many rows stand on it.
    rows: u32,
    /// First and last of those that follow each other and are held: a rule for each run, not for each row.
    held: Vec<(u32, u32)>,
    /// Of each column of the template those that follow each other and may say the same.
    choices: Vec<Vec<Choices>>,
}

/// What the rows from the first to the last may say.
struct Choices {
    first: u32,
    last: u32,
    options: Vec<String>,
}

impl<'a> Writer<'a> {
    pub fn begin(kit: &'a Kit<'a>, mut sheet: Worksheet) -> anyhow::Result<Writer<'a>> {
        sheet.set_name(kit.label("sheet.fix"))?;
        let (widths, own) = (kit.survey.fix.widths(), kit.view.labels.len());
        // What is ours may be edited too, to no effect: only so can rows be sorted and deleted.
        let own_format = kit.look.own.text.clone().set_unlocked();
        let link = kit.look.own.link.clone().set_unlocked();
        let choices = kit.view.labels.iter().map(|_| Vec::new()).collect();
        let (notes, rows, held) = (0, 0, Vec::new());
        let mut writer =
            Writer { kit, sheet, own, widths, own_format, link, notes, rows, held, choices };
        writer.header()?;
        Ok(writer)
    }

    /// The next row that waits.
    pub fn add(&mut self, row: &DataRow, place: At) -> anyhow::Result<()> {
        self.rows += 1;
        let at = self.rows;
        match self.held.last_mut() {
            _ if row.state != RowState::Held => {}
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => self.held.push((at, at)),
        }
        self.offer(at, row);
        self.row(at, row, place).with_context(|| format!("Row {} cannot be written", row.rid))
    }

    /// Notes what a row may say. One run more than may be is enough to know that they are too many.
    fn offer(&mut self, at: u32, row: &DataRow) {
        for ((field, _), runs) in self.kit.view.labels.iter().zip(&mut self.choices) {
            let options = row.choice(*field, &self.kit.view.choices);
            let is_full = runs.len() > MAX_RUNS;
            match runs.last_mut() {
                _ if options.is_empty() || is_full => {}
                Some(run) if run.last + 1 == at && run.options == options => run.last = at,
                _ => runs.push(Choices { first: at, last: at, options: options.to_vec() }),
            }
        }
    }

    pub fn end(mut self, lists: &mut Lists) -> anyhow::Result<Worksheet> {
        self.drop_downs(lists)?;
        self.frame()?;
        Ok(self.sheet)
    }

    fn header(&mut self) -> anyhow::Result<()> {
        let look = &self.kit.look;
        let theirs = self.kit.view.labels.iter().map(|(_, label)| (label.clone(), &look.theirs));
        let ours = OWN.map(|(name, _)| (self.kit.label(&format!("column.{name}")), &look.heading));
        // A dry run that is dropped is a new list, and must not look like an answer.
        let dry = self.kit.view.kind == ViewKind::Check;
        let rid = (if dry { DRY_RID } else { RID }.to_owned(), &look.heading);
        let mut tallest = 2;
        for (column, (label, format)) in theirs.chain(ours).chain([rid]).enumerate() {
            put_text(&mut self.sheet, look::at(0, column)?, &label, format)?;
            let width = self.widths.get(column).filter(|width| **width > 0.0);
            tallest = tallest.max(width.map_or(1, |width| lines(&label, width - 1.0)));
        }
        self.sheet.set_row_height(0, height(tallest))?;
        Ok(())
    }

    fn row(&mut self, at: u32, row: &DataRow, place: At) -> anyhow::Result<()> {
        let mut tallest = 1;
        for (column, (field, _)) in self.kit.view.labels.iter().enumerate() {
            let text = row.field(*field);
            if self.widths[column] > 0.0 {
                tallest = tallest.max(lines(text, self.widths[column] - 2.0));
            }
            self.field(look::at(at, column)?, (*field, text), &row.findings)?;
        }
        let own = [
            said(&row.findings, |finding| &finding.message),
            said(&row.findings, |finding| &finding.fix),
            self.suggestion(row),
        ];
        for (column, text) in (self.own..).zip(&own) {
            tallest = tallest.max(lines(text, self.widths[column] - 2.0));
            put_text(&mut self.sheet, look::at(at, column)?, text, &self.own_format)?;
        }
        self.way_back(look::at(at, self.own)?, &own[0], place)?;
        let decision = if row.state == RowState::Held {
            self.kit.look.input.clone()
        } else {
            self.kit.look.state(Tone::Quiet).clone().set_unlocked()
        };
        put_text(&mut self.sheet, look::at(at, self.own + DECISION)?, "", &decision)?;
        let rid = look::value(TEXT, Shape::Line, None);
        put_text(&mut self.sheet, look::at(at, self.own + OWN.len())?, &row.rid, &rid)?;
        self.sheet.set_row_height(at, height(tallest))?;
        Ok(())
    }

    /// From the reason to the row among the results.
    fn way_back(&mut self, place: (u32, u16), reason: &str, at: At) -> Result<(), XlsxError> {
        if place.0 as usize > MAX_LINKS {
            return Ok(());
        }
        let target = self.kit.places.result(at);
        put_link(&mut self.sheet, place, (reason, &target), &self.link)
    }

    /// Writes a value; a wrong one in its colour, with a note that says why.
    fn field(
        &mut self,
        place: (u32, u16),
        value: (Field, &str),
        findings: &[FindingText],
    ) -> Result<(), XlsxError> {
        let about = |finding: &&FindingText| {
            finding.field == Some(value.0) && finding.severity != Severity::Info
        };
        let mut about: Vec<&FindingText> = findings.iter().filter(about).collect();
        about.sort_by_key(|finding| finding.severity);
        put_field(&mut self.sheet, place, value, about.first().map(|it| it.severity.into()))?;
        if !about.is_empty() && self.notes < MAX_NOTES {
            self.notes += 1;
            let text: Vec<String> = about.into_iter().map(explained).collect();
            self.sheet.insert_note(place.0, place.1, &note(&text.join("\n\n")))?;
        }
        Ok(())
    }

    /// `E-mail: lan@gmail.com`, a line for each field.
    fn suggestion(&self, row: &DataRow) -> String {
        let label = |field: Field| {
            let known = self.kit.view.labels.iter().find(|(label, _)| *label == field);
            known.map_or(field.as_str(), |(_, label)| label.trim_end_matches(REQUIRED))
        };
        let line = |(field, value): &(Field, String)| format!("{}: {value}", label(*field));
        row.suggestion.iter().map(line).collect::<Vec<_>>().join("\n")
    }

    fn drop_downs(&mut self, lists: &mut Lists) -> anyhow::Result<()> {
        let texts = self.kit.texts;
        let last = self.rows;
        for (column, mut runs) in std::mem::take(&mut self.choices).into_iter().enumerate() {
            let field = self.kit.view.labels[column].0;
            let column = look::at(0, column)?.1;
            if runs.len() > MAX_RUNS {
                let whole = self.kit.view.choices.iter().find(|(known, _)| *known == field);
                let whole = whole.map(|(_, options)| options.clone());
                runs =
                    whole.map(|options| Choices { first: 1, last, options }).into_iter().collect();
            }
            for run in runs {
                let choice = lists.choice(&run.options, texts)?;
                self.sheet.add_data_validation(run.first, column, run.last, column, &choice)?;
            }
        }
        let words = ["accept", "drop"].map(|word| self.kit.label(&format!("decision.{word}")));
        let decide = Lists::strict(&words)?
            .set_input_title(self.kit.label("decision.title"))?
            .set_input_message(self.kit.label("decision.hint"))?;
        let column = look::at(0, self.own + DECISION)?.1;
        let runs = std::mem::take(&mut self.held);
        // Very many would be slow to open; a rejected row has no use for it, and no harm of it.
        let runs = if runs.len() > MAX_RUNS { vec![(1, last)] } else { runs };
        for (first, last) in runs {
            self.sheet.add_data_validation(first, column, last, column, &decide)?;
        }
        Ok(())
    }

    fn frame(&mut self) -> anyhow::Result<()> {
        for (column, width) in self.widths.iter().enumerate() {
            let column = look::at(0, column)?.1;
            if *width > 0.0 {
                self.sheet.set_column_width(column, *width)?;
            } else {
                self.sheet.set_column_hidden(column)?;
            }
        }
        let last_row = self.rows;
        let last_column = look::at(0, self.own + DECISION)?.1;
        self.sheet.set_column_hidden(last_column + 1)?;
        self.sheet.autofilter(0, 0, last_row, last_column)?;
        let fields = self.kit.view.labels.iter().enumerate().map(|(at, (field, _))| (at, *field));
        let identifying = paper::identifying(fields);
        let columns = paper::Columns { widths: &self.widths, identifying, group: self.own };
        paper::list(&mut self.sheet, columns)?;
        self.sheet.set_freeze_panes(1, paper::frozen(columns).max(1))?.set_repeat_rows(0, 0)?;
        look::protect(&mut self.sheet);
        let all = IgnoreError::NumberStoredAsText;
        self.sheet.ignore_error_range(0, 0, last_row, last_column + 1, all)?;
        Ok(())
    }
}
