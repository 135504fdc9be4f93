use event::json;
use event::proof::Document;
use event::{EncodedFields, Event, Exported, Field, Recorded, Salt};
use proptest::prelude::*;
use serde::de::IgnoredAny;

use crate::{SALT, accept, acceptance, record, wire};

/// JSON that can be written in many ways.
#[derive(Clone, Debug)]
enum Tree {
    Bare(String),
    Text(String),
    Array(Vec<Tree>),
    Object(Vec<(String, Tree)>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let number = "-?(0|[1-9][0-9]{0,30})(\\.[0-9]{1,30})?([eE][+-]?[0-9]{1,3})?";
    let leaf = prop_oneof![
        prop_oneof![Just("null"), Just("true"), Just("false")].prop_map(|it| Tree::Bare(it.into())),
        number.prop_map(Tree::Bare),
        text().prop_map(Tree::Text),
    ];
    leaf.prop_recursive(4, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Tree::Array),
            members(inner).prop_map(Tree::Object),
        ]
    })
}

fn members(value: impl Strategy<Value = Tree>) -> impl Strategy<Value = Vec<(String, Tree)>> {
    prop::collection::btree_map(text(), value, 0..4).prop_map(|map| map.into_iter().collect())
}

/// Texts around everything that is escaped or sorted in a special way; never NUL.
fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        "[a-c]{0,3}",
        "[~/\"\\\\.\u{1}\n\u{7f}é\u{fb33}\u{1f600}0-9-]{0,6}",
        any::<String>().prop_map(|text| text.replace('\0', "")),
    ]
}

/// Writes a tree; every bit of `style` that is used up decides about spaces, escapes and order.
fn render(tree: &Tree, style: &mut u64, out: &mut String) {
    match tree {
        Tree::Bare(text) => out.push_str(text),
        Tree::Text(text) => render_text(text, style, out),
        Tree::Array(elements) => {
            out.push('[');
            for (index, element) in elements.iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                space(style, out);
                render(element, style, out);
            }
            space(style, out);
            out.push(']');
        }
        Tree::Object(members) => {
            let mut members: Vec<_> = members.iter().collect();
            if bit(style) {
                members.reverse();
            }
            if bit(style) && !members.is_empty() {
                members.rotate_left(1);
            }
            out.push('{');
            for (index, (name, value)) in members.into_iter().enumerate() {
                out.push_str(if index > 0 { "," } else { "" });
                space(style, out);
                render_text(name, style, out);
                space(style, out);
                out.push(':');
                render(value, style, out);
            }
            out.push('}');
        }
    }
}

fn render_text(text: &str, style: &mut u64, out: &mut String) {
    if !bit(style) {
        out.push_str(&serde_json::to_string(text).unwrap());
        return;
    }
    out.push('"');
    for unit in text.encode_utf16() {
        out.push_str(&if bit(style) {
            format!("\\u{unit:04x}")
        } else {
            format!("\\u{unit:04X}")
        });
    }
    out.push('"');
}

fn space(style: &mut u64, out: &mut String) {
    if bit(style) {
        out.push_str(" \n\t\r");
    }
}

fn bit(style: &mut u64) -> bool {
    *style = style.rotate_right(1).wrapping_mul(3);
    *style & 1 == 1
}

/// An event with that metadata.
fn event_json(metadata: &[(String, Tree)], style: u64) -> String {
    let text = |text: &str| Tree::Text(text.to_owned());
    let actor = vec![
        ("id".to_owned(), text("u-1")),
        ("name".to_owned(), text("Ann")),
    ];
    let target = |id| Tree::Object(vec![("id".to_owned(), text(id))]);
    let event = Tree::Object(vec![
        ("action".to_owned(), text("customer.update")),
        ("actor".to_owned(), Tree::Object(actor)),
        (
            "targets".to_owned(),
            Tree::Array(vec![target("a"), target("b")]),
        ),
        ("metadata".to_owned(), Tree::Object(metadata.to_vec())),
    ]);
    let mut json = String::new();
    render(
        &event,
        &mut style.wrapping_add(0x9e37_79b9_7f4a_7c15),
        &mut json,
    );
    json
}

