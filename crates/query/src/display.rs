//! The canonical text of a formula, which parses back to the same formula.
//!
//! One term of a query may ask several leaves (`actor:john` asks id, e-mail address and name). The
//! canonical text finds these groups again: wherever the members of an `Or` are what some short
//! term stands for, it writes the term.

use std::fmt::{self, Display, Formatter, Write};

use event::Timestamp;

use crate::ask::{self, Form, Wanted};
use crate::catalogue::{FIELDS, FREE, METADATA_PREFIX, Meaning};
use crate::fields::{ExactField, NumberField};
use crate::order::{self, Order};
use crate::time::ParseContext;
use crate::{
    DecimalBound, DecimalRange, Expr, Leaf, NumberRange, TextField, TextFields, address, words,
};

/// For every formula that [`crate::parse`] answers, the text parses to it again (within the limits
/// of a query). Formulas made in other ways get a text that means the same where there is one.
impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Expr::All => f.write_str("*"),
            Expr::None => f.write_str("-*"),
            Expr::Leaf(leaf) => leaf.fmt(f),
            Expr::Or(members) => separated(f, " OR ", &terms(members)),
            Expr::And(members) => {
                for (place, member) in members.iter().enumerate() {
                    if place > 0 {
                        f.write_char(' ')?;
                    }
                    write_operand(member, f)?;
                }
                Ok(())
            }
            Expr::Not(inner) => {
                f.write_char('-')?;
                write_operand(inner, f)
            }
        }
    }
}

impl Display for Leaf {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Leaf::Exact { field, value } => match field {
                // Unquoted, the same text may also mean a place in the ledger.
                ExactField::Id => write!(f, "id:{}", Quoted(value)),
                _ => write!(f, "{}:{}", field.name(), Text(value)),
            },
            Leaf::ExactPrefix { field, prefix } => write!(f, "{}:{}*", field.name(), Text(prefix)),
            Leaf::ExactContains { field, part } => write!(f, "{}:*{}*", field.name(), Text(part)),
            Leaf::Words {
                fields,
                words,
                prefix,
            } => {
                let star = if *prefix { "*" } else { "" };
                each_field(f, *fields, |f| write!(f, "{}{star}", Text(&phrase(words))))
            }
            Leaf::WordContains { fields, part } => {
                each_field(f, *fields, |f| write!(f, "*{}*", Text(part)))
            }
            Leaf::MetadataWords { key, words, prefix } => {
                // Unquoted, the same text may also mean a number.
                let star = if *prefix { "*" } else { "" };
                write!(
                    f,
                    "{METADATA_PREFIX}{}:{}{star}",
                    Key(key),
                    Quoted(&phrase(words))
                )
            }
            Leaf::MetadataContains { key, part } => {
                write!(f, "{METADATA_PREFIX}{}:*{}*", Key(key), Text(part))
            }
            Leaf::MetadataNumber { key, range } => write_decimals(f, key, range),
            Leaf::Number { field, range } => write_numbers(f, *field, *range),
            Leaf::Ip { net } => write!(f, "ip:{}", address::text(*net)),
        }
    }
}

/// Writes a member of an `And` or a `Not`, in parentheses where it needs them.
fn write_operand(member: &Expr, f: &mut Formatter<'_>) -> fmt::Result {
    match member {
        Expr::Or(members) => match &*terms(members) {
            [only] => f.write_str(only),
            several => {
                f.write_char('(')?;
                separated(f, " OR ", several)?;
                f.write_char(')')
            }
        },
        Expr::And(_) => write!(f, "({member})"),
        _ => member.fmt(f),
    }
}

fn separated(f: &mut Formatter<'_>, separator: &str, terms: &[String]) -> fmt::Result {
    for (place, term) in terms.iter().enumerate() {
        if place > 0 {
            f.write_str(separator)?;
        }
        f.write_str(term)?;
    }
    Ok(())
}

/// The members of an `Or` as terms, each of which stands for one or several of them.
fn terms(members: &[Expr]) -> Vec<String> {
    let mut rest = members;
    let mut terms = Vec::new();
    while let Some((first, others)) = rest.split_first() {
        match short_term(first, rest) {
            Some((term, length)) => {
                terms.push(term);
                rest = rest.get(length..).unwrap_or_default();
            }
            None => {
                terms.push(first.to_string());
                rest = others;
            }
        }
    }
    terms
}

