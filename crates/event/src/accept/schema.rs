//! What an event may hold, as data: every name, where its value goes and what it must be.

use crate::path::{self, Code};
use crate::words::{Activity, ActorType, Category, Outcome, Severity, UnknownWord};

/// What a leaf must be.
#[derive(Clone, Copy)]
pub(super) enum Rule {
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
pub(super) enum Shape {
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

pub(super) struct Member {
    pub(super) name: &'static str,
    start: u64,
    pub(super) shape: Shape,
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
        $crate::accept::schema::Rule::Word(|text| match <$words>::parse(text) {
            Some(_) => Ok(()),
            None => text.parse::<$words>().map(drop),
        })
    };
}
pub(super) use word;

pub(super) static EVENT: &[Member] = &[
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

pub(super) static OUTCOME: &[Member] = &[
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
pub(super) const RESERVED: &[&str] = &[
    "ingest",
    "display_id",
    "sequence",
    "received_at",
    "kind",
    "enrichment",
    "erasure",
];

pub(super) fn find(members: &[Member], name: &str) -> Option<usize> {
    let start = start(name);
    members
        .iter()
        .position(|member| member.start == start && member.name == name)
}
