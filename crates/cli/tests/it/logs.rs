//! `annals import` of other systems' logs into a real server.

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use client::Parameters;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::harness::{Served, annals, text, total};

fn sample(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../import/tests/data")
        .join(name)
}

fn expected(name: &str) -> Value {
    let text = std::fs::read_to_string(sample("expected.json")).unwrap();
    serde_json::from_str::<Value>(&text).unwrap()[name].clone()
}

/// A fresh server and where imports keep their progress.
struct Place {
    folder: TempDir,
    served: Served,
    key: String,
}

/// What an import ended with.
struct Ended {
    code: i32,
    end: Value,
    /// The other lines of standard output.
    lines: Vec<Value>,
    said: String,
}

impl Ended {
    fn number(&self, name: &str) -> u64 {
        self.end[name]
            .as_u64()
            .unwrap_or_else(|| panic!("{}", self.said))
    }

    /// Accepted, known and refused.
    fn counts(&self) -> (u64, u64, u64) {
        let number = |name| self.number(name);
        (number("accepted"), number("duplicates"), number("refused"))
    }

    fn of(&self, kind: &str) -> Vec<&Value> {
        self.lines
            .iter()
            .filter_map(|line| line.get(kind))
            .collect()
    }
}

impl Place {
    fn new() -> Place {
        let folder = tempfile::tempdir().unwrap();
        let served = Served::on(&folder.path().join("data"));
        let key = served.key("main");
        Place {
            folder,
            served,
            key,
        }
    }

