//! The daemon: what is dropped is taken, answered and archived, and where nobody need be asked it goes to the end.

use std::fs;

use super::{
    lists::{csv, mixed},
    refused::with_a_second_firm,
};
use crate::world::{FIRM, World, eventually, text};

#[test]
fn a_dropped_list_is_taken_answered_and_archived_while_the_daemon_runs() {
    let world = World::new();
    let daemon = world.serve();
    world.drop_file("khach.csv", &csv(&mixed()));
    eventually("the list is answered", || {
        world.list("batches").first().is_some_and(|batch| batch["state"] == "awaiting_confirmation")
            && world.files_in("archive").len() == 1
    });
    eventually("the run is over", || world.list("runs")[0]["state"] == "succeeded");
    let ended = daemon.stop();
    assert!(ended.success(), "{ended}: {}", world.log());
    // A daemon that runs may be writing its status file under another name.
    assert!(world.files_in("inbox").is_empty());
    let outbox = ["_TRANG-THAI.txt", "khach__B000001.txt", "khach__B000001__r1.xlsx"];
    assert_eq!(world.files_in("outbox"), outbox);
    assert_eq!(world.files_in("work"), [""; 0]);
    let runs = world.list("runs");
    assert!(runs.iter().all(|run| run["state"] == "succeeded"), "{runs:?}: {}", world.log());
}

#[test]
fn a_file_in_the_outbox_says_that_the_daemon_lives_what_waits_and_what_was_answered_last() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&mixed()));
        world.drop_file("trong.csv", b"");
        let said = || fs::read_to_string(world.path("outbox/_TRANG-THAI.txt")).unwrap_or_default();
        let daemon = world.serve();
        eventually("it says that it lives", || said().contains("đang chạy, lúc 23/11/2026 08:3"));
        let alive = said();
        for words in [
            "Đang chờ trong inbox: 0 tệp",
            "Đang xử lý: 0 tệp",
            "trong.csv: tệp trống",
            "khach.csv (B000001): Chờ xác nhận, xem khach__B000001__r1.xlsx",
        ] {
            assert!(alive.contains(words), "no {words} in {alive}");
        }
        assert!(daemon.stop().success());
        assert!(said().contains("đã dừng lúc 23/11/2026 08:3"), "{}", said());
    }
}

#[test]
fn with_several_firms_each_is_told_of_its_own_files_alone() {
    let world = World::new();
    with_a_second_firm(&world);
    world.take("MINHAN/mot.csv", &csv(&mixed()));
    let said = |file: &str| fs::read_to_string(world.path(file)).unwrap_or_default();
    let daemon = world.serve();
    eventually("all is told", || !said("outbox/_TRANG-THAI.txt").is_empty());
    assert!(daemon.stop().success());
    assert!(said("outbox/MINHAN/_TRANG-THAI.txt").contains("mot.csv"));
    for other in ["outbox/HOAPHAT/_TRANG-THAI.txt", "outbox/_TRANG-THAI.txt"] {
        let said = said(other);
        assert!(said.contains("đã dừng lúc") && !said.contains("mot.csv"), "{other}: {said}");
    }
}

/// Whole ones: a mail has another name while it is written.
fn letters(world: &World) -> usize {
    let whole =
        |file: &&String| std::path::Path::new(file).extension().is_some_and(|end| end == "eml");
    world.files_in("mail").iter().filter(whole).count()
}

#[test]
fn with_everything_automatic_a_list_goes_all_the_way_to_its_mails() {
    let world = World::new();
    world.rewrite("jobs/import.toml", "confirm = \"ask\"", "confirm = \"auto\"");
    world.rewrite("jobs/import.toml", "activate = \"ask\"", "activate = \"auto\"");
    world.rewrite("jobs/activate.toml", "@every 5m", "@every 2s");
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    let daemon = world.serve();
    world.drop_file("khach.csv", &csv(&mixed()));
    // Each client: a notice, a log-in, and the firm's copy of it; what became of the list, and of each activation.
    eventually("all mails", || letters(&world) == 15);
    eventually("all are known as sent", || {
        world.list("mails").iter().all(|mail| mail["state"] == "sent")
    });
    assert!(daemon.stop().success());
    assert_eq!(world.list("licences").len(), 4);
    assert!(world.list("orders").iter().all(|order| order["state"] == "placed"));
    assert_eq!(world.files_in("mail").len(), 15);
}

#[test]
fn what_is_not_meant_for_us_or_not_whole_is_left_alone() {
    let world = World::new();
    let list = csv(&mixed());
    let foreign = [
        "~$khach.xlsx",
        ".khach.csv",
        "khach.tmp",
        "khach.part",
        "khach.crdownload",
        "Thumbs.db",
        "desktop.ini",
    ];
    for name in foreign {
        world.drop_file(name, &list);
    }
    world.drop_file("rong.csv", b"");
    // Open in Excel: its owner file lies beside it.
    world.drop_file("dang-mo.csv", &list);
    world.drop_file("~$dang-mo.csv", b"Lan");
    let mut left = world.files_in("inbox");
    let daemon = world.serve();
    // What comes after them is taken, so they were seen.
    world.drop_file("z.csv", &csv(&mixed()[..2]));
    eventually("the list is taken", || !world.list("batches").is_empty());
    eventually("it is archived", || world.files_in("archive").len() == 1);
    left.sort();
    assert_eq!(world.files_in("inbox"), left);

    fs::remove_file(world.path("inbox/~$dang-mo.csv")).unwrap();
    fs::write(world.path("inbox/rong.csv"), csv(&mixed()[2..])).unwrap();
    eventually("closed and filled files are taken", || world.files_in("archive").len() == 3);
    assert!(daemon.stop().success());
    assert_eq!(world.list("batches").len(), 3);
}

#[test]
fn a_daemon_that_serves_goes_on_with_what_another_process_had_begun_when_it_was_killed() {
    let world = World::new();
    let daemon = world.serve();
    fs::write(world.outside("khach.csv"), csv(&mixed())).unwrap();
    assert!(world.is_killed_at("staged", &["run", "import", "khach.csv", "--firm", FIRM]));
    eventually("the list is answered", || world.files_in("archive").len() == 1);
    assert!(daemon.stop().success());
    assert_eq!((world.list("batches").len(), world.list("orders").len()), (1, 2));
}

#[test]
fn a_daemon_goes_on_with_what_a_killed_one_had_begun() {
    let world = World::new();
    world.drop_file("khach.csv", &csv(&mixed()));
    assert!(world.is_killed_at("staged", &["run", "import", "home/inbox/khach.csv"]));
    let daemon = world.serve();
    eventually("the list is answered", || world.files_in("archive").len() == 1);
    assert!(daemon.stop().success());
    let states: Vec<String> = world.list("runs").iter().map(|run| text(run, "state")).collect();
    assert!(states.contains(&"interrupted".to_owned()), "{states:?}");
    assert_eq!(world.list("orders").len(), 2);
}
