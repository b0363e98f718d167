//! Words that are stored, exported and configured by one name each: closed sets as enums, and words that the owner's
//! tables list. What a word means is said where it stands.

/// A word that is none of its set.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{found}` is none of {}", known.join(", "))]
pub struct UnknownWord {
    pub found: String,
    pub known: &'static [&'static str],
}

/// Declares an enum by its words: `as_str`, `ALL`, `FromStr`, `Display` and serde by that one name.
macro_rules! words {
    ($(#[$meta:meta])* pub enum $name:ident { $($(#[$doc:meta])* $variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize)]
        #[serde(into = "&'static str", try_from = "String")]
        pub enum $name { $($(#[$doc])* $variant),+ }

        impl $name {
            pub const ALL: &'static [$name] = &[$($name::$variant),+];
            const WORDS: &'static [&'static str] = &[$($word),+];

            /// The name under which it is stored and shown to programs.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$variant => $word),+ }
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::UnknownWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                match text {
                    $($word => Ok($name::$variant),)+
                    _ => Err($crate::domain::words::UnknownWord { found: text.to_owned(), known: Self::WORDS }),
                }
            }
        }

        impl TryFrom<String> for $name {
            type Error = $crate::domain::words::UnknownWord;
            fn try_from(text: String) -> Result<Self, $crate::domain::words::UnknownWord> {
                text.parse()
            }
        }

        impl From<$name> for &'static str {
            fn from(word: $name) -> &'static str {
                word.as_str()
            }
        }
    };
}
pub(crate) use words;

/// Serde and the database see a checked text as a string, and check it again on the way in.
macro_rules! checked_text {
    ($name:ident, $error:ty) => {
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(&self.0)
            }
        }

        impl TryFrom<String> for $name {
            type Error = $error;
            fn try_from(text: String) -> Result<Self, Self::Error> {
                text.parse()
            }
        }

        impl From<$name> for String {
            fn from(value: $name) -> String {
                value.0
            }
        }
    };
}
pub(crate) use checked_text;

/// A text that is no word of a table.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no word: letters without accents, digits, `_`, `-` and `.`, at most 32")]
pub struct NoWord(pub String);

/// Whether a text may be a word that tables list.
pub fn is_word(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'.');
    (1..=32).contains(&text.len()) && text.bytes().all(fits)
}

/// Declares a word of which the catalogue lists the values: a new one needs no code.
macro_rules! listed_word {
    ($(#[$meta:meta])* pub struct $name:ident) => {
        $(#[$meta])*
        /// The values are those of the catalogue.
        #[derive(Clone, Debug, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
        #[serde(into = "String", try_from = "String")]
        pub struct $name(String);

        impl $name {
            /// The name under which it is stored and shown to programs.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::domain::words::NoWord;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                let is_word = $crate::domain::words::is_word(text);
                is_word.then(|| $name(text.to_owned())).ok_or_else(|| $crate::domain::words::NoWord(text.to_owned()))
            }
        }

        $crate::domain::words::checked_text!($name, $crate::domain::words::NoWord);
    };
}
pub(crate) use listed_word;
