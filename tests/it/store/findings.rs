//! Findings: every code and place comes back as it was said.

use hangloat::{
    db::findings::{self, Numbered},
    domain::{
        field::Field,
        finding::{Code, Finding, Place, Severity},
    },
};

use super::seed::{ODD, batch, batch_of, hash, within};
use crate::each_db::each_db;

fn place(row: u32, column: &str, field: Option<Field>) -> Place {
    Place { sheet: Some(ODD.to_owned()), row: Some(row), column: Some(column.to_owned()), field }
}

#[tokio::test(flavor = "multi_thread")]
async fn findings_come_back_whole_and_in_the_order_of_the_file() {
    each_db(async |db| {
        let batch = batch(db).await;
        let of_file = (None, Finding::new(Code::FileStaleAnswer, Place::default()));
        let of_sheet = Place { sheet: Some("Trang 2".to_owned()), ..Place::default() };
        let of_sheet = (Some(2), Finding::new(Code::HeaderNotFound, of_sheet));
        let general = Finding::new(Code::Missing, place(4, "B", Some(Field::Name)));
        let full = Finding::new(Code::TaxIdChecksum, place(4, "XFD", Some(Field::TaxId)))
            .value(ODD)
            .suggest("0101243150")
            .severity(Severity::Warning)
            .detail("lý do", ODD)
            .detail("at", "B4");
        let empty = Finding::new(Code::EmailShared, place(5, "C", None)).value("");
        let (general, full, empty) = ((Some(1), general), (Some(1), full), (Some(1), empty));

        let said = [&empty, &of_sheet, &general, &full, &of_file].map(Clone::clone);
        within(db, async |tx| findings::insert(tx, batch, &said).await).await.unwrap();
        let expected = [of_file, general, full, empty, of_sheet];
        assert_eq!(findings::of_batch(db, batch).await.unwrap(), expected);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_code_of_every_severity_is_read_back_from_its_name() {
    each_db(async |db| {
        let batch = batch(db).await;
        let severities = Severity::ALL.iter().cycle();
        let said: Vec<Numbered> = Code::ALL
            .iter()
            .zip(severities)
            .zip(1..)
            .map(|((code, severity), row)| {
                let finding = Finding::new(*code, place(row, "A", Some(Field::VatMethod)));
                (Some(1), finding.severity(*severity))
            })
            .collect();
        within(db, async |tx| findings::insert(tx, batch, &said).await).await.unwrap();
        assert_eq!(findings::of_batch(db, batch).await.unwrap(), said);
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn no_finding_is_lost_however_many_they_are() {
    each_db(async |db| {
        let first = batch(db).await;
        let second = batch_of(db, &hash(2)).await;
        let finding = |row| Finding::new(Code::Malformed, place(row, "D", Some(Field::Email)));
        let said: Vec<Numbered> =
            (1..=2_500).map(|row| (Some(1), finding(row).value(ODD))).collect();
        within(db, async |tx| findings::insert(tx, first, &said).await).await.unwrap();
        assert_eq!(findings::of_batch(db, first).await.unwrap(), said);
        assert_eq!(findings::of_batch(db, second).await.unwrap(), []);
    })
    .await;
}
