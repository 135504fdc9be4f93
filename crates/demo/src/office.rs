//! The company's clock on the wall: one time zone, weekdays and office hours.

use event::Timestamp;
use jiff::civil::{Date, Weekday};
use jiff::tz::TimeZone;

/// Microseconds in a second, a minute, an hour and a day without a clock change.
pub(crate) const SECOND: i64 = 1_000_000;
pub(crate) const MINUTE: i64 = 60 * SECOND;
pub(crate) const HOUR: i64 = 60 * MINUTE;
pub(crate) const DAY: i64 = 24 * HOUR;

/// Where the head office stands.
const ZONE: &str = "America/New_York";

pub(crate) struct Office {
    zone: TimeZone,
}

impl Office {
    pub(crate) fn new() -> Self {
        // The zone is in the bundled database; UTC keeps the company working without it.
        Self {
            zone: TimeZone::get(ZONE).unwrap_or(TimeZone::UTC),
        }
    }

    /// The date on the wall at a moment.
    pub(crate) fn date(&self, at: Timestamp) -> Date {
        jiff::Timestamp::from_microsecond(at.as_micros())
            .map_or(Date::ZERO, |at| at.to_zoned(self.zone.clone()).date())
    }

    /// The hour on the wall at a moment, 0-23.
    pub(crate) fn hour(&self, at: Timestamp) -> i64 {
        jiff::Timestamp::from_microsecond(at.as_micros())
            .map_or(0, |at| i64::from(at.to_zoned(self.zone.clone()).hour()))
    }

    /// The moment at which a date begins here.
    pub(crate) fn midnight(&self, date: Date) -> Timestamp {
        let start = self
            .zone
            .to_ambiguous_zoned(date.at(0, 0, 0, 0))
            .compatible();
        start.map_or(Timestamp::EPOCH, |at| {
            Timestamp::from_micros(at.timestamp().as_microsecond())
        })
    }

    pub(crate) fn is_weekend(date: Date) -> bool {
        matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday)
    }
}
