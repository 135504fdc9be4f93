//! What a verb in the name of an action says about it: `DeleteTrail`, `repo.archived`.

use event::Activity;

/// The words of a name: parted by anything that is no letter or digit, and at capitals.
pub(crate) fn words(name: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut before = ' ';
    for c in name.chars() {
        let begins = !before.is_alphanumeric() || (c.is_uppercase() && !before.is_uppercase());
        if c.is_alphanumeric() {
            match words.last_mut().filter(|_| !begins) {
                Some(word) => word.extend(c.to_lowercase()),
                None => words.push(c.to_lowercase().collect()),
            }
        }
        before = c;
    }
    words
}

/// What the first word that is a known verb says.
pub(crate) fn activity<'w>(words: impl IntoIterator<Item = &'w String>) -> Option<Activity> {
    words.into_iter().find_map(|word| {
        of(word)
            .or_else(|| of(word.strip_suffix('d')?))
            .or_else(|| of(word.strip_suffix("ed")?))
    })
}

fn of(verb: &str) -> Option<Activity> {
    Some(match verb {
        "describe" | "get" | "list" | "head" | "lookup" | "view" | "read" | "show" | "scan"
        | "check" | "test" | "preview" | "estimate" | "fetch" | "clone" | "validate"
        | "simulate" => Activity::Read,
        "search" | "query" | "select" | "filter" => Activity::Search,
        "create" | "add" | "register" | "allocate" | "copy" | "publish" | "launch" | "generate"
        | "new" | "request" | "issue" | "fork" | "invite" => Activity::Create,
        "delete" | "terminate" | "remove" | "deregister" | "release" | "destroy" | "purge"
        | "forget" | "leave" => Activity::Delete,
        "update" | "modify" | "set" | "put" | "tag" | "untag" | "change" | "rename" | "replace"
        | "reset" | "restore" | "archive" | "unarchive" | "transfer" | "edit" | "move"
        | "rotate" | "merge" | "assign" | "unassign" => Activity::Update,
        "attach" | "authorize" | "grant" | "associate" | "promote" => Activity::Grant,
        "detach" | "revoke" | "disassociate" | "unlink" | "demote" => Activity::Revoke,
        "enable" | "activate" | "unsuspend" | "reactivate" => Activity::Enable,
        "disable" | "deactivate" | "suspend" | "stop" => Activity::Disable,
        "lock" | "block" => Activity::Lock,
        "unlock" | "unblock" => Activity::Unlock,
        "approve" | "accept" | "reject" | "dismiss" | "deny" => Activity::Approve,
        "invoke" | "run" | "execute" | "start" | "send" | "reboot" | "converse" | "completed"
        | "complete" | "evaluate" => Activity::Execute,
        "assume" | "login" | "signin" => Activity::Login,
        "logout" | "signout" => Activity::Logout,
        "export" | "download" => Activity::Export,
        "import" | "upload" => Activity::Import,
        "share" => Activity::Share,
        "configure" | "policy" => Activity::Configure,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_and_understood() {
        #[track_caller]
        fn check(name: &str, expected: Option<Activity>) {
            assert_eq!(activity(&words(name)), expected, "{name}");
        }
        assert_eq!(
            words("BatchGetSecretValue"),
            ["batch", "get", "secret", "value"]
        );
        assert_eq!(words("SendSSHPublicKey"), ["send", "sshpublic", "key"]);
        assert_eq!(words("org.disable_2fa"), ["org", "disable", "2fa"]);
        check("BatchGetSecretValue", Some(Activity::Read));
        check("AdminCreateUser", Some(Activity::Create));
        check("repo.archived", Some(Activity::Update));
        check("org.saml_disabled", Some(Activity::Disable));
        check("Frobnicate", None);
    }
}
