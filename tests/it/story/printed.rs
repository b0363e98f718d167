//! Workbooks on paper, as LibreOffice prints them, and the numbers that stand on each of them.

use std::{path::Path, process::Command};

use super::{
    lists::{Client, csv, enterprise, household},
    money,
    workbooks::{self, converted},
};
use crate::world::{FONT, World, finished, require};

/// Two package types, and rows that wait: every sheet and every chart is there.
fn clients() -> Vec<Client> {
    let mut clients: Vec<Client> = (1..=6).map(enterprise).collect();
    clients.extend((1..=3).map(household));
    clients[2] = clients[2].with("B", "0101243159").with("F", "12");
    clients[4] = clients[4].with("E", "giamdoc@gmial.com");
    clients[5] = clients[5].with(
        "A",
        "Công ty Cổ phần Đầu tư Xây dựng và Thương mại Dịch vụ Xuất nhập khẩu Quốc tế Ẩm Thực Ngọc Hồ",
    );
    clients
}

/// A list that was imported, confirmed and activated.
fn living() -> World {
    let world = World::new();
    let file = world.import("khach.csv", &csv(&clients()));
    for order in file["orders"].as_array().unwrap() {
        world.run(&["confirm", order.as_str().unwrap(), "--activate"]).exits(0);
    }
    world.run(&["run", "activate"]).exits(0);
    world
}

/// The text of each printed page.
pub fn pages(world: &World, workbook: &Path) -> Vec<String> {
    let pdf = world.outside("printed.pdf");
    std::fs::write(&pdf, converted(world, &std::fs::read(workbook).unwrap(), &["pdf"])).unwrap();
    let text = world.outside("printed.txt");
    finished(Command::new("pdftotext").arg("-layout").arg(&pdf).arg(&text)).exits(0);
    let text = std::fs::read_to_string(text).unwrap();
    text.trim_end_matches('\u{c}').split('\u{c}').map(str::to_owned).collect()
}

/// Nothing is cut to `####`, and no page has nothing but its foot.
#[track_caller]
pub fn can_be_read(pages: &[String]) {
    for (number, page) in (1..).zip(pages) {
        assert!(!page.contains("###"), "page {number}:\n{page}");
        let lines = page.lines().filter(|line| !line.trim().is_empty()).count();
        assert!(lines > 2, "page {number} is empty:\n{page}");
    }
}

#[test]
fn a_printed_result_names_the_client_on_every_page_of_its_rows() {
    if !(require("soffice") && require("pdftotext") && require(FONT)) {
        return;
    }
    let world = living();
    let pages = pages(&world, &world.workbook("B000001"));
    can_be_read(&pages);
    let of_rows: Vec<&String> = pages
        .iter()
        .filter(|page| page.contains("Công ty TNHH Thử nghiệm 2") && page.contains("Mã số thuế"))
        // The messages to the clients name them, too.
        .filter(|page| !page.contains("Tin nhắn"))
        .collect();
    assert!((2..=5).contains(&of_rows.len()), "{} pages", of_rows.len());
    let says = |words: &str| of_rows.iter().any(|page| page.contains(words));
    assert!(says("Hạn thanh toán") && says("Cách sửa") && says("Địa chỉ"));
    let all = pages.concat();
    for words in ["Số đối chiếu", "Tình trạng các dòng", "✓ Đã đặt", "✗ Bị từ chối", "○ "]
    {
        assert!(all.contains(words), "no {words}");
    }
}

#[test]
fn a_template_and_an_export_can_be_read_on_paper() {
    if !(require("soffice") && require("pdftotext")) {
        return;
    }
    let world = living();
    let template = world.outside("mau.xlsx");
    let export = world.outside("dong.xlsx");
    let path = |path: &Path| path.to_str().unwrap().to_owned();
    world.run(&["template", "--type", "enterprise", "-o", &path(&template)]).exits(0);
    world.run(&["export", "lines", "-o", &path(&export)]).exits(0);
    for workbook in [&template, &export] {
        can_be_read(&pages(&world, workbook));
    }
}

#[test]
fn a_printed_sheet_of_unmatched_money_loses_no_column() {
    if !(require("soffice") && require("pdftotext")) {
        return;
    }
    let world = money::activated();
    money::take(&world, "sao-ke.csv", &[("20/11/2026", 2_950_000, "tien phan mem")]);
    world.run(&["run", "reconcile"]).exits(1);
    let workbook = world.path("outbox/_bank/doi-soat__2026-11-23__r1.xlsx");
    let parts = workbooks::parts(&workbook);
    let part = |name: &str| {
        let (_, bytes) = parts.iter().find(|(it, _)| it == name).unwrap();
        String::from_utf8(bytes.clone()).unwrap()
    };
    let sheet = part("xl/worksheets/sheet2.xml");
    assert!(sheet.contains("scale=\"65\"") && sheet.contains("orientation=\"landscape\""));
    assert!(sheet.contains("<brk id=\"8\" "), "what is to be filled in begins a page");
    assert_eq!(sheet.matches("<brk ").count(), 1, "two pages side by side");
    let names = part("xl/workbook.xml");
    let again = "'Tiền chưa khớp'!$A:$C,'Tiền chưa khớp'!$5:$5";
    assert!(names.contains(again) && !names.contains("Print_Area"), "{names}");
    let pages = pages(&world, &workbook);
    can_be_read(&pages);
    let all = pages.concat();
    for words in ["Có thể là", "Mã 1", "Mã 5", "Hoàn tiền", "Lý do"] {
        assert!(all.contains(words), "no {words} in {all}");
    }
}

#[test]
fn the_control_totals_are_the_same_wherever_they_are_told() {
    if !require("openpyxl") {
        return;
    }
    let world = living();
    let last_four = |client: &Client| -> i64 {
        let tax_id = client.tax_id();
        tax_id[tax_id.len() - 4..].parse().unwrap()
    };
    let all = clients();
    let taken = [0, 1, 3, 5, 6, 7, 8].map(|at: usize| all[at].clone());
    let sum: i64 = taken.iter().map(last_four).sum();
    let amount = 4 * 2_950_000 + 3 * 1_450_000;

    let summary = workbooks::sheet_text(&world.workbook("B000001"), "Tóm tắt");
    for said in [
        format!("Số dòng\t{}", taken.len()),
        format!("Tổng tiền (đồng)\t{amount}"),
        format!("Tổng 4 số cuối các mã số thuế\t{sum}"),
    ] {
        assert!(summary.contains(&said), "{said} is not in\n{summary}");
    }
    let receipt = std::fs::read_to_string(world.path("outbox/khach__B000001.txt")).unwrap();
    let said = format!(
        "Số đối chiếu: {} dòng · 16.150.000 đ · tổng 4 số cuối các mã số thuế {sum}",
        taken.len()
    );
    assert!(receipt.contains(&said), "{said} is not in\n{receipt}");
    let export = world.outside("dong.xlsx");
    world.run(&["export", "lines", "-o", export.to_str().unwrap()]).exits(0);
    let totals = workbooks::sheet_text(&export, "Số đối chiếu");
    let said = format!("B000001\t{}\t{amount}\t{sum}", taken.len());
    assert!(totals.contains(&said), "{said} is not in\n{totals}");
}
