//! Notes, keys, checkpoints and proof files: what is accepted, what is refused and in which words.

use merkle::checkpoint::{CheckpointError, OpenError};
use merkle::note::{KeyError, MAX_NOTE_BYTES, MAX_SIGNATURES, NoteError, VerifyError};
use merkle::tlog_proof::{MAX_EXTRA_BYTES, MAX_PROOF_BYTES, ProofError, ProofFormatError};
use merkle::{
    Checkpoint, EMPTY_ROOT, InclusionError, MAX_PATH_HASHES, MAX_TREE_SIZE, SignedNote, Signer,
    TlogProof, Verifier, inclusion_proof,
};

use crate::memory_log::MemoryLog;

const ORIGIN: &str = "example.com/acme/main";

pub(crate) fn signer(name: &str, seed: u8) -> Signer {
    Signer::from_seed(name, &[seed; 32]).unwrap()
}

pub(crate) fn log_proof(log: &MemoryLog, index: u64, signer: &Signer) -> TlogProof {
    let size = log.frontier.size();
    let checkpoint = Checkpoint::new(signer.name(), size, log.root()).unwrap();
    TlogProof {
        index,
        path: inclusion_proof(log, index, size).unwrap(),
        checkpoint: checkpoint.sign(&[signer]).unwrap(),
        extra: None,
    }
}

#[track_caller]
fn check_note(note: &str, expect: NoteError) {
    assert_eq!(SignedNote::parse(note.as_bytes()), Err(expect), "{note:?}");
}

#[test]
fn bytes_that_are_no_note_are_refused_by_name() {
    let line = SignedNote::sign("a\n".into(), &[&signer("k", 1)])
        .unwrap()
        .signatures()[0]
        .to_string();
    let malformed = |line| NoteError::MalformedSignature { line };
    check_note("", NoteError::Unsigned);
    check_note("a\n", NoteError::Unsigned);
    check_note("a\n\n", NoteError::Unsigned);
    check_note("\n\n", NoteError::Unsigned);
    check_note(&line, NoteError::Unsigned);
    check_note(&format!("a\n{line}"), NoteError::Unsigned);
    check_note(&format!("a\n\n{}", line.trim_end()), malformed(3));
    check_note(&format!("a\n\n{line}b\n"), malformed(4));
    check_note(&format!("a\nb\n\nc\n\n{line}{line}b\n"), malformed(8));
    check_note(&format!("a\n\n{line}\n"), NoteError::Unsigned);
    check_note(&format!("a\r\n\r\n{line}"), NoteError::NotText);
    check_note(&format!("\u{1}a\n\n{line}"), NoteError::NotText);
    check_note(&format!("a\t\n\n{line}"), NoteError::NotText);
    check_note("a\n\n— k AAAA\n", malformed(3));
    check_note("a\n\n— k AAAAAA==\n", malformed(3));
    check_note("a\n\n— k AAAAAAE\n", malformed(3));
    check_note("a\n\n— k AAAAAAF=\n", malformed(3));
    check_note("a\n\n— k AAAAAAE= \n", malformed(3));
    check_note("a\n\n— k\n", malformed(3));
    check_note("a\n\n—  AAAAAAE=\n", malformed(3));
    check_note("a\n\n— k+k AAAAAAE=\n", malformed(3));
    check_note("a\n\n— k\u{2003}k AAAAAAE=\n", malformed(3));
    check_note("a\n\n- k AAAAAAE=\n", malformed(3));
    check_note("a\n\n—k AAAAAAE=\n", malformed(3));
    assert!(SignedNote::parse("a\n\n— k AAAAAAE=\n".as_bytes()).is_ok());
    assert_eq!(SignedNote::parse(b"\xffa\n\n"), Err(NoteError::NotText));
}

