//! A workspace of its own for each test, made and used through the real program, as people use it.
//! What a workbook or a mail says is read elsewhere; stories are told in `story`.

use std::{
    collections::HashMap,
    fs,
    os::unix::process::ExitStatusExt,
    path::{Path, PathBuf},
    process::{Child, Command, ExitStatus, Stdio},
    sync::{LazyLock, Mutex},
    time::{Duration, Instant},
};

use serde_json::Value;
use tempfile::TempDir;

use crate::server::Schema;

/// A Monday morning in Vietnam.
pub const NOW: &str = "2026-11-23T08:30:00+07:00";
/// The firm of a new workspace.
pub const FIRM: &str = "MINHAN";
/// Longer than anything takes that does not wait for a lease, and shorter than a lease.
const NO_WAITING: Duration = Duration::from_mins(1);

/// A workspace that vanishes with the test.
pub struct World {
    folder: TempDir,
    store: Option<Schema>,
    /// Of the environment of every command.
    pub variables: Vec<(&'static str, String)>,
}

/// What a command did.
#[derive(Debug)]
pub struct Ran {
    /// 128 + the signal for one that was killed, as a shell says it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// The one JSON document on stdout.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    /// Fails the test, with all that was said, unless the program ended so.
    #[track_caller]
    pub fn exits(self, code: i32) -> Ran {
        assert_eq!(self.code, code, "{}\n{}", self.stdout, self.stderr);
        self
    }
}

impl World {
    pub fn new() -> World {
        let world = World::empty();
        world.run(&["init", world.path("").to_str().unwrap()]).exits(0);
        world
    }

    /// A folder that is no workspace yet.
    pub fn empty() -> World {
        World::of(Schema::of_test_server())
    }

    /// One in its own file, and where there is a server one there.
    pub fn on_each_engine() -> Vec<World> {
        let stores = [None, Schema::of_test_server()];
        let stores = stores.into_iter().enumerate().filter(|(at, it)| *at == 0 || it.is_some());
        let made = stores.map(|(_, store)| {
            let world = World::of(store);
            world.run(&["init", world.path("").to_str().unwrap()]).exits(0);
            world
        });
        made.collect()
    }

    fn of(store: Option<Schema>) -> World {
        World { folder: TempDir::new().unwrap(), store, variables: Vec::new() }
    }

    /// One on SQLite, whatever the other tests run on.
    pub fn on_sqlite() -> World {
        let (folder, variables) = (TempDir::new().unwrap(), Vec::new());
        let world = World { folder, store: None, variables };
        world.run(&["init", world.path("").to_str().unwrap()]).exits(0);
        world
    }

    /// Another workspace that knows the workbooks of this one.
    pub fn twin(&self) -> World {
        let twin = World::new();
        fs::copy(self.path("hangloat.key"), twin.path("hangloat.key")).unwrap();
        twin
    }

    /// Of a file or folder in the workspace.
    pub fn path(&self, relative: &str) -> PathBuf {
        self.folder.path().join("home").join(relative)
    }

    /// Of a file that lies outside the workspace.
    pub fn outside(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The program with arguments, on a standing clock.
    pub fn run(&self, args: &[&str]) -> Ran {
        self.run_at(NOW, args)
    }

    pub fn run_at(&self, now: &str, args: &[&str]) -> Ran {
        finished(self.command(args).args(["--now", now]))
    }

    /// Like [`World::run`], and it fails where a lease was waited for.
    pub fn run_at_once(&self, args: &[&str]) -> Ran {
        let began = Instant::now();
        let ran = self.run(args);
        assert!(began.elapsed() < NO_WAITING, "{args:?} took {:?}", began.elapsed());
        ran
    }

    /// The program, killed at a point of its way; false where it never came there.
    pub fn is_killed_at(&self, point: &str, args: &[&str]) -> bool {
        const KILLED: i32 = 128 + 9;
        let mut command = self.command(args);
        let ran = finished(command.args(["--now", NOW]).env("HANGLOAT_CRASH_AT", point));
        assert!([0, 1, KILLED].contains(&ran.code), "at {point}: {ran:?}");
        ran.code == KILLED
    }

    /// The program, to be started as the test likes.
    pub fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_hangloat"));
        command.args(args).env("HANGLOAT_HOME", self.path("")).current_dir(self.folder.path());
        command.env_remove("HANGLOAT_CRASH_AT").stdin(Stdio::null());
        command.envs(self.variables.iter().map(|(name, value)| (name, value)));
        if let Some(schema) = &self.store {
            command.env("HANGLOAT_STORE__URL", &schema.url);
        }
        command
    }

