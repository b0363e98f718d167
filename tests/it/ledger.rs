//! The ledger of scheduled moments on a set clock: weeks in seconds, over clock changes, outages and edited schedules.
//! Daemons that really run are told of in `story::slots`.

use chrono::{DateTime, TimeDelta, Utc};
use hangloat::{
    config::{self, Environment, file::Source},
    db::{
        leases::Claim,
        runs::{self, Counts, End},
        slots::{self, Slot},
    },
    domain::{run::RunState, slot::SlotOutcome},
    flow::{Circumstances, Clock, Services, progress::Progress},
    runner::{
        definition::Job,
        ledger::{self, Claimed},
    },
};
use tokio::runtime::Runtime;

use crate::world::World;

/// One process, whose clock is set and whose runs take as long as the test says.
pub struct Process {
    runtime: Runtime,
    services: Services,
    jobs: Vec<Job>,
    running: Vec<(DateTime<Utc>, Claimed)>,
}

impl Process {
    /// Starts at an instant, with jobs that the texts define.
    pub fn start(world: &World, at: DateTime<Utc>, jobs: &[&str]) -> Process {
        let runtime = Runtime::new().unwrap();
        let url = world.store_url();
        let environment = Environment::from([("HANGLOAT_STORE__URL", url.as_str())]);
        let settings = config::load(&world.path(""), &environment).unwrap();
        let with = Circumstances {
            clock: Clock::Frozen(at),
            progress: Progress::silent(),
            program: "hangloat".into(),
            fail_points: std::sync::Arc::default(),
        };
        let home = world.path("");
        let opened = Services::open(&home, settings, with);
        let services = runtime.block_on(opened).unwrap();
        let read = |text: &&str| Job::read(&Source::new("jobs/a.toml", *text)).unwrap();
        let jobs: Vec<Job> = jobs.iter().map(read).collect();
        runtime.block_on(ledger::begin(&services, &jobs)).unwrap();
        Process { runtime, services, jobs, running: Vec::new() }
    }

    /// Looks at the schedule; what ended by then has ended, and what begins takes `takes`.
    fn look(&mut self, at: DateTime<Utc>, takes: TimeDelta) {
        self.services.clock = Clock::Frozen(at);
        let (over, running) = self.running.drain(..).partition(|(end, _)| *end <= at);
        self.running = running;
        for (end, claimed) in over {
            self.end(&claimed, end);
        }
        let turn = ledger::turn(&self.services, &self.jobs);
        for claimed in self.runtime.block_on(turn).unwrap() {
            if takes.is_zero() {
                self.end(&claimed, at);
            } else {
                self.running.push((at + takes, claimed));
            }
        }
    }

    fn end(&self, claimed: &Claimed, at: DateTime<Utc>) {
        let claim = Claim { holder: self.services.holder.as_str(), epoch: claimed.epoch };
        let end = End { state: RunState::Succeeded, counts: Counts::new(), error: None };
        let ended = runs::finish(&self.services.db, claimed.run.id, claim, &end, at);
        assert!(self.runtime.block_on(ended).unwrap());
    }

    fn slots(&self, job: &str) -> Vec<Slot> {
        self.runtime.block_on(slots::of_job(&self.services.db, job)).unwrap()
    }

    fn runs(&self) -> Vec<runs::Run> {
        self.runtime.block_on(runs::list(&self.services.db, None, None, i64::MAX)).unwrap()
    }
}