/// An event with a change for each pair of old and new.
fn changes_json(values: &[(Option<Tree>, Option<Tree>)], mut style: u64) -> String {
    let text = |text: &str| Tree::Text(text.to_owned());
    let changes = values.iter().enumerate().map(|(place, (old, new))| {
        let mut members = vec![
            ("path".to_owned(), text(&format!("p{place}"))),
            ("type".to_owned(), text("json")),
        ];
        members.extend(old.clone().map(|old| ("old".to_owned(), old)));
        members.extend(new.clone().map(|new| ("new".to_owned(), new)));
        Tree::Object(members)
    });
    let event = Tree::Object(vec![
        ("action".to_owned(), text("customer.update")),
        (
            "actor".to_owned(),
            Tree::Object(vec![("id".to_owned(), text("u-1"))]),
        ),
        ("changes".to_owned(), Tree::Array(changes.collect())),
    ]);
    let mut json = String::new();
    render(&event, &mut style, &mut json);
    json
}

/// Whether a JSON text is that value, digit by digit.
fn is(tree: &Tree, json: &str) -> bool {
    fn same(tree: &Tree, document: &json::Document<'_>, at: json::At) -> bool {
        match tree {
            Tree::Bare(text) => document.raw(at) == text,
            Tree::Text(text) => document.string(at).is_some_and(|it| it == text.as_str()),
            Tree::Array(elements) => {
                document.kind(at) == json::NodeKind::Array
                    && document.elements(at).count() == elements.len()
                    && elements
                        .iter()
                        .zip(document.elements(at))
                        .all(|(tree, at)| same(tree, document, at))
            }
            Tree::Object(members) => {
                document.kind(at) == json::NodeKind::Object
                    && document.members(at).count() == members.len()
                    && members.iter().all(|(name, tree)| {
                        let found = document.members(at).find(|(it, _)| it == name.as_str());
                        found.is_some_and(|(_, at)| same(tree, document, at))
                    })
            }
        }
    }
    let document = json::Document::parse(json.as_bytes(), json.len(), 64).unwrap();
    same(tree, &document, document.root())
}

fn event() -> impl Strategy<Value = Event> {
    (members(tree()), any::<u64>())
        .prop_map(|(metadata, style)| accept(&event_json(&metadata, style)).unwrap())
}

