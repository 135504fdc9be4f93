//! Every flag, once. `--help` is written here.

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Parser, Subcommand, ValueEnum};

/// The audit log you can prove.
#[derive(Parser)]
#[command(
    name = "annals",
    version,
    after_help = "\
First steps:
  annals demo                                      a made-up company to look around in
  annals serve --data ./annals-data                an empty log of your own
  annals key create --data ./annals-data --name app --scope events:write,events:read,ledger:read
  export ANNALS_URL=http://127.0.0.1:7070 ANNALS_KEY=ann_...
  echo '{\"action\":\"customer.update\",\"actor\":{\"id\":\"u-1\"}}' | annals send
  annals search 'action:customer.*' --since 1h

Exit codes: 0 fine, 1 failed, 2 wrong usage, 3 integrity broken."
)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Run the server on a data folder, made if it is missing
    Serve(ServeArgs),
    /// Run a made-up company on a folder that can be deleted
    Demo(DemoArgs),
    /// Make, list and revoke API keys
    Key(KeyArgs),
    /// Make, list, change and disable people
    User(UserArgs),
    /// Make, list, suspend and delete tenants
    Tenant(TenantArgs),
    /// Send events, one JSON object a line, from standard input
    Send(SendArgs),
    /// Import files of events; may be repeated and resumed: what is there already stays single
    Import(ImportArgs),
    /// Find events: `annals search 'action:login outcome:failure' --since 1h`
    Search(SearchArgs),
    /// Show events as they come
    Tail(TailArgs),
    /// Write exactly the events that match, any number of them
    Export(ExportArgs),
    /// Write the proof that an event stands in the ledger
    Prove(ProveArgs),
    /// Check a data folder, a running server, or proof files
    Verify(VerifyArgs),
    /// Check every file of a data folder for damage
    Fsck(FsckArgs),
    /// Print completions for a shell: `annals completions bash > /etc/bash_completion.d/annals`
    Completions(CompletionsArgs),
    /// Print the OpenAPI description of the API
    #[command(hide = true)]
    Openapi,
}

/// Where the server is.
#[derive(clap::Args)]
pub(crate) struct ServerArgs {
    /// The server
    #[arg(long, env = "ANNALS_URL", default_value = "http://127.0.0.1:7070")]
    pub(crate) url: String,
    /// The API key (better by ANNALS_KEY than on the command line)
    #[arg(long, env = "ANNALS_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
}

impl ServerArgs {
    pub(crate) fn client(&self) -> client::Client {
        client::Client::new(&self.url, self.key.as_deref())
    }
}

#[derive(clap::Args)]
pub(crate) struct ServeArgs {
    /// The data folder
    #[arg(long, env = "ANNALS_DATA")]
    pub(crate) data: Option<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, env = "ANNALS_LISTEN")]
    pub(crate) listen: Option<String>,
    /// Name of the instance, fixed when the folder is made; a random one if absent
    #[arg(long, env = "ANNALS_INSTANCE")]
    pub(crate) instance: Option<String>,
    /// Configuration file; `annals.toml` in the data folder if absent
    #[arg(long, env = "ANNALS_CONFIG")]
    pub(crate) config: Option<PathBuf>,
    /// A folder elsewhere that gets a copy of every newest checkpoint
    #[arg(long, env = "ANNALS_CHECKPOINT_STORE")]
    pub(crate) checkpoint_store: Option<PathBuf>,
    /// A folder elsewhere that holds the signing keys, as `<tenant>.key`
    #[arg(long, env = "ANNALS_SIGNING_KEY_FOLDER")]
    pub(crate) signing_key_folder: Option<PathBuf>,
    /// A file in the MaxMind DB format (.mmdb): places of addresses are read from it, as estimates
    #[arg(long, env = "ANNALS_LOCATION_FILE")]
    pub(crate) location_file: Option<PathBuf>,
    /// Addresses and networks of proxies whose X-Forwarded-For is believed
    #[arg(long, env = "ANNALS_TRUSTED_PROXIES", value_delimiter = ',')]
    pub(crate) trusted_proxies: Option<Vec<String>>,
}

