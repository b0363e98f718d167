//! A night's job that is killed, asked to end, or panics at each point of its way: then another process comes, and the
//! moment has one run that succeeded, and nothing was done twice. The points are known from `killed`.

use std::{fs, process::Child};

use chrono::{DateTime, Utc};
use hangloat::{
    db::{
        Db,
        runs::{self, Run},
        slots::{self, Slot},
    },
    domain::{run::RunState, slot::SlotOutcome},
};
use tokio::runtime::Runtime;

use super::lists::{csv, mixed};
use crate::{
    ledger::Process,
    world::{World, eventually, finished, signal},
};

/// The moment is at one o'clock.
const BEFORE: &str = "2026-11-24T00:30:00+07:00";
const NIGHT: &str = "2026-11-24T01:00:00+07:00";
const AFTER: &str = "2026-11-24T01:10:00+07:00";
const LATER: &str = "2026-11-24T01:30:00+07:00";

/// From the scheduled moment to the end of its run, and what it does once more after a death or a panic there.
const MAIL: [&str; 7] = [
    "slot_written",
    "run_claimed",
    "mail_claimed",
    "mail_written",
    "mail_settled",
    "work_done",
    "run_settled",
];
const ACTIVATION: [&str; 3] = ["activation_claimed", "activation_answered", "activation_settled"];

/// Where a panic ends the run, and not only one of its effects.
const WHOLE_RUN: [&str; 4] = ["run_claimed", "mail_settled", "activation_settled", "work_done"];

/// What a night does.
struct Night {
    kind: &'static str,
    /// What is counted, one for each.
    settled: &'static str,
    effects: usize,
}

/// Three mails.
const MAILS: Night = Night { kind: "mail", settled: "mail_settled", effects: 3 };
/// Of two lines.
const LICENCES: Night = Night { kind: "activate", settled: "activation_settled", effects: 2 };

/// An order is placed, with all its effects to come, and the only job is a night's one.
fn placed(night: &Night) -> World {
    let world = World::new();
    world.drop_file("khach.csv", &csv(&mixed()));
    world.run(&["run", "import", "home/inbox/khach.csv"]).exits(0);
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    if night.kind == "activate" {
        assert!(world.is_killed_at("activation_claimed", &["activate", "DH-2611-000001"]));
    }
    for built_in in ["mail", "activate"] {
        fs::remove_file(world.path(&format!("jobs/{built_in}.toml"))).unwrap();
    }
    let job = format!(
        "name = \"night\"\nkind = \"{}\"\nschedule = \"0 1 * * *\"\nretry = {{ backoff = \"1s\" }}\n",
        night.kind
    );
    fs::write(world.path("jobs/night.toml"), &job).unwrap();
    let before = BEFORE.parse::<DateTime<Utc>>().unwrap();
    drop(Process::start(&world, before, &[&job]));
    world
}

/// The daemon, which comes to grief at `point`.
fn serve(world: &World, now: &str, at: Option<(&str, &str)>) -> Child {
    let log = fs::File::create(world.outside("serve.log")).unwrap();
    let mut command = world.command(&["serve", "--now", now, "-v"]);
    command.env("HANGLOAT_PASSED", world.outside("passed"));
    if let Some((point, how)) = at {
        command.env("HANGLOAT_CRASH_AT", format!("{point}:{how}"));
    }
    command.stdout(log.try_clone().unwrap()).stderr(log).spawn().unwrap()
}

/// Each point that was passed, one line a time.
fn passed(world: &World, point: &str) -> usize {
    let all = fs::read_to_string(world.outside("passed")).unwrap_or_default();
    all.lines().filter(|line| *line == point).count()
}

fn is_over(child: &mut Child) -> bool {
    child.try_wait().unwrap().is_some()
}

struct Ledger {
    runtime: Runtime,
    db: Db,
}

impl Ledger {
    fn of(world: &World) -> Ledger {
        let runtime = Runtime::new().unwrap();
        let db = runtime.block_on(Db::open(&world.store_url())).unwrap();
        Ledger { runtime, db }
    }

    fn slots(&self) -> Vec<Slot> {
        self.runtime.block_on(slots::of_job(&self.db, "night")).unwrap()
    }

    fn runs(&self) -> Vec<Run> {
        let all = self.runtime.block_on(runs::list(&self.db, None, None, 99)).unwrap();
        all.into_iter().filter(|run| run.slot.is_some()).collect()
    }

    fn is_done(&self) -> bool {
        let ended = [RunState::Succeeded, RunState::CompletedWithRejects];
        self.runs().iter().any(|run| ended.contains(&run.state))
    }
}

