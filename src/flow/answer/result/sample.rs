//! A realistic view for tests: a mixed list of 25 rows under two titles, two orders, some rows wrong.
//! Made up; no person or firm in it exists.

use std::ops::{Deref, DerefMut};

use chrono::{NaiveDate, TimeZone};
use chrono_tz::{Asia::Ho_Chi_Minh, Tz};

use crate::{
    domain::{
        batch::{BatchId, RowState},
        client::CustomerType,
        field::Field,
        finding::Severity,
        locale::Locale,
        money::Money,
        order::{Kind, LineState, OrderState, Recipient},
        vietqr::Transfer,
    },
    flow::{
        answer::{
            identity::Sums,
            source::{Page, Source},
            view::{
                ControlTotals, Counts, DataRow, Decision, FindingText, Identity, LineView,
                OrderView, PayeeView, PaymentView, ResultView, RowKind, RowView, SheetView,
                ViewKind,
            },
        },
        pay,
        read::Cell,
    },
};

pub const HEADER: [&str; 10] = [
    "STT",
    "Tên khách hàng (*)",
    "Mã số thuế (*)",
    "Người đại diện",
    "E-mail",
    "Điện thoại",
    "Ngày bắt đầu NTC",
    "Năm TC",
    "Phí dự kiến",
    "Ghi chú nội bộ",
];

pub fn at(day: u32, hour: u32) -> chrono::DateTime<Tz> {
    Ho_Chi_Minh.with_ymd_and_hms(2026, 11, day, hour, 15, 0).unwrap()
}

/// A view and its rows, which come some at a time.
pub struct Sample {
    pub view: ResultView,
    pub rows: Vec<Vec<RowView>>,
    pub payload: String,
    pub at_a_time: usize,
}

impl Deref for Sample {
    type Target = ResultView;

    fn deref(&self) -> &ResultView {
        &self.view
    }
}

impl DerefMut for Sample {
    fn deref_mut(&mut self) -> &mut ResultView {
        &mut self.view
    }
}

impl Source for Sample {
    fn page_after(&self, list: usize, after: u32) -> anyhow::Result<Option<Page<'_>>> {
        let rows = self.rows[list].iter().filter(|row| row.number > after);
        let rows: Vec<RowView> = rows.take(self.at_a_time).cloned().collect();
        let end = rows.last().map(|row| row.number);
        Ok(end.map(|end| Page::new(end, move || Ok(rows))))
    }

    fn identity(&self, _: &Sums) -> anyhow::Result<String> {
        Ok(self.payload.clone())
    }
}

