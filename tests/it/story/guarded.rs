//! The guard: a copy of a database, an older one, another one, and one that nobody served for long hold what they had
//! planned until a person says so.

use std::{fs, path::Path, process::Command};

use hangloat::db::Db;

use super::lists::{csv, enterprise, mixed};
use crate::world::{NOW, World, eventually, finished, text};

/// A statement on the database of a world.
pub fn execute(world: &World, sql: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        db.query(sql).execute().await.unwrap();
    });
}

/// Whether a text stands in a column of one value.
fn asked(world: &World, sql: &'static str) -> i64 {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        db.query(sql).one::<(i64,)>().await.unwrap().0
    })
}

/// A placed order whose notices wait.
pub fn placed() -> World {
    let world = World::new();
    world.take("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world
}

/// Another folder as the home of a world's program.
fn at(world: &World, home: &Path, args: &[&str]) -> Command {
    let mut command = world.command(args);
    command.env("HANGLOAT_HOME", home).args(["--now", NOW]);
    command
}

fn copy_all(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let to = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy_all(&entry.path(), &to);
        } else {
            fs::copy(entry.path(), to).unwrap();
        }
    }
}

fn is_sqlite(world: &World) -> bool {
    let is = world.store_url().starts_with("sqlite:");
    if !is {
        println!("skipped: what is copied here is a file");
    }
    is
}

#[test]
fn a_copied_workspace_sends_nothing_until_a_person_says_so_and_the_original_goes_on() {
    let world = placed();
    if !is_sqlite(&world) {
        return;
    }
    let copy = world.outside("copy");
    copy_all(&world.path(""), &copy);
    let held = finished(&mut at(&world, &copy, &["run", "mail", "--json"])).exits(75).json();
    assert_eq!(held["error"]["code"], "held");
    assert!(text(&held["error"], "message").contains("bản sao"), "{held}");
    finished(&mut at(&world, &copy, &["run", "activate"])).exits(75);
    finished(&mut at(&world, &copy, &["activate", "DH-2611-000001"])).exits(75);
    let seen = finished(&mut at(&world, &copy, &["resume", "--json"])).exits(1).json();
    assert_eq!((&seen["hold"]["why"], &seen["confirmed"]), (&"copied".into(), &false.into()));
    let purposes: Vec<String> =
        seen["held"].as_array().unwrap().iter().map(|one| text(one, "purpose")).collect();
    assert!(purposes.contains(&"order_notice".to_owned()), "{seen}");

    world.run(&["run", "mail"]).exits(0);
    world.run(&["resume"]).exits(0);

    let said = finished(&mut at(&world, &copy, &["resume", "--confirm"])).exits(0).stdout;
    assert!(said.contains("Từ giờ được gửi tiếp"), "{said}");
    finished(&mut at(&world, &copy, &["run", "mail"])).exits(0);
    finished(&mut at(&world, &copy, &["resume"])).exits(0);
}

/// What SQLite keeps a database in.
const FILES: [&str; 3] = ["hangloat.db", "hangloat.db-wal", "hangloat.db-shm"];

