//! What the benchmarks of whole commands share: a workspace with a placed order, the program, copies; how long a
//! process takes and how much memory; medians. What is measured stands in each of them.

#![allow(dead_code, reason = "each benchmark uses a part of it")]

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Child, Command, Stdio},
    sync::atomic::{AtomicBool, Ordering},
    thread,
    time::{Duration, Instant},
};

/// Orders are placed then; what follows is due on any real clock.
pub const THEN: &str = "2026-02-02T08:30:00+07:00";
pub const ORDER: &str = "DH-2602-000001";

/// Between two looks at the memory of a process.
const LOOK_EVERY: Duration = Duration::from_millis(2);

/// What a process took.
#[derive(Clone, Debug)]
pub struct Ran {
    /// On the clock.
    pub seconds: f64,
    pub peak_mib: f64,
    /// What it printed.
    pub said: String,
}

/// Runs a command to its end. It may end with one of these codes, and print little.
pub fn measured(mut command: Command, codes: &[i32]) -> Ran {
    let is_over = AtomicBool::new(false);
    let began = Instant::now();
    let child = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn();
    let child = child.unwrap_or_else(|error| panic!("{error}: {command:?}"));
    let id = child.id();
    let (output, seconds, peak_mib) = thread::scope(|scope| {
        let watch = scope.spawn(|| {
            let mut peak = 0.0_f64;
            while !is_over.load(Ordering::Relaxed) {
                peak = peak.max(status_mib(id, "VmHWM").unwrap_or_default());
                thread::sleep(LOOK_EVERY);
            }
            peak
        });
        let output = child.wait_with_output().unwrap();
        let seconds = began.elapsed().as_secs_f64();
        is_over.store(true, Ordering::Relaxed);
        (output, seconds, watch.join().unwrap())
    });
    let ended_well = output.status.code().is_some_and(|code| codes.contains(&code));
    assert!(ended_well, "{command:?}: {output:?}");
    Ran { seconds, peak_mib, said: String::from_utf8_lossy(&output.stdout).into_owned() }
}

/// A size that Linux tells of a process, while it runs: `VmHWM` is the most memory it had, `VmRSS` what it has now.
pub fn status_mib(process: u32, name: &str) -> Option<f64> {
    let status = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    let kib: f64 = line.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(kib / 1024.0)
}

/// Seconds of processor time that a process has used so far.
pub fn processor_seconds(process: u32) -> Option<f64> {
    /// Linux tells them in hundredths, whatever its own clock does.
    const A_SECOND: f64 = 100.0;
    let stat = fs::read_to_string(format!("/proc/{process}/stat")).ok()?;
    // The name of the program, in brackets, may hold blanks. Its user and system time are fields 14 and 15.
    let (_, rest) = stat.rsplit_once(')')?;
    let mut times = rest.split_whitespace().skip(11).map(str::parse::<f64>);
    Some((times.next()?.ok()? + times.next()?.ok()?) / A_SECOND)
}

/// The median time of some runs, and the most memory of any.
pub fn median(runs: &[Ran]) -> Ran {
    let peak_mib = runs.iter().map(|ran| ran.peak_mib).fold(0.0, f64::max);
    let seconds = middle(runs.iter().map(|ran| ran.seconds).collect());
    Ran { seconds, peak_mib, said: String::new() }
}

/// The middle one of some numbers.
pub fn middle(mut numbers: Vec<f64>) -> f64 {
    numbers.sort_by(f64::total_cmp);
    numbers[numbers.len() / 2]
}

/// A process that ends with the benchmark, also where that fails.
pub struct Kept(pub Child);

impl Drop for Kept {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Another program that is called: Python as tests call it.
pub fn python() -> String {
    std::env::var("HANGLOAT_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned())
}

pub fn program(home: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_hangloat"));
    command.args(args).env("HANGLOAT_HOME", home).stdin(Stdio::null()).stdout(Stdio::null());
    command
}

pub fn done(mut command: Command) {
    assert!(command.status().unwrap().success(), "{command:?}");
}

/// A workspace with a list of so many clients that is imported, and its order waits to be confirmed.
pub fn import(home: &Path, how_many: usize) {
    done(program(home, &["init", home.to_str().unwrap()]));
    let list = home.with_extension("csv");
    fs::write(&list, clients(how_many)).unwrap();
    let import = ["run", "import", list.to_str().unwrap(), "--firm", "MINHAN", "--now", THEN, "-q"];
    done(program(home, &import));
}

fn clients(how_many: usize) -> String {
    let mut list = String::from(
        "Tên khách hàng,Mã số thuế,Loại khách hàng,Người đại diện,Email,Số điện thoại,Địa chỉ,Gói sản phẩm,\
         Năm tài chính,Phương pháp tính thuế GTGT,Chế độ kế toán,Người nhận thông báo\n",
    );
    for n in 1..=how_many {
        let _ = writeln!(
            list,
            "Công ty TNHH Thử nghiệm {n},{},Doanh nghiệp,Nguyễn Văn Số {n},giamdoc@congty{n}.example,0912{n:06},\
             Số {n} đường Láng,ASP-DN,2026,Khấu trừ,TT99,Khách hàng",
            tax_id(n)
        );
    }
    list
}

/// Ten digits with the right check digit; numbers that have none are passed over.
fn tax_id(n: usize) -> String {
    const WEIGHTS: [usize; 9] = [31, 29, 23, 19, 17, 13, 7, 5, 3];
    let all = (0..).filter_map(|serial: usize| {
        let digits = format!("01{:07}", 1_000_000 + serial);
        let sum: usize = digits
            .bytes()
            .zip(WEIGHTS)
            .map(|(digit, weight)| usize::from(digit - b'0') * weight)
            .sum();
        let check = 10 - sum % 11;
        (check < 10).then(|| format!("{digits}{check}"))
    });
    all.into_iter().nth(n).unwrap_or_default()
}

/// A copy of a workspace, which may send and activate.
pub fn copy(from: &Path, to: &Path) {
    let done = Command::new("cp").arg("-r").args([from, to]).status().unwrap();
    assert!(done.success());
    // A copied workspace holds what waits until a person says so.
    self::done(program(to, &["resume", "--confirm", "-q"]));
}
