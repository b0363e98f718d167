//! Any texts as dates, one a line, in the columns that hold dates.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let mut list =
        "Mã số thuế\tTên khách hàng\tNgày bắt đầu hạch toán\tNgày bắt đầu năm tài chính".to_owned();
    for line in text.lines().take(50) {
        let line = line.replace(['\t', '\u{c}'], " ");
        list.push_str(&format!("\n0101243150\tCông ty Hòa Bình\t{line}\t{line}"));
    }
    hangloat_fuzz::judge(hangloat_fuzz::sheets(&list), false);
});