#[derive(clap::Args)]
pub(crate) struct DemoArgs {
    /// The folder, removed at the end unless given
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// Address and port; port 0 takes a free one
    #[arg(long, default_value = "127.0.0.1:7070")]
    pub(crate) listen: SocketAddr,
    /// Seed of the company; another one tells another story
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
}

/// Which data folder.
#[derive(clap::Args)]
pub(crate) struct DataArgs {
    /// The data folder
    #[arg(long, env = "ANNALS_DATA", default_value = "./annals-data")]
    pub(crate) data: PathBuf,
    /// The folder of the signing keys, if `serve` was given one; read where no server runs
    #[arg(long, env = "ANNALS_SIGNING_KEY_FOLDER")]
    pub(crate) signing_key_folder: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct KeyArgs {
    #[command(subcommand)]
    pub(crate) command: KeyCommand,
}

#[derive(Subcommand)]
pub(crate) enum KeyCommand {
    /// Make a key and print it, this once
    Create {
        #[command(flatten)]
        data: DataArgs,
        /// What it is for
        #[arg(long)]
        name: String,
        /// What it may do: events:write, events:read, ledger:read, admin
        #[arg(long)]
        scope: String,
        /// The tenant it opens
        #[arg(long, default_value = "main")]
        tenant: String,
        /// When it ends: `90d`, `12h`, or RFC 3339; never if absent
        #[arg(long)]
        expires: Option<String>,
        /// Where its sender runs, such as `production`
        #[arg(long)]
        environment: Option<String>,
        /// The only `source.app` it may send
        #[arg(long)]
        app: Option<String>,
    },
    /// List keys without their secrets
    List {
        #[command(flatten)]
        data: DataArgs,
        /// Only of this tenant
        #[arg(long)]
        tenant: Option<String>,
    },
    /// End a key within a second
    Revoke {
        #[command(flatten)]
        data: DataArgs,
        /// Its id, as `list` shows it
        id: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct UserArgs {
    #[command(subcommand)]
    pub(crate) command: UserCommand,
}

#[derive(Subcommand)]
pub(crate) enum UserCommand {
    /// Make an account and print the link with which its password is chosen, this once
    Create {
        #[command(flatten)]
        data: DataArgs,
        /// What they sign in with
        #[arg(long)]
        email: String,
        /// Their name
        #[arg(long)]
        name: String,
        /// owner, admin, auditor or viewer
        #[arg(long)]
        role: String,
        /// When the role of an auditor ends: `90d`, `12h`, or RFC 3339
        #[arg(long)]
        until: Option<String>,
        /// The tenant they belong to
        #[arg(long, default_value = "main")]
        tenant: String,
        /// The server, for the link
        #[arg(long, env = "ANNALS_URL", default_value = "http://127.0.0.1:7070")]
        url: String,
    },
    /// List people and what they are
    List {
        #[command(flatten)]
        data: DataArgs,
        /// Only of this tenant
        #[arg(long)]
        tenant: Option<String>,
    },
    /// Give somebody another role; their sessions end
    Role {
        #[command(flatten)]
        data: DataArgs,
        /// Who
        email: String,
        /// owner, admin, auditor or viewer
        role: String,
        /// When the role of an auditor ends: `90d`, `12h`, or RFC 3339
        #[arg(long)]
        until: Option<String>,
        /// In which tenant
        #[arg(long, default_value = "main")]
        tenant: String,
    },
    /// Close a tenant to somebody; their sessions end
    Disable {
        #[command(flatten)]
        data: DataArgs,
        /// Who
        email: String,
        /// Which tenant
        #[arg(long, default_value = "main")]
        tenant: String,
        /// Open it again instead
        #[arg(long)]
        undo: bool,
    },
    /// Print a link with which somebody chooses a new password, this once
    Reset {
        #[command(flatten)]
        data: DataArgs,
        /// Who
        email: String,
        /// The server, for the link
        #[arg(long, env = "ANNALS_URL", default_value = "http://127.0.0.1:7070")]
        url: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct TenantArgs {
    #[command(subcommand)]
    pub(crate) command: TenantCommand,
}

#[derive(Subcommand)]
pub(crate) enum TenantCommand {
    /// Make a tenant with a ledger and a signing key of its own
    Create {
        #[command(flatten)]
        data: DataArgs,
        /// Small letters, digits and hyphens
        name: String,
    },
    /// List tenants
    List {
        #[command(flatten)]
        data: DataArgs,
    },
    /// Answer nothing for a tenant any more, and keep everything
    Suspend {
        #[command(flatten)]
        data: DataArgs,
        /// Which
        name: String,
    },
    /// Answer for a suspended tenant again
    Resume {
        #[command(flatten)]
        data: DataArgs,
        /// Which
        name: String,
    },
    /// Remove a tenant's events for good
    Delete {
        #[command(flatten)]
        data: DataArgs,
        /// Which
        name: String,
    },
}

#[derive(clap::Args)]
pub(crate) struct SendArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// All or nothing: the input is one batch of at most 10,000 events
    #[arg(long)]
    pub(crate) atomic: bool,
}

#[derive(clap::Args)]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// Files, packed with gzip or not, or folders, which are searched through in order of name
    #[arg(required = true)]
    pub(crate) paths: Vec<PathBuf>,
    /// What the files hold
    #[arg(long, value_enum)]
    pub(crate) format: ImportFormat,
    /// Name of the import, kept in `ingest.import`; that of the first file or folder if absent
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Send everything again, also what an earlier run that was cut off had sent
    #[arg(long)]
    pub(crate) restart: bool,
    /// Write the events that would be sent, one a line, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) table: TableArgs,
}

/// How a table is read: only for `--format csv`.
#[derive(clap::Args)]
#[command(next_help_heading = "Tables (--format csv)")]
pub(crate) struct TableArgs {
    /// Which column says what: `--map action=Event --map actor.email=User`; may be repeated
    #[arg(long, value_name = "FIELD=COLUMN")]
    pub(crate) map: Vec<String>,
    /// What all rows have in common: `--set source.app=crm`; may be repeated
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) set: Vec<String>,
    /// A file that says all this, in TOML (see docs/imports.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) mapping: Option<PathBuf>,
    /// What parts the cells; found out if absent
    #[arg(long, value_name = "CHARACTER")]
    pub(crate) delimiter: Option<String>,
    /// How times are written, such as `%d.%m.%Y %H:%M:%S`
    #[arg(long, value_name = "FORMAT")]
    pub(crate) time_format: Option<String>,
    /// Zone of times that name none, such as Europe/Berlin; UTC if absent
    #[arg(long, value_name = "ZONE")]
    pub(crate) time_zone: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportFormat {
    /// Events of Annals, one a line, as `annals send` takes them
    Ndjson,
    /// A table with a heading
    Csv,
    /// AWS CloudTrail: its files, what lookup-events prints, or records one a line
    Cloudtrail,
    /// The audit log of a GitHub organisation or enterprise
    Github,
    /// The Okta System Log
    Okta,
}

/// Which time.
#[derive(clap::Args)]
pub(crate) struct TimeArgs {
    /// Only the last minutes, hours or days: `15m`, `1h`, `7d`
    #[arg(long, conflicts_with = "from")]
    pub(crate) since: Option<String>,
    /// Occurred at or after: RFC 3339, a date, or `now-7d`
    #[arg(long)]
    pub(crate) from: Option<String>,
    /// Occurred before; a date is that whole day
    #[arg(long)]
    pub(crate) to: Option<String>,
    /// Time zone of dates (IANA name); UTC if absent
    #[arg(long)]
    pub(crate) tz: Option<String>,
}

impl TimeArgs {
    pub(crate) fn add_to(&self, parameters: client::Parameters) -> client::Parameters {
        let from = self
            .since
            .as_ref()
            .map(|since| format!("now-{since}"))
            .or_else(|| self.from.clone());
        parameters
            .with_some("from", from)
            .with_some("to", self.to.clone())
            .with_some("tz", self.tz.clone())
    }
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shape {
    /// Aligned columns for people
    Table,
    /// One JSON object a line
    Jsonl,
    /// Columns for a spreadsheet
    Csv,
}

#[derive(clap::Args)]
pub(crate) struct SearchArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// What to find; everything if absent
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    /// At most this many
    #[arg(long, default_value_t = 50)]
    pub(crate) limit: u64,
    /// Oldest first
    #[arg(long)]
    pub(crate) oldest_first: bool,
    /// Annals' own events, too
    #[arg(long)]
    pub(crate) own: bool,
    /// How to write them; a table on a terminal, else JSON lines
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<Shape>,
}

#[derive(clap::Args)]
pub(crate) struct TailArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// What to follow; everything if absent
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) query: String,
    /// Begin after the event with this sequence instead of now
    #[arg(long)]
    pub(crate) after: Option<u64>,
    /// Annals' own events, too
    #[arg(long)]
    pub(crate) own: bool,
    /// How to write them; a table on a terminal, else JSON lines
    #[arg(short, long, value_enum)]
    pub(crate) output: Option<Shape>,
}

#[derive(Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// One event a line, then a line with the count
    Ndjson,
    /// For a spreadsheet
    Csv,
    /// One array
    Json,
}

