//! Mails that a server took and that came back: what is dropped into `inbox/_bounce/`, and who learns what of it.

use serde_json::Value;

use super::{
    grace::{at, booked, lines, night, unpaid},
    lists::{csv, enterprise},
    money::{ORDER, placed},
    posted::bells,
    refused::with_a_second_firm,
    workbooks::sheet_text,
};
use crate::world::{FIRM, World, require, text};

const POSTFIX: &str = include_str!("reports/postfix.eml");
const EXCHANGE: &str = include_str!("reports/exchange.eml");
const GMAIL: &str = include_str!("reports/gmail.eml");
const FAILED: &str = include_str!("reports/failed-recipients.eml");
const FULL: &str = include_str!("reports/full.eml");
const DELAYED: &str = include_str!("reports/delayed.eml");
const OUT_OF_OFFICE: &str = include_str!("reports/out-of-office.eml");

/// Who is asked to pay for the first and for the second client.
const FIRST: &str = "giamdoc@congty1.example";
const SECOND: &str = "giamdoc@congty2.example";

/// Three clients whose notices left.
fn noticed() -> World {
    let world = placed();
    world.run(&["run", "mail"]).exits(0);
    world
}

/// The last mail of a purpose to an address.
fn mail(world: &World, purpose: &str, to: &str) -> Value {
    let mut mails = world.list("mails").into_iter();
    mails.rfind(|mail| mail["purpose"] == purpose && mail["to"] == to).unwrap()
}

fn notice(world: &World, to: &str) -> Value {
    mail(world, "order_notice", to)
}

/// A report about a mail, as a server writes it.
fn about(sample: &str, mail: &Value) -> Vec<u8> {
    let id = text(mail, "message_id");
    sample.replace("{id}", &id).replace("{to}", &text(mail, "to")).into_bytes()
}

fn take(world: &World, name: &str, bytes: &[u8]) -> Value {
    world.take(&format!("_bounce/{name}"), bytes)
}

fn suppressed(world: &World) -> Vec<String> {
    let listed = world.run(&["suppressions", "--json"]).exits(0).json();
    let listed = listed["suppressions"].as_array().unwrap().iter();
    listed.map(|it| text(it, "address")).collect()
}

fn receipt(world: &World, name: &str) -> String {
    let name = world.files_in("outbox").into_iter().find(|it| it.contains(name)).unwrap();
    std::fs::read_to_string(world.path("outbox").join(name)).unwrap()
}

#[test]
fn a_mail_that_came_back_is_refused_in_the_server_s_words_and_its_address_gets_no_more() {
    for (name, sample, why) in [
        ("postfix", POSTFIX, "User unknown"),
        ("exchange", EXCHANGE, "RESOLVER.ADR.RecipientNotFound"),
        ("gmail", GMAIL, "does not exist"),
        ("failed-recipients", FAILED, "550 5.1.1"),
    ] {
        let world = noticed();
        let sent = notice(&world, FIRST);
        let file = take(&world, &format!("{name}.eml"), &about(sample, &sent));
        assert_eq!(
            (&file["exit"], &file["kind"], &file["outcome"]),
            (&0.into(), &"bounce".into(), &"accepted".into()),
            "{name}: {file}"
        );
        assert_eq!((&file["rows"]["total"], &file["rows"]["accepted"]), (&1.into(), &1.into()));
        assert_eq!(file["format"]["container"], "eml");
        let told = &file["findings"][0];
        assert_eq!((&told["code"], &told["severity"]), (&"bounce.told".into(), &"info".into()));
        assert!(text(told, "message").contains(why), "{told}");

        let back = notice(&world, FIRST);
        assert_eq!((&back["id"], &back["state"]), (&sent["id"], &"refused".into()));
        assert_eq!((&back["bounce"], &back["sent_at"]), (&file["batch"], &Value::Null));
        assert!(text(&back, "error").contains(why) && !text(&back, "error").contains("://"));
        let shown = world.run(&["mails", &back["id"].to_string()]).exits(0).stdout;
        assert!(shown.contains(&text(&file, "batch")), "{shown}");
        assert_eq!(notice(&world, SECOND)["state"], "sent");
        assert_eq!(suppressed(&world), [FIRST]);
        let [bell] = &bells(&world, "mail_refused")[..] else { panic!("one bell") };
        assert!(bell.contains(FIRST) && bell.contains(why), "{bell}");

        let batch = world.run(&["batches", &text(&file, "batch"), "--json"]).exits(0).json();
        let batch = &batch["batches"][0];
        assert_eq!(
            (&batch["kind"], &batch["state"], &batch["firm"]),
            (&"bounce".into(), &"done".into(), &"_bounce".into())
        );
        let receipt = receipt(&world, &format!("_bounce/{name}__"));
        assert!(receipt.contains("ĐÃ NHẬN BÁO CÁO") && receipt.contains(FIRST), "{receipt}");
        assert!(world.files_in("archive").iter().any(|it| it.ends_with(&format!("{name}.eml"))));
        assert!(world.files_in("inbox").is_empty() && world.files_in("work").is_empty());
        world.run(&["prove"]).exits(0);
    }
}

