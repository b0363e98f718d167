//! What a person says of money is worked out from all money as it was seen; where other money moved meanwhile it is
//! worked out anew. Storing it is the business of `settle`.

/// How often it is tried again because something changed meanwhile.
pub const AT_MOST: usize = 5;

/// Other money was matched since it was worked out what a person says.
#[derive(Debug, thiserror::Error)]
#[error("what is to be paid changed meanwhile")]
pub struct Overtaken;

/// Does anew what is [`Overtaken`], a few times.
pub async fn until_not_overtaken<T, F>(once: impl Fn() -> F) -> anyhow::Result<T>
where
    F: Future<Output = anyhow::Result<T>>,
{
    for _ in 0..AT_MOST {
        match once().await {
            Err(error) if error.is::<Overtaken>() => {}
            done => return done,
        }
    }
    Err(Overtaken.into())
}
