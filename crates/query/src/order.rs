//! Comparisons and ranges.

use crate::ask::known_word;
use crate::catalogue::Meaning;
use crate::error::{Mistake, QueryErrorCode as Code, shown};
use crate::time::{self, ParseContext};
use crate::{
    Decimal, DecimalBound, DecimalRange, ExactField, Expr, Leaf, NumberField, NumberRange, amount,
    words,
};

/// A comparison sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Comparison {
    Greater,
    AtLeast,
    Less,
    AtMost,
}

/// An order asked of a field: the texts are still to be read as its numbers, times or words.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Order<'a> {
    Compare(Comparison, &'a str),
    /// `None` for an open end, written `*`.
    Between(Option<&'a str>, Option<&'a str>),
}

/// What asks a field for an order.
pub(crate) fn ask(
    meaning: &Meaning,
    order: Order<'_>,
    context: &ParseContext,
) -> Result<Expr, Mistake> {
    match meaning {
        Meaning::Number(field, unit) => {
            let read = |text: &str| amount::parse(*unit, text).map(|value| (value, value));
            whole_range(*field, order, read)
        }
        Meaning::Time(field) => {
            let read = |text: &str| time::parse(text, context).map(|span| (span.start, span.last()));
            whole_range(*field, order, read)
        }
        Meaning::Word { field, words, ordered: true } => word_range(*field, words, order),
        _ => Err(Mistake::new(Code::Comparison, "this field has no order to compare by")
            .hint("numbers, times, severity and risk can be compared; put the value in quotes to search for the sign itself")),
    }
}

/// What asks one metadata key for an order.
pub(crate) fn ask_metadata(key: &str, order: Order<'_>) -> Result<Expr, Mistake> {
    let read = |text: &str| {
        Decimal::parse(text).ok_or_else(|| {
            Mistake::new(Code::Number, format!("`{}` is not a number", shown(text)))
                .hint("metadata is compared by numbers only, e.g. metadata.attempt:>=3")
        })
    };
    let end = |text: Option<&str>| {
        text.map_or(Ok(DecimalBound::Unbounded), |text| {
            read(text).map(DecimalBound::Included)
        })
    };
    let (min, max) = match order {
        Order::Compare(Comparison::Greater, text) => {
            (DecimalBound::Excluded(read(text)?), DecimalBound::Unbounded)
        }
        Order::Compare(Comparison::AtLeast, text) => {
            (DecimalBound::Included(read(text)?), DecimalBound::Unbounded)
        }
        Order::Compare(Comparison::Less, text) => {
            (DecimalBound::Unbounded, DecimalBound::Excluded(read(text)?))
        }
        Order::Compare(Comparison::AtMost, text) => {
            (DecimalBound::Unbounded, DecimalBound::Included(read(text)?))
        }
        Order::Between(min, max) => (end(min)?, end(max)?),
    };
    if let (DecimalBound::Included(min), DecimalBound::Included(max)) = (&min, &max)
        && min > max
    {
        return Err(backwards());
    }
    let key = words::fold(key).into_owned();
    Ok(Leaf::MetadataNumber {
        key,
        range: DecimalRange { min, max },
    }
    .into())
}

/// Whether a text means numbers to a metadata key: `3..5`, `*..5`, `3..*`.
pub(crate) fn is_decimal_range(min: &str, max: &str) -> bool {
    let is_end = |text: &str| text == "*" || Decimal::parse(text).is_some();
    is_end(min) && is_end(max)
}

fn word_range(
    field: ExactField,
    known: &'static [&'static str],
    order: Order<'_>,
) -> Result<Expr, Mistake> {
    let last = known.len().saturating_sub(1);
    let nothing = || Mistake::new(Code::Comparison, "no value is beyond this one");
    let read = |text: &str| known_word(known, text);
    let (min, max) = match order {
        Order::Compare(Comparison::Greater, text) => (read(text)? + 1, last),
        Order::Compare(Comparison::AtLeast, text) => (read(text)?, last),
        Order::Compare(Comparison::Less, text) => {
            (0, read(text)?.checked_sub(1).ok_or_else(nothing)?)
        }
        Order::Compare(Comparison::AtMost, text) => (0, read(text)?),
        Order::Between(min, max) => {
            let (min, max) = (min.map_or(Ok(0), read)?, max.map_or(Ok(last), read)?);
            if min > max {
                return Err(backwards());
            }
            (min, max)
        }
    };
    let chosen = known
        .get(min..=max)
        .filter(|chosen| !chosen.is_empty())
        .ok_or_else(nothing)?;
    Ok(Expr::or(chosen.iter().map(|&word| {
        Leaf::Exact {
            field,
            value: word.to_owned(),
        }
        .into()
    })))
}

/// `read` answers the first and the last number a text stands for.
fn whole_range(
    field: NumberField,
    order: Order<'_>,
    read: impl Fn(&str) -> Result<(i64, i64), Mistake>,
) -> Result<Expr, Mistake> {
    let nothing = || Mistake::new(Code::Comparison, "no number is beyond this one");
    let range = match order {
        Order::Compare(Comparison::Greater, text) => {
            NumberRange::at_least(read(text)?.1.checked_add(1).ok_or_else(nothing)?)
        }
        Order::Compare(Comparison::AtLeast, text) => NumberRange::at_least(read(text)?.0),
        Order::Compare(Comparison::Less, text) => {
            NumberRange::at_most(read(text)?.0.checked_sub(1).ok_or_else(nothing)?)
        }
        Order::Compare(Comparison::AtMost, text) => NumberRange::at_most(read(text)?.1),
        Order::Between(min, max) => {
            let min = min.map_or(Ok(i64::MIN), |text| read(text).map(|(first, _)| first))?;
            let max = max.map_or(Ok(i64::MAX), |text| read(text).map(|(_, last)| last))?;
            if min > max {
                return Err(backwards());
            }
            NumberRange { min, max }
        }
    };
    Ok(Leaf::Number { field, range }.into())
}

fn backwards() -> Mistake {
    Mistake::new(Code::Comparison, "the range runs backwards")
        .hint("the smaller end comes first: `1..5`")
}
