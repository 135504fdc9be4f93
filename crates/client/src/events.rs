//! Sending events, finding them, and getting one.

use api::{BatchAnswer, EventsPage};
use serde_json::value::RawValue;

use crate::ClientError;
use crate::connection::{Again, Client, Parameters};

/// Bodies above this are packed before they are sent: below, packing saves nothing.
const PACK_ABOVE_BYTES: usize = 4 * 1024;
const ZSTD_LEVEL: i32 = 1;

/// How a batch is to be taken.
#[derive(Clone, Debug, Default)]
pub struct Sending {
    /// All or nothing.
    pub atomic: bool,
    /// The answer lists a receipt for each event.
    pub receipts: bool,
    /// Name of the import the events belong to.
    pub import: Option<String>,
    /// Every event carries an id, so that sending twice keeps one.
    pub every_event_has_an_id: bool,
    /// Pack the body with zstd: right for a network, wasted on one machine.
    pub packed: bool,
}

/// Events to send.
#[derive(Clone, Copy, Debug)]
pub enum Body<'a> {
    /// One event a line.
    Ndjson(&'a [u8]),
    /// One array of events.
    Array(&'a [u8]),
}

impl Client {
    /// Sends a batch. The answer says what became of each event; refused ones are no error here.
    pub fn send(&self, body: Body<'_>, sending: &Sending) -> Result<BatchAnswer, ClientError> {
        let parameters = Parameters::new()
            .with_some("atomic", sending.atomic.then_some("true"))
            .with_some("receipts", (!sending.receipts).then_some("false"))
            .with_some("import", sending.import.clone());
        let (content_type, bytes) = match body {
            Body::Ndjson(bytes) => (api::NDJSON_MEDIA_TYPE, bytes),
            Body::Array(bytes) => ("application/json", bytes),
        };
        let again = if sending.every_event_has_an_id {
            Again::Safe
        } else {
            Again::Unsafe
        };
        let packed = match sending.packed && bytes.len() > PACK_ABOVE_BYTES {
            true => zstd::bulk::compress(bytes, ZSTD_LEVEL).ok(),
            false => None,
        };
        let mut headers = vec![("content-type", content_type)];
        if packed.is_some() {
            headers.push(("content-encoding", "zstd"));
        }
        let bytes = packed.as_deref().unwrap_or(bytes);
        self.post_json("/v1/events", &parameters, &headers, bytes, again)
    }

    /// One page of a search.
    pub fn search(&self, parameters: &Parameters) -> Result<EventsPage, ClientError> {
        self.get_json("/v1/events", parameters)
    }

    /// One event by display id or sequence.
    pub fn event(&self, id: &str) -> Result<Box<RawValue>, ClientError> {
        self.get_json(&format!("/v1/events/{}", segment(id)), &Parameters::new())
    }

    /// The proof document of one event, as the server gives it: check it with [`crate::proof::check`].
    pub fn proof(&self, id: &str) -> Result<String, ClientError> {
        let path = format!("/v1/events/{}/proof", segment(id));
        let bytes = self.get_bytes(&path, &[("accept", "application/json")])?;
        let text = String::from_utf8(bytes).map_err(|_| self.not_annals(&path, "no UTF-8"))?;
        match event::proof::Document::parse(text.as_bytes()) {
            Ok(_) => Ok(text),
            Err(error) => Err(self.not_annals(&path, &error.to_string())),
        }
    }
}

/// One segment of a path, percent-encoded.
fn segment(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                out.push(char::from(byte))
            }
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    out
}
