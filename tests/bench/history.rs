//! A past for a workspace: so many lines of earlier years, put straight into its database in one transaction. Every
//! client has ten of them, and none of the generated lists has a client of it.

use std::path::Path;

use rusqlite::{Connection, params};

use super::generate::tax_id;

/// The first two digits of its tax ids.
pub const OF_HISTORY: usize = 31;
/// The years of each client.
const YEARS: std::ops::RangeInclusive<i64> = 2016..=2025;
const A_CLIENT: usize = 10;
const FIRM: &str = "MINHAN";
const AT: &str = "2025-01-06T01:30:00.000000Z";

/// Opens the database of a workspace, whose tables the program has made.
pub fn database(home: &Path) -> Connection {
    Connection::open(home.join("hangloat.db")).unwrap()
}

/// Lines of earlier orders, their clients, and which tax ids these have.
pub fn fill(home: &Path, lines: usize) {
    let mut db = database(home);
    // Nothing is lost that cannot be made again; the program sets its own ways when it opens the file.
    db.execute_batch(
        "pragma journal_mode = off; pragma synchronous = off; pragma foreign_keys = off;
         pragma cache_size = -262144;",
    )
    .unwrap();
    let tx = db.transaction().unwrap();
    orders(&tx, lines);
    {
        let mut line = tx
            .prepare(
                "insert into order_line (order_code, line_no, batch_id, sheet, row_no, firm, tax_id, family,
                                         fiscal_year, name, client, amount, state)
                 values (?1, ?2, 1, 1, ?3, ?4, ?5, 'ASP', ?6, ?7, ?8, 2950000, 'active')",
            )
            .unwrap();
        let mut client = tx
            .prepare(
                "insert into client (firm, tax_id, name_key, phone, record, updated_at)
                 values (?1, ?2, ?3, ?4, ?5, ?6)",
            )
            .unwrap();
        let mut tie = tx
            .prepare("insert into client_tax_id (firm, tax_id, client) values (?1, ?2, ?2)")
            .unwrap();
        for n in 0..lines / A_CLIENT {
            let (tax_id, name) = (tax_id(OF_HISTORY, n), format!("Công ty Khách Cũ số {n}"));
            for year in YEARS {
                let record = record(n, &tax_id, year);
                let (code, line_no) = (code(year), i64::try_from(n).unwrap() + 1);
                line.execute(params![code, line_no, line_no + 1, FIRM, tax_id, year, name, record])
                    .unwrap();
            }
            let (key, phone) = (format!("cong ty khach cu so {n}"), phone(n));
            let record = record(n, &tax_id, *YEARS.end());
            client.execute(params![FIRM, tax_id, key, phone, record, AT]).unwrap();
            tie.execute(params![FIRM, tax_id]).unwrap();
        }
    }
    tx.commit().unwrap();
}

/// The tax ids of such a past, for programs that know no workspace.
pub fn write_known(file: &Path, lines: usize) {
    let mut db = Connection::open(file).unwrap();
    let tx = db.transaction().unwrap();
    tx.execute_batch("create table known (tax_id text primary key) without rowid").unwrap();
    {
        let mut known = tx.prepare("insert into known (tax_id) values (?1)").unwrap();
        for n in 0..lines / A_CLIENT {
            known.execute([tax_id(OF_HISTORY, n)]).unwrap();
        }
    }
    tx.commit().unwrap();
}

/// An order for each year, all of one list.
fn orders(db: &Connection, lines: usize) {
    db.execute(
        "insert into batch (id, firm, kind, state, file_name, sha256, archived, received_at, checked_at)
         values (1, ?1, 'clients', 'done', 'truoc-day.csv', ?2, 1, ?3, ?3)",
        params![FIRM, "0".repeat(64), AT],
    )
    .unwrap();
    for (position, year) in (1_i64..).zip(YEARS) {
        let amount = i64::try_from(lines / A_CLIENT).unwrap() * 2_950_000;
        db.execute(
            "insert into client_order (code, batch_id, position, firm, kind, package, family, customer_type,
                                       fiscal_year, recipient, invoice_to, state, revision, content, amount,
                                       confirmed_by, placed_at, created_at)
             values (?1, 1, ?2, ?3, 'purchase', 'ASP-DN', 'ASP', 'enterprise', ?4, 'client', 'client', 'done', 1,
                     ?5, ?6, 'lan@minhan.example', ?7, ?7)",
            params![code(year), position, FIRM, year, "0".repeat(64), amount, AT],
        )
        .unwrap();
    }
}

fn code(year: i64) -> String {
    format!("DH-{}01-000001", year % 100)
}

fn phone(n: usize) -> String {
    format!("+847{n:08}")
}

/// A client as the program stores it.
fn record(n: usize, tax_id: &str, year: i64) -> String {
    let phone = phone(n);
    format!(
        r#"{{"name":"Công ty Khách Cũ số {n}","tax_id":"{tax_id}","old_tax_id":null,"customer_type":"enterprise","representative":"Nguyễn Văn Cũ","representative_title":"Giám đốc","email":"ketoan@cu{n}.example","phone":"{phone}","contact_phone":"{phone}","address":"Số {n} đường Láng, phường Láng, TP Hà Nội","kind":"purchase","package":"ASP-DN","fiscal_year":{year},"vat_method":"deduction","regime":"TT133","fiscal_year_start":"{year}-01-01","books_start":"{year}-01-01","currency":"VND","inventory_method":null,"recipient":"client","recipient_name":null,"recipient_email":null,"recipient_phone":null,"invoice_to":"client","invoice_name":null,"invoice_tax_id":null,"invoice_address":null,"invoice_email":null,"registered_by":null,"assigned_to":null,"note":null,"external_id":null}}"#
    )
}
