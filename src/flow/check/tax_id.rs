//! The tax id of a row: one code is said about a cell, the first that fits.
//! What its digits prove is known by `domain::tax_id`.

use std::str::FromStr;

use super::{row::is_full_width, values::Reader};
use crate::{
    domain::{
        client::CustomerType,
        field::Field,
        finding::{Code, Severity},
        tax_id::{self, Origin, TaxId, TaxIdError},
    },
    flow::map::{Fields, Value, ValueKind},
};

/// What the cells may mean, for the look into history: the tax id, and the one before it.
pub fn likely(fields: &Fields) -> Vec<TaxId> {
    let origin = Origin { customer_type: None, may_lack_zeros: false };
    let read = |field| TaxId::read(&fields.get(field)?.text, origin).ok();
    [Field::TaxId, Field::OldTaxId].into_iter().filter_map(read).map(|read| read.tax_id).collect()
}

pub fn read(reader: &mut Reader<'_>) -> Option<TaxId> {
    reader.require(Field::TaxId);
    let value = reader.own(Field::TaxId)?;
    let from_number = matches!(value.kind, ValueKind::Number { zeros_shown: false, .. });
    let may_lack_zeros = from_number || reader.context.from_csv;
    let origin = Origin { customer_type: reader.customer_type, may_lack_zeros };
    let is_whole = from_number_is_whole(value);
    let read = TaxId::read(&value.text, origin).and_then(|read| is_whole.map(|()| read));
    match read {
        Err(error) => {
            let text = value.text.clone();
            refuse(reader, error, &text);
            // A question, not an error: as written it is a tax id.
            TaxId::from_str(&text).ok().filter(|_| error == TaxIdError::Ambiguous)
        }
        Ok(read) => {
            say_one_thing(reader, &read.tax_id, (read.zero_restored, value.without_shown_zeros()));
            if is_full_width(&value.text) {
                reader.normalised(Field::TaxId, read.tax_id.to_string());
            }
            Some(read.tax_id)
        }
    }
}

/// A point or a sign in a number is no separator, unless its format puts it there.
fn from_number_is_whole(value: &Value) -> Result<(), TaxIdError> {
    match value.kind {
        ValueKind::Number { is_whole: false, .. } => Err(TaxIdError::Malformed),
        _ => Ok(()),
    }
}

/// The wrong kind, an unknown province, or that a zero came back.
fn say_one_thing(
    reader: &mut Reader<'_>,
    tax_id: &TaxId,
    (zero_restored, bare): (bool, Option<String>),
) {
    let is_repaired = zero_restored || bare.is_some();
    let repair = is_repaired.then_some((Code::TaxIdZeroRestored, Severity::Info));
    let Some((code, severity)) = oddity(reader, tax_id).or(repair) else { return };
    let finding = reader.find(code, Field::TaxId);
    finding.severity = severity;
    finding.suggestion = is_repaired.then(|| tax_id.to_string());
    finding.value = bare.or(finding.value.take());
}

/// Another tax id of a row, which may also have lost its zero.
pub fn read_other(reader: &mut Reader<'_>, field: Field) -> Option<TaxId> {
    let origin = Origin { customer_type: None, may_lack_zeros: false };
    let likely = |text: &str| tax_id::only_tax_id(text).map(|id| id.to_string());
    let read = reader.parsed_or(field, |text| TaxId::read(text, origin).ok(), likely)?;
    if read.zero_restored {
        let restored = read.tax_id.to_string();
        reader.find(Code::TaxIdZeroRestored, field).suggestion = Some(restored);
    }
    Some(read.tax_id)
}

fn refuse(reader: &mut Reader<'_>, error: TaxIdError, text: &str) {
    let code = match error {
        TaxIdError::DigitsLost => Code::TaxIdDigitsLost,
        TaxIdError::Malformed => Code::Malformed,
        TaxIdError::Ambiguous => Code::TaxIdAmbiguous,
        TaxIdError::Length => Code::TaxIdLength,
        TaxIdError::Checksum => Code::TaxIdChecksum,
    };
    if error == TaxIdError::Malformed {
        let meant = tax_id::only_tax_id(text).filter(|id| id.as_str() != text);
        reader.find(code, Field::TaxId).suggestion = meant.map(|id| id.to_string());
        return;
    }
    let suggestion = match error {
        TaxIdError::Ambiguous => Some(format!("00{text}")),
        // Eleven digits of a household are most often a personal id without its zero; nothing proves it.
        TaxIdError::Length if reader.customer_type != Some(CustomerType::Enterprise) => {
            Some(format!("0{text}"))
        }
        _ => None,
    };
    let rules = &reader.context.catalogue.rules;
    let plausible =
        |id: &TaxId| id.province().is_some_and(|province| rules.knows_province(province));
    let suggestion = suggestion.and_then(|text| TaxId::from_str(&text).ok()).filter(plausible);
    reader.find(code, Field::TaxId).suggestion = suggestion.map(|id| id.to_string());
}

/// A right number that is of the wrong kind (which one a type may have is a rule of the order's date), or of no province.
fn oddity(reader: &Reader<'_>, tax_id: &TaxId) -> Option<(Code, Severity)> {
    let of_today = reader.rules(reader.context.today);
    let objection =
        of_today.and_then(|rules| rules.objection(Field::TaxId, tax_id.kind().as_str()));
    let wrong_kind = objection.map(|severity| (Code::TaxIdWrongKind, severity));
    let rules = &reader.context.catalogue.rules;
    let is_unknown = tax_id.province().is_some_and(|province| !rules.knows_province(province));
    let code = Code::TaxIdUnknownProvince;
    wrong_kind.or_else(|| is_unknown.then(|| (code, code.severity())))
}
