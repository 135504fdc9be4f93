//! The control socket: how the command line manages an instance that a server holds.
//!
//! One JSON request a line, one JSON answer a line. Whoever can open the socket (0600 in a 0700
//! folder) owns the folder's files anyway, so no more is asked of them.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{UnixListener, UnixStream};

use crate::admin::{AdminAnswer, AdminError, AdminRequest};
use crate::folder::{FolderError, make_private, private_folder};
use crate::instance::{Instance, InstanceError, InstanceOptions};
use crate::limits::CONTROL_LINE_MAX_BYTES;
use crate::own::Doer;

/// Bytes of a socket's path, with the zero at its end: `sun_path` of `sockaddr_un` on Linux.
const SUN_PATH_BYTES: usize = 108;

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Ok(Box<AdminAnswer>),
    /// What was asked is wrong.
    Refused(String),
    /// The server failed.
    Failed(String),
}

/// Carries out a request on a data folder: through its server if one runs, else by opening the
/// folder, which is made and initialised if it is empty.
pub async fn administer(
    options: &InstanceOptions,
    request: AdminRequest,
) -> Result<AdminAnswer, AdminError> {
    if let Some(answer) = ask_server(&options.data, &request).await? {
        return Ok(answer);
    }
    match Instance::open(options).await {
        Ok(instance) => {
            let answer = instance.administer(request, Doer::CommandLine).await;
            instance.close().await;
            answer
        }
        // A server that is just starting holds the folder before it listens.
        Err(InstanceError::Folder(in_use @ FolderError::InUse { .. })) => {
            for _ in 0..50 {
                tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                if let Some(answer) = ask_server(&options.data, &request).await? {
                    return Ok(answer);
                }
            }
            Err(InstanceError::Folder(in_use).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Carries out a request through the server that runs on a data folder; nothing happens, and none is
/// answered, where none runs.
pub async fn tell_running(
    data: &Path,
    request: &AdminRequest,
) -> Result<Option<AdminAnswer>, AdminError> {
    ask_server(data, request).await
}

/// Asks the server of a folder; none if no server listens there (a stale socket included).
async fn ask_server(
    data: &Path,
    request: &AdminRequest,
) -> Result<Option<AdminAnswer>, AdminError> {
    let failed = |source| InstanceError::System {
        what: "the control socket failed",
        source,
    };
    let path = socket_path(data).map_err(failed)?;
    // Only a socket of our own: nobody else's server gets to see a request.
    let ours = path
        .metadata()
        .is_ok_and(|meta| meta.uid() == rustix::process::geteuid().as_raw());
    if !ours {
        return Ok(None);
    }
    let Ok(mut stream) = UnixStream::connect(&path).await else {
        return Ok(None);
    };
    let mut line = serde_json::to_vec(request).map_err(|error| failed(error.into()))?;
    line.push(b'\n');
    stream.write_all(&line).await.map_err(failed)?;
    let mut answer = Vec::new();
    let limit = CONTROL_LINE_MAX_BYTES as u64;
    let mut lines = BufReader::new(stream).take(limit);
    lines.read_until(b'\n', &mut answer).await.map_err(failed)?;
    match serde_json::from_slice(&answer).map_err(|error| failed(error.into()))? {
        Answer::Ok(answer) => Ok(Some(*answer)),
        Answer::Refused(why) => Err(AdminError::Refused(why)),
        Answer::Failed(why) => Err(failed(io::Error::other(why)).into()),
    }
}

/// A listening control socket; the file goes when this is dropped.
pub(crate) struct Control {
    listener: UnixListener,
    path: PathBuf,
}

impl Control {
    /// Listens for a folder that this process holds, so a socket that lies there is stale.
    pub(crate) fn listen(data: &Path) -> io::Result<Control> {
        let path = socket_path(data)?;
        if let Some(parent) = path.parent() {
            private_folder(parent)?;
            // A run folder that somebody else made first is no place for a socket.
            let owner = parent.metadata()?.uid();
            if owner != rustix::process::geteuid().as_raw() {
                let why = format!("{} belongs to user {owner}", parent.display());
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, why));
            }
        }
        match std::fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let listener = UnixListener::bind(&path)?;
        make_private(&path)?;
        Ok(Control { listener, path })
    }

    /// Answers until the task is dropped.
    pub(crate) async fn serve(self, instance: Arc<Instance>) {
        loop {
            match self.listener.accept().await {
                Ok((stream, _)) => {
                    let instance = instance.clone();
                    tokio::spawn(async move {
                        if let Err(error) = answer(stream, &instance).await {
                            tracing::debug!(%error, "a control connection broke");
                        }
                    });
                }
                Err(error) => {
                    tracing::warn!(%error, "the control socket does not accept");
                    tokio::time::sleep(std::time::Duration::from_millis(200)).await;
                }
            }
        }
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        let _ = std::fs::remove_file(&self.path);
    }
}

async fn answer(stream: UnixStream, instance: &Instance) -> io::Result<()> {
    let (read, mut write) = stream.into_split();
    let mut lines = BufReader::new(read.take(CONTROL_LINE_MAX_BYTES as u64));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).await? > 0 {
        let answer = match serde_json::from_slice::<AdminRequest>(&line) {
            Err(error) => Answer::Refused(format!("no request: {error}")),
            Ok(request) => match instance.administer(request, Doer::CommandLine).await {
                Ok(answer) => Answer::Ok(Box::new(answer)),
                Err(AdminError::Refused(why)) => Answer::Refused(why),
                Err(error) => {
                    let why = crate::error::error_chain(&error);
                    tracing::error!(error = why, "a control request failed");
                    Answer::Failed(why)
                }
            },
        };
        let mut text = serde_json::to_vec(&answer)?;
        text.push(b'\n');
        write.write_all(&text).await?;
        line.clear();
    }
    Ok(())
}

/// Where the socket of a folder lies: in the folder, or, where that path is too long for a socket,
/// under a short name made of the folder's in the user's run folder.
fn socket_path(data: &Path) -> io::Result<PathBuf> {
    let data = match data.canonicalize() {
        Ok(path) => path,
        Err(_) => std::path::absolute(data)?,
    };
    let inside = data.join("control.sock");
    if inside.as_os_str().len() < SUN_PATH_BYTES {
        return Ok(inside);
    }
    let digest = Sha256::digest(data.as_os_str().as_bytes());
    let name: String = digest
        .iter()
        .take(10)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    let run = match std::env::var_os("XDG_RUNTIME_DIR").filter(|dir| dir.len() < 60) {
        Some(dir) => PathBuf::from(dir).join("annals"),
        None => format!("/tmp/annals-{}", rustix::process::geteuid().as_raw()).into(),
    };
    Ok(run.join(format!("{name}.sock")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_folder_gets_a_short_socket() {
        let long = PathBuf::from("/tmp").join("d".repeat(200));
        let path = socket_path(&long).unwrap();
        assert!(
            path.as_os_str().len() < SUN_PATH_BYTES,
            "{}",
            path.display()
        );
        assert_eq!(socket_path(&long).unwrap(), path);
        assert_ne!(
            socket_path(&PathBuf::from("/tmp").join("e".repeat(200))).unwrap(),
            path
        );
        let short = socket_path(Path::new("/tmp/data")).unwrap();
        assert_eq!(short, Path::new("/tmp/data/control.sock"));
    }
}
