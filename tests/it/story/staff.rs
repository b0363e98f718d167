//! Who of the firm works in a client's data: as the row says, and as it is changed later.

use serde_json::{Value, json};

use super::{
    letters,
    lists::{csv, enterprise},
    workbooks::read,
};
use crate::world::{World, require, text};

const ORDER: &str = "DH-2611-000001";
const BINH: &str = "binh@minhan.example";
const HOA: &str = "hoa@minhan.example";

/// Two members of staff; of two clients the first is Bình's.
fn imported() -> World {
    let world = World::new();
    let config = std::fs::read_to_string(world.path("hangloat.toml")).unwrap();
    let staff = config.lines().find(|line| line.starts_with("staff = ")).unwrap().to_owned();
    let two = format!(
        "staff = [{{ name = \"Trần Văn Bình\", email = \"{BINH}\", role = \"data_entry\" }}, \
         {{ name = \"Lê Thị Hoa\", email = \"{HOA}\", role = \"manager\" }}]"
    );
    world.rewrite("hangloat.toml", &staff, &two);
    let list = csv(&[enterprise(1), enterprise(2)]);
    let list = String::from_utf8(list).unwrap();
    let mut lines: Vec<String> = list.lines().map(str::to_owned).collect();
    lines[0].push_str(",Nhân viên phụ trách");
    lines[1].push_str(",Trần Văn Bình");
    lines[2].push(',');
    world.import("khach.csv", (lines.join("\n") + "\n").as_bytes());
    world
}

fn activated() -> World {
    let world = imported();
    world.run(&["confirm", ORDER, "--activate"]).exits(0);
    world
}

fn line(number: u32) -> String {
    format!("{ORDER}/{number}")
}

/// E-mails and roles, as the platform answered.
fn accounts(world: &World, number: i64) -> Vec<(String, String)> {
    let licences = world.list("licences");
    let licence = licences.iter().find(|licence| licence["line"] == number).unwrap();
    let logins = licence["logins"].as_array().unwrap();
    logins.iter().map(|login| (text(login, "email"), text(login, "role"))).collect()
}

fn staff(world: &World, number: usize) -> Value {
    world.order(ORDER)["lines"][number - 1]["staff"].clone()
}

fn has(accounts: &[(String, String)], email: &str) -> Option<String> {
    accounts.iter().find(|(known, _)| known == email).map(|(_, role)| role.clone())
}

#[test]
fn the_admin_and_the_assigned_member_get_their_roles_and_the_client_one_admin() {
    let world = activated();
    let first = accounts(&world, 1);
    assert_eq!(has(&first, "lan@minhan.example").as_deref(), Some("asp_admin"));
    assert_eq!(has(&first, BINH).as_deref(), Some("asp_data_entry"));
    assert_eq!(has(&first, enterprise(1).email()).as_deref(), Some("client_admin"));
    assert_eq!(first.len(), 3);
    assert_eq!(accounts(&world, 2).len(), 2, "nobody is assigned");
}

#[test]
fn who_is_assigned_before_the_activation_goes_with_it_and_asks_for_no_new_tick() {
    let world = imported();
    let answer = world.run(&["assign", &line(1), &line(2), HOA, "--json"]).exits(0).json();
    assert_eq!(answer["lines"][1]["staff"], json!([{ "email": HOA, "role": "manager" }]));
    assert_eq!(
        (&answer["lines"][1]["order"], &answer["lines"][1]["line"]),
        (&ORDER.into(), &2.into())
    );
    world.run(&["assign", &line(2), BINH, "--role", "asp_manager"]).exits(0);
    world.run(&["confirm", ORDER, "--revision", "1", "--activate"]).exits(0);
    assert_eq!(has(&accounts(&world, 1), HOA).as_deref(), Some("asp_manager"));
    assert_eq!(has(&accounts(&world, 1), BINH).as_deref(), Some("asp_data_entry"));
    assert_eq!(has(&accounts(&world, 2), BINH).as_deref(), Some("asp_manager"));
}

