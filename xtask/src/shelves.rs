//! Who may import whom. The table is the architecture; this module holds `cargo metadata` to it.

use serde_json::Value;

/// Each crate and the crates of ours it may name under `[dependencies]`. Tests may use more.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    // Pure: values and mathematics.
    ("event", &[]),
    ("query", &["event"]),
    ("merkle", &[]),
    ("demo", &["event"]),
    ("import", &["event"]),
    // Ground: what must never be lost.
    ("ledger", &["event", "merkle"]),
    ("catalog", &["event", "query"]),
    // Views: derived, can be deleted and rebuilt; never import each other.
    ("index", &["event", "query", "ledger"]),
    // Doors: the world.
    ("api", &["event", "query"]),
    ("enrich", &["event"]),
    (
        "server",
        &[
            "event", "query", "merkle", "ledger", "catalog", "index", "api", "demo", "enrich",
        ],
    ),
    ("client", &["api", "event", "merkle"]),
    (
        "cli",
        &[
            "server", "client", "api", "event", "query", "merkle", "ledger", "index", "catalog",
            "demo", "import",
        ],
    ),
    // Beside the house.
    (
        "bench",
        &["event", "query", "merkle", "ledger", "index", "import"],
    ),
    (
        "fuzz",
        &[
            "event", "query", "merkle", "ledger", "index", "import", "enrich", "client", "server",
        ],
    ),
    ("xtask", &[]),
];

/// What `cargo metadata` says that the table does not allow.
pub(crate) fn check(metadata: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let members = list(&metadata["workspace_members"]);
    for package in list(&metadata["packages"])
        .iter()
        .filter(|p| members.contains(&p["id"]))
    {
        let name = short(&package["name"]);
        let Some((_, allowed)) = MAY_IMPORT.iter().find(|(of, _)| *of == name) else {
            wrong.push(format!(
                "crate `{name}` is not in the import table of xtask/src/shelves.rs"
            ));
            continue;
        };
        for dependency in list(&package["dependencies"]) {
            let is_ours = text(&dependency["name"]).starts_with("annals-");
            let is_normal = dependency["kind"].is_null();
            let imported = short(&dependency["name"]);
            if is_ours && is_normal && !allowed.contains(&imported) {
                wrong.push(format!("crate `{name}` must not import `{imported}`"));
            }
        }
    }
    wrong
}

pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn short(name: &Value) -> &str {
    text(name).trim_start_matches("annals-")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_import_to_the_right_is_found() {
        let metadata = serde_json::json!({
            "workspace_members": ["m", "e"],
            "packages": [
                {"id": "m", "name": "annals-merkle", "dependencies": [
                    {"name": "annals-event", "kind": null},
                    {"name": "annals-ledger", "kind": "dev"},
                ]},
                {"id": "e", "name": "annals-event", "dependencies": [{"name": "serde", "kind": null}]},
            ],
        });
        assert_eq!(check(&metadata), ["crate `merkle` must not import `event`"]);
    }
}
