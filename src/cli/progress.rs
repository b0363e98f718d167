//! Progress on stderr: a bar on a terminal, plain lines where they are asked for, nothing with `--json`.
//! Both say how much is done, how fast it goes, and what time is left; what is counted is told by `flow`.

use std::{
    io::IsTerminal,
    sync::{Arc, Mutex},
    time::{Duration, Instant},
};

use indicatif::{ProgressBar, ProgressStyle};
use minijinja::context;

use super::args::{Global, ProgressHow};
use crate::{
    flow::progress::{Progress, Step},
    text::Texts,
};

/// Between two plain lines about one step.
const LINE_EVERY: Duration = Duration::from_secs(2);
/// Between two changes of a bar.
const BAR_EVERY: Duration = Duration::from_millis(100);
/// Before that a rate says nothing.
const WARM: Duration = Duration::from_millis(500);

/// What the global options ask for.
pub fn of(global: &Global, texts: &'static Texts) -> Progress {
    let quiet = global.json || global.quiet;
    match global.progress {
        _ if quiet => Progress::silent(),
        ProgressHow::Auto if std::io::stderr().is_terminal() => bar(texts),
        ProgressHow::Plain => lines(texts),
        ProgressHow::Auto | ProgressHow::Off => Progress::silent(),
    }
}

fn bar(texts: &'static Texts) -> Progress {
    let bar = ProgressBar::new_spinner();
    let style = |template| ProgressStyle::with_template(template).ok();
    let (open, known) = (style("{spinner} {msg}"), style("{spinner} {bar:24} {msg}"));
    told(move |at, step| match step {
        Step::Begin(_) => {
            bar.reset();
            bar.unset_length();
            restyle(&bar, open.as_ref());
            bar.set_message(at.name(texts));
            bar.enable_steady_tick(BAR_EVERY);
        }
        Step::Of(total) => {
            bar.set_length(total);
            restyle(&bar, known.as_ref());
        }
        Step::Done(done) if at.is_due(BAR_EVERY) => {
            bar.set_position(done);
            bar.set_message(at.words(texts, at.begun.elapsed()));
        }
        Step::Done(_) => {}
        Step::End => bar.finish_and_clear(),
    })
}

fn restyle(bar: &ProgressBar, style: Option<&ProgressStyle>) {
    if let Some(style) = style {
        bar.set_style(style.clone());
    }
}

#[expect(clippy::print_stderr, reason = "progress is for the person at the terminal")]
fn lines(texts: &'static Texts) -> Progress {
    // The same step again and again is told once.
    let last = Mutex::new(String::new());
    told(move |at, step| match step {
        Step::Begin(step) => {
            if let Ok(mut last) = last.lock()
                && *last != step
            {
                step.clone_into(&mut last);
                eprintln!("{} …", at.name(texts));
            }
        }
        Step::Done(_) if at.is_due(LINE_EVERY) => {
            eprintln!("{}", at.words(texts, at.begun.elapsed()));
        }
        Step::Of(_) | Step::Done(_) | Step::End => {}
    })
}

