//! Where a request comes from, as coarse as it takes to brake it.

use std::fmt;
use std::net::IpAddr;

/// One IPv4 address, or the 64 bits of an IPv6 address that name a network (RFC 6177: a home has at least one of them, and all
/// addresses in it). `Debug` hides it: an address is a person's.
#[derive(Clone, PartialEq, Eq)]
pub struct Network(Vec<u8>);

impl Network {
    /// Of a source address as API Gateway writes it. Whatever is none is one network, and shares its limits.
    pub fn of(source: Option<&str>) -> Self {
        let address = source.and_then(|text| text.parse::<IpAddr>().ok()).map(|address| address.to_canonical());
        Self(match address {
            Some(IpAddr::V4(address)) => address.octets().to_vec(),
            Some(IpAddr::V6(address)) => address.octets()[..8].to_vec(),
            None => Vec::new(),
        })
    }

    pub(crate) fn bytes(&self) -> &[u8] {
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
    fn a_network_is_an_address_of_v4_and_64_bits_of_v6() {
        let of = |text| Network::of(Some(text));
        assert!(of("192.0.2.1") != of("192.0.2.2"));
        assert!(of("2001:db8:1:2::3") == of("2001:db8:1:2:ffff::9"));
        assert!(of("2001:db8:1:2::3") != of("2001:db8:1:3::3"));
        assert!(of("::ffff:192.0.2.1") == of("192.0.2.1"), "v4 in the clothes of v6 is v4");
        assert!(of("nonsense") == Network::of(None));
    }
}
