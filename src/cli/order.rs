//! `orders`, `confirm`, `activate`: what is ordered, and the gestures that move it on.

use std::collections::HashMap;

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Confirm, Global},
    narrowed::Narrowed,
    reply::{Exit, Failure, Reply},
    resume,
    table::table,
    workspace,
};
use crate::{
    db::{
        activations,
        licences::{self, Licence},
        lines::{self, Line},
        orders::{self, Order},
        requests::{self, Request},
        shown,
        staff::{self, OnLine},
        standing,
    },
    domain::{
        email::Email,
        money::Money,
        order::{LineState, OrderCode, OrderState, RequestState},
    },
    flow::{
        Services,
        activate::{
            self as activation,
            reason::{self, Reason},
        },
        answer::outbox,
        guard,
        import::answers_in_words,
        order::{
            confirm::{self as confirming, Confirmed, Refusal, Wish},
            content,
        },
        sweep,
    },
    text::Texts,
};

pub async fn list(
    global: &Global,
    code: Option<OrderCode>,
    narrowed: &Narrowed,
) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let filter = workspace::filter::<OrderState>(&services, narrowed, "workbook.order_state")?;
    let Some(code) = code else {
        let orders = orders::list(&services.db, &filter).await?;
        let shown: Vec<Value> = orders.iter().map(|it| order_json(&services, it)).collect();
        return Reply::new(Exit::Done, in_words(services.texts, &orders)).with("orders", shown);
    };
    let Some(firm) = &filter.firm else {
        let order = by_code(&services, &code).await?;
        return reply(&services, Exit::Done, &[order]).await;
    };
    let order = orders::of_firm(&services.db, firm, &code).await?;
    let order = order.ok_or_else(|| unknown_order(&services, &code))?;
    let mut shown = orders_json(&services, std::slice::from_ref(&order)).await?;
    for order in &mut shown {
        keep_own(order, firm);
    }
    said(&services, Exit::Done, &[order], shown)
}

/// Of the lines of an order, and of what is to be paid for them, those of a firm.
fn keep_own(order: &mut Value, firm: &str) {
    let lines = order["lines"].as_array().into_iter().flatten();
    let own: Vec<Value> =
        lines.filter(|line| line["firm"] == firm).map(|line| line["line"].clone()).collect();
    for part in ["lines", "payment_requests"] {
        if let Some(all) = order[part].as_array_mut() {
            all.retain(|it| own.contains(&it["line"]));
        }
    }
}

pub async fn confirm(global: &Global, args: &Confirm) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    crate::runner::recover(&services).await?;
    let order = by_code(&services, &args.order).await?;
    let by = args.by.as_ref().map(|by| member(&services, &order, by)).transpose()?;
    if let Some(revision) = args.revision.filter(|revision| *revision != order.revision) {
        return Err(other_revision(&services, &order, revision).await?.into());
    }
    let wish = Wish { by: by.as_ref(), code: args.code, shown: None, activate: args.activate };
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
    super::mails::and_void(&services, &args.order, reply(&services, exit, &[order]).await?).await
}

/// What the order was in that revision, and what it is.
async fn other_revision(
    services: &Services,
    order: &Order,
    revision: i64,
) -> anyhow::Result<Failure> {
    let mut reason = String::new();
    if let Some(then) = shown::of_order(&services.db, &order.code, revision).await? {
        let lines = standing::count(&mut services.db.begin().await?, &order.code).await?;
        for difference in content::difference(&then, order, lines, services.texts) {
            reason = format!("{reason} {}.", difference.trim_end_matches('.'));
        }
    }
    let values = context! { order => order.code.as_str(), revision => order.revision, reason };
    Ok(Failure::not_allowed(services.texts, "other_revision", values))
}

fn refused(services: &Services, order: &Order, refusal: &Refusal) -> Failure {
    let key = match refusal {
        Refusal::Changed(_) => "order_changed",
        Refusal::Stale(_) => "order_stale",
        Refusal::SamePerson => "same_person",
        Refusal::Code => "other_code",
        Refusal::NoCode => "no_code",
        Refusal::State(_) => "order_state",
    };
    let reason = answers_in_words(services, refusal);
    Failure::not_allowed(services.texts, key, context! { order => order.code.as_str(), reason })
}

