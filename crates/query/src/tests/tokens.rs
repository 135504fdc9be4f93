use crate::part::{Anchor, anchors};
use crate::words::{self, WORD_MAX_CHARS};

#[track_caller]
fn check(text: &str, expected: &[&str]) {
    assert_eq!(words::list(text), expected, "{text:?}");
}

#[test]
fn words_are_runs_of_letters_and_digits_in_lower_case() {
    check("", &[]);
    check(" -- ", &[]);
    check(
        "Credit-Limit: 10,000.00 €",
        &["credit", "limit", "10", "000", "00"],
    );
    check(
        "john.smith@Example.COM",
        &["john", "smith", "example", "com"],
    );
    check("GRÖSSE größe", &["grösse", "größe"]);
    check("snake_case", &["snake", "case"]);
}

#[test]
fn characters_of_scripts_without_spaces_are_words() {
    check("限度額abc", &["限", "度", "額", "abc"]);
    check("カード2枚", &["カ", "ー", "ド", "2", "枚"]);
    check("ไทย", &["ไ", "ท", "ย"]);
}

#[test]
fn marks_stay_inside_words() {
    check("e\u{301}cole", &["e\u{301}cole"]);
    check("कार्य", &["कार्य"]);
    check("İstanbul", &["i\u{307}stanbul"]);
}

#[test]
fn both_greek_sigmas_are_one() {
    check("ΟΔΟΣ οδός", &["οδοσ", "οδόσ"]);
}

#[test]
fn long_runs_are_cut_from_their_start() {
    let long = "A".repeat(2 * WORD_MAX_CHARS + 1);
    let piece = "a".repeat(WORD_MAX_CHARS);
    check(&long, &[&piece, &piece, "a"]);
    let long = "Ä".repeat(WORD_MAX_CHARS + 1);
    check(&long, &[&"ä".repeat(WORD_MAX_CHARS), "ä"]);
}

#[test]
fn folding_twice_changes_nothing_for_any_character() {
    for c in (0..=u32::from(char::MAX)).filter_map(char::from_u32) {
        let text = format!("a{c}b");
        let once = words::fold(&text).into_owned();
        assert_eq!(words::fold(&once), once, "{c:?}");
        assert_eq!(words::list(&text), words::list(&once), "{c:?}");
    }
}

#[test]
fn substrings_over_signs_are_looked_up_by_what_is_whole_in_them() {
    let word = |word: &str, prefix| Anchor::Word {
        word: word.into(),
        prefix,
    };
    let inside = |part: &str| Anchor::Inside(part.into());
    assert_eq!(
        anchors("@example.com"),
        [word("example", false), word("com", true)]
    );
    assert_eq!(anchors("mith@ex"), [inside("mith"), word("ex", true)]);
    assert_eq!(anchors("ab-cd-"), [word("cd", false)]);
    assert_eq!(
        anchors("限度額"),
        [word("限", false), word("度", false), word("額", false)]
    );
    assert_eq!(anchors("abc"), [inside("abc")]);
    assert_eq!(anchors("ab-"), []);
    assert_eq!(anchors("---"), []);
}
