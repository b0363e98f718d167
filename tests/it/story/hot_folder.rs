//! How files arrive: slowly, by way of temporary names, with old times, replaced, as links, for two at once.
//! Each is taken once, and whole.

use std::{
    fs::{self, File},
    io::Write,
    os::unix::fs::symlink,
    process::Stdio,
    thread::sleep,
    time::{Duration, SystemTime},
};

use super::lists::{Client, csv, enterprise};
use crate::world::{Daemon, Ran, World, eventually, finished, text};

/// A list of the enterprises with these numbers.
fn list(numbers: impl IntoIterator<Item = u32>) -> Vec<u8> {
    csv(&numbers.into_iter().map(enterprise).collect::<Vec<Client>>())
}

/// The rows of every batch, by the name of its file.
fn taken(world: &World) -> Vec<(String, i64)> {
    let rows = |batch: &serde_json::Value| batch["rows"]["total"].as_i64().unwrap_or_default();
    let batches = world.list("batches");
    let mut taken: Vec<_> =
        batches.iter().map(|batch| (text(batch, "file"), rows(batch))).collect();
    taken.sort();
    taken
}

/// A file is in the archive a moment before its run is over.
fn end_well<const N: usize>(world: &World, daemons: [Daemon; N]) {
    let succeeded = || world.list("runs").iter().all(|run| text(run, "state") == "succeeded");
    eventually("all runs succeed", succeeded);
    for mut daemon in daemons {
        assert_eq!(daemon.ended(), None, "by itself: {}", world.log());
        let ended = daemon.stop();
        assert!(ended.success(), "{ended}");
    }
    assert!(succeeded(), "{:?}", world.list("runs"));
    assert!(world.files_in("inbox").is_empty() && world.files_in("work").is_empty());
}

#[test]
fn however_a_file_arrives_it_is_taken_once_and_whole() {
    let world = World::new();
    let daemon = world.serve();
    // Saved by Office: a temporary file, then a rename.
    let temporary = world.drop_file("D3F1A2.tmp", &list([11, 12]));
    fs::rename(&temporary, world.path("inbox/office.csv")).unwrap();
    eventually("the daemon takes files", || !world.path("inbox/office.csv").exists());
    // Copied with its time.
    let old = world.outside("cu.csv");
    fs::write(&old, list([21])).unwrap();
    let long_ago = SystemTime::now() - Duration::from_hours(24 * 900);
    File::options().write(true).open(&old).unwrap().set_modified(long_ago).unwrap();
    fs::rename(&old, world.path("inbox/cu.csv")).unwrap();
    // Replaced before it was taken.
    world.drop_file("thay.csv", &list([31]));
    sleep(Duration::from_millis(500));
    let newer = world.outside("thay.csv");
    fs::write(&newer, list([32, 33, 34])).unwrap();
    fs::rename(&newer, world.path("inbox/thay.csv")).unwrap();
    // Copied slowly: it stalls for longer than a file must look the same, and is still open.
    let mut slow = File::create(world.path("inbox/cham.csv")).unwrap();
    for (n, piece) in list(41..=60).chunks(600).enumerate() {
        slow.write_all(piece).unwrap();
        sleep(Duration::from_millis(if n == 1 { 2_600 } else { 50 }));
    }
    drop(slow);

    let whole = [("cham.csv", 20), ("cu.csv", 1), ("office.csv", 2), ("thay.csv", 3)];
    let whole: Vec<(String, i64)> =
        whole.iter().map(|(name, rows)| ((*name).to_owned(), *rows)).collect();
    eventually("all are taken", || world.files_in("archive").len() == 4);
    assert_eq!(taken(&world), whole);
    end_well(&world, [daemon]);
}

#[test]
fn a_small_list_has_its_receipt_and_is_archived_while_the_daemon_runs() {
    let world = World::new();
    let daemon = world.serve();
    // Settled in: the first list is answered.
    world.drop_file("a.csv", &list([1]));
    eventually("the first is answered", || world.files_in("archive").len() == 1);
    world.drop_file("khach.csv", &list(100..150));
    let receipt = world.path("outbox/khach__B000002.txt");
    eventually("the receipt is there", || receipt.exists());
    eventually("it is archived", || world.files_in("archive").len() == 2);
    end_well(&world, [daemon]);
}

#[test]
fn of_two_machines_on_one_folder_one_takes_each_file() {
    let (one, other) = (World::new(), World::new());
    for n in 0..20 {
        one.drop_file(&format!("khach-{n:02}.csv"), &list([n + 1]));
    }
    let inbox = one.path("inbox");
    let start = |world: &World| {
        let mut command = world.command(&["run", "import", "--json"]);
        command.env("HANGLOAT_FILES__INBOX", &inbox);
        command.stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
    };
    let both = [start(&one), start(&other)];
    for mut child in both {
        assert!(child.wait().unwrap().success(), "who comes too late goes on quietly");
    }
    let mut all = [taken(&one), taken(&other)].concat();
    all.sort();
    let expected: Vec<_> = (0..20).map(|n| (format!("khach-{n:02}.csv"), 1)).collect();
    assert_eq!(all, expected);
    assert!(one.files_in("inbox").is_empty());
}

