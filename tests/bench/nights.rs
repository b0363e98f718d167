//! A night: `run reconcile` and `run sweep` over very many lines in grace. Some clients of a small list, placed and
//! activated by the program itself, have paid; all other lines are put straight into the database, made after one of
//! its lines: most have time, some are to be warned, and a few are to be cut off.

use std::{fmt::Write as _, fs, path::Path};

use hangloat::domain::payment_code::{CodePrefix, PaymentCode};
use rusqlite::{Connection, Statement, Transaction, params};

use super::{
    common::{ORDER, Ran, THEN, done, import, measured, program},
    generate::tax_id,
    history::{OF_HISTORY, database},
};

/// Of so many lines one is paid, and one is cut off; one is warned.
const PAID_EACH: usize = 1_000;
const CUT_OFF_EACH: usize = 1_000;
const WARNED_EACH: usize = 100;
/// Of so many credits one is of nobody knows whom.
const UNKNOWN_EACH: usize = 10;
/// Lines of an order, which is a list of its own.
const AN_ORDER: usize = 1_000;
const PRICE: i64 = 2_950_000;
/// The small list is placed on the 2nd, a Monday, and its last day is the 9th.
const RECONCILED: &str = "2026-02-11T00:00:00+07:00";
const SWEPT: &str = "2026-02-11T01:00:00+07:00";
/// Done, also where something waits for a person.
const ENDED: [i32; 2] = [0, 1];

/// What a night took.
#[derive(Clone, Debug)]
pub struct Night {
    pub reconcile: Ran,
    pub sweep: Ran,
    /// Lines that were paid, warned and cut off in it.
    pub paid: i64,
    pub warned: i64,
    pub cut_off: i64,
}

/// One night of a new workspace with so many lines in grace.
pub fn measure(folder: &Path, lines: usize) -> Night {
    let home = folder.join(format!("night-{lines}"));
    let credits = (lines / PAID_EACH).max(1);
    import(&home, credits);
    done(program(&home, &["confirm", ORDER, "--activate", "--now", THEN, "-q"]));
    fill(&home, lines - credits);
    statement(&home);
    let reconcile = run(&home, "reconcile", RECONCILED);
    let sweep = run(&home, "sweep", SWEPT);
    let db = database(&home);
    let count = |sql: &str| db.query_row(sql, [], |row| row.get::<_, i64>(0)).unwrap();
    let night = Night {
        reconcile,
        sweep,
        paid: count("select count(*) from licence where state = 'active'"),
        warned: count("select count(*) from line_warning where days = 3"),
        cut_off: count("select count(*) from licence where state = 'suspended'"),
    };
    drop(db);
    fs::remove_dir_all(home).unwrap();
    night
}

fn run(home: &Path, job: &str, now: &str) -> Ran {
    measured(program(home, &["run", job, "--now", now, "-q"]), &ENDED)
}

/// A statement up to the day before the night: what the small list pays, and what nobody knows.
fn statement(home: &Path) {
    let db = database(home);
    let mut codes = db
        .prepare(
            "select r.code from payment_request r join order_line l on l.id = r.line_id
             where l.order_code = ?1 order by l.line_no",
        )
        .unwrap();
    let codes = codes.query_map([ORDER], |row| row.get::<_, String>(0)).unwrap();
    let mut text = "Từ ngày: 02/02/2026;Đến ngày: 10/02/2026;;;\nTài khoản: 1023456789;;;;\n\
                    Ngày giao dịch;Số tham chiếu;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n"
        .to_owned();
    for (n, code) in codes.enumerate() {
        let code = code.unwrap();
        let _ = writeln!(text, "09/02/2026;FT26040{n:06};0;{PRICE};{code} CT tu 0011");
        if n.is_multiple_of(UNKNOWN_EACH) {
            let _ = writeln!(text, "10/02/2026;FT26041{n:06};0;{PRICE};chuyen tien phan mem");
        }
    }
    let folder = home.join("inbox").join("_bank");
    fs::create_dir_all(&folder).unwrap();
    fs::write(folder.join("sao-ke.csv"), text).unwrap();
}

/// How a line of the filling stands, by when its grace ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stands {
    /// On the 26th.
    Idle,
    /// On the 12th: the warning of three days before is due.
    ToWarn,
    /// On the 9th; it was warned on the 6th.
    ToCutOff,
}

