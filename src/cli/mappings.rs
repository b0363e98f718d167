//! What the firms said that headers of their lists mean: listed, and forgotten where it was wrong.

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
    if let Some(id) = forget {
        self::forget(&services, id, firm).await?;
    }
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
            answer.batch().to_string(),
        ]
    };
    let header = ["id", "firm", "header", "field", "answered by", "at", "batch"];
    Reply::new(Exit::Done, table(header, known.iter().map(row))).with("mappings", shown)
}

/// One that was forgotten before stays so.
async fn forget(services: &Services, id: i64, firm: Option<&str>) -> anyhow::Result<()> {
    let known = header_answers::by_id(&services.db, id).await?;
    if known.is_none_or(|answer| firm.is_some_and(|firm| answer.firm != firm)) {
        let fix = "`hangloat mappings` lists them";
        return Err(Failure::unknown(format!("There is no mapping {id}"), fix).into());
    }
    header_answers::forget(&services.db, id, services.now()).await?;
    Ok(())
}

fn json(services: &Services, answer: &HeaderAnswer) -> serde_json::Value {
    json!({
        "id": answer.id, "firm": answer.firm, "header": answer.shown, "field": answer.field(),
        "answered_by": answer.answered_by, "answered_at": services.local(answer.answered_at).to_rfc3339(),
        "batch": answer.batch(),
    })
}

fn field(services: &Services, answer: &HeaderAnswer) -> String {
    let key = answer
        .field()
        .map_or_else(|| "workbook.question.leave".to_owned(), |field| format!("field.{field}"));
    services.texts.label(&key)
}
