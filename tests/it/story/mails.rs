//! What letters say, and what stands nowhere but in the letter of the one it is for.

use serde_json::Value;

use super::{
    letters::{self, Letter},
    lists::{Client, csv, enterprise, household},
};
use crate::world::{NOW, Ran, World, require, text};

const LINK: &str = "/kich-hoat/";

/// Two enterprises of one owner and a household, activated and mailed; and all that the program said meanwhile.
fn mailed() -> (World, Vec<Client>, Vec<Ran>) {
    let world = World::new();
    let second = enterprise(2).with("E", enterprise(1).email()).with("D", &enterprise(1).0[3]);
    let clients = vec![enterprise(1), second, household(1)];
    let path = world.drop_file("khach.csv", &csv(&clients));
    let said = [
        &["run", "import", path.to_str().unwrap()][..],
        &["confirm", "DH-2611-000001", "--activate"],
        &["confirm", "DH-2611-000002", "--activate"],
        &["run", "mail"],
    ]
    .map(|args| world.run(&[args, &["-vv", "--json"]].concat()).exits(0));
    (world, clients, said.into())
}

fn of_purpose(world: &World, letters: &[Letter], purpose: &str) -> Vec<(Value, usize)> {
    let mails = world.list("mails").into_iter().filter(|mail| mail["purpose"] == purpose);
    mails
        .map(|mail| {
            let id = format!("<{}>", text(&mail, "message_id"));
            let at = letters.iter().position(|letter| letter.message_id == id).unwrap();
            (mail, at)
        })
        .collect()
}

/// The secret parts of links in letters.
fn tokens(letter: &Letter) -> Vec<String> {
    let after = letter.text.split("token=").skip(1);
    after
        .map(|rest| rest.split(|c: char| !c.is_ascii_alphanumeric()).next().unwrap().to_owned())
        .collect()
}

#[test]
fn both_forms_of_a_notice_say_who_pays_how_much_where_and_under_which_code() {
    if !require("python3") {
        return;
    }
    let (world, clients, _) = mailed();
    let letters = letters::all(&world);
    let notices = of_purpose(&world, &letters, "order_notice");
    assert_eq!(notices.len(), 2, "one for each payer");
    let household = &clients[2];
    let (_, at) = notices.iter().find(|(mail, _)| mail["to"] == household.email()).unwrap();
    let code = text(&world.order("DH-2611-000002")["payment_requests"][0], "payment_code");
    let letter = &letters[*at];
    assert_eq!((letter.kind.as_str(), letter.defects.len()), ("multipart/alternative", 0));
    assert!(letter.subject.contains("DH-2611-000002") && letter.subject.contains(household.name()));
    for form in [&letter.text, &letter.html] {
        for fact in [
            household.name(),
            household.tax_id(),
            "1.450.000",
            "1023456789",
            &code,
            "Vietcombank",
            "DH-2611-000002",
            // Is it a fraud? Ask the accountant.
            "Công ty TNHH Dịch vụ Kế toán Minh An",
            "Nguyễn Thị Lan",
            "0912 345 678",
        ] {
            assert!(form.contains(fact), "no {fact} in {form}");
        }
    }
}

#[test]
fn a_notice_for_two_clients_of_one_payer_says_the_sum_and_each_part() {
    if !require("python3") {
        return;
    }
    let (world, clients, _) = mailed();
    let letters = letters::all(&world);
    let notices = of_purpose(&world, &letters, "order_notice");
    let (_, at) = notices.iter().find(|(mail, _)| mail["to"] == clients[0].email()).unwrap();
    let order = world.order("DH-2611-000001");
    let requests = order["payment_requests"].as_array().unwrap();
    for form in [&letters[*at].text, &letters[*at].html] {
        assert!(form.contains("5.900.000") && form.contains(&text(&requests[0], "batch_code")));
        for (client, request) in clients.iter().zip(requests) {
            assert!(form.contains(client.name()) && form.contains(&text(request, "payment_code")));
        }
    }
}

