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

/// An export with a number as JSON: what the command says of it, and its rows.
fn numbered(world: &World, args: &[&str]) -> (Value, Vec<Value>) {
    let path = world.outside("numbered.json");
    let _ = std::fs::remove_file(&path);
    let mut all = vec!["export", "invoices", "--format", "json", "--json"];
    all.extend(["-o", path.to_str().unwrap()]);
    all.extend(args);
    let said = world.run(&all).exits(0).json();
    let rows = std::fs::read_to_string(&path).unwrap_or_else(|_| "[]".to_owned());
    (said, serde_json::from_str(&rows).unwrap())
}

fn as_paid(world: &World, sql: &'static str) {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let done = runtime.block_on(async {
        let db = Db::open(&world.store_url()).await?;
        anyhow::Ok(db.query(sql).execute().await?)
    });
    assert_eq!(done.unwrap(), 1, "{sql}");
}

#[test]
fn each_paid_request_is_handed_out_once_and_a_number_is_repeated_as_it_was() {
    for world in World::on_each_engine() {
        let taken = world.import("ds.csv", &csv(&[enterprise(1), household(2)]));
        for order in taken["orders"].as_array().unwrap() {
            world.run(&["confirm", order.as_str().unwrap()]).exits(0);
        }
        let (said, rows) = numbered(&world, &["--new"]);
        assert_eq!((&said["export"], &said["rows"]), (&Value::Null, &json!(0)), "{said}");
        assert!(rows.is_empty());
        as_paid(
            &world,
            "update payment_request set state = 'paid', paid = amount where amount = 2950000",
        );
        let (said, first) = numbered(&world, &["--new"]);
        assert_eq!((&said["export"], &said["rows"]), (&json!(1), &json!(1)), "{said}");
        assert_eq!(
            (&first[0]["export"], &first[0]["invoice_kind"]),
            (&json!(1), &json!("invoice"))
        );
        assert_eq!(first[0]["buyer_tax_id"], enterprise(1).tax_id());
        as_paid(
            &world,
            "update payment_request set state = 'paid', paid = amount where amount = 1450000",
        );
        let (said, second) = numbered(&world, &["--new", "--firm", FIRM]);
        assert_eq!((&said["export"], second.len()), (&json!(2), 1));
        assert_ne!(first[0]["payment_code"], second[0]["payment_code"]);
        assert_eq!(numbered(&world, &["--new"]).0["export"], Value::Null);
        assert_eq!(numbered(&world, &["--export", "1"]).1, first);
        assert_eq!(numbered(&world, &["--export", "2", "--firm", FIRM]).1, second);
        for unknown in [&["--export", "3"][..], &["--export", "1", "--firm", FIRM]] {
            let mut all = vec!["export", "invoices"];
            all.extend(unknown);
            world.run(&all).exits(2);
        }
        world.run(&["export", "lines", "--new"]).exits(2);
        assert_eq!(exported(&world, "invoices").len(), 2, "without a number all are there");
    }
}

#[test]
fn what_changed_after_it_was_handed_out_is_adjusted_by_the_next_export() {
    for world in World::on_each_engine() {
        world.import("ds.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", "DH-2611-000001"]).exits(0);
        as_paid(&world, "update payment_request set state = 'paid', paid = amount");
        numbered(&world, &["--new"]);
        let address = "address=Số 9 phố Mới, Hà Nội";
        let correct = ["correct", "DH-2611-000001/1", address, "--reason", "khách báo"];
        world.run(&correct).exits(0);
        let (said, rows) = numbered(&world, &["--new"]);
        assert_eq!((&said["export"], rows.len()), (&json!(2), 1), "{said}");
        let row = &rows[0];
        assert_eq!((&row["invoice_kind"], &row["adjusts"]), (&json!("adjustment"), &json!(1)));
        assert_eq!(
            (&row["amount"], &row["buyer_address"]),
            (&json!(0), &json!("Số 9 phố Mới, Hà Nội"))
        );
        let remark = text(row, "remark");
        assert!(remark.contains("Điều chỉnh") && remark.contains("Địa chỉ người mua"), "{remark}");
        as_paid(&world, "update payment_request set state = 'open', paid = 0");
        let (_, rows) = numbered(&world, &["--new"]);
        assert_eq!(rows[0]["invoice_kind"], "decrease");
        assert_eq!(rows[0]["amount"], -2_950_000);
        assert!(text(&rows[0], "remark").contains("Điều chỉnh giảm"), "{}", rows[0]);
        assert_eq!(numbered(&world, &["--new"]).0["export"], Value::Null, "it is told once");
        as_paid(&world, "update payment_request set state = 'paid', paid = amount");
        let (said, rows) = numbered(&world, &["--new"]);
        assert_eq!((&said["export"], &rows[0]["invoice_kind"]), (&json!(4), &json!("invoice")));
        assert_eq!(rows[0]["amount"], 2_950_000);
    }
}
