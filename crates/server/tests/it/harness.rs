//! A server on a folder that goes away, and a client that hides nothing.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde_json::Value;
use server::limits::Patience;
use server::{AdminAnswer, AdminRequest, Config, Doer, InstanceOptions, Server, Settings, Stop};

/// A running server. It stops when this is dropped.
pub(crate) struct House {
    pub(crate) address: SocketAddr,
    pub(crate) data: PathBuf,
    /// A key of `main` that may do everything.
    pub(crate) key: String,
    /// Token of the set-up link, while there is no owner.
    pub(crate) setup_token: String,
    /// Token of the demo's link.
    pub(crate) demo_token: String,
    stop: Stop,
    thread: Option<std::thread::JoinHandle<()>>,
    _folder: Option<tempfile::TempDir>,
}

impl House {
    /// On an empty folder.
    pub(crate) fn new() -> House {
        House::with(Settings::default())
    }

    /// On an empty folder, with these settings.
    pub(crate) fn with(settings: Settings) -> House {
        let folder = tempfile::tempdir().unwrap();
        let mut house = House::on(&folder.path().join("data"), settings);
        house._folder = Some(folder);
        house
    }

    /// On an empty folder, with another patience.
    pub(crate) fn with_patience(patience: Patience) -> House {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut house = House::start(&data, Settings::default(), patience, false);
        house._folder = Some(folder);
        house
    }

    /// On an empty folder, with the demo's sign-in link.
    pub(crate) fn demo() -> House {
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("data");
        let mut house = House::start(&data, Settings::default(), Patience::default(), true);
        house._folder = Some(folder);
        house
    }

    /// On a folder that stays.
    pub(crate) fn on(data: &Path, settings: Settings) -> House {
        House::start(data, settings, Patience::default(), false)
    }

    fn start(data: &Path, settings: Settings, patience: Patience, with_demo: bool) -> House {
        let settings = Settings {
            data: Some(data.to_owned()),
            listen: Some("127.0.0.1:0".to_owned()),
            ..settings
        };
        let config = Config {
            patience,
            ..settings.into_config().unwrap()
        };
        let (sent, started) = std::sync::mpsc::channel();
        let thread = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .worker_threads(2)
                .enable_all()
                .build();
            runtime.unwrap().block_on(async {
                let server = Server::start(config).await.unwrap();
                let request = key_request("main", "events:write,events:read,ledger:read,admin");
                let answer = server
                    .instance()
                    .administer(request, Doer::CommandLine)
                    .await
                    .unwrap();
                let setup = server.setup_link().unwrap_or_default().to_owned();
                let demo = match with_demo {
                    true => server.instance().open_demo("Demo").await.unwrap(),
                    false => String::new(),
                };
                let told = (
                    server.address(),
                    server.stopper(),
                    key_text(answer),
                    crate::browser::token_of(&setup),
                    crate::browser::token_of(&demo),
                );
                sent.send(told).unwrap();
                server.run().await.unwrap();
            });
        });
        let (address, stop, key, setup_token, demo_token) = started.recv().unwrap();
        House {
            address,
            data: data.to_owned(),
            key,
            setup_token,
            demo_token,
            stop,
            thread: Some(thread),
            _folder: None,
        }
    }

    /// Stops the server and waits until it has ended.
    pub(crate) fn stop(mut self) {
        self.end();
    }

    fn end(&mut self) {
        self.stop.stop();
        if let Some(thread) = self.thread.take() {
            thread.join().unwrap();
        }
    }

    /// Asks through the control socket, as the command line does.
    pub(crate) fn administer(&self, request: AdminRequest) -> Result<AdminAnswer, String> {
        let options = InstanceOptions {
            data: self.data.clone(),
            name: None,
            checkpoint_store: None,
            signing_key_folder: None,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .unwrap();
        runtime
            .block_on(server::administer(&options, request))
            .map_err(|error| error.to_string())
    }

    /// A new key.
    pub(crate) fn key(&self, tenant: &str, scopes: &str) -> String {
        key_text(self.administer(key_request(tenant, scopes)).unwrap())
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        self.ask("GET", path, &self.key, &[], b"")
    }

    pub(crate) fn post(&self, path: &str, body: impl AsRef<[u8]>) -> Answer {
        self.ask(
            "POST",
            path,
            &self.key,
            &[("content-type", "application/json")],
            body.as_ref(),
        )
    }

    /// One request on a connection of its own. An empty key sends none.
    pub(crate) fn ask(
        &self,
        method: &str,
        path: &str,
        key: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut stream = self.connect();
        stream
            .write_all(&request(method, path, key, headers, body))
            .unwrap();
        Answer::read(&mut BufReader::new(stream)).expect("an answer")
    }

    /// One number of `/metrics`.
    #[track_caller]
    pub(crate) fn metric(&self, name: &str) -> f64 {
        let answer = self.get("/metrics");
        let line = answer
            .text()
            .lines()
            .find_map(|line| line.strip_prefix(name));
        line.and_then(|value| value.trim().parse().ok())
            .unwrap_or_else(|| panic!("no {name} in {}", answer.text()))
    }

    /// Waits until a number of `/metrics` has a value.
    #[track_caller]
    pub(crate) fn wait_metric(&self, name: &str, value: f64) {
        let begun = std::time::Instant::now();
        while self.metric(name) != value {
            assert!(
                begun.elapsed() < Duration::from_secs(20),
                "{name} stays {}",
                self.metric(name)
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address).unwrap();
        stream
            .set_read_timeout(Some(Duration::from_secs(20)))
            .unwrap();
        stream
    }
}

impl Drop for House {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            self.end();
        }
    }
}

