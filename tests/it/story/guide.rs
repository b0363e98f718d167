//! The user's guide: one page, in the language that is asked for, without a workspace.

use crate::world::World;

#[test]
fn the_guide_is_written_where_it_is_asked_for_in_either_language() {
    let world = World::new();
    for (locale, says) in [("vi", "Sửa rồi thả lại"), ("en", "Fix and drop back")] {
        let path = world.outside(&format!("{locale}.html"));
        let args = ["guide", "-o", path.to_str().unwrap(), "--locale", locale, "--json"];
        let made = world.run(&args).exits(0).json();
        assert_eq!(made["files"][0]["kind"], "guide", "{made}");
        let page = std::fs::read_to_string(path).unwrap();
        assert!(page.contains(says) && page.contains("DH-2611-000123&#x2f;17"), "{page}");
    }
    world.run(&["guide"]).exits(2);
}
