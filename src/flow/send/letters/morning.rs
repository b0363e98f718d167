//! The letter of the morning: what waits, the most money first, and what was done. The page itself is attached.

use minijinja::{Value, context};

use super::{FirmBlock, Letter, draft::Draft};
use crate::text::Texts;

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Morning {
    pub to_name: String,
    pub firm: FirmBlock,
    /// `23/11/2026`.
    pub day: String,
    pub since: String,
    /// How many things wait, also those that are not told.
    pub waiting: usize,
    /// At risk, in words.
    pub amount: Option<String>,
    pub tasks: Vec<Told>,
    /// How many more wait.
    pub more: usize,
    pub done: Vec<Done>,
    /// The name of the attached workbook.
    pub file: String,
}

/// Something that waits, each part ready.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Told {
    pub kind: String,
    pub about: String,
    pub count: i64,
    pub amount: Option<String>,
    pub due: Option<String>,
    pub to_do: String,
}

/// Something that was done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Done {
    pub name: String,
    pub count: i64,
    pub amount: Option<String>,
}

pub fn morning(texts: &Texts, said: &Morning) -> anyhow::Result<Letter> {
    let mut draft = Draft::new(texts, values(said))?;
    draft.paragraph("morning.greeting")?;
    draft.paragraph("morning.intro")?;
    if !said.tasks.is_empty() {
        draft.heading("morning.tasks")?;
        let tasks: anyhow::Result<Vec<String>> =
            said.tasks.iter().map(|task| draft.say_with("morning.task", of_task(task))).collect();
        draft.points(&tasks?);
        draft.paragraph("morning.more")?;
    }
    if !said.done.is_empty() {
        draft.heading("morning.done")?;
        let done: anyhow::Result<Vec<String>> =
            said.done.iter().map(|done| draft.say_with("morning.figure", of_done(done))).collect();
        draft.points(&done?);
    }
    draft.finish("morning", &said.firm)
}

fn values(said: &Morning) -> Value {
    context! {
        to_name => said.to_name.as_str(),
        day => said.day.as_str(),
        since => said.since.as_str(),
        n => said.waiting,
        amount => said.amount.as_deref(),
        more => said.more,
        file => said.file.as_str(),
        ..said.firm.values()
    }
}

fn of_task(task: &Told) -> Value {
    context! {
        kind => task.kind.as_str(),
        about => task.about.as_str(),
        count => task.count,
        amount => task.amount.as_deref(),
        due => task.due.as_deref(),
        to_do => task.to_do.as_str(),
    }
}

fn of_done(done: &Done) -> Value {
    context! { name => done.name.as_str(), count => done.count, amount => done.amount.as_deref() }
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn the_morning_says_what_waits_until_when_and_what_was_done() {
        let said = samples::morning(&samples::given());
        for locale in [Locale::Vi, Locale::En] {
            let letter = morning(Texts::of(locale), &said).unwrap();
            for needed in ["DH-2611-000123", "5.900.000 đ", "morning__2026-11-23__r1"] {
                assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
                assert!(letter.html.contains(needed), "{needed}: {}", letter.html);
            }
            assert!(letter.text.contains("25/11/2026"), "{}", letter.text);
            assert!(letter.subject.contains("23/11/2026"), "{}", letter.subject);
        }
    }

    #[test]
    fn a_morning_without_work_says_so_in_its_subject() {
        let said = Morning {
            waiting: 0,
            tasks: Vec::new(),
            amount: None,
            ..samples::morning(&samples::given())
        };
        let letter = morning(Texts::of(Locale::Vi), &said).unwrap();
        assert!(letter.subject.contains("không có việc nào"), "{}", letter.subject);
        assert!(!letter.text.contains("Việc cần làm"), "{}", letter.text);
    }
}
