//! Why a line has no licence, in words for the firm: what the platform said, and what to do about it.
//! Where the words stand, in a workbook, the bell or an answer, is decided there.

use minijinja::{Value, context};

use crate::{
    db::activations::{ActivationState, Stuck},
    domain::field::Field,
    text::Texts,
};

/// What is said of one line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reason {
    pub why: String,
    pub fix: String,
}

/// Whether the platform said no, or nobody knows yet what it says.
pub fn is_refused(stuck: &Stuck) -> bool {
    stuck.state == ActivationState::Refused
}

pub fn of(texts: &Texts, stuck: &Stuck) -> Reason {
    let stored = stuck.error.as_deref().unwrap_or_default();
    let (code, detail) = stored.split_once(": ").unwrap_or((stored, ""));
    let (field, detail) = at_fault(detail);
    let is_known = !code.is_empty() && texts.has(&format!("message.platform.{code}.why"));
    let key = match (is_known, is_refused(stuck), field) {
        (true, ..) => code,
        // Whatever its code is called.
        (false, true, Some(_)) => "bad_request",
        (false, true, None) => "other",
        (false, false, _) => "lost",
    };
    let field = field.map(|field| texts.label(&format!("field.{}", field.as_str())));
    let line = stuck.reference();
    let values =
        context! { code, detail, field, order => line.order.as_str(), line => line.to_string() };
    let say = |part: &str| texts.say(&format!("message.platform.{key}.{part}"), values.clone());
    Reason { why: say("why"), fix: say("fix") }
}

/// What the platform's API calls the columns of a list (licensing-api.yaml, `ActivationRequest`): JSON pointers, and all
/// below them.
const POINTERS: [(&str, Field); 20] = [
    ("/kind", Field::Kind),
    ("/package", Field::Package),
    ("/fiscal_year", Field::FiscalYear),
    ("/client/tax_id", Field::TaxId),
    ("/client/name", Field::Name),
    ("/client/type", Field::CustomerType),
    ("/client/address", Field::Address),
    ("/client/contact_phone", Field::ContactPhone),
    ("/client/representative/name", Field::Representative),
    ("/client/representative/title", Field::RepresentativeTitle),
    ("/client/representative/email", Field::Email),
    ("/client/representative/phone", Field::Phone),
    ("/client/representative", Field::Representative),
    ("/accounting/regime", Field::Regime),
    ("/accounting/vat_method", Field::VatMethod),
    ("/accounting/fiscal_year_start", Field::FiscalYearStart),
    ("/accounting/books_start", Field::BooksStart),
    ("/accounting/currency", Field::Currency),
    ("/accounting/inventory_method", Field::InventoryMethod),
    ("/accounts", Field::AssignedTo),
];

/// The column that a pointer before the detail names, and the rest of the detail. What no column is the fault of stays
/// there for whoever runs the program.
fn at_fault(detail: &str) -> (Option<Field>, &str) {
    let (pointer, rest) = detail.split_once(' ').unwrap_or((detail, ""));
    let is_it = |(known, _): &&(&str, Field)| {
        pointer.strip_prefix(known).is_some_and(|below| below.is_empty() || below.starts_with('/'))
    };
    match POINTERS.iter().find(is_it) {
        Some((_, field)) => (Some(*field), rest),
        None => (None, detail),
    }
}

