//! `orders`, `confirm`, `activate`: what is ordered, and the gestures that move it on.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Confirm, Global, Narrowed},
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        licences::{self, Licence},
        lines::{self, Line},
        orders::{self, Order},
        requests::{self, Request},
    },
    domain::{
        email::Email,
        order::{LineState, OrderCode, OrderState},
    },
    flow::{
        Services, activate as activation,
        answer::outbox,
        import::answers_in_words,
        order::confirm::{self as confirming, Confirmed, Refusal, Wish},
    },
    text::Texts,
};

pub async fn list(
    global: &Global,
    code: Option<OrderCode>,
    narrowed: &Narrowed,
) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let orders = if let Some(code) = code {
        vec![by_code(&services, &code).await?]
    } else {
        let orders =
            orders::list(&services.db, &workspace::filter::<OrderState>(&services, narrowed)?)
                .await?;
        let shown: Vec<Value> = orders.iter().map(|it| order_json(&services, it)).collect();
        return Reply::new(Exit::Done, in_words(services.texts, &orders)).with("orders", shown);
    };
    reply(&services, Exit::Done, &orders).await
}

pub async fn confirm(global: &Global, args: &Confirm) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    crate::runner::recover(&services).await?;
    let order = by_code(&services, &args.order).await?;
    let by = who(&services, &order, args.by.as_ref())?;
    if args.revision.is_some_and(|revision| revision != order.revision) {
        let values = context! { order => order.code.as_str(), revision => order.revision };
        return Err(Failure::not_allowed(services.texts, "other_revision", values).into());
    }
    let wish = Wish { by: &by, shown: None, activate: args.activate };
    let confirmed = confirming::confirm(&services, &order, &wish).await?;
    let activates = args.activate || order.kind.activates_when_confirmed();
    if activates && !matches!(confirmed, Confirmed::Refused(_)) {
        activation::run(&services, Some(&order.code)).await?;
    }
    outbox::write_workbook(&services, order.batch()).await?;
    if let Confirmed::Refused(refusal) = confirmed {
        return Err(refused(&services, &order, &refusal).into());
    }
    let order = by_code(&services, &args.order).await?;
    let exit = exit_of(&services, &order).await?;
    reply(&services, exit, &[order]).await
}

fn refused(services: &Services, order: &Order, refusal: &Refusal) -> Failure {
    let key = match refusal {
        Refusal::Changed(_) => "order_changed",
        Refusal::Stale => "order_stale",
        Refusal::SamePerson => "same_person",
        Refusal::State(_) => "order_state",
    };
    let reason = answers_in_words(services, refusal);
    Failure::not_allowed(services.texts, key, context! { order => order.code.as_str(), reason })
}

pub async fn activate(global: &Global, codes: &[OrderCode]) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mut found = Vec::new();
    for code in codes {
        found.push(by_code(&services, code).await?);
    }
    crate::runner::recover(&services).await?;
    for order in &found {
        if !activation::ask(&services, order).await? {
            let state = state_in_words(services.texts, order);
            let values = context! { order => order.code.as_str(), state };
            return Err(Failure::not_allowed(services.texts, "not_placed", values).into());
        }
    }
    let (mut exit, mut after) = (Exit::Done, Vec::new());
    for order in &found {
        activation::run(&services, Some(&order.code)).await?;
        outbox::write_workbook(&services, order.batch()).await?;
        let order = by_code(&services, &order.code).await?;
        if exit_of(&services, &order).await? == Exit::NeedsPerson {
            exit = Exit::NeedsPerson;
        }
        after.push(order);
    }
    reply(&services, exit, &after).await
}

/// Lines that the platform refused, or whose answer was lost, need a person.
async fn exit_of(services: &Services, order: &Order) -> anyhow::Result<Exit> {
    let lines = lines::of_order(&services.db, &order.code).await?;
    let stuck =
        lines.iter().any(|line| matches!(line.state, LineState::Failed | LineState::Uncertain));
    Ok(if stuck { Exit::NeedsPerson } else { Exit::Done })
}

async fn by_code(services: &Services, code: &OrderCode) -> anyhow::Result<Order> {
    let unknown =
        || Failure::no_such(services.texts, "no_order", context! { order => code.as_str() });
    orders::by_code(&services.db, code).await?.ok_or_else(|| unknown().into())
}

