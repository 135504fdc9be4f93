//! Addresses as logs write them.

use std::net::{IpAddr, Ipv4Addr};

/// The address a text names: IPv4, IPv6, with a port or in brackets. Zeros before the digits of an
/// IPv4 part are read as decimal, as they are meant in every log that has them.
pub(crate) fn parse(text: &str) -> Option<IpAddr> {
    let text = text.trim();
    if let Ok(address) = text.parse() {
        return Some(address);
    }
    if let Some(inside) = text.strip_prefix('[') {
        return inside.split(']').next()?.parse().ok();
    }
    let (address, port) = text.split_once(':').unwrap_or((text, "0"));
    port.parse::<u16>().ok()?;
    let mut parts = address.split('.').map(|part| {
        let digits = (1..=3).contains(&part.len()) && part.bytes().all(|b| b.is_ascii_digit());
        digits.then(|| part.parse::<u8>().ok()).flatten()
    });
    let mut next = || parts.next().flatten();
    let read = Ipv4Addr::new(next()?, next()?, next()?, next()?);
    parts.next().is_none().then_some(IpAddr::V4(read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expected: Option<&str>) {
        assert_eq!(parse(text).map(|it| it.to_string()).as_deref(), expected);
    }

    #[test]
    fn addresses_are_read_as_logs_write_them() {
        check("192.0.2.7", Some("192.0.2.7"));
        check("192.0.2.7:443", Some("192.0.2.7"));
        check("192.0.002.07", Some("192.0.2.7"));
        check("2001:DB8::1", Some("2001:db8::1"));
        check("[2001:db8::1]:443", Some("2001:db8::1"));
        for no in [
            "",
            "ec2.amazonaws.com",
            "AWS Internal",
            "192.0.2",
            "192.0.2.256",
            "1.2.3.4.5",
            "1.2.3.4:x",
        ] {
            check(no, None);
        }
    }
}