#[test]
fn who_is_assigned_later_is_told_to_the_platform_and_the_client_keeps_its_log_in() {
    let world = activated();
    let before = accounts(&world, 2);
    world.run(&["assign", &line(2), HOA]).exits(0);
    let now = accounts(&world, 2);
    assert_eq!(has(&now, HOA).as_deref(), Some("asp_manager"));
    assert!(before.iter().all(|account| now.contains(account)));
    world.run(&["assign", &line(2), HOA]).exits(0);
    world.run(&["assign", &line(2), HOA, "--role", "data_entry"]).exits(0);
    assert_eq!(has(&accounts(&world, 2), HOA).as_deref(), Some("asp_data_entry"));
    // The letter to the client still has its link.
    world.run(&["run", "mail"]).exits(0);
}

#[test]
fn who_leaves_is_taken_off_everywhere_and_another_one_takes_over() {
    let world = activated();
    world.run(&["assign", &line(2), BINH]).exits(0);
    let answer = world.run(&["unassign", BINH, "--to", HOA, "--json"]).exits(0).json();
    assert_eq!(answer["lines"].as_array().unwrap().len(), 2);
    for (number, at) in [(1, 1), (2, 2)] {
        let now = accounts(&world, number);
        assert_eq!((has(&now, BINH), has(&now, HOA).as_deref()), (None, Some("asp_manager")));
        assert_eq!(staff(&world, at), json!([{ "email": HOA, "role": "manager" }]));
    }
    let again = world.run(&["unassign", BINH, "--json"]).exits(0).json();
    assert_eq!(again["lines"], json!([]));
}

/// The tax id of a client alone, for the next year.
fn renewed(world: &World, number: u32) -> Value {
    let list = format!("Mã số thuế\n{}\n", enterprise(number).tax_id());
    let file = world.take("gia-han.csv", list.as_bytes());
    assert_eq!(file["rows"]["accepted"], 1, "{file}");
    world.order(&text(&json!({ "code": file["orders"][0] }), "code"))["lines"][0]["staff"].clone()
}

#[test]
fn who_left_does_not_come_back_with_the_next_year_and_who_took_over_does() {
    let assigned = |world: &World| world.list("clients")[0]["assigned_to"].clone();
    let world = activated();
    assert_eq!(assigned(&world), BINH);
    let answer = world.run(&["unassign", BINH, "--json"]).exits(0).json();
    assert_eq!(answer["clients"][0]["tax_id"], enterprise(1).tax_id());
    assert!(assigned(&world).is_null());
    assert_eq!(renewed(&world, 1), json!([]));

    let world = activated();
    // Nothing of it stands any more, and the client's record does.
    world.run(&["cancel", &line(1), "--reason", "nhầm"]).exits(0);
    let said = world.run(&["unassign", BINH, "--to", HOA]).exits(0).stdout;
    assert!(said.contains("Hồ sơ khách hàng"), "{said}");
    assert_eq!(assigned(&world), HOA);
    world.run(&["unassign", HOA, "--to", "lan@minhan.example"]).exits(0);
    assert_eq!(assigned(&world), "lan@minhan.example");
}

