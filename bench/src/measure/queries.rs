//! The questions Q1..Q10 over a loaded server: p50 and p95 over HTTP, server CPU, and what came
//! back.

use anyhow::Context as _;
use serde_json::Value;

use crate::args::QueriesArgs;
use crate::generate::Plan;
use crate::http::{Connection, path_with};
use crate::load;
use crate::questions::{self, Answer, Product, QUESTIONS, Runs, Times, time_text};
use crate::server::{DataFolder, Server};
use crate::table::{Figures, thousands};

/// Sign-ins that failed are listed from this many of one address on.
const FAILURES_MIN: u64 = 5;

pub(crate) fn run(args: &QueriesArgs) -> anyhow::Result<()> {
    let load_args = args.load.load();
    let data = DataFolder::new(&load_args.server)?;
    let server = Server::start(&load_args.server, &data)?;
    let key = server.create_key()?;
    let plan = load_args.events.plan(load_args.count);
    if !args.reuse {
        load::send_all(&server, &key, &load_args)?;
    }
    server.wait_until_rest(&data, load::REST_LIMIT)?;
    let mut asked = vec![Asked::connect(&server, &key, &plan)?];
    let other = args.beside.server(&load_args.server.annals);
    let other = match &other {
        Some(other) => {
            let data = DataFolder::new(other)?;
            let server = Server::start(other, &data)?;
            let key = server.create_key()?;
            server.wait_until_rest(&data, load::REST_LIMIT)?;
            Some((server, key))
        }
        None => None,
    };
    let other_plan = load_args
        .events
        .plan(args.beside.beside_count.unwrap_or(load_args.count));
    if let Some((server, key)) = &other {
        asked.push(Asked::connect(server, key, &other_plan)?);
    }
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
    let runs = Runs::exactly(args.warm_up, args.runs);
    let mut asked: Vec<&mut dyn Product> = asked.iter_mut().map(|it| it as _).collect();
    for (question, (name, what)) in QUESTIONS.iter().enumerate() {
        if !args.only.is_empty() && !args.only.iter().any(|only| only == name) {
            continue;
        }
        let words = [*what, "the same of the folder beside it"];
        let timed = questions::time(&mut asked, question, runs)?;
        for (timed, what) in timed.iter().zip(words) {
            println!(
                "  {name:<5} {:>9.2} {:>9.2} {:>9.2} {:>12}  {what}",
                timed.ms(50),
                timed.ms(95),
                timed.cpu_ms,
                thousands(timed.answer.total.unwrap_or_default() as f64),
            );
        }
    }
    drop(asked);
    if let Some((server, _)) = other {
        server.stop()?;
    }
    server.stop()?;
    Ok(())
}

/// A server that is asked over one connection.
pub(crate) struct Asked<'a> {
    server: &'a Server,
    connection: Connection,
    paths: [String; QUESTIONS.len()],
    body: Vec<u8>,
}

impl<'a> Asked<'a> {
    pub(crate) fn connect(server: &'a Server, key: &str, plan: &Plan) -> anyhow::Result<Asked<'a>> {
        Ok(Asked {
            server,
            connection: server.connect(key)?,
            paths: paths(plan),
            body: Vec::new(),
        })
    }
}

impl Product for Asked<'_> {
    fn ask(&mut self, question: usize) -> anyhow::Result<()> {
        let path = &self.paths[question];
        self.connection
            .get(path, &mut self.body)?
            .expect_ok()
            .with_context(|| path.clone())
    }

    fn answer(&self, question: usize) -> anyhow::Result<Answer> {
        match QUESTIONS[question].0 {
            "Q9" => {
                // Every event is a line, and the count closes the export.
                let lines = self.body.iter().filter(|byte| **byte == b'\n').count();
                Ok(Answer {
                    total: Some(lines as u64 - 1),
                    rows: Vec::new(),
                })
            }
            "Q5" => histogram(&self.body),
            "Q6" => top(&self.body, 1),
            "Q7" => top(&self.body, FAILURES_MIN),
            _ => page(&self.body),
        }
    }

    fn cpu_seconds(&self) -> anyhow::Result<f64> {
        self.server.cpu_seconds()
    }
}

fn list<'a>(answer: &'a Value, name: &str) -> anyhow::Result<&'a Vec<Value>> {
    answer[name]
        .as_array()
        .with_context(|| format!("the answer has no `{name}`"))
}

fn page(body: &[u8]) -> anyhow::Result<Answer> {
    let answer: Value = serde_json::from_slice(body)?;
    let ids = list(&answer, "events")?
        .iter()
        .map(|event| event["id"].as_str().unwrap_or_default().to_owned());
    Ok(Answer {
        total: Some(
            answer["total"]
                .as_u64()
                .context("the answer has no total")?,
        ),
        rows: ids.collect(),
    })
}

fn histogram(body: &[u8]) -> anyhow::Result<Answer> {
    let answer: Value = serde_json::from_slice(body)?;
    let mut rows = Vec::new();
    for bucket in list(&answer, "buckets")? {
        let day = bucket["start"].as_str().and_then(|start| start.get(..10));
        let day = day.context("a bucket has no start")?;
        let counts = bucket["counts"].as_object().into_iter().flatten();
        rows.extend(counts.map(|(category, count)| format!("{day} {category} {count}")));
    }
    rows.sort();
    Ok(Answer { total: None, rows })
}

fn top(body: &[u8], min: u64) -> anyhow::Result<Answer> {
    let answer: Value = serde_json::from_slice(body)?;
    let mut rows = Vec::new();
    for value in list(&answer, "values")? {
        let count = value["count"].as_u64().context("a value has no count")?;
        if count >= min {
            let name = value["value"].as_str().unwrap_or_default();
            rows.push(format!("{name} {count}"));
        }
    }
    Ok(Answer { total: None, rows })
}

/// The questions as paths of the API, in their order.
fn paths(plan: &Plan) -> [String; QUESTIONS.len()] {
    let times = Times::of(plan);
    let to = time_text(times.end);
    let month = time_text(times.month_ago);
    let day = time_text(times.day_ago);
    let in_month = [("from", month.as_str()), ("to", to.as_str())];
    let in_day = [("from", day.as_str()), ("to", to.as_str())];
    let ask = |path: &str, parameters: &[(&str, &str)], bounds: &[(&str, &str)]| {
        path_with(path, &[parameters, bounds].concat())
    };
    let events =
        |q: &str, bounds: &[(&str, &str)]| ask("/v1/events", &[("q", q), ("limit", "50")], bounds);
    let history = [
        ("q", "target.type:order target.id:ord-0000065"),
        ("limit", "1000"),
        ("order", "asc"),
    ];
    let by_day = [("interval", "day"), ("split", "category")];
    let actors = [
        ("field", "actor.id"),
        ("q", "action:export"),
        ("limit", "10"),
    ];
    let addresses = [
        ("field", "ip"),
        ("q", "action:login outcome:failure"),
        ("limit", "100"),
    ];
    let export = [("format", "ndjson"), ("q", "category:security")];
    [
        events("", &[]),
        events("actor.id:u-00007", &in_month),
        ask("/v1/events", &history, &[]),
        events("customer shipment", &[]),
        events("lantern glacier", &[]),
        ask("/v1/events/histogram", &by_day, &in_month),
        ask("/v1/events/top", &actors, &in_month),
        ask("/v1/events/top", &addresses, &in_day),
        events("\"duplicate invoice detected\"", &[]),
        events("*plicate*", &[]),
        ask("/v1/events/export", &export, &[]),
        events(
            "category:record_change action:update target.type:order outcome:failure",
            &in_month,
        ),
    ]
}
