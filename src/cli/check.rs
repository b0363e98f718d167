//! `check`: a dry run of files. Nothing is stored.

use std::path::Path;

use minijinja::context;

use super::{
    args::{Check, Global},
    reply::{Exit, Failure, Reply},
    run::{files_in_words, set},
    workspace,
};
use crate::flow::{
    Services,
    answer::outbox,
    bounce, folders,
    import::{self, Whose},
    inbox::BANK,
    report::FileReport,
};

pub async fn run(global: &Global, args: &Check) -> anyhow::Result<Reply> {
    let services = workspace::open(global).await?;
    let mut options = workspace::import_options(&services)?;
    set(services.texts, &mut options, &args.set)?;
    let mut files = Vec::new();
    for file in &args.files {
        let path = std::path::absolute(file)?;
        if !path.is_file() {
            return Err(no_file(&services, file).into());
        }
        if tokio::task::block_in_place(|| bounce::is_meant(&services, &path)) {
            files.push(bounce::check(&services, &path).await?);
            continue;
        }
        let owner = crate::flow::inbox::owner(&services, &path).map(|owner| owner.firm);
        let is_of_bank = owner.as_deref().map_or(args.bank, |owner| owner == BANK);
        let named = args.firm.as_deref().or(owner.as_deref().filter(|_| !is_of_bank));
        // What is of the bank is of no firm: any will do.
        let any = services.settings.firms.first().map(|firm| firm.code.as_str());
        let firm = workspace::firm(&services, named.or(any.filter(|_| is_of_bank)))?;
        let folder = match &args.output {
            Some(folder) => std::path::absolute(folder)?,
            None => outbox::folder(&services, Some(firm.code.as_str())),
        };
        folders::demand(vec![folders::folder("folder of the workbook", folder.clone())])?;
        let whose = if is_of_bank { Whose::Bank(firm) } else { Whose::Firm(firm) };
        let check = import::check_file(&services, &path, whose, &options, &folder);
        files.push(Box::pin(check).await?);
    }
    Reply::new(exit_of(&files), files_in_words(&services, &files)).with("files", files)
}

pub fn no_file(services: &Services, file: &Path) -> Failure {
    let values = context! { file => file.display().to_string() };
    Failure::no_such(services.texts, "no_file", values)
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
