//! The member states of the European Union.

/// By ISO 3166-1 alpha-2. Their VAT territories are not the same as these countries (Directive 2006/112/EC, Art. 6 and 7): a place that is
/// outside, such as the Canary Islands, has tax rates of its own, by its postal codes.
const MEMBER_STATES: [&str; 27] = [
    "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU", "LV",
    "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
];

/// Is the country a member state?
pub(crate) fn is_member_state(country: &str) -> bool {
    MEMBER_STATES.contains(&country)
}
