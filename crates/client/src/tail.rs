//! Events as they come: server-sent events, taken up again where a lost connection left off.

use std::io::{BufRead, BufReader};
use std::time::Duration;

use crate::ClientError;
use crate::connection::{Client, Parameters};

/// Pause before a lost connection is opened again.
const REOPEN_AFTER: Duration = Duration::from_millis(500);
/// Longest line that is read: an event of the largest size as it is exported.
const LINE_MAX_BYTES: u64 = 1 << 20;

/// Something a tail brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TailItem {
    /// An event, JSON text.
    Event(String),
    /// Events were passed over because the reader was too slow.
    Gap(api::Gap),
}

/// Follows a ledger. Ends only with an error.
pub struct Tail {
    client: Client,
    parameters: Parameters,
    stream: Option<Stream>,
    last_id: Option<String>,
}

type Stream = BufReader<ureq::BodyReader<'static>>;

impl Client {
    /// Follows events that match the parameters (`q`, `own`), from now or from after `last_id`, the
    /// decimal sequence of an event.
    pub fn tail(&self, parameters: Parameters, last_id: Option<String>) -> Tail {
        Tail {
            client: self.clone(),
            parameters,
            stream: None,
            last_id,
        }
    }
}

impl Tail {
    /// Opens the stream if it is not open: a refusal shows before the first event.
    pub fn open(&mut self) -> Result<(), ClientError> {
        if self.stream.is_none() {
            let mut headers = vec![("accept", "text/event-stream")];
            if let Some(id) = &self.last_id {
                headers.push(("last-event-id", id));
            }
            let response = self
                .client
                .get("/v1/events/tail", &self.parameters, &headers)?;
            self.stream = Some(BufReader::new(response.into_body().into_reader()));
        }
        Ok(())
    }
}

impl Iterator for Tail {
    type Item = Result<TailItem, ClientError>;

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Err(error) = self.open() {
                return Some(Err(error));
            }
            let message = self.stream.as_mut().and_then(read_message);
            let Some(message) = message else {
                self.stream = None;
                std::thread::sleep(REOPEN_AFTER);
                continue;
            };
            if let Some(id) = message.id {
                self.last_id = Some(id);
            }
            match (message.name.as_str(), message.data) {
                (_, data) if data.is_empty() => {}
                ("gap", data) => match serde_json::from_str(&data) {
                    Ok(gap) => return Some(Ok(TailItem::Gap(gap))),
                    Err(error) => {
                        return Some(Err(self
                            .client
                            .not_annals("/v1/events/tail", &error.to_string())));
                    }
                },
                (_, data) => return Some(Ok(TailItem::Event(data))),
            }
        }
    }
}

#[derive(Default)]
struct Message {
    name: String,
    id: Option<String>,
    data: String,
}

/// One message of the stream (HTML standard, "server-sent events"); none when the stream ended.
fn read_message(stream: &mut impl BufRead) -> Option<Message> {
    let mut message = Message::default();
    let mut line = String::new();
    loop {
        line.clear();
        let read = std::io::Read::take(&mut *stream, LINE_MAX_BYTES)
            .read_line(&mut line)
            .ok()?;
        if read == 0 || !line.ends_with('\n') {
            return None;
        }
        let text = line.trim_end_matches(['\n', '\r']);
        if text.is_empty() {
            return Some(message);
        }
        let (field, value) = text.split_once(':').unwrap_or((text, ""));
        let value = value.strip_prefix(' ').unwrap_or(value);
        match field {
            "event" => value.clone_into(&mut message.name),
            "id" => message.id = Some(value.to_owned()),
            "data" => {
                if !message.data.is_empty() {
                    message.data.push('\n');
                }
                message.data.push_str(value);
            }
            // Comments (an empty field) keep the connection alive.
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_are_read_as_the_standard_says() {
        let mut stream =
            ": alive\n\nid: 7\ndata: {\"a\":1}\n\nevent: gap\r\ndata:{}\r\n\r\nid: 8\ndata: cut"
                .as_bytes();
        assert!(read_message(&mut stream).is_some_and(|m| m.data.is_empty()));
        let event = read_message(&mut stream).unwrap();
        assert_eq!(
            (event.id.as_deref(), event.data.as_str()),
            (Some("7"), "{\"a\":1}")
        );
        assert_eq!(read_message(&mut stream).unwrap().name, "gap");
        assert!(read_message(&mut stream).is_none());
    }
}
