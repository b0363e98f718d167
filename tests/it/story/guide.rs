//! The user's guide: one page, in the language that is asked for, without a workspace.

use crate::world::{World, text};

#[test]
fn the_guide_is_written_where_it_is_asked_for_in_either_language() {
    let world = World::new();
    for (locale, says) in [("vi", "Sửa rồi thả lại"), ("en", "Fix and drop back")] {
        let path = world.outside(&format!("{locale}.html"));
        let args = ["guide", "-o", path.to_str().unwrap(), "--locale", locale, "--json"];
        let made = world.run(&args).exits(0).json();
        assert_eq!(made["files"][0]["kind"], "guide", "{made}");
        let page = std::fs::read_to_string(path).unwrap();
        // On paper nothing can be scrolled.
        let print = page.split("@media print").nth(1).unwrap();
        assert!(print.contains("overflow: visible") && print.contains("overflow-wrap: anywhere"));
        assert!(page.contains(says) && page.contains("DH-2611-000123&#x2f;17"), "{page}");
    }
    world.run(&["guide"]).exits(2);
}

#[test]
fn the_guide_is_not_written_under_the_name_of_a_workbook() {
    let world = World::new();
    for name in ["guide.xlsx", "guide"] {
        let path = world.outside(name);
        let args = ["guide", "-o", path.to_str().unwrap(), "--json"];
        let error = world.run(&args).exits(2).json()["error"].clone();
        assert!(text(&error, "message").contains(name), "{error}");
        assert!(text(&error, "fix").contains(".html"), "{error}");
        assert!(!path.exists());
    }
}

#[test]
fn the_guide_names_commands_as_they_are_run_and_who_answers_which_file() {
    let world = World::new();
    for (locale, says) in [
        (
            "vi",
            ["--type LOẠI --renew NĂM", "--firm ĐƠN_VỊ", "sap-ngat trong outbox", "--same MÃ_CŨ"],
        ),
        ("en", ["--type TYPE --renew YEAR", "--firm CODE", "sap-ngat in outbox", "--same OLD NEW"]),
    ] {
        let path = world.outside(&format!("{locale}.html"));
        world.run(&["guide", "-o", path.to_str().unwrap(), "--locale", locale]).exits(0);
        let page = std::fs::read_to_string(path).unwrap();
        assert!(says.iter().all(|it| page.contains(it)), "{page}");
    }
}

#[test]
fn the_guide_shows_a_mistyped_address_put_right_and_accept_beside_another_question_alone() {
    let world = World::new();
    for (locale, accept) in [("vi", "nhận"), ("en", "accept")] {
        let path = world.outside(&format!("{locale}.html"));
        world.run(&["guide", "-o", path.to_str().unwrap(), "--locale", locale]).exits(0);
        let page = std::fs::read_to_string(path).unwrap();
        let drawn = page
            .split("<h2 id=\"fix\">")
            .nth(1)
            .and_then(|it| it.split("</table>").next())
            .unwrap();
        assert!(drawn.contains("<td class=\"input\">giamdoc@gmail.com</td>"), "{drawn}");
        assert!(!drawn.contains(">giamdoc@gmial.com</td>"), "{drawn}");
        let decided = format!("<td class=\"input\">{accept}</td>");
        let rows: Vec<&str> = drawn.split("<tr>").filter(|row| row.contains(&decided)).collect();
        assert!(rows.len() == 1 && !rows[0].contains("giamdoc"), "{drawn}");
    }
}
