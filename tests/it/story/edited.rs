//! Workbooks that come back with more in them than ticks: cells, rows and clients that somebody changed.
//! What counts as a tick, and which workbooks are refused, is told in `answers`.

use serde_json::{Value, json};

use super::{
    answers::{answered, assert_nothing_is_confirmed, back, codes, two_enterprises},
    lists::{enterprise, mixed},
    workbooks::{Edit, cell, set},
};
use crate::world::{World, require, text, texts};

#[test]
fn no_tick_is_taken_beside_an_edited_cell_of_the_users() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let edits = [cell("Kết quả", "E3", "khac@congty2.example"), set("XAC_NHAN", true)];
    let taken = back(&world, &workbook, &edits);
    assert_eq!(codes(&taken), ["row.unknown_answer", "client.changed"]);
    let (ticks, finding) = (&taken["findings"][0], &taken["findings"][1]);
    assert_eq!((&ticks["severity"], &finding["severity"]), (&"hold".into(), &"info".into()));
    assert_eq!(
        (&finding["row"], &finding["column"], &finding["field"]),
        (&3.into(), &"E".into(), &"email".into())
    );
    assert!(text(finding, "message").contains("khac@congty2.example"), "{finding}");
    assert_eq!(taken["exit"], 1, "somebody has to look");
    assert_nothing_is_confirmed(&world);
    assert!(text(finding, "message").contains("Đã sửa theo tệp này."), "{finding}");
    let bells = world.list("notifications");
    assert_eq!(bells[0]["kind"], "answer_refused");
    let bell = text(&bells[0], "text");
    assert!(bell.contains("được nhận một phần. Chưa nhận: "), "{bell}");
    assert!(bell.contains("các ô đánh dấu") && !bell.contains("Đã sửa theo tệp này"), "{bell}");
    let said = receipt(&world, &taken);
    let (done, open) = said.split_once("Không nhận, hoặc còn phải sửa:").unwrap();
    assert!(done.contains("1 đã sửa dòng của đơn") && done.contains("Đã sửa theo trang Kết quả:"));
    assert!(done.contains("khac@congty2.example") && !open.contains("khac@congty2.example"));
    let order = world.order("DH-2611-000001");
    assert_eq!((&order["revision"], &order["lines"][1]["state"]), (&2.into(), &"waiting".into()));
}

#[test]
fn an_edited_cell_of_ours_is_ignored_and_said_so_and_the_tick_is_taken() {
    if !require("openpyxl") {
        return;
    }
    let (world, _) = answered(&two_enterprises());
    // The reason, and the amount.
    for ours in [cell("Kết quả", "N2", "gì đó"), cell("Kết quả", "R3", 1)] {
        let taken = back(&world, &world.workbook("B000001"), &[ours, set("XAC_NHAN", true)]);
        assert_eq!(taken["exit"], 0, "{taken}");
        assert_eq!(codes(&taken), ["row.unknown_answer"]);
        assert_eq!(taken["findings"][0]["severity"], "info");
        assert_eq!(world.order("DH-2611-000001")["state"], "placed");
        let said = receipt(&world, &taken);
        assert!(said.contains("ĐÃ NHẬN TRẢ LỜI") && said.contains("Không dùng đến:"), "{said}");
        assert!(said.contains("(trang Kết quả): Các cột do chương trình ghi"), "{said}");
    }
}

fn receipt(world: &World, answer: &Value) -> String {
    let path = world.path(&format!("outbox/tra-loi__{}.txt", text(answer, "batch")));
    std::fs::read_to_string(path).unwrap()
}

#[test]
fn a_client_added_to_the_results_is_told_and_the_rest_is_taken() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    let new = enterprise(9);
    let row = ('A'..='L')
        .zip(&new.0)
        .map(|(column, it)| cell("Kết quả", &format!("{column}4"), it.as_str()));
    let edits: Vec<Edit> = row.chain([set("XAC_NHAN", true)]).collect();
    let taken = back(&world, &workbook, &edits);
    assert_eq!((codes(&taken), &taken["exit"]), (vec!["row.unknown_answer".into()], &1.into()));
    assert_eq!(
        (&taken["findings"][0]["row"], &taken["findings"][0]["sheet"]),
        (&4.into(), &"Kết quả".into())
    );
    let said = receipt(&world, &taken);
    assert!(
        said.contains("chưa được đặt. Anh/chị gửi khách hàng mới trong một danh sách riêng."),
        "{said}"
    );
    let order = world.order("DH-2611-000001");
    assert_eq!((&order["state"], order["lines"].as_array().unwrap().len()), (&"placed".into(), 2));
    let bells = texts(&world.list("notifications"), "text");
    let of_answer: Vec<&String> = bells.iter().filter(|it| it.contains("tra-loi.xlsx")).collect();
    assert!(of_answer[0].contains("được nhận một phần. Chưa nhận: "), "{of_answer:?}");
}

