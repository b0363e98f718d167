//! Points of the way at which tests let the program die, panic or hang, and count what came by: inert in release
//! builds, and where nothing is asked for. What has to hold after each of them is said by the tests.

use std::{
    io::Write,
    path::PathBuf,
    process::Command,
    sync::atomic::{AtomicBool, Ordering},
    thread::sleep,
    time::Duration,
};

use crate::domain::words::words;

words! {
    /// What happens at a point.
    pub enum How {
        /// As suddenly as by a power cut.
        Kill = "kill",
        /// Somebody asks the process to end.
        Terminate = "terminate",
        Panic = "panic",
        /// Nothing goes on.
        Hang = "hang",
    }
}

#[derive(Debug, Default)]
pub struct FailPoints {
    at: Option<(String, How)>,
    /// One line is added for each point that is passed.
    passed: Option<PathBuf>,
    is_over: AtomicBool,
}

impl FailPoints {
    /// `at` is a point, or `point:how`; what cannot be read is nothing.
    pub fn new(at: Option<&str>, passed: Option<&str>) -> FailPoints {
        let at = at.map(|at| at.split_once(':').unwrap_or((at, How::Kill.as_str())));
        let at = at.and_then(|(point, how)| Some((point.to_owned(), how.parse().ok()?)));
        FailPoints { at, passed: passed.map(PathBuf::from), is_over: AtomicBool::new(false) }
    }

    pub(super) fn pass(&self, name: &str) {
        if !cfg!(debug_assertions) {
            return;
        }
        self.count(name);
        let how = self.at.as_ref().filter(|(at, _)| at == name).map(|(_, how)| *how);
        // Once: what goes on in the same process goes on undisturbed.
        if let Some(how) = how.filter(|_| !self.is_over.swap(true, Ordering::SeqCst)) {
            happen(how, name);
        }
    }

    fn count(&self, name: &str) {
        let Some(path) = &self.passed else { return };
        let file = fs_err::OpenOptions::new().create(true).append(true).open(path);
        // The test that counts finds too few.
        let _ = file.and_then(|mut file| file.write_all(format!("{name}\n").as_bytes()));
    }
}

fn happen(how: How, name: &str) {
    let signal = |signal: &str| {
        let pid = std::process::id().to_string();
        let _ = Command::new("kill").args([signal, pid.as_str()]).status();
    };
    match how {
        How::Kill => {
            signal("-9");
            // The signal may take a moment.
            sleep(Duration::from_mins(1));
        }
        How::Terminate => signal("-TERM"),
        How::Panic => panic!("a test asked for it at {name}"),
        // Only what asked for it hangs, not the thread that others wait for.
        How::Hang => tokio::task::block_in_place(|| sleep(Duration::from_hours(1))),
    }
}
