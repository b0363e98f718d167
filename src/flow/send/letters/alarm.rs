//! The letter to whoever runs the program that something needs a look: what the bell says.

use minijinja::context;

use super::{FirmBlock, Letter, draft::Draft};
use crate::text::Texts;

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    pub to_name: String,
    pub firm: FirmBlock,
    /// `job_failed`, `mail_paused` or `bounced`.
    pub kind: String,
    /// A ready sentence.
    pub said: String,
}

pub fn alarm(texts: &Texts, said: &Alarm) -> anyhow::Result<Letter> {
    let values = context! {
        to_name => said.to_name.as_str(),
        kind => said.kind.as_str(),
        said => said.said.as_str(),
        is_operators => true,
        ..said.firm.values()
    };
    let mut draft = Draft::new(texts, values)?;
    draft.paragraph("alarm.greeting")?;
    draft.paragraph("alarm.said")?;
    draft.paragraph("alarm.after")?;
    draft.finish("alarm", &said.firm)
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    #[test]
    fn whoever_runs_the_program_reads_what_the_bell_says_and_nothing_of_firms() {
        let firm = samples::given().firm;
        for kind in ["job_failed", "mail_paused", "bounced"] {
            let said = Alarm {
                to_name: "Vận hành".to_owned(),
                firm: firm.clone(),
                kind: kind.to_owned(),
                said: "Công việc “backup” bị lỗi.".to_owned(),
            };
            for locale in [Locale::Vi, Locale::En] {
                let letter = alarm(Texts::of(locale), &said).unwrap();
                assert!(!letter.subject.trim().is_empty(), "{letter:?}");
                assert!(letter.text.contains("Công việc “backup” bị lỗi."), "{}", letter.text);
                for of_firms in ["Kế toán phụ trách", "Accounting firm"] {
                    assert!(!letter.text.contains(of_firms), "{of_firms}: {}", letter.text);
                }
            }
        }
    }
}
