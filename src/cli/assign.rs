//! `assign`, `unassign`: who of a firm works in the data of its clients.

use std::collections::BTreeMap;

use minijinja::context;
use serde_json::Value;

use super::{
    args::{Assign, Global, Unassign},
    life::unknown_line,
    order::{by_code, orders_json},
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::lines::{self, Line},
    domain::{
        email::Email,
        firm::{Firm, StaffRole},
        order::{LineState, OrderCode},
    },
    flow::{
        Services,
        activate::assign::{self as assigning, Wish},
    },
    text::Texts,
};

pub async fn assign(global: &Global, args: &Assign) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mut wanted = Vec::new();
    for named in &args.lines {
        let order = by_code(&services, &named.order).await?;
        let lines = lines::of_order(&services.db, &order.code).await?;
        let line = lines.into_iter().find(|line| line.line_no == named.line);
        let line = line.ok_or_else(|| unknown_line(services.texts, named))?;
        if line.state == LineState::Cancelled {
            let values = context! { line => named.to_string() };
            return Err(Failure::not_allowed(services.texts, "line_cancelled", values).into());
        }
        let role = role_of(services.texts, services.firm(&line.firm)?, &args.email)?;
        wanted.push((line, args.role.unwrap_or(role)));
    }
    crate::runner::recover(&services).await?;
    for (line, role) in &wanted {
        let wish = Wish { on: Some((&args.email, *role)), off: None };
        assigning::change(&services, line, wish).await?;
    }
    let lines: Vec<Line> = wanted.into_iter().map(|(line, _)| line).collect();
    told(&services, &lines).await
}

pub async fn unassign(global: &Global, args: &Unassign) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let firm =
        args.firm.as_deref().map(|firm| workspace::firm(&services, Some(firm))).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    let lines = lines::staffed_by(&services.db, firm, args.email.as_str()).await?;
    let mut roles = BTreeMap::new();
    for line in &lines {
        let firm = services.firm(&line.firm)?;
        // The admin is admin of all data already.
        if let Some(to) = args.to.as_ref().filter(|to| **to != firm.admin.email) {
            roles.insert(line.id, (to, role_of(services.texts, firm, to)?));
        }
    }
    crate::runner::recover(&services).await?;
    for line in &lines {
        let wish = Wish { on: roles.get(&line.id).copied(), off: Some(&args.email) };
        assigning::change(&services, line, wish).await?;
    }
    told(&services, &lines).await
}

/// The role that the configuration gives a member of staff.
fn role_of(texts: &Texts, firm: &Firm, email: &Email) -> anyhow::Result<StaffRole> {
    if let Some(staff) = firm.staff.iter().find(|staff| staff.email == *email) {
        return Ok(staff.role);
    }
    let key = if firm.admin.email == *email { "is_admin" } else { "no_staff" };
    let values = context! { email => email.as_str(), firm => firm.code.as_str() };
    Err(Failure::misused(texts, key, values).into())
}

/// The lines as they are when the platform was told.
async fn told(services: &Services, lines: &[Line]) -> anyhow::Result<Reply> {
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
    let row = |line: &Value| {
        let staff = line["staff"].as_array().into_iter().flatten();
        let staff: Vec<String> =
            staff.map(|it| format!("{} ({})", text(&it["email"]), text(&it["role"]))).collect();
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
    if exit == Exit::NeedsPerson {
        human = format!("{human}\n{}", services.texts.label("command.platform_waits"));
    }
    Reply::new(exit, human).with("lines", shown)
}
