use event::{Acceptance, Content, Event, Kind, Recorded, Salt, Sequence};

use crate::catalogue::FIELDS;
use crate::testing::{NOW, context};
use crate::{ExactField, NumberField, TextField, analyze, parse};

const EVENT: &str = r#"{
    "id": "ev-81", "action": "customer.credit_limit.update", "activity": "update", "category": "record_change",
    "severity": "high", "occurred_at": "2026-01-22T09:15:00.25Z",
    "outcome": {"result": "success", "code": "OK-1", "reason": "Approved by the Board"},
    "actor": {"type": "user", "id": "u-1001", "name": "John van Smith", "email": "John.Smith@Example.com",
        "roles": ["Admin", "Sales Lead"], "groups": ["marketing"]},
    "on_behalf_of": {"type": "user", "id": "u-7", "name": "Ann Lee", "email": "ann@example.com"},
    "targets": [
        {"type": "customer", "id": "CUST-1042", "name": "Acme Corporation GmbH"},
        {"type": "contract", "id": "CON-1"}, {"type": "a", "id": "1"}, {"type": "b", "id": "2"},
        {"type": "invoice", "id": "INV:9", "name": "Fifth target"}],
    "changes": [
        {"path": "credit_limit", "label": "Credit Limit", "old": 5000, "new": 10000.00, "type": "money"},
        {"path": "terms", "old": "Net 30", "new": "Net 60"},
        {"path": "address", "old": null, "new": {"city": "Köln", "tags": ["main office", true]}}],
    "client": {"ip": "192.168.1.105", "user_agent": "Mozilla/5.0 (Windows NT 10.0)"},
    "session_id": "S-77f1", "correlation_id": "c-31", "request_id": "req-9", "parent_id": "ev-17", "trace_id": "4BF9",
    "source": {"app": "crm", "component": "billing", "environment": "production", "version": "2.4.1"},
    "counts": {"records": 1500, "bytes": 20480}, "duration_ms": 145,
    "message": "Raised the limit: refunds of 限度額 allowed, see \"policy\"",
    "labels": ["pci", "Q1 review"],
    "metadata": {"attempt": 3, "ratio": 3.5, "big": 9007199254740993, "Order": {"Lines": [{"sku": "A-1"}, {"sku": "B-2", "n": 7}]},
        "a.b": "dotted", "my key": "spaced value", "ok": true, "none": null, "tags": ["red", "dark blue"], "k/e~y": "signs"}
}"#;

fn recorded() -> Recorded {
    let acceptance = Acceptance {
        now: NOW,
        key_id: Some("k_12"),
        import: Some("legacy-crm"),
    };
    let event = Event::accept(EVENT.as_bytes(), &acceptance).expect("an event");
    let enrichment = enrichment();
    Recorded {
        sequence: Sequence::new(123),
        received_at: NOW,
        kind: Kind::Application,
        category: event.category(),
        content: Content::Whole {
            salt: Salt([1; 16]),
            event,
        },
        enrichment: event::EnrichmentJson::of(&enrichment),
    }
}

fn enrichment() -> event::Enrichment {
    event::Enrichment {
        geo: Some(event::Geo {
            city: Some("New York".into()),
            region: Some("NY".into()),
            country: Some("US".into()),
            ..event::Geo::default()
        }),
        device: Some(event::Device {
            browser: Some("Chrome 120".into()),
            os: Some("Windows".into()),
            kind: Some("desktop".into()),
        }),
        network: Some(event::Network::Private),
        risk: Some(event::Risk {
            level: event::Severity::Medium,
            reasons: Vec::new(),
        }),
    }
}

#[track_caller]
fn holds(query: &str, event: &Recorded) -> bool {
    parse(query, &context())
        .unwrap_or_else(|error| panic!("{query:?}: {error}"))
        .matches(event)
}

/// Each of `found` matches the event, and none of `missed` does.
#[track_caller]
fn check(found: &[&str], missed: &[&str]) {
    let event = recorded();
    for query in found {
        assert!(holds(query, &event), "{query:?} should find the event");
        assert!(
            !holds(&format!("-({query})"), &event),
            "its negation should not"
        );
    }
    for query in missed {
        assert!(!holds(query, &event), "{query:?} should not find the event");
        assert!(
            holds(&format!("NOT ({query})"), &event),
            "its negation should"
        );
    }
}

