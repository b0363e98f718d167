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
        Datum::Text(text) if text.starts_with(FORMULA) && !is_phone(text) => {
            Cow::Owned(format!("'{text}"))
        }
        Datum::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.text()),
    }
}

/// `+84912345678`: a plus and digits alone are a number, whatever takes them for a formula.
fn is_phone(text: &str) -> bool {
    let digits = text.strip_prefix('+').unwrap_or_default();
    !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(text: &str) -> String {
        field(&Datum::Text(text.to_owned())).into_owned()
    }

    #[test]
    fn a_phone_number_is_written_as_it_is() {
        assert_eq!(written("+84912345678"), "+84912345678");
    }

    #[test]
    fn what_could_be_a_formula_is_written_as_text() {
        for text in [
            "=1+1",
            "+cmd|' /C calc'!A0",
            "+",
            "+84 912",
            "+1+1",
            "+84912345678\n=1",
            "@SUM(A1)",
            "-1",
            "-cmd",
            "\t=1",
            "\r=1",
        ] {
            assert_eq!(written(text), format!("'{text}"));
        }
        assert_eq!(written("Công ty A"), "Công ty A");
    }
}
