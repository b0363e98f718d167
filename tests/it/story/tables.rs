//! Owners edit the tables: what is new there works without code, and what does not fit together is told.
//! What the tables mean for single rows is tested in `check`.

use serde_json::Value;

use super::{
    lists::{csv, enterprise, household},
    workbooks::sheet_text,
};
use crate::world::{World, require, text};

const RULES: &str = "jobs/catalogue/rules.toml";
const PACKAGES: &str = "jobs/catalogue/packages.toml";
const COLUMNS: &str = "jobs/catalogue/columns.toml";

fn append(world: &World, table: &str, more: &str) {
    let path = world.path(table);
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(path, text + more).unwrap();
}

fn problems(world: &World, exit: i32) -> Vec<Value> {
    let answer = world.run(&["catalogue", "check", "--json"]).exits(exit).json();
    assert_eq!(answer["exit"], exit);
    answer["problems"].as_array().unwrap().clone()
}

#[test]
fn a_new_package_with_its_price_is_ordered_at_that_price() {
    let world = World::new();
    append(
        &world,
        PACKAGES,
        "\n[[package]]\ncode = \"ASP-DN-MINI\"\nfamily = \"ASP\"\nname = \"ASP Kế toán – Siêu nhỏ\"\n\
         customer_type = \"enterprise\"\nprices = [{ from = 2026-01-01, amount = 900_000 }, { from = 2026-11-01, amount = 990_000 }]\n\
         on_sale = { from = 2026-01-01 }\nfiscal_years = { back = 0, ahead = 2 }\nfree_first_year = false\n\
         databases_per_fiscal_year = 2\nclient_accounts = 2\n",
    );
    assert_eq!(problems(&world, 0), Vec::<Value>::new());
    let by_code = enterprise(1).with("H", "ASP-DN-MINI").with("I", "2028");
    let by_name = enterprise(2).with("H", "ASP Kế toán - siêu nhỏ").with("I", "2028");
    let file = world.import("goi-moi.csv", &csv(&[by_code, by_name]));
    assert_eq!(file["outcome"], "accepted", "{file}");
    let orders = world.orders();
    assert_eq!(orders.len(), 1);
    assert_eq!(
        (&orders[0]["package"], &orders[0]["amount"]),
        (&"ASP-DN-MINI".into(), &1_980_000.into())
    );
}

#[test]
fn a_new_price_holds_from_its_day() {
    let world = World::new();
    world.rewrite(
        PACKAGES,
        "prices = [{ from = 2026-01-01, amount = 2_950_000 }]",
        "prices = [{ from = 2026-01-01, amount = 2_950_000 }, { from = 2026-11-24, amount = 3_100_000 }]",
    );
    let amount_on = |now: &str, n: u32| {
        let path = world.drop_file(&format!("gia-{n}.csv"), &csv(&[enterprise(n)]));
        let ran = world.run_at(now, &["run", "import", path.to_str().unwrap(), "--json"]).exits(0);
        world.order(ran.json()["files"][0]["orders"][0].as_str().unwrap())["amount"].clone()
    };
    assert_eq!(amount_on("2026-11-23T23:59:59+07:00", 1), 2_950_000);
    assert_eq!(amount_on("2026-11-24T00:00:00+07:00", 2), 3_100_000);
}

#[test]
fn new_words_for_headers_and_values_are_understood() {
    let world = World::new();
    world.rewrite(
        COLUMNS,
        "\"Tên khách hàng\", \"Customer name\",",
        "\"Tên khách hàng\", \"Customer name\", \"Thân chủ\",",
    );
    world.rewrite(COLUMNS, "deduction = [", "deduction = [\"Kiểu khấu trừ mới\",");
    let list = String::from_utf8(csv(&[enterprise(1).with("J", "kieu khau tru moi")])).unwrap();
    let list = list.replace("Tên khách hàng", "Thân chủ");
    let path = world.drop_file("tu-moi.csv", list.as_bytes());
    let args = ["run", "import", path.to_str().unwrap(), "--set", "kind=purchase", "--json"];
    let ran = world.run(&args).json();
    let mut file = ran["files"][0].clone();
    file["exit"] = ran["exit"].clone();
    assert_eq!(
        (file["exit"].clone(), &file["findings"]),
        (0.into(), &Value::Array(vec![])),
        "{file}"
    );
}

