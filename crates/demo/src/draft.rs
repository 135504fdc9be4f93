//! One event before it is JSON: fields as the company's software would fill them.

use std::fmt::Write as _;

use event::Timestamp;

use crate::Made;

/// Who acts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Actor {
    /// `user`, `service`, `api_key`, `system`, `ai_agent` or `anonymous`.
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) email: String,
    pub(crate) role: String,
    pub(crate) group: String,
}

impl Actor {
    pub(crate) fn anonymous() -> Self {
        Self {
            kind: "anonymous",
            ..Self::default()
        }
    }

    pub(crate) fn system(name: &str) -> Self {
        Self {
            kind: "system",
            id: format!("sys-{name}"),
            name: name.to_owned(),
            ..Self::default()
        }
    }

    pub(crate) fn machine(kind: &'static str, id: &str, name: &str, role: &str) -> Self {
        Self {
            kind,
            id: id.to_owned(),
            name: name.to_owned(),
            role: role.to_owned(),
            group: "integrations".to_owned(),
            ..Self::default()
        }
    }
}

/// What an event is about.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) kind: &'static str,
    pub(crate) id: String,
    pub(crate) name: String,
}

impl Target {
    pub(crate) fn new(kind: &'static str, id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            kind,
            id: id.into(),
            name: name.into(),
        }
    }
}

/// A typed value of a change or of metadata.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Text(String),
    /// Cents; written as a number with two decimals.
    Money(i64),
    Whole(i64),
    Flag(bool),
    /// `2026-01-22`.
    Date(String),
    Missing,
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Value::Text(text.to_owned())
    }
}

/// One changed field.
#[derive(Clone, Debug)]
pub(crate) struct Change {
    pub(crate) path: &'static str,
    pub(crate) label: &'static str,
    pub(crate) old: Value,
    pub(crate) new: Value,
}

/// Where a person or program sits.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) ip: String,
    pub(crate) user_agent: &'static str,
}

/// An event that happens at a time to be given.
#[derive(Clone, Debug, Default)]
pub(crate) struct Draft {
    pub(crate) action: &'static str,
    pub(crate) actor: Actor,
    pub(crate) on_behalf_of: Option<Actor>,
    pub(crate) targets: Vec<Target>,
    /// `success` if empty.
    pub(crate) result: &'static str,
    pub(crate) reason: &'static str,
    /// Left to Annals' catalogue if empty.
    pub(crate) category: &'static str,
    /// Left to Annals' catalogue if empty.
    pub(crate) activity: &'static str,
    /// Left to Annals' catalogue if empty.
    pub(crate) severity: &'static str,
    pub(crate) changes: Vec<Change>,
    pub(crate) client: Option<Client>,
    pub(crate) session: String,
    pub(crate) correlation: String,
    pub(crate) component: &'static str,
    pub(crate) records: Option<i64>,
    pub(crate) bytes: Option<i64>,
    pub(crate) duration_ms: Option<i64>,
    pub(crate) message: String,
    pub(crate) metadata: Vec<(&'static str, Value)>,
    pub(crate) labels: &'static [&'static str],
}

impl Draft {
    pub(crate) fn new(action: &'static str, actor: Actor) -> Self {
        Self {
            action,
            actor,
            component: "web",
            ..Self::default()
        }
    }

    pub(crate) fn about(mut self, target: Target) -> Self {
        self.targets.push(target);
        self
    }

    pub(crate) fn saying(mut self, message: impl Into<String>) -> Self {
        self.message = message.into();
        self
    }

    pub(crate) fn changing(mut self, changes: Vec<Change>) -> Self {
        self.changes = changes;
        self
    }

    pub(crate) fn ending(mut self, result: &'static str, reason: &'static str) -> Self {
        (self.result, self.reason) = (result, reason);
        self
    }

    pub(crate) fn with(mut self, key: &'static str, value: Value) -> Self {
        self.metadata.push((key, value));
        self
    }

    pub(crate) fn counting(mut self, records: i64) -> Self {
        self.records = Some(records);
        self
    }

    pub(crate) fn taking(mut self, duration_ms: i64) -> Self {
        self.duration_ms = Some(duration_ms);
        self
    }

    /// Says what the catalogue cannot know from the action's name.
    pub(crate) fn kind(mut self, category: &'static str, activity: &'static str) -> Self {
        (self.category, self.activity) = (category, activity);
        self
    }

    pub(crate) fn in_component(mut self, component: &'static str) -> Self {
        self.component = component;
        self
    }

    pub(crate) fn correlated(mut self, correlation: &str) -> Self {
        self.correlation = correlation.to_owned();
        self
    }

    pub(crate) fn with_client(mut self, client: Client) -> Self {
        self.client = Some(client);
        self
    }

