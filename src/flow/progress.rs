//! What a long command tells while it works. How it looks is the command line's business.

use std::{fmt, sync::Arc};

/// One thing to tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step<'a> {
    /// A step begins: `reading danh-sach.xlsx`.
    Begin(&'a str),
    /// So many there are in all, where that is known.
    Of(u64),
    /// So many are done.
    Done(u64),
    End,
}

/// Rows between two words about them.
const EACH: u64 = 1_000;

type Listener = dyn Fn(Step<'_>) + Send + Sync;

/// Tells steps to whoever listens.
#[derive(Clone)]
pub struct Progress(Arc<Listener>);

impl Progress {
    pub fn new(listener: impl Fn(Step<'_>) + Send + Sync + 'static) -> Progress {
        Progress(Arc::new(listener))
    }

    pub fn silent() -> Progress {
        Progress::new(|_| {})
    }

    pub fn tell(&self, step: Step<'_>) {
        (self.0)(step);
    }

    /// Of so many that are done, each thousandth is worth a word.
    pub fn tell_some(&self, done: u64) {
        if done.is_multiple_of(EACH) {
            self.tell(Step::Done(done));
        }
    }
}

impl fmt::Debug for Progress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Progress")
    }
}
