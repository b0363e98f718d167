//! From a bucket into the inbox. One machine at a time fetches; an object leaves the bucket when its file lies whole in
//! the inbox, so a death in between leaves it twice there, which is told like any list that came twice.

use std::path::Path;

use super::{Bucket, Object, Unreachable, in_turn, is_hidden};
use crate::flow::{
    Services,
    files::{move_beside, remove, unfinished},
    inbox::name_of,
};

/// What only one machine at a time does.
const FETCHING: &str = "bucket";
/// Of the megabytes in `[limits]`.
const MB: u64 = 1024 * 1024;

/// Fetches what lies there; how many files.
pub async fn fetch(services: &Services) -> anyhow::Result<u64> {
    let Some(address) = &services.settings.files.buckets.inbox else { return Ok(0) };
    let bucket = Bucket::open(address)?;
    let objects = wanted(services, bucket.list().await?);
    if objects.is_empty() {
        return Ok(0);
    }
    let fetched = in_turn(services, FETCHING, all(services, &bucket, &objects)).await?;
    Ok(fetched.unwrap_or(0))
}

/// Not the marks of folders, and nothing larger than any file that is read: it stays, and is told.
fn wanted(services: &Services, objects: Vec<Object>) -> Vec<Object> {
    let largest = u64::from(services.settings.limits.max_file_mb) * MB;
    let is_wanted = |object: &Object| {
        let is_whole = object.size > 0 && !is_hidden(&object.name);
        if is_whole && object.size > largest {
            tracing::warn!("{} stays in the bucket: it is larger than max_file_mb", object.name);
        }
        is_whole && object.size <= largest
    };
    objects.into_iter().filter(is_wanted).collect()
}

async fn all(services: &Services, bucket: &Bucket, objects: &[Object]) -> anyhow::Result<u64> {
    let mut fetched = 0;
    for object in objects {
        match one(services, bucket, object).await {
            Ok(is_fetched) => fetched += u64::from(is_fetched),
            Err(error) if error.is::<Unreachable>() => return Err(error),
            // A name that no folder can have keeps no other from coming.
            Err(error) => tracing::warn!("{} stays in the bucket: {error:#}", object.name),
        }
    }
    Ok(fetched)
}

async fn one(services: &Services, bucket: &Bucket, object: &Object) -> anyhow::Result<bool> {
    let path = services.settings.files.inbox.join(&object.name);
    let name = name_of(Path::new(&object.name));
    let folder = path.parent().unwrap_or(&services.settings.files.inbox);
    let arriving = unfinished(&path)?;
    let mut file = fs_err::File::create(&arriving)?;
    let read = bucket.read(object, &mut file).await;
    let is_whole = read.and_then(|is_there| {
        file.sync_all()?;
        Ok(is_there)
    });
    if !matches!(is_whole, Ok(true)) {
        remove(&arriving)?;
        return is_whole;
    }
    move_beside(&arriving, folder, name.as_ref())?;
    services.crash_point("bucket_fetched");
    // What was put in its place meanwhile comes next.
    if bucket.is_same(object).await? {
        bucket.remove(&object.name).await?;
    }
    tracing::info!("{} was fetched", object.name);
    Ok(true)
}
