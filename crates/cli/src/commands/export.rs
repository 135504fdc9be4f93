//! `annals export`.

use std::fs::File;
use std::io::{BufWriter, Write as _};

use anyhow::Context as _;
use client::Parameters;

use crate::args::{ExportArgs, ExportFormat};
use crate::failure::Done;

pub(crate) fn run(args: &ExportArgs) -> Done {
    let format = match args.format {
        ExportFormat::Ndjson => "ndjson",
        ExportFormat::Csv => "csv",
        ExportFormat::Json => "json",
    };
    let parameters = Parameters::new()
        .with("format", format)
        .with("q", args.query.clone())
        .with_some("own", super::own(args.own));
    let parameters = args.time.add_to(parameters);
    let client = args.server.client();
    let ndjson = args.format == ExportFormat::Ndjson;
    let exported = match &args.output {
        None => client.export(&parameters, ndjson, &mut std::io::stdout().lock())?,
        Some(path) => {
            // A file under the name asked for is always a whole export.
            let mut partial = path.clone().into_os_string();
            partial.push(".partial");
            let file = File::create(&partial)
                .with_context(|| format!("cannot create {}", partial.display()))?;
            let mut out = BufWriter::new(file);
            let exported = client.export(&parameters, ndjson, &mut out)?;
            out.flush()?;
            out.get_ref().sync_all()?;
            std::fs::rename(&partial, path)
                .with_context(|| format!("cannot write {}", path.display()))?;
            exported
        }
    };
    match exported.events {
        Some(events) => eprintln!("{events} events, {} bytes", exported.bytes),
        None => eprintln!("{} bytes", exported.bytes),
    }
    Ok(())
}
