//! The firms' catalogues of clients: listed, and two tax ids joined that are one client's, or told apart.
//! Clients enter by their orders; nothing is added here.

use std::collections::HashSet;

use minijinja::context;
use serde_json::{Value, json};

use super::{
    args::{Clients, Global},
    reply::{Exit, Failure, Reply},
    table::table,
    workspace,
};
use crate::{
    db::{
        batches::Filter,
        clients::{self, Client},
        licences::{self, Licence},
        lines::Known,
    },
    domain::{
        client::ClientRow,
        order::{Kind, LineState},
        tax_id::TaxId,
    },
    flow::{
        Services,
        activate::in_charge::InCharge,
        held::Held,
        order::clients::{self as catalogue, Joined, Parted},
    },
    text::Texts,
};

pub async fn run(global: &Global, args: &Clients) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    if let ([old, new], _) | (_, [old, new]) = (args.same.as_slice(), args.apart.as_slice())
        && old == new
    {
        let tax_id = old.as_str();
        return Err(Failure::misused(services.texts, "same_tax_id", context! { tax_id }).into());
    }
    let named = args.firm.as_deref();
    let reason = args.reason.as_deref().unwrap_or_default();
    let own_firm = || Ok::<_, anyhow::Error>(workspace::firm(&services, named)?.code.to_string());
    let (firm, shown) = match (args.same.as_slice(), args.apart.as_slice()) {
        ([old, new], _) => {
            let firm = own_firm()?;
            if !args.yes {
                demand_one_type(&services, &firm, (old, new)).await?;
            }
            join(&services, &firm, (old, new), reason).await?;
            (Some(firm), Some(vec![new.to_string()]))
        }
        (_, [old, new]) => {
            let firm = own_firm()?;
            let there = part(&services, &firm, (old, new), reason).await?;
            (Some(firm), Some(there))
        }
        _ => (named.map(|_| own_firm()).transpose()?, None),
    };
    let mut known = clients::list(&services.db, firm.as_deref()).await?;
    known.retain(|client| shown.as_ref().is_none_or(|shown| shown.contains(&client.tax_id)));
    let ties = clients::all_ties(&services.db, firm.as_deref()).await?;
    let is_open = |client: &Client| client.record.assigned_to.is_none();
    let works = if known.iter().any(is_open) {
        InCharge::of(&services, firm.as_deref()).await?
    } else {
        InCharge::default()
    };
    let filter = Filter { firm, ..Filter::default() };
    let licences = licences::list(&services.db, &filter).await?;
    let cancelled = licences::of_cancelled(&services.db).await?.into_iter().map(|(it,)| it);
    let cancelled = cancelled.collect();
    let held = Held::of(&ties, &licences);
    let all = All { texts: services.texts, held, cancelled, works };
    let shown: Vec<Value> = known.iter().map(|client| all.json(client)).collect();
    let header = ["tax_id", "client", "customer_type", "firm", "email", "phone", "licences"];
    let human = table(services.texts, header, known.iter().map(|client| all.row(client)));
    Reply::new(Exit::Done, human).with("clients", shown)
}

/// Fails where one is an enterprise and the other a household business, or a person's tax id.
async fn demand_one_type(
    services: &Services,
    firm: &str,
    both: (&TaxId, &TaxId),
) -> anyhow::Result<()> {
    let mut tx = services.db.snapshot().await?;
    let texts = services.texts;
    let Some(clients) = catalogue::of_other_types(&mut tx, firm, both).await? else {
        let enterprise = catalogue::of_a_person(&mut tx, firm, both).await?;
        return enterprise.map_or(Ok(()), |it| {
            let values =
                context! { old => it.tax_id.as_str(), name => it.name.as_str(), new => both.1.as_str() };
            Err(Failure::not_allowed(texts, "personal_id", values).into())
        });
    };
    let client = |it: &ClientRow| {
        let kind = texts.label(&format!("workbook.customer_type.{}", it.customer_type));
        context! { tax_id => it.tax_id.as_str(), name => it.name.as_str(), kind }
    };
    let values = context! { clients => clients.iter().map(client).collect::<Vec<_>>() };
    Err(Failure::not_allowed(texts, "other_types", values).into())
}