#[test]
fn what_comes_later_to_an_address_that_failed_is_held_until_a_person_says_so() {
    let world = noticed();
    take(&world, "a.eml", &about(POSTFIX, &notice(&world, FIRST)));
    world.run(&["activate", ORDER]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(mail(&world, "login_first", FIRST)["state"], "held");
    assert_eq!(mail(&world, "login_first", SECOND)["state"], "sent");
    world.run(&["resend", &notice(&world, FIRST)["id"].to_string()]).exits(0);
    assert!(suppressed(&world).is_empty());
}

#[test]
fn the_same_bytes_are_a_duplicate_and_another_report_about_the_same_mail_changes_nothing() {
    let world = noticed();
    let sent = notice(&world, FIRST);
    let first = take(&world, "a.eml", &about(POSTFIX, &sent));
    let same = take(&world, "b.eml", &about(POSTFIX, &sent));
    assert_eq!(
        (&same["outcome"], &same["duplicate_of"], &same["kind"]),
        (&"duplicate".into(), &first["batch"], &"bounce".into())
    );
    let other = take(&world, "c.eml", &about(EXCHANGE, &sent));
    assert_eq!((&other["outcome"], &other["exit"]), (&"accepted".into(), &0.into()));
    assert_eq!((&other["rows"]["accepted"], &other["rows"]["unchanged"]), (&0.into(), &1.into()));
    assert_eq!(notice(&world, FIRST)["bounce"], first["batch"]);
    assert_eq!(bells(&world, "mail_refused").len(), 1);
}

#[test]
fn a_full_mailbox_is_not_the_address_s_fault() {
    let world = noticed();
    let file = take(&world, "day.eml", &about(FULL, &notice(&world, FIRST)));
    assert_eq!(file["outcome"], "accepted");
    assert!(text(&file["findings"][0], "fix").contains("Hộp thư bị đầy"), "{file}");
    assert_eq!(notice(&world, FIRST)["state"], "refused");
    assert!(suppressed(&world).is_empty());
    assert_eq!(bells(&world, "mail_refused").len(), 1);
}

#[test]
fn a_mail_that_is_late_is_noted_and_what_a_program_replied_is_not() {
    let world = noticed();
    let sent = notice(&world, FIRST);
    let late = take(&world, "cham.eml", &about(DELAYED, &sent));
    assert_eq!((&late["outcome"], &late["rows"]["accepted"]), (&"accepted".into(), &1.into()));
    let noted = notice(&world, FIRST);
    assert_eq!((&noted["state"], &noted["bounce"]), (&"sent".into(), &late["batch"]));
    assert!(text(&noted, "error").contains("Connection timed out"), "{noted}");
    let away = take(&world, "vang.eml", &about(OUT_OF_OFFICE, &notice(&world, SECOND)));
    assert_eq!(
        (&away["kind"], &away["outcome"], &away["exit"]),
        (&"bounce".into(), &"accepted".into(), &0.into())
    );
    assert_eq!(
        (&away["rows"]["total"], &away["findings"][0]["code"]),
        (&0.into(), &"bounce.automatic".into())
    );
    let second = notice(&world, SECOND);
    assert_eq!((&second["state"], &second["error"]), (&"sent".into(), &Value::Null));
    assert!(suppressed(&world).is_empty() && bells(&world, "mail_refused").is_empty());
}

#[test]
fn without_an_id_of_ours_it_is_the_last_mail_to_the_recipient_if_it_came_from_here() {
    let world = noticed();
    let rewritten = POSTFIX.replace("{id}", "0100-rewritten@relay.example");
    let foreign = rewritten.replace("\" <no-reply@hangloat.example>", "\" <ai-do@khac.example>");
    let sent = notice(&world, FIRST);
    let file = take(&world, "khac.eml", &about(&foreign, &sent));
    assert_eq!((&file["outcome"], &file["exit"]), (&"rejected".into(), &1.into()), "{file}");
    assert_eq!(notice(&world, FIRST)["state"], "sent");
    let file = take(&world, "cua-ta.eml", &about(&rewritten, &sent));
    assert_eq!(file["outcome"], "accepted", "{file}");
    assert_eq!(suppressed(&world), [FIRST]);
    let mails = world.list("mails");
    assert_eq!(mails.iter().filter(|mail| mail["state"] == "refused").count(), 1);
}

#[test]
fn a_report_about_no_mail_of_ours_says_so_is_kept_and_may_come_again() {
    let world = noticed();
    let nobody = POSTFIX.replace("{to}", "ai@khac.example");
    let nobody = nobody.replace("{id}", "khong-co@hangloat.example");
    for name in ["a.eml", "b.eml"] {
        let file = take(&world, name, nobody.as_bytes());
        assert_eq!(
            (&file["exit"], &file["kind"], &file["outcome"]),
            (&1.into(), &"bounce".into(), &"rejected".into()),
            "{file}"
        );
        assert_eq!(file["rows"]["rejected"], 1);
        assert_eq!(file["findings"][0]["code"], "bounce.unknown_mail");
        assert!(text(&file["findings"][0], "message").contains("ai@khac.example"), "{file}");
        assert!(world.files_in("archive").iter().any(|it| it.ends_with(name)));
    }
    assert!(suppressed(&world).is_empty());
    let letter =
        "From: chị Hoa <hoa@khac.example>\nMessage-ID: <1@khac.example>\nSubject: hỏi\n\nEm ơi?\n";
    let file = take(&world, "thu.eml", letter.as_bytes());
    assert_eq!(
        (&file["exit"], &file["findings"][0]["code"]),
        (&3.into(), &"bounce.not_a_report".into())
    );
    // Saved as a mail, and nothing but words.
    let file = take(&world, "note.eml", b"hello\n");
    assert_eq!(
        (&file["exit"], &file["findings"][0]["code"]),
        (&3.into(), &"bounce.not_a_report".into())
    );
    world.run(&["prove"]).exits(0);
}

#[test]
fn a_report_in_another_folder_and_a_list_in_this_one_are_told_where_they_belong() {
    let world = noticed();
    with_a_second_firm(&world);
    let report = about(POSTFIX, &notice(&world, FIRST));
    for folder in [FIRM, "_bank"] {
        let file = world.take(&format!("{folder}/tra-ve.eml"), &report);
        assert_eq!(
            (&file["exit"], &file["findings"][0]["code"]),
            (&3.into(), &"file.unsupported".into())
        );
        assert!(text(&file["findings"][0], "fix").contains("inbox/_bounce/"), "{file}");
    }
    assert_eq!(notice(&world, FIRST)["state"], "sent");
    let list = take(&world, "khach.csv", &csv(&[enterprise(9)]));
    assert_eq!(
        (&list["exit"], &list["findings"][0]["code"]),
        (&3.into(), &"file.wrong_folder".into())
    );
    assert!(text(&list["findings"][0], "message").contains("_bounce"), "{list}");
    assert_eq!(world.list("orders").len(), 1);
}

#[test]
fn a_report_is_checked_without_being_taken_wherever_it_lies() {
    let world = noticed();
    let report = about(POSTFIX, &notice(&world, FIRST));
    let outside = world.outside("tra-ve.eml");
    std::fs::write(&outside, &report).unwrap();
    let dropped = world.drop_file("_bounce/tra-ve.eml", &report);
    for path in [&outside, &dropped] {
        let check = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(0).json();
        let file = &check["files"][0];
        assert_eq!((&file["kind"], &file["outcome"]), (&"bounce".into(), &"accepted".into()));
        assert_eq!((&file["rows"]["accepted"], &file["batch"]), (&1.into(), &Value::Null));
    }
    assert_eq!(notice(&world, FIRST)["state"], "sent");
    assert!(suppressed(&world).is_empty() && dropped.is_file());
    world.run(&["run", "import"]).exits(0);
    assert_eq!(notice(&world, FIRST)["state"], "refused");
}

#[test]
fn hostile_mails_are_told_as_what_they_are_and_keep_no_others_from_being_taken() {
    let world = noticed();
    let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
    let deep = "MIME-Version: 1.0\n".to_owned() + &(0..20_000).map(level).collect::<String>();
    let header = "MIME-Version: 1.0\nContent-Type: message/delivery-status\n\n";
    let long = format!("{header}{}", "x: y\n\n".repeat(1_000_000));
    let mut bytes =
        b"MIME-Version: 1.0\nContent-Type: multipart/report; boundary=\xFF\n\n".to_vec();
    bytes.extend((0..200_000_u32).map(|n| n.wrapping_mul(2_654_435_761).to_le_bytes()[2]));
    for (name, hostile) in
        [("a.eml", deep.as_bytes()), ("b.eml", long.as_bytes()), ("c.eml", &bytes)]
    {
        let file = take(&world, name, hostile);
        assert_eq!((&file["exit"], &file["outcome"]), (&3.into(), &"rejected".into()), "{file}");
    }
    let file = take(&world, "d.eml", &about(GMAIL, &notice(&world, FIRST)));
    assert_eq!(file["outcome"], "accepted");
}

#[test]
fn nobody_is_cut_off_by_a_warning_that_came_back() {
    let world = unpaid();
    world.run_at(&at("11-27", 8), &["run", "remind"]).exits(0);
    world.run_at(&at("11-27", 9), &["run", "mail"]).exits(0);
    let warning = mail(&world, "grace_warning", SECOND);
    let path = world.drop_file("_bounce/nhac.eml", &about(FULL, &warning));
    let taken = world.run_at(&at("11-27", 10), &["run", "import", "--json"]).exits(0).json();
    let told = text(&taken["files"][0]["findings"][0], "message");
    assert!(told.contains("không ai bị ngắt") && !path.exists(), "{told}");
    // The copy for the firm warns nobody.
    let mut copies = world.list("mails");
    copies.retain(|mail| mail["purpose"] == "grace_warning" && mail["to"] == "lan@minhan.example");
    world.drop_file("_bounce/ban-sao.eml", &about(FULL, &copies[0]));
    let taken = world.run_at(&at("11-27", 11), &["run", "import", "--json"]).exits(0).json();
    let told = text(&taken["files"][0]["findings"][0], "message");
    assert!(!told.contains("bị ngắt"), "{told}");
    booked(&world, "a.csv", "02/12/2026", &[("28/11/2026", 5, "khac")]);
    let (exit, counts) = night(&world, "12-04");
    assert_eq!((exit, &counts["suspended"], &counts["waiting_lines"]), (1, &2.into(), &1.into()));
    assert_eq!(lines(&world), ["suspended", "grace", "suspended"]);
    if require("openpyxl") {
        world.run_at(&at("12-04", 8), &["run", "look-up"]).exits(0);
        let said = sheet_text(&world.path("outbox/tra-cuu__2026-12-04__r1.xlsx"), "Tra cứu");
        let over = "Ngày cuối 30/11/2026 đã qua, chưa ngắt. Chờ thư nhắc cuối";
        for part in [over.to_owned(), format!("thư gần nhất tới {SECOND} không đến")] {
            assert!(said.contains(&part), "no {part} in {said}");
        }
        assert!(!said.contains("Chưa trả thì ngắt từ"), "{said}");
    }
    // The mailbox has room again: a day after the same warning was sent once more.
    let again = ["resend", &warning["id"].to_string()];
    world.run_at(&at("12-04", 9), &again).exits(0);
    world.run_at(&at("12-04", 10), &["run", "mail"]).exits(0);
    assert_eq!(night(&world, "12-05").1["suspended"], 0);
    booked(&world, "b.csv", "06/12/2026", &[("04/12/2026", 6, "khac")]);
    assert_eq!(night(&world, "12-07").1["suspended"], 1);
    assert_eq!(lines(&world), ["suspended"; 3]);
}

#[test]
fn a_morning_tells_what_came_back_and_why_until_the_address_is_put_right() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        take(&world, "sai.eml", &about(POSTFIX, &notice(&world, FIRST)));
        take(&world, "day.eml", &about(FULL, &notice(&world, SECOND)));
        let page = |day: &str| {
            world.run_at(&at(day, 8), &["run", "report"]).exits(0);
            let path = world.path(&format!("outbox/morning__2026-{day}__r1.xlsx"));
            sheet_text(&path, "Buổi sáng")
        };
        let before = page("11-24");
        for said in [
            FIRST,
            "User unknown",
            "hỏi lại người nhận địa chỉ đúng",
            SECOND,
            "maildir over quota",
            "hộp thư có thể đang đầy",
        ] {
            assert!(before.contains(said), "no {said} in\n{before}");
        }
        // Another field of the second client says nothing of its address.
        for (line, change) in [(1, "email=moi@congty1.example"), (2, "note=gọi trước")] {
            let line = format!("{ORDER}/{line}");
            world.run(&["correct", &line, change, "--reason", "khách báo"]).exits(0);
        }
        let after = page("11-25");
        assert!(!after.contains(FIRST) && after.contains(SECOND), "{after}");
    }
}

