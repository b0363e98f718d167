//! The letter on how a bulk activation ended: each client with its outcome, and what to do where there is no licence.
//! Who asked for it, and when all of it was answered, is known elsewhere.

use minijinja::{Value, context};

use super::{
    FirmBlock, Letter, Workbook,
    draft::{Draft, Item},
};
use crate::{
    domain::{
        fiscal_year::FiscalYear,
        money::Money,
        order::{LineRef, OrderCode},
        tax_id::TaxId,
    },
    text::Texts,
};

/// So many clients of each outcome are told one by one; the workbook has all.
const SHOWN: usize = 100;

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActivationResult {
    pub to_name: String,
    pub firm: FirmBlock,
    pub order: OrderCode,
    pub file: String,
    pub batch: String,
    /// The name of the package, not its code.
    pub package: String,
    pub fiscal_year: FiscalYear,
    pub done: Vec<Activated>,
    pub failed: Vec<NotActivated>,
    /// Of which the platform does not say what became of them.
    pub unknown: Vec<NotActivated>,
    pub workbook: Workbook,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activated {
    pub line: LineRef,
    pub name: String,
    pub tax_id: TaxId,
    /// What is still to be paid; nothing for a free year and where it is paid.
    pub to_pay: Option<Money>,
    /// The last day on which it works unpaid: `30/11/2026`.
    pub last_day: Option<String>,
}

/// A line without a licence, why, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NotActivated {
    pub line: LineRef,
    pub name: String,
    pub tax_id: TaxId,
    pub why: String,
    pub fix: String,
}

/// Writes the letter to one member of the firm.
pub fn activation_result(texts: &Texts, said: &ActivationResult) -> anyhow::Result<Letter> {
    let mut draft = Draft::new(texts, values(said))?;
    draft.paragraph("activation_result.greeting")?;
    draft.paragraph("activation_result.intro")?;
    facts(&mut draft, said)?;
    for (key, lines) in [("failed", &said.failed), ("unknown", &said.unknown)] {
        if !lines.is_empty() {
            draft.heading(&format!("activation_result.{key}"))?;
            not_activated(&mut draft, lines)?;
            draft.paragraph(&format!("activation_result.more_{key}"))?;
        }
    }
    if !said.done.is_empty() {
        draft.heading("activation_result.done")?;
        draft.paragraph("activation_result.next")?;
        activated(&mut draft, &said.done)?;
        draft.paragraph("activation_result.more_done")?;
    }
    draft.paragraph("batch_result.workbook")?;
    draft.finish("activation_result", &said.firm)
}

fn values(said: &ActivationResult) -> Value {
    let more = |all: usize| all.saturating_sub(SHOWN);
    let workbook = match &said.workbook {
        Workbook::InOutbox(name) => Some(name.as_str()),
        Workbook::Attached | Workbook::None => None,
    };
    context! {
        to_name => said.to_name.as_str(),
        order => said.order.as_str(),
        order_count => 1,
        recipient => "firm",
        file => said.file.as_str(),
        batch => said.batch.as_str(),
        all => said.done.len() + said.failed.len() + said.unknown.len(),
        done => said.done.len(),
        failed => said.failed.len(),
        unknown => said.unknown.len(),
        unpaid => said.done.iter().filter(|line| line.to_pay.is_some()).count(),
        more_done => more(said.done.len()),
        more_failed => more(said.failed.len()),
        more_unknown => more(said.unknown.len()),
        attached => said.workbook == Workbook::Attached,
        workbook,
        ..said.firm.values()
    }
}

fn facts(draft: &mut Draft<'_>, said: &ActivationResult) -> anyhow::Result<()> {
    let mut facts = vec![
        draft.fact("order", said.order.as_str())?,
        draft.fact("package", &said.package)?,
        draft.fact("fiscal_year", &said.fiscal_year.year().to_string())?,
        draft.fact("activated", &said.done.len().to_string())?,
    ];
    for (name, lines) in [("not_activated", &said.failed), ("not_known", &said.unknown)] {
        if !lines.is_empty() {
            facts.push(draft.strong_fact(name, &lines.len().to_string())?);
        }
    }
    draft.facts(facts);
    Ok(())
}

fn not_activated(draft: &mut Draft<'_>, lines: &[NotActivated]) -> anyhow::Result<()> {
    let items = lines.iter().take(SHOWN).map(|it| {
        let values = context! {
            tax_id => it.tax_id.as_str(), line => it.line.to_string(),
            why => it.why.as_str(), fix => it.fix.as_str(),
        };
        let say = |part| draft.say_with(&format!("activation_result.item.{part}"), values.clone());
        Ok(Item {
            title: it.name.clone(),
            details: vec![say("who")?, say("why")?, say("fix")?],
            ..Item::default()
        })
    });
    let items = items.collect::<anyhow::Result<Vec<Item>>>()?;
    draft.list(items);
    Ok(())
}

fn activated(draft: &mut Draft<'_>, lines: &[Activated]) -> anyhow::Result<()> {
    let items = lines.iter().take(SHOWN).map(|it| {
        let values = context! { tax_id => it.tax_id.as_str(), line => it.line.to_string() };
        let amount = match it.to_pay {
            Some(amount) => amount.to_string(),
            None => draft.say("activation_result.item.nothing_to_pay")?,
        };
        Ok(Item {
            title: it.name.clone(),
            details: vec![draft.say_with("activation_result.item.who", values)?],
            amount,
            code_label: draft.say("activation_result.item.last_day")?,
            code: it.last_day.clone().filter(|_| it.to_pay.is_some()).unwrap_or_default(),
            ..Item::default()
        })
    });
    let items = items.collect::<anyhow::Result<Vec<Item>>>()?;
    draft.list(items);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    fn in_both_languages(said: &ActivationResult) -> [Letter; 2] {
        [Locale::Vi, Locale::En].map(|locale| activation_result(Texts::of(locale), said).unwrap())
    }

    #[test]
    fn each_client_is_told_with_its_outcome_and_what_to_do() {
        let said = samples::activation(&samples::given());
        for letter in in_both_languages(&said) {
            let of_lines = said.failed.iter().chain(&said.unknown);
            let named = of_lines.flat_map(|it| [&it.name, &it.why, &it.fix]);
            let day = said.done.iter().filter_map(|it| it.last_day.as_ref());
            for needed in named.chain(said.done.iter().map(|it| &it.name)).chain(day) {
                assert!(letter.text.contains(needed.as_str()), "{needed}: {}", letter.text);
                let html = letter.html.replace("&#x2f;", "/");
                assert!(html.contains(needed.as_str()), "{needed}: {html}");
            }
            assert!(letter.subject.contains("DH-2611-000123"), "{}", letter.subject);
        }
    }

    #[test]
    fn of_very_many_clients_the_first_are_told_and_how_many_more_there_are() {
        let mut said = samples::activation(&samples::given());
        let one = said.done[0].clone();
        said.done = vec![one; SHOWN + 7];
        for letter in in_both_languages(&said) {
            assert!(letter.text.contains("100.") && !letter.text.contains("101."));
            assert!(letter.text.contains(" 7 "), "{}", letter.text);
        }
    }
}
