//! Several daemons on one database and one folder, killed at random: each file becomes one batch, each line one licence,
//! each mail one Message-ID, and it ends. The large ones are run by name, as the README says.

use std::{
    collections::BTreeSet,
    fs,
    path::Path,
    process::{Child, Stdio},
    time::{Duration, Instant},
};

use chrono::{DateTime, FixedOffset};
use hangloat::{
    db::{Db, batches, licences, mails, runs},
    domain::{batch::BatchState, mail::MailState},
};
use tokio::runtime::Runtime;

use super::lists::{csv, enterprise};
use crate::world::{NOW, World};

/// A notice, a log-in and the firm's copy of it, what became of the list, and of its activation.
const MAILS_A_FILE: usize = 5;

struct Crowd {
    world: World,
    runtime: Runtime,
    db: Db,
    files: usize,
    daemons: Vec<Child>,
    started: usize,
    /// All their clocks go alike, whenever they were started.
    began: Instant,
    began_at: DateTime<FixedOffset>,
}

impl Crowd {
    fn new(files: usize, daemons: usize) -> Crowd {
        let world = World::new();
        world.rewrite("jobs/import.toml", "confirm = \"ask\"", "confirm = \"auto\"");
        world.rewrite("jobs/import.toml", "activate = \"ask\"", "activate = \"auto\"");
        world.rewrite("jobs/activate.toml", "@every 5m", "@every 2s");
        world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
        for number in 1..=files {
            let client = enterprise(u32::try_from(number).unwrap());
            world.drop_file(&format!("khach-{number:05}.csv"), &csv(&[client]));
        }
        let runtime = Runtime::new().unwrap();
        let db = runtime.block_on(Db::open(&world.store_url())).unwrap();
        let (began, began_at) = (Instant::now(), NOW.parse().unwrap());
        let (none, started) = (Vec::new(), 0);
        let mut crowd =
            Crowd { world, runtime, db, files, daemons: none, started, began, began_at };
        for _ in 0..daemons {
            let daemon = crowd.daemon();
            crowd.daemons.push(daemon);
        }
        crowd
    }

    fn daemon(&mut self) -> Child {
        self.started += 1;
        let log = self.world.outside(&format!("serve-{}.log", self.started));
        let log = fs::File::create(log).unwrap();
        let now = (self.began_at + self.began.elapsed()).to_rfc3339();
        let mut command = self.world.command(&["serve", "--now", &now, "-v"]);
        command.stdout(Stdio::null()).stderr(log).spawn().unwrap()
    }

    /// Kills one of them as suddenly as by a power cut, and starts another one.
    fn kill(&mut self, which: usize) {
        let at = which % self.daemons.len();
        self.daemons[at].kill().unwrap();
        self.daemons[at].wait().unwrap();
        self.daemons[at] = self.daemon();
    }

    fn sent(&self) -> usize {
        let sent = self.db.query("select count(*) from mail where state = 'sent'").one::<(i64,)>();
        usize::try_from(self.runtime.block_on(sent).unwrap().0).unwrap()
    }

    fn is_done(&self) -> bool {
        let is_left = |folder: &str| !self.world.files_in(folder).is_empty();
        self.sent() >= MAILS_A_FILE * self.files && !is_left("inbox") && !is_left("work")
    }

    /// Lets them work, one of them killed whenever that many mails more were sent, until all is done.
    fn work(&mut self, kills: usize, patience: Duration) {
        let until = Instant::now() + patience;
        let all = MAILS_A_FILE * self.files;
        let mut killed = 0;
        while !self.is_done() {
            assert!(Instant::now() < until, "it does not end: {} of {all} mails", self.sent());
            let archived = self.world.files_in("archive").len();
            // Half of the way is files, half of it mails.
            if killed < kills
                && (archived + self.sent() / MAILS_A_FILE) * kills >= 2 * killed * self.files
            {
                std::thread::sleep(Duration::from_millis(u64::from(random()) % 1_500));
                self.kill(usize::from(random()));
                killed += 1;
            }
            std::thread::sleep(Duration::from_millis(300));
        }
        assert_eq!(killed, kills);
        for daemon in &mut self.daemons {
            crate::world::signal("-TERM", daemon);
        }
        for daemon in &mut self.daemons {
            assert!(daemon.wait().unwrap().success());
        }
    }

    fn assert_each_once(&self) {
        let read = async {
            let all = batches::Filter::default();
            let batches = batches::list(&self.db, &all).await?;
            let licences = licences::list(&self.db, &all).await?;
            let mails = mails::list(&self.db, &all).await?;
            anyhow::Ok((batches, licences, mails, runs::running(&self.db).await?))
        };
        let (batches, licences, mails, running) = self.runtime.block_on(read).unwrap();
        assert_eq!(running.len(), 0);
        let hashes: BTreeSet<&str> = batches.iter().map(|batch| batch.sha256.as_str()).collect();
        assert_eq!((batches.len(), hashes.len()), (self.files, self.files), "one batch a file");
        assert!(batches.iter().all(|batch| batch.state == BatchState::Ordered && batch.archived));
        assert_eq!(self.world.files_in("archive").len(), self.files);
        let lines: BTreeSet<String> =
            licences.iter().map(|licence| format!("{licence:?}")).collect();
        assert_eq!((licences.len(), lines.len()), (self.files, self.files), "one licence a line");
        let ids: BTreeSet<&str> = mails.iter().map(|mail| mail.message_id.as_str()).collect();
        let count = MAILS_A_FILE * self.files;
        assert_eq!((mails.len(), ids.len()), (count, count), "one Message-ID a mail");
        assert!(mails.iter().all(|mail| mail.state == MailState::Sent));
        let whole = |file: &&String| Path::new(file).extension().is_some_and(|end| end == "eml");
        assert_eq!(self.world.files_in("mail").iter().filter(whole).count(), count);
    }
}

impl Drop for Crowd {
    fn drop(&mut self) {
        for daemon in &mut self.daemons {
            let _ = daemon.kill();
            let _ = daemon.wait();
        }
    }
}

fn random() -> u16 {
    let bytes = *uuid::Uuid::new_v4().as_bytes();
    u16::from_le_bytes([bytes[0], bytes[1]])
}

fn is_told(files: usize, daemons: usize, kills: usize) {
    let mut crowd = Crowd::new(files, daemons);
    let patience = Duration::from_mins(2) + Duration::from_secs(4) * u32::try_from(files).unwrap();
    crowd.work(kills, patience);
    crowd.assert_each_once();
}

#[test]
fn daemons_on_one_folder_take_each_file_once_though_two_are_killed() {
    let on_one_machine = std::env::var("TEST_POSTGRES_URL").is_err();
    is_told(60, if on_one_machine { 2 } else { 4 }, 2);
}

#[test]
#[ignore = "takes long; run by name"]
fn two_daemons_with_two_thousand_files_and_kills_all_the_time() {
    is_told(2_000, 2, 60);
}

#[test]
#[ignore = "takes long, and needs a PostgreSQL; run by name"]
fn four_daemons_on_one_postgresql_with_two_thousand_files_and_kills_all_the_time() {
    assert!(std::env::var("TEST_POSTGRES_URL").is_ok(), "TEST_POSTGRES_URL names no server");
    is_told(2_000, 4, 60);
}
