use crate::testing::context;
use crate::{
    DEPTH_MAX, QUERY_MAX_CHARS, QueryErrorCode as Code, TERMS_MAX, VALUE_MAX_CHARS, parse,
};

/// `marked` is a query in which `⟦` and `⟧` stand around what the error points at.
#[track_caller]
fn check(marked: &str, code: Code, hint: &str) {
    let position = marked.chars().position(|c| c == '⟦').expect("a mark");
    let end = marked.chars().position(|c| c == '⟧').expect("an end mark");
    let query: String = marked.chars().filter(|c| !matches!(c, '⟦' | '⟧')).collect();
    let error = parse(&query, &context()).expect_err(&query);
    let found = (error.code, error.position, error.length);
    assert_eq!(
        found,
        (code, position, end - position - 1),
        "{query:?}: {error}"
    );
    let given = error.hint.clone().unwrap_or_default();
    assert!(
        given.contains(hint),
        "{query:?}: the hint {given:?} does not say {hint:?}"
    );
    assert!(!error.message.is_empty());
}

#[test]
fn unknown_fields_name_the_nearest() {
    check(
        "⟦acton⟧:login",
        Code::UnknownField,
        "did you mean `action:`",
    );
    check(
        "größe ⟦outcom⟧:failure",
        Code::UnknownField,
        "did you mean `outcome:`",
    );
    check("⟦actor.emial⟧:x", Code::UnknownField, "`actor.email:`");
    check(
        "⟦metdata.attempt⟧:3",
        Code::UnknownField,
        "`metadata.attempt:`",
    );
    check(
        "⟦https⟧://example.com",
        Code::UnknownField,
        "\"https://example.com\"",
    );
    check("⟦metadata.⟧:3", Code::UnknownField, "metadata.attempt:3");
}

#[test]
fn tenant_is_never_a_field() {
    check("⟦tenant⟧:main", Code::UnknownField, "in quotes");
    check("⟦Tenant⟧:main", Code::UnknownField, "in quotes");
}

#[test]
fn wrong_words_name_the_nearest() {
    check(
        "outcome:⟦faliure⟧",
        Code::UnknownValue,
        "did you mean `failure`",
    );
    check(
        "severity:⟦>=hgih⟧",
        Code::UnknownValue,
        "did you mean `high`",
    );
    check(
        "a category:⟦zzzzzz⟧",
        Code::UnknownValue,
        "one of security, user_activity",
    );
    check("kind:(own OR ⟦tomb⟧)", Code::UnknownValue, "tombstone");
}

#[test]
fn what_is_opened_must_be_closed() {
    check("a ⟦\"⟧credit limit", Code::Quote, "add `\"`");
    check("actor:⟦\"⟧john\\\"", Code::Quote, "");
    check("a ⟦(⟧b OR c", Code::Parenthesis, "add `)`");
    check("a (b ⟦(⟧", Code::Parenthesis, "");
    check("a b⟦)⟧ c", Code::Parenthesis, "remove it");
    check("⟦)⟧", Code::Parenthesis, "");
    check("5⟦\"⟧ disk", Code::Quote, "");
    check("\"a\"⟦b⟧", Code::Quote, "space");
    check("f⟦(⟧x)", Code::Parenthesis, "space");
}

#[test]
fn nothing_where_something_must_be() {
    check("⟦actor:⟧", Code::Empty, "actor:value");
    check("a ⟦actor:⟧ john", Code::Empty, "without a space");
    check("(⟦actor:⟧)", Code::Empty, "");
    check("actor:⟦\"\"⟧", Code::Empty, "");
    check("⟦()⟧", Code::Empty, "");
    check("role:⟦( )⟧", Code::Empty, "");
    check("records:⟦>⟧", Code::Empty, "records:>1000");
    check("a ⟦-⟧", Code::MissingTerm, "");
    check("a ⟦-⟧ b", Code::MissingTerm, "directly before");
    check("a ⟦OR⟧", Code::MissingTerm, "\"OR\"");
    check("⟦OR⟧ a", Code::MissingTerm, "\"OR\"");
    check("a OR ⟦OR⟧ b", Code::MissingTerm, "");
    check("(⟦AND⟧ b)", Code::MissingTerm, "");
    check("a ⟦NOT⟧", Code::MissingTerm, "");
    check("a AND ⟦OR⟧ b", Code::MissingTerm, "");
    check("NOT ⟦OR⟧ b", Code::MissingTerm, "");
}

