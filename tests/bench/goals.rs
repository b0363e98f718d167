//! Every goal of speed in one table, each measured beside what it is compared with, in one run:
//! `cargo bench --bench goals -- [10k|100k|1m …] [GROUP …] [rounds=N]`. Groups are `import`, `peers`, `check`, `small`,
//! `history`, `nights`, `mail` and `activate`; without any of them it is all but `history`, without a size 10k and 100k.
//! `nights` takes the longest of the sizes: `-- nights 1m` is that of a million lines.
//! `cargo bench --bench goals -- write 100k dirty list.xlsx` writes one of the lists. Nothing is asserted of times.

#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a benchmark prints what it measured, and fails where it stands"
)]

mod common;

mod generate;

mod history;

mod floors;

mod import;

mod nights;

mod peers;

mod small;

use std::{
    fmt::Write as _,
    path::{Path, PathBuf},
};

use common::{Ran, median, middle};
use generate::List;
use import::Measured;
use peers::{DJANGO, FRICTIONLESS, PANDAS, POLARS, Peer};

const FORMATS: [&str; 2] = ["csv", "xlsx"];
const GROUPS: [&str; 8] =
    ["import", "peers", "check", "small", "nights", "mail", "activate", "history"];
/// Only where it is asked for: ten million lines take ten gigabytes.
const ASKED_FOR: &str = "history";
const ROUNDS: usize = 3;
/// Rows of the list that meets a long history, and the lines of the two histories.
const AGAINST_HISTORY: usize = 100_000;
const HISTORIES: [usize; 2] = [100_000, 10_000_000];
/// A million lines are reconciled and swept within a minute; fewer in as much less.
const NIGHT_SECONDS: f64 = 60.0;
const A_NIGHT: f64 = 1_000_000.0;

/// How many rows a list has, and how that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Size {
    pub name: &'static str,
    pub rows: usize,
}

const SIZES: [Size; 4] = [
    Size { name: "1k", rows: 1_000 },
    Size { name: "10k", rows: 10_000 },
    Size { name: "100k", rows: 100_000 },
    Size { name: "1m", rows: 1_000_000 },
];

impl Size {
    fn named(word: &str) -> Option<Size> {
        SIZES.into_iter().find(|size| size.name.eq_ignore_ascii_case(word))
    }

    /// One row in twenty is wrong.
    pub fn list(self) -> List {
        List::new(self.rows, true)
    }

    pub fn file(self, folder: &Path, format: &str) -> PathBuf {
        folder.join(format!("danh-sach-{}.{format}", self.name))
    }
}

/// What the arguments ask for.
struct Wanted {
    sizes: Vec<Size>,
    groups: Vec<&'static str>,
    rounds: usize,
}

impl Wanted {
    fn of(words: &[String]) -> Wanted {
        let mut wanted = Wanted { sizes: Vec::new(), groups: Vec::new(), rounds: ROUNDS };
        for word in words {
            if let Some(size) = Size::named(word) {
                wanted.sizes.push(size);
            } else if let Some(group) = GROUPS.into_iter().find(|group| group == word) {
                wanted.groups.push(group);
            } else if let Some(rounds) = word.strip_prefix("rounds=") {
                wanted.rounds = rounds.parse().unwrap();
            } else {
                panic!("{word}: neither one of {GROUPS:?}, nor 1k, 10k, 100k or 1m, nor rounds=N");
            }
        }
        if wanted.sizes.is_empty() {
            wanted.sizes = vec![SIZES[1], SIZES[2]];
        }
        if wanted.groups.is_empty() {
            wanted.groups = GROUPS.into_iter().filter(|group| *group != ASKED_FOR).collect();
        }
        wanted.sizes.sort_by_key(|size| size.rows);
        wanted
    }

    fn has(&self, group: &str) -> bool {
        self.groups.contains(&group)
    }
}

/// One line of the table.
struct Goal {
    what: String,
    must: f64,
    superb: Option<f64>,
    measured: f64,
    /// The more the better; else the less.
    is_more: bool,
}

