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
        view::{DataRow, FindingText, SheetView, ViewKind},
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
const RUNS: usize = 1_000;
const NARROWEST: f64 = 10.0;
const WIDEST: f64 = 32.0;

/// The sheet, unless nothing is to fix.
pub fn sheet(kit: &Kit, lists: &mut Lists) -> anyhow::Result<Option<Worksheet>> {
    let rows = kit.view.sheets.iter().flat_map(SheetView::data_rows);
    let rows: Vec<&DataRow> = rows.filter(|row| row.needs_fixing()).collect();
    if rows.is_empty() {
        return Ok(None);
    }
    let mut sheet = Worksheet::new();
    sheet.set_name(kit.label("sheet.fix"))?;
    let (widths, own) = (widths(kit, &rows), kit.view.labels.len());
    // What is ours may be edited too, to no effect: only so can rows be sorted and deleted.
    let own_format = kit.look.own.text.clone().set_unlocked();
    let link = kit.look.own.link.clone().set_unlocked();
    let mut writer = Writer { kit, sheet, own, widths, own_format, link, notes: 0 };
    writer.header()?;
    for ((at, row), place) in (1..).zip(&rows).zip(&kit.places.to_fix) {
        writer
            .row(at, row, *place)
            .with_context(|| format!("Row {} cannot be written", row.rid))?;
    }
    writer.drop_downs(&rows, lists)?;
    writer.frame(rows.len())?;
    Ok(Some(writer.sheet))
}

/// What each column needs. One that has nothing to say of any row is hidden: it has no width.
fn widths(kit: &Kit, rows: &[&DataRow]) -> Vec<f64> {
    let is_told = |row: &&DataRow, field: Field| {
        !row.field(field).is_empty()
            || row.findings.iter().any(|finding| finding.field == Some(field))
            || row.suggestion.iter().any(|(known, _)| *known == field)
    };
    let needed = |(field, label): &(Field, String)| {
        if !label.ends_with(REQUIRED) && !rows.iter().any(|row| is_told(row, *field)) {
            return 0.0;
        }
        let values = rows.iter().map(|row| width(row.field(*field)));
        let label = (width(label) + 2.0).min(18.0);
        (values.fold(label, f64::max) + 3.0).clamp(NARROWEST, WIDEST)
    };
    kit.view.labels.iter().map(needed).chain(OWN.map(|(_, width)| width)).collect()
}

struct Writer<'a> {
    kit: &'a Kit<'a>,
    sheet: Worksheet,
    /// The column at which ours begin.
    own: usize,
    /// Of all columns but that of the row ids.
    widths: Vec<f64>,
    own_format: Format,
    link: Format,
    notes: usize,
}

impl Writer<'_> {
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

    fn drop_downs(&mut self, rows: &[&DataRow], lists: &mut Lists) -> anyhow::Result<()> {
        let texts = self.kit.texts;
        let last = u32::try_from(rows.len())?;
        for (column, (field, _)) in self.kit.view.labels.iter().enumerate() {
            let column = look::at(0, column)?.1;
            let all = &self.kit.view.choices;
            let mut runs = runs_of_choices(rows, |row| row.choice(*field, all));
            if runs.len() > RUNS {
                let whole = all.iter().find(|(known, _)| known == field);
                runs =
                    whole.map(|(_, options)| (1, last, options.as_slice())).into_iter().collect();
            }
            for (first, last, options) in runs {
                let choice = lists.choice(options, texts)?;
                self.sheet.add_data_validation(first, column, last, column, &choice)?;
            }
        }
        let words = ["accept", "drop"].map(|word| self.kit.label(&format!("decision.{word}")));
        let decide = Lists::strict(&words)?
            .set_input_title(self.kit.label("decision.title"))?
            .set_input_message(self.kit.label("decision.hint"))?;
        let column = look::at(0, self.own + DECISION)?.1;
        for (first, last) in runs_of_held(rows) {
            self.sheet.add_data_validation(first, column, last, column, &decide)?;
        }
        Ok(())
    }

    fn frame(&mut self, rows: usize) -> anyhow::Result<()> {
        for (column, width) in self.widths.iter().enumerate() {
            let column = look::at(0, column)?.1;
            if *width > 0.0 {
                self.sheet.set_column_width(column, *width)?;
            } else {
                self.sheet.set_column_hidden(column)?;
            }
        }
        let last_row = u32::try_from(rows)?;
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

/// The rows on the sheet that follow each other and may say the same; none where there is nothing to choose from.
fn runs_of_choices<'a>(
    rows: &[&'a DataRow],
    choice: impl Fn(&'a DataRow) -> &'a [String],
) -> Vec<(u32, u32, &'a [String])> {
    let mut runs = Vec::<(u32, u32, &[String])>::new();
    for (at, row) in (1..).zip(rows) {
        let options = choice(row);
        match runs.last_mut() {
            _ if options.is_empty() => {}
            Some((_, last, known)) if *last + 1 == at && *known == options => *last = at,
            _ => runs.push((at, at, options)),
        }
    }
    runs
}

/// The rows on the sheet that follow each other and are held: a rule for each run, not for each row.
fn runs_of_held(rows: &[&DataRow]) -> Vec<(u32, u32)> {
    let mut runs = Vec::<(u32, u32)>::new();
    for (at, row) in (1..).zip(rows) {
        match runs.last_mut() {
            _ if row.state != RowState::Held => {}
            Some((_, last)) if *last + 1 == at => *last = at,
            _ => runs.push((at, at)),
        }
    }
    runs
}
