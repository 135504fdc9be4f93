//! What many small tenants cost: memory and open files after each was written to and searched.

use std::time::Instant;

use crate::args::TenantsArgs;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, mib, percentile, thousands};

/// What a server with tenants takes, at its highest over the whole run.
#[derive(Default)]
pub(crate) struct Use {
    pub(crate) bytes: u64,
    pub(crate) open_files: u64,
}

pub(crate) fn run(args: &TenantsArgs) -> anyhow::Result<()> {
    measure(args).map(drop)
}

/// Makes tenants, writes to and searches each, restarts, searches again; prints on the way.
pub(crate) fn measure(args: &TenantsArgs) -> anyhow::Result<Use> {
    let mut most = Use::default();
    let data = DataFolder::new(&args.server)?;
    let mut server = Server::start(&args.server, &data)?;
    Figures::title(&format!(
        "{} tenants with {} events each",
        thousands(args.count as f64),
        args.events
    ));
    most.take(&server, "empty")?;
    let begun = Instant::now();
    let mut keys = Vec::new();
    for number in 0..args.count {
        let name = format!("t-{number}");
        server.create_tenant(&name)?;
        keys.push(server.create_key_of(&name)?);
    }
    Figures::row(
        "seconds to make tenants and keys",
        format!("{:.1}", begun.elapsed().as_secs_f64()),
    );
    most.take(&server, "tenants made")?;
    send(&server, &keys, args.events)?;
    most.take(&server, "events sent")?;
    search(&server, &keys, args.events)?;
    most.take(&server, "every tenant searched")?;
    let took = server.stop()?;
    Figures::row(
        "stop (SIGTERM)",
        format!("{:.0} ms", took.as_secs_f64() * 1e3),
    );
    server = Server::start(&args.server, &data)?;
    Figures::row(
        "start",
        format!("{:.0} ms", server.started_in.as_secs_f64() * 1e3),
    );
    search(&server, &keys, args.events)?;
    most.take(&server, "searched after a restart")?;
    server.stop()?;
    Ok(most)
}

fn send(server: &Server, keys: &[String], events: u64) -> anyhow::Result<()> {
    let mut buffer = Vec::new();
    let begun = Instant::now();
    for key in keys {
        let mut connection = server.connect(key)?;
        for number in 0..events {
            let event = format!(
                r#"{{"id":"e-{number}","action":"customer.update","actor":{{"id":"u-{number}","name":"Ann Smith"}},"targets":[{{"type":"customer","id":"c-{number}"}}],"message":"credit limit raised"}}"#
            );
            connection
                .post(
                    "/v1/events",
                    "application/json",
                    event.as_bytes(),
                    &mut buffer,
                )?
                .expect_ok()?;
        }
    }
    let sent = (keys.len() as u64 * events) as f64;
    Figures::row(
        "events / s, one after the other",
        thousands(sent / begun.elapsed().as_secs_f64()),
    );
    Ok(())
}

/// Searches each tenant once, most of whose ledgers are closed, and checks what it finds.
fn search(server: &Server, keys: &[String], events: u64) -> anyhow::Result<()> {
    let mut buffer = Vec::new();
    let mut took = Vec::new();
    for key in keys {
        let mut connection = server.connect(key)?;
        let begun = Instant::now();
        let page = connection.get("/v1/events?q=credit", &mut buffer)?.json()?;
        took.push(begun.elapsed().as_secs_f64() * 1e3);
        let total = page["total"].as_u64().unwrap_or_default();
        anyhow::ensure!(
            total == events,
            "{total} events are found, {events} were acknowledged"
        );
    }
    took.sort_by(f64::total_cmp);
    for percent in [50, 99, 100] {
        Figures::row(
            &format!("search of a tenant, p{percent}"),
            format!("{:.1} ms", percentile(&took, percent)),
        );
    }
    Ok(())
}

impl Use {
    fn take(&mut self, server: &Server, when: &str) -> anyhow::Result<()> {
        let memory = server.memory()?;
        let open_files = server.open_files()?;
        Figures::row(&format!("{when}: memory"), mib(memory.resident));
        Figures::row(&format!("{when}: memory peak"), mib(memory.peak));
        Figures::row(&format!("{when}: open files"), open_files);
        self.bytes = self.bytes.max(memory.resident);
        self.open_files = self.open_files.max(open_files);
        Ok(())
    }
}
