//! The whole `run import` and `check` as processes of their own, each in a fresh workspace with a history, beside the
//! floors; and the same import step by step, as the program tells its steps.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
    sync::{Arc, Mutex},
    time::Instant,
};

use hangloat::{
    config::{self, Environment},
    flow::{
        Circumstances, Clock, Services,
        fail_points::FailPoints,
        import::{self, Arrival, How},
        inbox::Owner,
        options::ImportOptions,
        progress::{Progress, Step},
        report::Told,
    },
};

use super::{
    Size,
    common::{Ran, THEN, done, measured, median, program},
    floors,
    generate::List,
    history,
};

/// The word by which this program is told to import a list step by step.
pub const WORD: &str = "steps";
/// Lines that a firm has ordered before.
pub const HISTORY: usize = 100_000;
/// A million rows are more than is usually taken.
const LIMITS: [(&str, &str); 2] =
    [("HANGLOAT_LIMITS__MAX_FILE_MB", "4000"), ("HANGLOAT_LIMITS__MAX_EXPANDED_MB", "16000")];
/// Done, also where rows wait for a person.
const ENDED: [i32; 2] = [0, 1];

/// What the import of a list took, and what it takes at least.
#[derive(Clone, Debug)]
pub struct Measured {
    pub size: Size,
    pub format: &'static str,
    pub import: Ran,
    pub read: Ran,
    pub check: Ran,
    pub store: Ran,
    pub write: Ran,
    /// The seconds that the program spent in its own steps.
    pub steps: BTreeMap<String, f64>,
}

impl Measured {
    pub fn floor(&self) -> f64 {
        [&self.read, &self.check, &self.store, &self.write].map(|ran| ran.seconds).iter().sum()
    }

    /// Both times that it stores, for the rows and for what was found.
    pub fn storing(&self) -> f64 {
        ["stage", "store"].iter().filter_map(|step| self.steps.get(*step)).sum()
    }
}

/// A new workspace with a past.
pub fn workspace(home: &Path, lines: usize) {
    done(program(home, &["init", home.to_str().unwrap(), "-q"]));
    done(program(home, &["orders", "-q"]));
    history::fill(home, lines);
}

/// One import of a file into a workspace.
pub fn import_once(home: &Path, file: &Path) -> Ran {
    let file = file.to_str().unwrap();
    let args = ["run", "import", file, "--firm", "MINHAN", "--now", THEN, "-q"];
    measured(with_limits(program(home, &args)), &ENDED)
}

/// One dry run of a file.
pub fn check_once(home: &Path, file: &Path) -> Ran {
    let (file, folder) = (file.to_str().unwrap(), home.join("outbox"));
    let output = folder.to_str().unwrap();
    let args = ["check", file, "--firm", "MINHAN", "-o", output, "--now", THEN, "-q"];
    measured(with_limits(program(home, &args)), &ENDED)
}

fn with_limits(mut command: Command) -> Command {
    command.envs(LIMITS);
    command
}

/// The import of a list in a format and its floors, in turn; medians.
pub fn measure(folder: &Path, size: Size, format: &'static str, rounds: usize) -> Measured {
    let list = size.list();
    let (file, csv) = (size.file(folder, format), size.file(folder, "csv"));
    let (mut imports, mut floors) = (Vec::new(), [const { Vec::new() }; 4]);
    let mut steps: Vec<BTreeMap<String, f64>> = Vec::new();
    for round in 0..rounds {
        let [home, other, third] =
            ["import", "floor", "steps"].map(|name| folder.join(format!("{name}-{round}")));
        for home in [&home, &other, &third] {
            workspace(home, HISTORY);
        }
        imports.push(import_once(&home, &file));
        assert_eq!(accepted(&home), list.right(), "of {}", file.display());
        let workbook = folder.join("floor.xlsx");
        let once = [
            floors::read(&file),
            floors::check(&csv),
            floors::store(&home, &other),
            floors::write(list, &workbook),
        ];
        for (all, ran) in floors.iter_mut().zip(once) {
            all.push(ran);
        }
        steps.push(step_by_step(&third, &file));
        for used in [home, other, third] {
            fs::remove_dir_all(used).unwrap();
        }
        fs::remove_file(workbook).unwrap();
    }
    let [read, check, store, write] = floors.map(|all| median(&all));
    let (import, steps) = (median(&imports), steps.swap_remove(steps.len() / 2));
    Measured { size, format, import, read, check, store, write, steps }
}

