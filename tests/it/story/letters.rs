//! Mails as a mail program shows them, and the payload of a VietQR picture as a bank reads it.

use std::{collections::BTreeMap, path::Path, process::Command};

use serde::Deserialize;

use super::workbooks::call;
use crate::world::{World, finished};

/// A mail that left.
#[derive(Debug, Deserialize)]
pub struct Letter {
    pub message_id: String,
    pub to: String,
    pub subject: String,
    pub kind: String,
    pub text: String,
    pub html: String,
    /// Base64, under their Content-ID.
    pub pictures: BTreeMap<String, String>,
    /// Hexadecimal, under their names.
    pub files: BTreeMap<String, String>,
    pub defects: Vec<String>,
}

/// All mails in `mail/`.
pub fn all(world: &World) -> Vec<Letter> {
    let read = call("mails.py", &[&world.path("mail")], &serde_json::Value::Null);
    serde_json::from_str(&read).unwrap()
}

/// What a picture's QR code says.
pub fn scanned(picture: &Path) -> String {
    let mut command = Command::new("zbarimg");
    finished(command.args(["--raw", "-q", "-Sdisable", "-Sqrcode.enable"]).arg(picture))
        .exits(0)
        .stdout
        .trim_end()
        .to_owned()
}

/// What a VietQR asks for.
#[derive(Debug, PartialEq, Eq)]
pub struct Transfer {
    pub bin: String,
    pub account: String,
    pub amount: i64,
    pub memo: String,
}

/// Reads a VietQR payload (EMV merchant-presented, NAPAS), and fails on a wrong length or check sum.
pub fn transfer(payload: &str) -> Transfer {
    let (checked, crc) = payload.split_at(payload.len() - 4);
    assert_eq!(crc, format!("{:04X}", crc16(checked.as_bytes())), "of {payload}");
    let fields = tlv(payload);
    assert_eq!(fields["00"], "01");
    assert_eq!(fields["53"], "704", "the currency is đồng");
    assert_eq!(fields["58"], "VN");
    let account = tlv(&fields["38"]);
    assert_eq!((account["00"].as_str(), account["02"].as_str()), ("A000000727", "QRIBFTTA"));
    let beneficiary = tlv(&account["01"]);
    Transfer {
        bin: beneficiary["00"].clone(),
        account: beneficiary["01"].clone(),
        amount: fields["54"].parse().unwrap(),
        memo: tlv(&fields["62"])["08"].clone(),
    }
}

/// Tag, length and value, two digits each of the first two.
fn tlv(mut text: &str) -> BTreeMap<String, String> {
    let mut fields = BTreeMap::new();
    while !text.is_empty() {
        let length: usize = text[2..4].parse().unwrap();
        let (field, rest) = text.split_at(4 + length);
        assert!(fields.insert(field[..2].to_owned(), field[4..].to_owned()).is_none());
        text = rest;
    }
    fields
}

/// CRC-16/CCITT-FALSE.
fn crc16(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0xFFFF, |crc, byte| {
        (0..8).fold(crc ^ (u16::from(*byte) << 8), |crc, _| {
            if crc & 0x8000 == 0 { crc << 1 } else { (crc << 1) ^ 0x1021 }
        })
    })
}

#[test]
fn the_readers_own_check_sum_is_the_published_one() {
    assert_eq!(crc16(b"123456789"), 0x29B1);
}
