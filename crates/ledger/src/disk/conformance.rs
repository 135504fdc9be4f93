//! The promises that can be checked while the power is on, on every disk.

use std::io::{self, ErrorKind};
use std::path::Path;
use std::sync::Arc;

use super::{Disk, DiskFile, Listed, LockError, Real, Sim};

/// Holds a promise to both disks.
#[track_caller]
fn check(promise: impl Fn(&dyn Disk)) {
    promise(&Sim::new(1));
    let folder = tempfile::tempdir().unwrap();
    promise(&Real::at(folder.path()));
}

fn p(path: &str) -> &Path {
    Path::new(path)
}

fn file(disk: &dyn Disk, path: &str, bytes: &[u8]) -> Arc<dyn DiskFile> {
    let file = disk.create(p(path)).unwrap();
    file.write_all_at(bytes, 0).unwrap();
    file
}

fn bytes(file: &dyn DiskFile) -> Vec<u8> {
    let mut bytes = vec![0; file.len().unwrap() as usize];
    file.read_exact_at(&mut bytes, 0).unwrap();
    bytes
}

fn bytes_of(disk: &dyn Disk, path: &str) -> Vec<u8> {
    bytes(&*disk.open_read(p(path)).unwrap())
}

fn listed(disk: &dyn Disk, path: &str) -> String {
    let entries = disk.list(p(path)).unwrap();
    let text = |Listed { name, is_dir }| if is_dir { name + "/" } else { name };
    entries.into_iter().map(text).collect::<Vec<_>>().join(" ")
}

#[track_caller]
fn fails<T>(answer: io::Result<T>, kind: ErrorKind) {
    assert_eq!(answer.err().map(|error| error.kind()), Some(kind));
}

#[test]
fn bytes_written_at_a_place_are_read_at_that_place() {
    check(|disk| {
        let written = file(disk, "a", b"hello world");
        written.write_all_at(b"W", 6).unwrap();
        let mut word = [0; 5];
        let other = disk.open(p("a")).unwrap();
        other.read_exact_at(&mut word, 6).unwrap();
        assert_eq!(&word, b"World");
        assert_eq!(
            (other.len().unwrap(), other.is_empty().unwrap()),
            (11, false)
        );
        other.sync_data().unwrap();
        other.sync_all().unwrap();
    });
}

#[test]
fn a_gap_reads_as_zeros() {
    check(|disk| {
        let gap = file(disk, "a", b"x");
        gap.write_all_at(b"y", 3).unwrap();
        assert_eq!(bytes(&*gap), b"x\0\0y");
        gap.write_all_at(b"", 9).unwrap();
        assert_eq!(gap.len().unwrap(), 4, "an empty write changes nothing");
    });
}

#[test]
fn reading_past_the_end_is_an_unexpected_end() {
    check(|disk| {
        let short = file(disk, "a", b"abc");
        fails(
            short.read_exact_at(&mut [0; 2], 2),
            ErrorKind::UnexpectedEof,
        );
        fails(
            short.read_exact_at(&mut [0; 1], 900),
            ErrorKind::UnexpectedEof,
        );
        short.read_exact_at(&mut [], 3).unwrap();
    });
}

#[test]
fn truncating_cuts_or_adds_zeros() {
    check(|disk| {
        let cut = file(disk, "a", b"abcdef");
        cut.truncate(2).unwrap();
        assert_eq!(bytes(&*cut), b"ab");
        cut.truncate(4).unwrap();
        assert_eq!(bytes(&*cut), b"ab\0\0");
    });
}

#[test]
fn reserving_adds_zeros_and_never_cuts() {
    check(|disk| {
        let grown = file(disk, "a", b"ab");
        grown.reserve(4).unwrap();
        assert_eq!(bytes(&*grown), b"ab\0\0");
        grown.reserve(1).unwrap();
        grown.write_all_at(b"c", 2).unwrap();
        assert_eq!(bytes(&*grown), b"abc\0");
    });
}