#[test]
fn each_mail_that_came_back_is_told_in_the_words_of_its_kind() {
    if !require("openpyxl") {
        return;
    }
    let world = unpaid();
    take(&world, "sai.eml", &about(POSTFIX, &notice(&world, FIRST)));
    take(&world, "day.eml", &about(FULL, &mail(&world, "login_first", FIRST)));
    let page = morning(&world, "");
    for said in ["hỏi lại người nhận địa chỉ đúng", "hộp thư có thể đang đầy"]
    {
        assert_eq!(page.matches(said).count(), 1, "{said} in {page}");
    }
}

#[test]
fn a_new_workspace_has_the_folder_and_the_daemon_takes_what_is_dropped_there() {
    for world in World::on_each_engine() {
        assert!(world.path("inbox/_bounce").is_dir());
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let report = about(POSTFIX, &notice(&world, FIRST));
        let daemon = world.serve();
        world.drop_file("_bounce/tra-ve.eml", &report);
        crate::world::eventually("the report is taken", || {
            notice(&world, FIRST)["state"] == "refused"
        });
        assert!(daemon.stop().success());
    }
}

/// What the morning page of the next day says.
fn morning(world: &World, folder: &str) -> String {
    world.run_at(&at("11-24", 7), &["run", "report"]).exits(0);
    let page = world.path(&format!("outbox/{folder}morning__2026-11-24__r1.xlsx"));
    if page.is_file() { sheet_text(&page, "Buổi sáng") } else { String::new() }
}

