//! Progress on stderr: a bar on a terminal, plain lines elsewhere, nothing with `--json`.

use std::{io::IsTerminal, sync::Mutex, time::Duration};

use indicatif::{ProgressBar, ProgressStyle};

use super::args::{Global, ProgressHow};
use crate::{
    flow::progress::{Progress, Step},
    text::Texts,
};

/// What the global options ask for.
pub fn of(global: &Global, texts: &'static Texts) -> Progress {
    let quiet = global.json || global.quiet || global.progress == ProgressHow::Off;
    let terminal = std::io::stderr().is_terminal();
    match global.progress {
        _ if quiet => Progress::silent(),
        ProgressHow::Auto if terminal => bar(texts),
        _ => lines(texts),
    }
}

fn name(texts: &Texts, step: &str) -> String {
    texts.label(&format!("message.step.{step}"))
}

fn bar(texts: &'static Texts) -> Progress {
    let bar = ProgressBar::new_spinner();
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg} {pos}") {
        bar.set_style(style);
    }
    Progress::new(move |step| match step {
        Step::Begin(step) => {
            bar.set_position(0);
            bar.set_message(name(texts, step));
            bar.enable_steady_tick(Duration::from_millis(100));
        }
        Step::Done(done) => bar.set_position(done),
        Step::End => bar.finish_and_clear(),
    })
}

#[expect(clippy::print_stderr, reason = "progress is for the person at the terminal")]
fn lines(texts: &'static Texts) -> Progress {
    // The same step again and again is told once.
    let last = Mutex::new(String::new());
    Progress::new(move |step| {
        if let (Step::Begin(step), Ok(mut last)) = (step, last.lock())
            && *last != step
        {
            step.clone_into(&mut last);
            eprintln!("{} …", name(texts, step));
        }
    })
}
