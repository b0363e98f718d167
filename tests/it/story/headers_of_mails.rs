//! What stands over a letter: that a machine wrote it, for whom answers are, and how its workbook is called.

use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise},
    posted::{ORDER, THEN},
    workbooks::call,
};
use crate::world::{FIRM, World, require, text};

const FILE: &str = "Khách hàng quý 1 – đợt “Tết”.csv";

/// Letters of all kinds, of a list whose names would break out of a header.
fn letters() -> (World, Vec<Value>) {
    let world = World::new();
    let bad = "Công ty, TNHH \"Hoa\" <Bcc: ke-gian@xau.example>";
    let list = [enterprise(1).with("A", bad).with("D", bad), enterprise(2)];
    let path = world.outside(FILE);
    std::fs::write(&path, csv(&list)).unwrap();
    world.run_at(THEN, &["run", "import", path.to_str().unwrap(), "--firm", FIRM]).exits(0);
    world.run_at(THEN, &["run", "mail"]).exits(0);
    world.run_at(THEN, &["confirm", ORDER, "--activate"]).exits(0);
    world.run_at(THEN, &["run", "mail"]).exits(0);
    let read = call("headers.py", &[&world.path("mail")], &Value::Null);
    let letters: Vec<Value> = serde_json::from_str(&read).unwrap();
    assert!(letters.len() >= 6, "{letters:?}");
    (world, letters)
}

#[test]
fn every_letter_says_that_a_machine_wrote_it_and_to_whom_answers_go() {
    if !require("python3") {
        return;
    }
    let (world, letters) = letters();
    let mails = world.list("mails");
    for letter in &letters {
        let headers = &letter["headers"];
        let id = text(headers, "Message-ID");
        let mail =
            mails.iter().find(|mail| format!("<{}>", text(mail, "message_id")) == id).unwrap();
        assert_eq!(headers["Auto-Submitted"], "auto-generated");
        assert_eq!(headers["List-Id"], format!("<{}.hangloat.example>", text(mail, "purpose")));
        assert_eq!(headers["Reply-To"], "lan@minhan.example");
        assert!(text(headers, "To").contains(&text(mail, "to")), "{headers}");
        for name in ["From", "Date", "Subject", "MIME-Version"] {
            assert!(!text(headers, name).is_empty(), "no {name} in {headers}");
        }
        for name in ["Bcc", "Cc"] {
            assert_eq!(headers.get(name), None, "{headers}");
        }
        assert!(letter["longest"].as_i64().unwrap() <= 998, "RFC 5322, 2.1.1");
    }
}

#[test]
fn a_letter_has_the_date_of_when_it_was_written_not_of_when_it_was_planned() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run_at("2026-11-23T10:05:00+07:00", &["run", "mail"]).exits(0);
    let [name] = &world.files_in("mail")[..] else { panic!("one letter") };
    let letter = std::fs::read_to_string(world.path("mail").join(name)).unwrap();
    assert!(letter.contains("Date: Mon, 23 Nov 2026 03:05:00 +0000"), "{letter}");
}

#[test]
fn the_name_of_a_workbook_is_read_by_old_and_new_mail_programs() {
    if !require("python3") {
        return;
    }
    let (_world, letters) = letters();
    let with_workbook: Vec<&Value> = letters.iter().filter(|it| it["new"] != json!([])).collect();
    assert!(!with_workbook.is_empty());
    for letter in with_workbook {
        let name = letter["new"][0].as_str().unwrap();
        assert!(name.starts_with("Khách hàng quý 1 – đợt “Tết”__B000001__r"), "{name}");
        assert_eq!(letter["new"], letter["old"]);
    }
}
