//! Letters about what is paid, or not: money came, the unpaid week ends, it ended, it works again. To whoever pays, and of
//! what ends a copy to the firm. When each is due, and what money came, is decided elsewhere.

use anyhow::Context;
use minijinja::{Value, context};

use super::{
    FirmBlock, Letter, NoticeLine, Rest, Transfer,
    draft::Draft,
    listed::lists,
    order_notice::{how_to_pay, where_to_pay},
    sums::{sums, unpaid},
};
use crate::{
    domain::{money::Money, order::Recipient},
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub occasion: Occasion,
    pub reader: StandingReader,
    pub to_name: String,
    pub firm: FirmBlock,
    /// At least one.
    pub lines: Vec<StandingLine>,
    /// What this payer has still to pay, by one transfer.
    pub rest: Option<Rest>,
    /// What pays for these lines and the others at once, where a warning asks for each of the lines by its own code.
    pub all: Option<Transfer>,
    /// What else of this payer is open, where a warning names such a transfer.
    pub others: Vec<StandingLine>,
    pub news: News,
    /// What came with it, or before a warning, and is more than was to be paid.
    pub over: Money,
    /// What came, is counted for nothing any more and is planned to go back.
    pub returns: Money,
    /// What came under the code for all of this payer, and waits until the rest has come too.
    pub pooled: Money,
    /// Whether that, with what is too much elsewhere and fills it, is exactly what is to be paid under that code.
    pub is_exact: bool,
    /// Whether money came with the code of a cancelled request and waits, and what came now is not for any of these lines.
    pub is_stray: bool,
    /// What is missing under that code, where a warning speaks of such money: of a copy, under all such codes.
    pub lacking: Money,
    /// What of what it pays came for something else first.
    pub elsewhere: Vec<Elsewhere>,
    pub lost: Lost,
}

/// What came since the letter before; nothing where none did, or where a letter tells of something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub amount: Money,
    /// How many payments that is.
    pub payments: usize,
    /// For how many of the lines that is; they are the first ones.
    pub lines: usize,
}

/// What of the money that was told to have come does not count any more; nothing in letters of other occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Nothing where it is not known.
    pub amount: Money,
    /// For how many of the lines that is; they are the first ones.
    pub lines: usize,
    /// What of it waits under the code for all of this payer now.
    pub pooled: Money,
}

impl Lost {
    /// What neither counts nor waits, where a part of it waits; nothing where that is not known.
    fn gone(&self) -> Money {
        let gone = self.amount.as_dong() - self.pooled.as_dong();
        Money::dong(if self.pooled > Money::ZERO { gone.max(0) } else { 0 })
    }
}

/// Money that a person moved here, and the payment codes between which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What of it counted for other codes, and what waited and counted for nothing.
    pub counted: Money,
    pub waited: Money,
    /// Codes for which less counts since.
    pub from: String,
    pub to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Received,
    /// What came does not count any more for the first of the lines.
    TakenBack,
    /// The first of the lines ends so many days after this letter, or ended before it where it comes late; the last letter
    /// before the end says so.
    Warning {
        days: i64,
        is_last: bool,
    },
    Suspended,
    Restored,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingReader {
    Payer(Recipient),
    /// Who registered the order, to call the client.
    Firm,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingLine {
    pub line: NoticeLine,
    pub paid: Money,
    /// What of it was forgiven; `line` asks for the rest.
    pub waived: Money,
    /// Whether money came under the code for all of its payer and keeps it on, where a warning speaks of it.
    pub is_pooled: bool,
    /// When the grace ends by the contract: `10:15 ngày 29/11/2026`, as the workspace writes it.
    pub contract_end: Option<String>,
    /// The last day on which it works, or worked: `30/11/2026`.
    pub last_day: Option<String>,
    /// Whether that is over when the letter is written.
    pub is_over: bool,
    /// Who can be asked there: name and phone.
    pub contact: String,
}

impl StandingLine {
    /// What is not paid of it.
    pub(super) fn rest(&self) -> Money {
        let rest = self.line.amount.as_dong() - self.paid.as_dong();
        Money::dong(rest.max(0))
    }
}

impl Standing {
    /// Whether something came of each: what is paid in part is not cut off by itself, so nobody is threatened with that.
    pub fn is_partly(&self) -> bool {
        self.lines.iter().all(|line| line.paid > Money::ZERO || line.is_pooled)
    }

    /// What is not paid, without what waits under a code for all; a copy of a warning says the sum of its list.
    pub(super) fn missing(&self) -> Money {
        let is_enough = self.lacking == Money::ZERO && self.lines.iter().all(|it| it.is_pooled);
        let is_listed = self.is_copy_of_warning() && !is_enough;
        let single = self.lines.iter().filter(|line| is_listed || !line.is_pooled);
        let pooled = if is_listed { Money::ZERO } else { self.lacking };
        single.map(StandingLine::rest).sum::<Money>() + pooled
    }

    /// Such a copy is about some of those whom the money under a code for all is for.
    pub(super) fn is_copy_of_warning(&self) -> bool {
        self.reader == StandingReader::Firm && matches!(self.occasion, Occasion::Warning { .. })
    }

    /// What came of what a warning is about; of other letters what came since the one before.
    pub(super) fn came(&self) -> Money {
        match self.occasion {
            Occasion::Warning { .. } => self.lines.iter().map(|line| line.paid).sum(),
            _ => self.news.amount,
        }
    }

    /// All money that came up to now and did not go back, as a letter about what came tells of it.
    pub(super) fn in_all(&self) -> Money {
        let paid: Money = self.lines.iter().map(|line| line.paid).sum();
        let is_told = self.occasion == Occasion::Received;
        paid + self.over + if is_told { self.pooled } else { Money::ZERO }
    }

    /// Whether more came before than now.
    pub(super) fn is_more(&self) -> bool {
        self.news.amount > Money::ZERO && self.in_all() > self.news.amount
    }

    /// Whether a letter about what came tells of no news but where the payer stands.
    pub(super) fn is_update(&self) -> bool {
        self.occasion == Occasion::Received && self.news.amount == Money::ZERO
    }

    /// What is told to have come: now, else in all.
    pub(super) fn received(&self) -> Money {
        if self.news.amount > Money::ZERO { self.news.amount } else { self.in_all() }
    }
}

impl Occasion {
    fn key(self, is_partly: bool) -> &'static str {
        match self {
            Occasion::Warning { .. } if is_partly => "grace_partly",
            Occasion::Received => "payment_received",
            Occasion::TakenBack => "payment_taken_back",
            Occasion::Warning { .. } => "grace_warning",
            Occasion::Suspended => "suspended",
            Occasion::Restored => "restored",
        }
    }
}

