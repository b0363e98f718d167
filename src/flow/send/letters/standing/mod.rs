//! Letters about what is paid, or not: money came, the unpaid week ends, it ended, it works again. To whoever pays, and of
//! what ends a copy to the firm. When each is due, and what money came, is decided elsewhere.

use anyhow::Context;
use minijinja::{Value, context};

use super::{
    FirmBlock, Letter, NoticeLine, Rest, Transfer,
    draft::Draft,
    listed::lists,
    order_notice::{how_to_pay, where_to_pay},
    sums::{sums, unpaid},
};
use crate::{
    domain::{money::Money, order::Recipient},
    text::Texts,
};

/// What the letter says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    pub occasion: Occasion,
    pub reader: StandingReader,
    pub to_name: String,
    pub firm: FirmBlock,
    /// At least one.
    pub lines: Vec<StandingLine>,
    /// What this payer has still to pay, by one transfer.
    pub rest: Option<Rest>,
    /// What pays for these lines and the others at once, where a warning asks for each of the lines by its own code.
    pub all: Option<Transfer>,
    /// What else of this payer is open, where a warning names such a transfer.
    pub others: Vec<StandingLine>,
    pub news: News,
    /// What came with it, or before a warning, and is more than was to be paid.
    pub over: Money,
    /// What came, is counted for nothing any more and is planned to go back.
    pub returns: Money,
    /// What came under the code for all of this payer, and waits until the rest has come too.
    pub pooled: Money,
    /// What is missing under that code, where a warning speaks of such money: of a copy, under all such codes.
    pub lacking: Money,
    /// What of what it pays came for something else first.
    pub elsewhere: Vec<Elsewhere>,
    pub lost: Lost,
}

/// What came since the letter before; nothing where none did, or where a letter tells of something else.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct News {
    pub amount: Money,
    /// How many payments that is.
    pub payments: usize,
    /// For how many of the lines that is; they are the first ones.
    pub lines: usize,
}

/// What of the money that was told to have come does not count any more; nothing in letters of other occasions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Lost {
    /// Nothing where it is not known.
    pub amount: Money,
    /// For how many of the lines that is; they are the first ones.
    pub lines: usize,
    /// What of it waits under the code for all of this payer now.
    pub pooled: Money,
}

impl Lost {
    /// What neither counts nor waits, where a part of it waits; nothing where that is not known.
    fn gone(&self) -> Money {
        let gone = self.amount.as_dong() - self.pooled.as_dong();
        Money::dong(if self.pooled > Money::ZERO { gone.max(0) } else { 0 })
    }
}

/// Money that a person moved here, and the payment codes between which.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Elsewhere {
    /// What of it counted for other codes, and what waited and counted for nothing.
    pub counted: Money,
    pub waited: Money,
    /// Codes for which less counts since.
    pub from: String,
    pub to: String,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Occasion {
    Received,
    /// What came does not count any more for the first of the lines.
    TakenBack,
    /// The first of the lines ends so many days after this letter, or ended before it where it comes late; the last letter
    /// before the end says so.
    Warning {
        days: i64,
        is_last: bool,
    },
    Suspended,
    Restored,
}

/// Who reads it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StandingReader {
    Payer(Recipient),
    /// Who registered the order, to call the client.
    Firm,
}

/// One client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StandingLine {
    pub line: NoticeLine,
    pub paid: Money,
    /// What of it was forgiven; `line` asks for the rest.
    pub waived: Money,
    /// Whether money came under the code for all of its payer and keeps it on, where a warning speaks of it.
    pub is_pooled: bool,
    /// When the grace ends by the contract: `10:15 ngày 29/11/2026`, as the workspace writes it.
    pub contract_end: Option<String>,
    /// The last day on which it works, or worked: `30/11/2026`.
    pub last_day: Option<String>,
    /// Whether that is over when the letter is written.
    pub is_over: bool,
    /// Who can be asked there: name and phone.
    pub contact: String,
}

impl StandingLine {
    /// What is not paid of it.
    pub(super) fn rest(&self) -> Money {
        let rest = self.line.amount.as_dong() - self.paid.as_dong();
        Money::dong(rest.max(0))
    }
}

impl Standing {
    /// Whether something came of each: what is paid in part is not cut off by itself, so nobody is threatened with that.
    pub fn is_partly(&self) -> bool {
        self.lines.iter().all(|line| line.paid > Money::ZERO || line.is_pooled)
    }

