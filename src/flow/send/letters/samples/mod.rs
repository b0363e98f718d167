//! Letters to invented people, with the firm and the account of the workspace: to look at, and to try words on.
//! What is asserted about them stands beside each letter.

mod money;

#[cfg(test)]
pub use money::in_part;
pub use money::{moved, returned, standing};

use self::money::{CLIENT, of_some, partly, received, standings};
use super::{
    Activated, ActivationResult, Alarm, BatchResult, Counts, Done, FindingsWaiting, FirmBlock,
    Letter, LogIn, Morning, NotActivated, NoticeLine, Occasion, OrderCancelled, OrderNotice,
    Reader, Reconciliation, Rest, ResultOrder, Told, Transfer, Turn, Workbook,
};
use crate::{
    domain::{
        confirmation_code::ConfirmationCode,
        fiscal_year::FiscalYear,
        mail::Purpose,
        money::Money,
        order::{LineRef, Recipient},
        payment_code::{CodePrefix, PaymentCode},
        tax_id::TaxId,
    },
    text::Texts,
};

pub const LINK: &str = "https://app.example/activate?token=TOKEN-4f1d9c&lang=vi";

const TAX_IDS: [&str; 4] = ["0101243150", "0100109106", "0100684378", "0100111948-110"];
const PRICE: i64 = 2_950_000;
const PACKAGE: &str = "ASP Kế toán – Doanh nghiệp";
const CID: &str = "qr@hangloat";

/// What letters say of the workspace.
#[derive(Clone, Debug)]
pub struct Given {
    pub firm: FirmBlock,
    /// The bank's name, the account and its name.
    pub account: [String; 3],
    pub code_prefix: CodePrefix,
    pub grace_days: u32,
}

/// A letter to look at.
#[derive(Clone, Debug)]
pub struct Sample {
    /// Which form of the letter it is.
    pub form: &'static str,
    pub letter: Letter,
    /// What its picture asks for, under its content id.
    pub picture: Option<(String, Transfer)>,
}

/// Every form of the letters of a purpose.
pub fn of(texts: &Texts, purpose: Purpose, given: &Given) -> anyhow::Result<Vec<Sample>> {
    let plain = |form, letter| Sample { form, letter, picture: None };
    Ok(match purpose {
        Purpose::Morning => vec![plain("", super::morning(texts, &morning(given))?)],
        Purpose::ActivationResult => {
            vec![plain("", super::activation_result(texts, &activation(given))?)]
        }
        Purpose::FindingsWaiting => {
            vec![plain("", super::findings_waiting(texts, &waiting(given))?)]
        }
        Purpose::BatchResult => vec![
            plain("", super::batch_result(texts, &result(given, Reader::Maker))?),
            plain("second-person", super::batch_result(texts, &result(given, Reader::Checker))?),
        ],
        Purpose::OrderNotice => return notices(texts, given),
        Purpose::OrderCancelled => return cancellations(texts, given),
        Purpose::LoginFirst => return log_ins(texts, given, true),
        Purpose::LoginExisting => return log_ins(texts, given, false),
        Purpose::PaymentReceived => return received(texts, given),
        Purpose::GraceWarning => {
            let mut all = standings(texts, given, Occasion::Warning { days: 3, is_last: false })?;
            let last = standing(given, (Occasion::Warning { days: 1, is_last: true }, CLIENT), 1);
            all.push(shown("last", super::standing(texts, &last)?, last.rest.as_ref()));
            all.extend([partly(texts, given)?, of_some(texts, given)?]);
            return Ok(all);
        }
        Purpose::Suspended => return standings(texts, given, Occasion::Suspended),
        Purpose::Restored => return standings(texts, given, Occasion::Restored),
        Purpose::Reconciliation => {
            vec![plain("", super::reconciliation(texts, &reconciliation(given))?)]
        }
        Purpose::Operator => vec![plain("", super::alarm(texts, &alarm(given))?)],
    })
}

fn shown(form: &'static str, letter: Letter, rest: Option<&Rest>) -> Sample {
    let picture = rest.filter(|_| letter.html.contains("cid:"));
    let picture = picture.map(|rest| (rest.qr_cid.clone(), rest.transfer.clone()));
    Sample { form, letter, picture }
}

fn notices(texts: &Texts, given: &Given) -> anyhow::Result<Vec<Sample>> {
    let forms = [
        ("", Recipient::Client, 1),
        ("several", Recipient::Client, 3),
        ("to-firm", Recipient::Firm, 3),
        ("to-other", Recipient::Other, 1),
        ("anew", Recipient::Client, 1),
    ];
    let letter = |(form, recipient, lines)| {
        let said = OrderNotice { turn: turn_of(form), ..notice(given, recipient, lines) };
        let letter = super::order_notice(texts, &said)?;
        Ok(Sample { form, letter, picture: said.transfer.map(|it| (said.qr_cid, it)) })
    };
    forms.into_iter().map(letter).collect()
}

fn turn_of(form: &str) -> Turn {
    if form == "anew" { Turn::Anew } else { Turn::First }
}

