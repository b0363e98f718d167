//! Who of the firm works in the data of licences, for whoever asks about their clients. The rules are those of `staff`.

use std::collections::HashMap;

use super::staff;
use crate::{
    db::{licences::Licence, lines, orders, staff as assigned},
    domain::{email::Email, firm::StaffRole},
    flow::Services,
};

/// One for each line that somebody works in, a manager first. Nobody of a firm that left the configuration.
pub async fn of_licences(
    services: &Services,
    licences: &[&Licence],
) -> anyhow::Result<HashMap<i64, Email>> {
    let mut codes: Vec<_> = licences.iter().map(|licence| &licence.order_code).collect();
    codes.sort();
    codes.dedup();
    let mut works = HashMap::new();
    for code in codes {
        let Some(order) = orders::by_code(&services.db, code).await? else { continue };
        let lines = lines::of_order(&services.db, code).await?;
        let ids: Vec<i64> = lines.iter().map(|line| line.id).collect();
        let said = assigned::on_lines(&services.db, &ids).await?;
        for line in &lines {
            let Ok(firm) = services.firm(&line.firm) else { continue };
            let all = staff::of(firm, &order, line, &said).into_iter();
            let first = all.min_by_key(|(_, role)| *role != StaffRole::Manager);
            works.extend(first.map(|(email, _)| (line.id, email)));
        }
    }
    Ok(works)
}
