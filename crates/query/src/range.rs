//! Ranges of numbers, both ends included.

use crate::Decimal;

/// Whole numbers from `min` to `max`, both included; the ends of `i64` mean "no limit".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct NumberRange {
    /// The least number in the range.
    pub min: i64,
    /// The greatest number in the range.
    pub max: i64,
}

impl NumberRange {
    /// The one number `value`.
    pub fn exactly(value: i64) -> Self {
        Self {
            min: value,
            max: value,
        }
    }

    /// `min` and everything above.
    pub fn at_least(min: i64) -> Self {
        Self { min, max: i64::MAX }
    }

    /// `max` and everything below.
    pub fn at_most(max: i64) -> Self {
        Self { min: i64::MIN, max }
    }

    /// Whether `value` is in the range.
    pub fn contains(self, value: i64) -> bool {
        self.min <= value && value <= self.max
    }
}

/// One end of a [`DecimalRange`].
pub type DecimalBound = std::ops::Bound<Decimal>;

/// Decimal numbers between two ends, each included, excluded or open.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct DecimalRange {
    /// The lower end.
    pub min: DecimalBound,
    /// The upper end.
    pub max: DecimalBound,
}

impl DecimalRange {
    /// The one number `value`.
    pub fn exactly(value: Decimal) -> Self {
        Self {
            min: DecimalBound::Included(value.clone()),
            max: DecimalBound::Included(value),
        }
    }

    /// Whether `value` is in the range.
    pub fn contains(&self, value: &Decimal) -> bool {
        std::ops::RangeBounds::contains(&(self.min.as_ref(), self.max.as_ref()), value)
    }
}