impl Stands {
    fn of(n: usize) -> Stands {
        if n % CUT_OFF_EACH == 1 {
            Stands::ToCutOff
        } else if n % WARNED_EACH == 2 {
            Stands::ToWarn
        } else {
            Stands::Idle
        }
    }

    /// As the contract has it, and as it was told.
    fn ends(self) -> (&'static str, &'static str) {
        match self {
            Stands::Idle => ("2026-02-26T01:30:00.000000Z", "2026-02-26T17:00:00.000000Z"),
            Stands::ToWarn => ("2026-02-12T01:30:00.000000Z", "2026-02-12T17:00:00.000000Z"),
            Stands::ToCutOff => ("2026-02-09T01:30:00.000000Z", "2026-02-09T17:00:00.000000Z"),
        }
    }
}

/// So many more lines, with what hangs on them, in one transaction.
fn fill(home: &Path, lines: usize) {
    let mut db = database(home);
    // Nothing is lost that cannot be made again; the program sets its own ways when it opens the file.
    db.execute_batch(
        "pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off;
         pragma cache_size = -262144;",
    )
    .unwrap();
    let tx = db.transaction().unwrap();
    let like = Like::of(&tx);
    {
        let mut tables = Tables::new(&tx);
        for n in 0..lines {
            if n.is_multiple_of(AN_ORDER) {
                order(&tx, &like, n / AN_ORDER, AN_ORDER.min(lines - n));
            }
            tables.line(&like, n);
        }
    }
    tx.commit().unwrap();
}

/// The line that all others are made after, and the numbers behind which theirs begin.
struct Like {
    line: i64,
    licence: String,
    batch: i64,
}

impl Like {
    fn of(db: &Connection) -> Like {
        let sql = "select l.id, c.licence_id, (select max(id) from batch)
                   from order_line l join licence c on c.line_id = l.id
                   where l.order_code = ?1 and l.line_no = 1";
        let read = |row: &rusqlite::Row<'_>| {
            Ok(Like { line: row.get(0)?, licence: row.get(1)?, batch: row.get(2)? })
        };
        db.query_row(sql, [ORDER], read).unwrap()
    }
}

fn whole(n: usize) -> i64 {
    i64::try_from(n).unwrap()
}

/// The codes behind that of the small list.
fn order_code(order: usize) -> String {
    format!("DH-2602-{:06}", order + 2)
}

/// A list with one order.
fn order(db: &Connection, like: &Like, order: usize, lines: usize) {
    let batch = like.batch + 1 + whole(order);
    db.execute(
        "insert into batch (id, firm, kind, state, file_name, sha256, archived, received_at, checked_at)
         select ?1, firm, kind, 'ordered', ?2, ?3, 1, received_at, checked_at
         from batch where id = (select batch_id from order_line where id = ?4)",
        params![batch, format!("danh-sach-{order}.csv"), format!("{order:064x}"), like.line],
    )
    .unwrap();
    db.execute(
        "insert into client_order (code, batch_id, position, firm, kind, package, family, customer_type, fiscal_year,
                                   recipient, invoice_to, state, revision, content, amount, registered_by,
                                   confirmed_by, placed_at, activation_asked_at, created_at)
         select ?1, ?2, 1, firm, kind, package, family, customer_type, fiscal_year, recipient, invoice_to, state,
                revision, content, ?3, registered_by, confirmed_by, placed_at, activation_asked_at, created_at
         from client_order where code = ?4",
        params![order_code(order), batch, whole(lines) * PRICE, ORDER],
    )
    .unwrap();
}

/// One statement for each table.
struct Tables<'a> {
    line: Statement<'a>,
    request: Statement<'a>,
    licence: Statement<'a>,
    there: Statement<'a>,
    log_ins: Statement<'a>,
    mail: Statement<'a>,
    warning: Statement<'a>,
    prefix: CodePrefix,
    first: i64,
}