#[test]
fn stars_stand_at_the_end_or_on_both_sides() {
    check("⟦*mith⟧", Code::Wildcard, "*mith*");
    check("actor:⟦jo*n⟧", Code::Wildcard, "on both sides");
    check("actor:⟦*⟧", Code::TooShort, "");
    check("⟦**⟧", Code::TooShort, "");
    check("⟦*ab*⟧", Code::TooShort, "ab*");
    check("message:⟦*a--*⟧", Code::TooShort, "");
    check("message:⟦*-.-*⟧", Code::TooShort, "in a row");
    check("request:⟦req*⟧", Code::Wildcard, "whole");
    check("id:⟦*req*⟧", Code::Wildcard, "whole");
    check("records:⟦10*⟧", Code::Wildcard, "range");
    check("⟦!!!⟧", Code::TooShort, "by their words");
    check("new:⟦\"€\"⟧", Code::TooShort, "by their words");
}

#[test]
fn numbers_times_and_addresses_must_be_some() {
    check("records:⟦many⟧", Code::Number, "whole number");
    check("records:⟦1,000⟧", Code::Number, "without separators");
    check("records:⟦1.5⟧", Code::Number, "");
    check("records:⟦5s⟧", Code::Number, "");
    check("records:⟦99999999999999999999⟧", Code::Number, "");
    check("duration:⟦0.5ms⟧", Code::Number, "200ms");
    check("bytes:⟦10xb⟧", Code::Number, "10MB");
    check("records:⟦5..3⟧", Code::Comparison, "smaller");
    check("records:⟦5..⟧", Code::Comparison, "10..*");
    check("metadata.attempt:⟦>few⟧", Code::Number, "numbers only");
    check("metadata.attempt:⟦5..3⟧", Code::Comparison, "smaller");
    check("occurred:⟦2026-13-01⟧", Code::Time, "now-7d");
    check("occurred:⟦2026-02-30⟧", Code::Time, "");
    check("occurred:⟦>now-7y⟧", Code::Time, "s, m, h, d, w");
    check("occurred:⟦now-7d⟧", Code::Time, ">=now-7d");
    check("occurred:⟦>2026-01-15T25:00⟧", Code::Time, "");
    check(
        "occurred:⟦2026-01-20..2026-01-15⟧",
        Code::Comparison,
        "smaller",
    );
    check("occurred:⟦>now-99999999999999w⟧", Code::Time, "");
    check("occurred:⟦\"\u{e9}\"⟧", Code::Time, "");
    check("ip:⟦300.1.2.3⟧", Code::Address, "10.0.0.0/8");
    check("ip:⟦10.0.0.0/33⟧", Code::Address, "");
    check("ip:⟦10.0.0.1*⟧", Code::Address, "192.168.*");
    check("ip:⟦1.2.3.4.*⟧", Code::Address, "");
}

#[test]
fn fields_without_an_order_are_not_compared() {
    check("actor:⟦>5⟧", Code::Comparison, "in quotes");
    check("outcome:⟦>=failure⟧", Code::Comparison, "");
    check("ip:⟦>10.0.0.1⟧", Code::Comparison, "");
    check("severity:⟦>critical⟧", Code::Comparison, "");
    check("severity:⟦<info⟧", Code::Comparison, "");
    check("severity:⟦high..low⟧", Code::Comparison, "smaller");
}

#[test]
fn limits_are_kept() {
    let at = QUERY_MAX_CHARS;
    check(&format!("{}⟦⟧a", " ".repeat(at)), Code::QueryTooLong, "");
    let terms = "a ".repeat(TERMS_MAX);
    check(&format!("{terms}⟦⟧a"), Code::TooManyTerms, "");
    let open = "(".repeat(DEPTH_MAX);
    check(&format!("{open}⟦(⟧a"), Code::TooDeep, "");
    let value = "a".repeat(VALUE_MAX_CHARS + 1);
    check(&format!("actor:⟦{value}⟧"), Code::ValueTooLong, "");
    let deepest = format!("{open}a{}", ")".repeat(DEPTH_MAX));
    assert!(parse(&deepest, &context()).is_ok());
    assert!(parse(&terms, &context()).is_ok());
}

#[test]
fn an_error_reads_as_one_sentence() {
    let error = parse("acton:login", &context()).expect_err("wrong");
    assert_eq!(
        error.to_string(),
        "no field is called `acton` (at character 1); did you mean `action:`? To search for the text itself, \
         put it in quotes: \"acton:login\""
    );
}
