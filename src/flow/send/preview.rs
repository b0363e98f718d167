//! Letters to invented clients as files, to see how they look: with the firm, the account and the words of the workspace.
//! Nothing is planned or sent.

use std::path::{Path, PathBuf};

use data_encoding::BASE64;

use super::{
    content::block_of,
    letters::{
        FirmBlock, own,
        samples::{self, Given, Sample},
    },
};
use crate::{
    config::Settings,
    domain::mail::Purpose,
    flow::{Services, files::write_whole, pay},
};

/// A file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    pub path: PathBuf,
    pub kind: &'static str,
    /// Of a letter.
    pub subject: String,
}

/// What letters say of a workspace; of one without firms, of an invented one.
pub fn given(settings: &Settings, bank: Option<&str>) -> Given {
    let payee = &settings.payee;
    let invented = || FirmBlock {
        name: "Công ty TNHH Dịch vụ Kế toán Minh An".to_owned(),
        accountant: "Nguyễn Thị Lan".to_owned(),
        email: "lan@minhan.example".to_owned(),
        phone: Some("0912 345 678".to_owned()),
        phone_of: None,
    };
    Given {
        firm: settings.firms.first().map_or_else(invented, |firm| block_of(firm, None).0),
        account: [bank.unwrap_or(&payee.bank_bin), &payee.account, &payee.name].map(str::to_owned),
        code_prefix: payee.code_prefix.clone(),
        grace_days: settings.grace.days,
    }
}

/// Writes every form of a letter, HTML and text, and beside them its words, which the owner may change.
pub fn write(services: &Services, purpose: Purpose, folder: &Path) -> anyhow::Result<Vec<Written>> {
    let bank = services.catalogue.banks.name(&services.settings.payee.bank_bin);
    let given = given(&services.settings, bank);
    let texts = services.letters.of(purpose);
    let locale = services.settings.locale;
    let mut written = Vec::new();
    for sample in samples::of(texts, purpose, &given)? {
        let dash = if sample.form.is_empty() { "" } else { "-" };
        let name = format!("{purpose}{dash}{}.{locale}", sample.form);
        let text = format!("{}\n\n{}", sample.letter.subject, sample.letter.text);
        for (kind, text) in [("html", html(services, &sample)?), ("txt", text)] {
            let path = folder.join(format!("{name}.{kind}"));
            write_whole(&path, text.as_bytes())?;
            written.push(Written { path, kind, subject: sample.letter.subject.clone() });
        }
    }
    let path = folder.join(format!("{purpose}.{locale}.toml"));
    write_whole(&path, own::written(texts, purpose).as_bytes())?;
    written.push(Written { path, kind: "words", subject: String::new() });
    Ok(written)
}

/// A browser shows pictures that are part of the page.
fn html(services: &Services, sample: &Sample) -> anyhow::Result<String> {
    let html = sample.letter.html.clone();
    let Some((cid, transfer)) = &sample.picture else { return Ok(html) };
    let png = pay::qr_png(&services.settings.payee, transfer.amount, &transfer.memo)?;
    let picture = format!("data:image/png;base64,{}", BASE64.encode(&png));
    Ok(html.replace(&format!("cid:{cid}"), &picture))
}