    fn write(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join("logs").join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn command(&self, format: &str, path: &Path, more: &[&str]) -> Command {
        let mut command = annals();
        command
            .args(["import", "--format", format, "--url", &self.served.url])
            .arg(path)
            .args(more)
            .env("ANNALS_KEY", &self.key)
            .env("XDG_STATE_HOME", self.folder.path().join("state"));
        command
    }

    fn import(&self, format: &str, path: &Path) -> Ended {
        self.import_with(format, path, &[])
    }

    fn import_with(&self, format: &str, path: &Path, more: &[&str]) -> Ended {
        let output = self.command(format, path, more).output().unwrap();
        let said = text(&output.stderr);
        let lines = text(&output.stdout);
        let mut lines: Vec<Value> = lines
            .lines()
            .map(|it| serde_json::from_str(it).unwrap())
            .collect();
        let end = lines.pop().unwrap_or_default()["end"].clone();
        Ended {
            code: output.status.code().unwrap(),
            end,
            lines,
            said,
        }
    }

    fn total(&self, query: &str) -> u64 {
        total(&self.served.client(&self.key), query)
    }

    /// Everything the server holds.
    fn events(&self) -> Vec<Value> {
        let mut out = Vec::new();
        let parameters = Parameters::new().with("format", "ndjson");
        self.served
            .client(&self.key)
            .export(&parameters, true, &mut out)
            .unwrap();
        let lines = text(&out);
        let lines = lines
            .lines()
            .map(|it| serde_json::from_str::<Value>(it).unwrap());
        lines.filter(|it| it.get("end").is_none()).collect()
    }

    /// For each record the stored event that holds it, whether it was accepted or known.
    fn stored(&self, records: &[Value]) -> Vec<Value> {
        let events = self.events().into_iter();
        let by_original: HashMap<String, Value> = events
            .map(|it| (it["metadata"]["original"].to_string(), it))
            .collect();
        let of = |record: &Value| by_original.get(&record.to_string()).cloned();
        records
            .iter()
            .map(|it| of(it).unwrap_or_else(|| panic!("not kept: {it}")))
            .collect()
    }
}

/// The records of a file of lines, or of the arrays in a folder.
fn records(path: &Path) -> Vec<Value> {
    if path.is_dir() {
        let files = path.read_dir().unwrap().map(|it| it.unwrap().path());
        let files = files.filter(|it| it.extension().is_some_and(|it| it == "json"));
        return files
            .flat_map(|it| {
                serde_json::from_slice::<Vec<Value>>(&std::fs::read(it).unwrap()).unwrap()
            })
            .collect();
    }
    let text = std::fs::read_to_string(path).unwrap();
    text.lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect()
}

/// Holds stored events to the counts of another program.
#[track_caller]
fn check(events: &[Value], expected: &Value) {
    let mut actions = BTreeMap::new();
    for event in events {
        *actions
            .entry(event["action"].as_str().unwrap())
            .or_insert(0u64) += 1;
    }
    assert_eq!(
        actions.len() as u64,
        expected["distinct_actions"].as_u64().unwrap()
    );
    for (action, count) in expected["actions"].as_object().unwrap() {
        assert_eq!(
            actions[action.as_str()],
            count.as_u64().unwrap(),
            "{action}"
        );
    }
    for (actor, count) in expected["actors"].as_object().unwrap() {
        let is = |event: &&Value| {
            ["id", "name", "email"]
                .iter()
                .any(|it| event["actor"][*it] == actor.as_str())
        };
        assert_eq!(
            events.iter().filter(is).count() as u64,
            count.as_u64().unwrap(),
            "{actor}"
        );
    }
    let failed = |event: &&Value| {
        matches!(
            event["outcome"]["result"].as_str(),
            Some("failure" | "denied")
        )
    };
    let failures = events.iter().filter(failed).count() as u64;
    assert_eq!(failures, expected["failures"].as_u64().unwrap_or(0));
}

#[test]
fn cloudtrail_samples_are_imported_and_found_as_expected() {
    let place = Place::new();
    let folder = sample("aws-cloudtrail-stratus");
    let expected = expected("aws-cloudtrail-stratus");
    let first = place.import("cloudtrail", &folder);
    assert_eq!(
        (first.code, first.counts()),
        (0, (310, 0, 0)),
        "{}",
        first.said
    );
    assert!(first.said.contains("LICENSE"), "{}", first.said);
    check(&place.stored(&records(&folder)), &expected);

    // The same by search.
    for (action, count) in expected["actions"].as_object().unwrap() {
        assert_eq!(
            place.total(&format!("action:\"{action}\"")),
            count.as_u64().unwrap(),
            "{action}"
        );
    }
    for (actor, count) in expected["actors"].as_object().unwrap() {
        assert_eq!(
            place.total(&format!("actor:\"{actor}\"")),
            count.as_u64().unwrap(),
            "{actor}"
        );
    }
    assert_eq!(place.total("outcome:failure OR outcome:denied"), 52);
    assert_eq!(place.total("metadata.original.readOnly:true"), 261);
    assert_eq!(
        place.total("occurred:2024-07-30T21:31:10Z..2024-11-30T08:43:18Z"),
        310
    );

    let again = place.import("cloudtrail", &folder);
    assert_eq!(
        (again.code, again.counts()),
        (0, (0, 310, 0)),
        "{}",
        again.said
    );
    assert_eq!(place.total(""), 310);
    place.served.stop();
}

#[test]
fn records_of_cloudtrail_are_the_same_in_every_file_they_come_in() {
    let place = Place::new();
    let all = records(&sample("aws-cloudtrail-stratus"));
    let packed = |text: &str| {
        let mut out = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        out.write_all(text.as_bytes()).unwrap();
        out.finish().unwrap()
    };
    let lines: String = all.iter().map(|it| format!("{it}\n")).collect();
    place.write(
        "a/AWSLogs/1/CloudTrail/x.json.gz",
        packed(&json!({"Records": all}).to_string()),
    );
    place.write(
        "a/AWSLogs/1/CloudTrail-Digest/d.json.gz",
        packed("{\"digestS3Object\":\"x\"}"),
    );
    let first = place.import("cloudtrail", &place.folder.path().join("logs/a"));
    assert_eq!(
        (first.code, first.counts()),
        (0, (310, 0, 0)),
        "{}",
        first.said
    );
    let pretty = serde_json::to_string_pretty(&json!({"Records": all})).unwrap();
    let looked_up: Vec<Value> = all
        .iter()
        .map(|it| json!({"EventId": it["eventID"], "CloudTrailEvent": it.to_string()}))
        .collect();
    for (name, bytes) in [
        ("lines.jsonl", lines.clone().into_bytes()),
        ("lines.jsonl.gz", packed(&lines)),
        ("array.json", serde_json::to_vec(&all).unwrap()),
        ("pretty.json", pretty.into_bytes()),
        (
            "looked-up.json",
            json!({"Events": looked_up}).to_string().into_bytes(),
        ),
    ] {
        let path = place.write(name, bytes);
        let again = place.import("cloudtrail", &path);
        assert_eq!(
            (again.code, again.counts()),
            (0, (0, 310, 0)),
            "{name}: {}",
            again.said
        );
    }
    place.served.stop();
}

#[test]
fn github_and_okta_samples_keep_every_record_and_name_every_id_that_repeats() {
    for (format, folder, total, distinct_ids) in [
        ("github", "github-audit", 70, 10),
        ("okta", "okta-system-log", 28, 7),
    ] {
        let place = Place::new();
        let file = sample(folder).join("events.jsonl");
        let expected = expected(folder);
        let first = place.import(format, &file);
        let (accepted, known, refused) = first.counts();
        assert_eq!(
            (first.code, accepted + known, refused),
            (0, total, 0),
            "{}",
            first.said
        );
        // Without an id all are kept, equal ones too; with an id each content once.
        let records = records(&file);
        let id_of = |it: &Value| {
            it.get("_document_id")
                .or(it.get("uuid"))
                .map(Value::to_string)
        };
        let without = records.iter().filter(|it| id_of(it).is_none()).count() as u64;
        let mut contents: Vec<String> = records
            .iter()
            .filter(|it| id_of(it).is_some())
            .map(Value::to_string)
            .collect();
        contents.sort();
        contents.dedup();
        assert_eq!(without, expected["ids"]["absent"].as_u64().unwrap());
        assert_eq!(accepted, without + contents.len() as u64);
        assert_eq!(place.total(""), accepted);
        check(&place.stored(&records), &expected);

        // Each record whose id belonged to another one is named with the id it got.
        let renamed = first.of("renamed");
        let kept: Vec<&str> = renamed
            .iter()
            .map(|it| it["kept_as"].as_str().unwrap())
            .collect();
        let stored = place.events();
        let ids: Vec<&str> = stored.iter().filter_map(|it| it["id"].as_str()).collect();
        let marked = ids.iter().filter(|it| it.contains('~')).count();
        assert_eq!(marked as u64, contents.len() as u64 - distinct_ids);
        for id in &kept {
            let (_, mark) = id.split_once('~').unwrap();
            assert!(
                mark.len() == 8
                    && mark.bytes().all(|it| it.is_ascii_hexdigit())
                    && ids.contains(id),
                "{id}"
            );
        }
        assert_eq!(first.number("renamed"), kept.len() as u64);

        let again = place.import(format, &file);
        assert_eq!(
            (again.code, again.counts()),
            (0, (0, total, 0)),
            "{}",
            again.said
        );
        place.served.stop();
    }
}

#[test]
fn odd_records_are_kept_with_the_time_they_came_or_refused_by_line() {
    for (format, file, count, kept) in [
        ("github", "github-audit/odd.jsonl", 37, 37),
        ("okta", "okta-system-log/odd.jsonl", 60, 58),
    ] {
        let place = Place::new();
        let ended = place.import(format, &sample(file));
        let (accepted, known, refused) = ended.counts();
        assert_eq!(
            (accepted + known, refused),
            (kept, count - kept),
            "{}",
            ended.said
        );
        assert_eq!(ended.code, 1);
        let lines: Vec<u64> = ended
            .of("refused")
            .iter()
            .map(|it| it["line"].as_u64().unwrap())
            .collect();
        assert_eq!(lines.len() as u64, refused);
        for line in lines {
            assert!(
                ended.said.contains(&format!("odd.jsonl:{line}: ")),
                "{}",
                ended.said
            );
        }
        let noted = ended.of("noted").len() as u64;
        assert_eq!(ended.number("noted"), noted);
        for event in place.events() {
            let has_label = event["labels"] == json!(["time-of-import"]);
            assert_eq!(
                has_label,
                event["occurred_at"] == event["received_at"] || has_label,
                "{event}"
            );
        }
        // Kept without a time: as many as were noted, less those that were known.
        let untimed = place.total("label:time-of-import");
        assert!(untimed > 0 && untimed <= noted);
        let reasons = ended.end["reasons"].as_object().unwrap();
        let sum: u64 = reasons.values().map(|it| it.as_u64().unwrap()).sum();
        assert_eq!(sum, noted + refused);
        let again = place.import(format, &sample(file));
        assert_eq!(again.counts(), (0, kept, count - kept), "{}", again.said);
        place.served.stop();
    }
}

#[test]
fn bad_files_are_named_and_the_others_are_imported() {
    let place = Place::new();
    let record = |n: u64| {
        json!({"action": "repo.create", "actor": "mona", "created_at": 1_737_541_200_000u64 + n, "_document_id": format!("d-{n}")}).to_string()
    };
    let lines = |from: u64, to: u64| (from..to).map(|n| record(n) + "\n").collect::<String>();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::none());
    packer.write_all(lines(100, 3_100).as_bytes()).unwrap();
    let packed = packer.finish().unwrap();
    let aws = |n: u64| {
        json!({"eventVersion": "1.08", "eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventID": n}).to_string() + "\n"
    };
    place.write("a.jsonl", lines(0, 10));
    place.write("b-cut.jsonl.gz", &packed[..packed.len() / 2]);
    place.write("c-zip.json", b"PK\x03\x04....");
    place.write("d-table.json", "time,user\n1,2\n");
    place.write("e-aws.jsonl", (0..50).map(aws).collect::<String>());
    place.write(
        "f-mixed.jsonl",
        [
            record(10) + "\n",
            aws(1),
            "{\"action\":\n".to_owned(),
            record(11),
        ]
        .concat(),
    );
    let long = "x".repeat(62_000);
    let big = format!(
        "{{\"action\":\"x.y\",\"actor\":\"mona\",\"created_at\":1737541200000,\"data\":\"{long}\"}}\n"
    );
    let huge = format!(
        "{{\"action\":\"x.y\",\"data\":\"{}\"}}\n",
        "x".repeat(2 << 20)
    );
    let absurd =
        "{\"action\":\"x.y\",\"actor\":\"mona\",\"created_at\":\"0001-01-01T00:00:00Z\"}\n";
    place.write(
        "g-limits.jsonl",
        [
            record(12) + "\n",
            big,
            huge,
            absurd.to_owned(),
            record(13) + "\n",
        ]
        .concat(),
    );
    place.write("h-empty.jsonl", "");
    place.write(
        "i-cut.json",
        format!("[{},\n{},\n{{\"act", record(14), record(15)),
    );
    place.write("z.jsonl", lines(20, 30));
    let ended = place.import("github", &place.folder.path().join("logs"));
    assert_eq!(ended.code, 1, "{}", ended.said);
    let refused: Vec<(String, Value, String)> = ended
        .of("refused")
        .iter()
        .map(|it| {
            let file = it["file"]
                .as_str()
                .unwrap()
                .rsplit('/')
                .next()
                .unwrap()
                .to_owned();
            (
                file,
                it["line"].clone(),
                it["code"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let cut_at = refused
        .iter()
        .find(|it| it.0 == "b-cut.jsonl.gz")
        .unwrap()
        .1
        .clone();
    let row = |file: &str, line: Value, code: &str| (file.to_owned(), line, code.to_owned());
    let none = Value::Null;
    let mut named = refused.clone();
    named.sort_by(|one, two| (&one.0, one.1.as_u64()).cmp(&(&two.0, two.1.as_u64())));
    assert_eq!(
        named,
        [
            row("b-cut.jsonl.gz", cut_at.clone(), "truncated_gzip"),
            row("c-zip.json", none.clone(), "wrong_format"),
            row("d-table.json", none.clone(), "wrong_format"),
            row("e-aws.jsonl", none.clone(), "wrong_format"),
            row("f-mixed.jsonl", json!(2), "wrong_format"),
            row("f-mixed.jsonl", json!(3), "malformed_json"),
            row("g-limits.jsonl", json!(2), "too_large"),
            row("g-limits.jsonl", json!(3), "too_large"),
            row("g-limits.jsonl", json!(4), "time_out_of_range"),
            row("i-cut.json", json!(3), "truncated"),
        ],
        "{}",
        ended.said
    );
    let of_gzip = cut_at.as_u64().unwrap();
    assert!(of_gzip > 1_000, "{cut_at}");
    assert_eq!(
        place.total(""),
        10 + of_gzip + 2 + 2 + 2 + 10,
        "{}",
        ended.said
    );
    assert_eq!(ended.number("refused"), 10);
    assert_eq!(
        ended.end["reasons"],
        json!({"malformed_json": 1, "time_out_of_range": 1, "too_large": 2, "truncated": 1, "truncated_gzip": 1, "wrong_format": 4})
    );
    for words in [
        "a zip archive",
        "a table or plain text",
        "it looks like AWS CloudTrail (--format cloudtrail)",
        "by reason: malformed_json 1",
    ] {
        assert!(ended.said.contains(words), "{words}: {}", ended.said);
    }
    place.served.stop();
}

#[test]
fn tables_are_imported_by_their_mapping() {
    let place = Place::new();
    let table = place.write("old.csv", "When;Who;What;Where\n2024-03-01 10:00:00;ann;invoice.delete;192.0.2.1\n2024-03-01 10:00:00;ann;invoice.delete;192.0.2.1\n;bob;login;here\nbad;row\n");
    let flags = [
        "--map",
        "occurred_at=When",
        "--map",
        "actor.name=Who",
        "--map",
        "action=What",
        "--map",
        "client.ip=where",
        "--set",
        "source.app=crm",
    ];
    let first = place.import_with("csv", &table, &flags);
    assert_eq!(
        (first.code, first.counts()),
        (1, (3, 0, 1)),
        "{}",
        first.said
    );
    assert!(
        first.said.contains("old.csv:5: ") && first.said.contains("wrong_cell_count"),
        "{}",
        first.said
    );
    assert_eq!(
        place.total("app:crm actor:ann ip:192.0.2.1 action:invoice.delete occurred:2024-03-01"),
        2
    );
    let again = place.import_with("csv", &table, &flags);
    assert_eq!(again.counts(), (0, 3, 1), "{}", again.said);
    let unmapped = place.import_with("csv", &table, &["--map", "action=Nothing"]);
    assert_eq!(
        (unmapped.code, unmapped.counts()),
        (1, (0, 0, 1)),
        "{}",
        unmapped.said
    );
    assert!(
        unmapped.said.contains("no column `Nothing`"),
        "{}",
        unmapped.said
    );
    let usage = place
        .command("csv", &table, &["--map", "nothing=What"])
        .output()
        .unwrap();
    assert_eq!(usage.status.code(), Some(2));
    let usage = place
        .command("github", &table, &["--map", "action=What"])
        .output()
        .unwrap();
    assert_eq!(usage.status.code(), Some(2));
    place.served.stop();
}

#[test]
fn a_dry_run_sends_nothing_and_shows_the_events() {
    let place = Place::new();
    let output = place
        .command(
            "okta",
            &sample("okta-system-log/events.jsonl"),
            &["--dry-run"],
        )
        .output()
        .unwrap();
    assert!(output.status.success());
    let lines = text(&output.stdout);
    let events: Vec<Value> = lines
        .lines()
        .map(|it| serde_json::from_str(it).unwrap())
        .collect();
    check(&events, &expected("okta-system-log"));
    assert_eq!((events.len(), place.total("")), (28, 0));
    place.served.stop();
}

#[test]
fn one_large_packed_array_goes_on_where_it_was_killed() {
    const RECORDS: u64 = 40_000;
    let place = Place::new();
    // Every fourth has no id, and those are equal to each other.
    let record = |n: u64| match n % 4 {
        0 => {
            json!({"eventSource": "s3.amazonaws.com", "eventName": "GetObject", "eventTime": "2024-01-01T00:00:00Z"})
        }
        _ => {
            json!({"eventSource": "s3.amazonaws.com", "eventName": "PutObject", "eventTime": "2024-01-01T00:00:00Z", "eventID": format!("e-{n}")})
        }
    };
    let all: Vec<Value> = (0..RECORDS).map(record).collect();
    let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packer
        .write_all(json!({"Records": all}).to_string().as_bytes())
        .unwrap();
    let file = place.write("large.json.gz", packer.finish().unwrap());
    let mut running = place
        .command("cloudtrail", &file, &[])
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let kept = || {
        std::fs::read_dir(place.folder.path().join("state/annals/import")).is_ok_and(|it| {
            it.flatten()
                .any(|it| it.path().extension().is_some_and(|it| it == "json"))
        })
    };
    while !kept() {
        assert!(
            running.try_wait().unwrap().is_none(),
            "it ended before it was killed"
        );
    }
    running.kill().unwrap();
    running.wait().unwrap();
    let there = place.total("");
    assert!(there > 0 && there < RECORDS, "{there}");
    let rest = place.import("cloudtrail", &file);
    assert!(
        rest.said.contains("sent by an earlier run"),
        "{}",
        rest.said
    );
    let (accepted, known, refused) = rest.counts();
    assert_eq!((accepted + known, refused), (RECORDS, 0), "{}", rest.said);
    assert_eq!(place.total(""), RECORDS);
    assert_eq!(place.total("action:\"s3:GetObject\""), RECORDS / 4);
    let again = place.import("cloudtrail", &file);
    assert_eq!(again.counts(), (0, RECORDS, 0), "{}", again.said);
    place.served.stop();
}
