//! What a person decides about mails: one is sent again, one did not arrive, an address gets mail again.

use serde_json::{Value, json};

use super::{
    letters,
    posted::{ORDER, THEN, all, bells, placed},
};
use crate::{
    smtp::{Act, How, Server, Stage},
    world::{Ran, World, require, text},
};

fn resend(world: &World, id: &Value) -> Ran {
    world.run_at(THEN, &["resend", &id.to_string(), "--json"])
}

fn notice(world: &World) -> Value {
    world.mails().into_iter().find(|mail| mail["purpose"] == "order_notice").unwrap()
}

fn state(world: &World, id: &Value) -> String {
    let shown = world.run(&["mails", &id.to_string(), "--json"]).exits(0).json();
    text(&shown["mails"][0], "state")
}

#[test]
fn an_uncertain_letter_leaves_again_by_decision_under_another_id() {
    let (server, world) = (Server::new(How::Plain), placed(1));
    server.script(|at| if at.stage == Stage::Letter { Act::TakeAndCut } else { Act::Go });
    let said = server.run(&world, &["run", "mail"]).exits(1).stdout;
    assert!(said.contains("mails --state uncertain") && said.contains("resend"), "{said}");
    let lost = notice(&world);
    assert_eq!(lost["state"], "uncertain");
    let again = resend(&world, &lost["id"]).exits(0).json();
    let again = &again["mails"][0];
    assert_eq!((&again["state"], &again["purpose"]), (&json!("planned"), &json!("order_notice")));
    assert_ne!(again["message_id"], lost["message_id"]);
    // Said twice, it is done once; and what waits is not sent again.
    let twice = resend(&world, &lost["id"]).exits(0).json();
    assert_eq!(twice["mails"][0]["id"], again["id"]);
    let waiting = resend(&world, &again["id"]).exits(1).json();
    assert_eq!(waiting["error"]["code"], "state.not_allowed");

    server.script(|_| Act::Go);
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(
        (state(&world, &lost["id"]), state(&world, &again["id"])),
        ("uncertain".into(), "sent".into())
    );
    world.run(&["resend", "999999"]).exits(2);
}

#[test]
fn of_several_mails_that_cannot_be_sent_again_each_is_named() {
    let world = placed(2);
    let ids: Vec<String> = world.mails().iter().map(|mail| mail["id"].to_string()).collect();
    assert!(ids.len() > 1, "{ids:?}");
    let resend = [&["resend", "--json"][..], &ids.iter().map(String::as_str).collect::<Vec<_>>()];
    let refused = world.run_at(THEN, &resend.concat()).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    let said = text(&refused["error"], "message");
    assert!(ids.iter().all(|id| said.contains(&format!("Thư {id} "))), "{said}");
    assert_eq!(said.lines().count(), ids.len(), "{said}");
}

#[test]
fn sending_again_to_a_refused_address_is_a_decision_about_it_too() {
    let (server, world) = (Server::new(How::Plain), placed(1));
    server.script(|at| match at.stage {
        Stage::Recipient => Act::Say("550 5.1.1 unknown"),
        _ => Act::Go,
    });
    server.run(&world, &["run", "mail"]).exits(1);
    let refused = notice(&world);
    server.script(|_| Act::Go);
    let again = resend(&world, &refused["id"]).exits(0).json();
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(state(&world, &again["mails"][0]["id"]), "sent");
}

#[test]
fn a_letter_that_did_not_arrive_is_noted_and_its_address_gets_no_more() {
    let world = placed(1);
    world.run_at(THEN, &["run", "mail"]).exits(0);
    let sent = notice(&world);
    let id = sent["id"].to_string();
    let refuse = ["mails", "refuse", &id, "--reason", "Khách báo không nhận được", "--json"];
    for _ in 0..2 {
        let said = world.run(&refuse).exits(0).json();
        let mail = &said["mails"][0];
        assert_eq!(
            (&mail["state"], &mail["error"]),
            (&json!("refused"), &json!("Khách báo không nhận được"))
        );
    }
    assert_eq!(bells(&world, "mail_refused").len(), 1);
    let listed = world.run(&["suppressions", "--json"]).exits(0).json();
    assert_eq!(listed["suppressions"][0]["address"], sent["to"]);
    world.run_at(THEN, &["activate", ORDER]).exits(0);
    world.run_at(THEN, &["run", "mail"]).exits(0);
    let held = all(&world).into_iter().filter(|mail| mail["state"] == "held");
    assert!(held.clone().count() == 1 && held.clone().all(|mail| mail["to"] == sent["to"]));
    let words = world.run(&["mails", "--state", "held"]).exits(0).stdout;
    assert!(words.contains("--release"), "{words}");
    let words = world.run(&["suppressions"]).exits(0).stdout;
    assert!(words.contains("Khách báo không nhận được"), "{words}");
}

#[test]
fn a_cancellation_that_is_sent_again_says_what_it_said_and_the_next_one_is_not_lost() {
    if !require("python3") {
        return;
    }
    let world = placed(3);
    world.run_at(THEN, &["run", "mail"]).exits(0);
    let cancel = |line: u32| {
        let line = format!("{ORDER}/{line}");
        world.run_at(THEN, &["cancel", &line, "--reason", "Khách không dùng"]).exits(0);
        world.run_at(THEN, &["run", "mail"]).exits(0);
    };
    let cancellations = || {
        let mut mails = all(&world);
        mails.retain(|mail| mail["purpose"] == "order_cancelled");
        mails
    };
    cancel(1);
    let first = cancellations().remove(0);
    let again = resend(&world, &first["id"]).exits(0).json()["mails"][0].clone();
    world.run_at(THEN, &["run", "mail"]).exits(0);
    let letters = letters::all(&world);
    let of = |mail: &Value| {
        let id = format!("<{}>", text(mail, "message_id"));
        letters.iter().find(|letter| letter.message_id == id).unwrap()
    };
    assert_eq!(of(&first).text, of(&again).text);
    cancel(2);
    assert_eq!(cancellations().len(), 3);
}
