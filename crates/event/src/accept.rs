//! The door: one JSON object becomes an accepted event, or one problem that names the field.
//!
//! What is not known is refused, what is missing and can be derived is derived, and what is kept is
//! canonical. After this nothing checks an event again.

use std::net::IpAddr;

use crate::canonical::{duplicate, push_string, push_value};
use crate::catalogue;
use crate::changes::{Difference, differences, infer_type};
use crate::draft::{Draft, check_flattened};
use crate::fields::EncodedFields;
use crate::json::{At, Document, Elements, NodeKind};
use crate::limits::{
    AHEAD_MAX_MICROS, COUNT_MAX, DEPTH_MAX, EVENT_MAX_BYTES, ID_MAX_CHARS, TERM_MAX_BYTES,
};
use crate::path::{self, ChangeMember, Code, Path, TargetMember, push_segment};
use crate::problem::{Problem, ProblemCode};
use crate::time::Timestamp;
use crate::words::{
    Activity, ActorType, Category, ChangeType, Outcome, Severity, UnknownWord, nearest,
};

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
pub(crate) enum Sender {
    /// An application: may not speak for Annals.
    Application,
    /// Annals itself: must say so.
    Annals,
}

/// `source.app` and first part of `action` that only Annals' own events carry.
const OWN_NAME: &str = "annals";

