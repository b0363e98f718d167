//! The letter on how the activation of an order ended, gathered when it is sent, with the newest workbook of its list.
//! Who gets one is decided by `plan`; it says what is so now, which may be clearer than when it was planned.

use std::collections::HashMap;

use anyhow::Context as _;

use super::{
    content::{Content, block_of, package_name},
    letters::{self, Activated, ActivationResult, NotActivated},
    results::workbook,
};
use crate::{
    db::{
        activations::{self, Activation, ActivationState, Stuck},
        batches, licences,
        lines::{self, Line},
        mails::{self, Mail},
        orders::Order,
        requests,
    },
    domain::{fiscal_year::FiscalYear, money::Money, order::LineState},
    flow::{Services, activate::reason, sweep},
};

/// Nothing where a later letter says it all, or where nothing of it stands any more.
pub async fn of(
    services: &Services,
    mail: &Mail,
    order: &Order,
) -> anyhow::Result<Option<Content>> {
    let db = &services.db;
    if mails::has_later(db, mail).await? {
        return Ok(None);
    }
    let batch = batches::by_id(db, order.batch()).await?.context("An order has its batch")?;
    let firm = services.firm(&order.firm)?;
    let (firm, reply_to) = block_of(firm, order.registered_by.as_deref());
    let asked = activations::of_order(db, &order.code).await?;
    let asked: HashMap<i64, Activation> = asked.into_iter().map(|it| (it.line_id, it)).collect();
    let ends = ends(services, order).await?;
    let (said_in, file) = workbook(services, order.batch()).await?;
    let mut said = ActivationResult {
        to_name: mail.recipient_name.clone(),
        firm,
        order: order.code.clone(),
        file: batch.file_name.clone(),
        batch: batch.id().to_string(),
        package: package_name(services, &order.package),
        fiscal_year: FiscalYear::try_from(i32::try_from(order.fiscal_year())?)?,
        done: Vec::new(),
        failed: Vec::new(),
        unknown: Vec::new(),
        workbook: said_in,
    };
    let lines = lines::of_order(db, &order.code).await?;
    for line in lines.iter().filter(|line| line.state != LineState::Cancelled) {
        if line.firm != order.firm {
            continue;
        }
        let Some(activation) = asked.get(&line.id) else { continue };
        match activation.state {
            ActivationState::Done => said.done.push(activated(line, ends.get(&line.id))),
            ActivationState::Refused => said.failed.push(not(services, line, activation)),
            _ => said.unknown.push(not(services, line, activation)),
        }
    }
    if said.done.is_empty() && said.failed.is_empty() && said.unknown.is_empty() {
        return Ok(None);
    }
    let letter = letters::activation_result(services.letters.of(mail.purpose), &said)?;
    Ok(Some(Content { letter, picture: None, workbook: file, reply_to }))
}

/// What is left to pay of a line, and the last day on which it works unpaid.
type Ends = (Option<Money>, Option<String>);

async fn ends(services: &Services, order: &Order) -> anyhow::Result<HashMap<i64, Ends>> {
    let licences = licences::of_batch(&services.db, order.batch()).await?;
    let requests = requests::of_batch(&services.db, order.batch()).await?;
    let mut ends: HashMap<i64, Ends> = HashMap::new();
    for licence in licences {
        let day = sweep::cutoff_of(services, &licence).map(|at| services.last_day(at));
        ends.entry(licence.line_id).or_default().1 = day;
    }
    for request in requests {
        ends.entry(request.line_id).or_default().0 = request.rest();
    }
    Ok(ends)
}

fn activated(line: &Line, ends: Option<&Ends>) -> Activated {
    let (to_pay, last_day) = ends.cloned().unwrap_or_default();
    Activated {
        line: line.reference(),
        name: line.name.clone(),
        tax_id: line.client.tax_id.clone(),
        to_pay,
        last_day,
    }
}

fn not(services: &Services, line: &Line, activation: &Activation) -> NotActivated {
    let stuck = Stuck {
        line_id: line.id,
        order_code: line.order_code.clone(),
        line_no: line.line_no,
        name: line.name.clone(),
        state: activation.state,
        error: activation.error.clone(),
    };
    let reason = reason::of(services.texts, &stuck);
    NotActivated {
        line: line.reference(),
        name: line.name.clone(),
        tax_id: line.client.tax_id.clone(),
        why: reason.why,
        fix: reason.fix,
    }
}
