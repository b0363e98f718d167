//! What each table refuses by itself, whatever the program does: states without what belongs to them, unknown words,
//! second rows where there may be one.

use hangloat::{
    db::{
        Db, Tx, instance, is_taken,
        notifications::{self, NewNotification, NotificationKind},
        platform::{self, Setup},
        purge::{self, PurgedKind},
        rows::{self, NewRow, RowKind, Sheet},
        runs::{self, Claim, Counts, End, Lease},
        slots::{self, Slot},
    },
    domain::{
        batch::{BatchId, RowState},
        licence::Role,
        order::Kind,
        run::{JobKind, RunState},
        slot::SlotOutcome,
    },
};
use sqlx::{AssertSqlSafe, error::DatabaseError, types::Json};

use super::{
    schema::columns_of_words,
    seed::{CONTENT, FIRM, later, now, order_of, placed_line, platform_licence, within},
};
use crate::each_db::each_db;

async fn execute(db: &Db, sql: &str) -> sqlx::Result<u64> {
    let query = AssertSqlSafe(sql.to_owned());
    Ok(match db {
        Db::Sqlite(pool) => sqlx::query(query).execute(pool).await?.rows_affected(),
        Db::Postgres(pool) => sqlx::query(query).execute(pool).await?.rows_affected(),
    })
}

/// Each statement changes a row into one that a check refuses.
async fn assert_refused(db: &Db, statements: &[&str]) {
    for sql in statements {
        let refused = execute(db, sql).await.expect_err(sql);
        let is_check = refused.as_database_error().is_some_and(DatabaseError::is_check_violation);
        assert!(is_check, "{}: {sql}: {refused}", db.engine());
    }
}

/// Each statement changes a row, and is undone.
async fn assert_allowed(db: &Db, statements: &[&str]) {
    for sql in statements {
        let mut tx = db.begin().await.unwrap();
        let query = AssertSqlSafe((*sql).to_owned());
        let changed = match &mut tx {
            Tx::Sqlite(tx) => sqlx::query(query).execute(&mut **tx).await.unwrap().rows_affected(),
            Tx::Postgres(tx) => {
                sqlx::query(query).execute(&mut **tx).await.unwrap().rows_affected()
            }
        };
        assert!(changed > 0, "{}: {sql}", db.engine());
    }
}

async fn start_run(db: &Db) -> i64 {
    let lease = Lease { holder: "a", until: later(9) };
    runs::start(db, "import", JobKind::Import, lease, now()).await.unwrap().unwrap()
}

async fn end_run(db: &Db, id: i64) {
    let end = End { state: RunState::Succeeded, counts: Counts::new(), error: None };
    assert!(
        runs::finish(db, id, Claim { holder: "a", epoch: runs::FIRST_EPOCH }, &end, now())
            .await
            .unwrap()
    );
}

async fn account(db: &Db, run: i64) {
    let (job, reason) = ("import".to_owned(), None);
    let (outcome, scheduled_for) = (SlotOutcome::Ran, now());
    let slot =
        Slot { job, scheduled_for, last: now(), moments: 1, outcome, reason, run_id: Some(run) };
    within(db, async |tx| slots::add(tx, &slot, now()).await).await.unwrap();
}

async fn stage_rows(db: &Db, batch: BatchId) {
    let row = |row_no, kind, state| NewRow { sheet: 1, row_no, kind, cells: &[], state };
    let staged = [row(1, RowKind::Outside, None), row(2, RowKind::Data, Some(RowState::Staged))];
    let sheet = Sheet {
        sheet: 1,
        name: "Trang 1".to_owned(),
        header_row: 1,
        columns: Json(Vec::new()),
        layout: Json::default(),
    };
    within(db, async |tx| {
        rows::insert_sheet(tx, batch, &sheet).await?;
        rows::insert(tx, batch, &staged).await
    })
    .await
    .unwrap();
}

