//! `assign`, `unassign`: who of a firm works in the data of its clients.

use std::collections::BTreeMap;

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Assign, Global, Unassign},
    life::unknown_line,
    order::{by_code, orders_json},
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        clients::{self, Client},
        lines::{self, Line},
        staff,
    },
    domain::{
        email::Email,
        firm::{Firm, StaffRole},
        order::{LineRef, LineState, OrderCode},
    },
    flow::{
        Services,
        activate::assign::{self as assigning, Wish},
    },
    text::Texts,
};

pub async fn assign(global: &Global, args: &Assign) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mut numbers: BTreeMap<&OrderCode, Vec<i64>> = BTreeMap::new();
    for named in &args.lines {
        numbers.entry(&named.order).or_default().push(named.line);
    }
    let mut wanted = Vec::new();
    for (code, numbers) in numbers {
        let order = by_code(&services, code).await?;
        let mut lines = lines::of_order(&services.db, code).await?;
        lines.retain(|line| numbers.contains(&line.line_no));
        for number in numbers {
            let named = LineRef { order: code.clone(), line: number };
            let line = lines.iter().find(|line| line.line_no == number);
            let line = line.ok_or_else(|| unknown_line(services.texts, &named))?;
            if line.state == LineState::Cancelled {
                let values = context! { line => named.to_string() };
                return Err(Failure::not_allowed(services.texts, "line_cancelled", values).into());
            }
        }
        lines.sort_by(|a, b| a.firm.cmp(&b.firm));
        for lines in lines.chunk_by(|a, b| a.firm == b.firm) {
            let firm = services.firm(&lines[0].firm)?;
            let (email, role) = staff_of(services.texts, firm, &args.email, Some(&lines[0]))?;
            wanted.push((order.clone(), lines.to_vec(), (email, args.role.unwrap_or(role))));
        }
    }
    crate::runner::recover(&services).await?;
    for (order, lines, on) in &wanted {
        let wish = |line| Wish { line, on: Some(*on), off: None };
        assigning::change(&services, order, &lines.iter().map(wish).collect::<Vec<_>>()).await?;
    }
    let lines: Vec<Line> = wanted.into_iter().flat_map(|(_, lines, _)| lines).collect();
    told(&services, &lines, None).await
}

pub async fn unassign(global: &Global, args: &Unassign) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    if args.to.iter().any(|to| to.eq_ignore_ascii_case(args.email.as_str())) {
        return Err(to_itself(services.texts, &args.email).into());
    }
    let firm =
        args.firm.as_deref().map(|firm| workspace::firm(&services, Some(firm))).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    let lines = lines::staffed_by(&services.db, firm, args.email.as_str()).await?;
    let records = clients::assigning(&services.db, firm, args.email.as_str()).await?;
    let is_member = |firm: &Firm| firm.name_of(&args.email).is_some();
    let asked = services.settings.firms.iter();
    let asked = asked.filter(|it| firm.is_none_or(|firm| it.code.as_str() == firm));
    if lines.is_empty()
        && records.is_empty()
        && !asked.clone().any(is_member)
        // Who left and was taken off before may be taken off again.
        && !staff::is_known(&services.db, args.email.as_str()).await?
    {
        let firms: Vec<&str> = asked.map(|firm| firm.code.as_str()).collect();
        let values = context! { email => args.email.as_str(), firm => firms.join(", ") };
        return Err(Failure::misused(services.texts, "works_nowhere", values).into());
    }
    let firms =
        records.into_iter().map(|(firm,)| firm).chain(lines.iter().map(|it| it.firm.clone()));
    // Of each firm who takes over.
    let mut firms: BTreeMap<String, Option<Heir<'_>>> = firms.map(|firm| (firm, None)).collect();
    for (code, heir) in &mut firms {
        let Ok(firm) = services.firm(code) else {
            // Nobody knows its members any more, and so not who may take over, nor who else works in a line.
            if args.to.is_none() && lines.iter().all(|line| line.firm != *code) {
                continue;
            }
            let values = context! { email => args.email.as_str(), firm => code.as_str() };
            return Err(Failure::misused(services.texts, "firm_left", values).into());
        };
        if let Some(to) = &args.to {
            *heir = Some(heir_of(services.texts, firm, (to, &args.email))?);
        }
    }
    crate::runner::recover(&services).await?;
    let mut handed_over = Vec::new();
    for (firm, heir) in &firms {
        let who = (&args.email, heir.map(|(heir, _)| heir));
        handed_over.extend(assigning::hand_over(&services, firm, who).await?);
        if let Ok(known) = services.firm(firm) {
            let own = lines.iter().filter(|line| line.firm == *firm).collect::<Vec<_>>();
            assigning::rename(&services, (known, &own), who).await?;
        }
    }
    for lines in lines.chunk_by(|a, b| (&a.order_code, &a.firm) == (&b.order_code, &b.firm)) {
        let order = by_code(&services, &lines[0].order_code).await?;
        let heir = firms.get(&lines[0].firm).copied().flatten();
        let on = heir.and_then(|(heir, role)| Some((heir, role?)));
        let wish = |line| Wish { line, on, off: Some(&args.email) };
        assigning::change(&services, &order, &lines.iter().map(wish).collect::<Vec<_>>()).await?;
    }
    told(&services, &lines, Some(&handed_over)).await
}

