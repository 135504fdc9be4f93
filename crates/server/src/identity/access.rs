//! What is about to be done with a ledger, and the event that tells of it.

use std::time::Duration;

use catalog::{TenantName, TenantState};
use serde_json::{Value, json};

use crate::app::App;
use crate::auth::Grant;
use crate::error::{Denial, Refusal, error_chain};
use crate::identity::told::{Same, Window};
use crate::instance::{RecordError, now};
use crate::limits::{READ_TOLD_KEY, REFUSAL_TOLD, SEARCH_TOLD_PERSON};
use crate::own::{Ended, OwnEvent};

/// A use of a ledger or of the configuration. The ledger is only opened for one
/// ([`App::ledger`]), so that none is without its event.
#[derive(Debug, Clone)]
pub(crate) enum Access {
    /// Events are sent: each says itself which key sent it.
    Append,
    /// Events are searched or counted.
    Search(Asked),
    /// Values of a field are completed.
    Complete {
        /// Which field.
        of: String,
    },
    /// One event is read.
    View {
        /// As the request names it.
        id: String,
        /// Its place.
        sequence: u64,
    },
    /// One event is taken along with its proof.
    Proof {
        /// As the request names it.
        id: String,
        /// Its place.
        sequence: u64,
    },
    /// Any number of events are taken along.
    Export(Asked),
    /// Events are followed as they come.
    Tail(Asked),
    /// Checkpoints, tiles or entries are read.
    Log,
    /// Something of the configuration is read.
    Config {
        /// What of it.
        what: &'static str,
    },
}

/// What a search asks for, as the request says it.
#[derive(Debug, Clone, Default)]
pub(crate) struct Asked {
    pub(crate) q: Option<String>,
    pub(crate) from: Option<String>,
    pub(crate) to: Option<String>,
    /// The sender's id, or the format of an export.
    pub(crate) more: Option<String>,
}

impl Asked {
    /// What is asked for, in the words of the request.
    pub(crate) fn of(q: &Option<String>, from: &Option<String>, to: &Option<String>) -> Self {
        Asked {
            q: q.clone(),
            from: from.clone(),
            to: to.clone(),
            more: None,
        }
    }

    /// With one more thing that tells it apart.
    pub(crate) fn and(mut self, more: Option<&str>) -> Self {
        self.more = more.map(str::to_owned);
        self
    }

    fn words(&self) -> &str {
        self.q.as_deref().unwrap_or("").trim()
    }

    /// What makes two searches one in the audit: the query, or where there is none what else was
    /// asked for.
    fn same(&self) -> &str {
        match self.words() {
            "" => self.more.as_deref().unwrap_or(""),
            words => words,
        }
    }

    /// Says it in an event.
    pub(crate) fn tell(&self, event: OwnEvent) -> OwnEvent {
        let text = |text: &Option<String>| text.as_ref().map_or(Value::Null, |it| json!(it));
        event
            .with("query", self.words())
            .with("from", text(&self.from))
            .with("to", text(&self.to))
            .with("detail", text(&self.more))
    }
}

impl Access {
    /// Its action and message; none where the ledger tells of it by itself.
    fn action(&self) -> Option<(&'static str, &'static str)> {
        Some(match self {
            Access::Append => return None,
            Access::Search(_) | Access::Complete { .. } => {
                ("annals.event.search", "Events were searched")
            }
            Access::View { .. } => ("annals.event.view", "An event was read"),
            Access::Proof { .. } => ("annals.event.proof", "The proof of an event was taken"),
            Access::Export(_) => ("annals.event.export", "Events were exported"),
            Access::Tail(_) => ("annals.event.tail", "Events were followed"),
            Access::Log => ("annals.log.read", "The log was read"),
            Access::Config { .. } => ("annals.config.read", "The configuration was read"),
        })
    }