/// Writes the letter to whoever pays, or the copy of it to the firm.
pub fn standing(texts: &Texts, said: &Standing) -> anyhow::Result<Letter> {
    let first = said.lines.first().context("A letter about licences names none")?;
    let key = said.occasion.key(said.is_partly());
    let reader = match said.reader {
        StandingReader::Payer(recipient) => recipient.as_str(),
        StandingReader::Firm => "copy",
    };
    let is_copy = said.reader == StandingReader::Firm;
    let mut draft = Draft::new(texts, values(said, first, reader))?;
    draft.paragraph("standing.greeting")?;
    draft.paragraph(&format!("{key}.intro.{reader}"))?;
    if said.occasion != Occasion::Received {
        draft.paragraph("standing.waits")?;
    }
    draft.paragraph(&format!("{key}.what"))?;
    draft.paragraph("standing.pooled")?;
    for Elsewhere { counted, waited, from, to } in &said.elsewhere {
        let shown = |it: &Money| (*it > Money::ZERO).then(|| it.to_string());
        let values = context! { counted => shown(counted), waited => shown(waited), from, to };
        let moved = draft.say_with("payment_received.moved", values)?;
        draft.sentence(&moved);
    }
    match said.lines.as_slice() {
        [only] => of_one(&mut draft, said, only)?,
        _ => of_all(&mut draft, said)?,
    }
    match &said.rest {
        Some(rest) if !is_copy => {
            draft.heading(&format!("{key}.to_pay"))?;
            how_to_pay(&mut draft, &rest.transfer)?;
            let exactly = context! { count => rest.lines, memo => rest.transfer.memo.as_str(), recipient => reader };
            let exactly = draft.say_with("order_notice.exactly", exactly)?;
            draft.sentence(&exactly);
            draft.paragraph("standing.others")?;
            draft.picture("order_notice.picture", &rest.qr_cid)?;
        }
        _ => {}
    }
    if let Some(all) = &said.all {
        draft.heading(&format!("{key}.to_pay"))?;
        where_to_pay(&mut draft, all)?;
        draft.paragraph("standing.each")?;
    }
    draft.paragraph(&format!("{key}.after"))?;
    if !is_copy && (said.rest.is_some() || said.all.is_some()) {
        draft.note("order_notice.genuine.title", &format!("order_notice.genuine.{reader}"))?;
    }
    lists(&mut draft, said)?;
    draft.finish(key, &said.firm)
}

/// How many clients a sentence names.
const NAMED: usize = 3;