#[test]
fn of_a_client_that_went_to_another_firm_that_one_alone_is_told_what_came_back() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        with_a_second_firm(&world);
        let line = format!("{ORDER}/1");
        world.run(&["transfer", &line, "HOAPHAT", "--reason", "đổi kế toán"]).exits(0);
        take(&world, "a.eml", &about(POSTFIX, &notice(&world, FIRST)));
        take(&world, "b.eml", &about(POSTFIX, &mail(&world, "login_first", FIRST)));
        take(&world, "c.eml", &about(POSTFIX, &notice(&world, SECOND)));
        let bells = |firm: &str| {
            let all = world.run(&["notifications", "--firm", firm, "--json"]).exits(0).json();
            let all = all["notifications"].as_array().unwrap().clone().into_iter();
            let refused = all.filter(|it| it["kind"] == "mail_refused");
            refused.map(|it| text(&it, "text")).collect::<Vec<_>>()
        };
        let (of_new, of_old) = (bells("HOAPHAT"), bells(FIRM));
        assert!(of_new.len() == 2 && of_new.iter().all(|it| it.contains(FIRST)), "{of_new:?}");
        assert!(of_old.len() == 1 && of_old[0].contains(SECOND), "{of_old:?}");
        if require("openpyxl") {
            let page = morning(&world, "HOAPHAT/");
            assert!(page.contains(FIRST) && !page.contains(SECOND), "{page}");
            let page = morning(&world, "MINHAN/");
            assert!(page.contains(SECOND) && !page.contains(FIRST), "{page}");
        }
    }
}

