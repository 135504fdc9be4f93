//! `annals demo`: a server, a made-up company in it, and what to try.

use std::path::{Path, PathBuf};
use std::sync::mpsc::sync_channel;
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use client::log::Log;
use client::{Body, Client, Parameters, Sending};
use demo::{Company, Made};
use event::Timestamp;
use indicatif::{ProgressBar, ProgressStyle};
use server::{AdminAnswer, AdminRequest, Doer, Server, Settings};

use crate::args::DemoArgs;
use crate::failure::Done;

const BATCH_EVENTS: usize = 1_000;
/// Batches made ahead while one is sent.
const BATCHES_AHEAD: usize = 4;
/// How often the live company is asked what happened.
const LIVE_EVERY: Duration = Duration::from_secs(1);
/// About how many events the history has; only the progress bar uses it.
const ABOUT_EVENTS: u64 = 100_000;

pub(crate) fn run(args: DemoArgs) -> Done {
    let (data, temporary) = match args.data {
        Some(data) => (data, None),
        None => {
            let folder = tempfile::Builder::new().prefix("annals-demo-").tempdir()?;
            (folder.path().to_owned(), Some(folder))
        }
    };
    server::log_to_stderr(Some(
        &std::env::var("ANNALS_LOG").unwrap_or_else(|_| "warn".to_owned()),
    ));
    // The server reads it whole when it starts.
    let location_file = tempfile::NamedTempFile::new()?;
    std::fs::write(location_file.path(), demo::location_file())?;
    let settings = Settings {
        data: Some(data.clone()),
        listen: Some(args.listen.to_string()),
        location_file: Some(location_file.path().to_owned()),
        ..Settings::default()
    };
    let config = settings.into_config()?;
    let runtime = super::runtime()?;
    let server = runtime.block_on(Server::start(config)).with_context(|| {
        format!(
            "the demo did not start (another port: --listen {}:0)",
            args.listen.ip()
        )
    })?;
    let url = format!("http://{}", server.address());
    let is_new = server.instance().is_new();
    let key = runtime.block_on(make_key(
        &server,
        "demo",
        "events:write,events:read,ledger:read",
    ))?;
    let link = runtime.block_on(server.instance().open_demo(demo::COMPANY_NAME))?;
    let link = format!("{url}{link}");
    let stop = server.stopper();
    let running = runtime.spawn(server.run());

    let told = std::thread::spawn({
        let (url, key, data) = (url.clone(), key.clone(), data.clone());
        let keep = temporary.is_none();
        move || tell(&url, &key, &link, &data, keep, is_new, args.seed)
    });
    runtime.block_on(async {
        let mut terminate =
            tokio::signal::unix::signal(tokio::signal::unix::SignalKind::terminate())?;
        let failed = async {
            while !told.is_finished() {
                tokio::time::sleep(Duration::from_millis(200)).await;
            }
        };
        tokio::select! {
            _ = tokio::signal::ctrl_c() => {}
            _ = terminate.recv() => {}
            () = failed => {}
        }
        anyhow::Ok(())
    })?;
    // The teller only ends by failing.
    let failure = told.is_finished().then(|| told.join());
    stop.stop();
    runtime.block_on(running)??;
    drop(temporary);
    match failure {
        Some(Ok(Err(error))) => Err(error.into()),
        Some(Err(_)) => Err(anyhow::anyhow!("the made-up company stopped").into()),
        Some(Ok(Ok(()))) | None => Ok(()),
    }
}

async fn make_key(server: &Server, name: &str, scopes: &str) -> anyhow::Result<String> {
    let request = AdminRequest::KeyCreate {
        tenant: "main".to_owned(),
        name: name.to_owned(),
        scopes: scopes.to_owned(),
        expires_at: None,
        environment: None,
        app: None,
    };
    match server
        .instance()
        .administer(request, Doer::CommandLine)
        .await?
    {
        AdminAnswer::KeyCreated { text, .. } => Ok(text),
        other => bail!("no key was made: {other:?}"),
    }
}

/// Fills the ledger, says what to try, and goes on live.
fn tell(
    url: &str,
    key: &str,
    link: &str,
    data: &Path,
    keep: bool,
    is_new: bool,
    seed: u64,
) -> anyhow::Result<()> {
    let client = Client::new(url, Some(key));
    let now = now();
    let mut company = Company::new(seed, now);
    if is_new {
        company = fill(&client, company)?;
    } else {
        // The history is there from an earlier run; only the present goes on.
        let _ = company.history().count();
    }
    print_guide(&client, url, key, link, data, keep)?;
    loop {
        std::thread::sleep(LIVE_EVERY);
        let made: Vec<Made> = company.live(self::now()).collect();
        for batch in made.chunks(BATCH_EVENTS) {
            send(&client, batch)?;
        }
    }
}

