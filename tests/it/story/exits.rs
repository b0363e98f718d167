//! Exit codes, and errors that say where, what and what to do.

use serde_json::Value;

use super::lists::{csv, mixed};
use crate::world::{FIRM, Ran, World, eventually, signal, text};

fn imported() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    world
}

/// The error of a command that could not run.
#[track_caller]
fn error(ran: Ran, exit: i32) -> Value {
    let answer = ran.exits(exit).json();
    assert_eq!(answer["exit"], exit);
    for name in ["code", "message", "place", "fix"] {
        assert!(answer["error"].get(name).is_some(), "no {name} in {answer}");
    }
    answer["error"].clone()
}

#[test]
fn what_is_not_there_is_a_matter_of_usage() {
    let world = imported();
    for args in [
        ["orders", "DH-2611-999999"],
        ["confirm", "DH-2611-999999"],
        ["activate", "DH-2611-999999"],
        ["batches", "B999999"],
        ["mails", "999999"],
        ["runs", "999999"],
        ["run", "no-such-job"],
        ["check", "no-such-file.csv"],
    ] {
        let error = error(world.run(&[&args[..], &["--json"]].concat()), 2);
        assert!(error["fix"].is_string(), "{args:?}: {error}");
    }
    error(world.run(&["orders", "no-order-code", "--json"]), 2);
    error(world.run(&["fly", "--json"]), 2);
}

#[test]
fn a_number_that_is_none_is_told_with_what_is_expected() {
    let world = World::new();
    let reason = ["--reason", "x", "--json"];
    for (args, said) in [
        ([&["payments", "abc"][..], &["--json"]].concat(), "không phải số của một khoản"),
        ([&["refund", "5", "-1"][..], &reason].concat(), "`-1` không phải số tiền"),
        ([&["refund", "5", "1x"][..], &reason].concat(), "số tiền viết như 2950000"),
        ([&["waive", "HLACDEFGHJ", "-1"][..], &reason].concat(), "để trống số tiền"),
        ([&["runs", "abc"][..], &["--json"]].concat(), "ở đây cần một số"),
    ] {
        let error = error(world.run(&args), 2);
        assert!(text(&error, "message").contains(said), "{args:?}: {error}");
    }
}

#[test]
fn a_file_from_outside_must_say_whose_it_is() {
    let world = World::new();
    let path = world.outside("khach.csv");
    std::fs::write(&path, csv(&mixed())).unwrap();
    let path = path.to_str().unwrap();
    let said = error(world.run(&["run", "import", path, "--json"]), 2);
    assert!(text(&said, "fix").contains("--firm"));
    error(world.run(&["run", "import", path, "--firm", "NOBODY", "--json"]), 2);
    assert!(world.list("batches").is_empty());
    world.run(&["run", "import", path, "--firm", FIRM]).exits(0);
}

#[test]
fn an_action_that_the_state_forbids_changes_nothing() {
    let world = imported();
    let said = error(world.run(&["activate", "DH-2611-000001", "--json"]), 1);
    assert_eq!(said["code"], "state.not_allowed");
    // Of several orders none is activated when one may not be.
    world.run(&["confirm", "DH-2611-000002"]).exits(0);
    error(world.run(&["activate", "DH-2611-000002", "DH-2611-000001", "--json"]), 1);
    assert!(world.list("licences").is_empty());
}

#[test]
fn with_maker_checker_nobody_confirms_without_the_code_of_another() {
    let world = imported();
    world.rewrite("hangloat.toml", "# maker_checker = false", "maker_checker = true");
    let said = error(world.run(&["confirm", "DH-2611-000001", "--json"]), 1);
    assert_eq!(said["code"], "state.not_allowed");
    error(world.run(&["confirm", "DH-2611-000001", "--by", "ai@khac.example", "--json"]), 2);
    let by = ["confirm", "DH-2611-000001", "--by", "binh@minhan.example", "--json"];
    assert_eq!(error(world.run(&by), 1)["code"], "state.not_allowed");
}