pub async fn activate(global: &Global, codes: &[OrderCode]) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    resume::refuse_while_held(&services).await?;
    let mut found = Vec::new();
    for code in codes {
        found.push(by_code(&services, code).await?);
    }
    crate::runner::recover(&services).await?;
    for order in &found {
        if !activation::ask(&services, order).await? {
            let state = state_in_words(services.texts, order);
            let cancelled = order.state == OrderState::Cancelled;
            let values = context! { order => order.code.as_str(), state, cancelled };
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
    // What was asked for before a long gap waits for a person.
    if let Some(hold) = guard::hold(&services).await?
        && is_activating(&services, &after).await?
    {
        return Err(resume::refusal(&services, &hold).into());
    }
    reply(&services, exit, &after).await
}

async fn is_activating(services: &Services, orders: &[Order]) -> anyhow::Result<bool> {
    for order in orders {
        let lines = lines::of_order(&services.db, &order.code).await?;
        if lines.iter().any(|line| line.state == LineState::Activating) {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Lines that the platform refused, whose answer was lost, or that the guard holds need a person.
async fn exit_of(services: &Services, order: &Order) -> anyhow::Result<Exit> {
    let is_held = guard::hold(services).await?.is_some();
    let totals = lines::totals(&services.db, order.batch()).await?;
    let stuck = totals.iter().any(|total| {
        total.order_code == order.code
            && match total.state {
                LineState::Failed | LineState::Uncertain => true,
                LineState::Activating => is_held,
                _ => false,
            }
    });
    Ok(if stuck { Exit::NeedsPerson } else { Exit::Done })
}

pub(super) async fn by_code(services: &Services, code: &OrderCode) -> anyhow::Result<Order> {
    let order = orders::by_code(&services.db, code).await?;
    order.ok_or_else(|| unknown_order(services, code).into())
}

fn unknown_order(services: &Services, code: &OrderCode) -> Failure {
    Failure::no_such(services.texts, "no_order", context! { order => code.as_str() })
}

fn member(services: &Services, order: &Order, by: &Email) -> anyhow::Result<Email> {
    let firm = services.firm(&order.firm)?;
    if firm.name_of(by).is_some() {
        return Ok(by.clone());
    }
    let values = context! { email => by.as_str(), firm => firm.code.as_str() };
    Err(Failure::misused(services.texts, "no_member", values).into())
}

/// Orders with their lines and payment requests.
pub(super) async fn reply(
    services: &Services,
    exit: Exit,
    orders: &[Order],
) -> anyhow::Result<Reply> {
    said(services, exit, orders, orders_json(services, orders).await?)
}

fn said(
    services: &Services,
    exit: Exit,
    orders: &[Order],
    shown: Vec<Value>,
) -> anyhow::Result<Reply> {
    let words = orders.iter().zip(&shown).map(|(order, json)| {
        let order = in_words(services.texts, std::slice::from_ref(order));
        let lines = lines_in_words(services.texts, json);
        match requests_in_words(services.texts, json) {
            Some(requests) => format!("{order}\n{lines}\n{requests}"),
            None => format!("{order}\n{lines}"),
        }
    });
    let words = words.collect::<Vec<_>>().join("\n");
    Reply::new(exit, words).with("orders", shown)
}

/// As programs see them, with lines and payment requests.
pub(super) async fn orders_json(
    services: &Services,
    orders: &[Order],
) -> anyhow::Result<Vec<Value>> {
    let mut shown = Vec::new();
    for order in orders {
        let lines = lines::of_order(&services.db, &order.code).await?;
        let said = staff::of_order(&services.db, &order.code).await?;
        let requests = requests::of_batch(&services.db, order.batch()).await?;
        let requests: HashMap<i64, &Request> =
            requests.iter().map(|request| (request.line_id, request)).collect();
        let licences = licences::of_batch(&services.db, order.batch()).await?;
        let licences: HashMap<i64, &Licence> =
            licences.iter().map(|licence| (licence.line_id, licence)).collect();
        let of = |line: &Line| (requests.get(&line.id).copied(), licences.get(&line.id).copied());
        let stuck = activations::stuck_of_batch(&services.db, order.batch()).await?;
        let stuck: HashMap<i64, Reason> =
            stuck.iter().map(|stuck| (stuck.line_id, reason::of(services.texts, stuck))).collect();
        let mut json = order_json(services, order);
        let line_json = |line: &Line| {
            let mut json = line_json(services, line, of(line));
            json["staff"] = staff_json(services, order, line, &said);
            let reason = stuck.get(&line.id);
            json["why"] = reason.map(|reason| reason.why.as_str()).into();
            json["fix"] = reason.map(|reason| reason.fix.as_str()).into();
            json
        };
        json["lines"] = lines.iter().map(line_json).collect();
        json["payment_requests"] =
            lines.iter().filter_map(|line| request_json(services, line, of(line))).collect();
        shown.push(json);
    }
    Ok(shown)
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
        "line": line.line_no, "row": line.row_no, "firm": line.firm, "name": line.name,
        "tax_id": line.client.tax_id, "state": line.state,
        "licence_id": licence.map(|licence| &licence.licence_id),
        "activated_at": licence.map(|licence| local(licence.activated_at)),
        "grace_until": licence.and_then(|licence| licence.grace_until).map(local),
        "cutoff_at": licence.and_then(|it| sweep::cutoff_of(services, it)).map(local),
        "payment_code": request.map(|request| &request.code),
    })
}

/// Who of the firm works in the client's data, beside its admin.
fn staff_json(services: &Services, order: &Order, line: &Line, said: &[OnLine]) -> Value {
    let Ok(firm) = services.firm(&line.firm) else { return json!([]) };
    let assigned = activation::staff::of(firm, order, line, said);
    assigned.iter().map(|(email, role)| json!({ "email": email, "role": role })).collect()
}

fn request_json(
    services: &Services,
    line: &Line,
    (request, licence): (Option<&Request>, Option<&Licence>),
) -> Option<Value> {
    let request = request?;
    let due = licence.and_then(|it| sweep::cutoff_of(services, it)).map(|at| services.rfc3339(at));
    Some(json!({
        "payment_code": request.code, "batch_code": request.batch_code, "line": line.line_no,
        "amount": request.amount(), "paid": request.paid(), "waived": request.waived(), "state": request.state, "payer": request.payer_name,
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

fn lines_in_words(texts: &Texts, order: &Value) -> String {
    let row = |line: &Value| {
        let text = |name: &str| line[name].as_str().unwrap_or_default().to_owned();
        [
            line["line"].to_string(),
            text("name"),
            text("tax_id"),
            texts.label(&format!("workbook.line_state.{}", text("state"))),
            text("licence_id"),
            text("payment_code"),
        ]
    };
    let lines = order["lines"].as_array().map(Vec::as_slice).unwrap_or_default();
    let header = ["line", "client", "tax_id", "state", "licence", "payment_code"];
    let mut words = table(texts, header, lines.iter().map(row));
    for line in lines {
        if let (Some(why), Some(fix)) = (line["why"].as_str(), line["fix"].as_str()) {
            let values = context! { line => line["line"].as_i64(), why, fix };
            words = format!("{}\n{}", words.trim_end(), texts.say("command.stuck", values));
        }
    }
    words
}

/// What was asked for each line, and what of it is there; nothing of a free order.
fn requests_in_words(texts: &Texts, order: &Value) -> Option<String> {
    let row = |request: &Value| {
        let text = |name: &str| request[name].as_str().unwrap_or_default().to_owned();
        let dong = |name: &str| request[name].as_i64().unwrap_or_default();
        let left = match text("state").parse() {
            Ok(RequestState::Open | RequestState::PartlyPaid) => {
                dong("amount") - dong("waived") - dong("paid")
            }
            _ => 0,
        };
        let money = |dong: i64| Money::dong(dong).to_string();
        [
            text("payment_code"),
            request["line"].to_string(),
            money(dong("amount")),
            money(dong("paid")),
            money(dong("waived")),
            money(left),
            texts.label(&format!("workbook.request_state.{}", text("state"))),
        ]
    };
    let requests = order["payment_requests"].as_array().filter(|it| !it.is_empty())?;
    let header = ["payment_code", "line", "amount", "paid", "waived", "left", "state"];
    Some(table(texts, header, requests.iter().map(row)))
}
