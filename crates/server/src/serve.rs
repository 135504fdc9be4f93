//! The life of a server: open, listen, say so, answer, stop.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Instant;

use catalog::TenantName;
use tokio::net::TcpListener;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::app::App;
use crate::config::Config;
use crate::connections;
use crate::control::Control;
use crate::error::error_chain;
use crate::front::Front;
use crate::instance::{Instance, InstanceError, InstanceOptions, RecordError};
use crate::limits::{EXPORTS_MAX, LAST_USED_EVERY, STOP_PATIENCE, TELL_EVERY};
use crate::own::{Doer, OwnEvent};
use crate::routes::router;

/// Why the server did not start, or did not end well.
#[derive(Debug, thiserror::Error)]
pub enum ServeError {
    /// The data folder cannot be used.
    #[error(transparent)]
    Instance(#[from] InstanceError),
    /// The address cannot be listened on.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The location file cannot be used.
    #[error(transparent)]
    Location(#[from] enrich::LocationError),
    /// The bundled rules for user agents cannot be used.
    #[error(transparent)]
    DeviceRules(#[from] enrich::RulesError),
    /// The control socket cannot be made.
    #[error("cannot make the control socket")]
    Control(#[source] io::Error),
    /// The signals cannot be listened to.
    #[error("cannot listen to signals")]
    Signal(#[source] io::Error),
}

/// A running server: where it listens, and how to stop it.
pub struct Server {
    address: SocketAddr,
    instance: Arc<Instance>,
    app: Arc<App>,
    stop: watch::Sender<bool>,
    listener: TcpListener,
    control: Control,
    setup_link: Option<String>,
}

/// Stops a running server, from anywhere, as often as one likes.
#[derive(Clone)]
pub struct Stop(watch::Sender<bool>);

impl Stop {
    /// Asks the server to finish what it does and end.
    pub fn stop(&self) {
        self.0.send_replace(true);
    }
}

/// Serves until SIGTERM or SIGINT. `ready` is called once with the address, when requests are
/// answered.
pub async fn serve(config: Config, ready: impl FnOnce(&Server)) -> Result<(), ServeError> {
    let mut terminate = signal(SignalKind::terminate()).map_err(ServeError::Signal)?;
    let mut interrupt = signal(SignalKind::interrupt()).map_err(ServeError::Signal)?;
    let server = Server::start(config).await?;
    ready(&server);
    let stop = server.stopper();
    let signals = tokio::spawn(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
        tracing::info!("the server was asked to stop");
        stop.stop();
    });
    let ended = server.run().await;
    signals.abort();
    ended
}

impl Server {
    /// Opens the data folder and listens. Nothing is answered before [`Server::run`].
    pub async fn start(config: Config) -> Result<Server, ServeError> {
        let address = config.listen;
        let location = config
            .location_file
            .as_deref()
            .map(enrich::Location::open)
            .transpose()?;
        let enricher = enrich::Enricher::new(location)?;
        let options = InstanceOptions {
            data: config.data.clone(),
            name: config.instance.clone(),
            checkpoint_store: config.checkpoint_store.clone(),
            signing_key_folder: config.signing_key_folder.clone(),
        };
        let instance = Arc::new(Instance::open(&options).await?);
        let listening = Server::listen(&instance, &config, address).await;
        let (listener, control) = match listening {
            Ok(listening) => listening,
            Err(error) => {
                instance.shut().await;
                return Err(error);
            }
        };
        let address = listener
            .local_addr()
            .map_err(|source| ServeError::Listen { address, source })?;
        let setup_link = match instance.make_setup_link().await {
            Ok(link) => link,
            Err(error) => {
                instance.shut().await;
                return Err(error.into());
            }
        };
        let (stop, stopping) = watch::channel(false);
        let app = Arc::new(App::new(instance.clone(), config, enricher, stopping));
        Ok(Server {
            address,
            instance,
            app,
            stop,
            listener,
            control,
            setup_link,
        })
    }

    async fn listen(
        instance: &Instance,
        config: &Config,
        address: SocketAddr,
    ) -> Result<(TcpListener, Control), ServeError> {
        let listener = TcpListener::bind(address)
            .await
            .map_err(|source| ServeError::Listen { address, source })?;
        let control = Control::listen(instance.folder.root()).map_err(ServeError::Control)?;
        let bound = listener.local_addr().unwrap_or(address);
        let started = server_event(instance, "annals.server.start", "started")
            .with("listen", bound.to_string())
            .with("public_log", config.public_log);
        instance
            .record(&TenantName::main(), &started)
            .await
            .map_err(|error: RecordError| ServeError::Instance(error.into()))?;
        Ok((listener, control))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The instance it serves.
    pub fn instance(&self) -> &Arc<Instance> {
        &self.instance
    }

    /// Path of the one-time link that makes the first owner (`/setup#...`); none if there is one.
    /// It is a secret: for the terminal or a private file, never for a log.
    pub fn setup_link(&self) -> Option<&str> {
        self.setup_link.as_deref()
    }

    /// The means to stop it.
    pub fn stopper(&self) -> Stop {
        Stop(self.stop.clone())
    }

    /// Answers until told to stop; then finishes what is under way, closes every ledger and ends.
    pub async fn run(self) -> Result<(), ServeError> {
        let control = tokio::spawn(self.control.serve(self.instance.clone()));
        let sweeper = tokio::spawn(sweep(self.app.clone()));
        let teller = tokio::spawn(tell(self.app.clone()));
        tracing::info!(address = %self.address, instance = %self.instance.name(), "the server listens");
        let front = Front::new(self.app.clone(), router(self.app.clone()));
        let config = &self.app.config;
        let (most, patience) = (config.max_connections, config.patience);
        let stop = self.stop.subscribe();
        connections::serve(self.listener, front, most, patience, stop).await;
        // Exports that broke with their connections still tell how they ended.
        let exports = self.app.exports.acquire_many(EXPORTS_MAX as u32);
        let _ = tokio::time::timeout(STOP_PATIENCE, exports).await;
        control.abort();
        sweeper.abort();
        teller.abort();
        let _ = control.await;
        self.instance.tell_repeated(true).await;
        if let Err(error) = self.instance.keep_last_uses().await {
            tracing::warn!(
                error = error_chain(&error),
                "the last use of keys and sessions could not be written down"
            );
        }
        let stopped = server_event(&self.instance, "annals.server.stop", "stopped");
        if let Err(error) = self.instance.record(&TenantName::main(), &stopped).await {
            tracing::error!(
                error = error_chain(&error),
                "the stop could not be recorded"
            );
        }
        self.instance.shut().await;
        tracing::info!("the server has stopped");
        Ok(())
    }
}

fn server_event(instance: &Instance, action: &'static str, did: &str) -> OwnEvent {
    let message = format!("Annals {} {did}", env!("CARGO_PKG_VERSION"));
    OwnEvent::new(action, &Doer::Server, message).to(
        "server",
        instance.name(),
        instance.name().as_str(),
    )
}

/// Writes down what is only counted or noted in memory, and looks after the reserve.
async fn tell(app: Arc<App>) {
    let mut every = tokio::time::interval(TELL_EVERY);
    let mut written = Instant::now();
    loop {
        every.tick().await;
        let instance = &app.instance;
        instance.reserve.take_back();
        instance.tell_repeated(false).await;
        if written.elapsed() >= LAST_USED_EVERY {
            written = Instant::now();
            if let Err(error) = instance.keep_last_uses().await {
                tracing::warn!(
                    error = error_chain(&error),
                    "the last use of keys and sessions could not be written down"
                );
            }
        }
    }
}

async fn sweep(app: Arc<App>) {
    let patience = app.config.patience;
    let mut every = tokio::time::interval(patience.sweep_every);
    loop {
        every.tick().await;
        app.instance.tenants.close_idle(patience.ledger_idle).await;
        app.meters.upkeep();
    }
}
