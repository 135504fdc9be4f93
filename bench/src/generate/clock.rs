//! When events happen: office hours over a number of days, and the text of a time.

use std::fmt::Write as _;

const HOUR_MICROS: f64 = 3_600_000_000.0;

/// Spreads a number of events over days, denser in office hours and on weekdays.
pub(super) struct OfficeHours {
    start_micros: i64,
    /// Weight of all hours before each hour; the last entry is the total.
    cumulative: Vec<f64>,
    hour: usize,
}

impl OfficeHours {
    pub(super) fn new(start_unix: i64, days: i64) -> Self {
        let hours = (days * 24) as usize;
        let mut cumulative = Vec::with_capacity(hours + 1);
        cumulative.push(0.0f64);
        for hour in 0..hours {
            let (of_day, weekday) = (hour % 24, (hour / 24) % 7);
            let base = match of_day {
                8..18 => 3.0,
                6..22 => 1.5,
                _ => 0.5,
            };
            let week = if weekday >= 5 { 0.4 } else { 1.0 };
            cumulative.push(cumulative[hour] + base * week);
        }
        Self {
            start_micros: start_unix * 1_000_000,
            cumulative,
            hour: 0,
        }
    }

    pub(super) fn start_micros(&self) -> i64 {
        self.start_micros
    }

    /// The time, in microseconds since 1970, at which `position` (`0.0..1.0`) of all events have
    /// happened. Positions must not decrease.
    pub(super) fn at(&mut self, position: f64) -> i64 {
        let hours = self.cumulative.len() - 1;
        let x = position * self.cumulative[hours];
        while self.hour + 1 < hours && self.cumulative[self.hour + 1] <= x {
            self.hour += 1;
        }
        let (from, to) = (self.cumulative[self.hour], self.cumulative[self.hour + 1]);
        let within = ((x - from) / (to - from)).clamp(0.0, 0.999_999);
        self.start_micros + ((self.hour as f64 + within) * HOUR_MICROS) as i64
    }
}

/// Appends an RFC 3339 time in UTC with six digits of a second.
pub(crate) fn rfc3339(out: &mut String, micros: i64) {
    let seconds = micros.div_euclid(1_000_000);
    let (year, month, day) = civil(seconds.div_euclid(86_400));
    let of_day = seconds.rem_euclid(86_400);
    let _ = write!(
        out,
        "{year:04}-{month:02}-{day:02}T{:02}:{:02}:{:02}.{:06}Z",
        of_day / 3600,
        of_day / 60 % 60,
        of_day % 60,
        micros.rem_euclid(1_000_000)
    );
}

/// Days since 1970-01-01 to year, month, day (Howard Hinnant, "chrono-compatible low-level date
/// algorithms").
fn civil(days: i64) -> (i64, i64, i64) {
    let z = days + 719_468;
    let era = z.div_euclid(146_097);
    let of_era = z.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 {
        shifted + 3
    } else {
        shifted - 9
    };
    (year_of_era + era * 400 + i64::from(month <= 2), month, day)
}
