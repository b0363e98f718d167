//! `accept`, `drop`: rows that wait are decided from the command line, as the column *Quyết định* decides them.
//! What a decision means is the business of the flow.

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        batches::{self, Batch},
        lines,
    },
    domain::{
        batch::{BatchKind, RowRef, RowState},
        field::Field,
        finding::Finding,
    },
    flow::{
        Services,
        answer::{fixes::Decision, rows::given},
        import::decisions::{self, Forbidden},
        staged::{self, Staged},
    },
    text::findings as words,
};

type At = (i64, u32);

/// Named rows of one batch, as it stands.
struct Named {
    batch: Batch,
    staged: Staged,
    rows: Vec<(RowRef, At)>,
}

/// Decides all of the rows, or none where one cannot be decided so.
pub async fn decide(global: &Global, rows: &[RowRef], decision: Decision) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    crate::runner::recover(&services).await?;
    let mut named = Vec::new();
    for row in rows {
        find(&services, row, &mut named).await?;
    }
    for Named { batch, staged, rows } in &named {
        let at: Vec<At> = rows.iter().map(|(_, at)| *at).collect();
        let allowed = decisions::allows(&services, batch, staged, (&at, decision)).await?;
        if let Err((at, why)) = allowed {
            let row = rows.iter().find(|(_, known)| *known == at).map(|(row, _)| row.to_string());
            return Err(forbidden(&services, &row.unwrap_or_default(), &why).into());
        }
    }
    let idle = idle(&named, decision);
    let general = workspace::import_options(&services)?;
    let (mut said, mut shown) = (Vec::new(), Vec::new());
    for Named { batch, rows, .. } in &named {
        let at: Vec<At> = rows.iter().map(|(_, at)| *at).collect();
        let kept = staged::options(batch)?;
        let options = kept.as_ref().unwrap_or(&general);
        said.extend(decisions::decide(&services, batch, (&at, decision), options).await?);
        shown.extend(after(&services, batch, rows).await?);
    }
    let exit = if said.is_empty() { Exit::Done } else { Exit::NeedsPerson };
    let mut human = in_words(&services, &shown, &said);
    if !idle.is_empty() {
        let told =
            services.texts.say("command.nothing_waits", context! { rows => idle.join(", ") });
        human = format!("{human}\n{}", told.trim_end());
    }
    Reply::new(exit, human).with("rows", shown)
}

/// Rows to be accepted that stand in an order already: nothing of them waits.
fn idle(named: &[Named], decision: Decision) -> Vec<String> {
    let rows = named.iter().flat_map(|it| it.rows.iter().map(move |(row, at)| (it, row, at)));
    let is_idle = |staged: &Staged, at: &At| {
        decision == Decision::Accept && staged.states.get(at) == Some(&RowState::Accepted)
    };
    let idle = rows.filter(|(it, _, at)| is_idle(&it.staged, at));
    idle.map(|(_, row, _)| row.to_string()).collect()
}

/// Puts a row to the others of its batch.
async fn find(services: &Services, row: &RowRef, named: &mut Vec<Named>) -> anyhow::Result<()> {
    let unknown =
        || Failure::no_such(services.texts, "no_row", context! { row => row.to_string() });
    if !named.iter().any(|known| known.batch.id() == row.batch) {
        let batch = batches::by_id(&services.db, row.batch).await?;
        let batch = batch.filter(|batch| batch.kind == BatchKind::Clients).ok_or_else(unknown)?;
        let staged = staged::load(services, &batch).await?;
        named.push(Named { batch, staged, rows: Vec::new() });
    }
    let known = named.iter_mut().find(|known| known.batch.id() == row.batch).ok_or_else(unknown)?;
    let tables = &known.staged.tables;
    let table = match &row.sheet {
        Some(name) => tables.iter().find(|table| table.name == *name),
        None => tables.first().filter(|_| tables.len() == 1),
    };
    let at = (table.ok_or_else(unknown)?.sheet, row.row);
    if !known.staged.states.contains_key(&at) {
        return Err(unknown().into());
    }
    known.rows.push((row.clone(), at));
    Ok(())
}

fn forbidden(services: &Services, row: &str, why: &Forbidden) -> Failure {
    let texts = services.texts;
    let not_allowed = |key: &str| Failure::not_allowed(texts, key, context! { row });
    match why {
        Forbidden::Ordered => not_allowed("row_ordered"),
        Forbidden::Unchanged => not_allowed("row_unchanged"),
        Forbidden::Undone => not_allowed("row_undone"),
        Forbidden::ListHeld => not_allowed("row_list_held"),
        Forbidden::Wrong(finding) => {
            let (message, fix) = (words::message(texts, finding), words::fix(texts, finding));
            Failure::not_allowed(texts, "row_wrong", context! { row, message, fix })
        }
    }
}

/// Where the rows stand now.
async fn after(
    services: &Services,
    batch: &Batch,
    rows: &[(RowRef, At)],
) -> anyhow::Result<Vec<Value>> {
    let staged = staged::load(services, batch).await?;
    let lines = lines::of_batch(&services.db, batch.id()).await?;
    let shown = rows.iter().map(|(row, at)| {
        let table = staged.tables.iter().find(|table| table.sheet == at.0);
        let cells = table.and_then(|table| table.rows.iter().find(|row| row.number == at.1));
        let fields = table.zip(cells);
        let fields = fields.map(|(table, row)| given(table, row, &services.catalogue.columns));
        let field = |wanted: Field| {
            let found = fields.iter().flatten().find(|(field, _)| *field == wanted);
            found.map(|(_, text)| text.clone())
        };
        let line = lines.iter().find(|line| (line.sheet, line.row_no) == (at.0, at.1.into()));
        json!({
            "row": row, "batch": batch.id(), "sheet": table.map(|table| &table.name), "number": at.1,
            "name": field(Field::Name), "tax_id": field(Field::TaxId),
            "state": staged.states.get(at), "left_out": staged.dropped.contains(at),
            "order": line.map(|line| &line.order_code), "line": line.map(|line| line.line_no),
        })
    });
    Ok(shown.collect())
}

fn in_words(services: &Services, rows: &[Value], said: &[Finding]) -> String {
    let texts = services.texts;
    let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
    let state = |row: &Value| match row["left_out"].as_bool() {
        Some(true) => texts.label("workbook.left_out.state"),
        _ => texts.label(&format!("workbook.row_state.{}", text(row, "state"))),
    };
    let shown = |row: &Value| {
        let line = row["line"].as_i64().map(|line| format!("{}/{line}", text(row, "order")));
        [text(row, "row"), text(row, "name"), state(row), line.unwrap_or_default()]
    };
    let told = said.iter().map(|finding| {
        format!("{} {}", words::message(texts, finding), words::fix(texts, finding))
    });
    let rows = table(texts, ["row", "client", "state", "line"], rows.iter().map(shown));
    std::iter::once(rows).chain(told).collect::<Vec<_>>().join("\n")
}
