//! Tables: which column says what, and rows as events.

use event::json::push_string;
use event::limits::COUNT_MAX;
use event::{Activity, ActorType, Category, Outcome, Severity};
use jiff::tz::TimeZone;

use crate::draft::{Change, Draft};
use crate::record::View;
use crate::refusal::{Note, Refusal};
use crate::time::Spelling;

/// What a column may be, beside `metadata.NAME`.
pub const FIELDS: &[&str] = &[
    "id",
    "occurred_at",
    "action",
    "activity",
    "category",
    "severity",
    "outcome",
    "outcome.code",
    "outcome.reason",
    "actor.type",
    "actor.id",
    "actor.name",
    "actor.email",
    "actor.roles",
    "actor.groups",
    "on_behalf_of.id",
    "on_behalf_of.name",
    "on_behalf_of.email",
    "target.type",
    "target.id",
    "target.name",
    "change.path",
    "change.old",
    "change.new",
    "client.ip",
    "client.user_agent",
    "session_id",
    "request_id",
    "correlation_id",
    "parent_id",
    "trace_id",
    "source.app",
    "source.component",
    "source.environment",
    "source.version",
    "counts.records",
    "counts.bytes",
    "duration_ms",
    "message",
    "labels",
];

/// Headings that are understood where nothing is mapped, in small letters with `_` for blanks.
const HEADINGS: &[(&str, &[&str])] = &[
    (
        "occurred_at",
        &[
            "time",
            "timestamp",
            "datetime",
            "date_time",
            "date",
            "created_at",
            "event_time",
            "occurred",
        ],
    ),
    (
        "action",
        &[
            "event",
            "event_type",
            "event_name",
            "operation",
            "activity_name",
        ],
    ),
    ("id", &["event_id"]),
    (
        "actor.name",
        &["actor", "user", "username", "user_name", "who"],
    ),
    ("actor.id", &["actor_id", "user_id"]),
    (
        "actor.email",
        &["email", "user_email", "actor_email", "e_mail"],
    ),
    (
        "client.ip",
        &["ip", "ip_address", "client_ip", "source_ip", "address"],
    ),
    ("client.user_agent", &["user_agent", "useragent"]),
    ("outcome", &["result", "status"]),
    ("outcome.reason", &["reason", "error"]),
    (
        "target.id",
        &["target_id", "record_id", "object_id", "entity_id"],
    ),
    (
        "target.type",
        &[
            "target_type",
            "record_type",
            "object_type",
            "entity",
            "entity_type",
        ],
    ),
    (
        "target.name",
        &["target", "target_name", "record_name", "object", "record"],
    ),
    ("change.path", &["field", "attribute"]),
    ("change.old", &["old_value", "old", "before"]),
    ("change.new", &["new_value", "new", "after"]),
    ("source.app", &["app", "application"]),
    ("message", &["description", "details"]),
];

/// Why a mapping makes no sense.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct MappingError(String);

/// How the rows of a table become events.
#[derive(Clone, Debug, Default)]
pub struct Mapping {
    /// Field and column.
    columns: Vec<(String, String)>,
    /// Field and value of every event.
    constants: Vec<(String, String)>,
    /// Field, cell and what it means.
    values: Vec<(String, String, String)>,
    delimiter: Option<u8>,
    time: Spelling,
}

impl Mapping {
    /// Reads a mapping file: TOML with the tables `columns`, `constants` and `values.FIELD`, and the
    /// keys `delimiter`, `time_format` and `time_zone`. See `docs/imports.md`.
    pub fn parse(text: &str) -> Result<Mapping, MappingError> {
        let table: toml::Table = text
            .parse()
            .map_err(|error: toml::de::Error| MappingError(error.to_string()))?;
        let mut mapping = Mapping::default();
        for (key, value) in &table {
            match (key.as_str(), value) {
                ("columns", toml::Value::Table(columns)) => {
                    for (field, column) in leaves(columns)? {
                        mapping.map(&field, &column)?;
                    }
                }
                ("constants", toml::Value::Table(constants)) => {
                    for (field, value) in leaves(constants)? {
                        mapping.set(&field, &value)?;
                    }
                }
                ("values", toml::Value::Table(fields)) => mapping.take_values("", fields)?,
                ("delimiter", toml::Value::String(text)) => mapping.part_by(text)?,
                ("time_format", toml::Value::String(text)) => mapping.write_times_as(text)?,
                ("time_zone", toml::Value::String(text)) => mapping.live_in(text)?,
                (other, _) => {
                    let words = "a mapping has `columns`, `constants`, `values`, `delimiter`, `time_format` and `time_zone`";
                    return Err(MappingError(format!(
                        "`{other}` is not understood: {words}"
                    )));
                }
            }
        }
        Ok(mapping)
    }

