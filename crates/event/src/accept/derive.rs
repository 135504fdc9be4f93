//! What the server adds: who may speak for whom, and what the sender left out.

use super::{Door, Sender};
use crate::canonical::push_string;
use crate::catalogue;
use crate::json::{unescape, unquoted};
use crate::path::{self, Code, Path};
use crate::problem::{Problem, ProblemCode};
use crate::words::{ActorType, Outcome};

/// `source.app` and first part of `action` that only Annals' own events carry.
const OWN_NAME: &str = "annals";

impl Door<'_, '_, '_> {
    /// An actor is known by something, or its type says that there is nobody to know.
    pub(super) fn check_actor(&self, field: &str, type_code: Code) -> Result<(), Problem> {
        let (id, name, email) = if type_code == path::ACTOR_TYPE {
            (path::ACTOR_ID, path::ACTOR_NAME, path::ACTOR_EMAIL)
        } else {
            (
                path::ON_BEHALF_OF_ID,
                path::ON_BEHALF_OF_NAME,
                path::ON_BEHALF_OF_EMAIL,
            )
        };
        let known = [id, name, email]
            .into_iter()
            .any(|it| self.draft.value(it).is_some_and(|v| v != "\"\""));
        let nobody = matches!(
            self.draft.value(type_code),
            Some("\"system\"" | "\"anonymous\"")
        );
        if known || nobody {
            return Ok(());
        }
        let detail = "who did it is required: an id, a name or an e-mail, or the type \
                      system or anonymous";
        Err(Problem::new(ProblemCode::MissingField, field, detail))
    }

    pub(super) fn check_sender(&mut self) -> Result<(), Problem> {
        let unquoted = |code| self.draft.value(code).map(unquoted);
        let action = unquoted(path::ACTION).unwrap_or_default();
        let app = unquoted(path::SOURCE_APP);
        let first = action.split('.').next().unwrap_or_default();
        let reserved =
            |field: &str, detail: &str| Err(Problem::new(ProblemCode::Reserved, field, detail));
        match self.sender {
            Sender::Application { pinned } => {
                if first.eq_ignore_ascii_case(OWN_NAME) {
                    return reserved("/action", "actions that begin with annals are Annals' own");
                }
                if app.is_some_and(|app| app.eq_ignore_ascii_case(OWN_NAME)) {
                    return reserved("/source/app", "the application annals is Annals itself");
                }
                if let Some(pinned) = pinned {
                    match app {
                        Some(app) if unescape(app) != pinned => {
                            let detail = format!(
                                "this sender may only send events of the application {pinned:?}"
                            );
                            return Err(Problem::new(
                                ProblemCode::WrongValue,
                                "/source/app",
                                detail,
                            ));
                        }
                        Some(_) => {}
                        None => {
                            let path = Path::Known(path::SOURCE_APP);
                            self.draft.set_default(path, &["\"", pinned, "\""]);
                        }
                    }
                }
            }
            Sender::Annals => {
                if first != OWN_NAME || action.len() <= OWN_NAME.len() + 1 {
                    return reserved("/action", "Annals' own actions begin with annals.");
                }
                if app.is_some_and(|app| app != OWN_NAME) {
                    return reserved("/source/app", "Annals' own events come from annals");
                }
                if app.is_none() {
                    let path = Path::Known(path::SOURCE_APP);
                    self.draft.set_default(path, &["\"", OWN_NAME, "\""]);
                }
            }
        }
        Ok(())
    }

    /// Fills in what the sender left to the server.
    pub(super) fn derive(&mut self) -> Result<(), Problem> {
        let wanted = [path::ACTIVITY, path::CATEGORY, path::SEVERITY];
        if wanted.into_iter().any(|code| !self.draft.has(code)) {
            let action = unescape(unquoted(self.draft.value(path::ACTION).unwrap_or_default()));
            let known = catalogue::lookup(&action);
            let outcome = self.draft.value(path::OUTCOME_RESULT);
            let outcome = outcome.and_then(|text| Outcome::parse(unquoted(text)));
            self.default_word(path::ACTIVITY, known.activity.as_str());
            self.default_word(path::CATEGORY, known.category.as_str());
            self.default_word(path::SEVERITY, known.severity_after(outcome).as_str());
        }
        if !self.draft.has(path::OCCURRED_AT) {
            let now = self.acceptance.now.to_string();
            self.draft
                .set_default(Path::Known(path::OCCURRED_AT), &["\"", &now, "\""]);
        }
        let ingest = [
            (path::INGEST_KEY_ID, self.acceptance.key_id),
            (path::INGEST_IMPORT, self.acceptance.import),
        ];
        for (code, text) in ingest {
            if let Some(text) = text {
                let mut quoted = String::with_capacity(text.len() + 2);
                push_string(text, &mut quoted);
                self.draft.set_default(Path::Known(code), &[&quoted]);
            }
        }
        Ok(())
    }

    pub(super) fn default_actor_type(&mut self, code: Code) {
        if !self.draft.has(code) {
            let user = ["\"", ActorType::User.as_str(), "\""];
            self.draft.set_default(Path::Known(code), &user);
        }
    }

    pub(super) fn default_word(&mut self, code: Code, word: &str) {
        if !self.draft.has(code) {
            self.draft
                .set_default(Path::Known(code), &["\"", word, "\""]);
        }
    }
}