#[test]
fn what_is_held_for_its_address_is_told_to_the_firm_and_stands_on_its_morning_page() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        take(&world, "a.eml", &about(POSTFIX, &notice(&world, FIRST)));
        world.run(&["activate", ORDER]).exits(0);
        for _ in 0..2 {
            world.run(&["run", "mail"]).exits(0);
        }
        let held = mail(&world, "login_first", FIRST);
        assert!(text(&held, "error").contains("đã từng từ chối thư"), "{held}");
        let bells = bells(&world, "mail_refused");
        let told = bells.iter().filter(|it| it.contains("chưa gửi") && it.contains(FIRST));
        assert_eq!((bells.len(), told.count()), (2, 1), "{bells:?}");
        if require("openpyxl") {
            let page = morning(&world, "");
            let said = format!("Thư chưa gửi, vì địa chỉ {FIRST} đã từng từ chối");
            assert!(page.contains(&said), "{page}");
        }
    }
}

#[test]
fn a_mail_that_failed_where_it_was_forwarded_to_keeps_its_address() {
    const OTHER: &str = "ke-toan@noi-khac.example";
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        let forwarded = POSTFIX
            .replace("Final-Recipient: rfc822; {to}", &format!("Final-Recipient: rfc822; {OTHER}"));
        let foreign = forwarded.replace(
            "Original-Recipient: rfc822;{to}",
            &format!("Original-Recipient: rfc822;{OTHER}"),
        );
        for (name, report, to) in [("a.eml", &forwarded, FIRST), ("b.eml", &foreign, SECOND)] {
            let file = take(&world, name, &about(report, &notice(&world, to)));
            assert_eq!(file["outcome"], "accepted", "{file}");
            let told = &file["findings"][0];
            assert!(text(told, "message").contains(OTHER), "{told}");
            let back = notice(&world, to);
            assert_eq!(back["state"], "refused");
            assert!(text(&back, "error").contains(OTHER), "{back}");
        }
        assert!(suppressed(&world).is_empty());
        let bells = bells(&world, "mail_refused");
        assert!(bells.len() == 2 && bells.iter().all(|it| it.contains(OTHER)), "{bells:?}");
        if require("openpyxl") {
            let page = morning(&world, "");
            assert!(page.contains("Địa chỉ không sai"), "{page}");
            assert!(!page.contains("hỏi lại người nhận địa chỉ email đúng"), "{page}");
        }
        // A person may say so all the same of a mail that counts as refused already.
        let id = notice(&world, FIRST)["id"].to_string();
        world.run(&["mails", "refuse", &id, "--reason", "Khách bỏ địa chỉ này"]).exits(0);
        assert_eq!(suppressed(&world), [FIRST]);
    }
}

