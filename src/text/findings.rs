//! The words of a finding: what is wrong, and what to do now.
//! Finding it is the business of `flow`, showing it that of whoever answers.

use std::collections::BTreeMap;

use minijinja::Value;

use super::Texts;
use crate::domain::{field::Field, finding::Finding};

/// Longer contents of a cell are shown up to here.
const SHOWN_CHARS: usize = 80;

/// Detail of a question that somebody answered with `nhận`, and that this does not settle.
pub const NOT_LIFTED: &str = "not_lifted";
/// Detail: why an edited cell, or `nhận`, did not correct a line, or would not.
pub const KEPT: &str = "kept";
/// Detail of a row that says what its line says since that was corrected by `nhận`: what it was asked then.
pub const BY_ANSWER: &str = "by_answer";

/// What is wrong, in a sentence or two.
pub fn message(texts: &Texts, finding: &Finding) -> String {
    let said = say(texts, finding, "message");
    if finding.detail.contains_key(NOT_LIFTED) {
        return format!("{said} {}", texts.label("finding.general.not_lifted.message"));
    }
    said
}

/// What to do about it, in a sentence or two.
pub fn fix(texts: &Texts, finding: &Finding) -> String {
    say(texts, finding, "fix")
}

/// The words of the reason why a file was not read, those under the finding's own name, or the general ones that
/// name its field.
fn say(texts: &Texts, finding: &Finding, part: &str) -> String {
    let why = finding.detail.get("why").map(|why| format!("refusal.{why}.{part}"));
    if let Some(key) = why.filter(|key| texts.has(key)) {
        return texts.say(&key, values(texts, finding));
    }
    let own = format!("finding.{}.{part}", finding.name());
    if finding.code.is_general() && !texts.has(&own) {
        return texts
            .say(&format!("finding.general.{}.{part}", finding.code), values(texts, finding));
    }
    texts.say(&own, values(texts, finding))
}

fn values(texts: &Texts, finding: &Finding) -> Value {
    let mut values: BTreeMap<&str, String> = BTreeMap::new();
    let label = finding.place.field.map_or_else(
        || texts.label("finding.general.field.unnamed"),
        |field| texts.label(&format!("field.{field}")),
    );
    values.insert("field", inside_a_sentence(&label));
    values.insert("label", label);
    values.insert("severity", finding.severity.to_string());
    let found = [
        ("value", &finding.value),
        ("suggestion", &finding.suggestion),
        ("sheet", &finding.place.sheet),
    ];
    values.extend(found.iter().filter_map(|(name, text)| Some((*name, shown(text.as_ref()?)))));
    values.extend(finding.detail.get("fields").map(|names| ("allowed", labels(texts, names))));
    values.extend(finding.detail.iter().map(|(name, text)| (name.as_str(), text.clone())));
    Value::from_pairs(values)
}

/// The labels of fields that are named by their own names.
fn labels(texts: &Texts, names: &str) -> String {
    let fields = names.split(',').filter_map(|name| name.parse::<Field>().ok());
    fields.map(|field| texts.label(&format!("field.{field}"))).collect::<Vec<_>>().join(", ")
}

/// `Mã số thuế` → `mã số thuế`; an abbreviation in front stays (`VAT method`).
fn inside_a_sentence(label: &str) -> String {
    let mut letters = label.chars();
    match (letters.next(), letters.clone().next()) {
        (Some(first), second) if !second.is_some_and(char::is_uppercase) => {
            first.to_lowercase().chain(letters).collect()
        }
        _ => label.to_owned(),
    }
}

