//! Whether a row still shows the payment that its hidden cell names: where a part of the sheet was sorted, another one
//! stands there. What follows is said by the module above.

use chrono::NaiveDate;

use crate::{
    db::payments::Payment,
    domain::{locale::Locale, money::Money},
    flow::{
        answer::money,
        pay::{amount, memo},
        read::{Cell, Row},
    },
    text::Texts,
};

/// What of a row is not as it was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Differs {
    /// It shows another payment.
    Other,
    /// A cell that is for reading was edited or emptied, in this column.
    Edited(usize),
}

/// Where a payment, its day, its amount and its memo stand, by their headings in either language.
#[derive(Clone, Copy, Debug)]
pub(super) struct Visible {
    at: [Option<usize>; 4],
}

impl Visible {
    pub fn of(headings: &[String]) -> Visible {
        let is_it = |text: &String, name: &str| {
            Locale::ALL.iter().any(|locale| *text == money::own_label(Texts::of(*locale), name))
        };
        let find = |name: &str| headings.iter().position(|text| is_it(text, name));
        Visible { at: ["payment", "day", "amount", "memo"].map(find) }
    }

    /// Nothing where the row is as we wrote it, as far as its columns are there. Where nothing is wanted of a payment,
    /// another day or amount beside its own number is an edited cell.
    pub fn differs(&self, row: &Row, payment: &Payment, wishes: bool) -> Option<Differs> {
        let (id, day, amount) = self.shown(row);
        let booked_on = payment.booked_on.parse::<NaiveDate>().ok();
        let real = payment.amount().as_dong();
        let shows_other =
            day.is_some() && day != booked_on || amount.is_some_and(|amount| amount != real);
        let is_own = id == Some(payment.id) && !wishes;
        if id.is_some_and(|id| id != payment.id) || (shows_other && !is_own) {
            return Some(Differs::Other);
        }
        let text = self.cell(row, 3).map(|cell| memo::squeezed(&cell.text()));
        let is_edited = [
            id != Some(payment.id),
            day != booked_on,
            amount != Some(real),
            text != Some(memo::squeezed(&payment.memo)),
        ];
        let mut edited = self.at.iter().zip(is_edited).filter(|(_, is_edited)| *is_edited);
        edited.find_map(|(at, _)| *at).map(Differs::Edited)
    }

    /// The number, the day and the amount that a person sees, where they can be read.
    pub fn shown(&self, row: &Row) -> (Option<i64>, Option<NaiveDate>, Option<i64>) {
        let number = |nth: usize| {
            let read = amount::read(self.cell(row, nth)?).ok().flatten();
            read.map(Money::as_dong)
        };
        (number(0), self.cell(row, 1).and_then(day), number(2))
    }

    fn cell<'a>(&self, row: &'a Row, nth: usize) -> Option<&'a Cell> {
        const NOTHING: &Cell = &Cell::Empty;
        self.at[nth].map(|at| row.cells.get(at).unwrap_or(NOTHING))
    }
}

fn day(cell: &Cell) -> Option<NaiveDate> {
    if let Cell::Date(at) = cell {
        return Some(at.date());
    }
    let text = cell.text();
    let read = |form: &&str| NaiveDate::parse_from_str(text.trim(), form).ok();
    ["%d/%m/%Y", "%Y-%m-%d"].iter().find_map(read)
}
