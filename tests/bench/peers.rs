//! Other programs at the same work: the scripts in `peers/`, qsv, and the benchmarks that have targets of their own.
//! Whatever is not installed is left out, and said so.

use std::{
    path::Path,
    process::{Command, Stdio},
};

use super::common::{Ran, measured, python};

/// A script, and the modules without which it is left out.
#[derive(Clone, Copy, Debug)]
pub struct Peer {
    pub name: &'static str,
    script: &'static str,
    modules: &'static str,
}

pub const PANDAS: Peer =
    Peer { name: "pandas + openpyxl", script: "pandas_openpyxl.py", modules: "pandas, openpyxl" };
pub const POLARS: Peer = Peer {
    name: "polars + xlsxwriter",
    script: "polars_xlsxwriter.py",
    modules: "polars, xlsxwriter, fastexcel",
};
pub const DJANGO: Peer = Peer {
    name: "django-import-export",
    script: "django_import_export.py",
    modules: "django, import_export, openpyxl",
};
pub const FRICTIONLESS: Peer =
    Peer { name: "frictionless", script: "frictionless_validate.py", modules: "frictionless" };

impl Peer {
    pub fn is_there(self) -> bool {
        let mut command = Command::new(python());
        command.args(["-c", &format!("import {}", self.modules)]);
        let is_there = succeeds(command);
        if !is_there {
            println!("{} is left out: {} cannot import {}", self.name, python(), self.modules);
        }
        is_there
    }

    pub fn run(self, args: &[&Path]) -> Ran {
        let mut command = Command::new(python());
        command.arg(peers().join(self.script)).args(args).env("PYTHONDONTWRITEBYTECODE", "1");
        measured(command, &[0])
    }
}

fn peers() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/bench/peers")
}

/// qsv's own look at a list, by a JSON schema; it ends with 1 where rows are wrong, and writes which ones beside the list.
pub fn qsv(list: &Path) -> Option<Ran> {
    let mut version = Command::new("qsv");
    version.arg("--version");
    if !succeeds(version) {
        println!("qsv is left out: it is not installed");
        return None;
    }
    let mut command = Command::new("qsv");
    command.arg("validate").arg(list).arg(peers().join("schema.json"));
    Some(measured(command, &[0, 1]))
}

fn succeeds(mut command: Command) -> bool {
    let status = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status();
    status.is_ok_and(|status| status.success())
}

/// What another benchmark says.
pub fn said(bench: &str) -> String {
    let mut command = Command::new(env!("CARGO"));
    command.args(["bench", "--quiet", "--bench", bench]).current_dir(env!("CARGO_MANIFEST_DIR"));
    let said = measured(command, &[0]).said;
    print!("{said}");
    said
}

/// The number that stands so many from the end, in each line whose first words are these.
pub fn numbers(said: &str, first: &str, from_end: usize) -> Vec<f64> {
    let lines = said.lines().filter(|line| line.trim_start().starts_with(first));
    let number = |line: &str| line.split_whitespace().rev().nth(from_end - 1)?.parse().ok();
    lines.filter_map(number).collect()
}
