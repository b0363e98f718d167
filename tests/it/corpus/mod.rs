//! Ugly files made by a script, each with a verdict that is written down: what the program makes of them.
//! What cells mean is tested in `check`; files of other people are run by `python/corpus.py`.

mod planted;

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    process::Command,
};

use serde::Deserialize;
use serde_json::Value;

use super::world::{Ran, World, python, require, text};

/// What must become of a file, as `golden.toml` has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Golden {
    #[serde(default)]
    accepted: u64,
    #[serde(default)]
    rejected: u64,
    #[serde(default)]
    held: u64,
    #[serde(default)]
    findings: BTreeMap<String, usize>,
    /// The one finding for which nothing of the file is read.
    refused: Option<String>,
    /// `xlsx`, or `csv UTF-8 ;`, where it matters.
    format: Option<String>,
    /// Read by people.
    why: String,
}

/// What became of a file, in the words of `golden.toml`.
#[derive(PartialEq)]
struct Verdict {
    rows: [u64; 3],
    findings: BTreeMap<String, usize>,
    format: Option<String>,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [accepted, rejected, held] = self.rows;
        write!(f, "{accepted} accepted, {rejected} rejected, {held} held")?;
        self.findings.iter().try_for_each(|(code, count)| write!(f, ", {count} {code}"))?;
        self.format.iter().try_for_each(|format| write!(f, ", {}", format.escape_debug()))
    }
}

impl Golden {
    fn verdict(&self) -> Verdict {
        let mut findings = self.findings.clone();
        findings.extend(self.refused.iter().map(|code| (code.clone(), 1)));
        let format = self.format.as_ref().map(|format| format.replace("\\t", "\t"));
        Verdict { rows: [self.accepted, self.rejected, self.held], findings, format }
    }

    /// What a report says, as far as this has an opinion.
    fn of(&self, report: &Value) -> Verdict {
        let count = |state: &str| report["rows"][state].as_u64().unwrap();
        let format = self.format.as_ref().map(|_| format_of(&report["format"]));
        let rows = [count("accepted"), count("rejected"), count("held")];
        Verdict { rows, findings: counted(report), format }
    }
}

/// That a first year could have been free is said of nearly every row, and has tests of its own.
fn is_of_interest(finding: &Value) -> bool {
    finding["code"] != "free_year.available"
}

fn counted(report: &Value) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for finding in report["findings"].as_array().unwrap().iter().filter(|it| is_of_interest(it)) {
        *counts.entry(text(finding, "code")).or_default() += 1;
    }
    counts
}

fn format_of(format: &Value) -> String {
    let parts = ["container", "encoding", "delimiter"].map(|part| format[part].as_str());
    parts.iter().flatten().copied().collect::<Vec<_>>().join(" ")
}

fn golden() -> BTreeMap<String, Golden> {
    toml::from_str(include_str!("golden.toml")).unwrap()
}

/// Runs one of our scripts; fails the test with what it said.
pub fn script(name: &str, args: &[&str]) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python").join(name);
    // Compiled scripts would lie among the sources.
    let mut command = Command::new(python());
    let output = command.arg("-B").arg(path).args(args).output().unwrap();
    assert!(output.status.success(), "{name}: {}", String::from_utf8_lossy(&output.stderr));
    output.stdout
}

fn written(world: &World, group: &str) -> Vec<PathBuf> {
    let folder = world.outside("ugly");
    script("ugly.py", &[folder.to_str().unwrap(), group]);
    let mut files: Vec<PathBuf> =
        folder.read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    files
}

fn check(world: &World, files: &[PathBuf]) -> Ran {
    let files = files.iter().map(|file| file.to_str().unwrap());
    world.run(&["check", "--json"].into_iter().chain(files).collect::<Vec<_>>())
}

/// The report of each file; where the program died, the file that killed it.
fn reports(world: &World, files: &[PathBuf]) -> Vec<Value> {
    let ran = check(world, files);
    if ![0, 1, 3].contains(&ran.code) {
        let died = files.iter().find(|file| {
            let alone = check(world, std::slice::from_ref(*file));
            ![0, 1, 3].contains(&alone.code)
        });
        panic!("died of {died:?}: {ran:?}");
    }
    // What the reader of workbooks dies of is an answer about the file, and nothing else.
    assert!(!ran.stderr.contains("panicked"), "{}", ran.stderr);
    ran.json()["files"].as_array().unwrap().clone()
}

/// What holds for every report, whatever its file.
fn laws_of(report: &Value) -> Vec<String> {
    let rows = |state: &str| report["rows"][state].as_u64().unwrap();
    let ends = ["accepted", "rejected", "held", "unchanged"].map(rows);
    let mut broken = Vec::new();
    if rows("total") != ends.iter().sum::<u64>() {
        broken.push(format!("rows do not add up: {}", report["rows"]));
    }
    let of_tables: u64 =
        report["tables"].as_array().unwrap().iter().map(|it| it["rows"].as_u64().unwrap()).sum();
    if of_tables != rows("total") {
        broken.push(format!("tables have {of_tables} rows, the file {}", rows("total")));
    }
    let [accepted, rejected, held, _] = ends;
    let outcome = match (accepted, rejected, held) {
        (_, 0, 0) if rows("total") > 0 => "accepted",
        (0, _, 1..) => "held",
        (0, _, 0) => "rejected",
        _ => "partly",
    };
    if report["outcome"] != outcome {
        broken.push(format!("outcome is {}, not {outcome}", report["outcome"]));
    }
    broken
}

#[track_caller]
fn hold_to_golden(group: &str) {
    if !require("openpyxl") || !require("xlwt") {
        return;
    }
    let world = World::new();
    let golden = golden();
    let mut wrong = Vec::new();
    let mut seen = BTreeSet::new();
    for report in reports(&world, &written(&world, group)) {
        let name = text(&report, "file");
        let Some(expected) = golden.get(&name) else {
            wrong.push(format!("{name} has no verdict in golden.toml"));
            continue;
        };
        let (wanted, got) = (expected.verdict(), expected.of(&report));
        if wanted != got {
            wrong.push(format!("{name} ({})\n  expected {wanted}\n  got      {got}", expected.why));
        }
        wrong.extend(laws_of(&report).iter().map(|law| format!("{name}: {law}")));
        seen.insert(name);
    }
    let missing = golden.keys().filter(|name| name.starts_with(group) && !seen.contains(*name));
    wrong.extend(missing.map(|name| format!("{name} was not written")));
    assert!(wrong.is_empty(), "{} of {}:\n{}", wrong.len(), seen.len(), wrong.join("\n"));
}

#[test]
fn files_in_each_encoding_have_their_golden_verdict() {
    hold_to_golden("enc");
}

#[test]
fn files_of_each_kind_have_their_golden_verdict() {
    hold_to_golden("box");
}

#[test]
fn damaged_and_hostile_files_have_their_golden_verdict() {
    hold_to_golden("dmg");
}

#[test]
fn lists_in_each_layout_have_their_golden_verdict() {
    hold_to_golden("lay");
}

#[test]
fn values_of_each_kind_have_their_golden_verdict() {
    hold_to_golden("val");
}