#[test]
fn of_two_daemons_on_one_workspace_one_takes_each_file() {
    let world = World::new();
    let daemons = [world.serve(), world.serve()];
    for n in 0..20 {
        world.drop_file(&format!("khach-{n:02}.csv"), &list([n + 1]));
    }
    eventually("all are taken", || world.files_in("archive").len() == 20);
    assert_eq!(taken(&world).len(), 20);
    end_well(&world, daemons);
}

#[test]
fn what_is_left_alone_is_told_with_the_reason() {
    let world = World::new();
    world.drop_file("danh-sach.csv", &list([1]));
    world.drop_file("~$nh-sach.csv", b"Lan");
    world.drop_file("libre.csv", &list([2]));
    world.drop_file(".~lock.libre.csv#", b"Lan");
    world.drop_file("rong.csv", b"");
    world.drop_file("tai.csv.crdownload", &list([3]));
    let secret = world.outside("secret.csv");
    fs::write(&secret, list([4])).unwrap();
    symlink(&secret, world.path("inbox/link.csv")).unwrap();
    fs::create_dir(world.outside("elsewhere")).unwrap();
    fs::write(world.outside("elsewhere/in.csv"), list([5])).unwrap();
    symlink(world.outside("elsewhere"), world.path("inbox/folder")).unwrap();

    let ran = world.run(&["run", "import"]).exits(0);
    assert!(world.list("batches").is_empty());
    for (name, why) in [
        ("danh-sach.csv", "open in an office program"),
        ("libre.csv", "open in an office program"),
        ("rong.csv", "empty"),
        ("tai.csv.crdownload", "not finished"),
        ("link.csv", "is a link"),
        ("folder", "is a link"),
    ] {
        let told = |line: &str| line.contains(&format!("inbox/{name}: ")) && line.contains(why);
        assert!(ran.stderr.lines().any(told), "{name}: {}", ran.stderr);
    }
    for named in ["inbox/link.csv", "inbox/folder/in.csv"] {
        let path = world.path(named);
        world.run(&["run", "import", path.to_str().unwrap()]).exits(2);
    }
    // Beside the inbox, by a way through it.
    fs::write(world.path("beside.csv"), list([6])).unwrap();
    let around = world.path("inbox/../beside.csv");
    world.run(&["run", "import", around.to_str().unwrap()]).exits(2);
    assert!(secret.exists() && world.path("beside.csv").exists());
}

#[test]
fn odd_names_become_readable_ones_and_nobody_loses_a_file() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt};
    let world = World::new();
    let long = [&[b'x'; 251][..], b".csv"].concat();
    let names: [&[u8]; 6] = [
        b"kh\xe1ch.csv",
        b"a\nb.csv",
        b"-rf.csv",
        &long,
        "h\u{f2}a.csv".as_bytes(),
        "ho\u{300}a.csv".as_bytes(),
    ];
    for (n, name) in (1..).zip(names) {
        fs::write(world.path("inbox").join(OsStr::from_bytes(name)), list([n])).unwrap();
    }
    // An archive that knows another database's first batch.
    let strange = world.path("archive/2026-11/B000001__-rf.csv");
    fs::create_dir_all(strange.parent().unwrap()).unwrap();
    fs::write(&strange, "older").unwrap();

    world.run(&["run", "import"]).exits(0);
    assert_eq!(world.list("batches").len(), 6);
    let archive = world.files_in("archive");
    assert_eq!(archive.len(), 7, "{archive:?}");
    assert!(archive.iter().any(|name| name == "2026-11/B000001__-rf (2).csv"), "{archive:?}");
    assert_eq!(fs::read(&strange).unwrap(), b"older");
    assert!(archive.iter().all(|name| !name.contains('\n')));
    assert!(world.files_in("inbox").is_empty() && world.files_in("work").is_empty());
}

#[test]
fn a_folder_that_cannot_be_used_stops_at_the_start_and_says_how_to_mend_it() {
    for folder in ["inbox", "outbox", "archive", "work"] {
        let world = World::new();
        let (path, elsewhere) = (world.path(folder), world.outside("elsewhere"));
        fs::remove_dir_all(&path).unwrap();
        fs::create_dir(&elsewhere).unwrap();
        symlink(&elsewhere, &path).unwrap();
        let told = world.run(&["run", "import", "--json"]).exits(78).json();
        assert_eq!(told["error"]["place"], folder);
        assert!(text(&told["error"], "fix").contains("thư mục"), "{told}");
        let serve: Ran = finished(&mut world.command(&["serve"]));
        serve.exits(78);
        let doctor = world.run(&["doctor", "--json"]).exits(1).json();
        let checks = doctor["checks"].as_array().unwrap();
        let wrong = checks.iter().find(|check| check["name"] == folder).unwrap();
        assert_eq!(wrong["ok"], false, "{wrong}");
        fs::remove_file(&path).unwrap();
        world.run(&["run", "import"]).exits(0);
    }
}

#[test]
fn a_batch_that_another_run_goes_on_with_keeps_its_options() {
    let world = World::new();
    let path = world.drop_file("khach.csv", &csv(&[enterprise(1).with("I", "")]));
    let path = path.to_str().unwrap();
    let typed = ["run", "import", path, "--set", "fiscal_year=2026"];
    assert!(world.is_killed_at("staged", &typed));
    world.run(&["run", "import"]).exits(0);
    assert_eq!(world.orders().len(), 1);
}