    /// `values.outcome`, `values.actor.type`: the innermost tables hold cells.
    fn take_values(&mut self, field: &str, table: &toml::Table) -> Result<(), MappingError> {
        for (name, value) in table {
            match value {
                toml::Value::Table(inner) => {
                    let below = if field.is_empty() {
                        name.clone()
                    } else {
                        format!("{field}.{name}")
                    };
                    self.take_values(&below, inner)?;
                }
                toml::Value::String(meaning) => {
                    check_field(field)?;
                    self.values
                        .push((field.to_owned(), name.clone(), meaning.clone()));
                }
                _ => {
                    return Err(MappingError(format!(
                        "`values.{field}.{name}` must be a string"
                    )));
                }
            }
        }
        Ok(())
    }

    /// Takes a field from a column. Replaces what was said before.
    pub fn map(&mut self, field: &str, column: &str) -> Result<(), MappingError> {
        check_field(field)?;
        self.columns.retain(|(known, _)| known != field);
        self.columns
            .push((field.to_owned(), column.trim().to_owned()));
        Ok(())
    }

    /// Gives a field one value in all events.
    pub fn set(&mut self, field: &str, value: &str) -> Result<(), MappingError> {
        check_field(field)?;
        self.constants.retain(|(known, _)| known != field);
        self.constants.push((field.to_owned(), value.to_owned()));
        Ok(())
    }

    /// Says what parts the cells; `\t` is a tab.
    pub fn part_by(&mut self, text: &str) -> Result<(), MappingError> {
        self.delimiter = match text.as_bytes() {
            _ if matches!(text, "\\t" | "tab") => Some(b'\t'),
            [one]
                if one.is_ascii()
                    && !one.is_ascii_alphanumeric()
                    && !matches!(one, b'"' | b'\n' | b'\r') =>
            {
                Some(*one)
            }
            _ => {
                return Err(MappingError(format!(
                    "{text:?} cannot part cells: name one character, such as ; or \\t"
                )));
            }
        };
        Ok(())
    }

    /// Says how times are written, as `strptime` takes it.
    pub fn write_times_as(&mut self, format: &str) -> Result<(), MappingError> {
        let some_time = jiff::Timestamp::UNIX_EPOCH.to_zoned(TimeZone::UTC);
        if let Err(error) = jiff::fmt::strtime::format(format, &some_time) {
            return Err(MappingError(format!(
                "{format:?} is no format of a time: {error}"
            )));
        }
        self.time.format = Some(format.to_owned());
        Ok(())
    }

    /// Names the zone of times that name none.
    pub fn live_in(&mut self, zone: &str) -> Result<(), MappingError> {
        self.time.zone = TimeZone::get(zone).map_err(|_| {
            MappingError(format!(
                "{zone:?} is no time zone: name one such as Europe/Berlin"
            ))
        })?;
        Ok(())
    }

    /// What parts the cells, if that was said.
    pub fn delimiter(&self) -> Option<u8> {
        self.delimiter
    }

    /// What tells this mapping from another one.
    pub fn fingerprint(&self) -> String {
        format!("{self:?}")
    }

    /// Holds the mapping to the columns of a table: names are taken in any case, and where nothing
    /// was mapped, columns with the names of fields or usual headings map themselves.
    pub fn bind(&self, columns: &[String]) -> Result<Mapping, Refusal> {
        let mut bound = self.clone();
        let listed = || {
            let shown: Vec<String> = columns
                .iter()
                .take(40)
                .map(|it| format!("`{it}`"))
                .collect();
            shown.join(", ")
        };
        for (field, column) in &mut bound.columns {
            let found = columns
                .iter()
                .find(|it| *it == column)
                .or_else(|| columns.iter().find(|it| it.eq_ignore_ascii_case(column)));
            match found {
                Some(found) => column.clone_from(found),
                None => {
                    let detail = format!(
                        "there is no column `{column}`, which is mapped to {field}; the columns are {}",
                        listed()
                    );
                    return Err(Refusal::new("missing_column", detail));
                }
            }
        }
        if self.columns.is_empty() {
            bound.columns = by_headings(columns);
        }
        let is_known = |field: &str| {
            bound
                .columns
                .iter()
                .chain(&bound.constants)
                .any(|(known, _)| known == field)
        };
        if !is_known("action") {
            let detail = format!(
                "no column is mapped to action: say --map action=COLUMN or --set action=WORD; the columns are {}",
                listed()
            );
            return Err(Refusal::new("missing_column", detail));
        }
        Ok(bound)
    }