    /// `orders --json` → its `orders`, and so for each list.
    pub fn list(&self, what: &str) -> Vec<Value> {
        let answer = self.run(&[what, "--json"]).exits(0).json();
        answer[what].as_array().unwrap_or_else(|| panic!("no {what} in {answer}")).clone()
    }

    /// All mails but those that say what became of a list and of its activation.
    pub fn mails(&self) -> Vec<Value> {
        let mut mails = self.list("mails");
        mails.retain(|mail| {
            mail["purpose"] != "batch_result" && mail["purpose"] != "activation_result"
        });
        mails
    }

    /// An order with its lines and payment requests.
    pub fn order(&self, code: &str) -> Value {
        self.run(&["orders", code, "--json"]).exits(0).json()["orders"][0].clone()
    }

    /// All orders with their lines, in the order of their codes.
    pub fn orders(&self) -> Vec<Value> {
        let mut codes: Vec<String> =
            self.list("orders").iter().map(|order| text(order, "code")).collect();
        codes.sort();
        codes.iter().map(|code| self.order(code)).collect()
    }

    /// Puts a file into the inbox.
    pub fn drop_file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.path("inbox").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, bytes).unwrap();
        path
    }

    /// Imports a file from outside; the one element of `files`.
    pub fn import(&self, name: &str, bytes: &[u8]) -> Value {
        let path = self.outside(name);
        fs::write(&path, bytes).unwrap();
        let args = ["run", "import", path.to_str().unwrap(), "--firm", FIRM, "--json"];
        only_file(&self.run(&args))
    }

    /// Drops a file and takes it; the one element of `files`.
    pub fn take(&self, name: &str, bytes: &[u8]) -> Value {
        let path = self.drop_file(name, bytes);
        only_file(&self.run(&["run", "import", path.to_str().unwrap(), "--json"]))
    }

    /// The newest workbook of a batch, as its list names it.
    pub fn workbook(&self, batch: &str) -> PathBuf {
        let shown = self.run(&["batches", batch, "--json"]).exits(0).json();
        self.path(shown["batches"][0]["workbook"].as_str().unwrap())
    }

    /// Names of all files below a folder, in order.
    pub fn files_in(&self, folder: &str) -> Vec<String> {
        let folder = self.path(folder);
        let mut found = Vec::new();
        collect(&folder, &folder, &mut found);
        found.sort();
        found
    }

    /// Changes a text file of the workspace.
    pub fn rewrite(&self, relative: &str, from: &str, to: &str) {
        let text = fs::read_to_string(self.path(relative)).unwrap();
        assert!(text.contains(from), "{relative} does not say {from}");
        fs::write(self.path(relative), text.replace(from, to)).unwrap();
    }

    /// Where its database is.
    pub fn store_url(&self) -> String {
        let embedded = || format!("sqlite:{}", self.path("hangloat.db").display());
        self.store.as_ref().map_or_else(embedded, |schema| schema.url.clone())
    }

    /// Everything that the database holds, as text or as its bytes.
    pub fn database(&self) -> Vec<u8> {
        match &self.store {
            Some(schema) => schema.dump().into_bytes(),
            None => ["hangloat.db", "hangloat.db-wal"]
                .iter()
                .filter_map(|name| fs::read(self.path(name)).ok())
                .flatten()
                .collect(),
        }
    }

    /// Starts the daemon, which is killed with the test if it was not stopped.
    pub fn serve(&self) -> Daemon {
        self.serve_from(NOW)
    }

    /// The same with a clock that starts at an instant.
    pub fn serve_from(&self, now: &str) -> Daemon {
        self.serve_with(&["serve", "--now", now, "-v"])
    }

    /// The same on the real clock.
    pub fn serve_now(&self) -> Daemon {
        self.serve_with(&["serve", "-v"])
    }

    fn serve_with(&self, args: &[&str]) -> Daemon {
        // The log of the newest; two that run at once write one after the other.
        let log = self.outside("serve.log");
        fs::write(&log, "").unwrap();
        let log = fs::File::options().append(true).open(log).unwrap();
        let mut command = self.command(args);
        let child = command.stdout(log.try_clone().unwrap()).stderr(log).spawn();
        Daemon { child: child.unwrap() }
    }

    /// What the daemon said.
    pub fn log(&self) -> String {
        fs::read_to_string(self.outside("serve.log")).unwrap_or_default()
    }
}

