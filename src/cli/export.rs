//! `export`: what there is, as files for other programs; and slips, for people who have to pay.

use std::{path::PathBuf, str::FromStr};

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Export, Global},
    init::Made,
    life::unknown_line,
    order::by_code,
    reply::{Exit, Failure, Reply},
    workspace,
};
use crate::{
    db::lines,
    domain::{
        order::{LineRef, LineState, Target},
        words::UnknownWord,
    },
    flow::{
        Services,
        answer::messages::{self, Slip},
        export::{
            self, What,
            numbered::{self, Numbered},
        },
    },
};

/// A table, or a page for each unpaid line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exported {
    Table(What),
    Slips,
}

impl FromStr for Exported {
    type Err = UnknownWord;
    fn from_str(text: &str) -> Result<Exported, UnknownWord> {
        if text == "slips" { Ok(Exported::Slips) } else { text.parse().map(Exported::Table) }
    }
}

pub async fn run(global: &Global, args: &Export) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let named = args.firm.as_deref();
    let firm = named.map(|named| workspace::firm(&services, Some(named))).transpose()?;
    let firm = firm.map(|firm| firm.code.as_str());
    if (args.new || args.again.is_some()) && args.what != Exported::Table(What::Invoices) {
        return Err(Failure::misused(services.texts, "numbered_only", context! {}).into());
    }
    match args.what {
        Exported::Table(what) => table(&services, args, (what, firm)).await,
        Exported::Slips => slips(&services, args, firm).await,
    }
}

async fn table(
    services: &Services,
    args: &Export,
    (what, firm): (What, Option<&str>),
) -> anyhow::Result<Reply> {
    if let Some(target) = args.targets.first() {
        let values = context! { target => shown(target) };
        return Err(Failure::misused(services.texts, "slips_only", values).into());
    }
    let numbered = match (args.again, args.new) {
        (Some(number), _) => Some(again(services, number, firm).await?),
        (None, true) => match numbered::new(services, firm).await? {
            None => return nothing_new(services),
            found => found,
        },
        (None, false) => None,
    };
    let number = numbered.as_ref().map(|it| it.number);
    let table = match numbered {
        Some(numbered) => numbered.table,
        None => export::gather(services, what, firm).await?,
    };
    let path = match &args.output {
        Some(path) => std::path::absolute(path)?,
        None => export::free_path(services, what, args.format, firm),
    };
    let written =
        tokio::task::block_in_place(|| export::write(services, &table, args.format, &path))?;
    let names: Vec<String> = written.iter().map(|path| services.shown_path(path)).collect();
    let said = context! { number, rows => table.rows.len(), files => names.join("\n") };
    let said = services.texts.say("message.export.done", said);
    let reply = reply(services, said, &written, table.rows.len())?;
    match number {
        Some(number) => reply.with("export", number),
        None => Ok(reply),
    }
}

async fn again(services: &Services, number: i64, firm: Option<&str>) -> anyhow::Result<Numbered> {
    let unknown = || Failure::no_such(services.texts, "no_export", context! { number });
    numbered::again(services, number, firm).await?.ok_or_else(|| unknown().into())
}

fn nothing_new(services: &Services) -> anyhow::Result<Reply> {
    let said = services.texts.label("message.export.nothing_new");
    reply(services, said, &[], 0)?.with("export", None::<i64>)
}

fn reply(
    services: &Services,
    said: String,
    written: &[PathBuf],
    rows: usize,
) -> anyhow::Result<Reply> {
    let made =
        |path: &PathBuf| Made { path: PathBuf::from(services.shown_path(path)), kind: "export" };
    Reply::new(Exit::Done, said)
        .with("files", written.iter().map(made).collect::<Vec<_>>())?
        .with("rows", rows)
}

