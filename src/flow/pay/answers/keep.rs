//! What became of a workbook about money that came back, in the database: its rows as they came, each in its end state,
//! and what is said of them.

use super::{Done, Returned};
use crate::{
    db::{
        batches::{self, Batch},
        findings::{self, Numbered},
        rows::{self, Column, NewRow, RowKind},
    },
    domain::{
        batch::{BatchKind, BatchState},
        finding::Finding,
    },
    flow::{Services, read::Document, staged},
};

/// received → done, or rejected where nothing of it was taken.
pub(super) async fn store(
    services: &Services,
    batch: &Batch,
    document: &Document,
    returned: Option<&Returned<'_>>,
    done: Result<&Done, Finding>,
) -> anyhow::Result<()> {
    let told = staged::told(BatchKind::Answer, &document.format);
    let mut tx = services.db.begin().await?;
    if !batches::stage(&mut tx, batch.id(), &told).await? {
        return Ok(());
    }
    let (state, said) = match &done {
        Ok(done) => (BatchState::Done, done.said.clone()),
        Err(finding) => (BatchState::Rejected, vec![finding.clone()]),
    };
    if done.as_ref().is_ok_and(|done| done.outdated) {
        staged::keep_outdated(&mut tx, batch).await?;
    }
    if let (Some(returned), Ok(done)) = (returned, done) {
        let columns = returned.headings.iter().map(|(at, header)| Column::new(*at, header, None));
        let (sheet, number) = (returned.sheet, returned.number);
        let name = (number, sheet.name.as_str());
        let sheet_told =
            rows::Sheet::new(name, returned.header, columns.collect(), sheet.layout.clone());
        rows::insert_sheet(&mut tx, batch.id(), &sheet_told).await?;
        let rows = returned.written.iter().zip(&done.rows).map(|(written, (row_no, state))| {
            let cells = written.row.cells.as_slice();
            NewRow {
                sheet: number,
                row_no: *row_no,
                kind: RowKind::Data,
                cells,
                state: Some(*state),
            }
        });
        rows::insert(&mut tx, batch.id(), &rows.collect::<Vec<_>>()).await?;
    }
    let numbered: Vec<Numbered> = said
        .into_iter()
        .map(|finding| (finding.place.row.and(returned.map(|it| it.number)), finding))
        .collect();
    findings::insert(&mut tx, batch.id(), &numbered).await?;
    let version = services.catalogue.version();
    batches::judge(&mut tx, batch.id(), state, &version, services.now()).await?;
    tx.commit().await?;
    Ok(())
}
