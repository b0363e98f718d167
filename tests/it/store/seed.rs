//! What the tests of the store put in before they look: a batch, an order, its lines, and all that hangs on them.
//! Every value is the plainest that the tables take; a test says for itself what matters to it.

use chrono::{DateTime, NaiveDate, TimeDelta, Utc};
use hangloat::{
    db::{
        Db, Tx,
        activations::{self, NewActivation},
        batches::{self, NewBatch},
        changes::{self, ChangeKind, NewChange},
        findings,
        kept::Kept,
        leases::{Claim, Lease},
        licences::{self, NewLicence},
        lines::{self, NewLine, Under},
        mails::{self, About, Mail, NewMail},
        orders::{self, NewOrder},
        platform,
        requests::{self, NewRequest},
        staff::{self, Said},
        turns::{self, Turn},
    },
    domain::{
        batch::{BatchId, Sha256},
        client::{ClientRow, CustomerType},
        finding::{Code, Finding, Place},
        firm::StaffRole,
        licence::LicenceState,
        mail::Purpose,
        money::Money,
        order::{Kind, OrderCode, Recipient},
        payment_code::PaymentCode,
    },
};

pub const FIRM: &str = "MINHAN";
pub const FAMILY: &str = "SME";
pub const YEAR: i32 = 2026;
pub const PRICE: Money = Money::dong(2_950_000);

/// What people and spreadsheets write, composed and decomposed, with all that a statement could trip over.
pub const ODD: &str = "Công ty \"Gạo & 'Muối'\" – Nguyễn Thị Ánh\n\t{{x}} $1 %s ?1 \\n \\u0041 <b>; -- \
                       \u{200B}\u{A0}\u{FEFF}\u{1F33E}\u{FFFD}\u{10FFFF} Đa\u{300} Na\u{306}\u{303}ng";

/// An instant to the microsecond, as the store keeps it.
pub fn now() -> DateTime<Utc> {
    "2026-11-22T03:04:05.123456Z".parse().unwrap()
}

pub fn later(microseconds: i64) -> DateTime<Utc> {
    now() + TimeDelta::microseconds(microseconds)
}

/// A lease that holds.
pub fn lease(holder: &str) -> Lease<'_> {
    Lease { holder, until: later(60) }
}

/// Claims the next mail, whatever left before.
pub fn next(holder: &str, now: DateTime<Utc>) -> Turn<'_> {
    Turn { lease: lease(holder), now, sent: &[], most: 1, tried: None, left: None }
}

/// What a turn settled and claimed.
pub async fn take(db: &Db, turn: Turn<'_>) -> Vec<Mail> {
    turns::take(&mut Kept::of(db).await.unwrap(), &turn).await.unwrap().0
}

/// The newest claim of a thing, as if `holder` had it; the statement reads its epoch by an id.
pub async fn claim_of<'a>(db: &Db, sql: &'static str, id: i64, holder: &'a str) -> Claim<'a> {
    let (epoch,) = db.query(sql).bind(id).one::<(i64,)>().await.unwrap();
    Claim { holder, epoch }
}

pub fn hash(number: u32) -> Sha256 {
    format!("{number:064x}").parse().unwrap()
}

/// Does `work` in a transaction and commits it, unless it fails.
pub async fn within<T>(
    db: &Db,
    work: impl AsyncFnOnce(&mut Tx) -> sqlx::Result<T>,
) -> sqlx::Result<T> {
    let mut tx = db.begin().await?;
    let done = work(&mut tx).await?;
    tx.commit().await?;
    Ok(done)
}

pub fn new_batch(sha256: &Sha256) -> NewBatch<'_> {
    NewBatch {
        firm: Some(FIRM),
        file_name: "danh sách.xlsx",
        sha256,
        run_id: None,
        registered_by: None,
        duplicate_of: None,
        options: serde_json::json!({}),
    }
}

pub async fn batch(db: &Db) -> BatchId {
    batch_of(db, &hash(1)).await
}