    /// What is not paid, without what waits under a code for all; a copy of a warning says the sum of its list.
    pub(super) fn missing(&self) -> Money {
        let is_enough = self.lacking == Money::ZERO && self.lines.iter().all(|it| it.is_pooled);
        let is_listed = self.is_copy_of_warning() && !is_enough;
        let single = self.lines.iter().filter(|line| is_listed || !line.is_pooled);
        let pooled = if is_listed { Money::ZERO } else { self.lacking };
        single.map(StandingLine::rest).sum::<Money>() + pooled
    }

    /// Such a copy is about some of those whom the money under a code for all is for.
    pub(super) fn is_copy_of_warning(&self) -> bool {
        self.reader == StandingReader::Firm && matches!(self.occasion, Occasion::Warning { .. })
    }

    /// What came of what a warning is about; of other letters what came since the one before.
    pub(super) fn came(&self) -> Money {
        match self.occasion {
            Occasion::Warning { .. } => self.lines.iter().map(|line| line.paid).sum(),
            _ => self.news.amount,
        }
    }

    /// All money that came up to now and did not go back, as a letter about what came tells of it.
    pub(super) fn in_all(&self) -> Money {
        let paid: Money = self.lines.iter().map(|line| line.paid).sum();
        let is_told = self.occasion == Occasion::Received;
        paid + self.over + if is_told { self.pooled } else { Money::ZERO }
    }

    /// Whether more came before than now.
    pub(super) fn is_more(&self) -> bool {
        self.news.amount > Money::ZERO && self.in_all() > self.news.amount
    }

    /// Whether a letter about what came tells of no news but where the payer stands.
    pub(super) fn is_update(&self) -> bool {
        self.occasion == Occasion::Received && self.news.amount == Money::ZERO
    }

    /// What is told to have come: now, else in all.
    pub(super) fn received(&self) -> Money {
        if self.news.amount > Money::ZERO { self.news.amount } else { self.in_all() }
    }
}

impl Occasion {
    fn key(self, is_partly: bool) -> &'static str {
        match self {
            Occasion::Warning { .. } if is_partly => "grace_partly",
            Occasion::Received => "payment_received",
            Occasion::TakenBack => "payment_taken_back",
            Occasion::Warning { .. } => "grace_warning",
            Occasion::Suspended => "suspended",
            Occasion::Restored => "restored",
        }
    }
}

/// Writes the letter to whoever pays, or the copy of it to the firm.
pub fn standing(texts: &Texts, said: &Standing) -> anyhow::Result<Letter> {
    let first = said.lines.first().context("A letter about licences names none")?;
    let key = said.occasion.key(said.is_partly());
    let reader = match said.reader {
        StandingReader::Payer(recipient) => recipient.as_str(),
        StandingReader::Firm => "copy",
    };
    let is_copy = said.reader == StandingReader::Firm;
    let mut draft = Draft::new(texts, values(said, first, reader))?;
    draft.paragraph("standing.greeting")?;
    draft.paragraph(&format!("{key}.intro.{reader}"))?;
    draft.paragraph(&format!("{key}.what"))?;
    draft.paragraph("standing.pooled")?;
    for Elsewhere { counted, waited, from, to } in &said.elsewhere {
        let shown = |it: &Money| (*it > Money::ZERO).then(|| it.to_string());
        let values = context! { counted => shown(counted), waited => shown(waited), from, to };
        let moved = draft.say_with("payment_received.moved", values)?;
        draft.sentence(&moved);
    }
    match said.lines.as_slice() {
        [only] => of_one(&mut draft, said, only)?,
        _ => of_all(&mut draft, said)?,
    }
    match &said.rest {
        Some(rest) if !is_copy => {
            draft.heading(&format!("{key}.to_pay"))?;
            how_to_pay(&mut draft, &rest.transfer)?;
            let exactly = context! { count => rest.lines, memo => rest.transfer.memo.as_str(), recipient => reader };
            let exactly = draft.say_with("order_notice.exactly", exactly)?;
            draft.sentence(&exactly);
            draft.paragraph("standing.others")?;
            draft.picture("order_notice.picture", &rest.qr_cid)?;
        }
        _ => {}
    }
    if let Some(all) = &said.all {
        draft.heading(&format!("{key}.to_pay"))?;
        where_to_pay(&mut draft, all)?;
        draft.paragraph("standing.each")?;
    }
    draft.paragraph(&format!("{key}.after"))?;
    if !is_copy && (said.rest.is_some() || said.all.is_some()) {
        draft.note("order_notice.genuine.title", &format!("order_notice.genuine.{reader}"))?;
    }
    lists(&mut draft, said)?;
    draft.finish(key, &said.firm)
}

