//! What processes of other machines have: it is left to them until their time is over, and then taken up by whoever
//! comes. Those of the same machine are known to be dead at once, which is told in `killed`.

use chrono::{DateTime, TimeDelta, Utc};
use hangloat::{
    db::{
        Db, activations,
        kept::Kept,
        leases::{self, Lease},
        runs,
        turns::{self, Turn},
    },
    domain::run::JobKind,
};
use tokio::runtime::Runtime;

use super::lists::{csv, mixed};
use crate::world::{World, text};

/// A process of another machine.
const THEIRS: &str = "server/boot.4026531836/1/1";

/// Leases run on the real clock.
fn lease(minutes: i64) -> Lease<'static> {
    Lease { holder: THEIRS, until: Utc::now() + TimeDelta::minutes(minutes) }
}

/// What the other machine does in the same database.
fn there<T>(world: &World, work: impl AsyncFnOnce(&Db) -> sqlx::Result<T>) -> T {
    let runtime = Runtime::new().unwrap();
    let work = async {
        let db = Db::open(&world.store_url()).await?;
        anyhow::Ok(work(&db).await?)
    };
    runtime.block_on(work).unwrap()
}

fn now() -> DateTime<Utc> {
    crate::world::NOW.parse().unwrap()
}

fn placed() -> World {
    let world = World::new();
    world.drop_file("khach.csv", &csv(&mixed()));
    world.run(&["run", "import", "home/inbox/khach.csv"]).exits(0);
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world
}

fn states(world: &World, what: &str) -> Vec<String> {
    world.list(what).iter().map(|one| text(one, "state")).collect()
}

#[test]
fn a_run_of_another_machine_is_waited_for_until_its_lease_is_over() {
    for (minutes, exit) in [(1, 75), (-1, 0)] {
        let world = placed();
        there(&world, async |db| {
            runs::start(db, "mail", JobKind::Mail, lease(minutes), now()).await
        });
        let ran = world.run(&["run", "mail", "--json"]).exits(exit);
        if exit == 75 {
            assert_eq!(ran.json()["error"]["code"], "running");
        } else {
            assert_eq!(states(&world, "runs")[..2], ["succeeded", "interrupted"]);
        }
    }
}

#[test]
fn a_folder_that_another_machine_works_in_is_left_to_it_until_its_lease_is_over() {
    for (minutes, exit) in [(1, 75), (-1, 0)] {
        let world = World::new();
        world.drop_file("khach.csv", &csv(&mixed()));
        there(&world, async |db| leases::take(db, "work", lease(minutes), Utc::now()).await);
        world.run(&["run", "import", "home/inbox/khach.csv"]).exits(exit);
        let is_taken = exit == 0;
        assert_eq!(world.list("batches").len(), usize::from(is_taken));
        assert_eq!(world.files_in("inbox").is_empty(), is_taken);
        // Who has it no more lets others have it.
        world.run(&["run", "import"]).exits(exit);
    }
}

#[test]
fn a_mail_that_another_machine_sends_is_left_to_it_until_its_time_is_over() {
    for (minutes, left) in [(1, "sending"), (-1, "sent")] {
        let world = placed();
        let claim = async |db: &Db| {
            let (lease, now) = (lease(minutes), now());
            let turn = Turn { lease, now, sent: &[], most: 1, tried: None, left: None };
            Ok(turns::take(&mut Kept::of(db).await?, &turn).await?.0.pop())
        };
        let mail = there(&world, claim).unwrap();
        world.run(&["run", "mail"]).exits(0);
        let mails = world.list("mails");
        let theirs = mails.iter().find(|one| one["id"] == mail.id).unwrap();
        assert_eq!(theirs["state"], left);
        assert!(mails.iter().all(|one| one["id"] == mail.id || one["state"] == "sent"));
        assert_eq!(world.files_in("mail").len(), if left == "sent" { 3 } else { 2 });
    }
}

#[test]
fn a_line_that_another_machine_activates_is_left_to_it_until_its_time_is_over() {
    for (minutes, done) in [(1, 1), (-1, 2)] {
        let world = placed();
        assert!(world.is_killed_at("activation_claimed", &["activate", "DH-2611-000001"]));
        there(&world, async |db| {
            for (holder,) in activations::holders(db).await? {
                activations::release(db, &holder).await?;
            }
            activations::claim(db, None, (0, 1), lease(minutes))
                .await
                .map(|claimed| claimed.into_iter().next())
        });
        world.run(&["run", "activate"]).exits(0);
        assert_eq!(world.list("licences").len(), done);
    }
}

#[test]
fn a_job_behind_another_is_run_by_hand_only_after_it() {
    let world = World::new();
    let job = |name: &str, rest: &str| {
        let text = format!("name = \"{name}\"\nkind = \"mail\"\nschedule = \"0 1 * * *\"\n{rest}");
        std::fs::write(world.path(&format!("jobs/{name}.toml")), text).unwrap();
    };
    job("first", "");
    job("second", "after = [\"first\"]\n");
    let refused = world.run(&["run", "second", "--json"]).exits(75).json();
    assert_eq!(refused["error"]["code"], "after", "{refused}");
    world.run(&["run", "first"]).exits(0);
    world.run(&["run", "second"]).exits(0);
    world.run_at("2026-11-24T08:31:00+07:00", &["run", "second"]).exits(75);
    assert!(world.list("runs").iter().all(|run| run["slot"].is_null()), "by hand, no moment");
}
