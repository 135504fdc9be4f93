//! From one value of one field to a formula over leaves.

use std::net::{IpAddr, Ipv4Addr};

use event::{EventRef, parse_display_id};
use ipnet::{IpNet, Ipv4Net};

use crate::catalogue::{Meaning, Unit};
use crate::error::{Mistake, QueryErrorCode as Code, shown};
use crate::part;
use crate::time::{self, ParseContext};
use crate::{
    Decimal, DecimalBound, DecimalRange, ExactField, Expr, Leaf, NumberField, NumberRange,
    SUBSTRING_MIN_CHARS, TextFields, VALUE_MAX_CHARS, words,
};

/// How much of a value the text gives.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Whole,
    Prefix,
    Part,
}

/// A text to look for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Wanted<'a> {
    pub(crate) form: Form,
    pub(crate) text: &'a str,
    /// In quotes: exactly this text, not a number or an id that it might be read as.
    pub(crate) literal: bool,
}

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

/// What asks a field for a text.
pub(crate) fn ask(
    meaning: &Meaning,
    wanted: Wanted<'_>,
    context: &ParseContext,
) -> Result<Expr, Mistake> {
    check_length(wanted)?;
    match meaning {
        Meaning::Whole(field) => exact(*field, wanted).map(Expr::from),
        Meaning::Word { field, words, .. } => {
            if wanted.form == Form::Whole {
                known_word(words, wanted.text)?;
            }
            exact(*field, wanted).map(Expr::from)
        }
        Meaning::Text(fields) => text(*fields, wanted).map(Expr::from),
        Meaning::Named { ids, names } => named(ids, *names, wanted),
        Meaning::EventId => event_id(wanted),
        Meaning::Number(field, unit) => {
            let value = number(*unit, plain(wanted)?)?;
            Ok(Leaf::Number {
                field: *field,
                range: NumberRange::exactly(value),
            }
            .into())
        }
        Meaning::Time(field) => {
            let span = time::parse(plain(wanted)?, context)?;
            if span.is_instant_of_now() {
                let hint = format!(
                    "write `>={0}` for everything since, `<{0}` for everything before",
                    wanted.text
                );
                return Err(Mistake::new(
                    Code::Time,
                    format!("`{}` is a single moment", shown(wanted.text)),
                )
                .hint(hint));
            }
            Ok(Leaf::Number {
                field: *field,
                range: NumberRange {
                    min: span.start,
                    max: span.last(),
                },
            }
            .into())
        }
        Meaning::Address => address(wanted).map(|net| Leaf::Ip { net }.into()),
        Meaning::Metadata => Err(Mistake::new(Code::UnknownField, "`metadata.` needs a key")),
    }
}

/// What asks one metadata key for a text.
pub(crate) fn ask_metadata(key: &str, wanted: Wanted<'_>) -> Result<Expr, Mistake> {
    check_length(wanted)?;
    let key = words::fold(key).into_owned();
    if wanted.form == Form::Part {
        let part = substring(wanted.text)?;
        lookup(&part)?;
        return Ok(Leaf::MetadataContains { key, part }.into());
    }
    let (words, prefix) = some_words(wanted)?;
    let by_words = Expr::from(Leaf::MetadataWords {
        key: key.clone(),
        words,
        prefix,
    });
    match Decimal::parse(wanted.text) {
        Some(value) if wanted.form == Form::Whole && !wanted.literal => {
            let range = DecimalRange::exactly(value);
            Ok(Expr::or([
                by_words,
                Leaf::MetadataNumber { key, range }.into(),
            ]))
        }
        _ => Ok(by_words),
    }
}

