//! Times as logs write them: numbers since 1970 in any unit, and the many spellings of ISO 8601.

use event::Timestamp;
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

/// How the times of a log are written where that is not as everybody writes them.
#[derive(Clone, Debug)]
pub(crate) struct Spelling {
    /// As `strptime` takes it; none for what everybody writes.
    pub(crate) format: Option<String>,
    /// The zone of times that name none.
    pub(crate) zone: TimeZone,
}

impl Default for Spelling {
    fn default() -> Self {
        Spelling {
            format: None,
            zone: TimeZone::UTC,
        }
    }
}

/// The moment a text names; one without a zone is in the spelling's.
///
/// Digits alone are seconds, milliseconds, microseconds or nanoseconds since 1970, by how many they
/// are. Finer than microseconds is cut off.
pub(crate) fn read_in(text: &str, spelling: &Spelling) -> Option<Timestamp> {
    let text = text.trim();
    if let Some(format) = &spelling.format {
        let parsed = jiff::fmt::strtime::parse(format, text).ok()?;
        if parsed.offset().is_some() || parsed.timestamp().is_some() {
            return Some(moment(parsed.to_timestamp().ok()?));
        }
        let civil = parsed
            .to_datetime()
            .or_else(|_| parsed.to_date().map(|date| date.at(0, 0, 0, 0)))
            .ok()?;
        return in_zone(civil, &spelling.zone);
    }
    read_number(text).or_else(|| read_iso(text, &spelling.zone))
}

fn moment(timestamp: jiff::Timestamp) -> Timestamp {
    Timestamp::from_micros(timestamp.as_nanosecond().div_euclid(1000) as i64)
}

/// A time of day that a zone skips or shows twice is taken as the earlier offset says.
fn in_zone(civil: DateTime, zone: &TimeZone) -> Option<Timestamp> {
    Some(moment(zone.to_timestamp(civil).ok()?))
}

/// `1621305118553`, `1621305118`, `1621305118.553`.
fn read_number(text: &str) -> Option<Timestamp> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !digits(whole) || !digits(fraction) {
        return None;
    }
    let number: i128 = whole.parse().ok()?;
    // Fewer digits are a year, a date or nothing, and were no moment of any log since 1973.
    let micros_each: (i128, i128) = match whole.trim_start_matches('0').len() {
        9..=11 => (1_000_000, 1),
        12..=14 => (1_000, 1),
        15..=17 => (1, 1),
        18..=20 => (1, 1_000),
        _ => return None,
    };
    let mut micros = number * micros_each.0 / micros_each.1;
    if micros_each.0 > 1 {
        let shown: String = fraction.chars().chain("000000".chars()).take(6).collect();
        micros += shown.parse::<i128>().ok()? * micros_each.0 / 1_000_000;
    }
    Some(Timestamp::from_micros(i64::try_from(micros).ok()?))
}

/// `2023-01-31 18:58:27.638000000`, `2023-01-31T18:58:27Z`, `... +0100`, `... UTC`, `2023/01/31`.
fn read_iso(text: &str, zone: &TimeZone) -> Option<Timestamp> {
    let mut rest = text;
    let year = take(&mut rest, 4)?;
    let dash = rest.get(..1).filter(|it| matches!(*it, "-" | "/"))?;
    rest = rest.get(1..)?;
    let month = take(&mut rest, 2)?;
    rest = rest.strip_prefix(dash)?;
    let day = take(&mut rest, 2)?;
    let (mut clock, mut nanos) = ([0; 3], 0);
    if let Some(time) = rest.strip_prefix(['T', 't', ' ']) {
        rest = time.trim_start();
        clock = [take(&mut rest, 2)?, 0, 0];
        rest = rest.strip_prefix(':')?;
        *clock.get_mut(1)? = take(&mut rest, 2)?;
        if let Some(seconds) = rest.strip_prefix(':') {
            rest = seconds;
            *clock.get_mut(2)? = take(&mut rest, 2)?;
            // Some exports leave the point out: `00:00:00000000`.
            let fraction = rest.strip_prefix(['.', ',']).unwrap_or(rest);
            let digits = fraction.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0 {
                let shown = fraction.get(..digits)?.chars();
                let shown: String = shown.chain("000000000".chars()).take(9).collect();
                nanos = shown.parse().ok()?;
                rest = fraction.get(digits..)?;
            }
        }
    }
    let number = |value: i64| i8::try_from(value).ok();
    let [hour, minute, second] = clock;
    let civil = DateTime::new(
        i16::try_from(year).ok()?,
        number(month)?,
        number(day)?,
        number(hour)?,
        number(minute)?,
        number(second)?,
        nanos,
    )
    .ok()?;
    match rest.trim_start() {
        "" => in_zone(civil, zone),
        "Z" | "z" | "UTC" | "GMT" => in_zone(civil, &TimeZone::UTC),
        offset => in_zone(civil, &TimeZone::fixed(read_offset(offset)?)),
    }
}

