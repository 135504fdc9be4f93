use std::fmt::Write;

use crate::catalogue::{FIELDS, ValueKind};
use crate::{DEPTH_MAX, QUERY_MAX_CHARS, TERMS_MAX, VALUE_MAX_CHARS, parse, testing::context};

const PAGE: &str = include_str!("../../../../docs/search.md");

fn table() -> String {
    let mut table =
        String::from("| field | also | values | finds | example |\n|---|---|---|---|---|\n");
    for field in FIELDS {
        let kind = match field.kind() {
            ValueKind::Word | ValueKind::OrderedWord => field
                .values()
                .iter()
                .map(|word| format!("`{word}`"))
                .collect::<Vec<_>>()
                .join(" "),
            ValueKind::Named => "named".into(),
            kind => format!("{kind:?}").to_lowercase(),
        };
        let aliases: Vec<String> = field
            .aliases
            .iter()
            .map(|alias| format!("`{alias}`"))
            .collect();
        let (name, also) = (field.name, aliases.join(" "));
        let (description, example) = (field.description, field.example);
        let _ = writeln!(
            table,
            "| `{name}` | {also} | {kind} | {description} | `{example}` |"
        );
    }
    table
}

#[test]
fn the_page_lists_the_fields_of_the_catalogue() {
    let table = table();
    assert!(
        PAGE.contains(&table),
        "put this table into docs/search.md:\n{table}"
    );
}

#[test]
fn the_page_names_the_limits() {
    let thousands = |number: usize| format!("{},{:03}", number / 1000, number % 1000);
    let (query, value) = (thousands(QUERY_MAX_CHARS), thousands(VALUE_MAX_CHARS));
    let limits = format!(
        "at most {query} characters, {TERMS_MAX} terms and {DEPTH_MAX} levels of parentheses; a value at most {value} characters"
    );
    assert!(PAGE.contains(&limits), "{limits}");
}

#[test]
fn the_first_example_of_the_page_is_a_right_query() {
    let example = PAGE.split("```").nth(1).expect("an example");
    assert!(parse(example, &context()).is_ok(), "{example}");
}
