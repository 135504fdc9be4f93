//! What many small tenants cost: memory and open files after each was written to and searched.

use std::time::Instant;

use crate::args::TenantsArgs;
use crate::server::{DataFolder, Server};
use crate::table::{Figures, mib, percentile, thousands};

pub(crate) fn run(args: &TenantsArgs) -> anyhow::Result<()> {
    let data = DataFolder::new(&args.server)?;
    let mut server = Server::start(&args.server, &data)?;
    Figures::title(&format!(
        "{} tenants with {} events each",
        thousands(args.count as f64),
        args.events
    ));
    print_use(&server, "empty")?;
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
    print_use(&server, "tenants made")?;
    send(&server, &keys, args.events)?;
    print_use(&server, "events sent")?;
    search(&server, &keys, args.events)?;
    print_use(&server, "every tenant searched")?;
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
    print_use(&server, "searched after a restart")?;
    server.stop()?;
    Ok(())
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

fn print_use(server: &Server, when: &str) -> anyhow::Result<()> {
    let (now, peak) = server.memory_bytes()?;
    Figures::row(&format!("{when}: memory"), mib(now));
    Figures::row(&format!("{when}: memory peak"), mib(peak));
    Figures::row(&format!("{when}: open files"), server.open_files()?);
    Ok(())
}
