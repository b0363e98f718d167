//! Any text as one that came out of an old encoding: read or left alone, and what is proven is Vietnamese.
#![no_main]

use hangloat::{
    domain::{
        fold::tidy,
        legacy::{self, Legacy},
        phone::Phone,
        phones,
    },
    flow::map,
};
use libfuzzer_sys::fuzz_target;

/// The cells of a column below a header, each line one.
fn column(header: &str, text: &str) -> String {
    let mut list = format!("Mã số thuế\t{header}\tĐịa chỉ");
    for line in text.lines().take(50) {
        let line = line.replace(['\t', '\u{c}'], " ");
        list.push_str(&format!("\n0101243150\t{line}\t{line}"));
    }
    list
}

fuzz_target!(|text: &str| {
    for legacy in Legacy::ALL {
        let Some(decoded) = legacy.decode(text) else { continue };
        if text.is_ascii() {
            assert_eq!(decoded, text, "{legacy}");
        }
        let weight = legacy.weigh(text, &decoded);
        let is_read = legacy::readings(text).contains(&(*legacy, decoded));
        assert!(!is_read || (weight.impossible_as_written > 0 && weight.impossible_as_read == 0));
    }
    assert!(legacy::is_suspect(text) || legacy::readings(text).is_empty(), "{text}");
    for phone in phones::among(text).phones {
        assert_eq!(phone.as_str().parse::<Phone>().as_ref(), Ok(&phone), "{text}");
    }
    let _ = phones::with_letters_as_digits(text);
    for header in ["Tên khách hàng", "Tên đơn vị"] {
        let (mapped, _) = hangloat_fuzz::judge(hangloat_fuzz::sheets(&column(header, text)), false);
        for table in &mapped.tables {
            for row in &table.rows {
                let fields = map::fields(table, row, &hangloat_fuzz::catalogue().columns);
                for (_, value) in fields.given() {
                    assert_eq!(tidy(&value.text), value.text, "{}", value.raw);
                }
            }
        }
    }
});