/// Comes to grief at a point, and another process goes on.
fn is_told_at(night: &Night, point: &str, how: &str) {
    println!("{how} at {point}");
    let world = placed(night);
    let ledger = Ledger::of(&world);
    let mut first = serve(&world, NIGHT, Some((point, how)));
    eventually("it comes to the point", || passed(&world, point) > 0);
    if how == "panic" {
        eventually("the daemon lives on", || ledger.is_done() && !is_over(&mut first));
        signal("-TERM", &first);
    }
    eventually("it ends", || is_over(&mut first));
    assert_eq!(first.wait().unwrap().success(), how != "kill", "{how} at {point}");

    let mut second = serve(&world, AFTER, None);
    eventually("the moment's run succeeds", || ledger.is_done());
    signal("-TERM", &second);
    eventually("it ends", || is_over(&mut second));
    // A mail whose sending failed waits longer than its run.
    let mut by_hand = world.command(&["run", "night", "--now", LATER]);
    finished(by_hand.env("HANGLOAT_PASSED", world.outside("passed"))).exits(0);

    let slots = ledger.slots();
    assert_eq!(slots.len(), 1, "{how} at {point}: {slots:?}");
    assert_eq!((slots[0].outcome, slots[0].moments), (SlotOutcome::Ran, 1));
    let mut runs = ledger.runs();
    runs.retain(|run| run.job == "night");
    assert_eq!(runs.len(), 1, "{how} at {point}: {runs:?}");
    assert_eq!(slots[0].run_id, Some(runs[0].id));
    let is_whole_run = WHOLE_RUN.contains(&point);
    let panicked = how == "panic" && is_whole_run;
    assert_eq!(runs[0].attempt, 1 + i64::from(panicked), "only what failed costs an attempt");
    assert_eq!(passed(&world, night.settled), night.effects, "{how} at {point}");
}

#[test]
fn a_night_of_mails_that_was_killed_anywhere_has_one_success_and_each_mail_once() {
    for point in MAIL {
        is_told_at(&MAILS, point, "kill");
    }
}

#[test]
fn a_night_of_mails_that_was_asked_to_end_anywhere_has_one_success_and_each_mail_once() {
    for point in MAIL {
        is_told_at(&MAILS, point, "terminate");
    }
}

#[test]
fn a_night_of_mails_that_panicked_anywhere_has_one_success_and_each_mail_once() {
    for point in MAIL {
        is_told_at(&MAILS, point, "panic");
    }
}

#[test]
fn a_night_of_activations_has_one_success_and_each_licence_once_whatever_happens_where() {
    for how in ["kill", "terminate", "panic"] {
        for point in ACTIVATION {
            is_told_at(&LICENCES, point, how);
        }
    }
}

#[test]
fn a_night_that_fails_for_good_is_told_to_the_operator() {
    let world = placed(&MAILS);
    world.rewrite("jobs/night.toml", "backoff = \"1s\"", "attempts = 1");
    world.rewrite("hangloat.toml", "[operator]", "[operator]\nemail = \"may@nhacungcap.example\" ");
    let ledger = Ledger::of(&world);
    let mut daemon = serve(&world, NIGHT, Some(("run_claimed", "panic")));
    eventually("it failed", || ledger.runs().iter().any(|run| run.state == RunState::Failed));
    signal("-TERM", &daemon);
    eventually("it ends", || is_over(&mut daemon));
    let bell = world.list("notifications");
    assert!(bell.iter().any(|it| it["kind"] == "run_failed"), "{bell:?}");
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["to"] == "may@nhacungcap.example");
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0]["subject"].as_str().unwrap().ends_with("/night"), "{mails:?}");
    assert_eq!(mails[0]["purpose"], "operator");
}

#[test]
fn a_daemon_that_is_asked_to_end_hands_back_what_hangs() {
    let world = placed(&MAILS);
    let ledger = Ledger::of(&world);
    let mut daemon = serve(&world, NIGHT, Some(("mail_claimed", "hang")));
    eventually("it hangs", || passed(&world, "mail_claimed") > 0);
    signal("-TERM", &daemon);
    eventually("it ends", || is_over(&mut daemon));
    assert!(daemon.wait().unwrap().success());
    let handed_back = ledger.runs().remove(0);
    assert_eq!((handed_back.state, handed_back.attempt), (RunState::Queued, 1));

    let mut next = serve(&world, AFTER, None);
    eventually("the moment's run succeeds", || ledger.is_done());
    signal("-TERM", &next);
    eventually("it ends", || is_over(&mut next));
    assert_eq!(world.files_in("mail").len(), MAILS.effects);
}

#[test]
fn a_run_that_hangs_ends_by_its_time_out_and_goes_on_when_it_is_run_again() {
    let world = placed(&MAILS);
    world.rewrite("jobs/night.toml", "schedule = \"0 1 * * *\"", "timeout = \"1s\"");
    let mut command = world.command(&["run", "night", "--json", "--now", LATER]);
    let hung = finished(command.env("HANGLOAT_CRASH_AT", "mail_claimed:hang"));
    let said = hung.exits(4).json();
    assert_eq!(said["error"]["code"], "timeout", "{said}");
    world.run_at(LATER, &["run", "night"]).exits(0);
    assert_eq!(world.files_in("mail").len(), MAILS.effects);
}
