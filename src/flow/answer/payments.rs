//! What is to be paid for a batch, with the pictures to scan. Open requests alone; what is paid needs no code.

use anyhow::Context;

use super::view::{PayeeView, PaymentView};
use crate::{
    db::{lines::Line, requests::Request},
    domain::{money::Money, order::RequestState, payment_code::PaymentCode},
    flow::{Services, pay},
};

/// The code that pays all of a payer's requests at once, else each request's own.
pub fn payments(
    services: &Services,
    requests: &[Request],
    lines: &[Line],
) -> anyhow::Result<Vec<PaymentView>> {
    let mut groups: Vec<(String, Vec<&Request>)> = Vec::new();
    let open = requests
        .iter()
        .filter(|request| matches!(request.state, RequestState::Open | RequestState::PartlyPaid));
    for request in open {
        let code = request.batch_code.clone().unwrap_or_else(|| request.code.to_string());
        match groups.iter_mut().find(|(known, _)| *known == code) {
            Some((_, requests)) => requests.push(request),
            None => groups.push((code, vec![request])),
        }
    }
    let view = |(code, requests): (String, Vec<&Request>)| {
        let first = requests.first().context("A group of requests has one")?;
        let rest = requests
            .iter()
            .map(|request| Money::dong(request.amount().as_dong() - request.paid().as_dong()));
        let amount = rest.sum();
        let memo: PaymentCode = code.parse()?;
        let line = lines.iter().find(|line| line.id == first.line_id);
        Ok(PaymentView {
            payer: first.payer_name.clone(),
            amount,
            is_batch_code: first.batch_code.is_some(),
            lines: requests.len() as u64,
            qr_png: pay::qr_png(&services.settings.payee, amount, &memo)?,
            order: line.map(|line| line.order_code.to_string()).unwrap_or_default(),
            code,
        })
    };
    groups.into_iter().map(view).collect()
}

pub fn payee(services: &Services) -> PayeeView {
    let payee = &services.settings.payee;
    PayeeView {
        bank: services.catalogue.banks.name(&payee.bank_bin).unwrap_or(&payee.bank_bin).to_owned(),
        account: payee.account.clone(),
        name: payee.name.clone(),
    }
}
