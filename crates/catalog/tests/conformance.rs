//! What every adapter of the catalog must do. An adapter joins by adding its line to `on_each`.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use catalog::{
    Account, Deletion, Link, LinkId, LinkKind, MemberState, Membership, Person, PersonId, Role,
    SavedSearch, SearchId, Session, SessionId, Team, TeamId, TokenText,
};
use catalog::{
    ApiKey, Catalog, CreateKeyError, CreateTenantError, KeyId, KeyStanding, KeyText, MissingError,
    OpenError, Scope, Scopes, TenantName, TenantState,
};
use event::Timestamp;

/// Runs `test` against an empty catalog of each adapter.
async fn on_each<F: Future<Output = ()>>(test: impl Fn(Catalog) -> F) {
    let folder = tempfile::tempdir().unwrap();
    test(
        Catalog::open(&folder.path().join("catalog.db"))
            .await
            .unwrap(),
    )
    .await;
}

const NOON: Timestamp = Timestamp::from_micros(1_768_478_400_000_000);
const LATER: Timestamp = Timestamp::from_micros(1_768_478_460_000_000);

fn name(text: &str) -> TenantName {
    text.parse().unwrap()
}

fn key(number: u8, tenant: &str) -> ApiKey {
    let text = KeyText::from_random([number; 32]);
    ApiKey {
        id: KeyId::from_random([number; 8]),
        tenant: name(tenant),
        name: "Website".parse().unwrap(),
        hash: text.hash(),
        prefix: text.shown_prefix(),
        scopes: Scopes::of(&[Scope::EventsWrite, Scope::EventsRead]).unwrap(),
        created_at: NOON,
        expires_at: Some(LATER),
        revoked_at: None,
        created_by: "command line".to_owned(),
        environment: "production".to_owned(),
        app: Some("shop".to_owned()),
        last_used_at: None,
        last_used_from: None,
        replaces: None,
    }
}

async fn with_main(catalog: &Catalog) {
    let mut change = catalog.change().await.unwrap();
    change.create_tenant(&name("main"), NOON).await.unwrap();
    change.commit().await.unwrap();
}

#[tokio::test]
async fn an_instance_is_named_once() {
    on_each(|catalog| async move {
        assert_eq!(catalog.instance().await.unwrap(), None);
        let mut change = catalog.change().await.unwrap();
        change
            .found(&"annals.example.com".parse().unwrap(), NOON)
            .await
            .unwrap();
        change.commit().await.unwrap();
        let mut change = catalog.change().await.unwrap();
        assert!(change.found(&"other".parse().unwrap(), NOON).await.is_err());
        drop(change);
        let instance = catalog.instance().await.unwrap().unwrap();
        assert_eq!(instance.name.as_str(), "annals.example.com");
        assert_eq!(instance.created_at, NOON);
    })
    .await;
}