async fn join(
    services: &Services,
    firm: &str,
    both: (&TaxId, &TaxId),
    reason: &str,
) -> anyhow::Result<()> {
    let mut tx = services.db.begin().await?;
    match catalogue::join(&mut tx, firm, both, reason, services.now()).await? {
        Joined::Done | Joined::Already => Ok(tx.commit().await?),
        Joined::Unknown(tax_id) => Err(no_client(services, firm, &tax_id).into()),
        Joined::Former(present) => {
            let (old, new) = (both.0.as_str(), both.1.as_str());
            let values = context! { old, new, present };
            Err(Failure::not_allowed(services.texts, "same_former", values).into())
        }
        Joined::Elsewhere => {
            let values = context! { new => both.1.as_str() };
            Err(Failure::not_allowed(services.texts, "same_elsewhere", values).into())
        }
        Joined::Against(lines) => {
            let line = |line: &Known| {
                context! {
                    line => format!("{}/{}", line.order_code, line.line_no),
                    tax_id => line.client.tax_id.as_str(), name => line.client.name.as_str(),
                    year => line.fiscal_year, package => line.client.package.as_str(),
                }
            };
            let (old, new) = both;
            let is_free = lines.iter().all(|line| line.client.kind == Kind::Free);
            let values = context! {
                old => old.as_str(), new => new.as_str(), is_free,
                lines => lines.iter().map(line).collect::<Vec<_>>(),
            };
            Err(Failure::not_allowed(services.texts, "not_same", values).into())
        }
    }
}

/// The tax ids of the clients that there are now.
async fn part(
    services: &Services,
    firm: &str,
    both: (&TaxId, &TaxId),
    reason: &str,
) -> anyhow::Result<Vec<String>> {
    let mut tx = services.db.begin().await?;
    match catalogue::part(&mut tx, firm, both, Some(reason), services.now()).await? {
        Parted::Done(there) => {
            tx.commit().await?;
            Ok(there)
        }
        Parted::Already => Ok(vec![both.0.to_string(), both.1.to_string()]),
        Parted::Unknown(tax_id) => Err(no_client(services, firm, &tax_id).into()),
    }
}

fn no_client(services: &Services, firm: &str, tax_id: &TaxId) -> Failure {
    let values = context! { firm, tax_id => tax_id.to_string() };
    Failure::no_such(services.texts, "no_client", values)
}

/// What is known of the clients, in the words of a language.
struct All<'a> {
    texts: &'static Texts,
    held: Held<'a>,
    /// Licences whose lines were cancelled: the platform only suspends them.
    cancelled: HashSet<String>,
    /// Who works in a client's data, where its record says nobody.
    works: InCharge,
}

impl All<'_> {
    fn json(&self, client: &Client) -> Value {
        let licences = self.held.licences(client).iter().map(|licence| {
            json!({
                "licence_id": licence.licence_id, "order": licence.order_code, "line": licence.line_no,
                "package": licence.package, "fiscal_year": licence.fiscal_year, "state": licence.state,
                "cancelled": self.cancelled.contains(&licence.licence_id),
            })
        });
        let record = &client.record;
        let works = || self.works.of_client(&client.firm, self.held.tax_ids(client));
        json!({
            "tax_id": client.tax_id, "name": record.name, "customer_type": record.customer_type,
            "firm": client.firm, "email": record.email, "phone": record.phone,
            "assigned_to": record.assigned_to.as_ref().or_else(works), "licences": licences.collect::<Vec<_>>(),
            "tax_ids": self.held.tax_ids(client),
        })
    }

    fn row(&self, client: &Client) -> [String; 7] {
        let state = |it: &Licence| {
            let is_cancelled = self.cancelled.contains(&it.licence_id);
            let state =
                if is_cancelled { LineState::Cancelled.to_string() } else { it.state.to_string() };
            self.texts.label(&format!("workbook.line_state.{state}"))
        };
        let said = |it: &&Licence| format!("{}: {}", it.fiscal_year, state(it));
        let licences: Vec<String> = self.held.licences(client).iter().map(said).collect();
        let record = &client.record;
        [
            client.tax_id.clone(),
            record.name.clone(),
            self.texts.label(&format!("workbook.customer_type.{}", record.customer_type)),
            client.firm.clone(),
            record.email.to_string(),
            record.phone.national(),
            licences.join(", "),
        ]
    }
}
