//! Licences of a platform over HTTP: the program against its own sandbox, with faults on the way.

use std::{
    io::{BufRead as _, BufReader, Read as _, Write as _},
    net::TcpStream,
    process::{Child, Command, Stdio},
};

use hangloat::db::Db;
use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise},
    workbooks::{edited, set},
};
use crate::world::{NOW, Ran, World, finished, require, text, texts};

const ORDER: &str = "DH-2611-000001";
const LINES: u32 = 12;

/// A workspace that serves its embedded platform.
struct Sandbox {
    world: World,
    child: Child,
    /// `127.0.0.1:PORT`.
    address: String,
}

impl Sandbox {
    fn new() -> Sandbox {
        let world = World::new();
        let mut command =
            world.command(&["platform-sandbox", "--listen", "127.0.0.1:0", "--now", NOW]);
        let mut child = command.stderr(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(child.stderr.take().unwrap()).read_line(&mut said).unwrap();
        let (_, rest) = said.split_once("http://").unwrap_or_else(|| panic!("{said}"));
        let address = rest.split('/').next().unwrap().to_owned();
        Sandbox { world, child, address }
    }

    fn switch(&self, faults: &Value) {
        let body = faults.to_string();
        let mut stream = TcpStream::connect(&self.address).unwrap();
        let head = format!(
            "PUT /faults HTTP/1.1\r\nHost: sandbox\r\nConnection: close\r\nContent-Length: {}\r\n\r\n",
            body.len()
        );
        stream.write_all((head + &body).as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
    }

    /// The lines that have a licence there, in order.
    fn licensed(&self) -> Vec<i64> {
        rows(&self.world, "select line from platform_licence order by line")
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn rows(world: &World, sql: &'static str) -> Vec<i64> {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        let found: Vec<(i64,)> = db.query(sql).all().await.unwrap();
        found.into_iter().map(|(number,)| number).collect()
    })
}

/// An order that is placed, in a workspace of its own.
fn placed() -> World {
    placed_in(1..=LINES)
}

fn placed_in(order: impl Iterator<Item = u32>) -> World {
    let world = World::new();
    let clients: Vec<_> = order.map(enterprise).collect();
    world.import("khach.csv", &csv(&clients));
    world.run(&["confirm", ORDER]).exits(0);
    world
}

/// The program that talks to a platform at an address, on the real clock.
fn over_http(world: &World, address: &str, args: &[&str]) -> Command {
    let mut command = world.command(args);
    command
        .env("HANGLOAT_PLATFORM__KIND", "http")
        .env("HANGLOAT_PLATFORM__BASE_URL", format!("http://{address}/v1"))
        .env("HANGLOAT_PLATFORM__TOKEN", "thu")
        .env("HANGLOAT_PLATFORM__TIMEOUT", "2s");
    command
}

fn run(world: &World, address: &str, args: &[&str]) -> Ran {
    finished(&mut over_http(world, address, args))
}

fn states(world: &World) -> Vec<String> {
    texts(world.order(ORDER)["lines"].as_array().unwrap(), "state")
}

fn all_lines() -> Vec<i64> {
    (1..=LINES.into()).collect()
}

#[test]
fn whatever_happens_on_the_way_each_line_ends_in_one_licence() {
    let (sandbox, world) = (Sandbox::new(), placed());
    sandbox.switch(&json!([
        { "kind": "reset_after", "on": "activate", "times": 1 },
        { "kind": "status", "on": "activate", "status": 429, "retry_after": "0", "times": 2 },
        { "kind": "garbage", "on": "activate", "times": 1 },
        { "kind": "status_after", "on": "activate", "times": 1 },
        { "kind": "reset_before", "on": "activate", "times": 1 },
        { "kind": "reset_before", "on": "findByKey", "times": 1 },
    ]));
    run(&world, &sandbox.address, &["activate", ORDER]).exits(0);
    assert_eq!(states(&world), vec!["grace"; LINES as usize]);
    assert_eq!(sandbox.licensed(), all_lines());
    let activated = texts(&world.list("licences"), "activated_at");
    assert!(activated.iter().all(|at| at.as_str() == NOW), "the platform's time: {activated:?}");
}

#[test]
fn a_platform_that_is_away_is_told_and_asked_again_later() {
    let (sandbox, world) = (Sandbox::new(), placed());
    let ran = run(&world, "127.0.0.1:1", &["activate", ORDER, "--json"]).exits(69);
    assert_eq!(ran.json()["error"]["code"], "platform", "{ran:?}");
    let said = text(&ran.json()["error"], "message");
    assert!(
        said.contains("hiện không kết nối được nền tảng") && !said.contains("cannot"),
        "{said}"
    );
    assert_eq!(states(&world), vec!["activating"; LINES as usize]);
    assert!(
        rows(&world, "select line_id from activation where state <> 'planned' or attempts > 0")
            .is_empty()
    );

    run(&world, &sandbox.address, &["run", "activate"]).exits(0);
    assert_eq!(states(&world), vec!["grace"; LINES as usize]);
    assert_eq!(sandbox.licensed(), all_lines());
}

#[test]
fn an_answer_that_asks_for_licences_is_taken_while_the_platform_is_away() {
    if !require("openpyxl") {
        return;
    }
    let (sandbox, world) = (Sandbox::new(), World::new());
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    let ticks = [set("XAC_NHAN", true), set("KICH_HOAT", true)];
    let answer = edited(&world, &world.workbook("B000001"), &ticks);
    world.drop_file("khach__B000001__r1.xlsx", &answer);
    world.drop_file("khac.csv", &csv(&[enterprise(3)]));
    run(&world, "127.0.0.1:1", &["run", "import"]).exits(0);
    assert!(world.files_in("inbox").is_empty(), "one keeps no other one waiting");
    let lines = world.order(ORDER)["lines"].as_array().unwrap().clone();
    assert_eq!(texts(&lines, "state"), ["activating"; 2]);
    assert_eq!(world.list("batches").len(), 3);
    run(&world, &sandbox.address, &["run", "activate"]).exits(0);
    assert_eq!(states(&world), ["grace"; 2]);
}

#[test]
fn the_doctor_asks_a_real_platform() {
    let (sandbox, world) = (Sandbox::new(), placed());
    let platform = |address: &str, exit| {
        let told = run(&world, address, &["doctor", "--json"]).exits(exit).json();
        let checks = told["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "platform").unwrap()
    };
    assert_eq!(platform(&sandbox.address, 0)["ok"], true);
    let away = platform("127.0.0.1:1", 1);
    assert!(away["ok"] == false && away["fix"].as_str().unwrap().contains("base_url"), "{away}");
}

#[test]
fn a_token_that_is_refused_is_a_matter_of_configuration() {
    let (sandbox, world) = (Sandbox::new(), placed());
    sandbox.switch(&json!([{ "kind": "status", "status": 401, "times": 100 }]));
    let ran = run(&world, &sandbox.address, &["activate", ORDER]).exits(78);
    assert!(ran.stderr.contains("token_file"), "{ran:?}");
    assert_eq!(states(&world), vec!["activating"; LINES as usize]);
    assert!(sandbox.licensed().is_empty());
}

#[test]
fn who_is_licensed_already_under_our_order_and_line_is_so_by_us() {
    let (sandbox, world) = (Sandbox::new(), placed());
    run(&world, &sandbox.address, &["activate", ORDER]).exits(0);
    // Our side forgot it, and asks under another key.
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = Db::open(&world.store_url()).await.unwrap();
        for sql in [
            "delete from licence",
            "update order_line set state = 'activating'",
            "update activation set state = 'planned', attempts = 0, settled_at = null,
                                   idempotency_key = 'new-' || line_id",
        ] {
            db.query(sql).execute().await.unwrap();
        }
    });
    run(&world, &sandbox.address, &["activate", ORDER]).exits(0);
    assert_eq!(states(&world), vec!["grace"; LINES as usize]);
    assert_eq!(sandbox.licensed(), all_lines());

    // Of another line it is not ours.
    let other = placed_in((1..=LINES).rev());
    let ran = run(&other, &sandbox.address, &["activate", ORDER]).exits(1);
    assert_eq!(sandbox.licensed(), all_lines(), "{ran:?}");
}

#[test]
fn what_the_platform_made_before_a_restore_is_found_and_its_letters_are_listed_and_not_sent_again()
{
    let (sandbox, lost) = (Sandbox::new(), placed_in(1..=2));
    let file = lost.outside("dem.zip");
    lost.run(&["backup", file.to_str().unwrap()]).exits(0);
    // Work goes on, and then the machine is gone.
    run(&lost, &sandbox.address, &["activate", ORDER]).exits(0);
    let found = World::empty();
    found.run(&["restore", file.to_str().unwrap()]).exits(0);
    // After the platform made the licences.
    found.run_at("2026-11-23T09:30:00+07:00", &["resume", "--confirm"]).exits(0);
    run(&found, &sandbox.address, &["activate", ORDER]).exits(0);
    assert_eq!(sandbox.licensed(), [1, 2]);
    let of = |world: &World, purpose: &str| {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["purpose"] == purpose);
        mails
    };
    for purpose in ["login_first", "activation_result"] {
        assert!(texts(&of(&lost, purpose), "state").iter().all(|state| state == "planned"));
        let states = texts(&of(&found, purpose), "state");
        assert_eq!(states, vec!["uncertain"; of(&lost, purpose).len()], "{purpose}");
        assert!(!states.is_empty(), "{purpose}");
        let why = texts(&of(&found, purpose), "error");
        assert!(why.iter().all(|why| why.contains("trước khi khôi phục dữ liệu")), "{why:?}");
    }
    let seen = found.run(&["resume", "--json"]).exits(0).json();
    let doubted = texts(seen["uncertain"].as_array().unwrap(), "purpose");
    assert!(doubted.contains(&"login_first".to_owned()), "{seen}");
    // A person who knows better sends one.
    let id = of(&found, "login_first")[0]["id"].to_string();
    let again = found.run(&["resend", &id, "--json"]).exits(0).json();
    assert_eq!(again["mails"][0]["state"], "planned");
}

#[test]
fn a_standing_clock_is_refused_where_the_platform_is_a_real_one() {
    let world = placed();
    let ran = run(&world, "127.0.0.1:1", &["orders", "--now", NOW]).exits(2);
    assert!(ran.stderr.contains("--now"), "{ran:?}");
}
