//! Scheduled moments: each is accounted for once, by however many daemons, over outages and edited schedules.

use chrono::{DateTime, TimeDelta, Utc};
use hangloat::db::{
    Db,
    slots::{self, Slot},
};

use crate::world::{World, eventually, text};

fn slots_of(world: &World, job: &str) -> Vec<Slot> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let read = async {
        let db = Db::open(&world.store_url()).await?;
        anyhow::Ok(slots::of_job(&db, job).await?)
    };
    runtime.block_on(read).unwrap()
}

/// No moment is missing and none is there twice.
#[track_caller]
fn assert_whole(slots: &[Slot], period: TimeDelta) {
    for two in slots.windows(2) {
        assert_eq!(two[1].scheduled_for - two[0].last, period, "{slots:?}");
    }
    for slot in slots {
        let moments = (slot.last - slot.scheduled_for).num_seconds() / period.num_seconds() + 1;
        assert_eq!(slot.moments, moments, "{slot:?}");
    }
}

fn schedule(world: &World, from: &str, to: &str) {
    world.rewrite("jobs/activate.toml", &format!("\"{from}\""), &format!("\"{to}\""));
}

fn told(slot: &Slot) -> String {
    let reason = slot.reason.as_deref().unwrap_or_default();
    format!("{}× {} {reason}", slot.moments, slot.outcome)
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

#[test]
fn two_daemons_run_each_scheduled_moment_once() {
    let world = World::new();
    schedule(&world, "@every 5m", "@every 1s");
    let (one, other) = (world.serve(), world.serve());
    eventually("ten moments passed", || slots_of(&world, "activate").len() >= 10);
    assert!(one.stop().success() && other.stop().success());
    let slots = slots_of(&world, "activate");
    assert_whole(&slots, TimeDelta::seconds(1));
    let ran: Vec<i64> = slots.iter().filter_map(|slot| slot.run_id).collect();
    let mut runs = ran.clone();
    runs.sort_unstable();
    runs.dedup();
    assert!(!runs.is_empty());
    for run in world.list("runs").iter().filter(|run| run["job"] == "activate") {
        assert!(run["state"] == "succeeded" || run["state"] == "queued", "{run}");
        assert!(run["slot"].is_string(), "{run}");
    }
}

#[test]
fn after_an_outage_the_latest_moment_runs_and_stands_for_the_others_of_a_week() {
    let world = World::new();
    schedule(&world, "@every 5m", "@every 1h");
    world.rewrite("jobs/activate.toml", "catch_up = \"none\"", "catch_up = \"latest\"");
    let first = world.serve_from("2026-11-01T08:30:00+07:00");
    eventually("the job is known", || is_known(&world));
    assert!(first.stop().success());
    assert_eq!(
        slots_of(&world, "activate"),
        [],
        "nothing was due, and nothing of before is made up"
    );

    let back = world.serve_from("2026-11-11T08:30:00+07:00");
    eventually("the latest moment ran", || {
        world.list("runs").iter().any(|run| run["state"] == "succeeded" && run["slot"].is_string())
    });
    assert!(back.stop().success());
    let slots = slots_of(&world, "activate");
    assert_whole(&slots, TimeDelta::hours(1));
    let told: Vec<String> = slots.iter().map(told).collect();
    assert_eq!(told, ["72× skipped too_old", "167× coalesced ", "1× ran "]);
    assert_eq!(slots[2].scheduled_for, at("2026-11-11T08:00:00+07:00"));
    assert_eq!(slots[1].run_id, slots[2].run_id);
}

#[test]
fn an_edited_schedule_begins_anew_and_makes_up_for_nothing_of_before() {
    let world = World::new();
    schedule(&world, "@every 5m", "@every 1h");
    let first = world.serve_from("2026-11-01T08:30:00+07:00");
    eventually("the job is known", || is_known(&world));
    assert!(first.stop().success());
    schedule(&world, "@every 1h", "@every 2h");
    world.rewrite("jobs/activate.toml", "catch_up = \"none\"", "catch_up = \"all\"");
    let edited = world.serve_from("2026-11-02T08:30:00+07:00");
    eventually("the new schedule is known", || {
        is_known(&world)
            && clock_of(&world).is_some_and(|since| since >= at("2026-11-02T08:30:00+07:00"))
    });
    assert!(edited.stop().success());
    assert_eq!(slots_of(&world, "activate"), []);
}

#[test]
fn what_comes_after_a_job_waits_for_its_moment_of_the_same_night() {
    let world = World::new();
    let first = "name = \"first\"\nkind = \"activate\"\nschedule = \"0 1 * * *\"\n";
    let second =
        "name = \"second\"\nkind = \"mail\"\nschedule = \"0 1 * * *\"\nafter = [\"first\"]\n";
    std::fs::write(world.path("jobs/first.toml"), first).unwrap();
    std::fs::write(world.path("jobs/second.toml"), second).unwrap();
    let daemon = world.serve_from("2026-11-02T00:59:57+07:00");
    eventually("both ran", || {
        let runs = world.list("runs");
        let done =
            |job: &str| runs.iter().any(|run| run["job"] == job && run["state"] == "succeeded");
        done("first") && done("second")
    });
    assert!(daemon.stop().success());
    let runs = world.list("runs");
    let of = |job: &str| runs.iter().find(|run| run["job"] == job).unwrap().clone();
    assert!(text(&of("first"), "finished_at") <= text(&of("second"), "started_at"), "{runs:?}");
}

fn clock_of(world: &World) -> Option<DateTime<Utc>> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let read = async {
        let db = Db::open(&world.store_url()).await?;
        anyhow::Ok(slots::clocks(&db).await?)
    };
    let clocks = runtime.block_on(read).unwrap();
    clocks.into_iter().find(|clock| clock.job == "activate").map(|clock| clock.since)
}

fn is_known(world: &World) -> bool {
    clock_of(world).is_some()
}
