//! The firm's catalogue of clients: who enters it, what it fills in, and what a person says about it.

use serde_json::Value;

use super::{
    lists::{csv, enterprise, household},
    refused::with_a_second_firm,
    workbooks::{cell, edited},
};
use crate::world::{World, require, text, texts};

fn clients(world: &World) -> Vec<Value> {
    world.list("clients")
}

#[test]
fn a_client_enters_the_catalogue_with_its_first_order_and_is_listed_with_its_licences() {
    let world = World::new();
    let wrong = enterprise(2).with("F", "113");
    world.take("khach.csv", &csv(&[enterprise(1), wrong, household(1)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let known = clients(&world);
    assert_eq!(texts(&known, "tax_id"), [household(1).tax_id(), enterprise(1).tax_id()]);
    let first = &known[1];
    let said = ["name", "customer_type", "firm", "email", "phone"].map(|name| text(first, name));
    assert_eq!(
        said,
        [enterprise(1).name(), "enterprise", "MINHAN", enterprise(1).email(), "+84912000001"]
    );
    assert!(first["assigned_to"].is_null());
    assert_eq!(first["licences"][0]["fiscal_year"], 2026);
    assert_eq!(known[0]["licences"].as_array().unwrap().len(), 0);
    let table = world.run(&["clients", "--firm", "MINHAN"]).exits(0).stdout;
    assert!(
        table.contains(enterprise(1).name()) && table.contains("2026: Đang dùng, chờ thanh toán"),
        "{table}"
    );
    world.run(&["clients", "--firm", "KHONGCO"]).exits(2);
}

#[test]
fn a_dry_run_knows_the_catalogue_and_adds_nothing_to_it() {
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1)]));
    let path = world.outside("khach-2.csv");
    let next = enterprise(1).with("I", "2027").with("G", "Số 9 Lê Lợi, Hà Nội");
    std::fs::write(&path, csv(&[next, enterprise(2)])).unwrap();
    let checked = world.run(&["check", path.to_str().unwrap(), "--json"]).exits(0).json();
    let findings = checked["files"][0]["findings"].as_array().unwrap().clone();
    let changed: Vec<&Value> =
        findings.iter().filter(|finding| finding["code"] == "client.changed").collect();
    assert_eq!((changed.len(), text(changed[0], "severity")), (1, "info".to_owned()));
    assert!(text(changed[0], "message").contains("→ Số 9 Lê Lợi"), "{changed:?}");
    assert_eq!(clients(&world).len(), 1);
}

#[test]
fn a_new_log_in_is_taken_and_remembered_when_a_person_says_so() {
    if !require("openpyxl") {
        return;
    }
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let next = enterprise(1).with("I", "2027").with("E", "moi@congty1.example").with("L", "");
    let file = world.take("nam-sau.csv", &csv(&[next]));
    assert_eq!(
        (file["rows"]["held"].as_i64(), text(&clients(&world)[0], "email")),
        (Some(1), enterprise(1).email().to_owned()),
        "{file}"
    );
    let workbook = world.path(&text(&file, "workbook"));
    let answer = edited(&world, &workbook, &[cell("Cần sửa", "AJ2", "nhận")]);
    let taken = world.take("tra-loi.xlsx", &answer);
    assert_eq!(taken["rows"]["accepted"], 1, "{taken}");
    assert_eq!(text(&clients(&world)[0], "email"), "moi@congty1.example");
    assert_eq!(text(&world.order("DH-2611-000002"), "kind"), "renewal");
}

