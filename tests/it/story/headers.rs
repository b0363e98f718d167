//! A header that may be two things: asked in the workbook, answered there, remembered for the firm, and revoked.

use serde_json::{Value, json};

use super::{
    lists::{Client, csv, enterprise},
    workbooks::{cell, edited, read, set, sheet_text},
};
use crate::world::{FIRM, World, require, text, texts};

/// As lists are, but for the headers of two columns: `D` names the representative, `E` holds the e-mail.
fn unclear(clients: &[Client]) -> Vec<u8> {
    let csv = String::from_utf8(csv(clients)).unwrap();
    csv.replacen("Người đại diện", "MST/tên người đại diện", 1)
        .replacen("Email,", "Gửi thư điện tử cho ai,", 1)
        .into_bytes()
}

fn codes(file: &Value) -> Vec<String> {
    texts(file["findings"].as_array().unwrap(), "code")
}

fn fields(file: &Value) -> Vec<Value> {
    let columns = file["tables"][0]["columns"].as_array().unwrap();
    columns.iter().map(|column| column["field"].clone()).collect()
}

fn back(world: &World, batch: &str, edits: &[Value]) -> Value {
    let workbook = world.workbook(batch);
    world.take("tra-loi.xlsx", &edited(world, &workbook, edits))
}

#[test]
fn a_header_is_asked_about_answered_remembered_and_asked_about_again_when_forgotten() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let file = world.import("khach.csv", &unclear(&[enterprise(1), enterprise(2)]));
    assert_eq!((&file["outcome"], &file["exit"]), (&"held".into(), &1.into()));
    assert_eq!(codes(&file), ["header.ambiguous", "header.ambiguous"]);
    assert_eq!((&fields(&file)[3], &fields(&file)[4]), (&Value::Null, &Value::Null));

    let workbook = world.workbook("B000001");
    let names = &read(&workbook)["names"];
    assert_eq!((&names["COT_1"], &names["COT_2"]), (&"".into(), &"".into()));
    let summary = sheet_text(&workbook, "Tóm tắt");
    for shown in ["Cột chưa rõ", "MST/tên người đại diện", "Nguyễn Văn Số 1\nNguyễn Văn Số 2"]
    {
        assert!(summary.contains(shown), "{shown} in {summary}");
    }
    let choices = sheet_text(&workbook, "Lists");
    assert!(choices.contains("bỏ qua cột này") && choices.contains("Người đại diện"), "{choices}");

    // One of two: the other is asked again.
    let edits = [
        set("COT_1", "Người đại diện theo pháp luật"),
        set("NGUOI_XAC_NHAN", "binh@minhan.example"),
    ];
    let answered = back(&world, "B000001", &edits);
    assert_eq!((&answered["outcome"], &answered["findings"]), (&"accepted".into(), &json!([])));
    let summary = sheet_text(&world.workbook("B000001"), "Tóm tắt");
    assert!(
        !summary.contains("MST/tên") && summary.contains("Gửi thư điện tử cho ai"),
        "{summary}"
    );
    assert_eq!(world.list("orders"), Vec::<Value>::new());

    let answered = back(&world, "B000001", &[set("COT_1", "Email")]);
    assert_eq!((&answered["outcome"], &answered["exit"]), (&"accepted".into(), &0.into()));
    let orders = world.list("orders");
    assert_eq!((orders.len(), &orders[0]["state"]), (1, &"awaiting_confirmation".into()));
    assert_eq!(world.order("DH-2611-000001")["lines"].as_array().unwrap().len(), 2);
    assert_eq!(world.list("batches").last().unwrap()["state"], "awaiting_confirmation");

    let known = world.list("mappings");
    assert_eq!(texts(&known, "field"), ["representative", "email"]);
    let first = &known[0];
    assert_eq!(
        (text(first, "firm"), text(first, "batch")),
        (FIRM.to_owned(), "B000001".to_owned())
    );
    assert_eq!(text(first, "header"), "MST/tên người đại diện");
    let by = texts(&known, "answered_by");
    assert_eq!(by, ["binh@minhan.example", "lan@minhan.example"]);

    let next = world.import("khach-2.csv", &unclear(&[enterprise(3)]));
    assert_eq!(
        (&next["outcome"], codes(&next)),
        (&"accepted".into(), vec!["free_year.available".to_owned()])
    );
    assert_eq!((&fields(&next)[3], &fields(&next)[4]), (&"representative".into(), &"email".into()));
    let path = world.outside("thu.csv");
    std::fs::write(&path, unclear(&[enterprise(4)])).unwrap();
    world.run(&["check", path.to_str().unwrap(), "--json"]).exits(0);

    let id = first["id"].to_string();
    let left = world.run(&["mappings", "--forget", &id, "--json"]).exits(0).json();
    assert_eq!(texts(left["mappings"].as_array().unwrap(), "field"), ["email"]);
    let said = world.run(&["mappings", "--forget", &id]).exits(0).stdout;
    assert!(said.contains("“MST/tên người đại diện” không còn"), "{said}");
    world.run(&["mappings", "--forget", "999"]).exits(2);
    let again = world.import("khach-3.csv", &unclear(&[enterprise(5)]));
    assert_eq!(
        (&again["outcome"], codes(&again)),
        (&"held".into(), vec!["header.ambiguous".into()])
    );
}

