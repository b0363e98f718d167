//! The letter that reminds of rows of a list that are in no order yet, because somebody is to fix or decide them.
//! How often it is sent is decided elsewhere.

use minijinja::{Value, context};

use super::{FirmBlock, Letter, Workbook, draft::Draft};
use crate::text::Texts;

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingsWaiting {
    pub to_name: String,
    pub firm: FirmBlock,
    pub file: String,
    pub batch: String,
    /// The day on which the list came: `23/11/2026`.
    pub since: String,
    /// Rows to fix.
    pub rejected: i64,
    /// Rows to decide.
    pub held: i64,
    /// The first things to fix, ready sentences.
    pub to_fix: Vec<String>,
    /// How many more there are.
    pub more: usize,
    /// What to do next, ready sentences.
    pub steps: Vec<String>,
    pub workbook: Workbook,
}

/// Writes the letter to one member of the firm.
pub fn findings_waiting(texts: &Texts, said: &FindingsWaiting) -> anyhow::Result<Letter> {
    let mut draft = Draft::new(texts, values(said))?;
    draft.paragraph("findings_waiting.greeting")?;
    draft.paragraph("findings_waiting.intro")?;
    draft.paragraph("batch_result.workbook")?;
    let mut facts = vec![draft.fact("file", &said.file)?, draft.fact("batch", &said.batch)?];
    for (name, count) in [("to_fix", said.rejected), ("to_decide", said.held)] {
        if count > 0 {
            facts.push(draft.strong_fact(name, &count.to_string())?);
        }
    }
    draft.facts(facts);
    if !said.to_fix.is_empty() {
        draft.heading("batch_result.to_fix")?;
        draft.points(&said.to_fix);
        draft.paragraph("batch_result.more")?;
    }
    if !said.steps.is_empty() {
        draft.heading("batch_result.steps")?;
        draft.points(&said.steps);
    }
    draft.paragraph("findings_waiting.leave")?;
    draft.finish("findings_waiting", &said.firm)
}

fn values(said: &FindingsWaiting) -> Value {
    let workbook = match &said.workbook {
        Workbook::InOutbox(name) => Some(name.as_str()),
        Workbook::Attached | Workbook::None => None,
    };
    context! {
        to_name => said.to_name.as_str(),
        file => said.file.as_str(),
        batch => said.batch.as_str(),
        since => said.since.as_str(),
        n => said.rejected + said.held,
        held => said.held,
        more => said.more,
        attached => said.workbook == Workbook::Attached,
        workbook,
        ..said.firm.values()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn a_reminder_says_which_rows_wait_since_when_and_how_to_be_rid_of_them() {
        let said = samples::waiting(&samples::given());
        for (locale, leave) in [(Locale::Vi, "“bỏ”"), (Locale::En, "“drop”")] {
            let letter = findings_waiting(Texts::of(locale), &said).unwrap();
            for needed in ["danh-sach.xlsx", "B000045", "Dòng 17, cột B", "22/11/2026", leave] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                let html = letter.html.replace("&#x2f;", "/");
                assert!(html.contains(needed), "{needed}: {html}");
            }
            assert!(letter.subject.contains("danh-sach.xlsx"), "{}", letter.subject);
        }
    }
}
