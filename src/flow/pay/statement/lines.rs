//! The lines of a statement, account by account: days, amounts and memos out of the columns.
//! What stands around them is read by `labels`.

use chrono::NaiveDate;

use super::{
    Entry, Roles, Section, Wrong,
    control::{self, Totals},
    labels,
};
use crate::{
    domain::{
        date::{self, Order},
        fold::tidy,
        money::Money,
        payment::Direction,
    },
    flow::{
        pay::amount,
        read::{Cell, Row, Sheet},
    },
};

/// What a sheet says, one section for each account.
pub fn sections(sheet: &Sheet, header_row: u32, roles: &Roles) -> Vec<Section> {
    let header = sheet.rows.iter().find(|row| row.number == header_row);
    let mut sections = vec![Section::default()];
    let mut totals = Totals::default();
    let mut shared = (None, None);
    let mut day = None;
    for (at, row) in sheet.rows.iter().enumerate() {
        let is_header = header.is_some_and(|header| header.cells == row.cells);
        let is_title = row.number < header_row;
        if is_header {
            continue;
        }
        let Some(section) = sections.last_mut() else { break };
        let is_next = labels::names_account(row) && section.account.is_some() && !is_title;
        if is_next && !is_line(row, roles) {
            section.off = std::mem::take(&mut totals).off();
            sections.push(Section::default());
            day = None;
        }
        let Some(section) = sections.last_mut() else { break };
        let is_line = !is_title && is_line(row, roles);
        if is_line && take(section, row, roles, &mut day) {
            totals.add(row, roles);
            continue;
        }
        let below = sheet.rows.get(at + 1);
        labels::take(section, row, below, roles.balance);
        totals.take(row.number, labels::totals(row, below, (roles, is_title)));
        // What stands above the first account is said of each.
        if is_title && section.account.is_none() {
            shared = (section.from, section.to);
        }
    }
    if let Some(section) = sections.last_mut() {
        section.off = totals.off();
    }
    for section in sections.iter_mut().filter(|it| it.from.is_none() && it.to.is_none()) {
        (section.from, section.to) = shared;
    }
    sections
}

fn cell(row: &Row, at: usize) -> &Cell {
    row.cells.get(at).unwrap_or(&Cell::Empty)
}

/// A row that moves money on a day. A total has an amount too, but no day.
fn is_line(row: &Row, roles: &Roles) -> bool {
    let has_amount = |at: &usize| {
        !matches!(amount::read(cell(row, *at)), Ok(None)) && !cell(row, *at).is_empty()
    };
    let amounts = [roles.credit, roles.debit, roles.amount];
    let moves = amounts.iter().flatten().chain(&roles.fees).any(has_amount);
    let is_dated = day_of(cell(row, roles.date)).is_some();
    let says = !cell(row, roles.memo).is_empty()
        || roles.reference.is_some_and(|at| !cell(row, at).is_empty());
    moves && (is_dated || (says && !labels::is_summary(row)))
}

/// The day in a cell, and what stands behind it: some banks write their number there.
fn day_of(cell: &Cell) -> Option<(NaiveDate, String)> {
    match cell {
        Cell::Date(at) => Some((at.date(), String::new())),
        Cell::Text(text) => {
            let text = text.trim();
            let (first, rest) = text.split_once(char::is_whitespace).unwrap_or((text, ""));
            let day = date::read(first, Order::DayFirst).map(|day| (day, rest.trim().to_owned()));
            day.or_else(|| date::read(text, Order::DayFirst).map(|day| (day, String::new())))
        }
        _ => None,
    }
}

/// Takes the lines of a row; false where it has none.
fn take(section: &mut Section, row: &Row, roles: &Roles, day: &mut Option<NaiveDate>) -> bool {
    let dated = cell(row, roles.date);
    let (booked_on, behind) = match (day_of(dated), *day) {
        (Some((found, behind)), _) => (found, behind),
        // The day stands in the first of several rows.
        (None, Some(above)) if dated.is_empty() => (above, String::new()),
        // Headers in a second language stand below the first ones.
        (None, _) if moved(row, roles).is_err() => return false,
        (None, _) => {
            let column = u32::try_from(roles.date).unwrap_or_default();
            let found = dated.text().into_owned();
            section.wrong.push(Wrong::Date { row: row.number, column, found });
            return true;
        }
    };
    *day = Some(booked_on);
    let amounts = match moved(row, roles) {
        Ok(amounts) => amounts,
        Err((at, found)) => {
            let column = u32::try_from(at).unwrap_or_default();
            section.wrong.push(Wrong::Amount { row: row.number, column, found });
            return true;
        }
    };
    if let Some((at, found)) = went_too(row, roles) {
        let column = u32::try_from(at).unwrap_or_default();
        section.wrong.push(Wrong::Both { row: row.number, column, found });
        return true;
    }
    let text = |at: Option<usize>| {
        let text = at.map(|at| tidy(&cell(row, at).text())).unwrap_or_default();
        Some(text).filter(|text| !text.is_empty())
    };
    let is_shared = roles.reference == Some(roles.date);
    let reference = if is_shared { Some(behind) } else { text(roles.reference) };
    let balance = roles.balance.and_then(|at| amount::read(cell(row, at)).ok().flatten());
    let is_taken = !amounts.is_empty();
    let last = amounts.len().saturating_sub(1);
    for (at, net) in amounts.into_iter().enumerate() {
        section.entries.push(Entry {
            row: row.number,
            booked_on,
            direction: if net > 0 { Direction::Credit } else { Direction::Debit },
            amount: net.abs(),
            memo: cell(row, roles.memo).text().into_owned(),
            reference: reference.clone().filter(|text| !text.is_empty()),
            balance: balance.map(Money::as_dong).filter(|_| at == last),
            other_name: text(roles.other_name),
            other_account: text(roles.other_account),
        });
    }
    is_taken
}

/// The debit of a row that has a credit too, and its column: nobody knows which way the money went.
fn went_too(row: &Row, roles: &Roles) -> Option<(usize, String)> {
    let is_some = |at: usize| control::read(row, at).is_some_and(|dong| dong != 0);
    let (credit, debit) = roles.credit.zip(roles.debit)?;
    (is_some(credit) && is_some(debit)).then(|| (debit, cell(row, debit).text().into_owned()))
}

/// What a row does to the balance, in parts; else the column of what cannot be read.
fn moved(row: &Row, roles: &Roles) -> Result<Vec<i64>, (usize, String)> {
    let read = |at: Option<usize>| match at.map(|at| (at, amount::read(cell(row, at)))) {
        None => Ok(0),
        Some((_, Ok(money))) => Ok(money.map_or(0, Money::as_dong)),
        Some((at, Err(_))) => Err((at, cell(row, at).text().into_owned())),
    };
    // Some banks write debits with a minus, which they are anyway; a credit with one is taken back.
    let mut parts = vec![read(roles.credit)?, -read(roles.debit)?.abs(), read(roles.amount)?];
    for fee in &roles.fees {
        parts.push(read(Some(*fee))?);
    }
    parts.retain(|part| *part != 0);
    Ok(parts)
}
