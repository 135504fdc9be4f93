//! People from the command line: the same changes, without a browser.

use std::sync::Arc;

use catalog::{
    Account, DisplayName, Email, MemberState, Membership, Person, PersonId, Role, TenantName,
    TenantState,
};

use crate::admin::{AdminAnswer, AdminError, AdminRequest, UserView, parsed, parsed_time};
use crate::error::Refusal;
use crate::identity::members::{Wanted, may_end, person_event};
use crate::instance::{Instance, now, random};
use crate::own::Doer;

impl Instance {
    /// Carries out a request about people.
    pub(crate) async fn administer_user(
        &self,
        request: AdminRequest,
        doer: &Doer,
    ) -> Result<AdminAnswer, AdminError> {
        match request {
            AdminRequest::UserCreate {
                tenant,
                name,
                email,
                role,
                role_until,
            } => {
                let membership = Membership {
                    person: PersonId::from_random(random()?),
                    tenant: self.living_tenant(&tenant)?,
                    role: parsed(&role)?,
                    role_until: role_until.as_deref().map(parsed_time).transpose()?,
                    state: MemberState::Active,
                    joined_at: now(),
                };
                self.create_user(parsed(&name)?, parsed(&email)?, membership, doer)
                    .await
            }
            AdminRequest::UserRole {
                tenant,
                email,
                role,
                role_until,
            } => {
                let role_until = role_until.as_deref().map(parsed_time).transpose()?;
                let wanted = Wanted {
                    role: Some(parsed(&role)?),
                    role_until: Some(role_until),
                    state: None,
                };
                self.change_user(&tenant, &email, wanted, doer).await
            }
            AdminRequest::UserState {
                tenant,
                email,
                active,
            } => {
                let state = match active {
                    true => MemberState::Active,
                    false => MemberState::Disabled,
                };
                let wanted = Wanted {
                    state: Some(state),
                    ..Wanted::default()
                };
                self.change_user(&tenant, &email, wanted, doer).await
            }
            AdminRequest::UserReset { email } => {
                let account = self.account_of(&email)?;
                let link = self
                    .make_reset_link(&account, doer)
                    .await
                    .map_err(refused)?;
                let membership = account.memberships.first().ok_or_else(|| {
                    AdminError::Refused(format!("`{email}` belongs to no tenant any more"))
                })?;
                Ok(AdminAnswer::User {
                    user: user_view(&account.person, membership),
                    link: Some(link),
                })
            }
            AdminRequest::UserList { tenant } => {
                let tenant = tenant
                    .as_deref()
                    .map(|it| self.living_tenant(it))
                    .transpose()?;
                Ok(AdminAnswer::Users {
                    users: self.users(tenant.as_ref()),
                })
            }
            _ => Err(AdminError::Refused("this is not about people".to_owned())),
        }
    }

    fn users(&self, tenant: Option<&TenantName>) -> Vec<UserView> {
        let accounts = self.identity.people.each();
        let mut users: Vec<UserView> = accounts
            .iter()
            .flat_map(|account| {
                let wanted = |it: &&Membership| tenant.is_none_or(|tenant| it.tenant == *tenant);
                let memberships = account.memberships.iter().filter(wanted);
                memberships.map(|it| user_view(&account.person, it))
            })
            .collect();
        users.sort_by(|a, b| (&a.email, &a.tenant).cmp(&(&b.email, &b.tenant)));
        users
    }

    async fn create_user(
        &self,
        name: DisplayName,
        email: Email,
        membership: Membership,
        doer: &Doer,
    ) -> Result<AdminAnswer, AdminError> {
        may_end(membership.role, membership.role_until, membership.joined_at).map_err(refused)?;
        let mut change = self.change().await?;
        let (person, is_new) = match change.person_by_email(&email).await? {
            Some(person) => (person, false),
            None => (
                Person {
                    id: membership.person.clone(),
                    name,
                    email,
                    password: None,
                    time_zone: "UTC".to_owned(),
                    preferences: "{}".to_owned(),
                    created_at: membership.joined_at,
                },
                true,
            ),
        };
        let membership = Membership {
            person: person.id.clone(),
            ..membership
        };
        let tenant = &membership.tenant;
        if change.membership(&person.id, tenant).await?.is_some() {
            return Err(AdminError::Refused(format!(
                "`{}` belongs to the tenant `{tenant}` already; change it with `annals user role`",
                person.email
            )));
        }
        if is_new {
            change.create_person(&person).await?;
        }
        change.put_membership(&membership).await?;
        change.remove_invitation_of(&person.email, tenant).await?;
        if membership.role == Role::Owner {
            change.remove_setup_links().await?;
        }
        let account = Account {
            person,
            memberships: vec![membership.clone()],
        };
        let event = person_event("annals.person.join", "Joined the tenant", doer, &account)
            .with("role", membership.role.as_str());
        self.record(tenant, &event).await?;
        change.commit().await?;
        self.reload_person(&account.person.id).await?;
        if membership.role == Role::Owner {
            let _ = std::fs::remove_file(self.setup_link_file());
        }
        // Whoever has a password keeps it.
        let link = match account.person.password {
            Some(_) => None,
            None => Some(
                self.make_reset_link(&account, doer)
                    .await
                    .map_err(refused)?,
            ),
        };
        Ok(AdminAnswer::User {
            user: user_view(&account.person, &membership),
            link,
        })
    }

    async fn change_user(
        &self,
        tenant: &str,
        email: &str,
        wanted: Wanted,
        doer: &Doer,
    ) -> Result<AdminAnswer, AdminError> {
        let tenant = self.living_tenant(tenant)?;
        let account = self.account_of(email)?;
        let membership = self
            .change_member(&tenant, &account.person.id, wanted, Role::Owner, doer)
            .await
            .map_err(refused)?;
        Ok(AdminAnswer::User {
            user: user_view(&account.person, &membership),
            link: None,
        })
    }

    fn account_of(&self, email: &str) -> Result<Arc<Account>, AdminError> {
        let parsed: Email = parsed(email)?;
        let account = self.identity.people.by_email(&parsed);
        account.ok_or_else(|| AdminError::Refused(format!("nobody has the address `{parsed}`")))
    }

    fn living_tenant(&self, name: &str) -> Result<TenantName, AdminError> {
        let name: TenantName = parsed(name)?;
        match self.tenant_state(&name) {
            Some(state) if state != TenantState::Deleted => Ok(name),
            _ => Err(AdminError::Refused(format!(
                "there is no tenant `{name}`; make one with `annals tenant create {name}`"
            ))),
        }
    }
}

/// A refusal in words for the command line.
fn refused(refusal: Refusal) -> AdminError {
    AdminError::Refused(refusal.into_problem().detail)
}

fn user_view(person: &Person, membership: &Membership) -> UserView {
    UserView {
        id: person.id.to_string(),
        email: person.email.to_string(),
        name: person.name.as_str().to_owned(),
        tenant: membership.tenant.to_string(),
        role: membership.role.as_str().to_owned(),
        role_until: membership.role_until.map(|it| it.to_string()),
        state: membership.state.as_str().to_owned(),
        has_password: person.password.is_some(),
    }
}
