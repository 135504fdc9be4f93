//! An export, streamed to where it should go and held to its own count.

use std::io::{BufRead, BufReader, Read, Write};

use serde::Deserialize;

use crate::ClientError;
use crate::connection::{Client, Parameters};

/// Bytes moved at a time.
const CHUNK_BYTES: usize = 64 << 10;

/// A whole export.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Exported {
    /// Events, where the format says how many: NDJSON does.
    pub events: Option<u64>,
    /// Bytes written.
    pub bytes: u64,
}

/// The last line of an NDJSON export.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct EndLine {
    end: api::ExportEnd,
}

impl Client {
    /// Streams an export in constant memory. `parameters` name the format; NDJSON is counted and
    /// held to its last line, the others are whole if the transfer ends as HTTP says it must.
    pub fn export(
        &self,
        parameters: &Parameters,
        ndjson: bool,
        out: &mut dyn Write,
    ) -> Result<Exported, ClientError> {
        let response = self.get("/v1/events/export", parameters, &[])?;
        let reader = BufReader::with_capacity(CHUNK_BYTES, response.into_body().into_reader());
        if ndjson {
            copy_lines(reader, out)
        } else {
            copy_all(reader, out)
        }
    }
}

fn copy_lines(mut reader: impl BufRead, out: &mut dyn Write) -> Result<Exported, ClientError> {
    let (mut line, mut events, mut bytes, mut end) = (Vec::new(), 0u64, 0u64, None);
    loop {
        line.clear();
        let cut_off = |reason: String| ClientError::CutOff { events, reason };
        if reader
            .read_until(b'\n', &mut line)
            .map_err(|e| cut_off(e.to_string()))?
            == 0
        {
            break;
        }
        if end.is_some() {
            return Err(cut_off("there are lines after the last one".to_owned()));
        }
        out.write_all(&line).map_err(ClientError::Write)?;
        bytes += line.len() as u64;
        match line
            .starts_with(b"{\"end\":")
            .then(|| serde_json::from_slice::<EndLine>(&line))
        {
            Some(Ok(last)) => end = Some(last.end.count),
            _ => events += 1,
        }
    }
    match end {
        Some(count) if count == events => Ok(Exported {
            events: Some(events),
            bytes,
        }),
        Some(count) => Err(ClientError::CutOff {
            events,
            reason: format!("the last line says {count}"),
        }),
        None => Err(ClientError::CutOff {
            events,
            reason: "the last line with the count is missing".to_owned(),
        }),
    }
}

fn copy_all(mut reader: impl Read, out: &mut dyn Write) -> Result<Exported, ClientError> {
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut bytes = 0;
    loop {
        let cut_off = |error: std::io::Error| ClientError::CutOff {
            events: 0,
            reason: error.to_string(),
        };
        let read = reader.read(&mut chunk).map_err(cut_off)?;
        let Some(part) = chunk.get(..read).filter(|part| !part.is_empty()) else {
            return Ok(Exported {
                events: None,
                bytes,
            });
        };
        out.write_all(part).map_err(ClientError::Write)?;
        bytes += part.len() as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(sent: &str, expected: Result<u64, &str>) {
        let mut written = Vec::new();
        let got = copy_lines(sent.as_bytes(), &mut written);
        match (got, expected) {
            (Ok(got), Ok(events)) => assert_eq!(got.events, Some(events)),
            (Err(error), Err(words)) => assert!(error.to_string().contains(words), "{error}"),
            (got, _) => panic!("{got:?}"),
        }
    }

    #[test]
    fn a_whole_export_ends_with_its_count() {
        check("{\"end\":{\"count\":0}}\n", Ok(0));
        check(
            "{\"action\":\"a\"}\n{\"action\":\"b\"}\n{\"end\":{\"count\":2}}\n",
            Ok(2),
        );
    }

    #[test]
    fn a_part_is_never_taken_for_the_whole() {
        check("", Err("missing"));
        check("{\"action\":\"a\"}\n", Err("missing"));
        check(
            "{\"action\":\"a\"}\n{\"end\":{\"count\":2}}\n",
            Err("says 2"),
        );
        check(
            "{\"end\":{\"count\":0}}\n{\"action\":\"a\"}\n",
            Err("after the last"),
        );
    }
}
