//! A header that is no synonym but holds one: the longest that stands in it as whole words, or a question.
//! Headers that are a synonym themselves are read beside it.

use std::collections::BTreeSet;

use super::headers::{Reading, may};
use crate::{
    catalogue::columns::Columns,
    domain::{field::Field, fold::fold},
};

/// A header is not a sentence.
const MOST_WORDS: usize = 12;
/// How headers begin that ask to be filled in, folded.
const REQUESTS: [&str; 6] = ["vui long ", "xin ", "nhap ", "ghi ro ", "please ", "enter "];
/// Says nothing, and its `tin` would be a tax identification number.
const ASIDE: &str = "thong tin";
/// Whose a thing is, folded: all of a list is of its clients, `Mã số thuế của khách hàng` as well.
const OWNERS: [&str; 10] = [
    "cua khach hang",
    "cua cong ty",
    "cua doanh nghiep",
    "cua don vi",
    "cua ho kinh doanh",
    "khach hang",
    "cong ty",
    "doanh nghiep",
    "don vi",
    "ho kinh doanh",
];
/// Synonyms of two words that say little before others, folded: `Ngày bắt đầu hợp đồng`, `Công ty mẹ`.
const VAGUE: [&str; 9] = [
    "ngay bat dau",
    "tu ngay",
    "start date",
    "khach hang",
    "don vi",
    "cong ty",
    "doanh nghiep",
    "doi tuong",
    "dai dien",
];
/// What every row must say for itself: worth a question also where other words come first.
const EACH_ROW: [Field; 7] = [
    Field::Name,
    Field::TaxId,
    Field::Representative,
    Field::Email,
    Field::Phone,
    Field::VatMethod,
    Field::Regime,
];

/// Words of the header that are a synonym.
struct Found {
    from: usize,
    to: usize,
    letters: usize,
    field: Field,
}

/// Reads a header by the longest synonym in it; a field of `taken` has a column that is named exactly.
pub fn reading(header: &str, columns: &Columns, taken: &BTreeSet<Field>) -> Reading {
    let header = without_asides(&fold(header));
    let known = |words: &str| columns.synonym(words).filter(|field| !taken.contains(field));
    // `Khách hàng` alone is a name; after something else it says whose that is.
    let own = OWNERS.iter().find_map(|owner| header.strip_suffix(owner)).map(str::trim);
    if let Some(field) = own.filter(|own| !own.is_empty()).and_then(known) {
        return Reading::Is(field);
    }
    let words: Vec<&str> = header.split(' ').collect();
    if words.len() > MOST_WORDS {
        return Reading::Unknown;
    }
    let found = found(&words, columns);
    let Some(longest) = found.iter().max_by_key(|found| found.letters) else {
        return Reading::Unknown;
    };
    let fields = rivals(longest, &found);
    match fields[..] {
        [field] if taken.contains(&field) => Reading::Unknown,
        [field] => {
            // `Tên gói` and `gói đăng ký` overlap in `Tên gói đăng ký mới`.
            let same = found.iter().filter(|other| other.field == field && other.to > longest.from);
            let from = same.map(|other| other.from).min().unwrap_or(longest.from);
            by_place(&Found { from, ..*longest }, &words)
        }
        _ => may(fields.into_iter().filter(|field| !taken.contains(field))),
    }
}

/// The field of the longest, and those of all that stand in the rest or are as long.
fn rivals(longest: &Found, found: &[Found]) -> Vec<Field> {
    let mut fields = vec![longest.field];
    let apart = |other: &Found| other.to <= longest.from || longest.to <= other.from;
    for other in found.iter().filter(|other| apart(other) || other.letters == longest.letters) {
        if !fields.contains(&other.field) {
            fields.push(other.field);
        }
    }
    fields
}

/// In Vietnamese the first words say what a thing is: `Ngày sinh người đại diện` is a day.
fn by_place(longest: &Found, words: &[&str]) -> Reading {
    let (field, synonym) = (longest.field, &words[longest.from..longest.to]);
    let is_all = synonym.len() == words.len();
    let is_clear = synonym.len() > 1 && !VAGUE.contains(&synonym.join(" ").as_str());
    if is_all || (longest.from == 0 && is_clear) {
        Reading::Is(field)
    } else if longest.from == 0 || EACH_ROW.contains(&field) {
        Reading::May(vec![field])
    } else {
        Reading::Unknown
    }
}

fn found(words: &[&str], columns: &Columns) -> Vec<Found> {
    let mut found = Vec::new();
    for from in 0..words.len() {
        for to in from + 1..=words.len() {
            let run = words[from..to].join(" ");
            if let Some(field) = columns.synonym(&run) {
                found.push(Found { from, to, letters: run.chars().count(), field });
            }
        }
    }
    found
}

fn without_asides(folded: &str) -> String {
    let padded = format!(" {folded} ").replace(&format!(" {ASIDE} "), " ");
    let mut header = padded.trim();
    while let Some(rest) = REQUESTS.iter().find_map(|request| header.strip_prefix(request)) {
        header = rest;
    }
    header.to_owned()
}
