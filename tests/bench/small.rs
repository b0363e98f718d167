//! What must stay quick and small: starting, a short list from the inbox to its receipt, checking it, and a daemon that
//! has nothing to do.

use std::{
    fs,
    path::Path,
    process::{Command, Stdio},
    thread,
    time::{Duration, Instant},
};

use super::{
    common::{Kept, THEN, done, measured, middle, processor_seconds, program, status_mib},
    generate::List,
    import::{check_once, import_once},
};

const CLIENTS: usize = 50;
const STARTS: usize = 21;
const CHECKS: usize = 11;
const DROPS: usize = 5;
/// Between two looks for a receipt.
const LOOK_EVERY: Duration = Duration::from_millis(5);
/// Longer than any receipt takes.
const AT_MOST: Duration = Duration::from_mins(1);
/// After its start, until the daemon waits; after the last list, until it counts as idle.
const CALM: Duration = Duration::from_secs(5);
const IDLE: Duration = Duration::from_secs(30);

/// Medians.
#[derive(Clone, Copy, Debug)]
pub struct Small {
    pub version_ms: f64,
    pub orders_ms: f64,
    pub check_ms: f64,
    pub receipt_seconds: f64,
    pub idle_mib: f64,
    /// Of one processor.
    pub idle_percent: f64,
}

pub fn measure(folder: &Path) -> Small {
    let home = folder.join("small");
    done(program(&home, &["init", home.to_str().unwrap(), "-q"]));
    import_once(&home, &list(folder, 0));
    let new = list(folder, DROPS + 1);
    let check = |_| check_once(&home, &new).seconds * 1_000.0;
    let check_ms = middle((0..CHECKS).map(check).collect());
    let version_ms = start(&home, &["--version"]);
    let orders_ms = start(&home, &["orders"]);
    let (receipt_seconds, idle_mib, idle_percent) = serve(folder, &home);
    Small { version_ms, orders_ms, check_ms, receipt_seconds, idle_mib, idle_percent }
}

fn start(home: &Path, args: &[&str]) -> f64 {
    let once = |_| measured(program(home, args), &[0]).seconds * 1_000.0;
    middle((0..STARTS).map(once).collect())
}

/// A list of clients that no other one has.
fn list(folder: &Path, number: usize) -> std::path::PathBuf {
    let file = folder.join(format!("danh-sach-{number}.xlsx"));
    List { first: number * CLIENTS, rows: CLIENTS, dirty: false }.write(&file);
    file
}

fn serve(folder: &Path, home: &Path) -> (f64, f64, f64) {
    let mut command = program(home, &["serve", "--now", THEN]);
    let mut daemon = Kept(command.stderr(Stdio::null()).spawn().unwrap());
    let process = daemon.0.id();
    thread::sleep(CALM);
    let receipts = (1..=DROPS).map(|number| drop_and_wait(home, &list(folder, number)));
    let receipts = middle(receipts.collect());
    thread::sleep(CALM);
    let (before, began) = (processor_seconds(process).unwrap(), Instant::now());
    thread::sleep(IDLE);
    let used = processor_seconds(process).unwrap() - before;
    let percent = used / began.elapsed().as_secs_f64() * 100.0;
    let mib = status_mib(process, "VmRSS").unwrap();
    done({
        let mut kill = Command::new("kill");
        kill.args(["-TERM", &process.to_string()]);
        kill
    });
    assert!(daemon.0.wait().unwrap().success());
    (receipts, mib, percent)
}

/// Seconds from the moment in which a file lies whole in the inbox to its receipt in the outbox.
fn drop_and_wait(home: &Path, file: &Path) -> f64 {
    let (name, stem) = (file.file_name().unwrap(), file.file_stem().unwrap().to_str().unwrap());
    let hidden = home.join("inbox").join(".coming");
    fs::copy(file, &hidden).unwrap();
    let began = Instant::now();
    fs::rename(hidden, home.join("inbox").join(name)).unwrap();
    let (outbox, begins) = (home.join("outbox"), format!("{stem}__B"));
    let is_receipt = |name: &str| {
        name.starts_with(&begins) && Path::new(name).extension().is_some_and(|end| end == "txt")
    };
    while began.elapsed() < AT_MOST {
        let mut names = fs::read_dir(&outbox).unwrap().map(|entry| entry.unwrap().file_name());
        if names.any(|name| name.to_str().is_some_and(is_receipt)) {
            return began.elapsed().as_secs_f64();
        }
        thread::sleep(LOOK_EVERY);
    }
    panic!("{} got no receipt", file.display());
}
