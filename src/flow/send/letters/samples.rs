//! Letters to invented people, for tests.
//! What is asserted about them stands beside each letter.

use super::{
    BatchResult, Counts, Done, FirmBlock, LogIn, Morning, NoticeLine, OrderCancelled, OrderNotice,
    Reader, Rest, ResultOrder, Told, Transfer, Workbook,
};
use crate::domain::{
    confirmation_code::ConfirmationCode, money::Money, order::Recipient, payment_code::PaymentCode,
};

pub const LINK: &str = "https://app.example/activate?token=TOKEN-4f1d9c&lang=vi";

const TAX_IDS: [&str; 4] = ["0101243150", "0100109106", "0100684378", "0100111948-110"];

fn firm() -> FirmBlock {
    FirmBlock {
        name: "Công ty TNHH Dịch vụ Kế toán Minh An".to_owned(),
        accountant: "Nguyễn Thị Lan".to_owned(),
        email: "lan@minhan.example".to_owned(),
        phone: Some("0912 345 678".to_owned()),
        phone_of: None,
    }
}

fn code(number: u8) -> PaymentCode {
    PaymentCode::new(&"HL".parse().unwrap(), [number, 3, 11, 7, 19, 5, 2])
}

fn line(number: u8) -> NoticeLine {
    NoticeLine {
        order: "DH-2611-000123".parse().unwrap(),
        name: format!("Công ty TNHH Thương mại Hoa Sen {number}"),
        tax_id: TAX_IDS[usize::from(number - 1) % TAX_IDS.len()].parse().unwrap(),
        package: "ASP Kế toán – Doanh nghiệp".to_owned(),
        fiscal_year: "2026".parse().unwrap(),
        amount: Money::dong(2_950_000),
        payment_code: code(number),
    }
}

pub fn notice(recipient: Recipient, lines: u8) -> OrderNotice {
    let lines: Vec<NoticeLine> = (1..=lines).map(line).collect();
    let is_batch_code = lines.len() > 1;
    OrderNotice {
        recipient,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        firm: firm(),
        orders: vec!["DH-2611-000123".parse().unwrap()],
        transfer: Transfer {
            bank: "Vietcombank".to_owned(),
            account: "1023456789".to_owned(),
            account_name: "CONG TY PHAN MEM".to_owned(),
            amount: lines.iter().map(|line| line.amount).sum(),
            memo: code(if is_batch_code { 200 } else { 1 }),
            is_batch_code,
        },
        lines,
        grace_days: 7,
        qr_cid: "qr@hangloat".to_owned(),
    }
}

/// So many lines cancelled, and so many left to pay.
pub fn cancelled(recipient: Recipient, lines: u8, rest: u8) -> OrderCancelled {
    let OrderNotice { to_name, firm, mut orders, transfer, qr_cid, .. } =
        notice(recipient, rest.max(1));
    OrderCancelled {
        recipient,
        to_name,
        firm,
        order: orders.remove(0),
        lines: (1..=lines).map(line).collect(),
        stopped: 0,
        rest: (rest > 0).then(|| Rest { lines: rest.into(), transfer, qr_cid }),
    }
}

pub fn result(reader: Reader) -> BatchResult {
    BatchResult {
        reader,
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: firm(),
        file: "danh-sach.xlsx".to_owned(),
        batch: "B000045".to_owned(),
        counts: Counts { rows: 4, accepted: 2, waiting: 1, unchanged: 1 },
        amount: Money::dong(5_900_000),
        orders: vec![ResultOrder {
            code: "DH-2611-000123".parse().unwrap(),
            package: "ASP Kế toán – Doanh nghiệp".to_owned(),
            fiscal_year: "2026".parse().unwrap(),
            lines: 2,
            amount: Money::dong(5_900_000),
            state: "Chờ xác nhận".to_owned(),
            confirmation: Some(ConfirmationCode::new(0x0123_4567_89ab_cdef)),
        }],
        to_fix: vec!["Dòng 17, cột B: Mã số thuế sai số kiểm tra.".to_owned()],
        more: 0,
        steps: vec!["Mở tệp kết quả và xác nhận.".to_owned()],
        workbook: Workbook::Attached,
    }
}

pub fn log_in(first_time: bool, copy_for_firm: bool) -> LogIn {
    LogIn {
        first_time,
        copy_for_firm,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        client_name: "Công ty TNHH Thương mại Hoa Sen".to_owned(),
        tax_id: "0101243150".parse().unwrap(),
        firm: firm(),
        package: "ASP Kế toán – Doanh nghiệp".to_owned(),
        fiscal_year: "2026".parse().unwrap(),
        is_free: false,
        order: "DH-2611-000123".parse().unwrap(),
        log_in_email: "hung@hoasen.example".to_owned(),
        link: (first_time && !copy_for_firm).then(|| LINK.to_owned()),
        sign_in_url: "https://app.example/login".to_owned(),
        expires: first_time.then(|| "17:00 ngày 25/11/2026".to_owned()),
    }
}

pub fn morning() -> Morning {
    Morning {
        to_name: "Nguyễn Thị Lan".to_owned(),
        firm: firm(),
        day: "23/11/2026".to_owned(),
        since: "07:30 22/11/2026".to_owned(),
        waiting: 1,
        amount: Some(Money::dong(5_900_000).to_string()),
        tasks: vec![Told {
            kind: "Sắp ngắt, chưa trả tiền".to_owned(),
            about: "DH-2611-000123".to_owned(),
            count: 2,
            amount: Some(Money::dong(5_900_000).to_string()),
            due: Some("25/11/2026".to_owned()),
            to_do: "Nhắc các khách hàng này chuyển khoản.".to_owned(),
        }],
        more: 0,
        done: vec![Done { name: "Danh sách đã nhận".to_owned(), count: 2, amount: None }],
        file: "morning__2026-11-23__r1.xlsx".to_owned(),
    }
}
