//! Scheduled moments: each there once, and skipped ones that follow each other in one row.

use hangloat::{
    db::{
        Db, is_taken, runs,
        slots::{self, Slot},
    },
    domain::{
        run::JobKind,
        slot::{SlotOutcome, SlotReason},
    },
};

use super::seed::{later, now, within};
use crate::each_db::each_db;

fn skipped(from: i64, to: i64, reason: SlotReason) -> Slot {
    Slot {
        job: "mail".to_owned(),
        scheduled_for: later(from),
        last: later(to),
        moments: to - from + 1,
        outcome: SlotOutcome::Skipped,
        reason: Some(reason.to_string()),
        run_id: None,
    }
}

async fn add(db: &Db, slot: Slot, since: i64) -> sqlx::Result<()> {
    within(db, async |tx| slots::add(tx, &slot, later(since)).await).await
}

#[tokio::test(flavor = "multi_thread")]
async fn skipped_moments_that_follow_each_other_for_one_reason_are_one_row() {
    each_db(async |db| {
        let (running, missed) = (SlotReason::Running, SlotReason::Missed);
        for slot in [skipped(1, 1, running), skipped(2, 4, running), skipped(5, 5, missed)] {
            add(db, slot, 0).await.unwrap();
        }
        let expected = [skipped(1, 4, running), skipped(5, 5, missed)];
        assert_eq!(slots::of_job(db, "mail").await.unwrap(), expected);
        // Under another schedule they are others.
        add(db, skipped(8, 8, missed), 7).await.unwrap();
        assert_eq!(slots::of_job(db, "mail").await.unwrap().len(), 3);
        let again = add(db, skipped(8, 8, running), 0).await.unwrap_err();
        assert!(is_taken(&again), "{again}");

        let newest = async |after, until| {
            slots::newest(db, "mail", (later(after), later(until))).await.unwrap()
        };
        assert_eq!(newest(0, 7).await, Some(later(5)));
        assert_eq!(newest(3, 4).await, Some(later(1)), "it lasts until the fourth");
        assert_eq!(newest(8, 9).await, None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn moments_that_one_run_accounts_for_are_its_own_row_and_one_of_the_others() {
    each_db(async |db| {
        let queue = async |at| {
            within(db, async |tx| runs::queue(tx, "mail", JobKind::Mail, later(at), now()).await)
                .await
                .unwrap()
        };
        let (first, second) = (queue(1).await, queue(9).await);
        let of = |run, outcome, from, to| Slot {
            outcome,
            reason: None,
            run_id: Some(run),
            ..skipped(from, to, SlotReason::Missed)
        };
        let (ran, coalesced) = (SlotOutcome::Ran, SlotOutcome::Coalesced);
        for slot in [of(first, ran, 1, 1), of(first, coalesced, 2, 3), of(first, coalesced, 4, 8)] {
            add(db, slot, 0).await.unwrap();
        }
        add(db, of(second, coalesced, 9, 9), 0).await.unwrap();
        let expected =
            [of(first, ran, 1, 1), of(first, coalesced, 2, 8), of(second, coalesced, 9, 9)];
        assert_eq!(slots::of_job(db, "mail").await.unwrap(), expected);
        assert_eq!(slots::last_of(db, first).await.unwrap(), Some(later(8)));
        assert_eq!(slots::last_of(db, 99).await.unwrap(), None);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_job_begins_anew_with_another_schedule_and_never_goes_back() {
    each_db(async |db| {
        let begin =
            async |schedule, at| slots::begin(db, "mail", schedule, later(at)).await.unwrap();
        let clock = async || slots::clocks(db).await.unwrap().remove(0);
        assert!(begin("hourly", 10).await);
        assert!(!begin("hourly", 20).await, "it is known");
        within(db, async |tx| slots::accounted(tx, "mail", later(30)).await).await.unwrap();
        assert!(begin("daily", 25).await, "a clock that is behind");
        assert_eq!((clock().await.since, clock().await.accounted_to), (later(25), later(30)));
        slots::end(db, "mail").await.unwrap();
        assert!(begin("daily", 40).await, "it was gone meanwhile");
        assert_eq!((clock().await.since, clock().await.accounted_to), (later(40), later(40)));
        let read = within(db, async |tx| slots::clock(tx, "mail").await).await.unwrap();
        assert_eq!(read, Some(clock().await));
        assert_eq!(now(), later(0));
    })
    .await;
}