fn at(text: &str) -> DateTime<Utc> {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn job(schedule: &str, rest: &str) -> String {
    format!("name = \"job\"\nkind = \"mail\"\nschedule = \"{schedule}\"\n{rest}")
}

fn ran(slots: &[Slot]) -> usize {
    slots.iter().filter(|slot| slot.outcome == SlotOutcome::Ran).count()
}

/// Every moment from the one after `since` up to `until` is accounted for, and none twice.
#[track_caller]
fn assert_whole(slots: &[Slot], period: TimeDelta, (since, until): (DateTime<Utc>, DateTime<Utc>)) {
    let mut next = since + period;
    for slot in slots {
        assert_eq!(slot.scheduled_for, next);
        let moments = (slot.last - slot.scheduled_for).num_seconds() / period.num_seconds() + 1;
        assert_eq!(slot.moments, moments, "{slot:?}");
        next = slot.last + period;
    }
    assert_eq!(next, until + period);
}

#[test]
fn an_hour_of_seconds_is_accounted_for_second_by_second() {
    let world = World::new();
    let (since, second) = (at("2026-11-23T01:00:00Z"), TimeDelta::seconds(1));
    let text = job("@every 1s", "");
    let mut process = Process::start(&world, since, &[&text]);
    for number in 1..=3_600 {
        // Each tenth run takes some seconds more than there are between two moments.
        let takes = if number % 10 == 0 { second * 4 } else { TimeDelta::zero() };
        process.look(since + second * number + TimeDelta::milliseconds(40), takes);
    }
    let slots = process.slots("job");
    assert_whole(&slots, second, (since, since + TimeDelta::hours(1)));
    let skipped = slots.len() - ran(&slots);
    assert_eq!((ran(&slots), skipped), (2_523, 359), "three moments skipped are one row");
    assert_eq!(process.runs().len(), ran(&slots));
}

#[test]
fn a_week_of_minutes_is_accounted_for_minute_by_minute() {
    let world = World::new();
    let (since, minute) = (at("2026-11-23T01:00:00Z"), TimeDelta::minutes(1));
    let text = job("@every 1m", "catch_up = \"latest\"");
    let mut process = Process::start(&world, since, &[&text]);
    let week = 7 * 24 * 60;
    let mut number = 0;
    // The machine is slow, asleep or away, now for a minute and now for half an hour.
    for asleep in [1, 1, 1, 2, 1, 7, 1, 30].iter().cycle() {
        number = (number + asleep).min(week);
        let takes = if number % 5 == 0 { minute * 3 } else { TimeDelta::zero() };
        process.look(since + minute * number + TimeDelta::seconds(7), takes);
        if number == week {
            break;
        }
    }
    let slots = process.slots("job");
    assert_whole(&slots, minute, (since, since + TimeDelta::days(7)));
    assert_eq!(slots.iter().map(|slot| slot.moments).sum::<i64>(), i64::from(week));
    assert!(slots.len() <= 2 * ran(&slots) + 1, "{} rows", slots.len());
    assert_eq!(process.runs().len(), ran(&slots));
    assert!(ran(&slots) > 1_000);
}

#[test]
fn local_nights_and_hours_run_once_when_clocks_go_forward_and_back() {
    for (spring, first, hours, nights) in [
        (
            true,
            "2026-03-27T22:30:00Z",
            70,
            ["28 02:30:00+01:00", "29 03:00:00+02:00", "30 02:30:00+02:00"],
        ),
        (
            false,
            "2026-10-23T21:30:00Z",
            74,
            ["24 02:30:00+02:00", "25 02:30:00+02:00", "26 02:30:00+01:00"],
        ),
    ] {
        let world = World::new();
        world.rewrite(
            "hangloat.toml",
            "# timezone = \"Asia/Ho_Chi_Minh\"",
            "timezone = \"Europe/Berlin\"",
        );
        let nightly = job("30 2 * * *", "");
        let hourly = job("0 * * * *", "").replace("\"job\"", "\"hourly\"");
        let mut process = Process::start(&world, at(first), &[&nightly, &hourly]);
        for minutes in (1..=hours * 60).step_by(7) {
            process.look(at(first) + TimeDelta::minutes(minutes), TimeDelta::zero());
        }
        let zone = chrono_tz::Europe::Berlin;
        let local = |slot: &Slot| {
            slot.scheduled_for.with_timezone(&zone).format("%d %H:%M:%S%:z").to_string()
        };
        let slots = process.slots("job");
        assert_eq!(slots.iter().map(local).collect::<Vec<_>>(), nights);
        assert_eq!(ran(&slots), 3);
        // An hour that comes twice has its moment once, and one that does not come has none.
        let hourly = process.slots("hourly");
        let local: Vec<String> = hourly.iter().map(local).collect();
        let twice = local.iter().filter(|at| at.starts_with("25 02:00")).count();
        assert_eq!(twice, usize::from(!spring), "{local:?}");
        let gaps = hourly.windows(2).map(|two| (two[1].scheduled_for - two[0].last).num_hours());
        assert_eq!(
            gaps.filter(|gap| *gap != 1).collect::<Vec<_>>(),
            if spring { vec![] } else { vec![2] }
        );
        assert_eq!(ran(&hourly), hourly.len());
    }
}

#[test]
fn an_outage_of_ten_days_is_a_few_rows_however_many_moments_it_had() {
    let world = World::new();
    let (since, back) = (at("2026-11-01T00:00:00Z"), at("2026-11-11T00:00:00Z"));
    let text = job("@every 1s", "");
    let mut process = Process::start(&world, since, &[&text]);
    for seconds in 1..=3 {
        process.look(since + TimeDelta::seconds(seconds), TimeDelta::zero());
    }
    for seconds in 0..3 {
        process.look(back + TimeDelta::seconds(seconds), TimeDelta::zero());
    }
    let slots = process.slots("job");
    assert_whole(&slots, TimeDelta::seconds(1), (since, back + TimeDelta::seconds(2)));
    let told = |slot: &Slot| {
        format!("{} {}", slot.moments, slot.reason.as_deref().unwrap_or(slot.outcome.as_str()))
    };
    let told: Vec<String> = slots.iter().map(told).collect();
    let expected = [
        "1 ran",
        "1 ran",
        "1 ran",
        "259197 too_old",
        "604799 coalesced",
        "1 ran",
        "1 ran",
        "1 ran",
    ];
    assert_eq!(told, expected);
}

#[test]
fn an_edited_or_reenabled_schedule_owes_nothing_and_doubles_nothing() {
    let world = World::new();
    let since = at("2026-11-02T00:00:00Z");
    let (hourly, halves) =
        (job("@every 1h", "catch_up = \"all\""), job("@every 30m", "catch_up = \"all\""));
    let mut first = Process::start(&world, since, &[&hourly]);
    first.look(at("2026-11-02T02:00:10Z"), TimeDelta::zero());
    first.look(at("2026-11-02T02:00:11Z"), TimeDelta::zero());
    // Another machine is told of another schedule, while the first one still runs.
    let mut second = Process::start(&world, at("2026-11-02T02:10:00Z"), &[&halves]);
    for process in [&mut first, &mut second] {
        process.look(at("2026-11-02T03:00:05Z"), TimeDelta::zero());
        process.look(at("2026-11-02T03:00:06Z"), TimeDelta::zero());
    }
    let times = |process: &Process| {
        let slots = process.slots("job");
        slots.iter().map(|slot| slot.scheduled_for.format("%H:%M").to_string()).collect::<Vec<_>>()
    };
    assert_eq!(times(&second), ["01:00", "02:00", "02:30", "03:00"]);
    assert!(second.slots("job").iter().all(|slot| slot.outcome == SlotOutcome::Ran));

    // Without a schedule for a while, and then with the same one again.
    let mut none = Process::start(&world, at("2026-11-03T00:00:00Z"), &[]);
    none.look(at("2026-11-03T06:00:00Z"), TimeDelta::zero());
    second.look(at("2026-11-03T06:00:00Z"), TimeDelta::zero());
    let mut again = Process::start(&world, at("2026-11-04T00:10:00Z"), &[&halves]);
    again.look(at("2026-11-04T00:30:00Z"), TimeDelta::zero());
    assert_eq!(times(&again), ["01:00", "02:00", "02:30", "03:00", "00:30"]);
}

#[test]
fn two_processes_with_clocks_a_little_apart_agree_on_every_moment() {
    let world = World::new();
    let (since, second) = (at("2026-11-23T01:00:00Z"), TimeDelta::seconds(1));
    let text = job("@every 1s", "overlap = \"queue\"");
    let mut one = Process::start(&world, since, &[&text]);
    let mut other = Process::start(&world, since, &[&text]);
    for number in 1..=120 {
        let takes = if number % 7 == 0 { second * 2 } else { TimeDelta::zero() };
        one.look(since + second * number, takes);
        other.look(since + second * number + TimeDelta::milliseconds(300), TimeDelta::zero());
    }
    let slots = one.slots("job");
    assert_whole(&slots, second, (since, since + second * 120));
    assert_eq!(one.runs().len(), ran(&slots));
    // What was due while the job ran is done by the run that waits, and none is skipped.
    assert!(slots.iter().all(|slot| slot.outcome != SlotOutcome::Skipped));
}

#[test]
fn a_job_behind_another_waits_for_it_and_is_skipped_where_it_did_not_succeed() {
    let world = World::new();
    let first = job("0 1 * * *", "").replace("\"job\"", "\"first\"");
    let second = job("0 2 * * *", "after = [\"first\"]");
    let start = at("2026-11-01T12:00:00+07:00");
    let mut process = Process::start(&world, start, &[&first, &second]);
    // The first night: the first job takes two hours.
    process.look(at("2026-11-02T01:00:00+07:00"), TimeDelta::hours(2));
    process.look(at("2026-11-02T02:00:00+07:00"), TimeDelta::zero());
    let states = |process: &Process| {
        let slots = process.slots("job");
        slots
            .iter()
            .map(|slot| slot.reason.clone().unwrap_or(slot.outcome.to_string()))
            .collect::<Vec<_>>()
    };
    assert_eq!(process.runs()[0].state, RunState::Queued, "it waits");
    process.look(at("2026-11-02T03:00:00+07:00"), TimeDelta::zero());
    assert_eq!(process.runs()[0].state, RunState::Succeeded);
    // The second night: it fails.
    process.look(at("2026-11-03T01:00:00+07:00"), TimeDelta::hours(9));
    let (_, failed) = process.running.remove(0);
    let claim = Claim { holder: process.services.holder.as_str(), epoch: failed.epoch };
    let end = End { state: RunState::Failed, counts: Counts::new(), error: None };
    let ended = runs::finish(&process.services.db, failed.run.id, claim, &end, start);
    assert!(process.runtime.block_on(ended).unwrap());
    process.look(at("2026-11-03T02:00:00+07:00"), TimeDelta::zero());
    assert_eq!(states(&process), ["ran", "after"]);
    assert_eq!(process.runs()[0].state, RunState::Cancelled);
}

#[test]
fn a_run_that_an_outage_interrupted_stands_for_the_nights_since_and_waits_for_the_newest_one() {
    let world = World::new();
    let first = job("0 1 * * *", "").replace("\"job\"", "\"first\"");
    let second = job("0 2 * * *", "after = [\"first\"]");
    let start = at("2026-11-01T12:00:00+07:00");
    let mut process = Process::start(&world, start, &[&first, &second]);
    process.look(at("2026-11-02T01:00:00+07:00"), TimeDelta::zero());
    process.look(at("2026-11-02T02:00:00+07:00"), TimeDelta::days(99));
    let (_, interrupted) = process.running.remove(0);
    let claim = Claim { holder: process.services.holder.as_str(), epoch: interrupted.epoch };
    let again = runs::Again { attempt: 1, not_before: start, error: None };
    let handed = runs::hand_back(&process.services.db, interrupted.run.id, claim, again);
    assert!(process.runtime.block_on(handed).unwrap());

    let back = at("2026-11-12T08:00:00+07:00");
    let mut process = Process::start(&world, back, &[&first, &second]);
    process.look(back, TimeDelta::hours(1));
    let queued = process.runs().into_iter().find(|run| run.job == "job").unwrap();
    assert_eq!((queued.id, queued.state), (interrupted.run.id, RunState::Queued), "it waits");
    process.look(back + TimeDelta::hours(1), TimeDelta::zero());
    let run = process.runs().into_iter().find(|run| run.job == "job").unwrap();
    assert_eq!((run.id, run.state, run.attempt), (queued.id, RunState::Succeeded, 1));
    let told =
        |slot: &Slot| (slot.moments, slot.reason.clone().unwrap_or(slot.outcome.to_string()));
    let told: Vec<_> = process.slots("job").iter().map(told).collect();
    let expected = [(1, "ran"), (3, "too_old"), (7, "coalesced")];
    assert_eq!(told, expected.map(|(moments, what)| (moments, what.to_owned())));
}

#[test]
fn a_sweep_demands_a_reconciliation_also_where_its_job_names_none() {
    let world = World::new();
    let sweep = "name = \"sweep\"\nkind = \"sweep\"\nschedule = \"0 1 * * *\"\n";
    let reconcile = "name = \"reconcile\"\nkind = \"reconcile\"\nschedule = \"30 0 * * *\"\n";
    let (at_once, long) = (TimeDelta::zero(), TimeDelta::minutes(45));
    let told = |process: &Process| -> Vec<String> {
        let told =
            |slot: &Slot| format!("{} {}", slot.outcome, slot.reason.as_deref().unwrap_or(""));
        process.slots("sweep").iter().map(told).collect()
    };
    let mut alone = Process::start(&world, at("2026-11-23T00:10:00+07:00"), &[sweep]);
    alone.look(at("2026-11-23T01:00:00+07:00"), at_once);
    assert_eq!(told(&alone), ["skipped after"]);

    let mut both = Process::start(&world, at("2026-11-24T00:10:00+07:00"), &[reconcile, sweep]);
    both.look(at("2026-11-24T00:30:00+07:00"), long);
    both.look(at("2026-11-24T01:00:00+07:00"), at_once);
    let open = |process: &Process| {
        process
            .runs()
            .iter()
            .filter(|run| run.job == "sweep" && run.state == RunState::Queued)
            .count()
    };
    assert_eq!(open(&both), 1, "the reconciliation is at work");
    both.look(at("2026-11-24T01:15:00+07:00"), at_once);
    assert_eq!((open(&both), told(&both).last().unwrap().as_str()), (0, "ran "));
}
