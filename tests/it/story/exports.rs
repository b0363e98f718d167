//! Files for other programs: what there is, under stable names, and what is to be invoiced.

use hangloat::db::Db;
use serde_json::{Value, json};

use super::{
    lists::{csv, enterprise, household},
    workbooks,
};
use crate::{
    corpus::script,
    world::{FIRM, World, require, text},
};

/// Two placed orders, of an enterprise that pays itself and of a household for which another gets the invoice.
fn placed() -> World {
    let world = World::new();
    let taken = world.import("ds.csv", &csv(&[enterprise(1), household(2)]));
    for order in taken["orders"].as_array().unwrap() {
        world.run(&["confirm", order.as_str().unwrap()]).exits(0);
    }
    world
}

fn exported(world: &World, what: &str) -> Vec<Value> {
    let path = world.outside("out.json");
    let path = path.to_str().unwrap();
    world.run(&["export", what, "--format", "json", "-o", path]).exits(0);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn orders_lines_and_findings_are_exported_under_their_own_names() {
    let world = placed();
    let orders = exported(&world, "orders");
    let amounts: Vec<&Value> = orders.iter().map(|order| &order["amount"]).collect();
    assert_eq!(orders.len(), 2);
    assert!(amounts.contains(&&json!(2_950_000)) && amounts.contains(&&json!(1_450_000)));
    let lines = exported(&world, "lines");
    let line = lines.iter().find(|line| line["customer_type"] == "enterprise").unwrap();
    assert_eq!(line["tax_id"], enterprise(1).tax_id());
    assert_eq!((&line["regime"], &line["state"]), (&json!("TT99"), &json!("placed")));
    assert_eq!(line["fiscal_year_start"], "2026-01-01");
    assert!(text(line, "payment_code").starts_with("HL"));
    let findings = exported(&world, "findings");
    assert!(findings.iter().any(|finding| finding["code"] == "order.mixed_types"));
}

#[test]
fn an_exported_workbook_has_a_new_name_each_time_and_ids_as_text() {
    let world = placed();
    let names = || {
        let files = world.run(&["export", "lines", "--firm", FIRM, "--json"]).exits(0).json();
        text(&files["files"][0], "path")
    };
    let first = names();
    assert_eq!(first, "outbox/lines__2026-11-23__r1.xlsx");
    assert_eq!(names(), "outbox/lines__2026-11-23__r2.xlsx");
    if require("openpyxl") {
        let book = workbooks::read(&world.path(&first));
        let rows = book["sheets"]["Dòng đơn hàng"].as_array().unwrap();
        assert_eq!(rows.len(), 3);
        assert!(
            rows.iter().any(|row| row.as_array().unwrap().contains(&json!(household(2).tax_id())))
        );
    }
    let unknown = world.run(&["export", "nothing", "--json"]);
    assert_eq!(unknown.code, 2);
}

#[test]
fn a_column_of_an_export_for_programs_has_the_type_of_what_it_says() {
    let world = placed();
    let path = world.outside("lines.parquet");
    world.run(&["export", "lines", "--format", "parquet", "-o", path.to_str().unwrap()]).exits(0);
    if !require("pyarrow") {
        return;
    }
    let read: Value =
        serde_json::from_slice(&script("columns.py", &[path.to_str().unwrap()])).unwrap();
    let types = &read["types"];
    assert_eq!((&types["amount"], &types["fiscal_year"]), (&json!("int64"), &json!("int64")));
    assert_eq!(
        (&types["tax_id"], &types["fiscal_year_start"]),
        (&json!("string"), &json!("date32[day]"))
    );
    assert_eq!(types["activated_at"], "timestamp[us, tz=UTC]");
    let rows = read["rows"].as_array().unwrap();
    let row = rows.iter().find(|row| row["customer_type"] == "enterprise").unwrap();
    assert_eq!((&row["amount"], &row["activated_at"]), (&json!(2_950_000), &Value::Null));
    assert_eq!(row["fiscal_year_start"], "2026-01-01");
    assert_eq!(row["name"], enterprise(1).name());
}

#[test]
fn clients_are_exported_with_what_they_hold() {
    let world = placed();
    let orders = exported(&world, "orders");
    let order = orders.iter().find(|order| order["customer_type"] == "enterprise").unwrap();
    world.run(&["activate", order["code"].as_str().unwrap()]).exits(0);
    let clients = exported(&world, "clients");
    assert_eq!(clients.len(), 2);
    let tax_id = enterprise(1).tax_id().to_owned();
    let client = clients.iter().find(|client| client["tax_id"] == tax_id).unwrap();
    assert_eq!((&client["firm"], &client["tax_ids"]), (&json!(FIRM), &json!(tax_id)));
    assert_eq!(client["regime"], "TT99");
    assert_eq!(client["licences"], "ASP-DN 2026 grace");
}

#[test]
fn what_is_paid_is_handed_on_with_the_buyer_and_without_vat() {
    let world = placed();
    assert_eq!(exported(&world, "invoices"), Vec::<Value>::new());
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let paid = runtime.block_on(async {
        let db = Db::open(&world.store_url()).await?;
        anyhow::Ok(
            db.query("update payment_request set state = 'paid', paid = amount").execute().await?,
        )
    });
    assert_eq!(paid.unwrap(), 2);
    let invoices = exported(&world, "invoices");
    assert_eq!(invoices.len(), 2);
    let invoice = invoices.iter().find(|row| row["package"] == "ASP-DN").unwrap();
    let client = enterprise(1);
    assert_eq!(invoice["buyer_name"], client.name());
    assert_eq!(invoice["buyer_tax_id"], client.tax_id());
    assert_eq!(invoice["buyer_email"], client.email());
    assert!(text(invoice, "buyer_address").starts_with("Số 1 "));
    assert_eq!((&invoice["amount"], &invoice["vat"]), (&json!(2_950_000), &json!("KCT")));
}

#[test]
fn an_export_as_text_that_is_dropped_is_refused_as_one_to_read_and_a_list_like_it_is_not() {
    let world = World::new();
    world.import("ds.csv", &csv(&[enterprise(1)]));
    for what in ["clients", "lines"] {
        let out = world.outside("out.csv");
        world.run(&["export", what, "--format", "csv", "-o", out.to_str().unwrap()]).exits(0);
        let bytes = std::fs::read(&out).unwrap();
        let file = world.take(&format!("{what}.csv"), &bytes);
        let codes = crate::world::texts(file["findings"].as_array().unwrap(), "code");
        assert_eq!((codes, &file["exit"]), (vec!["file.to_read".to_owned()], &3.into()), "{file}");
        // Somebody's own list may well have some of these headings.
        let own = String::from_utf8(bytes).unwrap().replacen(",licence", ",note", 1);
        let file = world.take(&format!("{what}-own.csv"), own.as_bytes());
        assert!(!file["findings"].to_string().contains("file.to_read"), "{file}");
    }
}
