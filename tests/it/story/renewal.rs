//! Renewals: the next year of clients that the firm has, by their tax ids alone.

use serde_json::Value;

use super::{
    lists::{csv, enterprise, household},
    refused::with_a_second_firm,
};
use crate::world::{World, text, texts};

const ADMIN: &str = "lan@minhan.example";

fn by_tax_id(tax_ids: &[&str]) -> Vec<u8> {
    format!("Mã số thuế\n{}\n", tax_ids.join("\n")).into_bytes()
}

/// An enterprise and a household with licences for 2026.
fn licensed() -> World {
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1), household(1)]));
    for order in ["DH-2611-000001", "DH-2611-000002"] {
        world.run(&["confirm", order, "--activate"]).exits(0);
    }
    world
}

#[test]
fn a_tax_id_alone_is_renewed_for_the_next_year_and_the_firm_pays() {
    let world = licensed();
    let both = by_tax_id(&[enterprise(1).tax_id(), household(1).tax_id()]);
    let file = world.take("gia-han.csv", &both);
    assert_eq!(
        (file["rows"]["accepted"].as_i64(), file["exit"].as_i64()),
        (Some(2), Some(0)),
        "{file}"
    );
    for (code, client) in [("DH-2611-000003", enterprise(1)), ("DH-2611-000004", household(1))] {
        let order = world.order(code);
        let said = ["kind", "recipient", "invoice_to"].map(|name| text(&order, name));
        assert_eq!(said, ["renewal", "firm", "client"], "{order}");
        assert_eq!(order["fiscal_year"], 2027);
        assert_eq!(texts(order["lines"].as_array().unwrap(), "name"), [client.name()]);
        world.run(&["confirm", code, "--activate"]).exits(0);
        let order = world.order(code);
        assert_eq!(text(&order["payment_requests"][0], "recipient_email"), ADMIN);
        assert_eq!(text(&order["lines"][0], "state"), "grace", "to the platform it is a purchase");
    }
    let notices = world.list("mails").into_iter().filter(|mail| mail["purpose"] == "order_notice");
    let to_firm = notices.filter(|mail| mail["to"] == ADMIN).count();
    assert_eq!(to_firm, 2);
}

#[test]
fn the_list_of_renewals_again_with_a_client_more_brings_only_that_client() {
    let world = licensed();
    world.take("gia-han.csv", &by_tax_id(&[enterprise(1).tax_id()]));
    world.run(&["confirm", "DH-2611-000003", "--activate"]).exits(0);
    let more = by_tax_id(&[enterprise(1).tax_id(), household(1).tax_id()]);
    let file = world.take("gia-han-2.csv", &more);
    assert_eq!(
        (file["rows"]["accepted"].as_i64(), file["rows"]["unchanged"].as_i64()),
        (Some(1), Some(1)),
        "{file}"
    );
}

#[test]
fn a_client_without_a_licence_for_this_year_has_nothing_to_renew() {
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1)]));
    let path = world.outside("gia-han.csv");
    std::fs::write(&path, by_tax_id(&[enterprise(1).tax_id()])).unwrap();
    let path = path.to_str().unwrap();
    let set = ["--set", "kind=renewal", "--set", "fiscal_year=2027"];
    let args = [&["run", "import", path, "--firm", "MINHAN", "--json"][..], &set].concat();
    let file = world.run(&args).exits(1).json()["files"][0].clone();
    assert_eq!(texts(file["findings"].as_array().unwrap(), "code"), ["kind.not_allowed"], "{file}");
    let said = text(&file["findings"][0], "message");
    assert!(said.contains("chưa có bản quyền của năm trước"), "{said}");
}

#[test]
fn the_renewal_list_of_one_firm_is_stopped_in_the_folder_of_another() {
    let world = licensed();
    with_a_second_firm(&world);
    let path = world.outside("gia-han.xlsx");
    let path = path.to_str().unwrap();
    let renew = ["template", "--type", "enterprise", "--firm", "MINHAN", "--renew", "2027"];
    world.run(&[&renew[..], &["-o", path]].concat()).exits(0);
    let bytes = std::fs::read(path).unwrap();
    let codes = |file: &Value| texts(file["findings"].as_array().unwrap(), "code");
    let checked = world.run(&["check", path, "--firm", "HOAPHAT", "--json"]).json();
    assert_eq!(codes(&checked["files"][0]), ["file.wrong_folder"], "{checked}");
    let file = world.take("HOAPHAT/gia-han.xlsx", &bytes);
    assert_eq!((codes(&file), &file["exit"]), (vec!["file.wrong_folder".to_owned()], &3.into()));
    for theirs in [enterprise(1).name(), enterprise(1).tax_id(), "MINHAN", "Minh An"] {
        assert!(!file.to_string().contains(theirs), "{theirs} in {file}");
    }
    let own = world.take("MINHAN/gia-han.xlsx", &bytes);
    assert!(!codes(&own).contains(&"file.wrong_folder".to_owned()), "{own}");
}
