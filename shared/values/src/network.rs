//! The network that a request comes from, as precise as rate limits need it.

use std::fmt;
use std::net::IpAddr;

/// One IPv4 address, or the first 56 bits of an IPv6 address. Homes get a /56 or a /64 (RFC 6177), and at a mobile provider some
/// customers share a /56. A caller with a whole /48 has 256 of these networks, and not 65,536 as with /64. `Debug` hides it, because an IP
/// address is personal data.
#[derive(Clone, PartialEq, Eq)]
pub struct Network(Vec<u8>);

impl Network {
    /// Parses the source IP address as API Gateway writes it. All requests without a valid one share one network and its limits.
    pub fn of(source: Option<&str>) -> Self {
        let address = source.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
        Self(match address {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets()[..7].to_vec(),
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
    fn network_is_a_v4_address_or_56_bits_of_a_v6_address() {
        let of = |text| Network::of(Some(text));
        assert!(of("192.0.2.1") != of("192.0.2.2"));
        assert!(of("2001:db8:1:2::3") == of("2001:db8:1:2:ffff::9"));
        assert!(of("2001:db8:1:2::3") == of("2001:db8:1:ff::3"));
        assert!(of("2001:db8:1:2::3") != of("2001:db8:1:102::3"));
        assert!(of("::ffff:192.0.2.1") == of("192.0.2.1"), "a v4-mapped v6 address is the v4 address");
        assert!(of("nonsense") == Network::of(None));
    }
}
