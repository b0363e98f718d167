//! From the outbox and the archive into their buckets. One machine at a time hands over; a file leaves its folder when it
//! lies in the bucket, where an older revision of it goes into `cu/`.

use std::path::{Path, PathBuf};

use super::{Bucket, in_turn, is_hidden, leaving, name_below};
use crate::{
    config::BucketAddress,
    flow::{
        Services,
        answer::outbox,
        files::{below, remove},
        inbox::Look,
        look_up, morning,
    },
};

/// What only one machine at a time does.
const HANDING_OVER: &str = "buckets of answers";

/// Hands over what lies there whole, and says how many files; nothing where another process is at it.
pub async fn hand_over(services: &Services) -> anyhow::Result<Option<u64>> {
    if leaving(services).next().is_none() {
        return Ok(Some(0));
    }
    in_turn(services, HANDING_OVER, all(services)).await
}

async fn all(services: &Services) -> anyhow::Result<u64> {
    let mut n = 0;
    for (folder, address) in leaving(services) {
        let mut paths = below(folder)?;
        paths.sort();
        for path in paths {
            let name = name_below(folder, &path).filter(|name| !is_hidden(name));
            let Some(name) = name else { continue };
            n += u64::from(one(&Bucket::open(address)?, (&path, &name)).await?);
        }
    }
    Ok(n)
}

/// A file that was written anew meanwhile stays for the next time.
async fn one(bucket: &Bucket, (path, name): (&Path, &str)) -> anyhow::Result<bool> {
    let Some(before) = Look::at(path)? else { return Ok(false) };
    let name = free(bucket, name).await?;
    bucket.write(&name, path).await?;
    set_older_aside(bucket, &name).await?;
    if Look::at(path)? == Some(before) {
        remove(path)?;
    }
    Ok(true)
}

/// An export has a name of its own each time, also where another machine wrote one.
async fn free(bucket: &Bucket, name: &str) -> anyhow::Result<String> {
    let Some((start, n, ending)) = numbered(name) else { return Ok(name.to_owned()) };
    let mut name = name.to_owned();
    for n in n.. {
        name = format!("{start}__r{n}.{ending}");
        if !bucket.has(&name).await? {
            break;
        }
    }
    Ok(name)
}

/// `lines__2026-11-22__r1.xlsx` in its parts; of a list's workbook the number is that of its content.
fn numbered(name: &str) -> Option<(&str, u32, &str)> {
    let (start, end) = name.rsplit_once("__r")?;
    let (n, ending) = end.split_once('.')?;
    let day = start.rsplit("__").next()?;
    day.parse::<chrono::NaiveDate>().ok()?;
    Some((start, n.parse().ok()?, ending))
}

async fn set_older_aside(bucket: &Bucket, name: &str) -> anyhow::Result<()> {
    let (folder, file) = name.rsplit_once('/').unwrap_or(("", name));
    if folder.rsplit('/').next() == Some(outbox::OLD) {
        return Ok(());
    }
    let at =
        |file: &str| if folder.is_empty() { file.to_owned() } else { format!("{folder}/{file}") };
    for older in older_than(bucket, (folder, file)).await? {
        bucket.rename(&at(&older), &at(&format!("{}/{older}", outbox::OLD))).await?;
    }
    Ok(())
}

/// Of a morning page and of a look-up those of all other times; of a list's workbook the one before it, since what was before that
/// was set aside for it.
async fn older_than(bucket: &Bucket, (folder, file): (&str, &str)) -> anyhow::Result<Vec<String>> {
    let of_now = [morning::WHAT, look_up::WHAT];
    if let Some(what) = of_now.into_iter().find(|it| outbox::is_of_a_day(it, Path::new(file))) {
        let is_older =
            |other: &String| other != file && outbox::is_of_a_day(what, Path::new(other));
        return Ok(bucket.names_in(folder).await?.into_iter().filter(is_older).collect());
    }
    // An export is no revision of an earlier one.
    let earlier = if numbered(file).is_some() { Vec::new() } else { outbox::earlier(file) };
    for earlier in earlier {
        let name = if folder.is_empty() { earlier.clone() } else { format!("{folder}/{earlier}") };
        if bucket.has(&name).await? {
            return Ok(vec![earlier]);
        }
    }
    Ok(Vec::new())
}

/// Where a file of the workspace is for who looks for it: in its bucket, if it has one.
pub fn shown(services: &Services, path: &Path) -> Option<String> {
    leaving(services).find_map(|(folder, address)| Some(address.of(&name_below(folder, path)?)))
}

/// Removes a file from its bucket, and what was set aside under its name.
pub async fn forget(services: &Services, path: &Path) -> anyhow::Result<u64> {
    let old = outbox::aside(path);
    let paths: Vec<PathBuf> = old.into_iter().chain([path.to_owned()]).collect();
    forget_all(services, |folder, name| paths.contains(&folder.join(name))).await
}

/// Removes what is to be forgotten, by the folder that it would lie in and its name there; how many objects.
pub async fn forget_all(
    services: &Services,
    is_meant: impl Fn(&Path, &str) -> bool,
) -> anyhow::Result<u64> {
    let mut n = 0;
    let all: Vec<(&Path, &BucketAddress)> = leaving(services).collect();
    for (folder, address) in all {
        let bucket = Bucket::open(address)?;
        for object in bucket.list().await? {
            if is_meant(folder, &object.name) {
                bucket.remove(&object.name).await?;
                n += 1;
            }
        }
    }
    Ok(n)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_export_has_a_number_that_may_grow() {
        assert_eq!(
            numbered("A/lines__2026-11-22__r3.xlsx"),
            Some(("A/lines__2026-11-22", 3, "xlsx"))
        );
        assert_eq!(numbered("ds__B000001__r3.xlsx"), None);
        assert_eq!(numbered("ds__B000001.txt"), None);
    }
}
