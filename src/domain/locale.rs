//! The two languages of the program.

use super::words::words;

words! {
    /// Language of workbooks, mails and messages.
    pub enum Locale {
        Vi = "vi",
        En = "en",
    }
}
