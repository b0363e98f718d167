//! The outbox: one mail for a purpose, subject and recipient, claimed by one relay at a time.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use futures::future::join_all;
use hangloat::{
    db::{
        Db,
        batches::Filter,
        is_taken,
        leases::Claim,
        mails::{self, About, Mail, NewMail, Settled},
        posting,
    },
    domain::{
        batch::BatchId,
        mail::{MailState, Purpose},
        order::OrderCode,
    },
};

use super::seed::{
    FIRM, ODD, batch, batch_of, hash, later, next, now, order, order_of, plan_notice, take, within,
};
use crate::each_db::each_db;

async fn claim(db: &Db, holder: &str) -> Option<Mail> {
    claim_at(db, holder, now()).await
}

async fn claim_at(db: &Db, holder: &str, at: DateTime<Utc>) -> Option<Mail> {
    take(db, next(holder, at)).await.pop()
}

async fn settle(db: &Db, id: i64, holder: &str, state: MailState) -> bool {
    let settled = Settled { state, error: Some(ODD), not_before: later(30) };
    let claim = Claim { holder, epoch: read(db, id).await.epoch };
    within(db, async |tx| mails::settle(tx, id, claim, settled, later(9)).await).await.unwrap()
}

async fn read(db: &Db, id: i64) -> Mail {
    mails::by_id(db, id).await.unwrap().unwrap()
}

async fn all(db: &Db) -> Vec<Mail> {
    mails::list(db, &Filter::default()).await.unwrap()
}

fn ids(mails: &[Mail]) -> Vec<i64> {
    mails.iter().map(|mail| mail.id).collect()
}