/// The term that stands for the first few of `members`, and how many those are.
fn short_term(first: &Expr, members: &[Expr]) -> Option<(String, usize)> {
    let Expr::Leaf(leaf) = first else { return None };
    candidates(leaf, members)
        .into_iter()
        .find_map(|(term, expr)| match expr {
            Expr::Or(expected) if members.starts_with(&expected) => Some((term, expected.len())),
            _ => None,
        })
}

/// Terms that begin with `leaf` and stand for several leaves.
fn candidates(leaf: &Leaf, members: &[Expr]) -> Vec<(String, Expr)> {
    match leaf {
        Leaf::MetadataWords { key, .. } => {
            let Some(Expr::Leaf(Leaf::MetadataNumber { range, .. })) = members.get(1) else {
                return Vec::new();
            };
            let DecimalBound::Included(value) = &range.min else {
                return Vec::new();
            };
            let text = value.to_string();
            let wanted = Wanted {
                form: Form::Whole,
                text: &text,
                literal: false,
            };
            let term = format!("{METADATA_PREFIX}{}:{text}", Key(key));
            ask::ask_metadata(key, wanted)
                .map(|expr| (term, expr))
                .into_iter()
                .collect()
        }
        Leaf::Exact { field, value } => {
            let mut found = named_terms(*field, value, Form::Whole);
            found.extend(word_terms(*field, value));
            found
        }
        Leaf::ExactPrefix { field, prefix } => named_terms(*field, prefix, Form::Prefix),
        Leaf::ExactContains { field, part } => named_terms(*field, part, Form::Part),
        _ => Vec::new(),
    }
}

/// `john`, `actor:john`, `id:17`: terms that ask several fields for one text.
fn named_terms(first: ExactField, text: &str, form: Form) -> Vec<(String, Expr)> {
    let (before, after) = match form {
        Form::Whole => ("", ""),
        Form::Prefix => ("", "*"),
        Form::Part => ("*", "*"),
    };
    let mut found = Vec::new();
    let named = FIELDS
        .iter()
        .filter(|field| matches!(field.meaning, Meaning::Named { .. } | Meaning::EventId))
        .map(|field| (&field.meaning, Some(field.name)));
    for (meaning, name) in std::iter::once((&FREE, None)).chain(named) {
        let begins_so = match meaning {
            Meaning::Named { ids, .. } => ids.first() == Some(&first),
            _ => first == ExactField::Id,
        };
        if !begins_so {
            continue;
        }
        // Without quotes the text may stand for more leaves, so that is tried first.
        for literal in [false, true] {
            if !literal && !is_bare(text, name.is_none()) {
                continue;
            }
            let Ok(expr) = ask::ask(
                meaning,
                Wanted {
                    form,
                    text,
                    literal,
                },
                &timeless(),
            ) else {
                continue;
            };
            let field = name.map(|name| format!("{name}:")).unwrap_or_default();
            let value = if literal {
                Quoted(text).to_string()
            } else {
                text.to_owned()
            };
            found.push((format!("{field}{before}{value}{after}"), expr));
        }
    }
    found
}

/// Whether the parser reads the text as one bare value; without a field also an address.
fn is_bare(text: &str, free: bool) -> bool {
    is_plain(text) || (free && address::single(text).is_some())
}

/// `severity:>=high`: terms that stand for several words of a list in order.
fn word_terms(asked: ExactField, first: &str) -> Vec<(String, Expr)> {
    let mut found = Vec::new();
    for field in FIELDS {
        let Meaning::Word {
            field: exact,
            words,
            ordered: true,
        } = &field.meaning
        else {
            continue;
        };
        if *exact != asked {
            continue;
        }
        for last in words.iter().rev() {
            let order = Order::Between(Some(first), Some(last));
            let Ok(expr) = order::ask(&field.meaning, order, &timeless()) else {
                continue;
            };
            let term = if words.last() == Some(last) {
                format!("{}:>={first}", field.name)
            } else if words.first() == Some(&first) {
                format!("{}:<={last}", field.name)
            } else {
                format!("{}:{first}..{last}", field.name)
            };
            found.push((term, expr));
        }
    }
    found
}

/// For values that have nothing to do with time.
fn timeless() -> ParseContext {
    ParseContext::utc(Timestamp::EPOCH)
}

