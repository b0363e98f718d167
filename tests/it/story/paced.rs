//! How many letters leave for a mail server, and when: by the minute, by the day, and not in quiet hours. The clock is
//! set, which the command line does not allow where letters really leave.

use std::{path::PathBuf, sync::Arc};

use chrono::{DateTime, TimeDelta, Utc};
use hangloat::{
    config::{self, Environment},
    flow::{
        Circumstances, Clock, Services,
        fail_points::FailPoints,
        progress::Progress,
        send::{self, Summary},
    },
};

use super::posted::{THEN, all, placed};
use crate::{
    smtp::{How, Server},
    world::{World, finished},
};

fn then() -> DateTime<Utc> {
    THEN.parse().unwrap()
}

/// A run of another process at an instant.
fn sent_at(world: &World, server: &Server, now: DateTime<Utc>, set: (&str, &str)) -> Summary {
    let environment = Environment::from([
        ("HANGLOAT_STORE__URL", world.store_url().as_str()),
        ("HANGLOAT_MAIL__TRANSPORT", "smtp"),
        ("HANGLOAT_MAIL__HOST", "localhost"),
        ("HANGLOAT_MAIL__PORT", server.port.to_string().as_str()),
        ("HANGLOAT_MAIL__TLS", "none"),
        ("HANGLOAT_MAIL__PER_MINUTE", "100000"),
        (set.0, set.1),
    ]);
    let home = world.path("");
    let settings = config::load(&home, &environment).unwrap();
    let with = Circumstances {
        clock: Clock::Frozen(now),
        progress: Progress::silent(),
        program: PathBuf::from(env!("CARGO_BIN_EXE_hangloat")),
        fail_points: Arc::new(FailPoints::new(None, None)),
    };
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let services = Services::open(&home, settings, with).await.unwrap();
        send::run(&Arc::new(services)).await.unwrap()
    })
}

#[test]
fn no_more_leave_in_a_minute_than_are_allowed_whoever_sends() {
    let (server, world) = (Server::new(How::Plain), placed(6));
    let due = all(&world).len() as u64;
    let set = ("HANGLOAT_MAIL__PER_MINUTE", "4");
    let at = |seconds| sent_at(&world, &server, then() + TimeDelta::seconds(seconds), set);
    let first = at(1);
    assert_eq!((first.sent, first.later, first.needs_person()), (4, due - 4, false));
    assert_eq!((at(1).sent, at(60).sent), (0, 0), "another process counts the same");
    let next = at(61);
    assert_eq!((next.sent, next.later), ((due - 4).min(4), due.saturating_sub(8)));
}

#[test]
fn in_quiet_hours_mails_wait_and_cost_nothing() {
    let (server, world) = (Server::new(How::Plain), placed(2));
    let due = all(&world).len() as u64;
    let at = |now: &str| {
        let set = ("HANGLOAT_MAIL__QUIET_HOURS", "21:00-07:00");
        sent_at(&world, &server, now.parse().unwrap(), set)
    };
    for night in ["2026-02-02T21:00:00+07:00", "2026-02-03T06:59:59+07:00"] {
        let summary = at(night);
        assert_eq!((summary.sent, summary.later, summary.needs_person()), (0, due, false));
    }
    assert!(all(&world).iter().all(|mail| mail["state"] == "planned" && mail["attempts"] == 0));
    assert_eq!(at("2026-02-03T07:00:00+07:00").sent, due);
}

#[test]
fn a_day_is_never_more_than_full_however_many_leave_at_once() {
    let (server, world) = (Server::new(How::Plain), placed(16));
    let at = |days| {
        sent_at(&world, &server, then() + TimeDelta::days(days), ("HANGLOAT_MAIL__PER_DAY", "5"))
    };
    assert_eq!((at(0).sent, at(0).sent, at(1).sent), (5, 0, 5));
    assert!(server.most_connections() > 1, "several left at once");
}

#[test]
fn mails_that_are_files_know_neither_minutes_nor_quiet_hours() {
    let world = placed(2);
    let mut command = world.command(&["run", "mail", "--now", "2026-02-02T23:30:00+07:00"]);
    command.env("HANGLOAT_MAIL__PER_MINUTE", "1");
    finished(command.env("HANGLOAT_MAIL__QUIET_HOURS", "21:00-07:00")).exits(0);
    assert!(all(&world).iter().all(|mail| mail["state"] == "sent"));
}

#[test]
fn what_is_left_for_later_is_told() {
    let (server, world) = (Server::new(How::Plain), placed(2));
    let mut command = server.command(&world, &["run", "mail"]);
    let said = finished(command.env("HANGLOAT_MAIL__PER_DAY", "1")).exits(0).stdout;
    assert!(said.contains("để lượt sau"), "{said}");
}
