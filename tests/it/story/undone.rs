//! Lists that are taken back: as far as nobody works with them, wholly or not at all, and nothing is ordered of them
//! any more. What becomes of the single lines is told in `cancelled`.

use hangloat::{
    db::{Db, Sql},
    domain::money::Money,
};

use super::{
    cancelled::{batch_state, imported, states},
    lists::{csv, enterprise, household, mixed},
    workbooks::{cell, edited, read, set, sheet_text},
};
use crate::world::{World, require, text, texts};

#[test]
fn a_list_that_is_undone_leaves_nothing_and_is_taken_anew() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let answer = world.run(&["undo", "B000001", "--json"]).exits(0).json();
    assert_eq!(answer["batches"][0]["state"], "undone");
    assert_eq!(texts(answer["orders"].as_array().unwrap(), "state"), ["cancelled", "cancelled"]);
    world.run(&["undo", "B000001"]).exits(0);
    let anew = world.import("khach.csv", &csv(&mixed()));
    assert_eq!((&anew["outcome"], &anew["batch"]), (&"accepted".into(), &"B000002".into()));
    world.run(&["undo", "B000009"]).exits(2);
}

#[test]
fn an_undo_that_something_overtakes_says_that_it_was_not_done() {
    // As if an answer ordered of the list each time between the cancelling and the taking back.
    const OVERTAKE: [Sql; 2] = [
        Sql {
            sqlite: "select 1",
            postgres: "create function keep() returns trigger language plpgsql
                       as $$ begin return null; end $$",
        },
        Sql {
            sqlite: "create trigger keep before update on batch when new.state = 'undone'
                     begin select raise(ignore); end",
            postgres: "create trigger keep before update on batch for each row
                       when (new.state = 'undone') execute function keep()",
        },
    ];
    let world = imported();
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        for sql in OVERTAKE {
            db.query(sql).execute().await.unwrap();
        }
    });
    let answer = world.run(&["undo", "B000001", "--json"]).exits(1).json();
    assert_eq!(answer["error"]["code"], "state.not_allowed", "{answer}");
    assert_ne!(batch_state(&world), "undone");
}

#[test]
fn what_clients_work_with_already_is_too_late_to_undo() {
    let world = World::new();
    world.import("khach.csv", &csv(&mixed()));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let answer = world.run(&["undo", "B000001", "--json"]).exits(1).json();
    assert_eq!(answer["batches"][0]["state"], "ordered");
    assert_eq!(answer["not_cancelled"].as_array().unwrap().len(), 2);
    let said = text(&answer["not_cancelled"][0], "why");
    assert!(said.contains("DH-2611-000001/1"), "{said}");
    assert_eq!(world.order("DH-2611-000002")["state"], "cancelled");
    assert_eq!(states(&world.order("DH-2611-000001"), "lines"), ["grace", "grace"]);
    for line in ["DH-2611-000001/1", "DH-2611-000001/2"] {
        world.run(&["cancel", line, "--reason", "nhầm"]).exits(0);
    }
    let answer = world.run(&["undo", "B000001", "--json"]).exits(0).json();
    assert_eq!(answer["batches"][0]["state"], "undone");
}

#[test]
fn whoever_imports_an_answer_reads_what_became_of_each_order() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let ticked = edited(&world, &world.workbook("B000001"), &[set("XAC_NHAN", true)]);
    let path = world.drop_file("tra-loi.xlsx", &ticked);
    let said = world.run(&["run", "import", path.to_str().unwrap()]).exits(0).stdout;
    let order = world.order("DH-2611-000001");
    assert_eq!(order["state"], "placed");
    let amount = Money::dong(order["amount"].as_i64().unwrap());
    let told = format!("DH-2611-000001: Đã đặt, {amount}");
    assert!(said.contains(&told), "no {told} in {said}");
}

#[test]
fn an_answer_to_a_list_that_was_undone_is_refused() {
    if !require("openpyxl") {
        return;
    }
    let world = imported();
    let workbook = edited(&world, &world.workbook("B000001"), &[set("XAC_NHAN", true)]);
    world.run(&["undo", "B000001"]).exits(0);
    let taken = world.take("tra-loi.xlsx", &workbook);
    assert_eq!(taken["exit"], 3, "{taken}");
    assert!(text(&taken["findings"][0], "message").contains("thu hồi"), "{taken}");
}

