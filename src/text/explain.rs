//! What a code means to somebody who asks: the rule, the text behind it, an example, and what to do.
//! Rules that stand in tables are added by whoever has the tables.

use minijinja::context;
use serde::Serialize;

use super::{Texts, findings};
use crate::domain::{
    field::Field,
    finding::{Code, Finding, Place, Severity},
};

/// What is said of a code.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Explanation {
    /// The stable name.
    pub code: String,
    pub severity: Severity,
    /// What is wrong, as a row is told.
    pub message: String,
    pub rule: String,
    /// The law, decree or circular, where there is one.
    pub source: Option<String>,
    pub example: Example,
    /// What to do.
    pub fix: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Example {
    pub found: String,
    pub write: String,
}

/// Explains a code; the general ones with their field.
pub fn explain(texts: &Texts, (code, field): (Code, Option<Field>)) -> Explanation {
    let finding = Finding::new(code, Place { field: field.or(column(code)), ..Place::default() });
    let name = finding.name();
    let finding = match code {
        // Of which column it is, is said by the list itself.
        Code::HeaderAmbiguous => {
            let column = texts.label("explain.header.ambiguous.found");
            finding.value(column.trim_matches(['“', '”']))
        }
        _ => finding,
    };
    let own = |part: &str| format!("explain.{name}.{part}");
    let say = |keys: &[String]| {
        let known = keys.iter().find(|key| texts.has(key));
        let label = field.map(|field| texts.label(&format!("field.{field}")));
        known.map(|key| texts.say(key, context! { label => label.unwrap_or_default() }))
    };
    let general = |part: &str| format!("explain.general.{code}.{part}");
    let right = field.map(|field| format!("explain.right.{field}"));
    let wrong = match (code, field) {
        (Code::Malformed, Some(field)) => format!("explain.wrong.{field}"),
        (Code::NotAllowed, Some(field)) => format!("explain.refused.{field}"),
        _ => general("found"),
    };
    let found = say(&[own("found"), wrong, "explain.general.unknown.found".to_owned()]);
    let write = say(&[own("write")].into_iter().chain(right).collect::<Vec<_>>());
    Explanation {
        severity: code.severity(),
        message: findings::message(texts, &finding),
        rule: say(&[own("rule"), general("rule")]).unwrap_or_default(),
        source: say(&[own("source")]),
        example: Example { found: found.unwrap_or_default(), write: write.unwrap_or_default() },
        fix: findings::fix(texts, &finding),
        code: name,
    }
}

/// A column for the example of what is said of columns.
fn column(code: Code) -> Option<Field> {
    match code {
        Code::HeaderMissing => Some(Field::TaxId),
        Code::HeaderDuplicate => Some(Field::Email),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{
        finding::{named, names},
        locale::Locale,
    };

    #[test]
    fn every_code_is_explained_in_both_languages_with_an_example() {
        for texts in [Texts::of(Locale::Vi), Texts::of(Locale::En)] {
            for name in names() {
                let said = explain(texts, named(&name).unwrap());
                assert_eq!(said.code, name);
                let rule = [&said.rule, &said.message, &said.fix];
                assert!(rule.iter().all(|said| said.ends_with(['.', '?', '…'])), "{said:?}");
                assert!(
                    !said.example.found.is_empty() && !said.example.write.is_empty(),
                    "{said:?}"
                );
                let all = format!("{said:?}");
                assert!(
                    !["{{", "{%", "explain.", "  \"", "\"\""].iter().any(|bad| all.contains(bad)),
                    "{all}"
                );
            }
        }
    }

    #[test]
    fn what_is_said_of_columns_names_one() {
        for name in ["header.missing", "header.ambiguous", "header.duplicate"] {
            for (locale, unnamed) in [(Locale::Vi, "nội dung”"), (Locale::En, "entry”")] {
                let said = explain(Texts::of(locale), named(name).unwrap());
                let said = format!("{} {}", said.message, said.fix);
                assert!(!said.contains(unnamed) && said.contains('“'), "{said}");
            }
        }
    }

    #[test]
    fn a_general_code_speaks_of_its_field() {
        let said = explain(Texts::of(Locale::Vi), named("phone.missing").unwrap());
        assert!(said.rule.contains("“Số điện thoại”"), "{}", said.rule);
        assert_eq!(said.example.write, "0912345678");
        let said = explain(Texts::of(Locale::En), named("regime.not_allowed").unwrap());
        assert_eq!(said.example.found, "TT200 (fiscal year 2026)");
        assert!(named("missing").is_none() && named("tax_id.nothing").is_none());
    }
}
