//! Who of the firm works in the data of clients, for whoever asks about them. The rules are those of `staff`.

use std::collections::HashMap;

use super::staff;
use crate::{
    db::{
        batches::Filter,
        lines::{self, Line},
        orders,
        staff::{self as assigned, OnLine},
    },
    domain::{
        email::Email,
        firm::StaffRole,
        order::{LineState, OrderCode},
    },
    flow::Services,
};

/// By firm and tax id.
#[derive(Debug, Default)]
pub struct InCharge(HashMap<(String, String), (i64, Email)>);

impl InCharge {
    /// In the clients of one firm or of all, by their lines that stand, also those without a licence yet. Nobody of a
    /// firm that left the configuration.
    pub async fn of(services: &Services, firm: Option<&str>) -> anyhow::Result<InCharge> {
        let mut lines = lines::list(&services.db, firm).await?;
        lines.retain(|line| line.state != LineState::Cancelled);
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let mut said: HashMap<i64, Vec<OnLine>> = HashMap::new();
        for one in assigned::on_lines(&services.db, &ids).await? {
            said.entry(one.line_id).or_default().push(one);
        }
        // One that came from another firm is of an order of that one.
        let orders = orders::list(&services.db, &Filter::default()).await?;
        let orders: HashMap<&OrderCode, _> = orders.iter().map(|it| (&it.code, it)).collect();
        let works = |line: &Line| {
            let (order, firm) = (orders.get(&line.order_code)?, services.firm(&line.firm).ok()?);
            let said = said.get(&line.id).map(Vec::as_slice).unwrap_or_default();
            let all = staff::of(firm, order, line, said).into_iter();
            let first = all.min_by_key(|(_, role)| *role != StaffRole::Manager);
            first.map(|(email, _)| email)
        };
        let mut newest: HashMap<(String, String), (i64, Email)> = HashMap::new();
        for line in &lines {
            let Some(email) = works(line) else { continue };
            let client = (line.firm.clone(), line.client.tax_id.to_string());
            if newest.get(&client).is_none_or(|(id, _)| *id < line.id) {
                newest.insert(client, (line.id, email));
            }
        }
        Ok(InCharge(newest))
    }

    /// Of one client, by all its tax ids: a manager before others, in the newest line that somebody works in.
    pub fn of_client(&self, firm: &str, tax_ids: &[&str]) -> Option<&Email> {
        let found =
            tax_ids.iter().filter_map(|it| self.0.get(&(firm.to_owned(), (*it).to_owned())));
        found.max_by_key(|(id, _)| *id).map(|(_, email)| email)
    }
}
