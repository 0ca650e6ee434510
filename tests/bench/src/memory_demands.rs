//! What is known of the memory and the work of each function beside the measurements of the bench.

use crate::budgets::IMPORT_MEMORY_KIB;

/// The memory sizes that are compared, in MB of Lambda, which are MiB. At the last one a function has a whole vCPU.
pub(crate) const SIZES: [f64; 5] = [128.0, 256.0, 512.0, 1024.0, WHOLE_CPU];
pub(crate) const WHOLE_CPU: f64 = 1769.0;
/// For Lambda's own processes, and for requests that are larger than those of the bench.
const RESERVE_MIB: f64 = 32.0;

/// What is known of a function.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Demand {
    pub(crate) function: &'static str,
    /// Whether a person waits for its response.
    pub(crate) is_waited_for: bool,
    /// MiB for data that the flow of the bench does not have.
    pub(crate) data_mib: f64,
    /// The least size for work that the flow does not have, in MB.
    pub(crate) least_mb: f64,
    /// A sentence for docs/costs.md.
    pub(crate) reason: &'static str,
}

impl Demand {
    const fn of_person(function: &'static str, data_mib: f64, least_mb: f64, reason: &'static str) -> Self {
        Self { function, is_waited_for: true, data_mib, least_mb, reason }
    }

    const fn of_nobody(function: &'static str, data_mib: f64, least_mb: f64, reason: &'static str) -> Self {
        Self { function, is_waited_for: false, data_mib, least_mb, reason }
    }

    /// The size that a function needs whose peak was measured, in MB.
    pub(crate) fn needed_mb(&self, peak_mib: f64) -> f64 {
        (peak_mib + self.data_mib + RESERVE_MIB).max(self.least_mb)
    }
}

const PERSON: &str = "A person waits for it.";
const NOBODY: &str = "Nobody waits for it.";
const LEAST: f64 = SIZES[0];

/// All functions, in the order of the tables.
pub(crate) const DEMANDS: [Demand; 19] = [
    Demand::of_person(
        "auth",
        512.0,
        LEAST,
        "A person waits for Argon2id, which costs the same at each size, and may use 512 MB (`PasswordMemoryKib`).",
    ),
    Demand::of_person("oauth", 16.0, 256.0, "It waits for Google or GitHub, and opens TLS connections to them."),
    Demand::of_nobody("keys", 0.0, LEAST, NOBODY),
    Demand::of_person("users", 32.0, LEAST, PERSON),
    Demand::of_person("products", 64.0, LEAST, PERSON),
    Demand::of_person("cart", 32.0, LEAST, PERSON),
    Demand::of_person("orders", 32.0, LEAST, PERSON),
    Demand::of_person("payments", 32.0, LEAST, PERSON),
    Demand::of_nobody("ops", 32.0, LEAST, NOBODY),
    Demand::of_nobody("relay", 64.0, 256.0, "A batch has up to 100 rows, and orders wait for them."),
    Demand::of_nobody("orders-worker", 32.0, LEAST, NOBODY),
    Demand::of_nobody("payments-worker", 16.0, LEAST, "It waits for the payment provider, three times for a charge."),
    Demand::of_nobody("notifier", 32.0, LEAST, "It waits for the mail service."),
    Demand::of_nobody("housekeeping", 128.0, 512.0, "After an outage it ends thousands of holds in its 60 seconds."),
    Demand::of_person(
        "search",
        256.0,
        WHOLE_CPU,
        "A person waits for it. A search in a large catalog computes for up to 25 ms.",
    ),
    Demand::of_nobody("indexer", 512.0, WHOLE_CPU, "It computes, which costs the same at each size."),
    Demand::of_nobody(
        "uploads",
        512.0,
        WHOLE_CPU,
        "It computes, which costs the same at each size. To decode the largest image takes up to 400 MB.",
    ),
    Demand::of_nobody("catalog-worker", IMPORT_MEMORY_KIB / 1024.0, LEAST, "An import may use 256 MB."),
    Demand::of_nobody("privacy", 64.0, 256.0, "It has a part of an export in memory."),
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::budgets::{FUNCTIONS, MEMORY_KIB};

    const TEMPLATE: &str = include_str!("../../../template.yaml");
    /// A function that keeps its budget has less before its first event.
    const EMPTY_MIB: f64 = MEMORY_KIB / 1024.0;

    /// The size in a line such as `MemorySize: 512 # reason`.
    fn size(line: &str) -> Option<f64> {
        line.trim_start().strip_prefix("MemorySize:")?.split_whitespace().next()?.parse().ok()
    }

    /// The size of a function in a template: its own, or the default, which is the first one of all.
    fn template_size(template: &str, function: &str) -> Option<f64> {
        let name = format!("FunctionName: !Sub \"${{AWS::StackName}}-{function}\"");
        let rest = template.lines().skip_while(|line| line.trim() != name);
        let properties: Vec<&str> = rest.take_while(|line| line.starts_with("      ")).collect();
        if properties.is_empty() {
            return None;
        }
        properties.into_iter().find_map(size).or_else(|| template.lines().find_map(size))
    }

    #[test]
    fn every_function_has_a_demand() {
        assert_eq!(DEMANDS.map(|demand| demand.function), FUNCTIONS);
    }

    #[test]
    fn functions_of_the_template_have_a_compared_size_and_room_for_their_data() {
        for demand in DEMANDS {
            let size = template_size(TEMPLATE, demand.function)
                .unwrap_or_else(|| panic!("template.yaml has no function {}", demand.function));
            assert!(SIZES.contains(&size), "{} has {size} MB", demand.function);
            let needed = demand.needed_mb(EMPTY_MIB);
            assert!(size >= needed, "{} has {size} MB and needs {needed}", demand.function);
        }
    }

    #[test]
    fn size_of_a_function_is_its_own_or_the_default() {
        let template = "\
Globals:
  Function:
    MemorySize: 512
Resources:
  CartFunction:
    Properties:
      FunctionName: !Sub \"${AWS::StackName}-cart\"
      Timeout: 10
  AuthFunction:
    Properties:
      FunctionName: !Sub \"${AWS::StackName}-auth\"
      MemorySize: 1769 # one CPU
";
        let sizes = ["cart", "auth", "art"].map(|function| template_size(template, function));
        assert_eq!(sizes, [Some(512.0), Some(1769.0), None]);
    }

    #[test]
    fn need_is_the_peak_with_data_and_reserve_or_the_least_size() {
        let demand = Demand::of_nobody("relay", 64.0, 128.0, "");
        assert_eq!([demand.needed_mb(12.0), demand.needed_mb(60.0)], [128.0, 156.0]);
    }
}
