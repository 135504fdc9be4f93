//! PostgreSQL's protocol 3.0 over a unix socket, as little of it as measuring needs: trusted
//! connections, simple queries, COPY and prepared statements, text only. What is measured is the
//! server, not a client.

use std::io::{BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};

const PROTOCOL: i32 = 196_608;
const READ_TIMEOUT: Duration = Duration::from_secs(600);

/// A connection with one statement under way at a time.
pub(super) struct Connection {
    stream: BufReader<UnixStream>,
    out: Vec<u8>,
}

/// Rows that came back, unread.
#[derive(Default)]
pub(super) struct Answered {
    bytes: Vec<u8>,
    /// Where each row ends.
    ends: Vec<usize>,
}

impl Answered {
    fn clear(&mut self) {
        self.bytes.clear();
        self.ends.clear();
    }

    /// The cells of all rows; a missing value is empty.
    pub(super) fn rows(&self) -> anyhow::Result<Vec<Vec<&str>>> {
        let mut begin = 0;
        self.ends
            .iter()
            .map(|end| {
                let row = cells(&self.bytes[begin..*end]);
                begin = *end;
                row.context("a row is cut off")
            })
            .collect()
    }
}

fn cells(row: &[u8]) -> Option<Vec<&str>> {
    let (count, mut rest) = row.split_first_chunk::<2>()?;
    let mut cells = Vec::new();
    for _ in 0..u16::from_be_bytes(*count) {
        let (length, behind) = rest.split_first_chunk::<4>()?;
        let length = usize::try_from(i32::from_be_bytes(*length)).unwrap_or(0);
        let (cell, behind) = behind.split_at_checked(length)?;
        cells.push(str::from_utf8(cell).ok()?);
        rest = behind;
    }
    Some(cells)
}

impl Connection {
    /// Connects to the server whose socket is in `folder`.
    pub(super) fn open(folder: &Path, user: &str, database: &str) -> anyhow::Result<Connection> {
        let stream = UnixStream::connect(folder.join(".s.PGSQL.5432"))?;
        stream.set_read_timeout(Some(READ_TIMEOUT))?;
        let mut connection = Connection {
            stream: BufReader::with_capacity(64 << 10, stream),
            out: Vec::new(),
        };
        let body = format!("user\0{user}\0database\0{database}\0\0");
        let length = 8 + body.len() as i32;
        connection.out.extend_from_slice(&length.to_be_bytes());
        connection.out.extend_from_slice(&PROTOCOL.to_be_bytes());
        connection.out.extend_from_slice(body.as_bytes());
        connection.send()?;
        connection.finish(&mut Answered::default())?;
        Ok(connection)
    }

    /// Runs statements and takes in the rows of all of them.
    pub(super) fn query(&mut self, sql: &str, answered: &mut Answered) -> anyhow::Result<()> {
        self.message(b'Q', |out| push_text(sql, out));
        self.send()?;
        self.finish(answered).with_context(|| sql.to_owned())
    }

    /// Runs statements whose answer is of no interest.
    pub(super) fn run(&mut self, sql: &str) -> anyhow::Result<()> {
        self.query(sql, &mut Answered::default())
    }

    /// The first cell of the first row.
    pub(super) fn cell(&mut self, sql: &str) -> anyhow::Result<String> {
        let mut answered = Answered::default();
        self.query(sql, &mut answered)?;
        let rows = answered.rows()?;
        let cell = rows.first().and_then(|row| row.first());
        Ok((*cell.with_context(|| format!("no row: {sql}"))?).to_owned())
    }

    /// Copies lines in COPY's text format into a table, durable when this returns.
    pub(super) fn copy(&mut self, sql: &str, lines: &str) -> anyhow::Result<()> {
        self.message(b'Q', |out| push_text(sql, out));
        self.message(b'd', |out| out.extend_from_slice(lines.as_bytes()));
        self.message(b'c', |_| {});
        self.send()?;
        self.finish(&mut Answered::default())
    }

