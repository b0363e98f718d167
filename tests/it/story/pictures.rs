//! The VietQR pictures of workbook and mail, read as a phone reads them.

use std::collections::BTreeSet;

use data_encoding::BASE64;
use serde_json::Value;

use super::{
    letters::{self, Letter, Transfer, scanned, transfer},
    lists::{Client, csv, enterprise, mixed},
    workbooks::parts,
};
use crate::world::{World, require, text};

/// What one pays who pays for `amount` under `code`.
fn to_be_paid(code: &Value, amount: i64) -> Transfer {
    Transfer {
        bin: "970436".to_owned(),
        account: "1023456789".to_owned(),
        amount,
        memo: code.as_str().unwrap().to_owned(),
    }
}

/// A list that was imported and confirmed, each order.
fn placed(clients: &[Client]) -> World {
    let world = World::new();
    let file = world.import("khach.csv", &csv(clients));
    for order in file["orders"].as_array().unwrap() {
        world.run(&["confirm", order.as_str().unwrap()]).exits(0);
    }
    world
}

/// Every picture in the newest workbook.
fn pictures_of_workbook(world: &World) -> Vec<Transfer> {
    let parts = parts(&world.workbook("B000001"));
    let pictures = parts.iter().filter(|(name, _)| name.starts_with("xl/media/"));
    pictures.map(|(_, png)| read(world, png)).collect()
}

/// What a picture asks for.
fn read(world: &World, png: &[u8]) -> Transfer {
    let path = world.outside("picture.png");
    std::fs::write(&path, png).unwrap();
    transfer(&scanned(&path))
}

/// The picture in a letter, which its HTML shows.
fn picture_of(letter: &Letter) -> Vec<u8> {
    let (cid, png) = letter.pictures.first_key_value().unwrap();
    assert!(letter.html.contains(&format!("cid:{cid}")));
    BASE64.decode(png.as_bytes()).unwrap()
}

fn requests(world: &World) -> Vec<Value> {
    world
        .orders()
        .iter()
        .flat_map(|order| order["payment_requests"].as_array().unwrap().clone())
        .collect()
}

#[test]
fn the_pictures_in_the_workbook_ask_for_each_payment() {
    if !require("zbarimg") {
        return;
    }
    let world = placed(&mixed());
    let expected: BTreeSet<String> = requests(&world)
        .iter()
        .map(|request| {
            format!(
                "{:?}",
                to_be_paid(&request["payment_code"], request["amount"].as_i64().unwrap())
            )
        })
        .collect();
    let found = pictures_of_workbook(&world);
    assert_eq!(found.len(), 4);
    assert_eq!(
        found.iter().map(|transfer| format!("{transfer:?}")).collect::<BTreeSet<_>>(),
        expected
    );
}

#[test]
fn the_picture_in_a_notice_asks_for_what_the_letter_says() {
    if !(require("zbarimg") && require("python3")) {
        return;
    }
    let world = placed(&mixed());
    world.run(&["run", "mail"]).exits(0);
    let mut letters = letters::all(&world);
    letters.retain(|letter| !letter.pictures.is_empty());
    assert_eq!(letters.len(), 4);
    for request in requests(&world) {
        let to = text(&request, "recipient_email");
        let letter = letters.iter().find(|letter| letter.to == to).unwrap();
        let expected = to_be_paid(&request["payment_code"], request["amount"].as_i64().unwrap());
        assert_eq!(read(&world, &picture_of(letter)), expected);
        assert!(request["batch_code"].is_null(), "each pays for itself alone");
    }
}

#[test]
fn who_pays_for_several_scans_one_code_for_all() {
    if !(require("zbarimg") && require("python3")) {
        return;
    }
    let firm_pays = |n| enterprise(n).with("L", "Kế toán dịch vụ");
    let world = placed(&[firm_pays(1), firm_pays(2), firm_pays(3)]);
    world.run(&["run", "mail"]).exits(0);
    let requests = requests(&world);
    let code = &requests[0]["batch_code"];
    assert!(code.is_string() && requests.iter().all(|request| request["batch_code"] == *code));
    let all = to_be_paid(code, 3 * 2_950_000);
    assert_eq!(pictures_of_workbook(&world), [all], "the batch code stands for the three");

    let mut letters = letters::all(&world);
    letters.retain(|letter| !letter.pictures.is_empty());
    assert_eq!(letters.len(), 1, "one notice for one payer");
    assert_eq!(read(&world, &picture_of(&letters[0])), to_be_paid(code, 3 * 2_950_000));
}
