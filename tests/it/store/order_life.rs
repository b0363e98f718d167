//! What happens to orders after they were made: cancelled, counted again, undone; licences changed; staff assigned.

use hangloat::{
    db::{
        Db,
        activations::{self, ActivationState},
        batches::{self, Batch},
        cancellations,
        licences::{self, Login},
        lines, mails, orders, requests, shown,
        staff::{self, Said},
    },
    domain::{
        batch::{BatchId, BatchState},
        firm::StaffRole,
        licence::{LicenceState, Role},
        mail::{MailState, Purpose},
        money::Money,
        order::{LineState, OrderCode, OrderState, RequestState},
    },
};

use super::seed::{
    CONTENT, FIRM, ODD, OTHER_CONTENT, PRICE, batch, later, lease, new_licence, new_request, now,
    order_of, payment_code, place, placed_line, plan_activation, plan_notice, within,
};
use crate::each_db::each_db;

/// Cancels lines of an order, and counts it again.
async fn cancel(db: &Db, code: &OrderCode, ids: &[i64]) -> i64 {
    within(db, async |tx| {
        let cancellation = cancellations::insert(tx, code, ODD, now()).await?;
        let from = [LineState::Waiting, LineState::Placed];
        let count = ids.len() as u64;
        assert_eq!(lines::cancel(tx, ids, &from, cancellation.id).await?, count);
        assert_eq!(lines::cancel(tx, ids, &from, cancellation.id).await?, 0);
        requests::cancel(tx, ids).await?;
        orders::recount(tx, code, Some(OTHER_CONTENT)).await?;
        Ok(cancellation.id)
    })
    .await
    .unwrap()
}

/// Asks for the money of each line.
async fn request(db: &Db, batch: BatchId, lines: &[i64]) {
    within(db, async |tx| {
        for (number, line) in (1..).zip(lines) {
            requests::insert(tx, &payment_code(number), &new_request(*line, batch), now()).await?;
        }
        Ok(())
    })
    .await
    .unwrap();
}

async fn order(db: &Db, code: &OrderCode) -> orders::Order {
    orders::by_code(db, code).await.unwrap().unwrap()
}

