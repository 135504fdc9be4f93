//! The parser: a descent by hand over the characters of the query.
//!
//! By hand rather than with a parser library because nearly all of it is saying what is wrong:
//! where, in which field, and what to write instead.
//!
//! ```text
//! query  = [ or ]
//! or     = and { "OR" and }
//! and    = not { [ "AND" ] not }
//! not    = { "-" | "NOT" } term
//! term   = "(" or ")" | "*" | field ":" ( value | "(" or ")" ) | value
//! value  = [ ">" | ">=" | "<" | "<=" ] ( word | [ "*" ] quoted [ "*" ] )
//! quoted = '"' { any but '"' | '\"' | '\\' } '"'
//! ```
//!
//! Inside `field:( … )` every word is a value of the field. A word ends at a space, a quote or a
//! parenthesis.

use crate::ask::{self, Comparison, Form, Order, Wanted};
use crate::catalogue::{self, FREE, Field, METADATA_PREFIX, Meaning};
use crate::error::{Mistake, QueryErrorCode as Code, nearest, shown};
use crate::{DEPTH_MAX, Expr, ParseContext, QUERY_MAX_CHARS, Query, QueryError, TERMS_MAX};

/// Reads a query. The empty text finds every event.
pub fn parse(text: &str, context: &ParseContext) -> Result<Query, QueryError> {
    let chars: Vec<char> = text.chars().take(QUERY_MAX_CHARS + 1).collect();
    if chars.len() > QUERY_MAX_CHARS {
        let message = format!("the query is longer than {QUERY_MAX_CHARS} characters");
        return Err(Mistake::new(Code::QueryTooLong, message).at(QUERY_MAX_CHARS, 0));
    }
    let mut parser = Parser {
        chars: &chars,
        at: 0,
        depth: 0,
        terms: 0,
        context,
    };
    parser.skip_spaces();
    if parser.peek().is_none() {
        return Ok(Query::new(Expr::All));
    }
    let expr = parser.any_of(&Asked::Anything)?;
    match parser.peek() {
        None => Ok(Query::new(expr)),
        // Everything else is consumed as a term.
        Some(_) => Err(parser.closes_nothing()),
    }
}

/// What a value is asked of.
enum Asked {
    Anything,
    Field(&'static Field),
    Metadata(String),
}

struct Parser<'a> {
    chars: &'a [char],
    at: usize,
    depth: usize,
    terms: usize,
    context: &'a ParseContext,
}

/// A value as it stands in the query.
struct Value {
    comparison: Option<Comparison>,
    text: String,
    /// In quotes; then the stars stand outside of the text.
    quoted: bool,
    star_before: bool,
    star_after: bool,
}

