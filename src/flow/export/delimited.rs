//! A table as delimited text that spreadsheets open without a question and without a formula.
//! What the columns are called is decided before.

use std::borrow::Cow;

use super::{Column, Datum, Table};
use crate::domain::field::Field;

/// Says to Excel that the text is UTF-8.
const MARK: &[u8] = "\u{feff}".as_bytes();
/// A text that begins with one of these is a formula to a spreadsheet (OWASP, CSV injection).
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

pub(super) fn write(table: &Table) -> anyhow::Result<Vec<u8>> {
    let mut builder = csv::WriterBuilder::new();
    let mut writer = builder.terminator(csv::Terminator::CRLF).from_writer(MARK.to_vec());
    writer.write_record(table.columns.iter().map(|(name, _)| name))?;
    for row in &table.rows {
        let fields = table.columns.iter().zip(row);
        writer.write_record(fields.map(|(column, datum)| field(*column, datum).into_owned()))?;
    }
    writer.into_inner().map_err(|error| error.into_error().into())
}

fn field(column: Column, datum: &Datum) -> Cow<'_, str> {
    match datum {
        Datum::Text(text) if text.starts_with(FORMULA) && !is_phone(column, text) => {
            Cow::Owned(format!("'{text}"))
        }
        Datum::Text(text) => Cow::Borrowed(text),
        other => Cow::Owned(other.text()),
    }
}

/// `+84912345678` in a column of phones, where other programs expect it bare: a plus and digits compute nothing.
fn is_phone((name, _): Column, text: &str) -> bool {
    const PHONES: [Field; 3] = [Field::Phone, Field::ContactPhone, Field::RecipientPhone];
    let digits = text.strip_prefix('+').unwrap_or_default();
    PHONES.iter().any(|field| field.as_str() == name)
        && !digits.is_empty()
        && digits.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::flow::export::Kind;

    fn written(column: &'static str, text: &str) -> String {
        field((column, Kind::Text), &Datum::Text(text.to_owned())).into_owned()
    }

    #[test]
    fn a_phone_number_is_written_as_it_is_where_phones_stand_and_nowhere_else() {
        for column in ["phone", "contact_phone", "recipient_phone"] {
            assert_eq!(written(column, "+84912345678"), "+84912345678");
        }
        for column in ["note", "name", "value", "external_id"] {
            assert_eq!(written(column, "+84912345678"), "'+84912345678");
        }
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
            assert_eq!(written("phone", text), format!("'{text}"));
        }
        assert_eq!(written("name", "Công ty A"), "Công ty A");
    }
}
