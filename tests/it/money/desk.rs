//! A workspace with orders that are to be paid, opened in this process; and statements for it.

use std::{collections::BTreeSet, fmt::Write as _, sync::Arc};

use chrono::{DateTime, NaiveDate, Utc};
use hangloat::{
    config::{self, Environment},
    db::{
        dues,
        payments::{self, EventKind},
    },
    flow::{
        Circumstances, Clock, Services,
        fail_points::FailPoints,
        import::{self, Arrival, How},
        inbox::{BANK, Owner},
        options::ImportOptions,
        pay::{
            back,
            hand::{self, Back, Refused, Wish},
            overtaken::Overtaken,
            said::By,
            waive,
        },
        progress::Progress,
        prove,
        report::Told,
    },
};

use crate::{
    story::lists::{csv, enterprise},
    world::World,
};

/// A small generator of numbers that are the same each time.
pub struct Dice(pub u64);

impl Dice {
    pub fn roll(&mut self, sides: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap() % sides
    }

    pub fn of<'a, T>(&mut self, all: &'a [T]) -> &'a T {
        &all[self.roll(all.len())]
    }

    pub fn shuffle<T>(&mut self, all: &mut [T]) {
        for at in (1..all.len()).rev() {
            all.swap(at, self.roll(at + 1));
        }
    }
}

/// A line of the account.
#[derive(Clone, Debug)]
pub struct Line {
    pub day: u32,
    pub reference: String,
    /// In đồng; debits are below zero.
    pub amount: i64,
    pub memo: String,
}

pub struct Desk {
    pub world: World,
    /// Of the requests in the order of their lines, and those that pay several.
    pub codes: Vec<String>,
    pub batch_codes: Vec<String>,
    files: std::cell::Cell<u32>,
}

impl Desk {
    /// Six clients who pay themselves and three for whom the firm pays, all activated.
    pub async fn new() -> Desk {
        let world = World::on_sqlite();
        world.rewrite("hangloat.toml", "# warn_days_before = [3, 1]", "warn_days_before = []");
        let firm = |n| enterprise(n).with("L", "Đơn vị kế toán");
        let clients: Vec<_> = (1..=6).map(enterprise).chain((7..=9).map(firm)).collect();
        world.import("khach.csv", &csv(&clients));
        for order in ["DH-2611-000001", "DH-2611-000002"] {
            world.run(&["confirm", order, "--activate"]).exits(0);
        }
        let desk = Desk {
            world,
            codes: Vec::new(),
            batch_codes: Vec::new(),
            files: std::cell::Cell::default(),
        };
        let services = desk.open(None).await;
        let dues = dues::all(&services.db).await.unwrap();
        let batch_codes: BTreeSet<String> =
            dues.iter().filter_map(|due| due.batch_code.clone()).collect();
        let codes = dues.into_iter().map(|due| due.code).collect();
        close(services).await;
        Desk { codes, batch_codes: batch_codes.into_iter().collect(), ..desk }
    }

    /// At the end of November, with a point at which a step panics.
    pub async fn open(&self, fails_at: Option<&str>) -> Services {
        let home = self.world.path("");
        let settings = config::load(&home, &Environment::of_process()).unwrap();
        let fails_at = fails_at.map(|point| format!("{point}:panic"));
        let now: DateTime<Utc> = "2026-12-01T01:30:00Z".parse().unwrap();
        let with = Circumstances {
            clock: Clock::Frozen(now),
            progress: Progress::silent(),
            program: env!("CARGO_BIN_EXE_hangloat").into(),
            fail_points: Arc::new(FailPoints::new(fails_at.as_deref(), None)),
        };
        Services::open(&home, settings, with).await.unwrap()
    }

