//! Somebody at a browser: plain requests to a served folder, with a cookie.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Served;

/// A good password.
pub(crate) const PASSWORD: &str = "violet tractor hums at noon";

/// An answer, as bytes came and as its parts.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert!(self.status < 300, "{self:?}");
        serde_json::from_str(&self.body).unwrap_or_default()
    }
}

/// A browser.
pub(crate) struct Browser {
    host: String,
    pub(crate) cookie: String,
}

impl Browser {
    pub(crate) fn new(served: &Served) -> Browser {
        Browser {
            host: served.url.trim_start_matches("http://").to_owned(),
            cookie: String::new(),
        }
    }

    /// The browser of the first owner, made with the link in the data folder.
    pub(crate) fn first_owner(served: &Served, data: &Path) -> Browser {
        let mut browser = Browser::new(served);
        let token = setup_token(data);
        let setup = json!({
            "token": token, "name": "Owner", "email": "owner@example.com", "password": PASSWORD,
            "organization": "Example Works", "time_zone": "UTC",
        });
        browser.ask("POST", "/v1/setup", &setup).ok();
        browser
    }

    pub(crate) fn get(&mut self, path: &str) -> Answer {
        self.send("GET", path, &[], "")
    }

    pub(crate) fn ask(&mut self, method: &str, path: &str, body: &Value) -> Answer {
        self.send(method, path, &[], &body.to_string())
    }

    /// One request on a connection of its own.
    pub(crate) fn send(
        &mut self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: &str,
    ) -> Answer {
        let mut stream = TcpStream::connect(&self.host).unwrap();
        let patience = Some(Duration::from_secs(30));
        stream.set_read_timeout(patience).unwrap();
        let mut text = format!(
            "{method} {path} HTTP/1.1\r\nhost: {0}\r\norigin: http://{0}\r\nconnection: close\r\n\
             content-type: application/json\r\ncontent-length: {1}\r\n",
            self.host,
            body.len()
        );
        if !self.cookie.is_empty() {
            text.push_str(&format!("cookie: {}\r\n", self.cookie));
        }
        for (name, value) in headers {
            text.push_str(&format!("{name}: {value}\r\n"));
        }
        text.push_str("\r\n");
        text.push_str(body);
        stream.write_all(text.as_bytes()).unwrap();
        let mut read = Vec::new();
        // Bytes may be left in a body that was refused: then the connection ends with a reset.
        let _ = stream.read_to_end(&mut read);
        let answer = parsed(&String::from_utf8_lossy(&read));
        for line in answer.head.lines() {
            if let Some(cookie) = line.strip_prefix("set-cookie: ") {
                self.cookie = cookie.split(';').next().unwrap_or_default().to_owned();
            }
        }
        answer
    }
}

#[track_caller]
fn parsed(text: &str) -> Answer {
    let (head, body) = text.split_once("\r\n\r\n").expect("an answer");
    let status = head.split(' ').nth(1).and_then(|it| it.parse().ok());
    let body = match head.contains("transfer-encoding: chunked") {
        true => unchunked(body),
        false => body.to_owned(),
    };
    Answer {
        status: status.expect("a status"),
        head: head.to_owned(),
        body,
    }
}

/// What pieces hold, as far as they are whole.
fn unchunked(mut text: &str) -> String {
    let mut whole = String::new();
    while let Some((size, rest)) = text.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16).unwrap_or(0);
        match rest.get(..size) {
            Some(piece) if size > 0 => whole.push_str(piece),
            _ => break,
        }
        text = rest[size..].trim_start_matches("\r\n");
    }
    whole
}

/// The token of the set-up link in a data folder, which is written just after the server says where
/// it listens.
pub(crate) fn setup_token(data: &Path) -> String {
    let begun = Instant::now();
    loop {
        match std::fs::read_to_string(data.join("setup-link")) {
            Ok(link) if link.ends_with('\n') => return token_of(&link),
            other => assert!(begun.elapsed() < Duration::from_secs(10), "{other:?}"),
        }
        std::thread::sleep(Duration::from_millis(10));
    }
}

/// The secret of a link.
pub(crate) fn token_of(link: &str) -> String {
    link.trim()
        .rsplit('#')
        .next()
        .unwrap_or_default()
        .to_owned()
}
