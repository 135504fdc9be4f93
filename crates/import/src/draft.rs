//! What a mapping found out about a record, and the event that comes of it.

use event::json::push_string;
use event::limits::TERM_MAX_BYTES;
use event::{Activity, ActorType, Category, Outcome, Severity, Timestamp, catalogue};

use crate::address;
use crate::refusal::{Note, Refusal};
use crate::time;

/// Most targets of an event; further ones are left in the original. Each is up to three of the
/// fields an event may have.
const TARGETS_MAX: usize = 20;
/// Label of events whose time is that of their import.
const TIME_OF_IMPORT: &str = "time-of-import";

/// Somebody who did something.
#[derive(Clone, Debug, Default)]
pub(crate) struct Person {
    pub(crate) kind: Option<ActorType>,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
    pub(crate) email: Option<String>,
    pub(crate) roles: Vec<String>,
    pub(crate) groups: Vec<String>,
}

impl Person {
    pub(crate) fn is_known(&self) -> bool {
        self.id.is_some() || self.name.is_some() || self.email.is_some()
    }
}

/// Something it was done to.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Target {
    pub(crate) kind: Option<String>,
    pub(crate) id: Option<String>,
    pub(crate) name: Option<String>,
}

/// A value that became another one; both are JSON.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: String,
    pub(crate) old: Option<String>,
    pub(crate) new: Option<String>,
}

/// An event in the making.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) action: String,
    pub(crate) occurred_at: Option<Timestamp>,
    pub(crate) activity: Option<String>,
    pub(crate) category: Option<String>,
    pub(crate) severity: Option<String>,
    pub(crate) outcome: Option<Outcome>,
    pub(crate) outcome_code: Option<String>,
    pub(crate) outcome_reason: Option<String>,
    pub(crate) actor: Person,
    pub(crate) on_behalf_of: Option<Person>,
    targets: Vec<Target>,
    pub(crate) changes: Vec<Change>,
    ip: Option<String>,
    pub(crate) user_agent: Option<String>,
    pub(crate) session_id: Option<String>,
    pub(crate) request_id: Option<String>,
    pub(crate) correlation_id: Option<String>,
    pub(crate) parent_id: Option<String>,
    pub(crate) trace_id: Option<String>,
    pub(crate) app: Option<String>,
    pub(crate) component: Option<String>,
    pub(crate) environment: Option<String>,
    pub(crate) version: Option<String>,
    pub(crate) message: Option<String>,
    pub(crate) labels: Vec<String>,
    /// `records`, `bytes` and `duration_ms`: digits.
    pub(crate) counts: [Option<String>; 3],
    /// Names and texts below `metadata`.
    pub(crate) metadata: Vec<(String, String)>,
    pub(crate) notes: Vec<Note>,
}

impl Draft {
    /// Of an action; a record without one says nothing.
    pub(crate) fn of(action: Option<String>, names: &str) -> Result<Draft, Refusal> {
        let Some(action) = action else {
            let detail = format!("the record does not say what happened: {names} is missing");
            return Err(Refusal::new("missing_field", detail));
        };
        if action.len() > TERM_MAX_BYTES {
            let detail = format!(
                "what happened ({names}) has {} bytes, and at most {TERM_MAX_BYTES} are allowed",
                action.len()
            );
            return Err(Refusal::new("too_large", detail));
        }
        Ok(Draft {
            action,
            ..Draft::default()
        })
    }

