//! The morning page: what was done, what waits, the most money first; to whom it goes, and that it says the same
//! whenever it is made.

use serde_json::Value;

use super::{
    grace::{at, unpaid},
    letters,
    lists::{csv, enterprise, household},
    money::{self, statement},
    printed::{can_be_read, pages},
    refused::with_a_second_firm,
    workbooks::{self, sheet_text},
};
use crate::world::{NOW, World, finished, require, text, texts};

/// Two days before the grace of what is activated at [`NOW`] is over, which is a Monday's evening.
const LATER: &str = "2026-11-28T07:30:00+07:00";
const NEXT_DAY: &str = "2026-11-24T07:30:00+07:00";

/// A list that is activated and unpaid, and another one with a tick and rows that wait.
fn busy() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let bad = household(2).with("B", "079180");
    let held = enterprise(5).with("E", "giamdoc@gmial.com");
    world.import("moi.csv", &csv(&[enterprise(4), household(1), bad, held]));
    world.run(&["run", "mail"]).exits(0);
    world
}

fn report(world: &World, now: &str) -> Value {
    world.run_at(now, &["run", "report", "--json"]).exits(0).json()["runs"][0]["counts"].clone()
}

fn mornings(world: &World) -> Vec<Value> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["purpose"] == "morning");
    mails
}

#[test]
fn the_morning_page_says_what_was_done_and_what_waits_the_most_money_first() {
    if !require("openpyxl") {
        return;
    }
    let world = busy();
    let counts = report(&world, LATER);
    assert_eq!((&counts["pages"], &counts["mails"]), (&1.into(), &1.into()), "{counts}");
    let path = world.path("outbox/morning__2026-11-28__r1.xlsx");
    let page = sheet_text(&path, "Buổi sáng");
    for said in [
        "Báo cáo buổi sáng 28/11/2026",
        "Công ty TNHH Dịch vụ Kế toán Minh An",
        "Sắp ngắt, chưa trả tiền\tDH-2611-000001\t3\t8850000",
        "Đang dùng, chờ thanh toán: 3 dòng",
        "Khách hàng đã kích hoạt\t\t3\t8850000",
        "moi.csv · B000002",
        "khach__B000001__r",
    ] {
        assert!(page.contains(said), "no {said} in\n{page}");
    }
    let at = |said: &str| page.find(said).unwrap_or_else(|| panic!("no {said} in\n{page}"));
    // 8.850.000, then 4.400.000 of two rows, then 2.950.000 and 1.450.000 of two orders.
    assert!(at("Sắp ngắt") < at("Dòng cần sửa"), "{page}");
    assert!(at("Dòng cần sửa") < at("Chờ xác nhận\tDH-2611-000002"), "{page}");
    assert!(at("DH-2611-000002") < at("DH-2611-000003"), "{page}");
    let details = sheet_text(&path, "Chi tiết");
    for client in [enterprise(1), enterprise(2), enterprise(3)] {
        assert!(details.contains(client.name()) && details.contains(client.tax_id()), "{details}");
    }
    assert!(details.contains("0912 000 001") && details.contains("HL"), "whom to call: {details}");
}

#[test]
fn the_mail_of_the_morning_goes_to_the_admin_once_a_day_with_the_page() {
    if !require("python3") {
        return;
    }
    let world = busy();
    report(&world, LATER);
    assert_eq!(report(&world, LATER)["pages"], 0, "nothing is new");
    world.run_at(LATER, &["confirm", "DH-2611-000002"]).exits(0);
    let again = report(&world, LATER);
    assert_eq!((&again["pages"], &again["mails"]), (&1.into(), &0.into()), "{again}");
    let files = world.files_in("outbox");
    assert!(files.contains(&"morning__2026-11-28__r2.xlsx".to_owned()), "{files:?}");
    assert!(files.contains(&"cu/morning__2026-11-28__r1.xlsx".to_owned()), "{files:?}");
    let mails = mornings(&world);
    assert_eq!(mails.len(), 1);
    assert_eq!(
        (&mails[0]["to"], &mails[0]["subject"]),
        (&"lan@minhan.example".into(), &"MINHAN/2026-11-28".into())
    );
    world.run_at(LATER, &["run", "mail"]).exits(0);
    let id = format!("<{}>", text(&mails[0], "message_id"));
    let letters = letters::all(&world);
    let letter = letters.iter().find(|letter| letter.message_id == id).unwrap();
    assert!(letter.subject.starts_with("Buổi sáng 28/11/2026: 4 việc"), "{}", letter.subject);
    for said in ["DH-2611-000001", "8.850.000", "moi.csv", "0912 345 678", "Đơn hàng đã đặt: 1"]
    {
        assert!(letter.text.contains(said), "no {said} in {}", letter.text);
        assert!(letter.html.contains(said), "no {said} in {}", letter.html);
    }
    assert!(letter.text.contains("ngày cuối 30/11/2026"), "{}", letter.text);
    assert_eq!(letter.files.keys().collect::<Vec<_>>(), ["morning__2026-11-28__r1.xlsx"]);
    assert!(letter.defects.is_empty(), "{:?}", letter.defects);
}

