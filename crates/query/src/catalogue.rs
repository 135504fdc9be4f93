//! The fields a person can write in a query: for the parser, for completion and for the docs.

use crate::error::{Mistake, QueryErrorCode as Code, nearest, shown};
use crate::fields::{ExactField as E, NumberField as N, TextField as T, TextFields};
use event::{Activity, ActorType, Category, Kind, Network, Outcome, Severity};

/// A field of the language.
#[derive(Debug)]
pub struct Field {
    /// The name before the colon.
    pub name: &'static str,
    /// Other names that mean the same.
    pub aliases: &'static [&'static str],
    /// What a person needs to know, one line.
    pub description: &'static str,
    /// A term as one would write it.
    pub example: &'static str,
    pub(crate) meaning: Meaning,
}

/// What the values of a field look like.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueKind {
    /// Compared whole; `value*` and `*part*` work.
    Whole,
    /// Compared whole, nothing else.
    Id,
    /// One of [`Field::values`].
    Word,
    /// One of [`Field::values`], which are in order, so `>=` works.
    OrderedWord,
    /// Searched by words and phrases.
    Text,
    /// Ids and e-mail addresses whole, names by words.
    Named,
    /// A whole number.
    Number,
    /// A whole number of bytes; units such as `10MB` work.
    Bytes,
    /// A length of time; milliseconds without a unit.
    Duration,
    /// A time or a day.
    Time,
    /// An IP address or network.
    Address,
    /// Whatever the sender put there: words, and numbers with comparisons.
    Metadata,
}

impl Field {
    /// What the values look like.
    pub fn kind(&self) -> ValueKind {
        match self.meaning {
            Meaning::Whole(field) if field.is_lookup_only() => ValueKind::Id,
            Meaning::EventId => ValueKind::Id,
            Meaning::Whole(_) => ValueKind::Whole,
            Meaning::Word { ordered: true, .. } => ValueKind::OrderedWord,
            Meaning::Word { ordered: false, .. } => ValueKind::Word,
            Meaning::Text(_) => ValueKind::Text,
            Meaning::Named { .. } => ValueKind::Named,
            Meaning::Number(_, Unit::One) => ValueKind::Number,
            Meaning::Number(_, Unit::Bytes) => ValueKind::Bytes,
            Meaning::Number(_, Unit::Milliseconds) => ValueKind::Duration,
            Meaning::Time(_) => ValueKind::Time,
            Meaning::Address => ValueKind::Address,
            Meaning::Metadata => ValueKind::Metadata,
        }
    }

    /// Every value there is, for fields with a fixed list; empty for others.
    pub fn values(&self) -> &'static [&'static str] {
        match self.meaning {
            Meaning::Word { words, .. } => words,
            _ => &[],
        }
    }

    /// The primitive fields of whole values that the field asks: where completions of its values
    /// can come from.
    pub fn exact_fields(&self) -> &[E] {
        match &self.meaning {
            Meaning::Whole(field) | Meaning::Word { field, .. } => std::slice::from_ref(field),
            Meaning::Named { ids, .. } => ids,
            Meaning::EventId => &[E::Id],
            Meaning::Address => &[E::Ip],
            _ => &[],
        }
    }
}

/// What a field asks of an event.
#[derive(Debug)]
pub(crate) enum Meaning {
    Whole(E),
    Word {
        field: E,
        words: &'static [&'static str],
        ordered: bool,
    },
    Text(TextFields),
    Named {
        ids: &'static [E],
        names: TextFields,
    },
    EventId,
    Number(N, Unit),
    Time(N),
    Address,
    Metadata,
}

/// What a number counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unit {
    One,
    Bytes,
    Milliseconds,
}

/// What a word without a field asks: every text by words, and every id whole, so that a pasted id
/// finds its events.
pub(crate) const FREE: Meaning = Meaning::Named {
    ids: &[
        E::ActorId,
        E::ActorEmail,
        E::TargetId,
        E::Session,
        E::Request,
        E::Correlation,
        E::Trace,
        E::Id,
    ],
    names: TextFields::FREE,
};

/// The name that `metadata.KEY` begins with.
pub(crate) const METADATA_PREFIX: &str = "metadata.";

/// The field with this name or alias, in any case. `metadata.KEY` is not looked up here.
pub fn find(name: &str) -> Option<&'static Field> {
    let has_name = |field: &&Field| {
        field.name.eq_ignore_ascii_case(name)
            || field
                .aliases
                .iter()
                .any(|alias| alias.eq_ignore_ascii_case(name))
    };
    FIELDS.iter().find(has_name)
}

