//! The letter of a night: what differs from the platform, money that waits, lines whose end waits for something. What was
//! found for the firm is attached; finding it is the business of `sweep`.

use minijinja::{Value, context};

use super::{FirmBlock, Letter, draft::Draft};
use crate::text::Texts;

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reconciliation {
    pub to_name: String,
    pub firm: FirmBlock,
    /// It goes to whoever runs the program, about missing statements alone.
    pub is_operators: bool,
    /// `25/11/2026`.
    pub day: String,
    pub differences: usize,
    pub payments: usize,
    /// Lines whose time is over and that wait.
    pub lines: usize,
    /// The days of which no statement has come, where lines wait for it.
    pub missing: Option<String>,
    /// The first of those that are new since the letter before, ready sentences.
    pub points: Vec<String>,
    /// How many more of these there are.
    pub more: usize,
    /// How many the letter before told of already, and the first of these.
    pub known: usize,
    pub known_points: Vec<String>,
    /// The day of that letter.
    pub told_on: Option<String>,
    /// The name of the attached workbook.
    pub file: String,
}

/// Writes the letter to the firm's admin, or to whoever runs the program.
pub fn reconciliation(texts: &Texts, said: &Reconciliation) -> anyhow::Result<Letter> {
    let mut draft = Draft::new(texts, values(said))?;
    draft.paragraph("reconciliation.greeting")?;
    draft.paragraph("reconciliation.intro")?;
    draft.paragraph("reconciliation.missing")?;
    if !said.points.is_empty() {
        draft.heading("reconciliation.each")?;
        draft.points(&said.points);
        draft.paragraph("reconciliation.more")?;
    }
    if said.known > 0 {
        draft.heading("reconciliation.known")?;
        draft.points(&said.known_points);
    }
    draft.paragraph("reconciliation.after")?;
    draft.finish("reconciliation", &said.firm)
}

fn values(said: &Reconciliation) -> Value {
    context! {
        to_name => said.to_name.as_str(),
        day => said.day.as_str(),
        is_operators => said.is_operators,
        n => said.differences + said.payments + said.lines,
        differences => said.differences,
        payments => said.payments,
        lines => said.lines,
        missing => said.missing.as_deref(),
        more => said.more,
        new => said.points.len() + said.more,
        known => said.known,
        told_on => said.told_on.as_deref(),
        file => said.file.as_str(),
        ..said.firm.values()
    }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn the_night_says_what_differs_and_waits_and_for_which_days_a_statement_is_missing() {
        let said = samples::reconciliation(&samples::given());
        for locale in [Locale::Vi, Locale::En] {
            let letter = reconciliation(Texts::of(locale), &said).unwrap();
            for needed in
                ["25/11/2026", "DH-2611-000123/2", "doi-soat__2026-11-25", "24/11/2026 – "]
            {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                let html = letter.html.replace("&#x2f;", "/");
                assert!(html.contains(needed), "{needed}: {html}");
            }
            assert!(letter.subject.contains("25/11/2026"), "{}", letter.subject);
            let whole = Reconciliation { missing: None, ..said.clone() };
            let letter = reconciliation(Texts::of(locale), &whole).unwrap();
            assert!(!letter.text.contains("24/11/2026 – "), "{}", letter.text);
        }
    }

    #[test]
    fn what_the_letter_before_told_of_comes_behind_what_is_new_with_how_much_that_is() {
        let said = samples::reconciliation(&samples::given());
        let known = vec!["Khoản 7 chờ ghép.".to_owned()];
        let said = Reconciliation {
            known: 2,
            known_points: known,
            told_on: Some("24/11/2026".to_owned()),
            ..said
        };
        for (locale, [new, before]) in [
            (Locale::Vi, ["1 việc mới", "Còn từ trước: 2, đã báo trong thư ngày 24/11/2026"]),
            (Locale::En, ["1 new", "Still open from before: 2, told in the letter of 24/11/2026"]),
        ] {
            let letter = reconciliation(Texts::of(locale), &said).unwrap();
            assert!(letter.subject.contains(new), "{}", letter.subject);
            let at = |words: &str| {
                letter.text.find(words).unwrap_or_else(|| panic!("no {words}: {}", letter.text))
            };
            assert!(at("DH-2611-000123/2") < at(before) && at(before) < at("Khoản 7"));
            let nothing = Reconciliation { points: Vec::new(), ..said.clone() };
            let letter = reconciliation(Texts::of(locale), &nothing).unwrap();
            assert!(letter.text.contains(before) && !letter.subject.contains(new), "{letter:?}");
        }
    }

    #[test]
    fn whoever_runs_the_program_reads_which_statements_to_drop_and_where() {
        let said = samples::reconciliation(&samples::given());
        let said = Reconciliation { is_operators: true, differences: 0, ..said };
        for locale in [Locale::Vi, Locale::En] {
            let letter = reconciliation(Texts::of(locale), &said).unwrap();
            assert!(letter.subject.contains("24/11/2026 – 25/11/2026"), "{}", letter.subject);
            assert!(letter.text.contains("inbox/_bank"), "{}", letter.text);
            for of_firms in ["Kế toán phụ trách", "Đơn vị kế toán", "Accountant", "Accounting firm"]
            {
                assert!(!letter.text.contains(of_firms), "{of_firms}: {}", letter.text);
            }
        }
    }
}
