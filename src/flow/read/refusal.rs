//! Why a file was not read: a reason with its values, which callers act on; or a fault of the machine.
//! How it is told to people in their language is the business of `text`.

use std::{collections::BTreeMap, io::ErrorKind};

use super::Format;
use crate::domain::{finding::Code, refusal::Why};

/// Of a value that comes from the file, as much as is shown.
const SHOWN_CHARS: usize = 40;

/// The value that is for the log alone.
pub(super) const ERROR: &str = "error";

/// The whole file is left aside.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{why} {values:?}")]
pub struct Refusal {
    pub why: Why,
    /// What its words name: a line, a limit.
    pub values: BTreeMap<String, String>,
    pub sheet: Option<String>,
    /// As far as it was known by then.
    pub format: Option<Box<Format>>,
}

impl Refusal {
    pub(super) fn new(why: Why) -> Refusal {
        Refusal { why, values: BTreeMap::new(), sheet: None, format: None }
    }

    #[must_use]
    #[expect(clippy::needless_pass_by_value, reason = "a number or a text, as it is at hand")]
    pub(super) fn with(mut self, name: &str, value: impl ToString) -> Refusal {
        let value = value.to_string();
        let shown = value.char_indices().nth(SHOWN_CHARS).filter(|_| name != ERROR);
        let value = shown.map_or(value.clone(), |(end, _)| format!("{}…", &value[..end]));
        self.values.insert(name.to_owned(), value);
        self
    }

    /// `how` is what a reader says of it, for the log.
    pub(super) fn damaged(how: impl ToString) -> Refusal {
        Refusal::new(Why::Damaged).with(ERROR, how)
    }

    /// One of `file.empty`, `file.unreadable`, `file.encrypted`, `file.too_large`, `file.unsupported`,
    /// `file.not_a_table` and `file.encoding`.
    pub fn code(&self) -> Code {
        self.why.code()
    }

    pub(super) fn in_sheet(self, name: &str) -> Refusal {
        Refusal { sheet: Some(name.to_owned()), ..self }
    }

    pub(super) fn of(self, format: &Format) -> Refusal {
        Refusal { format: Some(Box::new(format.clone())), ..self }
    }
}

/// Why nothing was read.
#[derive(Debug, thiserror::Error)]
pub enum Unread {
    /// By what the file is.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// By what happened around it; another time it may be read.
    #[error(transparent)]
    Failed(#[from] anyhow::Error),
}

impl Unread {
    pub(super) fn in_sheet(self, name: &str) -> Unread {
        self.refused(|refusal| refusal.in_sheet(name))
    }

    pub(super) fn of(self, container: &str) -> Unread {
        self.refused(|refusal| refusal.of(&Format::of(container)))
    }

    fn refused(self, with: impl FnOnce(Refusal) -> Refusal) -> Unread {
        match self {
            Unread::Refused(refusal) => Unread::Refused(with(refusal)),
            failed @ Unread::Failed(_) => failed,
        }
    }
}

/// A file that ends too soon is damaged; any other error is the machine's, or its share's.
impl From<std::io::Error> for Unread {
    fn from(error: std::io::Error) -> Unread {
        match error.kind() {
            ErrorKind::UnexpectedEof | ErrorKind::InvalidData => {
                Refusal::new(Why::CutOff).with(ERROR, error).into()
            }
            _ => Unread::Failed(error.into()),
        }
    }
}

#[cfg(test)]
impl Unread {
    /// Of a file of which it is sure that it is refused.
    pub(super) fn refusal(self) -> Refusal {
        match self {
            Unread::Refused(refusal) => refusal,
            Unread::Failed(error) => panic!("{error:#}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_file_that_is_cut_off_is_refused_for_an_error_of_reading() {
        let unread = |kind: ErrorKind| Unread::from(std::io::Error::from(kind));
        assert_eq!(unread(ErrorKind::UnexpectedEof).refusal().code(), Code::FileUnreadable);
        for kind in [ErrorKind::StaleNetworkFileHandle, ErrorKind::PermissionDenied] {
            assert!(matches!(unread(kind), Unread::Failed(_)), "{kind}");
        }
    }
}
