//! Who of the firm works in the clients' data is changed after the order: on the lines' record, in the firm's catalogue,
//! from which the next order is made, and where a line is licensed already on the platform too.

use std::collections::HashMap;

use crate::{
    db::{
        self, batches,
        clients::{self, Client},
        lines::{self, Line},
        orders::Order,
        rows::Fixed,
        staff::Said,
    },
    domain::{
        cell::Cell,
        email::Email,
        field::Field,
        firm::{Firm, StaffRole},
        order::LineState,
    },
    flow::{Services, answer::outbox, map::Table, staged},
};

use super::{Summary, changes, staff};

/// What becomes of the members of one line.
#[derive(Clone, Copy, Debug)]
pub struct Wish<'a> {
    pub line: &'a Line,
    /// Who is to work in it, and as what.
    pub on: Option<(&'a Email, StaffRole)>,
    /// Who is not.
    pub off: Option<&'a Email>,
}

impl Wish<'_> {
    fn said(&self) -> impl Iterator<Item = Said<'_>> {
        let line_id = self.line.id;
        let off = self.off.filter(|off| self.on.is_none_or(|(on, _)| on != *off));
        let off = off.map(|email| Said { line_id, email: email.as_str(), role: None });
        let on = self.on.map(|(on, role)| Said { line_id, email: on.as_str(), role: Some(role) });
        off.into_iter().chain(on)
    }
}

/// Stores who works in the data of lines of an order, all of one firm, and plans to tell the platform. Nothing happens where it is so
/// already, or where a line was cancelled.
pub async fn change(services: &Services, order: &Order, wishes: &[Wish<'_>]) -> anyhow::Result<()> {
    let Some(first) = wishes.first() else { return Ok(()) };
    let firm = services.firm(&first.line.firm)?;
    let ids: Vec<i64> = wishes.iter().map(|wish| wish.line.id).collect();
    let mut tx = services.db.begin().await?;
    // Whoever activates a line meanwhile sees what is stored here, or is seen.
    let states = lines::hold(&mut tx, &ids).await?;
    let state = |wish: &Wish<'_>| states.get(&wish.line.id).copied();
    let stands = |wish: &&Wish<'_>| state(wish).is_some_and(|it| it != LineState::Cancelled);
    let before = db::staff::of_lines(&mut tx, &ids).await?;
    let said: Vec<Said<'_>> = wishes.iter().filter(stands).flat_map(Wish::said).collect();
    db::staff::set(&mut tx, &said).await?;
    let now = db::staff::of_lines(&mut tx, &ids).await?;
    let is_licensed = |wish: &Wish<'_>| {
        matches!(state(wish), Some(LineState::Grace | LineState::Active | LineState::Suspended))
    };
    let differs = |wish: &Wish<'_>| {
        // Who left the firm is no member any more, and may still have an account.
        wish.off.is_some_and(|off| firm.name_of(off).is_none())
            || staff::of(firm, order, wish.line, &now) != staff::of(firm, order, wish.line, &before)
    };
    let told = wishes.iter().filter(|wish| is_licensed(wish) && differs(wish));
    let told: Vec<&Line> = told.map(|wish| wish.line).collect();
    changes::plan_accounts(services, &mut tx, &told).await?;
    tx.commit().await?;
    services.crash_point("assigned");
    Ok(())
}

/// In a firm's catalogue a member of staff hands over to another one, or to nobody: the clients that were assigned.
pub async fn hand_over(
    services: &Services,
    firm: &str,
    (from, to): (&Email, Option<&Email>),
) -> anyhow::Result<Vec<Client>> {
    let mut tx = services.db.begin().await?;
    let who = (from.as_str(), to.map(Email::as_str));
    let clients = clients::reassign(&mut tx, firm, who, services.now()).await?;
    tx.commit().await?;
    Ok(clients)
}

/// In the lists' own columns of who is in charge stands who takes over, where somebody stood who does not do it any more:
/// their workbooks are written anew.
pub async fn rename(
    services: &Services,
    (firm, lines): (&Firm, &[&Line]),
    (from, to): (&Email, Option<&Email>),
) -> anyhow::Result<()> {
    let mut lines: Vec<&Line> = lines.to_vec();
    lines.sort_by_key(|line| line.batch().number());
    for lines in lines.chunk_by(|a, b| a.batch() == b.batch()) {
        let id = lines[0].batch();
        let batch = batches::by_id(&services.db, id).await?;
        let own = batch.filter(|it| it.firm.as_deref() == Some(firm.code.as_str()));
        let Some(batch) = own else { continue };
        let tables = staged::tables(services, id).await?;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let known = db::rows::of_lines(&services.db, &ids).await?.into_iter();
        let mut known: HashMap<(i64, i64), Vec<Cell>> =
            known.map(|row| ((row.sheet, row.row_no), row.cells.0)).collect();
        let mut rows = Vec::new();
        for line in lines {
            let Some(at) = column(&tables, line) else { continue };
            let Some(mut cells) = known.remove(&(line.sheet, line.row_no)) else { continue };
            let Some(cell) = cells.get_mut(at).filter(|cell| says(firm, line, cell, from)) else {
                continue;
            };
            *cell = to.map_or(Cell::Empty, |to| Cell::Text(to.to_string()));
            rows.push((line.sheet, u32::try_from(line.row_no)?, cells));
        }
        let fixed = rows.iter().map(|(sheet, row_no, cells)| Fixed {
            sheet: *sheet,
            row_no: *row_no,
            cells,
            dropped: false,
        });
        let fixed: Vec<Fixed<'_>> = fixed.collect();
        let mut tx = services.db.begin().await?;
        // Somebody who changes the list meanwhile is not overwritten, for the sake of a column that is only shown.
        if !fixed.is_empty() && batches::is_as_read(&mut tx, &batch).await? {
            db::rows::replace(&mut tx, id, &fixed).await?;
            batches::ask_for_workbook(&mut tx, id).await?;
            tx.commit().await?;
            outbox::write_workbook(services, id).await?;
        }
    }
    Ok(())
}

/// Where the list of a line says who is in charge.
fn column(tables: &[Table], line: &Line) -> Option<usize> {
    let table = tables.iter().find(|table| table.sheet == line.sheet)?;
    let column = table.columns.iter().find(|column| column.field == Some(Field::AssignedTo))?;
    usize::try_from(column.index).ok()
}

/// Whether a cell names a member; of one who left the firm only the line still knows the name.
fn says(firm: &Firm, line: &Line, cell: &Cell, member: &Email) -> bool {
    let text = cell.text();
    match firm.member(&text) {
        Some(named) => named == member,
        None => !cell.is_empty() && line.client.assigned_to.as_ref() == Some(member),
    }
}

/// Tells the platform what is open of an order; false where it did not answer, or refused.
pub async fn tell_platform(services: &Services, order: &Order) -> anyhow::Result<bool> {
    let mut summary = Summary::default();
    changes::run(services, Some(&order.code), &mut summary).await?;
    Ok(summary.failed + summary.uncertain == 0)
}