/// Before confirmation.
pub fn view() -> Sample {
    let rows: Vec<RowView> = (0..25).map(row).collect();
    let count = |state| {
        let is = |row: &&RowView| matches!(&row.kind, RowKind::Data(data) if data.state == state);
        rows.iter().filter(is).count() as u64
    };
    let counts = Counts {
        total: 25,
        accepted: count(RowState::Accepted),
        rejected: count(RowState::Rejected),
        held: count(RowState::Held),
        unchanged: count(RowState::Unchanged),
        ..Counts::default()
    };
    let lines = counts.accepted;
    let amount = Money::dong(2_950_000 * i64::try_from(lines).unwrap());
    let (list, rows) = list("DS khách hàng", rows);
    let view = ResultView {
        locale: Locale::Vi,
        file_name: "DS khách hàng T11.xlsx".into(),
        firm: "Công ty TNHH Dịch vụ Kế toán Minh An".into(),
        kind: ViewKind::Batch,
        batch: Some(BatchId::new(45)),
        revision: 1,
        generated_at: at(20, 9),
        next_steps: vec![
            "Sửa các dòng bị từ chối ở trang Cần sửa rồi thả lại tệp này vào inbox; các dòng đã sửa sẽ vào cùng đơn hàng.".into(),
            "Chọn nhận hoặc bỏ cho các dòng đang chờ quyết định.".into(),
            "Kiểm tra hai đơn hàng bên dưới, đánh dấu xác nhận, lưu và thả lại tệp này.".into(),
        ],
        counts,
        totals: ControlTotals { rows: lines, amount, tax_id_sum: 8_123_456_789_012 },
        cancelled: 0,
        left: 0,
        needs_second: false,
        missing: 0,
        ordered_again: Vec::new(),
        orders: vec![
            order("DH-2611-000123", CustomerType::Enterprise, "ASP Kế toán – Doanh nghiệp", 11),
            order("DH-2611-000124", CustomerType::Household, "ASP Kế toán – Hộ kinh doanh", 7),
        ],
        sheets: vec![list],
        questions: Vec::new(),
        file_findings: vec![finding("header.unknown", Severity::Info, None, None)],
        payments: Vec::new(),
        more_payments: 0,
        messages: Vec::new(),
        payee: Some(PayeeView {
            bank: "Vietcombank".into(),
            account: "1023456789".into(),
            name: "CONG TY PHAN MEM".into(),
        }),
        choices: choices(),
        labels: labels(),
        order_level: Vec::new(),
        origin: vec![
            ("Tệp".into(), "DS khách hàng T11.xlsx".into()),
            ("SHA-256".into(), "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08".into()),
            ("Lô".into(), "B000045".into()),
            ("Phiên bản danh mục".into(), "2026-11".into()),
        ],
        identity: Some(Identity {
            signature: "5af0".to_owned(),
            batch: "B000045".into(),
            kind: "clients".into(),
            revision: 1,
        }),
    };
    let payload = format!("{{\"rows\":\"{}\"}}", "0123_x0041_ă".repeat(6_000));
    Sample { view, rows: vec![rows], payload, at_a_time: 1_000 }
}

/// After it: payments with their pictures, lines that live.
pub fn placed(payments: usize) -> Sample {
    let mut view = view();
    view.revision = 2;
    for order in &mut view.orders {
        order.state = OrderState::Placed;
        order.decision = Decision { confirm: Some(true), activate: Some(false) };
    }
    for row in &mut view.rows[0] {
        let RowKind::Data(data) = &mut row.kind else { continue };
        if let Some(line) = &mut data.line {
            line.state = LineState::Grace;
            line.payment_code = Some("HLA7C4KX9M".into());
            line.activated_at = Some(at(21, 10));
            line.pay_by = Some(at(28, 10));
            line.mail = "Đã gửi".into();
            line.payment = "Chưa thanh toán".into();
        }
    }
    view.payments = (0..payments).map(payment).collect();
    view
}

pub fn list(name: &str, rows: Vec<RowView>) -> (SheetView, Vec<RowView>) {
    let outside = |number, text: &str| {
        let cells = vec![Cell::Empty, Cell::Text(text.into())];
        RowView { number, cells, kind: RowKind::Outside }
    };
    let header: Vec<String> = HEADER.map(String::from).into();
    let cells = header.iter().cloned().map(Cell::Text).collect();
    let mut all = vec![
        outside(1, "CÔNG TY TNHH DỊCH VỤ KẾ TOÁN MINH AN – PHÒNG KHÁCH HÀNG DOANH NGHIỆP"),
        outside(2, "DANH SÁCH KHÁCH HÀNG ĐĂNG KÝ PHẦN MỀM NĂM 2026 (ĐỢT 2)"),
        RowView { number: 4, cells, kind: RowKind::Header },
    ];
    all.extend(rows);
    all.push(outside(31, "Người lập: Trần Văn Bình"));
    let list = SheetView {
        name: name.into(),
        header_row: 4,
        header,
        width: HEADER.len(),
        identifying: Some((1, 2)),
    };
    (list, all)
}

fn order(code: &str, customer_type: CustomerType, package: &str, lines: u64) -> OrderView {
    OrderView {
        code: code.into(),
        kind: Kind::Purchase,
        package_name: package.into(),
        customer_type,
        fiscal_year: 2026.try_into().unwrap(),
        recipient: Recipient::Client,
        lines,
        amount: Money::dong(2_950_000 * i64::try_from(lines).unwrap()),
        state: OrderState::AwaitingConfirmation,
        revision: 1,
        code_to_confirm: None,
        decision: Decision { confirm: Some(false), activate: Some(false) },
    }
}