    /// For how long equal ones leave one event, and what makes them equal; none where each leaves
    /// its own.
    fn window(&self, by_key: bool) -> Option<(Window, &str)> {
        let (person, key) = (SEARCH_TOLD_PERSON, READ_TOLD_KEY);
        let window = |length: Duration, counted| Window { length, counted };
        let same = match self {
            Access::Search(asked) | Access::Tail(asked) => asked.same(),
            Access::Complete { of } => of,
            Access::Config { what } => what,
            Access::Log | Access::Append => "",
            // A program may read a million entries: told of by number.
            Access::View { .. } | Access::Proof { .. } if by_key => {
                return Some((window(key, true), ""));
            }
            Access::View { .. } | Access::Proof { .. } | Access::Export(_) => return None,
        };
        let length = if by_key { key } else { person };
        Some((window(length, by_key), same))
    }

    fn event(&self, grant: &Grant, action: (&'static str, &'static str), exists: bool) -> OwnEvent {
        let event = OwnEvent::new(action.0, &grant.doer(), action.1);
        match self {
            Access::Append | Access::Log => event,
            Access::Search(asked) | Access::Export(asked) | Access::Tail(asked) => {
                asked.tell(event)
            }
            Access::Complete { of } => event.with("completed", of.as_str()),
            Access::Config { what } => event.with("what", *what),
            Access::View { id, sequence } | Access::Proof { id, sequence } => {
                let event = event.to("event", sequence, id.chars().take(64).collect::<String>());
                match exists {
                    true => event,
                    false => event.ended(Ended::Failure("there is no such event")),
                }
            }
        }
    }
}

impl App {
    /// Tells the ledger of an access before it happens. Where the ledger cannot take that, the
    /// access does not happen. `exists` says whether what is named is there.
    pub(crate) async fn tell(
        &self,
        grant: &Grant,
        access: &Access,
        exists: bool,
    ) -> Result<(), Refusal> {
        let Some(action) = access.action() else {
            return Ok(());
        };
        if grant.is_public() {
            return Ok(());
        }
        let instance = &self.instance;
        let event = || access.event(grant, action, exists);
        match access.window(grant.key_id().is_some()) {
            Some((window, same)) => {
                let parts = [grant.tenant().as_str(), grant.who_id(), action.0, same];
                let tell = |event| async move { instance.record(grant.tenant(), &event).await };
                instance
                    .identity
                    .told
                    .once(Same::of(&parts), window, grant.tenant(), now(), event, tell)
                    .await?;
            }
            None => instance.record(grant.tenant(), &event()).await?,
        }
        Ok(())
    }

    /// Tells the ledgers of a refusal that they have to hear of. If none of them can be told, that is
    /// the answer.
    pub(crate) async fn tell_refused(&self, mut refusal: Refusal) -> Refusal {
        let Some(denial) = refusal.take_denial() else {
            return refusal;
        };
        let mut told = Ok(());
        let mut is_told = false;
        for tenant in &denial.tenants {
            match self.tell_denial(&denial, tenant, &denial.event).await {
                Ok(()) => is_told = true,
                failed => told = failed,
            }
        }
        if !is_told && let Some(event) = &denial.otherwise {
            told = self.tell_denial(&denial, &TenantName::main(), event).await;
            is_told = told.is_ok();
        }
        match told {
            Err(error) if !is_told => error.into(),
            Err(error) => {
                tracing::warn!(
                    error = error_chain(&error),
                    "a refusal could not be recorded in every ledger that it concerns"
                );
                refusal
            }
            Ok(()) => refusal,
        }
    }

    async fn tell_denial(
        &self,
        denial: &Denial,
        tenant: &TenantName,
        event: &OwnEvent,
    ) -> Result<(), RecordError> {
        let instance = &self.instance;
        // A deleted tenant has no ledger any more.
        let main = TenantName::main();
        let tenant = match instance.tenant_state(tenant) {
            Some(TenantState::Deleted) => &main,
            _ => tenant,
        };
        let window = Window {
            length: REFUSAL_TOLD,
            counted: true,
        };
        let same = denial.same_in(tenant);
        let tell = |event| async move { instance.record(tenant, &event).await };
        let told = &instance.identity.told;
        told.once(same, window, tenant, now(), || event.clone(), tell)
            .await
    }
}
