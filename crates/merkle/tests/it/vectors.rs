//! Answers others have published: this crate speaks the same language as their logs.

use merkle::note::VerifyError;
use merkle::{Checkpoint, EMPTY_ROOT, SignedNote, Signer, Verifier, leaf_hash, root_at};

use crate::memory_log::MemoryLog;

/// The eight entries of the Certificate Transparency reference tests.
const CT_ENTRIES: [&str; 8] = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
];

/// Roots of the trees of the first 0, 1, 2 ... of them.
const CT_ROOTS: [&str; 9] = [
    "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
];

#[test]
fn certificate_transparency_trees_have_their_published_roots() {
    let mut log = MemoryLog::default();
    for (entry, root) in CT_ENTRIES.iter().zip(CT_ROOTS) {
        assert_eq!(hex::encode(log.root()), root);
        log.push(leaf_hash(&hex::decode(entry).unwrap()));
    }
    for (size, root) in CT_ROOTS.iter().enumerate() {
        assert_eq!(hex::encode(root_at(&log, size as u64).unwrap()), *root);
    }
    assert_eq!(hex::encode(EMPTY_ROOT), CT_ROOTS[0]);
}

/// Keys, text and signatures of the tests of Go's `golang.org/x/mod/sumdb/note`.
mod go {
    pub(super) const PETER: &str =
        "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
    pub(super) const PETER_SECRET: &str =
        "PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz";
    pub(super) const PETER_SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
    pub(super) const ENOCH: &str =
        "EnochRoot+af0cfe78+ATtqJ7zOtqQtYqOo0CpvDXNlMhV3HeJDpjrASKGLWdop";
    pub(super) const ENOCH_SIGNATURE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+vAF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";
    pub(super) const TEXT: &str = "If you think cryptography is the answer to your problem,\n\
                                   then you don't know what your problem is.\n";
}

#[test]
fn notes_are_signed_as_go_signs_them() {
    let peter: Signer = go::PETER_SECRET.parse().unwrap();
    assert_eq!(peter.to_secret_text(), go::PETER_SECRET);
    assert_eq!(peter.verifier().to_string(), go::PETER);
    let note = SignedNote::sign(go::TEXT.to_owned(), &[&peter]).unwrap();
    assert_eq!(
        note.to_string(),
        format!("{}\n{}", go::TEXT, go::PETER_SIGNATURE)
    );

    // Go's example draws the second key from a source of zeroes.
    let enoch = Signer::from_seed("EnochRoot", &[0; 32]).unwrap();
    assert_eq!(enoch.verifier().to_string(), go::ENOCH);
    let note = note.countersign(&enoch).unwrap();
    let both = format!(
        "{}\n{}{}",
        go::TEXT,
        go::PETER_SIGNATURE,
        go::ENOCH_SIGNATURE
    );
    assert_eq!(note.to_string(), both);
}

#[test]
fn notes_signed_by_go_are_verified() {
    let peter: Verifier = go::PETER.parse().unwrap();
    let enoch: Verifier = go::ENOCH.parse().unwrap();
    let note = format!(
        "{}\n{}{}",
        go::TEXT,
        go::PETER_SIGNATURE,
        go::ENOCH_SIGNATURE
    );
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(note.text(), go::TEXT);
    assert_eq!(
        note.verify(&[enoch.clone(), peter.clone()]).unwrap(),
        [&enoch, &peter]
    );
    assert_eq!(note.verify(std::slice::from_ref(&peter)).unwrap(), [&peter]);
    assert_eq!(note.verify(&[]), Err(VerifyError::NoKnownKey));
}

#[test]
fn the_example_of_the_signed_note_specification_verifies() {
    let key: Verifier = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
        .parse()
        .unwrap();
    assert_eq!(key.name(), "example.com/foo");
    assert_eq!(key.key_id().to_string(), "530d903a");
    let note = "This is an example message.\n\n— example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n";
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(note.text(), "This is an example message.\n");
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap(), [&key]);
}

/// Size, root and signature of the example of the checkpoint specification. They are those of a
/// head that the Go checksum database once signed under its own origin.
const HEAD: &str = "20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
const HEAD_SIGNATURE: &str =
    "Az3grlgtzPICa5OS8npVmf1Myq/5IZniMp+ZJurmRDeOoRDe4URYN7u5/Zhcyv2q1gGzGku9nTo+zyWE+xeMcTOAYQ8=";

#[test]
fn the_example_of_the_checkpoint_specification_is_read() {
    let origin = "example.com/behind-the-sofa";
    let note = format!("{origin}\n{HEAD}\n— {origin} {HEAD_SIGNATURE}\n");
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(note.signatures()[0].name(), origin);
    let checkpoint: Checkpoint = note.text().parse().unwrap();
    assert_eq!(checkpoint.origin(), origin);
    assert_eq!(checkpoint.size(), 20_852_163);
    assert_eq!(checkpoint.to_string(), note.text());
    assert!(checkpoint.extensions().is_empty());
}

#[test]
fn a_head_signed_by_the_go_checksum_database_verifies() {
    let key: Verifier = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
        .parse()
        .unwrap();
    let note = format!("go.sum database tree\n{HEAD}\n— sum.golang.org {HEAD_SIGNATURE}\n");
    let note = SignedNote::parse(note.as_bytes()).unwrap();
    assert_eq!(note.verify(std::slice::from_ref(&key)).unwrap(), [&key]);
}
