//! `annals serve`.

use std::io::IsTerminal as _;

use anyhow::Context as _;
use server::Settings;

use crate::args::ServeArgs;
use crate::failure::Done;
use crate::output;

/// Shows the link that makes the first owner: on the terminal, or where there is none in a file that
/// only the folder's owner reads. It is never part of a log.
fn show_setup_link(server: &server::Server, url: &str) {
    if std::io::stderr().is_terminal() {
        eprintln!("Make the first owner in a browser (works once, within an hour):\n  {url}");
        return;
    }
    let instance = server.instance();
    let file = instance.setup_link_file();
    match instance.write_setup_link(url) {
        Ok(()) => eprintln!(
            "Make the first owner with the link in {} (works once, within an hour).",
            file.display()
        ),
        Err(error) => eprintln!("The set-up link could not be written: {error}"),
    }
}

pub(crate) fn run(args: ServeArgs) -> Done {
    let flags = Settings {
        data: args.data,
        listen: args.listen,
        instance: args.instance,
        checkpoint_store: args.checkpoint_store,
        signing_key_folder: args.signing_key_folder,
        location_file: args.location_file,
        trusted_proxies: args.trusted_proxies,
        ..Settings::default()
    };
    let file = match &args.config {
        Some(path) => {
            let text = std::fs::read_to_string(path)
                .with_context(|| format!("cannot read {}", path.display()))?;
            Settings::from_toml(&text)?
        }
        None => super::settings_in(&flags.clone().into_config()?.data)?,
    };
    let config = flags.or(file).into_config()?;
    let data = config.data.clone();
    server::log_to_stderr(std::env::var("ANNALS_LOG").ok().as_deref());
    super::runtime()?.block_on(server::serve(config, |server| {
        let url = format!("http://{}", server.address());
        // Nobody may be reading; the server runs all the same.
        let _ = output::line(&format!("{{\"listening\": \"{url}\"}}"));
        if server.instance().is_new() {
            let data = data.display();
            eprintln!(
                "New log in {data}. Make a key to go on:\n  annals key create --data {data} --name app --scope events:write,events:read,ledger:read\nThen send and search: `annals --help` has first steps, {url}/docs the API."
            );
        }
        if let Some(path) = server.setup_link() {
            show_setup_link(server, &format!("{url}{path}"));
        }
    }))?;
    Ok(())
}
