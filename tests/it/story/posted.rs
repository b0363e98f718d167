//! Letters that leave through a mail server: who is let in, what goes over the line, and what the doctor says.

use serde_json::Value;

use super::lists::{csv, enterprise};
use crate::{
    smtp::{Act, How, Server, Stage},
    world::{FIRM, World, finished, text, texts},
};

/// Mails are planned then, and due on any real clock.
pub const THEN: &str = "2026-02-02T08:30:00+07:00";
pub const ORDER: &str = "DH-2602-000001";

/// An order of so many clients, placed: a notice for each, and what became of the list for the firm.
pub fn placed(clients: u32) -> World {
    let world = World::new();
    let list: Vec<_> = (1..=clients).map(enterprise).collect();
    let path = world.outside("khach.csv");
    std::fs::write(&path, csv(&list)).unwrap();
    let path = path.to_str().unwrap();
    world.run_at(THEN, &["run", "import", path, "--firm", FIRM]).exits(0);
    world.run_at(THEN, &["confirm", ORDER]).exits(0);
    world
}

/// What is told of mails to clients: in the order of their numbers.
pub fn states(world: &World) -> Vec<String> {
    texts(&world.mails(), "state")
}

/// All but those that a later one replaced.
pub fn all(world: &World) -> Vec<Value> {
    let mut mails = world.list("mails");
    mails.retain(|mail| mail["state"] != "cancelled");
    mails
}

/// Those that were put off may go now.
pub fn in_an_hour(world: &World) {
    change(world, "update mail set not_before = planned_at where state = 'planned'");
}

pub fn change(world: &World, sql: &'static str) {
    change_in(&world.store_url(), sql);
}

fn change_in(url: &str, sql: &'static str) {
    tokio::runtime::Runtime::new().unwrap().block_on(async {
        let db = hangloat::db::Db::open(url).await.unwrap();
        db.query(sql).execute().await.unwrap();
    });
}

pub fn bells(world: &World, kind: &str) -> Vec<String> {
    let mut bells = world.list("notifications");
    bells.retain(|bell| bell["kind"] == kind);
    texts(&bells, "text")
}

#[test]
fn a_letter_tells_of_what_changed_while_the_one_before_it_was_on_its_way() {
    let (server, world) = (Server::new(How::Plain), placed(2));
    let url = world.store_url();
    server.script(move |moment| {
        if moment.stage == Stage::Letter && moment.count == 1 {
            let url = url.clone();
            let rename = "update mail set recipient_name = 'Moi Ten' where state = 'planned'";
            // The server has a runtime of its own on this thread.
            std::thread::spawn(move || change_in(&url, rename)).join().unwrap();
        }
        Act::Go
    });
    let mut command = server.command(&world, &["run", "mail"]);
    finished(command.env("HANGLOAT_MAIL__CONNECTIONS", "1")).exits(0);
    let taken = server.taken().into_iter().map(|letter| letter.text.contains("Moi Ten"));
    let named: Vec<bool> = taken.collect();
    assert!(named.len() > 2 && !named[0] && named[1..].iter().all(|is| *is), "{named:?}");
}

#[test]
fn letters_leave_over_starttls_to_a_server_with_a_root_and_a_log_in_of_its_own() {
    let server = Server::with(How::Starttls, Some(("ketoan", "bi-mat-cua-thu")));
    let world = placed(2);
    let secret = world.outside("mat-khau");
    std::fs::write(&secret, "bi-mat-cua-thu\n").unwrap();
    let mut command = server.command(&world, &["run", "mail", "-vvv"]);
    command.env("HANGLOAT_MAIL__USERNAME", "ketoan").env("HANGLOAT_MAIL__PASSWORD_FILE", &secret);
    let ran = finished(&mut command).exits(0);
    assert_eq!(states(&world), ["sent"; 2]);
    let taken = server.taken();
    let mails = all(&world);
    assert_eq!(taken.len(), mails.len());
    for mail in &mails {
        let letter = taken.iter().find(|it| it.message_id == text(mail, "message_id")).unwrap();
        assert_eq!(letter.to, text(mail, "to"));
        assert_eq!(letter.from, "no-reply@hangloat.example");
    }
    let everything = [ran.stdout.as_bytes(), ran.stderr.as_bytes(), &world.database()].concat();
    assert!(!everything.windows(14).any(|part| part == b"bi-mat-cua-thu"), "the password is told");
    assert!(!ran.stderr.contains("giamdoc@congty1.example"), "{}", ran.stderr);
    assert!(world.files_in("mail").is_empty());
}

#[test]
fn letters_leave_over_a_line_that_is_encrypted_from_the_beginning_and_to_this_machine_in_the_clear()
{
    for how in [How::Implicit, How::Plain] {
        let (server, world) = (Server::new(how), placed(1));
        server.run(&world, &["run", "mail"]).exits(0);
        assert_eq!(states(&world), ["sent"], "{how:?}");
    }
}

