//! What the platform refuses, and what happens while it is away: who is told, what goes on, and what waits.

use hangloat::db::Db;
use serde_json::Value;

use super::{
    lists::{csv, enterprise},
    workbooks::{read, sheet_text},
};
use crate::world::{World, require, text, texts};

const ORDER: &str = "DH-2611-000001";
const HOA: &str = "hoa@minhan.example";

/// Carries out statements on the database of a workspace.
pub fn execute(world: &World, statements: &[&'static str]) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        for sql in statements {
            db.query(*sql).execute().await.unwrap();
        }
    });
}

/// The platform has a licence of the second client for this year, which nobody here knows of.
fn plant_licence(world: &World, kind: &'static str) {
    const PLANT: &str = "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line,
                             kind, tax_id, package, fiscal_year, status, activated_at, updated_at)
        select 'LIC-OTHER', 'other', request_sha256, 'DH-2601-000001', 1, $1, $2, 'ASP-DN', 2026, 'active',
               planned_at, planned_at
        from activation limit 1";
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        let planted = db.query(PLANT).bind(kind).bind(enterprise(2).tax_id().to_owned());
        assert_eq!(planted.execute().await.unwrap(), 1);
    });
}

pub fn go_away(world: &World) {
    execute(world, &["alter table platform_licence rename to platform_away"]);
}

pub fn come_back(world: &World) {
    execute(world, &["alter table platform_away rename to platform_licence"]);
}

fn pay(world: &World) {
    execute(
        world,
        &["update payment_request set state = 'paid', paid = amount
                      where line_id in (select id from order_line where line_no = 2)"],
    );
}

/// Three enterprises in one order that was placed.
pub fn placed() -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2), enterprise(3)]));
    world.run(&["confirm", ORDER]).exits(0);
    world
}

pub fn activated() -> World {
    let world = placed();
    world.run(&["activate", ORDER]).exits(0);
    world
}

fn cancel(world: &World, lines: &[u32], exit: i32) -> Value {
    let lines: Vec<String> = lines.iter().map(|line| format!("{ORDER}/{line}")).collect();
    let lines: Vec<&str> = lines.iter().map(String::as_str).collect();
    let args = [&["cancel"][..], &lines, &["--reason", "khách đổi ý", "--json"]].concat();
    world.run(&args).exits(exit).json()
}

fn states(world: &World) -> Vec<String> {
    texts(world.order(ORDER)["lines"].as_array().unwrap(), "state")
}

fn licence_states(world: &World) -> Vec<String> {
    texts(&world.list("licences"), "state")
}

fn bells(world: &World, kind: &str) -> Vec<String> {
    let bells = world.list("notifications").into_iter().filter(|bell| bell["kind"] == kind);
    bells.map(|bell| text(&bell, "text")).collect()
}

/// Killed when it had planned what it was to do.
fn plan_to_cancel_the_second(world: &World, point: &str) {
    let line = format!("{ORDER}/2");
    assert!(world.is_killed_at(point, &["cancel", &line, "--reason", "khách đổi ý"]));
}

/// The cells of ours in a row of the newest workbook.
fn shown(world: &World, row: usize) -> [String; 3] {
    let sheet = read(&world.workbook("B000001"))["sheets"]["Kết quả"].clone();
    [12, 13, 14].map(|column| sheet[row - 1][column].as_str().unwrap_or_default().to_owned())
}

/// A placed order of which the platform refuses the second line.
pub fn refused() -> World {
    let world = placed();
    assert!(world.is_killed_at("activation_claimed", &["activate", ORDER]));
    plant_licence(&world, "purchase");
    world.run(&["activate", ORDER]).exits(1);
    world
}

