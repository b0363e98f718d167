//! The machine is lost, and a backup of an earlier moment is read in elsewhere: nothing goes out twice unseen, and no
//! number is given twice.

use std::{
    collections::BTreeSet,
    fs,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
};

use hangloat::db::Db;
use serde_json::Value;

use super::{
    answers::back,
    grace::{at, booked, night, unpaid},
    guarded::{execute, placed},
    letters,
    lists::{csv, enterprise, household},
    workbooks::{set, sheet_text},
};
use crate::world::{NOW, Ran, World, eventually, finished, require, text, texts};

/// Backs a world up into a file beside it.
fn backed_up(world: &World, name: &str, more: &[&str]) -> PathBuf {
    let file = world.outside(name);
    world.run(&[&["backup", file.to_str().unwrap()], more].concat()).exits(0);
    file
}

/// A new machine, into which a backup was read.
fn elsewhere(file: &Path) -> World {
    let world = World::empty();
    world.run(&["restore", file.to_str().unwrap()]).exits(0);
    world
}

/// The texts of a column.
fn column(world: &World, sql: &'static str) -> Vec<(String,)> {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        db.query(sql).all().await.unwrap()
    })
}

fn ids(mails: &[Value]) -> BTreeSet<String> {
    texts(mails, "message_id").into_iter().collect()
}

#[test]
fn after_the_machine_is_lost_nothing_goes_out_twice_unseen_and_no_number_is_given_twice() {
    let lost = placed();
    lost.run(&["run", "mail"]).exits(0);
    let sent = ids(&lost.list("mails"));
    // Planned, and not sent when the backup is taken.
    lost.run(&["confirm", "DH-2611-000002"]).exits(0);
    assert!(lost.is_killed_at("activation_claimed", &["activate", "DH-2611-000001"]));
    let file = backed_up(&lost, "dem.zip", &[]);
    // Work goes on, and then the machine is gone.
    lost.run(&["run", "activate"]).exits(0);
    lost.run(&["run", "mail"]).exits(0);
    let after = lost.import("them.csv", &csv(&[enterprise(7), household(7)]));
    let given: Vec<String> = texts(&lost.list("orders"), "code");
    let since: Vec<&String> =
        given.iter().filter(|code| code.as_str() > "DH-2611-000002").collect();
    assert_eq!(since.len(), 2);
    let all_sent = ids(&lost.list("mails"));

    let found = elsewhere(&file);
    let held = found.run(&["run", "mail", "--json"]).exits(75).json();
    assert!(text(&held["error"], "message").contains("khôi phục"), "{held}");
    found.run(&["run", "activate"]).exits(75);
    let seen = found.run(&["resume", "--json"]).exits(1).json();
    assert_eq!(seen["hold"]["why"], "restored");
    let doubted = texts(seen["uncertain"].as_array().unwrap(), "purpose");
    assert!(doubted.contains(&"order_notice".to_owned()), "{seen}");
    assert!(doubted.contains(&"activate".to_owned()), "{seen}");
    let first = found.order("DH-2611-000001");
    assert_eq!(first["lines"][0]["state"], "uncertain");

    found.run(&["resume", "--confirm"]).exits(0);
    found.run(&["run", "mail"]).exits(0);
    assert!(found.files_in("mail").is_empty(), "nothing is sent that may have been sent before");
    let states: Vec<Value> = found.order("DH-2611-000001")["lines"].as_array().unwrap().clone();
    assert_eq!(texts(&states, "state"), ["uncertain", "uncertain"]);
    for mail in found.list("mails") {
        let was_sent = sent.contains(&text(&mail, "message_id"));
        assert_eq!(mail["state"], if was_sent { "sent" } else { "uncertain" }, "{mail}");
        assert!(was_sent || text(&mail, "error").contains("khôi phục"), "{mail}");
    }
    // The platform is asked by the key of before: what it made is found, and not made again.
    let keys =
        |world: &World| column(world, "select idempotency_key from activation order by line_id");
    assert_eq!(keys(&found), keys(&lost));
    found.run(&["run", "activate"]).exits(0);
    assert_eq!(found.list("licences").len(), 2);
    // The firm drops its list again.
    let again = found.import("them.csv", &csv(&[enterprise(7), household(7)]));
    assert!(text(&again, "batch") > text(&after, "batch"));
    found.run(&["run", "mail"]).exits(0);
    let new: Vec<String> = texts(&found.list("orders"), "code");
    assert!(since.iter().all(|code| !new.contains(code)), "{since:?} and {new:?}");
    let fresh: Vec<Value> =
        found.list("mails").into_iter().filter(|mail| mail["state"] == "sent").collect();
    let fresh: BTreeSet<String> = ids(&fresh).difference(&sent).cloned().collect();
    assert!(!fresh.is_empty() && fresh.is_disjoint(&all_sent), "{fresh:?}");
}