impl Goal {
    fn at_most(what: impl Into<String>, must: f64, superb: Option<f64>, measured: f64) -> Goal {
        Goal { what: what.into(), must, superb, measured, is_more: false }
    }

    fn at_least(what: impl Into<String>, must: f64, superb: Option<f64>, measured: f64) -> Goal {
        Goal { what: what.into(), must, superb, measured, is_more: true }
    }

    fn verdict(&self) -> &'static str {
        let meets = |wanted: f64| {
            if self.is_more { self.measured >= wanted } else { self.measured <= wanted }
        };
        match self.superb {
            Some(superb) if meets(superb) => "superb",
            _ if meets(self.must) => "met",
            _ => "NOT met",
        }
    }

    fn line(&self) -> String {
        let sign = if self.is_more { "≥" } else { "≤" };
        let superb = self.superb.map(|superb| format!("{sign} {superb}")).unwrap_or_default();
        let (must, verdict) = (format!("{sign} {}", self.must), self.verdict());
        format!("{:<58} {must:>8} {superb:>8} {:>10.2}  {verdict}", self.what, self.measured)
    }
}

fn main() {
    // Cargo adds a word of its own.
    let words: Vec<String> = std::env::args().skip(1).filter(|word| word != "--bench").collect();
    match words.first().map(String::as_str) {
        Some("write") => write(&words[1..]),
        Some(floors::WORD) => floors::run(&words[1..]),
        Some(import::WORD) => import::run(&words[1..]),
        _ => measure(&Wanted::of(&words)),
    }
}

fn write(words: &[String]) {
    let [size, dirty, file] = words else { panic!("write 100k clean|dirty FILE.csv|FILE.xlsx") };
    let size = Size::named(size).unwrap_or_else(|| panic!("{size} is none of {SIZES:?}"));
    List::new(size.rows, dirty == "dirty").write(Path::new(file));
}

fn measure(wanted: &Wanted) {
    // Not in a folder of the system, which may be memory.
    let folder = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let folder = folder.path();
    let mut goals = Vec::new();
    if ["import", "peers", "check"].iter().any(|group| wanted.has(group)) {
        lists(folder, wanted, &mut goals);
    }
    if wanted.has("history") {
        goals.push(of_history(folder, wanted.rounds));
    }
    if wanted.has("small") {
        of_small(folder, &mut goals);
    }
    if wanted.has("nights") {
        goals.extend(wanted.sizes.last().map(|size| of_nights(folder, *size)));
    }
    if wanted.has("mail") {
        let said = peers::said("mail");
        for sessions in [4, 32] {
            let ratios = peers::numbers(&said, &format!("smtp-source, {sessions} "), 1);
            let what = format!("mails a second ÷ smtp-source, {sessions} connections");
            let goal =
                (!ratios.is_empty()).then(|| Goal::at_least(&what, 0.3, Some(0.7), middle(ratios)));
            goals.extend(goal);
        }
    }
    if wanted.has("activate") {
        // The number in a second stands behind the ratio.
        let ratios = peers::numbers(&peers::said("activate"), "50 ", 2);
        let best = ratios.into_iter().map(|ratio| 1.0 / ratio).collect();
        goals.push(Goal::at_least("activations, 50 at once ÷ possible", 0.95, None, middle(best)));
    }
    println!("\n{:<58} {:>8} {:>8} {:>10}", "goal", "must", "superb", "measured");
    for goal in &goals {
        println!("{}", goal.line());
    }
}

