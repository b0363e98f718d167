//! Where files lie: in a folder, or in a bucket under what stands before their names.
//! Which server that is, and who asks, is said by the variables that all programs for buckets read (`AWS_…`).

use std::{fmt, path::PathBuf};

use serde::{Deserialize, Deserializer, de::Error};

use super::value::{filled, folder};

const SCHEME: &str = "s3://";

/// A folder as written, or a bucket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Place {
    Folder(PathBuf),
    Bucket(BucketAddress),
}

/// `s3://lists/minhan/inbox`: the bucket, and what stands before the names in it, without slashes around.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BucketAddress {
    pub name: String,
    pub prefix: String,
}

impl BucketAddress {
    /// Of what lies there under `name`.
    pub fn of(&self, name: &str) -> String {
        format!("{self}/{name}")
    }
}

impl fmt::Display for BucketAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{SCHEME}{}", self.name)?;
        if self.prefix.is_empty() { Ok(()) } else { write!(f, "/{}", self.prefix) }
    }
}

/// The rules of names of buckets that all servers share.
fn address(text: &str) -> Option<BucketAddress> {
    let (name, prefix) = text.split_once('/').unwrap_or((text, ""));
    let prefix = prefix.trim_matches('/');
    let is_name = (3..=63).contains(&name.len())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"-.".contains(&b));
    let is_prefix =
        prefix.is_empty() || prefix.split('/').all(|part| !matches!(part, "" | "." | ".."));
    let (name, prefix) = (name.to_owned(), prefix.to_owned());
    (is_name && is_prefix).then_some(BucketAddress { name, prefix })
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(source: D) -> Result<Place, D::Error> {
        let text = filled(source)?;
        let Some(rest) = text.strip_prefix(SCHEME) else { return folder(text).map(Place::Folder) };
        let none =
            || D::Error::custom(format!("`{text}` is no bucket; one looks like s3://lists/inbox"));
        address(rest).map(Place::Bucket).ok_or_else(none)
    }
}

/// The same, or none for the empty text.
pub(super) fn place_or_none<'de, D: Deserializer<'de>>(
    source: D,
) -> Result<Option<Place>, D::Error> {
    let text = String::deserialize(source)?;
    if text.trim().is_empty() {
        return Ok(None);
    }
    Place::deserialize(serde::de::value::StringDeserializer::new(text)).map(Some)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bucket_has_a_name_and_perhaps_something_before_the_names_in_it() {
        let shown = |text: &str| address(text).map(|address| address.of("a.csv"));
        assert_eq!(shown("lists").as_deref(), Some("s3://lists/a.csv"));
        assert_eq!(shown("lists/minhan/in/").as_deref(), Some("s3://lists/minhan/in/a.csv"));
        for wrong in ["", "ab", "Lists", "lists/../x", "lists/a//b"] {
            assert_eq!(shown(wrong), None, "{wrong}");
        }
    }
}
