//! Files that end the program each time, and an archive that cannot be written: the others go on.

use std::fs;

use super::lists::{csv, enterprise, mixed};
use crate::world::{World, text};

#[test]
fn a_file_that_ends_the_program_three_times_is_set_aside_and_the_others_go_on() {
    for point in ["registered", "read"] {
        let world = World::new();
        let path = world.drop_file("doc.csv", &csv(&mixed()));
        let command = ["run", "import", path.to_str().unwrap()];
        for _ in 0..3 {
            assert!(world.is_killed_at(point, &command), "at {point}");
        }
        let other = world.drop_file("khac.csv", &csv(&[enterprise(7)]));
        let ran = world.run(&["run", "import", other.to_str().unwrap(), "--json"]).exits(1);
        let files = ran.json()["files"].clone();
        let of = |name: &str| {
            let files = files.as_array().unwrap();
            files
                .iter()
                .find(|file| file["file"] == name)
                .unwrap_or_else(|| panic!("{files:?}"))
                .clone()
        };
        assert_eq!(of("khac.csv")["outcome"], "accepted");
        let aside = of("doc.csv");
        assert_eq!(aside["outcome"], "rejected");
        assert_eq!(aside["findings"][0]["code"], "file.unreadable");
        assert!(text(&aside["findings"][0], "message").contains('3'), "{aside}");
        let batch = text(&aside, "batch");
        let receipt = fs::read_to_string(world.path(&format!("outbox/doc__{batch}.txt"))).unwrap();
        assert!(receipt.contains("3 lần"), "{receipt}");
        assert_eq!(world.files_in("archive").len(), 2);
        assert!(world.files_in("work").is_empty());
    }
}

#[test]
fn a_list_whose_answer_ends_the_program_stays_ordered() {
    let world = World::new();
    let path = world.drop_file("khach.csv", &csv(&mixed()));
    let command = ["run", "import", path.to_str().unwrap()];
    for _ in 0..3 {
        assert!(world.is_killed_at("workbook", &command));
    }
    world.run(&["run", "import"]).exits(0);
    assert_eq!(world.list("batches")[0]["state"], "awaiting_confirmation");
    assert_eq!((world.list("orders").len(), world.files_in("archive").len()), (2, 1));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    assert!(world.workbook("B000001").exists(), "a change asks for a workbook again");
}

#[test]
fn an_archive_that_cannot_be_written_runs_nothing_again() {
    let world = World::new();
    fs::create_dir_all(world.path("archive")).unwrap();
    fs::write(world.path("archive/2026-11"), "in the way").unwrap();
    let file = world.take("khach.csv", &csv(&mixed()));
    assert_eq!((&file["exit"], &file["outcome"]), (&0.into(), &"accepted".into()));
    assert_eq!(world.files_in("work"), ["B000001__khach.csv"]);
    let before = ["orders", "batches", "notifications"].map(|list| world.list(list));
    world.run(&["run", "import"]).exits(0);
    assert_eq!(["orders", "batches", "notifications"].map(|list| world.list(list)), before);

    fs::remove_file(world.path("archive/2026-11")).unwrap();
    world.run(&["run", "import"]).exits(0);
    assert_eq!(world.files_in("archive"), ["2026-11/B000001__khach.csv"]);
    assert!(world.files_in("work").is_empty());
    assert_eq!(["orders", "batches", "notifications"].map(|list| world.list(list)), before);
}
