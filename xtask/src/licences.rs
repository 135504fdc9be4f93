//! Annals is free in full, and so must be everything it is built from.

use serde_json::Value;

use crate::shelves::{list, text};

/// Licences that allow what Apache-2.0 allows, by SPDX id.
const ALLOWED: &[&str] = &[
    "0BSD",
    "Apache-2.0",
    "Apache-2.0 WITH LLVM-exception",
    "BSD-2-Clause",
    "BSD-3-Clause",
    "BSL-1.0",
    "CC0-1.0",
    "CDLA-Permissive-2.0",
    "ISC",
    "MIT",
    "MIT-0",
    "MPL-2.0",
    "Unicode-3.0",
    "Unlicense",
    "Zlib",
];

/// Packages whose licence is not allowed or not stated.
pub(crate) fn check(metadata: &Value) -> Vec<String> {
    let wrong = |package: &&Value| !is_allowed(text(&package["license"]));
    let name = |package: &Value| {
        let (name, licence) = (text(&package["name"]), text(&package["license"]));
        format!(
            "package `{name}` has the licence {licence:?}, which is not in xtask/src/licences.rs"
        )
    };
    list(&metadata["packages"])
        .iter()
        .filter(wrong)
        .map(name)
        .collect()
}

/// An SPDX expression is a choice (`OR`, `/`) of combinations (`AND`).
fn is_allowed(expression: &str) -> bool {
    let flat = expression.replace(['(', ')'], " ").replace('/', " OR ");
    // `A AND (B OR C)` reads as `(A AND B) OR C` here: stricter or equal for allowed parts.
    flat.split(" OR ").any(|choice| {
        choice
            .split(" AND ")
            .all(|licence| ALLOWED.contains(&licence.trim()))
    })
}

#[cfg(test)]
mod tests {
    use super::is_allowed;

    #[test]
    fn one_allowed_choice_is_enough_and_every_part_of_a_combination_counts() {
        for (expression, allowed) in [
            ("MIT OR Apache-2.0", true),
            ("MIT/Apache-2.0", true),
            ("GPL-3.0-only", false),
            ("GPL-3.0-only OR MIT", true),
            ("(MIT OR Apache-2.0) AND Unicode-3.0", true),
            ("ISC AND GPL-2.0-only", false),
            ("", false),
        ] {
            assert_eq!(is_allowed(expression), allowed, "{expression}");
        }
    }
}