#[test]
fn the_notice_of_an_order_that_may_have_been_confirmed_before_the_loss_waits_for_a_person() {
    let lost = placed();
    lost.run(&["run", "mail"]).exits(0);
    let file = backed_up(&lost, "dem.zip", &[]);
    lost.run(&["confirm", "DH-2611-000002"]).exits(0);
    lost.run(&["run", "mail"]).exits(0);

    let found = elsewhere(&file);
    found.run(&["resume", "--confirm"]).exits(0);
    found.run(&["confirm", "DH-2611-000002"]).exits(0);
    let new = found.import("them.csv", &csv(&[enterprise(7)]));
    let new = new["orders"][0].as_str().unwrap();
    found.run(&["confirm", new]).exits(0);
    found.run(&["run", "mail"]).exits(0);
    let notices = |order: &str| {
        let mut mails = found.list("mails");
        mails.retain(|it| it["purpose"] == "order_notice" && it["subject"] == order);
        mails
    };
    let doubted = notices("DH-2611-000002");
    assert!(!doubted.is_empty() && doubted.iter().all(|it| it["state"] == "uncertain"));
    let why = text(&doubted[0], "error");
    assert!(why.contains("restored") || why.contains("khôi phục"), "{why}");
    assert_eq!(texts(&notices(new), "state"), ["sent"], "nobody was told of it before");
    let uncertain = || {
        let listed = found.run(&["mails", "--state", "uncertain", "--json"]).exits(0).json();
        let counted = found.run(&["resume", "--json"]).exits(0).json();
        let counted = counted["uncertain"].as_array().unwrap().iter();
        let counted: i64 = counted.map(|it| it["count"].as_i64().unwrap()).sum();
        (listed["mails"].as_array().unwrap().len(), usize::try_from(counted).unwrap())
    };
    let (before, counted) = uncertain();
    assert_eq!(counted, before);
    // Sent by a person, it says that what went out before is void, and is uncertain no more.
    found.run(&["resend", &doubted[0]["id"].to_string()]).exits(0);
    assert_eq!(uncertain(), (before - 1, before - 1));
    found.run(&["run", "mail"]).exits(0);
    let letters = letters::all(&found);
    let again = letters.iter().filter(|it| it.text.contains("DH-2611-000002"));
    let again: Vec<_> = again.filter(|it| it.text.contains("không còn dùng nữa")).collect();
    assert_eq!(again.len(), 1);
    assert!(again[0].text.contains("được xác nhận lại sau khi dữ liệu"), "{}", again[0].text);
    assert!(!again[0].text.contains("đã sửa thông tin"), "nothing was corrected");
}

#[test]
fn notices_that_may_have_told_void_codes_are_sent_to_everybody_by_one_command() {
    let lost = placed();
    let file = backed_up(&lost, "dem.zip", &[]);
    lost.run(&["confirm", "DH-2611-000002"]).exits(0);
    let found = elsewhere(&file);
    found.run(&["resume", "--confirm"]).exits(0);
    let how = "hangloat resend --order DH-2611-000002";
    let said = found.run(&["confirm", "DH-2611-000002"]).exits(0).stdout;
    assert!(said.contains(how), "{said}");
    if require("openpyxl") {
        found.run(&["run", "report"]).exits(0);
        let page = found.files_in("outbox").into_iter().find(|it| it.starts_with("morning__"));
        let page = sheet_text(&found.path("outbox").join(page.unwrap()), "Buổi sáng");
        let own = || page.lines().filter(|line| line.contains("· DH-2611-000002"));
        assert!(page.contains(how) && own().all(|it| !it.contains("đã có thư này chưa")), "{page}");
    }
    let doubted = |world: &World| {
        let mut mails = world.list("mails");
        mails.retain(|it| it["purpose"] == "order_notice" && it["subject"] == "DH-2611-000002");
        mails.retain(|it| it["state"] == "uncertain");
        mails.len()
    };
    let order = ["resend", "--order", "DH-2611-000002", "--json"];
    let waiting = doubted(&found);
    let again = found.run(&order).exits(0).json();
    assert_eq!(again["mails"].as_array().unwrap().len(), waiting, "{again}");
    found.run(&["run", "mail"]).exits(0);
    // Done is done: nobody gets it twice.
    let again = found.run(&order).exits(0).json();
    assert_eq!(again["mails"], serde_json::json!([]));
    found.run(&["resend", "--order", "DH-2611-000099"]).exits(2);
    found.run(&["resend"]).exits(2);
}