#[derive(clap::Args)]
pub(crate) struct ExportArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// What to export; everything if absent
    #[arg(default_value = "", allow_hyphen_values = true)]
    pub(crate) query: String,
    #[command(flatten)]
    pub(crate) time: TimeArgs,
    /// How to write it
    #[arg(long, value_enum, default_value = "ndjson")]
    pub(crate) format: ExportFormat,
    /// File to write, which appears when it is whole; standard output if absent
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
    /// Annals' own events, too
    #[arg(long)]
    pub(crate) own: bool,
}

#[derive(clap::Args)]
pub(crate) struct ProveArgs {
    #[command(flatten)]
    pub(crate) server: ServerArgs,
    /// The event: `LOG-2026-0000123` or its sequence
    pub(crate) id: String,
    /// Read a data folder instead of asking a server
    #[arg(long)]
    pub(crate) data: Option<PathBuf>,
    /// The tenant, with --data
    #[arg(long, default_value = "main")]
    pub(crate) tenant: String,
    /// File to write; standard output if absent
    #[arg(short, long)]
    pub(crate) output: Option<PathBuf>,
}

#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  annals verify --data ./annals-data
  annals verify --url http://127.0.0.1:7070 --vkey vkey.txt --older checkpoint-of-last-year.txt
  annals verify proof.json --vkey vkey.txt