fn who(services: &Services, order: &Order, by: Option<&Email>) -> anyhow::Result<Email> {
    let firm = services.firm(&order.firm)?;
    match by {
        None => Ok(firm.admin.email.clone()),
        Some(by) if firm.name_of(by).is_some() => Ok(by.clone()),
        Some(by) => {
            let values = context! { email => by.as_str(), firm => firm.code.as_str() };
            Err(Failure::misused(services.texts, "no_member", values).into())
        }
    }
}

/// Orders with their lines and payment requests.
async fn reply(services: &Services, exit: Exit, orders: &[Order]) -> anyhow::Result<Reply> {
    let (mut shown, mut words) = (Vec::new(), Vec::new());
    for order in orders {
        let lines = lines::of_order(&services.db, &order.code).await?;
        let requests = requests::of_batch(&services.db, order.batch()).await?;
        let licences = licences::of_batch(&services.db, order.batch()).await?;
        let of = |line: &Line| {
            let request = requests.iter().find(|request| request.line_id == line.id);
            (request, licences.iter().find(|licence| licence.line_id == line.id))
        };
        let mut json = order_json(services, order);
        json["lines"] = lines.iter().map(|line| line_json(services, line, of(line))).collect();
        json["payment_requests"] =
            lines.iter().filter_map(|line| request_json(services, line, of(line))).collect();
        words.push(format!(
            "{}\n{}",
            in_words(services.texts, std::slice::from_ref(order)),
            lines_in_words(services.texts, &lines, of)
        ));
        shown.push(json);
    }
    Reply::new(exit, words.join("\n")).with("orders", shown)
}

fn order_json(services: &Services, order: &Order) -> Value {
    json!({
        "code": order.code, "batch": order.batch(), "firm": order.firm, "kind": order.kind, "package": order.package,
        "customer_type": order.customer_type, "fiscal_year": order.fiscal_year(), "recipient": order.recipient,
        "invoice_to": order.invoice_to, "state": order.state, "revision": order.revision, "amount": order.amount(),
        "placed_at": order.placed_at.map(|at| services.rfc3339(at)),
    })
}

fn line_json(
    services: &Services,
    line: &Line,
    (request, licence): (Option<&Request>, Option<&Licence>),
) -> Value {
    let local = |at| services.rfc3339(at);
    json!({
        "line": line.line_no, "row": line.row_no, "name": line.name, "tax_id": line.client.tax_id,
        "state": line.state,
        "licence_id": licence.map(|licence| &licence.licence_id),
        "activated_at": licence.map(|licence| local(licence.activated_at)),
        "grace_until": licence.and_then(|licence| licence.grace_until).map(local),
        "cutoff_at": licence.and_then(|licence| licence.cutoff_at).map(local),
        "payment_code": request.map(|request| &request.code),
    })
}

fn request_json(
    services: &Services,
    line: &Line,
    (request, licence): (Option<&Request>, Option<&Licence>),
) -> Option<Value> {
    let request = request?;
    let due = licence.and_then(|licence| licence.cutoff_at).map(|at| services.rfc3339(at));
    Some(json!({
        "payment_code": request.code, "batch_code": request.batch_code, "line": line.line_no,
        "amount": request.amount(), "paid": request.paid(), "state": request.state, "payer": request.payer_name,
        "recipient_email": request.payer_email, "due": due,
    }))
}

fn state_in_words(texts: &Texts, order: &Order) -> String {
    texts.label(&format!("workbook.order_state.{}", order.state))
}

fn in_words(texts: &Texts, orders: &[Order]) -> String {
    let row = |order: &Order| {
        [
            order.code.to_string(),
            order.batch().to_string(),
            order.firm.clone(),
            order.package.clone(),
            order.fiscal_year().to_string(),
            state_in_words(texts, order),
            order.amount().to_string(),
        ]
    };
    table(
        texts,
        ["order", "batch", "firm", "package", "year", "state", "amount"],
        orders.iter().map(row),
    )
}

fn lines_in_words<'a>(
    texts: &Texts,
    lines: &[Line],
    of: impl Fn(&Line) -> (Option<&'a Request>, Option<&'a Licence>),
) -> String {
    let row = |line: &Line| {
        let (request, licence) = of(line);
        [
            line.line_no.to_string(),
            line.name.clone(),
            line.client.tax_id.to_string(),
            texts.label(&format!("workbook.line_state.{}", line.state)),
            licence.map(|licence| licence.licence_id.clone()).unwrap_or_default(),
            request.map(|request| request.code.to_string()).unwrap_or_default(),
        ]
    };
    table(
        texts,
        ["line", "client", "tax_id", "state", "licence", "payment_code"],
        lines.iter().map(row),
    )
}
