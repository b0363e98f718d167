//! A table as delimited text that spreadsheets open without a question and without a formula.
//! What the columns are called is decided before.

use std::borrow::Cow;

use super::{Datum, Table};

/// Says to Excel that the text is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// A text that begins with one of these is a formula to a spreadsheet (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(super) fn write(table: &Table) -> anyhow::Result<Vec<u8>> {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(MARK.to_vec());
    writer.write_record(table.columns.iter().map(|(name, _)| name))?;
    for row in &table.rows {
        writer.write_record(row.iter().map(|datum| field(datum).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn field(datum: &Datum) -> Cow<'_, str> {
    match datum {
        Datum::Text(text) if text.starts_with(FORMULA) => Cow::Owned(format!("'{text}")),
        Datum::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.text()),
    }
}
