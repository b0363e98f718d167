//! Client lists as firms make them. Everybody in them is invented.

use serde_json::{Value, json};

/// The headers of a list, in its columns' order: `B` is the tax id.
pub const HEADERS: [&str; 12] = [
    "Tên khách hàng",
    "Mã số thuế",
    "Loại khách hàng",
    "Người đại diện",
    "Email",
    "Số điện thoại",
    "Địa chỉ",
    "Gói sản phẩm",
    "Năm tài chính",
    "Phương pháp tính thuế GTGT",
    "Chế độ kế toán",
    "Người nhận thông báo",
];

/// One client, its cells by the headers.
#[derive(Clone, Debug, PartialEq)]
pub struct Client(pub [String; 12]);

impl Client {
    pub fn name(&self) -> &str {
        &self.0[0]
    }

    pub fn tax_id(&self) -> &str {
        &self.0[1]
    }

    pub fn email(&self) -> &str {
        &self.0[4]
    }

    /// The same with another cell, named by its column's letter.
    pub fn with(&self, column: &str, value: &str) -> Client {
        let mut cells = self.0.clone();
        value.clone_into(&mut cells[usize::from(column.as_bytes()[0] - b'A')]);
        Client(cells)
    }
}

/// The nth enterprise.
pub fn enterprise(n: u32) -> Client {
    Client(
        [
            &format!("Công ty TNHH Thử nghiệm {n}"),
            &enterprise_tax_id(n),
            "Doanh nghiệp",
            &format!("Nguyễn Văn Số {n}"),
            &format!("giamdoc@congty{n}.example"),
            &format!("0912{n:06}"),
            &format!("Số {n} đường Láng, phường Láng, TP Hà Nội"),
            "ASP-DN",
            "2026",
            "Khấu trừ",
            "TT99",
            "Khách hàng",
        ]
        .map(str::to_owned),
    )
}

/// The nth household.
pub fn household(n: u32) -> Client {
    Client(
        [
            &format!("Hộ kinh doanh Thử nghiệm {n}"),
            &format!("079180{n:06}"),
            "Hộ kinh doanh",
            &format!("Trần Thị Số {n}"),
            &format!("chuho@hokinhdoanh{n}.example"),
            &format!("0913{n:06}"),
            &format!("Số {n} đường Lê Lợi, phường Sài Gòn, TP Hồ Chí Minh"),
            "ASP-HKD",
            "2026",
            "Trực tiếp trên doanh thu",
            "TT152",
            "Khách hàng",
        ]
        .map(str::to_owned),
    )
}

/// Two enterprises and two households: two orders.
pub fn mixed() -> Vec<Client> {
    vec![enterprise(1), enterprise(2), household(1), household(2)]
}

/// As a CSV file.
pub fn csv(clients: &[Client]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADERS).unwrap();
    for client in clients {
        writer.write_record(&client.0).unwrap();
    }
    writer.into_inner().unwrap()
}

/// As the rows of a sheet.
pub fn sheet(clients: &[Client]) -> Vec<Value> {
    let header = json!(HEADERS);
    std::iter::once(header).chain(clients.iter().map(|client| json!(client.0))).collect()
}

/// Nine digits and the check digit of the tax office; a number that has none is passed over.
fn enterprise_tax_id(n: u32) -> String {
    const WEIGHTS: [u32; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let check = |digits: &str| {
        let sum: u32 = WEIGHTS
            .iter()
            .zip(digits.bytes())
            .map(|(weight, digit)| weight * u32::from(digit - b'0'))
            .sum();
        10_u32.checked_sub(sum % 11).filter(|check| *check < 10)
    };
    let numbers = (0..).map(|number: u32| format!("0999{number:05}"));
    let ids = numbers.filter_map(|digits| Some(format!("{digits}{}", check(&digits)?)));
    ids.into_iter().nth(n as usize).unwrap()
}
