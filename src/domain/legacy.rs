//! Encodings of Vietnamese from before Unicode, which arrive as the wrong letters inside a valid file.

use super::words::words;

words! {
    /// What a text was written in, before something took its bytes for something else.
    pub enum Legacy {
        /// ABC, the fonts `.VnTime` and their like (TCVN 5712:1993).
        Tcvn3 = "tcvn3",
        /// VNI-Windows: a letter, and another one for its tone.
        Vni = "vni",
        /// UTF-8 that was taken for windows-1252.
        Utf8 = "utf-8",
        /// windows-1258 that was taken for windows-1252.
        Windows1258 = "windows-1258",
    }
}
