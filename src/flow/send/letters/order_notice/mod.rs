//! The order notice: what was ordered for whom, what it costs and how to pay it.
//! Prices, codes and who pays were settled when the order was placed.

use anyhow::ensure;
use minijinja::{Value, context};
use serde::{Deserialize, Serialize};

use super::{
    FirmBlock, Letter, Turn,
    draft::{Draft, Fact, Item},
};
use crate::{
    domain::{
        fiscal_year::FiscalYear,
        money::Money,
        order::{OrderCode, Recipient},
        payment_code::PaymentCode,
        tax_id::TaxId,
    },
    text::{Texts, one_line},
};

/// What an order notice says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct OrderNotice {
    pub recipient: Recipient,
    pub turn: Turn,
    /// Of a notice anew: its order was confirmed once more after the data were restored, and nothing was corrected.
    pub after_restore: bool,
    /// Of a notice anew to a firm that pays.
    pub went: Option<Went>,
    pub to_name: String,
    pub firm: FirmBlock,
    pub orders: Vec<OrderCode>,
    /// At least one; several need a batch code in `transfer`.
    pub lines: Vec<NoticeLine>,
    /// Nothing where what lies under the batch code is enough.
    pub transfer: Option<Transfer>,
    /// What came under the code for all of this payer, and waits until the rest has come too.
    pub pooled: Money,
    /// How long an activated licence works unpaid.
    pub grace_days: u32,
    /// Of a notice anew, where something of it was activated.
    pub works: Option<Works>,
    /// Content id of the VietQR picture, without `cid:`.
    pub qr_cid: String,
}

/// What was activated of that which a notice asks for once more.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Works {
    /// The first last day of grace, as people write it; nothing where that is over.
    pub last_day: Option<String>,
    /// Something of it is not activated yet.
    pub others_wait: bool,
    /// It was before the notice was planned: then nobody asked for an activation anew.
    pub before: bool,
}

/// What became of clients since they were ordered for; no other firm is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Went {
    /// They came to this firm from another one.
    Came,
    /// Others of the order went from this firm to another one.
    Left,
}

/// One client of the order.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NoticeLine {
    pub order: OrderCode,
    pub name: String,
    pub tax_id: TaxId,
    /// The name of the package, not its code.
    pub package: String,
    pub fiscal_year: FiscalYear,
    pub amount: Money,
    pub payment_code: PaymentCode,
}

/// The one transfer that pays for everything in the letter.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Transfer {
    /// The bank's name.
    pub bank: String,
    pub account: String,
    pub account_name: String,
    pub amount: Money,
    /// A payment code or a batch code.
    pub memo: PaymentCode,
    pub is_batch_code: bool,
}

/// Writes the notice to whoever pays.
pub fn order_notice(texts: &Texts, notice: &OrderNotice) -> anyhow::Result<Letter> {
    let [first, others @ ..] = notice.lines.as_slice() else {
        anyhow::bail!("An order notice to {} has no lines", notice.recipient);
    };
    ensure!(
        others.is_empty() || notice.transfer.as_ref().is_none_or(|it| it.is_batch_code),
        "The notice of {} has {} lines and no batch code that pays them all",
        first.order,
        notice.lines.len()
    );
    let mut draft = Draft::new(texts, values(notice, first))?;
    let for_recipient = |part: &str| format!("order_notice.{part}.{}", notice.recipient);
    draft.paragraph("order_notice.greeting")?;
    draft.paragraph("order_notice.anew")?;
    draft.paragraph(&for_recipient("intro"))?;
    draft.paragraph("order_notice.pooled")?;
    what_was_ordered(&mut draft, notice, first)?;
    if let Some(transfer) = &notice.transfer {
        draft.heading("order_notice.how_to_pay")?;
        // What lies under the code for all is not to be paid in another way.
        if notice.pooled == Money::ZERO {
            draft.paragraph(&for_recipient("ways"))?;
        }
        how_to_pay(&mut draft, transfer)?;
        draft.paragraph("order_notice.exactly")?;
        draft.picture("order_notice.picture", &notice.qr_cid)?;
    }
    draft.paragraph("order_notice.grace")?;
    draft.paragraph("order_notice.invoice")?;
    draft.note("order_notice.genuine.title", &for_recipient("genuine"))?;
    if !others.is_empty() {
        draft.heading("order_notice.list")?;
        let details = ["tax_id", "package", "order"];
        list_lines(&mut draft, &notice.lines, (details, "order_notice.item.code"))?;
    }
    draft.finish("order_notice", &notice.firm)
}