#[test]
fn a_client_is_told_who_of_the_firm_works_for_it_and_whose_phone_that_is() {
    if !require("python3") {
        return;
    }
    let world = imported();
    world.run(&["confirm", ORDER]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let notice_to = |number: u32| {
        let to = enterprise(number).email().to_owned();
        letters::all(&world).into_iter().find(|letter| letter.to.contains(&to)).unwrap().text
    };
    let (first, second) = (notice_to(1), notice_to(2));
    assert!(first.contains("Kế toán phụ trách: Trần Văn Bình") && first.contains(BINH), "{first}");
    assert!(first.contains("0912 345 678 (gặp Nguyễn Thị Lan)"), "{first}");
    assert!(first.contains("Nguyễn Thị Lan ở Công ty"), "{first}");
    assert!(second.contains("Kế toán phụ trách: Nguyễn Thị Lan"), "{second}");
    assert!(!second.contains("gặp Nguyễn Thị Lan"), "it is her own phone: {second}");

    world.run(&["unassign", BINH, "--to", HOA]).exits(0);
    world.run(&["activate", ORDER]).exits(0);
    world.run(&["run", "mail"]).exits(0);
    let log_in = letters::all(&world)
        .into_iter()
        .find(|it| it.to.contains(enterprise(1).email()) && it.subject.contains("Kích hoạt"));
    let log_in = log_in.unwrap().text;
    assert!(
        log_in.contains("Kế toán phụ trách: Lê Thị Hoa") && !log_in.contains("Bình"),
        "{log_in}"
    );
}

#[test]
fn who_left_the_configuration_too_is_still_taken_off() {
    let world = activated();
    let binh =
        format!("{{ name = \"Trần Văn Bình\", email = \"{BINH}\", role = \"data_entry\" }}, ");
    world.rewrite("hangloat.toml", &binh, "");
    world.run(&["unassign", BINH, "--firm", "MINHAN"]).exits(0);
    assert_eq!(has(&accounts(&world, 1), BINH), None);
}

#[test]
fn who_worked_for_a_firm_that_left_the_configuration_is_not_half_handed_over() {
    let world = activated();
    world.rewrite("hangloat.toml", "code = \"MINHAN\"", "code = \"KHAC\"");
    for args in [&["unassign", BINH, "--to", HOA, "--json"][..], &["unassign", BINH, "--json"]] {
        let refused = world.run(args).exits(2).json();
        assert!(text(&refused["error"], "message").contains("MINHAN"), "{refused}");
    }
    world.run(&["unassign", BINH, "--to", HOA, "--firm", "KHAC"]).exits(0);
    assert_eq!(world.list("clients")[0]["assigned_to"], BINH);
}

#[test]
fn only_members_of_staff_are_assigned_and_only_to_lines_that_stand() {
    let world = imported();
    for (email, exit) in [("ai@khac.example", 2), ("lan@minhan.example", 2), (HOA, 0)] {
        world.run(&["assign", &line(1), email]).exits(exit);
    }
    world.run(&["assign", "DH-2611-000001/9", HOA]).exits(2);
    world.run(&["assign", &line(1), HOA, "--role", "client_admin"]).exits(2);
    world.run(&["unassign", BINH, "--to", "ai@khac.example"]).exits(2);
    world.run(&["cancel", &line(2), "--reason", "nhầm"]).exits(0);
    let refused = world.run(&["assign", &line(2), HOA, "--json"]).exits(1).json();
    assert_eq!(refused["error"]["code"], "state.not_allowed");
}

#[test]
fn a_member_of_staff_is_assigned_by_a_name_that_lists_may_have_too() {
    let world = imported();
    let name = "name = \"Lê Thị Hoa\",";
    world.rewrite("hangloat.toml", name, &format!("{name} aliases = [\"Hoa KT\"],"));
    for (at, named) in [(1, "hoa kt"), (2, "Lê Thị Hoa")] {
        world.run(&["assign", &line(at), named]).exits(0);
        assert!(staff(&world, at as usize).to_string().contains(HOA), "{named}");
    }
    let error =
        world.run(&["assign", &line(1), "Hoa ai", "--json"]).exits(2).json()["error"].clone();
    assert!(text(&error, "message").contains("Hoa ai không phải nhân viên"), "{error}");
}

#[test]
fn who_takes_over_is_named_as_whoever_is_assigned_is() {
    let name = "name = \"Lê Thị Hoa\",";
    for named in [HOA, "lê thị hoa", "hoa kt"] {
        let world = activated();
        world.rewrite("hangloat.toml", name, &format!("{name} aliases = [\"Hoa KT\"],"));
        let again = world.run(&["unassign", BINH, "--to", "trần văn bình", "--json"]).exits(2);
        let error = again.json()["error"].clone();
        assert!(text(&error, "message").contains("chính mình"), "{error}");
        world.run(&["unassign", BINH, "--to", "Hoa ai"]).exits(2);
        assert!(staff(&world, 1).to_string().contains(BINH), "{named}");
        world.run(&["unassign", BINH, "--to", named]).exits(0);
        let now = staff(&world, 1).to_string();
        assert!(now.contains(HOA) && !now.contains(BINH), "{named}: {now}");
        // The admin is admin of all data already.
        world.run(&["unassign", HOA, "--to", "Nguyễn Thị Lan"]).exits(0);
        assert_eq!(staff(&world, 1), json!([]));
    }
}

#[test]
fn who_is_no_member_of_staff_is_told_with_the_line_and_with_those_who_are() {
    let world = imported();
    world.run(&["assign", &line(2), HOA]).exits(0);
    let before = (staff(&world, 1), staff(&world, 2));
    for (email, locale, why) in [
        ("ai@khac.example", "vi", "không phải nhân viên"),
        ("lan@minhan.example", "vi", "người quản trị"),
        ("ai@khac.example", "en", "no member of staff"),
        ("lan@minhan.example", "en", "the admin"),
    ] {
        let args = ["assign", &line(1), &line(2), email, "--locale", locale, "--json"];
        let error = world.run(&args).exits(2).json()["error"].clone();
        for said in [line(1).as_str(), email, why] {
            assert!(text(&error, "message").contains(said), "no {said} in {error}");
        }
        assert!(text(&error, "fix").contains(&format!("{HOA} (Lê Thị Hoa)")), "{error}");
    }
    let role = ["assign", &line(1), HOA, "--role", "ke-toan", "--json"];
    let said = text(&world.run(&role).exits(2).json()["error"], "message");
    for word in ["ke-toan", "manager", "data_entry"] {
        assert!(said.contains(word), "no {word} in {said}");
    }
    assert_eq!((staff(&world, 1), staff(&world, 2)), before, "nothing was changed");
    world.run(&["unassign", HOA]).exits(0);
    let again = world.run(&["unassign", HOA]).exits(0).stdout;
    assert!(again.contains("không phụ trách dòng nào"), "{again}");
}

#[test]
fn an_assignment_that_was_killed_is_told_to_the_platform_in_the_end() {
    for point in ["assigned", "change_claimed", "change_answered", "change_settled"] {
        let world = activated();
        let named = line(2);
        let command = ["assign", &named, HOA];
        assert!(world.is_killed_at(point, &command), "{point} is not on the way");
        world.run(&["run", "activate"]).exits(0);
        assert_eq!(has(&accounts(&world, 2), HOA).as_deref(), Some("asp_manager"), "{point}");
        world.run(&command).exits(0);
    }
}

#[test]
fn who_is_assigned_while_an_activation_has_no_answer_is_told_after_it() {
    let world = imported();
    world.run(&["confirm", ORDER]).exits(0);
    assert!(world.is_killed_at("activation_claimed", &["activate", ORDER]));
    world.run(&["assign", &line(1), HOA]).exits(0);
    world.run(&["run", "activate"]).exits(0);
    assert_eq!(has(&accounts(&world, 1), HOA).as_deref(), Some("asp_manager"));
}

#[test]
fn the_platform_is_asked_for_as_many_databases_as_the_package_has() {
    for databases in ["2", "3"] {
        let world = World::new();
        let quota = |number| format!("databases_per_fiscal_year = {number}");
        world.rewrite("jobs/catalogue/packages.toml", &quota("2"), &quota(databases));
        world.import("khach.csv", &csv(&[enterprise(1)]));
        world.run(&["confirm", ORDER, "--activate"]).exits(0);
        // The request is kept as it was sent; one engine's dump has more quotes than the other's.
        let stored = String::from_utf8_lossy(&world.database()).replace('"', "");
        let asked = format!("databases:{{per_fiscal_year:{databases},initial:1}}");
        assert!(stored.contains(&asked), "{asked}");
    }
}

#[test]
fn the_look_up_names_whom_the_client_may_ask_and_not_who_registered_it() {
    if !require("openpyxl") {
        return;
    }
    let world = activated();
    let by = || {
        world.run(&["run", "look-up"]).exits(0);
        let files = world.files_in("outbox");
        let newest = files.iter().find(|name| name.starts_with("tra-cuu__")).unwrap();
        let sheet = read(&world.path(&format!("outbox/{newest}")))["sheets"]["Tra cứu"].clone();
        let rows = sheet.as_array().unwrap();
        let row = rows.iter().find(|row| row[0] == enterprise(1).name()).unwrap();
        row[16].as_str().unwrap().to_owned()
    };
    assert_eq!(by(), BINH);
    world.run(&["unassign", BINH]).exits(0);
    world.run(&["assign", &line(1), HOA]).exits(0);
    assert_eq!(by(), HOA);
}

#[test]
fn somebody_whom_no_firm_knows_is_taken_off_nothing_and_is_named() {
    let world = activated();
    let refused = world.run(&["unassign", "ai@la.example", "--json"]).exits(2).json();
    let said = text(&refused["error"], "message");
    assert!(said.contains("ai@la.example") && said.contains("MINHAN"), "{refused}");
    // A member without clients, and who was taken off before, are known.
    world.run(&["unassign", HOA]).exits(0);
    world.run(&["unassign", BINH]).exits(0);
    world.run(&["unassign", BINH]).exits(0);
}

#[test]
fn who_takes_over_stands_in_the_list_of_the_next_workbook_and_nobody_hands_over_to_themselves() {
    let world = activated();
    let before = world.list("licences");
    let refused = world.run(&["unassign", BINH, "--to", BINH, "--json"]).exits(2).json();
    assert!(text(&refused["error"], "message").contains("chính mình"), "{refused}");
    assert_eq!(world.list("licences"), before);
    if !require("openpyxl") {
        return;
    }
    world.run(&["unassign", BINH, "--to", HOA]).exits(0);
    let rows = read(&world.workbook("B000001"))["sheets"]["Kết quả"].clone();
    assert!(rows[1].to_string().contains(HOA), "{}", rows[1]);
    assert!(!rows[1].to_string().contains("Trần Văn Bình"), "{}", rows[1]);
    world.run(&["unassign", HOA]).exits(0);
    let rows = read(&world.workbook("B000001"))["sheets"]["Kết quả"].clone();
    assert!(!rows[1].to_string().contains(HOA), "{}", rows[1]);
}

#[test]
fn who_is_assigned_to_what_is_ordered_stands_with_the_client_before_it_is_activated() {
    for world in World::on_each_engine() {
        world.import("khach.csv", &csv(&[enterprise(5)]));
        let assigned = || world.list("clients")[0]["assigned_to"].clone();
        assert!(assigned().is_null());
        world.run(&["confirm", "DH-2611-000001"]).exits(0);
        world.run(&["assign", "DH-2611-000001/1", BINH]).exits(0);
        assert_eq!(assigned(), BINH);
        world.run(&["unassign", BINH]).exits(0);
        assert!(assigned().is_null());
    }
}

#[test]
fn who_is_assigned_later_stands_with_the_client_where_its_list_named_nobody() {
    let world = activated();
    let assigned = |number: usize| world.list("clients")[number - 1]["assigned_to"].clone();
    assert!(assigned(2).is_null());
    world.run(&["assign", &line(2), HOA]).exits(0);
    assert_eq!((assigned(1), assigned(2)), (json!(BINH), json!(HOA)));
    world.run(&["unassign", HOA, "--to", BINH]).exits(0);
    assert_eq!(assigned(2), BINH);
}