/// `+01:00`, `+0100`, `+01`, and the same behind `UTC` or `GMT`.
fn read_offset(text: &str) -> Option<jiff::tz::Offset> {
    let text = text
        .strip_prefix("UTC")
        .or_else(|| text.strip_prefix("GMT"))
        .unwrap_or(text);
    let (sign, mut rest) = match text.split_at_checked(1)? {
        ("+", rest) => (1, rest),
        ("-", rest) => (-1, rest),
        _ => return None,
    };
    let hours = take(&mut rest, 2)?;
    rest = rest.strip_prefix(':').unwrap_or(rest);
    let minutes = if rest.is_empty() {
        0
    } else {
        take(&mut rest, 2)?
    };
    if !rest.is_empty() || hours > 18 || minutes > 59 {
        return None;
    }
    let seconds = i32::try_from(sign * (hours * 3600 + minutes * 60)).ok()?;
    jiff::tz::Offset::from_seconds(seconds).ok()
}

/// Takes exactly so many digits.
fn take(rest: &mut &str, count: usize) -> Option<i64> {
    let (digits, behind) = rest.split_at_checked(count)?;
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    *rest = behind;
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(
            read_in(text, &Spelling::default())
                .map(|it| it.to_string())
                .as_deref(),
            expected,
            "{text}"
        );
    }

    #[test]
    fn the_spellings_of_logs_are_read() {
        let at = Some("2021-05-18T02:31:58.553000Z");
        for text in [
            "1621305118553",
            "1621305118553000",
            "1621305118553000000",
            "1621305118.553",
            "1621305118553.25",
            "2021-05-18 02:31:58.553",
            "2021-05-18 02:31:58.553000000",
            "2021-05-18T02:31:58.553Z",
            "2021-05-18T04:31:58.553+02:00",
            "2021-05-18 04:31:58,553 +0200",
            "2021/05/18 02:31:58.553 UTC",
            "2021-05-17T21:31:58.553-05",
            " 2021-05-18T02:31:58.553 GMT ",
        ] {
            let expected = match text {
                "1621305118553.25" => Some("2021-05-18T02:31:58.553250Z"),
                _ => at,
            };
            check(text, expected);
        }
        check("2021-05-18 02:31:58", Some("2021-05-18T02:31:58.000000Z"));
        check("2021-05-18 02:31", Some("2021-05-18T02:31:00.000000Z"));
        check(
            "2021-05-18 02:31:58553000",
            Some("2021-05-18T02:31:58.553000Z"),
        );
        check("2021-05-18", Some("2021-05-18T00:00:00.000000Z"));
        check(
            "2023-01-31 18:58:27.6380009999",
            Some("2023-01-31T18:58:27.638000Z"),
        );
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "redacted",
            "0",
            "2024",
            "20240131",
            "2024-13-01",
            "2024-02-30 00:00:00",
            "2024-01-01T25:00:00Z",
            "2024-01-01T00:00:00+99:00",
            "2024-01-01T00:00:00 CEST",
            "01/31/2024",
            "31.01.2024 10:00",
            "-1621305118",
            "99999999999999999999999999",
            "2024-01-01T00:00:00.Z",
            "ééé",
        ] {
            check(text, None);
        }
    }

    #[test]
    fn a_spelling_of_ones_own_and_a_zone() {
        let spelling = Spelling {
            format: Some("%d.%m.%Y %H:%M".to_owned()),
            zone: TimeZone::get("Europe/Berlin").unwrap(),
        };
        let read = read_in("31.07.2024 10:15", &spelling).unwrap();
        assert_eq!(read.to_string(), "2024-07-31T08:15:00.000000Z");
        assert_eq!(read_in("2024-07-31", &spelling), None);
        let zoned = Spelling {
            format: None,
            ..spelling
        };
        let read = read_in("2024-07-31 10:15:00", &zoned).unwrap();
        assert_eq!(read.to_string(), "2024-07-31T08:15:00.000000Z");
        let named = read_in("2024-07-31T10:15:00Z", &zoned).unwrap();
        assert_eq!(named.to_string(), "2024-07-31T10:15:00.000000Z");
    }
}
