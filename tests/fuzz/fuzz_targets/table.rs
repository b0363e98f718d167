//! Any sheets: a header is found or not, and each client row has one verdict.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    hangloat_fuzz::judge(hangloat_fuzz::sheets(text), text.len() % 2 == 0);
});
