//! Whose money a payment is: the requests that it pays, or was for before it was to go back. What it pays is decided by
//! `matching`.

use serde_json::Value;

use crate::{
    db::{
        dues::{self, Due},
        payments::{self, Event},
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

/// What it was last known to be for: what goes back wholly is for nothing any more.
fn codes(events: &[Event]) -> Vec<String> {
    let all = |found: &Value| found.as_array().cloned().unwrap_or_default();
    let text = |found: &Value| found.as_str().map(str::to_owned);
    let named = |event: &Event| {
        let detail = &event.detail.0;
        let paid: Vec<String> =
            all(&detail["allocations"]).iter().filter_map(|part| text(&part[0])).collect();
        let told = || all(&detail["evidence"]["codes"]).iter().filter_map(text).collect();
        if paid.is_empty() { told() } else { paid }
    };
    events.iter().rev().map(named).find(|codes| !codes.is_empty()).unwrap_or_default()
}