fn values(notice: &OrderNotice, first: &NoticeLine) -> Value {
    let transfer = notice.transfer.as_ref();
    let total: Money = notice.lines.iter().map(|line| line.amount).sum();
    context! {
        recipient => notice.recipient.as_str(),
        anew => notice.turn == Turn::Anew,
        after_restore => notice.after_restore,
        went => notice.went.map(|went| if went == Went::Came { "came" } else { "left" }),
        to_name => notice.to_name.as_str(),
        order => first.order.as_str(),
        order_count => notice.orders.len(),
        count => notice.lines.len(),
        client => first.name.as_str(),
        tax_id => first.tax_id.as_str(),
        amount => total.to_string(),
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        pooled => (notice.pooled > Money::ZERO).then(|| notice.pooled.to_string()),
        grace_days => notice.grace_days,
        works => notice.works.is_some(),
        last_day => notice.works.as_ref().and_then(|it| it.last_day.as_deref()),
        others_wait => notice.works.as_ref().is_some_and(|it| it.others_wait),
        corrected => notice.works.as_ref().is_some_and(|it| it.before),
        ..notice.firm.values()
    }
}

/// The one client in full, or how many there are.
fn what_was_ordered(
    draft: &mut Draft<'_>,
    notice: &OrderNotice,
    first: &NoticeLine,
) -> anyhow::Result<()> {
    let orders: Vec<&str> = notice.orders.iter().map(OrderCode::as_str).collect();
    let mut facts = vec![draft.fact("order", &orders.join(", "))?];
    if notice.lines.len() == 1 {
        facts.push(draft.fact("client", &first.name)?);
        facts.push(draft.fact("tax_id", first.tax_id.as_str())?);
        facts.push(draft.fact("package", &first.package)?);
        facts.push(draft.fact("fiscal_year", &first.fiscal_year.year().to_string())?);
    } else {
        facts.push(draft.fact("clients", &notice.lines.len().to_string())?);
    }
    facts.push(draft.fact("amount", &draft.say("order_notice.amount")?)?);
    draft.facts(facts);
    Ok(())
}

pub(super) fn how_to_pay(draft: &mut Draft<'_>, transfer: &Transfer) -> anyhow::Result<()> {
    let mut facts = account(draft, transfer)?;
    facts.push(draft.strong_fact("transfer_amount", &transfer.amount.to_string())?);
    facts.push(draft.strong_fact("memo", transfer.memo.as_str())?);
    draft.facts(facts);
    Ok(())
}

/// The account alone, where each sum stands beside its code.
pub(super) fn where_to_pay(draft: &mut Draft<'_>, transfer: &Transfer) -> anyhow::Result<()> {
    let facts = account(draft, transfer)?;
    draft.facts(facts);
    Ok(())
}

fn account(draft: &Draft<'_>, transfer: &Transfer) -> anyhow::Result<Vec<Fact>> {
    Ok(vec![
        draft.fact("bank", &transfer.bank)?,
        draft.strong_fact("account", &transfer.account)?,
        draft.fact("account_name", &transfer.account_name)?,
    ])
}

/// Every client with these details, its amount and its payment code.
pub(super) fn list_lines<const N: usize>(
    draft: &mut Draft<'_>,
    lines: &[NoticeLine],
    (details, code_label): ([&str; N], &str),
) -> anyhow::Result<()> {
    let items = lines.iter().map(|line| {
        let values = context! {
            tax_id => line.tax_id.as_str(),
            package => line.package.as_str(),
            fiscal_year => line.fiscal_year.year(),
            order => line.order.as_str(),
        };
        let say =
            |part: &&str| draft.say_with(&format!("order_notice.item.{part}"), values.clone());
        Ok(Item {
            title: one_line(&line.name),
            details: details.iter().map(say).collect::<anyhow::Result<_>>()?,
            amount: line.amount.to_string(),
            code_label: draft.say(code_label)?,
            code: line.payment_code.to_string(),
            ..Item::default()
        })
    });
    let items = items.collect::<anyhow::Result<Vec<Item>>>()?;
    draft.list(items);
    Ok(())
}

#[cfg(test)]
mod tests;