#[test]
fn the_text_ends_at_the_last_empty_line() {
    let key = signer("k", 1);
    for text in [
        "\n",
        "a\n",
        "a\n\nb\n",
        "a\n\n",
        "\n\n\n",
        "— k AAAAAAE=\n",
        "é\u{7f}\n",
    ] {
        let note = SignedNote::sign(text.into(), &[&key]).unwrap();
        let read = SignedNote::parse(note.to_string().as_bytes()).unwrap();
        assert_eq!(read.text(), text);
        assert_eq!(read, note);
        read.verify(&[key.verifier().clone()]).unwrap();
    }
}

#[test]
fn what_cannot_be_a_note_is_not_signed() {
    let key = signer("k", 1);
    let sign = |text: &str| SignedNote::sign(text.into(), &[&key]).unwrap_err();
    assert_eq!(sign(""), NoteError::UnfinishedText);
    assert_eq!(sign("a"), NoteError::UnfinishedText);
    assert_eq!(sign("a\tb\n"), NoteError::NotText);
    assert_eq!(
        SignedNote::sign("a\n".into(), &[]),
        Err(NoteError::Unsigned)
    );
    let long = "a".repeat(MAX_NOTE_BYTES) + "\n";
    assert!(matches!(sign(&long), NoteError::TooLarge { .. }));
}

#[test]
fn limits_hold_from_their_first_byte() {
    let line = SignedNote::sign("a\n".into(), &[&signer("k", 1)])
        .unwrap()
        .signatures()[0]
        .to_string();
    let most = format!("a\n\n{}", line.repeat(MAX_SIGNATURES));
    assert_eq!(
        SignedNote::parse(most.as_bytes())
            .unwrap()
            .signatures()
            .len(),
        MAX_SIGNATURES
    );
    check_note(&(most + &line), NoteError::TooManySignatures);

    let filler = MAX_NOTE_BYTES - line.len() - "\n\n".len();
    let largest = format!("{}\n\n{line}", "a".repeat(filler));
    assert_eq!(largest.len(), MAX_NOTE_BYTES);
    assert!(SignedNote::parse(largest.as_bytes()).is_ok());
    check_note(
        &format!("a{largest}"),
        NoteError::TooLarge {
            size_bytes: MAX_NOTE_BYTES + 1,
        },
    );
}

#[test]
fn unknown_signatures_are_ignored_and_wrong_ones_are_not() {
    let (log, other) = (signer("log", 1), signer("log", 2));
    let witness = signer("witness", 3);
    let keys = |signers: &[&Signer]| -> Vec<Verifier> {
        signers
            .iter()
            .map(|signer| signer.verifier().clone())
            .collect()
    };
    let note = SignedNote::sign("a\n".into(), &[&log, &witness]).unwrap();
    assert_eq!(note.verify(&keys(&[&log])).unwrap(), [log.verifier()]);
    assert_eq!(
        note.verify(&keys(&[&witness, &log])).unwrap(),
        [witness.verifier(), log.verifier()]
    );
    // The same name with another key is another key.
    assert_eq!(note.verify(&keys(&[&other])), Err(VerifyError::NoKnownKey));
    assert_eq!(
        note.verify(&keys(&[&other, &witness])).unwrap(),
        [witness.verifier()]
    );

    let forged = SignedNote::parse(note.to_string().replacen('a', "b", 1).as_bytes()).unwrap();
    let wrong = |signer: &Signer| VerifyError::WrongSignature {
        name: signer.name().into(),
        key_id: signer.key_id(),
    };
    assert_eq!(forged.verify(&keys(&[&log])), Err(wrong(&log)));

    // A good signature does not make up for a wrong one, wherever it stands.
    let other_text = SignedNote::sign("b\n".into(), &[&log]).unwrap();
    let mixed = format!("{note}{}", other_text.signatures()[0]);
    let mixed = SignedNote::parse(mixed.as_bytes()).unwrap();
    assert_eq!(mixed.verify(&keys(&[&log])), Err(wrong(&log)));
    assert_eq!(
        mixed.verify(&keys(&[&witness])).unwrap(),
        [witness.verifier()]
    );

    // A repeated good one counts once; a known key given twice is one key.
    let repeated = format!("{note}{}", note.signatures()[0]);
    let repeated = SignedNote::parse(repeated.as_bytes()).unwrap();
    assert_eq!(repeated.verify(&keys(&[&log])).unwrap(), [log.verifier()]);

    // Signatures of other lengths and kinds under a known name and id are wrong.
    let mut short = note.signatures()[0].to_string();
    short.truncate(short.rfind(' ').unwrap());
    let key_id = hex::decode(log.key_id().to_string()).unwrap();
    for length in [1, 63, 65, 72] {
        let encoded = base64(&[key_id.clone(), vec![7; length]].concat());
        let note = format!("a\n\n{short} {encoded}\n");
        let note = SignedNote::parse(note.as_bytes()).unwrap();
        assert_eq!(note.verify(&keys(&[&log])), Err(wrong(&log)));
    }
}

