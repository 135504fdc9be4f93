use event::{Sequence, TimeError, Timestamp, parse_display_id};
use proptest::prelude::*;

#[track_caller]
fn check(text: &str, expected: Result<&str, TimeError>) {
    let found = Timestamp::parse_rfc3339(text).map(|time| time.to_string());
    assert_eq!(found, expected.map(str::to_owned), "{text}");
}

#[test]
fn times_are_read_and_written_in_utc() {
    check("2026-01-22T10:20:00Z", Ok("2026-01-22T10:20:00.000000Z"));
    check("2026-01-22t10:20:00.5z", Ok("2026-01-22T10:20:00.500000Z"));
    check(
        "2026-01-01T00:30:00.000001+01:00",
        Ok("2025-12-31T23:30:00.000001Z"),
    );
    check(
        "2024-02-29T23:59:59-23:59",
        Ok("2024-03-01T23:58:59.000000Z"),
    );
    check("0000-01-01T00:00:00Z", Ok("0000-01-01T00:00:00.000000Z"));
    check(
        "9999-12-31T23:59:59.999999Z",
        Ok("9999-12-31T23:59:59.999999Z"),
    );
}

#[test]
fn what_is_no_time_says_why() {
    check("", Err(TimeError::Malformed));
    check("2026-01-22 10:20:00Z", Err(TimeError::Malformed));
    check("2026-01-22T10:20Z", Err(TimeError::Malformed));
    check("2026-01-22T10:20:00.Z", Err(TimeError::Malformed));
    check("2026-01-22T10:20:00Zx", Err(TimeError::Malformed));
    check("2026-01-22T10:20:00+0100", Err(TimeError::Malformed));
    check("+026-01-22T10:20:00Z", Err(TimeError::Malformed));
    check("2026-01-22T10:20:00", Err(TimeError::NoOffset));
    check("2026-01-22T10:20:00.1234567Z", Err(TimeError::TooFine));
    check("2026-13-22T10:20:00Z", Err(TimeError::NoSuchTime));
    check("2025-02-29T10:20:00Z", Err(TimeError::NoSuchTime));
    check("1900-02-29T10:20:00Z", Err(TimeError::NoSuchTime));
    check("2026-01-22T24:00:00Z", Err(TimeError::NoSuchTime));
    check("2026-01-22T23:59:60Z", Err(TimeError::NoSuchTime));
    check("2026-01-22T10:20:00+24:00", Err(TimeError::NoSuchTime));
}

#[test]
fn an_event_has_one_display_id() {
    let event = parse_display_id("LOG-2026-0000123").unwrap();
    assert_eq!(event.sequence(), Sequence::new(123));
    assert!(event.fits(Timestamp::parse_rfc3339("2026-12-31T23:59:59Z").unwrap()));
    assert!(!event.fits(Timestamp::parse_rfc3339("2027-01-01T00:00:00Z").unwrap()));
    assert_eq!(
        parse_display_id("123").unwrap().sequence(),
        Sequence::new(123)
    );
    assert_eq!(
        parse_display_id("LOG-2026-12345678").unwrap().sequence(),
        Sequence::new(12_345_678)
    );
    for wrong in [
        "",
        "LOG-",
        "LOG-2026",
        "LOG-2026-123",
        "LOG-2026-00000123",
        "log-2026-0000123",
        "-1",
        "+1",
        "LOG-26-0000123",
        "LOG-2026-+000123",
        "99999999999999999999",
    ] {
        assert!(parse_display_id(wrong).is_err(), "{wrong}");
    }
}

proptest! {
    #[test]
    fn times_agree_with_jiff(micros in 0i64..4_102_444_800_000_000) {
        let ours = Timestamp::from_micros(micros);
        let theirs = jiff::Timestamp::from_microsecond(micros).unwrap();
        let text = ours.to_string();
        prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap(), theirs);
        prop_assert_eq!(Timestamp::parse_rfc3339(&text).unwrap(), ours);
        let date = theirs.to_zoned(jiff::tz::TimeZone::UTC).date();
        prop_assert_eq!(ours.year_month(), (i32::from(date.year()), date.month() as u8));
    }

    #[test]
    fn texts_near_a_time_never_panic(text in "[0-9T:Z.+-]{0,32}") {
        let ours = Timestamp::parse_rfc3339(&text);
        if let Ok(time) = ours {
            prop_assert_eq!(text.parse::<jiff::Timestamp>().unwrap().as_microsecond(), time.as_micros());
        }
    }
}
