//! Why a line has no licence, in words for the firm: what the platform said, and what to do about it.
//! Where the words stand, in a workbook, the bell or an answer, is decided there.

use minijinja::{Value, context};

use crate::{
    db::activations::{ActivationState, Stuck},
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
    let is_known = !code.is_empty() && texts.has(&format!("message.platform.{code}.why"));
    let key = if is_known {
        code
    } else if is_refused(stuck) {
        "other"
    } else {
        "lost"
    };
    let line = stuck.reference();
    let values = context! { code, detail, order => line.order.as_str(), line => line.to_string() };
    let say = |part: &str| texts.say(&format!("message.platform.{key}.{part}"), values.clone());
    Reason { why: say("why"), fix: say("fix") }
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

    #[test]
    fn every_answer_has_words_also_one_that_nobody_foresaw() {
        for texts in [Locale::Vi, Locale::En].map(Texts::of) {
            let of = |state, error: Option<&str>| {
                let (order_code, name) = ("DH-2611-000001".parse().unwrap(), "An".to_owned());
                let error = error.map(str::to_owned);
                of(texts, &Stuck { line_id: 1, order_code, line_no: 1, name, state, error })
            };
            for error in [
                "tax_id_already_licensed: ASP-DN 2026",
                "free_year_already_used: 0101243150",
                "unknown_package: ASP-DN",
                "idempotency_conflict",
                "not_arrived",
                "bad_request: client/address",
                "too_late: closed",
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
}