#[test]
fn a_notice_that_was_sent_again_and_may_not_have_arrived_is_void_no_more() {
    let lost = placed();
    let file = backed_up(&lost, "dem.zip", &[]);
    lost.run(&["confirm", "DH-2611-000002"]).exits(0);
    let found = elsewhere(&file);
    found.run(&["resume", "--confirm"]).exits(0);
    found.run(&["confirm", "DH-2611-000002"]).exits(0);
    let order = ["resend", "--order", "DH-2611-000002", "--json"];
    let again = found.run(&order).exits(0).json();
    assert!(!again["mails"].as_array().unwrap().is_empty(), "{again}");
    // As if its server had been gone before it said that it has them.
    execute(&found, "update mail set state = 'uncertain' where occasion is not null");
    let twice = found.run(&order).exits(0).json();
    assert_eq!(twice["mails"], serde_json::json!([]));
    if require("openpyxl") {
        found.run(&["run", "report"]).exits(0);
        let page = found.files_in("outbox").into_iter().find(|it| it.starts_with("morning__"));
        let page = sheet_text(&found.path("outbox").join(page.unwrap()), "Buổi sáng");
        let own: Vec<&str> = page.lines().filter(|it| it.contains("· DH-2611-000002")).collect();
        assert!(!page.contains("hangloat resend --order"), "{page}");
        assert!(own.iter().any(|it| it.contains("đã có thư này chưa")), "{page}");
    }
}

#[test]
fn a_final_warning_of_a_day_between_the_backup_and_the_loss_does_not_go_twice_unseen() {
    let lost = unpaid();
    let file = lost.outside("dem.zip");
    lost.run_at(&at("11-26", 3), &["backup", file.to_str().unwrap()]).exits(0);
    // The day before the last one is a Sunday: it is due on Friday the 27th.
    lost.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    lost.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let warnings = |world: &World| {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == "grace_warning");
        mails
    };
    let sent = warnings(&lost);
    assert!(sent.iter().all(|mail| mail["state"] == "sent") && sent.len() == 4, "{sent:?}");

    let found = World::empty();
    found.run_at(&at("11-28", 9), &["restore", file.to_str().unwrap()]).exits(0);
    found.run_at(&at("11-28", 10), &["resume", "--confirm"]).exits(0);
    found.run_at(&at("11-30", 8), &["run", "remind"]).exits(0);
    found.run_at(&at("11-30", 9), &["run", "mail"]).exits(0);
    let doubted = warnings(&found);
    assert_eq!(texts(&doubted, "state"), ["uncertain"; 4], "{doubted:?}");
    assert!(text(&doubted[0], "error").contains("khôi phục"), "{}", doubted[0]);
    // A person decides; it is not planned anew each day.
    found.run_at(&at("11-30", 10), &["resend", &doubted[0]["id"].to_string()]).exits(0);
    found.run_at(&at("11-30", 10), &["run", "mail"]).exits(0);
    found.run_at(&at("12-01", 8), &["run", "remind"]).exits(0);
    let states = texts(&warnings(&found), "state");
    assert_eq!(states, ["uncertain", "uncertain", "uncertain", "uncertain", "sent"]);
}

#[test]
fn a_warning_that_was_not_due_before_the_loss_leaves_though_that_of_another_payer_is_doubted() {
    let lost = unpaid();
    let file = lost.outside("dem.zip");
    // Its day before the last one is Monday the 30th; that of the others was Friday the 27th.
    let held = ["hold", "DH-2611-000001/1", "--until", "2026-12-01", "--reason", "hẹn trả"];
    lost.run_at(&at("11-24", 9), &held).exits(0);
    lost.run_at(&at("11-26", 3), &["backup", file.to_str().unwrap()]).exits(0);
    let found = World::empty();
    found.run_at(&at("11-28", 9), &["restore", file.to_str().unwrap()]).exits(0);
    found.run_at(&at("11-28", 10), &["resume", "--confirm"]).exits(0);
    found.run_at(&at("11-30", 8), &["run", "remind"]).exits(0);
    found.run_at(&at("11-30", 9), &["run", "mail"]).exits(0);
    let mut warnings = found.list("mails");
    warnings.retain(|mail| mail["purpose"] == "grace_warning");
    assert_eq!(warnings.len(), 4, "three payers and a copy: {warnings:?}");
    for mail in &warnings {
        let is_due_later = mail["to"] == enterprise(1).email();
        assert_eq!(mail["state"], if is_due_later { "sent" } else { "uncertain" }, "{mail}");
    }
}

