//! xls and ods as people send them, and what the process that reads them does alone. Nobody here is real.
//! What becomes of its end is tested in `flow::read::unstreamed`; an xlsb cannot be written by a script.

use std::{
    fs::File,
    io::{Cursor, Read, Write},
    path::Path,
    process::{Command, Stdio},
};

use serde_json::{Value, json};
use zip::{ZipWriter, write::SimpleFileOptions};

use super::{
    lists::{mixed, sheet},
    workbooks::call,
};
use crate::world::{World, eventually, python, require, text};

const PROGRAM: &str = env!("CARGO_BIN_EXE_hangloat");
const ODS: &str = "application/vnd.oasis.opendocument.spreadsheet";

/// What the reading process says of a file, in a folder and an environment that hold nothing.
fn told(container: &str, bytes: &[u8]) -> Vec<Value> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file");
    std::fs::write(&path, bytes).unwrap();
    let mut command = Command::new(PROGRAM);
    command.args(["read-unstreamed", container]).stdin(File::open(&path).unwrap());
    let output = command.env_clear().current_dir(folder.path()).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let lines = String::from_utf8(output.stdout).unwrap();
    lines.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// The rows among the lines: number and cells.
fn rows(lines: &[Value]) -> Vec<(u64, Value)> {
    let rows = lines.iter().map(|line| &line["row"]).filter(|row| row.is_object());
    rows.map(|row| (row["number"].as_u64().unwrap(), row["cells"].clone())).collect()
}

fn number(value: f64) -> Value {
    json!({ "number": { "value": value, "format": null } })
}

fn xls(world: &World, sheets: &Value) -> Vec<u8> {
    let path = world.outside("written.xls");
    call("write_xls.py", &[&path], sheets);
    std::fs::read(path).unwrap()
}

/// A sheet of rows, from its first cell on.
fn cells(rows: &[Value]) -> Vec<Value> {
    let row = |(at, row): (usize, &Value)| {
        let cells = row.as_array().unwrap().clone();
        cells.into_iter().enumerate().map(move |(column, cell)| json!([at, column, cell]))
    };
    rows.iter().enumerate().flat_map(row).collect()
}

fn ods_with(manifest: &str, tables: &str) -> Vec<u8> {
    let content = format!(
        r#"<?xml version="1.0"?><office:document-content xmlns:office="o" xmlns:table="t" xmlns:text="x"
        xmlns:style="s"><office:automatic-styles><style:style style:name="hid"><style:table-properties
        table:display="false"/></style:style></office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet></office:body></office:document-content>"#
    );
    let manifest =
        format!(r#"<manifest:manifest xmlns:manifest="m">{manifest}</manifest:manifest>"#);
    let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, part) in
        [("mimetype", ODS), ("META-INF/manifest.xml", &manifest), ("content.xml", &content)]
    {
        zip.start_file(name, SimpleFileOptions::default()).unwrap();
        zip.write_all(part.as_bytes()).unwrap();
    }
    zip.finish().unwrap().into_inner()
}

fn ods(tables: &str) -> Vec<u8> {
    ods_with("", tables)
}

