//! What commands print is in the language that was asked for; times in JSON have one form.

use serde_json::Value;

use super::lists::{csv, enterprise, household};
use crate::world::{World, finished, text};

const LISTS: [&str; 9] = [
    "jobs",
    "runs",
    "batches",
    "orders",
    "licences",
    "mails",
    "notifications",
    "mappings",
    "doctor",
];

/// A world in which there is something of everything but explained headers.
fn busy() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), household(1).with("F", "113")]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    world
}

#[test]
fn lists_are_in_the_language_that_is_asked_for() {
    let world = busy();
    for list in LISTS {
        let vi = world.run(&[list]).exits(0).stdout;
        let en = world.run(&[list, "--locale", "en"]).exits(0).stdout;
        assert_ne!(vi, en, "{list}");
        for english in ["state", "batch", "awaiting_confirmation", "Nothing", "command."] {
            assert!(!vi.contains(english), "{english} in {vi}");
        }
        assert!(en.is_ascii() || !en.contains("Trạng thái"), "{en}");
    }
    let orders = world.run(&["orders", "DH-2611-000001"]).exits(0).stdout;
    assert!(orders.contains("Đã đặt") && orders.contains("Đang dùng, chờ thanh toán"), "{orders}");
    let mail = world.run(&["run", "mail"]).exits(0).stdout;
    assert!(mail.contains("đã gửi 0"), "{mail}");
}

#[test]
fn errors_are_in_the_language_of_the_option_the_workspace_or_the_environment() {
    let world = World::new();
    let said = |args: &[&str]| world.run(args).exits(2).stderr;
    let vi = said(&["orders", "DH-2611-999999"]);
    assert!(vi.contains("lỗi: Không có đơn hàng DH-2611-999999.\n  cách xử lý: "), "{vi}");
    let en = said(&["orders", "DH-2611-999999", "--locale", "en"]);
    assert!(en.contains("error: There is no order DH-2611-999999.\n  fix: "), "{en}");
    world.rewrite("hangloat.toml", "# locale = \"vi\"", "locale = \"en\"");
    assert!(said(&["batches", "B999999"]).contains("There is no batch"));
    assert!(said(&["batches", "B999999", "--locale", "vi"]).contains("Không có lô"));
    let nowhere = World::empty();
    std::fs::create_dir_all(nowhere.path("")).unwrap();
    let vi = nowhere.run(&["orders"]).exits(78).stderr;
    assert!(vi.contains("Phần này của cấu hình chưa đúng") && vi.contains("hangloat init"), "{vi}");
    let en = finished(nowhere.command(&["orders"]).env("HANGLOAT_LOCALE", "en"));
    assert!(en.stderr.starts_with("error: HANGLOAT_HOME: there is no"), "{en:?}");
}

#[test]
fn tables_and_help_are_in_vietnamese_where_that_is_set() {
    let world = busy();
    let clients = world.run(&["clients"]).exits(0).stdout;
    assert!(clients.contains("Doanh nghiệp") && clients.contains("2026: Đang dùng"), "{clients}");
    let assigned =
        world.run(&["assign", "DH-2611-000001/1", "binh@minhan.example"]).exits(0).stdout;
    assert!(assigned.contains("binh@minhan.example (nhập liệu)"), "{assigned}");
    let rule = world.run(&["explain", "vat_method.not_allowed"]).exits(0).stdout;
    assert!(rule.contains("Luật 48/2024/QH15, Điều 12") && !rule.contains("Law "), "{rule}");
    let help = world.run(&["cancel", "--help"]).exits(0).stdout;
    for words in
        ["Hủy đơn hàng hoặc dòng", "Cách dùng: hangloat cancel", "Tùy chọn:", "Chỉ báo lỗi"]
    {
        assert!(help.contains(words), "{help}");
    }
    for args in [["--locale", "en", "cancel", "--help"], ["cancel", "--help", "--locale", "en"]] {
        let help = world.run(&args).exits(0).stdout;
        let is_english =
            help.contains("Usage: hangloat") && help.contains("Cancel orders or lines");
        assert!(is_english && !help.contains("Tùy chọn"), "{help}");
    }
    let top = world.run(&["--help"]).exits(0).stdout;
    assert!(top.contains("In phiên bản") && !top.contains("Print "), "{top}");
    let asked = |args: &[&str]| finished(&mut world.command(args)).exits(0).stdout;
    assert_eq!(asked(&["help", "confirm"]), asked(&["confirm", "--help"]));
    assert!(asked(&["help", "confirm"]).contains("Mã đơn hàng (DH-2611-000123)"));
    assert_eq!(asked(&["help"]), asked(&["--help"]));
}

