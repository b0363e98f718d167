//! A client moves to another firm with what was ordered for it: the licence goes on, its payment code stays good, and from
//! now on the new firm and its people stand in letters and on the platform. What was stays with the firm of before.

use anyhow::Context as _;
use minijinja::context;
use serde_json::{Value, json};

use super::{
    clients,
    correct::{self, follow},
};
use crate::{
    db::{
        self, Tx,
        batches::{self, Batch},
        changes as platform_changes, clients as catalogue,
        corrections::{self, NewEvent},
        lines::{self, Line},
        notifications::{self, NewNotification, NotificationKind},
        orders::{self, Order},
        requests, rows,
    },
    domain::{
        cell::Cell,
        email::Email,
        field::Field,
        firm::Firm,
        order::{LineRef, LineState},
    },
    flow::{Services, activate::changes, check::history::in_words},
};

/// How often it is tried again because the line changed meanwhile.
const OVERTAKEN_AT_MOST: usize = 5;

/// What became of a wish to transfer a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transferred {
    Done,
    /// It is that firm's.
    Already,
    /// It has no licence that could go with it, and stands so.
    NotLicensed(LineState),
    /// That firm has ordered for this client, package and year itself.
    Taken,
    /// Its firm cancelled it, and the platform is still to stop it: that is no wish of the other firm.
    BeingCancelled,
}

/// Gives a licensed line to another firm; who tells the platform is whoever asked for it.
pub async fn transfer(
    services: &Services,
    named: &LineRef,
    (firm, reason): (&Firm, &str),
) -> anyhow::Result<Transferred> {
    for _ in 0..OVERTAKEN_AT_MOST {
        let lines = lines::of_order(&services.db, &named.order).await?;
        let line = lines.into_iter().find(|line| line.line_no == named.line);
        let line = line.with_context(|| format!("There is no line {named}"))?;
        if line.firm == firm.code.as_str() {
            return Ok(Transferred::Already);
        }
        if !matches!(line.state, LineState::Grace | LineState::Active | LineState::Suspended) {
            return Ok(Transferred::NotLicensed(line.state));
        }
        if let Some(transferred) = store(services, &line, (firm, reason)).await? {
            services.crash_point("transferred");
            return Ok(transferred);
        }
    }
    anyhow::bail!("{named} kept changing; try again")
}

/// Nothing where the line changed since it was read.
async fn store(
    services: &Services,
    line: &Line,
    (firm, reason): (&Firm, &str),
) -> anyhow::Result<Option<Transferred>> {
    let order = orders::by_code(&services.db, &line.order_code).await?;
    let order = order.context("A line has its order")?;
    let batch =
        batches::by_id(&services.db, line.batch()).await?.context("A line has its batch")?;
    let request = requests::of_line(&services.db, line.id).await?;
    let mut after = line.clone();
    firm.code.as_str().clone_into(&mut after.firm);
    // Nobody of the firm of before is told of it any more, or works in it.
    after.client.0.registered_by = Some(firm.admin.email.clone());
    after.client.0.assigned_to = None;
    let cells = corrected_since(services, &batch, (line, &after)).await?;
    let mut tx = services.db.begin().await?;
    if !orders::hold(&mut tx, &order.code, order.state, &order.content).await?
        || lines::hold(&mut tx, &[line.id]).await?.get(&line.id) != Some(&line.state)
        || !batches::is_as_read(&mut tx, &batch).await?
    {
        return Ok(None);
    }
    if platform_changes::is_being_cancelled(&mut tx, line.id).await? {
        return Ok(Some(Transferred::BeingCancelled));
    }
    match corrections::move_to(&mut tx, line.id, (&after.firm, &after.client.0)).await {
        Err(error) if db::is_taken(&error) => return Ok(Some(Transferred::Taken)),
        moved => moved?,
    }
    if let Some(cells) = cells {
        let row_no = u32::try_from(line.row_no)?;
        let fixed = rows::Fixed { sheet: line.sheet, row_no, cells: &cells, dropped: false };
        rows::replace(&mut tx, line.batch(), &[fixed]).await?;
    }
    clients::keep(&mut tx, &after.firm, &[&after.client.0], services.now()).await?;
    catalogue::leave(&mut tx, &line.firm, line.client.tax_id.as_str()).await?;
    if let Ok(former) = services.firm(&line.firm) {
        let members: Vec<&str> = former.members().map(Email::as_str).collect();
        corrections::withdraw_copies(&mut tx, line.id, &members).await?;
    }
    if let Some(request) = &request {
        follow::pays(services, &mut tx, &order, (line, &after), request).await?;
    }
    changes::plan_accounts(services, &mut tx, &[&after]).await?;
    keep(services, &mut tx, &order, (line, &after), reason).await?;
    batches::ask_for_workbook(&mut tx, line.batch()).await?;
    tx.commit().await?;
    Ok(Some(Transferred::Done))
}

/// The row of a client that comes back to the firm of its list, with what was corrected while it was another one's.
async fn corrected_since(
    services: &Services,
    batch: &Batch,
    (before, after): (&Line, &Line),
) -> anyhow::Result<Option<Vec<Cell>>> {
    if batch.firm.as_ref() != Some(&after.firm) {
        return Ok(None);
    }
    let events = corrections::of_line(&services.db, before.id).await?;
    let went = events.iter().rposition(|event| event.left() == Some(&after.firm));
    let since = &events[went.unwrap_or_default()..];
    let stored = serde_json::to_value(&after.client.0)?;
    let (columns, locale) = (&services.catalogue.columns, services.settings.locale);
    let said = |field: &Field| match &stored[field.as_str()] {
        Value::Null => Cell::Empty,
        Value::String(text) => Cell::Text(in_words(columns, locale, *field, text)),
        other => Cell::Text(other.to_string()),
    };
    let is_corrected = |field: &&Field| since.iter().any(|it| it.change(**field).is_some());
    let changes: Vec<(Field, Cell)> =
        Field::ALL.iter().filter(is_corrected).map(|field| (*field, said(field))).collect();
    correct::cells(services, after, &changes).await
}

/// Who went where, when and why; the bell of each firm, which names no other one.
async fn keep(
    services: &Services,
    tx: &mut Tx,
    order: &Order,
    (before, after): (&Line, &Line),
    reason: &str,
) -> anyhow::Result<()> {
    let event = NewEvent {
        line_id: before.id,
        said_by: None,
        reason,
        detail: json!({ "from": before.firm, "to": after.firm }),
        on_platform: None,
    };
    corrections::insert(tx, event, services.now()).await?;
    let line = before.reference().to_string();
    for (firm, key) in [(&before.firm, "line_left"), (&after.firm, "line_came")] {
        let values = context! { line => line.as_str(), name => before.name.as_str(), tax_id => before.client.tax_id.as_str() };
        let text = services.texts.say(&format!("message.bell.{key}"), values);
        let (kind, order) = (NotificationKind::LineChanged, Some(&order.code));
        let bell = NewNotification { firm, kind, text: &text, order };
        notifications::insert(tx, bell, services.now()).await?;
    }
    Ok(())
}