#[test]
fn an_answer_survives_a_sudden_death_and_is_not_taken_for_another_firm() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &unclear(&[enterprise(1)]));
    let edits = [set("COT_1", "Người đại diện theo pháp luật"), set("COT_2", "bỏ qua cột này")];
    let workbook = world.workbook("B000001");
    let answer = edited(&world, &workbook, &edits);
    let path = world.drop_file("tra-loi.xlsx", &answer);
    let args = ["run", "import", path.to_str().unwrap()];
    assert!(world.is_killed_at("remapped", &args));
    world.run_at_once(&["run", "import", "--json"]);
    let batch = world.run(&["batches", "B000001", "--json"]).exits(0).json()["batches"][0].clone();
    assert_eq!((&batch["state"], &batch["revision"]), (&"rejected".into(), &2.into()));
    assert_eq!(texts(&world.list("mappings"), "answered_by").len(), 2);
    assert_eq!(world.list("mappings")[1]["field"], Value::Null);

    super::refused::with_a_second_firm(&world);
    let list = unclear(&[enterprise(2)]);
    let other = world.take("HOAPHAT/khach-2.csv", &list);
    assert_eq!(codes(&other), ["header.ambiguous", "header.ambiguous"]);
    assert_eq!(world.take("MINHAN/khach-2.csv", &list)["findings"][0]["code"], "email.missing");
    let none = world.run(&["mappings", "--firm", "HOAPHAT", "--json"]).exits(0).json();
    assert_eq!(none["mappings"], json!([]));
}

#[test]
fn a_choice_that_is_none_is_told_and_an_untouched_question_is_no_answer() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.import("khach.csv", &unclear(&[enterprise(1)]));
    let untouched = back(&world, "B000001", &[]);
    assert_eq!((&untouched["outcome"], &untouched["findings"]), (&"accepted".into(), &json!([])));
    let wrong = back(&world, "B000001", &[set("COT_1", "cái gì đó")]);
    assert_eq!((codes(&wrong), &wrong["exit"]), (vec!["header.ambiguous".to_owned()], &1.into()));
    let said = text(&wrong["findings"][0], "message");
    let place = text(&wrong["findings"][0], "column") + &wrong["findings"][0]["row"].to_string();
    assert!(said.contains("“cái gì đó”") && said.contains(&place), "{wrong}");
    let fix = text(&wrong["findings"][0], "fix");
    assert!(fix.contains("Người đại diện") && fix.contains("bỏ qua cột này"), "{fix}");
    assert_eq!(world.list("mappings"), Vec::<Value>::new());
    // The next workbook and the receipt say the same.
    let workbook = world.workbook("B000001");
    assert!(workbook.to_str().unwrap().ends_with("__r2.xlsx"), "{}", workbook.display());
    assert_eq!(sheet_text(&workbook, "Tóm tắt").matches(&said).count(), 2, "{said}");
    let receipt = world.path(&format!("outbox/tra-loi__{}.txt", text(&wrong, "batch")));
    let receipt = std::fs::read_to_string(receipt).unwrap();
    assert!(receipt.contains(&said) && receipt.contains(&fix), "{receipt}");
    // It stays until the question is answered, and goes with it.
    back(&world, "B000001", &[set("COT_2", "Email")]);
    back(&world, "B000001", &[set("COT_1", "cái gì đó")]);
    assert!(sheet_text(&world.workbook("B000001"), "Tóm tắt").contains("“cái gì đó”"));
    back(&world, "B000001", &[set("COT_1", "Người đại diện theo pháp luật")]);
    assert!(!sheet_text(&world.workbook("B000001"), "Tóm tắt").contains("cái gì đó"));
    assert_eq!(ordered(&world), [enterprise(1).tax_id()]);
}

#[test]
fn a_dry_run_says_how_a_header_is_explained_without_its_workbook() {
    let world = World::new();
    let path = world.outside("thu.csv");
    std::fs::write(&path, unclear(&[enterprise(1)])).unwrap();
    let file =
        world.run(&["check", path.to_str().unwrap(), "--json"]).exits(1).json()["files"][0].clone();
    for finding in file["findings"].as_array().unwrap() {
        let fix = text(finding, "fix");
        assert!(fix.contains("đổi tiêu đề cột") && fix.contains("hangloat run import"), "{fix}");
        assert!(!fix.contains("gửi lại tệp đó"), "{fix}");
    }
}

