//! Calling cargo with what this machine has.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::{Context as _, bail};

use crate::contract;

/// Where build products go if nobody says otherwise: outside the clone, shared by all clones.
const TARGET_BELOW_HOME: &str = ".cache/annals/target";
/// The OpenAPI description as it is checked in.
pub(crate) const OPENAPI: &str = "docs/openapi.json";

/// What was found on this machine.
pub(crate) struct Tools {
    root: PathBuf,
    environment: Vec<(&'static str, String)>,
    has_nextest: bool,
}

impl Tools {
    /// Fails where something is missing without which nothing can be built.
    pub(crate) fn look_around() -> anyhow::Result<Self> {
        if !works("cc", &["--version"]) {
            bail!(
                "no C compiler (`cc`) is installed; on Debian and Ubuntu: apt install gcc libc6-dev"
            );
        }
        let unset = |name: &str| std::env::var_os(name).is_none_or(|value| value.is_empty());
        let mut environment = Vec::new();
        let mut missing = Vec::new();
        if let Some(home) = std::env::home_dir().filter(|_| unset("CARGO_TARGET_DIR")) {
            let target = home.join(TARGET_BELOW_HOME);
            environment.push(("CARGO_TARGET_DIR", target.to_string_lossy().into_owned()));
        }
        if !works("cc", &["-fuse-ld=mold", "-Wl,--version"]) {
            missing.push("mold (links faster)");
        } else if unset("RUSTFLAGS") {
            environment.push(("RUSTFLAGS", "-C link-arg=-fuse-ld=mold".to_owned()));
        }
        if !works("sccache", &["--version"]) {
            missing.push("sccache (remembers compiled crates)");
        } else if unset("RUSTC_WRAPPER") {
            environment.push(("RUSTC_WRAPPER", "sccache".to_owned()));
        }
        let has_nextest = works("cargo", &["nextest", "--version"]);
        if !has_nextest {
            missing.push("cargo-nextest (runs tests side by side)");
        }
        if !missing.is_empty() {
            println!("not installed, not needed: {}", missing.join(", "));
        }
        Ok(Self {
            root: root(),
            environment,
            has_nextest,
        })
    }

    /// Runs cargo and fails if it does.
    pub(crate) fn cargo(&self, arguments: &[&str]) -> anyhow::Result<()> {
        println!("cargo {}", arguments.join(" "));
        let status = self
            .command(arguments)
            .status()
            .context("cannot run cargo")?;
        if !status.success() {
            bail!("`cargo {}` failed", arguments.join(" "));
        }
        Ok(())
    }

