//! One server, one key: requests, refusals and patience.

use std::io::Read;
use std::time::{Duration, Instant};

use api::Problem;
use serde::de::DeserializeOwned;
use ureq::http::Response;

use crate::ClientError;

/// How long a server may take to accept a connection.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);
/// How long the first byte of an answer may take: a large batch on a busy disk.
const ANSWER_TIMEOUT: Duration = Duration::from_secs(120);
/// How long to go on trying while a server is busy or away, unless the caller says otherwise.
const PATIENCE: Duration = Duration::from_secs(60);
/// First pause between tries; each further one is twice as long, up to the longest.
const FIRST_PAUSE: Duration = Duration::from_millis(100);
const LONGEST_PAUSE: Duration = Duration::from_secs(5);
/// Largest answer that is held in memory: 1,000 events of the largest size and then some.
const ANSWER_MAX_BYTES: u64 = 256 << 20;

/// Query parameters by name; absent ones are left out.
#[derive(Clone, Debug, Default)]
pub struct Parameters(Vec<(&'static str, String)>);

impl Parameters {
    /// None.
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds a parameter.
    #[must_use]
    pub fn with(mut self, name: &'static str, value: impl Into<String>) -> Self {
        self.0.push((name, value.into()));
        self
    }

    /// Adds a parameter if there is a value.
    #[must_use]
    pub fn with_some(self, name: &'static str, value: Option<impl Into<String>>) -> Self {
        match value {
            Some(value) => self.with(name, value),
            None => self,
        }
    }
}

/// Whether a request may be sent again after the connection broke.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Again {
    /// Sending it twice does what sending it once does.
    Safe,
    /// It may have been carried out: only refusals are tried again.
    Unsafe,
}

/// Calls one server with one key.
#[derive(Clone, Debug)]
pub struct Client {
    agent: ureq::Agent,
    base: String,
    authorization: Option<String>,
    patience: Duration,
}

impl Client {
    /// A client for the server at `url` (`http://127.0.0.1:7070`); the key is an API key `ann_...`.
    pub fn new(url: &str, key: Option<&str>) -> Self {
        let config = ureq::Agent::config_builder()
            .http_status_as_error(false)
            .timeout_connect(Some(CONNECT_TIMEOUT))
            .timeout_recv_response(Some(ANSWER_TIMEOUT))
            .user_agent(concat!("annals/", env!("CARGO_PKG_VERSION")))
            .build();
        Self {
            agent: config.into(),
            base: url.trim_end_matches('/').to_owned(),
            authorization: key.map(|key| format!("Bearer {key}")),
            patience: PATIENCE,
        }
    }

    /// The same client with another patience towards a busy server.
    #[must_use]
    pub fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// The server's address.
    pub fn url(&self) -> &str {
        &self.base
    }

    /// Gets a path and reads the answer as JSON.
    pub(crate) fn get_json<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &Parameters,
    ) -> Result<T, ClientError> {
        let response = self.get(path, parameters, &[])?;
        self.json(path, response)
    }

    /// Gets a path and reads the answer whole.
    pub(crate) fn get_bytes(
        &self,
        path: &str,
        headers: &[(&str, &str)],
    ) -> Result<Vec<u8>, ClientError> {
        let response = self.get(path, &Parameters::new(), headers)?;
        self.bytes(path, response)
    }

    /// Gets a path; the answer's body is still to be read.
    pub(crate) fn get(
        &self,
        path: &str,
        parameters: &Parameters,
        headers: &[(&str, &str)],
    ) -> Result<Response<ureq::Body>, ClientError> {
        let url = self.url_of(path);
        self.with_patience_for(&url, Again::Safe, None, || {
            let mut request = self.agent.get(&url);
            for (name, value) in &parameters.0 {
                request = request.query(name, value);
            }
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(authorization) = &self.authorization {
                request = request.header("authorization", authorization);
            }
            request.call()
        })
    }

    /// Posts a body and reads the answer as JSON. A 422 whose body is a `T` is an answer, too.
    pub(crate) fn post_json<T: DeserializeOwned>(
        &self,
        path: &str,
        parameters: &Parameters,
        headers: &[(&str, &str)],
        body: &[u8],
        again: Again,
    ) -> Result<T, ClientError> {
        let url = self.url_of(path);
        // A batch of which nothing could be kept is answered 422 in the shape of an answer.
        let response = self.with_patience_for(&url, again, Some(422), || {
            let mut request = self.agent.post(&url);
            for (name, value) in &parameters.0 {
                request = request.query(name, value);
            }
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            if let Some(authorization) = &self.authorization {
                request = request.header("authorization", authorization);
            }
            request.send(body)
        });
        let response = response?;
        let refused = !response.status().is_success();
        let bytes = self.bytes(path, response)?;
        if refused && let Ok(problem) = serde_json::from_slice(&bytes) {
            return Err(ClientError::Refused(problem));
        }
        serde_json::from_slice(&bytes).map_err(|error| self.not_annals(path, &error.to_string()))
    }

    fn json<T: DeserializeOwned>(
        &self,
        path: &str,
        response: Response<ureq::Body>,
    ) -> Result<T, ClientError> {
        let bytes = self.bytes(path, response)?;
        serde_json::from_slice(&bytes).map_err(|error| self.not_annals(path, &error.to_string()))
    }

    fn bytes(
        &self,
        path: &str,
        mut response: Response<ureq::Body>,
    ) -> Result<Vec<u8>, ClientError> {
        let body = response.body_mut().with_config().limit(ANSWER_MAX_BYTES);
        body.read_to_vec()
            .map_err(|error| self.unreachable(&self.url_of(path), &error))
    }

    fn url_of(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(crate) fn not_annals(&self, path: &str, what: &str) -> ClientError {
        ClientError::NotAnnals {
            url: self.url_of(path),
            what: what.to_owned(),
        }
    }

    fn unreachable(&self, url: &str, error: &ureq::Error) -> ClientError {
        ClientError::Unreachable {
            url: url.to_owned(),
            reason: error.to_string(),
        }
    }

    /// Calls until there is an answer that is not "later", within the client's patience. The status
    /// `passed` is left to the caller.
    fn with_patience_for(
        &self,
        url: &str,
        again: Again,
        passed: Option<u16>,
        call: impl Fn() -> Result<Response<ureq::Body>, ureq::Error>,
    ) -> Result<Response<ureq::Body>, ClientError> {
        let begun = Instant::now();
        let mut pause = FIRST_PAUSE;
        loop {
            let (wait, failure) = match call() {
                Ok(response)
                    if response.status().is_success()
                        || passed == Some(response.status().as_u16()) =>
                {
                    return Ok(response);
                }
                Ok(response) => {
                    let status = response.status().as_u16();
                    let asked = retry_after(&response);
                    let problem = self.problem(url, response)?;
                    if !matches!(status, 429 | 503) {
                        return Err(ClientError::Refused(problem));
                    }
                    let waited_seconds = begun.elapsed().as_secs();
                    (
                        asked.unwrap_or(pause),
                        ClientError::Busy {
                            waited_seconds,
                            problem,
                        },
                    )
                }
                Err(error) => {
                    let failure = self.unreachable(url, &error);
                    // Refused before anything was sent: trying again cannot double anything.
                    let nothing_sent = matches!(
                        error,
                        ureq::Error::ConnectionFailed | ureq::Error::HostNotFound
                    ) || matches!(&error, ureq::Error::Io(io) if io.kind() == std::io::ErrorKind::ConnectionRefused);
                    if again == Again::Unsafe && !nothing_sent {
                        return Err(failure);
                    }
                    (pause, failure)
                }
            };
            if begun.elapsed() + wait > self.patience {
                return Err(failure);
            }
            std::thread::sleep(wait);
            pause = (pause * 2).min(LONGEST_PAUSE);
        }
    }

    /// Reads a refusal.
    fn problem(
        &self,
        url: &str,
        response: Response<ureq::Body>,
    ) -> Result<Box<Problem>, ClientError> {
        let status = response.status().as_u16();
        let mut text = Vec::new();
        let read = response
            .into_body()
            .into_reader()
            .take(1 << 20)
            .read_to_end(&mut text);
        let problem = read.ok().and_then(|_| serde_json::from_slice(&text).ok());
        problem.map(Box::new).ok_or_else(|| ClientError::NotAnnals {
            url: url.to_owned(),
            what: format!(
                "status {status}: {}",
                String::from_utf8_lossy(text.get(..200).unwrap_or(&text))
            ),
        })
    }
}

/// The pause a server asks for, if it does in seconds.
fn retry_after(response: &Response<ureq::Body>) -> Option<Duration> {
    let seconds: u64 = response
        .headers()
        .get("retry-after")?
        .to_str()
        .ok()?
        .trim()
        .parse()
        .ok()?;
    Some(Duration::from_secs(seconds).max(FIRST_PAUSE))
}
