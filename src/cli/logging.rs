//! Log lines, on stderr: as text, and from a daemon that nobody watches as JSON. What looks like an e-mail address, a
//! phone, an account or a tax id is masked in each of them, wherever it came from.

use std::io::{self, IsTerminal, Write};

use tracing_subscriber::{EnvFilter, fmt::MakeWriter};

use super::{args::Global, colours};
use crate::config::Environment;

/// `text` or `json`, where neither what it is nor where it goes should decide.
const FORMAT: &str = "HANGLOAT_LOG";
/// Digits in a row that are a phone, an account or a tax id, and how many of them stay.
const DIGITS: usize = 9;
const STAY: usize = 3;

pub fn start(global: &Global, command: &str) {
    let level = match (global.quiet, global.verbose) {
        (true, _) => "error",
        (_, 0) => "warn",
        (_, 1) => "info",
        (_, 2) => "hangloat=debug,info",
        _ => "debug",
    };
    let lines = tracing_subscriber::fmt().with_env_filter(EnvFilter::new(level));
    let lines = lines.with_writer(Masking);
    let environment = Environment::of_process();
    let is_json = match environment.get(FORMAT) {
        Some("json") => true,
        Some("text") => false,
        _ => command == "serve" && !io::stderr().is_terminal(),
    };
    if is_json {
        lines.json().flatten_event(true).with_span_list(false).init();
    } else {
        lines.with_ansi(colours(global)).init();
    }
}

/// Writes each line with what is personal in it masked.
struct Masking;

impl<'a> MakeWriter<'a> for Masking {
    type Writer = Masking;

    fn make_writer(&'a self) -> Masking {
        Masking
    }
}

impl Write for Masking {
    /// One call is one line.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        let masked = masked(&String::from_utf8_lossy(line));
        io::stderr().lock().write_all(masked.as_bytes())?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        io::stderr().flush()
    }
}

/// `lan@minhan.example` → `l***@m***.example`, `0101243150` → `***150`.
fn masked(line: &str) -> String {
    let is_part = |c: char| c.is_alphanumeric() || matches!(c, '.' | '_' | '-' | '+' | '@' | '%');
    let mut masked = String::with_capacity(line.len());
    let mut rest = line;
    while !rest.is_empty() {
        let word = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        masked.push_str(&word_masked(&rest[..word]));
        rest = &rest[word..];
        let between = rest.find(is_part).unwrap_or(rest.len());
        masked.push_str(&rest[..between]);
        rest = &rest[between..];
    }
    masked
}

fn word_masked(word: &str) -> String {
    if let Some((local, domain)) = word.split_once('@')
        && !local.is_empty()
        && domain.contains('.')
    {
        let first = |text: &str| text.chars().take(1).collect::<String>();
        let domain = domain.trim_end_matches('.');
        let last = domain.rsplit('.').next().unwrap_or_default();
        return format!("{}***@{}***.{last}", first(local), first(domain));
    }
    let mut masked = String::with_capacity(word.len());
    let mut rest = word;
    while !rest.is_empty() {
        let other = rest.find(|c: char| c.is_ascii_digit()).unwrap_or(rest.len());
        masked.push_str(&rest[..other]);
        rest = &rest[other..];
        let digits = rest.find(|c: char| !c.is_ascii_digit()).unwrap_or(rest.len());
        match &rest[..digits] {
            long if long.len() >= DIGITS => {
                masked.push_str("***");
                masked.push_str(&long[long.len() - STAY..]);
            }
            short => masked.push_str(short),
        }
        rest = &rest[digits..];
    }
    masked
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_personal_is_masked_and_what_is_looked_for_stays() {
        for (line, shown) in [
            ("to lan.nguyen+x@minhan.example.", "to l***@m***.example"),
            ("<giamdoc@congty1.example>", "<g***@c***.example>"),
            ("tax id 0101243150, 0100111948-110", "tax id ***150, ***948-110"),
            ("+84912345678 or 0912345678", "+***678 or ***678"),
            ("run 12 of DH-2611-000001/17, B000045", "run 12 of DH-2611-000001/17, B000045"),
            ("2026-11-22T14:17:03.368131Z INFO", "2026-11-22T14:17:03.368131Z INFO"),
            ("https://127.0.0.1:9464/metrics", "https://127.0.0.1:9464/metrics"),
        ] {
            assert_eq!(masked(line), shown);
        }
    }
}
