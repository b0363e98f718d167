//! What the benchmarks of whole commands share: a workspace with a placed order, the program, copies.
//! What is measured stands in each of them.

use std::{
    fmt::Write as _,
    fs,
    path::Path,
    process::{Command, Stdio},
};

/// Orders are placed then; what follows is due on any real clock.
pub const THEN: &str = "2026-02-02T08:30:00+07:00";
pub const ORDER: &str = "DH-2602-000001";

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
