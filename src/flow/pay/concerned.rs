//! Whose money a payment is: the requests that it pays, or was for before it was to go back. What it pays is decided by
//! `matching`.

use std::collections::{BTreeSet, HashMap};

use serde_json::Value;

use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Event, EventKind},
        refunds::{self, Back},
    },
    flow::Services,
};

/// Those of one payer and one list, in the order of their lines: all of them where it came under the code for all, whatever
/// of it was matched with one of them. Nothing where nobody knows, and where it is for several payers: nobody is told of a
/// payment that is for others too.
pub async fn requests(services: &Services, payment: i64) -> anyhow::Result<Vec<Due>> {
    let events = payments::events(&services.db, payment).await?;
    let mut own = dues::named(&services.db, &codes(&events)).await?;
    let told = told(&events);
    let of_all = own.iter().find_map(|due| due.batch_code.clone().filter(|it| told.contains(it)));
    let parted = parted(&events);
    own.retain(|due| !parted.contains(due.code.as_str()));
    if let Some(code) = of_all.filter(|_| !own.is_empty()) {
        own = dues::named(&services.db, &[code]).await?;
    }
    let Some((payer, batch)) = own.first().map(|it| (it.payer_email.clone(), it.batch_id)) else {
        return Ok(own);
    };
    if own.iter().any(|due| due.payer_email != payer) {
        return Ok(Vec::new());
    }
    own.retain(|due| due.batch_id == batch);
    Ok(own)
}

/// All money that goes back or went, by the codes that its payments were for at any time, unless a person took it away
/// from them.
pub async fn going_back(services: &Services) -> anyhow::Result<HashMap<String, Vec<Back>>> {
    let events = payments::of_refunded(&services.db).await?;
    let mut of_codes: HashMap<String, Vec<Back>> = HashMap::new();
    for back in refunds::with_days(&services.db).await? {
        let events = events.get(&back.bank_line_id).map_or(&[][..], Vec::as_slice);
        let decided = events.iter().filter(|event| event.kind == EventKind::Decided);
        let codes: BTreeSet<String> = decided.flat_map(|event| named(&event.detail)).collect();
        let parted = parted(events);
        for code in codes.into_iter().filter(|code| !parted.contains(code.as_str())) {
            of_codes.entry(code).or_default().push(back.clone());
        }
    }
    Ok(of_codes)
}

/// What it was last known to be for: what goes back wholly is for nothing any more.
fn codes(events: &[Event]) -> Vec<String> {
    let mut told = events.iter().rev().map(|event| named(&event.detail));
    told.find(|codes| !codes.is_empty()).unwrap_or_default()
}

/// The codes of its memo, and of what a person said, as they were ever decided of.
fn told(events: &[Event]) -> BTreeSet<String> {
    events.iter().flat_map(|event| told_codes(&event.detail)).map(str::to_owned).collect()
}

/// The codes that a payment pays by one decision, else those of its memo.
fn named(detail: &Value) -> Vec<String> {
    let paid: Vec<String> = pairs(&detail["allocations"]).map(str::to_owned).collect();
    if paid.is_empty() { told_codes(detail).map(str::to_owned).collect() } else { paid }
}

fn told_codes(detail: &Value) -> impl Iterator<Item = &str> {
    let told = detail["evidence"]["codes"].as_array().into_iter().flatten();
    told.filter_map(Value::as_str)
}

/// What a person took it away from, and what it did not pay since: whatever its memo names.
fn parted(events: &[Event]) -> BTreeSet<&str> {
    let mut parted = BTreeSet::new();
    for event in events {
        if event.kind == EventKind::Unmatch {
            parted.extend(pairs(&event.detail.0["words"]));
        }
        for code in pairs(&event.detail.0["allocations"]) {
            parted.remove(code);
        }
    }
    parted
}

/// The codes of a list of codes with đồng.
fn pairs(found: &Value) -> impl Iterator<Item = &str> {
    found.as_array().into_iter().flatten().filter_map(|pair| pair[0].as_str())
}
