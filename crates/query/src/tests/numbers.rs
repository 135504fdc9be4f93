use crate::Decimal;
use crate::json::{Scalar, scalars};
use proptest::prelude::*;

fn decimal(text: &str) -> Decimal {
    Decimal::parse(text).unwrap_or_else(|| panic!("{text:?} is a number"))
}

fn key(number: &Decimal) -> Vec<u8> {
    let mut key = Vec::new();
    number.push_sort_key(&mut key);
    key
}

#[test]
fn numbers_are_compared_by_value_and_not_by_digits() {
    let rising = [
        "-1e400",
        "-10",
        "-9.5",
        "-9.49",
        "-0.001",
        "0",
        "1e-999",
        "0.001",
        "0.5",
        "1",
        "1.00000000000000000001",
        "9007199254740992",
        "9007199254740993",
        "1e400",
        "1e99999999999999999999",
    ];
    for pair in rising.windows(2) {
        let (low, high) = (decimal(pair[0]), decimal(pair[1]));
        assert!(low < high, "{pair:?}");
        assert!(key(&low) < key(&high), "{pair:?}");
    }
}

#[test]
fn equal_numbers_have_equal_keys() {
    for (one, two) in [
        ("1", "1.000"),
        ("1e3", "1000"),
        ("-0", "0.0"),
        ("0.00012", "1.2E-4"),
        ("007", "7"),
    ] {
        assert_eq!(decimal(one), decimal(two));
        assert_eq!(key(&decimal(one)), key(&decimal(two)));
    }
}

#[test]
fn texts_that_are_no_numbers_are_none() {
    for text in [
        "", "-", ".5", "5.", "1e", "1e+", "0x10", "1,000", "NaN", "1 ", "1.2.3", "٣",
    ] {
        assert_eq!(Decimal::parse(text), None, "{text:?}");
    }
}

#[test]
fn a_number_longer_than_is_kept_still_differs_from_a_short_one() {
    let long = format!("1.{}1", "0".repeat(5_000));
    assert!(decimal(&long) > decimal("1"));
    assert!(decimal(&long) < decimal("1.0001"));
}

proptest! {
    #[test]
    fn order_keys_and_text_agree(
        one in "-?[0-9]{1,30}(\\.[0-9]{1,20})?(e-?[0-9]{1,3})?",
        two in "-?[0-9]{1,30}(\\.[0-9]{1,20})?(e-?[0-9]{1,3})?",
    ) {
        let (one, two) = (decimal(&one), decimal(&two));
        prop_assert_eq!(one.cmp(&two), key(&one).cmp(&key(&two)));
        prop_assert_eq!(decimal(&one.to_string()), one);
    }

    #[test]
    fn whole_numbers_are_ordered_as_whole_numbers(one: i64, two: i64) {
        prop_assert_eq!(decimal(&one.to_string()).cmp(&decimal(&two.to_string())), one.cmp(&two));
    }
}

fn scalars_of(json: &str) -> Vec<String> {
    let mut found = Vec::new();
    scalars(json, &mut String::from("k"), &mut |key, value| {
        found.push(match value {
            Scalar::Text(text) => format!("{key}={text}"),
            Scalar::Number(digits) => format!("{key}:{digits}"),
            Scalar::Bool(value) => format!("{key}:{value}"),
        });
    });
    found
}

#[test]
fn values_inside_arrays_and_objects_are_found_with_their_names() {
    assert_eq!(scalars_of(r#""a\"b\\""#), [r#"k=a"b\"#]);
    assert_eq!(scalars_of("12.50"), ["k:12.50"]);
    assert_eq!(scalars_of("null"), [""; 0]);
    assert_eq!(scalars_of("[]"), [""; 0]);
    assert_eq!(
        scalars_of(r#"[1,"x",{"A":{"b":[true,null,2]},"c":"y"},{}]"#),
        ["k:1", "k=x", "k.a.b:true", "k.a.b:2", "k.c=y"]
    );
}

proptest! {
    #[test]
    fn text_that_is_not_canonical_never_panics(text in "[\\[\\]{}\",:a1\\\\é]{0,30}") {
        scalars_of(&text);
    }
}
