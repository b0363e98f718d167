//! Any sheets, names and properties as a workbook that comes back: ours or not, ticked or not, never a crash.
#![no_main]

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::OnceLock,
};

use hangloat::{
    domain::locale::Locale,
    flow::{
        answer::{
            identity::{self, Answer, Known},
            returned,
        },
        key::Key,
        read::{Document, Format},
        staged::Staged,
    },
    text::Texts,
};
use libfuzzer_sys::fuzz_target;

/// Lines that begin with `=` name a cell (`=XAC_NHAN='Tóm tắt'!$C$4`), with `%` they are a property; the rest is rows.
fn document(text: &str) -> Document {
    let (mut names, mut properties, mut rows) = (Vec::new(), BTreeMap::new(), String::new());
    for line in text.lines() {
        let pair = |line: &str| line.split_once('=').map(|(a, b)| (a.to_owned(), b.to_owned()));
        if let Some(named) = line.strip_prefix('=').and_then(pair) {
            names.push(named);
        } else if let Some((name, value)) = line.strip_prefix('%').and_then(pair) {
            properties.insert(name, value);
        } else {
            rows.push_str(line);
            rows.push('\n');
        }
    }
    let format = Format { container: "xlsx".to_owned(), encoding: None, delimiter: None };
    let mut sheets = hangloat_fuzz::sheets(&rows);
    for (sheet, name) in sheets.iter_mut().zip(["Tóm tắt", "Kết quả", "Cần sửa", identity::SHEET])
    {
        name.clone_into(&mut sheet.name);
    }
    Document { format, sheets, defined_names: names, properties }
}

fn key() -> &'static Key {
    static KEY: OnceLock<Key> = OnceLock::new();
    KEY.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("hangloat.key");
        Key::create(&path).unwrap();
        Key::load(&path).unwrap()
    })
}

fuzz_target!(|text: &str| {
    let document = document(text);
    // Nobody guesses a signature.
    assert!(!matches!(identity::known(&document, key()), Known::Ours(_)));
    let (mapped, _) = hangloat_fuzz::judge(document.sheets.clone(), false);
    let rows = mapped.tables.iter().flat_map(|table| &table.rows);
    let rids = rows.map(|row| (format!("B000001#{}", row.number), String::new()));
    let answer = Answer {
        batch: "B000001".parse().unwrap(),
        revision: 1,
        rows: rids.collect::<HashMap<_, _>>(),
        own: HashMap::new(),
    };
    let staged = Staged { tables: mapped.tables, states: HashMap::new(), dropped: BTreeSet::new() };
    for orders in [0, 1, 3] {
        let said = returned::read(&document, &answer, orders, &staged, Texts::of(Locale::Vi));
        assert_eq!(said.ticks.len(), orders);
    }
});
