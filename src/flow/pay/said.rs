//! What a person says of money: for what it is, that it goes back, that a rest is forgiven; who says so, and why.
//! Whether it may be is decided before, storing it is the business of `settle`.

use crate::{
    db::{payments::EventKind, refunds},
    domain::batch::BatchId,
};

/// What a person says of a payment that a bank told twice.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Same {
    /// It is this one.
    As(i64),
    /// It is not, after all.
    Apart,
}

impl Same {
    pub(super) fn payment(self) -> Option<i64> {
        match self {
            Same::As(id) => Some(id),
            Same::Apart => None,
        }
    }
}

/// What a person says of money, on the way in with what follows.
#[derive(Clone, Debug)]
pub struct Said<'a> {
    /// Nothing where it is said of a request alone.
    pub payment: Option<i64>,
    pub kind: EventKind,
    /// Codes with đồng; nothing for what it is not for. `None` leaves what was said before.
    pub words: Option<Vec<(String, i64)>>,
    pub same: Option<Same>,
    /// Of the payment, in đồng: it goes back.
    pub refund: i64,
    /// Of the payment, in đồng: it was to go back, and stays, but for what goes back now. All that was planned and did not
    /// go.
    pub kept: i64,
    /// Codes with đồng that are forgiven; below zero where all that was forgiven is taken back.
    pub waived: Vec<(String, i64)>,
    pub by: By<'a>,
    /// As of which change of all money it was worked out; nothing where that does not matter.
    pub as_of: Option<i64>,
    /// From whom it came, and for whom it was: learned where a person approved it.
    pub learned: Vec<(String, String)>,
}

impl<'a> Said<'a> {
    pub fn new(payment: Option<i64>, kind: EventKind, by: By<'a>) -> Said<'a> {
        Said {
            payment,
            kind,
            words: None,
            same: None,
            refund: 0,
            kept: 0,
            waived: Vec::new(),
            by,
            as_of: None,
            learned: Vec::new(),
        }
    }

    /// What of a request is forgiven, in đồng.
    pub(super) fn forgiven(&self, code: &str) -> i64 {
        self.waived.iter().filter(|(it, _)| it == code).map(|(_, amount)| amount).sum()
    }

    pub(super) fn replaces(&self, id: i64, code: &str, amount: i64) -> bool {
        let words = self.words.as_ref().filter(|_| self.payment == Some(id));
        words.is_some_and(|words| amount > 0 || words.iter().any(|(it, _)| it == code))
    }
}

/// Who says something, and why.
#[derive(Clone, Copy, Debug, Default)]
pub struct By<'a> {
    pub reason: &'a str,
    pub who: Option<&'a str>,
    /// The file that it came in.
    pub answer: Option<BatchId>,
}

impl<'a> By<'a> {
    pub(super) fn said(&self) -> refunds::Said<'a> {
        refunds::Said { reason: self.reason, by: self.who }
    }
}
