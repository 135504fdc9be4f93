//! Names of things in lists, events and logs: a word and 16 hexadecimal digits. None is secret.

use std::fmt;

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $prefix:literal;)+) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// The id that 8 random bytes make.
            pub fn from_random(random: [u8; 8]) -> Self {
                $name(format!(concat!($prefix, "{:016x}"), u64::from_be_bytes(random)))
            }

            /// An id somebody typed; whether there is such a thing is the catalog's word.
            pub fn from_text(text: &str) -> Self {
                $name(text.to_owned())
            }

            /// The id as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )+};
}

ids! {
    /// A person.
    PersonId = "usr_";
    /// A session.
    SessionId = "ses_";
    /// A one-time link: a set-up, an invitation or a new password.
    LinkId = "inv_";
    /// A team.
    TeamId = "team_";
    /// A saved search.
    SearchId = "srch_";
    /// An API key.
    KeyId = "key_";
}
