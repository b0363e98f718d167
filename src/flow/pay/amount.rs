//! Amounts as banks write them into statements (domain facts §3.5): whole đồng, whatever the separators.
//! Which way the money went is said by the column.

use crate::domain::{cell::Cell, money::Money};

/// What stands behind an amount and says only that it is money, in upper case.
const CURRENCIES: [&str; 5] = ["VND", "VNĐ", "DONG", "ĐỒNG", "Đ"];
/// Spreadsheets keep 15 digits.
const EXACT: f64 = 1e15;

/// An amount that cannot be read: no đồng, or parts of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NoAmount;

/// `None` for a cell that says nothing.
pub fn read(cell: &Cell) -> Result<Option<Money>, NoAmount> {
    match cell {
        Cell::Number { value, .. } if value.fract() == 0.0 && value.abs() < EXACT => {
            #[expect(clippy::cast_possible_truncation, reason = "whole, and below 10^15")]
            let amount = *value as i64;
            Ok(Some(Money::dong(amount)))
        }
        Cell::Empty => Ok(None),
        Cell::Text(text) => of_text(text),
        _ => Err(NoAmount),
    }
}

/// The same of a text: `1.234.567`, `1,234,567.00`, `(150,000)`, `+500,000 VND`.
pub fn of_text(text: &str) -> Result<Option<Money>, NoAmount> {
    let upper = text.to_uppercase();
    let mut rest: String = upper.chars().filter(|c| !c.is_whitespace()).collect();
    for currency in CURRENCIES {
        rest = rest.strip_suffix(currency).map_or(rest.clone(), str::to_owned);
        rest = rest.strip_prefix(currency).map_or(rest.clone(), str::to_owned);
    }
    if rest.is_empty() || rest == "-" {
        return Ok(None);
    }
    let inside = rest.strip_prefix('(').and_then(|rest| rest.strip_suffix(')'));
    let signed = inside.unwrap_or(&rest);
    let before = signed.strip_prefix(['-', '\u{2212}']);
    let minus = before.or_else(|| signed.strip_suffix(['-', '\u{2212}']));
    let digits = minus.or_else(|| signed.strip_prefix('+')).unwrap_or(signed);
    let amount = whole(digits).ok_or(NoAmount)?;
    let is_negative = inside.is_some() || minus.is_some();
    Ok(Some(Money::dong(if is_negative { -amount } else { amount })))
}

/// Three digits behind the last separator are a group, two are decimals and must be zeros: there is no part of a đồng.
fn whole(text: &str) -> Option<i64> {
    let is_digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    let Some(last) = text.rfind([',', '.']) else {
        return is_digits(text).then(|| text.parse().ok())?;
    };
    let (before, after) = (&text[..last], &text[last + 1..]);
    let separator = text[last..].chars().next()?;
    let (whole, separator) = match after.len() {
        3 => (text, separator),
        2 if after == "00" => (before, if separator == '.' { ',' } else { '.' }),
        _ => return None,
    };
    let groups: Vec<&str> = whole.split(separator).collect();
    let (first, others) = groups.split_first()?;
    let is_grouped = is_digits(first)
        && (others.is_empty() || first.len() <= 3)
        && others.iter().all(|group| group.len() == 3 && is_digits(group));
    is_grouped.then(|| groups.concat().parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_in_which_banks_write_an_amount_is_read() {
        for text in [
            "1234567",
            "1,234,567",
            "1.234.567",
            "1,234,567.00",
            "1.234.567,00",
            "+1,234,567 VND",
            "1.234.567 đ",
            "1.234.567VNĐ",
            " 1 234 567 ",
            "VND 1,234,567",
            "1234567.00",
        ] {
            assert_eq!(of_text(text), Ok(Some(Money::dong(1_234_567))), "{text}");
        }
        for text in ["(150,000)", "-150000", "150.000-", "(150.000,00)"] {
            assert_eq!(of_text(text), Ok(Some(Money::dong(-150_000))), "{text}");
        }
        assert_eq!(of_text("50,600,000,000.00"), Ok(Some(Money::dong(50_600_000_000))));
        assert_eq!(of_text("150,00"), Ok(Some(Money::dong(150))));
        assert_eq!((of_text(""), of_text(" - ")), (Ok(None), Ok(None)));
    }

    #[test]
    fn what_is_no_whole_amount_is_never_guessed() {
        for text in [
            "1.5",
            "1,234.5",
            "1.234,567",
            "1,23,456",
            "12345,678",
            "0.01",
            "abc",
            "1-2",
            "31/12/2026",
        ] {
            assert_eq!(of_text(text), Err(NoAmount), "{text}");
        }
        assert_eq!(read(&Cell::Number { value: 1.5, format: None }), Err(NoAmount));
        let whole = Cell::Number { value: -2_950_000.0, format: None };
        assert_eq!(read(&whole), Ok(Some(Money::dong(-2_950_000))));
    }
}
