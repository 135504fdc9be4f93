//! One-time links: made, written, and told apart when they are used.

use catalog::{Change, Link, LinkId, LinkKind, TokenText};
use event::Timestamp;

use crate::error::{Code, Refusal};
use crate::identity::origin::Origin;
use crate::instance::{InstanceError, random};

/// The path of a link; its token goes into the fragment, which no server gets to see.
pub(crate) fn path(kind: LinkKind, token: &TokenText) -> String {
    let page = match kind {
        LinkKind::Setup => "setup",
        LinkKind::Invitation => "invitation",
        LinkKind::Reset => "reset",
    };
    format!("/{page}#{}", token.reveal())
}

/// A link for whoever reads it elsewhere, by the name under which this server was just asked.
pub(crate) fn absolute(origin: &Origin, kind: LinkKind, token: &TokenText) -> String {
    let scheme = if origin.is_tls { "https" } else { "http" };
    format!("{scheme}://{}{}", origin.host, path(kind, token))
}

/// A new link's id, token and hash.
pub(crate) fn fresh() -> Result<(LinkId, TokenText), InstanceError> {
    Ok((
        LinkId::from_random(random()?),
        TokenText::from_random(random()?),
    ))
}

/// The usable link of a kind with this token, as the change sees it.
pub(crate) async fn usable(
    change: &mut Change,
    kind: LinkKind,
    token: &str,
    now: Timestamp,
) -> Result<Link, Refusal> {
    let unknown = || {
        Refusal::new(
            Code::LinkUnknown,
            "this link is not known; ask for a new one",
        )
    };
    let token: TokenText = token.parse().map_err(|_| unknown())?;
    let link = change.link(&token.hash()).await?.ok_or_else(unknown)?;
    if link.kind != kind {
        return Err(unknown());
    }
    if link.used_at.is_some() {
        let detail = "this link was used before; ask for a new one";
        return Err(Refusal::new(Code::LinkUsed, detail));
    }
    if now >= link.expires_at {
        let detail = format!(
            "this link expired at {}; ask for a new one",
            link.expires_at
        );
        return Err(Refusal::new(Code::LinkExpired, detail));
    }
    Ok(link)
}
