//! Where what a result workbook shows comes from: the file, its run, the tables and the program.
//! How it is laid out is the business of `result`.

use chrono::{DateTime, Utc};

use crate::{db::batches::Batch, flow::Services};

/// Label and value of each row of the sheet on origin.
pub fn of(services: &Services, batch: &Batch, at: DateTime<Utc>) -> Vec<(String, String)> {
    let said = |key: &str| services.texts.label(&format!("message.origin.{key}"));
    let time = |at: DateTime<Utc>| services.local(at).format("%d/%m/%Y %H:%M:%S").to_string();
    vec![
        (said("file"), batch.file_name.clone()),
        (said("sha256"), batch.sha256.to_string()),
        (said("batch"), batch.id().to_string()),
        (said("run"), batch.run_id.map(|run| run.to_string()).unwrap_or_default()),
        (said("received"), time(batch.received_at)),
        (said("checked"), batch.checked_at.map(time).unwrap_or_default()),
        (said("shown"), time(at)),
        (said("catalogue"), batch.catalogue_version.clone().unwrap_or_default()),
        (said("program"), program()),
    ]
}

pub fn program() -> String {
    format!("hangloat {}", env!("CARGO_PKG_VERSION"))
}
