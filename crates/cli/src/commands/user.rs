//! `annals user`.

use serde_json::json;
use server::{AdminAnswer, AdminRequest, UserView};

use super::key::{administer, expiry, unexpected};
use crate::args::{UserArgs, UserCommand};
use crate::failure::Done;
use crate::output;

pub(crate) fn run(args: UserArgs) -> Done {
    let (data, request, url) = match args.command {
        UserCommand::Create {
            data,
            email,
            name,
            role,
            until,
            tenant,
            url,
        } => {
            let role_until = until.as_deref().map(expiry).transpose()?;
            let request = AdminRequest::UserCreate {
                tenant,
                name,
                email,
                role,
                role_until,
            };
            (data, request, url)
        }
        UserCommand::List { data, tenant } => {
            (data, AdminRequest::UserList { tenant }, String::new())
        }
        UserCommand::Role {
            data,
            email,
            role,
            until,
            tenant,
        } => {
            let role_until = until.as_deref().map(expiry).transpose()?;
            let request = AdminRequest::UserRole {
                tenant,
                email,
                role,
                role_until,
            };
            (data, request, String::new())
        }
        UserCommand::Disable {
            data,
            email,
            tenant,
            undo,
        } => {
            let request = AdminRequest::UserState {
                tenant,
                email,
                active: undo,
            };
            (data, request, String::new())
        }
        UserCommand::Reset { data, email, url } => (data, AdminRequest::UserReset { email }, url),
    };
    match administer(&data, request)? {
        AdminAnswer::User { user, link } => {
            eprintln!("{}", words(&user));
            match link {
                Some(path) => {
                    eprintln!("Whoever opens this link within 72 hours chooses the password:");
                    output::line(&format!("{}{path}", url.trim_end_matches('/')))
                }
                None => Ok(()),
            }
        }
        AdminAnswer::Users { users } => list(&users),
        other => Err(unexpected(&other)),
    }
}

fn words(user: &UserView) -> String {
    let until = user.role_until.as_deref();
    format!(
        "{} <{}> is {} in {}{}, {}",
        user.name,
        user.email,
        user.role,
        user.tenant,
        until.map_or_else(String::new, |until| format!(" until {until}")),
        user.state
    )
}

fn list(users: &[UserView]) -> Done {
    if !output::is_terminal() {
        for user in users {
            output::line(&json!(user).to_string())?;
        }
        return Ok(());
    }
    let row = |user: &UserView| {
        vec![
            user.email.clone(),
            user.name.clone(),
            user.tenant.clone(),
            user.role.clone(),
            user.role_until.clone().unwrap_or_default(),
            user.state.clone(),
            if user.has_password { "chosen" } else { "none" }.to_owned(),
        ]
    };
    let rows: Vec<_> = users.iter().map(row).collect();
    output::table(
        &[
            "e-mail", "name", "tenant", "role", "until", "state", "password",
        ],
        &rows,
    )
}
