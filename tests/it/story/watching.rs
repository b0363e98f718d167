//! What people see of the program at work: jobs and their runs, and how far a long step is.

use serde_json::{Value, json};

use super::lists::{csv, enterprise, household};
use crate::world::{FIRM, World, text};

fn job(world: &World, name: &str) -> Value {
    world.list("jobs").into_iter().find(|job| job["name"] == name).unwrap()
}

#[test]
fn a_job_shows_when_it_runs_next_here_and_how_it_ended_last() {
    let world = World::new();
    assert_eq!(job(&world, "report")["next"], "2026-11-24T07:30:00+07:00");
    assert_eq!(job(&world, "report")["last_run"], Value::Null);
    world.import("khach.csv", &csv(&[enterprise(1), household(1).with("F", "113")]));
    let import = job(&world, "import");
    assert_eq!(
        (&import["next"], &import["last"]),
        (&Value::Null, &"2026-11-23T08:30:00+07:00".into())
    );
    let last = &import["last_run"];
    assert_eq!((&last["state"], &last["attempt"]), (&"completed_with_rejects".into(), &1.into()));
    assert_eq!((&last["counts"]["accepted"], &last["seconds"]), (&1.into(), &json!(0.0)), "{last}");
    let human = world.run(&["jobs"]).exits(0).stdout;
    for said in ["24/11/2026 07:30:00", "Xong, có việc cần xem: nhận 1", "báo cáo buổi sáng"]
    {
        assert!(human.contains(said), "no {said} in\n{human}");
    }
}

#[test]
fn a_run_shows_each_of_its_files_with_steps_rows_and_findings() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), household(1).with("F", "113")]));
    let id = world.list("runs")[0]["id"].to_string();
    let run = world.run(&["runs", &id, "--json"]).exits(0).json()["runs"][0].clone();
    let file = &run["files"][0];
    assert_eq!((&file["batch"], &file["file"]), (&"B000001".into(), &"khach.csv".into()), "{run}");
    assert_eq!(file["rows"]["accepted"], 1);
    assert!(file["findings"]["error"].as_i64().unwrap() > 0, "{file}");
    assert!(text(file, "workbook").ends_with("khach__B000001__r1.xlsx"));
    let steps = file["steps"].as_array().unwrap();
    assert!(steps.iter().all(|step| step["done"] == true), "{file}");
    assert_eq!(steps[0]["at"], "2026-11-23T08:30:00+07:00");
    let human = world.run(&["runs", &id]).exits(0).stdout;
    assert!(human.contains("nhận → đọc → kiểm tra → trả kết quả → lưu trữ"), "{human}");
    assert!(human.contains("1/2"), "{human}");
    let english = world.run(&["runs", &id, "--locale", "en"]).exits(0).stdout;
    assert!(english.contains("taken → read → checked"), "{english}");
}

#[test]
fn progress_is_told_on_stderr_where_it_is_asked_for_and_nowhere_else() {
    let world = World::new();
    let path = world.outside("khach.csv");
    std::fs::write(&path, csv(&[enterprise(1)])).unwrap();
    let check = ["check", path.to_str().unwrap(), "--firm", FIRM];
    let silent = world.run(&check).exits(0);
    assert_eq!(silent.stderr, "", "nobody looks");
    let told = world.run(&[&check[..], &["--progress", "plain"]].concat()).exits(0);
    assert_eq!(told.stdout, silent.stdout);
    for step in ["Đọc tệp …", "Kiểm tra …", "Ghi tệp kết quả …"] {
        assert!(told.stderr.contains(step), "no {step} in\n{}", told.stderr);
    }
    let off = world.run(&[&check[..], &["--progress", "off"]].concat()).exits(0);
    assert_eq!(off.stderr, "");
    let json = world.run(&[&check[..], &["--progress", "plain", "--json"]].concat()).exits(0);
    assert_eq!(json.stderr, "");
}
