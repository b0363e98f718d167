//! What is to be paid for a batch, with the pictures to scan. Open requests alone; what is paid needs no code.

use std::collections::HashMap;

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
    // By the first line that each code pays for.
    let mut order: Vec<&str> = Vec::new();
    let mut groups: HashMap<&str, Vec<&Request>> = HashMap::new();
    let open =
        |request: &&Request| matches!(request.state, RequestState::Open | RequestState::PartlyPaid);
    // A code for all of a payer's requests is of use where two are open.
    let mut open_of: HashMap<&str, usize> = HashMap::new();
    for request in requests.iter().filter(open) {
        *open_of.entry(&request.payer_email).or_default() += 1;
    }
    for request in requests.iter().filter(open) {
        let batch_code =
            request.batch_code.as_deref().filter(|_| open_of[request.payer_email.as_str()] > 1);
        let code = batch_code.unwrap_or(request.code.as_str());
        let group = groups.entry(code).or_default();
        if group.is_empty() {
            order.push(code);
        }
        group.push(request);
    }
    let by_id: HashMap<i64, &Line> = lines.iter().map(|line| (line.id, line)).collect();
    let view = |code: &str| {
        let requests = groups.get(code).map(Vec::as_slice).unwrap_or_default();
        let first = requests.first().context("A group of requests has one")?;
        let rest = requests
            .iter()
            .map(|request| Money::dong(request.amount().as_dong() - request.paid().as_dong()));
        let amount = rest.sum();
        let memo: PaymentCode = code.parse()?;
        let line = by_id.get(&first.line_id);
        Ok(PaymentView {
            payer: first.payer_name.clone(),
            amount,
            is_batch_code: first.batch_code.as_deref() == Some(code),
            lines: requests.len() as u64,
            qr_png: pay::qr_png(&services.settings.payee, amount, &memo)?,
            order: line.map(|line| line.order_code.to_string()).unwrap_or_default(),
            code: code.to_owned(),
        })
    };
    order.into_iter().map(view).collect()
}

pub fn payee(services: &Services) -> PayeeView {
    let payee = &services.settings.payee;
    PayeeView {
        bank: services.catalogue.banks.name(&payee.bank_bin).unwrap_or(&payee.bank_bin).to_owned(),
        account: payee.account.clone(),
        name: payee.name.clone(),
    }
}
