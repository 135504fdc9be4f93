//! The catalogue of well-known actions: what an application's word for something means.
//!
//! Where an application sends only its action, activity, category and severity come from here.
//! Words the catalogue does not have are understood by their last part: `voucher.redeem.update` is
//! an `update`.

mod actions;

use crate::words::{Activity, Category, Outcome, Severity};

/// A well-known action.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Action {
    /// The application's word.
    pub action: &'static str,
    /// What kind of thing it is.
    pub activity: Activity,
    /// Its log type.
    pub category: Category,
    /// How much it matters when it succeeds.
    pub severity: Severity,
    /// What happened, in past tense: `Changed a credit limit`.
    pub label: &'static str,
}

impl Action {
    /// How much the action matters with this outcome. What fails or is not allowed is worth a note;
    /// around security and sign-in, worth a look.
    pub fn severity_after(&self, outcome: Option<Outcome>) -> Severity {
        let sensitive = self.category == Category::Security || self.activity == Activity::Login;
        let least = match outcome {
            Some(Outcome::Failure | Outcome::Denied) if sensitive => Severity::Medium,
            Some(Outcome::Denied) => Severity::Medium,
            Some(Outcome::Failure | Outcome::Warning) => Severity::Low,
            Some(Outcome::Success | Outcome::Unknown) | None => Severity::Info,
        };
        self.severity.max(least)
    }
}

/// Every well-known action, sorted.
pub fn all() -> &'static [Action] {
    actions::ACTIONS
}

/// What an action that nothing is known about means.
static UNKNOWN: Action = Action {
    action: "",
    activity: Activity::Other,
    category: Category::UserActivity,
    severity: Severity::Info,
    label: "",
};

/// What `action` means: as it stands, else by as many of its last dotted parts as are known
/// together, else by the last word of the last part. Capitals do not matter. An action that nothing
/// is known about is `other`, a `user_activity`, with an empty label.
pub fn lookup(action: &str) -> &'static Action {
    if let Some(found) = exact(action) {
        return found;
    }
    let lowered = action.to_ascii_lowercase();
    let mut parts = lowered.as_str();
    loop {
        if let Some(found) = exact(parts) {
            return found;
        }
        match parts.split_once(['.', ':', '/']) {
            Some((_, last)) => parts = last,
            None => break,
        }
    }
    let last_word = parts.rsplit(['_', '-', ' ']).next().unwrap_or_default();
    exact(last_word)
        .or_else(|| past_tense(last_word))
        .unwrap_or(&UNKNOWN)
}

/// What happened, in past tense; the action itself where nothing is known about it.
pub fn label(action: &str) -> &str {
    match lookup(action).label {
        "" => action,
        label => label,
    }
}

fn exact(action: &str) -> Option<&'static Action> {
    let place = actions::ACTIONS
        .binary_search_by(|row| row.action.cmp(action))
        .ok()?;
    actions::ACTIONS.get(place)
}

/// `created` means `create`, `locked` means `lock`.
fn past_tense(word: &str) -> Option<&'static Action> {
    exact(word.strip_suffix('d')?).or_else(|| exact(word.strip_suffix("ed")?))
}
