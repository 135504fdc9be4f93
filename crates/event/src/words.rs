//! The closed vocabularies of an event. Every word has a number that formats may store; words are
//! added at the end and never renumbered.

/// A text that is not a word of a vocabulary, with the word it most resembles.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{given:?} is not {vocabulary}; did you mean {nearest:?}? It is one of {}", all.join(", "))]
pub struct UnknownWord {
    /// What was looked for, with its article: `a severity`.
    pub vocabulary: &'static str,
    /// The text that was given, cut to a readable length.
    pub given: String,
    /// The closest word.
    pub nearest: &'static str,
    /// Every word there is.
    pub all: &'static [&'static str],
}

impl UnknownWord {
    /// Names the word of `all` nearest to `given`.
    pub fn new(vocabulary: &'static str, given: &str, all: &'static [&'static str]) -> Self {
        let given: String = given.chars().take(GIVEN_MAX_CHARS).collect();
        let nearest = nearest(&given, all).unwrap_or("");
        UnknownWord {
            vocabulary,
            given,
            nearest,
            all,
        }
    }
}

/// Longest part of a wrong word that a message repeats, in characters.
const GIVEN_MAX_CHARS: usize = 64;

/// The candidate with the smallest edit distance to `given`; the first of equals.
pub(crate) fn nearest(given: &str, all: &[&'static str]) -> Option<&'static str> {
    let given: Vec<char> = given.to_lowercase().chars().take(GIVEN_MAX_CHARS).collect();
    all.iter()
        .copied()
        .min_by_key(|word| distance(&given, word))
}

/// Levenshtein distance.
fn distance(given: &[char], word: &str) -> usize {
    let mut row: Vec<usize> = (0..=given.len()).collect();
    for (line, letter) in word.chars().enumerate() {
        let mut diagonal = line;
        let mut left = line + 1;
        for (cell, other) in row
            .iter_mut()
            .zip(std::iter::once(None).chain(given.iter().map(Some)))
        {
            let above = *cell;
            *cell = match other {
                None => line + 1,
                Some(other) => (diagonal + usize::from(*other != letter))
                    .min(above + 1)
                    .min(left + 1),
            };
            diagonal = above;
            left = *cell;
        }
    }
    row.last().copied().unwrap_or(0)
}

macro_rules! vocabulary {
    ($(#[$meta:meta])* $name:ident, $article:literal { $($(#[$word_meta:meta])* $word:ident = $number:literal $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[repr(u8)]
        pub enum $name { $($(#[$word_meta])* $word = $number,)+ }

        impl $name {
            /// Every word, in the order of the numbers.
            pub const ALL: &'static [$name] = &[$($name::$word,)+];
            /// The text of every word, in the order of the numbers.
            pub const WORDS: &'static [&'static str] = &[$($text,)+];

            /// The word as it stands on the wire.
            pub const fn as_str(self) -> &'static str {
                match self { $($name::$word => $text,)+ }
            }

            /// The number formats store.
            pub const fn code(self) -> u8 {
                self as u8
            }

            /// The word with this number.
            pub const fn from_code(code: u8) -> Option<Self> {
                match code { $($number => Some($name::$word),)+ _ => None }
            }

            /// The word that is exactly `text`.
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$word),)+ _ => None }
            }
        }

        impl std::str::FromStr for $name {
            type Err = $crate::words::UnknownWord;

            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Self::parse(text).ok_or_else(|| $crate::words::UnknownWord::new($article, text, Self::WORDS))
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let text = <std::borrow::Cow<'de, str>>::deserialize(deserializer)?;
                text.parse().map_err(serde::de::Error::custom)
            }
        }
    };
}
pub(crate) use vocabulary;

vocabulary! {
    /// Who wrote an event into the ledger.
    Kind, "a kind" {
        /// Sent by an application.
        Application = 0 "application",
        /// Annals' own event.
        Own = 1 "own",
        /// Says what was erased.
        Tombstone = 2 "tombstone",
        /// Says how long something is kept.
        Policy = 3 "policy",
    }
}

vocabulary! {
    /// The log type of an event; decides how long it is kept.
    Category, "a category" {
        /// Sign-ins, permissions, keys, locks.
        Security = 0 "security",
        /// What people do beside changing records.
        UserActivity = 1 "user_activity",
        /// Records made, changed or removed.
        RecordChange = 2 "record_change",
        /// Jobs, backups, integrations.
        System = 3 "system",
        /// Calls of the application's interface.
        ApiRequest = 4 "api_request",
        /// Records looked at.
        View = 5 "view",
    }
}