pub async fn batch_of(db: &Db, sha256: &Sha256) -> BatchId {
    within(db, async |tx| batches::register(tx, new_batch(sha256), now()).await).await.unwrap()
}

pub fn code(number: u32) -> OrderCode {
    format!("DH-2611-{number:06}").parse().unwrap()
}

pub const CONTENT: &str = "c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0c0";
pub const OTHER_CONTENT: &str = "d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1d1";

pub fn new_order(code: &OrderCode, batch: BatchId, position: i64) -> NewOrder<'_> {
    NewOrder {
        code,
        batch,
        position,
        firm: FIRM,
        kind: Kind::Purchase,
        package: "SME-50",
        family: FAMILY,
        customer_type: CustomerType::Enterprise,
        fiscal_year: YEAR.try_into().unwrap(),
        recipient: Recipient::Client,
        invoice_to: Recipient::Client,
        content: CONTENT,
        amount: PRICE,
        registered_by: None,
    }
}

/// An order that awaits its confirmation, without lines; its number is also its position.
pub async fn order(db: &Db, batch: BatchId, number: u32) -> OrderCode {
    let code = code(number);
    let new = new_order(&code, batch, number.into());
    within(db, async |tx| orders::insert(tx, new, now()).await).await.unwrap();
    code
}

pub async fn place(db: &Db, code: &OrderCode) {
    let placed = within(db, async |tx| {
        lines::place(tx, code).await?;
        orders::place(tx, code, CONTENT, "lan@minhan.example", now()).await
    });
    assert!(placed.await.unwrap());
}

/// The registration of a client with nothing that may be left out.
pub fn client() -> ClientRow {
    let start = "2026-01-01".parse().unwrap();
    ClientRow {
        name: "Công ty TNHH Hoa Sen".to_owned(),
        tax_id: "0101243150".parse().unwrap(),
        old_tax_id: None,
        customer_type: CustomerType::Enterprise,
        representative: "Nguyễn Thị Sen".to_owned(),
        representative_title: None,
        email: "sen@hoasen.example".parse().unwrap(),
        phone: "0912345678".parse().unwrap(),
        contact_phone: "0912345678".parse().unwrap(),
        address: None,
        kind: Kind::Purchase,
        package: "SME-50".to_owned(),
        fiscal_year: YEAR.try_into().unwrap(),
        vat_method: "deduction".parse().unwrap(),
        regime: "TT99".parse().unwrap(),
        fiscal_year_start: start,
        books_start: start,
        currency: "VND".to_owned(),
        inventory_method: None,
        recipient: Recipient::Client,
        recipient_name: None,
        recipient_email: None,
        recipient_phone: None,
        invoice_to: Recipient::Client,
        invoice_name: None,
        invoice_tax_id: None,
        invoice_address: None,
        invoice_email: None,
        registered_by: None,
        assigned_to: None,
        note: None,
        external_id: None,
    }
}

/// The tax id of the client in a line of the order with this number.
pub fn tax_id(order: u32, line: u32) -> String {
    format!("001190{:06}", order * 10_000 + line)
}

pub fn under(order: &OrderCode, batch: BatchId) -> Under<'_> {
    Under { order, batch, firm: FIRM, family: FAMILY, fiscal_year: YEAR }
}

pub fn new_line<'a>(line: u32, tax_id: &'a str, client: &'a ClientRow) -> NewLine<'a> {
    NewLine {
        line_no: line.into(),
        sheet: 1,
        row_no: line + 3,
        tax_id,
        name: &client.name,
        amount: PRICE,
        client,
    }
}

/// An order with waiting lines, and their ids.
pub async fn order_of(db: &Db, batch: BatchId, number: u32, lines: u32) -> (OrderCode, Vec<i64>) {
    let code = order(db, batch, number).await;
    let client = client();
    let tax_ids: Vec<String> = (1..=lines).map(|line| tax_id(number, line)).collect();
    let new: Vec<NewLine<'_>> =
        (1..).zip(&tax_ids).map(|(line, tax_id)| new_line(line, tax_id, &client)).collect();
    within(db, async |tx| lines::insert(tx, under(&code, batch), &new).await).await.unwrap();
    let ids = db.query("select id from order_line where order_code = $1 order by line_no");
    let ids: Vec<(i64,)> = ids.bind(code.as_str()).all().await.unwrap();
    let ids = ids.into_iter().map(|(id,)| id).collect();
    (code, ids)
}

