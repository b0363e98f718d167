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
    /// For statements of no layout that is known.
    #[serde(default)]
    usual: Option<Headers>,
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
    /// Stands above the table, in its headers, or is the name of the sheet.
    #[serde(deserialize_with = "filled")]
    pub marker: String,
    /// Its exports always name their account: one that does not was cut.
    #[serde(default)]
    pub states_account: bool,
    pub date: Vec<String>,
    pub credit: Vec<String>,
    #[serde(default)]
    pub debit: Vec<String>,
    #[serde(default)]
    pub memo: Vec<String>,
    #[serde(default)]
    pub reference: Vec<String>,
    /// The balance after each line.
    #[serde(default)]
    pub balance: Vec<String>,
    /// Fees, taxes and interest that stand beside the amount and move money of their own.
    #[serde(default)]
    pub fees: Vec<String>,
    /// Who is on the other side.
    #[serde(default)]
    pub other_name: Vec<String>,
    #[serde(default)]
    pub other_account: Vec<String>,
}

impl StatementLayout {
    /// The headers of its columns; of several in one sheet the first that is named counts.
    pub fn headers(&self) -> Headers {
        let layout = self.clone();
        Headers {
            date: layout.date,
            credit: layout.credit,
            debit: layout.debit,
            memo: layout.memo,
            reference: layout.reference,
            balance: layout.balance,
            fees: layout.fees,
            other_name: layout.other_name,
            other_account: layout.other_account,
            ..Headers::default()
        }
    }
}

/// The headers under which the columns of a statement stand, the preferred ones first.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Headers {
    pub date: Vec<String>,
    pub credit: Vec<String>,
    pub debit: Vec<String>,
    /// With its sign, where credit and debit have no columns of their own.
    pub amount: Vec<String>,
    pub memo: Vec<String>,
    pub reference: Vec<String>,
    pub balance: Vec<String>,
    pub fees: Vec<String>,
    pub other_name: Vec<String>,
    pub other_account: Vec<String>,
}

#[derive(Clone, Debug)]
pub struct Banks {
    version: String,
    by_bin: HashMap<String, Bank>,
    usual: Headers,
}

impl Banks {
    /// What contradicts itself goes to `wrong`; `None` where the file cannot be read.
    pub(super) fn read(source: &Source, wrong: &mut Vec<ConfigError>) -> Option<Banks> {
        let BanksWritten { version, usual, bank } = source.parse_all(wrong)?;
        let mut by_bin = HashMap::with_capacity(bank.len());
        for (at, bank) in bank.into_iter().enumerate() {
            if let Some(other) = by_bin.insert(bank.bin.clone(), bank) {
                let message = format!("the BIN {} is that of {} already", other.bin, other.name);
                wrong.push(source.error(&["bank", &at.to_string(), "bin"], message));
            }
        }
        let usual = usual.unwrap_or_default();
        Some(Banks { version: source.version(&version), by_bin, usual })
    }

    pub fn version(&self) -> &str {
        &self.version
    }

    pub fn get(&self, bin: &str) -> Option<&Bank> {
        self.by_bin.get(bin)
    }

    /// Every layout with its bank, in the order of the BINs.
    pub fn layouts(&self) -> Vec<(&Bank, &StatementLayout)> {
        let mut banks: Vec<&Bank> = self.by_bin.values().collect();
        banks.sort_by(|a, b| a.bin.cmp(&b.bin));
        let of = banks.into_iter().map(|bank| (bank, &bank.statements));
        of.flat_map(|(bank, all)| all.iter().map(move |layout| (bank, layout))).collect()
    }

    /// What the columns of statements are usually called.
    pub const fn usual(&self) -> &Headers {
        &self.usual
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
