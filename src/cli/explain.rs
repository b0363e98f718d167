//! `explain CODE`: what a finding means, the rule behind it, and what to do.
//! The words are in `text`; the rules that hold are those of the workspace's tables, else the shipped ones.

use minijinja::context;
use serde_json::json;

use super::{
    args::Global,
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    catalogue::{Catalogue, rules::Allow},
    config::file::nearest_few,
    domain::{
        field::Field,
        finding::{Code, named, names},
        locale::Locale,
    },
    text::{
        Texts,
        explain::{Explanation, explain},
    },
};

/// How many codes are shown to who asked for one that there is not.
const NEAR: usize = 3;

pub fn run(global: &Global, code: &str) -> anyhow::Result<Reply> {
    let (locale, catalogue) = circumstances(global)?;
    let texts = Texts::of(locale);
    let asked = named(code.trim()).ok_or_else(|| {
        let known = names();
        let near = nearest_few(code, known.iter().map(String::as_str), NEAR).join("`, `");
        Failure::no_such(texts, "no_finding", context! { code, near })
    })?;
    let said = explain(texts, asked);
    let rules: Vec<&Allow> = rules_of(asked, &catalogue).collect();
    let shown = |rule: &Allow| match rule.field {
        Field::TaxId => texts.label(&format!("message.tax_id.{}", rule.value)),
        Field::FiscalYearStart => rule.value.split('-').rev().collect::<Vec<_>>().join("/"),
        field => catalogue.columns.display(field, &rule.value, locale).to_owned(),
    };
    let human = in_words(texts, &said, rules.iter().map(|rule| (shown(rule), *rule)).collect());
    let mut shown = serde_json::to_value(&said)?;
    shown["rules"] = json!(rules);
    if said.source.is_none() {
        shown["source"] = json!(sources(&rules));
    }
    Reply::new(Exit::Done, human).with("explanations", [shown])
}

/// Outside of a workspace the shipped tables tell.
fn circumstances(global: &Global) -> anyhow::Result<(Locale, Catalogue)> {
    let home = match workspace::home(global) {
        Ok(home) => home,
        Err(error) if global.home.is_some() => return Err(error),
        Err(_) => return Ok((global.locale.unwrap_or(Locale::Vi), Catalogue::built_in()?)),
    };
    let settings = workspace::settings(global, &home)?;
    Ok((settings.locale, Catalogue::load(&home.join("jobs/catalogue"))?))
}

/// The rules of a table that decide on a code.
fn rules_of(
    (code, field): (Code, Option<Field>),
    catalogue: &Catalogue,
) -> impl Iterator<Item = &Allow> {
    let field = match code {
        Code::TaxIdWrongKind => Some(Field::TaxId),
        Code::NotAllowed => field,
        _ => None,
    };
    catalogue.rules.all().iter().filter(move |rule| Some(rule.field) == field)
}

/// Each source once.
fn sources(rules: &[&Allow]) -> Option<String> {
    let mut sources: Vec<&str> = Vec::new();
    for rule in rules.iter().filter(|rule| !rule.source.is_empty()) {
        if !sources.contains(&rule.source.as_str()) {
            sources.push(&rule.source);
        }
    }
    (!sources.is_empty()).then(|| sources.join("; "))
}

fn in_words(texts: &Texts, said: &Explanation, rules: Vec<(String, &Allow)>) -> String {
    let label = |key: &str| texts.label(&format!("message.explain.{key}"));
    let severity = texts.label(&format!("workbook.severity.{}", said.severity));
    let mut lines =
        vec![format!("{} – {severity}", said.code), said.message.clone(), String::new()];
    let of_tables: Vec<&Allow> = rules.iter().map(|(_, rule)| *rule).collect();
    let mut part = |key: &str, text: &str| lines.push(format!("{}: {text}", label(key)));
    part("rule", &said.rule);
    let translated =
        |rule: &&Allow| Allow { source: texts.translated(&rule.source), ..(**rule).clone() };
    let of_tables: Vec<Allow> = of_tables.iter().map(translated).collect();
    let of_tables: Vec<&Allow> = of_tables.iter().collect();
    if let Some(source) = said.source.clone().or_else(|| sources(&of_tables)) {
        part("source", &source);
    }
    part("example", &format!("{} → {}", said.example.found, said.example.write));
    part("fix", &said.fix);
    if !rules.is_empty() {
        let day = |day: chrono::NaiveDate| day.format("%d/%m/%Y").to_string();
        let row = |(value, rule): (String, &Allow)| {
            [
                value,
                texts.label(&format!("workbook.customer_type.{}", rule.customer_type)),
                day(rule.from),
                rule.to.map(day).unwrap_or_default(),
                texts.translated(&rule.source),
            ]
        };
        let heading = ["value", "customer_type", "from", "until", "source"];
        lines.push(String::new());
        lines.push(table(texts, heading, rules.into_iter().map(row)));
    }
    lines.join("\n")
}
