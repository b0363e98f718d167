//! A mail in its parts (RFC 5322, RFC 2045): fields, and what stands below them. Each piece of the text is looked at
//! once on each level, and levels and parts are few, so that no mail costs more than its length.
//! What a part says is read by `report`.

use std::borrow::Cow;

use data_encoding::{BASE64_NOPAD, HEXUPPER_PERMISSIVE};

/// Reports are three parts, and the first of them may be of two.
const DEEPEST: usize = 8;
const MOST_PARTS: usize = 64;
const MOST_FIELDS: usize = 500;

/// The fields of a header: names in lower case, each value on one line.
#[derive(Clone, Debug, Default)]
pub struct Fields(Vec<(String, String)>);

impl Fields {
    /// The fields up to the first empty line, and what stands behind it.
    pub fn read(text: &str) -> (Fields, &str) {
        let mut fields: Vec<(String, String)> = Vec::new();
        let mut rest = text;
        while !rest.is_empty() {
            let (line, behind) = rest.split_once('\n').unwrap_or((rest, ""));
            rest = behind;
            if line.trim().is_empty() {
                break;
            }
            if line.starts_with([' ', '\t']) {
                if let Some((_, value)) = fields.last_mut() {
                    value.push(' ');
                    value.push_str(line.trim());
                }
            } else if let Some((name, value)) = line.split_once(':')
                && fields.len() < MOST_FIELDS
            {
                fields.push((name.trim().to_lowercase(), value.trim().to_owned()));
            }
        }
        (Fields(fields), rest)
    }

    /// The first of this name.
    pub fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, value)| value.as_str())
    }
}

/// A part that has no others in it. A mail within a mail is one.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    fields: Fields,
    body: &'a str,
}

impl Part<'_> {
    /// `text/plain`, in lower case.
    pub fn kind(&self) -> String {
        let kind = self.fields.get("content-type").unwrap_or("text/plain");
        kind.split(';').next().unwrap_or_default().trim().to_lowercase()
    }

    /// What stands in it, out of its transfer encoding.
    pub fn text(&self) -> Cow<'_, str> {
        let encoding = self.fields.get("content-transfer-encoding").unwrap_or_default();
        match encoding.to_lowercase().as_str() {
            "base64" => Cow::Owned(plain(&base64(self.body))),
            "quoted-printable" => Cow::Owned(plain(&quoted(self.body))),
            _ => Cow::Borrowed(self.body),
        }
    }

    /// What parts the parts of it.
    fn boundary(&self) -> Option<String> {
        let kind =
            self.fields.get("content-type").filter(|_| self.kind().starts_with("multipart/"))?;
        let boundary = kind.split(';').skip(1).find_map(|part| {
            let (name, value) = part.split_once('=')?;
            name.trim().eq_ignore_ascii_case("boundary").then(|| value.trim().trim_matches('"'))
        });
        boundary.filter(|boundary| !boundary.is_empty()).map(str::to_owned)
    }
}

/// Bytes as text with plain ends of lines; what is no UTF-8 is shown as unreadable.
pub fn plain(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).replace("\r\n", "\n").replace('\r', "\n")
}

/// Every part of a mail, in order.
pub fn parts(fields: Fields, body: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    collect(Part { fields, body }, 0, &mut found);
    found
}

fn collect<'a>(part: Part<'a>, depth: usize, found: &mut Vec<Part<'a>>) {
    let Some(boundary) = part.boundary().filter(|_| depth < DEEPEST) else {
        return found.push(part);
    };
    for text in between(part.body, &boundary) {
        if found.len() >= MOST_PARTS {
            return;
        }
        let (fields, body) = Fields::read(text);
        collect(Part { fields, body }, depth + 1, found);
    }
}

/// What stands between the lines of a boundary; of a mail that was cut off, up to its end.
fn between<'a>(body: &'a str, boundary: &str) -> Vec<&'a str> {
    let (mut found, mut begin, mut at) = (Vec::new(), None, 0);
    for line in body.split_inclusive('\n') {
        let mark = line.trim_end().strip_prefix("--").and_then(|it| it.strip_prefix(boundary));
        if let Some(end @ ("" | "--")) = mark {
            found.extend(begin.map(|begin: usize| &body[begin..at]));
            begin = end.is_empty().then_some(at + line.len());
            if begin.is_none() || found.len() >= MOST_PARTS {
                break;
            }
        }
        at += line.len();
    }
    found.extend(begin.map(|begin| &body[begin..]));
    found
}