/// An order with as many planned notices.
async fn planned(db: &Db, notices: u32) -> (OrderCode, Vec<i64>) {
    let batch = batch(db).await;
    let code = order(db, batch, 1).await;
    for number in 0..notices {
        plan_notice(db, &code, &format!("<{number}@hangloat.example>")).await;
    }
    (code, ids(&all(db).await))
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_read_as_it_was_planned() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (code, lines) = order_of(db, batch, 1, 1).await;
        let new = NewMail {
            purpose: Purpose::LoginFirst,
            subject: "DH-2611-000001/1",
            about: About::Order(&code),
            line_id: Some(lines[0]),
            recipient: "sen@hoasen.example",
            recipient_name: ODD,
            sequence: 1,
            message_id: "<1@hangloat.example>",
        };
        within(db, async |tx| mails::plan(tx, new, now()).await).await.unwrap();
        let [mail] = &all(db).await[..] else { panic!() };
        assert_eq!(
            (mail.purpose, mail.subject.as_str()),
            (Purpose::LoginFirst, "DH-2611-000001/1")
        );
        assert_eq!(
            (mail.order_code.as_deref(), mail.line_id),
            (Some(code.as_str()), Some(lines[0]))
        );
        assert_eq!(
            (mail.recipient.as_str(), mail.recipient_name.as_str()),
            ("sen@hoasen.example", ODD)
        );
        assert_eq!((mail.sequence, mail.message_id.as_str()), (1, "<1@hangloat.example>"));
        assert_eq!((mail.state, mail.attempts), (MailState::Planned, 0));
        assert_eq!((&mail.holder, &mail.error, mail.sent_at), (&None, &None, None));
        assert_eq!((mail.planned_at, mail.not_before), (now(), now()));
        assert_eq!(read(db, mail.id).await.recipient_name, ODD);
        assert!(mails::by_id(db, mail.id + 1).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_mail_is_planned_once_under_one_message_id() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let plan = async |subject, recipient, message_id| {
            let new = NewMail {
                purpose: Purpose::OrderNotice,
                subject,
                about: About::Order(&code),
                line_id: None,
                recipient,
                recipient_name: "Sen",
                sequence: 1,
                message_id,
            };
            within(db, async |tx| mails::plan(tx, new, now()).await).await
        };
        plan("one", "a@x.example", "<1>").await.unwrap();
        plan("one", "a@x.example", "<1>").await.unwrap();
        plan("one", "a@x.example", "<2>").await.unwrap();
        plan("one", "b@x.example", "<3>").await.unwrap();
        assert!(is_taken(&plan("two", "a@x.example", "<1>").await.unwrap_err()));
        let planned: Vec<String> = all(db).await.into_iter().map(|mail| mail.message_id).collect();
        assert_eq!(planned, ["<1>", "<3>"]);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn log_ins_leave_before_notices_and_nothing_before_its_time() {
    each_db(async |db| {
        let batch = batch(db).await;
        let code = order(db, batch, 1).await;
        let plan = async |purpose: Purpose, subject, at| {
            let message_id = format!("<{purpose}{subject}>");
            let new = NewMail {
                purpose,
                subject,
                about: About::Order(&code),
                line_id: None,
                recipient: "a@x.example",
                recipient_name: "Sen",
                sequence: 1,
                message_id: &message_id,
            };
            within(db, async |tx| mails::plan(tx, new, at).await).await.unwrap();
        };
        plan(Purpose::LoginFirst, "due later", later(1)).await;
        plan(Purpose::OrderNotice, "first", now()).await;
        plan(Purpose::OrderNotice, "second", now()).await;
        plan(Purpose::LoginExisting, "third", now()).await;
        plan(Purpose::LoginFirst, "fourth", now()).await;
        for subject in ["third", "fourth", "first", "second"] {
            assert_eq!(claim(db, "a").await.unwrap().subject, subject);
        }
        assert!(claim(db, "a").await.is_none());
        let due = claim_at(db, "a", later(1)).await.unwrap();
        assert_eq!((due.subject.as_str(), due.not_before), ("due later", later(1)));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_relays_share_the_mails_out_each_taken_once() {
    each_db(async |db| {
        let (_, planned) = planned(db, 24).await;
        let work = async |holder: String| {
            let mut taken = Vec::new();
            while let Some(mail) = claim(db, &holder).await {
                assert_eq!((mail.state, mail.attempts), (MailState::Sending, 1));
                assert_eq!(mail.holder.as_deref(), Some(holder.as_str()));
                taken.push(mail.id);
            }
            taken
        };
        let taken = join_all((0..6).map(|holder| work(format!("relay {holder}")))).await.concat();
        let distinct: BTreeSet<i64> = taken.iter().copied().collect();
        assert_eq!((taken.len(), distinct.len()), (planned.len(), planned.len()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_is_settled_by_its_holder_alone_and_once() {
    each_db(async |db| {
        let (_, planned) = planned(db, 2).await;
        let (first, second) = (planned[0], planned[1]);
        assert!(!settle(db, first, "a", MailState::Sent).await);
        assert_eq!(
            (claim(db, "a").await.unwrap().id, claim(db, "b").await.unwrap().id),
            (first, second)
        );
        assert!(!settle(db, first, "b", MailState::Sent).await);
        let held = read(db, first).await;
        assert_eq!((held.state, held.holder.as_deref()), (MailState::Sending, Some("a")));
        assert_eq!((held.error, held.sent_at, held.not_before), (None, None, now()));

        assert!(settle(db, first, "a", MailState::Sent).await);
        assert!(!settle(db, first, "a", MailState::Refused).await);
        let sent = read(db, first).await;
        assert_eq!(
            (sent.state, sent.holder, sent.sent_at),
            (MailState::Sent, None, Some(later(9)))
        );
        assert!(settle(db, second, "b", MailState::Planned).await);
        let again = read(db, second).await;
        assert_eq!((again.state, again.not_before), (MailState::Planned, later(30)));
        assert_eq!((again.error.as_deref(), again.sent_at), (Some(ODD), None));
        assert!(claim(db, "a").await.is_none());
        assert_eq!(claim_at(db, "a", later(30)).await.unwrap().attempts, 2);

        let sent = async |since| posting::sent_since(db, since).await.unwrap();
        let counts = (sent(now()).await, sent(later(9)).await, sent(later(10)).await);
        assert_eq!(counts, (2, 2, 1), "one that is under way counts");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_may_be_settled_to_every_state_but_sending() {
    each_db(async |db| {
        let states = MailState::ALL.iter().filter(|state| **state != MailState::Sending);
        planned(db, 7).await;
        for state in states {
            let mail = claim(db, "a").await.unwrap();
            assert!(settle(db, mail.id, "a", *state).await);
            assert_eq!(read(db, mail.id).await.state, *state);
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn only_a_held_mail_is_let_go() {
    each_db(async |db| {
        let (_, planned) = planned(db, 2).await;
        for (id, state) in planned.iter().zip([MailState::Held, MailState::Dead]) {
            assert!(claim(db, "a").await.is_some());
            assert!(settle(db, *id, "a", state).await);
            mails::unhold(db, *id).await.unwrap();
        }
        assert_eq!(read(db, planned[0]).await.state, MailState::Planned);
        assert_eq!(read(db, planned[1]).await.state, MailState::Dead);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_dead_relay_held_goes_where_it_is_told() {
    each_db(async |db| {
        let (_, planned) = planned(db, 3).await;
        for holder in ["dead", "alive", "lost"] {
            assert!(claim(db, holder).await.is_some());
        }
        let holder = |name: &str| (name.to_owned(),);
        assert_eq!(mails::holders(db).await.unwrap(), ["alive", "dead", "lost"].map(holder));
        assert_eq!(mails::release(db, "dead", MailState::Planned).await.unwrap(), 1);
        assert_eq!(mails::release(db, "lost", MailState::Uncertain).await.unwrap(), 1);
        assert_eq!(mails::release(db, "dead", MailState::Planned).await.unwrap(), 0);
        let states = all(db).await.into_iter().map(|mail| mail.state);
        assert!(states.eq([MailState::Planned, MailState::Sending, MailState::Uncertain]));
        assert_eq!(mails::holders(db).await.unwrap(), [holder("alive")]);
        let again = claim(db, "alive").await.unwrap();
        assert_eq!((again.id, again.attempts), (planned[0], 1), "a death costs no attempt");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_claim_ends_by_itself_and_who_lost_it_settles_nothing() {
    each_db(async |db| {
        planned(db, 1).await;
        let first = claim(db, "elsewhere").await.unwrap();
        let planned = MailState::Planned;
        assert_eq!(mails::release_lapsed(db, later(60), planned).await.unwrap(), 0);
        assert_eq!(mails::release_lapsed(db, later(61), planned).await.unwrap(), 1);
        let again = claim(db, "elsewhere").await.unwrap();
        let settled = Settled { state: MailState::Sent, error: None, not_before: now() };
        let settle = async |claim| {
            within(db, async |tx| mails::settle(tx, again.id, claim, settled, now()).await)
                .await
                .unwrap()
        };
        assert!(!settle(first.claim()).await);
        assert!(settle(again.claim()).await);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn mails_are_narrowed_to_a_firm_a_state_a_time_and_a_batch() {
    each_db(async |db| {
        let (code, mut planned) = planned(db, 2).await;
        let other = batch_of(db, &hash(2)).await;
        let others = order(db, other, 2).await;
        db.query("update client_order set firm = 'KHAC' where code = $1")
            .bind(others.as_str())
            .execute()
            .await
            .unwrap();
        let new = NewMail {
            purpose: Purpose::OrderNotice,
            subject: "other",
            about: About::Order(&others),
            line_id: None,
            recipient: "a@x.example",
            recipient_name: "Sen",
            sequence: 1,
            message_id: "<other>",
        };
        within(db, async |tx| mails::plan(tx, new, later(5)).await).await.unwrap();
        planned.push(ids(&all(db).await)[2]);
        assert!(claim(db, "a").await.is_some());

        let list = async |firm: Option<&str>, state: Option<MailState>, since| {
            let (firm, state) = (firm.map(str::to_owned), state.map(|state| state.to_string()));
            ids(&mails::list(db, &Filter { firm, state, since }).await.unwrap())
        };
        assert_eq!(list(None, None, None).await, planned);
        assert_eq!(list(Some(FIRM), None, None).await, planned[..2]);
        assert_eq!(list(None, Some(MailState::Sending), None).await, planned[..1]);
        assert_eq!(list(None, None, Some(later(5))).await, planned[2..]);
        let planned_state = Some(MailState::Planned);
        assert_eq!(list(Some("KHAC"), planned_state, Some(later(5))).await, planned[2..]);
        assert_eq!(list(Some("KHAC"), planned_state, Some(later(6))).await, [0; 0]);

        assert_eq!(ids(&mails::of_batch(db, other).await.unwrap()), planned[2..]);
        let of_first = mails::of_batch(db, BatchId::new(1)).await.unwrap();
        assert_eq!(ids(&of_first), planned[..2]);
        assert!(of_first.iter().all(|mail| mail.order_code.as_deref() == Some(code.as_str())));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_result_of_a_batch_is_planned_anew_and_what_was_not_sent_of_it_is_superseded() {
    each_db(async |db| {
        let batch = batch(db).await;
        let plan = async |recipient: &str| {
            let mut sequence = 0;
            within(db, async |tx| {
                sequence = mails::supersede(tx, Purpose::BatchResult, "B000001").await?;
                let message_id = format!("<{sequence}{recipient}>");
                let new = NewMail {
                    purpose: Purpose::BatchResult,
                    subject: "B000001",
                    about: About::Batch(batch),
                    line_id: None,
                    recipient,
                    recipient_name: "Lan",
                    sequence,
                    message_id: &message_id,
                };
                mails::plan(tx, new, now()).await
            })
            .await
            .unwrap();
            sequence
        };
        assert_eq!(plan("lan@minhan.example").await, 1);
        let sent = claim(db, "a").await.unwrap();
        assert_eq!((sent.batch(), &sent.order_code), (Some(batch), &None));
        assert!(settle(db, sent.id, "a", MailState::Sent).await);
        assert_eq!(plan("lan@minhan.example").await, 2);
        assert_eq!(plan("lan@minhan.example").await, 3);
        let states: Vec<MailState> = all(db).await.iter().map(|mail| mail.state).collect();
        assert_eq!(states, [MailState::Sent, MailState::Cancelled, MailState::Planned]);
        assert!(mails::of_batch(db, batch).await.unwrap().is_empty(), "it is about no order");
        let planned = all(db).await;
        assert!(mails::has_later(db, &planned[0]).await.unwrap());
        assert!(!mails::has_later(db, &planned[2]).await.unwrap());
        plan("binh@minhan.example").await;
        assert!(!mails::has_later(db, &planned[2]).await.unwrap(), "that is another one's");
        let firm = Filter { firm: Some(FIRM.to_owned()), ..Filter::default() };
        assert_eq!(mails::list(db, &firm).await.unwrap().len(), 4);
    })
    .await;
}