#[test]
fn create_never_touches_what_is_there() {
    check(|disk| {
        file(disk, "a", b"old");
        disk.create_dir(p("d")).unwrap();
        fails(disk.create(p("a")), ErrorKind::AlreadyExists);
        fails(disk.create(p("d")), ErrorKind::AlreadyExists);
        fails(disk.create_dir(p("a")), ErrorKind::AlreadyExists);
        assert_eq!(bytes_of(disk, "a"), b"old");
    });
}

#[test]
fn what_is_missing_is_not_found() {
    check(|disk| {
        fails(disk.open(p("a")), ErrorKind::NotFound);
        fails(disk.open_read(p("a")), ErrorKind::NotFound);
        fails(disk.create(p("d/a")), ErrorKind::NotFound);
        fails(disk.create_dir(p("d/e")), ErrorKind::NotFound);
        fails(disk.remove_file(p("a")), ErrorKind::NotFound);
        fails(disk.remove_dir(p("d")), ErrorKind::NotFound);
        fails(disk.rename(p("a"), p("b")), ErrorKind::NotFound);
        fails(disk.sync_dir(p("d")), ErrorKind::NotFound);
        fails(disk.list(p("d")), ErrorKind::NotFound);
        assert!(!disk.exists(p("a")).unwrap());
        assert!(!disk.exists(p("d/a")).unwrap());
    });
}

#[test]
fn files_are_no_folders_and_folders_no_files() {
    check(|disk| {
        file(disk, "a", b"");
        disk.create_dir(p("d")).unwrap();
        fails(disk.open(p("d")), ErrorKind::IsADirectory);
        fails(disk.open_read(p("d")), ErrorKind::IsADirectory);
        fails(disk.remove_file(p("d")), ErrorKind::IsADirectory);
        fails(disk.remove_dir(p("a")), ErrorKind::NotADirectory);
        fails(disk.list(p("a")), ErrorKind::NotADirectory);
        fails(disk.sync_dir(p("a")), ErrorKind::NotADirectory);
        fails(disk.create(p("a/b")), ErrorKind::NotADirectory);
        fails(disk.exists(p("a/b")), ErrorKind::NotADirectory);
        fails(disk.rename(p("a"), p("d")), ErrorKind::IsADirectory);
        fails(disk.rename(p("d"), p("a")), ErrorKind::NotADirectory);
    });
}

#[test]
fn a_folder_lists_its_names_in_order() {
    check(|disk| {
        disk.create_dir(p("d")).unwrap();
        for name in ["b", "a", "d/x"] {
            file(disk, name, b"");
        }
        assert_eq!(listed(disk, ""), "a b d/");
        assert_eq!(listed(disk, "d"), "x");
        assert!(disk.exists(p("d/x")).unwrap() && disk.exists(p("")).unwrap());
        disk.sync_dir(p("d")).unwrap();
        disk.sync_dir(p("")).unwrap();
    });
}

#[test]
fn a_rename_replaces_a_file() {
    check(|disk| {
        file(disk, "a", b"new");
        let replaced = file(disk, "b", b"old");
        disk.rename(p("a"), p("b")).unwrap();
        disk.rename(p("b"), p("b")).unwrap();
        assert_eq!(listed(disk, ""), "b");
        assert_eq!(bytes_of(disk, "b"), b"new");
        assert_eq!(bytes(&*replaced), b"old", "an open handle keeps its file");
    });
}