vocabulary! {
    /// What kind of thing was done, whatever the application calls it.
    Activity, "an activity" {
        /// Something was made.
        Create = 0 "create",
        /// Something was looked at.
        Read = 1 "read",
        /// Something was changed.
        Update = 2 "update",
        /// Something was removed.
        Delete = 3 "delete",
        /// Somebody signed in, or tried to.
        Login = 4 "login",
        /// Somebody signed out.
        Logout = 5 "logout",
        /// Data left the application.
        Export = 6 "export",
        /// Data came into the application.
        Import = 7 "import",
        /// Something was looked for.
        Search = 8 "search",
        /// Something was shown to somebody else.
        Share = 9 "share",
        /// A right was given.
        Grant = 10 "grant",
        /// A right was taken away.
        Revoke = 11 "revoke",
        /// Something was locked.
        Lock = 12 "lock",
        /// Something was unlocked.
        Unlock = 13 "unlock",
        /// Something was switched on.
        Enable = 14 "enable",
        /// Something was switched off.
        Disable = 15 "disable",
        /// Something was approved or refused by a person.
        Approve = 16 "approve",
        /// Something ran.
        Execute = 17 "execute",
        /// A setting was changed.
        Configure = 18 "configure",
        /// None of these.
        Other = 19 "other",
    }
}

vocabulary! {
    /// How it ended.
    Outcome, "an outcome" {
        /// It worked.
        Success = 0 "success",
        /// It did not work.
        Failure = 1 "failure",
        /// It was not allowed.
        Denied = 2 "denied",
        /// It worked, with something to look at.
        Warning = 3 "warning",
        /// The sender does not know.
        Unknown = 4 "unknown",
    }
}

vocabulary! {
    /// How much an event matters; ordered.
    Severity, "a severity" {
        /// Ordinary.
        Info = 0 "info",
        /// Worth a note.
        Low = 1 "low",
        /// Worth a look.
        Medium = 2 "medium",
        /// Needs a look.
        High = 3 "high",
        /// Needs a look now.
        Critical = 4 "critical",
    }
}

vocabulary! {
    /// What kind of actor did it.
    ActorType, "an actor type" {
        /// A person.
        User = 0 "user",
        /// A service of the application.
        Service = 1 "service",
        /// A program with an API key.
        ApiKey = 2 "api_key",
        /// The application itself.
        System = 3 "system",
        /// An agent that acts by itself.
        AiAgent = 4 "ai_agent",
        /// Somebody who is not known.
        Anonymous = 5 "anonymous",
    }
}

vocabulary! {
    /// What kind of value a change is about.
    ChangeType, "a type of change" {
        /// Text.
        String = 0 "string",
        /// A number.
        Number = 1 "number",
        /// An amount of money.
        Money = 2 "money",
        /// A date or a time.
        Date = 3 "date",
        /// Yes or no.
        Bool = 4 "bool",
        /// Anything else.
        Json = 5 "json",
    }
}

#[cfg(test)]
mod tests {
    use super::{Activity, ActorType, Category, ChangeType, Kind, Outcome, Severity};

    #[test]
    fn every_word_is_read_back_and_nothing_like_it() {
        fn check<W: Copy + PartialEq>(
            words: &[W],
            text: impl Fn(W) -> &'static str,
            parse: impl Fn(&str) -> Option<W>,
        ) {
            for word in words {
                let text = text(*word);
                assert!(parse(text) == Some(*word), "{text}");
                let shorter = text.get(..text.len() - 1).unwrap();
                let other_end = format!("{shorter}?");
                for wrong in [
                    shorter,
                    &other_end,
                    &format!("{text}s"),
                    &text.to_uppercase(),
                ] {
                    assert!(parse(wrong).is_none(), "{wrong}");
                }
            }
            assert!(parse("").is_none());
        }
        check(Kind::ALL, Kind::as_str, Kind::parse);
        check(Category::ALL, Category::as_str, Category::parse);
        check(Activity::ALL, Activity::as_str, Activity::parse);
        check(Outcome::ALL, Outcome::as_str, Outcome::parse);
        check(Severity::ALL, Severity::as_str, Severity::parse);
        check(ActorType::ALL, ActorType::as_str, ActorType::parse);
        check(ChangeType::ALL, ChangeType::as_str, ChangeType::parse);
    }
}
