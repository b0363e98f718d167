//! The tax id of a row: one code is said about a cell, the first that fits.

use std::str::FromStr;

use chrono::NaiveDate;

use super::values::Reader;
use crate::{
    domain::{
        client::CustomerType,
        field::Field,
        finding::{Code, Severity},
        tax_id::{Origin, TaxId, TaxIdError, TaxIdKind},
    },
    flow::map::{Fields, ValueKind},
};

/// From this day a household's tax id is its representative's personal id (TT86/2024).
const PERSONAL_IDS_SINCE: Option<NaiveDate> = NaiveDate::from_ymd_opt(2025, 7, 1);

/// What the cell may mean, for the look into history.
pub fn likely(fields: &Fields) -> Option<String> {
    let value = fields.get(Field::TaxId)?;
    let origin = Origin { customer_type: None, may_lack_zeros: false };
    TaxId::read(&value.text, origin).ok().map(|read| read.tax_id.to_string())
}

pub fn read(reader: &mut Reader<'_>, customer_type: Option<CustomerType>) -> Option<TaxId> {
    reader.require(Field::TaxId);
    let value = reader.fields.get(Field::TaxId).filter(|value| value.kind != ValueKind::Error)?;
    let from_number = matches!(value.kind, ValueKind::Number { zeros_shown: false });
    let origin = Origin { customer_type, may_lack_zeros: from_number || reader.context.from_csv };
    let zeros_shown = matches!(value.kind, ValueKind::Number { zeros_shown: true });
    match TaxId::read(&value.text, origin) {
        Err(error) => {
            let text = value.text.clone();
            refuse(reader, error, &text);
            None
        }
        Ok(read) => {
            if read.zero_restored || zeros_shown {
                let restored = read.tax_id.to_string();
                reader.find(Code::TaxIdZeroRestored, Field::TaxId).suggestion = Some(restored);
            }
            check_kind(reader, &read.tax_id, customer_type);
            Some(read.tax_id)
        }
    }
}

fn refuse(reader: &mut Reader<'_>, error: TaxIdError, text: &str) {
    let code = match error {
        TaxIdError::DigitsLost => Code::TaxIdDigitsLost,
        TaxIdError::Malformed => Code::Malformed,
        TaxIdError::Ambiguous => Code::TaxIdAmbiguous,
        TaxIdError::Length => Code::TaxIdLength,
        TaxIdError::Checksum => Code::TaxIdChecksum,
    };
    let suggestion = match error {
        TaxIdError::Ambiguous => Some(format!("00{text}")),
        // Eleven digits are most often a personal id without its zero; nothing proves it.
        TaxIdError::Length if text.len() == 11 => Some(format!("0{text}")),
        _ => None,
    };
    let plausible = |id: &String| TaxId::from_str(id).is_ok();
    reader.find(code, Field::TaxId).suggestion = suggestion.filter(plausible);
}

/// Which kind of tax id a customer type may have on the day of the order.
fn check_kind(reader: &mut Reader<'_>, tax_id: &TaxId, customer_type: Option<CustomerType>) {
    match (customer_type, tax_id.kind()) {
        (Some(CustomerType::Enterprise), TaxIdKind::Personal) => {
            reader.find(Code::TaxIdWrongKind, Field::TaxId);
        }
        (Some(CustomerType::Household), TaxIdKind::Organisation | TaxIdKind::Branch)
            if PERSONAL_IDS_SINCE.is_some_and(|since| reader.context.today >= since) =>
        {
            reader.find(Code::TaxIdWrongKind, Field::TaxId).severity = Severity::Warning;
        }
        _ => {}
    }
    let unknown = tax_id
        .province()
        .is_some_and(|province| !reader.context.catalogue.rules.knows_province(province));
    if unknown {
        reader.find(Code::TaxIdUnknownProvince, Field::TaxId);
    }
}