    /// Builds `annals` and `annals-bench` as they are released, always both, so that one build
    /// serves all; the folder they are in.
    pub(crate) fn build_release(&self) -> anyhow::Result<PathBuf> {
        self.cargo(&[
            "build",
            "--release",
            "--package",
            "annals-cli",
            "--package",
            "annals-bench",
        ])?;
        let arguments = ["metadata", "--format-version", "1", "--no-deps", "--locked"];
        let output = self.command(&arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("`cargo metadata` failed");
        }
        let metadata: serde_json::Value = serde_json::from_slice(&output.stdout)?;
        let target = metadata["target_directory"]
            .as_str()
            .context("`cargo metadata` names no target directory")?;
        Ok(Path::new(target).join("release"))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(std::env::var_os("CARGO").unwrap_or("cargo".into()));
        command.args(arguments).current_dir(&self.root);
        // What cargo tells this program about itself is not meant for other builds: build scripts
        // that look at it would run again each time.
        for (name, _) in std::env::vars_os() {
            let name = name.to_string_lossy();
            if name.starts_with("CARGO_PKG_") || name.starts_with("CARGO_MANIFEST_") {
                command.env_remove(&*name);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Builds the binary as the tests use it; where it is.
    pub(crate) fn build_annals(&self) -> anyhow::Result<PathBuf> {
        let arguments = [
            "build",
            "--package",
            "annals-cli",
            "--message-format",
            "json-render-diagnostics",
        ];
        let output = self.command(&arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("`cargo build --package annals-cli` failed");
        }
        String::from_utf8(output.stdout)?
            .lines()
            .filter_map(|line| serde_json::from_str::<serde_json::Value>(line).ok())
            .filter(|message| message["target"]["name"] == "annals")
            .find_map(|message| message["executable"].as_str().map(PathBuf::from))
            .context("cargo names no binary `annals`")
    }

    pub(crate) fn demo(&self, arguments: &[String]) -> anyhow::Result<()> {
        self.cargo(&["build", "--release", "--package", "annals-cli"])?;
        let mut run = vec![
            "run",
            "--quiet",
            "--release",
            "--package",
            "annals-cli",
            "--bin",
            "annals",
            "--",
            "demo",
        ];
        run.extend(arguments.iter().map(String::as_str));
        // Not our failure to explain: `annals` has said what is wrong.
        let status = self.command(&run).status().context("cannot run cargo")?;
        std::process::exit(status.code().unwrap_or(1));
    }

    pub(crate) fn test(&self, arguments: &[String]) -> anyhow::Result<()> {
        let mut run = match self.has_nextest {
            true => vec!["nextest", "run", "--workspace", "--no-fail-fast"],
            false => vec!["test", "--workspace", "--all-targets", "--no-fail-fast"],
        };
        run.extend(arguments.iter().map(String::as_str));
        self.cargo(&run)?;
        // Arguments choose among the tests of the workspace.
        if arguments.is_empty() {
            contract::test(self)?;
            self.test_screens()?;
        }
        Ok(())
    }

    /// Runs the tests of the screens, then a real browser on a release of the binary. Without npm
    /// there is nothing to run them with, which is said.
    pub(crate) fn test_screens(&self) -> anyhow::Result<()> {
        if !works("npm", &["--version"]) {
            println!("npm is not installed: the screens are not tested");
            return Ok(());
        }
        self.npm("web", &["ci", "--no-audit", "--no-fund"])?;
        self.npm("web", &["run", "check"])?;
        self.npm("web", &["test"])?;
        let browser = std::env::var_os("CHROMIUM").unwrap_or("/usr/bin/chromium".into());
        if !Path::new(&browser).exists() {
            println!(
                "no Chromium at {}: no browser looks at the screens",
                browser.display()
            );
            return Ok(());
        }
        self.build_release()?;
        self.npm("e2e", &["ci", "--no-audit", "--no-fund"])?;
        self.npm("e2e", &["test"])
    }

    /// Makes pictures of every screen in a folder below `e2e/`.
    pub(crate) fn screenshots(&self) -> anyhow::Result<()> {
        self.build_release()?;
        self.npm("e2e", &["ci", "--no-audit", "--no-fund"])?;
        self.npm("e2e", &["run", "screenshots"])?;
        println!("the pictures are in e2e/screenshots");
        Ok(())
    }

    fn npm(&self, folder: &str, arguments: &[&str]) -> anyhow::Result<()> {
        let status = Command::new("npm")
            .args(arguments)
            .current_dir(self.root.join(folder))
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .status()
            .context("cannot run npm")?;
        if !status.success() {
            bail!("`npm {}` failed in {folder}/", arguments.join(" "));
        }
        Ok(())
    }

    pub(crate) fn codegen(&self) -> anyhow::Result<()> {
        let text = self.openapi()?;
        std::fs::write(self.root.join(OPENAPI), text)?;
        println!("wrote {OPENAPI}");
        Ok(())
    }

    /// Fails if the checked-in OpenAPI description is not the one the code makes.
    pub(crate) fn check_openapi(&self) -> anyhow::Result<()> {
        let checked_in = std::fs::read_to_string(self.root.join(OPENAPI)).unwrap_or_default();
        if self.openapi()? != checked_in {
            bail!("{OPENAPI} is not what the code makes; run `cargo xtask codegen` and commit it");
        }
        Ok(())
    }

    fn openapi(&self) -> anyhow::Result<String> {
        let arguments = [
            "run",
            "--quiet",
            "--package",
            "annals-cli",
            "--bin",
            "annals",
            "--",
            "openapi",
        ];
        let output = self.command(&arguments).stderr(Stdio::inherit()).output()?;
        if !output.status.success() {
            bail!("`annals openapi` failed");
        }
        Ok(String::from_utf8(output.stdout)?)
    }
}

/// The top of the repository: of the one cargo runs this for, whichever it was built in.
pub(crate) fn root() -> PathBuf {
    let mut root = std::env::var_os("CARGO_MANIFEST_DIR")
        .map_or_else(|| env!("CARGO_MANIFEST_DIR").into(), PathBuf::from);
    root.pop();
    root
}

/// What a program prints, run at the top of the repository.
pub(crate) fn read_output(program: &str, arguments: &[&str]) -> anyhow::Result<String> {
    let output = Command::new(program)
        .args(arguments)
        .current_dir(root())
        .stderr(Stdio::inherit())
        .output()
        .with_context(|| format!("cannot run {program}"))?;
    if !output.status.success() {
        bail!("`{program} {}` failed", arguments.join(" "));
    }
    Ok(String::from_utf8(output.stdout)?)
}

/// Whether a program is there and ends well.
pub(crate) fn works(program: &str, arguments: &[&str]) -> bool {
    let quiet = || Stdio::null();
    let status = Command::new(program)
        .args(arguments)
        .stdin(quiet())
        .stdout(quiet())
        .stderr(quiet())
        .status();
    status.is_ok_and(|status| status.success())
}
