//! What a file or a record looks like, for whoever named the wrong format.

use event::json::NodeKind;

use crate::mapper::Format;
use crate::record::{Record, View};

/// Members of GitHub's records that no event of Annals has.
const GITHUB_MARKS: [&str; 5] = ["created_at", "@timestamp", "_document_id", "org", "repo"];

/// How a log is named in a sentence.
pub(crate) fn name(format: Format) -> &'static str {
    match format {
        Format::Ndjson => "Annals (--format ndjson)",
        Format::Csv => "a table (--format csv)",
        Format::CloudTrail => "AWS CloudTrail (--format cloudtrail)",
        Format::GitHub => "the GitHub audit log (--format github)",
        Format::Okta => "the Okta System Log (--format okta)",
    }
}

/// What a record of the format has.
pub(crate) fn wants(format: Format) -> &'static str {
    match format {
        Format::Ndjson | Format::GitHub => "it has no `action`",
        Format::Csv => "it is no row",
        Format::CloudTrail => "it has no `eventSource` and `eventName`",
        Format::Okta => "it has no `eventType`",
    }
}

/// Whether a record is one of the format, as far as can be told. Records that lack something are
/// still of their format; what is missing is named by the mapping.
pub(crate) fn is(format: Format, record: View<'_, '_>) -> bool {
    let has = |name| record.has(name);
    match format {
        Format::Csv => true,
        Format::Ndjson => has("action"),
        Format::CloudTrail => {
            let marks = [
                "eventSource",
                "eventName",
                "userIdentity",
                "awsRegion",
                "eventID",
                "recipientAccountId",
                "insightDetails",
            ];
            marks.into_iter().filter(|name| has(name)).count() >= 2
        }
        Format::Okta => {
            let marks = [
                "published",
                "legacyEventType",
                "uuid",
                "displayMessage",
                "outcome",
                "client",
                "actor",
                "authenticationContext",
                "debugContext",
                "transaction",
                "securityContext",
                "target",
            ];
            let typed = has("eventType") && !has("eventVersion") && !is_okta_hook(record);
            typed || marks.into_iter().filter(|name| has(name)).count() >= 3 && !has("action")
        }
        Format::GitHub => has("action") && !is_annals(record) && !has("eventSource"),
    }
}

/// What an event hook of Okta sends: some records in one.
fn is_okta_hook(record: View<'_, '_>) -> bool {
    let events = record.get(&["data", "events"]);
    events.is_some_and(|events| events.is(NodeKind::Array))
}

fn is_annals(record: View<'_, '_>) -> bool {
    let actor = record.get(&["actor"]);
    actor.is_some_and(|actor| actor.is(NodeKind::Object) && !actor.has("login"))
        && record.has("action")
}

/// Another system's log that a record which should be an event of Annals looks like, in words.
pub(crate) fn foreign(record: View<'_, '_>) -> Option<String> {
    let is_foreign = match record.has("action") {
        true => GITHUB_MARKS.into_iter().any(|mark| record.has(mark)),
        false => !is_annals(record),
    };
    is_foreign.then(|| of_record(record)).flatten()
}

/// What a record looks like, in words.
pub(crate) fn of_record(record: View<'_, '_>) -> Option<String> {
    let has = |name| record.has(name);
    let starts =
        |name: &str, with: &str| record.text(&[name]).is_some_and(|it| it.starts_with(with));
    let format = if is_annals(record) && !GITHUB_MARKS.into_iter().any(|mark| record.has(mark)) {
        Format::Ndjson
    } else if is(Format::CloudTrail, record) {
        Format::CloudTrail
    } else if has("eventType") && is(Format::Okta, record) {
        Format::Okta
    } else if is(Format::GitHub, record) {
        Format::GitHub
    } else if is_okta_hook(record) {
        return Some(
            "what an event hook of Okta sends; its records are in `data.events`".to_owned(),
        );
    } else if has("logEvents") && has("logGroup") {
        return Some(
            "what CloudWatch Logs passes on; its records are in `message` of each of `logEvents`"
                .to_owned(),
        );
    } else if starts("apiVersion", "audit.k8s.io") {
        return Some("an audit event of Kubernetes, which is not known here".to_owned());
    } else if has("protoPayload") || has("logName") && has("insertId") {
        return Some("an entry of Google Cloud Logging, which is not known here".to_owned());
    } else if has("operationName") && (has("resourceId") || has("correlationId")) {
        return Some("a record of Azure or Microsoft Entra, which is not known here".to_owned());
    } else if has("digestS3Object") || has("previousDigestSignature") {
        return Some("a digest of CloudTrail, which holds no events".to_owned());
    } else {
        return None;
    };
    Some(name(format).to_owned())
}

