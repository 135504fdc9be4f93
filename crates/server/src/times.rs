//! `from`, `to` and `tz`: read with the words of the search language.

use event::Timestamp;
use jiff::tz::TimeZone;
use query::{Expr, Leaf, NumberField, NumberRange, ParseContext};

use crate::error::{Code, Refusal};

/// Microseconds of occurrence, both ends included.
pub(crate) type Span = NumberRange;

/// The time zone that a request names.
pub(crate) fn zone(tz: Option<&str>) -> Result<TimeZone, Refusal> {
    let Some(name) = tz else {
        return Ok(TimeZone::UTC);
    };
    TimeZone::get(name).map_err(|_| {
        let shown: String = name.chars().take(60).collect();
        Refusal::new(Code::InvalidParameter, format!("`{shown}` is no time zone"))
            .of_field("tz")
            .with_hint("an IANA name such as Europe/Berlin")
    })
}

/// What a request's times are read with.
pub(crate) fn context(now: Timestamp, tz: Option<&str>) -> Result<ParseContext, Refusal> {
    Ok(ParseContext { now, tz: zone(tz)? })
}

/// The time between `from` (included) and `to` (excluded; a bare date, month or year is whole).
pub(crate) fn span(
    from: Option<&str>,
    to: Option<&str>,
    context: &ParseContext,
) -> Result<Span, Refusal> {
    let min = match from {
        Some(text) => bound("from", ">=", text, context)?.min,
        None => i64::MIN,
    };
    let max = match to {
        Some(text) => {
            let operator = if is_bare_date(text) { "<=" } else { "<" };
            bound("to", operator, text, context)?.max
        }
        None => i64::MAX,
    };
    Ok(NumberRange { min, max })
}

/// A month, where `from` is left out.
const PERIOD_DEFAULT_MICROS: i64 = 30 * 86_400 * 1_000_000;

/// As [`span`], of a period: it ends now if nothing else is said, and is a month long.
pub(crate) fn period(
    from: Option<&str>,
    to: Option<&str>,
    context: &ParseContext,
) -> Result<Span, Refusal> {
    let mut period = span(from, to, context)?;
    if to.is_none() {
        period.max = context.now.as_micros() - 1;
    }
    if from.is_none() {
        let end = period.max.saturating_add(1);
        period.min = end.saturating_sub(PERIOD_DEFAULT_MICROS);
    }
    if period.min > period.max {
        let (name, detail) = match to {
            Some(_) => ("to", "`to` has to be later than `from`"),
            None => (
                "from",
                "`from` has to be earlier than now, where `to` is absent",
            ),
        };
        return Err(Refusal::new(Code::InvalidParameter, detail).of_field(name));
    }
    Ok(period)
}

/// Both ends of a period as they are shown: the second is not part of it.
pub(crate) fn ends(period: Span) -> (Timestamp, Timestamp) {
    (
        Timestamp::from_micros(period.min),
        Timestamp::from_micros(period.max.saturating_add(1)),
    )
}

/// Whether the text names a whole day, month or year.
fn is_bare_date(text: &str) -> bool {
    let now = text
        .get(..3)
        .is_some_and(|start| start.eq_ignore_ascii_case("now"));
    !now && !text.contains([':', 'T', 't'])
}

fn bound(
    name: &'static str,
    operator: &str,
    text: &str,
    context: &ParseContext,
) -> Result<NumberRange, Refusal> {
    let shown: String = text.chars().take(60).collect();
    let wrong = || {
        Refusal::new(Code::InvalidParameter, format!("`{shown}` is no time"))
            .of_field(name)
            .with_hint("2026-01-15, 2026-01-15T10:20:30Z or now-7d")
    };
    // Only what can be one time is handed on: letters, digits and the signs within a time.
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | ':' | '.' | '+');
    if text.is_empty() || !text.chars().all(plain) || text.contains("..") {
        return Err(wrong());
    }
    let parsed =
        query::parse(&format!("occurred:{operator}{text}"), context).map_err(|_| wrong())?;
    match parsed.expr() {
        Expr::Leaf(Leaf::Number {
            field: NumberField::Occurred,
            range,
        }) => Ok(*range),
        _ => Err(wrong()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_768_478_400_000_000; // 2026-01-15T12:00:00Z
    const HOUR: i64 = 3_600_000_000;

    #[track_caller]
    fn check(from: Option<&str>, to: Option<&str>, tz: Option<&str>, expect: Option<(i64, i64)>) {
        let context = context(Timestamp::from_micros(NOON), tz).unwrap();
        let span = span(from, to, &context)
            .ok()
            .map(|span| (span.min, span.max));
        assert_eq!(span, expect, "{from:?} {to:?} {tz:?}");
    }

    #[test]
    fn from_is_included_and_to_is_not() {
        let (from, to) = ("2026-01-15T11:00:00Z", "2026-01-15T13:00:00Z");
        check(
            Some(from),
            Some(to),
            None,
            Some((NOON - HOUR, NOON + HOUR - 1)),
        );
        check(Some("now-1h"), None, None, Some((NOON - HOUR, i64::MAX)));
        check(None, Some("now"), None, Some((i64::MIN, NOON - 1)));
    }

    #[test]
    fn bare_dates_are_whole_days_of_the_zone() {
        let day = Some("2026-01-15");
        check(
            day,
            day,
            None,
            Some((NOON - 12 * HOUR, NOON + 12 * HOUR - 1)),
        );
        check(
            day,
            day,
            Some("Europe/Berlin"),
            Some((NOON - 13 * HOUR, NOON + 11 * HOUR - 1)),
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in ["", "2026-13-01", "2026-01-15 OR x", "a..b", "\"", "*"] {
            check(Some(text), None, None, None);
        }
    }
}
