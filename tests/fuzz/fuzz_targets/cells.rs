//! Any text as a tax id, a phone, an e-mail, a fiscal year. What was read is read again as itself.
#![no_main]

use hangloat::domain::{
    client::CustomerType,
    email::Email,
    fiscal_year::FiscalYear,
    fold::{bank_ascii, fold, tidy},
    phone::Phone,
    tax_id::{Origin, TaxId},
};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for customer_type in [None, Some(CustomerType::Enterprise), Some(CustomerType::Household)] {
        for may_lack_zeros in [false, true] {
            if let Ok(read) = TaxId::read(text, Origin { customer_type, may_lack_zeros }) {
                let stored = read.tax_id.to_string();
                assert_eq!(stored.parse::<TaxId>().as_ref(), Ok(&read.tax_id), "{text}");
                let _ = (read.tax_id.masked(), read.tax_id.last_four(), read.tax_id.province());
            }
        }
    }
    if let Ok((phone, _)) = Phone::read(text) {
        assert_eq!(phone.as_str().parse::<Phone>().as_ref(), Ok(&phone), "{text}");
        let _ = (phone.national(), phone.is_mobile(), phone.masked());
    }
    if let Ok(email) = text.parse::<Email>() {
        assert_eq!(email.as_str().parse::<Email>().as_ref(), Ok(&email), "{text}");
        let _ = email.masked();
    }
    if let Ok(year) = text.parse::<FiscalYear>() {
        assert_eq!(year.to_string().parse::<FiscalYear>().as_ref(), Ok(&year), "{text}");
    }
    assert_eq!(tidy(&tidy(text)), tidy(text));
    assert_eq!(fold(&fold(text)), fold(text));
    assert!(bank_ascii(text).is_ascii());
});