#[test]
fn an_older_database_that_is_put_back_is_seen_and_doubts_what_it_had_not_sent() {
    let world = placed();
    if !is_sqlite(&world) {
        return;
    }
    let saved = world.outside("saved");
    fs::create_dir_all(&saved).unwrap();
    for name in FILES {
        let _ = fs::copy(world.path(name), saved.join(name));
    }
    world.run(&["run", "mail"]).exits(0);
    let sent = world.files_in("mail");
    for name in FILES {
        match fs::read(saved.join(name)) {
            // Into the same file, as a restore of a backup program does it.
            Ok(bytes) => fs::write(world.path(name), bytes).unwrap(),
            Err(_) => {
                let _ = fs::remove_file(world.path(name));
            }
        }
    }
    world.run(&["run", "mail"]).exits(75);
    let seen = world.run(&["resume", "--json"]).exits(1).json();
    assert_eq!(seen["hold"]["why"], "older");
    assert_eq!(seen["held"], serde_json::json!([]));
    assert!(!seen["uncertain"].as_array().unwrap().is_empty(), "{seen}");
    world.run(&["resume", "--confirm"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(world.files_in("mail"), sent, "nothing went out a second time");
    assert!(world.list("mails").iter().all(|mail| mail["state"] == "uncertain"));
    let file = world.import("khac.csv", &csv(&[enterprise(9)]));
    assert!(text(&file, "batch").as_str() > "B001001", "{file}");
    let order = text(&world.orders()[2], "code");
    assert!(order.as_str() > "DH-2611-001002", "{order}");
}

#[test]
fn another_database_than_the_workspace_knows_is_held_until_a_person_says_so() {
    let world = placed();
    execute(&world, "update instance set instance_id = 'another'");
    world.run(&["run", "mail"]).exits(75);
    let seen = world.run(&["resume", "--json", "--locale", "en"]).exits(1).json();
    assert_eq!(seen["hold"]["why"], "other");
    world.run(&["resume", "--confirm"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert!(world.list("mails").iter().all(|mail| mail["state"] == "sent"));
}

const BEATS: &str = "select count(*) from guard where heartbeat_at is not null";

#[test]
fn commands_and_clocks_that_were_set_leave_no_heartbeat() {
    let world = placed();
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    finished(&mut world.command(&["run", "mail"])).exits(0);
    let runs = world.list("runs").len();
    let daemon = world.serve();
    eventually("the daemon works", || world.list("runs").len() > runs);
    assert!(daemon.stop().success());
    assert_eq!(asked(&world, BEATS), 0);
}

#[test]
fn after_a_long_gap_what_was_planned_before_is_held_and_the_rest_goes_on() {
    let world = World::new();
    // Long ago, on a clock that was set: nobody served then.
    let list = world.outside("khach.csv");
    fs::write(&list, csv(&[enterprise(1)])).unwrap();
    let import = ["run", "import", list.to_str().unwrap(), "--firm", "MINHAN"];
    world.run_at("2026-02-02T09:00:00+07:00", &import).exits(0);
    world.run_at("2026-02-02T09:00:00+07:00", &["confirm", "DH-2602-000001"]).exits(0);
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    execute(&world, "update mail set state = 'planned', sent_at = null");
    execute(&world, "update guard set heartbeat_at = '2026-02-03 00:00:00+00:00'");
    if is_sqlite(&world) {
        execute(&world, "update guard set heartbeat_at = '2026-02-03T00:00:00+00:00'");
    }

    let daemon = world.serve_now();
    eventually("the gap is noticed", || world.log().contains("is held until"));
    world.drop_file("moi.csv", &csv(&[enterprise(2)]));
    eventually("what is new is sent", || {
        world.list("mails").iter().any(|mail| mail["state"] == "sent")
    });
    assert!(daemon.stop().success());
    assert_eq!(asked(&world, BEATS), 1);
    let state = |code: &str| {
        let mails = world.list("mails");
        let of: Vec<String> = mails
            .iter()
            .filter(|mail| text(mail, "subject").contains(code))
            .map(|mail| text(mail, "state"))
            .collect();
        of
    };
    assert!(state("DH-2602-000001").iter().all(|state| state == "planned"), "{:?}", world.mails());
    let bell = world.list("notifications");
    assert!(bell.iter().any(|it| it["kind"] == "effects_held"), "{bell:?}");
    let seen = world.run(&["resume", "--json"]).exits(1).json();
    assert_eq!(seen["hold"]["why"], "gap");
    let said = finished(&mut world.command(&["run", "mail"])).exits(75);
    assert!(said.stderr.contains("hangloat resume"), "{said:?}");
    world.run(&["resume", "--confirm"]).exits(0);
    finished(&mut world.command(&["run", "mail"])).exits(0);
    assert!(state("DH-2602-000001").iter().all(|state| state == "sent"));
}

#[test]
fn of_two_that_serve_the_older_version_takes_no_work() {
    let world = World::new();
    let (sqlite, postgres) = (
        "insert into server (holder, version, beat_at) values ('there/x/1/1', '99.0.0', '2999-01-01T00:00:00+00:00')",
        "insert into server (holder, version, beat_at) values ('there/x/1/1', '99.0.0', '2999-01-01 00:00:00+00')",
    );
    world.run(&["jobs"]).exits(0);
    execute(&world, if is_sqlite(&world) { sqlite } else { postgres });
    let daemon = world.serve_now();
    eventually("it sees the newer one", || world.log().contains("takes no more work"));
    world.drop_file("khach.csv", &csv(&mixed()));
    assert!(daemon.stop().success());
    assert!(world.list("batches").is_empty());
    assert_eq!(world.files_in("inbox"), ["khach.csv"]);
    execute(&world, "delete from server");
    let daemon = world.serve_now();
    eventually("it is taken by the only one", || !world.list("batches").is_empty());
    assert!(daemon.stop().success());
}

#[test]
fn a_program_that_is_older_than_its_database_leaves_it_alone() {
    let world = placed();
    let known = "insert into _sqlx_migrations (version, description, success, checksum, execution_time)
                 select 9999, 'later', success, checksum, 0 from _sqlx_migrations where version = 1";
    execute(&world, known);
    let said = world.run(&["run", "mail", "--json"]).exits(78).json();
    assert!(text(&said["error"], "fix").contains("phiên bản mới"), "{said}");
}