async fn ring(db: &Db) {
    let new =
        NewNotification { firm: FIRM, kind: NotificationKind::OrderPlaced, text: "", order: None };
    within(db, async |tx| notifications::insert(tx, new, now()).await).await.unwrap();
}

async fn issue_on_the_platform(db: &Db) {
    let setup = Some(Setup { sha256: CONTENT, expires_at: later(72) });
    within(db, async |tx| {
        platform::insert(tx, &platform_licence(1)).await?;
        platform::insert_login(tx, "LIC-1", "new@x.example", Role::ClientAdmin, setup).await?;
        platform::insert_login(tx, "LIC-1", "old@x.example", Role::AspAdmin, None).await
    })
    .await
    .unwrap();
}

async fn leave_a_kind(db: &Db) {
    let kind = PurgedKind { family: "SME".to_owned(), fiscal_year: 2026, kind: Kind::Free };
    within(db, async |tx| purge::leave(tx, &[], &[kind]).await).await.unwrap();
}

/// A statement with one credit, and what was decided of it.
async fn book_a_credit(db: &Db) {
    for sql in [
        "insert into statement (batch_id, sheet, account, credits, debits, arrived_at)
         values ((select min(id) from batch), 1, '1', 5, 0, (select min(received_at) from batch))",
        "insert into bank_line (statement_id, batch_id, sheet, row_no, account, fingerprint, occurrence, booked_on,
                                direction, amount, memo, state, tier)
         values ((select min(id) from statement), (select min(id) from batch), 1, 1, '1',
                 'c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0', 1, '2026-11-23', 'credit', 5, '',
                 'unmatched', 'nothing')",
        "insert into payment_event (bank_line_id, at, kind, detail, rules)
         values ((select min(id) from bank_line), (select min(received_at) from batch), 'decided', '{}', 1)",
    ] {
        db.query(sql).execute().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_word_of_no_set_is_refused_in_every_column_of_words() {
    each_db(async |db| {
        let (batch, ..) = placed_line(db).await;
        let run = start_run(db).await;
        end_run(db, run).await;
        account(db, run).await;
        stage_rows(db, batch).await;
        ring(db).await;
        issue_on_the_platform(db).await;
        leave_a_kind(db).await;
        book_a_credit(db).await;
        let night = "'2026-11-23T00:30:00Z'";
        let report = format!(
            "insert into report (day, revision, since, until, content, digest)
             values ('2026-11-23', 1, {night}, {night}, '{{}}', '{}')",
            "0".repeat(64)
        );
        execute(db, &report).await.unwrap();
        for column in columns_of_words().keys() {
            let (table, column) = column.split_once('.').unwrap();
            for word in ["nonsense", "", "Paid"] {
                assert_refused(db, &[&format!("update {table} set {column} = '{word}'")]).await;
            }
        }
        // Where only the set of words is broken, and no other check.
        assert_refused(db, &["update batch_row set state = 'nonsense' where kind = 'data'"]).await;
        assert_refused(db, &["update batch_row set kind = 'nonsense' where kind = 'outside'"])
            .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_is_held_while_it_runs_and_has_an_end_only_after() {
    each_db(async |db| {
        let id = start_run(db).await;
        let refused = [
            "update run set holder = null",
            "update run set lease_until = null",
            "update run set finished_at = queued_at",
            "update run set state = 'succeeded'",
            "update run set state = 'queued'",
            "update run set state = 'queued', holder = null",
            "update run set attempt = 0",
        ];
        assert_refused(db, &refused).await;
        assert_allowed(db, &["update run set state = 'queued', holder = null, lease_until = null"])
            .await;
        end_run(db, id).await;
        let refused = [
            "update run set holder = 'a'",
            "update run set lease_until = queued_at",
            "update run set finished_at = null",
            "update run set state = 'running', holder = 'a', lease_until = queued_at",
            "update run set state = 'queued'",
        ];
        assert_refused(db, &refused).await;
        assert_allowed(
            db,
            &["update run set state = 'interrupted'", "update run set state = 'cancelled'"],
        )
        .await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_answers_or_doubles_another_only_where_its_state_says_so() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update batch set state = 'duplicate'",
            "update batch set duplicate_of = id",
            "update batch set answers = id",
            "update batch set sha256 = 'abc'",
            "update batch set revision = -1",
            "update batch set written = -1",
            "update batch set written = revision + 1",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update batch set state = 'duplicate', duplicate_of = id",
            "update batch set kind = 'answer', answers = id",
            "update batch set written = revision",
        ];
        assert_allowed(db, &allowed).await;
        let unknown = execute(db, "update batch set run_id = 99").await.unwrap_err();
        assert!(unknown.as_database_error().unwrap().is_foreign_key_violation());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_row_has_a_state_exactly_where_it_holds_data() {
    each_db(async |db| {
        let (batch, ..) = placed_line(db).await;
        stage_rows(db, batch).await;
        let refused = [
            "update batch_row set state = null where kind = 'data'",
            "update batch_row set state = 'held' where kind = 'outside'",
            "update batch_row set kind = 'data' where kind = 'outside'",
            "update batch_row set kind = 'header' where kind = 'data'",
            "update batch_row set row_no = 0 where kind = 'data'",
            "update batch_sheet set sheet = 0",
            "update batch_sheet set header_row = 0",
        ];
        assert_refused(db, &refused).await;
        let twice = execute(db, "update batch_row set row_no = 2").await.unwrap_err();
        assert!(is_taken(&twice), "{twice}");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_placed_exactly_when_somebody_confirmed_it() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update client_order set placed_at = null",
            "update client_order set confirmed_by = null",
            "update client_order set placed_at = null, confirmed_by = null",
            "update client_order set state = 'awaiting_confirmation'",
            "update client_order set state = 'done', placed_at = null, confirmed_by = null",
            "update client_order set state = 'cancelled', confirmed_by = null",
            "update client_order set content = 'abc'",
            "update client_order set revision = 0",
            "update client_order set position = 0",
            "update client_order set amount = -1",
        ];
        assert_refused(db, &refused).await;
        let nobody = "placed_at = null, confirmed_by = null";
        let allowed = [
            &format!("update client_order set state = 'cancelled', {nobody}"),
            &format!("update client_order set state = 'awaiting_confirmation', {nobody}"),
            "update client_order set state = 'paid'",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_has_one_uncancelled_line_for_a_family_and_year() {
    each_db(async |db| {
        let (batch, ..) = placed_line(db).await;
        let (_, others) = order_of(db, batch, 2, 1).await;
        let id = others[0];
        let first = "(select min(tax_id) from order_line)";
        let same = format!("update order_line set tax_id = {first} where id = {id}");
        assert!(is_taken(&execute(db, &same).await.unwrap_err()));
        execute(db, &format!("update order_line set state = 'cancelled' where id = {id}"))
            .await
            .unwrap();
        execute(db, &same).await.unwrap();
        let back = format!("update order_line set state = 'waiting' where id = {id}");
        assert!(is_taken(&execute(db, &back).await.unwrap_err()));
        let first = format!("update order_line set state = 'cancelled' where id <> {id}");
        execute(db, &first).await.unwrap();
        execute(db, &back).await.unwrap();
        let refused = ["update order_line set amount = -1", "update order_line set line_no = 0"];
        assert_refused(db, &refused).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_request_is_paid_as_much_as_its_state_says() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update payment_request set paid = 1",
            "update payment_request set state = 'partly_paid'",
            "update payment_request set state = 'partly_paid', paid = amount",
            "update payment_request set state = 'paid'",
            "update payment_request set state = 'paid', paid = amount - 1",
            "update payment_request set state = 'overpaid', paid = amount - 1",
            "update payment_request set paid = -1",
            "update payment_request set amount = -1",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update payment_request set state = 'partly_paid', paid = amount - 1",
            "update payment_request set state = 'paid', paid = amount",
            "update payment_request set state = 'overpaid', paid = amount + 1",
            "update payment_request set state = 'cancelled', paid = 1",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_activation_is_held_while_it_is_sent_and_settled_only_after() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update activation set holder = 'a'",
            "update activation set state = 'sending'",
            "update activation set state = 'done'",
            "update activation set state = 'refused'",
            "update activation set settled_at = planned_at",
            "update activation set state = 'uncertain', settled_at = planned_at",
            "update activation set attempts = -1",
            "update activation set request_sha256 = 'abc'",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update activation set state = 'sending', holder = 'a'",
            "update activation set state = 'done', settled_at = planned_at",
            "update activation set state = 'uncertain'",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_has_both_ends_of_its_grace_and_its_suspension_an_instant() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update licence set grace_until = null",
            "update licence set cutoff_at = null",
            "update licence set state = 'suspended'",
            "update licence set suspended_at = activated_at",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update licence set grace_until = null, cutoff_at = null",
            "update licence set state = 'suspended', suspended_at = activated_at",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_held_while_it_is_sent_and_has_an_instant_only_after() {
    each_db(async |db| {
        placed_line(db).await;
        let refused = [
            "update mail set holder = 'a'",
            "update mail set state = 'sending'",
            "update mail set state = 'sent'",
            "update mail set sent_at = planned_at",
            "update mail set state = 'uncertain', sent_at = planned_at",
            "update mail set state = 'sent', sent_at = planned_at, holder = 'a'",
            "update mail set sequence = 0",
            "update mail set attempts = -1",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update mail set state = 'sending', holder = 'a'",
            "update mail set state = 'sent', sent_at = planned_at",
            "update mail set state = 'held'",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_first_log_in_has_a_link_and_every_other_has_none() {
    each_db(async |db| {
        issue_on_the_platform(db).await;
        let refused = [
            "update platform_login set setup_sha256 = null where email = 'new@x.example'",
            "update platform_login set setup_expires_at = null where email = 'new@x.example'",
            "update platform_login set first_time = false where email = 'new@x.example'",
            "update platform_login set first_time = true where email = 'old@x.example'",
            "update platform_login set setup_sha256 = 'abc' where email = 'old@x.example'",
            "update platform_licence set request_sha256 = 'abc'",
        ];
        assert_refused(db, &refused).await;
        let used = "update platform_login set first_time = false, setup_sha256 = null, setup_expires_at = null
                    where email = 'new@x.example'";
        assert_allowed(db, &[used]).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn there_is_one_instance_and_no_counter_below_zero() {
    each_db(async |db| {
        placed_line(db).await;
        instance::id(db, "first", now()).await.unwrap();
        let refused = [
            "update instance set id = 2",
            "update counter set value = -1",
            "update shown set revision = 0",
            "update shown set content = 'abc'",
        ];
        assert_refused(db, &refused).await;
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_others_refer_to_is_not_removed() {
    each_db(async |db| {
        placed_line(db).await;
        issue_on_the_platform(db).await;
        for table in ["batch", "client_order", "order_line", "platform_licence"] {
            let refused = execute(db, &format!("delete from {table}")).await.unwrap_err();
            let error = refused.as_database_error().unwrap();
            assert!(error.is_foreign_key_violation(), "{table}: {refused}");
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_moment_has_a_reason_exactly_where_it_is_skipped_and_a_run_elsewhere() {
    each_db(async |db| {
        let run = start_run(db).await;
        account(db, run).await;
        let refused = [
            "update slot set reason = 'missed'",
            "update slot set run_id = null",
            "update slot set moments = 2",
            "update slot set outcome = 'skipped'",
            "update slot set outcome = 'coalesced', moments = 0",
            "insert into lease (name, holder, epoch, until) values ('x', 'a', 1, null)",
            "insert into lease (name, holder, epoch, until) values ('x', null, 0, null)",
        ];
        assert_refused(db, &refused).await;
        let allowed = [
            "update slot set outcome = 'coalesced', moments = 2",
            "update slot set outcome = 'skipped', reason = 'after', run_id = null",
        ];
        assert_allowed(db, &allowed).await;
    })
    .await;
}