    /// The mapping as people read it: `action = Event, actor.name = User`.
    pub fn in_words(&self) -> String {
        let columns = self
            .columns
            .iter()
            .map(|(field, column)| format!("{field} = `{column}`"));
        let constants = self
            .constants
            .iter()
            .map(|(field, value)| format!("{field} = {value:?}"));
        columns.chain(constants).collect::<Vec<_>>().join(", ")
    }

    fn value(&self, row: View<'_, '_>, field: &str) -> Option<String> {
        let column = self.columns.iter().find(|(known, _)| known == field);
        let cell = column.and_then(|(_, column)| row.text(&[column]));
        let constant = || {
            self.constants
                .iter()
                .find(|(known, _)| known == field)
                .map(|(_, value)| value.clone())
        };
        let text = cell.or_else(constant)?;
        let meaning = self
            .values
            .iter()
            .find(|(of, cell, _)| of == field && cell.eq_ignore_ascii_case(&text));
        let text = meaning.map_or(text, |(_, _, meaning)| meaning.clone());
        (!text.is_empty()).then_some(text)
    }
}

fn check_field(field: &str) -> Result<(), MappingError> {
    let is_metadata = field
        .strip_prefix("metadata.")
        .is_some_and(|name| !name.is_empty() && !matches!(name, "original" | "import"));
    if is_metadata || FIELDS.contains(&field) {
        return Ok(());
    }
    Err(MappingError(format!(
        "`{field}` is no field: it is metadata.NAME or one of {}",
        FIELDS.join(", ")
    )))
}

/// `actor.name = "x"` in TOML is a table in a table.
fn leaves(table: &toml::Table) -> Result<Vec<(String, String)>, MappingError> {
    let mut found = Vec::new();
    for (name, value) in table {
        match value {
            toml::Value::String(text) => found.push((name.clone(), text.clone())),
            toml::Value::Table(inner) => {
                let inner = leaves(inner)?.into_iter();
                found.extend(inner.map(|(below, text)| (format!("{name}.{below}"), text)));
            }
            _ => return Err(MappingError(format!("`{name}` must be a string"))),
        }
    }
    Ok(found)
}

fn by_headings(columns: &[String]) -> Vec<(String, String)> {
    let plain = |text: &str| text.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    let mut found: Vec<(String, String)> = Vec::new();
    for exact in [true, false] {
        for column in columns {
            let heading = plain(column);
            let field = match exact {
                true => FIELDS.iter().copied().find(|field| *field == heading),
                false => HEADINGS
                    .iter()
                    .find(|(_, names)| names.contains(&heading.as_str()))
                    .map(|(field, _)| *field),
            };
            let is_new = |field: &str| {
                !found
                    .iter()
                    .any(|(known, of)| known == field || of == column)
            };
            if let Some(field) = field.filter(|field| is_new(field)) {
                found.push((field.to_owned(), column.clone()));
            }
        }
    }
    found
}

