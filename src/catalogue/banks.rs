//! `banks.toml`: banks by BIN, and how their statements look.
//! Reading a statement is the business of `flow`.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, de::Error};

use crate::config::{ConfigError, file::Source, value::filled};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct BanksWritten {
    #[serde(default)]
    version: String,
    #[serde(default)]
    bank: Vec<Bank>,
}

#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Bank {
    /// Six digits.
    #[serde(deserialize_with = "six_digits")]
    pub bin: String,
    #[serde(deserialize_with = "filled")]
    pub name: String,
    #[serde(default, rename = "statement")]
    pub statements: Vec<StatementLayout>,
}

/// A text by which a layout is known, and the headers of its columns.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StatementLayout {
    #[serde(deserialize_with = "filled")]
    pub marker: String,
    pub date: Vec<String>,
    pub credit: Vec<String>,
    #[serde(default)]
    pub debit: Vec<String>,
    #[serde(default)]
    pub memo: Vec<String>,
    #[serde(default)]
    pub reference: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Banks {
    version: String,
    by_bin: HashMap<String, Bank>,
}

impl Banks {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Banks> {
        let BanksWritten { version, bank } = source.parse_all(wrong)?;
        let mut by_bin = HashMap::with_capacity(bank.len());
        for (at, bank) in bank.into_iter().enumerate() {
            if let Some(other) = by_bin.insert(bank.bin.clone(), bank) {
                let message = format!("the BIN {} is that of {} already", other.bin, other.name);
                wrong.push(source.error(&["bank", &at.to_string(), "bin"], message));
            }
        }
        Some(Banks { version: source.version(&version), by_bin })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn get(&self, bin: &str) -> Option<&Bank> {
        self.by_bin.get(bin)
    }

    pub fn name(&self, bin: &str) -> Option<&str> {
        self.get(bin).map(|bank| bank.name.as_str())
    }
}

fn six_digits<'de, D: Deserializer<'de>>(source: D) -> Result<String, D::Error> {
    let text = String::deserialize(source)?;
    if text.len() == 6 && text.bytes().all(|b| b.is_ascii_digit()) {
        Ok(text)
    } else {
        Err(D::Error::custom(format!("`{text}` is no BIN of six digits, like 970436")))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bank_is_known_by_its_bin() {
        let text = "[[bank]]\nbin = '970436'\nname = 'Vietcombank'\n[[bank.statement]]\n\
                    marker = 'STATEMENT'\ndate = ['Ngày']\ncredit = ['Có']\n";
        let mut wrong = Vec::new();
        let banks = Banks::read(&Source::new("banks.toml", text), &mut wrong).unwrap();
        assert_eq!(wrong, []);
        assert_eq!(banks.name("970436"), Some("Vietcombank"));
        assert_eq!(banks.name("970400"), None);
        assert_eq!(banks.get("970436").unwrap().statements.len(), 1);

        let twice = format!("{text}[[bank]]\nbin = '970436'\nname = 'X'\n");
        Banks::read(&Source::new("banks.toml", twice), &mut wrong).unwrap();
        assert_eq!(
            wrong[0].to_string(),
            "banks.toml:9:1: the BIN 970436 is that of Vietcombank already"
        );
    }
}
