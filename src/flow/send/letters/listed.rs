//! The clients that a letter about what is paid, or not, names one after the other, each sum with what it is.

use minijinja::context;

use super::{
    Occasion, Standing, StandingLine, StandingReader,
    draft::{Draft, Item},
};
use crate::{domain::money::Money, text::one_line};

/// Those that the letter is about, where it does not tell of the only one in full, and apart from them what else its payer
/// has to pay.
pub(super) fn lists(draft: &mut Draft<'_>, said: &Standing) -> anyhow::Result<()> {
    if said.lines.len() > 1 {
        draft.heading("standing.list")?;
        draft.list(items(draft, said, (&said.lines, false))?);
    }
    if !said.others.is_empty() {
        draft.heading("standing.other_list")?;
        draft.paragraph("standing.all")?;
        draft.list(items(draft, said, (&said.others, true))?);
    }
    Ok(())
}

fn items(
    draft: &Draft<'_>,
    said: &Standing,
    (lines, is_other): (&[StandingLine], bool),
) -> anyhow::Result<Vec<Item>> {
    lines.iter().map(|line| item(draft, said, (line, is_other))).collect()
}

fn item(
    draft: &Draft<'_>,
    said: &Standing,
    (it, is_other): (&StandingLine, bool),
) -> anyhow::Result<Item> {
    let line = &it.line;
    let ends = !matches!(said.occasion, Occasion::Received | Occasion::Restored);
    let (amount, label) = if ends { (it.rest(), "open") } else { (it.paid, "came") };
    let is_warning = matches!(said.occasion, Occasion::Warning { .. });
    let is_kept = is_warning || said.occasion == Occasion::TakenBack || said.came() > Money::ZERO;
    let is_part = it.is_pooled || is_kept && it.paid > Money::ZERO;
    let values = context! {
        tax_id => line.tax_id.as_str(), order => line.order.as_str(), contact => it.contact.as_str(),
        package => line.package.as_str(), fiscal_year => line.fiscal_year.year(),
        paid => (it.paid > Money::ZERO).then(|| it.paid.to_string()), is_pooled => it.is_pooled,
        lacking => said.lacking > Money::ZERO,
        last_day => it.last_day.as_deref(), is_part, ended => said.occasion == Occasion::Suspended,
        is_late => it.is_over && is_warning, is_other,
        waived => (it.waived > Money::ZERO).then(|| it.waived.to_string()),
        rest => (it.rest() > Money::ZERO).then(|| it.rest().to_string()),
    };
    let say = |key: &str| draft.say_with(key, values.clone());
    let mut details = vec![say("order_notice.item.tax_id")?, say("order_notice.item.package")?];
    if ends {
        details.push(say("standing.item.part")?);
        details.push(say("standing.item.last_day")?);
    } else {
        details.push(say("standing.item.waived")?);
        details.push(say("standing.item.rest")?);
    }
    if said.reader == StandingReader::Firm {
        details.push(say("standing.item.contact")?);
    }
    details.retain(|detail| !detail.is_empty());
    Ok(Item {
        title: one_line(&line.name),
        details,
        amount_label: draft.say(&format!("standing.item.{label}"))?,
        amount: if amount > Money::ZERO { amount.to_string() } else { String::new() },
        code_label: draft.say("order_notice.item.code")?,
        code: line.payment_code.to_string(),
    })
}
