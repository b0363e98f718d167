//! Licences: what is kept of them, joined with their line and order.

use chrono::NaiveDate;
use hangloat::{
    db::{
        Db,
        batches::Filter,
        is_taken,
        licences::{self, Licence, Login, NewLicence},
    },
    domain::{
        batch::BatchId,
        licence::{LicenceState, Role},
    },
};

use super::seed::{FIRM, YEAR, batch, later, new_licence, now, order_of, tax_id, within};
use crate::each_db::each_db;

async fn insert(db: &Db, new: NewLicence<'_>) -> sqlx::Result<()> {
    within(db, async |tx| licences::insert(tx, new).await).await
}

fn ids(licences: &[Licence]) -> Vec<&str> {
    licences.iter().map(|licence| licence.licence_id.as_str()).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_licence_is_read_with_its_line_and_its_log_ins() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (code, lines) = order_of(db, batch, 1, 2).await;
        let login = |(role, number)| Login {
            email: format!("o'brien+{number}@hoasen.example").parse().unwrap(),
            role,
            first_time: number % 2 == 0,
        };
        let logins: Vec<Login> = Role::ALL.iter().copied().zip(0..).map(login).collect();
        let new = NewLicence { logins: &logins, ..new_licence("LIC \"1\"", lines[0]) };
        insert(db, new).await.unwrap();

        let licence = licences::of_line(db, lines[0]).await.unwrap().unwrap();
        assert_eq!((licence.licence_id.as_str(), licence.line_id), ("LIC \"1\"", lines[0]));
        assert_eq!((&licence.order_code, licence.line_no), (&code, 1));
        assert_eq!((licence.tax_id, licence.package.as_str()), (tax_id(1, 1), "SME-50"));
        assert_eq!((licence.fiscal_year, licence.firm.as_str()), (i64::from(YEAR), FIRM));
        assert_eq!((licence.state, licence.activated_at), (LicenceState::Grace, now()));
        assert_eq!((licence.grace_until, licence.cutoff_at), (Some(later(7)), Some(later(8))));
        assert_eq!((licence.paid_on, licence.suspended_at), (None, None));
        assert_eq!(licence.logins.0, logins);
        assert!(licences::of_line(db, lines[1]).await.unwrap().is_none());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn the_day_of_payment_and_the_instant_of_suspension_are_read() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 1).await;
        let (grace_until, cutoff_at) = (None, None);
        let free = NewLicence {
            state: LicenceState::Active,
            grace_until,
            cutoff_at,
            ..new_licence("LIC-1", lines[0])
        };
        insert(db, free).await.unwrap();
        let paid_on = NaiveDate::from_ymd_opt(2026, 12, 31);
        db.query("update licence set state = 'suspended', suspended_at = $1, paid_on = $2")
            .bind(later(3))
            .bind(paid_on)
            .execute()
            .await
            .unwrap();
        let [licence] = &licences::of_batch(db, batch).await.unwrap()[..] else { panic!() };
        assert_eq!(
            (licence.state, licence.suspended_at),
            (LicenceState::Suspended, Some(later(3)))
        );
        assert_eq!(
            (licence.paid_on, licence.grace_until, licence.cutoff_at),
            (paid_on, None, None)
        );
        assert!(licences::of_batch(db, BatchId::new(99)).await.unwrap().is_empty());
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_line_has_one_licence_and_a_licence_one_line() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, lines) = order_of(db, batch, 1, 2).await;
        insert(db, new_licence("LIC-1", lines[0])).await.unwrap();
        assert!(is_taken(&insert(db, new_licence("LIC-2", lines[0])).await.unwrap_err()));
        assert!(is_taken(&insert(db, new_licence("LIC-1", lines[1])).await.unwrap_err()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn licences_are_narrowed_to_a_firm_a_state_and_a_time() {
    each_db(async |db| {
        let batch = batch(db).await;
        let (_, later_lines) = order_of(db, batch, 2, 1).await;
        let (_, lines) = order_of(db, batch, 1, 2).await;
        let active = LicenceState::Active;
        insert(db, new_licence("a", later_lines[0])).await.unwrap();
        let second = new_licence("b", lines[1]);
        insert(db, NewLicence { activated_at: later(1), ..second }).await.unwrap();
        insert(db, NewLicence { state: active, ..new_licence("c", lines[0]) }).await.unwrap();
        let other = "update order_line set firm = 'KHAC' where id = $1";
        db.query(other).bind(lines[1]).execute().await.unwrap();

        let list = async |firm: Option<&str>, state: Option<LicenceState>, since| {
            let (firm, state) = (firm.map(str::to_owned), state.map(|state| state.to_string()));
            licences::list(db, &Filter { firm, state, since }).await.unwrap()
        };
        assert_eq!(ids(&list(None, None, None).await), ["c", "b", "a"]);
        assert_eq!(ids(&list(Some(FIRM), None, None).await), ["c", "a"]);
        assert_eq!(ids(&list(None, Some(active), None).await), ["c"]);
        assert_eq!(ids(&list(None, None, Some(later(1))).await), ["b"]);
        let grace = Some(LicenceState::Grace);
        assert_eq!(ids(&list(Some("KHAC"), grace, Some(now())).await), ["b"]);
        assert!(list(Some("KHAC"), grace, Some(later(2))).await.is_empty());
    })
    .await;
}