    /// Takes the first of several texts that is a time. Without any the event gets the time it is
    /// received, and says so.
    pub(crate) fn when<'t>(&mut self, texts: impl IntoIterator<Item = &'t str>) {
        self.when_in(texts, &time::Spelling::default());
    }

    pub(crate) fn when_in<'t>(
        &mut self,
        texts: impl IntoIterator<Item = &'t str>,
        spelling: &time::Spelling,
    ) {
        let mut unreadable = None;
        for text in texts {
            if let Some(at) = time::read_in(text, spelling) {
                self.occurred_at = Some(at);
                return;
            }
            unreadable = unreadable.or(Some(text));
        }
        let (code, why) = match unreadable {
            Some(text) => {
                let shown: String = text.chars().take(64).collect();
                (Note::UNREADABLE_TIME, format!("{shown:?} is no time"))
            }
            None => (Note::NO_TIME, "the record has no time".to_owned()),
        };
        self.labels.push(TIME_OF_IMPORT.to_owned());
        let detail = format!("{why}; the event gets the time it is received");
        self.notes.push(Note { code, detail });
    }

    /// Takes an address; what is none, such as the name of a service, is kept as
    /// `metadata.source_address`.
    pub(crate) fn came_from(&mut self, text: Option<String>) {
        let Some(text) = text else { return };
        match address::parse(&text) {
            Some(address) => self.ip = Some(address.to_string()),
            None => self.metadata.push(("source_address".to_owned(), text)),
        }
    }

    /// Adds what it was done to, once.
    pub(crate) fn done_to(&mut self, kind: &str, id: Option<String>, name: Option<String>) {
        let target = Target {
            kind: Some(kind.to_owned()),
            id,
            name,
        };
        let is_known = target.id.is_some() || target.name.is_some();
        if is_known && self.targets.len() < TARGETS_MAX && !self.targets.contains(&target) {
            self.targets.push(target);
        }
    }

    pub(crate) fn has_targets(&self) -> bool {
        !self.targets.is_empty()
    }

    /// Makes the first target of one of these types the primary one.
    pub(crate) fn primary_is(&mut self, kinds: &[&str]) {
        let is_primary = |target: &Target| {
            kinds
                .iter()
                .any(|kind| target.kind.as_deref() == Some(*kind))
        };
        if let Some(place) = self.targets.iter().position(is_primary) {
            let primary = self.targets.remove(place);
            self.targets.insert(0, primary);
        }
    }

    /// Says what kind of thing it was, unless the catalogue knows the very action.
    pub(crate) fn means(&mut self, activity: Activity, category: Category) {
        if catalogue::lookup(&self.action).action != self.action {
            self.activity = Some(activity.as_str().to_owned());
            self.category = Some(category.as_str().to_owned());
        }
    }

    /// Raises the severity above what the catalogue derives.
    pub(crate) fn at_least(&mut self, severity: Severity) {
        let derived = catalogue::lookup(&self.action).severity_after(self.outcome);
        if severity > derived {
            self.severity = Some(severity.as_str().to_owned());
        }
    }

    /// Leaves out names that are empty or too long to be searched for as a whole, and what says
    /// nothing without them. They stay in the original.
    pub(crate) fn leave_out_misfits(&mut self) {
        let fits = |text: &str| !text.is_empty() && text.len() <= TERM_MAX_BYTES;
        let keep = |text: &mut Option<String>| drop(text.take_if(|text| !fits(text)));
        keep(&mut self.actor.id);
        if let Some(other) = &mut self.on_behalf_of {
            keep(&mut other.id);
        }
        self.targets.retain_mut(|target| {
            keep(&mut target.kind);
            keep(&mut target.id);
            target.kind.is_some() || target.id.is_some() || target.name.is_some()
        });
        self.changes.retain(|change| fits(&change.path));
    }

    /// The event as JSON without an id; `original` is kept whole.
    pub(crate) fn to_json(&self, format: &str, original: &str) -> String {
        let mut out = Writer::new(original.len() + 1024);
        out.term("action", &self.action);
        if let Some(at) = self.occurred_at {
            out.text("occurred_at", &at.to_string());
        }
        out.some_term("activity", &self.activity);
        out.some_term("category", &self.category);
        out.some_term("severity", &self.severity);
        if let Some(result) = self.outcome {
            out.object("outcome", |out| {
                out.text("result", result.as_str());
                out.some_text("code", &self.outcome_code);
                out.some_text("reason", &self.outcome_reason);
            });
        }
        out.object("actor", |out| person(out, &self.actor));
        if let Some(other) = self.on_behalf_of.as_ref().filter(|it| it.is_known()) {
            out.object("on_behalf_of", |out| person(out, other));
        }
        out.array("targets", &self.targets, |out, target| {
            out.some_term("type", &target.kind);
            out.some_term("id", &target.id);
            out.some_text("name", &target.name);
        });
        out.array("changes", &self.changes, |out, change| {
            out.term("path", &change.path);
            out.some_json("old", &change.old);
            out.some_json("new", &change.new);
        });
        if self.ip.is_some() || self.user_agent.is_some() {
            out.object("client", |out| {
                out.some_text("ip", &self.ip);
                out.some_text("user_agent", &self.user_agent);
            });
        }
        out.some_term("session_id", &self.session_id);
        out.some_term("request_id", &self.request_id);
        out.some_term("correlation_id", &self.correlation_id);
        out.some_term("parent_id", &self.parent_id);
        out.some_term("trace_id", &self.trace_id);
        let [records, bytes, duration] = &self.counts;
        if records.is_some() || bytes.is_some() {
            out.object("counts", |out| {
                out.some_json("records", records);
                out.some_json("bytes", bytes);
            });
        }
        out.some_json("duration_ms", duration);
        let source = [&self.app, &self.component, &self.environment, &self.version];
        if source.iter().any(|it| it.is_some()) {
            out.object("source", |out| {
                out.some_term("app", &self.app);
                out.some_term("component", &self.component);
                out.some_term("environment", &self.environment);
                out.some_term("version", &self.version);
            });
        }
        out.some_text("message", &self.message);
        out.texts("labels", &self.labels);
        out.object("metadata", |out| {
            for (name, text) in &self.metadata {
                out.text(name, text);
            }
            out.object("import", |out| {
                out.text("format", format);
                let notes: Vec<String> = self.notes.iter().map(|it| it.detail.clone()).collect();
                out.texts("notes", &notes);
            });
            out.json("original", original);
        });
        out.finish()
    }
}