#[test]
fn resume_says_of_when_the_backup_is_and_when_it_was_read_in() {
    let lost = placed();
    let file = lost.outside("dem.zip");
    let taken = ["backup", file.to_str().unwrap()];
    lost.run_at("2026-11-24T03:00:00+07:00", &taken).exits(0);
    let found = World::empty();
    let restored = ["restore", file.to_str().unwrap()];
    found.run_at("2026-11-24T14:00:00+07:00", &restored).exits(0);
    let said = found.run_at("2026-11-24T14:05:00+07:00", &["resume"]).exits(1).stdout;
    for needed in ["ghi lúc 24/11/2026 03:00", "khôi phục lúc 24/11/2026 14:00"] {
        assert!(said.contains(needed), "{needed}: {said}");
    }
}

#[test]
fn what_came_and_what_was_answered_is_there_again_and_letters_stay_out() {
    let lost = placed();
    lost.run(&["run", "mail"]).exits(0);
    lost.rewrite("jobs/mail.toml", "@every 30s", "@every 45s");
    fs::create_dir_all(lost.path("inbox/binh")).unwrap();
    let file = backed_up(&lost, "dem.zip", &[]);
    assert_eq!(fs::metadata(&file).unwrap().permissions().mode() & 0o777, 0o600);
    let found = elsewhere(&file);
    for folder in ["archive", "outbox"] {
        assert_eq!(found.files_in(folder), lost.files_in(folder), "{folder}");
    }
    assert!(found.files_in("mail").is_empty() && found.path("inbox/binh").is_dir());
    assert!(fs::read_to_string(found.path("jobs/mail.toml")).unwrap().contains("@every 45s"));
    for list in ["batches", "clients", "licences"] {
        assert_eq!(found.list(list), lost.list(list), "{list}");
    }
    assert_eq!(found.orders(), lost.orders());
    found.run(&["doctor", "--locale", "en"]).exits(0);
    // The same again is a backup of the same.
    let both = [&lost, &found].map(|world| {
        let again = backed_up(world, "lan-hai.zip", &[]);
        let text = std::process::Command::new("unzip")
            .args(["-p", again.to_str().unwrap(), "tables/order_line.jsonl"])
            .output();
        text.map(|output| output.stdout).unwrap_or_default()
    });
    assert_eq!(both[0], both[1]);
}

#[test]
fn with_its_key_a_workbook_that_was_out_is_taken_and_without_it_there_is_a_fresh_one() {
    if !require("openpyxl") {
        return;
    }
    let lost = World::new();
    lost.import("khach.csv", &csv(&[enterprise(1)]));
    let out = lost.workbook("B000001");
    let (with, without) =
        (backed_up(&lost, "co.zip", &["--with-key"]), backed_up(&lost, "khong.zip", &[]));
    lost.import("them.csv", &csv(&[enterprise(2)]));
    let behind = lost.workbook("B000002");

    let found = elsewhere(&with);
    assert_eq!(
        fs::read(found.path("hangloat.key")).unwrap(),
        fs::read(lost.path("hangloat.key")).unwrap()
    );
    assert_eq!(back(&found, &out, &[set("XAC_NHAN", true)])["outcome"], "accepted");
    assert_eq!(found.list("orders")[0]["state"], "placed");

    let found = elsewhere(&without);
    assert_ne!(
        fs::read(found.path("hangloat.key")).unwrap(),
        fs::read(lost.path("hangloat.key")).unwrap()
    );
    let refused = back(&found, &out, &[set("XAC_NHAN", true)]);
    assert_eq!(refused["outcome"], "rejected", "{refused}");
    let finding = &refused["findings"][0];
    for said in ["bản r1 của danh sách khach.csv", "B000001, nhận ngày 23/11/2026", "khôi phục"]
    {
        assert!(text(finding, "message").contains(said), "{finding}");
    }
    assert!(text(finding, "fix").contains("khach__B000001__r2.xlsx"), "{finding}");
    // Of a list that came behind the backup there is nothing to open.
    let refused = back(&found, &behind, &[set("XAC_NHAN", true)]);
    let finding = &refused["findings"][0];
    assert_eq!(finding["code"], "file.forged_answer", "{refused}");
    for said in ["khôi phục ngày 23/11/2026", "thả lại danh sách gốc"] {
        assert!(text(finding, "fix").contains(said), "{finding}");
    }
    assert_eq!(found.list("orders")[0]["state"], "awaiting_confirmation");
    let fresh = found.workbook("B000001");
    assert!(fresh.to_string_lossy().ends_with("__r2.xlsx"), "{fresh:?}");
    assert_eq!(back(&found, &fresh, &[set("XAC_NHAN", true)])["outcome"], "accepted");
    assert_eq!(found.list("orders")[0]["state"], "placed");
}

