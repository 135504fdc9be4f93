//! Times in queries.
//!
//! A time means the whole of the smallest unit that is written: `2026-01` a month, `2026-01-15` a
//! day, `2026-01-15T10:20` a minute, and so on to the microsecond. Without an offset it is read in
//! the asker's time zone.

use event::Timestamp;
use jiff::civil::{Date, DateTime, Time};
use jiff::tz::{Offset, TimeZone};

use crate::NumberRange;
use crate::error::{Mistake, QueryErrorCode, shown};

/// What a query is read with, beside its text.
#[derive(Debug, Clone)]
pub struct ParseContext {
    /// What `now` means.
    pub now: Timestamp,
    /// The time zone of days and of times without an offset.
    pub tz: TimeZone,
}

impl ParseContext {
    /// Days as in UTC.
    pub fn utc(now: Timestamp) -> Self {
        Self {
            now,
            tz: TimeZone::UTC,
        }
    }
}

/// The microseconds that a text stands for: `start..end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Span {
    pub(crate) start: i64,
    end: i64,
    of_now: bool,
}

impl Span {
    /// The last microsecond.
    pub(crate) fn last(self) -> i64 {
        self.end - 1
    }

    /// Whether it is one moment counted from now, which no event is likely to hit.
    pub(crate) fn is_instant_of_now(self) -> bool {
        self.of_now
    }
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// 0000-01-01T00:00:00Z: before it RFC 3339 cannot write times.
const YEAR_0: i64 = -719_528 * DAY;

/// The last moment the calendar knows, on 9999-12-30; days after it are taken as this one.
fn end_of_time() -> i64 {
    jiff::Timestamp::MAX.as_microsecond()
}

/// Reads a time.
pub(crate) fn parse(text: &str, context: &ParseContext) -> Result<Span, Mistake> {
    let lower = text.to_ascii_lowercase();
    let span = match &*lower {
        "today" => day(today(context), context),
        "yesterday" => today(context).and_then(|today| day(today.yesterday().ok(), context)),
        _ => match lower.strip_prefix("now") {
            Some(offset) => now(offset, context.now),
            None => calendar(&lower, context),
        },
    };
    span.filter(|span| span.start >= YEAR_0).ok_or_else(|| {
        Mistake::new(
            QueryErrorCode::Time,
            format!("`{}` is not a time", shown(text)),
        )
        .hint("e.g. 2026-01-15, 2026-01-15T10:20:00Z, 2026-01, today, now-7d (s, m, h, d, w)")
    })
}

/// The year `year` in UTC, in microseconds.
pub(crate) fn utc_year(year: i16) -> Option<NumberRange> {
    let utc = ParseContext::utc(Timestamp::EPOCH);
    let first = Date::new(year, 1, 1).ok()?;
    let last = Date::new(year, 12, 31).ok()?;
    let span = days(first, last, &utc)?;
    Some(NumberRange {
        min: span.start,
        max: span.last(),
    })
}

fn now(offset: &str, now: Timestamp) -> Option<Span> {
    let moved = match offset.get(..1) {
        None => 0,
        Some(sign @ ("-" | "+")) => {
            let amount = distance(offset.get(1..)?)?;
            if sign == "-" {
                amount.checked_neg()?
            } else {
                amount
            }
        }
        Some(_) => return None,
    };
    let start = now
        .as_micros()
        .checked_add(moved)
        .filter(|&start| start < end_of_time())?;
    Some(Span {
        start,
        end: start.checked_add(1)?,
        of_now: true,
    })
}

fn distance(text: &str) -> Option<i64> {
    let (number, unit) = text.split_at_checked(text.len().checked_sub(1)?)?;
    let unit = match unit {
        "s" => SECOND,
        "m" => MINUTE,
        "h" => HOUR,
        "d" => DAY,
        "w" => 7 * DAY,
        _ => return None,
    };
    let digits_only = number.bytes().all(|byte| byte.is_ascii_digit());
    number
        .parse::<i64>()
        .ok()
        .filter(|_| digits_only)?
        .checked_mul(unit)
}

fn today(context: &ParseContext) -> Option<Date> {
    let now = jiff::Timestamp::from_microsecond(context.now.as_micros()).ok()?;
    Some(now.to_zoned(context.tz.clone()).date())
}

/// `yyyy`, `yyyy-mm`, `yyyy-mm-dd`, or a day with a time; in lower case.
fn calendar(text: &str, context: &ParseContext) -> Option<Span> {
    let (date, time) = match text.find(['t', ' ']) {
        Some(place) => (text.get(..place)?, Some(text.get(place + 1..)?)),
        None => (text, None),
    };
    let pieces: Vec<&str> = date.split('-').collect();
    let number = |text: &str, digits: usize| {
        let right = text.len() == digits && text.bytes().all(|byte| byte.is_ascii_digit());
        text.parse::<i16>().ok().filter(|_| right)
    };
    let small = |text: &str| number(text, 2).and_then(|value| i8::try_from(value).ok());
    match (pieces.as_slice(), time) {
        ([year], None) => {
            let year = number(year, 4)?;
            days(
                Date::new(year, 1, 1).ok()?,
                Date::new(year, 12, 31).ok()?,
                context,
            )
        }
        ([year, month], None) => {
            let first = Date::new(number(year, 4)?, small(month)?, 1).ok()?;
            days(first, first.last_of_month(), context)
        }
        ([year, month, day_of_month], None) => day(
            Date::new(number(year, 4)?, small(month)?, small(day_of_month)?).ok(),
            context,
        ),
        ([year, month, day_of_month], Some(time)) => moment(
            Date::new(number(year, 4)?, small(month)?, small(day_of_month)?).ok()?,
            time,
            context,
        ),
        _ => None,
    }
}

fn day(date: Option<Date>, context: &ParseContext) -> Option<Span> {
    days(date?, date?, context)
}

fn days(first: Date, last: Date, context: &ParseContext) -> Option<Span> {
    let midnight = |date: Date| {
        let zoned = date.to_zoned(context.tz.clone());
        zoned.map_or(end_of_time(), |zoned| zoned.timestamp().as_microsecond())
    };
    let start = midnight(first);
    let end = last.tomorrow().map_or(end_of_time(), midnight);
    Some(Span {
        start,
        end: end.max(start + 1),
        of_now: false,
    })
}

/// `hh:mm`, `hh:mm:ss` or `hh:mm:ss.ffffff`, with or without an offset.
fn moment(date: Date, text: &str, context: &ParseContext) -> Option<Span> {
    let (clock, offset) = match text.find(['z', '+', '-']) {
        Some(place) => (text.get(..place)?, Some(read_offset(text.get(place..)?)?)),
        None => (text, None),
    };
    let (clock, fraction) = match clock.split_once('.') {
        Some((clock, fraction)) => (clock, Some(fraction)),
        None => (clock, None),
    };
    let pieces = clock
        .split(':')
        .map(two_digits)
        .collect::<Option<Vec<i8>>>()?;
    let (hour, minute, second, mut unit) = match *pieces.as_slice() {
        [hour, minute] if fraction.is_none() => (hour, minute, 0, MINUTE),
        [hour, minute, second] => (hour, minute, second, SECOND),
        _ => return None,
    };
    let mut micros = 0;
    if let Some(fraction) = fraction {
        if !(1..=6).contains(&fraction.len()) || !fraction.bytes().all(|byte| byte.is_ascii_digit())
        {
            return None;
        }
        unit = SECOND / 10_i64.pow(fraction.len() as u32);
        micros = fraction.parse::<i64>().ok()? * unit;
    }
    let civil = DateTime::from_parts(date, Time::new(hour, minute, second, 0).ok()?);
    let start = match offset {
        Some(offset) => offset.to_timestamp(civil).ok()?,
        None => civil.to_zoned(context.tz.clone()).ok()?.timestamp(),
    };
    let start = start.as_microsecond() + micros;
    Some(Span {
        start,
        end: start + unit,
        of_now: false,
    })
}

fn read_offset(text: &str) -> Option<Offset> {
    if text == "z" {
        return Some(Offset::UTC);
    }
    let (sign, rest) = text.split_at_checked(1)?;
    let (hours, minutes) = rest.split_once(':')?;
    let (hours, minutes) = (
        i32::from(two_digits(hours)?),
        i32::from(two_digits(minutes)?),
    );
    if hours > 23 || minutes > 59 {
        return None;
    }
    let seconds = (hours * 60 + minutes) * 60;
    Offset::from_seconds(if sign == "-" { -seconds } else { seconds }).ok()
}

fn two_digits(text: &str) -> Option<i8> {
    let right = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| right)
}
