//! Opening the catalog: durability settings, migrations, the check of the format.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::Connection as _;
use sqlx::migrate::{MigrateError, Migrator};
use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};

use crate::FOLDER_FORMAT;

static MIGRATIONS: Migrator = sqlx::migrate!("./migrations");

/// Connections at a time: reads are rare (keys are cached by the server) and SQLite writes one at a
/// time.
const CONNECTIONS: u32 = 4;
/// How long a writer waits for another one before it gives up.
const BUSY_TIMEOUT: Duration = Duration::from_secs(10);

/// The open catalog. Cloning it is cheap; clones share their connections.
#[derive(Debug, Clone)]
pub struct Catalog {
    pub(crate) pool: SqlitePool,
}

/// Why the catalog did not open.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// A newer program wrote the folder: use that one.
    #[error(
        "the data folder has format {found} and this program knows formats up to {FOLDER_FORMAT}: \
         a newer Annals wrote it, start that one"
    )]
    NewerFormat {
        /// The format found; for a newer database without a newer folder, the number of its migration.
        found: i64,
    },
    /// The file cannot be made or opened.
    #[error("cannot open the catalog {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The database cannot be brought up to date.
    #[error("cannot bring the catalog {} up to date", path.display())]
    Migrate {
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: MigrateError,
    },
    /// The database does not answer, or is no database.
    #[error("cannot read the catalog {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: StoreError,
    },
}

/// The database failed, or holds what this program never writes.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The database refused or failed.
    #[error("the catalog's database failed")]
    Database(#[from] sqlx::Error),
    /// A stored value cannot be read.
    #[error("the catalog holds `{value}`, which is no {what}")]
    Damaged {
        /// What was expected.
        what: &'static str,
        /// What was found.
        value: String,
    },
}

impl StoreError {
    /// Whether the disk has no room: `SQLITE_FULL`, or PostgreSQL's `disk_full`.
    pub fn is_disk_full(&self) -> bool {
        match self {
            StoreError::Database(sqlx::Error::Database(error)) => error
                .code()
                .is_some_and(|code| matches!(&*code, "13" | "53100")),
            _ => false,
        }
    }
}

impl Catalog {
    /// Opens the SQLite file at `path`, making it (readable by its owner only) and its tables if
    /// they are missing. A folder of a newer format is refused and not touched.
    pub async fn open(path: &Path) -> Result<Self, OpenError> {
        let file_error = |source| OpenError::File {
            path: path.to_owned(),
            source,
        };
        let read_error = |source: StoreError| OpenError::Read {
            path: path.to_owned(),
            source,
        };
        private_file(path).map_err(file_error)?;
        let options = SqliteConnectOptions::new()
            .filename(path)
            .create_if_missing(false)
            .foreign_keys(true)
            .journal_mode(SqliteJournalMode::Wal)
            .synchronous(SqliteSynchronous::Full)
            .busy_timeout(BUSY_TIMEOUT);
        let pool = SqlitePoolOptions::new()
            .max_connections(CONNECTIONS)
            // SQLite takes a change back by itself when the disk is full, and the pool goes on to
            // believe in it: such a connection would refuse every later change.
            .before_acquire(|connection, _| {
                Box::pin(async move { Ok(!connection.is_in_transaction()) })
            })
            .connect_with(options)
            .await
            .map_err(|error| read_error(error.into()))?;
        let catalog = Catalog { pool };

        // The format is looked at before the migrations run: nothing of a newer folder is changed.
        if let Some(found) = catalog.stored_format().await.map_err(read_error)?
            && found > i64::from(FOLDER_FORMAT)
        {
            return Err(OpenError::NewerFormat { found });
        }
        MIGRATIONS
            .run(&catalog.pool)
            .await
            .map_err(|error| match error {
                MigrateError::VersionMissing(found) => OpenError::NewerFormat { found },
                source => OpenError::Migrate {
                    path: path.to_owned(),
                    source,
                },
            })?;
        Ok(catalog)
    }

    /// Waits for running statements and closes the file: afterwards the folder may be copied.
    pub async fn close(&self) {
        self.pool.close().await;
    }
}

/// Makes an empty file that only its owner reads, so that the database and the files SQLite puts
/// beside it (which take its permissions) are private from their first byte.
fn private_file(path: &Path) -> io::Result<()> {
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
    {
        Ok(file) => {
            file.sync_all()?;
            match path.parent() {
                Some(folder) if !folder.as_os_str().is_empty() => File::open(folder)?.sync_all(),
                _ => Ok(()),
            }
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(error),
    }
}
