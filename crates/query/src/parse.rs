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

use crate::ask::{self, Wanted};
use crate::catalogue::{self, FREE, Field, METADATA_PREFIX, Meaning};
use crate::error::{Mistake, QueryErrorCode as Code, shown};
use crate::order::{self, Order};
use crate::scan::{Scanner, Value};
use crate::{DEPTH_MAX, Expr, ParseContext, QUERY_MAX_CHARS, Query, QueryError, TERMS_MAX};

/// Reads a query. The empty text finds every event.
pub fn parse(text: &str, context: &ParseContext) -> Result<Query, QueryError> {
    let chars: Vec<char> = text.chars().take(QUERY_MAX_CHARS + 1).collect();
    if chars.len() > QUERY_MAX_CHARS {
        let message = format!("the query is longer than {QUERY_MAX_CHARS} characters");
        return Err(Mistake::new(Code::QueryTooLong, message).at(QUERY_MAX_CHARS, 0));
    }
    let mut parser = Parser {
        scan: Scanner::new(&chars),
        depth: 0,
        terms: 0,
        context,
    };
    parser.scan.skip_spaces();
    if parser.scan.peek().is_none() {
        return Ok(Query::new(Expr::All));
    }
    let expr = parser.any_of(&Asked::Anything)?;
    match parser.scan.peek() {
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
    scan: Scanner<'a>,
    depth: usize,
    terms: usize,
    context: &'a ParseContext,
}

impl Parser<'_> {
    fn any_of(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut members = vec![self.all_of(asked)?];
        while self.scan.takes_keyword("OR") {
            self.expects_term("OR")?;
            members.push(self.all_of(asked)?);
        }
        Ok(Expr::or(members))
    }

    fn all_of(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut members = vec![self.negated(asked)?];
        loop {
            self.scan.skip_spaces();
            if self.scan.takes_keyword("AND") {
                self.expects_term("AND")?;
            } else if matches!(self.scan.peek(), None | Some(')')) || self.scan.at_keyword("OR") {
                return Ok(Expr::and(members));
            }
            members.push(self.negated(asked)?);
        }
    }

    fn negated(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let mut negative = false;
        loop {
            self.scan.skip_spaces();
            self.no_operator()?;
            if self.scan.takes_keyword("NOT") {
                self.expects_term("NOT")?;
            } else if self.scan.peek() == Some('-') {
                self.scan.at += 1;
                if self
                    .scan
                    .peek()
                    .is_none_or(|c| c.is_whitespace() || c == ')')
                {
                    return Err(Mistake::new(Code::MissingTerm, "`-` has nothing to negate")
                        .hint("write it directly before a term: -outcome:success")
                        .at(self.scan.at - 1, 1));
                }
            } else {
                let term = self.term(asked)?;
                return Ok(if negative { term.negate() } else { term });
            }
            negative = !negative;
        }
    }

    fn term(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let start = self.scan.at;
        match self.scan.peek() {
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
            if self.scan.bare_word() == "*" && self.scan.char_at(start + 1) != Some('"') {
                self.scan.at += 1;
                return Ok(Expr::All);
            }
        }
        self.value(asked)
    }

    fn group(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let open = self.scan.at;
        if self.depth == DEPTH_MAX {
            let message = format!("parentheses are nested deeper than {DEPTH_MAX}");
            return Err(Mistake::new(Code::TooDeep, message).at(open, 1));
        }
        self.scan.at += 1;
        self.depth += 1;
        self.scan.skip_spaces();
        if self.scan.peek() == Some(')') {
            return Err(
                Mistake::new(Code::Empty, "nothing is inside the parentheses")
                    .at(open, self.scan.at + 1 - open),
            );
        }
        let inner = if self.scan.peek().is_some() {
            Some(self.any_of(asked)?)
        } else {
            None
        };
        match (inner, self.scan.peek()) {
            (Some(inner), Some(_)) => {
                self.scan.at += 1;
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
        let start = self.scan.at;
        let word = self.scan.bare_word();
        let key_is_quoted = word.eq_ignore_ascii_case(METADATA_PREFIX)
            && self.scan.char_at(start + METADATA_PREFIX.len()) == Some('"');
        if key_is_quoted {
            self.scan.at += METADATA_PREFIX.len();
            let key = self.scan.quoted()?;
            if self.scan.peek() != Some(':') {
                return Err(Mistake::new(Code::Empty, "the metadata key has no value")
                    .hint("write a colon and the value right after it: metadata.\"my key\":value")
                    .at(start, self.scan.at - start));
            }
            self.scan.at += 1;
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
                None => {
                    return Err(
                        catalogue::unknown_field(name, &word).at(start, name.chars().count())
                    );
                }
            }
        };
        self.scan.at += name.chars().count() + 1;
        match asked {
            Asked::Metadata(key) if key.is_empty() => {
                Err(Mistake::new(Code::UnknownField, "`metadata.` needs a key")
                    .hint("e.g. metadata.attempt:3")
                    .at(start, METADATA_PREFIX.len()))
            }
            asked => Ok(Some(asked)),
        }
    }

    fn field_value(&mut self, asked: &Asked, start: usize) -> Result<Expr, QueryError> {
        match self.scan.peek() {
            Some('(') => self.group(asked),
            Some(c) if !c.is_whitespace() && c != ')' => self.value(asked),
            next => {
                let name: String = self.scan.slice(start, self.scan.at);
                let hint = match next {
                    Some(c) if c.is_whitespace() => format!(
                        "write the value right after the colon, without a space: {name}value"
                    ),
                    _ => format!("write the value right after the colon: {name}value"),
                };
                Err(
                    Mistake::new(Code::Empty, format!("`{}` has no value", shown(&name)))
                        .hint(hint)
                        .at(start, self.scan.at - start),
                )
            }
        }
    }

    fn value(&mut self, asked: &Asked) -> Result<Expr, QueryError> {
        let start = self.scan.at;
        let value = self.scan.value(!matches!(asked, Asked::Anything))?;
        self.meaning_of(asked, &value)
            .map_err(|mistake| mistake.at(start, self.scan.at - start))
    }

    fn meaning_of(&self, asked: &Asked, value: &Value) -> Result<Expr, Mistake> {
        if let Some(order) = order_of(asked, value)? {
            return match asked {
                Asked::Anything => order::ask(&FREE, order, self.context),
                Asked::Field(field) => order::ask(&field.meaning, order, self.context),
                Asked::Metadata(key) => order::ask_metadata(key, order),
            };
        }
        let (form, text) = value.form()?;
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

    /// After a keyword: something must follow.
    fn expects_term(&mut self, keyword: &str) -> Result<(), QueryError> {
        let place = self.scan.at - keyword.len();
        self.scan.skip_spaces();
        if matches!(self.scan.peek(), None | Some(')')) {
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
        let Some(word) = ["OR", "AND"]
            .into_iter()
            .find(|word| self.scan.at_keyword(word))
        else {
            return Ok(());
        };
        Err(Mistake::new(
            Code::MissingTerm,
            format!("`{word}` has nothing on its left"),
        )
        .hint(format!(
            "to search for the word itself, put it in quotes: \"{word}\""
        ))
        .at(self.scan.at, word.len()))
    }

    fn closes_nothing(&self) -> QueryError {
        Mistake::new(Code::Parenthesis, "this `)` closes nothing")
            .hint("remove it, or put it in quotes to search for it")
            .at(self.scan.at, 1)
    }
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
        Asked::Metadata(_) => order::is_decimal_range(min, max),
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
