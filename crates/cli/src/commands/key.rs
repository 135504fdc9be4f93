//! `annals key`.

use anyhow::Context as _;
use event::Timestamp;
use serde_json::json;
use server::{AdminAnswer, AdminRequest, KeyView, Settings};

use crate::args::{DataArgs, KeyArgs, KeyCommand};
use crate::failure::{Done, Failure};
use crate::output;

pub(crate) fn run(args: KeyArgs) -> Done {
    match args.command {
        KeyCommand::Create {
            data,
            name,
            scope,
            tenant,
            expires,
            environment,
            app,
        } => {
            let expires_at = expires.as_deref().map(expiry).transpose()?;
            let request = AdminRequest::KeyCreate {
                tenant,
                name,
                scopes: scope,
                expires_at,
                environment,
                app,
            };
            match administer(&data, request)? {
                AdminAnswer::KeyCreated { text, .. } => output::line(&text),
                other => Err(unexpected(&other)),
            }
        }
        KeyCommand::List { data, tenant } => {
            match administer(&data, AdminRequest::KeyList { tenant })? {
                AdminAnswer::Keys { keys } => list(&keys),
                other => Err(unexpected(&other)),
            }
        }
        KeyCommand::Revoke { data, id } => match administer(&data, AdminRequest::KeyRevoke { id })?
        {
            AdminAnswer::KeyRevoked { key } => {
                eprintln!("key {} ({}) is revoked", key.id, key.name);
                Ok(())
            }
            other => Err(unexpected(&other)),
        },
    }
}

/// Carries out a request on a data folder, through its server if one runs, else by opening the
/// folder as its `annals.toml` says.
pub(crate) fn administer(data: &DataArgs, request: AdminRequest) -> Result<AdminAnswer, Failure> {
    let flags = Settings {
        signing_key_folder: data.signing_key_folder.clone(),
        ..Settings::default()
    };
    let settings = flags.or(super::settings_in(&data.data)?);
    let options = server::InstanceOptions {
        data: data.data.clone(),
        name: None,
        checkpoint_store: settings.checkpoint_store,
        signing_key_folder: settings.signing_key_folder,
    };
    Ok(super::runtime()?.block_on(server::administer(&options, request))?)
}

pub(crate) fn unexpected(answer: &AdminAnswer) -> Failure {
    Failure::Failed(anyhow::anyhow!(
        "the server answered something else: {answer:?}"
    ))
}

fn list(keys: &[KeyView]) -> Done {
    if !output::is_terminal() {
        for key in keys {
            output::line(&json!(key).to_string())?;
        }
        return Ok(());
    }
    let row = |key: &KeyView| {
        let state = match (&key.revoked_at, &key.expires_at) {
            (Some(at), _) => format!("revoked {at}"),
            (None, Some(at)) => format!("until {at}"),
            (None, None) => "valid".to_owned(),
        };
        vec![
            key.id.clone(),
            key.tenant.clone(),
            key.name.clone(),
            key.prefix.clone(),
            key.scopes.clone(),
            state,
        ]
    };
    let rows: Vec<_> = keys.iter().map(row).collect();
    output::table(
        &["id", "tenant", "name", "begins", "scopes", "state"],
        &rows,
    )
}

/// `90d`, `12h`, `30m` from now, or a time as it stands.
pub(super) fn expiry(text: &str) -> anyhow::Result<String> {
    if Timestamp::parse_rfc3339(text).is_ok() {
        return Ok(text.to_owned());
    }
    let seconds = text
        .char_indices()
        .next_back()
        .and_then(|(at, unit)| {
            let number: i64 = text.get(..at)?.parse().ok().filter(|n| *n > 0)?;
            let seconds = match unit {
                'd' => 86_400,
                'h' => 3_600,
                'm' => 60,
                _ => return None,
            };
            number.checked_mul(seconds)?.checked_mul(1_000_000)
        })
        .with_context(|| {
            format!("{text}: say 90d, 12h, 30m or a time like 2027-01-31T00:00:00Z")
        })?;
    let now = jiff::Timestamp::now().as_microsecond();
    Ok(Timestamp::from_micros(now).plus_micros(seconds).to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_end_is_a_distance_or_a_time() {
        assert!(expiry("90d").is_ok() && expiry("2027-01-31T00:00:00Z").is_ok());
        for wrong in ["", "d", "90", "-1d", "90y", "99999999999999999d"] {
            assert!(expiry(wrong).is_err(), "{wrong}");
        }
    }
}