impl Parser<'_> {
    fn any_of(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut members = vec![self.all_of(asked)?];
        while self.takes_keyword("OR") {
            self.expects_term("OR")?;
            members.push(self.all_of(asked)?);
        }
        Ok(Expr::or(members))
    }

    fn all_of(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut members = vec![self.negated(asked)?];
        loop {
            self.skip_spaces();
            if self.takes_keyword("AND") {
                self.expects_term("AND")?;
            } else if matches!(self.peek(), None | Some(')')) || self.at_keyword("OR") {
                return Ok(Expr::and(members));
            }
            members.push(self.negated(asked)?);
        }
    }

    fn negated(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut negative = false;
        loop {
            self.skip_spaces();
            self.no_operator()?;
            if self.takes_keyword("NOT") {
                self.expects_term("NOT")?;
            } else if self.peek() == Some('-') {
                self.at += 1;
                if self.peek().is_none_or(|c| c.is_whitespace() || c == ')') {
                    return Err(Mistake::new(Code::MissingTerm, "`-` has nothing to negate")
                        .hint("write it directly before a term: -outcome:success")
                        .at(self.at - 1, 1));
                }
            } else {
                let term = self.term(asked)?;
                return Ok(if negative { term.negate() } else { term });
            }
            negative = !negative;
        }
    }

    fn term(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let start = self.at;
        match self.peek() {
            Some('(') => return self.group(asked),
            Some(')') => return Err(self.closes_nothing()),
            _ => {}
        }
        self.terms += 1;
        if self.terms > TERMS_MAX {
            let message = format!("the query has more than {TERMS_MAX} terms");
            return Err(Mistake::new(Code::TooManyTerms, message).at(start, 0));
        }
        if matches!(asked, Asked::Anything) {
            if let Some(field) = self.field()? {
                return self.field_value(&field, start);
            }
            if self.bare_word() == "*" && self.char_at(start + 1) != Some('"') {
                self.at += 1;
                return Ok(Expr::All);
            }
        }
        self.value(asked)
    }

    fn group(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let open = self.at;
        if self.depth == DEPTH_MAX {
            let message = format!("parentheses are nested deeper than {DEPTH_MAX}");
            return Err(Mistake::new(Code::TooDeep, message).at(open, 1));
        }
        self.at += 1;
        self.depth += 1;
        self.skip_spaces();
        if self.peek() == Some(')') {
            return Err(
                Mistake::new(Code::Empty, "nothing is inside the parentheses")
                    .at(open, self.at + 1 - open),
            );
        }
        let inner = if self.peek().is_some() {
            Some(self.any_of(asked)?)
        } else {
            None
        };
        match (inner, self.peek()) {
            (Some(inner), Some(_)) => {
                self.at += 1;
                self.depth -= 1;
                Ok(inner)
            }
            _ => Err(Mistake::new(Code::Parenthesis, "this `(` is never closed")
                .hint("add `)`, or put it in quotes to search for it")
                .at(open, 1)),
        }
    }

    /// Reads `name:` if the next word begins so. Words that only contain a colon, such as times
    /// and IPv6 addresses, are left as values.
    fn field(&mut self) -> Result<Option<Asked>, QueryError> {
        let start = self.at;
        let word = self.bare_word();
        let key_is_quoted = word.eq_ignore_ascii_case(METADATA_PREFIX)
            && self.char_at(start + METADATA_PREFIX.len()) == Some('"');
        if key_is_quoted {
            self.at += METADATA_PREFIX.len();
            let key = self.quoted()?;
            if self.peek() != Some(':') {
                return Err(Mistake::new(Code::Empty, "the metadata key has no value")
                    .hint("write a colon and the value right after it: metadata.\"my key\":value")
                    .at(start, self.at - start));
            }
            self.at += 1;
            return Ok(Some(Asked::Metadata(key)));
        }
        let Some((name, _)) = word.split_once(':') else {
            return Ok(None);
        };
        let asked = if is_metadata_key(name) {
            Asked::Metadata(name.chars().skip(METADATA_PREFIX.len()).collect())
        } else if !looks_like_field(name) || word.parse::<std::net::IpAddr>().is_ok() {
            return Ok(None);
        } else {
            match catalogue::find(name) {
                Some(field) => Asked::Field(field),
                None => return Err(unknown_field(name, &word).at(start, name.chars().count())),
            }
        };
        self.at += name.chars().count() + 1;
        match asked {
            Asked::Metadata(key) if key.is_empty() => {
                Err(Mistake::new(Code::UnknownField, "`metadata.` needs a key")
                    .hint("e.g. metadata.attempt:3")
                    .at(start, self.at - 1 - start))
            }
            Asked::Field(Field {
                meaning: Meaning::Metadata,
                ..
            }) => Err(
                Mistake::new(Code::UnknownField, "KEY stands for a key of the metadata")
                    .hint("e.g. metadata.attempt:3")
                    .at(start, self.at - 1 - start),
            ),
            asked => Ok(Some(asked)),
        }
    }

    fn field_value(&mut self, asked: &Asked, start: usize) -> Result<Expr, QueryError> {
        match self.peek() {
            Some('(') => self.group(asked),
            Some(c) if !c.is_whitespace() && c != ')' => self.value(asked),
            next => {
                let name: String = self.slice(start, self.at);
                let hint = match next {
                    Some(c) if c.is_whitespace() => format!(
                        "write the value right after the colon, without a space: {name}value"
                    ),
                    _ => format!("write the value right after the colon: {name}value"),
                };
                Err(
                    Mistake::new(Code::Empty, format!("`{}` has no value", shown(&name)))
                        .hint(hint)
                        .at(start, self.at - start),
                )
            }
        }
    }

    fn value(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let start = self.at;
        let value = self.read_value(asked)?;
        self.meaning_of(asked, &value)
            .map_err(|mistake| mistake.at(start, self.at - start))
    }

    /// Reads one value. Its text has no stars any more, unless they are a mistake.
    fn read_value(&mut self, asked: &Asked) -> Result<Value, QueryError> {
        let start = self.at;
        let comparison = match asked {
            Asked::Anything => None,
            _ => self.comparison(),
        };
        let star_before = self.peek() == Some('*') && self.char_at(self.at + 1) == Some('"');
        if star_before {
            self.at += 1;
        }
        if self.peek() == Some('"') {
            let text = self.quoted()?;
            let star_after = self.peek() == Some('*');
            if star_after {
                self.at += 1;
            }
            if self
                .peek()
                .is_some_and(|c| !c.is_whitespace() && c != '(' && c != ')')
            {
                return Err(
                    Mistake::new(Code::Quote, "text follows the closing quote directly")
                        .hint("put a space between them, or write \\\" for a quote inside quotes")
                        .at(self.at, 1),
                );
            }
            if text.is_empty() {
                return Err(Mistake::new(Code::Empty, "nothing is inside the quotes")
                    .at(start, self.at - start));
            }
            return Ok(Value {
                comparison,
                text,
                quoted: true,
                star_before,
                star_after,
            });
        }
        let text = self.bare_word();
        self.at += text.chars().count();
        if let Some(sign @ ('"' | '(')) = self.peek() {
            let (code, name) = if sign == '"' {
                (Code::Quote, "quote")
            } else {
                (Code::Parenthesis, "parenthesis")
            };
            return Err(
                Mistake::new(code, format!("a {name} stands in the middle of a word"))
                    .hint("put a space before it, or the whole word in quotes")
                    .at(self.at, 1),
            );
        }
        if text.is_empty() {
            return Err(Mistake::new(Code::Empty, "the comparison has no value")
                .hint("write the value right after the sign: records:>1000")
                .at(start, self.at - start));
        }
        Ok(Value {
            comparison,
            text,
            quoted: false,
            star_before: false,
            star_after: false,
        })
    }

    fn comparison(&mut self) -> Option<Comparison> {
        let (comparison, length) = match (self.peek()?, self.char_at(self.at + 1)) {
            ('>', Some('=')) => (Comparison::AtLeast, 2),
            ('<', Some('=')) => (Comparison::AtMost, 2),
            ('>', _) => (Comparison::Greater, 1),
            ('<', _) => (Comparison::Less, 1),
            _ => return None,
        };
        self.at += length;
        Some(comparison)
    }

    fn meaning_of(&self, asked: &Asked, value: &Value) -> Result<Expr, Mistake> {
        if let Some(order) = order_of(asked, value)? {
            return match asked {
                Asked::Anything => ask::ask_order(&FREE, order, self.context),
                Asked::Field(field) => ask::ask_order(&field.meaning, order, self.context),
                Asked::Metadata(key) => ask::ask_metadata_order(key, order),
            };
        }
        let (form, text) = form_of(value)?;
        let wanted = Wanted {
            form,
            text,
            literal: value.quoted,
        };
        match asked {
            Asked::Anything => ask::ask(&FREE, wanted, self.context),
            Asked::Field(field) => ask::ask(&field.meaning, wanted, self.context),
            Asked::Metadata(key) => ask::ask_metadata(key, wanted),
        }
    }

    /// Reads a text in quotes, the parser standing on the first.
    fn quoted(&mut self) -> Result<String, QueryError> {
        let open = self.at;
        let mut text = String::new();
        self.at += 1;
        while let Some(c) = self.peek() {
            self.at += 1;
            match (c, self.peek()) {
                ('"', _) => return Ok(text),
                ('\\', Some(escaped @ ('"' | '\\'))) => {
                    text.push(escaped);
                    self.at += 1;
                }
                _ => text.push(c),
            }
        }
        Err(Mistake::new(Code::Quote, "this quote is never closed")
            .hint("add `\"` at the end of the phrase; write \\\" for a quote inside quotes")
            .at(open, 1))
    }

    /// The characters up to the next space, quote or parenthesis; does not move.
    fn bare_word(&self) -> String {
        let rest = self.chars.get(self.at..).unwrap_or_default();
        rest.iter().take_while(|&&c| !ends_word(c)).collect()
    }

    fn at_keyword(&self, keyword: &str) -> bool {
        self.bare_word() == keyword && self.char_at(self.at + keyword.len()) != Some('"')
    }

    fn takes_keyword(&mut self, keyword: &str) -> bool {
        let takes = self.at_keyword(keyword);
        if takes {
            self.at += keyword.len();
        }
        takes
    }

    /// After a keyword: something must follow.
    fn expects_term(&mut self, keyword: &str) -> Result<(), QueryError> {
        let place = self.at - keyword.len();
        self.skip_spaces();
        if matches!(self.peek(), None | Some(')')) {
            let hint = format!("to search for the word itself, put it in quotes: \"{keyword}\"");
            return Err(Mistake::new(
                Code::MissingTerm,
                format!("`{keyword}` has nothing on its right"),
            )
            .hint(hint)
            .at(place, keyword.len()));
        }
        Ok(())
    }

    /// Where a term must begin: `OR` and `AND` cannot stand there.
    fn no_operator(&self) -> Result<(), QueryError> {
        let Some(word) = ["OR", "AND"].into_iter().find(|word| self.at_keyword(word)) else {
            return Ok(());
        };
        Err(Mistake::new(
            Code::MissingTerm,
            format!("`{word}` has nothing on its left"),
        )
        .hint(format!(
            "to search for the word itself, put it in quotes: \"{word}\""
        ))
        .at(self.at, word.len()))
    }

    fn closes_nothing(&self) -> QueryError {
        Mistake::new(Code::Parenthesis, "this `)` closes nothing")
            .hint("remove it, or put it in quotes to search for it")
            .at(self.at, 1)
    }

    fn skip_spaces(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.at += 1;
        }
    }

    fn peek(&self) -> Option<char> {
        self.char_at(self.at)
    }

    fn char_at(&self, place: usize) -> Option<char> {
        self.chars.get(place).copied()
    }

    fn slice(&self, start: usize, end: usize) -> String {
        self.chars
            .get(start..end)
            .unwrap_or_default()
            .iter()
            .collect()
    }
}

