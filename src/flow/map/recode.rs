//! Columns that are still in an old encoding, and columns whose dates are written month first: both only where the
//! whole column agrees. The cells stay as they are; they are read when they are asked for.

use unicode_normalization::UnicodeNormalization;

use super::TableRow;
use crate::{
    catalogue::columns::Columns,
    db::rows::{Column, RowKind},
    domain::{
        cell::Cell,
        date::{self, Order},
        field::Field,
        legacy::{self, Legacy, Weight},
    },
};

/// So many words must speak for an encoding for each that speaks against it.
const FOR_EACH_AGAINST: usize = 4;

/// Finds out in what each column is written.
pub fn settle(columns: &mut [Column], rows: &[TableRow], catalogue: &Columns) {
    for column in columns {
        let Some(field) = column.field else { continue };
        let Ok(index) = usize::try_from(column.index) else { continue };
        let data = rows.iter().filter(|row| row.kind == RowKind::Data);
        let texts = data.filter_map(move |row| match row.cells.get(index) {
            Some(Cell::Text(text)) => Some(text.as_str()),
            _ => None,
        });
        if is_date(field) {
            column.month_first = is_month_first(texts.clone());
        }
        if may_be_recoded(field) {
            column.legacy = encoding(texts, |text| catalogue.value(field, text).is_some());
        }
    }
}

/// The readings of a text that somebody may know: a header, a value.
pub fn readings(text: &str) -> impl Iterator<Item = String> {
    let suspect = legacy::is_suspect(text);
    Legacy::ALL.iter().filter(move |_| suspect).filter_map(|legacy| legacy.decode(text))
}

/// A cell typed today in a column that is read otherwise: decomposed, which no old encoding can hold, or as the day
/// that it means here.
pub fn typed(cell: Cell, column: &Column) -> Cell {
    let Cell::Text(text) = &cell else { return cell };
    if column.legacy.is_some() {
        return Cell::Text(text.nfd().collect());
    }
    let day = || date::read(text, Order::DayFirst).and_then(|day| day.and_hms_opt(0, 0, 0));
    day().filter(|_| column.month_first).map_or(cell, Cell::Date)
}

const fn is_date(field: Field) -> bool {
    matches!(field, Field::FiscalYearStart | Field::BooksStart)
}

/// Ids, numbers and addresses of mail have no Vietnamese in them.
const fn may_be_recoded(field: Field) -> bool {
    !matches!(
        field,
        Field::TaxId
            | Field::OldTaxId
            | Field::InvoiceTaxId
            | Field::Email
            | Field::RecipientEmail
            | Field::InvoiceEmail
            | Field::Phone
            | Field::ContactPhone
            | Field::RecipientPhone
    )
}

/// A day behind the month somewhere, and nowhere before it.
fn is_month_first<'a>(texts: impl Iterator<Item = &'a str>) -> bool {
    let mut found = false;
    for order in texts.filter_map(date::order_of) {
        if order == Order::DayFirst {
            return false;
        }
        found = true;
    }
    found
}

/// The one encoding in which every text with a letter outside ASCII is Vietnamese, or a value that is known. Of
/// several, the one in which more values are known.
fn encoding<'a>(
    texts: impl Iterator<Item = &'a str> + Clone,
    is_known: impl Fn(&str) -> bool,
) -> Option<Legacy> {
    let texts = texts.filter(|text| legacy::is_suspect(text));
    let known = |legacy| agree(legacy, texts.clone(), &is_known).map(|known| (known, legacy));
    let agreeing: Vec<(usize, Legacy)> =
        Legacy::ALL.iter().filter_map(|legacy| known(*legacy)).collect();
    let (most, legacy) = agreeing.iter().max_by_key(|(known, _)| known)?;
    let is_alone = agreeing.iter().filter(|(known, _)| known == most).count() == 1;
    is_alone.then_some(*legacy)
}

/// How many texts are values that are known; `None` where a text speaks against the encoding, or nothing for it.
fn agree<'a>(
    legacy: Legacy,
    texts: impl Iterator<Item = &'a str>,
    is_known: impl Fn(&str) -> bool,
) -> Option<usize> {
    let (mut known, mut speak_for, mut against, mut is_proven) = (0, 0, 0, false);
    for text in texts {
        let decoded = legacy.decode(text)?;
        if is_known(&decoded) {
            known += 1;
            is_proven |= !is_known(text);
            continue;
        }
        let Weight { impossible_as_written, impossible_as_read } = legacy.weigh(text, &decoded);
        if impossible_as_read > impossible_as_written {
            return None;
        }
        speak_for += impossible_as_written;
        against += impossible_as_read;
        let proves = || legacy::readings(text).iter().any(|(read, _)| *read == legacy);
        is_proven = is_proven || speak_for >= 2 || (impossible_as_written > 0 && proves());
    }
    (is_proven && speak_for >= FOR_EACH_AGAINST * against).then_some(known)
}
