//! The network that a request comes from, as precise as rate limits need it.

use std::fmt;
use std::net::IpAddr;

/// One IPv4 address, or the first 64 bits of an IPv6 address (RFC 6177: a home has at least one such network, and all addresses in
/// it). `Debug` hides it, because an IP address is personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Network(Vec<u8>);

impl Network {
    /// Parses the source IP address as API Gateway writes it. All requests without a valid one share one network and its limits.
    pub fn of(source: Option<&str>) -> Self {
        let address = source.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
        Self(match address {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
            None => Vec::new(),
        })
    }

    /// The bytes that identify the network; none if the IP address is unknown. They are personal data: only their keyed digest may be
    /// stored or logged.
    pub fn bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Network(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn network_is_a_v4_address_or_64_bits_of_a_v6_address() {
        let of = |text| Network::of(Some(text));
        assert!(of("192.0.2.1") != of("192.0.2.2"));
        assert!(of("2001:db8:1:2::3") == of("2001:db8:1:2:ffff::9"));
        assert!(of("2001:db8:1:2::3") != of("2001:db8:1:3::3"));
        assert!(of("::ffff:192.0.2.1") == of("192.0.2.1"), "a v4-mapped v6 address is the v4 address");
        assert!(of("nonsense") == Network::of(None));
    }
}
