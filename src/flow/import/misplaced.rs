//! Files that lie in another folder than theirs: in a sub-folder of nobody's, or filled into another firm's template.

use anyhow::Context as _;

use crate::{
    db::batches::Batch,
    domain::{
        email::Email,
        finding::{Code, Finding, Place},
    },
    flow::{Services, answer::identity, read::Document},
};

/// Whether a list was filled into a template that was made for another one of the firms: it has that firm's clients.
pub fn is_of_another_firm(services: &Services, document: &Document, firm: Option<&str>) -> bool {
    let made_for = identity::template_firm(document, &services.key);
    made_for.is_some_and(|it| Some(it.as_str()) != firm && services.firm(&it).is_ok())
}

/// It does not name that firm to this one: the first line of the template does, for whoever has it.
pub fn template_of_another() -> Finding {
    Finding::new(Code::FileWrongFolder, Place::default()).detail("template", "1")
}

/// A sub-folder that is no member's of the firm, and which there are.
pub fn nobodys(services: &Services, batch: &Batch, stray: &str) -> anyhow::Result<Finding> {
    let firm = services.firm(batch.firm.as_deref().context("A sub-folder is in a firm's")?)?;
    let members: Vec<&str> = firm.members().map(Email::local_part).collect();
    Ok(Finding::new(Code::FileWrongFolder, Place::default())
        .detail("stray", stray)
        .detail("firm", firm.code.as_str())
        .detail("members", members.join(", ")))
}