#[tokio::test]
async fn a_change_that_is_not_committed_never_was() {
    on_each(|catalog| async move {
        let mut change = catalog.change().await.unwrap();
        change.create_tenant(&name("acme"), NOON).await.unwrap();
        drop(change);
        assert_eq!(catalog.tenants().await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn tenants_are_kept_by_name() {
    on_each(|catalog| async move {
        let mut change = catalog.change().await.unwrap();
        change.create_tenant(&name("zeta"), NOON).await.unwrap();
        change.create_tenant(&name("acme"), LATER).await.unwrap();
        change.commit().await.unwrap();
        let names: Vec<String> = catalog
            .tenants()
            .await
            .unwrap()
            .iter()
            .map(|t| t.name.to_string())
            .collect();
        assert_eq!(names, ["acme", "zeta"]);
        let acme = catalog.tenant(&name("acme")).await.unwrap().unwrap();
        assert_eq!((acme.created_at, acme.state), (LATER, TenantState::Active));
    })
    .await;
}

#[tokio::test]
async fn a_tenants_name_is_never_given_twice() {
    on_each(|catalog| async move {
        with_main(&catalog).await;
        let mut change = catalog.change().await.unwrap();
        change
            .set_tenant_state(&name("main"), TenantState::Suspended)
            .await
            .unwrap();
        change
            .set_tenant_state(&name("main"), TenantState::Deleted)
            .await
            .unwrap();
        let again = change.create_tenant(&name("main"), LATER).await;
        assert!(
            matches!(again, Err(CreateTenantError::Exists(_))),
            "{again:?}"
        );
        let back = change
            .set_tenant_state(&name("main"), TenantState::Active)
            .await;
        assert!(
            matches!(back, Err(MissingError::Missing { .. })),
            "{back:?}"
        );
        change.commit().await.unwrap();
        let tenant = catalog.tenant(&name("main")).await.unwrap().unwrap();
        assert_eq!(tenant.state, TenantState::Deleted);
    })
    .await;
}

#[tokio::test]
async fn a_key_comes_back_as_it_was_kept() {
    on_each(|catalog| async move {
        with_main(&catalog).await;
        let (first, second) = (
            key(1, "main"),
            ApiKey {
                expires_at: None,
                created_at: LATER,
                ..key(2, "main")
            },
        );
        let mut change = catalog.change().await.unwrap();
        change.create_key(&second).await.unwrap();
        change.create_key(&first).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(catalog.keys().await.unwrap(), [first.clone(), second]);
        assert_eq!(catalog.key(&first.id).await.unwrap(), Some(first));
        assert_eq!(
            catalog.key(&KeyId::from_text("key_none")).await.unwrap(),
            None
        );
    })
    .await;
}

#[tokio::test]
async fn a_key_needs_a_living_tenant() {
    on_each(|catalog| async move {
        with_main(&catalog).await;
        let mut change = catalog.change().await.unwrap();
        change
            .set_tenant_state(&name("main"), TenantState::Deleted)
            .await
            .unwrap();
        for tenant in ["main", "nobody"] {
            let made = change.create_key(&key(1, tenant)).await;
            assert!(matches!(made, Err(CreateKeyError::NoTenant(_))), "{made:?}");
        }
    })
    .await;
}

#[tokio::test]
async fn revoking_twice_keeps_the_first_time() {
    on_each(|catalog| async move {
        with_main(&catalog).await;
        let mut change = catalog.change().await.unwrap();
        change.create_key(&key(1, "main")).await.unwrap();
        let id = key(1, "main").id;
        assert_eq!(
            change.revoke_key(&id, NOON).await.unwrap().revoked_at,
            Some(NOON)
        );
        assert_eq!(
            change.revoke_key(&id, LATER).await.unwrap().revoked_at,
            Some(NOON)
        );
        let other = change.revoke_key(&KeyId::from_text("key_none"), NOON).await;
        assert!(
            matches!(other, Err(MissingError::Missing { what: "key", .. })),
            "{other:?}"
        );
    })
    .await;
}

#[test]
fn a_key_expires_on_the_microsecond_and_revocation_wins() {
    let key = key(1, "main");
    assert_eq!(key.standing(NOON), KeyStanding::Good);
    assert_eq!(key.standing(LATER), KeyStanding::Expired(LATER));
    let revoked = ApiKey {
        revoked_at: Some(NOON),
        ..key
    };
    assert_eq!(revoked.standing(LATER), KeyStanding::Revoked(NOON));
}

#[tokio::test]
async fn changes_wait_for_each_other() {
    on_each(|catalog| async move {
        let tasks: Vec<_> = (0..20)
            .map(|number| {
                let catalog = catalog.clone();
                tokio::spawn(async move {
                    let mut change = catalog.change().await.unwrap();
                    change
                        .create_tenant(&name(&format!("t{number}")), NOON)
                        .await
                        .unwrap();
                    change.commit().await.unwrap();
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(catalog.tenants().await.unwrap().len(), 20);
    })
    .await;
}

#[tokio::test]
async fn the_file_is_private_and_opens_again() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.db");
    let catalog = Catalog::open(&file).await.unwrap();
    with_main(&catalog).await;
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{:?}", entry.path());
    }
    catalog.close().await;
    let again = Catalog::open(&file).await.unwrap();
    assert_eq!(again.tenants().await.unwrap().len(), 1);
}

/// Opens the file once, runs `sql` on it, and expects the next opening to be refused by name.
async fn check_refused(file: &Path, sql: &'static str) {
    let catalog = Catalog::open(file).await.unwrap();
    let mut change = catalog.change().await.unwrap();
    change
        .found(&"annals.example.com".parse().unwrap(), NOON)
        .await
        .unwrap();
    change.commit().await.unwrap();
    catalog.close().await;
    let pool = sqlx::SqlitePool::connect(&format!("sqlite://{}", file.display()))
        .await
        .unwrap();
    sqlx::query(sql).execute(&pool).await.unwrap();
    pool.close().await;
    match Catalog::open(file).await {
        Err(error @ OpenError::NewerFormat { .. }) => {
            assert!(error.to_string().contains("newer Annals"), "{error}")
        }
        other => panic!("opened a newer folder: {other:?}"),
    }
}

#[tokio::test]
async fn a_folder_of_a_newer_format_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    check_refused(
        &folder.path().join("a.db"),
        "UPDATE instance SET format = 2",
    )
    .await;
    check_refused(
        &folder.path().join("b.db"),
        "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time) \
         VALUES (9999, 'from the future', TRUE, X'00', 0)",
    )
    .await;
}

#[tokio::test]
async fn a_file_that_is_no_database_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("catalog.db");
    std::fs::write(&file, "this is no database, it is a sentence").unwrap();
    let error = Catalog::open(&file).await.unwrap_err();
    assert!(error.to_string().contains("catalog.db"), "{error}");
}

fn person(number: u8) -> Person {
    Person {
        id: PersonId::from_random([number; 8]),
        name: "Ann Smith".parse().unwrap(),
        email: format!("Ann{number}@Example.com").parse().unwrap(),
        password: Some("$argon2id$...".to_owned()),
        time_zone: "UTC".to_owned(),
        preferences: "{}".to_owned(),
        created_at: NOON,
    }
}

fn member(number: u8, role: Role) -> Membership {
    Membership {
        person: person(number).id,
        tenant: name("main"),
        role,
        role_until: None,
        state: MemberState::Active,
        joined_at: NOON,
    }
}

async fn with_people(catalog: &Catalog) {
    with_main(catalog).await;
    let mut change = catalog.change().await.unwrap();
    for (number, role) in [(1, Role::Owner), (2, Role::Viewer)] {
        change.create_person(&person(number)).await.unwrap();
        change.put_membership(&member(number, role)).await.unwrap();
    }
    change.commit().await.unwrap();
}

#[tokio::test]
async fn people_come_back_as_they_were_kept_and_an_address_is_one_account() {
    on_each(|catalog| async move {
        with_people(&catalog).await;
        let expected = Account {
            person: person(1),
            memberships: vec![member(1, Role::Owner)],
        };
        assert_eq!(catalog.accounts().await.unwrap().len(), 2);
        let found = catalog.account(&person(1).id).await.unwrap();
        assert_eq!(found, Some(expected));
        let mut change = catalog.change().await.unwrap();
        assert!(change.has_owner().await.unwrap());
        let changed = Person {
            preferences: r#"{"theme":"dark"}"#.to_owned(),
            ..person(2)
        };
        change.update_person(&changed).await.unwrap();
        let found = change.person(&person(2).id).await.unwrap();
        assert_eq!(found, Some(changed));
        assert_eq!(change.person(&person(3).id).await.unwrap(), None);
        let email = "ANN1@example.com".parse().unwrap();
        let found = change.person_by_email(&email).await.unwrap();
        assert_eq!(found, Some(person(1)));
        let twin = Person {
            email: person(1).email,
            ..person(3)
        };
        assert!(change.create_person(&twin).await.is_err());
    })
    .await;
}

#[tokio::test]
async fn an_owner_counts_while_active_and_in_time() {
    on_each(|catalog| async move {
        with_people(&catalog).await;
        let main = name("main");
        let mut change = catalog.change().await.unwrap();
        assert_eq!(change.owners(&main, NOON).await.unwrap(), [person(1).id]);
        let timed = Membership {
            role_until: Some(LATER),
            ..member(1, Role::Owner)
        };
        change.put_membership(&timed).await.unwrap();
        assert_eq!(change.owners(&main, LATER).await.unwrap(), []);
        let disabled = Membership {
            state: MemberState::Disabled,
            ..member(1, Role::Owner)
        };
        change.put_membership(&disabled).await.unwrap();
        assert_eq!(change.owners(&main, NOON).await.unwrap(), []);
        change
            .remove_membership(&person(1).id, &main)
            .await
            .unwrap();
        assert!(!change.has_owner().await.unwrap());
    })
    .await;
}

#[tokio::test]
async fn sessions_are_kept_touched_and_ended() {
    on_each(|catalog| async move {
        with_people(&catalog).await;
        let session = |number: u8| Session {
            id: SessionId::from_random([number; 8]),
            person: person(1).id,
            hash: TokenText::from_random([number; 32]).hash(),
            created_at: NOON,
            last_used_at: NOON,
            fresh_until: LATER,
            address: "192.0.2.1".to_owned(),
            user_agent: "Browser".to_owned(),
            untold: vec![TenantName::main()],
        };
        let mut change = catalog.change().await.unwrap();
        for number in [1, 2, 3] {
            change.create_session(&session(number)).await.unwrap();
        }
        change
            .touch_session(&session(1).id, LATER, LATER)
            .await
            .unwrap();
        let acme: TenantName = "acme".parse().unwrap();
        let untold = [acme, TenantName::main()];
        change.set_untold(&session(1).id, &untold).await.unwrap();
        change.end_session(&session(2).id).await.unwrap();
        change
            .end_sessions_of(&person(1).id, Some(&session(1).id))
            .await
            .unwrap();
        change.commit().await.unwrap();
        let touched = Session {
            last_used_at: LATER,
            untold: untold.to_vec(),
            ..session(1)
        };
        assert_eq!(catalog.sessions().await.unwrap(), [touched]);
    })
    .await;
}

#[tokio::test]
async fn a_link_is_used_once_and_a_new_one_replaces_the_one_before() {
    on_each(|catalog| async move {
        with_people(&catalog).await;
        let link = |number: u8, kind| Link {
            id: LinkId::from_random([number; 8]),
            hash: TokenText::from_random([number; 32]).hash(),
            kind,
            person: None,
            tenant: Some(name("main")).filter(|_| kind == LinkKind::Invitation),
            email: Some("new@example.com".parse().unwrap()),
            role: Some(Role::Auditor),
            role_until: Some(LATER),
            created_at: NOON,
            expires_at: LATER,
            used_at: None,
            created_by: "annals".to_owned(),
        };
        let mut change = catalog.change().await.unwrap();
        for number in [1, 2] {
            let link = link(number, LinkKind::Invitation);
            change.create_link(&link).await.unwrap();
        }
        change.create_link(&link(3, LinkKind::Setup)).await.unwrap();
        change.commit().await.unwrap();
        let hash = |number: u8| TokenText::from_random([number; 32]).hash();
        assert_eq!(catalog.link(&hash(1)).await.unwrap(), None);
        let second = link(2, LinkKind::Invitation);
        assert_eq!(catalog.link(&hash(2)).await.unwrap(), Some(second.clone()));
        let invitations = catalog.invitations(&name("main")).await.unwrap();
        assert_eq!(invitations, std::slice::from_ref(&second));
        let mut change = catalog.change().await.unwrap();
        change.use_link(&second.id, LATER).await.unwrap();
        change.remove_setup_links().await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(catalog.link(&hash(3)).await.unwrap(), None);
        let used = catalog.link(&hash(2)).await.unwrap().unwrap();
        assert_eq!(used.used_at, Some(LATER));
        assert_eq!(catalog.invitations(&name("main")).await.unwrap(), []);
    })
    .await;
}

#[tokio::test]
async fn teams_searches_and_deletions_are_kept_by_tenant() {
    on_each(|catalog| async move {
        with_people(&catalog).await;
        let main = name("main");
        let team = Team {
            id: TeamId::from_random([1; 8]),
            tenant: main.clone(),
            name: "Security".parse().unwrap(),
            addresses: r#"["soc@example.com"]"#.to_owned(),
            members: vec![person(1).id, person(2).id],
            created_at: NOON,
        };
        let search = |number: u8, owner: u8, shared| SavedSearch {
            id: SearchId::from_random([number; 8]),
            tenant: main.clone(),
            person: person(owner).id,
            name: "Logins".parse().unwrap(),
            query: "action:login".to_owned(),
            params: "{}".to_owned(),
            shared,
            created_at: NOON,
        };
        let asked = Deletion {
            tenant: main.clone(),
            requested_by: person(1).id,
            requested_at: NOON,
        };
        let mut change = catalog.change().await.unwrap();
        change.put_team(&team).await.unwrap();
        for search in [search(1, 1, false), search(2, 1, true), search(3, 2, false)] {
            change.put_search(&search).await.unwrap();
        }
        change.request_deletion(&asked).await.unwrap();
        let again = Deletion {
            requested_by: person(2).id,
            ..asked.clone()
        };
        change.request_deletion(&again).await.unwrap();
        change.commit().await.unwrap();
        assert_eq!(catalog.teams(&main).await.unwrap(), [team]);
        let seen = catalog.searches(&main, &person(2).id).await.unwrap();
        assert_eq!(seen, [search(2, 1, true), search(3, 2, false)]);
        assert_eq!(catalog.deletions().await.unwrap(), [asked]);
        let mut change = catalog.change().await.unwrap();
        change
            .remove_membership(&person(1).id, &main)
            .await
            .unwrap();
        change.withdraw_deletion(&main).await.unwrap();
        change.commit().await.unwrap();
        let left = catalog.teams(&main).await.unwrap();
        assert_eq!(left[0].members, [person(2).id]);
        let seen = catalog.searches(&main, &person(1).id).await.unwrap();
        assert_eq!(seen, [search(2, 1, true)], "shared ones stay");
        assert_eq!(catalog.deletions().await.unwrap(), []);
    })
    .await;
}