/// The first refused lines with their reasons and how many others there are, for the bell.
pub fn first(texts: &Texts, stuck: &[Stuck]) -> (Vec<Value>, usize) {
    const SHOWN: usize = 3;
    let all = || stuck.iter().filter(|it| is_refused(it));
    let shown = all().take(SHOWN).map(|it| {
        let (line, why) = (it.reference().line, of(texts, it).why);
        context! { line, name => it.name.as_str(), why }
    });
    (shown.collect(), all().count().saturating_sub(SHOWN))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    fn said(texts: &Texts, state: ActivationState, error: Option<&str>) -> Reason {
        let (order_code, name) = ("DH-2611-000001".parse().unwrap(), "An".to_owned());
        let error = error.map(str::to_owned);
        of(texts, &Stuck { line_id: 1, order_code, line_no: 1, name, state, error })
    }

    #[test]
    fn every_answer_has_words_also_one_that_nobody_foresaw() {
        for texts in [Locale::Vi, Locale::En].map(Texts::of) {
            let of = |state, error: Option<&str>| said(texts, state, error);
            for error in [
                "tax_id_already_licensed: ASP-DN 2026",
                "free_year_already_used: 0101243150",
                "unknown_package: ASP-DN",
                "idempotency_conflict",
                "not_arrived",
                "bad_request: client/address",
                "too_late: closed",
                "http_405: Method Not Allowed",
                "quota",
                "",
            ] {
                let said = of(ActivationState::Refused, Some(error));
                assert!(
                    !said.why.contains("message.") && !said.fix.contains("message."),
                    "{said:?}"
                );
                assert!(said.fix.contains("DH-2611-000001"), "{said:?}");
            }
            assert!(of(ActivationState::Refused, Some("too_late: closed")).why.contains("closed"));
            let lost = of(ActivationState::Uncertain, Some("lost: io"));
            assert!(lost == of(ActivationState::Uncertain, None) && !lost.why.contains("io:"));
        }
    }

    /// The stable codes of licensing-api.yaml.
    const CODES: [&str; 4] = [
        "tax_id_already_licensed",
        "free_year_already_used",
        "unknown_package",
        "idempotency_conflict",
    ];

    #[test]
    fn each_code_of_the_platform_has_words_of_its_own_in_both_languages() {
        for texts in [Locale::Vi, Locale::En].map(Texts::of) {
            let other = said(texts, ActivationState::Refused, Some("nobody_knows: x"));
            for code in CODES {
                assert!(texts.has(&format!("message.platform.{code}.why")), "{code}");
                let said = said(texts, ActivationState::Refused, Some(&format!("{code}: x")));
                assert!(said.why != other.why && !said.why.contains(code), "{said:?}");
                assert!(said.fix.len() > 30, "what to do: {said:?}");
            }
        }
    }

    /// What a firm can have got wrong in a request; the rest of it is ours.
    const OURS: [&str; 4] = ["/order_code", "/line", "/grace_days", "/databases"];

    fn pointers(value: &serde_json::Value, at: &str, found: &mut Vec<String>) {
        use serde_json::Value::{Array, Object};
        match value {
            Object(members) => {
                for (name, value) in members {
                    pointers(value, &format!("{at}/{name}"), found);
                }
            }
            Array(items) => {
                for (number, value) in items.iter().enumerate() {
                    pointers(value, &format!("{at}/{number}"), found);
                }
            }
            _ => found.push(at.to_owned()),
        }
    }

    #[test]
    fn a_field_at_fault_is_named_as_the_column_that_people_know() {
        let request = serde_json::json!({
            "order_code": "", "line": 1, "kind": "", "package": "", "fiscal_year": 2026, "grace_days": 7,
            "client": {
                "tax_id": "", "name": "", "type": "", "address": "", "contact_phone": "",
                "representative": { "name": "", "title": "", "email": "", "phone": "" },
            },
            "accounting": {
                "regime": "", "vat_method": "", "fiscal_year_start": "", "books_start": "", "currency": "",
                "inventory_method": "",
            },
            "accounts": [{ "email": "", "name": "", "role": "" }],
            "databases": { "per_fiscal_year": 2, "initial": 1 },
        });
        let mut all = Vec::new();
        pointers(&request, "", &mut all);
        assert_eq!(all.len(), 26);
        for pointer in all {
            let is_ours = OURS.iter().any(|ours| pointer.starts_with(ours));
            let detail = format!("{pointer} is too long");
            let (field, rest) = at_fault(&detail);
            assert_eq!(field.is_some(), !is_ours, "{pointer}");
            assert!(is_ours || rest == "is too long", "{rest}");
        }
        for (locale, column) in [(Locale::Vi, "Địa chỉ"), (Locale::En, "Address")] {
            for code in ["bad_request", "invalid_field"] {
                let error = format!("{code}: /client/address is too long");
                let said = said(Texts::of(locale), ActivationState::Refused, Some(&error));
                assert!(said.why.contains(&format!("“{column}”: is too long")), "{said:?}");
                assert!(!said.why.contains('/'), "{said:?}");
            }
        }
    }
}