#[test]
fn nothing_is_said_to_a_server_that_nobody_vouches_for_or_that_does_not_encrypt() {
    let world = placed(1);
    let stranger = Server::new(How::Starttls);
    let root = Server::new(How::Starttls);
    let path = world.outside("another-root.pem");
    std::fs::write(&path, &root.pem).unwrap();
    let mut command = stranger.command(&world, &["run", "mail", "--json"]);
    let said = finished(command.env("HANGLOAT_MAIL__CA_FILE", &path)).exits(69).json();
    assert_eq!(said["error"]["code"], "mail", "{said}");
    let clear = Server::new(How::NoStarttls);
    let said = clear.run(&world, &["run", "mail"]).exits(69);
    assert!(said.stderr.contains("STARTTLS"), "{said:?}");
    assert_eq!(stranger.count(Stage::Sender) + clear.count(Stage::Sender), 0);
    assert_eq!(states(&world), ["planned"]);
    assert_eq!(world.mails()[0]["attempts"], 0);
}

#[test]
fn a_server_that_is_away_costs_no_mail_an_attempt() {
    let world = placed(3);
    let away = |args: &[&str]| {
        let server = Server::new(How::Plain);
        let mut command = server.command(&world, args);
        finished(command.env("HANGLOAT_MAIL__PORT", "1"))
    };
    let said = away(&["run", "mail", "--json"]).exits(69).json();
    assert_eq!(said["error"]["code"], "mail", "{said}");
    assert!(text(&said["error"], "fix").contains("[mail]"), "{said}");
    for mail in &all(&world) {
        assert_eq!((&mail["state"], &mail["attempts"]), (&"planned".into(), &0.into()), "{mail}");
    }
    // The same of one that lets nobody in for now.
    let server = Server::new(How::Starttls);
    server.script(|at| match at.stage {
        Stage::Greeting => Act::Say("421 4.3.2 closing for the night"),
        _ => Act::Go,
    });
    server.run(&world, &["run", "mail"]).exits(69);
    assert!(all(&world).iter().all(|mail| mail["attempts"] == 0));
}

#[test]
fn a_log_in_that_is_refused_is_told_once_and_refuses_nobody() {
    let server = Server::with(How::Starttls, Some(("ketoan", "dung")));
    let world = placed(2);
    let run = || {
        let mut command = server.command(&world, &["run", "mail", "--json"]);
        command
            .env("HANGLOAT_MAIL__USERNAME", "ketoan")
            .env("HANGLOAT_MAIL__PASSWORD", "sai-bi-mat");
        finished(&mut command)
    };
    let said = run().exits(78);
    assert_eq!(said.json()["error"]["code"], "mail.denied", "{said:?}");
    assert!(!said.stdout.contains("sai-bi-mat") && !said.stderr.contains("sai-bi-mat"));
    run().exits(78);
    assert_eq!(bells(&world, "mail_paused").len(), 1, "once an hour");
    assert!(all(&world).iter().all(|mail| mail["attempts"] == 0));
}

#[test]
fn the_doctor_asks_the_mail_server_and_sends_nothing() {
    let server = Server::with(How::Starttls, Some(("ketoan", "dung")));
    let world = placed(1);
    let check = |password: &str| {
        let mut command = server.command(&world, &["doctor", "--json"]);
        command.env("HANGLOAT_MAIL__USERNAME", "ketoan").env("HANGLOAT_MAIL__PASSWORD", password);
        let told = finished(&mut command).json();
        let checks = told["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "mail").unwrap()
    };
    let fine = check("dung");
    assert!(fine["ok"] == true && text(&fine, "detail").contains("ketoan"), "{fine}");
    let wrong = check("sai");
    assert!(text(&wrong, "fix").contains("[mail]") && text(&wrong, "detail").contains("535"));
    assert_eq!(server.count(Stage::Sender), 0);
}

#[test]
fn a_standing_clock_is_refused_where_mails_leave_for_a_server() {
    let (server, world) = (Server::new(How::Plain), placed(1));
    let ran = server.run(&world, &["orders", "--now", THEN]).exits(2);
    assert!(ran.stderr.contains("--now"), "{ran:?}");
}

#[test]
fn a_certificate_that_is_none_is_a_matter_of_configuration() {
    let (server, world) = (Server::new(How::Starttls), placed(1));
    let path = world.outside("none.pem");
    std::fs::write(&path, "no certificate").unwrap();
    let mut command = server.command(&world, &["run", "mail", "--json"]);
    let said = finished(command.env("HANGLOAT_MAIL__CA_FILE", &path)).exits(78).json();
    assert_eq!(said["error"]["code"], "configuration", "{said}");
    assert!(text(&said["error"], "place").contains("ca_file"), "{said}");
}
