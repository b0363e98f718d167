//! The turns of those who send: what was taken is settled and what comes next is claimed, in one statement; and what
//! the letters read that were claimed.

use hangloat::{
    db::{
        Db,
        batches::Filter,
        gathered,
        kept::Kept,
        mails::{self, Mail},
        staff,
        turns::{self, Limit, Turn},
    },
    domain::mail::MailState,
};

use super::seed::{batch, later, next, now, order, order_of, placed_line, plan_notice, take};
use crate::each_db::each_db;

/// Planned notices, by their ids.
async fn planned(db: &Db, notices: u32) -> Vec<i64> {
    let code = order(db, batch(db).await, 1).await;
    for number in 0..notices {
        plan_notice(db, &code, &format!("<{number}@hangloat.example>")).await;
    }
    mails::list(db, &Filter::default()).await.unwrap().iter().map(|mail| mail.id).collect()
}

/// Those settled and those claimed, by id.
async fn claims(db: &Db, turn: Turn<'_>) -> (Vec<(i64, i64)>, Vec<(i64, i64)>) {
    let mut taken = take(db, turn).await;
    taken.sort_by_key(|mail| mail.id);
    let (settled, claimed): (Vec<Mail>, Vec<Mail>) =
        taken.into_iter().partition(|mail| mail.state == MailState::Sent);
    let pairs = |mails: Vec<Mail>| mails.iter().map(|mail| (mail.id, mail.epoch)).collect();
    (pairs(settled), pairs(claimed))
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_taken_is_settled_and_the_next_are_claimed_together() {
    each_db(async |db| {
        let ids = planned(db, 3).await;
        let (settled, first) = claims(db, Turn { most: 2, ..next("a", now()) }).await;
        assert_eq!((settled, &first), (vec![], &vec![(ids[0], 1), (ids[1], 1)]));
        let turn = Turn { most: 2, sent: &first, ..next("a", later(1)) };
        assert_eq!(claims(db, turn).await, (first.clone(), vec![(ids[2], 1)]));
        let read = async |id| mails::by_id(db, id).await.unwrap().unwrap();
        let (sent, claimed) = (read(ids[0]).await, read(ids[2]).await);
        assert_eq!((sent.state, sent.attempts, sent.sent_at), (MailState::Sent, 1, Some(later(1))));
        assert_eq!((sent.holder, sent.lease_until, sent.not_before), (None, None, later(1)));
        assert_eq!((claimed.state, claimed.attempts), (MailState::Sending, 1));
        assert_eq!((claimed.holder.as_deref(), claimed.lease_until), (Some("a"), Some(later(60))));
        assert_eq!((claimed.sent_at, claimed.not_before), (None, now()));
        assert_eq!(claims(db, turn).await, (vec![], vec![]), "nobody settles anything twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn where_a_claim_is_lost_the_others_are_settled_and_nothing_is_claimed() {
    each_db(async |db| {
        planned(db, 4).await;
        let (_, own) = claims(db, Turn { most: 2, ..next("a", now()) }).await;
        let (_, theirs) = claims(db, next("b", now())).await;
        let older = (own[0].0, own[0].1 - 1);
        for lost in [theirs[0], older] {
            let sent = [own[1], lost];
            let (settled, claimed) = claims(db, Turn { sent: &sent, ..next("a", now()) }).await;
            assert!(!settled.contains(&lost) && claimed.is_empty());
        }
        let states: Vec<_> = mails::list(db, &Filter::default()).await.unwrap();
        let states: Vec<_> = states.iter().map(|mail| mail.state).collect();
        let (sending, sent) = (MailState::Sending, MailState::Sent);
        assert_eq!(states, [sending, sent, sending, MailState::Planned]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_more_are_claimed_than_a_minute_and_a_day_have_room_for_whoever_claims() {
    each_db(async |db| {
        planned(db, 12).await;
        let limit = |most, since| Some(Limit { most, since });
        let claimed = async |turn: Turn<'_>| claims(db, Turn { most: 4, ..turn }).await.1.len();
        let minute = |most, since| Turn { tried: limit(most, since), ..next("a", later(1)) };
        assert_eq!(claimed(minute(3, now())).await, 3);
        assert_eq!(claimed(minute(3, now())).await, 0);
        assert_eq!(claimed(minute(2, now())).await, 0, "there are more than now are allowed");
        assert_eq!(claimed(minute(4, now())).await, 1);
        assert_eq!(claimed(minute(2, later(1))).await, 2, "the others were before");
        let day = |most, since| Turn { left: limit(most, since), ..next("b", later(2)) };
        assert_eq!(claimed(day(6, now())).await, 0, "those under way count");
        assert_eq!(claimed(day(7, later(3))).await, 1);
        let both = Turn { tried: limit(100, now()), ..day(9, now()) };
        assert_eq!(claimed(both).await, 2);
        assert_eq!(claimed(next("b", later(2))).await, 3, "that is all");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_takes_turns_sees_whether_anybody_else_wrote_meanwhile() {
    each_db(async |db| {
        planned(db, 4).await;
        let mut kept = Kept::of(db).await.unwrap();
        let mut version = async || turns::take(&mut kept, &next("a", now())).await.unwrap().1;
        let (first, second) = (version().await, version().await);
        assert_eq!(first, second);
        mails::unhold(db, 0).await.unwrap();
        assert_eq!(version().await, second, "nothing was changed");
        let is_sqlite = matches!(db, Db::Sqlite(_));
        db.query("update mail set error = 'x' where id = 4").execute().await.unwrap();
        let third = version().await;
        assert_eq!((third != second, third.is_some()), (is_sqlite, is_sqlite));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_is_read_with_its_licence_and_what_is_said_of_its_staff() {
    each_db(async |db| {
        let (batch, _, line) = placed_line(db).await;
        let (_, others) = order_of(db, batch, 2, 1).await;
        let mut read = gathered::lines(db, &[line, others[0]]).await.unwrap();
        read.sort_by_key(|it| it.line.id);
        let [own, other] = &read[..] else { panic!() };
        assert_eq!((own.line.id, own.licence_id.as_deref()), (line, Some("LIC-1")));
        assert_eq!(own.staff.0, staff::on_lines(db, &[line]).await.unwrap());
        assert_eq!(own.staff.0.len(), 1);
        assert_eq!((other.line.id, other.licence_id.is_none()), (others[0], true));
        assert!(other.staff.0.is_empty());
    })
    .await;
}