/// Two clients whose representatives stand under an unclear header.
fn asked() -> World {
    let world = World::new();
    let list = String::from_utf8(csv(&[enterprise(1), enterprise(2)])).unwrap();
    let list = list.replacen("Người đại diện", "MST/tên người đại diện", 1);
    let file = world.import("khach.csv", list.as_bytes());
    assert_eq!((&file["outcome"], &file["rows"]["held"]), (&"held".into(), &2.into()));
    world
}

/// The second client, in the sheet to fix.
fn decide(decision: &str) -> Value {
    cell("Cần sửa", "AJ3", decision)
}

fn answer() -> Value {
    set("COT_1", "Người đại diện theo pháp luật")
}

fn ordered(world: &World) -> Vec<String> {
    let orders = world.orders();
    orders.iter().flat_map(|order| texts(order["lines"].as_array().unwrap(), "tax_id")).collect()
}

#[test]
fn a_dropped_row_stays_out_when_its_list_is_judged_again() {
    if !require("openpyxl") {
        return;
    }
    let one_by_one = [vec![decide("bỏ")], vec![answer()]];
    for answers in [&one_by_one[..], &[vec![decide("bỏ"), answer()]]] {
        let world = asked();
        for edits in answers {
            let taken = back(&world, "B000001", edits);
            assert_eq!(codes(&taken), Vec::<String>::new(), "{taken}");
            assert_eq!(taken["outcome"], "accepted");
        }
        assert_eq!(ordered(&world), [enterprise(1).tax_id()]);
        let batch = &world.run(&["batches", "B000001", "--json"]).exits(0).json()["batches"][0];
        assert_eq!(batch["state"], "awaiting_confirmation");
    }
}

#[test]
fn a_row_of_a_list_that_is_held_as_a_whole_cannot_be_taken_alone() {
    if !require("openpyxl") {
        return;
    }
    let world = asked();
    let told = back(&world, "B000001", &[decide("nhận"), cell("Cần sửa", "H3", "0912000099")]);
    assert_eq!(codes(&told), ["row.unknown_answer"]);
    assert_eq!(ordered(&world), Vec::<String>::new());
    back(&world, "B000001", &[answer()]);
    assert_eq!(
        ordered(&world),
        [enterprise(1).tax_id(), enterprise(2).tax_id()].map(str::to_owned)
    );
}

/// As lists are, with two columns for the e-mail: in `E`, and in `M`.
fn two_emails(first: &str, second: &str) -> Vec<u8> {
    let list = String::from_utf8(csv(&[enterprise(1)])).unwrap();
    let list = list.replacen("Email,", &format!("{first},"), 1);
    let lines = list.lines().zip([second, "lan@giamdoc1.example"]);
    let lines: Vec<String> = lines.map(|(line, last)| format!("{line},{last}")).collect();
    lines.join("\n").into_bytes()
}

/// Where the link for the log-in goes.
fn log_in(world: &World) -> String {
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    text(&world.mails()[0], "to")
}

#[test]
fn of_two_emails_that_of_the_representative_is_for_the_log_in() {
    let world = World::new();
    let file = world.import("khach.csv", &two_emails("Email công ty", "Email giám đốc"));
    assert_eq!(file["outcome"], "accepted", "{file}");
    assert_eq!((&fields(&file)[4], &fields(&file)[12]), (&Value::Null, &"email".into()));
    let said = file["findings"].as_array().unwrap().iter();
    let said: Vec<&Value> = said.filter(|it| it["code"] == "header.duplicate").collect();
    assert_eq!((said.len(), &said[0]["column"]), (1, &"E".into()));
    let message = text(said[0], "message");
    assert!(message.contains("Email giám đốc (M), Email công ty (E)"), "{message}");
    assert_eq!(log_in(&world), "lan@giamdoc1.example");
}

#[test]
fn of_two_emails_of_which_none_is_clearly_for_the_log_in_a_person_chooses() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let file = world.import("khach.csv", &two_emails("Email công ty", "Email liên hệ"));
    assert_eq!((&file["outcome"], &file["exit"]), (&"held".into(), &1.into()));
    assert_eq!(codes(&file), ["header.ambiguous", "header.ambiguous"]);
    let taken = back(&world, "B000001", &[set("COT_2", "Email")]);
    assert_eq!((&taken["outcome"], &taken["exit"]), (&"accepted".into(), &0.into()), "{taken}");
    assert_eq!(log_in(&world), "lan@giamdoc1.example");
}
