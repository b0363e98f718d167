//! `check`: a dry run of files. Nothing is stored.

use super::{
    args::{Check, Global},
    reply::{Exit, Failure, Reply},
    run::{files_in_words, set},
    workspace,
};
use crate::{
    domain::run::JobKind,
    flow::{answer::outbox, folders, import, report::FileReport},
};

pub async fn run(global: &Global, args: &Check) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let jobs = workspace::jobs(&services)?;
    let job = jobs.into_iter().find(|job| job.kind == JobKind::Import);
    let mut options = job.map(|job| job.import).unwrap_or_default();
    set(&mut options, &args.set)?;
    let mut files = Vec::new();
    for file in &args.files {
        let path = std::path::absolute(file)?;
        if !path.is_file() {
            return Err(Failure::unknown(
                format!("There is no file {}", file.display()),
                "name an existing file",
            )
            .into());
        }
        let owner = crate::flow::inbox::owner(&services, &path).map(|owner| owner.firm);
        let firm = workspace::firm(&services, args.firm.as_deref().or(owner.as_deref()))?;
        let folder = match &args.output {
            Some(folder) => std::path::absolute(folder)?,
            None => outbox::folder(&services, Some(firm.code.as_str())),
        };
        folders::demand(vec![folders::folder("folder of the workbook", folder.clone())])?;
        files.push(import::check_file(&services, &path, firm, &options, &folder).await?);
    }
    Reply::new(exit_of(&files), files_in_words(&services, &files)).with("files", files)
}

/// 3 where every file is refused, 1 where a person has to look.
pub fn exit_of(files: &[FileReport]) -> Exit {
    let refused = files.iter().filter(|file| file.is_refused).count();
    if refused > 0 && refused == files.len() {
        Exit::AllRefused
    } else if files.iter().any(FileReport::needs_person) {
        Exit::NeedsPerson
    } else {
        Exit::Done
    }
}
