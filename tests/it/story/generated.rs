//! The lists that speed is measured with: what is right in them is accepted, and they are the same each time.

use std::fs;

use crate::world::World;

#[path = "../../bench/generate.rs"]
mod generate;

use generate::List;

#[test]
fn a_generated_list_is_accepted_but_for_the_rows_that_are_meant_to_be_wrong() {
    let world = World::new();
    for (name, first, dirty) in
        [("sach.csv", 0, false), ("ban.csv", 200, true), ("ban.xlsx", 600, true)]
    {
        let list = List { first, rows: if dirty { 400 } else { 200 }, dirty };
        let path = world.outside("generated").with_extension(name.rsplit('.').next().unwrap());
        list.write(&path);
        let file = world.import(name, &fs::read(path).unwrap());
        assert_eq!(file["rows"]["total"], list.rows, "{file}");
        assert_eq!(file["rows"]["accepted"], list.right(), "{file}");
    }
}

#[test]
fn a_generated_list_has_the_same_bytes_each_time() {
    let folder = tempfile::tempdir().unwrap();
    for end in ["csv", "xlsx"] {
        let written = ["first", "second"].map(|name| {
            let path = folder.path().join(name).with_extension(end);
            List::new(60, true).write(&path);
            fs::read(path).unwrap()
        });
        assert!(written[0] == written[1], "{end}");
    }
}