#[test]
fn a_morning_names_the_days_of_which_no_statement_has_come_before_anything_else() {
    if !require("openpyxl") {
        return;
    }
    let world = busy();
    let spans = [("20/11/2026", "23/11/2026"), ("26/11/2026", "27/11/2026")];
    for (from, to) in spans {
        let lines = String::from_utf8(statement(&[(from, 5, "khac")])).unwrap();
        let text = format!("Từ ngày: {from};Đến ngày: {to};;\n{lines}");
        let path = world.drop_file(&format!("_bank/{}.csv", &from[..2]), text.as_bytes());
        world.run_at(LATER, &["run", "import", path.to_str().unwrap()]).exits(0);
    }
    report(&world, LATER);
    let page = sheet_text(&world.path("outbox/morning__2026-11-28__r1.xlsx"), "Buổi sáng");
    let at = |said: &str| page.find(said).unwrap_or_else(|| panic!("no {said} in\n{page}"));
    assert!(at("Thiếu sao kê\t24/11 – 25/11\t2") < at("Sắp ngắt, chưa trả tiền\t"), "{page}");
    world.run_at(LATER, &["run", "mail"]).exits(0);
    let letter = super::told::letters_of(&world, "morning").remove(0);
    for said in ["Thiếu sao kê: 24/11 – 25/11", "inbox/_bank"] {
        assert!(letter.text.contains(said), "no {said} in {}", letter.text);
    }
}

/// The money of a day: what came, what nobody knows, what goes back, and a statement that was not taken.
#[test]
fn a_morning_tells_of_the_money_that_waits_and_of_the_money_that_came() {
    if !require("openpyxl") {
        return;
    }
    let world = money::activated();
    let codes = money::codes(&world);
    let lines = [
        ("23/11/2026", 2_950_000, codes[0].as_str()),
        ("23/11/2026", 2_950_000, codes[1].as_str()),
        ("23/11/2026", 77, "khong ro"),
    ];
    money::take(&world, "a.csv", &lines);
    money::take(&world, "mai.csv", &[("30/11/2026", 5, "khac")]);
    let id = |memo: &str| {
        let all = world.list("payments");
        all.iter().find(|it| it["memo"] == memo).unwrap()["id"].to_string()
    };
    let (second, unknown) = (id(&codes[1]), id("khong ro"));
    world.run(&["refund", &second, "2950000", "--reason", "thôi mua"]).exits(0);
    world.run_at("2026-11-24T00:30:00+07:00", &["run", "reconcile"]).exits(1);
    report(&world, NEXT_DAY);
    let page = sheet_text(&world.path("outbox/morning__2026-11-24__r1.xlsx"), "Buổi sáng");
    for said in [
        "Tiền chưa khớp\tKhoản ",
        &format!("Tiền chờ trả lại\tKhoản {second}\t1\t2950000\t"),
        &format!("\tKhoản {unknown}\t1\t77\t"),
        "Sao kê chưa ghi nhận được\tmai.csv · B",
        "Chênh lệch với nền tảng\tNền tảng ghi đã trả, ở đây thì chưa\t1\t",
        "doi-soat__2026-11-24__r1.xlsx",
        "Khoản tiền đã khớp\t\t1\t2950000",
        "Sao kê đã nhận\t\t1",
        "Đang dùng: 1 dòng",
        "tiền đã rút lại: chưa thanh toán: 1 dòng",
    ] {
        assert!(page.contains(said), "no {said} in\n{page}");
    }
    world.run_at(NEXT_DAY, &["run", "mail"]).exits(0);
    let letter = super::told::letters_of(&world, "morning").remove(0);
    assert!(letter.text.contains("Tiền chờ trả lại"), "{}", letter.text);
}

