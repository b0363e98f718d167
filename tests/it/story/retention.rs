//! What is deleted when its time is over, what is kept until then, and what is left.

use hangloat::db::Db;
use serde_json::Value;

use super::lists::{Client, csv, enterprise, household};
use crate::world::{World, finished, text};

/// The licences end with 2026, and 365 days later is the first of January 2028.
const JUST_BEFORE: &str = "2027-12-31T23:59:59+07:00";
const AFTER: &str = "2028-01-01T02:30:00+07:00";
const ORDERS: [&str; 2] = ["DH-2611-000001", "DH-2611-000002"];

fn execute(world: &World, sql: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = runtime
        .block_on(async { Db::open(&world.store_url()).await.unwrap().query(sql).execute().await });
    done.unwrap();
}

fn pay(world: &World) {
    execute(world, "update payment_request set state = 'paid', paid = amount");
    execute(world, "update order_line set state = 'active' where state = 'grace'");
    execute(world, "update licence set state = 'active'");
}

/// Two orders that were activated and mailed, and told of in the morning.
fn lived() -> (World, Vec<Client>) {
    let world = World::new();
    let clients = vec![enterprise(1), enterprise(2), household(3)];
    world.take("khach.csv", &csv(&clients));
    for order in ORDERS {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    world.run(&["run", "mail"]).exits(0);
    world.run_at("2026-11-24T07:30:00+07:00", &["run", "report"]).exits(0);
    world.run_at("2026-11-24T07:30:00+07:00", &["run", "mail"]).exits(0);
    world.run(&["export", "lines"]).exits(0);
    (world, clients)
}

fn delete(world: &World, now: &str) -> Value {
    let run = world.run_at(now, &["run", "retention", "--json"]).exits(0).json();
    run["runs"][0]["counts"].clone()
}

/// What of a client can still be read anywhere in the workspace.
fn traces(world: &World, clients: &[Client]) -> Vec<String> {
    let mut places = vec![("the database".to_owned(), world.database())];
    for file in world.files_in("") {
        if !file.starts_with("hangloat.db") {
            places.push((file.clone(), std::fs::read(world.path(&file)).unwrap()));
        }
    }
    let mut found = Vec::new();
    for client in clients {
        for column in [0, 1, 3, 4, 5, 6] {
            // A phone is stored as +84…, and in a workbook everything is compressed: its name is looked at there.
            let wanted = client.0[column].trim_start_matches('0').as_bytes();
            for (place, bytes) in places.iter().filter(|_| wanted.len() > 6) {
                if bytes.windows(wanted.len()).any(|window| window == wanted) {
                    found.push(format!("{} in {place}", client.0[column]));
                }
            }
        }
    }
    found
}

#[test]
fn a_year_after_the_last_licence_nothing_of_its_clients_can_be_read_anywhere() {
    let (world, clients) = lived();
    // Nobody ordered these: they age from the day on which they came.
    let refused = vec![household(7).with("B", "079"), household(8).with("F", "1")];
    world.take("sai.csv", &csv(&refused));
    pay(&world);
    assert_eq!(delete(&world, "2027-11-23T08:29:59+07:00")["purged_batches"], 0);
    let at_first = delete(&world, "2027-11-23T08:30:01+07:00");
    assert_eq!(at_first["purged_batches"], 1, "{at_first}");
    assert_eq!(traces(&world, &refused), Vec::<String>::new());
    assert_eq!(delete(&world, JUST_BEFORE)["purged_batches"], 0);
    assert!(!traces(&world, &clients).is_empty(), "the test would see them");
    let files = world.files_in("");
    assert!(files.iter().any(|file| file.ends_with("khach__B000001__r3.xlsx")), "{files:?}");

    let counts = delete(&world, AFTER);
    assert_eq!(
        (&counts["purged_batches"], &counts["purged_lines"], &counts["purged_clients"]),
        (&1.into(), &3.into(), &3.into()),
        "{counts}"
    );
    assert_eq!(traces(&world, &clients), Vec::<String>::new());
    for folder in ["archive", "outbox", "mail", "work"] {
        assert_eq!(world.files_in(folder), Vec::<String>::new(), "in {folder}/");
    }
    for list in ["batches", "orders", "licences", "clients", "mails", "notifications"] {
        assert_eq!(world.list(list), Vec::<Value>::new());
    }
    let again = delete(&world, AFTER);
    assert_eq!((&again["purged_batches"], &again["files"]), (&0.into(), &0.into()), "{again}");
}

#[test]
fn what_is_not_paid_is_kept() {
    let (world, clients) = lived();
    assert_eq!(delete(&world, "2036-01-01T02:30:00+07:00")["purged_batches"], 0);
    assert_eq!(world.list("licences").len(), clients.len());
    execute(&world, "update payment_request set state = 'overpaid', paid = amount + 1");
    assert_eq!(delete(&world, AFTER)["purged_batches"], 0, "somebody gets money back");
    pay(&world);
    assert_eq!(delete(&world, AFTER)["purged_batches"], 1);
}

/// The findings of the one row of a list.
fn said(world: &World, now: &str, name: &str, client: &Client) -> Vec<String> {
    world.drop_file(name, &csv(std::slice::from_ref(client)));
    let answer = world.run_at(now, &["run", "import", "--json"]).json();
    let findings = answer["files"][0]["findings"].as_array().unwrap();
    findings.iter().map(|finding| text(finding, "code")).collect()
}

#[test]
fn of_what_was_deleted_it_is_still_known_that_it_was_bought_and_the_free_year_used() {
    const LATER: &str = "2027-01-10T08:30:00+07:00";
    let world = World::new();
    world.rewrite("hangloat.toml", "# keep_days = 365", "keep_days = 1");
    world.run(&["run", "import"]).exits(0);
    let free = world.outside("free.csv");
    std::fs::write(&free, csv(&[enterprise(2)])).unwrap();
    world.take("mua.csv", &csv(&[enterprise(1)]));
    let args = ["run", "import", free.to_str().unwrap(), "--firm", "MINHAN", "--set", "kind=free"];
    world.run(&args).exits(0);
    for order in ORDERS {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    pay(&world);
    assert_eq!(delete(&world, LATER)["purged_lines"], 2);
    assert_eq!(world.list("clients").len(), 0);

    let again = said(&world, LATER, "lai.csv", &enterprise(1));
    assert!(again.contains(&"client.already_ordered".to_owned()), "{again:?}");
    let next_year = said(&world, LATER, "sau.csv", &enterprise(1).with("I", "2027"));
    assert!(!next_year.contains(&"client.already_ordered".to_owned()), "{next_year:?}");
    assert!(!next_year.contains(&"free_year.available".to_owned()), "{next_year:?}");
    world.rewrite("jobs/import.toml", "# fiscal_year = 2026", "kind = \"free\"");
    let free = said(&world, LATER, "mien-phi.csv", &enterprise(2).with("I", "2027"));
    assert!(free.contains(&"free_year.already_used".to_owned()), "{free:?}");
    let other = said(&world, LATER, "khac.csv", &enterprise(3).with("I", "2027"));
    assert!(!other.contains(&"free_year.already_used".to_owned()), "{other:?}");
}

#[test]
fn a_deletion_that_was_killed_is_ended_by_the_next_one() {
    for point in ["purge_files", "purged"] {
        let (world, clients) = lived();
        pay(&world);
        let mut command = world.command(&["run", "retention", "--now", AFTER]);
        let killed = finished(command.env("HANGLOAT_CRASH_AT", point));
        assert_eq!(killed.code, 128 + 9, "{point} is not on the way: {killed:?}");
        delete(&world, AFTER);
        assert_eq!(traces(&world, &clients), Vec::<String>::new(), "after {point}");
        assert_eq!(world.files_in("mail"), Vec::<String>::new(), "after {point}");
        assert_eq!(world.list("batches"), Vec::<Value>::new());
    }
}

#[test]
fn numbered_exports_go_with_their_rows_and_the_newest_number_stays() {
    let (world, _) = lived();
    pay(&world);
    let path = world.outside("hoa-don.csv");
    let export = |what: &[&str], exit| {
        let args = [&["export", "invoices", "--format", "csv", "-o", path.to_str().unwrap()], what];
        world.run(&args.concat()).exits(exit);
    };
    export(&["--new"], 0);
    let place = ["correct", "DH-2611-000001/1", "address=Số 9 phố Mới", "--reason", "khách báo"];
    world.run(&place).exits(0);
    export(&["--new"], 0);
    delete(&world, AFTER);
    export(&["--export", "1"], 2);
    export(&["--export", "2"], 0);
}
