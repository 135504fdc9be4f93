//! What every adapter of the catalog must do. An adapter joins by adding its line to `on_each`.

use std::future::Future;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

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
