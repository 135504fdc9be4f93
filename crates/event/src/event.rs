//! The accepted event.

use std::borrow::Cow;

use crate::accept::{self, Acceptance, Sender};
use crate::changes::{self, Change};
use crate::commit::{BodyRoot, Salt};
use crate::fields::{DecodeError, EncodedFields, Field, Fields};
use crate::json::unquoted;
use crate::path::{self, Code, Path};
use crate::problem::Problem;
use crate::time::Timestamp;
use crate::words::{Activity, Category, Outcome, Severity};

/// An event that was accepted: validated, with the fields the server derives, ready to be hashed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    fields: EncodedFields,
    head: Head,
}

/// What is asked of every event again and again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Head {
    category: Category,
    activity: Activity,
    severity: Severity,
    outcome: Option<Outcome>,
    occurred_at: Timestamp,
}

impl Event {
    /// Accepts one JSON object sent by an application.
    ///
    /// The problem names the first field that is wrong; names and values that only Annals writes
    /// are refused.
    pub fn accept(json: &[u8], acceptance: &Acceptance<'_>) -> Result<Event, Problem> {
        Event::of_accepted(accept::accept(
            json,
            acceptance,
            Sender::Application { pinned: None },
        )?)
    }

    /// As [`Event::accept`], from a sender that speaks for one application only: another
    /// `source.app` is refused, an absent one is filled in. `app` is a plain name, without quotes,
    /// backslashes and control characters.
    pub fn accept_from_app(
        json: &[u8],
        acceptance: &Acceptance<'_>,
        app: &str,
    ) -> Result<Event, Problem> {
        Event::of_accepted(accept::accept(
            json,
            acceptance,
            Sender::Application { pinned: Some(app) },
        )?)
    }

    /// Accepts one of Annals' own events: its action begins with `annals.`, its `source.app` is
    /// `annals` (filled in when absent).
    pub fn accept_own(json: &[u8], acceptance: &Acceptance<'_>) -> Result<Event, Problem> {
        Event::of_accepted(accept::accept(json, acceptance, Sender::Annals)?)
    }

    fn of_accepted(fields: EncodedFields) -> Result<Event, Problem> {
        Event::from_fields(fields)
            .map_err(|error| Problem::new(crate::ProblemCode::WrongValue, "", error.to_string()))
    }

    /// The event that these stored fields are.
    pub fn from_fields(fields: EncodedFields) -> Result<Event, DecodeError> {
        let head = Head::read(&fields)?;
        Ok(Event { fields, head })
    }

    /// Reads the event at the start of `bytes`, as `encoded` gave them; also returns how many
    /// bytes it takes.
    pub fn from_encoded(bytes: &[u8]) -> Result<(Event, usize), DecodeError> {
        let (fields, length) = EncodedFields::decode(bytes)?;
        Ok((Event::from_fields(fields)?, length))
    }

    /// The `fields` section of `docs/formats/record-v1.md`.
    pub fn encoded(&self) -> &[u8] {
        self.fields.as_bytes()
    }

    /// The fields, sorted by path.
    pub fn fields(&self) -> Fields<'_> {
        self.fields.iter()
    }

    /// The field with this code.
    pub fn field(&self, code: Code) -> Option<Field<'_>> {
        self.fields.get(code)
    }

    /// How many fields the event has.
    pub fn field_count(&self) -> u16 {
        self.fields.count()
    }

    /// The changes the event tells of, in the order of the event.
    pub fn changes(&self) -> Vec<Change<'_>> {
        changes::of(self.fields())
    }

    /// The sender's idempotency key.
    pub fn id(&self) -> Option<Cow<'_, str>> {
        self.string(path::ID)
    }

    /// What happened in the application's words.
    pub fn action(&self) -> Cow<'_, str> {
        self.string(path::ACTION).unwrap_or_default()
    }

    /// The log type.
    pub fn category(&self) -> Category {
        self.head.category
    }

    /// What kind of thing was done.
    pub fn activity(&self) -> Activity {
        self.head.activity
    }

    /// How it ended, if the sender said so.
    pub fn outcome(&self) -> Option<Outcome> {
        self.head.outcome
    }

    /// How much it matters.
    pub fn severity(&self) -> Severity {
        self.head.severity
    }

    /// When it happened, as the sender claims.
    pub fn occurred_at(&self) -> Timestamp {
        self.head.occurred_at
    }

    /// The characters of a string field.
    pub fn string(&self, code: Code) -> Option<Cow<'_, str>> {
        self.field(code)?.as_string()
    }

    /// Whether this event, sent again under the same id, says the same as the `stored` one.
    ///
    /// A field that both have must be equal, unless the server filled it in both times; a field
    /// that only one has must have been filled in by the server.
    pub fn same_content(&self, stored: &Event) -> bool {
        let (mut ours, mut theirs) = (self.fields().peekable(), stored.fields().peekable());
        loop {
            let same = match (ours.peek(), theirs.peek()) {
                (None, None) => return true,
                (Some(our), Some(their)) if our.path == their.path => {
                    let same = our.value == their.value || (our.defaulted && their.defaulted);
                    ours.next();
                    theirs.next();
                    same
                }
                (Some(our), Some(their)) if our.path > their.path => {
                    let defaulted = their.defaulted;
                    theirs.next();
                    defaulted
                }
                (None, Some(their)) => {
                    let defaulted = their.defaulted;
                    theirs.next();
                    defaulted
                }
                (Some(our), _) => {
                    let defaulted = our.defaulted;
                    ours.next();
                    defaulted
                }
            };
            if !same {
                return false;
            }
        }
    }

    /// What the ledger's tree holds of the fields under this salt.
    pub fn commit(&self, salt: &Salt) -> BodyRoot {
        BodyRoot::of_fields(self.fields(), salt)
    }
}

impl Head {
    fn read(fields: &EncodedFields) -> Result<Head, DecodeError> {
        let (mut category, mut activity, mut severity) = (None, None, None);
        let (mut outcome, mut occurred_at, mut action) = (None, None, false);
        for field in fields.iter() {
            let Path::Known(code) = field.path else {
                continue;
            };
            let text = unquoted(field.value);
            match code {
                path::ACTION => action = true,
                path::ACTIVITY => activity = Activity::parse(text),
                path::CATEGORY => category = Category::parse(text),
                path::OCCURRED_AT => occurred_at = Timestamp::parse_rfc3339(text).ok(),
                path::OUTCOME_RESULT => outcome = Outcome::parse(text),
                path::SEVERITY => {
                    severity = Severity::parse(text);
                    // What else is asked for stands before it.
                    break;
                }
                _ => {}
            }
        }
        if !action {
            return Err(DecodeError::Damaged("an event without an action"));
        }
        Ok(Head {
            category: category.ok_or(DecodeError::Damaged("an event without a category"))?,
            activity: activity.ok_or(DecodeError::Damaged("an event without an activity"))?,
            severity: severity.ok_or(DecodeError::Damaged("an event without a severity"))?,
            outcome,
            occurred_at: occurred_at.ok_or(DecodeError::Damaged("an event without a time"))?,
        })
    }
}
