//! VietQR: the text inside the QR picture of a transfer (NAPAS VietQR 1.0, 09/2021).
//! Drawing it is the business of `flow::pay`.

use super::money::Money;

/// What a transfer needs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Transfer<'a> {
    /// Six digits.
    pub bank_bin: &'a str,
    /// At most 19 letters or digits.
    pub account: &'a str,
    pub amount: Money,
    /// At most 19 of A–Z and 0–9.
    pub memo: &'a str,
}

impl Transfer<'_> {
    /// A dynamic code (one use, amount inside) to an account (NAPAS 3.1).
    pub fn payload(&self) -> String {
        let account = tlv("00", self.bank_bin) + &tlv("01", self.account);
        let merchant = tlv("00", "A000000727") + &tlv("01", &account) + &tlv("02", "QRIBFTTA");
        let amount = self.amount.as_dong().to_string();
        let mut payload = tlv("00", "01") + &tlv("01", "12") + &tlv("38", &merchant);
        payload += &(tlv("53", "704") + &tlv("54", &amount) + &tlv("58", "VN"));
        payload += &tlv("62", &tlv("08", self.memo));
        payload += "6304";
        let check = crc(payload.as_bytes());
        format!("{payload}{check:04X}")
    }
}

/// Tag, two digits of length in characters, value.
fn tlv(tag: &str, value: &str) -> String {
    format!("{tag}{:02}{value}", value.chars().count())
}

/// CRC-16/CCITT-FALSE: polynomial 0x1021, start 0xFFFF (ISO/IEC 13239).
pub fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_check_sum_is_that_of_the_standard() {
        assert_eq!(crc(b"123456789"), 0x29B1);
        assert_eq!(crc(b"00"), 0x2EC9);
    }

    #[test]
    fn the_payload_is_the_one_that_others_make() {
        let transfer = Transfer {
            bank_bin: "970422",
            account: "0023457923442",
            amount: Money::dong(40123),
            memo: "test text string",
        };
        assert_eq!(
            transfer.payload(),
            "00020101021238570010A00000072701270006970422011300234579234420208QRIBFTTA53037045405401235802VN62200816test text string6304D9C6"
        );
    }
}
