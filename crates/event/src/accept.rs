//! The door: one JSON object becomes an accepted event, or one problem that names the field.
//!
//! What is not known is refused, what is missing and can be derived is derived, and what is kept is
//! canonical. After this nothing checks an event again.

mod derive;
mod leaf;
mod lists;
mod schema;

pub(crate) use self::leaf::{check_term, refuse_duplicates};
use self::schema::{EVENT, Member, OUTCOME, RESERVED, Shape, find};
use crate::canonical::duplicate;
use crate::draft::Draft;
use crate::fields::EncodedFields;
use crate::json::{At, Document, NodeKind};
use crate::limits::{DEPTH_MAX, EVENT_MAX_BYTES};
use crate::path::{self, Path, push_segment};
use crate::problem::{Problem, ProblemCode};
use crate::time::Timestamp;
use crate::words::{Outcome, nearest};

/// What the server knows about an event it accepts.
#[derive(Clone, Copy, Debug)]
pub struct Acceptance<'a> {
    /// The time of the server: the default of `occurred_at` and the measure of its range.
    pub now: Timestamp,
    /// The API key it came with, for `ingest.key_id`.
    pub key_id: Option<&'a str>,
    /// The name of the import it belongs to, for `ingest.import`.
    pub import: Option<&'a str>,
}

/// Who stands at the door.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sender<'a> {
    /// An application: may not speak for Annals, nor for another application than the one it is
    /// pinned to.
    Application {
        /// The only `source.app` it may send.
        pinned: Option<&'a str>,
    },
    /// Annals itself: must say so.
    Annals,
}

pub(crate) fn accept(
    json: &[u8],
    acceptance: &Acceptance<'_>,
    sender: Sender<'_>,
) -> Result<EncodedFields, Problem> {
    let document = Document::parse(json, EVENT_MAX_BYTES, DEPTH_MAX)?;
    let mut door = Door {
        document: &document,
        draft: Draft::new(document.source()),
        acceptance,
        sender,
        before: None,
        after: None,
    };
    door.event()?;
    door.check_actor("/actor", path::ACTOR_TYPE)?;
    door.diff_before_and_after()?;
    door.check_sender()?;
    door.derive()?;
    door.draft.finish()
}

struct Door<'d, 's, 'a> {
    document: &'d Document<'s>,
    draft: Draft<'s>,
    acceptance: &'a Acceptance<'a>,
    sender: Sender<'a>,
    before: Option<At>,
    after: Option<At>,
}