/// Who takes over, and as what; the admin is admin of all data already.
type Heir<'a> = (&'a Email, Option<StaffRole>);

/// By e-mail, name or alias; `from` is who leaves.
fn heir_of<'a>(
    texts: &Texts,
    firm: &'a Firm,
    (named, from): (&str, &Email),
) -> anyhow::Result<Heir<'a>> {
    match firm.member(named) {
        Some(email) if email == from => Err(to_itself(texts, from).into()),
        Some(email) if *email == firm.admin.email => Ok((email, None)),
        _ => {
            let (email, role) = staff_of(texts, firm, named, None)?;
            Ok((email, Some(role)))
        }
    }
}

fn to_itself(texts: &Texts, email: &Email) -> Failure {
    Failure::misused(texts, "to_itself", context! { email => email.as_str() })
}

/// A member of staff by e-mail, name or alias, with the role that the configuration gives; `line` is the first that it is
/// asked for.
fn staff_of<'a>(
    texts: &Texts,
    firm: &'a Firm,
    named: &str,
    line: Option<&Line>,
) -> anyhow::Result<(&'a Email, StaffRole)> {
    let member = firm.member(named);
    if let Some(staff) = firm.staff.iter().find(|staff| Some(&staff.email) == member) {
        return Ok((&staff.email, staff.role));
    }
    let key = if member == Some(&firm.admin.email) { "is_admin" } else { "no_staff" };
    let staff = firm.staff.iter().map(|it| format!("{} ({})", it.email, it.name));
    let values = context! {
        email => named, firm => firm.code.as_str(), known => staff.collect::<Vec<_>>(),
        line => line.map(|line| line.reference().to_string()),
    };
    Err(Failure::misused(texts, key, values).into())
}

/// The lines as they are when the platform was told, and the clients whose record assigned somebody who leaves.
pub(super) async fn told(
    services: &Services,
    lines: &[Line],
    clients: Option<&[Client]>,
) -> anyhow::Result<Reply> {
    let mut codes: Vec<&OrderCode> = lines.iter().map(|line| &line.order_code).collect();
    codes.sort();
    codes.dedup();
    let (mut exit, mut shown) = (Exit::Done, Vec::new());
    for code in codes {
        let order = by_code(services, code).await?;
        if !assigning::tell_platform(services, &order).await? {
            exit = Exit::NeedsPerson;
        }
        let json = orders_json(services, std::slice::from_ref(&order)).await?;
        let all = json.first().and_then(|order| order["lines"].as_array()).cloned();
        let own = |it: &Value| {
            let mut of_order = lines.iter().filter(|line| line.order_code == *code);
            of_order.any(|line| it["line"] == line.line_no)
        };
        shown.extend(all.unwrap_or_default().into_iter().filter(own).map(|mut line| {
            line["order"] = code.to_string().into();
            line
        }));
    }
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let role = |role: &Value| services.texts.label(&format!("command.role.{}", text(role)));
    let row = |line: &Value| {
        let staff = line["staff"].as_array().into_iter().flatten();
        let staff: Vec<String> =
            staff.map(|it| format!("{} ({})", text(&it["email"]), role(&it["role"]))).collect();
        let reference = format!("{}/{}", text(&line["order"]), line["line"]);
        [
            reference,
            text(&line["name"]),
            services.texts.label(&format!("workbook.line_state.{}", text(&line["state"]))),
            staff.join(", "),
        ]
    };
    let mut human =
        table(services.texts, ["line", "client", "state", "staff"], shown.iter().map(row));
    if lines.is_empty() {
        human = services.texts.label("command.works_in_no_line");
    }
    if exit == Exit::NeedsPerson {
        human = format!("{human}\n{}", services.texts.label("command.platform_waits"));
    }
    let Some(clients) = clients else { return Reply::new(exit, human).with("lines", shown) };
    if !clients.is_empty() {
        let values = context! { n => clients.len() };
        human = format!("{human}\n{}", services.texts.say("command.handed_over", values));
    }
    let clients = clients.iter().map(|client| {
        let (tax_id, record) = (&client.tax_id, &client.record);
        json!({
            "tax_id": tax_id, "name": record.name, "firm": client.firm,
            "assigned_to": record.assigned_to,
        })
    });
    Reply::new(exit, human).with("lines", shown)?.with("clients", clients.collect::<Vec<_>>())
}
