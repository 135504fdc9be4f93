//! `annals tail`.

use client::{Parameters, TailItem};

use super::search::shape;
use crate::args::{Shape, TailArgs};
use crate::failure::Done;
use crate::output;

pub(crate) fn run(args: &TailArgs) -> Done {
    let parameters = Parameters::new()
        .with("q", args.query.clone())
        .with_some("own", super::own(args.own));
    let shape = shape(args.output);
    if shape == Shape::Csv {
        output::line(&output::csv_line(&output::EVENT_COLUMNS.map(str::to_owned)))?;
    }
    for item in args
        .server
        .client()
        .tail(parameters, args.after.map(|sequence| sequence.to_string()))
    {
        match item? {
            TailItem::Event(json) if shape == Shape::Jsonl => output::line(&json)?,
            TailItem::Event(json) => {
                let row = output::event_row(&serde_json::from_str(&json).unwrap_or_default());
                match shape {
                    Shape::Csv => output::line(&output::csv_line(&row))?,
                    Shape::Table | Shape::Jsonl => output::line(&row.join("  "))?,
                }
            }
            TailItem::Gap(gap) => {
                eprintln!(
                    "events {} to {} were passed over: reading is too slow",
                    gap.first, gap.last
                );
            }
        }
    }
    Ok(())
}