fn base64(bytes: &[u8]) -> String {
    use base64::Engine;
    base64::engine::general_purpose::STANDARD.encode(bytes)
}

#[test]
fn a_signature_is_replaced_by_a_newer_one_of_its_key() {
    let (log, witness) = (signer("log", 1), signer("witness", 3));
    let note = SignedNote::sign("a\n".into(), &[&log]).unwrap();
    let twice = note.clone().countersign(&log).unwrap();
    assert_eq!(twice, note);
    let both = twice.countersign(&witness).unwrap();
    assert_eq!(both.signatures().len(), 2);

    let mut full = note;
    for seed in 1..MAX_SIGNATURES as u8 {
        full = full.countersign(&signer("witness", seed)).unwrap();
    }
    assert_eq!(
        full.countersign(&signer("w", 1)),
        Err(NoteError::TooManySignatures)
    );
}

#[track_caller]
fn check_vkey(vkey: &str, expect: KeyError) {
    assert_eq!(vkey.parse::<Verifier>(), Err(expect), "{vkey:?}");
}

#[test]
fn texts_that_are_no_key_are_refused_by_name() {
    let vkey = signer("example.com/foo", 1).verifier().to_string();
    let (name, rest) = vkey.split_once('+').unwrap();
    let (id, key) = rest.split_once('+').unwrap();
    check_vkey("", KeyError::Malformed);
    check_vkey(name, KeyError::Malformed);
    check_vkey(&format!("{name}+{id}"), KeyError::Malformed);
    check_vkey(&format!("{vkey}\n"), KeyError::Malformed);
    check_vkey(&format!("{vkey}+"), KeyError::Malformed);
    check_vkey(
        &format!("{name}+{}+{key}", id.to_uppercase()),
        KeyError::Malformed,
    );
    check_vkey(&format!("{name}+0{id}+{key}"), KeyError::Malformed);
    check_vkey(&format!("{name}+00000000+{key}"), KeyError::WrongId);
    check_vkey(&format!("{name}x+{id}+{key}"), KeyError::WrongId);
    check_vkey(&format!("+{id}+{key}"), KeyError::Name);
    check_vkey(&format!("a b+{id}+{key}"), KeyError::Name);
    check_vkey(
        &format!("{name}+{id}+{}", base64(&[2; 33])),
        KeyError::UnknownType(2),
    );
    check_vkey(
        &format!("{name}+{id}+{}", base64(&[1; 32])),
        KeyError::Malformed,
    );
    check_vkey(
        &format!("{name}+{id}+{}", base64(&[1; 34])),
        KeyError::Malformed,
    );
    check_vkey(&format!("{name}+{id}+"), KeyError::Malformed);
    for name in ["", "a b", "a+b", "a\nb", "a\u{3000}b", "\u{1}"] {
        assert_eq!(
            Signer::from_seed(name, &[1; 32]).unwrap_err(),
            KeyError::Name
        );
    }
    assert!("PRIVATE+KEY+x".parse::<Signer>().is_err());
    assert!(vkey.parse::<Signer>().is_err());
}