const NAMES: [&str; 5] = [
    "Công ty TNHH Thương mại Hải Yến",
    "Hộ kinh doanh Phở Thìn",
    "Công ty Cổ phần Xây dựng và Thương mại Quốc tế Đại Phong Việt Nam",
    "Cửa hàng tạp hóa Cô Ba",
    "Doanh nghiệp tư nhân Ngọc Ẩm Thực",
];
const PEOPLE: [&str; 5] =
    ["Nguyễn Thị Hải Yến", "Trần Văn Thìn", "Đỗ Đại Phong", "Lê Thị Ba", "Vũ Ngọc Ánh"];

fn row(at: u32) -> RowView {
    let pick = at as usize % 5;
    let (name, person) = (NAMES[pick], PEOPLE[pick]);
    let tax_id = format!("01012431{at:02}");
    let email = format!("khach{at}@{}", if at == 9 { "gmial.com" } else { "minhhoa.example" });
    let phone = if at == 14 { String::new() } else { format!("09123456{at:02}") };
    let date = NaiveDate::from_ymd_opt(2026, 1, 1).unwrap();
    let cells = vec![
        number(f64::from(at + 1), None),
        text(name),
        if at == 3 { number(101_243_150.0, Some("0000000000")) } else { text(&tax_id) },
        text(person),
        text(&email),
        if phone.is_empty() { Cell::Empty } else { text(&phone) },
        Cell::Date(date.and_hms_opt(0, 0, 0).unwrap()),
        number(2026.0, None),
        number(2_950_000.0, Some("#,##0")),
        note(at),
    ];
    let fields = vec![
        (Field::Name, name.to_owned()),
        (Field::TaxId, tax_id),
        (Field::Representative, person.to_owned()),
        (Field::Email, email),
        (Field::Phone, phone),
        (Field::FiscalYear, "2026".to_owned()),
        (Field::FiscalYearStart, "2026-01-01".to_owned()),
    ];
    let number = at + 5;
    let kind = RowKind::Data(Box::new(verdict(at, number, fields)));
    RowView { number, cells, kind }
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn number(value: f64, format: Option<&str>) -> Cell {
    Cell::Number { value, format: format.map(str::to_owned) }
}

fn note(at: u32) -> Cell {
    match at {
        5 => text("=HYPERLINK(\"http://example.com\",\"nhấn vào\")"),
        6 => text("dòng một\ndòng hai\u{7}"),
        7 => Cell::Bool(true),
        8 => Cell::Error("#N/A".into()),
        _ => Cell::Empty,
    }
}

fn verdict(at: u32, number: u32, fields: Vec<(Field, String)>) -> DataRow {
    use Severity::{Error, Hold, Info, Warning};
    let email = (Some("E"), Some(Field::Email));
    let tax_id = (Some("C"), Some(Field::TaxId));
    let (state, findings) = match at {
        2 | 17 => (RowState::Rejected, vec![finding("tax_id.checksum", Error, tax_id.0, tax_id.1)]),
        3 => (RowState::Accepted, vec![finding("tax_id.zero_restored", Info, tax_id.0, tax_id.1)]),
        9 => (RowState::Held, vec![finding("email.domain_typo", Hold, email.0, email.1)]),
        10 => (RowState::Held, vec![finding("client.already_ordered", Hold, tax_id.0, tax_id.1)]),
        12 => (RowState::Unchanged, vec![finding("client.same_as_before", Info, None, None)]),
        14 => {
            let phone = finding("phone.missing", Error, Some("F"), Some(Field::Phone));
            let shared = finding("email.shared", Warning, email.0, email.1);
            (RowState::Rejected, vec![shared, phone])
        }
        _ => (RowState::Accepted, Vec::new()),
    };
    let line = (state == RowState::Accepted).then(|| LineView {
        order: format!("DH-2611-00012{}", 3 + at % 2),
        line: i64::from(at) + 1,
        amount: Money::dong(2_950_000),
        payment_code: None,
        activated_at: None,
        pay_by: None,
        mail: String::new(),
        payment: String::new(),
        cancelled: None,
        state: LineState::Waiting,
    });
    let suggestion = if at == 9 { vec![(Field::Email, "khach9@gmail.com".into())] } else { vec![] };
    let (rid, choices) = (number.to_string(), Vec::new());
    let (left_out, is_corrected) = (None, false);
    DataRow { state, left_out, is_corrected, findings, line, fields, rid, suggestion, choices }
}

pub fn finding(
    code: &str,
    severity: Severity,
    column: Option<&str>,
    field: Option<Field>,
) -> FindingText {
    let (message, fix) = match code {
        "tax_id.checksum" => (
            "Mã số thuế sai số kiểm tra: có thể gõ nhầm hoặc thiếu một chữ số.",
            "Đối chiếu với giấy đăng ký kinh doanh hoặc trang tra cứu của cơ quan thuế rồi gõ lại.",
        ),
        "email.domain_typo" => (
            "Tên miền gmial.com có thể gõ nhầm.",
            "Sửa thành gmail.com, hoặc ghi nhận ở cột Quyết định nếu đúng như vậy.",
        ),
        "client.already_ordered" => (
            "Khách hàng đã có đơn DH-2610-000099 cho năm 2026 (dòng 12, tệp thang-10.xlsx).",
            "Ghi bỏ, hoặc nhận nếu vẫn muốn đặt.",
        ),
        "phone.missing" => ("Thiếu số điện thoại.", "Điền số di động của người đại diện."),
        "email.shared" => {
            ("E-mail dùng chung với dòng 20.", "Nên dùng e-mail riêng cho mỗi khách.")
        }
        "header.unknown" => ("Cột “Ghi chú nội bộ” không dùng đến; được giữ nguyên.", ""),
        _ => ("Thông tin thêm về dòng này.", ""),
    };
    FindingText {
        code: code.into(),
        severity,
        column: column.map(str::to_owned),
        field,
        message: message.into(),
        fix: fix.into(),
    }
}

pub fn labels() -> Vec<(Field, String)> {
    [
        (Field::Name, "Tên khách hàng (*)"),
        (Field::TaxId, "Mã số thuế (*)"),
        (Field::Representative, "Người đại diện (*)"),
        (Field::Email, "E-mail (*)"),
        (Field::Phone, "Điện thoại (*)"),
        (Field::Package, "Gói phần mềm (*)"),
        (Field::FiscalYear, "Năm tài chính (*)"),
        (Field::FiscalYearStart, "Ngày bắt đầu năm tài chính"),
        (Field::VatMethod, "Phương pháp tính thuế GTGT (*)"),
    ]
    .map(|(field, label)| (field, label.to_owned()))
    .into()
}

pub fn choices() -> Vec<(Field, Vec<String>)> {
    let packages = (1..=12).map(|n| format!("ASP-{n:02} – ASP Kế toán, bản số {n}")).collect();
    let methods = ["Khấu trừ", "Trực tiếp trên doanh thu", "Không chịu thuế"];
    vec![(Field::Package, packages), (Field::VatMethod, methods.map(String::from).into())]
}

fn payment(at: usize) -> PaymentView {
    let memo = format!("HLA7C4KX{at:02}");
    let amount = Money::dong(2_950_000);
    let transfer =
        Transfer { bank_bin: "970436", account: "1023456789", amount, memo: memo.as_str() };
    PaymentView {
        code: memo.clone(),
        payer: NAMES[at % 5].into(),
        amount,
        is_batch_code: at == 0,
        lines: if at == 0 { 3 } else { 1 },
        qr_png: Some(pay::picture(&transfer).unwrap()),
        order: "DH-2611-000123".into(),
        pooled: None,
    }
}
