//! Client lists of any length, the same on every run: fifteen columns of invented Vietnamese clients whose every row is
//! accepted, or with one row in twenty that is not. Nothing of it hangs on chance or on the clock.

#![allow(dead_code, reason = "tests use a part of it")]

use std::path::Path;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook};

pub const HEADERS: [&str; 15] = [
    "Mã khách hàng",
    "Tên khách hàng",
    "Mã số thuế",
    "Loại hình hoạt động",
    "Người đại diện theo pháp luật",
    "Email",
    "Số điện thoại",
    "Số điện thoại liên hệ",
    "Địa chỉ",
    "Loại đơn hàng",
    "Gói sản phẩm",
    "Năm tài chính",
    "Phương pháp tính thuế GTGT",
    "Chế độ kế toán",
    "Đối tượng nhận thông báo",
];
/// One column of numbers, where the format has such.
pub const FISCAL_YEAR: usize = 11;
const TAX_ID: usize = 2;
const REPRESENTATIVE: usize = 4;
const EMAIL: usize = 5;
const PHONE: usize = 6;
const PACKAGE: usize = 10;
const VAT_METHOD: usize = 12;
/// The first two digits of the tax ids of lists; those of a history are others.
const OF_LISTS: usize = 1;
/// One row of so many is wrong.
const WRONG_EACH: usize = 20;

/// No two are the same without their accents.
const WORDS: [&str; 48] = [
    "An", "Anh", "Bách", "Bảo", "Bình", "Cát", "Châu", "Chí", "Cường", "Dương", "Đại", "Đạt",
    "Đông", "Đức", "Gia", "Giang", "Hà", "Hải", "Hạnh", "Hòa", "Hoàng", "Hồng", "Hưng", "Hương",
    "Khải", "Khang", "Khánh", "Kim", "Lâm", "Lộc", "Long", "Minh", "Nam", "Ngọc", "Phát", "Phong",
    "Phú", "Phúc", "Quang", "Sơn", "Tâm", "Tân", "Thái", "Thành", "Thịnh", "Thuận", "Trung",
    "Việt",
];
/// The last two are households.
const FORMS: [&str; 10] = [
    "Công ty TNHH Thương mại",
    "Công ty TNHH Một thành viên",
    "Công ty Cổ phần Xây dựng",
    "Công ty TNHH Vận tải",
    "Công ty Cổ phần Thực phẩm",
    "Công ty TNHH Dịch vụ Du lịch",
    "Công ty TNHH Cơ khí",
    "Công ty Cổ phần Công nghệ",
    "Hộ kinh doanh Tạp hóa",
    "Hộ kinh doanh Nhà thuốc",
];
const ENTERPRISE_FORMS: usize = 8;
/// Names without a repetition.
const NAMES: usize = FORMS.len() * WORDS.len() * WORDS.len() * WORDS.len();
const FAMILY_NAMES: [&str; 12] =
    ["Nguyễn", "Trần", "Lê", "Phạm", "Hoàng", "Huỳnh", "Phan", "Vũ", "Đặng", "Bùi", "Đỗ", "Ngô"];
const MIDDLE_NAMES: [&str; 7] = ["Thị", "Văn", "Đức", "Thu", "Quang", "Ngọc", "Hữu"];
const STREETS: [&str; 9] = [
    "Trần Thái Tông",
    "Giải Phóng",
    "Lạch Tray",
    "Lê Lợi",
    "Quang Trung",
    "Nguyễn Trãi",
    "Cộng Hòa",
    "Điện Biên Phủ",
    "Hai Bà Trưng",
];
const PLACES: [&str; 7] = [
    "phường Cầu Giấy, TP Hà Nội",
    "phường Gia Viên, TP Hải Phòng",
    "phường Hạc Thành, tỉnh Thanh Hóa",
    "phường Thành Vinh, tỉnh Nghệ An",
    "phường Liên Chiểu, TP Đà Nẵng",
    "phường Tân Bình, TP Hồ Chí Minh",
    "phường Ninh Kiều, TP Cần Thơ",
];
const MAILBOXES: [&str; 5] = ["ketoan", "lienhe", "giamdoc", "vanphong", "hoadon"];

pub type Row = [String; 15];

/// Which rows a list has: those of two lists that do not overlap are different clients.
#[derive(Clone, Copy, Debug)]
pub struct List {
    pub first: usize,
    pub rows: usize,
    pub dirty: bool,
}

impl List {
    pub fn new(rows: usize, dirty: bool) -> List {
        List { first: 0, rows, dirty }
    }

    pub fn rows(self) -> impl Iterator<Item = Row> {
        assert!(self.first + self.rows <= NAMES, "there are no more than {NAMES} names");
        (self.first..self.first + self.rows).map(move |n| {
            let is_wrong = self.dirty && n % WRONG_EACH == WRONG_EACH / 2;
            if is_wrong { wrong(n) } else { right(n) }
        })
    }

    /// How many rows have nothing wrong.
    pub fn right(self) -> usize {
        let wrong = |n: &usize| self.dirty && n % WRONG_EACH == WRONG_EACH / 2;
        self.rows - (self.first..self.first + self.rows).filter(wrong).count()
    }

    /// Writes it as CSV or, where the name says so, as a workbook.
    pub fn write(self, path: &Path) {
        if path.extension().is_some_and(|end| end == "xlsx") {
            self.write_xlsx(path);
        } else {
            self.write_csv(path);
        }
    }

    fn write_csv(self, path: &Path) {
        let mut file = csv::Writer::from_path(path).unwrap();
        file.write_record(HEADERS).unwrap();
        for row in self.rows() {
            file.write_record(&row).unwrap();
        }
        file.flush().unwrap();
    }