#[test]
fn a_line_past_its_day_that_a_person_decides_on_is_told_each_morning_until_it_is_decided() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    let codes = money::codes(&world);
    let lines = [("28/11/2026", 1_000_000, codes[0].as_str()), ("28/11/2026", 5, "khac")];
    super::grace::booked(&world, "a.csv", "02/12/2026", &lines);
    super::grace::night(&world, "12-04");
    report(&world, "2026-12-04T07:30:00+07:00");
    let page = sheet_text(&world.path("outbox/morning__2026-12-04__r1.xlsx"), "Buổi sáng");
    let client = enterprise(1);
    let line = format!("{}/1", money::ORDER);
    let said = format!("Đã hết hạn, chưa ngắt\t{line} · {} · Đã trả một phần", client.name());
    assert!(page.contains(&said) && page.contains("1950000"), "no {said} in\n{page}");
    let book = world.path("outbox/morning__2026-12-04__r1.xlsx");
    let details = sheet_text(&book, "Chi tiết");
    let whom = format!("{}\t{}\t0912 000 001\t{line}", client.name(), client.tax_id());
    assert!(details.contains(&whom), "no {whom} in\n{details}");
    assert!(!page.contains("Sắp ngắt, chưa trả tiền"), "told once: {page}");
}

#[test]
fn beside_the_differences_the_morning_says_how_many_lines_past_their_day_the_sheet_has_too() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    let named = format!("{}/2", money::ORDER);
    let change = ["correct", &named, "name=Công ty TNHH Tên Mới", "--reason", "đổi tên"];
    world.run(&change).exits(0);
    let codes = money::codes(&world);
    let lines = [("28/11/2026", 1_000_000, codes[0].as_str())];
    super::grace::booked(&world, "a.csv", "02/12/2026", &lines);
    super::grace::night(&world, "12-04");
    report(&world, "2026-12-04T07:30:00+07:00");
    let page = sheet_text(&world.path("outbox/morning__2026-12-04__r1.xlsx"), "Buổi sáng");
    let said = "Xem 1 chênh lệch ở trang Chênh lệch của tệp đối soát (chưa kể ";
    assert!(page.contains(said) && page.contains("được kể riêng ở đây)"), "{page}");
}

#[test]
fn a_line_that_is_put_off_is_told_with_its_new_last_day_wherever_it_is_told() {
    let world = unpaid();
    for (line, until) in [(1, "2026-12-10"), (2, "2026-12-01")] {
        let line = format!("{}/{line}", money::ORDER);
        let held = ["hold", &line, "--until", until, "--reason", "hẹn trả"];
        world.run_at(&at("11-24", 9), &held).exits(0);
    }
    let ends =
        ["2026-12-11", "2026-12-02", "2026-12-01"].map(|day| format!("{day}T00:00:00+07:00"));
    assert_eq!(texts(&world.list("licences"), "cutoff_at"), ends);
    let order = world.order(money::ORDER);
    assert_eq!(texts(order["lines"].as_array().unwrap(), "cutoff_at"), ends);
    assert_eq!(texts(order["payment_requests"].as_array().unwrap(), "due"), ends);
    let shown = world.run(&["licences"]).exits(0).stdout;
    assert!(shown.contains("11/12/2026 00:00"), "{shown}");
    if !require("openpyxl") {
        return;
    }
    world.run_at(&at("11-25", 0), &["run", "reconcile"]).exits(0);
    let results = sheet_text(&world.workbook("B000001"), "Kết quả");
    assert!(results.contains("2026-12-10"), "{results}");
    // Three days before: the second and the third end each on a day of its own, the first does not end soon.
    report(&world, &at("11-30", 7));
    let page = sheet_text(&world.path("outbox/morning__2026-11-30__r1.xlsx"), "Buổi sáng");
    for (line, is_told) in [(1, false), (2, true), (3, true)] {
        let said = format!("Sắp ngắt, chưa trả tiền\t{}/{line} · ", money::ORDER);
        assert_eq!(page.contains(&said), is_told, "{said} in\n{page}");
    }
}