/// An actor nothing is known about is anonymous, unless the mapping knows it is the system.
fn person(out: &mut Writer, person: &Person) {
    let kind = match (person.kind, person.is_known()) {
        (Some(ActorType::System), _) => Some(ActorType::System),
        (kind, true) => kind,
        (_, false) => Some(ActorType::Anonymous),
    };
    if let Some(kind) = kind {
        out.text("type", kind.as_str());
    }
    out.some_term("id", &person.id);
    out.some_text("name", &person.name);
    out.some_text("email", &person.email);
    out.texts("roles", &person.roles);
    out.texts("groups", &person.groups);
}

/// Writes a JSON object member by member.
struct Writer {
    out: String,
}

impl Writer {
    fn new(capacity: usize) -> Self {
        let mut out = String::with_capacity(capacity);
        out.push('{');
        Writer { out }
    }

    fn name(&mut self, name: &str) {
        if !self.out.ends_with(['{', '[']) {
            self.out.push(',');
        }
        push_string(name, &mut self.out);
        self.out.push(':');
    }

    fn json(&mut self, name: &str, json: &str) {
        self.name(name);
        self.out.push_str(json);
    }

    fn text(&mut self, name: &str, text: &str) {
        self.name(name);
        push_string(text, &mut self.out);
    }

    /// A name that is searched for as a whole; one that is too long is left in the original.
    fn term(&mut self, name: &str, text: &str) {
        if !text.is_empty() && text.len() <= TERM_MAX_BYTES {
            self.text(name, text);
        }
    }

    fn some_json(&mut self, name: &str, json: &Option<String>) {
        if let Some(json) = json {
            self.json(name, json);
        }
    }

    fn some_text(&mut self, name: &str, text: &Option<String>) {
        if let Some(text) = text {
            self.text(name, text);
        }
    }

    fn some_term(&mut self, name: &str, text: &Option<String>) {
        if let Some(text) = text {
            self.term(name, text);
        }
    }

    fn texts(&mut self, name: &str, texts: &[String]) {
        if texts.is_empty() {
            return;
        }
        self.name(name);
        for (place, text) in texts.iter().enumerate() {
            self.out.push(if place == 0 { '[' } else { ',' });
            push_string(text, &mut self.out);
        }
        self.out.push(']');
    }

    fn object(&mut self, name: &str, members: impl FnOnce(&mut Writer)) {
        self.name(name);
        self.out.push('{');
        members(self);
        self.out.push('}');
    }

    fn array<T>(&mut self, name: &str, elements: &[T], members: impl Fn(&mut Writer, &T)) {
        if elements.is_empty() {
            return;
        }
        self.name(name);
        for (place, element) in elements.iter().enumerate() {
            self.out.push_str(if place == 0 { "[{" } else { ",{" });
            members(self, element);
            self.out.push('}');
        }
        self.out.push(']');
    }

    fn finish(mut self) -> String {
        self.out.push('}');
        self.out
    }
}