pub fn payment_code(number: u8) -> PaymentCode {
    PaymentCode::new(&"HL".parse().unwrap(), [number; 7])
}

pub fn new_request(line_id: i64, batch: BatchId) -> NewRequest<'static> {
    let (payer_name, payer_email) = ("Nguyễn Thị Sen", "sen@hoasen.example");
    NewRequest { line_id, batch, payer_name, payer_email, amount: PRICE }
}

pub async fn plan_activation(db: &Db, line_id: i64) {
    let key = format!("key-{line_id}");
    let new = NewActivation {
        line_id,
        idempotency_key: &key,
        request: r#"{"tax_id":"0101243150"}"#,
        request_sha256: CONTENT,
    };
    within(db, async |tx| activations::plan(tx, new, now()).await).await.unwrap();
}

pub fn new_licence(licence_id: &str, line_id: i64) -> NewLicence<'_> {
    NewLicence {
        licence_id,
        line_id,
        state: LicenceState::Grace,
        activated_at: now(),
        grace_until: Some(later(7)),
        cutoff_at: Some(later(8)),
        logins: &[],
    }
}

/// The accounts of the licence of a line.
pub fn new_change(line_id: i64, idempotency_key: &str) -> NewChange {
    let idempotency_key = idempotency_key.to_owned();
    NewChange { line_id, kind: ChangeKind::Accounts, cancellation_id: None, idempotency_key }
}

/// A licence as the embedded platform has it; each number is another year of the same client.
pub fn platform_licence(number: u32) -> platform::Licence {
    platform::Licence {
        licence_id: format!("LIC-{number}"),
        idempotency_key: format!("key-{number}"),
        request_sha256: CONTENT.to_owned(),
        order_code: "DH-2611-000001".to_owned(),
        line: number.into(),
        kind: "purchase".to_owned(),
        tax_id: "0101243150".to_owned(),
        package: "SME-50".to_owned(),
        fiscal_year: 2025 + i64::from(number),
        status: LicenceState::Grace,
        activated_at: now(),
        grace_until: Some(later(7)),
        paid_on: NaiveDate::from_ymd_opt(2026, 2, 28),
        updated_at: later(1),
    }
}

pub async fn plan_notice(db: &Db, order: &OrderCode, message_id: &str) {
    let new = NewMail {
        purpose: Purpose::OrderNotice,
        subject: message_id,
        about: About::Order(order),
        line_id: None,
        recipient: "sen@hoasen.example",
        recipient_name: "Nguyễn Thị Sen",
        sequence: 1,
        message_id,
    };
    within(db, async |tx| mails::plan(tx, new, now()).await).await.unwrap();
}

/// A placed order with one line, and all that follows from it.
pub async fn placed_line(db: &Db) -> (BatchId, OrderCode, i64) {
    let batch = batch(db).await;
    let (code, ids) = order_of(db, batch, 1, 1).await;
    place(db, &code).await;
    let finding = Finding::new(Code::FileEmpty, Place::default());
    within(db, async |tx| {
        findings::insert(tx, batch, &[(None, finding)]).await?;
        batches::ask_for_workbook(tx, batch).await?;
        requests::insert(tx, &payment_code(1), &new_request(ids[0], batch), now()).await?;
        licences::insert(tx, new_licence("LIC-1", ids[0])).await?;
        changes::plan(tx, &[new_change(ids[0], "change-1")], now()).await?;
        let (email, role) = ("binh@minhan.example", Some(StaffRole::DataEntry));
        staff::set(tx, &[Said { line_id: ids[0], email, role }]).await
    })
    .await
    .unwrap();
    plan_activation(db, ids[0]).await;
    plan_notice(db, &code, "<1@hangloat.example>").await;
    (batch, code, ids[0])
}