#[test]
fn keys_for_which_anybody_can_sign_are_refused() {
    // The neutral element and other points of small order, and bytes that are no point.
    let mut one = [0; 32];
    one[0] = 1;
    let mut minus_one = [0xff; 32];
    minus_one[0] = 0xec;
    minus_one[31] = 0x7f;
    for weak in [[0; 32], one, minus_one] {
        assert_eq!(Verifier::new("k", &weak), Err(KeyError::UnusableKey));
    }
    assert_eq!(Verifier::new("k", &[2; 32]), Err(KeyError::UnusableKey));
}

#[test]
fn a_signer_shows_its_secret_only_when_asked() {
    let signer = signer("k", 77);
    let secret = signer.to_secret_text();
    assert_eq!(
        secret.parse::<Signer>().unwrap().verifier(),
        signer.verifier()
    );
    let encoded = secret.rsplit('+').next().unwrap();
    let shown = format!("{signer:?}");
    assert!(
        !shown.contains(encoded) && !shown.contains("77, 77"),
        "{shown}"
    );
    let other = Signer::from_seed("l", &[77; 32]).unwrap().to_secret_text();
    let mixed = secret.replacen("+k+", "+l+", 1);
    assert_ne!(mixed, other);
    assert_eq!(mixed.parse::<Signer>().unwrap_err(), KeyError::WrongId);
}

#[track_caller]
fn check_checkpoint(text: &str, expect: CheckpointError) {
    assert_eq!(text.parse::<Checkpoint>(), Err(expect), "{text:?}");
}

#[test]
fn texts_that_are_no_checkpoint_are_refused_by_name() {
    let root = "TszzRgjTG6xce+z2AG31kAXYKBgQVtCSCE40HmuwBb0=";
    let good = format!("o\n123\n{root}\n");
    let read: Checkpoint = good.parse().unwrap();
    assert_eq!((read.origin(), read.size()), ("o", 123));
    assert_eq!(
        format!("{good}one\ntwo\n")
            .parse::<Checkpoint>()
            .unwrap()
            .extensions(),
        ["one", "two"]
    );

    check_checkpoint("", CheckpointError::Unfinished);
    check_checkpoint(good.trim_end(), CheckpointError::Unfinished);
    check_checkpoint("\n", CheckpointError::Size);
    check_checkpoint(&format!("\n123\n{root}\n"), CheckpointError::Origin);
    check_checkpoint("o\n", CheckpointError::Size);
    for size in [
        "",
        "0x1",
        "01",
        "00",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1e3",
        "9223372036854775808",
        "18446744073709551616",
        "\u{0661}",
    ] {
        check_checkpoint(&format!("o\n{size}\n{root}\n"), CheckpointError::Size);
    }
    assert!(
        format!("o\n{MAX_TREE_SIZE}\n{root}\n")
            .parse::<Checkpoint>()
            .is_ok()
    );
    check_checkpoint("o\n123\n", CheckpointError::Root);
    for root in [
        "",
        "AAAA",
        &root[..43],
        &root.replace("b0=", "b1="),
        &format!("{root} "),
        &"A".repeat(44),
    ] {
        check_checkpoint(&format!("o\n123\n{root}\n"), CheckpointError::Root);
    }
    check_checkpoint(&format!("{good}\n"), CheckpointError::Extension);
    check_checkpoint(&format!("{good}one\n\n"), CheckpointError::Extension);
    check_checkpoint(&format!("{good}one\n\ntwo\n"), CheckpointError::Extension);
    check_checkpoint(&format!("{good}one"), CheckpointError::Unfinished);

    assert_eq!(
        Checkpoint::new("", 0, EMPTY_ROOT),
        Err(CheckpointError::Origin)
    );
    assert_eq!(
        Checkpoint::new("a\nb", 0, EMPTY_ROOT),
        Err(CheckpointError::Origin)
    );
    assert_eq!(
        Checkpoint::new("a", 1 << 63, EMPTY_ROOT),
        Err(CheckpointError::Size)
    );
    let empty = Checkpoint::new("a", 0, EMPTY_ROOT).unwrap();
    assert_eq!(
        empty.clone().with_extension(""),
        Err(CheckpointError::Extension)
    );
    assert_eq!(
        empty.with_extension("a\nb"),
        Err(CheckpointError::Extension)
    );
}