fn table(name: &str, rows: &str) -> String {
    format!(r#"<table:table table:name="{name}">{rows}</table:table>"#)
}

fn text_cell(text: &str) -> String {
    format!(
        r#"<table:table-cell office:value-type="string"><text:p>{text}</text:p></table:table-cell>"#
    )
}

fn row_of(cells: &str) -> String {
    format!("<table:table-row>{cells}</table:table-row>")
}

fn repeated(times: u32, cells: &str) -> String {
    format!(r#"<table:table-row table:number-rows-repeated="{times}">{cells}</table:table-row>"#)
}

fn empty(times: u32) -> String {
    format!(r#"<table:table-cell table:number-columns-repeated="{times}"/>"#)
}

/// An ods of some kilobytes that says it has fifty million cells.
fn lying_ods() -> Vec<u8> {
    let cell = r#"<table:table-cell table:number-columns-repeated="50" office:value-type="float" office:value="1"/>"#;
    ods(&table("A", &repeated(1_000_000, cell)))
}

#[track_caller]
fn is_taken(file: &Value, container: &str) {
    assert_eq!((&file["exit"], &file["rows"]["accepted"]), (&0.into(), &4.into()), "{file}");
    assert_eq!(file["format"]["container"], container, "{file}");
}

#[test]
fn a_list_in_xls_is_taken_whatever_its_name() {
    if !require("xlwt") {
        return;
    }
    let world = World::new();
    let sheets = json!([{ "name": "Danh sách", "cells": cells(&sheet(&mixed())) }]);
    is_taken(&world.import("khách.xlsx", &xls(&world, &sheets)), "xls");
}

#[test]
fn a_list_in_ods_is_taken() {
    let world = World::new();
    let row = |row: &Value| {
        let cells = row.as_array().unwrap().iter().map(|cell| text_cell(cell.as_str().unwrap()));
        row_of(&cells.collect::<String>())
    };
    let rows: String = sheet(&mixed()).iter().map(row).collect();
    is_taken(&world.take("khách.ods", &ods(&table("Danh sách", &rows))), "ods");
}

#[test]
fn cells_of_an_xls_keep_their_place_and_kind() {
    if !require("xlwt") {
        return;
    }
    let sheets = json!([
        { "name": "Đầu", "cells": [
            [4, 2, "Lê Thị Ở"], [4, 3, { "date": "2026-11-24" }], [4, 4, true], [6, 0, 912_345_678],
            [6, 2, { "percent": 0.08 }], [65_535, 5, "cuối"],
        ], "merges": [[8, 9, 1, 2]] },
        { "name": "Ẩn", "hidden": true, "cells": [[0, 0, "a"]] },
    ]);
    let lines = told("xls", &xls(&World::empty(), &sheets));
    let (first, second) = (&lines[0]["sheet"], &lines[4]["sheet"]);
    assert_eq!((&first["name"], &first["visible"]), (&"Đầu".into(), &true.into()));
    let merge = json!([{ "first_row": 9, "last_row": 10, "first_column": 1, "last_column": 2 }]);
    assert_eq!(first["layout"]["merges"], merge);
    assert_eq!((&second["name"], &second["visible"]), (&"Ẩn".into(), &false.into()));
    let date = json!({ "date": "2026-11-24T00:00:00" });
    assert_eq!(
        rows(&lines)[..3],
        [
            (5, json!(["empty", "empty", { "text": "Lê Thị Ở" }, date, { "bool": true }])),
            (7, json!([number(912_345_678.0), "empty", number(0.08)])),
            (65_536, json!(["empty", "empty", "empty", "empty", "empty", { "text": "cuối" }])),
        ]
    );
}

#[test]
fn cells_of_an_ods_keep_their_place_and_kind() {
    let kinds = [
        r#"<table:table-cell office:value-type="date" office:date-value="2026-11-24"/>"#,
        r#"<table:table-cell office:value-type="boolean" office:boolean-value="true"/>"#,
        r#"<table:table-cell office:value-type="percentage" office:value="0.08"/>"#,
        r#"<table:table-cell table:formula="of:=[.A1]" office:value-type="float" office:value="7"/>"#,
        r#"<table:table-cell table:formula="of:=[.A2]"/>"#,
        r##"<table:table-cell table:formula="of:=NA()" office:value-type="string" office:string-value="#N/A"/>"##,
    ];
    let hidden = r#"<table:table table:name="Ẩn" table:style-name="hid"></table:table>"#;
    let lines = told("ods", &ods(&(table("A", &row_of(&kinds.concat())) + hidden)));
    let date = json!({ "date": "2026-11-24T00:00:00" });
    let error = json!({ "error": "#N/A" });
    let cells = json!([date, { "bool": true }, number(0.08), number(7.0), "no_value", error]);
    assert_eq!(rows(&lines), [(1, cells)]);
    assert_eq!(lines[2]["sheet"]["visible"], false);
    assert_eq!(lines[3], json!({ "done": { "defined_names": [], "properties": {} } }));
}

#[test]
fn rows_and_columns_repeated_in_an_ods_shift_nothing() {
    let all = [
        repeated(3, &empty(16_384)),
        row_of(&(empty(2) + &text_cell("a") + &empty(16_000))),
        repeated(900_000, &empty(16_384)),
        repeated(2, &text_cell("b")),
        repeated(100_000, &empty(16_384)),
    ];
    let lines = told("ods", &ods(&table("A", &all.concat())));
    let b = json!([{ "text": "b" }]);
    let a = json!(["empty", "empty", { "text": "a" }]);
    assert_eq!(rows(&lines), [(4, a), (900_005, b.clone()), (900_006, b)]);
}

#[test]
fn an_ods_with_a_password_is_refused() {
    let manifest = "<manifest:file-entry><manifest:encryption-data/></manifest:file-entry>";
    let file = World::new().import("khách.ods", &ods_with(manifest, &table("A", "")));
    assert_eq!(file["findings"][0]["code"], "file.encrypted", "{file}");
    assert_eq!(told("ods", &ods_with(manifest, ""))[0]["refused"]["why"], "password");
}

#[test]
fn damage_is_told_and_nothing_is_empty_by_mistake() {
    let world = World::new();
    let code = |name: &str, bytes: &[u8]| text(&world.import(name, bytes)["findings"][0], "code");
    assert_eq!(code("rỗng.ods", &ods(&table("A", &row_of(&empty(9))))), "file.empty");
    assert_eq!(code("hỏng.ods", &ods(&table("A", &row_of("<x/>")))), "file.unreadable");
    assert_eq!(told("xls", b"\xD0\xCF\x11\xE0")[0]["refused"]["why"], "damaged");
}

#[test]
fn a_lying_ods_is_too_large_and_its_reader_stays_within_its_memory() {
    let world = World::new();
    let path = world.outside("khách.ods");
    let file = world.import("khách.ods", &lying_ods());
    assert_eq!(
        (&file["exit"], &file["findings"][0]["code"]),
        (&3.into(), &"file.too_large".into())
    );
    if !require(&python()) {
        return;
    }
    let args = [Path::new(PROGRAM), Path::new("read-unstreamed"), Path::new("ods"), &path];
    let ended: Value = serde_json::from_str(&call("peak.py", &args, &Value::Null)).unwrap();
    assert!(ended["end"].as_i64().unwrap() < 0, "{ended}");
    assert!(ended["peak_kib"].as_u64().unwrap() <= 1 << 20, "{ended}");
}

#[test]
fn the_reader_does_not_outlive_who_started_it() {
    let world = World::empty();
    let path = world.outside("lang.ods");
    let rows = repeated(200_000, &text_cell("một dòng dài hơn cả đường ống"));
    std::fs::write(&path, ods(&table("A", &rows))).unwrap();
    // The reader's words come here and nobody hears them out, so it waits.
    let script = r#""$0" read-unstreamed ods <"$1" & echo $! >&2; read -r _"#;
    let mut shell = Command::new("sh")
        .args(["-c", script, PROGRAM, path.to_str().unwrap()])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut said = shell.stdout.take().unwrap();
    said.read_exact(&mut [0]).unwrap();
    shell.kill().unwrap();
    shell.wait().unwrap();
    let mut pid = String::new();
    shell.stderr.take().unwrap().read_to_string(&mut pid).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    eventually("the reader ends", || !process.join("exe").exists());
}

#[test]
fn the_reader_is_no_command_for_people() {
    let world = World::empty();
    assert!(!world.run(&["--help"]).exits(0).stdout.contains("unstreamed"));
    let status = Command::new(PROGRAM).args(["read-unstreamed", "docx"]).status().unwrap();
    assert_eq!(status.code(), Some(2));
}
