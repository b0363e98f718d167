//! Any bytes: read or refused with a reason. Rows keep their order, and no row is empty.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: hangloat_fuzz::let_panics_be_caught(), |bytes: &[u8]| {
    match hangloat_fuzz::read(bytes, ".xlsx") {
        Err(refusal) => assert!(!refusal.to_string().is_empty()),
        Ok(document) => {
            for sheet in &document.sheets {
                assert!(sheet.rows.windows(2).all(|pair| pair[0].number < pair[1].number));
                assert!(sheet.rows.iter().all(|row| row.cells.iter().any(|cell| !cell.is_empty())));
            }
        }
    }
});
