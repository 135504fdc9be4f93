//! Decimal numbers of any length, compared exactly.
//!
//! Metadata keeps numbers as the digits they came with, so `9007199254740993` and
//! `9007199254740992` are different here although they are one double.

use std::cmp::Ordering;
use std::fmt;

/// Significant digits that are compared. A longer number is cut and marked as "a little more", so
/// it still compares exactly with every number of a query, which is shorter.
const DIGITS_MAX: usize = 1_024;

/// A decimal number: `0.digits x 10^exponent`, digits without zeros at either end.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Decimal {
    negative: bool,
    /// Exponents beyond `i32` are cut to its ends.
    exponent: i32,
    /// ASCII digits; empty for zero.
    digits: Box<str>,
}

impl Decimal {
    /// Reads a number as JSON writes it (a leading `+` and zeros are let pass); nothing otherwise.
    pub fn parse(text: &str) -> Option<Self> {
        let (negative, unsigned) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text.strip_prefix('+').unwrap_or(text)),
        };
        let (mantissa, power) = match unsigned.split_once(['e', 'E']) {
            Some((mantissa, power)) => (mantissa, parse_power(power)?),
            None => (unsigned, 0),
        };
        let (whole, fraction) = match mantissa.split_once('.') {
            Some((_, "")) => return None,
            Some(parts) => parts,
            None => (mantissa, ""),
        };
        let all_digits = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !all_digits(whole) || !all_digits(fraction) {
            return None;
        }

        let mut digits = format!("{whole}{fraction}");
        let leading_zeros = digits.bytes().take_while(|&byte| byte == b'0').count();
        digits.drain(..leading_zeros);
        digits.truncate(digits.trim_end_matches('0').len());
        if digits.is_empty() {
            return Some(Self {
                negative: false,
                exponent: 0,
                digits: Box::default(),
            });
        }
        if digits.len() > DIGITS_MAX {
            digits.truncate(DIGITS_MAX);
            digits.push('1');
        }
        let places = i64::try_from(whole.len()).ok()? - i64::try_from(leading_zeros).ok()?;
        let exponent = power
            .saturating_add(places)
            .clamp(i32::MIN.into(), i32::MAX.into()) as i32;
        Some(Self {
            negative,
            exponent,
            digits: digits.into(),
        })
    }

    /// Appends bytes that sort as the numbers do, and are equal only for equal numbers.
    pub fn push_sort_key(&self, key: &mut Vec<u8>) {
        let exponent = (self.exponent as u32 ^ 0x8000_0000).to_be_bytes();
        if self.digits.is_empty() {
            key.push(1);
        } else if self.negative {
            // Everything inverted, and an end mark above all digits: more digits sort lower.
            key.push(0);
            key.extend(exponent.map(|byte| !byte));
            key.extend(self.digits.bytes().map(|byte| !byte));
            key.push(0xFF);
        } else {
            key.push(2);
            key.extend(exponent);
            key.extend(self.digits.bytes());
        }
    }
}

fn parse_power(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    // Only a power too large for the type can fail here.
    Some(text.parse().unwrap_or(if text.starts_with('-') {
        i64::MIN / 2
    } else {
        i64::MAX / 2
    }))
}

impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let magnitude = |number: &Self| (!number.digits.is_empty(), number.exponent);
        match (self.negative, other.negative) {
            (false, true) => Ordering::Greater,
            (true, false) => Ordering::Less,
            (negative, _) => {
                let order = magnitude(self)
                    .cmp(&magnitude(other))
                    .then_with(|| self.digits.cmp(&other.digits));
                if negative { order.reverse() } else { order }
            }
        }
    }
}

impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl fmt::Display for Decimal {
    /// Writes a number that [`Decimal::parse`] reads back as this one.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const PLAIN_MAX: usize = 40;
        let sign = if self.negative { "-" } else { "" };
        let digits = &*self.digits;
        let places = usize::try_from(self.exponent)
            .ok()
            .filter(|&places| places <= PLAIN_MAX);
        match places {
            _ if digits.is_empty() => write!(f, "0"),
            Some(0) => write!(f, "{sign}0.{digits}"),
            Some(places) if places >= digits.len() => write!(f, "{sign}{digits:0<places$}"),
            Some(places) => {
                let (whole, fraction) = digits.split_at(places);
                write!(f, "{sign}{whole}.{fraction}")
            }
            None => write!(f, "{sign}0.{digits}e{}", self.exponent),
        }
    }
}
