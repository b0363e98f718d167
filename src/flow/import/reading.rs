//! Reads a file with the limits of the settings, knowing which sheets are lists and which are statements.
//! How a file is read is the business of `read`.

use std::path::Path;

use crate::{
    catalogue::Columns,
    flow::{
        Services, map, pay,
        read::{self, Document, Limits, Reader, Refusal, Sheet, Unread},
    },
};

/// Reads a file within the configured limits. Fails by what is no fault of the file.
pub fn read(
    services: &Services,
    path: &Path,
    columns: &Columns,
) -> anyhow::Result<Result<Document, Refusal>> {
    let limits = limits(services);
    let banks = &services.catalogue.banks;
    let is_list =
        |sheet: &Sheet| map::is_list(sheet, columns) || pay::statement::is_statement(sheet, banks);
    match read::read(path, &Reader { limits, program: &services.program, is_list: &is_list }) {
        Ok(document) => Ok(Ok(document)),
        Err(Unread::Refused(refusal)) => Ok(Err(refusal)),
        Err(Unread::Failed(error)) => Err(error),
    }
}

/// The configured limits.
pub fn limits(services: &Services) -> Limits {
    const MB: u64 = 1024 * 1024;
    let limits = &services.settings.limits;
    Limits {
        max_file_bytes: u64::from(limits.max_file_mb) * MB,
        max_unstreamed_bytes: u64::from(limits.max_file_mb_unstreamed) * MB,
        max_expanded_bytes: u64::from(limits.max_expanded_mb) * MB,
        max_shared_strings_bytes: u64::from(limits.max_shared_strings_mb) * MB,
        max_rows: limits.max_rows,
        max_columns: limits.max_columns,
        max_cell_chars: usize::try_from(limits.max_cell_chars).unwrap_or(usize::MAX),
        progress: services.progress.clone(),
    }
}