fn cancellations(texts: &Texts, given: &Given) -> anyhow::Result<Vec<Sample>> {
    let forms = [("", Recipient::Client, 1, 0), ("in-part", Recipient::Firm, 2, 3)];
    let letter = |(form, recipient, lines, rest)| {
        let said = cancelled(given, recipient, lines, rest);
        Ok(shown(form, super::order_cancelled(texts, &said)?, said.rest.as_ref()))
    };
    forms.into_iter().map(letter).collect()
}

fn log_ins(texts: &Texts, given: &Given, first_time: bool) -> anyhow::Result<Vec<Sample>> {
    let letter = |(form, is_copy)| {
        let said = LogIn { turn: turn_of(form), ..log_in(given, first_time, is_copy) };
        Ok(Sample { form, letter: super::log_in(texts, &said)?, picture: None })
    };
    [("", false), ("copy", true), ("anew", false)].into_iter().map(letter).collect()
}

/// As tests have it.
#[cfg(test)]
pub fn given() -> Given {
    Given {
        firm: FirmBlock {
            name: "Công ty TNHH Dịch vụ Kế toán Minh An".to_owned(),
            accountant: "Nguyễn Thị Lan".to_owned(),
            email: "lan@minhan.example".to_owned(),
            phone: Some("0912 345 678".to_owned()),
            phone_of: None,
        },
        account: ["Vietcombank", "1023456789", "CONG TY PHAN MEM"].map(str::to_owned),
        code_prefix: "HL".parse().unwrap(),
        grace_days: 7,
    }
}

/// The words of the samples are right, as every test that makes one shows.
fn made<T: std::str::FromStr<Err: std::fmt::Debug>>(text: &str) -> T {
    #[expect(clippy::expect_used, reason = "a word of this file is wrong, which each test finds")]
    text.parse().expect("a sample")
}

fn year() -> FiscalYear {
    made("2026")
}

fn tax_id(number: u8) -> TaxId {
    made(TAX_IDS[usize::from(number.max(1) - 1) % TAX_IDS.len()])
}

fn name(number: u8) -> String {
    format!("Công ty TNHH Thương mại Hoa Sen {number}")
}

fn reference(number: u8) -> LineRef {
    LineRef { order: made("DH-2611-000123"), line: number.into() }
}

fn code(given: &Given, number: u8) -> PaymentCode {
    PaymentCode::new(&given.code_prefix, [number, 3, 11, 7, 19, 5, 2])
}

fn line(given: &Given, number: u8) -> NoticeLine {
    NoticeLine {
        order: made("DH-2611-000123"),
        name: name(number),
        tax_id: tax_id(number),
        package: PACKAGE.to_owned(),
        fiscal_year: year(),
        amount: Money::dong(PRICE),
        payment_code: code(given, number),
    }
}

fn transfer(given: &Given, lines: u8) -> Transfer {
    let [bank, account, account_name] = given.account.clone();
    Transfer {
        bank,
        account,
        account_name,
        amount: Money::dong(PRICE * i64::from(lines)),
        memo: code(given, if lines > 1 { 200 } else { 1 }),
        is_batch_code: lines > 1,
    }
}

pub fn notice(given: &Given, recipient: Recipient, lines: u8) -> OrderNotice {
    OrderNotice {
        recipient,
        turn: Turn::First,
        after_restore: false,
        went: None,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        firm: given.firm.clone(),
        orders: vec![made("DH-2611-000123")],
        transfer: Some(transfer(given, lines)),
        pooled: Money::ZERO,
        lines: (1..=lines).map(|number| line(given, number)).collect(),
        grace_days: given.grace_days,
        works: None,
        qr_cid: CID.to_owned(),
    }
}

pub fn rest(given: &Given, lines: u8) -> Option<Rest> {
    let rest =
        Rest { lines: lines.into(), transfer: transfer(given, lines), qr_cid: CID.to_owned() };
    (lines > 0).then_some(rest)
}

/// So many lines cancelled, and so many left to pay.
pub fn cancelled(given: &Given, recipient: Recipient, lines: u8, left: u8) -> OrderCancelled {
    OrderCancelled {
        recipient,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        firm: given.firm.clone(),
        order: made("DH-2611-000123"),
        lines: (1..=lines).map(|number| line(given, number)).collect(),
        stopped: 0,
        received: Money::ZERO,
        returns: Money::ZERO,
        rest: rest(given, left),
    }
}

pub fn result(given: &Given, reader: Reader) -> BatchResult {
    BatchResult {
        reader,
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: given.firm.clone(),
        file: "danh-sach.xlsx".to_owned(),
        batch: "B000045".to_owned(),
        counts: Counts { rows: 4, accepted: 2, waiting: 1, unchanged: 1 },
        amount: Money::dong(2 * PRICE),
        orders: vec![ResultOrder {
            code: made("DH-2611-000123"),
            package: PACKAGE.to_owned(),
            fiscal_year: year(),
            lines: 2,
            amount: Money::dong(2 * PRICE),
            state: "Chờ xác nhận".to_owned(),
            confirmation: Some(ConfirmationCode::new(0x0123_4567_89ab_cdef)),
        }],
        again: Vec::new(),
        to_fix: vec!["Dòng 17, cột B: Mã số thuế sai số kiểm tra.".to_owned()],
        more: 0,
        steps: vec!["Mở tệp kết quả và xác nhận.".to_owned()],
        workbook: Workbook::Attached,
    }
}