#[test]
fn actions_are_whole_or_begin_so() {
    check(
        &[
            "action:customer.credit_limit.update",
            "action:Customer.*",
            "action:cust*",
            "action:*limit.up*",
            "activity:update",
        ],
        &[
            "action:customer",
            "action:credit_limit",
            "action:login.*",
            "activity:delete",
        ],
    );
}

#[test]
fn free_words_search_names_message_action_changes_metadata_and_reason() {
    check(
        &[
            "john",
            "acme",
            "fifth",
            "ann",
            "raised",
            "limit",
            "credit",
            "5000",
            "10000",
            "köln",
            "office",
            "spaced",
            "blue",
            "board",
            "\"van smith\"",
            "\"Net 60\"",
            "\"credit limit\"",
            "refund*",
            "*efund*",
            "限度額",
            "度額",
            "policy",
            "\"limit: refunds\"",
            "corp* gmbh",
            "*mited*  OR *imi*",
            "LIMIT",
            "a-1",
        ],
        &[
            "refund",
            "smithson",
            "\"smith john\"",
            "\"60 net\"",
            "\"board john\"",
            "額度",
            "mozilla",
            "us",
            "red-dark",
        ],
    );
}

#[test]
fn free_words_find_ids_and_addresses_whole() {
    check(
        &[
            "u-1001",
            "john.smith@example.com",
            "CUST-1042",
            "\"inv:9\"",
            "s-77f1",
            "req-9",
            "c-31",
            "4bf9",
            "ev-81",
            "LOG-2026-0000123",
            "192.168.1.105",
            "cust-10*",
            "*mith@exa*",
            "s-77*",
        ],
        &[
            "u-100",
            "LOG-2025-0000123",
            "LOG-2026-0000124",
            "192.168.1.106",
            "req*",
            "123",
        ],
    );
}

#[test]
fn people_are_found_by_id_address_or_name() {
    check(
        &[
            "actor:john",
            "user:Smith",
            "actor:u-1001",
            "actor:JOHN.SMITH@example.com",
            "actor:\"van smith\"",
            "actor:u-10*",
            "actor.id:u-1001",
            "actor.name:van",
            "email:*@example.com*",
            "actor.type:user",
            "role:admin",
            "role:\"sales lead\"",
            "role:(admin \"sales lead\")",
            "group:marketing",
            "on_behalf_of:ann",
            "behalf:u-7",
            "on_behalf_of.email:ann@*",
        ],
        &[
            "actor:ann",
            "actor:u-1",
            "actor:example",
            "actor.id:john",
            "actor.name:u-1001",
            "role:sales",
            "role:(admin auditor)",
            "actor.type:service",
            "on_behalf_of:john",
        ],
    );
}

#[test]
fn targets_are_found_beyond_the_first() {
    check(
        &[
            "entity:customer",
            "target.type:invoice",
            "record:cust-1042",
            "record:INV:9",
            "target:acme",
            "target:\"fifth target\"",
            "target.id:con-1",
            "target.name:corporation",
            "target:cust*",
        ],
        &[
            "entity:cust",
            "target:customer",
            "record:cust",
            "target.name:cust-1042",
        ],
    );
}

#[test]
fn changes_are_found_by_field_and_values() {
    check(
        &[
            "changed:credit_limit",
            "changed:\"Credit Limit\"",
            "changed:terms",
            "changed.words:limit",
            "old:5000",
            "new:10000.00",
            "old:\"net 30\"",
            "new:60",
            "new:Köln",
            "new:\"main office\"",
            "new:true",
            "old:net new:60",
        ],
        &[
            "changed:limit",
            "new:5000",
            "old:60",
            "new:null",
            "old:köln",
            "changed:net",
        ],
    );
}

