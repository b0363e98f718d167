//! The workbooks that ask about money and cut-offs, cell by cell: what stands there, how it is shown, and where anybody
//! may write. A change of them is seen here first.

use std::{collections::BTreeMap, path::Path};

use super::{
    grace::{at, unpaid},
    lists::enterprise,
    money::{activated, codes, take},
    platform::execute,
    workbooks::parts,
};
use crate::world::{World, text};

/// As Excel has these built in.
const BUILT_IN: [(&str, &str); 4] = [("0", "General"), ("1", "0"), ("3", "#,##0"), ("49", "@")];

/// The parts of a workbook as texts.
struct Book(BTreeMap<String, String>);

impl Book {
    fn of(path: &Path) -> Book {
        let texts = parts(path).into_iter();
        Book(texts.filter_map(|(name, it)| Some((name, String::from_utf8(it).ok()?))).collect())
    }

    fn sheet(&self, number: u8) -> &str {
        &self.0[&format!("xl/worksheets/sheet{number}.xml")]
    }

    /// The number format of each cell format, and whether anybody may write there.
    fn formats(&self) -> Vec<(String, bool)> {
        let styles = &self.0["xl/styles.xml"];
        let mut known: BTreeMap<String, String> =
            BUILT_IN.map(|(id, code)| (id.to_owned(), code.to_owned())).into();
        known.extend(styles.split("<numFmt ").skip(1).map(|it| {
            (attribute(it, "numFmtId").unwrap(), plain(&attribute(it, "formatCode").unwrap()))
        }));
        let all = styles.split("<cellXfs").nth(1).unwrap().split("</cellXfs>").next().unwrap();
        let format = |it: &str| {
            let id = attribute(it, "numFmtId").unwrap();
            (known[&id].clone(), it.contains("locked=\"0\""))
        };
        all.split("<xf ").skip(1).map(format).collect()
    }

    /// `B7 | @ | DH-2611-000001/1`; a cell in which anybody may write has `…` instead of a text. Others that are empty are
    /// left out.
    fn cells(&self, number: u8) -> Vec<String> {
        let (formats, shared) = (self.formats(), self.shared());
        let cell = |it: &str| {
            let name = it.split('"').next()?;
            let tag = it.split('>').next()?;
            let style: usize = attribute(tag, "s").map_or(0, |style| style.parse().unwrap());
            let (format, is_free) = &formats[style];
            let value = it.split("<v>").nth(1).and_then(|it| it.split("</v>").next());
            let value = match (value, attribute(tag, "t").as_deref()) {
                (None, _) if *is_free => "…".to_owned(),
                (None, _) => return None,
                (Some(at), Some("s")) => shared[at.parse::<usize>().unwrap()].clone(),
                (Some(value), _) => value.to_owned(),
            };
            Some(format!("{name} | {format} | {value}"))
        };
        self.sheet(number).split("<c r=\"").skip(1).filter_map(cell).collect()
    }

    fn shared(&self) -> Vec<String> {
        let text = |it: &str| {
            let text = it.split("<t").nth(1)?.split_once('>')?.1;
            Some(plain(text.split("</t>").next()?))
        };
        let all = self.0["xl/sharedStrings.xml"].split("<si>").skip(1);
        all.map(|it| text(it).unwrap()).collect()
    }
}

fn attribute(tag: &str, name: &str) -> Option<String> {
    let rest = tag.split(&format!("{name}=\"")).nth(1).filter(|_| !name.is_empty())?;
    rest.split('"').next().map(str::to_owned)
}