/// Everything that is done with long lists, size by size.
fn lists(folder: &Path, wanted: &Wanted, goals: &mut Vec<Goal>) {
    let known = folder.join("known.db");
    history::write_known(&known, import::HISTORY);
    let mut all: Vec<Measured> = Vec::new();
    for size in &wanted.sizes {
        println!(
            "\n{} rows, one in twenty wrong; {} lines ordered before",
            size.rows,
            import::HISTORY
        );
        for format in FORMATS {
            size.list().write(&size.file(folder, format));
        }
        for format in FORMATS {
            if wanted.has("import") || wanted.has("peers") {
                let measured = import::measure(folder, *size, format, wanted.rounds);
                println!("{}", told(&measured));
                of_import(&measured, goals);
                all.push(measured);
            }
            if wanted.has("peers") {
                let ours = all.last().unwrap().import.seconds;
                of_peers(folder, (*size, format), &known, (ours, wanted.rounds), goals);
            }
        }
        if wanted.has("check") {
            of_check(folder, *size, wanted.rounds, goals);
        }
        for format in FORMATS {
            std::fs::remove_file(size.file(folder, format)).unwrap();
        }
    }
    for format in FORMATS {
        of_growth(&all.iter().filter(|it| it.format == format).collect::<Vec<_>>(), goals);
    }
}

/// What was measured of an import, in two lines.
fn told(measured: &Measured) -> String {
    let Measured { size, format, import, read, check, store, write, steps } = measured;
    let mut text = format!(
        "{format:<4} {} import {:.2} s, {:.0} MiB; floors: read {:.2} + check {:.2} + store {:.2} + write {:.2} = {:.2} s",
        size.name,
        import.seconds,
        import.peak_mib,
        read.seconds,
        check.seconds,
        store.seconds,
        write.seconds,
        measured.floor()
    );
    text.push_str("\n     its steps:");
    for (name, seconds) in steps {
        let _ = write!(text, " {name} {seconds:.2}");
    }
    text
}

fn of_import(measured: &Measured, goals: &mut Vec<Goal>) {
    let Measured { size, format, import, store, .. } = measured;
    let what = format!("{} {format}: import ÷ sum of the floors", size.name);
    goals.push(Goal::at_most(what, 1.15, Some(0.55), import.seconds / measured.floor()));
    let what = format!("{} {format}: storing ÷ rusqlite in one transaction", size.name);
    goals.push(Goal::at_most(what, 1.3, None, measured.storing() / store.seconds));
    if size.name == "1m" {
        let (must, superb) = if *format == "csv" { (192.0, 140.0) } else { (600.0, 330.0) };
        let what = format!("{} {format}: peak memory of the import, MiB", size.name);
        goals.push(Goal::at_most(what, must, Some(superb), import.peak_mib));
    }
}

/// How time grows with the list.
fn of_growth(all: &[&Measured], goals: &mut Vec<Goal>) {
    for pair in all.windows(2) {
        let [small, large] = pair else { continue };
        let times = large.import.seconds / small.import.seconds;
        let rows = large.size.rows as f64 / small.size.rows as f64;
        let (format, names) = (small.format, [small.size.name, large.size.name].join(" → "));
        println!(
            "{format:<4} {names}: {times:.2} times as long, exponent {:.2}",
            times.ln() / rows.ln()
        );
        if large.size.name == "1m" && small.size.name == "100k" {
            let what = format!("{format}: time at 1m ÷ time at 100k");
            goals.push(Goal::at_most(what, 11.0, None, times));
        }
    }
}

fn of_peers(
    folder: &Path,
    (size, format): (Size, &str),
    known: &Path,
    (ours, rounds): (f64, usize),
    goals: &mut Vec<Goal>,
) {
    let peers = [(PANDAS, 15.0, Some(35.0)), (POLARS, 5.0, Some(10.0)), (DJANGO, 20.0, None)];
    let is_there = |(peer, ..): &(Peer, f64, Option<f64>)| {
        // It was compared with lists of this length alone.
        (peer.name != DJANGO.name || size.name == "100k") && peer.is_there()
    };
    let peers: Vec<_> = peers.into_iter().filter(is_there).collect();
    let mut runs = vec![Vec::new(); peers.len()];
    for _ in 0..rounds {
        for ((peer, ..), runs) in peers.iter().zip(&mut runs) {
            let out = tempfile::tempdir_in(folder).unwrap();
            runs.push(peer.run(&[&size.file(folder, format), known, out.path()]));
        }
    }
    for ((peer, must, superb), runs) in peers.into_iter().zip(runs) {
        let Ran { seconds, peak_mib, .. } = median(&runs);
        println!("     {:<22} {seconds:.2} s, {peak_mib:.0} MiB", peer.name);
        let what = format!("{} {format}: faster than {}, times", size.name, peer.name);
        goals.push(Goal::at_least(what, must, superb, seconds / ours));
    }
}

