//! The letter that reminds of rows that wait, gathered when it is sent, with the newest workbook of their list.
//! When somebody is reminded is decided by `morning::reminders`.

use anyhow::Context as _;

use super::{
    content::{Content, block_of},
    letters::{self, FindingsWaiting},
    results::{to_fix, workbook},
};
use crate::{
    db::{batches, mails::Mail, orders, rows, told},
    domain::batch::{BatchId, BatchState},
    flow::{Services, answer::receipt, morning::overtaken, report::Rows, staged},
};

/// Nothing where the rows wait no more, where a later list ordered them, or where a later letter reminds of them.
pub async fn of(services: &Services, mail: &Mail, id: BatchId) -> anyhow::Result<Option<Content>> {
    let batch = batches::by_id(&services.db, id).await?.context("A mail has its batch")?;
    let rows = Rows::of(&rows::counts(&services.db, Some(id)).await?);
    let is_told = told::is_overtaken(&services.db, mail).await?;
    if is_told || batch.state == BatchState::Undone || rows.rejected + rows.held == 0 {
        return Ok(None);
    }
    if overtaken::is_overtaken(services, &batch).await? {
        return Ok(None);
    }
    let firm = services.firm(batch.firm.as_deref().context("A list has a firm")?)?;
    let orders = orders::of_batch(&services.db, id).await?;
    let of_order = orders.iter().find_map(|order| order.registered_by.as_deref());
    let (firm, reply_to) = block_of(firm, batch.registered_by.as_deref().or(of_order));
    let tables = staged::tables(services, id).await?;
    let (to_fix, more) = to_fix(services, &batch).await?;
    let (said_in, file) = workbook(services, id).await?;
    let said = FindingsWaiting {
        to_name: mail.recipient_name.clone(),
        firm,
        file: batch.file_name.clone(),
        batch: id.to_string(),
        since: services.local(batch.received_at).format("%d/%m/%Y").to_string(),
        rejected: rows.rejected,
        held: rows.held,
        to_fix,
        more,
        steps: receipt::to_do(services, &batch, (&tables, &rows)).await?,
        workbook: said_in,
    };
    let letter = letters::findings_waiting(services.letters.of(mail.purpose), &said)?;
    Ok(Some(Content { letter, picture: None, workbook: file, reply_to }))
}
