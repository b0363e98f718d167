//! The end of grace, day by day on a set clock: who works, who is written to and what the workbook of the night says,
//! over all that may come together. The expectations are those of product.md; the way through the program is in
//! `story::grace`.

mod table;

use std::{collections::BTreeMap, fmt::Write as _, sync::Arc};

use calamine::{Data, Reader, Xlsx};
use chrono::{DateTime, Days, NaiveDate, NaiveTime, Utc};
use hangloat::{
    config::{self, Environment},
    db::{
        batches::Filter,
        grace,
        mails::{self, Mail},
        orders, requests, standing,
    },
    domain::{
        grace::start_of,
        mail::{MailState, Purpose},
    },
    flow::{
        Circumstances, Clock, Services, activate, answer,
        import::{self, Arrival, How},
        inbox::{self, Owner},
        options::ImportOptions,
        order::confirm::{self, Wish},
        progress::Progress,
        report::Told,
        send, sweep,
    },
};
use tokio::runtime::Runtime;

use self::table::TABLE;
use crate::{
    story::lists::{Client, csv, enterprise},
    world::{FIRM, World},
};

const LAST: u64 = 12;
const WHO: [&str; 5] = ["paid", "part", "name", "late", "none"];
const FATES: [&str; 2] = ["sent", "fail"];
/// Mail to it is held, and held mails do not count.
const NOWHERE: &str = "khongden.example";
const SHEET: &str = "Sắp ngắt";

/// What is to be seen of one line, as the table writes it.
type Seen = String;

#[test]
fn the_days_of_grace_without_anything_unusual() {
    holds("plain");
}

#[test]
fn the_days_of_grace_when_nothing_ran_for_a_week() {
    holds("plain+away");
}

#[test]
fn the_days_of_grace_over_tet() {
    holds("tet");
}

#[test]
fn the_days_of_grace_over_tet_when_nothing_ran_for_a_week() {
    holds("tet+away");
}

/// Lives through the days of a calendar with each kind of statements, and compares them with the table.
#[track_caller]
fn holds(calendar: &str) {
    let mut differences = String::new();
    for statement in ["fresh", "old", "none"] {
        let seen = Days12::new(calendar, statement).live();
        for (at, seen) in seen.iter().enumerate() {
            let (who, fate) = (WHO[at % WHO.len()], FATES[at / WHO.len()]);
            let expected = expected([calendar, statement, fate], who);
            if *seen != expected {
                let case = format!("{calendar} {statement} {fate} {who}");
                writeln!(differences, "{case}\n  expected {expected}\n  seen     {seen}").unwrap();
            }
        }
    }
    assert!(differences.is_empty(), "\n{differences}");
}

fn expected(of: [&str; 3], who: &str) -> Seen {
    let is_of = |row: &Vec<&str>| {
        row.starts_with(&of) && (row[3] == "all" || row[3].split(',').any(|it| it == who))
    };
    let mut rows = TABLE.lines().map(|row| row.split_whitespace().collect::<Vec<_>>());
    rows.find(is_of).unwrap_or_else(|| panic!("no row for {of:?} {who}"))[4..].join(" ")
}

/// A workspace of its own, and what was seen in it.
struct Days12 {
    world: World,
    runtime: Runtime,
    services: Arc<Services>,
    statement: String,
    is_away: bool,
    first: NaiveDate,
    /// The payment codes of the lines.
    codes: Vec<String>,
    states: Vec<String>,
    rows: Vec<String>,
}

impl Days12 {
    fn new(calendar: &str, statement: &str) -> Days12 {
        let world = World::new();
        let runtime = Runtime::new().unwrap();
        let first = if calendar.starts_with("tet") { "2027-02-02" } else { "2026-11-24" };
        let home = world.path("");
        let settings = {
            // The table is long, and says nothing of engines: those are told of in `story::month_end`.
            let url = format!("sqlite:{}", world.path("hangloat.db").display());
            let environment = Environment::from([("HANGLOAT_STORE__URL", url.as_str())]);
            let mut settings = config::load(&home, &environment).unwrap();
            let clients = (0..WHO.len()).map(|at| client(at).email().to_owned());
            let domains = clients.filter_map(|it| Some(it.split_once('@')?.1.to_owned()));
            settings.mail.allow_domains = domains.chain(["minhan.example".to_owned()]).collect();
            settings
        };
        let with = Circumstances {
            clock: Clock::System,
            progress: Progress::silent(),
            program: "hangloat".into(),
            fail_points: Arc::default(),
        };
        let services = runtime.block_on(Services::open(&home, settings, with)).unwrap();
        Days12 {
            world,
            runtime,
            services: Arc::new(services),
            statement: statement.to_owned(),
            is_away: calendar.ends_with("+away"),
            first: first.parse().unwrap(),
            codes: Vec::new(),
            states: vec![String::new(); WHO.len() * FATES.len()],
            rows: vec![String::new(); WHO.len() * FATES.len()],
        }
    }

