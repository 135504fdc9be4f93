//! Moments: microseconds since 1970 in UTC, read from and written as RFC 3339.
//!
//! Only what an audit log needs and nothing that asks a clock: a moment is always passed in.

use std::fmt;

const MICROS_PER_SECOND: i64 = 1_000_000;
const SECONDS_PER_DAY: i64 = 86_400;
/// 0000-01-01 and 9999-12-31 are the ends of what RFC 3339 can write.
const FIRST_DAY: i64 = -719_528;
const LAST_DAY: i64 = 2_932_896;

/// A moment in microseconds since 1970-01-01T00:00:00Z; negative before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(i64);

impl Timestamp {
    /// 1970-01-01T00:00:00Z.
    pub const EPOCH: Timestamp = Timestamp(0);

    /// The moment this many microseconds after 1970 began.
    pub const fn from_micros(micros: i64) -> Self {
        Timestamp(micros)
    }

    /// Microseconds since 1970 began.
    pub const fn as_micros(self) -> i64 {
        self.0
    }

    /// This moment moved by `micros`, held at the ends of the range.
    pub const fn plus_micros(self, micros: i64) -> Self {
        Timestamp(self.0.saturating_add(micros))
    }

    /// Reads an RFC 3339 date-time with offset and at most six fractional digits.
    pub fn parse_rfc3339(text: &str) -> Result<Self, TimeError> {
        let mut reader = Reader {
            bytes: text.as_bytes(),
        };
        let year = reader.digits(4)?;
        reader.one_of(b"-")?;
        let month = reader.digits(2)?;
        reader.one_of(b"-")?;
        let day = reader.digits(2)?;
        reader.one_of(b"Tt")?;
        let hour = reader.digits(2)?;
        reader.one_of(b":")?;
        let minute = reader.digits(2)?;
        reader.one_of(b":")?;
        let second = reader.digits(2)?;
        let micros = reader.fraction()?;
        let offset_minutes = reader.offset()?;
        if !reader.bytes.is_empty() {
            return Err(TimeError::Malformed);
        }
        if !(1..=12).contains(&month) || day < 1 || day > days_in_month(year, month) {
            return Err(TimeError::NoSuchTime);
        }
        if hour > 23 || minute > 59 || second > 59 {
            return Err(TimeError::NoSuchTime);
        }
        let seconds = days_from_civil(year, month, day) * SECONDS_PER_DAY
            + hour * 3600
            + (minute - offset_minutes) * 60
            + second;
        Ok(Timestamp(seconds * MICROS_PER_SECOND + micros))
    }

    /// Year and month (1-12) in UTC.
    pub fn year_month(self) -> (i32, u8) {
        let (year, month, _) = self.civil();
        (year as i32, month as u8)
    }

    /// Year, month (1-12) and day (1-31) in UTC.
    fn civil(self) -> (i64, i64, i64) {
        let day = self.0.div_euclid(MICROS_PER_SECOND * SECONDS_PER_DAY);
        civil_from_days(day.clamp(FIRST_DAY, LAST_DAY))
    }

    /// Appends the RFC 3339 text that `Display` shows.
    pub fn push_to(self, out: &mut impl Extend<u8>) {
        let (year, month, day) = self.civil();
        let micros_of_day = self.0.rem_euclid(MICROS_PER_SECOND * SECONDS_PER_DAY);
        let second_of_day = micros_of_day / MICROS_PER_SECOND;
        let micros = micros_of_day % MICROS_PER_SECOND;
        let (hour, minute, second) = (
            second_of_day / 3600,
            second_of_day / 60 % 60,
            second_of_day % 60,
        );
        // All of them fit in 32 bits, where dividing costs less.
        let digit = |number: i64, unit: u32| b'0' + (number as u32 / unit % 10) as u8;
        #[rustfmt::skip]
        out.extend([
            digit(year, 1000), digit(year, 100), digit(year, 10), digit(year, 1), b'-',
            digit(month, 10), digit(month, 1), b'-',
            digit(day, 10), digit(day, 1), b'T',
            digit(hour, 10), digit(hour, 1), b':',
            digit(minute, 10), digit(minute, 1), b':',
            digit(second, 10), digit(second, 1), b'.',
            digit(micros, 100_000), digit(micros, 10_000), digit(micros, 1000),
            digit(micros, 100), digit(micros, 10), digit(micros, 1), b'Z',
        ]);
    }
}

