//! Private or public: what an address says by itself.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use event::Network;

/// Whether an address is one of the internet. Private, loopback, link-local, unique local and
/// carrier-grade addresses (RFC 1918, 6598, 3927, 4193, 4291) are not; an IPv4 address inside an
/// IPv6 one counts as itself.
pub fn network_of(address: IpAddr) -> Network {
    let private = match address {
        IpAddr::V4(address) => is_private_v4(address),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => is_private_v4(mapped),
            None => is_private_v6(address),
        },
    };
    if private {
        Network::Private
    } else {
        Network::Public
    }
}

fn is_private_v4(address: Ipv4Addr) -> bool {
    let [first, second, ..] = address.octets();
    address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_unspecified()
        || (first == 100 && (64..128).contains(&second))
}

fn is_private_v6(address: Ipv6Addr) -> bool {
    address.is_loopback()
        || address.is_unspecified()
        || address.is_unique_local()
        || address.is_unicast_link_local()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_told_apart() {
        for (address, network) in [
            ("10.0.0.1", Network::Private),
            ("172.31.255.255", Network::Private),
            ("172.32.0.0", Network::Public),
            ("192.168.1.105", Network::Private),
            ("100.64.0.1", Network::Private),
            ("100.128.0.1", Network::Public),
            ("127.0.0.1", Network::Private),
            ("203.0.113.9", Network::Public),
            ("::1", Network::Private),
            ("fd00::1", Network::Private),
            ("fe80::1", Network::Private),
            ("2001:db8::1", Network::Public),
            ("::ffff:10.0.0.1", Network::Private),
            ("::ffff:203.0.113.9", Network::Public),
        ] {
            assert_eq!(network_of(address.parse().unwrap()), network, "{address}");
        }
    }
}