#[test]
fn a_job_may_take_known_clients_only() {
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1)]));
    world.rewrite("jobs/import.toml", r#"new_clients = "add""#, r#"new_clients = "refuse""#);
    let file = world.take("khach-2.csv", &csv(&[enterprise(1), enterprise(2)]));
    assert_eq!(
        (file["rows"]["unchanged"].as_i64(), file["rows"]["rejected"].as_i64()),
        (Some(1), Some(1))
    );
    let codes = texts(file["findings"].as_array().unwrap(), "code");
    assert!(codes.contains(&"tax_id.unknown".to_owned()), "{codes:?}");
    world.rewrite("jobs/import.toml", r#"new_clients = "refuse""#, r#"new_clients = "never""#);
    world.run(&["jobs"]).exits(78);
}

#[test]
fn two_tax_ids_of_one_client_are_joined_by_a_word_and_stay_so() {
    let world = World::new();
    let former = household(1).with("B", "8037630690").with("A", "Quán Phở Sen");
    world.take("khach.csv", &csv(&[former]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
    let next = household(1).with("A", "Quán Phở Sen").with("I", "2027").with("L", "");
    let file = world.take("nam-sau.csv", &csv(std::slice::from_ref(&next)));
    let codes = texts(file["findings"].as_array().unwrap(), "code");
    assert!(codes.contains(&"client.maybe_same".to_owned()), "{codes:?}");

    let (client, former) = (household(1), "8037630690");
    let same = ["clients", "--same", former, client.tax_id()];
    world.run(&same).exits(2);
    let said = [&same[..], &["--reason", "số định danh của chủ hộ", "--json"]].concat();
    let joined = world.run(&said).exits(0).json()["clients"][0].clone();
    assert_eq!(text(&joined, "tax_id"), household(1).tax_id());
    assert_eq!(joined["tax_ids"].as_array().unwrap().len(), 2);
    assert_eq!(joined["licences"][0]["fiscal_year"], 2026);
    world.run(&said).exits(0);
    assert_eq!(clients(&world).len(), 1);
    let other = ["clients", "--same", "0101243150", client.tax_id(), "--reason", "nhầm"];
    world.run(&other).exits(2);

    let file = world.take("nam-sau-2.csv", &csv(&[next.with("G", "Số 9 Lê Lợi")]));
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    assert_eq!(text(&world.order("DH-2611-000002"), "kind"), "renewal");
    assert_eq!(clients(&world).len(), 1);
}

#[test]
fn two_clients_with_the_same_year_are_not_made_one_until_one_of_both_is_cancelled() {
    let world = World::new();
    world.take("khach.csv", &csv(&[household(1), household(2)]));
    world.run(&["confirm", "DH-2611-000001"]).exits(0);
    let (one, two) = (household(1), household(2));
    let same = ["clients", "--same", one.tax_id(), two.tax_id(), "--reason", "một hộ", "--json"];
    let refused = world.run(&same).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    let said = text(&refused["error"], "message");
    for named in ["DH-2611-000001/1", "DH-2611-000001/2", one.tax_id(), two.tax_id(), "2026"] {
        assert!(said.contains(named), "{said}");
    }
    assert!(text(&refused["error"], "fix").contains("hủy một trong hai"), "{refused}");
    assert_eq!(clients(&world).len(), 2);
    world.run(&["cancel", "DH-2611-000001/1", "--reason", "một hộ"]).exits(0);
    world.run(&same).exits(0);
    assert_eq!(clients(&world).len(), 1);
}

#[test]
fn an_enterprise_and_a_household_are_made_one_client_only_by_whoever_says_so_twice() {
    for world in World::on_each_engine() {
        world.take("khach.csv", &csv(&[enterprise(1), household(1)]));
        let (company, home) = (enterprise(1), household(1));
        let both = [home.tax_id(), company.tax_id(), "--reason", "lên doanh nghiệp", "--json"];
        let same = [&["clients", "--same"][..], &both].concat();
        let sure = [&same[..], &["--yes"]].concat();
        let refused = world.run(&same).exits(1).json()["error"].clone();
        assert_eq!(refused["code"], "state.not_allowed");
        let said = text(&refused, "message");
        for named in [home.tax_id(), company.tax_id(), home.name(), company.name(), "khác loại"]
        {
            assert!(said.contains(named), "{said}");
        }
        assert!(text(&refused, "fix").contains("--yes"), "{refused}");
        assert_eq!(clients(&world).len(), 2);
        // Both have the same year: that stands against it anyhow.
        let said = text(&world.run(&sure).exits(1).json()["error"], "message");
        assert!(said.contains("cùng một năm"), "{said}");
        let order = text(&world.list("orders")[0], "code");
        world.run(&["cancel", &order, "--reason", "nhầm"]).exits(0);
        world.run(&same).exits(1);
        world.run(&sure).exits(0);
        assert_eq!(clients(&world).len(), 1);
        let alone = ["clients", "--yes"];
        world.run(&alone).exits(2);
    }
}

#[test]
fn what_was_joined_by_mistake_is_two_clients_again() {
    let world = World::new();
    world.take("khach.csv", &csv(&[household(1), household(2).with("I", "2027")]));
    let (one, two) = (household(1), household(2));
    let both = [one.tax_id(), two.tax_id(), "--reason", "nhầm", "--json"];
    let run = |what: &'static str, exit| {
        world.run(&[&["clients", what][..], &both].concat()).exits(exit).json()
    };
    let before = clients(&world);
    assert_eq!(before.len(), 2);
    run("--same", 0);
    assert_eq!(clients(&world).len(), 1);
    for _ in 0..2 {
        let apart = run("--apart", 0);
        assert_eq!(apart["clients"].as_array().unwrap().len(), 2, "{apart}");
    }
    assert_eq!(clients(&world), before);
    run("--same", 0);

    // Nothing was ordered under the new tax id: the client has the former one again.
    let renamed = ["--same", two.tax_id(), "8037630690", "--reason", "đổi mã số", "--json"];
    world.run(&[&["clients"][..], &renamed].concat()).exits(0);
    let apart = ["--apart", two.tax_id(), "8037630690", "--reason", "nhầm", "--json"];
    let there = world.run(&[&["clients"][..], &apart].concat()).exits(0).json();
    assert_eq!(texts(there["clients"].as_array().unwrap(), "tax_id"), [two.tax_id()]);
    let unknown = ["--apart", one.tax_id(), "8037630690", "--reason", "nhầm"];
    world.run(&[&["clients"][..], &unknown].concat()).exits(2);
}

#[test]
fn who_was_parted_does_not_come_back_with_the_next_order() {
    let world = World::new();
    world.take("khach.csv", &csv(&[household(1)]));
    let [ordered, former, present] = [1, 3, 4].map(household);
    let clients = |what, old: &str, new: &str| {
        let args = ["clients", what, old, new, "--reason", "đổi mã số", "--json"];
        world.run(&args).exits(0).json()
    };
    // Nothing was ordered under the two that are parted.
    clients("--same", ordered.tax_id(), former.tax_id());
    clients("--same", former.tax_id(), present.tax_id());
    let there = clients("--apart", former.tax_id(), present.tax_id());
    assert_eq!(texts(there["clients"].as_array().unwrap(), "tax_id"), [present.tax_id()]);
    assert!(String::from_utf8_lossy(&world.database()).contains("đổi mã số"));
    let list = format!("Mã số thuế,Năm tài chính\n{},2027\n", present.tax_id());
    let file = world.take("gia-han.csv", list.as_bytes());
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    let gone = ["--apart", former.tax_id(), present.tax_id(), "--reason", "nhầm"];
    world.run(&[&["clients"][..], &gone].concat()).exits(2);
}

#[test]
fn a_tax_id_is_not_the_same_as_itself_and_a_former_one_gets_no_second_present_one() {
    for world in World::on_each_engine() {
        world.take("khach.csv", &csv(&[household(1)]));
        let run = |what: &str, old: &str, new: &str, exit| {
            let args = ["clients", what, old, new, "--reason", "đổi mã số", "--json"];
            world.run(&args).exits(exit).json()
        };
        let [one, two, three] = [household(1), household(2), household(3)];
        run("--same", one.tax_id(), two.tax_id(), 0);
        let joined = clients(&world);
        for (what, id) in [("--same", &one), ("--same", &two), ("--apart", &one)] {
            let error = run(what, id.tax_id(), id.tax_id(), 2)["error"].clone();
            assert_eq!(error["code"], "usage", "{error}");
        }
        assert_eq!(clients(&world), joined);
        let refused = run("--same", one.tax_id(), three.tax_id(), 1);
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        assert!(text(&refused["error"], "message").contains(two.tax_id()), "{refused}");
        assert!(text(&refused["error"], "fix").contains("--apart"), "{refused}");
        assert_eq!(clients(&world), joined);
        run("--apart", one.tax_id(), two.tax_id(), 0);
        run("--same", one.tax_id(), three.tax_id(), 0);
        assert_eq!(texts(&clients(&world), "tax_id"), [three.tax_id()]);
    }
}

#[test]
fn a_client_of_another_firm_whose_licence_runs_is_not_joined() {
    for world in World::on_each_engine() {
        let theirs = enterprise(1);
        with_a_second_firm(&world);
        world.take("HOAPHAT/khach.csv", &csv(std::slice::from_ref(&theirs)));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        world.take("MINHAN/khach.csv", &csv(&[enterprise(2)]));
        let (old, new) = (enterprise(2), theirs);
        let same = ["clients", "--firm", "MINHAN", "--same", old.tax_id(), new.tax_id()];
        let same = [&same[..], &["--reason", "đổi mã số", "--json"]].concat();
        let refused = world.run(&same).exits(1).json();
        assert_eq!(refused["error"]["code"], "state.not_allowed");
        let said = refused.to_string();
        assert!(!said.contains("HOAPHAT") && !said.contains(new.name()), "{said}");
        assert_eq!(clients(&world).len(), 2);
    }
}

#[test]
fn what_another_firm_says_of_tax_ids_joins_nothing_here() {
    const OTHER: &str = "\n[[firm]]\ncode = \"KHAC\"\nname = \"Kế toán Khác\"\n\
                         admin = { name = \"Lê An\", email = \"an@khac.example\" }\n";
    let world = World::new();
    let config = std::fs::read_to_string(world.path("hangloat.toml")).unwrap();
    std::fs::write(world.path("hangloat.toml"), config + OTHER).unwrap();
    let (former, present) = ("8037630690", household(1));
    world.import("khach.csv", &csv(&[household(1).with("B", former)]));
    world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);

    // The other firm says that its client had that tax id before.
    let list = String::from_utf8(csv(&[present.with("I", "2027")])).unwrap();
    let mut lines: Vec<String> = list.lines().map(|line| format!("{line},{former}")).collect();
    lines[0] = lines[0].replace(former, "Mã số thuế cũ");
    let path = world.outside("khac.csv");
    std::fs::write(&path, lines.join("\n")).unwrap();
    let taken = ["run", "import", path.to_str().unwrap(), "--firm", "KHAC", "--json"];
    let taken = world.run(&taken).exits(0).json();
    assert_eq!(taken["files"][0]["rows"]["accepted"], 1, "{taken}");

    let stranger = present
        .with("A", "Tiệm may Khác")
        .with("D", "Lê Văn Khác")
        .with("E", "may@khac-hang.example")
        .with("F", "0987654321")
        .with("I", "2027");
    let file = world.import("khach-2.csv", &csv(&[stranger]));
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    assert_eq!(text(&world.order("DH-2611-000003"), "kind"), "purchase");
    let own = clients(&world).into_iter().filter(|client| client["firm"] == "MINHAN");
    assert_eq!(own.count(), 2);
}

#[test]
fn an_enterprise_takes_the_tax_id_of_a_person_only_where_that_is_said_again() {
    let world = World::new();
    world.take("khach.csv", &csv(&[enterprise(1)]));
    let (old, new) = (enterprise(1).tax_id().to_owned(), household(9).tax_id().to_owned());
    let same = ["clients", "--same", &old, &new, "--reason", "chuyển đổi", "--json"];
    let refused = world.run(&same).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
    let said = text(&refused["error"], "message");
    assert!(said.contains(&new) && said.contains("số định danh cá nhân"), "{said}");
    assert!(text(&refused["error"], "fix").contains("--yes"), "{refused}");
    assert_eq!(texts(&clients(&world), "tax_id"), [old.as_str()]);
    world.run(&[&same[..], &["--yes"]].concat()).exits(0);
    assert_eq!(texts(&clients(&world), "tax_id"), [new.as_str()]);
    // What was said is not asked again.
    world.run(&same).exits(0);
}

#[test]
fn accepting_a_row_that_names_the_former_tax_id_of_an_ordered_client_makes_both_one() {
    for world in World::on_each_engine() {
        let former = "8037630690";
        world.take("khach.csv", &csv(&[household(1).with("B", former)]));
        world.run(&["confirm", "DH-2611-000001", "--activate"]).exits(0);
        let again = |address: &str| {
            let list = String::from_utf8(csv(&[household(1).with("G", address)])).unwrap();
            let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
            lines[0].push_str(",Mã số thuế cũ");
            lines[1] = format!("{},{former}", lines[1]);
            (lines.join("\n") + "\n").into_bytes()
        };
        let file = world.take("khach-2.csv", &again("Số 9 Lê Lợi"));
        assert_eq!(file["rows"]["held"], 1, "{file}");
        world.run(&["accept", "B000002#2"]).exits(0);
        let known = clients(&world);
        assert_eq!(known.len(), 1, "{known:?}");
        assert_eq!(text(&known[0], "tax_id"), household(1).tax_id());
        assert_eq!(known[0]["tax_ids"].as_array().unwrap().len(), 2);
        assert_eq!(known[0]["licences"].as_array().unwrap().len(), 1);
        // What was ordered stays under its own, and the same list asks nothing any more.
        assert_eq!(world.order("DH-2611-000001")["lines"][0]["tax_id"], former);
        let file = world.take("khach-3.csv", &again("Số 9 Lê Lợi "));
        assert_eq!(file["rows"]["unchanged"], 1, "{file}");
        world.run(&["prove"]).exits(0);
    }
}
