//! From one value of one field to a formula over leaves.

use event::{EventRef, parse_display_id};

use crate::catalogue::Meaning;
use crate::error::{Mistake, QueryErrorCode as Code, shown};
use crate::part;
use crate::time::{self, ParseContext};
use crate::{
    Decimal, DecimalRange, ExactField, Expr, Leaf, NumberField, NumberRange, SUBSTRING_MIN_CHARS,
    TextFields, VALUE_MAX_CHARS, address, amount, words,
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
            let value = amount::parse(*unit, plain(wanted)?)?;
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
        Meaning::Address => address::parse(wanted).map(|net| Leaf::Ip { net }.into()),
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
        members.extend(address::single(wanted.text).map(|net| Expr::from(Leaf::Ip { net })));
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

pub(crate) fn known_word(known: &'static [&'static str], text: &str) -> Result<usize, Mistake> {
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
