//! Which column of the sheet of money is what, and what a person wrote into the cells of a row.
//! Whether that can be done is the business of `hand`.

use super::visible::Visible;
use crate::{
    domain::{locale::Locale, money::Money},
    flow::{
        answer::{
            identity::RID,
            money::{self, CODES, MORE},
            returned::is_ticked,
        },
        pay::{
            amount,
            hand::{Back, Wish},
        },
        read::{Cell, Row},
    },
    text::Texts,
};

/// Where what stands, by its heading in either language.
pub(super) struct Columns {
    pub rid: usize,
    pub visible: Visible,
    pairs: Vec<(Option<usize>, Option<usize>)>,
    /// To go back, to be forgiven, why.
    pub more: [Option<usize>; MORE.len()],
}

impl Columns {
    pub fn of(headings: &Row) -> Columns {
        let texts: Vec<String> =
            headings.cells.iter().map(|cell| cell.text().trim().to_owned()).collect();
        let find = |column: usize| {
            let is_it =
                |text: &String, locale: &Locale| *text == money::label(Texts::of(*locale), column);
            texts.iter().position(|text| Locale::ALL.iter().any(|locale| is_it(text, locale)))
        };
        Columns {
            rid: texts.iter().position(|text| text == RID).unwrap_or(usize::MAX),
            visible: Visible::of(&texts),
            pairs: (0..CODES).map(|pair| (find(2 * pair), find(2 * pair + 1))).collect(),
            more: std::array::from_fn(|at| find(2 * CODES + at)),
        }
    }

    /// Where a row has a code, and where the amount of that.
    pub fn of_code(&self, row: &Row, wanted: &str) -> Option<(usize, Option<usize>)> {
        let is_it = |at: usize| row.cells.get(at).is_some_and(|cell| code_in(cell) == wanted);
        let found = |(code, amount): &(Option<usize>, Option<usize>)| {
            Some((code.filter(|at| is_it(*at))?, *amount))
        };
        self.pairs.iter().find_map(found)
    }

    /// What is wanted of a payment; else the column that cannot be read, and why.
    pub fn wish(&self, row: &Row) -> Result<Wish, (usize, &'static str)> {
        let cell = |at: Option<usize>| at.and_then(|at| Some((at, row.cells.get(at)?)));
        let money = |at: Option<usize>| match cell(at) {
            Some((at, cell)) => match amount::read(cell) {
                Ok(Some(money)) if money.as_dong() <= 0 => Err((at, "amount")),
                Ok(money) => Ok(money.map(Money::as_dong)),
                Err(_) => Err((at, "amount")),
            },
            None => Ok(None),
        };
        let mut wish = Wish::default();
        for (code, amount) in &self.pairs {
            let said = cell(*code).map(|(_, cell)| code_in(cell)).unwrap_or_default();
            match (said.is_empty(), money(*amount)?) {
                (true, None) => {}
                (true, Some(_)) => return Err((amount.unwrap_or_default(), "no_code_beside")),
                (false, amount) => wish.codes.push((said, amount)),
            }
        }
        let [refund, waive, _] = self.more;
        wish.refund = match cell(refund) {
            Some((_, cell)) if is_ticked(cell) => Some(Back::Rest),
            _ => money(refund)?.map(Back::Of),
        };
        wish.waives = match cell(waive) {
            Some((_, cell)) if is_ticked(cell) => true,
            Some((at, cell)) if !is_off(cell) => return Err((at, "tick")),
            _ => false,
        };
        Ok(wish)
    }
}

/// What follows a code in the list to choose from only helps to know it.
fn code_in(cell: &Cell) -> String {
    cell.text().split_whitespace().next().unwrap_or_default().to_uppercase()
}

fn is_off(cell: &Cell) -> bool {
    match cell {
        Cell::Bool(ticked) => !*ticked,
        Cell::Number { value, .. } => *value == 0.0,
        cell => cell.is_empty(),
    }
}
