//! Recomputes what must always hold, out of what is stored: rows, money, orders, mails, licences; and whether the rules
//! of matching would decide the same again. Nothing is changed.

use std::collections::{BTreeSet, HashMap};

use serde::Serialize;

use super::{
    Services,
    pay::{
        matching::{self, Decision},
        settle,
    },
    sweep::reconcile,
};
use crate::db::{batches::Filter, licences, prove};

/// A law, of how many things it speaks, and what breaks it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Law {
    pub name: &'static str,
    pub holds: bool,
    pub checked: i64,
    pub exceptions: Vec<String>,
}

impl Law {
    fn new(name: &'static str, checked: i64, exceptions: Vec<String>) -> Law {
        Law { name, holds: exceptions.is_empty(), checked, exceptions }
    }
}

/// Every law, in the order in which a file goes its way.
pub async fn laws(services: &Services) -> anyhow::Result<Vec<Law>> {
    let mut laws = Vec::new();
    for law in prove::LAWS {
        let checked = prove::count(&services.db, law).await?;
        laws.push(Law::new(law.name, checked, prove::broken(&services.db, law).await?));
    }
    laws.push(matching_again(services).await?);
    laws.push(platform(services).await?);
    Ok(laws)
}

/// The rules decide the same again.
async fn matching_again(services: &Services) -> anyhow::Result<Law> {
    let loaded = settle::load(services, None).await?;
    let (decisions, standings) = tokio::task::block_in_place(|| {
        matching::decide(&loaded.asked, &loaded.credits, &loaded.known)
    });
    let mut exceptions = Vec::new();
    for (due, now) in loaded.dues.iter().zip(standings) {
        if (due.paid, due.state) != (now.paid, now.state) {
            exceptions.push(due.code.clone());
        }
    }
    let decisions: HashMap<i64, Decision> = decisions.into_iter().map(|it| (it.id, it)).collect();
    for payment in loaded.payments.iter().filter(|payment| !payment.closed) {
        let decision = decisions.get(&payment.id);
        if decision.is_some_and(|it| it.tier != payment.tier) {
            exceptions.push(payment.id.to_string());
        }
    }
    let checked = loaded.dues.len() + loaded.payments.len();
    Ok(Law::new("matching", i64::try_from(checked)?, exceptions))
}

/// Each licence of the platform is ours, and each of ours is there.
async fn platform(services: &Services) -> anyhow::Result<Law> {
    let there = services.platform.all().await?;
    let here = licences::list(&services.db, &Filter::default()).await?;
    let ours: BTreeSet<&str> = here.iter().map(|it| it.licence_id.as_str()).collect();
    let theirs: BTreeSet<&str> = there.iter().map(|it| it.licence_id.as_str()).collect();
    let forgotten = there.iter().filter(|it| reconcile::is_forgotten(services, it));
    let forgotten: BTreeSet<&str> = forgotten.map(|it| it.licence_id.as_str()).collect();
    let exceptions = ours.symmetric_difference(&theirs).filter(|it| !forgotten.contains(*it));
    let exceptions = exceptions.map(ToString::to_string).collect();
    Ok(Law::new("platform", i64::try_from(here.len().max(there.len()))?, exceptions))
}