async fn the_batch(db: &Db, id: BatchId) -> Batch {
    batches::by_id(db, id).await.unwrap().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_counts_what_was_not_cancelled_and_ends_with_its_last_line() {
    each_db(async |db| {
        let id = batch(db).await;
        let (code, ids) = order_of(db, id, 1, 3).await;
        cancel(db, &code, &ids[..1]).await;
        let two = order(db, &code).await;
        assert_eq!(two.amount(), Money::dong(2 * PRICE.as_dong()));
        assert_eq!((two.revision, two.content.as_str()), (2, OTHER_CONTENT));
        assert_eq!(two.state, OrderState::AwaitingConfirmation);
        cancel(db, &code, &ids[1..]).await;
        let none = order(db, &code).await;
        assert_eq!((none.state, none.amount()), (OrderState::Cancelled, Money::ZERO));

        let why = cancellations::of_batch(db, id).await.unwrap();
        assert_eq!(why.iter().map(|(line, ..)| *line).collect::<Vec<_>>(), ids);
        assert!(why.iter().all(|(_, reason, at)| (reason.as_str(), *at) == (ODD, now())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_payers_letter_is_about_what_was_cancelled_under_its_sequence() {
    each_db(async |db| {
        let id = batch(db).await;
        let (code, ids) = order_of(db, id, 1, 3).await;
        request(db, id, &ids).await;
        cancel(db, &code, &ids[..1]).await;
        cancel(db, &code, &ids[1..]).await;
        let of = async |sequence, payer| {
            let under = (&code, sequence);
            let gone = requests::cancelled_of_payer(db, under, payer).await.unwrap();
            gone.iter().map(|request| request.line_id).collect::<Vec<_>>()
        };
        let payer = new_request(ids[0], id).payer_email;
        assert_eq!(
            (of(1, payer).await, of(2, payer).await),
            (ids[..1].to_vec(), ids[1..].to_vec())
        );
        assert!(of(3, payer).await.is_empty() && of(1, "other@hoasen.example").await.is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cancellation_is_followed_up_once_for_all_its_lines() {
    each_db(async |db| {
        let (code, ids) = order_of(db, batch(db).await, 1, 3).await;
        let open = async || cancellations::unfollowed(db, None).await.unwrap();
        let follow = async |id, from, to| {
            within(db, async |tx| cancellations::follow(tx, id, from, to).await).await.unwrap()
        };
        let first = cancel(db, &code, &ids[..2]).await;
        let [found] = &open().await[..] else { panic!() };
        assert_eq!((found.id, found.followed, found.lines), (first, 0, 2));
        assert!(follow(first, 0, 2).await && !follow(first, 0, 2).await);
        assert!(open().await.is_empty());
        cancel(db, &code, &ids[2..]).await;
        assert_eq!(open().await.len(), 1);
        let other = "DH-2611-000009".parse().unwrap();
        assert!(cancellations::unfollowed(db, Some(&other)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_placed_order_is_paid_when_what_is_left_of_it_is() {
    each_db(async |db| {
        let id = batch(db).await;
        let (code, ids) = order_of(db, id, 1, 2).await;
        place(db, &code).await;
        request(db, id, &ids).await;
        let paid = "update payment_request set state = 'paid', paid = amount where line_id = $1";
        db.query(paid).bind(ids[0]).execute().await.unwrap();
        cancel(db, &code, &ids[1..]).await;
        assert_eq!(order(db, &code).await.state, OrderState::Paid);
        assert_eq!(order(db, &code).await.revision, 1, "it is what was confirmed");
        let states: Vec<RequestState> =
            requests::of_batch(db, id).await.unwrap().iter().map(|it| it.state).collect();
        assert_eq!(states, [RequestState::Paid, RequestState::Cancelled]);
        let again = within(db, async |tx| requests::cancel(tx, &ids[..1]).await);
        assert_eq!(again.await.unwrap(), 0, "what is paid is not cancelled");
        let paid = within(db, async |tx| requests::hold_paid(tx, &ids).await);
        assert_eq!(paid.await.unwrap(), ids[..1]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_order_is_held_only_as_it_was_looked_at() {
    each_db(async |db| {
        let (code, _) = order_of(db, batch(db).await, 1, 1).await;
        let hold = async |state, content| {
            within(db, async |tx| orders::hold(tx, &code, state, content).await).await.unwrap()
        };
        assert!(hold(OrderState::AwaitingConfirmation, CONTENT).await);
        assert!(!hold(OrderState::AwaitingConfirmation, OTHER_CONTENT).await);
        assert!(!hold(OrderState::Placed, CONTENT).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_batch_ends_and_is_undone_only_when_nothing_of_it_stands() {
    each_db(async |db| {
        let id = batch(db).await;
        let (code, ids) = order_of(db, id, 1, 1).await;
        db.query("update batch set state = 'ordered', kind = 'clients'").execute().await.unwrap();
        let end = async || within(db, async |tx| batches::end_orders(tx, id).await).await.unwrap();
        let undo = async || within(db, async |tx| batches::undo(tx, id).await).await.unwrap();
        end().await;
        assert!(!undo().await);
        assert_eq!(the_batch(db, id).await.state, BatchState::Ordered);
        cancel(db, &code, &ids).await;
        end().await;
        assert_eq!(the_batch(db, id).await.state, BatchState::Done);
        assert!(undo().await && !undo().await);
        assert_eq!(the_batch(db, id).await.state, BatchState::Undone);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_payers_to_whom_a_notice_went_are_told() {
    each_db(async |db| {
        let (id, code, line) = placed_line(db).await;
        let cancellation = cancel(db, &code, &[line]).await;
        let told = async || {
            within(db, async |tx| cancellations::told_payers(tx, cancellation).await).await.unwrap()
        };
        assert!(told().await.is_empty(), "the notice is planned still");
        db.query("update mail set state = 'sent', sent_at = $1")
            .bind(later(1))
            .execute()
            .await
            .unwrap();
        let payer = ("sen@hoasen.example".to_owned(), "Nguyễn Thị Sen".to_owned());
        assert_eq!(told().await, [payer]);
        assert_eq!(mails::of_batch(db, id).await.unwrap()[0].state, MailState::Sent);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_that_have_not_left_go_with_their_reason() {
    each_db(async |db| {
        let (id, code, line) = placed_line(db).await;
        let empty = async || {
            within(db, async |tx| mails::cancel_empty_notices(tx, &code).await).await.unwrap();
            mails::of_batch(db, id).await.unwrap()[0].state
        };
        assert_eq!(empty().await, MailState::Planned, "something is to be paid still");
        cancel(db, &code, &[line]).await;
        assert_eq!(empty().await, MailState::Cancelled);

        plan_notice(db, &code, "<2@hangloat.example>").await;
        let of_line = "update mail set line_id = $1, state = 'held' where message_id = '<2@hangloat.example>'";
        db.query(of_line).bind(line).execute().await.unwrap();
        within(db, async |tx| mails::cancel_of_lines(tx, &[line]).await).await.unwrap();
        let states = mails::of_batch(db, id).await.unwrap();
        assert!(states.iter().all(|mail| mail.state == MailState::Cancelled));
        assert_eq!(states[0].purpose, Purpose::OrderNotice);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_lost_activation_is_claimed_to_be_asked_about() {
    each_db(async |db| {
        let (_, ids) = order_of(db, batch(db).await, 1, 1).await;
        plan_activation(db, ids[0]).await;
        let lost = async || activations::claim_uncertain(db, ids[0], lease("b")).await.unwrap();
        assert!(lost().await.is_none());
        activations::claim(db, None, (0, 1), lease("a")).await.unwrap().pop().unwrap();
        assert!(lost().await.is_none());
        activations::release(db, "a").await.unwrap();
        let claimed = lost().await.unwrap();
        assert_eq!(
            (claimed.state, claimed.holder.as_deref()),
            (ActivationState::Sending, Some("b"))
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_is_suspended_once_and_gets_other_log_ins() {
    each_db(async |db| {
        let (_, ids) = order_of(db, batch(db).await, 1, 1).await;
        let login = Login {
            email: "binh@minhan.example".parse().unwrap(),
            role: Role::AspManager,
            first_time: false,
        };
        let logins = std::slice::from_ref(&login);
        within(db, async |tx| {
            licences::insert(tx, new_licence("LIC-1", ids[0])).await?;
            licences::set_logins(tx, "LIC-1", logins).await?;
            assert!(licences::suspend(tx, "LIC-1", later(3)).await?);
            assert!(!licences::suspend(tx, "LIC-1", later(4)).await?);
            Ok(())
        })
        .await
        .unwrap();
        let licence = licences::of_line(db, ids[0]).await.unwrap().unwrap();
        assert_eq!(
            (licence.state, licence.suspended_at),
            (LicenceState::Suspended, Some(later(3)))
        );
        assert_eq!(licence.logins.0, [login]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_works_in_a_clients_data_is_what_was_said_last() {
    each_db(async |db| {
        let (_, code, line) = placed_line(db).await;
        let set = async |email: &str, role| {
            let said = Said { line_id: line, email, role };
            within(db, async |tx| staff::set(tx, &[said]).await).await.unwrap() == 1
        };
        let mine = async |firm, email| {
            let lines = lines::staffed_by(db, firm, email).await.unwrap();
            lines.iter().map(|line| line.id).collect::<Vec<_>>()
        };
        let (binh, hoa) = ("binh@minhan.example", "hoa@minhan.example");
        assert!(!set(binh, Some(StaffRole::DataEntry)).await, "it was so");
        assert!(set(hoa, Some(StaffRole::Manager)).await);
        assert!(set(binh, Some(StaffRole::Manager)).await);
        assert_eq!(mine(Some(FIRM), binh).await, [line]);
        assert!(mine(Some("KHAC"), binh).await.is_empty());
        assert!(set(binh, None).await && !set(binh, None).await);
        assert!(mine(None, binh).await.is_empty());
        let said = staff::of_order(db, &code).await.unwrap();
        let said: Vec<_> = said.iter().map(|it| (it.email.as_str(), it.role())).collect();
        assert_eq!(said, [(binh, None), (hoa, Some(StaffRole::Manager))]);
        assert_eq!(staff::on_lines(db, &[line]).await.unwrap().len(), 2);
        let held = within(db, async |tx| lines::hold(tx, &[line]).await).await.unwrap();
        assert_eq!(held, [(line, LineState::Placed)].into());

        let assigned = "update order_line set client = $2 where id = $1";
        let mut client = super::seed::client();
        client.assigned_to = Some("moi@minhan.example".parse().unwrap());
        db.query(assigned).bind(line).bind(sqlx::types::Json(client)).execute().await.unwrap();
        assert_eq!(mine(None, "moi@minhan.example").await, [line]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_revision_remembers_how_many_lines_it_showed_and_for_how_much() {
    each_db(async |db| {
        let id = batch(db).await;
        let (code, ids) = order_of(db, id, 1, 2).await;
        let ask =
            async || within(db, async |tx| batches::ask_for_workbook(tx, id).await).await.unwrap();
        ask().await;
        assert!(batches::wrote(db, &the_batch(db, id).await).await.unwrap());
        cancel(db, &code, &ids[..1]).await;
        assert_eq!(ask().await, 2);
        let of = async |revision| shown::of_order(db, &code, revision).await.unwrap();
        let (first, second) = (of(1).await.unwrap(), of(2).await.unwrap());
        assert_eq!((first.lines, second.lines), (2, 1));
        assert_eq!((first.content.as_str(), second.amount), (CONTENT, PRICE.as_dong()));
        assert_eq!(of(3).await, None);
    })
    .await;
}
