//! Holding a running server to the OpenAPI document it serves, with Schemathesis.
//!
//! It calls every operation with data that fit the document and with data that do not. No answer
//! may be a 5xx, or contradict the document in status, media type or shape. What it checks and what
//! not is in `contract/schemathesis.toml`.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use crate::tools::{Tools, root, works};

/// Settings and the pinned packages, at the top of the repository.
const FOLDER: &str = "contract";
/// Where the packages go, below the home folder; a folder of its own for each list of them.
const PACKAGES_BELOW_HOME: &str = ".cache/annals";
/// A run takes half a minute on two slow cores. One that takes longer than this hangs.
const PATIENCE: Duration = Duration::from_secs(240);
/// Logs that fill the ledger before it is asked.
const LOGS: &[(&str, &str)] = &[
    (
        "cloudtrail",
        "crates/import/tests/data/aws-cloudtrail-stratus",
    ),
    (
        "github",
        "crates/import/tests/data/github-audit/events.jsonl",
    ),
    (
        "okta",
        "crates/import/tests/data/okta-system-log/events.jsonl",
    ),
];

/// Runs the whole check. Without Python there is nothing to run it with, which is said.
pub(crate) fn test(tools: &Tools) -> anyhow::Result<()> {
    let schemathesis = match install()? {
        Ok(schemathesis) => schemathesis,
        Err(missing) => {
            println!("{missing}: the API is not held to its description");
            return Ok(());
        }
    };
    let annals = tools.build_annals()?;
    let folder = std::env::temp_dir().join(format!("annals-contract-{}", std::process::id()));
    let outcome = check(&schemathesis, &annals, &folder);
    std::fs::remove_dir_all(&folder).with_context(|| format!("{}", folder.display()))?;
    outcome
}

/// The program, installed if it was not; or what is missing.
fn install() -> anyhow::Result<Result<PathBuf, String>> {
    let requirements = root().join(FOLDER).join("requirements.txt");
    let pinned = std::fs::read_to_string(&requirements)?;
    let version = pinned
        .lines()
        .find_map(|line| line.strip_prefix("schemathesis=="))
        .context("requirements.txt pins no schemathesis")?;
    let Some(home) = std::env::home_dir() else {
        return Ok(Err("there is no home folder".to_owned()));
    };
    let packages = home
        .join(PACKAGES_BELOW_HOME)
        .join(format!("schemathesis-{version}"));
    let program = packages.join("bin/schemathesis");
    // Written last, so that a folder whose making broke off is made again.
    let whole = packages.join("requirements.txt");
    if std::fs::read_to_string(&whole).is_ok_and(|installed| installed == pinned) {
        return Ok(Ok(program));
    }
    if !works("python3", &["-c", "import venv, ensurepip"]) {
        return Ok(Err("python3 with venv is not installed".to_owned()));
    }
    println!(
        "installing schemathesis {version} in {}",
        packages.display()
    );
    let python = packages.join("bin/python");
    let made = Command::new("python3")
        .args(["-m", "venv", "--clear"])
        .arg(&packages)
        .status()?;
    let installed = Command::new(python)
        .args([
            "-m",
            "pip",
            "install",
            "--quiet",
            "--disable-pip-version-check",
            "--requirement",
        ])
        .arg(&requirements)
        .status();
    if !made.success() || !installed.is_ok_and(|status| status.success()) {
        return Ok(Err(format!("schemathesis {version} cannot be installed")));
    }
    std::fs::copy(&requirements, whole)?;
    Ok(Ok(program))
}

/// A server that ends with this value.
struct Server(Child);

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended by itself, which its answers have shown.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

fn check(schemathesis: &Path, annals: &Path, folder: &Path) -> anyhow::Result<()> {
    let data = folder.join("data");
    let scopes = "events:write,events:read,ledger:read,admin";
    let made = Command::new(annals)
        .args([
            "key", "create", "--name", "contract", "--scope", scopes, "--data",
        ])
        .arg(&data)
        .output()?;
    if !made.status.success() {
        bail!(
            "`annals key create`: {}",
            String::from_utf8_lossy(&made.stderr)
        );
    }
    let key = String::from_utf8(made.stdout)?.trim().to_owned();
    let log = std::fs::File::create(folder.join("server.log"))?;
    let mut server = Server(
        Command::new(annals)
            .args(["serve", "--listen", "127.0.0.1:0", "--data"])
            .arg(&data)
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()?,
    );
    let mut line = String::new();
    let stdout = server.0.stdout.take().context("no standard output")?;
    BufReader::new(stdout).read_line(&mut line)?;
    let listening: Value = serde_json::from_str(&line).context("`annals serve` did not start")?;
    let url = listening["listening"].as_str().context("no address")?;

    let session = set_up(url, &setup_link(&data)?)?;
    for (format, path) in LOGS {
        let imported = Command::new(annals)
            .args(["import", "--format", format])
            .arg(root().join(path))
            .envs([("ANNALS_URL", url), ("ANNALS_KEY", &key)])
            .output()?;
        if !imported.status.success() {
            bail!(
                "`annals import`: {}",
                String::from_utf8_lossy(&imported.stderr)
            );
        }
    }

    let mut run = Command::new(schemathesis)
        .arg("--config-file")
        .arg(root().join(FOLDER).join("schemathesis.toml"))
        .args(["run", &format!("{url}/openapi.json")])
        .current_dir(folder)
        .envs([
            ("ANNALS_KEY", key.as_str()),
            ("ANNALS_SESSION", &session),
            ("ANNALS_ORIGIN", url),
        ])
        .spawn()?;
    let begun = Instant::now();
    let status = loop {
        if let Some(status) = run.try_wait()? {
            break status;
        }
        if begun.elapsed() > PATIENCE {
            run.kill()?;
            run.wait()?;
            bail!("schemathesis did not end within {} s", PATIENCE.as_secs());
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    if let Some(status) = server.0.try_wait()? {
        bail!("the server ended while it was asked: {status}");
    }
    if !status.success() {
        bail!("the server does not keep to its OpenAPI document");
    }
    Ok(())
}

/// The set-up link, which is written just after the server has said that it listens.
fn setup_link(data: &Path) -> anyhow::Result<String> {
    for _ in 0..100 {
        let written = std::fs::read_to_string(data.join("setup-link")).unwrap_or_default();
        if let Some(link) = written.strip_suffix('\n') {
            return Ok(link.to_owned());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    bail!("`annals serve` wrote no set-up link");
}

/// Makes the first owner; the token of their session.
fn set_up(url: &str, link: &str) -> anyhow::Result<String> {
    let (_, token) = link
        .split_once('#')
        .context("the set-up link has no token")?;
    let body = json!({
        "token": token,
        "name": "Ann Smith",
        "email": "ann@example.com",
        "password": "a long enough pass phrase",
        "organization": "Example Works",
        "time_zone": "Europe/Berlin",
    })
    .to_string();
    let address = url.strip_prefix("http://").context("no plain address")?;
    let mut stream = TcpStream::connect(address)?;
    write!(
        stream,
        "POST /v1/setup HTTP/1.1\r\nHost: {address}\r\nOrigin: {url}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let cookie = answer
        .lines()
        .find_map(|line| line.strip_prefix("set-cookie: "))
        .and_then(|cookie| cookie.split(';').next()?.split_once('='))
        .with_context(|| format!("the set-up was refused: {answer}"))?;
    Ok(cookie.1.to_owned())
}