/// Sends the whole history through the same door as everybody's events.
fn fill(client: &Client, mut company: Company) -> anyhow::Result<Company> {
    let bar = ProgressBar::new(ABOUT_EVENTS);
    if let Ok(style) =
        ProgressStyle::with_template("90 days of a made-up company {wide_bar} {pos} events")
    {
        bar.set_style(style);
    }
    let begun = Instant::now();
    let (batches, incoming) = sync_channel::<Vec<Made>>(BATCHES_AHEAD);
    let company = std::thread::scope(|scope| {
        let writer = scope.spawn(move || {
            let mut history = company.history();
            loop {
                let batch: Vec<Made> = history.by_ref().take(BATCH_EVENTS).collect();
                if batch.is_empty() || batches.send(batch).is_err() {
                    break;
                }
            }
            drop(history);
            company
        });
        for batch in incoming {
            send(client, &batch)?;
            bar.inc(batch.len() as u64);
        }
        writer
            .join()
            .map_err(|_| anyhow::anyhow!("the made-up company stopped"))
    })?;
    // Finishing moves the bar to its guessed end.
    let events = bar.position();
    bar.finish_and_clear();
    eprintln!(
        "{} events in {:.1} s",
        events,
        begun.elapsed().as_secs_f64()
    );
    Ok(company)
}

fn send(client: &Client, batch: &[Made]) -> anyhow::Result<()> {
    let mut body = Vec::with_capacity(batch.iter().map(|made| made.json.len() + 1).sum());
    for made in batch {
        body.extend_from_slice(&made.json);
        body.push(b'\n');
    }
    let sending = Sending {
        every_event_has_an_id: true,
        ..Sending::default()
    };
    let answer = client.send(Body::Ndjson(&body), &sending)?;
    if let Some(rejection) = answer.rejected.first() {
        bail!("a made-up event was refused: {}", rejection.problem.detail);
    }
    Ok(())
}

fn print_guide(
    client: &Client,
    url: &str,
    key: &str,
    link: &str,
    data: &Path,
    keep: bool,
) -> anyhow::Result<()> {
    let page = client.search(&Parameters::new().with("limit", "1"))?;
    let vkey = Log::of(client.clone(), "main").vkey()?;
    let vkey = vkey.trim();
    let annals = std::env::current_exe().unwrap_or_else(|_| PathBuf::from("annals"));
    let annals = annals.display();
    let fate = if keep {
        "kept"
    } else {
        "removed when this ends"
    };
    crate::output::line(&format!(
        "
{company}
{total} events of the last 90 days, and it goes on live. Folder: {data} ({fate}).

  URL      {url}
  API key  {key}
  API      {url}/docs
  Sign in  {link}
           (without a password, on this machine, while the demo runs)

Copy this first:

  export ANNALS_URL={url} ANNALS_KEY={key}

Find:

  {annals} search 'action:login outcome:failure' --since 1h
  {annals} search 'changed:credit_limit' --since 7d
  {annals} search 'action:*export* records:>=5000'
  curl -s -H \"Authorization: Bearer $ANNALS_KEY\" \"$ANNALS_URL/v1/events?q=action:account.lock&limit=5\"
  curl -s -H \"Authorization: Bearer $ANNALS_KEY\" \"$ANNALS_URL/v1/events/top?field=actor.id&q=outcome:failure\"

Watch and take along:

  {annals} tail 'category:security'
  {annals} export 'target.type:customer' --since 30d --output customers.ndjson

Send one of your own:

  echo '{{\"action\":\"customer.update\",\"actor\":{{\"id\":\"me\"}},\"message\":\"hello\"}}' | {annals} send

Prove:

  {annals} prove 1000 --output proof.json
  {annals} verify proof.json --vkey '{vkey}'
  {annals} verify --url $ANNALS_URL --vkey '{vkey}'

Stop with Ctrl-C.",
        company = demo::COMPANY_NAME,
        total = page.total,
        data = data.display(),
    ))
    .map_err(|_| anyhow::anyhow!("cannot write to standard output"))
}

fn now() -> Timestamp {
    Timestamp::from_micros(jiff::Timestamp::now().as_microsecond())
}
