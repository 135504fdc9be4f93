//! An event as a row of a table: a column for what is searched, the rest as JSON.

use anyhow::Context as _;
use event::Timestamp;
use serde_json::Value;

/// One event. The columns together hold all of it.
pub(super) struct Row {
    pub(super) sequence: u64,
    pub(super) id: String,
    pub(super) occurred_at: String,
    pub(super) occurred_micros: i64,
    pub(super) category: String,
    pub(super) action: String,
    pub(super) outcome: String,
    pub(super) actor_id: String,
    pub(super) target_type: String,
    pub(super) target_id: String,
    pub(super) ip: String,
    /// The words of all texts that Annals searches too: small letters, one blank between them.
    pub(super) words: String,
    /// What stands in no other column, as JSON.
    pub(super) rest: String,
}

impl Row {
    pub(super) fn of(sequence: u64, line: &str) -> anyhow::Result<Row> {
        let mut event: Value = serde_json::from_str(line)?;
        let words = words_of(&event);
        let mut take = |pointer: &str| take(&mut event, pointer);
        let occurred_at = take("/occurred_at")?;
        Ok(Row {
            sequence,
            id: take("/id")?,
            occurred_micros: Timestamp::parse_rfc3339(&occurred_at)?.as_micros(),
            occurred_at,
            category: take("/category")?,
            action: take("/action")?,
            outcome: take("/outcome")?,
            actor_id: take("/actor/id")?,
            target_type: take("/targets/0/type")?,
            target_id: take("/targets/0/id")?,
            ip: take("/client/ip")?,
            words,
            rest: event.to_string(),
        })
    }

    /// The columns as text, in the order of [`super::sql::COLUMNS`]; times as RFC 3339.
    pub(super) fn texts(&self) -> [&str; 11] {
        [
            &self.id,
            &self.occurred_at,
            &self.category,
            &self.action,
            &self.outcome,
            &self.actor_id,
            &self.target_type,
            &self.target_id,
            &self.ip,
            &self.words,
            &self.rest,
        ]
    }
}

/// Takes a text out of an event.
fn take(event: &mut Value, pointer: &str) -> anyhow::Result<String> {
    let (parent, name) = pointer.rsplit_once('/').unwrap_or_default();
    event
        .pointer_mut(parent)
        .and_then(Value::as_object_mut)
        .and_then(|parent| parent.remove(name))
        .and_then(|value| value.as_str().map(str::to_owned))
        .with_context(|| format!("a generated event has no {pointer}"))
}

fn words_of(event: &Value) -> String {
    let mut words = String::new();
    let mut push = |value: &Value| push_words(value, &mut words);
    push(&event["action"]);
    push(&event["actor"]["name"]);
    push(&event["message"]);
    push(&event["metadata"]);
    for target in event["targets"].as_array().into_iter().flatten() {
        push(&target["name"]);
    }
    for change in event["changes"].as_array().into_iter().flatten() {
        push(&change["path"]);
        push(&change["old"]);
        push(&change["new"]);
    }
    words
}

fn push_words(value: &Value, words: &mut String) {
    match value {
        Value::String(text) => push_text(text, words),
        Value::Number(number) => push_text(&number.to_string(), words),
        Value::Array(values) => values.iter().for_each(|value| push_words(value, words)),
        Value::Object(values) => values.values().for_each(|value| push_words(value, words)),
        Value::Bool(_) | Value::Null => {}
    }
}

fn push_text(text: &str, words: &mut String) {
    for word in text.split(|c: char| !c.is_alphanumeric()) {
        if word.is_empty() {
            continue;
        }
        if !words.is_empty() {
            words.push(' ');
        }
        words.push_str(&word.to_lowercase());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_columns_hold_the_whole_event_and_the_words_of_its_texts() {
        let line = r#"{"occurred_at":"2026-09-15T07:59:17.387231Z","id":"a-1","category":"security","action":"update","actor":{"type":"user","id":"u-1","name":"Ann Smith"},"targets":[{"type":"order","id":"o-1","name":"Order SO-7"}],"outcome":"success","client":{"ip":"192.0.2.1","user_agent":"x"},"changes":[{"path":"credit_limit","old":1.5,"new":"Net 30"}],"message":"Updated: done"}"#;
        let row = Row::of(3, line).unwrap();
        assert_eq!(
            row.words,
            "update ann smith updated done order so 7 credit limit 1 5 net 30"
        );
        let rest: Value = serde_json::from_str(&row.rest).unwrap();
        let expected = serde_json::json!({
            "actor": {"type": "user", "name": "Ann Smith"},
            "targets": [{"name": "Order SO-7"}],
            "client": {"user_agent": "x"},
            "changes": [{"path": "credit_limit", "old": 1.5, "new": "Net 30"}],
            "message": "Updated: done",
        });
        assert_eq!(rest, expected);
        assert_eq!(
            row.texts()[..5],
            [
                "a-1",
                "2026-09-15T07:59:17.387231Z",
                "security",
                "update",
                "success"
            ]
        );
        assert_eq!(row.occurred_micros, 1_789_459_157_387_231);
    }
}
