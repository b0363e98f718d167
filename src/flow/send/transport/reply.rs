//! What a mail server's "no" is about: the recipient, this one message, or us who send. By its reply code and the
//! enhanced status code (RFC 3463). What follows from it is decided by `send`.

/// Longer replies tell nothing more.
const LONGEST: usize = 300;
/// Codes that ask for a log-in, or refuse one (RFC 4954).
const OF_LOG_IN: [u16; 4] = [530, 534, 535, 538];

/// Where in the dialogue a reply came.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    Sender,
    Recipient,
    Content,
}

/// Whom a refusal for good is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Blame {
    /// Another address is needed.
    Recipient,
    Message,
    /// Log-in, quota, policy: the next mail would fare no better.
    Sender,
}

pub fn blame(phase: Phase, code: u16, text: &str) -> Blame {
    let enhanced = enhanced(text);
    if OF_LOG_IN.contains(&code) || phase == Phase::Sender {
        return Blame::Sender;
    }
    match (phase, enhanced) {
        // Policy, quota; and senders that are named as bad only at the recipient.
        (_, Some((7, _) | (4, 5) | (1, 7 | 8))) => Blame::Sender,
        (_, Some((3 | 6, _))) => Blame::Message,
        (_, Some((1 | 2, _))) | (Phase::Recipient, _) => Blame::Recipient,
        _ => Blame::Message,
    }
}

/// Subject and detail of `5.1.1`, also of `(#5.1.1)`.
fn enhanced(text: &str) -> Option<(u16, u16)> {
    text.split_whitespace().find_map(|word| {
        let word = word.trim_matches(|c: char| !c.is_ascii_digit());
        let mut parts = word.split('.').map(str::parse::<u16>);
        match (parts.next(), parts.next(), parts.next(), parts.next()) {
            (Some(Ok(5)), Some(Ok(subject)), Some(Ok(detail)), None) => Some((subject, detail)),
            _ => None,
        }
    })
}

/// A reply as it may be stored and shown: one line, and without the links of ours that filters repeat.
pub fn shown(code: u16, text: &str) -> String {
    plain(&format!("{code} {text}"))
}

/// The same without a code.
pub fn plain(text: &str) -> String {
    let words = text.split_whitespace().map(|word| if word.contains("://") { "…" } else { word });
    let said = words.collect::<Vec<&str>>().join(" ");
    said.chars().filter(|c| !c.is_control()).take(LONGEST).collect::<String>().trim().to_owned()
}

/// What a report says of a recipient's server that refused after another one had taken the mail; with its status.
pub fn blame_of_report(status: &str, text: &str) -> Blame {
    const REFUSED: u16 = 550;
    blame(Phase::Recipient, REFUSED, &format!("{status} {text}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_no_is_about_the_recipient_the_message_or_the_sender() {
        use Phase::{Content, Recipient, Sender};
        for (phase, code, text, expected) in [
            (Recipient, 550, "5.1.1 <a@b.vn>: user unknown", Blame::Recipient),
            (Recipient, 550, "no such user here", Blame::Recipient),
            (Recipient, 552, "5.2.2 mailbox full", Blame::Recipient),
            (Recipient, 554, "5.7.1 relay access denied", Blame::Sender),
            (Recipient, 553, "sorry, not in my list of rcpthosts (#5.7.1)", Blame::Sender),
            (Recipient, 550, "5.1.8 sender address rejected", Blame::Sender),
            (Recipient, 550, "5.4.5 daily sending quota exceeded", Blame::Sender),
            (Recipient, 530, "authentication required", Blame::Sender),
            (Sender, 550, "5.1.0 sender rejected", Blame::Sender),
            (Content, 550, "5.7.1 message looks like spam", Blame::Sender),
            (Content, 550, "5.1.1 user unknown", Blame::Recipient),
            (Content, 552, "5.3.4 message too big", Blame::Message),
            (Content, 554, "transaction failed", Blame::Message),
        ] {
            assert_eq!(blame(phase, code, text), expected, "{code} {text}");
        }
    }

    #[test]
    fn a_reply_is_shown_in_one_line_and_without_links() {
        let said = shown(554, "5.6.0 bad link\r\nhttps://x.vn/kich-hoat/?token=abc \u{1b}[31mhere");
        assert_eq!(said, "554 5.6.0 bad link … [31mhere");
        assert!(shown(550, &"x".repeat(2_000)).len() <= LONGEST);
    }
}
