//! `annals search`.

use client::Parameters;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::args::{SearchArgs, Shape};
use crate::failure::Done;
use crate::output;

/// Events a request; the server's limit.
const PAGE: u64 = 1_000;

pub(crate) fn run(args: &SearchArgs) -> Done {
    let client = args.server.client();
    let shape = shape(args.output);
    let mut left = args.limit;
    let mut cursor: Option<String> = None;
    let mut rows = Vec::new();
    if shape == Shape::Csv {
        output::line(&output::csv_line(&output::EVENT_COLUMNS.map(str::to_owned)))?;
    }
    loop {
        let parameters = Parameters::new()
            .with("q", args.query.clone())
            .with("limit", left.clamp(1, PAGE).to_string())
            .with_some("order", args.oldest_first.then_some("asc"))
            .with_some("own", super::own(args.own))
            .with_some("cursor", cursor.take());
        let page = client.search(&args.time.add_to(parameters))?;
        for event in page.events.iter().take(left as usize) {
            match shape {
                Shape::Table => rows.push(output::event_row(&parsed(event))),
                shape => write(event, shape)?,
            }
        }
        left = left.saturating_sub(page.events.len() as u64);
        cursor = page.next_cursor.filter(|_| left > 0);
        if cursor.is_none() {
            if shape == Shape::Table {
                output::table(&output::EVENT_COLUMNS, &rows)?;
                let own = match page.own_left_out {
                    0 => String::new(),
                    n => format!(", {n} of Annals' own left out (--own)"),
                };
                eprintln!("{} of {} events{own}", rows.len(), page.total);
            }
            return Ok(());
        }
    }
}

/// What was asked for, else what suits who reads.
pub(crate) fn shape(asked: Option<Shape>) -> Shape {
    asked.unwrap_or(if output::is_terminal() {
        Shape::Table
    } else {
        Shape::Jsonl
    })
}

pub(crate) fn parsed(event: &RawValue) -> Value {
    serde_json::from_str(event.get()).unwrap_or_default()
}

fn write(event: &RawValue, shape: Shape) -> Done {
    match shape {
        Shape::Csv => output::line(&output::csv_line(&output::event_row(&parsed(event)))),
        Shape::Jsonl | Shape::Table => output::line(event.get()),
    }
}