/// What goes into the commitment of a field behind its salt.
fn commitment_input(field: &Field<'_>) -> Vec<u8> {
    let path = field.path.as_str();
    let length = (path.len() as u16).to_be_bytes();
    [&length, path.as_bytes(), field.value.as_bytes()].concat()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    #[test]
    fn any_spelling_and_order_gives_the_same_bytes(metadata in members(tree()), one: u64, two: u64) {
        let one = accept(&event_json(&metadata, one)).unwrap();
        let two = accept(&event_json(&metadata, two)).unwrap();
        prop_assert_eq!(one.encoded(), two.encoded());
        prop_assert_eq!(one.commit(&SALT), two.commit(&SALT));
    }

    #[test]
    fn different_events_never_share_what_is_committed_to(one in event(), two in event()) {
        let inputs = |event: &Event| -> Vec<Vec<u8>> {
            event.fields().map(|field| commitment_input(&field)).collect()
        };
        let (one_inputs, two_inputs) = (inputs(&one), inputs(&two));
        let pairs = |event: &Event| -> Vec<(String, String)> {
            event.fields().map(|it| (it.path.to_string(), it.value.to_owned())).collect()
        };
        prop_assert_eq!(pairs(&one) == pairs(&two), one_inputs == two_inputs);
        prop_assert_eq!(pairs(&one) == pairs(&two), one.commit(&SALT) == two.commit(&SALT));
        for (one_input, one_field) in one_inputs.iter().zip(one.fields()) {
            for (two_input, two_field) in two_inputs.iter().zip(two.fields()) {
                let same = (one_field.path, one_field.value) == (two_field.path, two_field.value);
                prop_assert_eq!(same, one_input == two_input);
            }
        }
    }

    #[test]
    fn metadata_that_means_something_else_has_other_fields(
        one in members(tree()), two in members(tree()), style: u64,
    ) {
        let canonical = |metadata: &[(String, Tree)]| {
            let mut json = String::new();
            render(&Tree::Object(metadata.to_vec()), &mut 0, &mut json);
            json
        };
        let fields = |metadata: &[(String, Tree)]| accept(&event_json(metadata, style)).unwrap();
        // Both are written in one style, so equal texts are equal metadata and nothing else is.
        prop_assert_eq!(canonical(&one) == canonical(&two), fields(&one) == fields(&two));
    }

    #[test]
    fn long_numbers_keep_their_digits(
        number in "-?(0|[1-9][0-9]{0,400})(\\.[0-9]{1,400})?([eE][+-]?[0-9]{1,9})?",
    ) {
        let json = format!(
            r#"{{"action":"a","actor":{{"id":"u"}},"changes":[{{"path":"p","new":{number}}}],"metadata":{{"n":[{number}]}}}}"#
        );
        let recorded = record(accept(&json).unwrap());
        let exported = Exported::parse(wire(&recorded).as_bytes()).unwrap();
        let values: Vec<&str> = exported.fields().map(|field| field.value).collect();
        let in_array = format!("[{number}]");
        prop_assert!(values.contains(&number.as_str()) && values.contains(&in_array.as_str()));
    }

    #[test]
    fn old_and_new_of_a_change_come_back_whole(
        values in prop::collection::vec((prop::option::of(tree()), prop::option::of(tree())), 0..14),
        style: u64,
    ) {
        let json = changes_json(&values, style);
        let event = accept(&json).unwrap();
        let changes = event.changes();
        prop_assert_eq!(changes.len(), values.len());
        for (place, (change, (old, new))) in changes.iter().zip(&values).enumerate() {
            let path = format!("p{place}");
            prop_assert_eq!(change.path.as_deref(), Some(path.as_str()));
            prop_assert_eq!(change.kind.as_deref(), Some("json"));
            prop_assert_eq!(change.label.as_deref(), None);
            for (tree, value) in [(old, &change.old), (new, &change.new)] {
                prop_assert_eq!(tree.is_some(), value.is_some());
                if let (Some(tree), Some(value)) = (tree, value) {
                    prop_assert!(is(tree, value), "{:?} became {}", tree, value);
                }
            }
        }
    }

    #[test]
    fn a_record_reads_back_as_it_was(event in event(), hidden: u64, behind: Vec<u8>) {
        let whole = record(event);
        let mut part = whole.clone();
        part.content = part.content.withhold(|number, _| hidden >> (number % 64) & 1 == 1);
        let mut erased = whole.clone();
        erased.content = erased.content.erase();
        for recorded in [whole.clone(), part, erased] {
            prop_assert_eq!(recorded.entry(), whole.entry());
            let mut bytes = Vec::new();
            recorded.encode(&mut bytes);
            let length = bytes.len();
            bytes.extend(&behind);
            prop_assert_eq!(Recorded::decode(&bytes, &SALT), Ok((recorded, length)));
            for cut in [0, length / 2, length - 1] {
                prop_assert!(Recorded::decode(&bytes[..cut], &SALT).is_err());
            }
        }
    }

    #[test]
    fn withholding_in_steps_is_withholding_at_once(event in event(), first: u64, second: u64) {
        let content = record(event).content;
        let hides = |bits: u64| move |number: u16, _: &Field<'_>| bits >> (number % 64) & 1 == 1;
        let steps = content.withhold(hides(first)).withhold(|_, _| false);
        // Numbers stay those of the whole event, so the second step can be named in them.
        let steps = steps.withhold(hides(second));
        let once = content.withhold(hides(first | second));
        prop_assert_eq!(&steps, &once);
        prop_assert_eq!(steps.body_root(), content.body_root());
        prop_assert_eq!(steps.field_count(), content.field_count());
    }

    #[test]
    fn the_wire_shows_exactly_what_is_hashed(event in event(), hidden: u64) {
        let mut recorded = record(event);
        for _ in 0..2 {
            let json = wire(&recorded);
            prop_assert!(serde_json::from_str::<IgnoredAny>(&json).is_ok(), "{}", json);
            let exported = Exported::parse(json.as_bytes()).unwrap();
            let shown: Vec<_> = exported.fields().map(|it| (it.path, it.value)).collect();
            let held: Vec<_> = recorded.fields().map(|it| (it.path, it.value)).collect();
            prop_assert_eq!(shown, held, "{}", json);
            prop_assert_eq!(exported.sequence, Some(recorded.sequence));
            recorded.content = recorded.content.withhold(|number, _| hidden >> (number % 64) & 1 == 1);
        }
    }

    #[test]
    fn a_proof_document_reads_back_and_holds(event in event(), hidden: u64, salt: [u8; 16]) {
        let mut recorded = record(event);
        if let event::Content::Whole { salt: own, .. } = &mut recorded.content {
            *own = Salt(salt);
        }
        recorded.content = recorded.content.withhold(|number, _| hidden >> (number % 64) & 1 == 1);
        let document =
            Document::of(&recorded, vec![[1; 32], [2; 32]], "a\nb\n".into(), "key+1+2".into());
        let again = Document::parse(document.to_json().as_bytes()).unwrap();
        prop_assert_eq!(&again, &document);
        let disclosure = again.check().unwrap();
        prop_assert_eq!(disclosure.withheld, recorded.content.withheld_count());
        prop_assert_eq!(disclosure.entry, recorded.entry());
    }

    #[test]
    fn random_bytes_never_panic(bytes: Vec<u8>) {
        let _ = Recorded::decode(&bytes, &SALT);
        let _ = EncodedFields::decode(&bytes);
        let _ = Event::accept(&bytes, &acceptance());
        let _ = Exported::parse(&bytes);
        let _ = Document::parse(&bytes);
        let _ = event::split_array(&bytes);
    }

    #[test]
    fn damaged_records_never_panic(event in event(), hidden: u64, at: usize, value: u8) {
        let mut recorded = record(event);
        recorded.content = recorded.content.withhold(|number, _| hidden >> (number % 64) & 1 == 1);
        let mut bytes = Vec::new();
        recorded.encode(&mut bytes);
        let at = at % bytes.len();
        bytes[at] = value;
        if let Ok((damaged, _)) = Recorded::decode(&bytes, &SALT) {
            let mut out = Vec::new();
            damaged.to_wire_json(&mut out);
            let _ = damaged.entry();
            damaged.encode(&mut out);
            prop_assert_eq!(damaged.fields().count(), usize::from(damaged.content.field_count() - damaged.content.withheld_count()));
        }
    }

    #[test]
    fn reading_agrees_with_serde_json(text in "[\\[\\]{}:,\"\\\\a-bu0-1.eE+ \\n-]{0,16}|[0-9.eE+-]{1,8}|\"[^\0]{0,8}\"") {
        agree(&text)?;
    }

    #[test]
    fn reading_damaged_json_agrees_with_serde_json(tree in tree(), style: u64, at: usize, with: char) {
        let mut json = String::new();
        render(&tree, &mut style.wrapping_add(1), &mut json);
        let mut letters: Vec<char> = json.chars().collect();
        let at = at % letters.len();
        letters[at] = with;
        agree(&letters.into_iter().collect::<String>())?;
        letters = json.chars().collect();
        letters.remove(at);
        agree(&letters.into_iter().collect::<String>())?;
    }
}

/// Holds our reader's verdict on a value against another one's.
fn agree(text: &str) -> Result<(), TestCaseError> {
    let json = format!(r#"{{"action":"a","actor":{{"id":"u"}},"metadata":{{"x":{text}}}}}"#);
    let theirs = serde_json::from_str::<IgnoredAny>(&json);
    match accept(&json) {
        Ok(_) => prop_assert!(theirs.is_ok(), "{text:?} was accepted: {theirs:?}"),
        Err(problem) if problem.code.as_str() == "malformed_json" => {
            prop_assert!(theirs.is_err(), "{text:?} was refused: {problem}");
        }
        Err(_) => {}
    }
    Ok(())
}
