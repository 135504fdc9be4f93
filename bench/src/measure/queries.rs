//! The queries Q1..Q10 over a loaded server: p50 and p95 over HTTP, server CPU, and what came back.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::args::QueriesArgs;
use crate::generate::{Plan, rfc3339};
use crate::http::{Connection, path_with};
use crate::load;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, percentile, thousands};

const SETTLE_LIMIT: Duration = Duration::from_secs(1_800);
const DAY_MICROS: i64 = 86_400 * 1_000_000;

pub(crate) fn run(args: &QueriesArgs) -> anyhow::Result<()> {
    let load_args = args.load.load();
    let data = DataFolder::new(&load_args.server)?;
    let server = Server::start(&load_args.server, &data)?;
    let key = server.create_key()?;
    let plan = load_args.events.plan(load_args.count);
    if !args.reuse {
        load::send_all(&server, &key, &load_args)?;
    }
    server.wait_until_idle(SETTLE_LIMIT)?;
    Figures::title(&format!(
        "queries over {} events, seed {}, jitter {} s, late {} %",
        thousands(plan.count as f64),
        plan.seed,
        plan.jitter_seconds,
        plan.late_percent
    ));
    println!(
        "  {:<5} {:>9} {:>9} {:>9} {:>12}  what",
        "", "p50 ms", "p95 ms", "CPU ms", "total"
    );
    let mut connection = server.connect(&key)?;
    for query in queries(&plan) {
        let timed = time(&server, &mut connection, &query, args)?;
        println!(
            "  {:<5} {:>9.2} {:>9.2} {:>9.2} {:>12}  {}",
            query.name,
            percentile(&timed.sorted_ms, 50),
            percentile(&timed.sorted_ms, 95),
            timed.cpu_ms,
            thousands(timed.total as f64),
            query.what
        );
    }
    server.stop()?;
    Ok(())
}

struct Query {
    name: &'static str,
    what: &'static str,
    path: String,
    count: fn(&[u8]) -> anyhow::Result<u64>,
}

struct Timed {
    sorted_ms: Vec<f64>,
    /// Of one run, on average.
    cpu_ms: f64,
    total: u64,
}

fn time(
    server: &Server,
    connection: &mut Connection,
    query: &Query,
    args: &QueriesArgs,
) -> anyhow::Result<Timed> {
    let mut buffer = Vec::new();
    let mut total = 0;
    for _ in 0..args.warm_up.max(1) {
        let answer = connection.get(&query.path, &mut buffer)?;
        answer
            .expect_ok()
            .with_context(|| format!("{}: {}", query.name, query.path))?;
        total = (query.count)(answer.body)?;
    }
    let cpu = server.cpu_seconds()?;
    let mut sorted_ms = Vec::with_capacity(args.runs);
    for _ in 0..args.runs {
        let begun = Instant::now();
        connection.get(&query.path, &mut buffer)?.expect_ok()?;
        sorted_ms.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    let cpu_ms = (server.cpu_seconds()? - cpu) * 1e3 / args.runs.max(1) as f64;
    sorted_ms.sort_by(f64::total_cmp);
    Ok(Timed {
        sorted_ms,
        cpu_ms,
        total,
    })
}

/// The questions, asked as of the end of the plan's days.
fn queries(plan: &Plan) -> Vec<Query> {
    let end = plan.end_micros();
    let time = |micros: i64| {
        let mut text = String::new();
        rfc3339(&mut text, micros);
        text
    };
    let (to, month, day) = (
        time(end),
        time(end - 30 * DAY_MICROS),
        time(end - DAY_MICROS),
    );
    let events = |q: &str, bounds: &[(&str, &str)]| {
        let mut parameters = vec![("q", q), ("limit", "50")];
        parameters.extend_from_slice(bounds);
        path_with("/v1/events", &parameters)
    };
    let last_month = [("from", month.as_str()), ("to", to.as_str())];
    let last_day = [("from", day.as_str()), ("to", to.as_str())];
    vec![
        Query {
            name: "Q1",
            what: "latest 50 of all",
            path: events("", &[]),
            count: total,
        },
        Query {
            name: "Q2",
            what: "latest 50 of one actor in 30 days + total",
            path: events("actor.id:u-00007", &last_month),
            count: total,
        },
        Query {
            name: "Q3",
            what: "the whole history of one record",
            path: path_with(
                "/v1/events",
                &[
                    ("q", "target.type:order target.id:ord-0000065"),
                    ("limit", "1000"),
                    ("order", "asc"),
                ],
            ),
            count: total,
        },
        Query {
            name: "Q4",
            what: "two common words AND, latest 50 + total",
            path: events("customer shipment", &[]),
            count: total,
        },
        Query {
            name: "Q4r",
            what: "two rare words AND, latest 50 + total",
            path: events("lantern glacier", &[]),
            count: total,
        },
        Query {
            name: "Q5",
            what: "counts per day x category over 30 days",
            path: path_with(
                "/v1/events/histogram",
                &[
                    ("interval", "day"),
                    ("split", "category"),
                    ("from", &month),
                    ("to", &to),
                ],
            ),
            count: nothing,
        },
        Query {
            name: "Q6",
            what: "top 10 actors of exports over 30 days",
            path: path_with(
                "/v1/events/top",
                &[
                    ("field", "actor.id"),
                    ("q", "action:export"),
                    ("limit", "10"),
                    ("from", &month),
                    ("to", &to),
                ],
            ),
            count: nothing,
        },
        Query {
            name: "Q7",
            what: "failed sign-ins by address over 24 h",
            path: path_with(
                "/v1/events/top",
                &[
                    ("field", "ip"),
                    ("q", "action:login outcome:failure"),
                    ("limit", "100"),
                    ("from", last_day[0].1),
                    ("to", last_day[1].1),
                ],
            ),
            count: nothing,
        },
        Query {
            name: "Q8",
            what: "phrase, latest 50 + total",
            path: events("\"duplicate invoice detected\"", &[]),
            count: total,
        },
        Query {
            name: "Q8s",
            what: "substring, latest 50 + total",
            path: events("*plicate*", &[]),
            count: total,
        },
        Query {
            name: "Q9",
            what: "export of about 100,000 matches as NDJSON",
            path: path_with(
                "/v1/events/export",
                &[("format", "ndjson"), ("q", "category:security")],
            ),
            count: lines,
        },
        Query {
            name: "Q10",
            what: "five conditions, latest 50 + total",
            path: events(
                "category:record_change action:update target.type:order outcome:failure",
                &last_month,
            ),
            count: total,
        },
    ]
}

fn total(body: &[u8]) -> anyhow::Result<u64> {
    let answer: serde_json::Value = serde_json::from_slice(body)?;
    answer["total"].as_u64().context("the answer has no total")
}

/// Lines of an export without the closing one.
fn lines(body: &[u8]) -> anyhow::Result<u64> {
    Ok(body.iter().filter(|b| **b == b'\n').count() as u64 - 1)
}

/// For answers that are a table and have no single count.
fn nothing(body: &[u8]) -> anyhow::Result<u64> {
    serde_json::from_slice::<serde_json::Value>(body)?;
    Ok(0)
}
