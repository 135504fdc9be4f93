//! Whole numbers with units.

use crate::Decimal;
use crate::catalogue::Unit;
use crate::error::{Mistake, QueryErrorCode as Code, shown};

/// Reads a number of the unit's base: bytes, milliseconds, or just a count.
pub(crate) fn parse(unit: Unit, text: &str) -> Result<i64, Mistake> {
    let wrong = |problem: &str| {
        let hint = match unit {
            Unit::One => "a whole number such as 1000, without separators",
            Unit::Bytes => "a whole number of bytes such as 5000, or with a unit: 10MB, 4KiB",
            Unit::Milliseconds => "milliseconds such as 200, or with a unit: 200ms, 5s, 1.5h",
        };
        Mistake::new(Code::Number, format!("`{}` {problem}", shown(text))).hint(hint)
    };
    let digits = |c: char| c.is_ascii_digit() || c == '.' || c == '-' || c == '+';
    let (amount, suffix) = text.split_at(text.find(|c| !digits(c)).unwrap_or(text.len()));
    let scale = scale(unit, suffix).ok_or_else(|| wrong("is not a number this field can have"))?;
    if Decimal::parse(amount).is_none() {
        return Err(wrong("is not a number this field can have"));
    }
    let (whole, fraction) = amount.split_once('.').unwrap_or((amount, ""));
    let fraction = fraction.trim_end_matches('0');
    let too_large = || wrong("is too large or too fine");
    let places = u32::try_from(fraction.len()).map_err(|_| too_large())?;
    let unscaled: i128 = format!("{whole}{fraction}")
        .parse()
        .map_err(|_| too_large())?;
    let divisor = 10_i128.checked_pow(places).ok_or_else(too_large)?;
    let scaled = unscaled.checked_mul(scale).ok_or_else(too_large)?;
    if scaled % divisor != 0 {
        return Err(wrong("is not a whole number"));
    }
    i64::try_from(scaled / divisor).map_err(|_| too_large())
}

fn scale(unit: Unit, suffix: &str) -> Option<i128> {
    const DAY: i128 = 24 * 3_600_000;
    Some(match (unit, &*suffix.to_ascii_lowercase()) {
        (_, "") => 1,
        (Unit::Milliseconds, "ms") => 1,
        (Unit::Milliseconds, "s") => 1_000,
        (Unit::Milliseconds, "m" | "min") => 60_000,
        (Unit::Milliseconds, "h") => 3_600_000,
        (Unit::Milliseconds, "d") => DAY,
        (Unit::Bytes, "b") => 1,
        (Unit::Bytes, "k" | "kb") => 1_000,
        (Unit::Bytes, "m" | "mb") => 1_000_000,
        (Unit::Bytes, "g" | "gb") => 1_000_000_000,
        (Unit::Bytes, "t" | "tb") => 1_000_000_000_000,
        (Unit::Bytes, "kib") => 1 << 10,
        (Unit::Bytes, "mib") => 1 << 20,
        (Unit::Bytes, "gib") => 1 << 30,
        (Unit::Bytes, "tib") => 1 << 40,
        _ => return None,
    })
}