#[test]
fn metadata_is_found_by_key() {
    check(
        &[
            "metadata.attempt:3",
            "metadata.attempt:>=3",
            "metadata.attempt:<4",
            "metadata.attempt:1..3",
            "metadata.attempt:3.0",
            "metadata.attempt:3e0",
            "metadata.ratio:>3",
            "metadata.ratio:3.5",
            "metadata.big:9007199254740993",
            "metadata.big:>9007199254740992",
            "metadata.order.lines.sku:a-1",
            "metadata.Order.Lines.SKU:B-2",
            "metadata.order.lines.n:7",
            "metadata.a.b:dotted",
            "metadata.\"my key\":spaced",
            "metadata.\"my key\":\"spaced value\"",
            "metadata.ok:true",
            "metadata.tags:red",
            "metadata.tags:\"dark blue\"",
            "metadata.tags:*lue*",
            "metadata.\"k/e~y\":signs",
            "metadata.attempt:*..*",
            "metadata.big:9007*",
            "metadata:dotted",
            "metadata.order.lines.sku:(a-1 b-2)",
            "metadata.\"my key\":*\"d val\"*",
        ],
        &[
            "metadata.attempt:30",
            "metadata.ratio:3",
            "metadata.ratio:5",
            "metadata.big:9007199254740992",
            "metadata.attempt:>3",
            "metadata.order:a-1",
            "metadata.tags:\"red dark\"",
            "metadata.none:null",
            "metadata.missing:x",
            "metadata.ok:*..*",
            "metadata.attempt:\"3.0\"",
            "metadata.my:spaced",
        ],
    );
}

#[test]
fn numbers_have_units_and_ranges() {
    check(
        &[
            "records:1500",
            "records:>1000",
            "records:1000..2000",
            "records:*..1500",
            "records:1500..*",
            "bytes:20KiB",
            "bytes:>20KB",
            "duration:145",
            "duration:145ms",
            "duration:<1s",
            "duration:>=0.1s",
            "sequence:123",
            "sequence:100..200",
        ],
        &[
            "records:>1500",
            "records:<1500",
            "bytes:20KB",
            "duration:>1s",
            "sequence:124",
        ],
    );
}

#[test]
fn times_are_days_moments_and_distances() {
    check(
        &[
            "occurred:2026-01-22",
            "occurred:2026-01",
            "occurred:2026",
            "occurred:2026-01-15..2026-01-22",
            "occurred:>now-7d",
            "occurred:>2026-01-21",
            "occurred:today",
            "occurred:2026-01-22T09:15",
            "occurred:2026-01-22T10:15:00+01:00",
            "occurred:<now",
            "received:<=now",
            "received:>=now",
            "occurred:*..2026-01-22",
            "occurred:2026-01-22T09:15:00.2",
        ],
        &[
            "occurred:>2026-01-22",
            "occurred:<2026-01-22",
            "occurred:yesterday",
            "occurred:>now-15m",
            "received:>now",
            "occurred:2026-01-22T09:16",
            "occurred:2026-01-22T09:15:00.3",
        ],
    );
}

#[test]
fn words_of_lists_may_have_an_order() {
    check(
        &[
            "severity:high",
            "severity:>=medium",
            "severity:>medium",
            "severity:low..high",
            "outcome:success",
            "result:(failure OR success)",
            "risk:>=low",
            "risk:medium",
            "category:record_change",
            "severity:HIGH",
            "severity:hi*",
        ],
        &[
            "severity:>high",
            "severity:<high",
            "outcome:failure",
            "risk:high",
        ],
    );
}

#[test]
fn where_it_came_from() {
    check(
        &[
            "ip:192.168.1.105",
            "ip:192.168.0.0/16",
            "ip:192.168.*",
            "ip:0.0.0.0/0",
            "ip:::ffff:192.168.1.105",
            "agent:mozilla*",
            "agent:*\"windows nt\"*",
            "country:us",
            "region:ny",
            "city:\"new york\"",
            "network:private",
            "browser:chrome*",
            "os:windows",
            "device:desktop",
            "app:crm",
            "component:billing",
            "env:Production",
            "version:2.4.1",
            "label:PCI",
            "label:\"q1 review\"",
            "session:s-77f1",
            "session:s-7*",
            "request:req-9",
            "correlation:c-31",
            "trace:4bf9",
            "parent:ev-17",
            "key:k_12",
            "import:legacy-*",
            "outcome.code:ok-1",
            "reason:board",
            "reason:\"by the board\"",
            "message:raised",
            "text:john",
            "action.words:credit",
            "kind:application",
        ],
        &[
            "ip:10.0.0.0/8",
            "ip:::/0",
            "country:de",
            "agent:windows",
            "label:q1",
            "text:u-1001",
            "kind:own",
            "request:req",
        ],
    );
}