/// How many rows of the list were accepted.
fn accepted(home: &Path) -> usize {
    let sql = "select count(*) from batch_row where batch_id > 1 and state = 'accepted'";
    let count: i64 = history::database(home).query_row(sql, [], |row| row.get(0)).unwrap();
    usize::try_from(count).unwrap()
}

/// How long the import of a list of a new firm takes in a workspace with so many lines: lists of other clients each
/// time, since the same again would be nothing new.
pub fn with_history(folder: &Path, size: Size, lines: usize, rounds: usize) -> Ran {
    let home = folder.join(format!("history-{lines}"));
    workspace(&home, lines);
    let runs: Vec<Ran> = (0..rounds)
        .map(|round| {
            let list = List { first: round * size.rows, ..size.list() };
            let file = folder.join(format!("history-{round}.csv"));
            list.write(&file);
            let ran = import_once(&home, &file);
            fs::remove_file(file).unwrap();
            ran
        })
        .collect();
    fs::remove_dir_all(home).unwrap();
    median(&runs)
}

fn step_by_step(home: &Path, file: &Path) -> BTreeMap<String, f64> {
    let mut command = Command::new(std::env::current_exe().unwrap());
    command.arg(WORD).arg(home).arg(file);
    let said = measured(command, &[0]).said;
    let step = |line: &str| {
        let (name, seconds) = line.split_once(' ')?;
        Some((name.to_owned(), seconds.parse().ok()?))
    };
    said.lines().filter_map(step).collect()
}

/// Imports the list that the arguments name into the workspace that they name, and prints the seconds of each step.
pub fn run(args: &[String]) {
    let [home, file] = args else { panic!("a workspace and a list are wanted") };
    let (home, file) = (PathBuf::from(home), PathBuf::from(file));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    for (step, seconds) in runtime.block_on(steps(&home, file)) {
        println!("{step} {seconds}");
    }
}

async fn steps(home: &Path, path: PathBuf) -> BTreeMap<String, f64> {
    let times = Arc::new(Mutex::new(Times::default()));
    let listener = Arc::clone(&times);
    let with = Circumstances {
        clock: Clock::Frozen(THEN.parse().unwrap()),
        progress: Progress::new(move |step| listener.lock().unwrap().note(step)),
        program: env!("CARGO_BIN_EXE_hangloat").into(),
        fail_points: Arc::new(FailPoints::default()),
    };
    let settings = config::load(home, &Environment::from(LIMITS)).unwrap();
    let services = Services::open(home, settings, with).await.unwrap();
    let owner = Some(Owner::of("MINHAN"));
    let arrival = Arrival { path, owner, settled: None };
    let options = ImportOptions::default();
    let how = How { options: &options, run_id: None, told: Told::First(0) };
    let began = Instant::now();
    import::file(&services, &arrival, how).await.unwrap().unwrap();
    let whole = began.elapsed().as_secs_f64();
    let mut steps = std::mem::take(&mut times.lock().unwrap().all);
    steps.insert("all".to_owned(), whole);
    steps
}

/// The seconds of each step that was told.
#[derive(Default)]
struct Times {
    all: BTreeMap<String, f64>,
    begun: Option<(String, Instant)>,
}

impl Times {
    fn note(&mut self, step: Step<'_>) {
        match step {
            Step::Begin(name) => self.begun = Some((name.to_owned(), Instant::now())),
            Step::End => {
                if let Some((name, began)) = self.begun.take() {
                    *self.all.entry(name).or_default() += began.elapsed().as_secs_f64();
                }
            }
            Step::Of(_) | Step::Done(_) => {}
        }
    }
}
