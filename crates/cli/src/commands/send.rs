//! `annals send`: lines in, receipts out.

use std::io::BufRead as _;
use std::sync::mpsc::{RecvTimeoutError, sync_channel};
use std::time::Duration;

use api::BatchAnswer;
use client::{Body, Client, Sending};

use crate::args::SendArgs;
use crate::failure::{Done, Failure};
use crate::output;

/// Events in one request: large enough to be fast, small enough to be answered at once.
const BATCH_EVENTS: usize = 1_000;
/// Bytes in one request; below the server's limit of 16 MiB with room for one more event.
const BATCH_BYTES: usize = 8 << 20;
/// An unfinished batch is sent when no further line came for this long.
const QUIET: Duration = Duration::from_millis(200);
/// Lines read ahead.
const READ_AHEAD: usize = 4 * BATCH_EVENTS;

pub(crate) fn run(args: &SendArgs) -> Done {
    let client = args.server.client();
    let sending = Sending {
        atomic: args.atomic,
        receipts: true,
        ..Sending::default()
    };
    let (lines, incoming) = sync_channel::<std::io::Result<Vec<u8>>>(READ_AHEAD);
    std::thread::spawn(move || {
        let mut stdin = std::io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let read = stdin.read_until(b'\n', &mut line);
            let ended = matches!(read, Ok(0));
            if ended || lines.send(read.map(|_| line)).is_err() {
                break;
            }
        }
    });
    let mut sum = Sum::default();
    let mut batch = Batch::default();
    loop {
        let full = !args.atomic
            && (batch.numbers.len() >= BATCH_EVENTS || batch.bytes.len() >= BATCH_BYTES);
        let next = match full {
            true => Err(RecvTimeoutError::Timeout),
            false if args.atomic => incoming.recv().map_err(|_| RecvTimeoutError::Disconnected),
            false => incoming.recv_timeout(QUIET),
        };
        match next {
            Ok(line) => batch.push(&line?),
            Err(RecvTimeoutError::Timeout) => sum.send(&client, &sending, &mut batch)?,
            Err(RecvTimeoutError::Disconnected) => {
                sum.send(&client, &sending, &mut batch)?;
                return sum.finish();
            }
        }
    }
}

/// Lines not sent yet.
#[derive(Default)]
struct Batch {
    bytes: Vec<u8>,
    /// Number of each line, from 1.
    numbers: Vec<u64>,
    lines: u64,
}

impl Batch {
    fn push(&mut self, line: &[u8]) {
        self.lines += 1;
        if !line.trim_ascii().is_empty() {
            self.numbers.push(self.lines);
            self.bytes.extend_from_slice(line.trim_ascii());
            self.bytes.push(b'\n');
        }
    }
}

#[derive(Default)]
struct Sum {
    accepted: u64,
    duplicates: u64,
    refused: u64,
}

impl Sum {
    fn send(&mut self, client: &Client, sending: &Sending, batch: &mut Batch) -> Done {
        if batch.numbers.is_empty() {
            return Ok(());
        }
        let answer = client.send(Body::Ndjson(&batch.bytes), sending)?;
        self.say(&answer, &batch.numbers)?;
        batch.bytes.clear();
        batch.numbers.clear();
        Ok(())
    }

    fn say(&mut self, answer: &BatchAnswer, numbers: &[u64]) -> Done {
        self.accepted += answer.accepted;
        self.duplicates += answer.duplicates;
        self.refused += answer.rejected.len() as u64;
        for rejection in &answer.rejected {
            let number = numbers.get(rejection.index as usize).copied().unwrap_or(0);
            let problem = &rejection.problem;
            eprintln!("line {number}: {} ({})", problem.detail, problem.code);
        }
        if !output::is_terminal() {
            for receipt in answer.events.iter().flatten() {
                output::line(&serde_json::to_string(&receipt.receipt).unwrap_or_default())?;
            }
        }
        Ok(())
    }

    fn finish(self) -> Done {
        eprintln!(
            "{} kept, {} known already, {} refused",
            self.accepted, self.duplicates, self.refused
        );
        if self.refused > 0 {
            Err(Failure::Partly)
        } else {
            Ok(())
        }
    }
}