fn values(said: &Standing, first: &StandingLine, reader: &str) -> Value {
    let sum = |of: fn(&StandingLine) -> Money| said.lines.iter().map(of).sum::<Money>();
    let amount = |amount: Money| (amount != Money::ZERO).then(|| amount.to_string());
    let transfer = said.rest.as_ref().map(|rest| &rest.transfer);
    let (days, is_last) = match said.occasion {
        Occasion::Warning { days, is_last } => (days, is_last),
        _ => (0, false),
    };
    // The code for all may be for more than these lines.
    let is_pooled = said.lines.iter().any(|line| line.is_pooled);
    let is_told = is_pooled && !said.is_copy_of_warning();
    let waits = if is_told { said.pooled } else { Money::ZERO };
    let paid = sum(|line| line.paid) + waits;
    let asked = if is_pooled { paid + said.missing() } else { sum(|line| line.line.amount) };
    // Dates in this form do not sort; the lines come with the earliest first.
    let last_day = said.lines.iter().find_map(|line| line.last_day.as_deref());
    let lost = &said.lines[..said.lost.lines.clamp(1, said.lines.len())];
    let named: Vec<String> = lost.iter().take(NAMED).map(|it| it.line.name.clone()).collect();
    context! {
        recipient => reader,
        to_name => said.to_name.as_str(),
        order => first.line.order.as_str(),
        order_count => 1,
        count => if said.news.lines > 0 { said.news.lines } else { said.lines.len() },
        client => first.line.name.as_str(),
        tax_id => first.line.tax_id.as_str(),
        contact => first.contact.as_str(),
        amount => asked.to_string(),
        paid => paid.to_string(),
        is_counted => paid > Money::ZERO,
        came => amount(said.came()),
        credits => said.news.payments,
        received => said.received().to_string(),
        in_all => said.in_all().to_string(),
        is_more => said.is_more(),
        is_update => said.is_update(),
        over => amount(said.over),
        returns => amount(said.returns),
        missing => amount(said.missing()),
        lacking => amount(said.lacking),
        pooled => amount(said.pooled),
        exact => said.is_exact,
        stray => said.is_stray && (said.news.amount > Money::ZERO || paid == Money::ZERO),
        differ => said.lines.iter().any(|line| line.last_day != first.last_day),
        waived => forgiven(&said.lines),
        rest_count => said.rest.as_ref().map_or(0, |rest| rest.lines),
        others => said.others.len(),
        all_amount => said.all.as_ref().map(|it| it.amount.to_string()),
        all_memo => said.all.as_ref().map(|it| it.memo.as_str()),
        all_count => said.lines.len() + said.others.len(),
        lost => amount(said.lost.amount),
        lost_count => lost.len(),
        more_lost => lost.len() - named.len(),
        named,
        is_part_lost => lost.iter().any(|it| it.paid > Money::ZERO),
        lost_pooled => amount(said.lost.pooled),
        lost_gone => amount(said.lost.gone()),
        days,
        is_last,
        last_day,
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        ..said.firm.values()
    }
}

/// `11.000 đ (HLACDEFGHJ)`.
fn forgiven(lines: &[StandingLine]) -> Option<String> {
    let waived = lines.iter().filter(|line| line.waived > Money::ZERO);
    let said = waived.map(|it| format!("{} ({})", it.waived, it.line.payment_code));
    Some(said.collect::<Vec<_>>().join(", ")).filter(|said| !said.is_empty())
}

/// The one client in full.
fn of_one(draft: &mut Draft<'_>, said: &Standing, only: &StandingLine) -> anyhow::Result<()> {
    let line = &only.line;
    let mut facts =
        vec![draft.fact("client", &line.name)?, draft.fact("tax_id", line.tax_id.as_str())?];
    if said.reader == StandingReader::Firm {
        facts.push(draft.strong_fact("contact", &only.contact)?);
    }
    match said.occasion {
        Occasion::Received | Occasion::Restored => {
            facts.extend(sums(draft, said)?);
        }
        Occasion::TakenBack => {
            if let Some(when) = &only.last_day {
                facts.push(draft.strong_fact("last_day", when)?);
            }
            facts.extend(unpaid(draft, said)?);
        }
        Occasion::Warning { .. } if said.is_partly() => facts.extend(unpaid(draft, said)?),
        Occasion::Warning { .. } | Occasion::Suspended => {
            for (name, when) in [("last_day", &only.last_day), ("contract_end", &only.contract_end)]
            {
                if let Some(when) = when {
                    facts.push(draft.strong_fact(name, when)?);
                }
            }
            facts.extend(unpaid(draft, said)?);
        }
    }
    facts.push(draft.fact("package", &line.package)?);
    facts.push(draft.fact("fiscal_year", &line.fiscal_year.year().to_string())?);
    facts.push(draft.fact("order", line.order.as_str())?);
    if said.rest.is_none() || said.reader == StandingReader::Firm {
        facts.push(draft.fact("payment_code", line.payment_code.as_str())?);
    }
    draft.facts(facts);
    Ok(())
}

/// Of several clients how many there are, and the sums.
fn of_all(draft: &mut Draft<'_>, said: &Standing) -> anyhow::Result<()> {
    let mut facts = vec![draft.fact("clients", &said.lines.len().to_string())?];
    match said.occasion {
        Occasion::Received | Occasion::Restored => facts.extend(sums(draft, said)?),
        Occasion::Warning { .. } | Occasion::Suspended | Occasion::TakenBack => {
            facts.extend(unpaid(draft, said)?);
        }
    }
    draft.facts(facts);
    Ok(())
}

#[cfg(test)]
mod tests;
