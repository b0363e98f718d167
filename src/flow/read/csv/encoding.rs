//! From bytes to text: by the byte order mark, else UTF-16 by its NULs, else UTF-8, else a single-byte encoding.
//! Bytes of TCVN3 and VNI are left as windows-1252 shows them, like in a workbook; columns are recoded later.

use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
};

use chardetng::{EncodingDetector, Iso2022JpDetection, Utf8Detection};
use encoding_rs::{DecoderResult, Encoding, UTF_8, WINDOWS_1252, WINDOWS_1258};
use unicode_normalization::UnicodeNormalization;

use super::{lines::line_of, syllables};
use crate::{
    domain::refusal::Why,
    flow::read::{
        limits::Limits,
        refusal::{Refusal, Unread},
        sniff,
    },
};

/// As much of a text as says what it is in.
const SAMPLE: usize = 1 << 20;

pub(super) fn text(
    mut file: &File,
    limits: &Limits,
) -> Result<(String, &'static Encoding), Unread> {
    let mut head = Vec::new();
    file.rewind()?;
    file.take(sniff::HEAD).read_to_end(&mut head)?;
    let marked = Encoding::for_bom(&head).map(|(encoding, _)| encoding);
    let wide = marked.filter(|encoding| *encoding != UTF_8).or_else(|| sniff::bare_utf16(&head));
    if let Some(encoding) = wide {
        return Ok((decoded(file, encoding, limits)?, encoding));
    }
    file.rewind()?;
    let mut bytes = Vec::with_capacity(usize::try_from(file.metadata()?.len()).unwrap_or(0));
    file.take(limits.max_file_bytes.saturating_add(1)).read_to_end(&mut bytes)?;
    refuse_grown(bytes.len() as u64, limits)?;
    match String::from_utf8(bytes) {
        Ok(mut text) => {
            text.drain(..if marked.is_some() { 3 } else { 0 });
            Ok((text, UTF_8))
        }
        Err(error) => {
            let valid = error.utf8_error().valid_up_to();
            let encoding = single_byte(&error.into_bytes(), valid, marked.is_some())?;
            Ok((decoded(file, encoding, limits)?, encoding))
        }
    }
}

/// Strictly: what the encoding does not have refuses the file.
fn decoded(
    mut file: &File,
    encoding: &'static Encoding,
    limits: &Limits,
) -> Result<String, Unread> {
    file.rewind()?;
    let mut source = BufReader::new(file.take(limits.max_file_bytes.saturating_add(1)));
    let mut decoder = encoding.new_decoder_with_bom_removal();
    let mut text = String::new();
    let mut bytes = 0;
    loop {
        let chunk = source.fill_buf()?;
        let (length, from) = (chunk.len(), text.len());
        bytes += length as u64;
        refuse_grown(bytes, limits)?;
        let room = decoder.max_utf8_buffer_length_without_replacement(length).unwrap_or(length * 3);
        text.reserve(room);
        let (result, _) =
            decoder.decode_to_string_without_replacement(chunk, &mut text, length == 0);
        source.consume(length);
        // Where a single-byte encoding has no letter it decodes to a control.
        let is_gap = |c: char| encoding.is_single_byte() && ('\u{80}'..'\u{A0}').contains(&c);
        let unknown = text[from..].find(is_gap);
        if matches!(result, DecoderResult::Malformed(..)) || unknown.is_some() {
            let line = line_of(text.as_bytes(), from + unknown.unwrap_or(text.len() - from));
            let refusal = Refusal::new(Why::Mixed).with("line", line);
            return Err(refusal.with("encoding", encoding.name()).into());
        }
        if text.len() as u64 > limits.max_file_bytes {
            let most = limits.max_file_bytes >> 20;
            return Err(Refusal::new(Why::Grown).with("most", most).into());
        }
        if length == 0 {
            break;
        }
    }
    // Its tones are marks behind their letters.
    Ok(if encoding == WINDOWS_1258 { text.nfc().collect() } else { text })
}

/// Letters that an encoding did not have were saved as `?`, and nobody can say any more which they were:
/// `Th??ng m?i` for `Thương mại`.
pub(super) fn refuse_lost(text: &str) -> Result<(), Refusal> {
    let end = text.char_indices().nth(SAMPLE).map_or(text.len(), |(at, _)| at);
    let is_letter = |c: char| c.is_alphabetic() || c == '?';
    let words = text[..end].split(|c: char| !is_letter(c)).filter(|word| !word.is_empty());
    let (mut all, mut lost, mut first) = (0, 0, None);
    for word in words {
        all += 1;
        if lost_letters(word) {
            lost += 1;
            first.get_or_insert(word);
        }
    }
    let Some(word) = first.filter(|_| lost >= LOST_WORDS && lost * LOST_SHARE >= all) else {
        return Ok(());
    };
    let line = line_of(text.as_bytes(), word.as_ptr() as usize - text.as_ptr() as usize);
    Err(Refusal::new(Why::LettersLost).with("line", line).with("word", word))
}

/// So many words, and one in so many, are no accident.
const LOST_WORDS: usize = 3;
const LOST_SHARE: usize = 50;

/// A question mark inside of a word, or two beside its letters; not the one behind a question.
fn lost_letters(word: &str) -> bool {
    let marks = word.bytes().filter(|b| *b == b'?').count();
    let is_behind = word.find('?') == Some(word.len() - marks);
    marks > 0 && marks < word.chars().count() && (!is_behind || marks == 2)
}

/// A file that was within its limit when it was opened may have been written to since.
fn refuse_grown(bytes: u64, limits: &Limits) -> Result<(), Refusal> {
    if bytes <= limits.max_file_bytes {
        return Ok(());
    }
    let most = limits.max_file_bytes >> 20;
    Err(Refusal::new(Why::Grown).with("most", most))
}

/// The encoding of bytes that are not UTF-8 from `valid` on, where it is certain.
fn single_byte(bytes: &[u8], valid: usize, is_marked: bool) -> Result<&'static Encoding, Refusal> {
    let refused = |why: Why| Refusal::new(why).with("line", line_of(bytes, valid));
    if is_marked || is_mixed(bytes) {
        return Err(refused(Why::Mixed).with("encoding", UTF_8.name()));
    }
    let first = bytes.iter().position(|b| !b.is_ascii()).unwrap_or(0);
    let line_start =
        bytes[..first].iter().rposition(|b| b"\r\n".contains(b)).map_or(0, |at| at + 1);
    let sample = &bytes[line_start..bytes.len().min(line_start + SAMPLE)];
    let tally = syllables::tally(sample);
    let mut detector = EncodingDetector::new(Iso2022JpDetection::Deny);
    detector.feed(sample, true);
    let guess = detector.guess(Some(b"vn"), Utf8Detection::Deny);
    let is_vietnamese = tally.syllables * 10 >= tally.words * 8 && tally.words > 0;
    if is_vietnamese || (guess == WINDOWS_1258 && tally.syllables * 10 >= tally.words * 6) {
        Ok(WINDOWS_1258)
    } else if tally.syllables * 2 > tally.words {
        Err(refused(Why::Uncertain))
    } else {
        Ok(WINDOWS_1252)
    }
}

/// UTF-8 with some broken bytes: hardly any letters of another encoding look like UTF-8.
fn is_mixed(bytes: &[u8]) -> bool {
    let (mut sound, mut broken) = (0, 0);
    for chunk in bytes.utf8_chunks() {
        sound += chunk.valid().chars().filter(|c| !c.is_ascii()).count();
        broken += chunk.invalid().len();
    }
    sound * 4 > broken
}