/// How many clients a sentence names.
const NAMED: usize = 3;

fn values(said: &Standing, first: &StandingLine, reader: &str) -> Value {
    let sum = |of: fn(&StandingLine) -> Money| said.lines.iter().map(of).sum::<Money>();
    let amount = |amount: Money| (amount != Money::ZERO).then(|| amount.to_string());
    let transfer = said.rest.as_ref().map(|rest| &rest.transfer);
    let (days, is_last) = match said.occasion {
        Occasion::Warning { days, is_last } => (days, is_last),
        _ => (0, false),
    };
    // The code for all may be for more than these lines.
    let is_pooled = said.lines.iter().any(|line| line.is_pooled);
    let is_told = is_pooled && !said.is_copy_of_warning();
    let waits = if is_told { said.pooled } else { Money::ZERO };
    let paid = sum(|line| line.paid) + waits;
    let asked = if is_pooled { paid + said.missing() } else { sum(|line| line.line.amount) };
    // Dates in this form do not sort; the lines come with the earliest first.
    let last_day = said.lines.iter().find_map(|line| line.last_day.as_deref());
    let lost = &said.lines[..said.lost.lines.clamp(1, said.lines.len())];
    let named: Vec<String> = lost.iter().take(NAMED).map(|it| it.line.name.clone()).collect();
    context! {
        recipient => reader,
        to_name => said.to_name.as_str(),
        order => first.line.order.as_str(),
        order_count => 1,
        count => if said.news.lines > 0 { said.news.lines } else { said.lines.len() },
        client => first.line.name.as_str(),
        tax_id => first.line.tax_id.as_str(),
        contact => first.contact.as_str(),
        amount => asked.to_string(),
        paid => paid.to_string(),
        came => amount(said.came()),
        credits => said.news.payments,
        received => said.received().to_string(),
        in_all => said.in_all().to_string(),
        is_more => said.is_more(),
        is_update => said.is_update(),
        over => amount(said.over),
        returns => amount(said.returns),
        missing => amount(said.missing()),
        lacking => amount(said.lacking),
        pooled => amount(said.pooled),
        differ => said.lines.iter().any(|line| line.last_day != first.last_day),
        waived => forgiven(&said.lines),
        rest_count => said.rest.as_ref().map_or(0, |rest| rest.lines),
        others => said.others.len(),
        all_amount => said.all.as_ref().map(|it| it.amount.to_string()),
        all_memo => said.all.as_ref().map(|it| it.memo.as_str()),
        all_count => said.lines.len() + said.others.len(),
        lost => amount(said.lost.amount),
        lost_count => lost.len(),
        more_lost => lost.len() - named.len(),
        named,
        is_part_lost => lost.iter().any(|it| it.paid > Money::ZERO),
        lost_pooled => amount(said.lost.pooled),
        lost_gone => amount(said.lost.gone()),
        days,
        is_last,
        last_day,
        bank => transfer.map(|it| it.bank.as_str()),
        account => transfer.map(|it| it.account.as_str()),
        transfer_amount => transfer.map(|it| it.amount.to_string()),
        memo => transfer.map(|it| it.memo.as_str()),
        ..said.firm.values()
    }
}

/// `11.000 đ (HLACDEFGHJ)`.
fn forgiven(lines: &[StandingLine]) -> Option<String> {
    let waived = lines.iter().filter(|line| line.waived > Money::ZERO);
    let said = waived.map(|it| format!("{} ({})", it.waived, it.line.payment_code));
    Some(said.collect::<Vec<_>>().join(", ")).filter(|said| !said.is_empty())
}

/// The one client in full.
fn of_one(draft: &mut Draft<'_>, said: &Standing, only: &StandingLine) -> anyhow::Result<()> {
    let line = &only.line;
    let mut facts =
        vec![draft.fact("client", &line.name)?, draft.fact("tax_id", line.tax_id.as_str())?];
    if said.reader == StandingReader::Firm {
        facts.push(draft.strong_fact("contact", &only.contact)?);
    }
    match said.occasion {
        Occasion::Received | Occasion::Restored => {
            facts.extend(sums(draft, said)?);
        }
        Occasion::TakenBack => {
            if let Some(when) = &only.last_day {
                facts.push(draft.strong_fact("last_day", when)?);
            }
            facts.extend(unpaid(draft, said)?);
        }
        Occasion::Warning { .. } if said.is_partly() => facts.extend(unpaid(draft, said)?),
        Occasion::Warning { .. } | Occasion::Suspended => {
            for (name, when) in [("last_day", &only.last_day), ("contract_end", &only.contract_end)]
            {
                if let Some(when) = when {
                    facts.push(draft.strong_fact(name, when)?);
                }
            }
            facts.extend(unpaid(draft, said)?);
        }
    }
    facts.push(draft.fact("package", &line.package)?);
    facts.push(draft.fact("fiscal_year", &line.fiscal_year.year().to_string())?);
    facts.push(draft.fact("order", line.order.as_str())?);
    if said.rest.is_none() || said.reader == StandingReader::Firm {
        facts.push(draft.fact("payment_code", line.payment_code.as_str())?);
    }
    draft.facts(facts);
    Ok(())
}