async fn slips(services: &Services, args: &Export, firm: Option<&str>) -> anyhow::Result<Reply> {
    let Some(folder) = &args.output else {
        return Err(Failure::misused(services.texts, "slips_nowhere", context! {}).into());
    };
    for target in &args.targets {
        demand(services, target).await?;
    }
    let is_of = |target: &Target, slip: &Slip| is_of(target, &slip.line);
    let all = messages::of_firm(services, firm).await?;
    let named = &args.targets;
    let mut without = Without::default();
    for target in named {
        let has_slip = all.iter().any(|slip| is_of(target, slip));
        without.tell(services, target, has_slip).await?;
    }
    let is_meant = |slip: &Slip| named.is_empty() || named.iter().any(|target| is_of(target, slip));
    let (over, open): (Vec<Slip>, Vec<Slip>) =
        all.into_iter().filter(is_meant).partition(|slip| slip.is_over);
    let over: Vec<String> = over.iter().map(|slip| slip.line.to_string()).collect();
    let pooled = open.iter().filter(|slip| slip.asked.is_none());
    let (lacking, enough): (Vec<&Slip>, Vec<&Slip>) =
        pooled.partition(|slip| slip.to_transfer().is_some());
    let named = |slips: &[&Slip]| -> Vec<String> {
        slips.iter().map(|slip| slip.line.to_string()).collect()
    };
    let (lacking, enough) = (named(&lacking), named(&enough));
    let pooled = [lacking.as_slice(), &enough].concat();
    let (rows, folder) = (open.len(), std::path::absolute(folder)?);
    let written = tokio::task::block_in_place(|| export::slips::write(services, open, &folder))?;
    let Without { paid, cancelled, refused } = without;
    let folder = services.shown_path(&folder);
    let left_out = [("paid", &paid), ("cancelled", &cancelled), ("refused", &refused)];
    let left_out = left_out.into_iter().chain([("over", &over), ("pooled", &pooled)]);
    let left_out: Vec<Value> = left_out
        .flat_map(|(why, all)| all.iter().map(move |it| json!({ "what": it, "why": why })))
        .collect();
    let said = context! { rows, paid, cancelled, refused, over, lacking, enough, folder };
    let said = services.texts.say("message.export.slips", said);
    reply(services, said, &written, rows)?.with("left_out", left_out)
}

fn is_of(target: &Target, line: &LineRef) -> bool {
    match target {
        Target::Order(order) => line.order == *order,
        Target::Line(named) => line == named,
    }
}

/// What was named and has no slip, by the reason for that.
#[derive(Default)]
struct Without {
    paid: Vec<String>,
    cancelled: Vec<String>,
    /// Lines, also those of an order that has slips.
    refused: Vec<String>,
}

impl Without {
    async fn tell(
        &mut self,
        services: &Services,
        target: &Target,
        has_slip: bool,
    ) -> anyhow::Result<()> {
        let mut lines = lines::of_order(&services.db, target.order()).await?;
        lines.retain(|line| is_of(target, &line.reference()));
        let of_state = |state| lines.iter().filter(move |line| line.state == state);
        let refused = of_state(LineState::Failed).map(|line| line.reference().to_string());
        self.refused.extend(refused);
        if has_slip || of_state(LineState::Failed).next().is_some() {
            return Ok(());
        }
        if of_state(LineState::Cancelled).count() == lines.len() {
            self.cancelled.push(shown(target));
        } else {
            self.paid.push(shown(target));
        }
        Ok(())
    }
}

/// Fails where there is no such order, or no such line of it.
async fn demand(services: &Services, target: &Target) -> anyhow::Result<()> {
    let order = by_code(services, target.order()).await?;
    let Target::Line(line) = target else { return Ok(()) };
    let lines = lines::of_order(&services.db, &order.code).await?;
    if lines.iter().any(|it| it.line_no == line.line) {
        return Ok(());
    }
    Err(unknown_line(services.texts, line).into())
}

fn shown(target: &Target) -> String {
    match target {
        Target::Order(order) => order.to_string(),
        Target::Line(line) => line.to_string(),
    }
}