/// A running `serve`.
pub struct Daemon {
    child: Child,
}

impl Daemon {
    /// How it ended, where it does not run any more.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    /// Sends SIGTERM, and says how it ended.
    pub fn stop(mut self) -> ExitStatus {
        // One that is still starting on a loaded machine does not listen yet.
        eventually("the daemon listens", || {
            listens(&self.child) || self.child.try_wait().unwrap().is_some()
        });
        signal("-TERM", &self.child);
        let mut ended = None;
        eventually("the daemon stops", || {
            ended = self.child.try_wait().unwrap();
            ended.is_some()
        });
        ended.unwrap()
    }
}

/// Whether a process has a handler for SIGTERM.
fn listens(child: &Child) -> bool {
    const TERM: u64 = 1 << 14;
    let status = fs::read_to_string(format!("/proc/{}/status", child.id()));
    let status = status.unwrap_or_default();
    let caught = status.lines().find_map(|line| line.strip_prefix("SigCgt:"));
    caught
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .is_some_and(|it| it & TERM > 0)
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Looks again and again, for as long as a loaded machine may need.
#[track_caller]
pub fn eventually(what: &str, mut is_so: impl FnMut() -> bool) {
    let until = Instant::now() + Duration::from_secs(90);
    while !is_so() {
        assert!(Instant::now() < until, "this never came: {what}");
        std::thread::sleep(Duration::from_millis(100));
    }
}

pub fn signal(name: &str, child: &Child) {
    assert!(Command::new("kill").args([name, &child.id().to_string()]).status().unwrap().success());
}

pub fn finished(command: &mut Command) -> Ran {
    let output = command.output().unwrap();
    let status = output.status;
    let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    Ran { code, stdout: text(output.stdout), stderr: text(output.stderr) }
}

/// A text of a JSON object.
#[track_caller]
pub fn text(object: &Value, name: &str) -> String {
    object[name].as_str().unwrap_or_else(|| panic!("no {name} in {object}")).to_owned()
}

/// The texts of a JSON list, under one name.
pub fn texts(list: &[Value], name: &str) -> Vec<String> {
    list.iter().map(|object| text(object, name)).collect()
}

#[track_caller]
fn only_file(ran: &Ran) -> Value {
    let answer = ran.json();
    let files = answer["files"].as_array().unwrap_or_else(|| panic!("{ran:?}"));
    assert_eq!(files.len(), 1, "{ran:?}");
    let mut file = files[0].clone();
    file["exit"] = answer["exit"].clone();
    file
}

fn collect(base: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(base, &path, found);
        } else {
            found.push(path.strip_prefix(base).unwrap().to_str().unwrap().to_owned());
        }
    }
}

/// Where Python is, with openpyxl and xlwt.
pub fn python() -> String {
    std::env::var("HANGLOAT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

/// As wide as the font that workbooks ask for, which decides how many pages they have.
pub const FONT: &str = "Liberation Sans";

/// Whether another program, or this font, is there. Without it a test is skipped, and says so; where all must be there, it fails.
pub fn require(program: &str) -> bool {
    static FOUND: LazyLock<Mutex<HashMap<String, bool>>> = LazyLock::new(Mutex::default);
    let found =
        *FOUND.lock().unwrap().entry(program.to_owned()).or_insert_with(|| is_there(program));
    if !found {
        skipped(&format!("{program} is missing"));
    }
    found
}

/// Says why a test is skipped; where all must run, it fails.
pub fn skipped(why: &str) {
    let must = std::env::var("HANGLOAT_TEST_REQUIRE").is_ok_and(|value| value == "1");
    assert!(!must, "{why}, and HANGLOAT_TEST_REQUIRE=1");
    println!("skipped: {why}");
}

fn is_there(program: &str) -> bool {
    let modules = match program {
        "openpyxl" => Some("import openpyxl, PIL"),
        "pyarrow" => Some("import pyarrow.parquet"),
        "xlwt" => Some("import xlwt"),
        _ => None,
    };
    if program == FONT {
        let fonts = Command::new("fc-list").output();
        return fonts.is_ok_and(|fonts| String::from_utf8_lossy(&fonts.stdout).contains(FONT));
    }
    if let Some(modules) = modules {
        let answer = Command::new(python()).args(["-c", modules]).output();
        return answer.is_ok_and(|output| output.status.success());
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&path).any(|folder| folder.join(program).is_file())
}