#[test]
fn a_wrong_setting_is_told_in_the_language_that_is_asked_for() {
    let world = World::new();
    world.rewrite("hangloat.toml", "code = \"MINHAN\"", "cod = \"MINHAN\"");
    let said = world.run(&["orders"]).exits(78).stderr;
    assert!(said.contains("không có khóa `cod`") && said.contains("có phải `code`?"), "{said}");
    let said = world.run(&["orders", "--locale", "en"]).exits(78).stderr;
    assert!(said.contains("unknown key `cod`"), "{said}");
}

#[test]
fn a_code_that_there_is_not_is_answered_with_those_that_are_near() {
    let world = World::new();
    let said = world.run(&["explain", "tax_id.cheksum"]).exits(2).stderr;
    assert!(said.contains("`tax_id.checksum`, `"), "{said}");
    let said = world.run(&["explain", "nope.code", "--json"]).exits(2).json();
    assert_eq!(text(&said["error"], "fix").matches('`').count(), 6, "{said}");
}

#[test]
fn a_cancelled_order_is_not_to_be_confirmed_first() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["cancel", "DH-2611-000001", "--reason", "thử"]).exits(0);
    let said = world.run(&["activate", "DH-2611-000001"]).exits(1).stderr;
    assert!(said.contains("đã hủy") && !said.contains("xác nhận đơn trước"), "{said}");
}

#[test]
fn what_is_no_command_is_said_with_the_nearest_and_in_json_with_the_command() {
    let world = World::new();
    for (args, says) in [
        (&["ordres"][..], "Không có lệnh “ordres”; có phải “orders”?"),
        (&["orders", "--stat", "x"], "Không hiểu “--stat”"),
        (&["orders", "no-code"], "Giá trị “no-code” của [CODE] không đúng"),
        (&["confirm"], "Còn thiếu: <ORDER>."),
        (&["resend", "--order", "DH-2611-000001", "2"], " cùng với "),
        (&["prove", "--locale", "vi", "--locale", "vi"], "chỉ ghi được một lần"),
        (&["catalogue", "help"], "Không có lệnh “help”"),
        (&["orders", "--state"], "cần một giá trị"),
        (&["orders", "--color", "red"], "auto, always, never"),
        (&[], "Chưa ghi lệnh nào."),
    ] {
        let mut command = world.command(args);
        let said = finished(&mut command).exits(2).stderr;
        assert!(said.contains(says) && said.contains("cách xử lý: "), "{args:?}: {said}");
        assert!(!said.contains("the argument"), "{args:?}: {said}");
    }
    let of = |args: &[&str]| finished(&mut world.command(args)).exits(2).json();
    assert_eq!(of(&["fly", "--json"])["command"], Value::Null);
    for args in [["orders", "no-code", "--json"], ["--json", "orders", "--stat"]] {
        let said = of(&args);
        assert_eq!((&said["command"], &said["exit"]), (&"orders".into(), &2.into()));
        assert!(text(&said["error"], "fix").contains("orders --help"), "{said}");
    }
    let en = finished(&mut world.command(&["confirm", "--locale", "en"])).exits(2).stderr;
    assert!(en.contains("error: Missing: <ORDER>."), "{en}");
    let en = finished(&mut world.command(&["orders", "--stat", "--locale", "en"])).exits(2).stderr;
    assert!(en.starts_with("error: "), "{en}");
}

/// Every text in a document that begins like an instant.
fn instants(value: &Value, found: &mut Vec<String>) {
    let is_instant = |text: &str| {
        let bytes = text.as_bytes();
        bytes.len() > 16 && bytes[4] == b'-' && bytes[10] == b'T' && bytes[13] == b':'
    };
    match value {
        Value::String(text) if is_instant(text) => found.push(text.clone()),
        Value::Array(all) => all.iter().for_each(|value| instants(value, found)),
        Value::Object(all) => all.values().for_each(|value| instants(value, found)),
        _ => {}
    }
}

#[test]
fn every_time_in_json_has_the_offset_of_the_workspace() {
    let world = busy();
    let mut found = Vec::new();
    for list in LISTS {
        let before = found.len();
        instants(&world.run(&[list, "--json"]).exits(0).json(), &mut found);
        assert!(found.len() > before || list == "mappings", "{list}");
    }
    instants(&world.order("DH-2611-000001"), &mut found);
    instants(&world.run(&["run", "mail", "--json"]).exits(0).json(), &mut found);
    let elsewhere: Vec<&String> = found.iter().filter(|at| !at.ends_with("+07:00")).collect();
    assert!(elsewhere.is_empty(), "{elsewhere:?}");
}