Keep the key (`vkey`) and a checkpoint now and then where nobody who runs the server can change
them: with an older checkpoint even a history rewritten by somebody who has the key is found.")]
pub(crate) struct VerifyArgs {
    /// Proof files as `annals prove` writes them; checked without any server
    #[arg(conflicts_with_all = ["data", "check_url"])]
    pub(crate) files: Vec<PathBuf>,
    /// Check a data folder: every file, event, entry, hash and checkpoint
    #[arg(long, conflicts_with = "check_url")]
    pub(crate) data: Option<PathBuf>,
    /// Check a running server: every tile and entry, and that it only grew
    #[arg(long = "url", id = "check_url", value_name = "URL")]
    pub(crate) url: Option<String>,
    /// The API key for --url, with the scope ledger:read
    #[arg(long, env = "ANNALS_KEY", hide_env_values = true)]
    pub(crate) key: Option<String>,
    /// The tenant; with --data all if absent, with --url `main`
    #[arg(long)]
    pub(crate) tenant: Option<String>,
    /// The public key, or a file with it, from somebody you trust
    #[arg(long, value_name = "STRING|FILE")]
    pub(crate) vkey: Option<String>,
    /// An older checkpoint that the log must have grown out of
    #[arg(long, value_name = "FILE")]
    pub(crate) older: Option<PathBuf>,
}

#[derive(clap::Args)]
pub(crate) struct FsckArgs {
    /// The data folder
    #[arg(long, env = "ANNALS_DATA", default_value = "./annals-data")]
    pub(crate) data: PathBuf,
    /// The tenant; all if absent
    #[arg(long)]
    pub(crate) tenant: Option<String>,
}

#[derive(clap::Args)]
pub(crate) struct CompletionsArgs {
    /// bash, zsh, fish, elvish or powershell
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_arguments_make_sense() {
        super::Args::command().debug_assert();
    }
}
