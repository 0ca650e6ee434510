//! What a session is called in its owner's list.

const MAX_CHARS: usize = 200;

/// The client's `User-Agent`, cut to 200 characters.
#[derive(Debug, Clone, Default)]
pub struct Device(pub(crate) Option<String>);

impl Device {
    /// From the header, if there is one.
    pub fn new(user_agent: Option<&str>) -> Self {
        Self(user_agent.filter(|text| !text.is_empty()).map(|text| text.chars().take(MAX_CHARS).collect()))
    }
}
