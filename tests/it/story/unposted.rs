//! What becomes of a letter that the mail server does not take, or of which nobody knows whether it did.

use serde_json::Value;

use super::posted::{ORDER, THEN, all, bells, change, in_an_hour, placed, states};
use crate::{
    smtp::{Act, How, Moment, Server, Stage},
    world::{World, eventually, finished, text, texts},
};

/// The client whose letters do not arrive.
const FIRST: &str = "giamdoc@congty1.example";

fn at(stage: Stage, act: Act) -> impl FnMut(&Moment) -> Act {
    move |moment| if moment.stage == stage && moment.to == FIRST { act } else { Act::Go }
}

fn first(world: &World) -> Value {
    let mails = world.mails();
    mails.into_iter().find(|mail| mail["to"] == FIRST).unwrap()
}

fn pause_is_over(world: &World) {
    change(world, "update mail_pause set paused_until = '2026-01-01T00:00:00Z'");
}

/// How often the first client's letter was accepted, by its present id.
fn accepted(server: &Server, world: &World) -> usize {
    let id = text(&first(world), "message_id");
    server.taken().iter().filter(|taken| taken.message_id == id).count()
}

#[test]
fn what_a_server_does_not_take_for_now_is_tried_again_under_the_same_id() {
    for (stage, act) in [
        (Stage::Recipient, Act::Say("450 4.2.1 mailbox busy")),
        (Stage::Recipient, Act::Cut),
        (Stage::Data, Act::Say("451 4.3.0 try later")),
        (Stage::Data, Act::Cut),
        (Stage::Letter, Act::Say("452 4.3.1 no room")),
    ] {
        let (server, world) = (Server::new(How::Plain), placed(2));
        server.script(at(stage, act));
        server.run(&world, &["run", "mail"]).exits(1);
        let mail = first(&world);
        assert_eq!((&mail["state"], &mail["attempts"]), (&"planned".into(), &1.into()), "{mail}");
        assert!(mail["error"].is_string(), "{mail}");
        assert!(states(&world).contains(&"sent".to_owned()), "the other one went");
        let id = text(&mail, "message_id");

        server.script(|_| Act::Go);
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(first(&world)["state"], "planned", "it waits for its time");
        in_an_hour(&world);
        server.run(&world, &["run", "mail"]).exits(0);
        assert_eq!(
            (states(&world), text(&first(&world), "message_id")),
            (vec!["sent".into(); 2], id)
        );
        assert_eq!(accepted(&server, &world), 1);
    }
}

#[test]
fn an_address_that_is_refused_is_told_and_gets_nothing_more_until_a_person_says_so() {
    let (server, world) = (Server::new(How::Plain), placed(2));
    server.script(at(Stage::Recipient, Act::Say("550 5.1.1 <giamdoc@congty1.example>: unknown")));
    let ran = server.run(&world, &["run", "mail", "--json", "-v"]).exits(1);
    assert_eq!(ran.json()["runs"][0]["counts"]["refused"], 1, "{ran:?}");
    assert!(!ran.stderr.contains(FIRST), "{}", ran.stderr);
    let mail = first(&world);
    assert_eq!(mail["state"], "refused");
    assert!(text(&mail, "error").starts_with("550 5.1.1"), "{mail}");
    let [bell] = &bells(&world, "mail_refused")[..] else { panic!("one bell") };
    assert!(bell.contains(FIRST) && bell.contains("550"), "{bell}");
    let listed = world.run(&["suppressions", "--json"]).exits(0).json();
    assert_eq!(
        (&listed["suppressions"][0]["address"], &listed["suppressions"][0]["mail"]),
        (&FIRST.into(), &mail["id"])
    );

    // Log-ins come, and that of this address is kept.
    world.run_at(THEN, &["activate", ORDER]).exits(0);
    server.script(|_| Act::Go);
    server.run(&world, &["run", "mail"]).exits(0);
    let of_first = |state: &str| {
        let mails = world.mails();
        mails.iter().filter(|mail| mail["to"] == FIRST && mail["state"] == state).count()
    };
    assert_eq!((of_first("refused"), of_first("held"), of_first("sent")), (1, 1, 0));
    world.run(&["suppressions", "--release", FIRST]).exits(0);
    world.run(&["suppressions", "--release", FIRST]).exits(2);
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!((of_first("refused"), of_first("held"), of_first("sent")), (1, 0, 1));
}