#[test]
fn what_the_platform_refuses_is_said_with_its_reason_in_the_bell_and_the_order() {
    let world = refused();
    assert_eq!(states(&world), ["grace", "failed", "grace"]);
    let lines = world.order(ORDER)["lines"].clone();
    let (why, fix) = (text(&lines[1], "why"), text(&lines[1], "fix"));
    assert!(why.contains("đã có phần mềm") && fix.contains("hangloat activate DH-2611-000001"));
    assert!(lines[0]["why"].is_null() && lines[2]["fix"].is_null());
    let human = world.run(&["orders", ORDER]).exits(0).stdout;
    assert!(human.contains(&why) && human.contains(&fix), "{human}");
    let bell = &bells(&world, "order_activated")[0];
    assert!(bell.contains(enterprise(2).name()) && bell.contains(&why), "{bell}");

    // Only the command asks again, and the reason goes with the refusal.
    execute(&world, &["delete from platform_licence where licence_id = 'LIC-OTHER'"]);
    world.run(&["activate", ORDER]).exits(0);
    assert!(world.order(ORDER)["lines"][1]["why"].is_null());
    assert!(!bells(&world, "order_activated")[0].contains("từ chối kích hoạt"));
}

#[test]
fn no_notice_is_announced_for_what_the_platform_refused() {
    if !require("openpyxl") {
        return;
    }
    let world = refused();
    let rows = read(&world.workbook("B000001"))["sheets"]["Kết quả"].clone();
    let at = rows[0].as_array().unwrap().iter().position(|cell| cell == "Thư").unwrap();
    for (row, state) in [(1, "Sắp gửi"), (2, "Không gửi nữa"), (3, "Sắp gửi")] {
        let said = rows[row][at].as_str().unwrap();
        assert!(said.contains(&format!("Thông báo đơn hàng: {state}")), "row {row}: {said}");
    }
}

#[test]
fn what_the_platform_refuses_is_said_beside_the_row_until_it_is_done() {
    if !require("openpyxl") {
        return;
    }
    let world = refused();
    let [state, why, fix] = shown(&world, 3);
    assert!(why.contains("đã có phần mềm") && fix.contains("cột Hủy"), "{state}: {why} {fix}");
    assert!(!shown(&world, 2)[1].contains("Nền tảng"));
    cancel(&world, &[2], 0);
    assert!(!shown(&world, 3)[1].contains("Nền tảng"), "it was cancelled");
}

#[test]
fn nobody_is_asked_to_pay_for_what_the_platform_refused() {
    if !require("openpyxl") {
        return;
    }
    let world = refused();
    let asked = || sheet_text(&world.workbook("B000001"), "Tin nhắn");
    let said = asked();
    assert!(said.contains(enterprise(1).name()), "{said}");
    assert!(!said.contains(enterprise(2).name()), "{said}");
    // It is asked for again when it works.
    execute(&world, &["delete from platform_licence where licence_id = 'LIC-OTHER'"]);
    world.run(&["activate", ORDER]).exits(0);
    assert!(asked().contains(enterprise(2).name()));
}

#[test]
fn while_nobody_knows_what_the_platform_did_that_is_what_is_said() {
    let world = placed();
    go_away(&world);
    world.run(&["activate", ORDER]).exits(1);
    assert_eq!(states(&world), ["uncertain"; 3]);
    let why = text(&world.order(ORDER)["lines"][0], "why");
    assert!(why.contains("chưa rõ"), "{why}");
    come_back(&world);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(states(&world), ["grace"; 3]);
    assert!(world.order(ORDER)["lines"][0]["why"].is_null());
}

#[test]
fn a_free_order_ends_with_its_last_refused_line() {
    let world = World::new();
    let list = String::from_utf8(csv(&[enterprise(1), enterprise(2)])).unwrap();
    let mut lines: Vec<String> = list.lines().map(|line| format!("{line},Miễn phí")).collect();
    lines[0] = lines[0].replace("Miễn phí", "Loại đơn");
    world.import("mien-phi.csv", lines.join("\n").as_bytes());
    assert!(world.is_killed_at("activation_claimed", &["confirm", ORDER]));
    plant_licence(&world, "free");
    world.run(&["run", "activate"]).exits(1);
    assert_eq!(states(&world), ["active", "failed"]);
    let why = text(&world.order(ORDER)["lines"][1], "why");
    assert!(why.contains("đã dùng năm miễn phí"), "{why}");
    cancel(&world, &[2], 0);
    assert_eq!(text(&world.order(ORDER), "state"), "done");
    assert_eq!(text(&world.list("batches")[0], "state"), "done");
}

