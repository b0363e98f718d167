//! New clients that are very probably one that the firm has, or one further up in the list, under another tax id.
//! Which tax ids are known to be one client's is said in `identity`; here nothing is known, so a person is asked.

use std::collections::HashMap;

use minijinja::context;

use super::{
    Context, History,
    groups::{self, Key},
    row::{Judged, Seen},
};
use crate::domain::{
    client::{ClientRow, CustomerType},
    email::Email,
    field::Field,
    finding::{Code, Finding},
    fold::fold,
    phone::Phone,
    tax_id::{TaxId, TaxIdKind},
};

/// What is compared of a client.
#[derive(Clone, Debug)]
struct Traits<'a> {
    tax_id: &'a TaxId,
    customer_type: Option<CustomerType>,
    /// Folded.
    name: String,
    /// Folded.
    representative: String,
    phone: &'a Phone,
    email: &'a Email,
}

/// Asks about each new client once: by the firm's catalogue, else by the rows above.
pub fn look(rows: &mut [Judged<'_>], context: &Context<'_>, history: &History) {
    let above = above(rows);
    let catalogue = Catalogue::of(history.clients());
    let mut asked = Vec::new();
    for (at, row) in rows.iter().enumerate() {
        let Some(own) = of_seen(&row.seen).filter(|own| is_new(history, row, own.tax_id)) else {
            continue;
        };
        let differs = |other: &Traits<'_>| history.who(other.tax_id) != history.who(own.tax_id);
        let same = |other: &Traits<'_>| differs(other) && are_probably_one(&own, other);
        let known = catalogue.like(&own).find(|client| same(&of_record(client)));
        let earlier = || {
            let rows_above = above[at].iter().map(|above| &rows[*above]);
            rows_above.into_iter().find(|row| of_seen(&row.seen).is_some_and(|it| same(&it)))
        };
        let finding = match known {
            Some(client) => {
                let other = format!("{}, {}", client.name, client.tax_id);
                Some(said(row, &own, &client.tax_id, other))
            }
            None => earlier().and_then(|other| {
                let tax_id = other.seen.tax_id.as_ref()?;
                Some(said(row, &own, tax_id, row_in_words(context, row, other)))
            }),
        };
        asked.extend(finding.map(|finding| (at, finding)));
    }
    for (at, finding) in asked {
        rows[at].findings.push(finding);
    }
}

/// One that the firm knows is nobody else.
fn is_new(history: &History, row: &Judged<'_>, tax_id: &TaxId) -> bool {
    let old = row.client.as_ref().and_then(|client| client.old_tax_id.clone());
    let tax_ids: Vec<TaxId> = std::iter::once(tax_id.clone()).chain(old).collect();
    history.record(&tax_ids).is_none()
}

/// The same name with the same phone, e-mail or, of enterprises, representative; a household of the same person under a
/// personal id and under a tax id of before. A branch is not its head office.
fn are_probably_one(one: &Traits<'_>, other: &Traits<'_>) -> bool {
    let is_branch = head(one.tax_id) == head(other.tax_id);
    let same_phone = one.phone == other.phone;
    let same_person = one.representative == other.representative;
    let households = [one, other].map(|it| it.customer_type == Some(CustomerType::Household));
    let same_name = one.name == other.name
        && (same_phone || one.email == other.email || (same_person && households == [false; 2]));
    let kinds = [one, other].map(|it| it.tax_id.kind() == TaxIdKind::Personal);
    let renumbered = households == [true; 2] && kinds[0] != kinds[1] && same_person && same_phone;
    !is_branch && (same_name || renumbered)
}

/// The first ten digits, which a branch shares with its head office.
fn head(tax_id: &TaxId) -> &str {
    let text = tax_id.as_str();
    if tax_id.kind() == TaxIdKind::Personal { text } else { &text[..text.len().min(10)] }
}

fn of_seen(seen: &Seen) -> Option<Traits<'_>> {
    Some(Traits {
        tax_id: seen.tax_id.as_ref()?,
        customer_type: seen.customer_type,
        name: seen.name.clone()?,
        representative: seen.representative.clone()?,
        phone: seen.phone.as_ref()?,
        email: seen.email.as_ref()?,
    })
}

fn of_record(client: &ClientRow) -> Traits<'_> {
    Traits {
        tax_id: &client.tax_id,
        customer_type: Some(client.customer_type),
        name: fold(&client.name),
        representative: fold(&client.representative),
        phone: &client.phone,
        email: &client.email,
    }
}

/// Of each row the first ones above it that share enough to be compared.
fn above(rows: &[Judged<'_>]) -> Vec<Vec<usize>> {
    let key = |of: fn(&Seen) -> Option<[String; 2]>| Key::of(rows.iter().map(|row| of(&row.seen)));
    let keys = [
        key(|seen| Some([seen.name.clone()?, seen.phone.as_ref()?.to_string()])),
        key(|seen| Some([seen.name.clone()?, seen.email.as_ref()?.to_string()])),
        key(|seen| Some([seen.name.clone()?, seen.representative.clone()?])),
        key(|seen| Some([seen.representative.clone()?, seen.phone.as_ref()?.to_string()])),
    ];
    let mut above = vec![Vec::new(); rows.len()];
    for firsts in groups::first_of_equals(&keys) {
        for (at, first) in firsts.into_iter().enumerate() {
            above[at].extend(first);
        }
    }
    above
}

/// The firm's clients by what they are looked for.
struct Catalogue<'a> {
    clients: &'a [ClientRow],
    by_name: HashMap<String, Vec<usize>>,
    by_phone: HashMap<&'a Phone, Vec<usize>>,
}

impl Catalogue<'_> {
    fn of(clients: &[ClientRow]) -> Catalogue<'_> {
        let (mut by_name, mut by_phone) = (HashMap::new(), HashMap::new());
        for (at, client) in clients.iter().enumerate() {
            by_name.entry(fold(&client.name)).or_insert_with(Vec::new).push(at);
            by_phone.entry(&client.phone).or_insert_with(Vec::new).push(at);
        }
        Catalogue { clients, by_name, by_phone }
    }

    fn like(&self, own: &Traits<'_>) -> impl Iterator<Item = &ClientRow> {
        let named = self.by_name.get(&own.name).into_iter().flatten();
        let called = self.by_phone.get(own.phone).into_iter().flatten();
        named.chain(called).map(|at| &self.clients[*at])
    }
}

/// The tax id of before is what the column for it is for; where the row has that of before, it is the tax id itself that
/// may be meant otherwise.
fn said(row: &Judged<'_>, own: &Traits<'_>, other_id: &TaxId, other: String) -> Finding {
    let is_former =
        own.tax_id.kind() != TaxIdKind::Personal && other_id.kind() == TaxIdKind::Personal;
    let field = if is_former { Field::TaxId } else { Field::OldTaxId };
    Finding::new(Code::ClientMaybeSame, row.written.place(field))
        .value(own.tax_id.to_string())
        .suggest(other_id.to_string())
        .detail("other", other)
}

fn row_in_words(context: &Context<'_>, row: &Judged<'_>, other: &Judged<'_>) -> String {
    let (above, own) = (other.written, row.written);
    let sheet = (above.sheet().sheet != own.sheet().sheet).then_some(&above.sheet().name);
    let values = context! { row => above.row.number, sheet };
    context.texts.say("message.place.row", values)
}