#[test]
fn a_message_that_is_refused_does_not_keep_others_from_its_address() {
    let (server, world) = (Server::new(How::Plain), placed(1));
    server.script(at(Stage::Letter, Act::Say("552 5.3.4 message too big")));
    server.run(&world, &["run", "mail"]).exits(1);
    assert_eq!(states(&world), ["refused"]);
    let listed = world.run(&["suppressions", "--json"]).exits(0).json();
    assert_eq!(listed["suppressions"], serde_json::json!([]));
}

#[test]
fn a_no_to_the_sender_pauses_everything_tells_the_operator_and_refuses_nobody() {
    for (stage, words) in [
        (Stage::Sender, "550 5.1.0 sender rejected"),
        (Stage::Recipient, "554 5.7.1 relay access denied"),
        (Stage::Recipient, "550 5.4.5 daily quota exceeded"),
        (Stage::Letter, "550 5.7.1 policy"),
    ] {
        let (server, world) = (Server::new(How::Plain), placed(3));
        server.script(move |at| if at.stage == stage { Act::Say(words) } else { Act::Go });
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(server.count(stage), 1, "the others are not even tried");
        for mail in &all(&world) {
            assert_eq!(
                (&mail["state"], &mail["attempts"]),
                (&"planned".into(), &0.into()),
                "{mail}"
            );
        }
        let told = bells(&world, "mail_paused");
        assert!(told.len() == 1 && told[0].contains(&words[..9]), "{told:?}");
        assert!(world.list("notifications").iter().any(|bell| bell["firm"] == "_operator"));

        // One that alone is taken so keeps the others from leaving for a time only.
        server.script(|_| Act::Go);
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(server.taken().len(), 0, "all wait");
        pause_is_over(&world);
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(server.taken().len(), all(&world).len() - 1, "it waits for its time");
        in_an_hour(&world);
        server.run(&world, &["run", "mail"]).exits(0);
        assert_eq!(states(&world), ["sent"; 3]);
    }
}

#[test]
fn what_met_a_no_to_the_sender_is_due_with_all_others_when_the_pause_is_over() {
    let (server, world) = (Server::new(How::Plain), placed(3));
    world.run_at(THEN, &["activate", ORDER]).exits(0);
    server.script(|at| match at.stage {
        Stage::Recipient => Act::Say("550 5.4.5 daily quota exceeded"),
        _ => Act::Go,
    });
    server.run(&world, &["run", "mail"]).exits(1);
    let put_back = all(&world).into_iter().find(|mail| mail["error"].is_string()).unwrap();
    assert!(text(&put_back, "purpose").starts_with("login"), "log-ins are first: {put_back}");
    // As if it were so late: whatever waits for longer than the pause goes on waiting.
    change(
        &world,
        "update mail set not_before = planned_at
         where not_before <= (select paused_until from mail_pause)",
    );
    pause_is_over(&world);
    server.script(|_| Act::Go);
    server.run(&world, &["run", "mail"]).exits(0);
    assert!(all(&world).iter().all(|mail| mail["state"] == "sent"));
}

#[test]
fn whoever_runs_the_program_is_mailed_once_of_a_pause_when_it_is_over() {
    let (server, world) = (Server::new(How::Plain), placed(3));
    world.rewrite("hangloat.toml", "[operator]", "[operator]\nemail = \"may@nhacungcap.example\" ");
    let told = || {
        let mut mails = world.list("mails");
        mails.retain(|mail| mail["to"] == "may@nhacungcap.example");
        texts(&mails, "state")
    };
    server.script(|at| match at.stage {
        Stage::Recipient => Act::Say("554 5.7.1 Sender blocked"),
        _ => Act::Go,
    });
    for _ in 0..2 {
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(told(), ["planned"]);
        pause_is_over(&world);
    }
    server.script(|_| Act::Go);
    in_an_hour(&world);
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(told(), ["sent"]);
    assert!(server.taken().iter().any(|it| it.to == "may@nhacungcap.example"));
}

