//! The demo: everything that a first look should find, and every list finds it again.
//! What the samples say in detail is not looked at here.

use serde_json::Value;

use crate::world::{World, text, texts};

#[test]
fn the_demo_goes_the_whole_way_and_every_list_finds_it_again() {
    let world = World::empty();
    let home = world.path("");
    let told = world.run(&["demo", home.to_str().unwrap(), "--json"]).exits(0).json();
    let made = told["files"].as_array().unwrap().clone();
    for file in &made {
        assert!(world.path(&text(file, "path")).is_file(), "{file}");
    }
    let kinds = texts(&made, "kind");
    for kind in ["workbook", "order_notice", "login_first", "login_existing"] {
        assert!(kinds.iter().any(|known| known == kind), "no {kind} in {kinds:?}");
    }

    placed_orders(&world);
    licences_with_their_days(&world);
    mails_that_left(&world, &made);
    all_else_that_is_listed(&world);
}

/// Each of a list, whatever it is of.
#[track_caller]
fn each_has(list: &[Value], names: &str) {
    for object in list {
        has(object, names);
    }
}

#[track_caller]
fn has(object: &Value, names: &str) {
    for name in names.split_whitespace() {
        assert!(object.get(name).is_some(), "no {name} in {object}");
    }
}

fn placed_orders(world: &World) {
    let orders = world.orders();
    for customer_type in ["enterprise", "household"] {
        let placed =
            |order: &&Value| order["customer_type"] == customer_type && order["state"] == "placed";
        let order =
            orders.iter().find(placed).unwrap_or_else(|| panic!("no placed {customer_type}"));
        has(
            order,
            "code batch firm kind package customer_type fiscal_year recipient invoice_to state revision amount placed_at",
        );
        has(
            &order["lines"][0],
            "line row name tax_id state licence_id activated_at grace_until cutoff_at payment_code",
        );
        has(
            &order["payment_requests"][0],
            "payment_code batch_code line amount paid state payer recipient_email due",
        );
    }
    for order in &orders {
        let amounts = order["payment_requests"].as_array().unwrap().iter();
        let sum: i64 = amounts.map(|request| request["amount"].as_i64().unwrap()).sum();
        assert_eq!(order["amount"], sum, "every line has its payment request");
    }
}

fn licences_with_their_days(world: &World) {
    let licences = world.list("licences");
    assert!(!licences.is_empty());
    for licence in &licences {
        has(
            licence,
            "licence_id order line tax_id package fiscal_year state activated_at grace_until cutoff_at paid_on suspended_at",
        );
        // Activated on a Monday: seven days, and then to the end of the local day.
        assert_eq!(licence["activated_at"], "2026-11-23T08:30:00+07:00");
        assert_eq!(licence["grace_until"], "2026-11-30T08:30:00+07:00");
        assert_eq!(licence["cutoff_at"], "2026-12-01T00:00:00+07:00");
    }
}

fn mails_that_left(world: &World, made: &[Value]) {
    let mails = world.list("mails");
    for mail in &mails {
        has(mail, "id purpose to subject state attempts message_id planned_at sent_at error");
        assert_eq!(mail["state"], "sent");
        let local_part = text(mail, "message_id").split('@').next().unwrap().to_owned();
        assert!(world.path(&format!("mail/{local_part}.eml")).is_file());
    }
    assert_eq!(world.files_in("mail").len(), mails.len());
    assert_eq!(made.iter().filter(|file| file["kind"] != "workbook").count(), mails.len());
    let one = world.run(&["mails", &mails[0]["id"].to_string(), "--json"]).exits(0).json();
    assert_eq!(one["mails"], Value::from(vec![mails[0].clone()]));
}

fn all_else_that_is_listed(world: &World) {
    let batches = world.list("batches");
    each_has(&batches, "id file firm kind state revision rows orders workbook");
    assert!(batches.iter().any(|batch| batch["state"] == "duplicate"));
    for batch in batches.iter().filter(|batch| batch["state"] == "ordered") {
        assert!(world.workbook(&text(batch, "id")).is_file());
    }
    let runs = world.list("runs");
    each_has(&runs, "id job slot state attempt started_at finished_at counts files error");
    assert!(runs.iter().all(|run| run["error"].is_null()));
    let jobs = world.list("jobs");
    each_has(&jobs, "name kind schedule next last");
    let known = [
        "activate",
        "backup",
        "cut-offs",
        "import",
        "look-up",
        "mail",
        "nightly-reconcile",
        "nightly-sweep",
        "remind",
        "report",
        "retention",
    ];
    assert_eq!(texts(&jobs, "name"), known);
    let bells = world.list("notifications");
    each_has(&bells, "id at firm kind text order read");
    let doctor = world.run(&["doctor", "--json"]).exits(0).json();
    for check in doctor["checks"].as_array().unwrap() {
        has(check, "name ok detail fix");
        assert_eq!(check["ok"], true, "{check}");
    }
}
