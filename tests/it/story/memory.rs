//! How much memory the program needs for long lists, as the system counts it.

use std::{path::Path, process::Command};

use serde_json::Value;

use super::lists::{csv, enterprise};
use crate::world::{NOW, World, python, require};

/// What 3,000 rows more may take: all rows in memory took three times as much. Notes on cells, which stay in memory,
/// end before the shorter list does.
const MORE_KIB: u64 = 40 * 1024;

/// The most memory in KiB that the program had while it did something.
fn peak(world: &World, args: &[&str]) -> u64 {
    let program = world.command(&[args, &["--now", NOW]].concat());
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/python/peak.py");
    let mut command = Command::new(python());
    command.arg(script).arg(program.get_program()).args(program.get_args());
    for (name, value) in program.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    // The last one is what the program reads.
    let output = command.arg(world.path("hangloat.toml")).output().unwrap();
    let ended: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(ended["end"], 0, "{ended}");
    ended["peak_kib"].as_u64().unwrap()
}

/// What the second workbook of a list takes whose every row is wrong: it stands there twice, with its reasons.
fn peak_of_workbook(rows: u32) -> u64 {
    let world = World::new();
    let client = enterprise(1);
    let wrong = |n: u32| {
        let client = client.with("B", &format!("{n:07}")).with("F", &format!("0912{n:06}"));
        client.with("E", &format!("giamdoc@congty{n}.example"))
    };
    let clients: Vec<_> = (1..=rows).map(wrong).collect();
    let file = world.import("dài.csv", &csv(&clients));
    assert_eq!(file["rows"]["rejected"], rows);
    let peak = peak(&world, &["undo", "B000001"]);
    assert!(world.workbook("B000001").ends_with("dài__B000001__r2.xlsx"));
    peak
}

#[test]
fn the_workbook_of_a_long_list_takes_little_more_memory_than_that_of_a_short_one() {
    if !require(&python()) {
        return;
    }
    let (short, long) = (peak_of_workbook(2_000), peak_of_workbook(5_000));
    assert!(long < short + MORE_KIB, "{short} KiB for 2,000 rows, {long} KiB for 5,000");
}
