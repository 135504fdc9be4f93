//! `import`: files of other systems, parted into records and mapped to events.

use std::io::{BufRead, BufReader};

use event::{Acceptance, Event, Timestamp};
use import::csv::Mapping;
use import::{
    Beginning, FAULTS_OF_THE_ORIGINAL, Ids, Item, Mapped, Mapper, Records, Refusal, Rows,
};

use super::MIB;
use crate::{Reached, Target};

pub(super) const RECORDS: Target = Target {
    name: "import-records",
    run: records,
    executions: 4_000,
    memory_bytes: 24 * MIB,
    words: &[
        "{\"Records\":[",
        "\"Events\":[",
        "\"CloudTrailEvent\":\"",
        "\"eventSource\":\"s3.amazonaws.com\"",
        "\"eventName\":",
        "\"eventTime\":\"2024-01-01T00:00:00Z\"",
        "\"userIdentity\":{",
        "\"eventType\":\"user.session.start\"",
        "\"published\":",
        "\"@timestamp\":1700000000000",
        "\"_document_id\":",
        "\"action\":\"repo.create\"",
        "\"detail\":{",
        "\r\n",
        "]}\n{",
    ],
};

pub(super) const TABLE: Target = Target {
    name: "import-table",
    run: table,
    executions: 100_000,
    memory_bytes: 24 * MIB,
    words: &[
        "[columns]\n",
        "[constants]\n",
        "[values.",
        "action = \"",
        "delimiter = \";\"\n",
        "time_format = \"%d/%m/%Y %H:%M:%S%.f %z\"\n",
        "time_zone = \"Europe/Berlin\"\n",
        "---\n",
        "\"\"",
        "action,actor,occurred_at\n",
        "metadata.",
    ],
};

const NOW: Timestamp = Timestamp::from_micros(1_769_077_200_000_000);

/// Whatever a file holds, each record becomes an event that the server takes or a refusal with a
/// name, the same however the bytes arrive.
fn records(input: &[u8]) -> Reached {
    let is_packed = input.starts_with(b"\x1f\x8b");
    if is_packed {
        let unpacked = flate2::bufread::MultiGzDecoder::new(input);
        return Reached::at(read(BufReader::with_capacity(8 << 10, unpacked), true));
    }
    let beginning = import::beginning(input);
    let lines = beginning == Beginning::JsonLines;
    let at_once = read(input, lines);
    if let Ok((texts, _)) = &at_once {
        let step_by_step = read(BufReader::with_capacity(7, input), lines);
        assert_eq!(step_by_step.as_ref().map(|(texts, _)| texts), Ok(texts));
    }
    Reached::at((lines, at_once))
}

type Read = Result<(Vec<String>, Vec<String>), std::io::ErrorKind>;

/// What a file holds, record by record, and what came of it.
fn read(reader: impl BufRead, lines: bool) -> Read {
    let mut records = Records::new(reader, lines);
    let (mut texts, mut reached) = (Vec::new(), Vec::new());
    let mut ids = Ids::new();
    while let Some(found) = records.next().map_err(|error| error.kind())? {
        assert!(found.last_line >= found.line);
        match found.item {
            Item::Bad(refusal) => texts.push(named(&refusal)),
            Item::Record(text) => {
                texts.push(String::from_utf8_lossy(text).into_owned());
                for mapper in [
                    Mapper::CloudTrail,
                    Mapper::GitHub,
                    Mapper::Okta,
                    Mapper::Ndjson,
                ] {
                    let is_event = matches!(mapper, Mapper::Ndjson);
                    let mapped = mapper.map(text);
                    reached.push(check(mapped, is_event, &mut ids));
                }
            }
        }
        if texts.len() > 50 {
            break;
        }
    }
    reached.sort();
    reached.dedup();
    Ok((texts, reached))
}

/// A mapping, a line of dashes, and a table: each row becomes an event or a refusal with a name.
fn table(input: &[u8]) -> Reached {
    let place = input.windows(5).position(|window| window == b"\n---\n");
    let (mapping, table) = match place {
        Some(place) => (&input[..=place], &input[place + 5..]),
        None => (&input[..0], input),
    };
    let mapping = match Mapping::parse(&String::from_utf8_lossy(mapping)) {
        Ok(mapping) => mapping,
        Err(error) => return Reached::at(error.to_string().len()),
    };
    let rows = Rows::new(table, mapping.delimiter()).expect("bytes in memory are read");
    let mut rows = match rows {
        Ok(rows) => rows,
        Err(refusal) => return Reached::at(named(&refusal)),
    };
    let bound = match mapping.bind(rows.columns()) {
        Ok(bound) => bound,
        Err(refusal) => return Reached::at(named(&refusal)),
    };
    let mapper = Mapper::Csv(bound);
    let mut ids = Ids::new();
    let mut reached = Vec::new();
    while let Some(found) = rows.next().expect("bytes in memory are read") {
        reached.push(match found.item {
            Item::Record(text) => check(mapper.map(text), false, &mut ids),
            Item::Bad(refusal) => named(&refusal),
        });
    }
    reached.sort();
    reached.dedup();
    Reached::at(reached)
}

fn check(mapped: Result<Mapped, Refusal>, is_event: bool, ids: &mut Ids) -> String {
    let mapped = match mapped {
        Ok(mapped) => mapped,
        Err(refusal) => return named(&refusal),
    };
    let made = ids.made(&mapped.digest);
    let id = mapped.id.as_deref().unwrap_or(&made);
    let acceptance = Acceptance {
        now: NOW,
        key_id: None,
        import: Some("fuzz"),
    };
    match Event::accept(mapped.with_id(id).as_bytes(), &acceptance) {
        Ok(event) => {
            assert_eq!(event.id().as_deref(), Some(id));
            format!("taken {} {}", event.action(), mapped.notes.len())
        }
        // What was an event before it was imported is judged by the server alone.
        Err(problem) => {
            let code = problem.code.as_str();
            assert!(
                is_event || FAULTS_OF_THE_ORIGINAL.contains(&code),
                "{problem}: {}",
                mapped.event
            );
            format!("left {code}")
        }
    }
}

fn named(refusal: &Refusal) -> String {
    assert!(!refusal.code.is_empty() && !refusal.detail.is_empty());
    refusal.code.to_string()
}
