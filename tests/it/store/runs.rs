//! Runs: leases, attempts, and what is kept of them.

use chrono::{DateTime, Utc};
use futures::future::join_all;
use hangloat::{
    db::{
        Db,
        runs::{self, Again, Claim, Counts, End, Lease, Run},
    },
    domain::run::{JobKind, RunState},
};

use super::seed::{ODD, later, now, within};
use crate::each_db::each_db;

const OURS: &str = "lan-pc:4711";
const THEIRS: &str = "server:12";

async fn start(db: &Db, job: &str, holder: &str) -> Option<i64> {
    let lease = Lease { holder, until: later(60) };
    runs::start(db, job, JobKind::Import, lease, now()).await.unwrap()
}

/// Of a run that began at once.
fn ours() -> Claim<'static> {
    Claim { holder: OURS, epoch: runs::FIRST_EPOCH }
}

async fn finish(db: &Db, id: i64, state: RunState) -> bool {
    let end = End { state, counts: Counts::new(), error: None };
    runs::finish(db, id, ours(), &end, later(5)).await.unwrap()
}

async fn read(db: &Db, id: i64) -> Run {
    runs::by_id(db, id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_does_not_run_twice_at_once() {
    each_db(async |db| {
        let first = start(db, "import", OURS).await.unwrap();
        assert_eq!(start(db, "import", THEIRS).await, None);
        assert!(start(db, "mail", THEIRS).await.is_some());
        assert!(finish(db, first, RunState::Succeeded).await);
        assert!(start(db, "import", THEIRS).await.is_some());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_read_while_it_runs_and_after_its_end() {
    each_db(async |db| {
        let id = start(db, "nhập danh sách", OURS).await.unwrap();
        let run = read(db, id).await;
        assert_eq!(
            (run.job.as_str(), run.kind, run.state),
            ("nhập danh sách", JobKind::Import, RunState::Running)
        );
        assert_eq!((run.attempt, run.holder.as_deref()), (1, Some(OURS)));
        assert_eq!((run.lease_until, run.queued_at), (Some(later(60)), now()));
        assert_eq!((run.started_at, run.finished_at), (Some(now()), None));
        assert_eq!((run.counts.0, run.error), (Counts::new(), None));

        let counts = Counts::from([("rows".to_owned(), i64::MAX), (ODD.to_owned(), -1)]);
        let end =
            End { state: RunState::Failed, counts: counts.clone(), error: Some(ODD.to_owned()) };
        assert!(runs::finish(db, id, ours(), &end, later(5)).await.unwrap());
        let run = read(db, id).await;
        assert_eq!((run.state, run.holder, run.lease_until), (RunState::Failed, None, None));
        assert_eq!((run.finished_at, run.counts.0), (Some(later(5)), counts));
        assert_eq!(run.error.as_deref(), Some(ODD));
        assert!(runs::by_id(db, id + 1).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_obeys_nobody_but_its_holder() {
    each_db(async |db| {
        let id = start(db, "import", OURS).await.unwrap();
        let end = End { state: RunState::Failed, counts: Counts::new(), error: None };
        for others in [Claim { holder: THEIRS, ..ours() }, Claim { epoch: 2, ..ours() }] {
            assert!(!runs::renew(db, id, others, later(99)).await.unwrap());
            assert!(!runs::finish(db, id, others, &end, now()).await.unwrap());
            let again = Again { attempt: 2, not_before: now(), error: None };
            assert!(!runs::hand_back(db, id, others, again).await.unwrap());
        }
        let run = read(db, id).await;
        assert_eq!((run.state, run.lease_until), (RunState::Running, Some(later(60))));

        assert!(runs::renew(db, id, ours(), later(99)).await.unwrap());
        assert_eq!(read(db, id).await.lease_until, Some(later(99)));
        assert!(finish(db, id, RunState::Succeeded).await);
        assert!(!runs::renew(db, id, ours(), later(99)).await.unwrap());
        assert!(!finish(db, id, RunState::Failed).await);
        assert_eq!(read(db, id).await.state, RunState::Succeeded);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_attempt_counts_the_interruptions_just_before() {
    each_db(async |db| {
        let ends = [
            (1, RunState::Interrupted),
            (2, RunState::Interrupted),
            (3, RunState::CompletedWithRejects),
            (1, RunState::Interrupted),
            (2, RunState::Failed),
            (1, RunState::Succeeded),
        ];
        let other = start(db, "mail", OURS).await.unwrap();
        assert!(finish(db, other, RunState::Interrupted).await);
        for (attempt, state) in ends {
            let id = start(db, "import", OURS).await.unwrap();
            assert_eq!(read(db, id).await.attempt, attempt, "{state}");
            assert!(finish(db, id, state).await);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn runs_are_listed_newest_first_of_one_state_or_of_all() {
    each_db(async |db| {
        let done = start(db, "import", OURS).await.unwrap();
        assert!(finish(db, done, RunState::Succeeded).await);
        let lease = Lease { holder: OURS, until: later(60) };
        let import = runs::start(db, "import", JobKind::Import, lease, later(1)).await.unwrap();
        let mail = start(db, "mail", OURS).await.unwrap();

        let ids = |runs: Vec<Run>| runs.iter().map(|run| run.id).collect::<Vec<_>>();
        let list = async |state, limit| ids(runs::list(db, state, None, limit).await.unwrap());
        assert_eq!(list(None, 9).await, [mail, import.unwrap(), done]);
        assert_eq!(list(None, 1).await, [mail]);
        let since = runs::list(db, None, Some(later(1)), 9).await.unwrap();
        assert_eq!(ids(since), [import.unwrap()]);
        assert_eq!(list(Some(RunState::Succeeded), 9).await, [done]);
        assert_eq!(list(Some(RunState::Cancelled), 9).await, [0; 0]);
        assert_eq!(ids(runs::running(db).await.unwrap()), [import.unwrap(), mail]);
    })
    .await;
}

async fn queue(db: &Db, job: &str, slot: DateTime<Utc>) -> i64 {
    within(db, async |tx| runs::queue(tx, job, JobKind::Mail, slot, now()).await).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn of_each_job_that_does_not_run_the_earliest_moment_has_its_turn() {
    each_db(async |db| {
        let (second, first) =
            (queue(db, "mail", later(2)).await, queue(db, "mail", later(1)).await);
        let other = queue(db, "activate", later(9)).await;
        let due = async |at| {
            let runs = runs::queued(db, at).await.unwrap();
            runs.iter().map(|run| run.id).collect::<Vec<_>>()
        };
        assert_eq!(due(now()).await, [first, other]);
        let lease = Lease { holder: OURS, until: later(60) };
        let epoch = runs::claim(db, first, lease, now()).await.unwrap().unwrap();
        assert_eq!(runs::claim(db, first, lease, now()).await.unwrap(), None);
        assert_eq!(runs::claim(db, second, lease, now()).await.unwrap(), None, "it runs already");
        assert_eq!(due(now()).await, [other]);

        let claim = Claim { holder: OURS, epoch };
        let again = Again { attempt: 2, not_before: later(50), error: Some(ODD) };
        assert!(runs::hand_back(db, first, claim, again).await.unwrap());
        assert_eq!(due(later(49)).await, [other], "the later moment waits behind the earlier one");
        assert_eq!(due(later(50)).await, [first, other]);
        let taken_up = runs::claim(db, first, lease, now()).await.unwrap().unwrap();
        assert_eq!(taken_up, epoch + 1);
        let end = End { state: RunState::Succeeded, counts: Counts::new(), error: None };
        assert!(!runs::finish(db, first, claim, &end, now()).await.unwrap(), "it was lost");
        let claim = Claim { epoch: taken_up, ..claim };
        assert!(runs::finish(db, first, claim, &end, now()).await.unwrap());
        assert_eq!(due(now()).await, [second, other]);
        let before = async |job| runs::state_before(db, job, second + 9).await.unwrap();
        assert_eq!(
            (before("mail").await, before("activate").await),
            (Some(RunState::Succeeded), None)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_processes_share_the_runs_out_each_taken_once() {
    each_db(async |db| {
        let jobs: Vec<String> = (0..24).map(|number| format!("job-{number}")).collect();
        for job in &jobs {
            queue(db, job, now()).await;
        }
        let work = async |holder: String| {
            let mut taken = 0;
            for run in runs::queued(db, now()).await.unwrap() {
                let lease = Lease { holder: &holder, until: later(60) };
                taken += i32::from(runs::claim(db, run.id, lease, now()).await.unwrap().is_some());
            }
            taken
        };
        let taken = join_all((0..6).map(|holder| work(format!("process {holder}")))).await;
        assert_eq!(taken.iter().sum::<i32>(), 24);
        assert_eq!(runs::running(db).await.unwrap().len(), 24);
    })
    .await;
}
