//! The same bytes a second time: an answer, and no second effect.
//! What an interruption does is told in `killed`.

use super::lists::{csv, mixed};
use crate::world::{FIRM, World};

#[test]
fn the_same_list_twice_is_a_duplicate_and_doubles_nothing() {
    let world = World::new();
    let first = world.import("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let before = ["orders", "licences", "mails", "notifications"].map(|list| world.list(list));
    let lines = world.orders();

    // By another name, and through the inbox: bytes count, not names or places.
    let second = world.take("khach (2).csv", &csv(&mixed()));
    assert_eq!((&second["outcome"], &second["exit"]), (&"duplicate".into(), &0.into()));
    assert_eq!(second["duplicate_of"], first["batch"]);
    let third = world.import("khach.csv", &csv(&mixed()));
    assert_eq!(third["duplicate_of"], first["batch"], "the first, not the one before");

    assert_eq!(
        ["orders", "licences", "mails", "notifications"].map(|list| world.list(list)),
        before
    );
    assert_eq!(world.orders(), lines);
    assert_eq!(world.list("batches").len(), 3, "every file taken gets a number");
    assert_eq!(world.files_in("inbox"), Vec::<String>::new());
    assert_eq!(world.files_in("archive").len(), 3);
}

#[test]
fn a_list_with_one_more_row_brings_only_that_row() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    let mut more = mixed();
    more.push(super::lists::enterprise(3));
    let file = world.import("khach.csv", &csv(&more));
    assert_eq!((&file["rows"]["unchanged"], &file["rows"]["accepted"]), (&4.into(), &1.into()));
    assert_eq!(file["exit"], 0);
    let orders = world.orders();
    assert_eq!(orders.len(), 3);
    assert_eq!(orders[2]["lines"].as_array().unwrap().len(), 1);
}

#[test]
fn what_was_done_already_is_done_without_an_effect() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    for _ in 0..2 {
        world.run(&["confirm", "DH-2611-000001"]).exits(0);
    }
    for _ in 0..2 {
        world.run(&["activate", "DH-2611-000001"]).exits(0);
    }
    for sent in [6, 0] {
        let ran = world.run(&["run", "mail", "--json"]).exits(0).json();
        assert_eq!(ran["runs"][0]["counts"]["sent"], sent);
    }
    assert_eq!(world.list("licences").len(), 2);
    assert_eq!(world.files_in("mail").len(), 6);
    let path = world.outside("khach.csv");
    assert!(path.is_file(), "a file from outside is left alone");
    let args = ["check", path.to_str().unwrap(), "--firm", FIRM, "--json"];
    let rows = &world.run(&args).exits(0).json()["files"][0]["rows"];
    assert_eq!(rows["unchanged"], 4);
}