#[test]
fn a_workbook_about_money_or_cut_offs_of_a_lost_key_says_which_one_to_take() {
    if !require("openpyxl") {
        return;
    }
    let lost = unpaid();
    booked(&lost, "a.csv", "25/11/2026", &[("25/11/2026", 77_000, "khong ro")]);
    night(&lost, "11-26");
    lost.run_at(&at("11-27", 15), &["run", "cut-offs"]).exits(0);
    let found = elsewhere(&backed_up(&lost, "khong.zip", &[]));
    for (workbook, newer, job) in [
        ("doi-soat__2026-11-26__r1.xlsx", "doi-soat__2026-11-26__r10.xlsx", "reconcile"),
        ("sap-ngat__2026-11-27__r1.xlsx", "sap-ngat__2026-11-28__r1.xlsx", "cut-offs"),
    ] {
        let bytes = fs::read(lost.path("outbox/_bank").join(workbook)).unwrap();
        let refused = || {
            let file = found.take(&format!("_bank/{workbook}"), &bytes);
            let finding = file["findings"][0].clone();
            assert_eq!(
                (&finding["code"], &file["exit"]),
                (&"file.forged_answer".into(), &3.into())
            );
            let message = text(&finding, "message");
            assert!(message.contains(workbook) && message.contains("khôi phục"), "{finding}");
            assert!(text(&finding, "fix").contains("khôi phục ngày"), "{finding}");
            finding
        };
        // What lies there was read in with the data, and is of the lost key too.
        let fix = text(&refused(), "fix");
        assert!(fix.contains(&format!("hangloat run {job}")), "{fix}");
        fs::write(found.path("outbox/_bank").join(newer), b"").unwrap();
        let finding = refused();
        let fix = text(&finding, "fix");
        assert!(fix.contains(&format!("{newer} trong thư mục outbox/_bank")), "{fix}");
        assert_eq!(finding["suggestion"], newer);
    }
}

#[test]
fn resume_names_the_workbooks_that_the_lost_key_made_anew() {
    for lost in World::on_each_engine() {
        lost.import("khach.csv", &csv(&[enterprise(1)]));
        let found = elsewhere(&backed_up(&lost, "khong.zip", &[]));
        let seen = found.run(&["resume", "--json"]).exits(1).json();
        assert_eq!(seen["renewed"], serde_json::json!([]), "only a look");
        let said = found.run(&["resume", "--confirm"]).exits(0).stdout;
        for words in ["Nội dung không đổi", "khach__B000001__r2.xlsx"] {
            assert!(said.contains(words), "no {words} in {said}");
        }
        assert!(found.files_in("outbox").contains(&"khach__B000001__r2.xlsx".to_owned()));
        let again = found.run(&["resume", "--confirm", "--json"]).exits(0).json();
        assert_eq!(again["renewed"], serde_json::json!([]));
        assert_eq!(found.list("batches").len(), 1, "nothing came in by it");
    }
}