#[test]
fn a_checkpoint_is_believed_when_its_own_log_signed_it() {
    let (log, next, stranger) = (
        signer(ORIGIN, 1),
        signer(ORIGIN, 2),
        signer("example.com/acme/other", 3),
    );
    let head = Checkpoint::new(ORIGIN, 7, [7; 32]).unwrap();
    let key = |signer: &Signer| vec![signer.verifier().clone()];
    let open =
        |note: &SignedNote, keys: &[Verifier]| Checkpoint::open(note.to_string().as_bytes(), keys);

    let note = head.sign(&[&log]).unwrap();
    assert_eq!(open(&note, &key(&log)), Ok(head.clone()));
    assert_eq!(
        open(&note, &key(&next)),
        Err(OpenError::Signature(VerifyError::NoKnownKey))
    );

    // A change of keys: signed by both, believed by holders of either.
    let both = head.sign(&[&log, &next]).unwrap();
    assert_eq!(open(&both, &key(&log)), Ok(head.clone()));
    assert_eq!(open(&both, &key(&next)), Ok(head.clone()));

    // Another log's key vouches for its own log only.
    let foreign = head.sign(&[&stranger]).unwrap();
    let origin = OpenError::ForeignOrigin {
        origin: ORIGIN.into(),
    };
    assert_eq!(open(&foreign, &key(&stranger)), Err(origin));

    let text = SignedNote::sign("hello\n".into(), &[&log]).unwrap();
    assert_eq!(
        open(&text, &key(&log)),
        Err(OpenError::Text(CheckpointError::Size))
    );
    assert_eq!(
        Checkpoint::open(b"", &key(&log)),
        Err(OpenError::Note(NoteError::Unsigned))
    );
}

#[track_caller]
fn check_proof(file: &str, expect: ProofFormatError) {
    assert_eq!(TlogProof::parse(file.as_bytes()), Err(expect), "{file:?}");
}

