//! What is inconsistent in the rules: one without a source, days without any rule or with two, what orders need.
//! The other tables are looked at by the module above.

use std::collections::BTreeMap;

use chrono::Days;

use crate::{
    catalogue::rules::{Allow, Rules},
    config::{ConfigError, file::Source},
    domain::{client::CustomerType, field::Field},
};

/// What every order needs, whatever a table says.
const ESSENTIAL: [Field; 9] = [
    Field::Name,
    Field::TaxId,
    Field::Representative,
    Field::Email,
    Field::Phone,
    Field::Package,
    Field::FiscalYear,
    Field::VatMethod,
    Field::Regime,
];

type Numbered<'a> = (usize, &'a Allow);

/// Everything that is wrong in them, by itself.
pub(super) fn of_rules(source: &Source, rules: &Rules, wrong: &mut Vec<ConfigError>) {
    let place = |at: usize, key: &str| source.place(&["allow", &at.to_string(), key]);
    let mut of_value: BTreeMap<(Field, &str, CustomerType), Vec<Numbered<'_>>> = BTreeMap::new();
    let mut of_field: BTreeMap<Field, Vec<Numbered<'_>>> = BTreeMap::new();
    for (at, rule) in rules.all().iter().enumerate() {
        of_value.entry((rule.field, &rule.value, rule.customer_type)).or_default().push((at, rule));
        of_field.entry(rule.field).or_default().push((at, rule));
        if rule.source.trim().is_empty() {
            let message = format!("the rule for {} says no source", name(rule));
            let error = ConfigError::new(place(at, "source"), message);
            wrong.push(error.with_fix("name the law or circular: source = \"TT99/2025\""));
        }
    }
    for mut rules in of_value.into_values() {
        rules.sort_by_key(|(_, rule)| rule.from);
        for pair in rules.windows(2) {
            wrong.extend(between((pair[0].1, pair[1]), place));
        }
    }
    for (field, rules) in of_field {
        for customer_type in CustomerType::ALL {
            wrong.extend(uncovered(source, field, *customer_type, &rules));
        }
    }
    for customer_type in CustomerType::ALL {
        let is_missing = |field: &&Field| !rules.required(*customer_type).contains(field);
        for field in ESSENTIAL.iter().filter(is_missing) {
            let message =
                format!("every order needs `{field}`, which is not required of {customer_type}");
            let error = source.error(&["required", customer_type.as_str()], message);
            wrong.push(error.with_fix(format!("add \"{field}\" to the list")));
        }
    }
}

/// `TT99 of regime for enterprise`.
fn name(rule: &Allow) -> String {
    format!("`{}` of {} for {}", rule.value, rule.field, rule.customer_type)
}

/// Two rules of one value, one after the other: they must neither overlap nor leave days between them.
fn between(
    (former, (at, later)): (&Allow, Numbered<'_>),
    place: impl Fn(usize, &str) -> String,
) -> Option<ConfigError> {
    let named = name(later);
    if former.basis != later.basis {
        let error = ConfigError::new(
            place(at, "basis"),
            format!(
                "the rules for {named} go by different dates, {} and {}",
                former.basis, later.basis
            ),
        );
        return Some(error.with_fix("let one date decide"));
    }
    let next = former.to.and_then(|to| to.succ_opt());
    match next {
        Some(next) if next == later.from => None,
        Some(next) if next < later.from => {
            let until = later.from.pred_opt().unwrap_or(later.from);
            let message = format!(
                "{named} is allowed neither by the rule before nor by this one from {next} to {until}"
            );
            Some(ConfigError::new(place(at, "from"), message).with_fix(format!("from = {next}")))
        }
        _ => {
            let until = former.to.map_or_else(String::new, |to| format!(" until {to}"));
            let message = format!(
                "{named} is allowed twice from {} on: another rule holds{until}",
                later.from
            );
            let fix = later.from.checked_sub_days(Days::new(1)).unwrap_or(later.from);
            Some(
                ConfigError::new(place(at, "from"), message).with_fix(format!(
                    "end the other one with to = {fix}, or take one of them out"
                )),
            )
        }
    }
}

/// Days on which a customer type may have no value at all of a field that rules speak of.
fn uncovered(
    source: &Source,
    field: Field,
    customer_type: CustomerType,
    rules: &[Numbered<'_>],
) -> Option<ConfigError> {
    let mut own: Vec<&Numbered<'_>> =
        rules.iter().filter(|(_, rule)| rule.customer_type == customer_type).collect();
    own.sort_by_key(|(_, rule)| rule.from);
    let place = |at: usize, key: &str| source.place(&["allow", &at.to_string(), key]);
    let Some((first, rest)) = own.split_first() else {
        let at = rules.first().map_or(0, |(at, _)| *at);
        let message = format!("no value of {field} is allowed for {customer_type}");
        return Some(
            ConfigError::new(place(at, "field"), message).with_fix("add an [[allow]] for it"),
        );
    };
    let mut covered = (first.0, first.1.to);
    for (at, rule) in rest {
        let to = covered.1?;
        let next = to.succ_opt().unwrap_or(to);
        if rule.from > next {
            let until = rule.from.pred_opt().unwrap_or(rule.from);
            let message = format!(
                "no value of {field} is allowed for {customer_type} from {next} to {until}"
            );
            let error = ConfigError::new(place(*at, "from"), message);
            return Some(error.with_fix(format!("let a rule begin on {next}")));
        }
        if rule.to.is_none_or(|end| end > to) {
            covered = (*at, rule.to);
        }
    }
    let to = covered.1?;
    let message = format!("no value of {field} is allowed for {customer_type} after {to}");
    let error = ConfigError::new(place(covered.0, "to"), message);
    Some(error.with_fix("add the rule that replaces it, or leave `to` out"))
}
