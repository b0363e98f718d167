//! Somebody asks what a code means.
//! That every code has its words is tested beside the words.

use crate::world::World;

#[test]
fn a_code_is_explained_with_its_rules_of_the_tables_and_an_example() {
    let world = World::new();
    let ask = |args: &[&str]| world.run(&[&["explain"], args].concat());
    let answer = ask(&["regime.not_allowed", "--json"]).exits(0).json();
    let said = &answer["explanations"][0];
    assert_eq!((&said["code"], &said["severity"]), (&"regime.not_allowed".into(), &"error".into()));
    let rules = said["rules"].as_array().unwrap();
    assert_eq!(rules.len(), 6);
    assert_eq!((&rules[0]["value"], &rules[0]["from"]), (&"TT99".into(), &"2026-01-01".into()));
    assert!(said["source"].as_str().unwrap().contains("TT152/2025"));
    assert_eq!(said["example"]["write"], "TT133");

    let vi = ask(&["regime.not_allowed"]).exits(0).stdout;
    let en = ask(&["regime.not_allowed", "--locale", "en"]).exits(0).stdout;
    assert!(
        vi.contains("Quy tắc: ") && vi.contains("31/12/2025") && vi.contains("Hộ kinh doanh"),
        "{vi}"
    );
    assert!(en.contains("Rule: ") && en.contains("Household"), "{en}");

    world.rewrite(
        "jobs/catalogue/rules.toml",
        "source = \"TT99/2025\"",
        "source = \"TT99/2025, sửa đổi\"",
    );
    assert!(ask(&["regime.not_allowed"]).exits(0).stdout.contains("TT99/2025, sửa đổi"));
}

#[test]
fn a_code_that_does_not_exist_is_answered_with_the_nearest() {
    let world = World::new();
    let answer = world.run(&["explain", "tax_id.cheksum", "--json"]).exits(2).json();
    let fix = answer["error"]["fix"].as_str().unwrap();
    assert!(fix.starts_with("Các mã gần giống: `tax_id.checksum`, "), "{fix}");
    world.run(&["explain", "missing"]).exits(2);
}

#[test]
fn outside_of_a_workspace_the_shipped_tables_explain() {
    let world = World::empty();
    let mut command = world.command(&["explain", "tax_id.wrong_kind"]);
    let ran = crate::world::finished(command.env_remove("HANGLOAT_HOME"));
    assert!(ran.exits(0).stdout.contains("TT86/2024"));
}
