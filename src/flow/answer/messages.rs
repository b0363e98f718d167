//! What whoever has to pay is told by Zalo or SMS, by hand: one ready text for each unpaid line, and all that a slip shows.
//! Never a link: who gets it cannot know who wrote it.

use std::collections::HashMap;

use chrono::{DateTime, Utc};
use minijinja::context;

use super::{payments::payee, view::PayeeView};
use crate::{
    db::{
        batches::Batch,
        grace::{self, InGrace},
        licences::{self, Licence},
        unpaid::{self, Unpaid},
    },
    domain::{
        money::Money,
        order::{LineRef, LineState, Recipient},
        payment_code::PaymentCode,
        phone::Phone,
    },
    flow::{
        Services,
        held::Renamed,
        pay::{
            pooled::{self, Pooled},
            unused::Unused,
        },
        sweep,
    },
    text::one_line,
};

/// So many stand in a workbook: more nobody sends by hand.
const MOST: usize = 5_000;

/// What is to be paid for a line.
#[derive(Clone, Debug)]
pub struct Slip {
    pub line: LineRef,
    pub firm: String,
    pub client: String,
    /// With the present one, where that is another one.
    pub tax_id: String,
    pub payer: String,
    /// As people dial it; empty where nobody knows it.
    pub phone: String,
    /// With its year.
    pub package: String,
    pub amount: Money,
    pub code: PaymentCode,
    /// The last day, as people write it; empty before the line works.
    pub due: String,
    /// The last day is over.
    pub is_over: bool,
    /// What came for it under the code for all of its payer, and waits.
    pub pooled: Option<Pooled>,
    /// What its picture asks for, and under which code. Nothing where money waits under the code for all: of several
    /// clients each slip would ask for the same rest, and who scans them all would pay it again and again.
    pub asked: Option<(Money, PaymentCode)>,
    /// Ready to be sent.
    pub text: String,
}

impl Slip {
    /// The transfer that its text asks for: where money waits under the code for all, what is missing of all at once; nothing
    /// where no more need be transferred.
    pub fn to_transfer(&self) -> Option<(Money, &str)> {
        match &self.pooled {
            Some(pooled) => {
                (pooled.missing > Money::ZERO).then_some((pooled.missing, pooled.code.as_str()))
            }
            None => Some((self.amount, self.code.as_str())),
        }
    }
}

/// Those of a list; for a client that went to another firm asks that one.
pub async fn of_batch(services: &Services, batch: &Batch) -> anyhow::Result<Vec<Slip>> {
    let which = (Some(batch.id()), batch.firm.as_deref());
    let unpaid = unpaid::all(&services.db, which, MOST).await?;
    let in_grace = grace::of_batch(&services.db, batch.id()).await?;
    let renamed = Renamed::of(&services.db, batch.firm.as_deref()).await?;
    slips(services, &unpaid, in_grace, &renamed).await
}

/// Those of a firm, or of all.
pub async fn of_firm(services: &Services, firm: Option<&str>) -> anyhow::Result<Vec<Slip>> {
    let unpaid = unpaid::all(&services.db, (None, firm), usize::MAX).await?;
    let renamed = Renamed::of(&services.db, firm).await?;
    slips(services, &unpaid, grace::all(&services.db).await?, &renamed).await
}

async fn slips(
    services: &Services,
    unpaid: &[Unpaid],
    in_grace: Vec<InGrace>,
    renamed: &Renamed,
) -> anyhow::Result<Vec<Slip>> {
    let in_grace: HashMap<i64, InGrace> =
        in_grace.into_iter().map(|line| (line.line_id, line)).collect();
    // What was paid and is not any more has its last day all the same.
    let active = unpaid.iter().filter(|it| it.state == LineState::Active);
    let active: Vec<i64> = active.map(|it| it.line_id).collect();
    let active = licences::of_lines(&services.db, &active).await?;
    let active: HashMap<i64, Licence> = active.into_iter().map(|it| (it.line_id, it)).collect();
    let cutoff_at = |it: &Unpaid| match it.state {
        LineState::Suspended => None,
        LineState::Active => sweep::cutoff_of(services, active.get(&it.line_id)?),
        _ => sweep::cutoff_at(services, in_grace.get(&it.line_id)?),
    };
    let payee = payee(services);
    let mut pools = pooled::all(&services.db).await?;
    let unused = Unused::read(services).await?;
    let slip = |it: &Unpaid| {
        let pooled = pools.remove(it.code.as_str());
        let slip = slip(services, (it, cutoff_at(it)), &payee, (pooled, &unused))?;
        let tax_id = renamed.in_words(services.texts, (&it.firm, &slip.tax_id));
        Ok(Slip { tax_id, ..slip })
    };
    unpaid.iter().map(slip).collect()
}

fn slip(
    services: &Services,
    (it, cutoff_at): (&Unpaid, Option<DateTime<Utc>>),
    payee: &PayeeView,
    (pooled, unused): (Option<Pooled>, &Unused),
) -> anyhow::Result<Slip> {
    let firm = services.firm(&it.firm)?;
    let package = services.catalogue.packages.get(&it.package);
    let package = package.map_or(it.package.as_str(), |package| package.name.as_str());
    let asks = firm.admin.phone.as_ref();
    let phone = match it.recipient {
        Recipient::Client => Some(&it.client.phone),
        Recipient::Firm => asks,
        Recipient::Other => it.client.recipient_phone.as_ref(),
    };
    let suspended = it.state == LineState::Suspended;
    let is_over = suspended || cutoff_at.is_some_and(|at| at <= services.now());
    let due = cutoff_at.map(|at| services.last_day(at)).unwrap_or_default();
    let package = format!("{package} {}", it.fiscal_year);
    let asked = match &pooled {
        Some(pooled) => pooled.asked()?.filter(|_| pooled.requests == 1),
        None => Some((it.rest(), it.code.clone())),
    };
    let whose = (it.batch_id, it.payer_email.clone());
    let values = context! {
        unused => unused.of_payer(&whose, pooled.as_ref()).map(|it| it.to_string()),
        returns => unused.to_return(it.code.as_str()).map(|it| it.to_string()),
        firm => firm.name.as_str(),
        payer => it.payer_name.as_str(),
        client => it.name.as_str(),
        package => package.as_str(),
        amount => it.rest().to_string(),
        bank => payee.bank.as_str(),
        account => payee.account.as_str(),
        account_name => payee.name.as_str(),
        code => it.code.as_str(),
        pooled => pooled.as_ref().map(|pooled| pooled.in_words(services.texts)),
        is_enough => pooled.as_ref().is_some_and(|pooled| pooled.missing == Money::ZERO),
        due => due.as_str(),
        suspended,
        is_over,
        grace_days => services.settings.grace.days,
        phone => asks.map(Phone::national),
    };
    Ok(Slip {
        line: it.reference(),
        firm: firm.name.clone(),
        client: it.name.clone(),
        tax_id: it.client.tax_id.to_string(),
        payer: it.payer_name.clone(),
        phone: phone.map(Phone::national).unwrap_or_default(),
        package,
        amount: it.rest(),
        code: it.code.clone(),
        due,
        is_over,
        pooled,
        asked,
        text: one_line(&services.texts.fill("message.slip", values)?),
    })
}