#[test]
fn a_workbook_that_is_newer_than_the_restored_data_is_told_as_that() {
    if !require("openpyxl") {
        return;
    }
    let lost = World::new();
    lost.import("khach.csv", &csv(&[enterprise(1)]));
    let file = backed_up(&lost, "co.zip", &["--with-key"]);
    lost.run(&["confirm", "DH-2611-000001"]).exits(0);
    let newer = lost.workbook("B000001");
    lost.import("them.csv", &csv(&[enterprise(2)]));
    let behind = lost.workbook("B000002");
    let found = elsewhere(&file);
    let refused = back(&found, &behind, &[set("XAC_NHAN", true)]);
    let finding = &refused["findings"][0];
    assert_eq!(finding["code"], "file.stale_answer", "{refused}");
    assert!(text(finding, "message").contains("B000002"), "{finding}");
    assert!(text(finding, "fix").contains("thả lại danh sách gốc"), "{finding}");
    let refused = back(&found, &newer, &[set("KICH_HOAT", true)]);
    let finding = &refused["findings"][0];
    assert_eq!(finding["code"], "file.stale_answer", "{refused}");
    assert!(text(finding, "message").contains("mới hơn dữ liệu hiện có"), "{finding}");
    assert!(text(finding, "fix").contains("khach__B000001__r1.xlsx"), "{finding}");
    assert_eq!(found.list("orders")[0]["state"], "awaiting_confirmation");
}

#[test]
fn a_client_with_a_licence_that_is_unknown_here_is_asked_about_before_it_is_ordered_again() {
    for world in World::on_each_engine() {
        let list = csv(&[enterprise(1), enterprise(2)]);
        world.import("khach.csv", &list);
        let sql = format!(
            "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line, kind, tax_id,
                                           package, fiscal_year, status, activated_at, updated_at)
             values ('LIC-X', 'x', '{}', 'DH-2611-000777', 1, 'purchase', '{}', 'ASP-DN', 2026, 'active',
                     '2026-11-20T01:00:00Z', '2026-11-20T01:00:00Z')",
            "0".repeat(64),
            enterprise(3).0[1]
        );
        execute(&world, sql.leak());
        let seen = world.run(&["resume", "--json"]).exits(0).json();
        assert_eq!(seen["unknown_here"].as_array().unwrap().len(), 1, "{seen}");
        let file = world.import("them.csv", &csv(&[enterprise(3), enterprise(4)]));
        assert_eq!((&file["rows"]["held"], &file["rows"]["accepted"]), (&1.into(), &1.into()));
        let finding = &file["findings"][0];
        assert_eq!(finding["code"], "client.licensed_elsewhere");
        let said = text(finding, "message");
        assert!(said.contains("khôi phục") && !said.contains("LIC-X"), "{said}");
        world.run(&["accept", "B000002#2"]).exits(0);
    }
}

#[test]
fn while_held_after_a_restore_the_licences_of_the_platform_are_read_once_an_hour() {
    let lost = World::new();
    lost.import("khach.csv", &csv(&[enterprise(1)]));
    let found = elsewhere(&backed_up(&lost, "khong.zip", &[]));
    found.import("truoc.csv", &csv(&[enterprise(2)]));
    let sql = format!(
        "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line, kind, tax_id,
                                       package, fiscal_year, status, activated_at, updated_at)
         values ('LIC-X', 'x', '{}', 'DH-2611-000777', 1, 'purchase', '{}', 'ASP-DN', 2026, 'active',
                 '2026-11-20T01:00:00Z', '2026-11-20T01:00:00Z')",
        "0".repeat(64),
        enterprise(3).tax_id()
    );
    execute(&found, sql.leak());
    let file = found.outside("hoi.csv");
    fs::write(&file, csv(&[enterprise(3)])).unwrap();
    let waiting = |hour: u32| {
        let check = ["check", file.to_str().unwrap(), "--json"];
        found.run_at(&at("11-23", hour), &check).json()["files"][0]["rows"]["held"].clone()
    };
    assert_eq!((waiting(9), waiting(10)), (0.into(), 1.into()));
}