#[test]
fn a_firm_reads_of_no_money_but_what_may_be_of_its_own_clients() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    with_a_second_firm(&world);
    world.take("MINHAN/mot.csv", &csv(&[enterprise(1)]));
    world.take("HOAPHAT/hai.csv", &csv(&[household(2)]));
    for order in ["DH-2611-000001", "DH-2611-000002"] {
        world.run(&["confirm", order]).exits(0);
    }
    let request = world.order("DH-2611-000001")["payment_requests"][0].clone();
    let code = text(&request, "payment_code");
    let nearly = &code[..code.len() - 1];
    let lines = [("23/11/2026", 2_950_000, nearly), ("23/11/2026", 77, "khong ro")];
    money::take(&world, "a.csv", &lines);
    report(&world, NEXT_DAY);
    let page = |firm: &str| {
        sheet_text(&world.path(&format!("outbox/{firm}/morning__2026-11-24__r1.xlsx")), "Buổi sáng")
    };
    let (own, other, all) = (page("MINHAN"), page("HOAPHAT"), page("_bank"));
    assert!(own.contains("\t1\t2950000\t") && own.contains("Báo người phụ trách"), "{own}");
    assert!(!other.contains("Tiền chưa khớp"), "{other}");
    assert!(all.contains("\t2\t2950077\t") && all.contains("Sao kê đã nhận"), "{all}");
    for page in [own, other] {
        assert!(!page.contains("Sao kê đã nhận") && !page.contains("doi-soat"), "{page}");
    }
}

#[test]
fn a_morning_says_for_whom_a_payment_with_a_code_is_what_is_missing_and_what_was_forgiven() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    with_a_second_firm(&world);
    world.take("MINHAN/mot.csv", &csv(&[enterprise(1), enterprise(2)]));
    world.run(&["confirm", money::ORDER]).exits(0);
    let codes = money::codes(&world);
    let lines = [("23/11/2026", 1_000_000, &*codes[0]), ("23/11/2026", 2_939_000, &*codes[1])];
    money::take(&world, "a.csv", &lines);
    let id = |code: &str| super::given_back::id_of(&world, code);
    world.run(&["waive", &codes[1], "--reason", "phí"]).exits(0);
    report(&world, NEXT_DAY);
    let page = |folder: &str| {
        let path = world.path(&format!("outbox/{folder}/morning__2026-11-24__r1.xlsx"));
        sheet_text(&path, "Buổi sáng")
    };
    let (own, all) = (page("MINHAN"), page("_bank"));
    let name = enterprise(1).name().to_owned();
    let said =
        format!("Khoản {} ghi mã {} của {name}: còn thiếu 1.950.000 đ", id(&codes[0]), codes[0]);
    assert!(own.contains(&said) && own.contains("Nhắc khách hàng chuyển nốt"), "{own}");
    assert!(all.contains(&said) && !all.contains("Nhắc khách hàng chuyển nốt"), "{all}");
    assert!(all.contains("Đã ghi nhận hết") && !all.contains("hoặc trả lại"), "{all}");
    assert!(own.contains("Phần thiếu đã được bỏ\t\t1\t11000"), "{own}");
    // The night's workbook and the morning speak of the same sum: what of the payments is not used.
    money::take(&world, "b.csv", &[("23/11/2026", 3_000_000, &*codes[0])]);
    world.run_at("2026-11-24T08:30:00+07:00", &["run", "reconcile"]).exits(1);
    let night =
        sheet_text(&world.path("outbox/_bank/doi-soat__2026-11-24__r1.xlsx"), "Tiền chưa khớp");
    assert!(night.contains("1 khoản, tổng phần chưa dùng 1.050.000 đ"), "{night}");
    report(&world, "2026-11-24T09:30:00+07:00");
    let path = world.path("outbox/_bank/morning__2026-11-24__r2.xlsx");
    let all = sheet_text(&path, "Buổi sáng");
    assert!(all.contains("\t1\t1050000\t"), "{all}");
}

