//! The questions Q1..Q10, what counts as an answer, and how an answer is timed, whatever product is
//! asked. Products that are asked the same must answer the same.

use std::time::Instant;

use anyhow::Context as _;

use crate::generate::{Plan, rfc3339};
use crate::table::percentile;

const DAY_MICROS: i64 = 86_400 * 1_000_000;

/// Names and words of the questions, in the order of the published figures.
pub(crate) const QUESTIONS: [(&str, &str); 12] = [
    ("Q1", "latest 50 of all"),
    ("Q2", "latest 50 of one actor in 30 days + total"),
    ("Q3", "the whole history of one record"),
    ("Q4", "two common words AND, latest 50 + total"),
    ("Q4r", "two rare words AND, latest 50 + total"),
    ("Q5", "counts per day x category over 30 days"),
    ("Q6", "top 10 actors of exports over 30 days"),
    (
        "Q7",
        "failed sign-ins by address over 24 h, those with 5 or more",
    ),
    ("Q8", "phrase, latest 50 + total"),
    ("Q8s", "substring, latest 50 + total"),
    ("Q9", "export of a tenth of the events as NDJSON"),
    ("Q10", "five conditions, latest 50 + total"),
];

/// The times that questions name, in microseconds: they are asked as of the end of the plan's days.
pub(crate) struct Times {
    pub(crate) end: i64,
    pub(crate) month_ago: i64,
    pub(crate) day_ago: i64,
}

impl Times {
    pub(crate) fn of(plan: &Plan) -> Times {
        let end = plan.end_micros();
        Times {
            end,
            month_ago: end - 30 * DAY_MICROS,
            day_ago: end - DAY_MICROS,
        }
    }
}

/// Microseconds as RFC 3339.
pub(crate) fn time_text(micros: i64) -> String {
    let mut text = String::new();
    rfc3339(&mut text, micros);
    text
}

/// What was found, in a form that does not depend on the product.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Answer {
    /// How many events match, where the product was asked for it.
    pub(crate) total: Option<u64>,
    /// Ids of the page's events in their order, or the lines of a table.
    pub(crate) rows: Vec<String>,
}

impl Answer {
    /// In a few words.
    pub(crate) fn summary(&self) -> String {
        match self.total {
            Some(total) => format!("{total} ({} rows)", self.rows.len()),
            None => format!("{} rows", self.rows.len()),
        }
    }

    /// Whether another product found the same.
    pub(crate) fn agrees_with(&self, other: &Answer) -> bool {
        self.rows == other.rows
            && match (self.total, other.total) {
                (Some(own), Some(others)) => own == others,
                _ => true,
            }
    }
}

/// Somebody who can be asked the questions by their numbers.
pub(crate) trait Product {
    /// Asks a question and takes the whole answer in, unread.
    fn ask(&mut self, question: usize) -> anyhow::Result<()>;

    /// Reads the answer to the question that was asked last.
    fn answer(&self, question: usize) -> anyhow::Result<Answer>;

    /// CPU seconds that the product has used.
    fn cpu_seconds(&self) -> anyhow::Result<f64>;
}

/// How often each question is asked.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    pub(crate) warm_up: usize,
    pub(crate) counted: usize,
}

/// How long a question takes.
pub(crate) struct Timed {
    sorted_ms: Vec<f64>,
    /// Of one run, on average.
    pub(crate) cpu_ms: f64,
    pub(crate) answer: Answer,
}

impl Timed {
    pub(crate) fn ms(&self, percent: usize) -> f64 {
        percentile(&self.sorted_ms, percent)
    }
}

/// Asks one question again and again.
pub(crate) fn time(
    product: &mut dyn Product,
    question: usize,
    runs: Runs,
) -> anyhow::Result<Timed> {
    let name = QUESTIONS[question].0;
    let mut answer = Answer::default();
    for _ in 0..runs.warm_up.max(1) {
        product.ask(question).context(name)?;
        answer = product.answer(question).context(name)?;
    }
    let before = product.cpu_seconds()?;
    let mut sorted_ms = Vec::with_capacity(runs.counted);
    for _ in 0..runs.counted {
        let begun = Instant::now();
        product.ask(question).context(name)?;
        sorted_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let cpu_ms = (product.cpu_seconds()? - before) * 1e3 / runs.counted.max(1) as f64;
    sorted_ms.sort_by(f64::total_cmp);
    Ok(Timed {
        sorted_ms,
        cpu_ms,
        answer,
    })
}

/// Asks all questions.
pub(crate) fn time_all(product: &mut dyn Product, runs: Runs) -> anyhow::Result<Vec<Timed>> {
    (0..QUESTIONS.len())
        .map(|question| time(product, question, runs))
        .collect()
}