/// Of several clients how many there are, and the sums.
fn of_all(draft: &mut Draft<'_>, said: &Standing) -> anyhow::Result<()> {
    let mut facts = vec![draft.fact("clients", &said.lines.len().to_string())?];
    match said.occasion {
        Occasion::Received | Occasion::Restored => facts.extend(sums(draft, said)?),
        Occasion::Warning { .. } | Occasion::Suspended | Occasion::TakenBack => {
            facts.extend(unpaid(draft, said)?);
        }
    }
    draft.facts(facts);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::super::samples;
    use super::*;
    use crate::domain::locale::Locale;

    const WARNING: Occasion = Occasion::Warning { days: 1, is_last: true };
    const OCCASIONS: [Occasion; 5] =
        [Occasion::Received, Occasion::TakenBack, WARNING, Occasion::Suspended, Occasion::Restored];

    fn said(occasion: Occasion, reader: StandingReader, lines: u8) -> [Letter; 2] {
        let said = samples::standing(&samples::given(), (occasion, reader), lines);
        [Locale::Vi, Locale::En].map(|locale| standing(Texts::of(locale), &said).unwrap())
    }

    #[track_caller]
    fn holds(letter: &Letter, needed: &[&str]) {
        let html = letter.html.replace("&#x2f;", "/");
        for needed in needed {
            assert!(letter.text.contains(needed), "{needed}: {}", letter.text);
            assert!(html.contains(needed), "{needed}: {html}");
        }
    }

    #[test]
    fn every_letter_about_money_names_the_client_the_firm_whom_to_call_and_the_code() {
        for recipient in Recipient::ALL {
            for occasion in OCCASIONS {
                for letter in said(occasion, StandingReader::Payer(*recipient), 1) {
                    holds(
                        &letter,
                        &[
                            "Công ty TNHH Dịch vụ Kế toán Minh An",
                            "Nguyễn Thị Lan",
                            "0912 345 678",
                            "Công ty TNHH Thương mại Hoa Sen 1",
                            "0101243150",
                            "DH-2611-000123",
                            "2.950.000 đ",
                        ],
                    );
                }
            }
        }
    }

    #[test]
    fn a_warning_says_until_when_it_works_both_ways_and_how_to_pay() {
        let payer = StandingReader::Payer(Recipient::Client);
        for letter in said(WARNING, payer, 1) {
            holds(&letter, &["30/11/2026", "10:15", "1023456789", "Vietcombank"]);
            assert!(letter.html.contains("cid:"), "the picture to scan");
        }
        let [vi, en] = said(WARNING, payer, 1);
        assert!(vi.text.contains("lần nhắc cuối") && en.text.contains("last reminder"));
        let [vi, en] = said(Occasion::Warning { days: -8, is_last: true }, payer, 1);
        assert!(vi.subject.starts_with("Đã quá hạn") && en.subject.starts_with("Overdue"));
        assert!(
            vi.text.contains("đã qua") && !vi.text.contains("dùng được đến hết"),
            "{}",
            vi.text
        );
        let [vi, _] = said(Occasion::Warning { days: 3, is_last: false }, payer, 1);
        assert!(!vi.text.contains("lần nhắc cuối") && vi.subject.contains("3 ngày"), "{vi:?}");
    }

    #[test]
    fn who_paid_a_part_reads_what_came_and_what_is_missing_and_is_not_threatened() {
        let readers = Recipient::ALL.iter().map(|it| StandingReader::Payer(*it));
        for reader in readers.chain([StandingReader::Firm]) {
            for lines in [1, 2] {
                let said = samples::in_part(&samples::given(), reader, lines);
                let n = i64::from(lines);
                let [came, missing] =
                    [1_000_000 * n, 1_950_000 * n].map(|it| Money::dong(it).to_string());
                for (locale, threats) in [
                    (Locale::Vi, ["ngừng", "lần nhắc cuối"]),
                    (Locale::En, ["stop", "last reminder"]),
                ] {
                    let letter = standing(Texts::of(locale), &said).unwrap();
                    assert!(letter.subject.contains(&missing), "{}", letter.subject);
                    holds(&letter, &[&came, &missing, "30/11/2026", "0101243150"]);
                    for threat in threats {
                        assert!(!letter.text.contains(threat), "{threat}: {}", letter.text);
                    }
                }
            }
        }
        // Of two clients the one paid a part: the other one is warned, and it is told of both what is so.
        let firm = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::in_part(&samples::given(), firm, 2);
        said.lines[1].paid = Money::ZERO;
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.text.contains("lần nhắc cuối"), "{}", vi.text);
        holds(&vi, &["Đã nhận 1.000.000 đ", "4.900.000 đ", "1.950.000 đ", "2.950.000 đ"]);
    }

    #[test]
    fn the_copy_says_whom_to_call_and_has_no_picture() {
        for occasion in [WARNING, Occasion::Suspended] {
            for lines in [1, 3] {
                for letter in said(occasion, StandingReader::Firm, lines) {
                    holds(&letter, &["Nguyễn Văn Hùng", "0987 654 321", "0101243150"]);
                    assert!(!letter.html.contains("cid:"));
                }
            }
        }
    }

    #[test]
    fn several_clients_of_one_payer_are_told_in_one_letter() {
        for occasion in OCCASIONS {
            for letter in said(occasion, StandingReader::Payer(Recipient::Firm), 3) {
                holds(&letter, &["8.850.000 đ", "0101243150", "0100109106", "0100684378"]);
            }
        }
    }

    #[test]
    fn money_that_is_too_little_or_enough_is_said_to_be() {
        let mut said = samples::standing(
            &samples::given(),
            (Occasion::Received, StandingReader::Payer(Recipient::Client)),
            1,
        );
        said.lines[0].paid = Money::dong(2_939_000);
        said.news.amount = said.lines[0].paid;
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.text.contains("còn thiếu 11.000 đ"), "{}", vi.text);
        said.lines[0].paid = said.lines[0].line.amount;
        said.news.amount = said.lines[0].paid;
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.text.contains("đã đủ"), "{}", vi.text);
        said.over = Money::dong(50_000);
        said.news.amount = Money::dong(3_000_000);
        for locale in [Locale::Vi, Locale::En] {
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert!(letter.subject.contains("3.000.000 đ"), "{}", letter.subject);
            holds(&letter, &["3.000.000 đ", "2.950.000 đ", "50.000 đ"]);
        }
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        for fact in [
            "Số tiền đã nhận: 3.000.000 đ",
            "Số tiền phải trả: 2.950.000 đ",
            "Chuyển thừa: 50.000 đ",
        ] {
            assert!(vi.text.contains(fact), "no {fact} in {}", vi.text);
        }
    }

    #[test]
    fn what_came_now_is_told_apart_from_what_came_in_all() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
        said.news = News { amount: Money::dong(2_950_000), payments: 1, lines: 1 };
        let [vi, en] = [Locale::Vi, Locale::En].map(|it| standing(Texts::of(it), &said).unwrap());
        assert!(vi.subject.starts_with("Đã nhận 2.950.000 đ"), "{}", vi.subject);
        for words in [
            "khoản thanh toán 2.950.000 đ cho Công ty",
            "Số tiền đã nhận: 2.950.000 đ",
            "đến nay đã nhận 5.900.000 đ",
            "Tổng đã nhận đến nay: 5.900.000 đ",
        ] {
            assert!(vi.text.contains(words), "no {words} in {}", vi.text);
        }
        assert!(en.text.contains("has received 2.950.000 đ for Công ty"), "{}", en.text);
        assert!(en.text.contains("5.900.000 đ has arrived in all"), "{}", en.text);

        // All at once, by several payments.
        said.news = News { amount: Money::dong(5_900_000), payments: 2, lines: 2 };
        let [vi, en] = [Locale::Vi, Locale::En].map(|it| standing(Texts::of(it), &said).unwrap());
        assert!(vi.subject.starts_with("Đã nhận 2 khoản, tổng 5.900.000 đ"), "{}", vi.subject);
        assert!(vi.text.contains("2 khoản, tổng 5.900.000 đ"), "{}", vi.text);
        assert!(!vi.text.contains("đến nay"), "{}", vi.text);
        assert!(en.text.contains("2 payments, 5.900.000 đ together,"), "{}", en.text);
    }

    #[test]
    fn each_sum_of_a_client_in_a_list_is_told_with_what_it_is() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let part = Money::dong(1_000_000);
        let mut came = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
        came.lines[0].paid = part;
        let warned = samples::in_part(&samples::given(), payer, 2);
        for (said, vi, en) in [
            (came, ["Đã nhận: 1.000.000 đ", "Còn phải trả 1.950.000 đ"], "Received: 1.000.000 đ"),
            (
                warned,
                ["Còn phải trả: 1.950.000 đ", "Đã nhận 1.000.000 đ"],
                "To be paid: 1.950.000 đ",
            ),
        ] {
            let letter = standing(Texts::of(Locale::Vi), &said).unwrap();
            for needed in vi {
                assert!(letter.text.contains(needed), "no {needed} in {}", letter.text);
            }
            let letter = standing(Texts::of(Locale::En), &said).unwrap();
            assert!(letter.text.contains(en), "no {en} in {}", letter.text);
        }
    }

    #[test]
    fn money_that_does_not_count_any_more_is_told_with_whom_it_was_for_and_not_whose_it_is() {
        for recipient in Recipient::ALL {
            let payer = StandingReader::Payer(*recipient);
            let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 5);
            said.lost = Lost { amount: Money::dong(11_800_000), lines: 4, pooled: Money::ZERO };
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            holds(
                &vi,
                &["(11.800.000 đ) không còn được tính", "Hoa Sen 3", "và 1 ", "1 khoản khác"],
            );
            assert!(!vi.text.contains("của một khoản khác"), "{}", vi.text);
            let en = standing(Texts::of(Locale::En), &said).unwrap();
            holds(&en, &["(11.800.000 đ) does not count any more", "Hoa Sen 3", "and 1 other"]);

            // A part of it counts on.
            let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 1);
            said.lines[0].paid = Money::dong(1_000_000);
            said.lost = Lost { amount: Money::dong(1_950_000), lines: 1, pooled: Money::ZERO };
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            let lost = "1.950.000 đ trong số tiền đó không còn được tính";
            holds(&vi, &[lost, "Số còn phải trả là 1.950.000 đ", "30/11/2026"]);
            assert!(vi.text.contains("Vẫn được tính: 1.000.000 đ"), "{}", vi.text);
        }
    }

    #[test]
    fn a_warning_that_asks_for_more_than_it_is_about_names_all_that_its_sum_is_for() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (WARNING, payer), 3);
        said.others = vec![said.lines.remove(2)];
        for (locale, needed) in [(Locale::Vi, "cả 1 khách hàng khác"), (Locale::En, "also for 1 ")]
        {
            let letter = standing(Texts::of(locale), &said).unwrap();
            holds(&letter, &["8.850.000 đ", needed, "Hoa Sen 1", "Hoa Sen 2", "Hoa Sen 3"]);
            assert!(letter.subject.contains('2'), "{}", letter.subject);
        }
    }

    #[test]
    fn of_money_that_was_told_what_waits_and_what_counts_no_more_are_told_apart() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (Occasion::TakenBack, payer), 2);
        let [all, half] = [5_900_000, 2_950_000].map(Money::dong);
        said.lost = Lost { amount: all, lines: 2, pooled: half };
        (said.pooled, said.lacking) = (half, half);
        for (locale, gone, waits) in [
            (
                Locale::Vi,
                "2.950.000 đ trong số tiền đó không còn được tính",
                "2.950.000 đ không tính riêng cho các khoản này mà đang chờ với mã chung",
            ),
            (
                Locale::En,
                "2.950.000 đ of that money does not count any more",
                "2.950.000 đ is not for these alone but waits under the code for all",
            ),
        ] {
            let letter = standing(Texts::of(locale), &said).unwrap();
            holds(&letter, &[gone, waits]);
        }
        // All of it waits.
        said.lost.pooled = all;
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        holds(&vi, &["số tiền đó không tính riêng cho các khoản này mà đang chờ với mã chung"]);
        assert!(!vi.text.contains("không còn được tính"), "{}", vi.text);
    }

    #[test]
    fn a_warning_about_some_of_a_payer_asks_for_each_of_them_and_names_the_others_apart() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (WARNING, payer), 3);
        let other = said.lines.remove(2);
        said.others = vec![StandingLine { last_day: Some("15/12/2026".to_owned()), ..other }];
        said.all = said.rest.take().map(|rest| rest.transfer);
        let memo = said.all.as_ref().unwrap().memo.to_string();
        for (locale, sum, each, all) in [
            (
                Locale::Vi,
                "Chưa thanh toán: 5.900.000 đ",
                "chuyển riêng từng khoản",
                "đúng 8.850.000 đ",
            ),
            (Locale::En, "Not paid: 5.900.000 đ", "each amount by itself", "exactly 8.850.000 đ"),
        ] {
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert!(letter.text.contains(sum), "no {sum} in {}", letter.text);
            holds(&letter, &[each, all, &memo, "1023456789", "Hoa Sen 3", "15/12/2026"]);
            assert!(letter.subject.contains('2'), "{}", letter.subject);
            assert_eq!(letter.text.matches("8.850.000").count(), 1, "{}", letter.text);
            assert!(!letter.html.contains("cid:"), "no picture asks for another sum");
        }
    }

    #[test]
    fn the_totals_of_a_copy_are_the_sums_of_its_list() {
        let mut said = samples::standing(&samples::given(), (WARNING, StandingReader::Firm), 4);
        said.lines[0].paid = Money::dong(1_000_000);
        said.lines[1].is_pooled = true;
        // What is missing there is for others too.
        (said.pooled, said.lacking) = (Money::dong(2_000_000), Money::dong(3_900_000));
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        for fact in [
            "Chưa thanh toán: 10.800.000 đ",
            "Số tiền đã nhận: 1.000.000 đ",
            "Đang chờ với mã chung: 2.000.000 đ",
        ] {
            assert!(vi.text.contains(fact), "no {fact} in {}", vi.text);
        }
        holds(&vi, &["Đã nhận 1.000.000 đ cho một phần", "còn thiếu 10.800.000 đ"]);
        assert!(!vi.text.contains("11.750.000"), "{}", vi.text);
        // Money waits for all of them.
        said.lines.remove(0);
        said.lines.iter_mut().for_each(|line| line.is_pooled = true);
        for (locale, sum) in [(Locale::Vi, "Còn phải trả"), (Locale::En, "to be paid")] {
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert!(letter.subject.contains("8.850.000 đ"), "{}", letter.subject);
            holds(&letter, &["8.850.000 đ", "2.000.000 đ", "3.900.000 đ", sum]);
        }
    }

    #[test]
    fn where_nothing_came_no_letter_says_so_and_it_says_where_the_payer_stands() {
        let readers = Recipient::ALL.iter().map(|it| StandingReader::Payer(*it));
        for reader in readers.chain([StandingReader::Firm]) {
            for lines in [1, 2] {
                let said = (Occasion::Received, reader);
                let mut said = samples::standing(&samples::given(), said, lines);
                said.news = News::default();
                said.lines[0].paid = Money::dong(1_000_000);
                said.over = Money::dong(1_950_000);
                let all = Money::dong(2_950_000 * i64::from(lines)).to_string();
                let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
                assert!(vi.subject.starts_with("Cập nhật thanh toán"), "{}", vi.subject);
                let unused = "1.950.000 đ chưa được tính cho khoản nào";
                holds(&vi, &["không có khoản tiền mới", &all, "còn thiếu 1.950.000 đ", unused]);
                for wrong in ["đã nhận được", "Số tiền đã nhận:", "thừa"] {
                    assert!(!vi.text.contains(wrong), "{wrong}: {}", vi.text);
                }
                let en = standing(Texts::of(Locale::En), &said).unwrap();
                let unused = "1.950.000 đ is not counted for anything yet";
                holds(&en, &["No new money has come", &all, unused]);
                assert!(!en.text.contains("too much") && !en.text.contains("Too much"), "{en:?}");
            }
        }
    }

    #[test]
    fn what_lies_under_the_batch_code_is_said_with_what_is_missing() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (WARNING, payer), 2);
        (said.pooled, said.lacking) = (Money::dong(5_000_000), Money::dong(900_000));
        said.lines.iter_mut().for_each(|line| line.is_pooled = true);
        let rest = said.rest.as_mut().unwrap();
        rest.transfer.amount = Money::dong(900_000);
        let memo = rest.transfer.memo.to_string();
        for (locale, threats) in
            [(Locale::Vi, ["ngừng", "lần nhắc cuối"]), (Locale::En, ["stop", "last reminder"])]
        {
            let letter = standing(Texts::of(locale), &said).unwrap();
            assert!(letter.subject.contains("900.000 đ"), "{}", letter.subject);
            holds(&letter, &["5.000.000 đ", "5.900.000 đ", "900.000 đ", "30/11/2026", &memo]);
            for threat in threats {
                assert!(!letter.text.contains(threat), "{threat}: {}", letter.text);
            }
        }
    }

    #[test]
    fn the_copy_says_that_enough_came_under_the_code_for_all_and_that_a_person_must_match_it() {
        let mut said = samples::standing(&samples::given(), (WARNING, StandingReader::Firm), 2);
        said.pooled = Money::dong(6_000_000);
        said.lines.iter_mut().for_each(|line| line.is_pooled = true);
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.subject.starts_with("Có tiền chờ ghép"), "{}", vi.subject);
        holds(&vi, &["6.000.000 đ", "chờ người phụ trách phần mềm ghép", "không bị nhắc"]);
        for wrong in ["còn thiếu", "ngừng", "chậm nhất", "vừa được nhắc"] {
            assert!(!vi.text.contains(wrong), "{wrong}: {}", vi.text);
        }
        let en = standing(Texts::of(Locale::En), &said).unwrap();
        holds(&en, &["6.000.000 đ", "must match it", "not reminded"]);
    }

    #[test]
    fn the_copy_of_a_late_warning_says_that_the_day_is_over_and_when_it_may_stop() {
        let late = Occasion::Warning { days: -3, is_last: true };
        for lines in [1, 2] {
            let mut said =
                samples::standing(&samples::given(), (late, StandingReader::Firm), lines);
            said.lines.iter_mut().for_each(|line| line.is_over = true);
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            holds(&vi, &["đã qua", "có thể ngừng sau 24 giờ"]);
            assert!(!vi.text.contains("Dùng được đến hết ngày 30/11/2026"), "{}", vi.text);
        }
    }

    #[test]
    fn money_that_lies_under_the_code_for_all_is_received_and_pays_for_nothing_yet() {
        let payer = StandingReader::Payer(Recipient::Firm);
        let mut said = samples::standing(&samples::given(), (Occasion::Received, payer), 2);
        said.lines.iter_mut().for_each(|line| line.paid = Money::ZERO);
        said.pooled = Money::dong(5_000_000);
        said.news.amount = said.pooled;
        said.rest = samples::standing(&samples::given(), (WARNING, payer), 2).rest;
        said.rest.as_mut().unwrap().transfer.amount = Money::dong(900_000);
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.subject.starts_with("Đã nhận 5.000.000 đ"), "{}", vi.subject);
        holds(&vi, &["phần còn thiếu 900.000 đ", "Còn phải trả 2.950.000 đ"]);
        assert!(!vi.text.contains(" 0 đ") && !vi.html.contains(">0 đ"), "{}", vi.text);
        assert!(!vi.text.contains("đã đủ") && !vi.text.contains("còn thiếu 5.900.000"), "{vi:?}");
        (said.pooled, said.rest) = (Money::dong(6_000_000), None);
        said.news.amount = Money::dong(1_000_000);
        let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
        assert!(vi.subject.starts_with("Đã nhận 1.000.000 đ"), "{}", vi.subject);
        holds(&vi, &["Đến nay đã nhận 6.000.000 đ", "5.900.000 đ", "nhiều hơn số phải trả"]);
        assert!(!vi.text.contains("đã đủ"), "{}", vi.text);
    }

    #[test]
    fn last_days_that_differ_are_not_told_as_one() {
        for recipient in Recipient::ALL {
            let late = Occasion::Warning { days: -1, is_last: true };
            let payer = StandingReader::Payer(*recipient);
            let mut said = samples::standing(&samples::given(), (late, payer), 2);
            said.lines[1].last_day = Some("01/12/2026".to_owned());
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            assert!(!vi.text.contains("Ngày cuối 30/11/2026 đã qua"), "{}", vi.text);
            holds(&vi, &["sớm nhất là 30/11/2026", "đến hết ngày 01/12/2026"]);
        }
    }

    #[test]
    fn what_was_forgiven_is_said_with_its_code() {
        for lines in [1, 3] {
            let payer = StandingReader::Payer(Recipient::Client);
            let said = (Occasion::Received, payer);
            let mut said = samples::standing(&samples::given(), said, lines);
            said.lines[0].waived = Money::dong(11_000);
            said.lines[0].paid = Money::dong(2_939_000);
            said.lines[0].line.amount = said.lines[0].paid;
            said.news.amount = said.in_all();
            let code = said.lines[0].line.payment_code.to_string();
            let all = Money::dong(2_950_000 * i64::from(lines));
            for locale in [Locale::Vi, Locale::En] {
                let letter = standing(Texts::of(locale), &said).unwrap();
                let forgiven = format!("11.000 đ ({code})");
                holds(&letter, &[&forgiven, &all.to_string(), "2.939.000 đ"]);
            }
            let vi = standing(Texts::of(Locale::Vi), &said).unwrap();
            assert!(vi.text.contains("không phải trả thêm"), "{}", vi.text);
        }
    }
}