/// Nothing where it is damaged.
fn base64(text: &str) -> Vec<u8> {
    let is_digit = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let mut digits: Vec<u8> = text.bytes().filter(is_digit).collect();
    if digits.len() % 4 == 1 {
        digits.pop();
    }
    BASE64_NOPAD.decode(&digits).unwrap_or_default()
}

fn quoted(text: &str) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        let hex = behind.get(..2).filter(|_| *first == b'=');
        rest = match hex.and_then(|hex| HEXUPPER_PERMISSIVE.decode(hex).ok()) {
            Some(decoded) => {
                bytes.extend(decoded);
                &behind[2..]
            }
            // The line goes on.
            None if *first == b'=' && behind.starts_with(b"\n") => &behind[1..],
            None => {
                bytes.push(*first);
                behind
            }
        };
    }
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(mail: &str) -> Vec<(String, String)> {
        let (fields, body) = Fields::read(mail);
        let parts = parts(fields, body);
        parts.iter().map(|part| (part.kind(), part.text().trim().to_owned())).collect()
    }

    #[test]
    fn fields_are_read_over_several_lines_up_to_the_first_empty_one() {
        let (fields, rest) = Fields::read("Subject: a\n b\nTo : x\nno field\n \nTo: y\n");
        assert_eq!((fields.get("subject"), fields.get("to")), (Some("a b"), Some("x")));
        assert_eq!(rest, "To: y\n");
    }

    #[test]
    fn parts_are_found_in_others_and_a_mail_within_a_mail_stays_whole() {
        let mail = "Content-Type: multipart/report;\n boundary=\"a;b\"\n\n--x\n";
        assert_eq!(texts(mail).len(), 0, "no such boundary is possible, and nothing stands there");
        let mail = "Content-Type: MULTIPART/report; boundary=\"o/1\"\n\nbefore\n--o/1\n\
                    Content-Type: multipart/alternative; boundary=i\n\n--i\n\nhello\n--i\n\
                    Content-Type: text/html\n\n<p>\n--i--\n--o/1\nContent-Type: message/rfc822\n\n\
                    Content-Type: multipart/mixed; boundary=z\n\n--z\n--o/1--\nafter\n";
        let [first, second, third] = &texts(mail)[..] else { panic!("{:?}", texts(mail)) };
        assert_eq!(first, &("text/plain".into(), "hello".into()));
        assert_eq!(second, &("text/html".into(), "<p>".into()));
        assert!(third.0 == "message/rfc822" && third.1.contains("boundary=z"), "{third:?}");
    }

    #[test]
    fn what_is_encoded_for_the_way_is_decoded_and_what_is_damaged_does_no_harm() {
        let text = |encoding: &str, body: &str| {
            let mail = format!("Content-Transfer-Encoding: {encoding}\n\n{body}");
            texts(&mail).remove(0).1
        };
        assert_eq!(text("Base64", "U3RhdHVz\nOiA1LjEu\r\nMQ=="), "Status: 5.1.1");
        assert_eq!(text("base64", "U3RhdHVz="), "Status");
        assert_eq!(text("quoted-printable", "a=3D=C4=91 =\nb=zz="), "a=đ b=zz=");
        assert_eq!(text("x-unknown", "as it is"), "as it is");
    }

    #[test]
    fn a_mail_of_parts_within_parts_without_end_costs_no_more_than_its_length() {
        let level = |n: usize| format!("Content-Type: multipart/mixed; boundary=b{n}\n\n--b{n}\n");
        let deep: String = (0..10_000).map(level).collect();
        assert!(texts(&deep).len() <= 1);
        let wide =
            format!("Content-Type: multipart/mixed; boundary=b\n\n{}", "--b\n\nx\n".repeat(50_000));
        assert!(texts(&wide).len() <= MOST_PARTS);
        let (fields, _) = Fields::read(&"a: b\n".repeat(100_000));
        assert_eq!(fields.0.len(), MOST_FIELDS);
    }
}