#[test]
fn a_new_regime_is_understood_allowed_by_its_dates_stored_and_sent_to_the_platform() {
    let world = World::new();
    let tt58 = |file: &Value| text(&file["findings"][0], "code");
    let list = csv(&[enterprise(1).with("K", "Thông tư 58")]);
    let unknown = world.import("truoc.csv", &list);
    assert_eq!(tt58(&unknown), "regime.unknown");

    let names = "TT58 = [\"TT58\", \"Circular 58/2026\", \"Thông tư 58\", \"58/2026/TT-BTC\"]";
    world.rewrite(COLUMNS, "[values.regime]\n", &format!("[values.regime]\n{names}\n"));
    assert_eq!(problems(&world, 1)[0]["message"], "`TT58` of regime is allowed to nobody");

    let rule = "\n[[allow]]\nfield = \"regime\"\nvalue = \"TT58\"\ncustomer_type = \"enterprise\"\n\
                basis = \"fiscal_year_start\"\nfrom = 2026-07-01\nsource = \"TT58/2026\"\n\n[email]\n";
    world.rewrite(RULES, "\n[email]\n", rule);
    assert_eq!(problems(&world, 0), Vec::<Value>::new());
    let early = world.import("som.csv", &list);
    assert_eq!(tt58(&early), "regime.not_allowed", "{early}");
    let late = enterprise(2).with("K", "58/2026/TT-BTC").with("I", "2027");
    let file = world.import("dung.csv", &csv(&[late]));
    assert_eq!(file["outcome"], "accepted", "{file}");
    world.run(&["confirm", file["orders"][0].as_str().unwrap(), "--activate"]).exits(0);
    assert_eq!(world.list("licences")[0]["state"], "grace");
    // The engines quote JSON differently.
    let stored = String::from_utf8_lossy(&world.database()).replace([' ', '"', '\\'], "");
    assert!(stored.contains("regime:TT58"));
}

#[test]
fn a_verdict_names_the_tables_it_was_made_by_also_where_nobody_thought_of_their_version() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    let tables = |name: &str, n: u32| {
        let file = world.import(name, &csv(&[household(n)]));
        let origin = sheet_text(&world.path(&text(&file, "workbook")), "Nguồn gốc");
        origin.lines().find(|line| line.contains("rules 2026-11+")).unwrap().to_owned()
    };
    let (first, again) = (tables("a.csv", 1), tables("b.csv", 2));
    assert_eq!(first, again);
    world.rewrite(PACKAGES, "amount = 1_450_000", "amount = 1_460_000");
    let changed = tables("c.csv", 3);
    let parts = |line: &str| line.split(", ").map(str::to_owned).collect::<Vec<_>>();
    let differ = parts(&first).into_iter().zip(parts(&changed)).filter(|(a, b)| a != b).count();
    assert_eq!(differ, 1, "{first}\n{changed}");
}

#[test]
fn the_tables_as_they_are_shipped_are_consistent() {
    let world = World::new();
    assert_eq!(problems(&world, 0), Vec::<Value>::new());
    let said = world.run(&["catalogue", "check"]).exits(0);
    assert!(said.stdout.contains("khớp với nhau"));
    // The holidays of the year after the next are not known for ever.
    assert_eq!(world.run_at("2028-02-01T08:00:00+07:00", &["catalogue", "check"]).exits(1).code, 1);
}

#[test]
fn all_that_does_not_fit_together_is_told_with_file_and_line() {
    let world = World::new();
    world.rewrite(PACKAGES, "code = \"ASP-DN-PRO\"", "code = \"ASP-DN\"");
    world.rewrite(RULES, "source = \"TT133/2016, amended by TT46/2025\"\n", "");
    world.rewrite(COLUMNS, "\"Hotline\"", "\"Hotline\", \"Di động\"");
    let found = problems(&world, 1);
    let places: Vec<(String, bool, bool)> = found
        .iter()
        .map(|problem| {
            (text(problem, "file"), problem["line"].as_u64().is_some(), problem["fix"].is_string())
        })
        .collect();
    assert_eq!(
        places,
        [
            ("jobs/catalogue/packages.toml".to_owned(), true, true),
            ("jobs/catalogue/rules.toml".to_owned(), true, true),
            ("jobs/catalogue/columns.toml".to_owned(), true, true),
        ],
        "{found:?}"
    );
    let line = usize::try_from(found[0]["line"].as_u64().unwrap()).unwrap();
    let packages = std::fs::read_to_string(world.path(PACKAGES)).unwrap();
    assert_eq!(packages.lines().nth(line - 1), Some("code = \"ASP-DN\""));
    let said = world.run(&["catalogue", "check"]).exits(1);
    assert!(said.stdout.contains(&format!("packages.toml:{line}")), "{}", said.stdout);
}

