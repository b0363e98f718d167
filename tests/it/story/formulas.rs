//! What looks like a formula in any cell of a list, in everything that is made of it.

use std::path::Path;

use super::{
    lists::{Client, HEADERS, csv, enterprise},
    workbooks::{parts, read},
};
use crate::world::{World, require, text};

/// As spreadsheets take them: the second one starts a program.
const EVIL: [&str; 3] =
    ["=HYPERLINK(\"http://x.example\",\"Công ty\")", "+cmd|' /C calc'!A0", "@SUM(1+1)"];

/// Computes nothing, and is left bare where phones stand, and there alone.
const PHONE: &str = "+84912345678";

/// One client that is ordered for, one to fix; both with formulas wherever text may stand, and in a header.
fn list() -> Vec<u8> {
    let [link, program, sum] = EVIL;
    let good = enterprise(1).with("A", link).with("D", sum).with("G", program);
    let bad = "ABCDEFGHIJKL".chars().zip(EVIL.iter().cycle());
    let bad: Client =
        bad.fold(enterprise(2), |client, (column, evil)| client.with(&column.to_string(), evil));
    let bad = bad.with("E", PHONE);
    let list = String::from_utf8(csv(&[good, bad])).unwrap();
    let header = HEADERS.join(",");
    list.lines()
        .map(
            |line| if line == header { format!("{line},=1+1\n") } else { format!("{line},-2+3\n") },
        )
        .collect::<String>()
        .into_bytes()
}

#[track_caller]
fn assert_no_formula(workbook: &Path) {
    for (name, bytes) in parts(workbook) {
        let text = String::from_utf8_lossy(&bytes);
        let is_formula = text.contains("<f>") || text.contains("<f ");
        assert!(!name.contains("worksheets/") || !is_formula, "a formula in {name}");
    }
}

fn placed() -> World {
    let world = World::new();
    let file = world.import("khach.csv", &list());
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world
}

#[test]
fn a_formula_that_a_user_wrote_is_text_in_every_workbook() {
    let world = placed();
    let result = world.workbook("B000001");
    assert_no_formula(&result);
    if require("openpyxl") {
        let shown = read(&result)["sheets"].to_string();
        for evil in ["=1+1", "-2+3"].iter().chain(&EVIL) {
            let written = serde_json::to_string(evil).unwrap();
            assert!(shown.contains(written.trim_matches('"')), "{evil} is shown as it was");
        }
    }
    let mut made = Vec::new();
    for what in ["clients", "orders", "lines", "findings"] {
        made.push(world.run(&["export", what, "--json"]).exits(0).json());
    }
    made.push(world.run(&["template", "--type", "enterprise", "--json"]).exits(0).json());
    for file in made {
        assert_no_formula(&world.path(&text(&file["files"][0], "path")));
    }
}

#[test]
fn no_field_of_a_csv_export_begins_like_a_formula() {
    let world = placed();
    let path = world.outside("out.csv");
    for what in ["clients", "lines", "findings"] {
        world.run(&["export", what, "--format", "csv", "-o", path.to_str().unwrap()]).exits(0);
        let bytes = std::fs::read(&path).unwrap();
        let mut reader = csv::Reader::from_reader(&bytes[3..]);
        let names: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
        let fields: Vec<(String, String)> = reader
            .records()
            .flat_map(|record| {
                let fields = record.unwrap();
                let fields = names.iter().cloned().zip(fields.iter().map(str::to_owned));
                fields.collect::<Vec<_>>()
            })
            .collect();
        let computes = |(name, field): &&(String, String)| {
            let is_phone = name.ends_with("phone")
                && field.strip_prefix('+').is_some_and(|rest| {
                    !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit())
                });
            field.starts_with(['=', '+', '-', '@', '\t', '\r']) && !is_phone
        };
        assert_eq!(fields.iter().find(computes), None, "{what}");
        let says = |text: &str| fields.iter().any(|(_, field)| field == text);
        assert!(says(&format!("'{}", EVIL[0])), "{what}: {fields:?}");
        assert_eq!(says(&format!("'{PHONE}")), what == "findings", "{what}: {fields:?}");
    }
}