    /// The event as it is sent; `noise` gives the id its random bits.
    pub(crate) fn made(&self, occurred_at: Timestamp, noise: [u64; 2]) -> Made {
        let mut json = Json::open();
        json.text("action", self.action);
        json.text("id", &uuid_v7(occurred_at, noise));
        json.text("occurred_at", &occurred_at.to_string());
        json.object("actor", |json| write_actor(json, &self.actor));
        if let Some(actor) = &self.on_behalf_of {
            json.object("on_behalf_of", |json| write_actor(json, actor));
        }
        json.list("targets", &self.targets, |json, target| {
            json.text("type", target.kind);
            json.text("id", &target.id);
            json.text("name", &target.name);
        });
        json.object("outcome", |json| {
            json.text(
                "result",
                if self.result.is_empty() {
                    "success"
                } else {
                    self.result
                },
            );
            json.text("reason", self.reason);
        });
        json.text("category", self.category);
        json.text("activity", self.activity);
        json.text("severity", self.severity);
        json.list("changes", &self.changes, |json, change| {
            json.text("path", change.path);
            json.text("label", change.label);
            json.value("old", &change.old);
            json.value("new", &change.new);
            json.text("type", change_type(&change.new, &change.old));
        });
        if let Some(client) = &self.client {
            json.object("client", |json| {
                json.text("ip", &client.ip);
                json.text("user_agent", client.user_agent);
            });
        }
        json.text("session_id", &self.session);
        json.text("correlation_id", &self.correlation);
        json.object("source", |json| {
            json.text("app", crate::SOURCE_APP);
            json.text("component", self.component);
            json.text("environment", crate::SOURCE_ENVIRONMENT);
        });
        if self.records.is_some() || self.bytes.is_some() {
            json.object("counts", |json| {
                json.whole("records", self.records);
                json.whole("bytes", self.bytes);
            });
        }
        json.whole("duration_ms", self.duration_ms);
        json.text("message", &self.message);
        if !self.metadata.is_empty() {
            json.object("metadata", |json| {
                for (key, value) in &self.metadata {
                    json.value(key, value);
                }
            });
        }
        if !self.labels.is_empty() {
            json.texts("labels", self.labels);
        }
        Made {
            occurred_at,
            json: json.close(),
        }
    }
}

fn write_actor(json: &mut Json, actor: &Actor) {
    json.text("type", actor.kind);
    json.text("id", &actor.id);
    json.text("name", &actor.name);
    json.text("email", &actor.email);
    if !actor.role.is_empty() {
        json.texts("roles", &[actor.role.as_str()]);
    }
    if !actor.group.is_empty() {
        json.texts("groups", &[actor.group.as_str()]);
    }
}

fn change_type(new: &Value, old: &Value) -> &'static str {
    match if *new == Value::Missing { old } else { new } {
        Value::Text(_) | Value::Missing => "string",
        Value::Money(_) => "money",
        Value::Whole(_) => "number",
        Value::Flag(_) => "bool",
        Value::Date(_) => "date",
    }
}

/// RFC 9562, version 7: a time in milliseconds, then random bits.
fn uuid_v7(at: Timestamp, [a, b]: [u64; 2]) -> String {
    let ms = (at.as_micros() / 1000) as u64;
    format!(
        "{:08x}-{:04x}-7{:03x}-{:04x}-{:012x}",
        (ms >> 16) & 0xffff_ffff,
        ms & 0xffff,
        a & 0xfff,
        0x8000 | ((a >> 16) & 0x3fff),
        b & 0xffff_ffff_ffff
    )
}

/// A JSON object being written; empty texts and absent numbers are left out.
struct Json(String);

impl Json {
    fn open() -> Self {
        let mut text = String::with_capacity(1024);
        text.push('{');
        Self(text)
    }

    fn close(mut self) -> Vec<u8> {
        self.0.push('}');
        self.0.into_bytes()
    }

    fn key(&mut self, key: &str) {
        if !self.0.ends_with(['{', '[']) {
            self.0.push(',');
        }
        self.string(key);
        self.0.push(':');
    }

    fn string(&mut self, text: &str) {
        self.0.push('"');
        for c in text.chars() {
            match c {
                '"' => self.0.push_str("\\\""),
                '\\' => self.0.push_str("\\\\"),
                c if c < ' ' => {
                    let _ = write!(self.0, "\\u{:04x}", u32::from(c));
                }
                c => self.0.push(c),
            }
        }
        self.0.push('"');
    }

    fn text(&mut self, key: &str, text: &str) {
        if !text.is_empty() {
            self.key(key);
            self.string(text);
        }
    }

    fn texts(&mut self, key: &str, texts: &[&str]) {
        self.key(key);
        self.0.push('[');
        for (n, text) in texts.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.string(text);
        }
        self.0.push(']');
    }

    fn whole(&mut self, key: &str, number: Option<i64>) {
        if let Some(number) = number {
            self.key(key);
            let _ = write!(self.0, "{number}");
        }
    }

    fn value(&mut self, key: &str, value: &Value) {
        self.key(key);
        let _ = match value {
            Value::Text(text) | Value::Date(text) => {
                self.string(text);
                Ok(())
            }
            Value::Money(cents) => write!(self.0, "{}.{:02}", cents / 100, cents % 100),
            Value::Whole(number) => write!(self.0, "{number}"),
            Value::Flag(flag) => write!(self.0, "{flag}"),
            Value::Missing => write!(self.0, "null"),
        };
    }

    fn object(&mut self, key: &str, write: impl FnOnce(&mut Self)) {
        self.key(key);
        self.0.push('{');
        write(self);
        self.0.push('}');
    }

    fn list<T>(&mut self, key: &str, items: &[T], mut write: impl FnMut(&mut Self, &T)) {
        if items.is_empty() {
            return;
        }
        self.key(key);
        self.0.push('[');
        for (n, item) in items.iter().enumerate() {
            if n > 0 {
                self.0.push(',');
            }
            self.0.push('{');
            write(self, item);
            self.0.push('}');
        }
        self.0.push(']');
    }
}
