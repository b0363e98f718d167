//! `check`: what a file would do. Nothing is stored.
//! Judging is the business of `check`, money that of `pay`.

use std::path::Path;

use super::{
    checked, context, cut_offs, foreseen, headers, is_statement, misplaced, not_signed, read,
    tables,
};
use crate::{
    domain::{
        batch::Sha256,
        finding::{Code, Finding, Place},
        firm::Firm,
    },
    flow::{
        Services,
        answer::{self, identity, outbox},
        files::hash,
        inbox,
        options::ImportOptions,
        pay,
        progress::Step,
        read::Document,
        report::{self, FileReport},
    },
};

/// Whose a file is: one from the bank is a statement or an answer about money, whatever it looks like.
#[derive(Clone, Copy, Debug)]
pub enum Whose<'a> {
    Firm(&'a Firm),
    /// Any firm: what is asked of one is the same of each.
    Bank(&'a Firm),
}

/// A file that is looked at alone, and the firm that asks.
#[derive(Clone, Copy)]
pub(super) struct Asked<'a> {
    pub firm: &'a Firm,
    /// Its name and its hash.
    pub file: (&'a str, &'a Sha256),
    pub document: &'a Document,
}

impl Asked<'_> {
    /// Nothing of it would be taken.
    pub fn refused(&self, services: &Services, finding: &Finding) -> FileReport {
        report::refused(services, self.file, &self.document.format, finding)
    }
}

/// A dry run: reads, checks, and writes the workbook into `folder`. Nothing is stored.
pub async fn check_file(
    services: &Services,
    path: &Path,
    whose: Whose<'_>,
    options: &ImportOptions,
    folder: &Path,
) -> anyhow::Result<FileReport> {
    let (Whose::Firm(firm) | Whose::Bank(firm)) = whose;
    let is_of_bank = matches!(whose, Whose::Bank(_));
    let sha256 = tokio::task::block_in_place(|| hash(path))?;
    let file_name = &inbox::name_of(path);
    let columns = headers::known(services, Some(firm.code.as_str())).await?;
    services.progress.tell(Step::Begin("read"));
    let read = tokio::task::block_in_place(|| read(services, path, &columns))?;
    services.progress.tell(Step::End);
    let document = match read {
        Ok(document) => document,
        Err(refusal) => return Ok(report::of_refusal(services, file_name, &sha256, &refusal)),
    };
    let asked = Asked { firm, file: (file_name, &sha256), document: &document };
    match identity::known(&document, &services.key) {
        identity::Known::No if is_of_bank || is_statement(services, &document) => {
            return pay::dry::statement(services, asked.file, &document).await;
        }
        identity::Known::Money(issue) => {
            return pay::dry::answer(services, asked.file, &document, &issue).await;
        }
        identity::Known::No => {}
        identity::Known::Ours(answer) => {
            return foreseen::answer(services, asked, &answer, options).await;
        }
        identity::Known::CutOffs(answer) => {
            return cut_offs::would_do(services, asked, &answer).await;
        }
        identity::Known::NotSigned(claimed) => {
            let code = Some(firm.code.as_str());
            let finding = not_signed::said(services, code, &claimed).await?;
            return Ok(asked.refused(services, &finding));
        }
        identity::Known::Refused(code) => {
            return Ok(asked.refused(services, &Finding::new(code, Place::default())));
        }
    }
    if misplaced::is_of_another_firm(services, &document, Some(firm.code.as_str())) {
        return Ok(asked.refused(services, &misplaced::template_of_another()));
    }
    let format = document.format.clone();
    let rows = options.hidden_rows;
    let mut mapped = tokio::task::block_in_place(|| tables(services, document, &columns, rows));
    // A dry run asks nothing that its workbook could be dropped back for.
    for said in mapped.findings.iter_mut().filter(|said| said.code == Code::HeaderAmbiguous) {
        said.detail.insert("dry".to_owned(), "1".to_owned());
    }
    let context = context(services, firm, &mapped, options, format.container == "csv");
    let checked = checked(services, &mapped, &context).await?;
    let name = format!("{}__check__{}.xlsx", outbox::stem(file_name), &sha256.as_str()[..8]);
    let workbook = folder.join(name);
    let missing = answer::missing::count(services, &mapped.tables, &checked.findings).await?;
    let of_list = (&mapped, &checked, missing, options);
    let (view, rows) = answer::of_check(services, file_name, &firm.name, &sha256, of_list);
    tokio::task::block_in_place(|| {
        outbox::write_told(&services.progress, &workbook, &view, &rows)
    })?;
    Ok(report::of_check(services, (file_name, &sha256), &format, (&mapped, &checked), &workbook))
}
