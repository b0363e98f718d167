//! Why a row of the workbook is not done, in words: what is asked for cannot be, as the payment and its codes stand.

use minijinja::context;

use super::{Returned, Written, flaw};
use crate::{
    db::payments::Payment,
    domain::{
        finding::{Finding, column_letters},
        money::Money,
    },
    flow::{
        Services,
        pay::hand::{self, Refused},
    },
};

pub(super) fn refused(
    services: &Services,
    (returned, written): (&Returned<'_>, &Written<'_>),
    payment: &Payment,
    why: Refused,
) -> Finding {
    let wishes_codes = written.wish.as_ref().is_ok_and(|wish| !wish.codes.is_empty());
    let money = |dong: i64| Money::dong(dong).to_string();
    let column = column(returned, written, &why);
    let amount = payment.amount().to_string();
    let (key, values) = match why {
        Refused::NoCode(code) => ("no_code", context! { code }),
        Refused::Cancelled(code) => ("cancelled", context! { code }),
        Refused::Paid(code) => ("paid", context! { code }),
        Refused::TooMuch { code, left } if payment.goes_back(left) => {
            let left = (left > 0).then(|| money(left));
            ("goes_back", context! { code, left, returned => money(payment.returned) })
        }
        Refused::TooMuch { code, left } => {
            ("too_much", context! { code, left => money(left), amount })
        }
        Refused::Used { code, left, pays } => {
            let (left, pays) = (money(left), hand::codes_in_words(&pays));
            ("used", context! { id => payment.id, code, left, amount, pays })
        }
        Refused::NotFree { left, .. } if wishes_codes => {
            ("both", context! { left => (left > 0).then(|| money(left)) })
        }
        Refused::NotFree { left, pays, .. } => {
            let pays = hand::codes_in_words(&pays);
            ("not_free", context! { id => payment.id, left => money(left), amount, pays })
        }
        Refused::NothingToWaive => ("nothing_to_waive", context! {}),
        // An amount of 0 is no amount of the workbook.
        Refused::Closed | Refused::Went | Refused::Same(_) | Refused::PaysNothing(_) => {
            ("gone", context! {})
        }
    };
    let mut finding = flaw(services, returned, written.row, key, &values);
    finding.place.column = column.and_then(|at| u32::try_from(at).ok()).map(column_letters);
    finding
}

/// Where that stands which cannot be.
fn column(returned: &Returned<'_>, written: &Written<'_>, why: &Refused) -> Option<usize> {
    let columns = &returned.columns;
    let of_code = |code: &str| columns.of_code(written.row, code);
    let [refund, waive, _] = columns.more;
    match why {
        Refused::NoCode(code) | Refused::Cancelled(code) | Refused::Paid(code) => {
            of_code(code).map(|(code, _)| code)
        }
        Refused::TooMuch { code, .. } | Refused::Used { code, .. } => {
            let (at, amount) = of_code(code)?;
            let has_amount =
                |at: &usize| written.row.cells.get(*at).is_some_and(|cell| !cell.is_empty());
            Some(amount.filter(has_amount).unwrap_or(at))
        }
        Refused::NotFree { .. } => refund,
        Refused::NothingToWaive => waive,
        Refused::Closed | Refused::Went | Refused::Same(_) | Refused::PaysNothing(_) => None,
    }
}
