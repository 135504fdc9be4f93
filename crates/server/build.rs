//! Builds the screens (`web/`) into the binary.
//!
//! A release build makes them with `npm`; other builds leave them out unless `ANNALS_SCREENS=1`
//! asks for them, so that checking and testing the server needs no Node.js. `ANNALS_SCREENS=0`
//! leaves them out of a release too. Where they cannot be made the build goes on, says so, and the
//! server answers `/` with how to get them.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::{env, fs};

/// What the built files depend on.
const SOURCES: [&str; 8] = [
    "src",
    "public",
    "index.html",
    "package.json",
    "package-lock.json",
    "precompress.ts",
    "tsconfig.json",
    "vite.config.ts",
];

fn main() {
    let home = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let web = home.join("../../web");
    let out = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("screens");
    println!("cargo:rerun-if-env-changed=ANNALS_SCREENS");
    for source in SOURCES {
        println!("cargo:rerun-if-changed={}", web.join(source).display());
    }
    let wanted = match env::var("ANNALS_SCREENS").as_deref() {
        Ok("0") => false,
        Ok(_) => true,
        Err(_) => env::var("PROFILE").as_deref() == Ok("release"),
    };
    let _ = fs::remove_dir_all(&out);
    if let Err(why) = fs::create_dir_all(&out) {
        println!("cargo:warning=cannot make {}: {why}", out.display());
    }
    if wanted && let Err(why) = build(&web, &out) {
        let _ = fs::remove_dir_all(&out);
        let _ = fs::create_dir_all(&out);
        println!("cargo:warning=built without its screens: {why}");
    }
    if let Err(why) = list(&out) {
        println!("cargo:warning=cannot list {}: {why}", out.display());
    }
}

/// Writes `screens.rs` beside the folder: a sorted table of path and bytes of every file in it.
fn list(out: &Path) -> std::io::Result<()> {
    let mut files = Vec::new();
    let mut folders = vec![out.to_path_buf()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder)? {
            let path = entry?.path();
            if path.is_dir() {
                folders.push(path);
            } else if let Some(name) = path.strip_prefix(out).ok().and_then(Path::to_str) {
                files.push((name.replace('\\', "/"), path.clone()));
            }
        }
    }
    files.sort();
    let rows: String = files
        .iter()
        .map(|(name, path)| format!("    ({name:?}, include_bytes!({path:?})),\n"))
        .collect();
    fs::write(out.with_extension("rs"), format!("&[\n{rows}]\n"))
}

fn build(web: &Path, out: &Path) -> Result<(), String> {
    let lock = modified(&web.join("package-lock.json"));
    if modified(&web.join("node_modules/.package-lock.json")) < lock || lock.is_none() {
        run(web, &["ci", "--no-audit", "--no-fund"])?;
    }
    let out = out
        .to_str()
        .ok_or("the target folder's name is not UTF-8")?;
    run(
        web,
        &[
            "exec",
            "--",
            "vite",
            "build",
            "--outDir",
            out,
            "--emptyOutDir",
        ],
    )
}

fn modified(path: &Path) -> Option<std::time::SystemTime> {
    fs::metadata(path).and_then(|meta| meta.modified()).ok()
}

fn run(folder: &Path, arguments: &[&str]) -> Result<(), String> {
    let done = Command::new("npm")
        .args(arguments)
        .current_dir(folder)
        .output()
        .map_err(|why| format!("cannot run npm: {why}"))?;
    if done.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&done.stderr);
    let mut lines = said.lines().filter(|line| !line.trim().is_empty());
    let told = lines.clone().find(|line| line.contains("rror"));
    let told = told.or_else(|| lines.next_back());
    Err(format!(
        "npm {} failed: {}",
        arguments.join(" "),
        told.unwrap_or("no reason given")
    ))
}