#[test]
fn bytes_that_are_no_proof_file_are_refused_by_name() {
    let log = MemoryLog::of_numbers(5);
    let key = signer(ORIGIN, 1);
    let proof = log_proof(&log, 3, &key);
    let file = proof.to_string();
    let hash = base64(&[9; 32]);
    assert_eq!(TlogProof::parse(file.as_bytes()), Ok(proof.clone()));

    let swap = |from: &str, to: &str| file.replacen(from, to, 1);
    check_proof("", ProofFormatError::Unfinished);
    check_proof("\n\n", ProofFormatError::Header);
    check_proof(&swap("@v1", "@v2"), ProofFormatError::Header);
    check_proof(&swap("@v1\n", "@v1 \n"), ProofFormatError::Header);
    check_proof(&swap("@v1\n", "@v1\r\n"), ProofFormatError::Header);
    check_proof(&format!("\u{feff}{file}"), ProofFormatError::Header);
    check_proof(&swap("index 3\n", ""), ProofFormatError::Index);
    for index in [
        "index\n",
        "index \n",
        "index 03\n",
        "index  3\n",
        "index +3\n",
        "index 3 \n",
        "Index 3\n",
        "index 9223372036854775808\n",
    ] {
        check_proof(&swap("index 3\n", index), ProofFormatError::Index);
    }
    for extra in [
        "extra \n",
        "extra A\n",
        "extra AAA\n",
        "extra AB==\n",
        "extra  AA==\n",
    ] {
        check_proof(
            &swap("index", &format!("{extra}index")),
            ProofFormatError::Extra,
        );
    }
    check_proof(&swap("index", "extra\nindex"), ProofFormatError::Index);
    check_proof(
        &swap("index", "extra AA==\nextra AA==\nindex"),
        ProofFormatError::Index,
    );
    check_proof(
        &swap("index 3\n", "index 3\nextra AA==\n"),
        ProofFormatError::Path { line: 3 },
    );
    check_proof(
        &swap("index 3\n", "index 3\nAAAA\n"),
        ProofFormatError::Path { line: 3 },
    );
    check_proof(
        &swap("index 3\n", "index 3\n\n"),
        ProofFormatError::Checkpoint(CheckpointError::Size),
    );
    check_proof(
        &swap(
            "index 3\n",
            &format!("index 3\n{}", format!("{hash}\n").repeat(MAX_PATH_HASHES)),
        ),
        ProofFormatError::Path {
            line: 3 + MAX_PATH_HASHES,
        },
    );
    check_proof(
        &format!("{file}x\n"),
        ProofFormatError::Note(NoteError::MalformedSignature { line: 6 }),
    );
    let end = file.find("\n\n").unwrap();
    check_proof(&file[..end], ProofFormatError::Unfinished);
    check_proof(
        &file[..end + 2],
        ProofFormatError::Note(NoteError::Unsigned),
    );
    let long = "a".repeat(MAX_PROOF_BYTES + 1);
    check_proof(
        &long,
        ProofFormatError::TooLarge {
            size_bytes: MAX_PROOF_BYTES + 1,
        },
    );
    assert_eq!(
        TlogProof::parse(b"\xff"),
        Err(ProofFormatError::Note(NoteError::NotText))
    );
}

#[test]
fn extra_data_travels_beside_the_proof() {
    let log = MemoryLog::of_numbers(5);
    let key = signer(ORIGIN, 1);
    let mut proof = log_proof(&log, 3, &key);
    for length in [1, 2, 3, MAX_EXTRA_BYTES] {
        proof.extra = Some(vec![0xa5; length]);
        let read = TlogProof::parse(proof.to_string().as_bytes()).unwrap();
        assert_eq!(read, proof);
        read.verify(&log.leaf(3), &[key.verifier().clone()])
            .unwrap();
    }
    proof.extra = Some(vec![0xa5; MAX_EXTRA_BYTES + 1]);
    check_proof(&proof.to_string(), ProofFormatError::Extra);
    proof.extra = Some(Vec::new());
    assert_eq!(
        TlogProof::parse(proof.to_string().as_bytes())
            .unwrap()
            .extra,
        None
    );
}

#[test]
fn a_proof_file_proves_its_own_entry() {
    let log = MemoryLog::of_numbers(300);
    let key = signer(ORIGIN, 1);
    let known = [key.verifier().clone()];
    for index in [0, 1, 255, 256, 299] {
        let proof = log_proof(&log, index, &key);
        let head = proof.verify(&log.leaf(index), &known).unwrap();
        assert_eq!((head.size(), *head.root()), (300, log.root()));
        let other = log.leaf((index + 1) % 300);
        let wrong_root = Err(ProofError::Inclusion(InclusionError::WrongRoot));
        assert_eq!(proof.verify(&other, &known), wrong_root);
        assert!(matches!(
            proof.verify(&log.leaf(index), &[]),
            Err(ProofError::Checkpoint(_))
        ));
        let moved = TlogProof {
            index: 300,
            ..proof
        };
        assert!(matches!(
            moved.verify(&log.leaf(index), &known),
            Err(ProofError::Inclusion(InclusionError::OutsideTree {
                index: 300,
                size: 300
            }))
        ));
    }
}
