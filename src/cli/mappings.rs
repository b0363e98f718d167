//! What the firms said that headers of their lists mean: listed, and forgotten where it was wrong.

use minijinja::context;
use serde_json::json;

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::header_answers::{self, HeaderAnswer},
    flow::Services,
};

pub async fn run(
    global: &Global,
    forget: Option<i64>,
    firm: Option<&str>,
) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let firm = firm.map(|firm| workspace::firm(&services, Some(firm))).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    let forgotten = match forget {
        Some(id) => Some(self::forget(&services, id, firm).await?),
        None => None,
    };
    let known = header_answers::known(&services.db, firm).await?;
    let shown: Vec<_> = known.iter().map(|answer| json(&services, answer)).collect();
    let row = |answer: &HeaderAnswer| {
        [
            answer.id.to_string(),
            answer.firm.clone(),
            answer.shown.clone(),
            field(&services, answer),
            answer.answered_by.clone(),
            services.local(answer.answered_at).format("%d/%m/%Y %H:%M").to_string(),
            answer.batch().map(|batch| batch.to_string()).unwrap_or_default(),
        ]
    };
    let header = ["id", "firm", "header", "field", "answered_by", "at", "batch"];
    let list = table(services.texts, header, known.iter().map(row));
    let human = match forgotten {
        Some(said) if known.is_empty() => said,
        Some(said) => format!("{said}\n{list}"),
        None => list,
    };
    Reply::new(Exit::Done, human).with("mappings", shown)
}

/// One that was forgotten before stays so. What was forgotten, in words.
async fn forget(services: &Services, id: i64, firm: Option<&str>) -> anyhow::Result<String> {
    let texts = services.texts;
    let known = header_answers::by_id(&services.db, id).await?;
    let Some(known) = known.filter(|answer| firm.is_none_or(|firm| answer.firm == firm)) else {
        return Err(Failure::no_such(texts, "no_mapping", context! { id }).into());
    };
    let is_new = header_answers::forget(&services.db, id, services.now()).await?;
    let values = context! {
        header => known.shown.as_str(), firm => known.firm.as_str(), field => field(services, &known),
    };
    let key = if is_new { "forgotten" } else { "forgotten_before" };
    Ok(texts.say(&format!("command.mappings.{key}"), values))
}

fn json(services: &Services, answer: &HeaderAnswer) -> serde_json::Value {
    json!({
        "id": answer.id, "firm": answer.firm, "header": answer.shown, "field": answer.field(),
        "answered_by": answer.answered_by, "answered_at": services.rfc3339(answer.answered_at),
        "batch": answer.batch(),
    })
}

fn field(services: &Services, answer: &HeaderAnswer) -> String {
    let key = answer
        .field()
        .map_or_else(|| "workbook.question.leave".to_owned(), |field| format!("field.{field}"));
    services.texts.label(&key)
}