#[test]
fn ids_are_the_senders_the_display_id_or_the_place() {
    check(
        &[
            "id:ev-81",
            "id:EV-81",
            "id:LOG-2026-0000123",
            "id:log-2026-0000123",
            "id:123",
            "id:(ev-1 OR ev-81)",
        ],
        &[
            "id:\"123\"",
            "id:LOG-2025-0000123",
            "id:124",
            "id:ev-8",
            "id:LOG-2026-123",
        ],
    );
}

#[test]
fn and_binds_tighter_than_or() {
    check(
        &[
            "john OR nobody nothing",
            "nobody nothing OR john",
            "(nobody OR john) acme",
            "*",
            "-nobody -nothing",
            "--john",
        ],
        &[
            "(john OR nobody) nothing",
            "john -acme",
            "-*",
            "nobody OR -john",
        ],
    );
}

#[test]
fn lower_case_or_is_a_word() {
    check(
        &["raised AND limit", "the limit"],
        &["raised or limit", "raised and limit", "not raised"],
    );
}

#[test]
fn every_example_of_the_catalogue_is_a_right_query() {
    for field in FIELDS {
        let query = parse(field.example, &context());
        assert!(query.is_ok(), "{}: {query:?}", field.example);
        assert!(!field.description.ends_with('.'), "{}", field.name);
    }
}

#[test]
fn names_of_fields_are_unique_and_primitive_names_ask_their_field() {
    let mut names: Vec<&str> = FIELDS
        .iter()
        .flat_map(|field| field.aliases.iter().copied().chain([field.name]))
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), all);
    let primitive = ExactField::ALL.iter().map(|field| field.name());
    let primitive = primitive.chain(TextField::ALL.iter().map(|field| field.name()));
    for name in primitive.chain(NumberField::ALL.iter().map(|field| field.name())) {
        assert!(names.contains(&name), "{name} is not in the catalogue");
    }
}

#[test]
fn an_erased_event_keeps_what_its_entry_says() {
    let mut event = recorded();
    event.content = event.content.erase();
    event.enrichment = None;
    for query in [
        "category:record_change",
        "kind:application",
        "id:123",
        "LOG-2026-0000123",
        "received:2026-01-22",
        "-actor:john",
        "*",
    ] {
        assert!(holds(query, &event), "{query:?}");
    }
    for query in [
        "actor:john",
        "occurred:2026",
        "limit",
        "records:*..*",
        "severity:<=critical",
        "ip:0.0.0.0/0",
    ] {
        assert!(!holds(query, &event), "{query:?}");
    }
}

#[test]
fn withheld_fields_match_nothing() {
    let mut event = recorded();
    event.content = event
        .content
        .withhold(|_, field| field.path.as_str().starts_with("/actor/"));
    assert!(holds(
        "acme -actor:john -actor.type:user -role:admin",
        &event
    ));
    assert!(!holds("john", &event));
}

#[test]
fn every_primitive_field_is_read_from_some_place() {
    #[derive(Default)]
    struct Seen(Vec<&'static str>);
    impl crate::Sink for Seen {
        fn exact(&mut self, field: ExactField, folded: &str) {
            assert_eq!(crate::words::fold(folded), folded);
            self.0.push(field.name());
        }
        fn text(&mut self, field: TextField, _: &str) {
            self.0.push(field.name());
        }
        fn metadata(&mut self, _: &str, _: crate::MetadataValue<'_>) {}
        fn number(&mut self, field: NumberField, _: i64) {
            self.0.push(field.name());
        }
        fn ip(&mut self, _: std::net::IpAddr) {}
    }
    let mut seen = Seen::default();
    analyze(&recorded(), &mut seen);
    let names = ExactField::ALL.iter().map(|field| field.name());
    let names = names.chain(TextField::ALL.iter().map(|field| field.name()));
    for name in names.chain(NumberField::ALL.iter().map(|field| field.name())) {
        assert!(seen.0.contains(&name), "{name}");
    }
}

#[test]
fn fields_are_completed_by_name_and_alias() {
    let names = |start: &str| -> Vec<&str> {
        crate::catalogue::beginning_with(start)
            .map(|(name, _)| name)
            .collect()
    };
    assert_eq!(
        names("ACTOR."),
        [
            "actor.id",
            "actor.name",
            "actor.email",
            "actor.type",
            "actor.role",
            "actor.group"
        ]
    );
    assert_eq!(names("enti"), ["entity"]);
    assert_eq!(names("zz"), [""; 0]);
    assert_eq!(names("").len(), FIELDS.len());
}