/// The record inside another one: what `aws cloudtrail lookup-events` wraps around an event, and
/// what EventBridge does.
pub(crate) fn unwrapped(record: &Record<'_>) -> Option<String> {
    let root = record.root();
    if let Some(event) = root.get(&["CloudTrailEvent"]) {
        return event.as_string().map(|text| text.into_owned());
    }
    let detail = root.get(&["detail"])?;
    let is_wrapped = root.has("detail-type") && detail.is(NodeKind::Object);
    is_wrapped.then(|| detail.raw().to_owned())
}

/// What a file begins like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Beginning {
    /// JSON: one value, an array, or several values.
    Json,
    /// JSON values, each on a line of its own.
    JsonLines,
    /// Text that is no JSON.
    Text,
    /// Nothing but blanks.
    Nothing,
    /// Something else, in words.
    Other(&'static str),
}

/// Looks at the first bytes of a file, up to some hundred KiB.
pub fn beginning(bytes: &[u8]) -> Beginning {
    let begins = |with: &[u8]| bytes.starts_with(with);
    let other = [
        (&b"\x1f\x8b"[..], "gzip inside gzip; unpack it once"),
        (b"PK\x03\x04", "a zip archive; unpack it first"),
        (b"\x28\xb5\x2f\xfd", "zstd; unpack it first"),
        (b"BZh", "bzip2; unpack it first"),
        (b"\xfd7zXZ", "xz; unpack it first"),
        (b"PAR1", "Parquet"),
        (b"SQLite format 3", "an SQLite database"),
        (b"%PDF", "a PDF"),
        (b"\xff\xfe", "UTF-16; convert it to UTF-8 first"),
        (b"\xfe\xff", "UTF-16; convert it to UTF-8 first"),
    ];
    if let Some((_, what)) = other.into_iter().find(|(with, _)| begins(with)) {
        return Beginning::Other(what);
    }
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    if bytes.contains(&0) {
        return Beginning::Other("binary data");
    }
    let mut lines = bytes
        .split(|byte| *byte == b'\n')
        .map(<[u8]>::trim_ascii)
        .filter(|line| !line.is_empty());
    let Some(first) = lines.next() else {
        return Beginning::Nothing;
    };
    if first.starts_with(b"<") {
        return Beginning::Other("XML or HTML");
    }
    let is_json = |line: &[u8]| line.starts_with(b"{") || line.starts_with(b"[");
    if !is_json(first) {
        // The first line of a log that was cut at its beginning, perhaps.
        return match lines
            .take(8)
            .any(|line| line.starts_with(b"{\"") && line.ends_with(b"}"))
        {
            true => Beginning::JsonLines,
            false => Beginning::Text,
        };
    }
    // A value on each line, the first of which may be broken; not a value over several lines.
    let goes_on = first.ends_with(b",")
        || first.ends_with(b"[")
        || first.ends_with(b"{")
        || first.ends_with(b":");
    let mut second_is_whole = || {
        let second = lines.next();
        second.is_some_and(|line| line.starts_with(b"{") && is_balanced(line))
    };
    if is_balanced(first) || !goes_on && second_is_whole() {
        return Beginning::JsonLines;
    }
    Beginning::Json
}

/// Whether every bracket of a line that begins with one is closed at its very end.
fn is_balanced(line: &[u8]) -> bool {
    let (mut depth, mut in_string, mut escaped) = (0usize, false, false);
    for (place, byte) in line.iter().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                if depth == 0 {
                    return place + 1 == line.len();
                }
            }
            _ => {}
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_told_apart_by_their_beginning() {
        #[track_caller]
        fn check(text: &[u8], expected: Beginning) {
            assert_eq!(
                beginning(text),
                expected,
                "{}",
                String::from_utf8_lossy(text)
            );
        }
        check(b"", Beginning::Nothing);
        check(b" \n\n", Beginning::Nothing);
        check(b"{\"a\":1}\n{\"a\":2}\n", Beginning::JsonLines);
        check(b"\xef\xbb\xbf{\"a\":1}", Beginning::JsonLines);
        check(b"[{\"a\":1},{\"a\":2}]", Beginning::JsonLines);
        check(b"{\n  \"a\": 1\n}\n", Beginning::Json);
        check(b"[\n{\"a\":1},\n{\"a\":2}\n]", Beginning::Json);
        check(b"{\"Records\":[\n{\"a\":1}\n]}", Beginning::Json);
        check(b"[{\"a\":1},\n{\"a\":2}]", Beginning::Json);
        check(b"{\"a\":\"cut\n{\"a\":2}\n{\"a\":3}", Beginning::JsonLines);
        check(b"ut\"}\n{\"a\":2}\n", Beginning::JsonLines);
        check(b"a,b\n1,2\n", Beginning::Text);
        check(
            b"PK\x03\x04...",
            Beginning::Other("a zip archive; unpack it first"),
        );
        check(b"<html>", Beginning::Other("XML or HTML"));
        check(b"a\0b", Beginning::Other("binary data"));
    }
}