pub(crate) fn request(
    method: &str,
    path: &str,
    key: &str,
    headers: &[(&str, &str)],
    body: &[u8],
) -> Vec<u8> {
    let mut text = format!("{method} {path} HTTP/1.1\r\nhost: test\r\nte: trailers\r\n");
    if !key.is_empty() {
        text.push_str(&format!("authorization: Bearer {key}\r\n"));
    }
    for (name, value) in headers {
        text.push_str(&format!("{name}: {value}\r\n"));
    }
    text.push_str(&format!("content-length: {}\r\n\r\n", body.len()));
    let mut bytes = text.into_bytes();
    bytes.extend_from_slice(body);
    bytes
}

pub(crate) fn key_request(tenant: &str, scopes: &str) -> AdminRequest {
    AdminRequest::KeyCreate {
        tenant: tenant.to_owned(),
        name: "test".to_owned(),
        scopes: scopes.to_owned(),
        expires_at: None,
        environment: None,
        app: None,
    }
}

pub(crate) fn key_text(answer: AdminAnswer) -> String {
    match answer {
        AdminAnswer::KeyCreated { text, .. } => text,
        other => panic!("no key: {other:?}"),
    }
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Vec<u8>,
    pub(crate) trailers: Vec<(String, String)>,
}

impl Answer {
    /// Reads one answer; none if the connection ended before it was whole.
    pub(crate) fn read(stream: &mut impl BufRead) -> Option<Answer> {
        let status_line = line(stream)?;
        let status = status_line.split(' ').nth(1)?.parse().ok()?;
        let headers = header_lines(stream)?;
        let find = |name: &str| {
            headers
                .iter()
                .find(|(it, _)| it == name)
                .map(|(_, value)| value)
        };
        let mut body = Vec::new();
        let mut trailers = Vec::new();
        if find("transfer-encoding").is_some_and(|value| value == "chunked") {
            loop {
                let size = usize::from_str_radix(line(stream)?.trim(), 16).ok()?;
                if size == 0 {
                    trailers = header_lines(stream)?;
                    break;
                }
                let mut chunk = vec![0; size + 2];
                stream.read_exact(&mut chunk).ok()?;
                body.extend_from_slice(&chunk[..size]);
            }
        } else if let Some(length) = find("content-length") {
            body.resize(length.parse().ok()?, 0);
            stream.read_exact(&mut body).ok()?;
        }
        Some(Answer {
            status,
            headers,
            body,
            trailers,
        })
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .iter()
            .find(|(it, _)| it == name)
            .map_or("", |(_, value)| value)
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// The body of a success.
    #[track_caller]
    pub(crate) fn ok(&self) -> Value {
        assert_eq!(self.status, 200, "{}", self.text());
        self.json()
    }

    /// The problem of a refusal, held to what every problem document must be.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, code: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header("content-type"), "application/problem+json");
        let problem = self.json();
        assert_eq!(problem["code"], code, "{problem}");
        assert_eq!(problem["status"], status);
        assert_eq!(problem["type"], format!("/problems/{code}"));
        assert!(
            problem["detail"]
                .as_str()
                .is_some_and(|detail| !detail.is_empty())
        );
        assert_eq!(problem["request_id"], self.header("x-request-id"));
        problem
    }
}

fn line(stream: &mut impl BufRead) -> Option<String> {
    let mut line = String::new();
    let read = stream.read_line(&mut line).ok()?;
    (read > 0).then(|| line.trim_end().to_owned())
}

fn header_lines(stream: &mut impl BufRead) -> Option<Vec<(String, String)>> {
    let mut headers = Vec::new();
    loop {
        let line = line(stream)?;
        let Some((name, value)) = line.split_once(':') else {
            return Some(headers);
        };
        headers.push((name.to_ascii_lowercase(), value.trim().to_owned()));
    }
}

/// Reads what there is until a marker comes.
pub(crate) fn read_until(stream: &mut impl Read, marker: &str) -> String {
    let mut text = Vec::new();
    let mut byte = [0];
    while !text.ends_with(marker.as_bytes()) {
        match stream.read(&mut byte) {
            Ok(1) => text.push(byte[0]),
            other => panic!(
                "{other:?} before {marker:?} in {:?}",
                String::from_utf8_lossy(&text)
            ),
        }
    }
    String::from_utf8(text).unwrap()
}

/// An event with this id.
pub(crate) fn event(id: &str, action: &str) -> String {
    format!(r#"{{"id":"{id}","action":"{action}","actor":{{"id":"u-1","name":"Ann Smith"}}}}"#)
}

/// A text as it stands behind `?` of an address.
pub(crate) fn encoded(text: &str) -> String {
    text.bytes().map(|b| format!("%{b:02X}")).collect()
}