pub(crate) fn accept(
    json: &[u8],
    acceptance: &Acceptance<'_>,
    sender: Sender,
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

/// What a leaf must be.
#[derive(Clone, Copy)]
enum Rule {
    /// 1-64 printable ASCII characters.
    Id,
    /// A string that is not empty and not long: a name that is searched for as a whole.
    Term,
    /// Any string.
    Text,
    /// A word of a vocabulary.
    Word(fn(&str) -> Result<(), UnknownWord>),
    /// An array of strings.
    Strings,
    /// A whole number from 0 to 2^53.
    Count,
    /// An IPv4 or IPv6 address.
    Ip,
    /// An RFC 3339 time in the allowed range.
    Time,
}

/// What may stand under a name.
#[derive(Clone, Copy)]
enum Shape {
    Leaf(Code, Rule),
    Object(&'static str, &'static [Member]),
    Actor(&'static str, &'static [Member]),
    Outcome,
    Targets,
    Changes,
    Before,
    After,
    Metadata,
}

struct Member {
    name: &'static str,
    start: u64,
    shape: Shape,
}

/// The first eight bytes of a name: tells almost all names apart in one comparison.
const fn start(name: &str) -> u64 {
    let name = name.as_bytes();
    let mut start = 0;
    let mut rest = name;
    let mut shift = 0;
    while let [first, others @ ..] = rest
        && shift < 64
    {
        start |= (*first as u64) << shift;
        shift += 8;
        rest = others;
    }
    start
}

const fn leaf(name: &'static str, code: Code, rule: Rule) -> Member {
    Member {
        name,
        start: start(name),
        shape: Shape::Leaf(code, rule),
    }
}

const fn shaped(name: &'static str, shape: Shape) -> Member {
    Member {
        name,
        start: start(name),
        shape,
    }
}

/// A check that a text is a word of vocabulary `$words`.
macro_rules! word {
    ($words:ty) => {
        Rule::Word(|text| match <$words>::parse(text) {
            Some(_) => Ok(()),
            None => text.parse::<$words>().map(drop),
        })
    };
}

static EVENT: &[Member] = &[
    leaf("action", path::ACTION, Rule::Term),
    shaped("actor", Shape::Actor("/actor", ACTOR)),
    shaped("targets", Shape::Targets),
    leaf("occurred_at", path::OCCURRED_AT, Rule::Time),
    leaf("id", path::ID, Rule::Id),
    shaped("outcome", Shape::Outcome),
    leaf("category", path::CATEGORY, word!(Category)),
    leaf("activity", path::ACTIVITY, word!(Activity)),
    leaf("severity", path::SEVERITY, word!(Severity)),
    shaped("client", Shape::Object("/client", CLIENT)),
    shaped("source", Shape::Object("/source", SOURCE)),
    leaf("message", path::MESSAGE, Rule::Text),
    shaped("metadata", Shape::Metadata),
    shaped("changes", Shape::Changes),
    shaped("counts", Shape::Object("/counts", COUNTS)),
    leaf("duration_ms", path::DURATION_MS, Rule::Count),
    leaf("session_id", path::SESSION_ID, Rule::Term),
    leaf("request_id", path::REQUEST_ID, Rule::Term),
    leaf("correlation_id", path::CORRELATION_ID, Rule::Term),
    leaf("parent_id", path::PARENT_ID, Rule::Term),
    leaf("trace_id", path::TRACE_ID, Rule::Term),
    leaf("labels", path::LABELS, Rule::Strings),
    shaped("on_behalf_of", Shape::Actor("/on_behalf_of", ON_BEHALF_OF)),
    shaped("before", Shape::Before),
    shaped("after", Shape::After),
];

static ACTOR: &[Member] = &[
    leaf("type", path::ACTOR_TYPE, word!(ActorType)),
    leaf("id", path::ACTOR_ID, Rule::Term),
    leaf("name", path::ACTOR_NAME, Rule::Text),
    leaf("email", path::ACTOR_EMAIL, Rule::Text),
    leaf("roles", path::ACTOR_ROLES, Rule::Strings),
    leaf("groups", path::ACTOR_GROUPS, Rule::Strings),
];

static ON_BEHALF_OF: &[Member] = &[
    leaf("type", path::ON_BEHALF_OF_TYPE, word!(ActorType)),
    leaf("id", path::ON_BEHALF_OF_ID, Rule::Term),
    leaf("name", path::ON_BEHALF_OF_NAME, Rule::Text),
    leaf("email", path::ON_BEHALF_OF_EMAIL, Rule::Text),
    leaf("roles", path::ON_BEHALF_OF_ROLES, Rule::Strings),
    leaf("groups", path::ON_BEHALF_OF_GROUPS, Rule::Strings),
];

static OUTCOME: &[Member] = &[
    leaf("result", path::OUTCOME_RESULT, word!(Outcome)),
    leaf("code", path::OUTCOME_CODE, Rule::Text),
    leaf("reason", path::OUTCOME_REASON, Rule::Text),
];

static CLIENT: &[Member] = &[
    leaf("ip", path::CLIENT_IP, Rule::Ip),
    leaf("user_agent", path::CLIENT_USER_AGENT, Rule::Text),
];

static SOURCE: &[Member] = &[
    leaf("app", path::SOURCE_APP, Rule::Term),
    leaf("component", path::SOURCE_COMPONENT, Rule::Term),
    leaf("environment", path::SOURCE_ENVIRONMENT, Rule::Term),
    leaf("version", path::SOURCE_VERSION, Rule::Term),
];

static COUNTS: &[Member] = &[
    leaf("records", path::COUNTS_RECORDS, Rule::Count),
    leaf("bytes", path::COUNTS_BYTES, Rule::Count),
];

/// Names only the server writes.
const RESERVED: &[&str] = &[
    "ingest",
    "display_id",
    "sequence",
    "received_at",
    "kind",
    "enrichment",
    "erasure",
];

struct Door<'d, 's, 'a> {
    document: &'d Document<'s>,
    draft: Draft<'s>,
    acceptance: &'a Acceptance<'a>,
    sender: Sender,
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

    fn leaf(&mut self, path: Path<'_>, value: At, rule: Rule) -> Result<(), Problem> {
        match rule {
            Rule::Count => return self.count(path, value),
            Rule::Strings => return self.strings(path, value),
            _ => {}
        }
        let Some(text) = self.document.string(value) else {
            return Err(self.wrong_type(value, path.as_str(), "a string"));
        };
        let wrong = |detail: String| Problem::new(ProblemCode::WrongValue, path.as_str(), detail);
        match rule {
            Rule::Id => check_id(&text).map_err(wrong)?,
            Rule::Term => check_term(&text).map_err(wrong)?,
            Rule::Word(check) => check(&text).map_err(|unknown| wrong(unknown.to_string()))?,
            Rule::Ip => {
                if text.parse::<IpAddr>().is_err() {
                    return Err(wrong(format!("{:?} is not an IP address", cut(&text))));
                }
            }
            Rule::Time => self.check_time(path, &text)?,
            Rule::Text | Rule::Count | Rule::Strings => {}
        }
        self.set(path, value)
    }

    fn check_time(&self, path: Path<'_>, text: &str) -> Result<(), Problem> {
        let time = Timestamp::parse_rfc3339(text).map_err(|error| {
            let detail = format!("{:?}: {error}", cut(text));
            Problem::new(ProblemCode::WrongValue, path.as_str(), detail)
        })?;
        let latest = self.acceptance.now.plus_micros(AHEAD_MAX_MICROS);
        if time < Timestamp::EPOCH || time > latest {
            let detail = format!("{text} is outside 1970-01-01T00:00:00Z to {latest}");
            return Err(Problem::new(
                ProblemCode::TimeOutOfRange,
                path.as_str(),
                detail,
            ));
        }
        Ok(())
    }

    fn count(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        if self.document.kind(value) != NodeKind::Number {
            return Err(self.wrong_type(value, path.as_str(), "a number"));
        }
        let text = self.document.raw(value);
        // Sixteen digits hold 2^53 and cannot overflow.
        let fits = text.len() <= 16
            && text.bytes().all(|byte| byte.is_ascii_digit())
            && text.parse::<u64>().is_ok_and(|number| number <= COUNT_MAX);
        if !fits {
            let detail = format!("{} is not a whole number from 0 to {COUNT_MAX}", cut(text));
            return Err(Problem::new(ProblemCode::WrongValue, path.as_str(), detail));
        }
        self.draft.set_sent(path, self.document.range(value));
        Ok(())
    }

    fn strings(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        if self.document.kind(value) != NodeKind::Array {
            return Err(self.wrong_type(value, path.as_str(), "an array of strings"));
        }
        for (index, element) in self.document.elements(value).enumerate() {
            let kind = self.document.kind(element);
            if !matches!(kind, NodeKind::String | NodeKind::EscapedString) {
                return Err(self.wrong_type(element, &format!("{path}/{index}"), "a string"));
            }
        }
        self.set(path, value)
    }

    /// Keeps a value that is no object, or an empty one.
    fn set(&mut self, path: Path<'_>, value: At) -> Result<(), Problem> {
        let document = self.document;
        match document.kind(value) {
            NodeKind::EscapedString | NodeKind::Array | NodeKind::Object => {
                self.draft.set_written(path, |out| {
                    push_value(document, value, out).map_err(|twice| twice.in_field(path.as_str()))
                })
            }
            _ => {
                self.draft.set_sent(path, document.range(value));
                Ok(())
            }
        }
    }

    /// Keeps any value that stands at `field`, a path without a code: objects are descended into.
    fn flatten(&mut self, field: &mut String, value: At) -> Result<(), Problem> {
        let document = self.document;
        if document.kind(value) != NodeKind::Object || document.is_empty(value) {
            return self.set(Path::Literal(field), value);
        }
        refuse_duplicates(document, value, field)?;
        for (name, value) in document.members(value) {
            let parent = field.len();
            push_segment(field, &name);
            check_flattened(field, self.draft.count())?;
            self.flatten(field, value)?;
            field.truncate(parent);
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

    fn targets(&mut self, value: At) -> Result<(), Problem> {
        let document = self.document;
        for (index, target) in self.array(value, "/targets")?.enumerate() {
            let field = || format!("/targets/{index}");
            let object = self.expect_element(target, &field)?;
            let mut seen = 0u8;
            for (name, value) in document.members(object) {
                let Some(member) = TargetMember::ALL.into_iter().find(|it| it.as_str() == name)
                else {
                    return Err(unknown_among(&field(), &name, &["type", "id", "name"]));
                };
                if seen & (1 << member as u8) != 0 {
                    return Err(duplicate(below(&field(), &name)));
                }
                seen |= 1 << member as u8;
                if document.kind(value) == NodeKind::Null {
                    continue;
                }
                let rule = match member {
                    TargetMember::Type | TargetMember::Id => Rule::Term,
                    TargetMember::Name => Rule::Text,
                };
                match Code::target(index, member) {
                    Some(code) => self.leaf(Path::Known(code), value, rule)?,
                    None => self.leaf(Path::Literal(&below(&field(), &name)), value, rule)?,
                }
                seen |= SOMETHING;
            }
            if seen & SOMETHING == 0 {
                let detail = "a target needs a type, an id or a name";
                return Err(Problem::new(ProblemCode::MissingField, field(), detail));
            }
        }
        Ok(())
    }

    fn changes(&mut self, value: At) -> Result<(), Problem> {
        let document = self.document;
        for (index, change) in self.array(value, "/changes")?.enumerate() {
            let field = || format!("/changes/{index}");
            let object = self.expect_element(change, &field)?;
            let mut seen = 0u8;
            for (name, value) in document.members(object) {
                let Some(member) = ChangeMember::ALL.into_iter().find(|it| it.as_str() == name)
                else {
                    let names = ["path", "label", "old", "new", "type"];
                    return Err(unknown_among(&field(), &name, &names));
                };
                if seen & (1 << member as u8) != 0 {
                    return Err(duplicate(below(&field(), &name)));
                }
                seen |= 1 << member as u8;
                self.change_member(index, member, value)?;
                if member == ChangeMember::Path && document.kind(value) != NodeKind::Null {
                    seen |= SOMETHING;
                }
            }
            if seen & SOMETHING == 0 {
                let detail = "a change needs the path of what was changed";
                return Err(Problem::new(
                    ProblemCode::MissingField,
                    below(&field(), "path"),
                    detail,
                ));
            }
        }
        Ok(())
    }

    fn change_member(
        &mut self,
        index: usize,
        member: ChangeMember,
        value: At,
    ) -> Result<(), Problem> {
        let literal;
        let path = match Code::change(index, member) {
            Some(code) => Path::Known(code),
            None => {
                literal = format!("/changes/{index}/{}", member.as_str());
                Path::Literal(&literal)
            }
        };
        let kind = self.document.kind(value);
        let rule = match member {
            ChangeMember::Old | ChangeMember::New => {
                if kind == NodeKind::Object && !self.document.is_empty(value) {
                    return self.flatten(&mut path.as_str().to_owned(), value);
                }
                return self.set(path, value);
            }
            ChangeMember::Path => Rule::Term,
            ChangeMember::Label => Rule::Text,
            ChangeMember::Type => word!(ChangeType),
        };
        if kind == NodeKind::Null {
            return Ok(());
        }
        self.leaf(path, value, rule)
    }

    /// The elements of an array; one without any is kept as the value `[]`.
    fn array(&mut self, value: At, field: &'static str) -> Result<Elements<'d, 's>, Problem> {
        if self.document.kind(value) != NodeKind::Array {
            return Err(self.wrong_type(value, field, "an array of objects"));
        }
        if self.document.is_empty(value) {
            self.draft.set_text(Path::Literal(field), &["[]"]);
        }
        Ok(self.document.elements(value))
    }

    fn expect_element(&self, value: At, field: &dyn Fn() -> String) -> Result<At, Problem> {
        match self.document.kind(value) {
            NodeKind::Object => Ok(value),
            _ => Err(self.wrong_type(value, &field(), "an object")),
        }
    }

    fn diff_before_and_after(&mut self) -> Result<(), Problem> {
        if self.before.is_none() && self.after.is_none() {
            return Ok(());
        }
        if self.draft.has_changes() {
            let field = if self.before.is_some() {
                "/before"
            } else {
                "/after"
            };
            let detail = "send either changes, or before and after, from which they are derived";
            return Err(Problem::new(ProblemCode::Conflict, field, detail));
        }
        let differences = differences(self.document, self.before, self.after)?;
        if differences.is_empty() {
            self.draft.set_text(Path::Literal("/changes"), &["[]"]);
        }
        for (index, difference) in differences.into_iter().enumerate() {
            self.add_difference(index, difference)?;
        }
        Ok(())
    }

    fn add_difference(&mut self, index: usize, difference: Difference) -> Result<(), Problem> {
        let Difference { path, old, new } = difference;
        let mut text = String::new();
        push_string(&path, &mut text);
        self.draft.set_text(
            change_path(index, ChangeMember::Path, &mut String::new()),
            &[&text],
        );
        if let Some(old) = old {
            self.change_member(index, ChangeMember::Old, old)?;
        }
        if let Some(new) = new {
            self.change_member(index, ChangeMember::New, new)?;
        }
        let change_type = infer_type(self.document, old, new);
        self.draft.set_default(
            change_path(index, ChangeMember::Type, &mut String::new()),
            &["\"", change_type.as_str(), "\""],
        );
        Ok(())
    }

    fn default_actor_type(&mut self, code: Code) {
        if !self.draft.has(code) {
            let user = ["\"", ActorType::User.as_str(), "\""];
            self.draft.set_default(Path::Known(code), &user);
        }
    }

    /// An actor is known by something, or its type says that there is nobody to know.
    fn check_actor(&self, field: &str, type_code: Code) -> Result<(), Problem> {
        let (id, name, email) = if type_code == path::ACTOR_TYPE {
            (path::ACTOR_ID, path::ACTOR_NAME, path::ACTOR_EMAIL)
        } else {
            (
                path::ON_BEHALF_OF_ID,
                path::ON_BEHALF_OF_NAME,
                path::ON_BEHALF_OF_EMAIL,
            )
        };
        let known = [id, name, email]
            .into_iter()
            .any(|it| self.draft.value(it).is_some_and(|v| v != "\"\""));
        let nobody = matches!(
            self.draft.value(type_code),
            Some("\"system\"" | "\"anonymous\"")
        );
        if known || nobody {
            return Ok(());
        }
        let detail = "who did it is required: an id, a name or an e-mail, or the type \
                      system or anonymous";
        Err(Problem::new(ProblemCode::MissingField, field, detail))
    }

    fn check_sender(&mut self) -> Result<(), Problem> {
        let unquoted = |code| self.draft.value(code).map(crate::json::unquoted);
        let action = unquoted(path::ACTION).unwrap_or_default();
        let app = unquoted(path::SOURCE_APP);
        let first = action.split('.').next().unwrap_or_default();
        let reserved =
            |field: &str, detail: &str| Err(Problem::new(ProblemCode::Reserved, field, detail));
        match self.sender {
            Sender::Application => {
                if first.eq_ignore_ascii_case(OWN_NAME) {
                    return reserved("/action", "actions that begin with annals are Annals' own");
                }
                if app.is_some_and(|app| app.eq_ignore_ascii_case(OWN_NAME)) {
                    return reserved("/source/app", "the application annals is Annals itself");
                }
            }
            Sender::Annals => {
                if first != OWN_NAME || action.len() <= OWN_NAME.len() + 1 {
                    return reserved("/action", "Annals' own actions begin with annals.");
                }
                if app.is_some_and(|app| app != OWN_NAME) {
                    return reserved("/source/app", "Annals' own events come from annals");
                }
                if app.is_none() {
                    let path = Path::Known(path::SOURCE_APP);
                    self.draft.set_default(path, &["\"", OWN_NAME, "\""]);
                }
            }
        }
        Ok(())
    }

    /// Fills in what the sender left to the server.
    fn derive(&mut self) -> Result<(), Problem> {
        let wanted = [path::ACTIVITY, path::CATEGORY, path::SEVERITY];
        if wanted.into_iter().any(|code| !self.draft.has(code)) {
            let action = crate::json::unescape(crate::json::unquoted(
                self.draft.value(path::ACTION).unwrap_or_default(),
            ));
            let known = catalogue::lookup(&action);
            let outcome = self.draft.value(path::OUTCOME_RESULT);
            let outcome = outcome.and_then(|text| Outcome::parse(crate::json::unquoted(text)));
            self.default_word(path::ACTIVITY, known.activity.as_str());
            self.default_word(path::CATEGORY, known.category.as_str());
            self.default_word(path::SEVERITY, known.severity_after(outcome).as_str());
        }
        if !self.draft.has(path::OCCURRED_AT) {
            let now = self.acceptance.now.to_string();
            self.draft
                .set_default(Path::Known(path::OCCURRED_AT), &["\"", &now, "\""]);
        }
        let ingest = [
            (path::INGEST_KEY_ID, self.acceptance.key_id),
            (path::INGEST_IMPORT, self.acceptance.import),
        ];
        for (code, text) in ingest {
            if let Some(text) = text {
                let mut quoted = String::with_capacity(text.len() + 2);
                push_string(text, &mut quoted);
                self.draft.set_default(Path::Known(code), &[&quoted]);
            }
        }
        Ok(())
    }

    fn default_word(&mut self, code: Code, word: &str) {
        if !self.draft.has(code) {
            self.draft
                .set_default(Path::Known(code), &["\"", word, "\""]);
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

fn find(members: &[Member], name: &str) -> Option<usize> {
    let start = start(name);
    members
        .iter()
        .position(|member| member.start == start && member.name == name)
}

/// Bit of an element's `seen` set: it has what it needs.
const SOMETHING: u8 = 1 << 7;

fn change_path(index: usize, member: ChangeMember, literal: &mut String) -> Path<'_> {
    match Code::change(index, member) {
        Some(code) => Path::Known(code),
        None => {
            *literal = format!("/changes/{index}/{}", member.as_str());
            Path::Literal(literal)
        }
    }
}

/// Refuses an object in which a name stands twice.
pub(crate) fn refuse_duplicates(
    document: &Document<'_>,
    object: At,
    field: &str,
) -> Result<(), Problem> {
    let mut names: Vec<_> = document.members(object).map(|(name, _)| name).collect();
    names.sort_unstable();
    for pair in names.windows(2) {
        if let [one, two] = pair
            && one == two
        {
            return Err(duplicate(below(field, one)));
        }
    }
    Ok(())
}

pub(crate) fn below(field: &str, name: &str) -> String {
    let mut path = String::with_capacity(field.len() + 1 + name.len());
    path.push_str(field);
    push_segment(&mut path, name);
    path
}

/// The start of a value, for a message.
fn cut(text: &str) -> String {
    text.chars().take(64).collect()
}

fn check_id(id: &str) -> Result<(), String> {
    let printable = id.bytes().all(|byte| (b' '..=b'~').contains(&byte));
    if id.is_empty() || id.len() > ID_MAX_CHARS || !printable {
        return Err(format!(
            "an id has 1 to {ID_MAX_CHARS} printable ASCII characters"
        ));
    }
    Ok(())
}

pub(crate) fn check_term(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Err("must not be empty; leave it out instead".to_owned());
    }
    if text.len() > TERM_MAX_BYTES {
        return Err(format!(
            "{} bytes; at most {TERM_MAX_BYTES} are allowed",
            text.len()
        ));
    }
    Ok(())
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
