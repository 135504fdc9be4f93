//! What the kernel says about a process: CPU time and memory.

use std::time::Duration;

use anyhow::Context as _;

/// Kernel clock ticks a second in `/proc/<pid>/stat`; 100 on every Linux that matters.
const TICKS_PER_SECOND: f64 = 100.0;

/// CPU seconds a process has used since it started, in user and kernel mode.
pub(crate) fn cpu_seconds(pid: u32) -> anyhow::Result<f64> {
    let stat = Stat::read(pid)?;
    Ok((stat.user + stat.kernel) / TICKS_PER_SECOND)
}

/// CPU seconds of a process, its children, and those children that have ended.
pub(crate) fn cpu_seconds_with_children(pid: u32) -> anyhow::Result<f64> {
    let stat = Stat::read(pid)?;
    let mut ticks = stat.user + stat.kernel + stat.ended_children;
    for entry in std::fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(child) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        // Whoever ended meanwhile is counted among the ended ones next time.
        if let Ok(stat) = Stat::read(child)
            && stat.parent == pid
        {
            ticks += stat.user + stat.kernel;
        }
    }
    Ok(ticks / TICKS_PER_SECOND)
}

/// Memory of a process, in bytes.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Memory {
    /// Its own and pages of files it has mapped.
    pub(crate) resident: u64,
    /// The most that was ever resident.
    pub(crate) peak: u64,
    /// Without pages of files, which the system takes back when it needs them.
    pub(crate) own: u64,
}

/// Memory of a process now.
pub(crate) fn memory(pid: u32) -> anyhow::Result<Memory> {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status"))?;
    let bytes = |name: &str| {
        let line = status.lines().find_map(|l| l.strip_prefix(name));
        line.and_then(|l| l.split_whitespace().next())
            .and_then(|kib| kib.parse::<u64>().ok())
            .map(|kib| kib << 10)
            .with_context(|| format!("no {name}"))
    };
    Ok(Memory {
        resident: bytes("VmRSS:")?,
        peak: bytes("VmHWM:")?,
        own: bytes("RssAnon:")?,
    })
}

/// Sends SIGTERM, or another signal by its name.
pub(crate) fn signal(pid: u32, name: &str) -> anyhow::Result<()> {
    let sent = std::process::Command::new("kill")
        .arg(format!("-{name}"))
        .arg(pid.to_string())
        .status()?;
    anyhow::ensure!(sent.success(), "cannot send SIG{name}");
    Ok(())
}

/// Waits until a child has ended, at most `patience`; `None` if it has not.
pub(crate) fn wait(
    child: &mut std::process::Child,
    patience: Duration,
) -> anyhow::Result<Option<std::process::ExitStatus>> {
    let begun = std::time::Instant::now();
    while begun.elapsed() < patience {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status));
        }
        std::thread::sleep(Duration::from_millis(5));
    }
    Ok(None)
}

struct Stat {
    parent: u32,
    user: f64,
    kernel: f64,
    ended_children: f64,
}

impl Stat {
    fn read(pid: u32) -> anyhow::Result<Stat> {
        let stat = std::fs::read_to_string(format!("/proc/{pid}/stat"))?;
        // The second field, the program's name in parentheses, may hold spaces.
        let fields = stat.rsplit_once(')').map_or("", |(_, rest)| rest);
        let fields: Vec<&str> = fields.split_whitespace().collect();
        let number = |n: usize| {
            fields
                .get(n)
                .and_then(|v| v.parse::<f64>().ok())
                .with_context(|| format!("/proc/{pid}/stat has no number in field {n}"))
        };
        Ok(Stat {
            parent: number(1)? as u32,
            user: number(11)?,
            kernel: number(12)?,
            ended_children: number(13)? + number(14)?,
        })
    }
}