    /// Its texts stand in their cells, as programs write them that do not keep a whole sheet.
    fn write_xlsx(self, path: &Path) {
        let mut book = Workbook::new();
        let made = ExcelDateTime::from_ymd(2026, 2, 2).unwrap();
        book.set_properties(&DocProperties::new().set_creation_datetime(&made));
        let sheet = book.add_worksheet_with_constant_memory().unwrap();
        for (column, header) in (0..).zip(HEADERS) {
            sheet.write_string(0, column, header).unwrap();
        }
        for (number, row) in (1..).zip(self.rows()) {
            for (column, text) in (0..).zip(&row) {
                match text.parse::<f64>() {
                    Ok(year) if usize::from(column) == FISCAL_YEAR => {
                        sheet.write_number(number, column, year)
                    }
                    _ => sheet.write_string(number, column, text),
                }
                .unwrap();
            }
        }
        book.save(path).unwrap();
    }
}

/// One client, all of whose cells are as they should be.
fn right(n: usize) -> Row {
    // Clients of all kinds stand among each other, and no name comes twice: the factor has no divisor of `NAMES`.
    let mixed = n * 654_323 % NAMES;
    let form = mixed % FORMS.len();
    let word = |place: usize| {
        WORDS[mixed / FORMS.len() / WORDS.len().pow(u32::try_from(place).unwrap()) % WORDS.len()]
    };
    let name = format!("{} {} {} {}", FORMS[form], word(2), word(1), word(0));
    let pick = |from: &[&'static str], salt: usize| from[(n / salt + n) % from.len()];
    let (family, middle) = (pick(&FAMILY_NAMES, 3), pick(&MIDDLE_NAMES, 5));
    let is_enterprise = form < ENTERPRISE_FORMS;
    let [tax_id, kind, package, vat_method, regime] = if is_enterprise {
        let regime = if n.is_multiple_of(3) { "TT99" } else { "TT133" };
        [
            tax_id(OF_LISTS, n),
            "Doanh nghiệp".into(),
            "ASP-DN".into(),
            "Khấu trừ".into(),
            regime.into(),
        ]
    } else {
        let vat_method = "Trực tiếp trên doanh thu".into();
        [personal_id(n), "Hộ kinh doanh".into(), "ASP-HKD".into(), vat_method, "TT152".into()]
    };
    // As many numbers as there are mobiles of these beginnings, each once.
    let number = n * 7_919 % 80_000_000;
    let firm_pays = n % 5 == 4;
    [
        format!("KH{n:07}"),
        name,
        tax_id,
        kind,
        format!("{family} {middle} {}", word(0)),
        format!("{}@khach{n}.example", pick(&MAILBOXES, 7)),
        format!("09{number:08}"),
        format!("03{:08}", 20_000_000 + number),
        format!("Số {} đường {}, {}", n % 400 + 1, pick(&STREETS, 11), pick(&PLACES, 13)),
        "Mua mới".to_owned(),
        package,
        "2026".to_owned(),
        vat_method,
        regime,
        if firm_pays { "Kế toán dịch vụ" } else { "Khách hàng" }.to_owned(),
    ]
}

/// The same with one cell that keeps it from being ordered, each in its turn.
fn wrong(n: usize) -> Row {
    let mut row = right(n);
    let (column, text) = match n / WRONG_EACH % 10 {
        0 => (TAX_ID, with_another_check_digit(&tax_id(OF_LISTS, n))),
        1 => (TAX_ID, String::new()),
        2 => (EMAIL, row[EMAIL].replace('@', ".")),
        3 => (EMAIL, format!("khach{n}@gmial.com")),
        4 => (PHONE, "12345".to_owned()),
        5 => (REPRESENTATIVE, String::new()),
        6 => (PACKAGE, "ASP-XXL".to_owned()),
        7 => (FISCAL_YEAR, "2019".to_owned()),
        8 => (VAT_METHOD, "Phương pháp khác".to_owned()),
        // The client above it once more.
        _ => (TAX_ID, right(n - 1)[TAX_ID].clone()),
    };
    row[column] = text;
    row
}

/// The `n`th tax id of ten digits among those that begin with these two. Of ten numbers that differ in their last digit
/// at most one has no check digit, which leaves nine (TT105/2020: 10 − the weighted sum mod 11, where 10 is never given).
pub fn tax_id(first_two: usize, n: usize) -> String {
    let head = format!("{first_two:02}{:06}", n / 9 + 1);
    let all = (0..10).filter_map(|last| {
        let digits = format!("{head}{last}");
        check_digit(&digits).map(|check| format!("{digits}{check}"))
    });
    all.into_iter().nth(n % 9).unwrap()
}

fn check_digit(digits: &str) -> Option<usize> {
    const WEIGHTS: [usize; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let digits = digits.bytes().map(|digit| usize::from(digit - b'0'));
    let check = 10 - digits.zip(WEIGHTS).map(|(digit, weight)| digit * weight).sum::<usize>() % 11;
    (check < 10).then_some(check)
}

fn with_another_check_digit(tax_id: &str) -> String {
    let (digits, check) = tax_id.split_at(9);
    let check: usize = check.parse().unwrap();
    format!("{digits}{}", (check + 1) % 10)
}

/// Twelve digits: the province of birth, century and sex, year, and a number.
fn personal_id(n: usize) -> String {
    format!("079{}{:02}{:06}", n % 2, 60 + n / 2 % 40, n % 1_000_000)
}
