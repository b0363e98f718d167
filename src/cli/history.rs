//! What happened to a payment, as `payments ID` tells it: when, what, who and why.

use minijinja::context;
use serde_json::Value;

use super::lists::word;
use crate::{
    db::payments::{Event, EventKind},
    domain::{money::Money, payment::Tier},
    flow::{
        Services,
        pay::hand::{self, Now},
    },
};

/// One line for each event, the oldest first.
pub fn in_words(services: &Services, events: &[Event]) -> String {
    let line = |event: &Event| {
        let values = context! {
            at => services.local(event.at).format("%d/%m/%Y %H:%M").to_string(),
            what => what(services, event), who => who(services, event), why => why(services, event),
        };
        services.texts.say("command.payment_event.line", values)
    };
    events.iter().map(line).collect::<Vec<_>>().join("\n")
}

fn what(services: &Services, event: &Event) -> String {
    let detail = &event.detail.0;
    let money = |name: &str| {
        let dong = detail[name].as_i64().filter(|dong| *dong > 0);
        dong.map(|dong| Money::dong(dong).to_string())
    };
    let state = match detail["tier"].as_str() {
        Some(tier) if tier == Tier::Same.as_str() => {
            Some(services.texts.label("command.payment_told_twice"))
        }
        _ => detail["state"].as_str().map(|it| word(services, "workbook.payment_state", &it)),
    };
    let pairs = if event.kind == EventKind::Decided { "allocations" } else { "words" };
    let mut pairs = pairs_of(&detail[pairs]);
    let parted: Vec<String> =
        pairs.iter().filter(|(_, amount)| *amount == 0).map(|(code, _)| code.clone()).collect();
    // What it goes on paying beside what was parted, and the other way round.
    pairs.retain(|(_, amount)| (*amount > 0) != (event.kind == EventKind::Unmatch));
    let (waived, mut unwaived): (Vec<_>, Vec<_>) =
        pairs_of(&detail["waived"]).into_iter().partition(|(_, amount)| *amount > 0);
    for (_, amount) in &mut unwaived {
        *amount = -*amount;
    }
    let codes: Vec<&str> = pairs.iter().map(|(code, _)| code.as_str()).collect();
    let values = context! {
        state, same => detail["same"].as_i64(), codes => codes.join(", "), parts => hand::codes_in_words(&pairs),
        parted => parted.join(", "),
        reference => detail["reference"].as_str(), refund => money("refund"), kept => money("kept"), amount => money("amount"),
        waived => hand::codes_in_words(&waived), unwaived => hand::codes_in_words(&unwaived),
    };
    // Older ones are called a match also where money went back, or a rest was forgiven, alone.
    let kind = match event.kind {
        EventKind::Match if pairs.is_empty() => EventKind::Refund,
        kind => kind,
    };
    services.texts.say(&format!("command.payment_event.{kind}"), values)
}

/// Codes with đồng.
fn pairs_of(told: &Value) -> Vec<(String, i64)> {
    let pairs = told.as_array().into_iter().flatten();
    pairs.filter_map(|it| Some((it[0].as_str()?.to_owned(), it[1].as_i64()?))).collect()
}

/// Who is not named typed a command.
fn who(services: &Services, event: &Event) -> String {
    let key = match event.kind {
        _ if event.said_by.is_some() => return event.said_by.clone().unwrap_or_default(),
        EventKind::Decided => "rules",
        _ if event.detail.0["answer"].is_string() => "workbook",
        EventKind::Returned if event.detail.0["debit"].is_i64() => "statement",
        _ => "command",
    };
    services.texts.label(&format!("command.payment_event.by.{key}"))
}

fn why(services: &Services, event: &Event) -> String {
    let detail = &event.detail.0;
    let tier = detail["tier"].as_str().and_then(|tier| tier.parse::<Tier>().ok());
    match tier.filter(|_| event.kind == EventKind::Decided) {
        Some(tier) => hand::reason(services, tier, &detail["evidence"], Now::default()),
        None => event.reason.clone().unwrap_or_default(),
    }
}