pub(crate) fn map(
    row: View<'_, '_>,
    mapping: &Mapping,
) -> Result<(Draft, Option<String>), Refusal> {
    let value = |field: &str| mapping.value(row, field);
    let list = |field: &str| -> Vec<String> {
        let text = value(field).unwrap_or_default();
        let parts = text.split([';', ',', '|']).map(str::trim);
        parts
            .filter(|it| !it.is_empty())
            .map(str::to_owned)
            .collect()
    };
    let word =
        |field: &str| value(field).map(|it| it.to_ascii_lowercase().replace([' ', '-'], "_"));
    let mut draft = Draft::of(value("action"), "the cell of action")?;
    draft.when_in(value("occurred_at").as_deref(), &mapping.time);
    if let Some(note) = draft
        .notes
        .iter()
        .find(|note| note.code == Note::UNREADABLE_TIME)
    {
        // The mapping is at fault more often than the row, and a row once kept stays.
        let why = note.detail.split(';').next().unwrap_or_default();
        let detail = format!("{why}; say how times are written by --time-format");
        return Err(Refusal::new(Note::UNREADABLE_TIME, detail));
    }
    draft.activity = checked("activity", word("activity"), |it| {
        it.parse::<Activity>().is_ok()
    })?;
    draft.category = checked("category", word("category"), |it| {
        it.parse::<Category>().is_ok()
    })?;
    let severity = word("severity").map(|it| severity(&it).to_owned());
    draft.severity = checked("severity", severity, |it| it.parse::<Severity>().is_ok())?;
    outcome(&mut draft, value("outcome"));
    if let Some(code) = value("outcome.code") {
        draft.outcome_code = Some(code);
    }
    draft.outcome_reason = value("outcome.reason");
    let has_more = draft.outcome_code.is_some() || draft.outcome_reason.is_some();
    if draft.outcome.is_none() && has_more {
        draft.outcome = Some(Outcome::Unknown);
    }
    let kind = checked("actor.type", word("actor.type"), |it| {
        it.parse::<ActorType>().is_ok()
    })?;
    draft.actor.kind = kind.and_then(|it| it.parse().ok());
    draft.actor.id = value("actor.id");
    draft.actor.name = value("actor.name");
    draft.actor.email = value("actor.email");
    draft.actor.roles = list("actor.roles");
    draft.actor.groups = list("actor.groups");
    draft.on_behalf_of = Some(crate::draft::Person {
        id: value("on_behalf_of.id"),
        name: value("on_behalf_of.name"),
        email: value("on_behalf_of.email"),
        ..Default::default()
    });
    let kind = value("target.type").unwrap_or_else(|| "record".to_owned());
    draft.done_to(&kind, value("target.id"), value("target.name"));
    if let Some(path) = value("change.path") {
        let json = |field: &str| value(field).map(|text| quoted(&text));
        let (old, new) = (json("change.old"), json("change.new"));
        draft.changes.push(Change { path, old, new });
    }
    draft.came_from(value("client.ip"));
    draft.user_agent = value("client.user_agent");
    draft.session_id = value("session_id");
    draft.request_id = value("request_id");
    draft.correlation_id = value("correlation_id");
    draft.parent_id = value("parent_id");
    draft.trace_id = value("trace_id");
    draft.app = value("source.app");
    draft.component = value("source.component");
    draft.environment = value("source.environment");
    draft.version = value("source.version");
    draft.message = value("message");
    draft.labels.extend(list("labels"));
    let is_count = |text: &str| {
        let digits = text.bytes().all(|byte| byte.is_ascii_digit());
        digits && text.parse::<u64>().is_ok_and(|number| number <= COUNT_MAX)
    };
    let number = |field: &str| {
        let text = checked(field, value(field), is_count)?;
        // JSON has no zeros before digits.
        Ok::<_, Refusal>(
            text.and_then(|text| text.parse::<u64>().ok())
                .map(|number| number.to_string()),
        )
    };
    draft.counts = [
        number("counts.records")?,
        number("counts.bytes")?,
        number("duration_ms")?,
    ];
    let metadata = mapping.columns.iter().chain(&mapping.constants);
    for (field, _) in metadata {
        if let Some(name) = field.strip_prefix("metadata.")
            && let Some(text) = value(field)
            && !draft.metadata.iter().any(|(known, _)| known == name)
        {
            draft.metadata.push((name.to_owned(), text));
        }
    }
    Ok((draft, value("id")))
}

fn checked(
    field: &str,
    text: Option<String>,
    is_right: impl Fn(&str) -> bool,
) -> Result<Option<String>, Refusal> {
    match text {
        Some(text) if !is_right(&text) => {
            let shown: String = text.chars().take(64).collect();
            let detail = format!(
                "{field}: {shown:?} is none; say what it means by [values.\"{field}\"] in a mapping file"
            );
            Err(Refusal::new("wrong_value", detail))
        }
        text => Ok(text),
    }
}

fn severity(word: &str) -> &str {
    match word {
        "debug" | "information" | "informational" | "notice" => "info",
        "warn" | "warning" | "moderate" => "medium",
        "error" | "err" | "major" => "high",
        "fatal" | "alert" | "emergency" | "crit" => "critical",
        word => word,
    }
}

/// Words of other systems; a word that is not known is kept as the code of an unknown outcome.
fn outcome(draft: &mut Draft, text: Option<String>) {
    let Some(text) = text else { return };
    let word = text.to_ascii_lowercase();
    let known = match word.as_str() {
        "success" | "succeeded" | "successful" | "ok" | "true" | "yes" | "passed" | "allow"
        | "allowed" => Outcome::Success,
        "failure" | "failed" | "fail" | "error" | "false" | "no" => Outcome::Failure,
        "denied" | "deny" | "forbidden" | "unauthorized" | "blocked" | "rejected" => {
            Outcome::Denied
        }
        "warning" | "warn" => Outcome::Warning,
        "unknown" => Outcome::Unknown,
        other => {
            draft.outcome_code = Some(text.clone());
            match other.parse::<u16>() {
                Ok(401 | 403) => Outcome::Denied,
                Ok(400..600) => Outcome::Failure,
                Ok(100..400) => Outcome::Success,
                _ => Outcome::Unknown,
            }
        }
    };
    draft.outcome = Some(known);
}

fn quoted(text: &str) -> String {
    let mut json = String::with_capacity(text.len() + 2);
    push_string(text, &mut json);
    json
}