/// A dry run of the CSV beside programs that look at a table and store nothing.
fn of_check(folder: &Path, size: Size, rounds: usize, goals: &mut Vec<Goal>) {
    let (csv, home) = (size.file(folder, "csv"), folder.join("check"));
    import::workspace(&home, import::HISTORY);
    let frictionless = FRICTIONLESS.is_there();
    let (mut ours, mut qsv, mut theirs) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..rounds {
        ours.push(import::check_once(&home, &csv));
        qsv.extend(peers::qsv(&csv));
        if frictionless {
            theirs.push(FRICTIONLESS.run(&[&csv]));
        }
    }
    std::fs::remove_dir_all(home).unwrap();
    let ours = median(&ours);
    println!("csv  {} check {:.2} s, {:.0} MiB", size.name, ours.seconds, ours.peak_mib);
    if !qsv.is_empty() {
        let what = format!("{} csv: check ÷ qsv validate", size.name);
        goals.push(Goal::at_most(what, 1.3, None, ours.seconds / median(&qsv).seconds));
    }
    if frictionless {
        let what = format!("{} csv: check faster than frictionless, times", size.name);
        goals.push(Goal::at_least(what, 30.0, None, median(&theirs).seconds / ours.seconds));
    }
}

fn of_history(folder: &Path, rounds: usize) -> Goal {
    let size = SIZES.into_iter().find(|size| size.rows == AGAINST_HISTORY).unwrap();
    let times = HISTORIES.map(|lines| {
        let ran = import::with_history(folder, size, lines, rounds);
        println!("{} rows against {lines} lines: {:.2} s", size.rows, ran.seconds);
        ran.seconds
    });
    let what = format!("{} csv: against 10m lines ÷ against 100k lines", size.name);
    Goal::at_most(what, 1.2, None, times[1] / times[0])
}

fn of_nights(folder: &Path, size: Size) -> Goal {
    let night = nights::measure(folder, size.rows);
    for (job, ran) in [("reconcile", &night.reconcile), ("sweep", &night.sweep)] {
        let Ran { seconds, peak_mib, .. } = ran;
        let a_second = size.rows as f64 / seconds;
        println!(
            "{} lines in grace: {job} {seconds:.2} s, {peak_mib:.0} MiB, {a_second:.0} lines a second",
            size.name
        );
    }
    let nights::Night { paid, warned, cut_off, .. } = night;
    println!("     {paid} paid, {warned} warned, {cut_off} cut off");
    let must = NIGHT_SECONDS * size.rows as f64 / A_NIGHT;
    let what = format!("{} lines: reconciled and swept, s", size.name);
    Goal::at_most(what, must, None, night.reconcile.seconds + night.sweep.seconds)
}

fn of_small(folder: &Path, goals: &mut Vec<Goal>) {
    let small = small::measure(folder);
    goals.extend([
        Goal::at_most("start-up: --version, ms", 50.0, None, small.version_ms),
        Goal::at_most("start-up: orders, ms", 50.0, None, small.orders_ms),
        Goal::at_most("the daemon, idle: memory, MiB", 60.0, None, small.idle_mib),
        Goal::at_most("the daemon, idle: % of a processor", 0.5, None, small.idle_percent),
        Goal::at_most("50 rows from drop to receipt in serve, s", 3.0, None, small.receipt_seconds),
        Goal::at_most("50 rows: check, ms", 150.0, None, small.check_ms),
    ]);
}