#[test]
fn a_cancellation_that_waits_for_the_platform_is_planned_and_says_so() {
    let world = activated();
    go_away(&world);
    for _ in 0..2 {
        let answer = cancel(&world, &[2], 1);
        assert_eq!(answer["orders"][0]["code"], ORDER, "{answer}");
        let [kept] = &answer["not_cancelled"].as_array().unwrap()[..] else { panic!("{answer}") };
        assert_eq!(
            (text(kept, "line"), text(kept, "state")),
            (format!("{ORDER}/2"), "grace".into())
        );
        assert!(text(kept, "why").contains("Đã ghi nhận"), "{kept}");
    }
    let line = format!("{ORDER}/2");
    let human = world.run(&["cancel", &line, "--reason", "khách đổi ý"]).exits(1).stdout;
    assert!(human.contains("chờ nền tảng") && !human.contains("Không hủy được"), "{human}");
    assert!(bells(&world, "order_cancelled").is_empty());
    come_back(&world);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(states(&world), ["grace", "cancelled", "grace"]);
    assert_eq!(bells(&world, "order_cancelled").len(), 1);
}

#[test]
fn what_is_paid_before_the_platform_stops_it_goes_on() {
    // Planned only; and asked for without an answer.
    for asked in [false, true] {
        let world = activated();
        if asked {
            go_away(&world);
            cancel(&world, &[2], 1);
            come_back(&world);
        } else {
            plan_to_cancel_the_second(&world, "cancelled");
        }
        pay(&world);
        world.run(&["run", "activate"]).exits(1);
        assert_eq!(states(&world), ["grace"; 3], "asked: {asked}");
        assert_eq!(licence_states(&world), ["grace"; 3]);
        let told = bells(&world, "order_cancelled");
        assert!(told.len() == 1 && told[0].contains("Đã thanh toán"), "{told:?}");
        world.run(&["run", "activate"]).exits(0);
        let kept = cancel(&world, &[2], 1);
        assert!(text(&kept["error"], "message").contains("Đã thanh toán"), "{kept}");
    }
}

#[test]
fn what_is_paid_when_the_platform_has_stopped_it_is_restored_and_not_cancelled() {
    let world = activated();
    plan_to_cancel_the_second(&world, "change_answered");
    pay(&world);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(states(&world), ["grace", "active", "grace"]);
    assert_eq!(licence_states(&world), ["grace", "active", "grace"]);
    let requests = world.order(ORDER)["payment_requests"].clone();
    assert_eq!(texts(requests.as_array().unwrap(), "state"), ["open", "paid", "open"]);
    assert!(bells(&world, "order_cancelled")[0].contains("Đã thanh toán"));
}

#[test]
fn a_line_that_stands_elsewhere_when_its_licence_was_stopped_keeps_its_request() {
    let world = activated();
    plan_to_cancel_the_second(&world, "change_answered");
    execute(&world, &["update order_line set state = 'failed' where line_no = 2"]);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(states(&world), ["grace", "failed", "grace"]);
    let requests = world.order(ORDER)["payment_requests"].clone();
    assert_eq!(texts(requests.as_array().unwrap(), "state"), ["open"; 3]);
    assert!(bells(&world, "order_cancelled").is_empty());
}

#[test]
fn many_working_lines_that_are_cancelled_at_once_ring_once_and_make_one_revision() {
    let world = activated();
    let revision = || world.list("batches")[0]["revision"].as_i64().unwrap();
    let before = revision();
    let order = cancel(&world, &[1, 2, 3], 0)["orders"][0].clone();
    assert_eq!((text(&order, "state"), order["amount"].as_i64()), ("cancelled".into(), Some(0)));
    assert_eq!(revision(), before + 1);
    let told = bells(&world, "order_cancelled");
    assert!(told.len() == 1 && told[0].contains("Đã hủy đơn"), "{told:?}");
    assert_eq!(text(&world.list("batches")[0], "state"), "done");
}