/// RFC 3339 in UTC with six fractional digits: `2026-01-22T10:20:00.000000Z`.
impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut text = Vec::with_capacity(27);
        self.push_to(&mut text);
        f.write_str(&String::from_utf8_lossy(&text))
    }
}

/// Why a text is not a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// The text does not have the shape of an RFC 3339 date-time.
    #[error("not an RFC 3339 time like 2026-01-22T10:20:00Z")]
    Malformed,
    /// The shape is right, but no calendar or clock shows these numbers.
    #[error("there is no such date or time of day")]
    NoSuchTime,
    /// No offset from UTC, so the moment is unknown.
    #[error("the offset from UTC is missing: end with Z or like +02:00")]
    NoOffset,
    /// More than six fractional digits.
    #[error("finer than a microsecond: at most six fractional digits")]
    TooFine,
}

struct Reader<'a> {
    bytes: &'a [u8],
}

impl Reader<'_> {
    fn next(&mut self) -> Option<u8> {
        let (first, rest) = self.bytes.split_first()?;
        self.bytes = rest;
        Some(*first)
    }

    fn digits(&mut self, count: usize) -> Result<i64, TimeError> {
        let mut number = 0;
        for _ in 0..count {
            match self.next() {
                Some(digit @ b'0'..=b'9') => number = number * 10 + i64::from(digit - b'0'),
                _ => return Err(TimeError::Malformed),
            }
        }
        Ok(number)
    }

    fn one_of(&mut self, allowed: &[u8]) -> Result<u8, TimeError> {
        self.next()
            .filter(|byte| allowed.contains(byte))
            .ok_or(TimeError::Malformed)
    }

    fn fraction(&mut self) -> Result<i64, TimeError> {
        if self.bytes.first() != Some(&b'.') {
            return Ok(0);
        }
        self.next();
        let (mut micros, mut unit, mut digits) = (0, 100_000, 0);
        while let Some(digit @ b'0'..=b'9') = self.bytes.first().copied() {
            self.next();
            micros += i64::from(digit - b'0') * unit;
            unit /= 10;
            digits += 1;
        }
        match digits {
            0 => Err(TimeError::Malformed),
            1..=6 => Ok(micros),
            _ => Err(TimeError::TooFine),
        }
    }

    fn offset(&mut self) -> Result<i64, TimeError> {
        let sign = match self.next() {
            Some(b'Z' | b'z') => return Ok(0),
            Some(b'+') => 1,
            Some(b'-') => -1,
            None => return Err(TimeError::NoOffset),
            Some(_) => return Err(TimeError::Malformed),
        };
        let hours = self.digits(2)?;
        self.one_of(b":")?;
        let minutes = self.digits(2)?;
        if hours > 23 || minutes > 59 {
            return Err(TimeError::NoSuchTime);
        }
        Ok(sign * (hours * 60 + minutes))
    }
}

fn days_in_month(year: i64, month: i64) -> i64 {
    match month {
        2 if year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

// The two conversions follow Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms":
// years begin in March, so that the leap day is the last day of a year of 400-year eras.
fn days_from_civil(year: i64, month: i64, day: i64) -> i64 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let day_of_year = (153 * ((month + 9) % 12) + 2) / 5 + day - 1;
    let day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
    era * 146_097 + day_of_era - 719_468
}

fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days + 719_468;
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era =
        (day_of_era - day_of_era / 1460 + day_of_era / 36_524 - day_of_era / 146_096) / 365;
    let day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted_month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * shifted_month + 2) / 5 + 1;
    let month = if shifted_month < 10 {
        shifted_month + 3
    } else {
        shifted_month - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, day)
}