impl<'d, 's> Door<'d, 's, '_> {
    fn event(&mut self) -> Result<(), Problem> {
        let root = self.document.root();
        if self.document.kind(root) != NodeKind::Object {
            return Err(self.wrong_type(root, "", "a JSON object"));
        }
        self.object(root, EVENT, "")?;
        if !self.draft.has(path::ACTION) {
            let detail = "required: what happened, for example customer.update";
            return Err(Problem::new(ProblemCode::MissingField, "/action", detail));
        }
        Ok(())
    }

    /// Reads the members of a typed object that stands at `field`. Null means absent.
    fn object(
        &mut self,
        object: At,
        members: &'static [Member],
        field: &str,
    ) -> Result<(), Problem> {
        let document = self.document;
        let mut seen = 0u32;
        for (name, value) in document.members(object) {
            let Some(place) = find(members, &name) else {
                return Err(unknown(field, &name, members));
            };
            if seen & (1 << place) != 0 {
                return Err(duplicate(below(field, &name)));
            }
            seen |= 1 << place;
            if document.kind(value) == NodeKind::Null {
                continue;
            }
            if let Some(member) = members.get(place) {
                self.member(member, value)?;
            }
        }
        Ok(())
    }

    fn member(&mut self, member: &'static Member, value: At) -> Result<(), Problem> {
        match member.shape {
            Shape::Leaf(code, rule) => self.leaf(Path::Known(code), value, rule),
            Shape::Object(field, members) => self.typed_object(value, members, field),
            Shape::Actor(field, members) => {
                self.typed_object(value, members, field)?;
                match members.first() {
                    Some(Member {
                        shape: Shape::Leaf(code, _),
                        ..
                    }) => {
                        self.default_actor_type(*code);
                        if *code == path::ON_BEHALF_OF_TYPE {
                            self.check_actor(field, *code)?;
                        }
                        Ok(())
                    }
                    _ => Ok(()),
                }
            }
            Shape::Outcome => self.outcome(value),
            Shape::Targets => self.targets(value),
            Shape::Changes => self.changes(value),
            Shape::Before => {
                self.before = Some(self.expect_object(value, "/before")?);
                Ok(())
            }
            Shape::After => {
                self.after = Some(self.expect_object(value, "/after")?);
                Ok(())
            }
            Shape::Metadata => {
                let object = self.expect_object(value, "/metadata")?;
                self.flatten(&mut "/metadata".to_owned(), object)
            }
        }
    }

    fn expect_object(&self, value: At, field: &str) -> Result<At, Problem> {
        match self.document.kind(value) {
            NodeKind::Object => Ok(value),
            _ => Err(self.wrong_type(value, field, "an object")),
        }
    }

    /// An object with known members; one without any is kept as the value `{}`.
    fn typed_object(
        &mut self,
        value: At,
        members: &'static [Member],
        field: &str,
    ) -> Result<(), Problem> {
        let object = self.expect_object(value, field)?;
        let fields_before = self.draft.count();
        self.object(object, members, field)?;
        if self.draft.count() == fields_before {
            self.draft.set_text(Path::Literal(field), &["{}"]);
        }
        Ok(())
    }

    fn outcome(&mut self, value: At) -> Result<(), Problem> {
        match self.document.kind(value) {
            NodeKind::String | NodeKind::EscapedString => match OUTCOME.first() {
                Some(result) => self.member(result, value),
                None => Ok(()),
            },
            NodeKind::Object => {
                self.object(value, OUTCOME, "/outcome")?;
                if !self.draft.has(path::OUTCOME_RESULT) {
                    let unknown = ["\"", Outcome::Unknown.as_str(), "\""];
                    self.draft
                        .set_default(Path::Known(path::OUTCOME_RESULT), &unknown);
                }
                Ok(())
            }
            _ => Err(self.wrong_type(value, "/outcome", "an object or a string")),
        }
    }

    #[cold]
    fn wrong_type(&self, value: At, field: &str, expected: &str) -> Problem {
        let found = match self.document.kind(value) {
            NodeKind::Null => "null",
            NodeKind::True | NodeKind::False => "true or false",
            NodeKind::Number => "a number",
            NodeKind::String | NodeKind::EscapedString => "a string",
            NodeKind::Array => "an array",
            NodeKind::Object => "an object",
        };
        Problem::new(
            ProblemCode::WrongType,
            field,
            format!("expected {expected}, found {found}"),
        )
    }
}

pub(crate) fn below(field: &str, name: &str) -> String {
    let mut path = String::with_capacity(field.len() + 1 + name.len());
    path.push_str(field);
    push_segment(&mut path, name);
    path
}

#[cold]
fn unknown(field: &str, name: &str, members: &[Member]) -> Problem {
    if field.is_empty() && RESERVED.contains(&name) {
        let detail = "only Annals writes this field; leave it out";
        return Problem::new(ProblemCode::Reserved, below(field, name), detail);
    }
    let names: Vec<&'static str> = members.iter().map(|member| member.name).collect();
    unknown_among(field, name, &names)
}

#[cold]
fn unknown_among(field: &str, name: &str, names: &[&'static str]) -> Problem {
    let nearest = nearest(name, names).unwrap_or_default();
    let detail =
        format!("no such field; did you mean {nearest:?}? Free data belongs under metadata");
    Problem::new(ProblemCode::UnknownField, below(field, name), detail)
}