    /// Lines of a week, the oldest first as banks tell them: intact codes, parts, once more, too much, codes of all,
    /// mangled ones and none.
    pub fn lines(&self, dice: &mut Dice, count: usize) -> Vec<Line> {
        let mut lines = Vec::new();
        for number in 0..count {
            let code = dice.of(&self.codes).clone();
            let (amount, memo) = match dice.roll(12) {
                0 => (1_000_000, code),
                1 => (1_950_000, format!("MBVCB.1.{}.CT tu 001", code.to_lowercase())),
                2 => (3_000_000, code),
                3 => (5_900_000, format!("{code} {}", dice.of(&self.codes))),
                4 => (8_850_000, dice.of(&self.batch_codes).clone()),
                5 => (4_000_000, dice.of(&self.batch_codes).clone()),
                6 => (2_950_000, format!("tien phan mem {}", &code[..8])),
                7 => (2_950_000, "khong ro".to_owned()),
                8 => (-11_000, "phi".to_owned()),
                _ => (2_950_000, format!("{} {}", &code[..5], &code[5..])),
            };
            let day = 16 + u32::try_from(dice.roll(12)).unwrap();
            let line = Line { day, reference: format!("FT{number:06}"), amount, memo };
            // Two that are equal but for the bank's number are two.
            if dice.roll(6) == 0 {
                lines.push(Line { reference: format!("FX{number:06}"), ..line.clone() });
            }
            lines.push(line);
        }
        lines.sort_by_key(|line| line.day);
        lines
    }

    /// Takes the lines of some days as a statement, with the bank's references or without.
    pub async fn take(
        &self,
        services: &Services,
        lines: &[Line],
        (from, to): (u32, u32),
        with_reference: bool,
    ) -> anyhow::Result<()> {
        let mut text = format!(
            "Tài khoản: 1023456789;;;;\nNgày giao dịch;{}Số tiền ghi nợ;Số tiền ghi có;Nội dung chi tiết\n",
            if with_reference { "Số tham chiếu;" } else { "" }
        );
        for line in lines.iter().filter(|line| (from..=to).contains(&line.day)) {
            let day = NaiveDate::from_ymd_opt(2026, 11, line.day).unwrap().format("%d/%m/%Y");
            let (debit, credit) = (line.amount.min(0).abs(), line.amount.max(0));
            let reference =
                if with_reference { format!("{};", line.reference) } else { String::new() };
            writeln!(text, "{day};{reference}{debit};{credit};{}", line.memo).unwrap();
        }
        self.files.set(self.files.get() + 1);
        let name = format!("_bank/sao-ke-{}.csv", self.files.get());
        let path = self.world.drop_file(&name, text.as_bytes());
        let owner = Some(Owner::of(BANK));
        let options = ImportOptions::default();
        let how = How { options: &options, run_id: None, told: Told::All };
        let arrival = Arrival { path, owner, settled: None };
        Box::pin(import::file(services, &arrival, how)).await.map(drop)
    }

    /// What a process does after another one died.
    pub async fn recover(&self, services: &Services) {
        let options = ImportOptions::default();
        let how = How { options: &options, run_id: None, told: Told::All };
        Box::pin(import::unfinished(services, how)).await.unwrap();
        hangloat::flow::pay::settle::all(services, None).await.unwrap();
    }

    /// Fails the test where a law does not hold.
    pub async fn prove(&self, services: &Services, after: &str) {
        for law in prove::laws(services).await.unwrap() {
            assert!(law.holds, "after {after}: {law:?}");
        }
    }
}

