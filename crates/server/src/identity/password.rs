//! Which passwords are taken.
//!
//! At least [`PASSWORD_MIN_CHARACTERS`] characters, any Unicode, no rules about their kinds (NIST
//! SP 800-63B). Refused are those that guessers try first: an embedded list of common and leaked
//! ones, the same with the usual substitutions and endings, keyboard rows, repetitions, and what is
//! made of the person's own name and address.

use std::collections::HashSet;
use std::sync::LazyLock;

use crate::error::{Code, Refusal};
use crate::limits::{PASSWORD_MAX_CHARACTERS, PASSWORD_MIN_CHARACTERS};

static COMMON: LazyLock<HashSet<&'static str>> = LazyLock::new(|| {
    include_str!("common-passwords.txt")
        .lines()
        .filter(|line| !line.starts_with('#'))
        .collect()
});

/// Rows of keyboards and other orders that fingers follow.
const ROWS: [&str; 8] = [
    "abcdefghijklmnopqrstuvwxyz",
    "qwertyuiopasdfghjklzxcvbnm",
    "qwertzuiopasdfghjklyxcvbnm",
    "azertyuiopqsdfghjklmwxcvbn",
    "01234567890123456789",
    "1q2w3e4r5t6y7u8i9o0p",
    "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
    "qazwsxedcrfvtgbyhnujm",
];
/// Different characters that a password must have: fewer are repetitions.
const DISTINCT_MIN: usize = 5;

/// Takes a password, or says why not. `about` is what others know of the person.
pub(crate) fn check(password: &str, about: &[&str]) -> Result<(), Refusal> {
    match weakness(password, about) {
        None => Ok(()),
        Some(why) => Err(Refusal::new(Code::PasswordWeak, why)
            .of_field("password")
            .with_hint(
                "a few words that belong together only for you are strong and easy to keep",
            )),
    }
}

fn weakness(password: &str, about: &[&str]) -> Option<String> {
    let length = password.chars().count();
    if length < PASSWORD_MIN_CHARACTERS {
        return Some(format!(
            "the password is too short: it needs at least {PASSWORD_MIN_CHARACTERS} characters and has {length}"
        ));
    }
    if length > PASSWORD_MAX_CHARACTERS {
        return Some(format!(
            "the password is too long: it may have {PASSWORD_MAX_CHARACTERS} characters"
        ));
    }
    let small = password.to_lowercase();
    let plain = plain(&small);
    let distinct: HashSet<char> = small.chars().collect();
    if distinct.len() < DISTINCT_MIN {
        return Some("the password repeats a few characters".to_owned());
    }
    if is_common(&small) || is_common(&plain) {
        return Some("the password is one of those that are guessed first".to_owned());
    }
    if follows_a_row(&small) {
        return Some("the password follows the keyboard or an order".to_owned());
    }
    for known in about {
        let known = self::plain(&known.to_lowercase());
        // What is left without the known word is too little to guess.
        if known.chars().count() >= 4
            && plain.contains(&known)
            && length - known.chars().count() < PASSWORD_MIN_CHARACTERS / 2
        {
            return Some("the password is made of your name, address or organisation".to_owned());
        }
    }
    None
}

/// Whether guessers try it first: as it stands, or a common one (or two, or the same one again and
/// again) with an ending of digits and signs.
fn is_common(text: &str) -> bool {
    if COMMON.contains(text) {
        return true;
    }
    let word = text.trim_matches(|c: char| !c.is_alphabetic());
    let common_word = |word: &str| {
        COMMON.contains(word)
            || COMMON.contains(format!("{word}1").as_str())
            || COMMON.contains(format!("{word}123").as_str())
    };
    if common_word(word) && text.chars().count() - word.chars().count() <= 6 {
        return true;
    }
    let places = word.char_indices().map(|(place, _)| place).skip(4);
    places.into_iter().any(|place| {
        let (first, rest) = word.split_at(place);
        rest.chars().count() >= 4 && first == rest && common_word(first)
    })
}

/// Whether all of it is steps along one of [`ROWS`], forwards or backwards.
fn follows_a_row(text: &str) -> bool {
    let letters: Vec<char> = text.chars().collect();
    let row_of = |part: &[char]| {
        let forwards: String = part.iter().collect();
        let backwards: String = part.iter().rev().collect();
        ROWS.iter()
            .any(|row| row.contains(&forwards) || row.contains(&backwards))
    };
    // In pieces of three, so that rows behind each other count as well.
    letters.chunks(3).all(row_of)
}

/// The usual substitutions undone.
fn plain(small: &str) -> String {
    small
        .chars()
        .map(|c| match c {
            '0' => 'o',
            '1' | '!' | '|' => 'i',
            '3' | '€' => 'e',
            '4' | '@' => 'a',
            '5' | '$' => 's',
            '7' => 't',
            '8' => 'b',
            c => c,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn refused(password: &str, named: &str) {
        let why = weakness(password, &["Ann Smith", "ann.smith", "Example Works"]);
        let why = why.unwrap_or_else(|| panic!("{password:?} was taken"));
        assert!(why.contains(named), "{password:?}: {why}");
    }

    #[track_caller]
    fn taken(password: &str) {
        let why = weakness(password, &["Ann Smith", "ann.smith", "Example Works"]);
        assert_eq!(why, None, "{password:?}");
    }

    #[test]
    fn short_ones_are_refused() {
        refused("", "too short");
        refused("x7$Kq", "too short");
        refused("日本語の合言葉", "too short");
        refused(&"long enough ".repeat(30), "too long");
    }

    #[test]
    fn common_ones_are_refused_however_they_are_dressed() {
        for password in [
            "password1234",
            "Password1234",
            "P@ssw0rd1234",
            "passwordpassword",
            "administrator1",
            "letmeinplease",
            "qwertyuiop12",
            "1q2w3e4r5t6y",
            "correcthorsebatterystaple",
            "iloveyou2025!",
            "!!!welcome123",
            "Summer2024!!",
        ] {
            refused(password, "guessed");
        }
        for password in ["abcdefghijklm", "lkjhgfdsaqwe", "qwertyuiopasd"] {
            assert!(weakness(password, &[]).is_some(), "{password}");
        }
        refused("aaaaaaaaaaaaaaaa", "repeats");
        refused("abababababab", "repeats");
        refused("ann.smith2025", "your name");
        refused("Ex4mple Works!", "your name");
    }

    #[test]
    fn long_ones_of_any_script_are_taken() {
        taken("violet tractor hums at noon");
        taken("мой дядя самых честных правил");
        taken("色は匂へど散りぬるを我が世誰ぞ");
        taken("🦀🔒🌙🎈🍋🧭🪁🎷🧊🥁🛶🧵");
        taken(
            &"ñandú-Ω-κύμα-7 "
                .repeat(5)
                .chars()
                .take(64)
                .collect::<String>(),
        );
        taken("gR7#kv9!mQ2zLp");
    }

    #[test]
    fn the_list_is_in_small_letters_and_long_enough_to_matter() {
        assert!(COMMON.len() > 5_000, "{}", COMMON.len());
        assert!(
            COMMON
                .iter()
                .all(|it| it.chars().count() >= 8 && *it == it.to_lowercase())
        );
    }
}