#[test]
fn of_a_mail_that_a_person_refused_the_morning_does_not_say_to_send_it_again() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
        world.run(&["confirm", ORDER]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        for (name, to) in [("a.eml", FIRST), ("b.eml", SECOND)] {
            take(&world, name, &about(FULL, &notice(&world, to)));
        }
        let id = notice(&world, FIRST)["id"].to_string();
        world.run(&["mails", "refuse", &id, "--reason", "Khách bỏ địa chỉ này"]).exits(0);
        let page = morning(&world, "");
        let told = |to: &str| page.lines().find(|line| line.contains(to)).unwrap();
        assert!(told(FIRST).contains("hỏi lại người nhận địa chỉ đúng"), "{page}");
        assert!(!told(FIRST).contains("hangloat resend"), "{page}");
        assert!(told(SECOND).contains("hangloat resend"), "{page}");
    }
}

#[test]
fn a_report_that_who_sends_is_refused_is_the_operator_s_and_keeps_the_address() {
    for (status, world) in ["5.4.5", "5.7.1"].into_iter().zip([noticed(), noticed()]) {
        let report = POSTFIX.replace("5.1.1", status);
        let operator = "[operator]\nemail = \"may@nhacungcap.example\" ";
        world.rewrite("hangloat.toml", "[operator]", operator);
        for (name, to) in [("a.eml", FIRST), ("b.eml", SECOND)] {
            let file = take(&world, name, &about(&report, &notice(&world, to)));
            let fix = text(&file["findings"][0], "fix");
            assert!(fix.contains("Lý do ở bên gửi"), "{fix}");
            assert_eq!(notice(&world, to)["state"], "refused");
        }
        assert!(suppressed(&world).is_empty() && bells(&world, "mail_refused").is_empty());
        let told = world.list("notifications");
        let told: Vec<&Value> = told.iter().filter(|it| it["kind"] == "mail_paused").collect();
        assert!(told.iter().all(|it| it["firm"] == "_operator"), "{told:?}");
        assert!(text(told[0], "text").contains(status), "{told:?}");
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["to"] == "may@nhacungcap.example");
        assert_eq!(mails.len(), 1, "one a day: {mails:?}");
        assert_eq!(mails[0]["purpose"], "operator");
        if require("openpyxl") {
            let page = morning(&world, "");
            assert!(page.contains("không phải do địa chỉ"), "{page}");
            assert!(!page.contains("hỏi lại người nhận địa chỉ email đúng"), "{page}");
        }
    }
}

#[test]
fn after_a_bounce_and_a_correction_the_results_say_where_the_newest_log_in_mail_stands() {
    if !require("openpyxl") {
        return;
    }
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        world.run(&["run", "mail"]).exits(0);
        take(&world, "a.eml", &about(POSTFIX, &mail(&world, "login_first", FIRST)));
        let line = format!("{ORDER}/1");
        let correct = |change: &str| {
            world.run(&["correct", &line, change, "--reason", "khách báo"]).exits(0);
            sheet_text(&world.workbook("B000001"), "Kết quả")
        };
        correct("email=moi@congty1.example");
        world.run(&["run", "mail"]).exits(0);
        let shown = correct("address=Số 9 Lê Lợi, Hà Nội");
        assert!(shown.contains("Đăng nhập lần đầu: Đã gửi"), "{shown}");
        assert!(!shown.contains("Bị từ chối"), "{shown}");
    }
}