    /// What was seen of each line, in the columns of the table.
    fn live(mut self) -> Vec<Seen> {
        self.set(0, 8, 30);
        self.order();
        for day in 0..=LAST {
            let runs = !(self.is_away && (1..=7).contains(&day));
            if runs && day > 0 {
                self.night(day);
                self.set(day, 8, 0);
                self.runtime.block_on(sweep::remind(&self.services)).unwrap();
            } else {
                self.rows.iter_mut().for_each(|row| row.push('.'));
            }
            if runs {
                self.set(day, 9, 0);
                self.runtime.block_on(send::run(&self.services)).unwrap();
            }
            self.look();
        }
        let letters = self.letters();
        let columns = self.states.iter().zip(letters).zip(&self.rows);
        columns.map(|((states, letters), rows)| format!("{states} {letters} {rows}")).collect()
    }

    fn set(&mut self, day: u64, hour: u32, minute: u32) {
        let time = NaiveTime::from_hms_opt(hour, minute, 0).unwrap() - NaiveTime::MIN;
        let day = start_of(self.day(day), self.services.settings.timezone);
        Arc::get_mut(&mut self.services).unwrap().clock = Clock::Frozen(day + time);
    }

    fn day(&self, day: u64) -> NaiveDate {
        self.first + Days::new(day)
    }

    fn take(&self, path: std::path::PathBuf, owner: &str) {
        let options = ImportOptions::default();
        let how = How { options: &options, run_id: None, told: Told::All };
        let owner = Some(Owner::of(owner));
        let arrival = Arrival { path, owner, settled: None };
        let taken = self.runtime.block_on(import::file(&self.services, &arrival, how));
        let report = taken.unwrap().unwrap();
        assert!(!report.needs_person(), "{report:?}");
    }

    fn order(&mut self) {
        let clients: Vec<Client> = (0..WHO.len() * FATES.len()).map(client).collect();
        self.take(self.world.drop_file("khach.csv", &csv(&clients)), FIRM);
        let services = &self.services;
        self.codes = self.runtime.block_on(async {
            let order = orders::list(&services.db, &Filter::default()).await.unwrap().remove(0);
            let by = services.settings.firms[0].admin.email.clone();
            let wish = Wish { by: Some(&by), code: None, shown: None, activate: true };
            confirm::confirm(services, &order, &wish).await.unwrap();
            activate::run(services, Some(&order.code)).await.unwrap();
            let mut requests = requests::of_batch(&services.db, order.batch()).await.unwrap();
            requests.sort_by_key(|request| request.line_id);
            requests.iter().map(|request| request.code.to_string()).collect()
        });
    }

    /// Statements, the reconciliation with its workbook, and the sweep.
    fn night(&mut self, day: u64) {
        self.set(day, 0, 30);
        let to = if self.statement == "old" { 5.min(day - 1) } else { day - 1 };
        let is_new = to == day - 1 || (self.is_away && day == 8);
        if self.statement != "none" && is_new {
            let bytes = self.booked(to);
            let path = self.world.drop_file(&format!("_bank/sao-ke-{day}.csv"), &bytes);
            self.take(path, inbox::BANK);
        }
        let services = &self.services;
        self.runtime.block_on(async {
            let found = sweep::reconcile::run(services).await.unwrap();
            answer::reconciliation::write(services, &found).await.unwrap();
        });
        self.read_rows(day);
        self.set(day, 1, 0);
        self.runtime.block_on(sweep::run(&self.services)).unwrap();
    }

    /// What the bank booked from day 0 up to a day.
    fn booked(&self, to: u64) -> Vec<u8> {
        let shown = |day: u64| self.day(day).format("%d/%m/%Y").to_string();
        let mut text = format!(
            "Tài khoản: 1023456789;;;\nTừ ngày: {};Đến ngày: {};;\nNgày giao dịch;Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n",
            shown(0),
            shown(to)
        );
        writeln!(text, "{};5500;0;phi", shown(0)).unwrap();
        // An amount alone is no sign for anybody where several owe it.
        if to >= 5 {
            writeln!(text, "{};0;2950000;chuyen tien", shown(5)).unwrap();
        }
        for (at, code) in self.codes.iter().enumerate() {
            let who = WHO[at % WHO.len()];
            let memo = if who == "name" { client(at).name().to_owned() } else { code.clone() };
            let paid = match who {
                "paid" | "name" => Some((5, 2_950_000)),
                "part" => Some((5, 1_000_000)),
                "late" => Some((9, 2_950_000)),
                _ => None,
            };
            if let Some((day, amount)) = paid.filter(|(day, _)| *day <= to) {
                writeln!(text, "{};0;{amount};{memo}", shown(day)).unwrap();
            }
        }
        text.into_bytes()
    }

