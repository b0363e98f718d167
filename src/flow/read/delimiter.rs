//! Which character separates the fields of a text, by how evenly it divides the first records.
//! Reading the records is the business of `csv`.

/// The first records say enough.
const SAMPLE_RECORDS: usize = 50;
const SAMPLE_BYTES: usize = 1 << 16;

/// Of two that divide equally well the first is taken: a comma is also a decimal sign and stands in addresses.
const CANDIDATES: [u8; 4] = [b'\t', b';', b'|', b','];

/// What a first line `sep=;` says, and where the text after it starts.
pub(super) fn declared(text: &str) -> Option<(u8, usize)> {
    let end = text.find(['\r', '\n']).unwrap_or(text.len());
    let line = text[..end].trim_matches('"');
    let (word, separator) = (line.get(..4)?, line.get(4..)?);
    let [separator] = separator.as_bytes() else { return None };
    let is_usable = separator.is_ascii_punctuation() || *separator == b'\t';
    let is_declared = word.eq_ignore_ascii_case("sep=") && is_usable && *separator != b'"';
    let rest = &text[end..];
    let next = if rest.starts_with("\r\n") { 2 } else { rest.len().min(1) };
    is_declared.then_some((*separator, end + next))
}

/// `None` for a text of one column.
pub(super) fn find(text: &str) -> Option<u8> {
    let sample = &text.as_bytes()[..text.len().min(SAMPLE_BYTES)];
    let is_cut = sample.len() < text.len();
    let mut best = None;
    for delimiter in CANDIDATES {
        // Commas of sentences and addresses divide nothing, unless nothing else does.
        if delimiter == b',' && best.is_some() && is_prose(sample) {
            continue;
        }
        let score = evenness(&widths(sample, delimiter, is_cut));
        if score.is_some() && score > best.map(|(score, _)| score) {
            best = score.map(|score| (score, delimiter));
        }
    }
    best.map(|(_, delimiter)| delimiter)
}

/// Most commas have a space behind them.
fn is_prose(sample: &[u8]) -> bool {
    let mut commas = sample.split(|b| *b == b',');
    // What stands before the first comma is behind none.
    commas.next();
    let (spaced, tight): (Vec<_>, Vec<_>) = commas.partition(|rest| rest.starts_with(b" "));
    spaced.len() > tight.len()
}

/// How many fields each of the first records has; one that the sample cuts off is left out.
fn widths(sample: &[u8], delimiter: u8, is_cut: bool) -> Vec<usize> {
    let mut builder = csv::ReaderBuilder::new();
    let reader = builder.delimiter(delimiter).has_headers(false).flexible(true);
    let mut reader = reader.from_reader(sample);
    let records = reader.byte_records().map_while(Result::ok).take(SAMPLE_RECORDS);
    let mut widths: Vec<usize> = records.map(|record| record.len()).collect();
    if is_cut && widths.len() > 1 && widths.len() < SAMPLE_RECORDS {
        widths.pop();
    }
    widths
}

/// How many records have the commonest width beyond one, and that width.
fn evenness(widths: &[usize]) -> Option<(usize, usize)> {
    let count = |width: usize| widths.iter().filter(|found| **found == width).count();
    let divided = || widths.iter().filter(|width| **width > 1).map(|width| (count(*width), *width));
    // A comma here and there in a column of names makes no second column, nor do labels with their values above a table.
    let is_table =
        |(count, width): &(usize, usize)| count * 2 >= widths.len() || (*width > 2 && *count > 1);
    let even = divided().filter(is_table).max();
    even.or_else(|| divided().max().filter(|(_, width)| *width > 2))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_even_separator_is_found() {
        for (text, delimiter) in [
            ("Tên,MST\nCông ty A,1\n", Some(b',')),
            ("Tên;Số tiền;Địa chỉ\nA;1,5;Hà Nội, Việt Nam\nB;2,5;Huế\n", Some(b';')),
            ("a;1,5;2,5\nb;3,5;4,5\n", Some(b';')),
            ("a\tb,c\nd\te,f\n", Some(b'\t')),
            ("a|b\n1|2\n", Some(b'|')),
            ("\"a;b\",c\n\"d;e;f\",g\n", Some(b',')),
            ("Tên\nCông ty A, chi nhánh\nCông ty B\nCông ty C\n", None),
            ("MST\n0101243150\n", None),
            (
                "DANH SÁCH, LẦN 2\nKính gửi, ông A\nNgày 1, tháng 11\nTên;MST;Gói\nA;1;b\n",
                Some(b';'),
            ),
            ("Tên, MST\nA, 1\nB, 2\n", Some(b',')),
            (
                "SAO KÊ\nTài khoản:,1\nTừ ngày 1\nĐầu kỳ,5\nNgày,Nợ,Có\n1,2,3\nCuối kỳ,7\n",
                Some(b','),
            ),
            ("SAO KÊ\n\nTừ ngày;01/11\nNgày;Có;Nội dung\n1;1.234,5;a\n2;5;b\n", Some(b';')),
        ] {
            assert_eq!(find(text), delimiter, "{text}");
        }
    }

    #[test]
    fn a_first_line_may_declare_it() {
        assert_eq!(declared("sep=;\r\na;b"), Some((b';', 7)));
        assert_eq!(declared("\"SEP=^\"\na^b"), Some((b'^', 8)));
        assert_eq!(declared("sep=\t\na"), Some((b'\t', 6)));
        assert_eq!(declared("sep=a\n"), None);
        assert_eq!(declared("tên;b\n"), None);
    }
}
