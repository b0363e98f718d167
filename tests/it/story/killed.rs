//! Kill -9 at every named point, then the same command again: the end is that of an undisturbed run.
//! The points are `crash_point`s of the program, and of no effect in release builds.

use serde_json::{Value, json};

use super::{
    lists::{csv, mixed},
    workbooks::{edited, set},
};
use crate::world::{FIRM, World, require, text};

/// From the claim of a file to its answer.
const IMPORT: [&str; 7] =
    ["claimed", "registered", "read", "staged", "checked", "workbook", "answered"];
/// Then its file is done with: the same bytes from outside are a duplicate.
const ARCHIVED: &str = "archived";
/// Around the call of the platform.
const ACTIVATION: [&str; 3] = ["activation_claimed", "activation_answered", "activation_settled"];
const MAIL: [&str; 2] = ["mail_claimed", "mail_written"];

/// A command that is killed, and what was done before it.
struct Story<'a> {
    world: &'a dyn Fn() -> World,
    command: &'a [&'a str],
}

impl Story<'_> {
    /// Kills at each of the points in turn, each time in a new world.
    fn is_told_whatever_the_point(&self, points: &[&str]) {
        let undisturbed = (self.world)();
        undisturbed.run(self.command).exits(0);
        let expected = end(&undisturbed);
        for point in points {
            let world = (self.world)();
            assert!(world.is_killed_at(point, self.command), "{point} is not on the way");
            world.run_at_once(self.command).exits(0);
            assert_eq!(end(&world), expected, "after a kill at {point}");
            if let ["run", job, ..] = self.command {
                assert_eq!(last_two(&world, job), ["interrupted", "succeeded"], "at {point}");
            }
        }
    }
}

fn last_two(world: &World, job: &str) -> [String; 2] {
    let runs: Vec<Value> =
        world.list("runs").into_iter().filter(|run| run["job"] == *job).collect();
    // The mails are sent to see the end.
    let skipped = usize::from(job == "mail");
    [text(&runs[skipped + 1], "state"), text(&runs[skipped], "state")]
}

/// What there is when all is done and mailed, but for what is drawn by chance.
fn end(world: &World) -> Value {
    world.run_at_once(&["run", "mail"]).exits(0);
    let mails = listed(world, "mails", &["purpose", "to", "state"]);
    assert_eq!(world.files_in("mail").len(), mails.len(), "one file a mail");
    nothing_is_left_lying(world);
    let orders = ["DH-2611-000001", "DH-2611-000002"].map(|code| order(&world.order(code)));
    let workbooks = world.files_in("outbox").into_iter().filter(|file| !file.starts_with("cu/"));
    json!({
        "mails": mails,
        "orders": orders,
        "licences": listed(world, "licences", &["order", "line", "state"]),
        "batches": listed(world, "batches", &["id", "kind", "state", "rows"]),
        "bells": listed(world, "notifications", &["text"]),
        "archive": world.files_in("archive"),
        "newest workbooks": workbooks.count(),
    })
}

fn nothing_is_left_lying(world: &World) {
    for folder in ["work", "inbox"] {
        assert_eq!(world.files_in(folder), Vec::<String>::new(), "left in {folder}");
    }
    for folder in ["outbox", "mail", "archive"] {
        let mut files = world.files_in(folder).into_iter();
        assert!(!files.any(|file| [".tmp", ".part"].iter().any(|end| file.ends_with(end))));
    }
}

fn listed(world: &World, what: &str, names: &[&str]) -> Vec<Value> {
    let shown = |object: &Value| names.iter().map(|name| object[name].clone()).collect();
    world.list(what).iter().map(shown).collect()
}

fn order(order: &Value) -> Value {
    let all = |name: &str| order[name].as_array().unwrap().clone();
    let line =
        |line: &Value| json!([line["line"], line["tax_id"], line["state"], line["activated_at"]]);
    let request = |request: &Value| json!([request["line"], request["amount"], request["state"]]);
    json!({
        "code": order["code"], "state": order["state"], "amount": order["amount"], "revision": order["revision"],
        "lines": all("lines").iter().map(line).collect::<Vec<_>>(),
        "requests": all("payment_requests").iter().map(request).collect::<Vec<_>>(),
    })
}

/// The list lies in the inbox; commands name files from the folder above the workspace.
fn dropped() -> World {
    let world = World::new();
    world.drop_file("khach.csv", &csv(&mixed()));
    world
}

fn imported() -> World {
    let world = dropped();
    world.run(&FROM_INBOX).exits(0);
    world
}

fn placed() -> World {
    let world = imported();
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world
}

const FROM_INBOX: [&str; 3] = ["run", "import", "home/inbox/khach.csv"];
const FROM_OUTSIDE: [&str; 5] = ["run", "import", "khach.csv", "--firm", FIRM];

#[test]
fn an_import_from_the_inbox_that_was_killed_ends_as_if_nothing_had_been() {
    let points = [&IMPORT[..], &[ARCHIVED]].concat();
    Story { world: &dropped, command: &FROM_INBOX }.is_told_whatever_the_point(&points);
}

#[test]
fn an_import_from_outside_that_was_killed_ends_as_if_nothing_had_been() {
    let world = || {
        let world = World::new();
        std::fs::write(world.outside("khach.csv"), csv(&mixed())).unwrap();
        world
    };
    Story { world: &world, command: &FROM_OUTSIDE }.is_told_whatever_the_point(&IMPORT);
}

