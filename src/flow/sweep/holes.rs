//! What the statements leave out, as people are told it: days of which none came, from the first one on which anything was
//! asked for, and statements whose balances do not join. Which days are covered is said by `coverage`.

use std::collections::BTreeSet;

use chrono::{Days, NaiveDate};
use minijinja::context;

use super::coverage::{Break, Coverage, Edge, Span};
use crate::{
    db::{batches, dues},
    domain::money::Money,
    flow::Services,
};

/// All of it, the oldest first.
#[derive(Clone, Debug, Default)]
pub struct Holes {
    pub days: Vec<Span>,
    /// Ready: which two statements, by how much, and what to do.
    pub breaks: Vec<String>,
}

impl Holes {
    /// The days, with others that are missing; not those where only balances do not join.
    pub fn days_with(
        &self,
        covered: &Coverage,
        others: impl Iterator<Item = Span>,
    ) -> BTreeSet<NaiveDate> {
        let others = others.filter(|days| !is_break(covered, *days));
        let all = self.days.iter().copied().chain(others);
        all.flat_map(|(from, to)| from.iter_days().take_while(move |day| *day <= to)).collect()
    }
}

/// Days that follow each other as one.
pub fn spans(days: &BTreeSet<NaiveDate>) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for day in days {
        match spans.last_mut() {
            Some((_, last)) if *last + Days::new(1) == *day => *last = *day,
            _ => spans.push((*day, *day)),
        }
    }
    spans
}

pub async fn of(services: &Services, covered: &Coverage) -> anyhow::Result<Holes> {
    let asked = dues::open_since(&services.db).await?;
    let asked = asked.map(|at| services.local(at).date_naive());
    let days = asked.and_then(|asked| covered.before(asked)).into_iter();
    let gaps = covered.gaps().filter(|days| !is_break(covered, *days));
    let mut holes = Holes { days: days.chain(gaps).collect(), breaks: Vec::new() };
    for it in covered.breaks() {
        holes.breaks.push(in_words(services, it).await?);
    }
    Ok(holes)
}

fn is_break(covered: &Coverage, days: Span) -> bool {
    covered.breaks().iter().any(|it| it.days == days)
}

async fn in_words(services: &Services, it: &Break) -> anyhow::Result<String> {
    let off = Money::dong((it.after.balance - it.before.balance).abs()).to_string();
    let values = context! {
        opening => Money::dong(it.after.balance).to_string(), after => named(services, &it.after).await?,
        closing => Money::dong(it.before.balance).to_string(), before => named(services, &it.before).await?,
        off, from => shown(it.after.days.0),
    };
    Ok(services.texts.say("message.statement_break", values))
}

/// `14/11/2026 – 16/11/2026 (b.csv · B000003)`.
async fn named(services: &Services, edge: &Edge) -> anyhow::Result<String> {
    let batch = batches::by_id(&services.db, edge.batch).await?;
    let file = batch.map(|batch| format!("{} · ", batch.file_name)).unwrap_or_default();
    Ok(format!("{} ({file}{})", shown_span(edge.days), edge.batch))
}

/// `14/11/2026 – 16/11/2026`.
pub fn shown_span((from, to): Span) -> String {
    if from == to { shown(from) } else { format!("{} – {}", shown(from), shown(to)) }
}

fn shown(day: NaiveDate) -> String {
    day.format("%d/%m/%Y").to_string()
}