/// With what was told before of the step in work.
fn told(show: impl Fn(&mut Meter, Step<'_>) + Send + Sync + 'static) -> Progress {
    let meter = Arc::new(Mutex::new(Meter::new("")));
    Progress::new(move |step| {
        if let Ok(mut meter) = meter.lock() {
            meter.note(step);
            show(&mut meter, step);
        }
    })
}

/// A step in work.
struct Meter {
    step: String,
    total: Option<u64>,
    done: u64,
    begun: Instant,
    shown: Instant,
}

impl Meter {
    fn new(step: &str) -> Meter {
        let now = Instant::now();
        Meter { step: step.to_owned(), total: None, done: 0, begun: now, shown: now }
    }

    fn note(&mut self, step: Step<'_>) {
        match step {
            Step::Begin(step) => *self = Meter::new(step),
            Step::Of(total) => self.total = Some(total).filter(|total| *total > 0),
            Step::Done(done) => self.done = done,
            Step::End => {}
        }
    }

    /// Whether the last word is so long ago; then this is one.
    fn is_due(&mut self, every: Duration) -> bool {
        let is_due = self.shown.elapsed() >= every;
        if is_due {
            self.shown = Instant::now();
        }
        is_due
    }

    fn name(&self, texts: &Texts) -> String {
        texts.label(&format!("message.step.{}", self.step))
    }

    /// `Kiểm tra: 120.000/1.000.000 dòng, 85.000 dòng/giây, còn khoảng 11 giây`.
    fn words(&self, texts: &Texts, elapsed: Duration) -> String {
        let own = format!("message.progress.{}", self.step);
        let unit = if texts.has(&own) { own } else { "message.progress.rows".to_owned() };
        let rate = self.rate(elapsed);
        let left =
            rate.and_then(|rate| Some(left(texts, self.total?.checked_sub(self.done)?, rate)));
        let values = context! {
            name => self.name(texts),
            done => grouped(self.done),
            total => self.total.map(grouped),
            unit => texts.label(&unit),
            rate => rate.map(grouped),
            left,
        };
        texts.say("message.progress.done", values)
    }

    /// A second.
    fn rate(&self, elapsed: Duration) -> Option<u64> {
        let millis = u64::try_from(elapsed.as_millis()).ok().filter(|_| elapsed >= WARM)?;
        self.done.checked_mul(1_000)?.checked_div(millis).filter(|rate| *rate > 0)
    }
}

/// The time that so many more take.
fn left(texts: &Texts, more: u64, rate: u64) -> String {
    let seconds = more.div_ceil(rate);
    let (hours, minutes, seconds) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
    texts.say("message.progress.left", context! { hours, minutes, seconds })
}

/// `1.000.000`, as amounts are written.
fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut shown = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            shown.push('.');
        }
        shown.push(digit);
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::locale::Locale;

    fn words(locale: Locale, step: &str, counts: (Option<u64>, u64), seconds: u64) -> String {
        let mut meter = Meter::new(step);
        if let Some(total) = counts.0 {
            meter.note(Step::Of(total));
        }
        meter.note(Step::Done(counts.1));
        meter.words(Texts::of(locale), Duration::from_secs(seconds))
    }

    #[test]
    fn a_long_step_says_how_much_how_fast_and_how_long_in_both_languages() {
        let counts = (Some(1_000_000), 120_000);
        assert_eq!(
            words(Locale::Vi, "check", counts, 2),
            "Kiểm tra: 120.000/1.000.000 dòng, 60.000 dòng/giây, còn khoảng 15 giây"
        );
        let en = words(Locale::En, "check", counts, 2);
        assert!(en.ends_with("120.000/1.000.000 rows, 60.000 rows/s, about 15 s left"), "{en}");
        let slow = words(Locale::Vi, "mail", (Some(1_000), 10), 60);
        assert!(slow.ends_with("10/1.000 thư"), "less than one a second is no rate: {slow}");
        let long = words(Locale::Vi, "activate", (Some(9_000), 60), 30);
        assert!(long.ends_with("2 khách hàng/giây, còn khoảng 1 giờ 14 phút"), "{long}");
    }

    #[test]
    fn where_nobody_knows_how_many_there_are_no_time_is_promised() {
        let read = words(Locale::Vi, "read", (None, 50_000), 1);
        assert_eq!(read, "Đọc tệp: 50.000 dòng, 50.000 dòng/giây");
        assert_eq!(words(Locale::Vi, "read", (None, 3_000), 0), "Đọc tệp: 3.000 dòng");
        let more = words(Locale::Vi, "workbook", (Some(10), 12), 1);
        assert!(more.ends_with("12/10 dòng, 12 dòng/giây"), "{more}");
    }
}
