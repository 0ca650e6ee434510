//! What a provider that answers, refuses or is down means for a sale.

use pricing::ShippingTax;

use super::*;
use crate::destination::tests::destination;
use crate::tax::buyer::BuyerTax;

/// A provider that gives this answer to everything.
struct Scripted(fn() -> Result<()>);

impl TaxProvider for Scripted {
    async fn calculate(&self, _: &TaxQuery) -> Result<Taxation> {
        (self.0)().map(|()| untaxed())
    }

    async fn commit(&self, _: &TaxRecord) -> Result<()> {
        (self.0)()
    }

    async fn refund(&self, _: &TaxRefund) -> Result<()> {
        (self.0)()
    }
}

const FALLBACKS: [Fallback; 2] = [Fallback::Tables, Fallback::Refuse];

fn untaxed() -> Taxation {
    Taxation { classes: Vec::new(), shipping: ShippingTax::Never, exemption: None }
}

fn refusal() -> Result<()> {
    Err(Error::invalid("shippingAddress", "destination_untaxable", "is not known"))
}

fn taxes(answer: fn() -> Result<()>, fallback: Fallback, countries: &str) -> ProviderTaxes<Scripted> {
    ProviderTaxes { provider: Scripted(answer), countries: parse_countries(countries).unwrap(), fallback }
}

async fn calculate(taxes: &ProviderTaxes<Scripted>) -> Result<Option<Taxation>, &'static str> {
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    let (classes, buyer) = (["standard".to_owned()].into(), BuyerTax::default());
    let query = TaxQuery { destination: destination("US", "NY", "10001"), classes, buyer, at };
    taxes.calculate(&query).await.map_err(|error| error.code)
}

#[tokio::test]
async fn answer_of_the_provider_counts() {
    for fallback in FALLBACKS {
        assert_eq!(calculate(&taxes(|| Ok(()), fallback, "")).await, Ok(Some(untaxed())));
        assert_eq!(calculate(&taxes(refusal, fallback, "")).await, Err("validation_failed"));
    }
}

#[tokio::test]
async fn outage_falls_back_to_the_tables_or_refuses_the_sale() {
    let down: fn() -> Result<()> = || Err(Error::unavailable("tax provider", "no answer"));
    let rejected: fn() -> Result<()> = || Err(Error::internal("it does not accept our signature"));
    for outage in [down, rejected] {
        assert_eq!(calculate(&taxes(outage, Fallback::Tables, "")).await, Ok(None));
        assert_eq!(calculate(&taxes(outage, Fallback::Refuse, "")).await, Err("tax_unavailable"));
    }
}

#[tokio::test]
async fn provider_is_not_called_for_other_countries() {
    let at = "2026-11-21T12:00:00Z".parse().unwrap();
    let (order, refund) =
        ("ord_01h455vb4pex5vsknk084sn02q".parse().unwrap(), "rfd_01h455vb4pex5vsknk084sn02q".parse().unwrap());
    let destination = destination("US", "NY", "10001");
    let record = TaxRecord { order, destination: destination.clone(), taxes: Vec::new(), at };
    let returned = TaxRefund { order, refund, destination, taxes: Vec::new(), at };
    for (countries, is_called) in [("", true), ("US", true), ("CA,US", true), ("CA", false), ("CA, MX", false)] {
        let taxes = taxes(refusal, Fallback::Refuse, countries);
        assert_eq!(calculate(&taxes).await.is_err(), is_called, "{countries}");
        assert_eq!(taxes.commit(&record).await.is_err(), is_called, "{countries}");
        assert_eq!(taxes.refund(&returned).await.is_err(), is_called, "{countries}");
    }
}

#[test]
fn settings_are_checked() {
    assert_eq!(["tables", "refuse"].map(|text| text.parse::<Fallback>()), FALLBACKS.map(Ok::<_, ()>));
    assert_eq!("".parse::<Fallback>(), Err(()));
    assert_eq!(parse_countries(" US, CA ,").unwrap(), ["US", "CA"]);
    assert!(parse_countries("").unwrap().is_empty());
    for bad in ["us", "USA", "US;CA", "EU"] {
        assert_eq!(parse_countries(bad).unwrap_err().kind, Kind::Internal, "{bad}");
    }
}