#[test]
fn a_morning_speaks_of_a_statement_that_lines_wait_for_from_the_second_day_on_and_says_how_many() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let page = |day: &str| {
        report(&world, &at(day, 8));
        sheet_text(&world.path(&format!("outbox/morning__2026-{day}__r1.xlsx")), "Buổi sáng")
    };
    let first = page("12-01");
    assert!(first.contains("Sắp ngắt") && !first.contains("Thiếu sao kê"), "{first}");
    let second = page("12-02");
    for said in ["Thiếu sao kê\t23/11 – 01/12\t9", "3 dòng đã hết hạn đang chờ."] {
        assert!(second.contains(said), "no {said} in\n{second}");
    }
    // Where no statement is asked for nobody waits for one.
    world.rewrite("hangloat.toml", "# require_statement = true", "require_statement = false");
    let third = page("12-03");
    assert!(third.contains("Sắp ngắt") && !third.contains("Thiếu sao kê"), "{third}");
}

#[test]
fn a_morning_without_work_is_told_once_and_mails_nobody() {
    let world = World::new();
    assert_eq!(report(&world, NOW)["pages"], 0, "nothing ever happened");
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["cancel", "DH-2611-000001", "--reason", "nhầm"]).exits(0);
    assert_eq!(report(&world, NEXT_DAY)["mails"], 1, "something was done");
    let quiet = report(&world, "2026-11-25T07:30:00+07:00");
    assert_eq!((&quiet["pages"], &quiet["mails"]), (&1.into(), &0.into()), "{quiet}");
    assert_eq!(report(&world, "2026-11-26T07:30:00+07:00")["pages"], 0);
    let files = world.files_in("outbox");
    assert!(files.contains(&"morning__2026-11-25__r1.xlsx".to_owned()), "{files:?}");
    assert_eq!(mornings(&world).len(), 1);
    if require("openpyxl") {
        let page = sheet_text(&world.path("outbox/morning__2026-11-25__r1.xlsx"), "Buổi sáng");
        assert!(page.contains("Không có gì mới và không có việc nào chờ anh/chị"), "{page}");
    }
}

#[test]
fn no_firm_reads_of_another_one_and_whoever_runs_it_for_all_reads_of_each() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    with_a_second_firm(&world);
    world.take("MINHAN/mot.csv", &csv(&[enterprise(1)]));
    world.take("HOAPHAT/hai.csv", &csv(&[household(2)]));
    for order in ["DH-2611-000001", "DH-2611-000002"] {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    assert_eq!(report(&world, LATER)["pages"], 3);
    let all_text = |firm: &str| {
        let book =
            workbooks::read(&world.path(&format!("outbox/{firm}/morning__2026-11-28__r1.xlsx")));
        book["sheets"].to_string()
    };
    let (minhan, hoaphat, all) = (all_text("MINHAN"), all_text("HOAPHAT"), all_text("_bank"));
    assert!(minhan.contains(enterprise(1).name()) && hoaphat.contains(household(2).name()));
    for (page, others) in [
        (&minhan, ["Hòa Phát Đạt", "HOAPHAT", "hai.csv", household(2).name()]),
        (&hoaphat, ["Minh An", "MINHAN", "mot.csv", enterprise(1).name()]),
    ] {
        for other in others {
            assert!(!page.contains(other), "{other} in {page}");
        }
    }
    assert!(all.contains("Hòa Phát Đạt") && all.contains("Minh An"), "{all}");
    // Whoever runs the program sees what is cut off next, of each firm.
    for firm in ["MINHAN", "HOAPHAT"] {
        assert!(all.contains(&format!("{firm} · DH-2611-")), "no cut-off of {firm} in {all}");
    }
    let to: Vec<String> = mornings(&world).iter().map(|mail| text(mail, "to")).collect();
    assert_eq!(to.len(), 2, "{to:?}");
    let of_firm = world.run(&["mails", "--firm", "HOAPHAT", "--json"]).exits(0).json();
    let of_firm = of_firm["mails"].as_array().unwrap();
    assert!(of_firm.iter().all(|mail| mail["to"] != "lan@minhan.example"), "{of_firm:?}");
}

