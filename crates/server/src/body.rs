//! Reading bodies: bounded in bytes, in time and in memory, whatever a sender does.

use std::io::{self, Read};

use axum::body::Body;
use axum::http::{HeaderMap, header};
use http_body_util::BodyExt;

use crate::budget::Held;
use crate::error::{Code, Refusal};
use crate::limits::{BODY_SENT_MAX_BYTES, BODY_UNPACKED_MAX_BYTES, Patience};

/// How a body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Encoding {
    Plain,
    Gzip,
    Zstd,
}

impl Encoding {
    /// What the headers say.
    pub(crate) fn of(headers: &HeaderMap) -> Result<Self, Refusal> {
        let Some(value) = headers.get(header::CONTENT_ENCODING) else {
            return Ok(Encoding::Plain);
        };
        let name = value.to_str().unwrap_or_default().trim();
        match name.to_ascii_lowercase().as_str() {
            "" | "identity" => Ok(Encoding::Plain),
            "gzip" | "x-gzip" => Ok(Encoding::Gzip),
            "zstd" => Ok(Encoding::Zstd),
            _ => {
                let shown: String = name.chars().take(40).collect();
                Err(Refusal::new(
                    Code::Unsupported,
                    format!("`{shown}` is no known Content-Encoding"),
                )
                .with_hint("gzip, zstd, or none"))
            }
        }
    }
}

/// Reads the body as it was sent. `held` grows with it.
pub(crate) async fn read_sent(
    headers: &HeaderMap,
    mut body: Body,
    held: &mut Held,
    patience: &Patience,
) -> Result<Vec<u8>, Refusal> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|value| value.to_str().ok()?.parse::<usize>().ok());
    if announced.is_some_and(|bytes| bytes > BODY_SENT_MAX_BYTES) {
        return Err(sent_too_large());
    }
    hold(held, announced.unwrap_or(0))?;
    let mut sent = Vec::with_capacity(announced.unwrap_or(0));
    let deadline = tokio::time::Instant::now() + patience.body;
    loop {
        let piece_deadline = deadline.min(tokio::time::Instant::now() + patience.body_piece);
        let frame = match tokio::time::timeout_at(piece_deadline, body.frame()).await {
            Err(_) => {
                return Err(Refusal::new(
                    Code::Timeout,
                    "the body took too long to arrive",
                ));
            }
            Ok(None) => return Ok(sent),
            Ok(Some(Err(error))) => {
                return Err(Refusal::new(
                    Code::BrokenBody,
                    format!("the body broke off: {error}"),
                ));
            }
            Ok(Some(Ok(frame))) => frame,
        };
        let Ok(piece) = frame.into_data() else {
            continue;
        };
        if sent.len() + piece.len() > BODY_SENT_MAX_BYTES {
            return Err(sent_too_large());
        }
        if !held.grow_to(sent.len() + piece.len()) {
            return Err(no_memory());
        }
        sent.extend_from_slice(&piece);
    }
}

/// Unpacks a body. It never takes more memory than the limit, however well it was packed; `held`
/// grows with it. Keeps a processor busy: not for async threads.
pub(crate) fn unpack(
    sent: Vec<u8>,
    encoding: Encoding,
    held: &mut Held,
) -> Result<Vec<u8>, Refusal> {
    match encoding {
        Encoding::Plain => Ok(sent),
        Encoding::Gzip => unpack_from(
            flate2::read::MultiGzDecoder::new(sent.as_slice()),
            "gzip",
            held,
        ),
        Encoding::Zstd => {
            let broken = |error| broken("zstd", &error);
            let mut decoder = zstd::stream::read::Decoder::new(sent.as_slice()).map_err(broken)?;
            // A frame that needs a window larger than the largest body holds no body.
            let window = BODY_UNPACKED_MAX_BYTES.ilog2();
            decoder.window_log_max(window).map_err(broken)?;
            unpack_from(decoder, "zstd", held)
        }
    }
}

