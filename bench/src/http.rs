//! HTTP/1.1 over one kept-alive connection with as little work as possible, so that what is
//! measured is the server.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

/// Longer than any answer may take: a hung server ends the run.
const READ_TIMEOUT: Duration = Duration::from_secs(120);

/// A connection with one request under way at a time.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    head: Vec<u8>,
    line: String,
    authorization: String,
}

/// An answer whose body has been read whole.
pub(crate) struct Answer<'a> {
    pub(crate) status: u16,
    pub(crate) body: &'a [u8],
}

impl Connection {
    pub(crate) fn open(server: SocketAddr, key: &str) -> anyhow::Result<Self> {
        ensure!(
            server.ip().is_loopback(),
            "{server} is not a loopback address"
        );
        let stream =
            TcpStream::connect(server).with_context(|| format!("cannot reach {server}"))?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        Ok(Self {
            stream: BufReader::with_capacity(64 << 10, stream),
            head: Vec::with_capacity(512),
            line: String::with_capacity(256),
            authorization: format!("authorization: Bearer {key}\r\nhost: {server}\r\n"),
        })
    }

    /// Without a key, as whoever reads `/metrics` on this machine.
    pub(crate) fn without_key(server: SocketAddr) -> anyhow::Result<Self> {
        let mut connection = Self::open(server, "")?;
        connection.authorization = format!("host: {server}\r\n");
        Ok(connection)
    }

    /// Sends a body and reads the answer's body into `answer`.
    pub(crate) fn post<'a>(
        &mut self,
        path: &str,
        content_type: &str,
        body: &[u8],
        answer: &'a mut Vec<u8>,
    ) -> anyhow::Result<Answer<'a>> {
        self.head.clear();
        write!(
            self.head,
            "POST {path} HTTP/1.1\r\n{}content-type: {content_type}\r\ncontent-length: {}\r\n\r\n",
            self.authorization,
            body.len()
        )?;
        let stream = self.stream.get_mut();
        if body.len() < 16 << 10 {
            // One packet for head and body.
            self.head.extend_from_slice(body);
            stream.write_all(&self.head)?;
        } else {
            stream.write_all(&self.head)?;
            stream.write_all(body)?;
        }
        self.read(answer)
    }

    /// Asks for a path with its query string and reads the answer's body into `answer`.
    pub(crate) fn get<'a>(
        &mut self,
        path: &str,
        answer: &'a mut Vec<u8>,
    ) -> anyhow::Result<Answer<'a>> {
        self.head.clear();
        write!(
            self.head,
            "GET {path} HTTP/1.1\r\n{}\r\n",
            self.authorization
        )?;
        self.stream.get_mut().write_all(&self.head)?;
        self.read(answer)
    }

    fn read<'a>(&mut self, body: &'a mut Vec<u8>) -> anyhow::Result<Answer<'a>> {
        body.clear();
        self.read_line()?;
        let status = self
            .line
            .split(' ')
            .nth(1)
            .and_then(|s| s.parse().ok())
            .with_context(|| format!("not a status line: {:?}", self.line))?;
        let mut length = None;
        let mut chunked = false;
        loop {
            self.read_line()?;
            let Some((name, value)) = self.line.split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = Some(value.trim().parse::<u64>()?);
            } else if name.eq_ignore_ascii_case("transfer-encoding") {
                chunked = value.trim().eq_ignore_ascii_case("chunked");
            }
        }
        if chunked {
            self.read_chunks(body)?;
        } else {
            let length = length.context("the answer has no length")?;
            let read = (&mut self.stream).take(length).read_to_end(body)?;
            ensure!(read as u64 == length, "the answer was cut off");
        }
        Ok(Answer { status, body })
    }

    fn read_chunks(&mut self, body: &mut Vec<u8>) -> anyhow::Result<()> {
        loop {
            self.read_line()?;
            let size = self.line.split(';').next().unwrap_or_default();
            let size = u64::from_str_radix(size.trim(), 16).context("not a chunk size")?;
            if size == 0 {
                break;
            }
            let read = (&mut self.stream).take(size).read_to_end(body)?;
            ensure!(read as u64 == size, "the answer was cut off");
            self.read_line()?;
        }
        // Trailers, then an empty line.
        loop {
            self.read_line()?;
            if self.line.is_empty() {
                return Ok(());
            }
        }
    }

    /// Reads one line without its end.
    fn read_line(&mut self) -> anyhow::Result<()> {
        self.line.clear();
        if self.stream.read_line(&mut self.line)? == 0 {
            bail!("the server closed the connection");
        }
        self.line
            .truncate(self.line.trim_end_matches(['\r', '\n']).len());
        Ok(())
    }
}

impl Answer<'_> {
    /// The body as JSON, or an error with the body's text if the status is not 2xx.
    pub(crate) fn json(&self) -> anyhow::Result<serde_json::Value> {
        self.expect_ok()?;
        serde_json::from_slice(self.body).context("the answer is not JSON")
    }

    pub(crate) fn expect_ok(&self) -> anyhow::Result<()> {
        if !(200..300).contains(&self.status) {
            bail!(
                "status {}: {}",
                self.status,
                String::from_utf8_lossy(self.body)
            );
        }
        Ok(())
    }
}

/// A path with its query string, values percent-encoded.
pub(crate) fn path_with(path: &str, query: &[(&str, &str)]) -> String {
    let mut out = path.to_owned();
    for (n, (name, value)) in query.iter().enumerate() {
        out.push(if n == 0 { '?' } else { '&' });
        out.push_str(name);
        out.push('=');
        for byte in value.bytes() {
            match byte {
                b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
                    out.push(byte as char)
                }
                _ => out.push_str(&format!("%{byte:02X}")),
            }
        }
    }
    out
}