pub fn waiting(given: &Given) -> FindingsWaiting {
    let BatchResult { to_name, firm, file, batch, to_fix, more, workbook, .. } =
        result(given, Reader::Maker);
    FindingsWaiting {
        to_name,
        firm,
        file,
        batch,
        since: "22/11/2026".to_owned(),
        rejected: 1,
        held: 1,
        to_fix,
        more,
        steps: vec!["Sửa ở trang Cần sửa, rồi thả tệp vào thư mục inbox.".to_owned()],
        workbook,
    }
}

pub fn activation(given: &Given) -> ActivationResult {
    let not = |number: u8, why: &str, fix: &str| NotActivated {
        line: reference(number),
        name: name(number),
        tax_id: tax_id(number),
        why: why.to_owned(),
        fix: fix.to_owned(),
    };
    let done = |number: u8| Activated {
        line: reference(number),
        name: name(number),
        tax_id: tax_id(number),
        to_pay: Some(Money::dong(PRICE)),
        last_day: Some("30/11/2026".to_owned()),
    };
    ActivationResult {
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: given.firm.clone(),
        order: made("DH-2611-000123"),
        file: "danh-sach.xlsx".to_owned(),
        batch: "B000045".to_owned(),
        package: PACKAGE.to_owned(),
        fiscal_year: year(),
        done: vec![done(1), done(2)],
        failed: vec![not(
            3,
            "Nền tảng từ chối kích hoạt: mã số thuế này đã có phần mềm cùng gói và cùng năm.",
            "Hỏi lại khách hàng; nếu khách hàng đã có phần mềm thì hủy dòng này.",
        )],
        unknown: vec![not(
            4,
            "Nền tảng chưa trả lời nên chưa rõ khách hàng đã có phần mềm hay chưa.",
            "Chưa cần làm gì: chương trình tự hỏi lại vài phút một lần.",
        )],
        workbook: Workbook::Attached,
    }
}

pub fn log_in(given: &Given, first_time: bool, copy_for_firm: bool) -> LogIn {
    LogIn {
        first_time,
        copy_for_firm,
        turn: Turn::First,
        to_name: if copy_for_firm { &given.firm.name } else { "Nguyễn Văn Hùng" }.to_owned(),
        client_name: "Công ty TNHH Thương mại Hoa Sen".to_owned(),
        tax_id: tax_id(1),
        firm: given.firm.clone(),
        package: PACKAGE.to_owned(),
        fiscal_year: year(),
        is_free: false,
        order: made("DH-2611-000123"),
        log_in_email: "hung@hoasen.example".to_owned(),
        link: (first_time && !copy_for_firm).then(|| LINK.to_owned()),
        sign_in_url: "https://app.example/login".to_owned(),
        expires: first_time.then(|| "17:00 ngày 25/11/2026".to_owned()),
    }
}

pub fn morning(given: &Given) -> Morning {
    Morning {
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: given.firm.clone(),
        day: "23/11/2026".to_owned(),
        since: "07:30 22/11/2026".to_owned(),
        waiting: 1,
        amount: Some(Money::dong(2 * PRICE).to_string()),
        tasks: vec![Told {
            kind: "Sắp ngắt, chưa trả tiền".to_owned(),
            about: "DH-2611-000123".to_owned(),
            count: 2,
            amount: Some(Money::dong(2 * PRICE).to_string()),
            due: Some("25/11/2026".to_owned()),
            to_do: "Nhắc các khách hàng này chuyển khoản.".to_owned(),
        }],
        more: 0,
        done: vec![Done { name: "Danh sách đã nhận".to_owned(), count: 2, amount: None }],
        file: "morning__2026-11-23__r1.xlsx".to_owned(),
    }
}

pub fn alarm(given: &Given) -> Alarm {
    Alarm {
        to_name: "Phạm Thu Hà".to_owned(),
        firm: given.firm.clone(),
        kind: "job_failed".to_owned(),
        said: "Công việc “backup” (lượt 12) chạy theo lịch bị lỗi.".to_owned(),
    }
}

pub fn reconciliation(given: &Given) -> Reconciliation {
    Reconciliation {
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: given.firm.clone(),
        is_operators: false,
        day: "25/11/2026".to_owned(),
        differences: 1,
        payments: 0,
        lines: 2,
        missing: Some("24/11/2026 – 25/11/2026".to_owned()),
        points: vec!["Đã trả tiền mà bị ngắt: DH-2611-000123/2, mã số thuế 0100109106.".to_owned()],
        more: 0,
        known: 0,
        known_points: Vec::new(),
        told_on: None,
        file: "doi-soat__2026-11-25__MINHAN.xlsx".to_owned(),
    }
}