pub async fn close(services: Services) {
    if let hangloat::db::Db::Sqlite(pool) = &services.db {
        pool.close().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_worked_out_before_other_money_moved_is_not_stored_and_two_refunds_at_once_are_one()
 {
    let desk = Desk::new().await;
    let services = desk.open(None).await;
    let memo = "khong ro".to_owned();
    let line = Line { day: 20, reference: "FT000001".to_owned(), amount: 5_900_001, memo };
    desk.take(&services, &[line], (20, 20), true).await.unwrap();
    let id = payments::all(&services.db).await.unwrap()[0].id;
    let by = By { reason: "trả lại", ..By::default() };
    let seen = hand::see(&services, id).await.unwrap().unwrap();
    let wish = Wish { refund: Some(Back::Of(500_000)), ..Wish::default() };
    assert_eq!(hand::as_seen(&services, &seen, &wish, by).await.unwrap(), Ok(true));
    let more = Wish { refund: Some(Back::Of(600_000)), ..Wish::default() };
    let late = hand::as_seen(&services, &seen, &more, by).await.unwrap_err();
    assert!(late.is::<Overtaken>(), "{late:#}");
    let (one, other) = tokio::join!(
        Box::pin(back::refund(&services, &seen.payment, (700_000, None), by)),
        Box::pin(back::refund(&services, &seen.payment, (700_000, None), by)),
    );
    let mut changed = [one.unwrap().unwrap(), other.unwrap().unwrap()];
    changed.sort_unstable();
    assert_eq!(changed, [false, true]);
    let payment = payments::by_id(&services.db, id).await.unwrap().unwrap();
    assert_eq!(payment.returned, 700_000, "in the place of what was planned");
    desk.prove(&services, "two refunds at once").await;
    close(services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn money_waits_as_far_as_it_pays_for_nothing_whatever_its_memo_says() {
    let desk = Desk::new().await;
    let services = desk.open(None).await;
    let line = |day, amount, memo: &str| {
        let (reference, memo) = (format!("FT00000{day}"), memo.to_owned());
        Line { day, reference, amount, memo }
    };
    let (part, over, batch) = (&desk.codes[0], &desk.codes[1], &desk.batch_codes[0]);
    let near = &desk.codes[2][..9];
    let lines = [
        line(16, 1_000_000, part),
        line(17, 2_950_011, over),
        line(18, 22, batch),
        line(19, 33, near),
        line(20, 44, "khong ro"),
    ];
    desk.take(&services, &lines, (16, 20), true).await.unwrap();
    let waiting = payments::waiting(&services.db).await.unwrap();
    let free: Vec<i64> = waiting.iter().map(|it| it.free).collect();
    assert_eq!(free, [11, 22, 33, 44], "the part is allocated wholly");
    let unsettled = payments::unsettled(&services.db).await.unwrap();
    assert_eq!(unsettled.len(), 5, "whatever of them is free");
    close(services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_that_is_forgiven_of_what_is_matched_already_is_told_as_no_match() {
    let desk = Desk::new().await;
    let services = desk.open(None).await;
    let (memo, reference) = ("khong ro".to_owned(), "FT000001".to_owned());
    let line = Line { day: 20, reference, amount: 2_939_000, memo };
    desk.take(&services, &[line], (20, 20), true).await.unwrap();
    let payment = payments::all(&services.db).await.unwrap().remove(0);
    let by = By { reason: "phí ngân hàng", ..By::default() };
    let matched = Wish { codes: vec![(desk.codes[0].clone(), None)], ..Wish::default() };
    let forgiven = Wish { waives: true, ..matched.clone() };
    for wish in [matched, forgiven] {
        assert_eq!(hand::carry_out(&services, &payment, &wish, by).await.unwrap(), Ok(()));
    }
    let events = payments::events(&services.db, payment.id).await.unwrap();
    let mut kinds: Vec<EventKind> = events.iter().map(|event| event.kind).collect();
    kinds.retain(|kind| *kind != EventKind::Decided);
    assert_eq!(kinds, [EventKind::Match, EventKind::Refund]);
    desk.prove(&services, "a rest forgiven of a match").await;
    close(services).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rest_that_is_forgiven_on_two_ways_is_forgiven_once() {
    let desk = Desk::new().await;
    let services = desk.open(None).await;
    let memo = desk.codes[0].clone();
    let reference = "FT000001".to_owned();
    let line = Line { day: 20, reference, amount: 2_939_000, memo };
    desk.take(&services, &[line], (20, 20), true).await.unwrap();
    let id = payments::all(&services.db).await.unwrap()[0].id;
    let by = By { reason: "phí ngân hàng", ..By::default() };
    let wish = Wish { waives: true, ..Wish::default() };
    let seen = hand::see(&services, id).await.unwrap().unwrap();
    assert_eq!(waive::rest(&services, &desk.codes[0], by).await.unwrap(), Ok(()));
    // What was worked out before is not stored, and worked out anew there is nothing to do.
    let late = hand::as_seen(&services, &seen, &wish, by).await;
    assert!(!matches!(late, Ok(Ok(true))), "{late:?}");
    let anew = hand::carry_out(&services, &seen.payment, &wish, by).await.unwrap();
    assert_eq!(anew, Err(Refused::NothingToWaive));
    let dues = dues::all(&services.db).await.unwrap();
    assert_eq!(dues.iter().map(|due| due.waived).sum::<i64>(), 11_000);
    desk.prove(&services, "a rest forgiven twice").await;
    close(services).await;
}