#[test]
fn a_rename_moves_a_folder_with_all_it_holds() {
    check(|disk| {
        disk.create_dir(p("d")).unwrap();
        disk.create_dir(p("empty")).unwrap();
        file(disk, "d/a", b"x");
        disk.rename(p("d"), p("empty")).unwrap();
        assert_eq!(bytes_of(disk, "empty/a"), b"x");
        disk.create_dir(p("e")).unwrap();
        fails(
            disk.rename(p("e"), p("empty")),
            ErrorKind::DirectoryNotEmpty,
        );
        fails(disk.rename(p("empty/a"), p("a")), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_removed_file_lives_on_for_its_handles() {
    check(|disk| {
        let removed = file(disk, "a", b"x");
        disk.remove_file(p("a")).unwrap();
        removed.write_all_at(b"y", 1).unwrap();
        removed.sync_data().unwrap();
        assert_eq!(bytes(&*removed), b"xy");
        assert!(!disk.exists(p("a")).unwrap());
        file(disk, "a", b"another");
        assert_eq!(bytes(&*removed), b"xy");
    });
}

#[test]
fn only_an_empty_folder_is_removed() {
    check(|disk| {
        disk.create_dir(p("d")).unwrap();
        file(disk, "d/a", b"");
        fails(disk.remove_dir(p("d")), ErrorKind::DirectoryNotEmpty);
        disk.remove_file(p("d/a")).unwrap();
        disk.remove_dir(p("d")).unwrap();
        assert_eq!(listed(disk, ""), "");
    });
}

#[test]
fn a_file_opened_to_read_refuses_to_change() {
    check(|disk| {
        file(disk, "a", b"x");
        let reading = disk.open_read(p("a")).unwrap();
        assert!(reading.write_all_at(b"y", 0).is_err());
        assert!(reading.truncate(0).is_err());
        assert!(reading.reserve(9).is_err());
        assert_eq!(bytes(&*reading), b"x");
    });
}

#[test]
fn a_lock_is_held_by_one_until_it_is_dropped() {
    check(|disk| {
        let lock = disk.lock(p("lock")).unwrap();
        assert!(matches!(disk.lock(p("lock")), Err(LockError::Held)));
        assert!(disk.lock(p("another")).is_ok());
        drop(lock);
        disk.lock(p("lock")).unwrap();
        assert_eq!(listed(disk, ""), "another lock");
        assert!(matches!(disk.lock(p("no/lock")), Err(LockError::Io(_))));
    });
}

#[test]
fn only_plain_relative_paths_are_accepted() {
    check(|disk| {
        for path in ["/a", "..", "../a", "d/../a"] {
            fails(disk.create(p(path)), ErrorKind::InvalidInput);
            fails(disk.exists(p(path)), ErrorKind::InvalidInput);
        }
        fails(disk.create(p("")), ErrorKind::InvalidInput);
        fails(disk.remove_dir(p("")), ErrorKind::InvalidInput);
        fails(disk.open(p("")), ErrorKind::InvalidInput);
    });
}

#[test]
fn a_disk_tells_its_free_space() {
    check(|disk| assert!(disk.free_bytes().unwrap() > 0));
}

#[test]
fn threads_share_a_file_without_mixing_their_bytes() {
    check(|disk| {
        let shared = file(disk, "a", b"");
        std::thread::scope(|scope| {
            for thread in 0..4_u8 {
                let shared = &shared;
                scope.spawn(move || {
                    for block in 0..16 {
                        let offset = (block * 4 + u64::from(thread)) * 100;
                        shared.write_all_at(&[thread; 100], offset).unwrap();
                    }
                });
            }
        });
        let bytes = bytes(&*shared);
        assert_eq!(bytes.len(), 6400);
        let right = |(n, block): (usize, &[u8])| block.iter().all(|b| usize::from(*b) == n % 4);
        assert!(bytes.chunks(100).enumerate().all(right));
    });
}

#[test]
fn a_real_disk_belongs_to_its_owner_alone() {
    use std::os::unix::fs::PermissionsExt;
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("new/root");
    let disk = Real::create(&root).unwrap();
    Real::create(&root).unwrap();
    disk.create_dir(p("d")).unwrap();
    disk.create(p("d/a")).unwrap();
    drop(disk.lock(p("lock")).unwrap());
    let mode = |path: &str| root.join(path).metadata().unwrap().permissions().mode() & 0o777;
    assert_eq!(
        [mode(""), mode("d"), mode("d/a"), mode("lock")],
        [0o700, 0o700, 0o600, 0o600]
    );
}
