//! A workspace that speaks English: what is ours in a workbook is English, what is the user's stays as it came.

use serde_json::Value;

use super::{
    lists::{HEADERS, csv, enterprise},
    workbooks::{read, sheet_text},
};
use crate::world::{World, require, text};

/// Letters that only Vietnamese has.
const VIETNAMESE: &str = "ăđơưạảấầẩẫậắằẳẵặẹẻẽếềểễệỉịọỏốồổỗộớờởỡợụủứừửữựỳỵỷỹ";
/// What the lists, the firm and the packages are called.
const THEIRS: [&str; 4] = ["Công ty", "ASP Kế toán", "Nguyễn Văn", "đường Láng"];

fn is_vietnamese(cell: &str) -> bool {
    let ours = !THEIRS.iter().any(|theirs| cell.contains(theirs));
    let cell = cell.replace("đồng", "").replace(" đ", "");
    ours && cell.to_lowercase().chars().any(|letter| VIETNAMESE.contains(letter))
}

#[test]
fn in_english_each_sheet_is_english_but_for_what_is_the_users() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.rewrite("hangloat.toml", "# locale = \"vi\"", "locale = \"en\"");
    let wrong = enterprise(3).with("B", "0101243151").with("F", "");
    let file = world.import("clients.csv", &csv(&[enterprise(1), enterprise(2), wrong]));
    assert_eq!(file["rows"]["accepted"], 2, "{file}");
    let order = text(&world.orders()[0], "code");
    world.run(&["confirm", &order, "--activate"]).exits(0);

    let workbook = world.workbook("B000001");
    let book = read(&workbook);
    let sheets: Vec<&String> = book["sheets"].as_object().unwrap().keys().collect();
    for expected in ["Summary", "Results", "To fix", "Origin"] {
        assert!(sheets.iter().any(|sheet| *sheet == expected), "{sheets:?}");
    }
    let cell = |row: usize, column: usize| book["sheets"]["Results"][row][column].clone();
    let headings: Vec<Value> = (HEADERS.len()..HEADERS.len() + 12).map(|at| cell(0, at)).collect();
    let expected = [
        "State",
        "Reason",
        "How to fix",
        "Order code",
        "Line",
        "Amount",
        "Payment code",
        "Activated at",
        "Pay by",
        "Letters",
        "Payment",
        "Cancel",
    ];
    assert_eq!(headings, expected);
    let state = HEADERS.len();
    assert_eq!(cell(1, state), "In use, to be paid");
    assert_eq!(cell(3, state), "Rejected");
    for sheet in ["Summary", "Origin"] {
        let text = sheet_text(&workbook, sheet);
        let vietnamese: Vec<&str> =
            text.split(['\t', '\n']).filter(|cell| is_vietnamese(cell)).collect();
        assert!(vietnamese.is_empty(), "{sheet}: {vietnamese:?}");
    }
    for column in [state, state + 1, state + 2] {
        let said = cell(3, column).as_str().unwrap().to_owned();
        assert!(!said.is_empty() && !is_vietnamese(&said), "{said}");
    }
}