#[test]
fn a_change_that_cannot_be_made_keeps_no_other_one_waiting() {
    const TWO_ADMINS: [&str; 2] = [
        "insert into platform_account (email, created_at)
         select 'ba@a.example', min(created_at) from platform_account",
        "insert into platform_login (licence_id, email, role, first_time)
         select min(licence_id), 'ba@a.example', 'client_admin', FALSE from platform_licence where line = 1",
    ];
    let world = activated();
    let config = std::fs::read_to_string(world.path("hangloat.toml")).unwrap();
    let staff = config.lines().find(|line| line.starts_with("staff = ")).unwrap().to_owned();
    let hoa =
        format!("staff = [{{ name = \"Lê Thị Hoa\", email = \"{HOA}\", role = \"manager\" }}]");
    world.rewrite("hangloat.toml", &staff, &hoa);
    // One that the platform would not take, and one that cannot even be written.
    execute(&world, &TWO_ADMINS);
    execute(
        &world,
        &["delete from licence where line_id in (select id from order_line where line_no = 2)"],
    );
    let [one, two, three] = [1, 2, 3].map(|number| format!("{ORDER}/{number}"));
    world.run(&["assign", &one, &two, &three, HOA]).exits(1);
    let licences = world.list("licences");
    let third = licences.iter().find(|licence| licence["line"] == 3).unwrap();
    let emails = texts(third["logins"].as_array().unwrap(), "email");
    assert!(emails.iter().any(|email| email == HOA), "{emails:?}");
    // What comes later for the same licence is not kept waiting either.
    cancel(&world, &[1], 0);
}

#[test]
fn a_line_that_cannot_be_read_keeps_no_other_one_waiting() {
    let world = placed();
    assert!(world.is_killed_at("activation_claimed", &["activate", ORDER]));
    execute(&world, &["update order_line set client = '{}' where line_no = 2"]);
    world.run(&["run", "activate"]);
    let licensed = world.list("licences");
    let lines: Vec<&Value> = licensed.iter().map(|licence| &licence["line"]).collect();
    assert_eq!(lines, [&Value::from(1), &Value::from(3)], "{licensed:?}");
}

#[test]
fn no_notice_leaves_for_what_the_platform_refused_until_it_is_asked_for_again() {
    let world = refused();
    let notices = |world: &World| {
        let all = world.list("mails").into_iter();
        let own = all.filter(|it| it["purpose"] == "order_notice" && it["state"] == "sent");
        let mut to: Vec<String> = own.map(|it| text(&it, "to")).collect();
        to.sort();
        to
    };
    world.run(&["run", "mail"]).exits(0);
    let [first, second, third] = [1, 2, 3].map(|n| enterprise(n).email().to_owned());
    assert_eq!(notices(&world), [first.clone(), third.clone()]);
    execute(&world, &["delete from platform_licence where licence_id = 'LIC-OTHER'"]);
    world.run(&["activate", ORDER]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(notices(&world), [first, second, third]);
}

#[test]
fn a_slip_of_a_refused_or_cancelled_line_is_named_with_its_reason() {
    let world = refused();
    cancel(&world, &[3], 0);
    let folder = world.outside("phieu");
    let lines = [1, 2, 3].map(|n| format!("{ORDER}/{n}"));
    let args = ["export", "slips", &lines[1], &lines[2], "-o", folder.to_str().unwrap()];
    let said = world.run(&args).exits(0).stdout;
    assert!(
        said.contains(&format!(
            "từ chối kích hoạt nên chưa phải trả, không lập phiếu: {}",
            lines[1]
        ))
    );
    assert!(said.contains(&format!("Đã hủy nên không phải trả, không lập phiếu: {}", lines[2])));
    assert!(
        said.contains("hangloat activate") && !said.contains("Không còn gì phải trả"),
        "{said}"
    );
}
