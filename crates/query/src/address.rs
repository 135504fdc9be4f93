//! Addresses and networks in queries.

use std::net::{IpAddr, Ipv4Addr};

use ipnet::{IpNet, Ipv4Net};

use crate::ask::{Form, Wanted};
use crate::error::{Mistake, QueryErrorCode as Code, shown};

/// Reads an address, a network (`10.0.0.0/8`) or the beginning of an IPv4 address (`10.1.*`).
pub(crate) fn parse(wanted: Wanted<'_>) -> Result<IpNet, Mistake> {
    let net = match wanted.form {
        Form::Whole => single(wanted.text).or_else(|| wanted.text.parse().ok().map(canonical_net)),
        Form::Prefix => octets(wanted.text),
        Form::Part => None,
    };
    net.ok_or_else(|| {
        Mistake::new(
            Code::Address,
            format!("`{}` is not an IP address or network", shown(wanted.text)),
        )
        .hint("e.g. 192.168.1.105, 10.0.0.0/8, 192.168.*, 2001:db8::/32")
    })
}

/// The network of one address.
pub(crate) fn single(text: &str) -> Option<IpNet> {
    text.parse()
        .ok()
        .map(|address: IpAddr| IpNet::from(address.to_canonical()))
}

/// Without host bits, and IPv4 where it is an IPv4 network inside IPv6.
fn canonical_net(net: IpNet) -> IpNet {
    const MAPPED_BITS: u8 = 96;
    let mapped = match net {
        IpNet::V6(six) => six
            .addr()
            .to_ipv4_mapped()
            .zip(six.prefix_len().checked_sub(MAPPED_BITS)),
        IpNet::V4(_) => None,
    };
    mapped
        .and_then(|(address, length)| Ipv4Net::new(address, length).ok())
        .map_or(net, IpNet::V4)
        .trunc()
}

/// `192.168.` as what comes before a `*`.
fn octets(text: &str) -> Option<IpNet> {
    let given: Vec<u8> = text
        .strip_suffix('.')?
        .split('.')
        .map(|octet| octet.parse().ok())
        .collect::<Option<_>>()?;
    let mut address = [0; 4];
    address.get_mut(..given.len())?.copy_from_slice(&given);
    let length = u8::try_from(given.len() * 8)
        .ok()
        .filter(|&length| length < 32)?;
    Ipv4Net::new(Ipv4Addr::from(address), length)
        .ok()
        .map(IpNet::V4)
}

/// A network as a query writes it.
pub(crate) fn text(net: IpNet) -> String {
    let single = net.prefix_len() == net.max_prefix_len();
    if single {
        net.addr().to_string()
    } else {
        net.to_string()
    }
}
