//! What is at risk in a task: money of a line that several tasks of a page tell of counts once.

use std::collections::HashSet;

use crate::{
    db::{
        lines,
        mails::Mail,
        morning::{self, Waiting},
        orders::Order,
        requests,
    },
    domain::{cell::Cell, mail::Purpose, money::Money, order::OrderState},
    flow::Services,
};

/// So many rows of a list are priced one by one; the others cost as much as these do.
const PRICED: i64 = 500;

/// The ids of the lines that were counted.
#[derive(Debug, Default)]
pub struct Counted(HashSet<i64>);

impl Counted {
    pub fn add(&mut self, line: i64) {
        self.0.insert(line);
    }

    /// What a mail is about, and what of it was counted before: now all of it is.
    pub async fn of_mail(
        &mut self,
        services: &Services,
        (mail, order): (&Mail, Option<&Order>),
    ) -> anyhow::Result<(Money, Money)> {
        let db = &services.db;
        let parts: Vec<(i64, Money)> = match (mail.purpose, order, mail.line_id) {
            (Purpose::OrderNotice, Some(order), _) => {
                let open = requests::open_of_payer(db, order.batch(), &mail.recipient).await?;
                let rest = |it: &requests::Request| it.amount().as_dong() - it.paid().as_dong();
                open.iter().map(|it| (it.line_id, Money::dong(rest(it)))).collect()
            }
            (_, _, Some(line)) => {
                let line = lines::by_id(db, line).await?;
                line.iter().map(|line| (line.id, line.amount())).collect()
            }
            _ => Vec::new(),
        };
        // The order itself waits, with all its lines.
        let waits = order
            .is_some_and(|it| it.state == OrderState::Placed && it.activation_asked_at.is_none());
        let again = parts.iter().filter(|(line, _)| !self.0.insert(*line) || waits);
        let again = again.map(|(_, amount)| *amount).sum();
        Ok((parts.iter().map(|(_, amount)| *amount).sum(), again))
    }
}

/// What rows would cost that are no lines yet: by the package that a cell names, else as much as a line of the list.
pub async fn would_cost(services: &Services, waiting: &Waiting) -> anyhow::Result<Money> {
    let rows = morning::waiting_cells(&services.db, waiting.batch(), PRICED).await?;
    let totals = lines::totals(&services.db, waiting.batch()).await?;
    let (lines, amount) = totals
        .iter()
        .fold((0, 0), |(lines, amount), total| (lines + total.lines, amount + total.amount));
    let usual = if lines > 0 { amount / lines } else { 0 };
    let today = services.today();
    let named = |cell: &Cell| services.catalogue.packages.find(&cell.text());
    let price = |cells: &Vec<Cell>| {
        let package = cells.iter().find_map(named)?;
        Some(package.price_on(today)?.as_dong())
    };
    let seen: i64 = rows.iter().map(|cells| price(cells).unwrap_or(usual)).sum();
    let (all, looked) = (waiting.rejected + waiting.held, i64::try_from(rows.len())?.max(1));
    Ok(Money::dong(seen + seen / looked * (all - looked).max(0)))
}