#[test]
fn tables_that_cannot_be_read_are_told_with_every_error_and_nothing_runs() {
    let world = World::new();
    world.rewrite(PACKAGES, "client_accounts", "client_acounts");
    world.rewrite(RULES, "value = \"TT88\"", "value = 88");
    let answer = world.run(&["catalogue", "check", "--json"]).exits(78).json();
    let found = answer["problems"].as_array().unwrap();
    assert_eq!(found.len(), 4, "{found:?}");
    assert_eq!(found[0]["fix"], "did you mean `client_accounts`?");
    assert!(found.iter().all(|problem| problem["line"].is_u64()));
    assert_eq!(answer["error"]["code"], "configuration");
    let list = csv(&[enterprise(1)]);
    let path = world.drop_file("a.csv", &list);
    world.run(&["run", "import", path.to_str().unwrap()]).exits(78);
    assert!(path.exists());
    std::fs::remove_file(world.path(RULES)).unwrap();
    assert_eq!(
        world.run(&["catalogue", "check", "--json"]).exits(78).json()["problems"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn an_update_replaces_what_nobody_touched_and_shows_the_rest() {
    use hangloat::catalogue::shipped::{RECORD, Record, hash, read_record, write_record};
    let world = World::new();
    let states = |args: &[&str], exit: i32| {
        let answer =
            world.run(&[&["catalogue", "update", "--json"], args].concat()).exits(exit).json();
        let files = answer["files"].as_array().unwrap().clone();
        files.iter().map(|file| text(file, "state")).collect::<Vec<_>>()
    };
    assert_eq!(states(&[], 0), ["current"; 5]);
    // A former version shipped other rules and holidays, and the owner edited the holidays and the prices.
    let shipped = std::fs::read_to_string(world.path(RULES)).unwrap();
    world.rewrite(RULES, "source = \"TT99/2025\"", "source = \"TT99\"");
    world.rewrite("jobs/catalogue/holidays.toml", "Quốc khánh", "Lễ 2/9");
    world.rewrite(PACKAGES, "amount = 2_950_000", "amount = 3_050_000");
    let record = world.path("jobs/catalogue").join(RECORD);
    let mut known: Record = read_record(&std::fs::read_to_string(&record).unwrap());
    known.insert("rules.toml".into(), hash(&std::fs::read_to_string(world.path(RULES)).unwrap()));
    known.insert("holidays.toml".into(), hash("of a former version"));
    std::fs::write(&record, write_record(&known)).unwrap();

    let seen = ["edited", "outdated", "current", "current", "differs"];
    assert_eq!(states(&[], 1), seen);
    assert_ne!(std::fs::read_to_string(world.path(RULES)).unwrap(), shipped);
    let said = world.run(&["catalogue", "update", "--apply"]).exits(1).stdout;
    assert!(said.contains("Lễ 2/9") && said.contains("+     { date = 2026-09-02"), "{said}");
    assert_eq!(std::fs::read_to_string(world.path(RULES)).unwrap(), shipped);
    assert!(std::fs::read_to_string(world.path(PACKAGES)).unwrap().contains("3_050_000"));
    assert_eq!(states(&[], 1), ["edited", "current", "current", "current", "differs"]);
}

#[test]
fn an_update_of_a_workspace_without_a_record_of_what_came_says_what_can_be_known() {
    use hangloat::catalogue::shipped::RECORD;
    let world = World::new();
    std::fs::remove_file(world.path("jobs/catalogue").join(RECORD)).unwrap();
    let update = |exit: i32| world.run(&["catalogue", "update"]).exits(exit).stdout;
    let said = update(0);
    assert_eq!(said.matches("đúng là bảng của phiên bản này").count(), 5, "{said}");
    // Edited here, or of another version: the version that stands in the table tells.
    world.rewrite(PACKAGES, "amount = 2_950_000", "amount = 3_050_000");
    assert!(update(0).contains("packages.toml: đã sửa ở đây; phiên bản này không có gì mới"));
    world.rewrite(RULES, "version = \"2026-11\"", "version = \"2026-08\"");
    let said = update(1);
    assert!(said.contains("rules.toml: khác với bảng") && said.contains(".shipped.toml"), "{said}");
}

#[test]
fn what_does_not_fit_together_is_told_in_vietnamese_with_something_to_do() {
    let world = World::new();
    world.rewrite("jobs/catalogue/holidays.toml", "version = \"2026-11\"", "");
    world.rewrite(RULES, "source = \"TT99/2025\"", "source = \"\"");
    let said = world.run(&["catalogue", "check"]).exits(1).stdout;
    for words in
        ["bảng chưa ghi phiên bản", "quy tắc `TT99` của regime cho enterprise chưa ghi căn cứ"]
    {
        assert!(said.contains(words), "{said}");
    }
    assert!(!said.contains("says no source") && said.contains("ghi luật hoặc thông tư"), "{said}");
    assert!(problems(&world, 1).iter().all(|problem| !text(problem, "fix").is_empty()));
}
