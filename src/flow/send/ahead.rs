//! Letters that are written before they are claimed, while those before them are on their way: whoever claims one has it
//! at once. They hold where nothing at all was written to the database since, as SQLite tells; else, and on PostgreSQL,
//! a letter is written when it is claimed.

use std::{collections::HashMap, sync::Arc};

use chrono::{DateTime, Utc};
use tokio::task::JoinHandle;
use tracing::Instrument as _;

use super::{content, known::Known, message};
use crate::{db::turns, flow::Services};

/// Of the mails that are likely to be claimed next.
pub struct Ahead {
    /// Of the database before they were begun.
    version: i64,
    letters: JoinHandle<anyhow::Result<HashMap<i64, Vec<u8>>>>,
}

impl Ahead {
    pub fn begin(services: &Arc<Services>, version: i64, now: DateTime<Utc>, most: i64) -> Ahead {
        let services = Arc::clone(services);
        let letters = async move { written(&services, now, most).await };
        Ahead { version, letters: tokio::spawn(letters.in_current_span()) }
    }

    /// By mail, where they still hold in a version.
    pub async fn letters(mut self, version: Option<i64>) -> HashMap<i64, Vec<u8>> {
        if version != Some(self.version) {
            return HashMap::new();
        }
        // What could not be written ahead is tried again, and told, when it is claimed.
        (&mut self.letters).await.ok().and_then(Result::ok).unwrap_or_default()
    }
}

impl Drop for Ahead {
    fn drop(&mut self) {
        self.letters.abort();
    }
}

async fn written(
    services: &Services,
    now: DateTime<Utc>,
    most: i64,
) -> anyhow::Result<HashMap<i64, Vec<u8>>> {
    let mails = turns::next(&services.db, now, most).await?;
    let known = Known::of(services, &mails).await?;
    let mut letters = HashMap::new();
    for mail in mails.iter().filter(|mail| known.has_all(mail)) {
        if let Some(content) = content::of(services, mail, &known).await? {
            letters.insert(mail.id, message::build(services, mail, &content)?);
        }
    }
    Ok(letters)
}