#[test]
fn nothing_is_overwritten_and_nothing_that_is_no_whole_backup_is_read_in() {
    let world = placed();
    let file = backed_up(&world, "dem.zip", &[]);
    let before = fs::read(&file).unwrap();
    world.run(&["backup", file.to_str().unwrap()]).exits(2);
    assert_eq!(fs::read(&file).unwrap(), before);

    let said = world.run(&["restore", file.to_str().unwrap(), "--json"]).exits(1).json();
    assert_eq!(said["error"]["code"], "state.not_allowed");
    assert_eq!(world.list("orders").len(), 2);

    let empty = World::empty();
    let half = world.outside("nua.zip");
    fs::write(&half, &before[..before.len() / 2]).unwrap();
    empty.run(&["restore", half.to_str().unwrap()]).exits(2);
    let mut flipped = before.clone();
    flipped[before.len() / 2] ^= 1;
    fs::write(&half, &flipped).unwrap();
    empty.run(&["restore", half.to_str().unwrap()]).exits(2);
    empty.run(&["restore", world.outside("khong-co.zip").to_str().unwrap()]).exits(78);
    // Interrupted, it may begin again.
    empty.run(&["restore", file.to_str().unwrap()]).exits(0);
    fs::write(empty.path(".instance"), r#"{"instance":"","mark":0,"restoring":true}"#).unwrap();
    empty.run(&["run", "mail"]).exits(75);
    empty.run(&["restore", file.to_str().unwrap()]).exits(0);
    empty.run(&["restore", file.to_str().unwrap()]).exits(1);
}

#[test]
fn what_a_person_wrote_into_the_new_workspace_stays() {
    let lost = placed();
    let file = backed_up(&lost, "dem.zip", &["--with-key"]);
    let found = World::new();
    found.rewrite("hangloat.toml", "locale = \"vi\"", "locale = \"en\"");
    let said = found.run(&["restore", file.to_str().unwrap(), "--json"]).exits(0).json();
    assert_eq!(said["restored"][0]["kept"], serde_json::json!(["hangloat.toml"]));
    assert!(fs::read_to_string(found.path("hangloat.toml")).unwrap().contains("locale = \"en\""));
    assert_eq!(found.list("orders").len(), 2);
}

#[test]
fn a_backup_of_one_engine_is_read_in_by_the_other() {
    let lost = placed();
    if lost.store_url().starts_with("sqlite:") {
        println!("skipped: there is no PostgreSQL here");
        return;
    }
    let file = backed_up(&lost, "dem.zip", &[]);
    let run = |home: &World, args: &[&str]| -> Ran {
        let mut command = home.command(args);
        finished(command.env_remove("HANGLOAT_STORE__URL").args(["--now", NOW]))
    };
    let sqlite = World::empty();
    run(&sqlite, &["restore", file.to_str().unwrap()]).exits(0);
    assert!(sqlite.path("hangloat.db").is_file());
    let shown = run(&sqlite, &["orders", "--json"]).exits(0).json();
    assert_eq!(shown["orders"].as_array().unwrap(), &lost.list("orders"));
    let again = sqlite.outside("wieder.zip");
    run(&sqlite, &["backup", again.to_str().unwrap()]).exits(0);
    let back = elsewhere(&again);
    assert_eq!(back.orders(), lost.orders());
    assert_eq!(back.list("clients"), lost.list("clients"));
}

#[test]
fn the_job_backs_up_into_its_folder_and_the_doctor_looks_at_it() {
    let world = placed();
    let said = world.run(&["run", "backup", "--json"]).exits(78).json();
    assert!(text(&said["error"], "message").contains("sao lưu"), "{said}");
    let folder = world.outside("sao luu");
    let set = format!("[backup]\nto = \"{}\"", folder.display());
    world.rewrite("hangloat.toml", "[backup]\n# to = \"\"", &set);
    let ran = world.run(&["run", "backup", "--json"]).exits(0).json();
    assert_eq!(ran["runs"][0]["state"], "succeeded");
    let name = "hangloat-2026-11-23-083000.zip";
    assert!(folder.join(name).is_file(), "{ran}");
    let listed = world.run(&["runs"]).exits(0).stdout;
    assert!(listed.contains(" dòng, ") && listed.contains(" kB"), "{listed}");
    let doctor = world.run(&["doctor", "--json"]).exits(1).json();
    let check = |doctor: &Value, name: &str| {
        let checks = doctor["checks"].as_array().unwrap();
        checks.iter().find(|check| check["name"] == name).unwrap().clone()
    };
    assert!(text(&check(&doctor, "backup"), "fix").contains("cùng ổ đĩa"), "{doctor}");
    // As if it lay elsewhere; and days later.
    execute(&world, "update backup set same_disk = (1 = 0)");
    world.run(&["doctor"]).exits(0);
    let late = world.run_at("2026-11-27T08:30:00+07:00", &["doctor", "--json"]).exits(1).json();
    assert!(text(&check(&late, "backup"), "fix").contains("hai ngày"), "{late}");
    assert!(text(&check(&late, "key copy"), "fix").contains("--with-key"), "{late}");
}

#[test]
fn the_doctor_makes_no_folder_and_says_which_one_is_missing() {
    let world = placed();
    let folder = world.outside("sao luu").join("dem");
    let set = format!("[backup]\nto = \"{}\"", folder.display());
    world.rewrite("hangloat.toml", "[backup]\n# to = \"\"", &set);
    fs::remove_dir_all(world.path("archive")).unwrap();
    let check = |name: &str| {
        let checks = world.run(&["doctor", "--json"]).json()["checks"].clone();
        checks.as_array().unwrap().iter().find(|check| check["name"] == name).unwrap().clone()
    };
    let missing = check("backup folder");
    assert_eq!(missing["ok"], true, "{missing}");
    assert!(text(&missing, "detail").contains("chưa có"), "{missing}");
    assert!(text(&missing, "fix").contains("ổ đĩa"), "{missing}");
    let other = check("archive");
    assert!(text(&other, "detail").contains("chưa có") && other["fix"].is_null(), "{other}");
    assert!(!world.outside("sao luu").exists() && !world.path("archive").exists());
    world.run(&["run", "backup"]).exits(0);
    assert_eq!(check("backup folder")["detail"], folder.display().to_string());
}

#[test]
fn a_backup_that_fails_where_cron_runs_it_is_told_to_the_operator_once_a_day() {
    let world = placed();
    let place = "[operator]\nemail = \"may@nhacungcap.example\" ";
    world.rewrite("hangloat.toml", "[operator]", place);
    // A file lies where the folder should be.
    let folder = world.outside("sao luu");
    fs::write(&folder, "x").unwrap();
    let set = format!("[backup]\nto = \"{}\"", folder.display());
    world.rewrite("hangloat.toml", "[backup]\n# to = \"\"", &set);
    let told = || {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["to"] == "may@nhacungcap.example");
        texts(&mails, "subject")
    };
    for _ in 0..2 {
        world.run(&["-q", "run", "backup"]).exits(78);
        assert_eq!(told(), ["_operator/2026-11-23/backup"], "once a day");
    }
    world.run_at(&at("11-24", 3), &["-q", "run", "backup"]).exits(78);
    assert_eq!(told().len(), 2);
    let bells = world.list("notifications");
    let failed = bells.iter().filter(|bell| bell["kind"] == "run_failed");
    assert_eq!(failed.count(), 1, "the run before failed too: {bells:?}");
    let doctor = world.run(&["doctor"]).exits(1).stdout;
    assert!(!doctor.contains("os error") && !doctor.contains("failed to"), "{doctor}");
}

