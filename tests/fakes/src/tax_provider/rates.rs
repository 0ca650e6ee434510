//! Rates that are made up: 4 % for the state, and 4.875 % for the city of a postal code. The class `reduced` has no tax of a city, and the
//! class `zero_rated` has none at all. The postal code 00000 is unknown.

use serde_json::{Value, json};

use super::messages::Calculation;
use super::refusal::Refusal;

const STATE_PPM: u32 = 40_000;
const CITY_PPM: u32 = 48_750;

/// The answer to a calculation. A buyer with an exemption has it.
pub(super) fn answer(message: &Calculation) -> Result<Value, Refusal> {
    let destination = &message.destination;
    if destination.postal_code.as_deref() == Some("00000") {
        return Err(Refusal::final_refusal("place_unknown", "There is no place with this postal code."));
    }
    let state = match &destination.region {
        Some(region) => format!("{}-{region}", destination.country),
        None => destination.country.clone(),
    };
    let city = destination.postal_code.as_ref().map(|code| format!("{state}-{code}"));
    let classes: Vec<Value> = message.classes.iter().map(|class| rates(class, &state, city.as_deref())).collect();
    let mut answer = json!({ "classes": classes, "shipping": { "rule": "proportional" } });
    if let Some(exemption) = &message.exemption {
        answer["exemption"] = json!(exemption);
    }
    Ok(answer)
}

/// The rates of a class.
fn rates(class: &str, state: &str, city: Option<&str>) -> Value {
    let (reason, rates) = match class {
        "reduced" => ("reduced", vec![(state, STATE_PPM)]),
        "zero_rated" => ("zero_rated", vec![(state, 0)]),
        _ => ("standard", [(state, STATE_PPM)].into_iter().chain(city.map(|city| (city, CITY_PPM))).collect()),
    };
    let sum: u32 = rates.iter().map(|(_, ppm)| ppm).sum();
    let components: Vec<Value> =
        rates.iter().map(|(jurisdiction, ppm)| json!({ "jurisdiction": jurisdiction, "ppm": ppm })).collect();
    json!({ "taxClass": class, "ppm": sum, "components": components, "reason": reason })
}