#[test]
fn the_workbook_of_a_list_that_was_undone_asks_nothing_and_its_answer_gets_one_reason() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let typo = enterprise(2).with("E", "giamdoc@gmial.com");
    world.import("ds.csv", &csv(&[enterprise(1), typo]));
    let before = world.workbook("B000001");
    assert!(sheet_text(&before, "Tóm tắt").contains("Chờ quyết định"), "it waits");
    let fixed = edited(&world, &before, &[cell("Cần sửa", "AJ2", "nhận")]);
    world.run(&["undo", "B000001"]).exits(0);
    let book = world.workbook("B000001");
    let (summary, rows) = (sheet_text(&book, "Tóm tắt"), sheet_text(&book, "Kết quả"));
    for needed in
        ["không cần làm gì", "danh sách khác, nếu có, vẫn giữ nguyên", "Chưa đặt khi thu hồi"]
    {
        assert!(summary.contains(needed), "{needed}: {summary}");
    }
    assert!(rows.contains("Đã thu hồi"), "{rows}");
    for asks in ["chọn “nhận”", "Chờ quyết định"] {
        assert!(!rows.contains(asks), "{asks}: {rows}");
    }
    assert!(read(&book)["sheets"]["Cần sửa"].is_null(), "nothing is to be fixed");
    for (name, answer) in [("cu.xlsx", fixed), ("moi.xlsx", std::fs::read(&book).unwrap())] {
        let taken = world.take(name, &answer);
        let codes = texts(taken["findings"].as_array().unwrap(), "code");
        assert_eq!(codes, ["file.stale_answer"], "{taken}");
    }
}

#[test]
fn nothing_is_ordered_any_more_by_the_rows_of_a_list_that_was_undone() {
    let world = World::new();
    let typo = enterprise(2).with("E", "giamdoc@gmial.com");
    world.import("ds.csv", &csv(&[enterprise(1), typo]));
    world.run(&["undo", "B000001"]).exits(0);
    let refused = world.run(&["accept", "B000001#3", "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed", "{refused}");
    assert!(world.orders().iter().all(|order| order["state"] == "cancelled"));
}

#[test]
fn a_new_tax_id_that_nobody_confirmed_is_taken_back_with_its_list() {
    for world in World::on_each_engine() {
        let former = "8037630690";
        world.import("khach.csv", &csv(&[household(1).with("B", former)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        let before = world.list("clients");
        let next = household(1).with("I", "2027").with("L", "");
        let list = String::from_utf8(csv(&[next])).unwrap();
        let mut lines: Vec<String> = list.lines().map(|line| format!("{line},{former}")).collect();
        lines[0] = lines[0].replace(former, "Mã số thuế cũ");
        let list = lines.join("\n");
        let present = |world: &World| texts(&world.list("clients"), "tax_id");
        for batch in ["B000002", "B000003"] {
            let file = world.import("nam-sau.csv", list.as_bytes());
            assert_eq!(file["rows"]["accepted"], 1, "{file}");
            if batch == "B000003" {
                world.run(&["confirm", "DH-2611-000003"]).exits(0);
            }
            assert_eq!(present(&world), [household(1).tax_id()]);
            world.run(&["undo", batch]).exits(0);
            if batch == "B000002" {
                assert_eq!(world.list("clients"), before);
            }
        }
        assert_eq!(present(&world), [household(1).tax_id()], "what was confirmed stays");
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn what_an_undone_list_said_of_its_clients_counts_no_more() {
    for world in World::on_each_engine() {
        // Nobody knew this client before.
        world.import("nham.csv", &csv(&[enterprise(9)]));
        world.run(&["undo", "B000001"]).exits(0);
        assert_eq!(world.list("clients"), Vec::<serde_json::Value>::new());

        world.import("khach.csv", &csv(&[enterprise(1)]));
        let before = world.list("clients");
        let next = enterprise(1).with("I", "2027").with("F", "0987654321").with("L", "");
        world.import("nam-sau.csv", &csv(&[next]));
        world.run(&["accept", "B000003#2"]).exits(0);
        assert_eq!(texts(&world.list("clients"), "phone"), ["+84987654321"]);
        world.run(&["undo", "B000003"]).exits(0);
        let after = world.list("clients");
        for known in ["tax_id", "name", "email", "phone", "assigned_to"] {
            assert_eq!(after[0][known], before[0][known], "{known}");
        }
        world.run(&["prove"]).exits(0);
    }
}
