//! `annals tenant`.

use serde_json::json;
use server::{AdminAnswer, AdminRequest, TenantView};

use super::key::{administer, unexpected};
use crate::args::{TenantArgs, TenantCommand};
use crate::failure::Done;
use crate::output;

pub(crate) fn run(args: TenantArgs) -> Done {
    let (data, request) = match args.command {
        TenantCommand::Create { data, name } => (data, AdminRequest::TenantCreate { name }),
        TenantCommand::List { data } => (data, AdminRequest::TenantList),
        TenantCommand::Suspend { data, name } => (data, AdminRequest::TenantSuspend { name }),
        TenantCommand::Resume { data, name } => (data, AdminRequest::TenantResume { name }),
        TenantCommand::Delete { data, name } => (data, AdminRequest::TenantDelete { name }),
    };
    match administer(&data, request)? {
        AdminAnswer::Tenant { tenant } => {
            eprintln!("tenant {} is {}", tenant.name, tenant.state);
            Ok(())
        }
        AdminAnswer::Tenants { tenants } => list(&tenants),
        other => Err(unexpected(&other)),
    }
}

fn list(tenants: &[TenantView]) -> Done {
    if !output::is_terminal() {
        for tenant in tenants {
            output::line(&json!(tenant).to_string())?;
        }
        return Ok(());
    }
    let row = |t: &TenantView| vec![t.name.clone(), t.state.clone(), t.created_at.clone()];
    let rows: Vec<_> = tenants.iter().map(row).collect();
    output::table(&["name", "state", "made"], &rows)
}