#[test]
fn a_job_that_runs_already_is_not_run_twice() {
    let world = World::new();
    world.drop_file("khach.csv", &csv(&mixed()));
    // Without FILE it looks twice, two seconds apart; stopped between, it holds the job for as long as we like.
    let mut first = world.command(&["run", "import", "--quiet"]).spawn().unwrap();
    eventually("the first run holds the job", || {
        world.list("runs").first().is_some_and(|run| run["state"] == "running")
    });
    signal("-STOP", &first);
    let said = error(world.run(&["run", "import", "--json"]), 75);
    signal("-CONT", &first);
    assert!(said["fix"].is_string());
    assert!(first.wait().unwrap().success());
    assert_eq!(world.list("orders").len(), 2);
    assert_eq!(world.list("runs").len(), 1);
}

#[test]
fn first_commands_at_the_same_time_all_find_the_tables() {
    let world = World::new();
    let start = |_| world.command(&["orders", "--quiet"]).spawn().unwrap();
    let children: Vec<_> = (0..6).map(start).collect();
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
}

#[test]
fn outside_a_workspace_the_program_says_how_to_make_one() {
    let world = World::empty();
    std::fs::create_dir_all(world.path("")).unwrap();
    let said = error(world.run(&["orders", "--json"]), 78);
    assert!(text(&said, "fix").contains("init"), "{said}");
}

/// Runs `orders`, which must fail for a file's sake; the error.
#[track_caller]
fn misconfigured(world: &World, file: &str, line: usize, nearest: &str) {
    let said = error(world.run(&["run", "import", "--json"]), 78);
    assert_eq!(said["code"], "configuration");
    let place = text(&said, "place");
    assert!(place.starts_with(&format!("{file}:{line}:")), "{place} is not {file}:{line}");
    assert!(place.rsplit(':').next().unwrap().parse::<u32>().is_ok(), "{place} has a column");
    assert!(text(&said, "fix").contains(nearest), "{said}");
    let people = world.run(&["run", "import"]).exits(78);
    assert!(people.stderr.contains(&place) && people.stderr.contains(nearest), "{people:?}");
    assert!(people.stdout.is_empty());
}

fn line_of(world: &World, file: &str, what: &str) -> usize {
    let text = std::fs::read_to_string(world.path(file)).unwrap();
    1 + text.lines().position(|line| line.contains(what)).unwrap()
}

#[test]
fn an_unknown_key_is_named_with_its_place_and_the_nearest_known_one() {
    for (file, from, to, nearest) in [
        ("hangloat.toml", "# per_day = 0", "per_dya = 5", "per_day"),
        ("hangloat.toml", "[operator]", "[opertor]", "operator"),
        ("jobs/import.toml", "confirm = \"ask\"", "confrim = \"ask\"", "confirm"),
        ("jobs/mail.toml", "schedule = ", "shedule = ", "schedule"),
        ("jobs/catalogue/packages.toml", "family = \"ASP\"", "famly = \"ASP\"", "family"),
    ] {
        let world = World::new();
        world.rewrite(file, from, to);
        let wrong = to.split(['=', '[', ']']).find(|part| !part.is_empty()).unwrap().trim();
        misconfigured(&world, file, line_of(&world, file, wrong), nearest);
    }
}

#[test]
fn a_value_that_cannot_be_is_named_with_its_place() {
    for (file, from, to) in [
        ("hangloat.toml", "# timezone = \"Asia/Ho_Chi_Minh\"", "timezone = \"Asia/Saigonn\""),
        ("jobs/import.toml", "confirm = \"ask\"", "confirm = \"perhaps\""),
        ("jobs/mail.toml", "schedule = \"@every 30s\"", "schedule = \"every now and then\""),
        ("jobs/catalogue/packages.toml", "amount = 2_950_000", "amount = -1"),
    ] {
        let world = World::new();
        world.rewrite(file, from, to);
        let said = error(world.run(&["run", "import", "--json"]), 78);
        let line = line_of(&world, file, to);
        assert!(text(&said, "place").starts_with(&format!("{file}:{line}:")), "{said}");
    }
}

#[test]
fn a_reader_that_goes_away_is_no_bug() {
    use std::process::Stdio;
    let world = imported();
    let mut child = world
        .command(&["orders", "--json"])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    let output = child.wait_with_output().unwrap();
    assert!(!String::from_utf8_lossy(&output.stderr).contains("panicked"), "{output:?}");
}