fn ends_word(c: char) -> bool {
    c.is_whitespace() || matches!(c, '"' | '(' | ')')
}

/// The order a value asks for, if it does: `>5`, `1..5`.
fn order_of<'v>(asked: &Asked, value: &'v Value) -> Result<Option<Order<'v>>, Mistake> {
    if let Some(comparison) = value.comparison {
        if value.star_before || value.star_after {
            return Err(Mistake::new(Code::Wildcard, "a comparison has no `*`"));
        }
        return Ok(Some(Order::Compare(comparison, &value.text)));
    }
    let Some((min, max)) = value.text.split_once("..").filter(|_| !value.quoted) else {
        return Ok(None);
    };
    let has_order = match asked {
        Asked::Anything => false,
        Asked::Field(field) => {
            matches!(
                field.meaning,
                Meaning::Number(..) | Meaning::Time(_) | Meaning::Word { ordered: true, .. }
            )
        }
        Asked::Metadata(_) => ask::is_decimal_range(min, max),
    };
    if !has_order {
        return Ok(None);
    }
    if min.is_empty() || max.is_empty() {
        return Err(
            Mistake::new(Code::Comparison, "the range has an end missing")
                .hint("write `*` for an open end: `10..*`"),
        );
    }
    let end = |text: &'v str| Some(text).filter(|&text| text != "*");
    Ok(Some(Order::Between(end(min), end(max))))
}