/// The fields whose name, or else some alias, begins with `start` in any case: completions of a
/// field that is being typed, each with the name that begins so.
pub fn beginning_with(start: &str) -> impl Iterator<Item = (&'static str, &'static Field)> {
    let start = start.to_ascii_lowercase();
    FIELDS.iter().filter_map(move |field| {
        let mut names = std::iter::once(field.name).chain(field.aliases.iter().copied());
        let name = names.find(|name| name.to_ascii_lowercase().starts_with(&start))?;
        Some((name, field))
    })
}

/// What to say of `name` in `word`, which is no field.
pub(crate) fn unknown_field(name: &str, word: &str) -> Mistake {
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
    let names = FIELDS
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

const fn field(
    name: &'static str,
    aliases: &'static [&'static str],
    meaning: Meaning,
    example: &'static str,
    description: &'static str,
) -> Field {
    Field {
        name,
        aliases,
        description,
        example,
        meaning,
    }
}

const fn words(field: E, words: &'static [&'static str]) -> Meaning {
    Meaning::Word {
        field,
        words,
        ordered: false,
    }
}

const fn ordered(field: E, words: &'static [&'static str]) -> Meaning {
    Meaning::Word {
        field,
        words,
        ordered: true,
    }
}

const fn text(field: T) -> Meaning {
    Meaning::Text(TextFields::only(field))
}

const fn named(ids: &'static [E], name: T) -> Meaning {
    Meaning::Named {
        ids,
        names: TextFields::only(name),
    }
}

