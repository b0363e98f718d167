//! Slips as files: the picture of each transfer, and workbooks with a page for each client.

use std::path::{Path, PathBuf};

use crate::{
    domain::{money::Money, payment_code::PaymentCode},
    flow::{
        Services,
        answer::{
            messages::Slip,
            payments::payee,
            slips::{self, Of},
            view::PayeeView,
        },
        files::{remove, write_whole},
        pay,
    },
};

/// A workbook with more pictures would hardly open.
const OF_A_FILE: usize = 500;

/// Writes them into a folder, pictures and workbooks; what lies there under such a name is replaced. A picture of before
/// goes where nothing is asked for any more that one could ask for: nobody is to pay twice by it.
pub fn write(services: &Services, slips: Vec<Slip>, folder: &Path) -> anyhow::Result<Vec<PathBuf>> {
    fs_err::create_dir_all(folder)?;
    let payee = payee(services);
    let of = Of { texts: services.texts, payee: &payee, made_at: services.now() };
    let (mut pictures, mut workbooks) = (Vec::new(), Vec::new());
    let mut slips = slips.into_iter().peekable();
    while slips.peek().is_some() {
        let mut page = Vec::new();
        for slip in slips.by_ref().take(OF_A_FILE) {
            let account = &services.settings.payee;
            let path = folder.join(format!("{}-{}.png", slip.line.order, slip.line.line));
            let Some((amount, code)) = slip.asked.clone() else {
                remove(&path)?;
                page.push((slip, None));
                continue;
            };
            let words = words(services, &slip, (amount, &code), &payee);
            write_whole(&path, &pay::qr_png_with(account, (amount, &code), &words)?)?;
            pictures.push(path);
            page.push((slip, Some(pay::qr_png(account, amount, &code)?)));
        }
        let path = super::part_of(&folder.join("slips.xlsx"), workbooks.len() + 1)?;
        write_whole(&path, &slips::write(&of, &page)?)?;
        workbooks.push(path);
    }
    workbooks.extend(pictures);
    Ok(workbooks)
}

/// What stands under a picture that is sent without its page.
fn words(
    services: &Services,
    slip: &Slip,
    (amount, code): (Money, &PaymentCode),
    payee: &PayeeView,
) -> Vec<String> {
    let amount = amount.to_string();
    let pooled = slip.pooled.as_ref().map(|it| it.came.to_string());
    let said = [
        ("client", slip.client.as_str()),
        ("amount", amount.trim_end_matches(" đ")),
        ("due", slip.due.as_str()),
        ("code", code.as_str()),
        ("bank", payee.bank.as_str()),
        ("account", payee.account.as_str()),
        ("account_name", payee.name.as_str()),
        ("pooled", pooled.as_deref().unwrap_or_default()),
    ];
    let label = |key: &str| services.texts.label(&format!("workbook.slips.{key}"));
    let said = said.into_iter().filter(|(_, value)| !value.is_empty());
    said.map(|(key, value)| format!("{}: {value}", label(key))).collect()
}