    /// Prepares the statement that [`Connection::execute`] runs.
    pub(super) fn prepare(&mut self, sql: &str) -> anyhow::Result<()> {
        self.message(b'P', |out| {
            push_text("one", out);
            push_text(sql, out);
            out.extend_from_slice(&0_i16.to_be_bytes());
        });
        self.message(b'S', |_| {});
        self.send()?;
        self.finish(&mut Answered::default())
    }

    /// Runs the prepared statement as a transaction of its own.
    pub(super) fn execute(&mut self, parameters: &[&str]) -> anyhow::Result<()> {
        self.message(b'B', |out| {
            push_text("", out);
            push_text("one", out);
            out.extend_from_slice(&0_i16.to_be_bytes());
            out.extend_from_slice(&(parameters.len() as i16).to_be_bytes());
            for parameter in parameters {
                out.extend_from_slice(&(parameter.len() as i32).to_be_bytes());
                out.extend_from_slice(parameter.as_bytes());
            }
            out.extend_from_slice(&0_i16.to_be_bytes());
        });
        self.message(b'E', |out| {
            push_text("", out);
            out.extend_from_slice(&0_i32.to_be_bytes());
        });
        self.message(b'S', |_| {});
        self.send()?;
        self.finish(&mut Answered::default())
    }

    /// Adds a message to what is sent next.
    fn message(&mut self, kind: u8, body: impl FnOnce(&mut Vec<u8>)) {
        self.out.push(kind);
        let begin = self.out.len();
        self.out.extend_from_slice(&[0; 4]);
        body(&mut self.out);
        let length = (self.out.len() - begin) as i32;
        self.out[begin..begin + 4].copy_from_slice(&length.to_be_bytes());
    }

    fn send(&mut self) -> anyhow::Result<()> {
        self.stream.get_mut().write_all(&self.out)?;
        self.out.clear();
        Ok(())
    }

    /// Reads until the server is ready for the next statement.
    fn finish(&mut self, answered: &mut Answered) -> anyhow::Result<()> {
        answered.clear();
        let mut refused = None;
        loop {
            let mut head = [0; 5];
            self.stream
                .read_exact(&mut head)
                .context("PostgreSQL closed the connection")?;
            let [kind, length @ ..] = head;
            let length = i32::from_be_bytes(length) as u64;
            ensure!(length >= 4, "a message of PostgreSQL has no length");
            let length = length - 4;
            match kind {
                b'D' => {
                    let read = (&mut self.stream)
                        .take(length)
                        .read_to_end(&mut answered.bytes)?;
                    ensure!(read as u64 == length, "PostgreSQL closed the connection");
                    answered.ends.push(answered.bytes.len());
                    continue;
                }
                b'R' | b'E' => {
                    let mut body = vec![0; length as usize];
                    self.stream.read_exact(&mut body)?;
                    if kind == b'E' {
                        refused = Some(body);
                    } else if body != [0; 4] {
                        bail!("PostgreSQL asks for a password");
                    }
                    continue;
                }
                _ => {}
            }
            let mut left = length as usize;
            while left > 0 {
                let there = self.stream.fill_buf()?.len().min(left);
                ensure!(there > 0, "PostgreSQL closed the connection");
                self.stream.consume(there);
                left -= there;
            }
            if kind == b'Z' {
                return match refused {
                    None => Ok(()),
                    Some(body) => bail!("PostgreSQL: {}", reason(&body)),
                };
            }
        }
    }
}

fn push_text(text: &str, out: &mut Vec<u8>) {
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

/// The message (`M`) among the fields of an error.
fn reason(body: &[u8]) -> String {
    let field = body
        .split(|byte| *byte == 0)
        .find(|field| field.first() == Some(&b'M'));
    String::from_utf8_lossy(field.and_then(|field| field.get(1..)).unwrap_or(body)).into_owned()
}
