//! Any text as a delimited file, all the way to its verdicts; a row's number is a line of the file.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(init: hangloat_fuzz::let_panics_be_caught(), |text: &str| {
    let Ok(document) = hangloat_fuzz::read(text.as_bytes(), ".csv") else { return };
    let lines = text.split(['\r', '\n']).count();
    for sheet in &document.sheets {
        assert!(sheet.rows.windows(2).all(|pair| pair[0].number < pair[1].number));
        assert!(sheet.rows.iter().all(|row| row.number as usize <= lines));
    }
    hangloat_fuzz::judge(document.sheets, true);
});