/// What the stars around a value mean.
fn form_of(value: &Value) -> Result<(Form, &str), Mistake> {
    if value.quoted {
        return match (value.star_before, value.star_after) {
            (false, false) => Ok((Form::Whole, &value.text)),
            (false, true) => Ok((Form::Prefix, &value.text)),
            (true, true) => Ok((Form::Part, &value.text)),
            (true, false) => Err(only_an_ending(&value.text)),
        };
    }
    let (before, text) = match value.text.strip_prefix('*') {
        Some(rest) => (true, rest),
        None => (false, &*value.text),
    };
    let (text, after) = match text.strip_suffix('*') {
        Some(rest) => (rest, true),
        None => (text, false),
    };
    if text.contains('*') {
        return Err(Mistake::new(Code::Wildcard, "`*` stands inside the word")
            .hint("it works at the end (`abc*`) or on both sides (`*abc*`); put the word in quotes to search for the sign"));
    }
    if text.is_empty() {
        return Err(Mistake::new(Code::TooShort, "`*` alone is not a value")
            .hint("write at least one character before it"));
    }
    match (before, after) {
        (false, false) => Ok((Form::Whole, text)),
        (false, true) => Ok((Form::Prefix, text)),
        (true, true) => Ok((Form::Part, text)),
        (true, false) => Err(only_an_ending(text)),
    }
}