impl<'a> Tables<'a> {
    fn new(db: &'a Transaction<'_>) -> Tables<'a> {
        let sql = "select max(id) + 1 from order_line";
        Tables {
            line: db
                .prepare(
                    "insert into order_line (id, order_code, line_no, batch_id, sheet, row_no, firm, tax_id, family,
                                             fiscal_year, name, client, amount, state)
                     select ?1, ?2, ?3, ?4, 1, ?3 + 1, firm, ?5, family, fiscal_year, ?6,
                            json_set(client, '$.tax_id', ?5, '$.name', ?6, '$.email', ?7), amount, 'grace'
                     from order_line where id = ?8",
                )
                .unwrap(),
            request: db
                .prepare(
                    "insert into payment_request (code, line_id, batch_id, payer_name, payer_email, amount, state,
                                                  created_at)
                     select ?1, ?2, ?3, ?4, ?5, amount, 'open', created_at from payment_request where line_id = ?6",
                )
                .unwrap(),
            licence: db
                .prepare(
                    "insert into licence (licence_id, line_id, state, activated_at, grace_until, cutoff_at, logins)
                     select ?1, ?2, 'grace', activated_at, ?3, ?4, logins from licence where line_id = ?5",
                )
                .unwrap(),
            there: db
                .prepare(
                    "insert into platform_licence (licence_id, idempotency_key, request_sha256, order_code, line, kind,
                                                   tax_id, package, fiscal_year, status, activated_at, grace_until,
                                                   updated_at)
                     select ?1, ?1, request_sha256, ?2, ?3, kind, ?4, package, fiscal_year, 'grace', activated_at, ?5,
                            updated_at
                     from platform_licence where licence_id = ?6",
                )
                .unwrap(),
            log_ins: db
                .prepare(
                    "insert into platform_login (licence_id, email, role, first_time)
                     select ?1, email, role, 0 from platform_login where licence_id = ?2",
                )
                .unwrap(),
            mail: db
                .prepare(
                    "insert into mail (purpose, subject, order_code, recipient, recipient_name, sequence, message_id,
                                       state, planned_at, not_before, sent_at)
                     values ('grace_warning', ?1, ?1, ?2, ?3, 1, ?2, 'sent', ?4, ?4, ?4)",
                )
                .unwrap(),
            warning: db
                .prepare(
                    "insert into line_warning (line_id, last_day, days, recipient, order_code, sequence, planned_at)
                     values (?1, '2026-02-09', 1, ?2, ?3, 1, ?4)",
                )
                .unwrap(),
            prefix: "HN".parse().unwrap(),
            first: db.query_row(sql, [], |row| row.get(0)).unwrap(),
        }
    }

    /// The `n`th line: of a client who pays for nobody else.
    fn line(&mut self, like: &Like, n: usize) {
        const WARNED: &str = "2026-02-06T01:00:00.000000Z";
        let (id, order) = (self.first + whole(n), n / AN_ORDER);
        let (order_code, line_no) = (order_code(order), whole(n % AN_ORDER) + 1);
        let batch = like.batch + 1 + whole(order);
        let (tax_id, name) = (tax_id(OF_HISTORY, n), format!("Công ty Còn Hạn số {n}"));
        let (email, licence) = (format!("ketoan@conhan{n}.example"), format!("LIC-N{n:08}"));
        let (until, cutoff_at) = Stands::of(n).ends();
        let own = params![id, order_code, line_no, batch, tax_id, name, email, like.line];
        self.line.execute(own).unwrap();
        let code = self.code(n);
        self.request.execute(params![code, id, batch, name, email, like.line]).unwrap();
        self.licence.execute(params![licence, id, until, cutoff_at, like.line]).unwrap();
        let there = params![licence, order_code, line_no, tax_id, until, like.licence];
        self.there.execute(there).unwrap();
        self.log_ins.execute(params![licence, like.licence]).unwrap();
        if Stands::of(n) == Stands::ToCutOff {
            self.mail.execute(params![order_code, email, name, WARNED]).unwrap();
            self.warning.execute(params![id, email, order_code, WARNED]).unwrap();
        }
    }

    /// Codes that are as little alike as drawn ones; the small list has another prefix.
    fn code(&self, n: usize) -> String {
        const LETTERS: usize = 25;
        // No multiple of five, so that no code comes twice.
        let mut mixed = n * 5_123_457;
        let random = [(); 7].map(|()| {
            let letter = mixed % LETTERS;
            mixed /= LETTERS;
            u8::try_from(letter).unwrap()
        });
        PaymentCode::new(&self.prefix, random).to_string()
    }
}
