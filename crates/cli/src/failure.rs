//! How a command ends when it does not end well.

use std::process::ExitCode;

/// Why a command ended; decides the exit code.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: it could not be done. The words name the way out.
    Failed(anyhow::Error),
    /// 1: it was done in part; everything has been said already.
    Partly,
    /// 2: the arguments make no sense together.
    Usage(String),
    /// 3: something is not what was signed.
    Broken(String),
    /// 0: whoever read the output has gone (`annals search | head`).
    NobodyReads,
}

impl Failure {
    pub(crate) fn report(self) -> ExitCode {
        let code = match self {
            Failure::NobodyReads => 0,
            Failure::Partly => 1,
            Failure::Failed(error) => {
                eprintln!("error: {error:#}");
                1
            }
            Failure::Usage(words) => {
                eprintln!("error: {words}");
                2
            }
            Failure::Broken(words) => {
                eprintln!("INTEGRITY BROKEN: {words}");
                3
            }
        };
        ExitCode::from(code)
    }
}

impl<E: Into<anyhow::Error>> From<E> for Failure {
    fn from(error: E) -> Self {
        let error = error.into();
        let gone = |io: &std::io::Error| io.kind() == std::io::ErrorKind::BrokenPipe;
        let nobody_reads = error.downcast_ref::<std::io::Error>().is_some_and(gone)
            || matches!(error.downcast_ref(), Some(client::ClientError::Write(io)) if gone(io));
        if nobody_reads {
            Failure::NobodyReads
        } else {
            Failure::Failed(error)
        }
    }
}

/// What every command gives back.
pub(crate) type Done = Result<(), Failure>;