#[test]
fn a_row_deleted_from_the_results_is_told_alone_and_nothing_is_confirmed() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&mixed());
    let delete = json!({ "sheet": "Kết quả", "delete_row": 2 });
    let edits = [delete, set("XAC_NHAN_1", true), set("XAC_NHAN_2", true)];
    let taken = back(&world, &workbook, &edits);
    assert_eq!(codes(&taken), ["row.unknown_answer"]);
    let said = text(&taken["findings"][0], "message");
    assert!(said.contains(enterprise(1).name()) && said.contains("đã bị xóa"), "{said}");
    assert!(receipt(&world, &taken).contains(&said));
    assert_nothing_is_confirmed(&world);
}

#[test]
fn a_line_is_cancelled_by_its_row_wherever_that_went() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&mixed());
    // The first row is the last now, and marked.
    let edits = [
        json!({ "sheet": "Kết quả", "copy_row": 2, "to": 6 }),
        json!({ "sheet": "Kết quả", "delete_row": 2 }),
        cell("Kết quả", "X5", "khách đổi ý"),
    ];
    let taken = back(&world, &workbook, &edits);
    assert_eq!((codes(&taken), &taken["exit"]), (Vec::new(), &0.into()), "{taken}");
    let lines = world.order("DH-2611-000001")["lines"].as_array().unwrap().clone();
    let states: Vec<String> = lines.iter().map(|line| text(line, "state")).collect();
    assert_eq!(states, ["cancelled", "waiting"]);
}

#[test]
fn check_foretells_what_edited_cells_correct_and_the_import_does_just_that() {
    if !require("openpyxl") {
        return;
    }
    let (world, workbook) = answered(&two_enterprises());
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let next = world.workbook("B000001");
    assert_ne!(next, workbook);
    // The first is corrected; the second is no e-mail.
    let edits = [cell("Kết quả", "E2", "moi@congty1.example"), cell("Kết quả", "E3", "x@x")];
    let answer = super::workbooks::edited(&world, &next, &edits);
    let path = world.outside("tra-loi.xlsx");
    std::fs::write(&path, &answer).unwrap();
    let before = world.order("DH-2611-000001");
    let foretold = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(1).json();
    assert_eq!(world.order("DH-2611-000001"), before, "nothing is stored");
    let foretold = &foretold["files"][0];
    let taken = world.take("tra-loi.xlsx", &answer);
    for key in ["kind", "outcome", "answers", "rows"] {
        assert_eq!(foretold[key], taken[key], "{key}");
    }
    let told = |file: &Value| {
        let findings = file["findings"].as_array().unwrap().iter();
        let told = findings.map(|it| json!([it["code"], it["severity"], it["row"], it["column"]]));
        let mut told: Vec<String> = told.map(|it| it.to_string()).collect();
        told.sort();
        told
    };
    assert_eq!(told(foretold), told(&taken));
    let done = &foretold["findings"][0];
    assert_eq!((&done["row"], &done["severity"]), (&2.into(), &"info".into()));
    assert!(text(done, "message").contains("sẽ được sửa theo tệp này"), "{done}");
}

#[test]
fn check_judges_the_fixed_rows_of_an_answer_as_the_import_does() {
    if !require("openpyxl") {
        return;
    }
    let wrong = enterprise(2).with("E", "x@x");
    let (world, workbook) = answered(&[enterprise(1), wrong]);
    for (email, exit, outcome) in
        [("van@sai", 1, "rejected"), ("moi@congty2.example", 0, "accepted")]
    {
        let answer = super::workbooks::edited(&world, &workbook, &[cell("Kết quả", "E3", email)]);
        let path = world.outside("tra-loi.xlsx");
        std::fs::write(&path, &answer).unwrap();
        let foretold = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(exit).json();
        assert_eq!(foretold["files"][0]["outcome"], outcome, "{foretold}");
        let twin = world.order("DH-2611-000001")["lines"].as_array().unwrap().len();
        assert_eq!(twin, 1, "nothing is stored");
        if exit == 0 {
            let taken = world.take("tra-loi.xlsx", &answer);
            assert_eq!(taken["rows"], foretold["files"][0]["rows"], "{taken}");
        }
    }
}
