//! The instance: one data folder, one name.

use std::fmt;
use std::str::FromStr;

use event::Timestamp;

/// Format of a data folder that this program writes and reads. A folder with a greater number was
/// written by a newer program and is refused; a smaller one is brought up to date when opened.
pub const FOLDER_FORMAT: u32 = 1;

/// Most characters of an instance's name: it stands in every checkpoint, and a DNS name is at most
/// this long.
const NAME_MAX_CHARACTERS: usize = 253;

/// First half of every checkpoint's origin, `<instance>/<tenant>`: fixed when the folder is made.
/// Letters, digits, `-`, `.` and `_`; a host name such as `annals.example.com` is a good one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstanceName(String);

/// The text is no instance name.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no instance name: use 1 to 253 of a-z, 0-9, `-`, `_` and `.`, and begin with a letter or a digit"
)]
pub struct InstanceNameError(String);

impl InstanceName {
    /// A name nobody chose: `annals-` and 12 hexadecimal digits.
    pub fn from_random(random: [u8; 6]) -> Self {
        let mut name = "annals-".to_owned();
        for byte in random {
            name.push_str(&format!("{byte:02x}"));
        }
        InstanceName(name)
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for InstanceName {
    type Err = InstanceNameError;

    fn from_str(text: &str) -> Result<Self, InstanceNameError> {
        let plain = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let fits = (1..=NAME_MAX_CHARACTERS).contains(&text.len())
            && text
                .bytes()
                .all(|b| plain(b) || matches!(b, b'-' | b'.' | b'_'))
            && text.bytes().next().is_some_and(plain);
        if fits {
            Ok(InstanceName(text.to_owned()))
        } else {
            Err(InstanceNameError(text.chars().take(80).collect()))
        }
    }
}

impl fmt::Display for InstanceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What the catalog knows of the folder it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Instance {
    /// The name in every checkpoint.
    pub name: InstanceName,
    /// Format of the folder, at most [`FOLDER_FORMAT`].
    pub format: u32,
    /// When the folder was made.
    pub created_at: Timestamp,
}