fn unpack_from(mut decoder: impl Read, name: &str, held: &mut Held) -> Result<Vec<u8>, Refusal> {
    const STEP_BYTES: usize = 256 << 10;
    let mut unpacked = Vec::new();
    let mut step = vec![0; STEP_BYTES];
    let sent_bytes = held.bytes();
    loop {
        let read = decoder
            .read(&mut step)
            .map_err(|error| broken(name, &error))?;
        if read == 0 {
            return Ok(unpacked);
        }
        if unpacked.len() + read > BODY_UNPACKED_MAX_BYTES {
            let limit = BODY_UNPACKED_MAX_BYTES >> 20;
            let detail = format!("the body has more than {limit} MiB unpacked");
            return Err(Refusal::new(Code::BodyTooLarge, detail).with_hint("send smaller batches"));
        }
        if !held.grow_to(sent_bytes + unpacked.len() + read) {
            return Err(no_memory());
        }
        unpacked.extend_from_slice(step.get(..read).unwrap_or_default());
    }
}

fn hold(held: &mut Held, bytes: usize) -> Result<(), Refusal> {
    if held.grow_to(bytes) {
        Ok(())
    } else {
        Err(no_memory())
    }
}

fn no_memory() -> Refusal {
    Refusal::new(
        Code::Overloaded,
        "too many events are being received; send this batch again",
    )
}

fn sent_too_large() -> Refusal {
    let limit = BODY_SENT_MAX_BYTES >> 20;
    Refusal::new(
        Code::BodyTooLarge,
        format!("the body has more than {limit} MiB"),
    )
    .with_hint("send smaller batches")
}

fn broken(name: &str, error: &io::Error) -> Refusal {
    Refusal::new(
        Code::BrokenEncoding,
        format!("the body is no whole {name} stream: {error}"),
    )
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use super::*;
    use crate::budget::Budget;

    fn gzip(bytes: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(bytes).unwrap();
        encoder.finish().unwrap()
    }

    #[track_caller]
    fn check(sent: Vec<u8>, encoding: Encoding, expect: Result<&[u8], &str>) {
        let budget = Budget::new(200 << 20);
        let unpacked = unpack(sent, encoding, &mut budget.hold());
        match (unpacked, expect) {
            (Ok(unpacked), Ok(expect)) => assert_eq!(unpacked, expect),
            (Err(refusal), Err(code)) => assert_eq!(refusal.into_problem().code, code),
            (unpacked, expect) => panic!("{:?} for {expect:?}", unpacked.map(|it| it.len())),
        }
        assert_eq!(budget.left(), 200 << 20);
    }

    #[test]
    fn whole_streams_are_unpacked() {
        check(gzip(b"{}"), Encoding::Gzip, Ok(b"{}"));
        check(
            [gzip(b"{}"), gzip(b"\n{}")].concat(),
            Encoding::Gzip,
            Ok(b"{}\n{}"),
        );
        check(
            zstd::encode_all(&b"{}"[..], 3).unwrap(),
            Encoding::Zstd,
            Ok(b"{}"),
        );
        check(b"{}".to_vec(), Encoding::Plain, Ok(b"{}"));
    }

    #[test]
    fn broken_streams_are_refused() {
        let mut cut = gzip(&[b'x'; 1000]);
        cut.truncate(cut.len() - 6);
        check(cut, Encoding::Gzip, Err("broken_encoding"));
        check(b"no gzip".to_vec(), Encoding::Gzip, Err("broken_encoding"));
        let mut cut = zstd::encode_all(&[b'x'; 1000][..], 3).unwrap();
        cut.truncate(cut.len() - 2);
        check(cut, Encoding::Zstd, Err("broken_encoding"));
        check(b"no zstd".to_vec(), Encoding::Zstd, Err("broken_encoding"));
    }

    #[test]
    fn bombs_are_refused_before_they_go_off() {
        let zeros = vec![0; BODY_UNPACKED_MAX_BYTES + 1];
        check(gzip(&zeros), Encoding::Gzip, Err("body_too_large"));
        check(
            zstd::encode_all(&zeros[..], 3).unwrap(),
            Encoding::Zstd,
            Err("body_too_large"),
        );
    }

    #[test]
    fn memory_that_is_not_there_is_not_taken() {
        let budget = Budget::new(1000);
        let refused = unpack(gzip(&[b'x'; 5000]), Encoding::Gzip, &mut budget.hold()).unwrap_err();
        assert_eq!(refused.into_problem().code, "overloaded");
    }
}
