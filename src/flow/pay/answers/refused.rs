//! Why a row of the workbook is not done, in words: what is asked for cannot be, as the payment and its codes stand.

use minijinja::context;

use super::{Returned, Written, flaw};
use crate::{
    db::payments::Payment,
    domain::{finding::Finding, money::Money},
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
        Refused::Closed | Refused::Went | Refused::Same(_) => ("gone", context! {}),
    };
    flaw(services, returned, written.row, key, &values)
}