#[test]
fn the_link_to_set_a_password_is_in_the_clients_letter_alone() {
    if !require("python3") {
        return;
    }
    let (world, clients, said) = mailed();
    let letters = letters::all(&world);
    let first = of_purpose(&world, &letters, "login_first");
    let existing = of_purpose(&world, &letters, "login_existing");
    assert_eq!((first.len(), existing.len()), (4, 2), "one owner needs no second account");

    let mut secrets = Vec::new();
    for (mail, at) in first.iter().chain(&existing) {
        let letter = &letters[*at];
        let to_client = clients.iter().any(|client| mail["to"] == client.email());
        let has_link = letter.text.contains(LINK) || letter.html.contains(LINK);
        assert_eq!(has_link, to_client && mail["purpose"] == "login_first", "{mail}");
        let client = clients.iter().find(|client| letter.text.contains(client.tax_id())).unwrap();
        assert!(letter.html.contains(client.name()) && letter.html.contains("Minh An"));
        secrets.extend(tokens(letter));
    }
    secrets.sort();
    secrets.dedup();
    assert_eq!(secrets.len(), 2);
    assert!(secrets.iter().all(|secret| secret.len() >= 32));
    nowhere_else(&world, &said, &secrets);
}

/// Not in the database, not in any list, not in any log.
fn nowhere_else(world: &World, said: &[Ran], secrets: &[String]) {
    let mut places = vec![("the database".to_owned(), world.database())];
    for ran in said {
        places.push(("a log".to_owned(), ran.stderr.clone().into_bytes()));
        places.push(("an answer".to_owned(), ran.stdout.clone().into_bytes()));
    }
    for list in ["orders", "licences", "mails", "notifications", "runs", "batches"] {
        let ran = world.run_at(NOW, &[list, "--json", "-vvv"]).exits(0);
        places.push((list.to_owned(), (ran.stdout + &ran.stderr).into_bytes()));
    }
    for (place, bytes) in &places {
        let holds = |what: &str| bytes.windows(what.len()).any(|part| part == what.as_bytes());
        for secret in secrets {
            assert!(!holds(secret) && !holds(&secret[..20]), "a link stands in {place}");
        }
        assert!(!holds(LINK), "a link stands in {place}");
    }
    assert!(
        world.database().windows(11).any(|part| part == b"login_first"),
        "the database was read"
    );
}

#[test]
fn no_personal_data_is_in_the_logs() {
    let (_world, clients, said) = mailed();
    for ran in &said {
        for client in &clients {
            for secret in [client.email(), client.tax_id(), client.name(), &client.0[5]] {
                assert!(!ran.stderr.contains(secret), "{secret} in {}", ran.stderr);
            }
        }
    }
}

#[test]
fn held_mails_wait_and_leave_when_the_hold_is_lifted() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    world.rewrite("hangloat.toml", "# hold = false", "hold = true");
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(world.list("mails")[0]["state"], "held");
    assert!(world.files_in("mail").is_empty());
    world.rewrite("hangloat.toml", "hold = true", "hold = false");
    world.run(&["run", "mail"]).exits(0);
    assert_eq!(world.list("mails")[0]["state"], "sent");
    assert_eq!(world.files_in("mail").len(), 2);
}

#[test]
fn mails_that_wait_for_another_try_are_told_with_the_time() {
    let world = World::new();
    world.import("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let name = text(&world.list("mails")[0], "message_id");
    let blocked = format!("mail/{}.eml", name.split('@').next().unwrap());
    // A folder in its place: a fault of one file, which other mails need not have.
    std::fs::create_dir_all(world.path(&blocked)).unwrap();
    std::fs::write(world.path(&format!("{blocked}/x")), b"x").unwrap();
    world.run(&["run", "mail"]).exits(1);
    std::fs::remove_dir_all(world.path(&blocked)).unwrap();
    let waits = world.run(&["run", "mail"]).exits(1).stdout;
    assert!(waits.contains("chờ thử lại 1") && waits.contains("thử lại được từ "), "{waits}");
    let en = world.run(&["run", "mail", "--locale", "en"]).exits(1).stdout;
    assert!(en.contains("to be tried again 1") && en.contains("tries them again from "), "{en}");
    assert_eq!(world.list("mails")[0]["state"], "planned");
}
