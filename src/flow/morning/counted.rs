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
    domain::{batch::BatchId, cell::Cell, mail::Purpose, money::Money, order::OrderState},
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

/// What rows of a list would cost that are no lines yet: by the package that a cell names, else as much as a line of it.
pub struct Prices<'a> {
    services: &'a Services,
    usual: i64,
}

impl Prices<'_> {
    pub async fn of(services: &Services, list: BatchId) -> anyhow::Result<Prices<'_>> {
        let totals = lines::totals(&services.db, list).await?;
        let (lines, amount) = totals
            .iter()
            .fold((0, 0), |(lines, amount), total| (lines + total.lines, amount + total.amount));
        Ok(Prices { services, usual: if lines > 0 { amount / lines } else { 0 } })
    }

    pub fn of_row(&self, cells: &[Cell]) -> Money {
        let packages = &self.services.catalogue.packages;
        let package = cells.iter().find_map(|cell| packages.find(&cell.text()));
        let price = package.and_then(|package| package.price_on(self.services.today()));
        price.unwrap_or(Money::dong(self.usual))
    }

    /// Of all rows that wait.
    pub async fn all(&self, waiting: &Waiting) -> anyhow::Result<Money> {
        let rows = morning::waiting_cells(&self.services.db, waiting.batch(), PRICED).await?;
        let seen: Money = rows.iter().map(|cells| self.of_row(cells)).sum();
        let (all, looked) = (waiting.rejected + waiting.held, i64::try_from(rows.len())?.max(1));
        let seen = seen.as_dong();
        Ok(Money::dong(seen + seen / looked * (all - looked).max(0)))
    }
}
