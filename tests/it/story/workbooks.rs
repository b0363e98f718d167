//! Workbooks in other programs' hands: openpyxl and LibreOffice write, edit and read them.

use std::{
    io::{Read, Write},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use serde_json::{Value, json};

use crate::world::{World, finished, python};

/// What was edited; the forms are in `edit.py`.
pub type Edit = Value;

pub fn set(name: &str, value: impl Into<Value>) -> Edit {
    json!({ "name": name, "value": value.into() })
}

pub fn cell(sheet: &str, cell: &str, value: impl Into<Value>) -> Edit {
    json!({ "sheet": sheet, "cell": cell, "value": value.into() })
}

/// A list in a workbook, with a title above it: its header is in row 3.
pub fn list(world: &World, rows: Vec<Value>) -> Vec<u8> {
    let path = world.outside("written.xlsx");
    let title = [json!(["DANH SÁCH KHÁCH HÀNG"]), json!([])];
    let rows: Vec<Value> = title.into_iter().chain(rows).collect();
    call("write.py", &[&path], &json!({ "Danh sách": rows }));
    std::fs::read(path).unwrap()
}

/// The bytes of a workbook after openpyxl edited and saved it.
pub fn edited(world: &World, workbook: &Path, edits: &[Edit]) -> Vec<u8> {
    let path = world.outside("edited.xlsx");
    call("edit.py", &[workbook, &path], &json!(edits));
    std::fs::read(path).unwrap()
}

/// Defined names with their values, and the texts of all sheets.
pub fn read(workbook: &Path) -> Value {
    serde_json::from_str(&call("read.py", &[workbook], &Value::Null)).unwrap()
}

/// All texts of a sheet, a line a row.
pub fn sheet_text(workbook: &Path, sheet: &str) -> String {
    let book = read(workbook);
    let rows =
        book["sheets"][sheet].as_array().unwrap_or_else(|| panic!("no sheet {sheet}")).iter();
    let cells = |row: &Value| {
        row.as_array()
            .unwrap()
            .iter()
            .map(|cell| cell.as_str().unwrap().to_owned())
            .collect::<Vec<_>>()
            .join("\t")
    };
    rows.map(cells).collect::<Vec<_>>().join("\n")
}

/// The bytes of a workbook after LibreOffice opened and saved it.
pub fn through_libreoffice(world: &World, bytes: &[u8]) -> Vec<u8> {
    converted(world, bytes, &["xlsx"])
}

/// The bytes of a workbook after LibreOffice opened it and saved it as each of these kinds of file in turn.
pub fn converted(world: &World, bytes: &[u8], kinds: &[&str]) -> Vec<u8> {
    let (mut file, folder) = (world.outside("through.xlsx"), world.outside("saved"));
    std::fs::write(&file, bytes).unwrap();
    let profile = format!("-env:UserInstallation=file://{}", world.outside("profile").display());
    for kind in kinds {
        let mut command = Command::new("soffice");
        command.args([&profile, "--headless", "--convert-to", kind, "--outdir"]);
        finished(command.arg(&folder).arg(&file)).exits(0);
        file = folder.join("through").with_extension(kind);
    }
    std::fs::read(file).unwrap()
}

/// The parts of a workbook, by their names in the archive.
pub fn parts(workbook: &Path) -> Vec<(String, Vec<u8>)> {
    let mut archive = zip::ZipArchive::new(std::fs::File::open(workbook).unwrap()).unwrap();
    let count = archive.len();
    let mut part = |at| {
        let mut entry = archive.by_index(at).unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.name().unwrap().into_owned(), bytes)
    };
    (0..count).map(&mut part).collect()
}

/// Calls one of our Python scripts.
pub fn call(script: &str, args: &[&Path], stdin: &Value) -> String {
    let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/python").join(script);
    let mut child = Command::new(python())
        .arg(script)
        .args(args)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(stdin.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success());
    String::from_utf8(output.stdout).unwrap()
}