/// On one line, and not longer than a person reads.
fn shown(text: &str) -> String {
    let line = super::one_line(text);
    if line.chars().count() <= SHOWN_CHARS {
        return line;
    }
    line.chars().take(SHOWN_CHARS).chain(['…']).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        finding::{Code, Place, Severity, code_of},
        locale::Locale,
        refusal::Why,
    };

    const DETAILS: [&str; 6] = ["allowed", "other", "limit", "reason", "headers", "sheet"];

    fn at(field: Option<Field>) -> Place {
        Place { field, ..Place::default() }
    }

    fn full(finding: Finding) -> Finding {
        let finding = finding.value("GIÁ TRỊ").suggest("GỢI Ý");
        DETAILS.iter().fold(finding, |finding, name| finding.detail(name, "CHI TIẾT"))
    }

    fn places(code: Code) -> Vec<Place> {
        let fields = Field::ALL.iter().map(|field| at(Some(*field)));
        if code.is_general() { fields.chain([at(None)]).collect() } else { vec![at(None)] }
    }

    #[test]
    fn every_finding_has_words_with_and_without_its_values() {
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            for (code, severity) in
                Code::ALL.iter().flat_map(|code| Severity::ALL.iter().map(move |s| (*code, *s)))
            {
                for place in places(code) {
                    let bare = Finding::new(code, place).severity(severity);
                    for finding in [bare.clone(), bare.clone().value("1"), full(bare)] {
                        says_a_sentence(&finding, &message(texts, &finding));
                        says_a_sentence(&finding, &fix(texts, &finding));
                    }
                }
            }
        }
    }

    fn says_a_sentence(finding: &Finding, said: &str) {
        let said = said.replace(" .xlsx", "");
        let ends = said.ends_with(['.', '?', '…']);
        let clean =
            !["{{", "{%", "  ", "..", " .", " ,", "finding."].iter().any(|bad| said.contains(bad));
        assert!(
            ends && clean && said.chars().next().is_some_and(|c| !c.is_lowercase()),
            "{finding:?}: {said}"
        );
    }

    #[test]
    fn every_reason_not_to_read_a_file_has_words_and_something_to_do() {
        let values = ["line", "row", "cell", "size", "most", "part", "encoding", "word"];
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            for (why, sheet) in Why::ALL.iter().flat_map(|why| [(why, None), (why, Some("KH"))]) {
                assert!(texts.has(&format!("refusal.{why}.message")), "{why}");
                let place = Place { sheet: sheet.map(str::to_owned), ..Place::default() };
                let finding = Finding::new(why.code(), place).detail("why", why.as_str());
                let finding = values.iter().fold(finding, |it, name| it.detail(name, "7"));
                says_a_sentence(&finding, &message(texts, &finding));
                says_a_sentence(&finding, &fix(texts, &finding));
            }
        }
    }

    #[test]
    fn no_words_are_left_for_a_reason_that_nobody_has() {
        for key in Texts::of(Locale::Vi).keys() {
            let Some(name) = key.strip_prefix("refusal.") else { continue };
            let why = name.rsplit_once('.').map(|(why, _)| why.parse::<Why>());
            assert!(matches!(why, Some(Ok(_))), "{key}");
        }
    }

    #[test]
    fn every_field_has_a_label() {
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            assert!(Field::ALL.iter().all(|field| texts.has(&format!("field.{field}"))));
        }
    }

    #[test]
    fn no_words_are_left_for_a_finding_that_nobody_makes() {
        for key in Texts::of(Locale::Vi).keys() {
            let Some(name) = key.strip_prefix("finding.") else { continue };
            let Some((name, _)) = name.rsplit_once('.') else { panic!("{key}") };
            let general = name.strip_prefix("general.");
            assert!(general.is_some() || code_of(name).is_some(), "{key}");
        }
    }

    #[test]
    fn a_finding_reads_as_a_person_would_say_it() {
        let vi = Texts::of(Locale::Vi);
        let missing = Finding::new(Code::Missing, at(Some(Field::Representative)));
        assert_eq!(message(vi, &missing), "Chưa có người đại diện theo pháp luật.");
        let regime = Finding::new(Code::NotAllowed, at(Some(Field::Regime)))
            .value("TT200")
            .detail("allowed", "TT99, TT133");
        assert_eq!(
            message(vi, &regime),
            "Không dùng được chế độ kế toán “TT200” cho khách hàng này."
        );
        assert_eq!(fix(vi, &regime), "Chọn một trong các giá trị: TT99, TT133.");
        let email = Finding::new(Code::Malformed, at(Some(Field::Email))).value("lan@");
        assert_eq!(message(vi, &email), "“lan@” không phải địa chỉ email.");

        let en = Texts::of(Locale::En);
        let vat = Finding::new(Code::Missing, at(Some(Field::VatMethod)));
        assert_eq!(message(en, &vat), "The VAT method is missing.");
    }

    #[test]
    fn a_long_cell_is_shown_in_part_and_on_one_line() {
        let long = format!("a\nb{}", "x".repeat(500));
        let finding = Finding::new(Code::Malformed, at(Some(Field::Email))).value(long);
        let said = message(Texts::of(Locale::Vi), &finding);
        assert!(said.starts_with("“a bxxx") && said.contains("x…”") && said.chars().count() < 150);
    }
}
