//! Work that may panic over a damaged file, held so that it answers nothing instead and prints nothing.
//! What that means for the file is decided by who asked for it.

use std::{
    cell::Cell,
    panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook},
    sync::Once,
};

thread_local! {
    /// Whether a panic of this thread is expected, and told as an answer about the file.
    static IS_GUARDED: Cell<bool> = const { Cell::new(false) };
}

/// `None` where the work panicked. Panics of other threads are told as ever.
pub fn guarded<T>(work: impl FnOnce() -> T) -> Option<T> {
    static QUIET: Once = Once::new();
    QUIET.call_once(|| {
        let told = take_hook();
        set_hook(Box::new(move |panic| {
            if !IS_GUARDED.get() {
                told(panic);
            }
        }));
    });
    let was_guarded = IS_GUARDED.replace(true);
    let result = catch_unwind(AssertUnwindSafe(work));
    IS_GUARDED.set(was_guarded);
    result.ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_is_no_answer_and_the_next_work_is_done() {
        assert_eq!(guarded(|| 1), Some(1));
        assert_eq!(guarded(|| -> i32 { panic!("damaged") }), None);
        assert!(!IS_GUARDED.get());
        assert_eq!(guarded(|| guarded(|| -> i32 { panic!("damaged") })), Some(None));
        assert_eq!(guarded(|| 2), Some(2));
    }
}