#[test]
fn each_report_is_called_what_it_is() {
    let said = busy().run(&["jobs"]).exits(0).stdout;
    for name in ["báo cáo buổi sáng", "dòng sắp ngắt", "tra cứu khách hàng"] {
        assert_eq!(said.matches(name).count(), 1, "{name}: {said}");
    }
}

#[test]
fn what_a_command_refuses_is_said_in_both_languages() {
    let world = busy();
    for (args, exit, vi, en) in [
        (&["cancel", "DH-2611-000001", "--reason", " "][..], 2, "để trống", "--reason is empty"),
        (&["cancel", "DH-2611-000001/9", "--reason", "x"], 2, "Không có dòng", "There is no line"),
        (&["undo", "B000099"], 2, "Không có lô", "There is no batch"),
        (&["batches", "xx"], 2, "`xx` không phải số lô", "`xx` is no batch"),
        (
            &["confirm", "DH-2611-000001", "--code", "ABCDEF"],
            2,
            "trong số ACDEFGHJKMNPQRTUVWXY34679",
            "six of the characters ACDEFGHJKMNPQRTUVWXY34679",
        ),
        (
            &["assign", "DH-2611-000001", "binh@minhan.example"],
            2,
            "không phải một dòng của đơn",
            "is no line of an order",
        ),
        (&["cancel", "DH-1", "--reason", "x"], 2, "không phải mã đơn", "is no order and no line"),
        (&["drop", "xyz"], 2, "`xyz` không phải một hàng", "`xyz` is no row"),
        (
            &["correct", "DH-2611-000001/1", "noet=x", "--reason", "x"],
            2,
            "có phải `note`?",
            "did you mean `note`?",
        ),
        (
            &["assign", "DH-2611-000001/1", "ai@minhan.example"],
            2,
            "không phải nhân viên",
            "is no member of staff",
        ),
        (&["run", "import", "khong-co.xlsx"], 2, "Không có tệp", "There is no file"),
        (
            &["run", "import", "--set", "hidden_rows=give"],
            2,
            "Chọn một trong: hold, take, skip",
            "Choose one of: hold, take, skip",
        ),
        (
            &["run", "import", "--set", "hiden_rows=take"],
            2,
            "có phải “hidden_rows”",
            "“hidden_rows”?",
        ),
    ] {
        for (locale, words) in [("vi", vi), ("en", en)] {
            let said = world.run(&[args, &["--locale", locale]].concat()).exits(exit).stderr;
            assert!(said.contains(words) && !said.contains("?."), "{args:?}: {said}");
        }
    }
}

#[test]
fn a_list_is_narrowed_by_the_word_that_people_read_and_an_unknown_one_is_told_the_known_ones() {
    let world = super::money::placed();
    let codes = super::money::codes(&world);
    let lines = [("20/11/2026", 2_950_000, codes[0].as_str()), ("20/11/2026", 77_000, "nham")];
    super::money::take(&world, "a.csv", &lines);
    let count = |what: &str, state: &str| {
        let listed = world.run(&[what, "--state", state, "--json"]).exits(0).json();
        listed[what].as_array().unwrap().len()
    };
    for state in ["matched", "Đã khớp", "da khop", "Matched"] {
        assert_eq!(count("payments", state), 1, "{state}");
    }
    assert_eq!((count("orders", "Đã đặt"), count("orders", "đã hủy")), (1, 0));
    assert_eq!(count("batches", "Hoàn tất"), 1);
    let said = world.run(&["payments", "--state", "Đã xong"]).exits(2).stderr;
    assert!(said.contains("“Đã xong”") && said.contains("Đã khớp (matched)"), "{said}");
    let said = world.run(&["notifications", "--state", "x"]).exits(2).stderr;
    assert!(said.contains("mail_refused"), "{said}");
}

#[test]
fn an_instant_that_is_none_is_told_with_one_that_is() {
    let world = World::new();
    for (locale, said) in [("vi", "ghi ngày giờ như 2026-"), ("en", "an instant like 2026-")] {
        let args = ["jobs", "--now", "2026-13-40", "--locale", locale];
        let told = finished(&mut world.command(&args)).exits(2).stderr;
        assert!(told.contains(said) && !told.contains("out of range"), "{told}");
    }
}
