//! What a statement that is not taken would change: what its credits would pay for, and which of its debits would be asked
//! about. Nothing is stored.

use std::collections::{BTreeMap, HashMap, HashSet};

use chrono::NaiveDate;
use serde::Serialize;

use super::{back, hand, known, matching, settle, went};
use crate::{
    db::{
        findings::Numbered,
        refunds::{self, Debit, Refund},
        statements::NewLine,
    },
    domain::{
        payment::{PaymentState, Tier},
        words::UnknownWord,
    },
    flow::Services,
};

/// A credit that no statement brought before, and what would become of it. Amounts in đồng.
#[derive(Clone, Debug, Serialize)]
pub struct Credit {
    pub row: u32,
    pub booked_on: NaiveDate,
    pub amount: i64,
    pub memo: String,
    pub state: PaymentState,
    pub tier: Tier,
    pub allocations: Vec<Part>,
    /// Codes that it may be for, the likeliest first.
    pub candidates: Vec<String>,
    /// Ready: why it would stand so.
    pub why: String,
}

#[derive(Clone, Debug, Serialize)]
pub struct Part {
    pub code: String,
    pub amount: i64,
}

/// How many credits stand, or would stand, in a state, and their sum in đồng.
#[derive(Clone, Copy, Debug, Serialize)]
pub struct Came {
    pub state: PaymentState,
    pub count: i64,
    pub amount: i64,
}

/// As the database counts them: state, number, sum.
pub fn counted(states: Vec<(String, i64, i64)>) -> Result<Vec<Came>, UnknownWord> {
    let came = |(state, count, amount): (String, i64, i64)| {
        Ok(Came { state: state.parse()?, count, amount })
    };
    states.into_iter().map(came).collect()
}

/// The same of credits that are not stored.
pub fn count(credits: &[Credit]) -> Vec<Came> {
    let mut states: BTreeMap<PaymentState, Came> = BTreeMap::new();
    for credit in credits {
        let state = credit.state;
        let came = states.entry(state).or_insert(Came { state, count: 0, amount: 0 });
        came.count += 1;
        came.amount += credit.amount;
    }
    states.into_values().collect()
}

/// What new credits would pay for beside all that is known, in their order.
pub async fn credits(services: &Services, new: &[NewLine<'_>]) -> anyhow::Result<Vec<Credit>> {
    let mut loaded = settle::load(services, None).await?;
    let first = loaded.credits.iter().map(|it| it.id).max().unwrap_or_default() + 1;
    let numbered = || (first..).zip(new);
    loaded.credits.extend(numbered().map(|(id, line)| matching::Credit {
        id,
        account: services.settings.payee.account.clone(),
        booked_on: line.booked_on,
        fingerprint: format!("{}/{:09}", line.fingerprint, line.occurrence),
        told: line.amount,
        amount: line.amount,
        memo: line.memo.to_owned(),
        has_reference: known::is_told(line.reference),
        from: line.other_account.or(line.other_name).map(str::to_owned),
        may_be: line.may_be,
        ..matching::Credit::default()
    }));
    let (decisions, _) = tokio::task::block_in_place(|| {
        matching::decide(&loaded.asked, &loaded.credits, &loaded.known)
    });
    let mut decisions: HashMap<i64, matching::Decision> =
        decisions.into_iter().map(|it| (it.id, it)).collect();
    let credit = |(id, line): (i64, &NewLine<'_>)| {
        let decision = decisions.remove(&id)?;
        let part = |(code, amount)| Part { code, amount };
        let why = why(services, &decision);
        Some(Credit {
            row: line.row_no,
            booked_on: line.booked_on,
            amount: line.amount,
            memo: line.memo.to_owned(),
            state: decision.state,
            tier: decision.tier,
            allocations: decision.allocations.into_iter().map(part).collect(),
            why,
            candidates: decision.evidence.candidates,
        })
    };
    Ok(numbered().filter_map(credit).collect())
}

fn why(services: &Services, decision: &matching::Decision) -> String {
    let evidence = serde_json::to_value(&decision.evidence).unwrap_or_default();
    let waits = decision.state == PaymentState::Held;
    let now = hand::Now { waits, ..hand::Now::default() };
    hand::reason(services, decision.tier, &evidence, now)
}

/// Which of new debits would be asked about: those that close nothing that is planned to go back, though they say so.
pub async fn questions(services: &Services, new: &[NewLine<'_>]) -> anyhow::Result<Vec<Numbered>> {
    // Numbers that no stored one has.
    let debit = |(id, line): (i64, &NewLine<'_>)| Debit {
        id: -id,
        row_no: line.row_no.into(),
        booked_on: line.booked_on.to_string(),
        amount: line.amount,
        memo: line.memo.to_owned(),
        reference: line.reference.map(str::to_owned),
    };
    let new: Vec<Debit> = (1..).zip(new).map(debit).collect();
    let mut all = refunds::debits(&services.db, None).await?;
    all.extend(new.iter().cloned());
    all.sort_by(|one, other| one.booked_on.cmp(&other.booked_on));
    let refunds = refunds::all(&services.db, None).await?;
    let fitting = back::fitting(services, &refunds, &all);
    let closed: HashMap<i64, i64> =
        fitting.iter().map(|(refund, debit)| (refund.id, debit.id)).collect();
    let after = |it: &Refund| match closed.get(&it.id) {
        Some(debit) => {
            Refund { done_at: Some(services.now()), debit_id: Some(*debit), ..it.clone() }
        }
        None => it.clone(),
    };
    let after: Vec<Refund> = refunds.iter().map(after).collect();
    let used: HashSet<i64> = fitting.iter().map(|(_, debit)| debit.id).collect();
    let left: Vec<Debit> = new.into_iter().filter(|it| !used.contains(&it.id)).collect();
    let asked = went::asked(services, &left, &after).await?;
    Ok(asked.into_iter().map(|it| (None, it.finding)).collect())
}