fn only_an_ending(text: &str) -> Mistake {
    let text = shown(text);
    Mistake::new(
        Code::Wildcard,
        "words cannot be searched by their ending alone",
    )
    .hint(format!(
        "add a `*` at the end to search anywhere in a word: *{text}*"
    ))
}

fn is_metadata_key(name: &str) -> bool {
    name.get(..METADATA_PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(METADATA_PREFIX))
}

fn looks_like_field(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_alphabetic())
        && name
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-'))
}

fn unknown_field(name: &str, word: &str) -> Mistake {
    let as_text = format!(
        "to search for the text itself, put it in quotes: \"{}\"",
        shown(word)
    );
    if name.eq_ignore_ascii_case("tenant") {
        return Mistake::new(
            Code::UnknownField,
            "`tenant` is not a field: a search never leaves its tenant",
        )
        .hint(as_text);
    }
    let mistake = Mistake::new(
        Code::UnknownField,
        format!("no field is called `{}`", shown(name)),
    );
    let names = catalogue::FIELDS
        .iter()
        .filter(|field| !matches!(field.meaning, Meaning::Metadata))
        .flat_map(|field| std::iter::once(field.name).chain(field.aliases.iter().copied()));
    let guess = match (nearest(name, names), name.split_once('.')) {
        (Some(guess), _) => Some(guess.to_owned()),
        (None, Some((head, key))) => nearest(head, std::iter::once("metadata"))
            .map(|_| format!("{METADATA_PREFIX}{}", shown(key))),
        (None, None) => None,
    };
    match guess {
        Some(guess) => mistake.hint(format!(
            "did you mean `{guess}:`? {}",
            capitalised(&as_text)
        )),
        None => mistake.hint(as_text),
    }
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase())
        .into_iter()
        .chain(chars)
        .collect()
}
