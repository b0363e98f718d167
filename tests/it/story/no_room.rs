//! A full disk: nothing is lost and nothing half-written, and with room again all goes on, once.

use std::{fs, path::PathBuf, process::Command};

use super::lists::{csv, mixed};
use crate::world::{World, skipped};

const SIZE: u64 = 6 * 1024 * 1024;

/// A small disk, taken away with the test.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn at(path: PathBuf) -> Option<SmallDisk> {
        fs::create_dir_all(&path).unwrap();
        let size = format!("size={SIZE}");
        let mount =
            Command::new("mount").args(["-t", "tmpfs", "-o", &size, "tmpfs"]).arg(&path).output();
        mount.is_ok_and(|output| output.status.success()).then_some(SmallDisk(path))
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        let _ = Command::new("umount").arg("-l").arg(&self.0).status();
    }
}

/// Leaves so many bytes free.
fn fill(world: &World, free: usize) {
    let filler = world.path("filler");
    let _ = fs::remove_file(&filler);
    // The disk is full before that; how much was written does not matter.
    let _ = fs::write(&filler, vec![0; usize::try_from(SIZE).unwrap()]);
    let written = fs::metadata(&filler).unwrap().len();
    let keep = written.saturating_sub(free as u64);
    fs::File::options().write(true).open(&filler).unwrap().set_len(keep).unwrap();
}

#[test]
fn a_full_disk_stops_an_import_that_goes_on_when_there_is_room() {
    let world = World::empty();
    let Some(_disk) = SmallDisk::at(world.path("")) else {
        return skipped("no small disk can be mounted here");
    };
    world.run(&["init", world.path("").to_str().unwrap()]).exits(0);
    assert!(world.list("batches").is_empty());
    let path = world.drop_file("khach.csv", &csv(&mixed()));
    let command = ["run", "import", path.to_str().unwrap(), "--json"];
    let mut stops = 0;
    // From no room at all to room for a part of the way.
    for free in [0, 0, 0, 0, 4, 16, 40, 80, 120, 160, 240] {
        fill(&world, free * 1024);
        let ran = world.run(&command);
        if ran.code == 0 {
            break;
        }
        let told = ran.exits(4).json();
        assert_eq!(told["error"]["code"], "disk.full", "{told}");
        assert!(told["error"]["message"].as_str().unwrap().contains("có thể làm tiếp"));
        let lies =
            [world.files_in("inbox"), world.files_in("work"), world.files_in("archive")].concat();
        assert!(lies.iter().any(|name| name.ends_with("khach.csv")), "{lies:?}");
        let half = |name: &String| name.contains(".tmp");
        assert!(!world.files_in("outbox").iter().any(half));
        stops += 1;
    }
    assert!(stops > 3, "more than three stops, and each is forgiven");
    fs::remove_file(world.path("filler")).unwrap();
    world.run(&["run", "import"]).exits(0);
    assert_eq!(world.list("batches").len(), 1);
    assert_eq!(world.list("batches")[0]["state"], "awaiting_confirmation");
    assert_eq!(world.list("orders").len(), 2);
    assert_eq!(world.files_in("archive").len(), 1);
    assert_eq!(world.files_in("outbox"), ["khach__B000001.txt", "khach__B000001__r1.xlsx"]);
}

#[test]
fn a_full_disk_stops_the_mails_and_with_room_they_go_at_once() {
    let world = World::empty();
    let Some(_disk) = SmallDisk::at(world.path("")) else {
        return skipped("no small disk can be mounted here");
    };
    world.run(&["init", world.path("").to_str().unwrap()]).exits(0);
    world.import("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    for free in [0, 4, 16, 40] {
        fill(&world, free * 1024);
        let ran = world.run(&["run", "mail", "--json"]);
        if ran.code == 0 {
            break;
        }
        assert_eq!(ran.exits(4).json()["error"]["code"], "disk.full");
    }
    fs::remove_file(world.path("filler")).unwrap();
    world.run(&["run", "mail"]).exits(0);
    assert!(world.list("mails").iter().all(|mail| mail["state"] == "sent"));
    assert!(!world.files_in("mail").is_empty());
}
