//! Samples of the letters about what is paid, or not.

use super::{
    super::{
        Elsewhere, Lost, Moved, News, Occasion, Returned, Standing, StandingLine, StandingReader,
        moved as write_moved, returned as write_returned, standing as write_standing,
    },
    Given, PRICE, Sample, code, line, rest, shown,
};
use crate::{
    domain::{money::Money, order::Recipient},
    text::Texts,
};

pub(super) const CLIENT: StandingReader = StandingReader::Payer(Recipient::Client);
const FIRM: StandingReader = StandingReader::Payer(Recipient::Firm);

/// What came, and what went back.
pub(super) fn received(texts: &Texts, given: &Given) -> anyhow::Result<Vec<Sample>> {
    let mut all = standings(texts, given, Occasion::Received)?;
    let letter = write_returned(texts, &returned(given, Recipient::Client, 1))?;
    all.push(shown("returned", letter, None));
    all.push(shown("moved", write_moved(texts, &moved(given, Recipient::Client, 1))?, None));
    let mut to = standing(given, (Occasion::Received, CLIENT), 1);
    let [from, here] = [9, 1].map(|number| code(given, number).to_string());
    let (counted, waited) = (Money::dong(50_000), Money::ZERO);
    to.news = News::default();
    to.elsewhere = vec![Elsewhere { counted, waited, from, to: here }];
    all.push(shown("moved-to", write_standing(texts, &to)?, None));
    let back = standing(given, (Occasion::TakenBack, CLIENT), 1);
    all.push(shown("taken-back", write_standing(texts, &back)?, back.rest.as_ref()));
    Ok(all)
}

pub(super) fn standings(
    texts: &Texts,
    given: &Given,
    occasion: Occasion,
) -> anyhow::Result<Vec<Sample>> {
    let mut forms = vec![("", CLIENT, 1), ("to-firm", FIRM, 3)];
    if matches!(occasion, Occasion::Warning { .. } | Occasion::Suspended) {
        forms.push(("copy", StandingReader::Firm, 2));
    }
    let letter = |(form, reader, lines)| {
        let said = standing(given, (occasion, reader), lines);
        Ok(shown(form, write_standing(texts, &said)?, said.rest.as_ref()))
    };
    forms.into_iter().map(letter).collect()
}

/// The reminder where a part came.
pub(super) fn partly(texts: &Texts, given: &Given) -> anyhow::Result<Sample> {
    let said = in_part(given, CLIENT, 1);
    Ok(shown("in-part", write_standing(texts, &said)?, said.rest.as_ref()))
}

/// The last warning about some of those whom one pays for; the others end later.
pub(super) fn of_some(texts: &Texts, given: &Given) -> anyhow::Result<Sample> {
    let last = Occasion::Warning { days: 1, is_last: true };
    let mut said = standing(given, (last, FIRM), 3);
    said.others = said.lines.split_off(2);
    for other in &mut said.others {
        other.last_day = Some("15/12/2026".to_owned());
    }
    said.all = said.rest.take().map(|rest| rest.transfer);
    Ok(shown("of-some", write_standing(texts, &said)?, None))
}

pub fn in_part(given: &Given, reader: StandingReader, lines: u8) -> Standing {
    const CAME: i64 = 1_000_000;
    let last = Occasion::Warning { days: 1, is_last: true };
    let mut said = standing(given, (last, reader), lines);
    for line in &mut said.lines {
        line.paid = Money::dong(CAME);
    }
    if let Some(rest) = &mut said.rest {
        rest.transfer.amount = Money::dong((PRICE - CAME) * i64::from(lines));
    }
    said
}

pub fn standing(
    given: &Given,
    (occasion, reader): (Occasion, StandingReader),
    lines: u8,
) -> Standing {
    let is_paid = matches!(occasion, Occasion::Received | Occasion::Restored);
    let is_received = occasion == Occasion::Received;
    let is_lost = occasion == Occasion::TakenBack;
    let count = usize::from(lines);
    let of_line = |number| StandingLine {
        line: line(given, number),
        paid: Money::dong(if is_paid { PRICE } else { 0 }),
        waived: Money::ZERO,
        is_pooled: false,
        contract_end: Some("10:15 29/11/2026".to_owned()),
        last_day: Some("30/11/2026".to_owned()),
        is_over: false,
        contact: "Nguyễn Văn Hùng, 0987 654 321".to_owned(),
    };
    Standing {
        occasion,
        reader,
        to_name: match reader {
            StandingReader::Payer(_) => "Nguyễn Văn Hùng".to_owned(),
            StandingReader::Firm => given.firm.accountant.clone(),
        },
        firm: given.firm.clone(),
        lines: (1..=lines).map(of_line).collect(),
        rest: rest(given, if is_paid { 0 } else { lines }),
        news: News {
            amount: Money::dong(if is_received { PRICE * i64::from(lines) } else { 0 }),
            payments: usize::from(is_received),
            lines: if is_received { count } else { 0 },
        },
        over: Money::ZERO,
        returns: Money::ZERO,
        pooled: Money::ZERO,
        is_exact: false,
        is_stray: false,
        lacking: Money::ZERO,
        elsewhere: Vec::new(),
        all: None,
        others: Vec::new(),
        lost: Lost {
            amount: Money::dong(if is_lost { PRICE } else { 0 }),
            lines: usize::from(is_lost),
            pooled: Money::ZERO,
        },
    }
}

pub fn moved(given: &Given, recipient: Recipient, lines: u8) -> Moved {
    Moved {
        recipient,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        firm: given.firm.clone(),
        to: vec![(code(given, 9).to_string(), Money::dong(50_000))],
        counted: Money::ZERO,
        payment: (Money::dong(3_000_000), "20/11/2026".to_owned()),
        lines: (1..=lines).map(|number| line(given, number)).collect(),
        rest: None,
    }
}

pub fn returned(given: &Given, recipient: Recipient, lines: u8) -> Returned {
    Returned {
        recipient,
        to_name: "Nguyễn Văn Hùng".to_owned(),
        firm: given.firm.clone(),
        amount: Money::dong(1_000_000),
        day: "25/11/2026".to_owned(),
        reference: Some("FT26329000017".to_owned()),
        payment: (Money::dong(1_000_000 + PRICE), "20/11/2026".to_owned()),
        lines: (1..=lines).map(|number| line(given, number)).collect(),
    }
}