#[test]
fn a_morning_that_was_killed_says_the_same_when_it_is_taken_up() {
    let bytes =
        |world: &World| std::fs::read(world.path("outbox/morning__2026-11-28__r1.xlsx")).unwrap();
    for point in ["report_stored", "report_written"] {
        let world = busy();
        let mut command = world.command(&["run", "report", "--now", LATER]);
        let killed = finished(command.env("HANGLOAT_CRASH_AT", point));
        assert_eq!(killed.code, 128 + 9, "{point} is not on the way: {killed:?}");
        let first =
            world.path("outbox/morning__2026-11-28__r1.xlsx").exists().then(|| bytes(&world));
        // Something happens before the page is taken up: it still says what it said.
        world.run_at(LATER, &["confirm", "DH-2611-000002"]).exits(0);
        report(&world, NEXT_DAY);
        let old = world.path("outbox/cu/morning__2026-11-28__r1.xlsx");
        let whole = std::fs::read(if old.exists() {
            old
        } else {
            world.path("outbox/morning__2026-11-28__r1.xlsx")
        });
        let whole = whole.unwrap();
        assert!(first.is_none_or(|first| first == whole), "{point}");
        assert_eq!(
            mornings(&world).iter().filter(|mail| mail["subject"] == "MINHAN/2026-11-28").count(),
            1
        );
    }
}

#[test]
fn a_printed_morning_is_one_page_that_can_be_read() {
    if !(require("soffice") && require("pdftotext")) {
        return;
    }
    let world = busy();
    report(&world, LATER);
    let pages = pages(&world, &world.path("outbox/morning__2026-11-28__r1.xlsx"));
    can_be_read(&pages);
    assert_eq!(pages.len(), 2, "the page, and the clients: {pages:?}");
    for said in ["○ Sắp ngắt", "Việc cần làm", "Đã làm", "Danh sách đã nhận", "1/2"]
    {
        assert!(pages[0].contains(said), "no {said} in\n{}", pages[0]);
    }
}

#[test]
fn an_export_is_a_job_too_and_the_newest_alone_stays_in_the_outbox() {
    let world = busy();
    let job = "name = \"nightly-lines\"\nkind = \"export\"\nschedule = \"0 5 * * *\"\n\
               [options]\nwhat = [\"lines\", \"orders\"]\nformat = \"csv\"\n";
    std::fs::write(world.path("jobs/export.toml"), job).unwrap();
    let run = world.run(&["run", "nightly-lines", "--json"]).exits(0).json();
    assert_eq!(run["runs"][0]["counts"]["files"], 2, "{run}");
    world.run_at(NEXT_DAY, &["run", "export"]).exits(0);
    let files = world.files_in("outbox");
    for file in [
        "lines__2026-11-24__r1.csv",
        "orders__2026-11-24__r1.csv",
        "cu/lines__2026-11-23__r1.csv",
        "cu/orders__2026-11-23__r1.csv",
    ] {
        assert!(files.contains(&file.to_owned()), "no {file} in {files:?}");
    }
    std::fs::write(world.path("jobs/export.toml"), job.replace("lines", "lignes")).unwrap();
    world.run(&["jobs"]).exits(78);
}

#[test]
fn a_list_is_reminded_of_until_a_later_one_orders_all_of_its_rows_that_wait() {
    let wrong = |number: u32| enterprise(number).with("F", "113");
    for (again, reminded) in [(vec![enterprise(2), enterprise(3)], 0), (vec![enterprise(2)], 1)] {
        let world = World::new();
        world.import("a.csv", &csv(&[enterprise(1), wrong(2), wrong(3)]));
        world.import("b.csv", &csv(&again));
        report(&world, NEXT_DAY);
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == "findings_waiting");
        assert_eq!(mails.len(), reminded, "{mails:?}");
    }
}

#[test]
fn a_client_that_waits_in_two_lists_for_the_same_counts_once_in_the_sum_of_the_page() {
    if !require("openpyxl") {
        return;
    }
    let wrong = |number: u32| enterprise(number).with("F", "113");
    for world in World::on_each_engine() {
        world.import("a.csv", &csv(&[enterprise(1), wrong(2), wrong(3)]));
        world.import("b.csv", &csv(&[enterprise(4), wrong(2)]));
        // The next year is another purchase.
        world.import("c.csv", &csv(&[enterprise(5), wrong(3).with("I", "2027")]));
        report(&world, NEXT_DAY);
        let page = sheet_text(&world.path("outbox/morning__2026-11-24__r1.xlsx"), "Buổi sáng");
        for said in [
            "a.csv · B000001\t2\t5900000",
            "b.csv · B000002\t1\t2950000",
            "c.csv · B000003\t1\t2950000",
            // Three orders to confirm, and three clients of four rows.
            "6 việc cần xử lý, liên quan đến 17.700.000 đ",
        ] {
            assert!(page.contains(said), "no {said} in\n{page}");
        }
    }
}

