//! The same steps at the same time make the same bytes.

use super::lists::{csv, enterprise, mixed};
use crate::world::World;

/// A list with something to fix, so that every sheet is there.
fn workbook(world: &World) -> Vec<u8> {
    let mut clients = mixed();
    clients.push(enterprise(3).with("E", "lienhe@gmial.com"));
    world.import("khach.csv", &csv(&clients));
    std::fs::read(world.workbook("B000001")).unwrap()
}

#[test]
fn the_same_list_in_two_workspaces_of_one_key_makes_the_same_workbook() {
    let first = World::new();
    let second = first.twin();
    let (one, other) = (workbook(&first), workbook(&second));
    assert!(one == other, "two workbooks of {} and {} bytes differ", one.len(), other.len());
}

#[test]
fn a_workbook_of_another_workspace_bears_another_signature() {
    assert_ne!(workbook(&World::new()), workbook(&World::new()));
}

#[test]
fn a_repeated_check_replaces_its_workbook_by_the_same_bytes() {
    let world = World::new();
    let path = world.outside("khach.csv");
    std::fs::write(&path, csv(&mixed())).unwrap();
    let check = || {
        world.run(&["check", path.to_str().unwrap(), "--firm", "MINHAN"]).exits(0);
        let files = world.files_in("outbox");
        assert_eq!(files.len(), 1);
        std::fs::read(world.path("outbox").join(&files[0])).unwrap()
    };
    assert_eq!(check(), check());
}