#[test]
fn the_doctor_says_what_to_do_where_there_is_no_backup_yet_and_none_of_the_key() {
    let world = World::new();
    let check = |world: &World, name: &str| {
        let doctor = world.run(&["doctor", "--json"]).json();
        let checks = doctor["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == name).unwrap()
    };
    for (name, fix) in [("backup", "hangloat backup"), ("key copy", "--with-key")] {
        let check = check(&world, name);
        assert!(check["ok"] == true && text(&check, "fix").contains(fix), "{check}");
    }
    let said = world.run(&["doctor"]).exits(0).stdout;
    assert_eq!(said.matches("CẦN LÀM").count(), 2, "{said}");
    // The copy of another key is none of this one.
    let file = backed_up(&world, "co.zip", &["--with-key"]);
    assert_eq!(check(&elsewhere(&file), "key copy")["ok"], true);
    let found = elsewhere(&backed_up(&world, "khong.zip", &[]));
    assert!(text(&check(&found, "key copy"), "fix").contains("--with-key"));
}

#[test]
fn a_backup_is_one_moment_while_the_daemon_works() {
    let world = World::new();
    world.rewrite("jobs/import.toml", "confirm = \"ask\"", "confirm = \"auto\"");
    world.rewrite("jobs/mail.toml", "@every 30s", "@every 1s");
    let daemon = world.serve();
    for n in 0..6 {
        world.drop_file(&format!("khach-{n}.csv"), &csv(&[enterprise(10 + n), household(10 + n)]));
    }
    eventually("it works", || !world.list("batches").is_empty());
    let file = backed_up(&world, "mitten.zip", &[]);
    eventually("all is done", || world.files_in("archive").len() == 6);
    assert!(daemon.stop().success());
    let found = elsewhere(&file);
    let batches = found.list("batches");
    let known: BTreeSet<String> =
        found.files_in("archive").into_iter().chain(found.files_in("work")).collect();
    for batch in &batches {
        let is_kept = known.iter().any(|name| name.contains(&text(batch, "id")));
        assert!(is_kept, "{batch} of {known:?}");
    }
    found.run(&["resume", "--confirm"]).exits(0);
    found.run(&["run", "import"]).exits(0);
    assert!(found.list("batches").iter().all(|batch| batch["state"] == "ordered"));
}