#[test]
fn a_letter_that_did_not_arrive_leaves_the_page_when_it_was_sent_again() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", "DH-2611-000001"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let mails = world.list("mails");
        let notice = mails.iter().find(|mail| mail["purpose"] == "order_notice").unwrap();
        let id = notice["id"].to_string();
        let reason = ["--reason", "Khách báo không nhận được"];
        world.run(&[&["mails", "refuse", &id][..], &reason].concat()).exits(0);
        let is_listed = |day: &str| {
            report(&world, &format!("2026-11-{day}T07:30:00+07:00"));
            let page = world.path(&format!("outbox/morning__2026-11-{day}__r1.xlsx"));
            sheet_text(&page, "Buổi sáng").contains(enterprise(1).email())
        };
        assert!(is_listed("24"));
        world.run_at(NEXT_DAY, &["resend", &id]).exits(0);
        world.run_at(NEXT_DAY, &["run", "mail"]).exits(0);
        assert!(!is_listed("25"));
    }
}

/// How often somebody was reminded of a list.
fn reminders(world: &World, list: &str) -> usize {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["purpose"] == "findings_waiting" && mail["subject"] == list);
    mails.len()
}

#[test]
fn a_later_list_replaces_rows_of_packages_of_the_same_family_alone() {
    const PRO: &str = "code = \"ASP-DN-PRO\"\nfamily = \"ASP\"";
    for (family, reminded) in [("ASP", 0), ("KHO", 1)] {
        for world in World::on_each_engine() {
            let table = PRO.replace("\"ASP\"", &format!("\"{family}\""));
            world.rewrite("jobs/catalogue/packages.toml", PRO, &table);
            world.import("a.csv", &csv(&[enterprise(1), enterprise(2).with("F", "113")]));
            world.import("b.csv", &csv(&[enterprise(2).with("H", "ASP-DN-PRO")]));
            report(&world, NEXT_DAY);
            assert_eq!(reminders(&world, "B000001"), reminded, "{family}");
        }
    }
}

#[test]
fn a_row_that_somebody_left_out_of_a_later_list_is_reminded_of_in_neither() {
    let wrong = |number: u32| enterprise(number).with("F", "113");
    for world in World::on_each_engine() {
        world.import("a.csv", &csv(&[enterprise(1), wrong(2)]));
        world.import("b.csv", &csv(&[enterprise(3), wrong(2), wrong(4)]));
        report(&world, NEXT_DAY);
        let told = |world: &World| ["B000001", "B000002"].map(|list| reminders(world, list));
        assert_eq!(told(&world), [1, 1]);
        world.run_at(NEXT_DAY, &["drop", "B000002#3"]).exits(0);
        report(&world, LATER);
        assert_eq!(told(&world)[0], 1, "he took it out himself");
        assert!(told(&world)[1] > 1, "the other row waits on");
    }
}

#[test]
fn a_question_that_two_lists_ask_is_reminded_of_once() {
    for world in World::on_each_engine() {
        let former = household(1).with("A", "Quán Phở Sen").with("B", "8037630690");
        world.import("khach.csv", &csv(&[former]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        let next = household(1).with("A", "Quán Phở Sen").with("I", "2027").with("L", "");
        for (name, place) in [("a.csv", "Số 1 Lê Lợi"), ("b.csv", "Số 2 Lê Lợi")] {
            let file = world.import(name, &csv(&[next.with("G", place)]));
            let codes = texts(file["findings"].as_array().unwrap(), "code");
            assert!(codes.contains(&"client.maybe_same".to_owned()), "{file}");
        }
        report(&world, NEXT_DAY);
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == "findings_waiting");
        assert_eq!(texts(&mails, "subject"), ["B000003"]);
        // Answered there, it is asked by neither: the later list orders the same.
        world.run_at(NEXT_DAY, &["accept", "B000003#2"]).exits(0);
        report(&world, LATER);
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == "findings_waiting");
        assert_eq!(texts(&mails, "subject"), ["B000003"]);
    }
}