fn each_field(
    f: &mut Formatter<'_>,
    fields: TextFields,
    value: impl Fn(&mut Formatter<'_>) -> fmt::Result,
) -> fmt::Result {
    let names: Vec<&str> = match fields {
        TextFields::FREE => vec!["text"],
        fields => fields.iter().map(TextField::name).collect(),
    };
    let several = names.len() > 1;
    if several {
        f.write_char('(')?;
    }
    for (place, name) in names.iter().enumerate() {
        if place > 0 {
            f.write_str(" OR ")?;
        }
        write!(f, "{name}:")?;
        value(f)?;
    }
    if several { f.write_char(')') } else { Ok(()) }
}

fn write_numbers(f: &mut Formatter<'_>, field: NumberField, range: NumberRange) -> fmt::Result {
    let is_time = matches!(field, NumberField::Occurred | NumberField::Received);
    let end = |value: i64| {
        if is_time {
            Timestamp::from_micros(value).to_string()
        } else {
            value.to_string()
        }
    };
    let name = field.name();
    match (range.min, range.max) {
        (i64::MIN, i64::MAX) => write!(f, "{name}:*..*"),
        (min, i64::MAX) => write!(f, "{name}:>={}", end(min)),
        (i64::MIN, max) => write!(f, "{name}:<={}", end(max)),
        (min, max) if min == max => write!(f, "{name}:{}", end(min)),
        (min, max) => write!(f, "{name}:{}..{}", end(min), end(max)),
    }
}

fn write_decimals(f: &mut Formatter<'_>, key: &str, range: &DecimalRange) -> fmt::Result {
    use std::ops::Bound::{Excluded, Included, Unbounded};
    let name = format!("{METADATA_PREFIX}{}", Key(key));
    match (&range.min, &range.max) {
        (Unbounded, Unbounded) => write!(f, "{name}:*..*"),
        (Included(min), Unbounded) => write!(f, "{name}:>={min}"),
        (Excluded(min), Unbounded) => write!(f, "{name}:>{min}"),
        (Unbounded, Included(max)) => write!(f, "{name}:<={max}"),
        (Unbounded, Excluded(max)) => write!(f, "{name}:<{max}"),
        (Included(min), Included(max)) => write!(f, "{name}:{min}..{max}"),
        (Included(min) | Excluded(min), Included(max) | Excluded(max)) => {
            // Not one term of the language; the same for keys with one value.
            let above = if matches!(range.min, Included(_)) {
                ">="
            } else {
                ">"
            };
            let below = if matches!(range.max, Included(_)) {
                "<="
            } else {
                "<"
            };
            write!(f, "({name}:{above}{min} {name}:{below}{max})")
        }
    }
}

/// The words as one text. Characters that are words of their own need no space around them.
fn phrase(words: &[String]) -> String {
    let mut text = String::new();
    for word in words {
        let touches = text.chars().next_back().is_some_and(words::stands_alone)
            || word.chars().next().is_some_and(words::stands_alone);
        if !text.is_empty() && !touches {
            text.push(' ');
        }
        text.push_str(word);
    }
    text
}

/// A value, in quotes where it needs them.
struct Text<'a>(&'a str);

impl Display for Text<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        if is_plain(self.0) {
            f.write_str(self.0)
        } else {
            Quoted(self.0).fmt(f)
        }
    }
}

/// A value in quotes.
struct Quoted<'a>(&'a str);

impl Display for Quoted<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        for c in self.0.chars() {
            if matches!(c, '"' | '\\') {
                f.write_char('\\')?;
            }
            f.write_char(c)?;
        }
        f.write_char('"')
    }
}

/// A metadata key, in quotes where it needs them.
struct Key<'a>(&'a str);

impl Display for Key<'_> {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        Text(self.0).fmt(f)
    }
}

/// Whether the parser reads the text, bare, as one whole value that begins nothing else.
fn is_plain(text: &str) -> bool {
    let inside =
        |c: char| words::is_word_char(c) || matches!(c, '_' | '-' | '.' | '@' | '/' | '+' | '#');
    text.starts_with(char::is_alphanumeric)
        && text.chars().all(inside)
        && !text.contains("..")
        && !matches!(text, "OR" | "AND" | "NOT")
}
