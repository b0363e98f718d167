//! What a person says of money: for what it is, that it goes back, that a rest is forgiven; who says so, and why.
//! Whether it may be is decided before; it is stored with what follows from it, which is the business of `settle`.

use super::{matching, overtaken::Overtaken};
use crate::{
    db::{
        Tx,
        payments::{self, EventKind, NewEvent},
        refunds,
    },
    domain::batch::BatchId,
    flow::Services,
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

    /// Whether nothing is said but that this is to be paid again after it was forgiven.
    pub(super) fn asks_again(&self, code: &str) -> bool {
        let moves_money = self.words.is_some() || self.same.is_some() || self.refund > 0;
        !moves_money && self.forgiven(code) < 0
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

/// Keeps what a person says, in this change of all money.
pub(super) async fn store(
    services: &Services,
    tx: &mut Tx,
    said: &Said<'_>,
    change: i64,
) -> anyhow::Result<()> {
    let now = services.now();
    for (code, amount) in &said.waived {
        if *amount > 0 {
            refunds::waive(tx, (code, *amount), said.by.said(), now).await?;
        } else if refunds::take_waiver_back(tx, code).await? != -amount {
            return Err(Overtaken.into());
        }
    }
    let Some(id) = said.payment else { return Ok(()) };
    if let Some(words) = &said.words {
        payments::say(tx, id, words).await?;
    }
    if let Some(same) = said.same {
        payments::set_same(tx, id, same.payment()).await?;
    }
    // A debit may have closed it meanwhile.
    if said.kept > 0 && refunds::take_back(tx, id).await? != said.kept {
        return Err(Overtaken.into());
    }
    if said.refund > 0 {
        refunds::plan(tx, (id, said.refund), said.by.said(), now).await?;
    }
    for (source, payer) in &said.learned {
        payments::learn_payer(tx, (source, payer), now).await?;
    }
    let event = NewEvent {
        id,
        kind: said.kind,
        detail: serde_json::json!({
            "words": said.words, "same": said.same.and_then(Same::payment), "refund": said.refund,
            "kept": said.kept, "waived": said.waived, "answer": said.by.answer, "change": change,
        }),
        rules: matching::RULES,
        said_by: said.by.who,
        reason: Some(said.by.reason),
    };
    payments::tell(tx, &[event], now).await?;
    Ok(())
}