    /// What the newest workbook says of each line.
    fn read_rows(&mut self, day: u64) {
        let name = format!("outbox/_bank/doi-soat__{}__r1.xlsx", self.day(day));
        let mut said: BTreeMap<String, String> = BTreeMap::new();
        if let Ok(bytes) = std::fs::read(self.world.path(&name)) {
            let mut book = Xlsx::new(std::io::Cursor::new(bytes)).unwrap();
            let text = |cell: Option<&Data>| cell.map(Data::to_string).unwrap_or_default();
            for row in book.worksheet_range(SHEET).unwrap().rows() {
                said.insert(
                    text(row.iter().find(|cell| text(Some(cell)).starts_with("DH-"))),
                    text(row.last()),
                );
            }
        }
        let texts = self.services.texts;
        let codes = [
            ('w', "steps.warn"),
            ('x', "steps.suspend"),
            ('p', "waits.partly_paid"),
            ('m', "waits.maybe_paid"),
            ('s', "waits.no_statement"),
            ('n', "waits.not_warned"),
            ('d', "waits.day_off"),
        ];
        let order = self.order_code();
        for (at, row) in self.rows.iter_mut().enumerate() {
            let said = said.get(&format!("{order}/{}", at + 1));
            let is = |key: &str| {
                let words = texts.label(&format!("workbook.reconciliation.{key}"));
                said.is_some_and(|said| said.starts_with(&words))
            };
            let code = codes.iter().find(|(_, key)| is(key)).map(|(code, _)| *code);
            let is_soon = said.is_some_and(|said| said.starts_with("Sẽ ngắt sau ngày cuối"));
            let code = code.or(is_soon.then_some('e'));
            row.push(code.unwrap_or(if said.is_some() { '?' } else { '.' }));
        }
    }

    /// The one order, by its month.
    fn order_code(&self) -> String {
        format!("DH-{}-000001", self.first.format("%y%m"))
    }

    fn look(&mut self) {
        let services = &self.services;
        let code = self.order_code().parse().unwrap();
        let lines = self.runtime.block_on(async {
            let mut tx = services.db.begin().await.unwrap();
            standing::after(&mut tx, &code, 0).await.unwrap()
        });
        for (line, states) in lines.iter().zip(&mut self.states) {
            states.push(match line.state.as_str() {
                "active" => 'A',
                "suspended" => 'S',
                state => state.chars().next().unwrap(),
            });
        }
    }

    /// What left to each payer, by the day.
    fn letters(&self) -> Vec<String> {
        let services = &self.services;
        let all = self.runtime.block_on(mails::list(&services.db, &Filter::default())).unwrap();
        let day = |at: DateTime<Utc>| (services.local(at).date_naive() - self.first).num_days();
        let of = |at: usize| {
            let to = client(at).email().to_owned();
            let mut days: BTreeMap<i64, Vec<char>> = BTreeMap::new();
            let own = all.iter().filter(|it| it.recipient == to && it.state == MailState::Sent);
            for mail in own {
                let letter = match mail.purpose {
                    Purpose::GraceWarning if self.is_final(mail) => 'f',
                    Purpose::GraceWarning => 'w',
                    Purpose::PaymentReceived => 'r',
                    Purpose::Suspended => 's',
                    Purpose::Restored => 'b',
                    _ => continue,
                };
                days.entry(day(mail.sent_at.unwrap())).or_default().push(letter);
            }
            let told = days.iter_mut().map(|(day, letters)| {
                letters.sort_unstable();
                format!("{day}{}", letters.iter().collect::<String>())
            });
            let told = told.collect::<Vec<_>>().join(",");
            if told.is_empty() { "-".to_owned() } else { told }
        };
        (0..WHO.len() * FATES.len()).map(of).collect()
    }

    /// Whether a letter of warning is that of the last day before the end.
    fn is_final(&self, mail: &Mail) -> bool {
        let code = self.order_code().parse().unwrap();
        let told = grace::told(&self.services.db, &code, mail.sequence);
        self.runtime.block_on(told).unwrap().iter().any(|it| it.days == 1)
    }
}

/// The payer of a line: the second half is not to be reached by mail.
fn client(at: usize) -> Client {
    let client = enterprise(u32::try_from(at).unwrap() + 1);
    if at < WHO.len() { client } else { client.with("E", &format!("giamdoc{at}@{NOWHERE}")) }
}
