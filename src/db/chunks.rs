//! Rows on their way into a statement, so many at a time as one JSON parameter.
//! While the database stores some, the next ones are put into JSON: it has a thread or a server of its own.

use std::future::Future;

use serde::{Serialize, Serializer, ser::Error as _};
use serde_json::value::{RawValue, to_raw_value};
use sqlx::types::Json;

/// Some rows, ready to be bound.
pub(super) type Ready = Json<Box<RawValue>>;

/// What is stored, chunk by chunk: [`Chunks::take`] one, and store it by [`Chunks::stored`].
pub(super) struct Chunks<I> {
    rest: I,
    next: Option<Ready>,
}

impl<I: Iterator<Item: Serialize>> Chunks<I> {
    pub fn of(mut rest: I) -> sqlx::Result<Chunks<I>> {
        let next = ready(rest.next())?;
        Ok(Chunks { rest, next })
    }

    pub fn take(&mut self) -> Option<Ready> {
        self.next.take()
    }

    /// Waits until a chunk is stored, and makes the next one ready meanwhile.
    pub async fn stored(
        &mut self,
        storing: impl Future<Output = sqlx::Result<u64>>,
    ) -> sqlx::Result<()> {
        let next = async { ready(self.rest.next()) };
        // In this order: the database must be at work first.
        let (_, next) = tokio::try_join!(biased; storing, next)?;
        self.next = next;
        Ok(())
    }
}

fn ready(chunk: Option<impl Serialize>) -> sqlx::Result<Option<Ready>> {
    let json = chunk.map(|chunk| to_raw_value(&chunk)).transpose();
    json.map(|json| json.map(Json)).map_err(|error| sqlx::Error::Encode(error.into()))
}

/// A document that the database keeps as it is goes over as a text: SQLite need not take it apart and put it together
/// again.
pub(super) fn as_text<T: Serialize, S: Serializer>(document: &T, to: S) -> Result<S::Ok, S::Error> {
    to.serialize_str(&serde_json::to_string(document).map_err(S::Error::custom)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn every_chunk_is_stored_once_and_in_order() {
        let rows: Vec<u32> = (0..7).collect();
        let mut chunks = Chunks::of(rows.chunks(3)).unwrap();
        let mut stored = Vec::new();
        while let Some(Json(chunk)) = chunks.take() {
            stored.push(chunk.get().to_owned());
            chunks.stored(async { Ok(1) }).await.unwrap();
        }
        assert_eq!(stored, ["[0,1,2]", "[3,4,5]", "[6]"]);
    }

    #[tokio::test]
    async fn nothing_is_stored_of_no_rows_and_nothing_after_what_cannot_be() {
        assert!(Chunks::of([[0; 0]; 0].iter()).unwrap().take().is_none());
        let mut chunks = Chunks::of([[1], [2]].iter()).unwrap();
        chunks.take().unwrap();
        let failed = chunks.stored(async { Err(sqlx::Error::RowNotFound) }).await;
        assert!(failed.is_err() && chunks.take().is_none());
    }
}