/// Every field, the most used first within its group.
#[rustfmt::skip]
pub const FIELDS: &[Field] = &[
    // What happened
    field("action", &[], Meaning::Whole(E::Action), "action:customer.credit_limit.update", "What happened, in the application's words; action:login.* finds all that begin so"),
    field("activity", &[], words(E::Activity, Activity::WORDS), "activity:delete", "What kind of thing was done, whatever the application calls it"),
    field("category", &[], words(E::Category, Category::WORDS), "category:security", "The log type, which decides how long the event is kept"),
    field("outcome", &["result", "outcome.result"], words(E::Outcome, Outcome::WORDS), "outcome:failure", "How it ended"),
    field("outcome.code", &["code"], Meaning::Whole(E::OutcomeCode), "outcome.code:invalid_password", "The application's code for how it ended"),
    field("reason", &["outcome.reason"], text(T::Reason), "reason:\"wrong password\"", "Why it ended so, in words"),
    field("severity", &[], ordered(E::Severity, Severity::WORDS), "severity:>=high", "How much the event matters"),
    field("message", &[], text(T::Message), "message:refund*", "The event's message"),
    field("label", &["labels", "tag"], Meaning::Whole(E::Label), "label:pci", "A label of the event"),
    // Who
    field("actor", &["user", "who"], named(&[E::ActorId, E::ActorEmail], T::ActorName), "actor:john@example.com", "Who did it: id or e-mail address whole, or name by words"),
    field("actor.id", &[], Meaning::Whole(E::ActorId), "actor.id:u-1001", "The actor's id"),
    field("actor.name", &[], text(T::ActorName), "actor.name:\"john smith\"", "The actor's name, by words"),
    field("actor.email", &["email"], Meaning::Whole(E::ActorEmail), "actor.email:*@example.com*", "The actor's e-mail address"),
    field("actor.type", &[], words(E::ActorType, ActorType::WORDS), "actor.type:service", "What kind of actor did it"),
    field("role", &["roles", "actor.role", "actor.roles"], Meaning::Whole(E::Role), "role:admin", "A role the actor had at the time"),
    field("group", &["groups", "actor.group", "actor.groups"], Meaning::Whole(E::Group), "group:marketing", "A group the actor was in at the time"),
    field("on_behalf_of", &["behalf"], named(&[E::BehalfId, E::BehalfEmail], T::BehalfName), "on_behalf_of:ann", "For whom it was done: id or e-mail address whole, or name by words"),
    field("on_behalf_of.id", &[], Meaning::Whole(E::BehalfId), "on_behalf_of.id:u-1001", "The id of the one for whom it was done"),
    field("on_behalf_of.email", &[], Meaning::Whole(E::BehalfEmail), "on_behalf_of.email:ann@example.com", "The e-mail address of the one for whom it was done"),
    field("on_behalf_of.name", &[], text(T::BehalfName), "on_behalf_of.name:ann", "The name of the one for whom it was done, by words"),
    // On what
    field("target", &["targets"], named(&[E::TargetId], T::TargetName), "target:CUST-1042", "The record it was done to: id whole, or name by words"),
    field("target.type", &["entity"], Meaning::Whole(E::TargetType), "entity:customer", "The kind of record"),
    field("target.id", &["record"], Meaning::Whole(E::TargetId), "record:CUST-1042", "The id of the record"),
    field("target.name", &[], text(T::TargetName), "target.name:acme", "The name of the record, by words"),
    field("changed", &["change"], Meaning::Whole(E::Changed), "changed:credit_limit", "A field that was changed, by its path or label"),
    field("changed.words", &[], text(T::Changed), "changed.words:limit", "A field that was changed, by the words of its path or label"),
    field("old", &["before"], text(T::Old), "old:\"Net 30\"", "A value before a change, by words"),
    field("new", &["after"], text(T::New), "new:\"Net 60\"", "A value after a change, by words"),
    field("records", &["counts.records"], Meaning::Number(N::Records, Unit::One), "records:>1000", "How many records were concerned"),
    field("bytes", &["counts.bytes"], Meaning::Number(N::Bytes, Unit::Bytes), "bytes:>10MB", "How many bytes were concerned"),
    field("metadata", &[], text(T::Metadata), "metadata:refund", "Any value of the free data, by words"),
    field("metadata.KEY", &[], Meaning::Metadata, "metadata.attempt:>=3", "One value of the free data; dots descend into objects"),
    // When
    field("occurred", &["occurred_at", "time"], Meaning::Time(N::Occurred), "occurred:>now-7d", "When it happened, as the sender says"),
    field("received", &["received_at"], Meaning::Time(N::Received), "received:2026-01-15", "When the ledger took it"),
    field("duration", &["duration_ms"], Meaning::Number(N::Duration, Unit::Milliseconds), "duration:>5s", "How long it took; milliseconds if there is no unit"),
    // From where
    field("ip", &["client.ip"], Meaning::Address, "ip:192.168.0.0/16", "The client's address: one, a network, or 192.168.*"),
    field("agent", &["user_agent", "client.user_agent"], Meaning::Whole(E::Agent), "agent:curl*", "The client's user agent"),
    field("country", &[], Meaning::Whole(E::Country), "country:US", "The country of the address (estimated)"),
    field("region", &[], Meaning::Whole(E::Region), "region:\"New York\"", "The region of the address (estimated)"),
    field("city", &[], Meaning::Whole(E::City), "city:Berlin", "The city of the address (estimated)"),
    field("network", &[], words(E::Network, Network::WORDS), "network:public", "Whether the address is public or private"),
    field("browser", &[], Meaning::Whole(E::Browser), "browser:Chrome", "The browser, read from the user agent"),
    field("os", &[], Meaning::Whole(E::Os), "os:Windows", "The operating system, read from the user agent"),
    field("device", &[], Meaning::Whole(E::Device), "device:phone", "The kind of device, read from the user agent"),
    field("risk", &["risk.level"], ordered(E::Risk, Severity::WORDS), "risk:high", "How risky the event looked when it came"),
    field("app", &["source.app"], Meaning::Whole(E::App), "app:crm", "The application that sent it"),
    field("component", &["source.component"], Meaning::Whole(E::Component), "component:billing", "The part of the application"),
    field("env", &["environment", "source.environment"], Meaning::Whole(E::Environment), "env:production", "The environment of the application"),
    field("version", &["source.version"], Meaning::Whole(E::Version), "version:2.4.1", "The version of the application"),
    // Which one
    field("id", &[], Meaning::EventId, "id:LOG-2026-0000123", "One event: the sender's id, the LOG- id, or the place in the ledger"),
    field("sequence", &[], Meaning::Number(N::Sequence, Unit::One), "sequence:0..99", "The place in the ledger, from 0"),
    field("session", &["session_id"], Meaning::Whole(E::Session), "session:s-77f1", "The session"),
    field("request", &["request_id"], Meaning::Whole(E::Request), "request:req-9", "The request"),
    field("correlation", &["correlation_id"], Meaning::Whole(E::Correlation), "correlation:c-31", "What belongs together across requests"),
    field("trace", &["trace_id"], Meaning::Whole(E::Trace), "trace:4bf92f3577b34da6a3ce929d0e0e4736", "The trace"),
    field("parent", &["parent_id"], Meaning::Whole(E::Parent), "parent:ev-17", "The event this one follows"),
    field("kind", &[], words(E::Kind, Kind::WORDS), "kind:own", "Who wrote the event: an application, or Annals itself"),
    field("key", &["ingest.key_id"], Meaning::Whole(E::Key), "key:k_12", "The API key that sent it"),
    field("import", &["ingest.import"], Meaning::Whole(E::Import), "import:legacy-crm", "The import that brought it"),
    field("text", &[], Meaning::Text(TextFields::FREE), "text:refund", "Every text, by words: a free word without the ids"),
    field("action.words", &[], text(T::Action), "action.words:login", "The action, by its words"),
];