#[test]
fn a_pause_holds_for_every_process_and_is_told_with_its_newest_reason() {
    let (server, world) = (Server::new(How::Plain), placed(3));
    let says = |words: &'static str| {
        server.script(move |at| match at.stage {
            Stage::Recipient => Act::Say(words),
            _ => Act::Go,
        });
    };
    let mail_server = || {
        let told = finished(&mut server.command(&world, &["doctor", "--json"])).json();
        let checks = told["checks"].as_array().unwrap().clone();
        checks.into_iter().find(|check| check["name"] == "mail").unwrap()
    };
    says("554 5.7.1 Sender blocked");
    server.run(&world, &["run", "mail"]).exits(1);
    for _ in 0..2 {
        let ran = server.run(&world, &["run", "mail"]).exits(1);
        assert!(ran.stdout.contains("5.7.1 Sender blocked"), "{ran:?}");
    }
    assert_eq!(server.count(Stage::Recipient), 1, "no other mail is even tried");
    let check = mail_server();
    assert!(check["ok"] == false && text(&check, "detail").contains("5.7.1"), "{check}");

    pause_is_over(&world);
    says("550 5.4.5 daily quota exceeded");
    server.run(&world, &["run", "mail"]).exits(1);
    assert_eq!(server.count(Stage::Recipient), 2);
    let told = bells(&world, "mail_paused");
    assert_eq!(told.len(), 2, "{told:?}");
    assert!(told.iter().any(|it| it.contains("5.4.5")), "{told:?}");
    assert!(text(&mail_server(), "detail").contains("5.4.5"));

    pause_is_over(&world);
    in_an_hour(&world);
    server.script(|_| Act::Go);
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["sent"; 3]);
    assert_eq!(mail_server()["ok"], true);
}

#[test]
fn a_letter_whose_answer_was_lost_is_uncertain_and_never_sent_again_by_itself() {
    for act in [Act::Cut, Act::TakeAndCut] {
        let (server, world) = (Server::new(How::Starttls), placed(2));
        server.script(at(Stage::Letter, act));
        server.run(&world, &["run", "mail"]).exits(1);
        assert_eq!(first(&world)["state"], "uncertain");
        server.script(|_| Act::Go);
        in_an_hour(&world);
        server.run(&world, &["run", "mail"]).exits(0);
        assert_eq!(first(&world)["state"], "uncertain");
        assert_eq!(accepted(&server, &world), usize::from(act == Act::TakeAndCut));
    }
}

#[test]
fn after_a_kill_a_letter_at_the_server_is_uncertain_and_the_others_leave() {
    let (server, world) = (Server::new(How::Starttls), placed(3));
    server.script(at(Stage::Letter, Act::TakeAndHang));
    let mut child = server.command(&world, &["run", "mail"]).spawn().unwrap();
    eventually("the letter is there", || server.taken().iter().any(|taken| taken.to == FIRST));
    child.kill().unwrap();
    child.wait().unwrap();
    server.script(|_| Act::Go);
    // The job of the dead process is nobody's.
    server.run(&world, &["run", "mail"]);
    in_an_hour(&world);
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(first(&world)["state"], "uncertain");
    let mut ids = Vec::new();
    for taken in server.taken() {
        assert!(!ids.contains(&taken.message_id), "{} came twice", taken.message_id);
        ids.push(taken.message_id);
    }
    for mail in &all(&world) {
        let state = text(mail, "state");
        assert!(
            state == "uncertain" || (state == "sent" && ids.contains(&text(mail, "message_id"))),
            "{mail}"
        );
    }
}

#[test]
fn a_connection_that_the_server_closed_meanwhile_is_replaced_at_no_cost() {
    for closed in [Act::Cut, Act::Say("421 4.4.2 too many letters over one line")] {
        let (server, world) = (Server::new(How::Starttls), placed(4));
        // The second letter of each finds its line closed.
        server.script(move |at| match at.stage {
            Stage::Sender if at.letter == 2 => closed,
            _ => Act::Go,
        });
        server.run(&world, &["run", "mail"]).exits(0);
        assert!(all(&world).iter().all(|mail| mail["attempts"] == 1));
        assert_eq!(states(&world), ["sent"; 4]);
    }
}

#[test]
fn a_server_that_allows_one_connection_gets_one() {
    let (server, world) = (Server::new(How::Plain), placed(16));
    server.script(|at| match at.stage {
        Stage::Greeting if at.count > 1 => Act::Say("421 4.7.0 too many connections"),
        _ => Act::Go,
    });
    server.run(&world, &["run", "mail"]).exits(0);
    assert_eq!(states(&world), ["sent"; 16]);
}

#[test]
fn a_server_that_takes_nothing_for_now_costs_most_mails_no_attempt() {
    let (server, world) = (Server::new(How::Plain), placed(40));
    server.script(|at| match at.stage {
        Stage::Sender => Act::Say("451 4.7.1 too many letters, come back later"),
        _ => Act::Go,
    });
    server.run(&world, &["run", "mail"]).exits(1);
    let tried = all(&world).iter().filter(|mail| mail["attempts"] != 0).count();
    assert!((10..=13).contains(&tried), "each sender ends the one it is at: {tried}");
    server.script(|_| Act::Go);
    in_an_hour(&world);
    server.run(&world, &["run", "mail"]).exits(0);
    assert!(all(&world).iter().all(|mail| mail["state"] == "sent"));
}
