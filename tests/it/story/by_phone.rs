//! Order notices by phone: a gateway on this machine, and what becomes of a message by what it answers.

use std::{
    io::{Read as _, Write as _},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
};

use serde_json::Value;

use super::{
    lists::{csv, enterprise, household},
    platform::execute,
};
use crate::world::{NOW, Ran, World, finished, text};

/// Answers each request with the next of these, the last one again and again; `0` hangs up instead.
struct Gateway {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Gateway {
    fn answering(answers: &'static [u16]) -> Gateway {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}/send", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let seen = Arc::clone(&asked);
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let answer = answers.get(number).or(answers.last()).copied().unwrap();
                let mut stream = stream.unwrap();
                seen.lock().unwrap().push(request(&mut stream));
                if answer > 0 {
                    let body = "so +84912000001 khong dung";
                    let _ = write!(
                        stream,
                        "HTTP/1.1 {answer} Said\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                        body.len()
                    );
                }
            }
        });
        Gateway { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// Head and body.
fn request(stream: &mut TcpStream) -> String {
    let mut bytes = Vec::new();
    let mut buffer = [0; 4096];
    loop {
        let read = stream.read(&mut buffer).unwrap();
        bytes.extend_from_slice(&buffer[..read]);
        let said = String::from_utf8_lossy(&bytes).into_owned();
        let Some((head, body)) = said.split_once("\r\n\r\n") else { continue };
        let length = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("content-length").then(|| value.parse::<usize>().unwrap())
        });
        if read == 0 || body.len() >= length.unwrap_or(0) {
            return said;
        }
    }
}

fn run(world: &World, url: &str, args: &[&str]) -> Ran {
    run_at(world, url, NOW, args)
}

fn run_at(world: &World, url: &str, now: &str, args: &[&str]) -> Ran {
    let mut command = world.command(args);
    finished(command.args(["--now", now, "-vv"]).env("HANGLOAT_SMS__URL", url))
}

/// Two clients in an order that was placed while the gateway is configured.
fn placed(url: &str) -> World {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1), enterprise(2)]));
    run(&world, url, &["confirm", "DH-2611-000001"]).exits(0);
    world
}

fn messages(world: &World) -> Vec<Value> {
    let mut mails = world.list("mails");
    mails.retain(|mail| text(mail, "to").starts_with('+'));
    mails
}

fn states(world: &World) -> Vec<String> {
    messages(world).iter().map(|mail| text(mail, "state")).collect()
}

#[test]
fn a_notice_also_goes_to_the_phone_where_a_gateway_is_configured() {
    let gateway = Gateway::answering(&[200]);
    let world = placed(&gateway.address);
    assert_eq!(states(&world), ["planned", "planned"]);
    let said = run(&world, &gateway.address, &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["sent", "sent"]);
    let asked = gateway.asked();
    assert_eq!(asked.len(), 2);
    let order = world.order("DH-2611-000001");
    for (asked, request) in asked.iter().zip(order["payment_requests"].as_array().unwrap()) {
        let (head, body) = asked.split_once("\r\n\r\n").unwrap();
        assert!(head.starts_with("POST /send ") && head.contains("idempotency-key: "), "{head}");
        let body: Value = serde_json::from_str(body).unwrap();
        let text = text(&body, "text");
        assert!(body["phone"].as_str().unwrap().starts_with("+84912000"), "{body}");
        assert!(text.is_ascii() && !text.contains("http"), "{text}");
        let code = request["payment_code"].as_str().unwrap();
        for needed in [code, "2.950.000 d", "1023456789", "0912 345 678"] {
            assert!(text.contains(needed), "no {needed} in {text}");
        }
    }
    assert!(!said.stderr.contains("91200000"), "a number in a log: {}", said.stderr);
    run(&world, &gateway.address, &["run", "mail"]).exits(0);
    assert_eq!(gateway.asked().len(), 2, "once is enough");
}

#[test]
fn a_gateway_that_is_asked_by_its_address_gets_number_and_text_there() {
    let gateway = Gateway::answering(&[200]);
    let url = format!("{}?key=bi-mat&to={{phone}}&text={{text}}", gateway.address);
    let world = placed(&url);
    run(&world, &url, &["run", "mail"]).exits(0);
    let asked = &gateway.asked()[0];
    assert!(asked.starts_with("GET /send?key=bi-mat&to=%2B84912000001&text=Cong%20ty"), "{asked}");
}

#[test]
fn without_a_gateway_nobody_is_called() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    assert!(messages(&world).is_empty());
}

