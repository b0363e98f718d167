//! Questions about lines that went to another firm since they were asked: `nhận` answers them no more, and their fix says
//! so. What is answered all the same is refused by `import`.

use std::collections::HashMap;

use crate::{
    db::{findings::Numbered, lines},
    domain::{
        finding::{Code, Finding, Severity},
        order::{LineRef, OrderCode},
    },
    flow::{Services, check::history::LINE},
    text::findings::KEPT,
};

/// Says so of each such question of a list of a firm. The lines of an order are read once.
pub async fn tell(
    services: &Services,
    firm: Option<&str>,
    said: &mut [Numbered],
) -> anyhow::Result<()> {
    let mut known: HashMap<OrderCode, HashMap<i64, String>> = HashMap::new();
    for (_, finding) in said {
        let Some(asked) = line_of(finding)? else { continue };
        if !known.contains_key(&asked.order) {
            let lines = lines::of_order(&services.db, &asked.order).await?.into_iter();
            let firms = lines.map(|line| (line.line_no, line.firm)).collect();
            known.insert(asked.order.clone(), firms);
        }
        let now = known.get(&asked.order).and_then(|lines| lines.get(&asked.line));
        if now.is_some_and(|now| Some(now.as_str()) != firm) {
            let why = services.texts.label("message.not_corrected.left");
            finding.detail.insert(KEPT.to_owned(), why);
        }
    }
    Ok(())
}

/// The line that a question would correct.
fn line_of(finding: &Finding) -> anyhow::Result<Option<LineRef>> {
    let asks = finding.code == Code::ClientChanged && finding.severity == Severity::Hold;
    let line = finding.detail.get(LINE).filter(|_| asks);
    Ok(line.map(|line| line.parse()).transpose()?)
}
