//! What must hold between the parts, read from the sources.

use std::path::{Path, PathBuf};

fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|end| end == "rs") {
            found.push(path);
        }
    }
}

/// Each file below `src`, as its path from there and its text without tests at the end.
fn files() -> Vec<(String, String)> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut found = Vec::new();
    sources(&src, &mut found);
    let read = |path: PathBuf| {
        let name = path.strip_prefix(&src).unwrap().display().to_string();
        let text = std::fs::read_to_string(&path).unwrap();
        let code = text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default().to_owned();
        (name, code)
    };
    let mut files: Vec<_> = found.into_iter().map(read).collect();
    files.retain(|(name, _)| !name.ends_with("/tests.rs") && !name.ends_with("/sample.rs"));
    files.sort();
    files
}

#[test]
fn each_big_dependency_is_named_behind_one_door() {
    for (name, doors) in [
        ("calamine::", &["flow/read/"][..]),
        ("csv::", &["flow/read/", "flow/export/delimited.rs"]),
        ("parquet::", &["flow/export/columnar.rs"]),
        ("quick_xml::", &["flow/read/"]),
        ("zip::", &["flow/read/", "flow/backup/pack.rs"]),
        ("encoding_rs::", &["flow/read/"]),
        ("chardetng::", &["flow/read/"]),
        ("rlimit::", &["flow/read/unstreamed/"]),
        ("rust_xlsxwriter::", &["flow/answer/"]),
        ("lettre::", &["flow/send/message.rs", "flow/send/transport/"]),
        ("tokio_rustls::", &["flow/send/transport/"]),
        ("object_store::", &["flow/bucket/"]),
        ("sqlx::", &["db/", "flow/staged.rs", "flow/activate/"]),
        ("clap::", &["cli/"]),
        ("tokio_cron_scheduler::", &["runner/serve.rs"]),
        ("notify::", &["runner/watch.rs"]),
        ("fast_qr::", &["flow/pay/"]),
        ("rlibphonenumber::", &["domain/phone.rs"]),
        ("polars::", &["flow/check/groups/"]),
    ] {
        let named = files().into_iter().filter(|(_, text)| {
            text.lines().any(|line| line.contains(name) && !line.contains(&format!("::{name}")))
        });
        let outside: Vec<String> = named
            .map(|(file, _)| file)
            .filter(|file| !doors.iter().any(|door| file.starts_with(door)))
            .collect();
        assert!(outside.is_empty(), "{name} is named in {outside:?}");
    }
}

#[test]
fn calls_go_down_only() {
    for (part, above) in [
        ("domain/", &["db", "flow", "runner", "cli", "config", "catalogue", "text"][..]),
        ("db/", &["flow", "runner", "cli", "config", "catalogue", "text"]),
        ("config/", &["flow", "runner", "cli", "db", "catalogue"]),
        ("catalogue/", &["flow", "runner", "cli", "db"]),
        ("text/", &["flow", "runner", "cli", "db", "config", "catalogue"]),
        ("flow/", &["runner", "cli"]),
        ("flow/read/", &["db", "catalogue", "config", "text"]),
        ("runner/", &["cli"]),
    ] {
        for (file, text) in files().into_iter().filter(|(file, _)| file.starts_with(part)) {
            let code = text.replace("use crate::{", "crate::{");
            for upper in above {
                let direct = code.contains(&format!("crate::{upper}::"));
                let listed = code.lines().any(|line| {
                    let line = line.trim_start();
                    line.starts_with(&format!("{upper}::")) && code.contains("crate::{")
                });
                assert!(!direct && !listed, "{file} uses {upper}");
            }
        }
    }
}

#[test]
fn only_the_configuration_reads_the_environment_and_only_the_clock_the_time() {
    for (file, text) in files() {
        let environment = text.contains("env::var") && !file.starts_with("config/environment.rs");
        let time = text.contains("Utc::now()") && file != "flow/mod.rs";
        assert!(!environment && !time, "{file} reads the environment or the time");
    }
}

#[test]
fn files_and_their_first_lines_keep_to_the_budget() {
    for (file, text) in files() {
        let lines = text.lines().count();
        assert!(lines <= 400, "{file} has {lines} lines");
        assert!(text.starts_with("//!"), "{file} does not say what it is");
    }
}