#[test]
fn what_a_gateway_refuses_is_refused_and_what_it_cannot_do_now_is_tried_again() {
    let gateway = Gateway::answering(&[400, 503, 401, 200]);
    let world = placed(&gateway.address);
    let said = run(&world, &gateway.address, &["run", "mail"]).exits(1);
    assert_eq!(states(&world), ["refused", "planned"]);
    let error = text(&messages(&world)[0], "error");
    assert!(error.contains("400") && !error.contains("912000001"), "{error}");
    assert!(!said.stderr.contains("912000001"), "{}", said.stderr);
    let later = |minutes: u32| format!("2026-11-23T08:{:02}:00+07:00", 30 + minutes);
    run_at(&world, &gateway.address, &later(2), &["run", "mail"]).exits(1);
    assert_eq!(states(&world), ["refused", "planned"], "a wrong key is no fault of the number");
    run_at(&world, &gateway.address, &later(10), &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["refused", "sent"]);
    let ids = |asked: &String| {
        let line =
            asked.lines().find(|line| line.starts_with("idempotency-key")).map(str::to_owned);
        line.unwrap()
    };
    let asked: Vec<String> = gateway.asked().iter().map(ids).collect();
    assert!(asked[1] == asked[2] && asked[2] == asked[3], "one id for every attempt: {asked:?}");
}

#[test]
fn a_message_whose_answer_was_lost_is_uncertain_and_not_sent_again() {
    let gateway = Gateway::answering(&[0]);
    let world = placed(&gateway.address);
    run(&world, &gateway.address, &["run", "mail"]).exits(1);
    assert_eq!(states(&world), ["uncertain", "uncertain"]);
    run(&world, &gateway.address, &["run", "mail"]).exits(0);
    assert_eq!(gateway.asked().len(), 2);
}

#[test]
fn a_gateway_that_cannot_be_reached_was_surely_not_asked() {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let url = format!("http://{free}/send");
    let world = placed(&url);
    run(&world, &url, &["run", "mail"]).exits(1);
    assert_eq!(states(&world), ["planned", "planned"]);
}

#[test]
fn a_message_that_was_being_sent_when_the_program_died_is_uncertain() {
    let gateway = Gateway::answering(&[200]);
    let world = World::new();
    world.import("khach.csv", &csv(&[household(1)]));
    run(&world, &gateway.address, &["confirm", "DH-2611-000001"]).exits(0);
    let mut command = world.command(&["run", "mail"]);
    command.args(["--now", NOW]).env("HANGLOAT_SMS__URL", &gateway.address);
    // The notice and the result by mail come first; a message is claimed after them.
    let killed = finished(command.env("HANGLOAT_CRASH_AT", "sms_answered"));
    assert_eq!(killed.code, 128 + 9, "{killed:?}");
    run(&world, &gateway.address, &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["uncertain"]);
    assert_eq!(gateway.asked().len(), 1);
}

#[test]
fn what_is_paid_or_cancelled_before_it_was_sent_is_not_asked_for_by_phone() {
    let gateway = Gateway::answering(&[200]);
    let world = placed(&gateway.address);
    let cancel = ["cancel", "DH-2611-000001/1", "--reason", "khách đổi ý"];
    run(&world, &gateway.address, &cancel).exits(0);
    run(&world, &gateway.address, &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["cancelled", "sent"]);
}

#[test]
fn who_was_not_told_before_the_platform_refused_is_told_by_phone_when_it_is_asked_again() {
    const LATER: &str = "2026-11-23T09:30:00+07:00";
    const ORDER: &str = "DH-2611-000001";
    for is_told in [false, true] {
        let gateway = Gateway::answering(&[200]);
        let world = placed(&gateway.address);
        let mail = |now: &str| run_at(&world, &gateway.address, now, &["run", "mail"]).exits(0);
        if is_told {
            mail(NOW);
        }
        let sql = format!(
            "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line, kind, tax_id,
                                           package, fiscal_year, status, activated_at, updated_at)
             values ('LIC-OTHER', 'other', '{}', 'DH-2601-000001', 1, 'purchase', '{}', 'ASP-DN', 2026, 'active',
                     '2026-11-20T01:00:00Z', '2026-11-20T01:00:00Z')",
            "0".repeat(64),
            enterprise(2).tax_id()
        );
        execute(&world, &[sql.leak()]);
        run_at(&world, &gateway.address, LATER, &["activate", ORDER]).exits(1);
        mail(LATER);
        let before = if is_told { ["sent", "sent"] } else { ["sent", "cancelled"] };
        assert_eq!(states(&world), before, "nobody pays for what is refused");
        execute(&world, &["delete from platform_licence where licence_id = 'LIC-OTHER'"]);
        for _ in 0..2 {
            run_at(&world, &gateway.address, LATER, &["activate", ORDER]).exits(0);
            mail(LATER);
        }
        let anew: &[&str] = if is_told { &[] } else { &["sent"] };
        assert_eq!(states(&world), [&before[..], anew].concat());
        assert_eq!(gateway.asked().len(), 2, "each is told once");
    }
}

#[test]
fn a_real_gateway_and_a_standing_clock_do_not_go_together() {
    let world = World::new();
    let said = run(&world, "https://sms.example/send", &["orders", "--json"]).exits(2);
    assert!(said.stdout.contains("SMS"), "{}", said.stdout);
    let half = run(&world, "http://127.0.0.1/?to={phone}", &["orders", "--json"]).exits(78);
    assert!(half.stdout.contains("{text}"), "{}", half.stdout);
}
