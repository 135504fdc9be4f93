//! The questions Q1..Q10, what counts as an answer, and how an answer is timed, whatever product is
//! asked. Products that are asked the same must answer the same.

use std::time::{Duration, Instant};

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

/// Counted runs of one product before the next one has its turn.
const TURN: usize = 5;

/// How often each question is asked.
#[derive(Clone, Copy)]
pub(crate) struct Runs {
    pub(crate) warm_up: usize,
    /// At least so often.
    pub(crate) counted: usize,
    /// And so often at most.
    pub(crate) most: usize,
    /// After that long with one question it is asked no more than it has to be.
    pub(crate) time: Duration,
}

impl Runs {
    /// Always as often.
    pub(crate) fn exactly(warm_up: usize, counted: usize) -> Runs {
        Runs {
            warm_up,
            counted,
            most: counted,
            time: Duration::ZERO,
        }
    }
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

/// Asks products one question again and again, in turn, so that what else the machine does meanwhile
/// falls on all of them alike. What each needed, in their order.
pub(crate) fn time(
    products: &mut [&mut dyn Product],
    question: usize,
    runs: Runs,
) -> anyhow::Result<Vec<Timed>> {
    let name = QUESTIONS[question].0;
    let mut timed = Vec::with_capacity(products.len());
    for product in products.iter_mut() {
        let mut answer = Answer::default();
        for _ in 0..runs.warm_up.max(1) {
            product.ask(question).context(name)?;
            answer = product.answer(question).context(name)?;
        }
        timed.push(Timed {
            sorted_ms: Vec::new(),
            cpu_ms: 0.0,
            answer,
        });
    }
    let (begun, mut asked) = (Instant::now(), 0);
    while asked < runs.counted || asked < runs.most && begun.elapsed() < runs.time {
        let turn = TURN.min(runs.most - asked);
        for (product, timed) in products.iter_mut().zip(&mut timed) {
            let before = product.cpu_seconds()?;
            for _ in 0..turn {
                let begun = Instant::now();
                product.ask(question).context(name)?;
                timed.sorted_ms.push(begun.elapsed().as_secs_f64() * 1e3);
            }
            timed.cpu_ms += (product.cpu_seconds()? - before) * 1e3;
        }
        asked += turn;
    }
    for timed in &mut timed {
        timed.cpu_ms /= timed.sorted_ms.len().max(1) as f64;
        timed.sorted_ms.sort_by(f64::total_cmp);
    }
    Ok(timed)
}

/// Asks products all questions; what each needed, in their order.
pub(crate) fn time_all(
    products: &mut [&mut dyn Product],
    runs: Runs,
) -> anyhow::Result<Vec<Vec<Timed>>> {
    let mut all: Vec<Vec<Timed>> = products.iter().map(|_| Vec::new()).collect();
    for question in 0..QUESTIONS.len() {
        let timed = time(products, question, runs)?;
        all.iter_mut()
            .zip(timed)
            .for_each(|(all, timed)| all.push(timed));
    }
    Ok(all)
}

/// As [`time_all`], of one product.
pub(crate) fn time_alone(product: &mut dyn Product, runs: Runs) -> anyhow::Result<Vec<Timed>> {
    Ok(time_all(&mut [product], runs)?.remove(0))
}
