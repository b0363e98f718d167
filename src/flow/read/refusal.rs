//! Why a file was not read: a code that callers act on, and a plain sentence; or a fault of the machine.
//! How it is told to people in their language is the business of `text`.

use std::io::ErrorKind;

use super::Format;
use crate::domain::finding::Code;

/// The whole file is left aside.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[error("{reason}")]
pub struct Refusal {
    /// One of `file.empty`, `file.unreadable`, `file.encrypted`, `file.too_large`, `file.unsupported`,
    /// `file.not_a_table` and `file.encoding`.
    pub code: Code,
    /// Short, in English, without the file's name.
    pub reason: String,
    pub sheet: Option<String>,
    /// As far as it was known by then.
    pub format: Option<Box<Format>>,
}

impl Refusal {
    pub(super) fn new(code: Code, reason: impl Into<String>) -> Refusal {
        Refusal { code, reason: reason.into(), sheet: None, format: None }
    }

    /// `what` with its article: "a zip archive".
    pub(super) fn unsupported(what: &str) -> Refusal {
        let reason = format!("it is {what}; xlsx, xlsm, xls, xlsb, ods and csv are read");
        Refusal::new(Code::FileUnsupported, reason)
    }

    /// `what` with its article.
    pub(super) fn encrypted(what: &str) -> Refusal {
        let reason = format!("{what} is protected by a password; save it without one");
        Refusal::new(Code::FileEncrypted, reason)
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
                let reason = format!("it cannot be read: {error}");
                Refusal::new(Code::FileUnreadable, reason).into()
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
        assert_eq!(unread(ErrorKind::UnexpectedEof).refusal().code, Code::FileUnreadable);
        for kind in [ErrorKind::StaleNetworkFileHandle, ErrorKind::PermissionDenied] {
            assert!(matches!(unread(kind), Unread::Failed(_)), "{kind}");
        }
    }
}
