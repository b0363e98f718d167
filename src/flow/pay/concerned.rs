//! Whose money a payment is: the requests that it pays, or was for before it was to go back. What it pays is decided by
//! `matching`.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Event},
        refunds::{self, Back},
    },
    flow::Services,
};

/// Those of one payer and one list, in the order of their lines; nothing where nobody knows, and where it is for several
/// payers: nobody is told of a payment that is for others too.
pub async fn requests(services: &Services, payment: i64) -> anyhow::Result<Vec<Due>> {
    let codes = codes(&payments::events(&services.db, payment).await?);
    let mut own = dues::named(&services.db, &codes).await?;
    let Some((payer, batch)) = own.first().map(|it| (it.payer_email.clone(), it.batch_id)) else {
        return Ok(own);
    };
    if own.iter().any(|due| due.payer_email != payer) {
        return Ok(Vec::new());
    }
    own.retain(|due| due.batch_id == batch);
    Ok(own)
}

/// All money that goes back or went, by the codes that its payments were for at any time.
pub async fn going_back(services: &Services) -> anyhow::Result<HashMap<String, Vec<Back>>> {
    let mut of_payments: HashMap<i64, BTreeSet<String>> = HashMap::new();
    for (payment, detail) in payments::of_refunded(&services.db).await? {
        of_payments.entry(payment).or_default().extend(named(&detail));
    }
    let mut of_codes: HashMap<String, Vec<Back>> = HashMap::new();
    for back in refunds::with_days(&services.db).await? {
        for code in of_payments.get(&back.bank_line_id).into_iter().flatten() {
            of_codes.entry(code.clone()).or_default().push(back.clone());
        }
    }
    Ok(of_codes)
}

/// What it was last known to be for: what goes back wholly is for nothing any more.
fn codes(events: &[Event]) -> Vec<String> {
    let mut told = events.iter().rev().map(|event| named(&event.detail));
    told.find(|codes| !codes.is_empty()).unwrap_or_default()
}

/// The codes that a payment pays by one decision, else those of its memo.
fn named(detail: &Value) -> Vec<String> {
    let all = |found: &Value| found.as_array().cloned().unwrap_or_default();
    let text = |found: &Value| found.as_str().map(str::to_owned);
    let paid: Vec<String> =
        all(&detail["allocations"]).iter().filter_map(|part| text(&part[0])).collect();
    if paid.is_empty() {
        all(&detail["evidence"]["codes"]).iter().filter_map(text).collect()
    } else {
        paid
    }
}