fn plain(text: &str) -> String {
    let signs = [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&amp;", "&")];
    signs.iter().fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// Those of one row.
fn of_row(cells: &[String], row: u32) -> Vec<&str> {
    let is_of = |cell: &&String| {
        let name = cell.split(' ').next().unwrap();
        name.trim_start_matches(|c: char| c.is_ascii_uppercase()) == row.to_string()
    };
    cells.iter().filter(is_of).map(String::as_str).collect()
}

/// The row in which a text stands.
fn row_with(cells: &[String], text: &str) -> u32 {
    let found = cells.iter().rfind(|cell| cell.ends_with(&format!(" | {text}")));
    let name =
        found.unwrap_or_else(|| panic!("no {text} in {cells:#?}")).split(' ').next().unwrap();
    name.trim_start_matches(|c: char| c.is_ascii_uppercase()).parse().unwrap()
}

/// One difference, and two payments that wait.
fn reconciled() -> (World, Book, Vec<String>) {
    let world = activated();
    let codes = codes(&world);
    let lines = [
        ("20/11/2026", 77_000, "nham"),
        ("21/11/2026", 2_939_000, codes[1].as_str()),
        ("22/11/2026", 2_950_000, codes[0].as_str()),
    ];
    take(&world, "sao-ke.csv", &lines);
    execute(&world, &["update platform_licence set status = 'suspended' where line = 1"]);
    world.run(&["run", "reconcile"]).exits(1);
    let book = Book::of(&world.path("outbox/_bank/doi-soat__2026-11-23__r1.xlsx"));
    (world, book, codes)
}

#[test]
fn the_sheet_of_differences_is_as_it_was() {
    let (world, book, _) = reconciled();
    let cells = book.cells(1);
    assert_eq!(
        cells[..2],
        [
            "A1 | General | Đối soát ngày 23/11/2026",
            "A2 | General | Có 1 chênh lệch với nền tảng; 2 khoản tiền chờ xem lại (trang Tiền chưa khớp).",
        ]
    );
    let heading = row_with(&cells, "Bản quyền");
    let headings =
        ["Loại", "Dòng", "Bản quyền", "Mã số thuế", "Khách hàng", "Ở đây", "Trên nền tảng"];
    let shown: Vec<String> = ('A'..='G')
        .zip(headings)
        .map(|(column, heading_text)| format!("{column}{heading} | General | {heading_text}"))
        .collect();
    assert_eq!(of_row(&cells, heading), shown);
    let row = heading + 1;
    let (client, licence) = (enterprise(1), text(&world.list("licences")[0], "licence_id"));
    assert_eq!(
        of_row(&cells, row),
        [
            format!("A{row} | \"✗ \"@ | Đã trả tiền mà bị ngắt"),
            format!("B{row} | @ | DH-2611-000001/1"),
            format!("C{row} | @ | {licence}"),
            format!("D{row} | @ | {}", client.tax_id()),
            format!("E{row} | General | {}", client.name()),
            format!("F{row} | General | Đã thanh toán"),
            format!("G{row} | General | Tạm ngắt"),
        ]
    );
    assert!(book.0.contains_key("xl/charts/chart1.xml"), "how many of each kind");
    assert!(!cells.iter().any(|cell| cell.ends_with('…')), "nothing is asked here: {cells:#?}");
}

#[test]
fn the_sheet_of_unmatched_money_is_as_it_was() {
    let (world, book, codes) = reconciled();
    let cells = book.cells(2);
    let who = ["A4 | General | Người xác nhận", "D4 | @ | …", "E4 | @ | …", "F4 | @ | …"];
    assert_eq!(of_row(&cells, 4), who);
    let headings = of_row(&cells, 5);
    let headings: Vec<&str> =
        headings.iter().map(|cell| cell.rsplit(" | ").next().unwrap()).collect();
    assert_eq!(
        headings,
        [
            "Khoản",
            "Ngày",
            "Số tiền",
            "Chưa dùng",
            "Trạng thái",
            "Nội dung",
            "Vì sao chưa khớp",
            "Có thể là",
            "Mã 1",
            "Số tiền 1",
            "Mã 2",
            "Số tiền 2",
            "Mã 3",
            "Số tiền 3",
            "Mã 4",
            "Số tiền 4",
            "Mã 5",
            "Số tiền 5",
            "Hoàn tiền",
            "Bỏ phần thiếu",
            "Lý do",
            "_rid",
        ]
    );
    let payments = world.list("payments");
    let payment = payments.iter().find(|it| it["memo"] == "nham").unwrap();
    let row = of_row(&cells, 6);
    assert_eq!(
        row[..7],
        [
            format!("A6 | 0 | {}", payment["id"]),
            // Friday the 20th.
            "B6 | dd/mm/yyyy | 46346".to_owned(),
            "C6 | #,##0 | 77000".to_owned(),
            "D6 | #,##0 | 77000".to_owned(),
            "E6 | \"– \"@ | Chưa khớp".to_owned(),
            "F6 | @ | nham".to_owned(),
            format!("G6 | General | {}", text(payment, "why")),
        ]
    );
    let free = |columns: &str, format: &str| -> Vec<String> {
        columns.chars().map(|column| format!("{column}6 | {format} | …")).collect()
    };
    let (mut asked, money) = (free("IKMOQTU", "@"), free("JLNPRS", "#,##0"));
    asked.extend(money);
    asked.sort();
    assert_eq!(row[7..row.len() - 1], asked);
    assert!(row[row.len() - 1].starts_with("V6 | @ | "), "{row:?}");
    let second = of_row(&cells, 7);
    assert!(second.contains(&format!("F7 | @ | {}", codes[1]).as_str()), "{second:?}");
    assert!(second.contains(&"E7 | \"○ \"@ | Chờ xem lại"), "{second:?}");

    let sheet = book.sheet(2);
    assert!(sheet.contains("<sheetProtection ") && sheet.contains("ySplit=\"5\""), "{sheet}");
    assert!(sheet.contains("<autoFilter ref=\"A5:U7\""), "{sheet}");
    for rule in ["I6:I7", "K6:K7", "M6:M7", "O6:O7", "Q6:Q7"] {
        assert!(sheet.contains(&format!("sqref=\"{rule}\"")), "no choice of codes in {rule}");
    }
    let names = &book.0["xl/workbook.xml"];
    assert!(names.contains("'Tiền chưa khớp'!$D$4"), "{names}");
    assert!(names.contains("name=\"_hangloat\"") && names.contains("veryHidden"), "{names}");
}

#[test]
fn the_list_of_cut_offs_is_as_it_was() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    world.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let book = Book::of(&world.path("outbox/_bank/sap-ngat__2026-11-27__r1.xlsx"));
    let cells = book.cells(1);
    assert_eq!(
        cells[..2],
        [
            "A1 | General | Sắp ngắt, lập ngày 27/11/2026",
            "A2 | General | 3 khách hàng sắp hết hạn, đã hết hạn hoặc đang được hoãn.",
        ]
    );
    assert_eq!(
        of_row(&cells, 4),
        ["A4 | General | Người xác nhận (e-mail)", "B4 | @ | …", "C4 | @ | …"]
    );
    let headings = of_row(&cells, 5);
    let headings: Vec<&str> =
        headings.iter().map(|cell| cell.rsplit(" | ").next().unwrap()).collect();
    assert_eq!(
        headings,
        [
            "Dòng",
            "Khách hàng",
            "Mã số thuế",
            "Điện thoại",
            "Còn phải trả",
            "Ngày cuối",
            "Thư nhắc cuối",
            "Việc tiếp theo",
            "Hoãn",
            "Lý do",
            "_rid",
        ]
    );
    for (n, row) in (1..=3).zip(6..) {
        let client = enterprise(n);
        let shown = of_row(&cells, row);
        assert_eq!(
            shown[..10],
            [
                format!("A{row} | @ | DH-2611-000001/{n}"),
                format!("B{row} | General | {}", client.name()),
                format!("C{row} | @ | {}", client.tax_id()),
                format!("D{row} | @ | 0912 000 00{n}"),
                format!("E{row} | #,##0 | 2950000"),
                // Monday the 30th; Friday the 27th at nine.
                format!("F{row} | dd/mm/yyyy | 46356"),
                format!("G{row} | dd/mm/yyyy hh:mm | 46353.375"),
                // No statement has come at all.
                format!(
                    "H{row} | \"✗ \"@ | Sẽ ngắt sau ngày cuối nếu vẫn chưa thanh toán và đã có sao kê còn \
                     thiếu: từ 23/11/2026 đến 26/11/2026"
                ),
                format!("I{row} | @ | …"),
                format!("J{row} | @ | …"),
            ]
        );
        assert!(shown[10].starts_with(&format!("K{row} | @ | DH-2611-000001/{n}.")), "{shown:?}");
    }
    let sheet = book.sheet(1);
    assert!(sheet.contains("<sheetProtection ") && sheet.contains("ySplit=\"5\""), "{sheet}");
    assert!(sheet.contains("<autoFilter ref=\"A5:J8\"") && sheet.contains("sqref=\"I6:I8\""));
    assert!(sheet.contains("1 ngày,2 ngày,3 ngày,7 ngày,14 ngày,Bỏ hoãn"), "{sheet}");
    assert!(book.0["xl/workbook.xml"].contains("'Sắp ngắt'!$B$4"), "who answers");
}
