//! What was corrected of licensed lines and the platform has no call for: a person changes it there, and says so by
//! `correct LINE --done`. Until then it is a difference.

use std::collections::{BTreeMap, HashMap};

use super::reconcile::{Difference, Kind};
use crate::{
    db::{corrections, licences::Licence},
    flow::Services,
};

/// What a field was before the first correction that is not there yet, and what it is.
type Sides = (String, String);

/// One difference for each line with such corrections, in the order of the lines.
pub async fn differences(services: &Services, here: &[Licence]) -> anyhow::Result<Vec<Difference>> {
    let mut lines: HashMap<i64, BTreeMap<String, Sides>> = HashMap::new();
    for to_do in corrections::to_do(&services.db).await? {
        let fields = lines.entry(to_do.line_id).or_default();
        for field in to_do.fields() {
            let side = |at: usize| {
                let text = to_do.detail.0["changes"][field][at].as_str();
                text.unwrap_or_default().to_owned()
            };
            let (_, new) = fields.entry(field.to_owned()).or_insert_with(|| (side(0), side(1)));
            *new = side(1);
        }
    }
    for fields in lines.values_mut() {
        // What was changed back is there as it is here.
        fields.retain(|_, (old, new)| old != new);
    }
    lines.retain(|_, fields| !fields.is_empty());
    let found = here.iter().filter_map(|own| Some((own, lines.get(&own.line_id)?)));
    Ok(found.map(|(own, fields)| difference(services, own, fields)).collect())
}

fn difference(services: &Services, own: &Licence, fields: &BTreeMap<String, Sides>) -> Difference {
    let label = |field: &str| services.texts.label(&format!("field.{field}"));
    let side = |of: fn(&Sides) -> &String| {
        let said = fields.iter().map(|(field, sides)| format!("{}: {}", label(field), of(sides)));
        said.collect::<Vec<_>>().join("; ")
    };
    Difference {
        kind: Kind::FixOnPlatform,
        firm: Some(own.firm.clone()),
        licence_id: own.licence_id.clone(),
        line: Some(format!("{}/{}", own.order_code, own.line_no)),
        tax_id: own.tax_id.clone(),
        name: own.name.clone(),
        here: side(|sides| &sides.1),
        there: side(|sides| &sides.0),
        request: None,
        paid_there: None,
    }
}
