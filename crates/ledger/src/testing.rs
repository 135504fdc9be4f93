//! A ledger for the tests of this crate that look inside.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use event::{Acceptance, Event, Kind, Salt};

use crate::background::Resources;
use crate::clock::{Clock, System};
use crate::disk::Real;
use crate::ledger::{Ledger, Mode, Prepared};
use crate::open::Options;

pub(crate) fn ledger(disk: &Arc<Real>, resources: &Arc<Resources>) -> Ledger {
    let options = Options {
        origin: "test.example.com/main".to_owned(),
        dir: PathBuf::new(),
        clock: Arc::new(System),
        entropy: Arc::new(System),
        resources: resources.clone(),
        sign_after: Duration::from_secs(3600),
        checkpoint_store: None,
        signing_key: None,
    };
    Ledger::open(disk.clone(), options).unwrap()
}

/// Adds an event with an id of its own and seals it.
pub(crate) fn seal_one(ledger: &Ledger, n: u8) {
    let acceptance = Acceptance {
        now: System.now(),
        key_id: None,
        import: None,
    };
    let json =
        format!(r#"{{"id":"id-{n}","action":"login","actor":{{"id":"u-1"}},"message":"late"}}"#);
    let event = Event::accept(json.as_bytes(), &acceptance).unwrap();
    let event = Prepared::new(event, Kind::Application, Salt([n; 16]), None);
    ledger.append(vec![event], Mode::Each).unwrap();
    ledger.seal();
    while ledger.work().unwrap() {}
}