#[test]
fn an_import_that_confirms_by_itself_and_was_killed_leaves_no_order_waiting() {
    let world = || {
        let world = dropped();
        let job = "jobs/import.toml";
        world.rewrite(job, "confirm = \"ask\"", "confirm = \"auto\"");
        world.rewrite(job, "activate = \"ask\"", "activate = \"auto\"");
        world
    };
    let points = [&["answered", "placed", ARCHIVED][..], &ACTIVATION].concat();
    Story { world: &world, command: &FROM_INBOX }.is_told_whatever_the_point(&points);
}

/// A workbook in which both orders are confirmed and activated, and the world that it is of.
fn answer() -> (World, Vec<u8>) {
    let world = imported();
    let ticks =
        ["XAC_NHAN_1", "XAC_NHAN_2", "KICH_HOAT_1", "KICH_HOAT_2"].map(|name| set(name, true));
    let bytes = edited(&world, &world.workbook("B000001"), &ticks);
    (world, bytes)
}

/// The list was imported and the answer lies there. A workbook is good in every world of its key.
fn answered(origin: &World, path: impl Fn(&World) -> std::path::PathBuf, answer: &[u8]) -> World {
    let world = origin.twin();
    world.drop_file("khach.csv", &csv(&mixed()));
    world.run(&FROM_INBOX).exits(0);
    std::fs::write(path(&world), answer).unwrap();
    world
}

/// Both orders are ticked, so the way goes through both.
const ANSWER: [&str; 8] = [
    "claimed",
    "registered",
    "confirmed",
    "activation_claimed",
    "activation_answered",
    "activation_settled",
    "workbook",
    "answered",
];

#[test]
fn an_answer_in_the_inbox_that_was_killed_ends_as_if_nothing_had_been() {
    if !require("openpyxl") {
        return;
    }
    let (origin, bytes) = answer();
    let world = || answered(&origin, |world| world.path("inbox/tra-loi.xlsx"), &bytes);
    let command = ["run", "import", "home/inbox/tra-loi.xlsx"];
    let points = [&ANSWER[..], &[ARCHIVED]].concat();
    Story { world: &world, command: &command }.is_told_whatever_the_point(&points);
}

#[test]
fn an_answer_from_outside_that_was_killed_ends_as_if_nothing_had_been() {
    if !require("openpyxl") {
        return;
    }
    let (origin, bytes) = answer();
    let world = || answered(&origin, |world| world.outside("tra-loi.xlsx"), &bytes);
    let command = ["run", "import", "tra-loi.xlsx", "--firm", FIRM];
    Story { world: &world, command: &command }.is_told_whatever_the_point(&ANSWER);
}

#[test]
fn a_confirmation_that_was_killed_ends_as_if_nothing_had_been() {
    let command = ["confirm", "DH-2611-000001", "--activate"];
    let points = [&ACTIVATION[..], &["workbook"]].concat();
    Story { world: &imported, command: &command }.is_told_whatever_the_point(&points);
}

#[test]
fn an_activation_that_was_killed_ends_as_if_nothing_had_been() {
    let command = ["activate", "DH-2611-000001"];
    let points = [&ACTIVATION[..], &["workbook"]].concat();
    Story { world: &placed, command: &command }.is_told_whatever_the_point(&points);
}

#[test]
fn the_job_that_activates_goes_on_where_it_was_killed() {
    let world = || {
        let world = placed();
        assert!(world.is_killed_at("activation_claimed", &["activate", "DH-2611-000001"]));
        world
    };
    let points = [&ACTIVATION[..], &["workbook"]].concat();
    Story { world: &world, command: &["run", "activate"] }.is_told_whatever_the_point(&points);
}

#[test]
fn the_job_that_mails_goes_on_where_it_was_killed() {
    let world = || {
        let world = placed();
        world.run(&["activate", "DH-2611-000001"]).exits(0);
        world
    };
    Story { world: &world, command: &["run", "mail"] }.is_told_whatever_the_point(&MAIL);
}

#[test]
fn the_same_bytes_again_that_were_killed_are_one_duplicate() {
    let world = || {
        let world = imported();
        world.drop_file("khach.csv", &csv(&mixed()));
        world
    };
    let points = ["claimed", "registered", "answered"];
    Story { world: &world, command: &FROM_INBOX }.is_told_whatever_the_point(&points);
}

#[test]
fn a_file_in_the_folder_of_a_member_of_staff_stays_theirs_after_a_kill() {
    let world = World::new();
    let dropped = world.drop_file("binh/khach.csv", &csv(&mixed()));
    let command = ["run", "import", dropped.to_str().unwrap()];
    assert!(world.is_killed_at("claimed", &command));
    world.run_at_once(&["run", "import"]).exits(0);
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let copies = world.mails().into_iter().filter(|mail| mail["to"] == "binh@minhan.example");
    assert_eq!(copies.count(), 2, "the copy of a log-in goes to whoever registered");
    assert!(!dropped.exists());
}

#[test]
fn a_file_that_changed_after_its_claim_is_never_lost_on_its_way_back() {
    for point in ["claimed_again", "forgotten"] {
        let world = dropped();
        assert!(world.is_killed_at("read", &FROM_INBOX));
        // Who had it open writes on.
        let taken = world.path("work/B000001__khach.csv");
        let more = [std::fs::read(&taken).unwrap(), b"\n".to_vec()].concat();
        std::fs::write(&taken, more).unwrap();
        assert!(world.is_killed_at(point, &["run", "import"]), "{point} is not on the way");
        world.run_at_once(&["run", "import"]).exits(0);
        assert_eq!((world.list("batches").len(), world.list("orders").len()), (1, 2), "{point}");
        assert_eq!(world.files_in("archive").len(), 1);
        nothing_is_left_lying(&world);
    }
}
