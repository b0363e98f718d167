//! Lists with planted errors, in every format and encoding: exactly those are found, and nothing is repaired
//! that was not proved.
//! Figures are printed: `cargo test --test it planted -- --nocapture`. With `HANGLOAT_TEST_ROWS=10000` each list
//! has so many rows.

use serde::Deserialize;

use super::{
    super::world::{World, require},
    Value, is_of_interest, reports, script, text,
};

/// Enough for every kind of error to stand in it.
const ROWS: usize = 2_000;
/// In each of the other formats, where only the way in differs.
const FEW_ROWS: usize = 250;
const SEED: &str = "7";

/// A list and what must be found in it, as `planted.py` says it.
#[derive(Deserialize)]
struct Planted {
    file: std::path::PathBuf,
    rows: std::collections::BTreeMap<String, u64>,
    findings: Vec<Found>,
}

/// Row, field and code; 0 and nothing for what has no row or no field.
type Found = (u64, String, String);

fn rows_asked() -> Option<usize> {
    std::env::var("HANGLOAT_TEST_ROWS").ok().map(|rows| rows.parse().unwrap())
}

fn found(report: &Value) -> Vec<Found> {
    let one = |finding: &Value| {
        let field = finding["field"].as_str().unwrap_or_default().to_owned();
        (finding["row"].as_u64().unwrap_or(0), field, text(finding, "code"))
    };
    let findings = report["findings"].as_array().unwrap().iter().filter(|it| is_of_interest(it));
    let mut found: Vec<Found> = findings.map(one).collect();
    found.sort();
    found
}

/// What stands in one sorted list and not in the other, as often as it does so.
fn without(all: &[Found], taken: &[Found]) -> Vec<Found> {
    let mut taken = taken.iter().peekable();
    let is_left = |one: &&Found| {
        while taken.next_if(|other| other < one).is_some() {}
        taken.next_if(|other| other == one).is_none()
    };
    all.iter().filter(is_left).cloned().collect()
}

fn shown(found: &[Found]) -> String {
    let line = |(row, field, code): &Found| format!("    row {row} {field} {code}");
    found.iter().take(10).map(line).collect::<Vec<_>>().join("\n")
}

#[expect(clippy::cast_precision_loss, reason = "findings are far fewer than 2^52")]
fn share(part: usize, all: usize) -> f64 {
    part as f64 / all.max(1) as f64
}

/// What is wrong with a report, in words; its figures are printed.
fn compare(mut planted: Planted, report: &Value) -> Option<String> {
    let name = text(report, "file");
    planted.findings.sort();
    let found = found(report);
    let (missed, made_up) =
        (without(&planted.findings, &found), without(&found, &planted.findings));
    let right = found.len() - made_up.len();
    let (recall, precision) = (share(right, planted.findings.len()), share(right, found.len()));
    let rows = report["rows"]["total"].as_u64().unwrap();
    println!("{name}: {rows} rows, {right} findings, recall {recall:.3}, precision {precision:.3}");
    let states = planted.rows.iter().filter(|(state, count)| report["rows"][state] != **count);
    let states: Vec<_> = states.map(|(state, count)| format!("{count} {state}")).collect();
    if missed.is_empty() && made_up.is_empty() && states.is_empty() {
        return None;
    }
    let (missed_few, made_up_few) = (shown(&missed), shown(&made_up));
    Some(format!(
        "{name}: {} missed\n{missed_few}\n  {} too many\n{made_up_few}\n  not {states:?} but {}",
        missed.len(),
        made_up.len(),
        report["rows"]
    ))
}

#[track_caller]
fn find_what_was_planted(formats: &str, rows: usize) {
    if !require("openpyxl") || !require("xlwt") {
        return;
    }
    let world = World::new();
    let (folder, rows) = (world.outside("planted"), rows_asked().unwrap_or(rows));
    std::fs::create_dir(&folder).unwrap();
    let answer =
        script("planted.py", &[folder.to_str().unwrap(), formats, &rows.to_string(), SEED]);
    let planted: Vec<Planted> = serde_json::from_slice(&answer).unwrap();
    let files: Vec<_> = planted.iter().map(|planted| planted.file.clone()).collect();
    let reports = reports(&world, &files);
    let wrong = planted.into_iter().zip(&reports).filter_map(|(it, report)| compare(it, report));
    let wrong: Vec<String> = wrong.collect();
    assert!(wrong.is_empty(), "seed {SEED}:\n{}", wrong.join("\n"));
}

#[test]
fn planted_errors_of_a_workbook_give_exactly_their_findings() {
    find_what_was_planted("xlsx", ROWS);
}

#[test]
fn planted_errors_are_found_in_old_and_open_workbooks() {
    find_what_was_planted("xls,ods", FEW_ROWS);
}

#[test]
fn planted_errors_are_found_behind_each_separator() {
    find_what_was_planted("csv-semicolon,csv-comma-bom,csv-tab,csv-pipe", FEW_ROWS);
}

#[test]
fn planted_errors_are_found_in_wide_text() {
    find_what_was_planted("csv-utf16le,csv-utf16be,csv-utf16le-bare,csv-utf16be-bare", FEW_ROWS);
}

#[test]
fn planted_errors_are_found_in_old_code_pages() {
    find_what_was_planted("csv-1258,csv-1252,csv-tcvn3,csv-vni,csv-mojibake", FEW_ROWS);
}

#[test]
fn planted_errors_are_found_under_old_letters() {
    find_what_was_planted("xlsx-tcvn3,xlsx-vni,xlsx-mojibake,xlsx-1258", FEW_ROWS);
}