/// What asks a field for an order.
pub(crate) fn ask_order(
    meaning: &Meaning,
    order: Order<'_>,
    context: &ParseContext,
) -> Result<Expr, Mistake> {
    match meaning {
        Meaning::Number(field, unit) => {
            let read = |text: &str| number(*unit, text).map(|value| (value, value));
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
pub(crate) fn ask_metadata_order(key: &str, order: Order<'_>) -> Result<Expr, Mistake> {
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

fn check_length(wanted: Wanted<'_>) -> Result<(), Mistake> {
    let chars = wanted.text.chars().count();
    if chars > VALUE_MAX_CHARS {
        let message = format!("the value has {chars} characters, the limit is {VALUE_MAX_CHARS}");
        return Err(Mistake::new(Code::ValueTooLong, message));
    }
    Ok(())
}

fn exact(field: ExactField, wanted: Wanted<'_>) -> Result<Leaf, Mistake> {
    let folded = words::fold(wanted.text).into_owned();
    match wanted.form {
        Form::Whole => Ok(Leaf::Exact {
            field,
            value: folded,
        }),
        _ if field.is_lookup_only() => Err(only_whole(field.name())),
        Form::Prefix => Ok(Leaf::ExactPrefix {
            field,
            prefix: folded,
        }),
        Form::Part => Ok(Leaf::ExactContains {
            field,
            part: substring(wanted.text)?,
        }),
    }
}

fn text(fields: TextFields, wanted: Wanted<'_>) -> Result<Leaf, Mistake> {
    if wanted.form == Form::Part {
        let part = substring(wanted.text)?;
        lookup(&part)?;
        return Ok(Leaf::WordContains { fields, part });
    }
    let (words, prefix) = some_words(wanted)?;
    Ok(Leaf::Words {
        fields,
        words,
        prefix,
    })
}

/// Ids first: [`crate::display`] reads the whole value from the first leaf.
fn named(ids: &[ExactField], names: TextFields, wanted: Wanted<'_>) -> Result<Expr, Mistake> {
    let by_name = text(names, wanted)?;
    let by_id = ids
        .iter()
        .filter(|id| wanted.form == Form::Whole || !id.is_lookup_only())
        .map(|&id| exact(id, wanted).map(Expr::from))
        .collect::<Result<Vec<_>, _>>()?;
    let mut members = by_id;
    members.push(by_name.into());
    if names == TextFields::FREE && wanted.form == Form::Whole && !wanted.literal {
        members.extend(display_id(wanted.text));
        members.extend(single_address(wanted.text).map(|net| Expr::from(Leaf::Ip { net })));
    }
    Ok(Expr::or(members))
}

fn event_id(wanted: Wanted<'_>) -> Result<Expr, Mistake> {
    if wanted.form != Form::Whole {
        return Err(only_whole("id"));
    }
    let sent = Expr::from(exact(ExactField::Id, wanted)?);
    if wanted.literal {
        return Ok(sent);
    }
    let digits_only = wanted.text.bytes().all(|byte| byte.is_ascii_digit());
    let sequence = wanted
        .text
        .parse()
        .ok()
        .filter(|_| digits_only)
        .map(|number| sequence(number).into());
    Ok(Expr::or(
        [Some(sent), sequence, display_id(wanted.text)]
            .into_iter()
            .flatten(),
    ))
}

fn sequence(number: i64) -> Leaf {
    Leaf::Number {
        field: NumberField::Sequence,
        range: NumberRange::exactly(number),
    }
}

/// `LOG-2026-0000123`: the place, and the year in which the ledger took the event.
fn display_id(text: &str) -> Option<Expr> {
    let Ok(EventRef::Display(id)) = parse_display_id(&text.to_ascii_uppercase()) else {
        return None;
    };
    let place = i64::try_from(id.sequence.get()).ok()?;
    let range = time::utc_year(i16::try_from(id.year).ok()?)?;
    Some(Expr::and([
        sequence(place).into(),
        Leaf::Number {
            field: NumberField::Received,
            range,
        }
        .into(),
    ]))
}

fn some_words(wanted: Wanted<'_>) -> Result<(Vec<String>, bool), Mistake> {
    let words = words::list(wanted.text);
    if words.is_empty() {
        let message = format!(
            "`{}` has no letter and no digit to search for",
            shown(wanted.text)
        );
        return Err(Mistake::new(Code::TooShort, message).hint("texts are searched by their words"));
    }
    let prefix = wanted.form == Form::Prefix && part::goes_on(wanted.text);
    Ok((words, prefix))
}

fn substring(text: &str) -> Result<String, Mistake> {
    let part = words::fold(text).into_owned();
    if part.chars().count() < SUBSTRING_MIN_CHARS {
        let message = format!(
            "`*{}*` is too short: at least {SUBSTRING_MIN_CHARS} characters",
            shown(text)
        );
        return Err(Mistake::new(Code::TooShort, message)
            .hint("give more of it, or only its beginning: `ab*`"));
    }
    Ok(part)
}

/// Refuses a substring of texts of which nothing can be looked up.
fn lookup(part: &str) -> Result<(), Mistake> {
    if part::anchors(part).is_empty() {
        let message = format!("nothing of `*{}*` can be looked up", shown(part));
        let hint = format!(
            "give {SUBSTRING_MIN_CHARS} to {} letters or digits in a row",
            words::WORD_MAX_CHARS
        );
        return Err(Mistake::new(Code::TooShort, message).hint(hint));
    }
    Ok(())
}

fn only_whole(field: &str) -> Mistake {
    Mistake::new(
        Code::Wildcard,
        format!("`{field}:` is compared whole, without `*`"),
    )
    .hint("write the whole value")
}

fn plain(wanted: Wanted<'_>) -> Result<&str, Mistake> {
    match wanted.form {
        Form::Whole => Ok(wanted.text),
        _ => Err(Mistake::new(Code::Wildcard, "this field has no `*`")
            .hint("write a range, e.g. `10..*`")),
    }
}

fn known_word(known: &'static [&'static str], text: &str) -> Result<usize, Mistake> {
    let folded = words::fold(text);
    known
        .iter()
        .position(|&word| word == folded)
        .ok_or_else(|| {
            let all = known.join(", ");
            let hint = match crate::error::nearest(&folded, known.iter().copied()) {
                Some(word) => format!("did you mean `{word}`? It is one of {all}"),
                None => format!("it is one of {all}"),
            };
            Mistake::new(
                Code::UnknownValue,
                format!("`{}` is not a value of this field", shown(text)),
            )
            .hint(hint)
        })
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

fn number(unit: Unit, text: &str) -> Result<i64, Mistake> {
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

fn address(wanted: Wanted<'_>) -> Result<IpNet, Mistake> {
    let net = match wanted.form {
        Form::Whole => {
            single_address(wanted.text).or_else(|| wanted.text.parse().ok().map(canonical_net))
        }
        Form::Prefix => octets(wanted.text),
        Form::Part => None,
    };
    net.ok_or_else(|| {
        Mistake::new(
            Code::Address,
            format!("`{}` is not an IP address or network", shown(wanted.text)),
        )
        .hint("e.g. 192.168.1.105, 10.0.0.0/8, 192.168.*, 2001:db8::/32")
    })
}

/// The network of one address.
pub(crate) fn single_address(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .map(|address: IpAddr| IpNet::from(address.to_canonical()))
}

/// Without host bits, and IPv4 where it is an IPv4 network inside IPv6.
fn canonical_net(net: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let mapped = match net {
        IpNet::V6(six) => six
            .addr()
            .to_ipv4_mapped()
            .zip(six.prefix_len().checked_sub(MAPPED_BITS)),
        IpNet::V4(_) => None,
    };
    mapped
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(net, IpNet::V4)
        .trunc()
}

/// `192.168.` as what comes before a `*`.
fn octets(text: &str) -> Option<IpNet> {
    let given: Vec<u8> = text
        .strip_suffix('.')?
        .split('.')
        .map(|octet| octet.parse().ok())
        .collect::<Option<_>>()?;
    let mut address = [0; 4];
    address.get_mut(..given.len())?.copy_from_slice(&given);
    let length = u8::try_from(given.len() * 8)
        .ok()
        .filter(|&length| length < 32)?;
    Ipv4Net::new(Ipv4Addr::from(address), length)
        .ok()
        .map(IpNet::V4)
}

/// A network as a query writes it.
pub(crate) fn net_text(net: IpNet) -> String {
    let single = net.prefix_len() == net.max_prefix_len();
    if single {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}
