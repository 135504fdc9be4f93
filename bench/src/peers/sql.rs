//! The questions in SQL.

use anyhow::Context as _;

use crate::generate::Plan;
use crate::questions::{Answer, QUESTIONS, Times, time_text};

/// Every column of an event, in the order in which it is stored and returned, but for the sequence.
pub(super) const COLUMNS: &str =
    "id, occurred_at, category, action, outcome, actor_id, target_type, target_id, ip, words, rest";

/// What makes one product's SQL differ from another's.
pub(super) struct Dialect {
    /// A time in microseconds as a literal.
    pub(super) time: fn(i64) -> String,
    /// The day of `occurred_at` as `YYYY-MM-DD`.
    pub(super) day: &'static str,
    /// A condition that finds events with all of the words.
    pub(super) all_words: fn(&[&str]) -> String,
    /// A condition that finds events with the words one after the other.
    pub(super) phrase: fn(&[&str]) -> String,
}

/// How an answer is read.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Shape {
    /// Ids stand first in each row.
    Page,
    /// Every column counts.
    Table,
    /// Only the number of rows counts.
    Export,
}

/// One question as statements.
pub(super) struct Question {
    shape: Shape,
    pub(super) rows: String,
    /// Counts what the rows are a page of.
    pub(super) total: Option<String>,
}

impl Question {
    /// Reads the cells that came back.
    pub(super) fn answer(
        &self,
        rows: &[Vec<&str>],
        total: Option<&[Vec<&str>]>,
    ) -> anyhow::Result<Answer> {
        let total = total
            .map(|rows| {
                let cell = rows.first().and_then(|row| row.first());
                let count = cell.and_then(|cell| cell.parse::<u64>().ok());
                count.context("a count is no number")
            })
            .transpose()?;
        Ok(match self.shape {
            Shape::Page => Answer {
                total,
                rows: rows
                    .iter()
                    .filter_map(|row| row.first().map(|id| (*id).to_owned()))
                    .collect(),
            },
            Shape::Table => Answer {
                total,
                rows: rows.iter().map(|row| row.join(" ")).collect(),
            },
            Shape::Export => Answer {
                total: Some(rows.len() as u64),
                rows: Vec::new(),
            },
        })
    }
}

/// The statements of all questions, in their order.
pub(super) fn questions(plan: &Plan, dialect: &Dialect) -> Vec<Question> {
    let times = Times::of(plan);
    let since = |from: i64| {
        format!(
            "occurred_at >= {} AND occurred_at < {}",
            (dialect.time)(from),
            (dialect.time)(times.end)
        )
    };
    let month = since(times.month_ago);
    let page = |condition: &str| Question {
        shape: Shape::Page,
        rows: format!(
            "SELECT {COLUMNS} FROM events WHERE {condition} ORDER BY occurred_at DESC, sequence DESC LIMIT 50"
        ),
        total: Some(format!("SELECT count(*) FROM events WHERE {condition}")),
    };
    let table = |rows: String| Question {
        shape: Shape::Table,
        rows,
        total: None,
    };
    let one = |name: &str| match name {
        "Q1" => Question {
            shape: Shape::Page,
            rows: format!(
                "SELECT {COLUMNS} FROM events ORDER BY occurred_at DESC, sequence DESC LIMIT 50"
            ),
            total: None,
        },
        "Q2" => page(&format!("actor_id = 'u-00007' AND {month}")),
        "Q3" => Question {
            shape: Shape::Page,
            rows: format!(
                "SELECT {COLUMNS} FROM events WHERE target_type = 'order' AND target_id = 'ord-0000065' ORDER BY occurred_at, sequence LIMIT 1000"
            ),
            total: None,
        },
        "Q4" => page(&(dialect.all_words)(&["customer", "shipment"])),
        "Q4r" => page(&(dialect.all_words)(&["lantern", "glacier"])),
        "Q5" => table(format!(
            "SELECT {} AS day, category, count(*) FROM events WHERE {month} GROUP BY 1, 2 ORDER BY 1, 2",
            dialect.day
        )),
        "Q6" => table(format!(
            "SELECT actor_id, count(*) FROM events WHERE action = 'export' AND {month} GROUP BY 1 ORDER BY 2 DESC, 1 LIMIT 10"
        )),
        "Q7" => table(format!(
            "SELECT ip, count(*) FROM events WHERE action = 'login' AND outcome = 'failure' AND {} GROUP BY 1 HAVING count(*) >= 5 ORDER BY 2 DESC, 1 LIMIT 100",
            since(times.day_ago)
        )),
        "Q8" => page(&(dialect.phrase)(&["duplicate", "invoice", "detected"])),
        "Q8s" => page("words LIKE '%plicate%'"),
        "Q9" => Question {
            shape: Shape::Export,
            rows: format!("SELECT {COLUMNS} FROM events WHERE category = 'security'"),
            total: None,
        },
        _ => page(&format!(
            "category = 'record_change' AND action = 'update' AND target_type = 'order' AND outcome = 'failure' AND {month}"
        )),
    };
    QUESTIONS.iter().map(|(name, _)| one(name)).collect()
}

/// A time as a quoted text.
pub(super) fn quoted_time(micros: i64) -> String {
    format!("'{}'", time_text(micros))
}
