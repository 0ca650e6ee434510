//! The class of each route, by which its requests are limited.

use http::Method;

/// A class of routes with limits of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum RouteClass {
    /// Not limited: probes, whose failure would take the shop out of service, and webhooks, which come from few networks and are
    /// checked by their signature.
    Exempt,
    /// Everything else, by leases.
    General,
    /// What places an order or pays one.
    Orders,
    Quotes,
    /// New carts of guests.
    Carts,
    Reviews,
    /// Images, imports and exports.
    Uploads,
    /// What exchanges a secret for a session, or makes a secret.
    Credentials,
}

use RouteClass::{Carts, Credentials, Exempt, General, Orders, Quotes, Reviews, Uploads};

/// The classes of all routes that change something, and of those `GET` routes that are not general. `{}` is a parameter. A test compares
/// the list with the OpenAPI document. The use cases of registration, login, reset and sign-in count their attempts besides.
const ROUTES: &[(&str, &str, RouteClass)] = &[
    ("GET", "/health", Exempt),
    ("GET", "/ready", Exempt),
    ("GET", "/api/v1/health", Exempt),
    ("GET", "/api/v1/ready", Exempt),
    ("POST", "/api/v1/payments/webhooks/stripe", Exempt),
    ("POST", "/api/v1/auth/register", General),
    ("POST", "/api/v1/users/register", General),
    ("POST", "/api/v1/auth/login", General),
    ("POST", "/api/v1/users/login", General),
    ("POST", "/api/v1/auth/logout", General),
    ("POST", "/api/v1/auth/logout-everywhere", General),
    ("POST", "/api/v1/auth/step-up", General),
    ("POST", "/api/v1/auth/login/mfa", Credentials),
    ("POST", "/api/v1/auth/mfa/totp", Credentials),
    ("POST", "/api/v1/auth/mfa/totp/confirm", Credentials),
    ("DELETE", "/api/v1/auth/mfa/totp", General),
    ("POST", "/api/v1/auth/mfa/recovery-codes", Credentials),
    ("PUT", "/api/v1/auth/password", General),
    ("POST", "/api/v1/auth/reset-password", General),
    ("POST", "/api/v1/auth/verify-email/request", General),
    ("POST", "/api/v1/auth/refresh", Credentials),
    ("POST", "/api/v1/auth/oauth/token", Credentials),
    ("GET", "/api/v1/auth/oauth/{}/callback", Credentials),
    ("POST", "/api/v1/auth/reset-password/confirm", Credentials),
    ("POST", "/api/v1/auth/verify-email", Credentials),
    ("POST", "/api/v1/auth/api-keys", Credentials),
    ("POST", "/api/v1/auth/passkeys/options", Credentials),
    ("POST", "/api/v1/auth/passkeys", Credentials),
    ("DELETE", "/api/v1/auth/passkeys/{}", General),
    ("POST", "/api/v1/auth/passkeys/login/options", Credentials),
    ("POST", "/api/v1/auth/passkeys/login", Credentials),
    ("DELETE", "/api/v1/auth/api-keys/{}", General),
    ("DELETE", "/api/v1/auth/sessions/{}", General),
    ("DELETE", "/api/v1/auth/oauth/links/{}", General),
    ("PUT", "/api/v1/users/profile", General),
    ("DELETE", "/api/v1/users/profile", General),
    ("POST", "/api/v1/users/profile/export", Uploads),
    ("PUT", "/api/v1/users/preferences", General),
    ("POST", "/api/v1/users/addresses", General),
    ("PUT", "/api/v1/users/addresses/{}", General),
    ("DELETE", "/api/v1/users/addresses/{}", General),
    ("PUT", "/api/v1/users/{}/role", General),
    ("PUT", "/api/v1/users/{}/status", General),
    ("POST", "/api/v1/categories", General),
    ("PUT", "/api/v1/categories/{}", General),
    ("DELETE", "/api/v1/categories/{}", General),
    ("POST", "/api/v1/products", General),
    ("PUT", "/api/v1/products/{}", General),
    ("PATCH", "/api/v1/products/{}", General),
    ("DELETE", "/api/v1/products/{}", General),
    ("PATCH", "/api/v1/products/{}/stock", General),
    ("PUT", "/api/v1/products/{}/flash", General),
    ("POST", "/api/v1/products/{}/images", Uploads),
    ("PUT", "/api/v1/products/{}/images/{}", General),
    ("DELETE", "/api/v1/products/{}/images/{}", General),
    ("POST", "/api/v1/products/imports", Uploads),
    ("POST", "/api/v1/products/exports", Uploads),
    ("POST", "/api/v1/products/{}/reviews", Reviews),
    ("PUT", "/api/v1/products/{}/reviews/{}", Reviews),
    ("DELETE", "/api/v1/products/{}/reviews/{}", General),
    ("PATCH", "/api/v1/products/{}/reviews/{}/status", General),
    ("POST", "/api/v1/cart", Carts),
    ("POST", "/api/v1/cart/me/merge", General),
    ("DELETE", "/api/v1/cart/{}", General),
    ("POST", "/api/v1/cart/{}/items", General),
    ("PUT", "/api/v1/cart/{}/items/{}", General),
    ("DELETE", "/api/v1/cart/{}/items/{}", General),
    ("POST", "/api/v1/orders", Orders),
    ("POST", "/api/v1/orders/quote", Quotes),
    ("POST", "/api/v1/orders/{}/pay", Orders),
    ("POST", "/api/v1/orders/{}/cancel", General),
    ("PATCH", "/api/v1/orders/{}/status", General),
    ("POST", "/api/v1/payments/{}/confirm", Orders),
    ("POST", "/api/v1/payments/{}/capture", General),
    ("POST", "/api/v1/payments/{}/refunds", General),
];

impl RouteClass {
    /// All classes that are limited.
    pub(crate) const LIMITED: [Self; 7] = [General, Orders, Quotes, Carts, Reviews, Uploads, Credentials];

    /// The class of a request. A path that no route matches is general. `HEAD` runs the handler of `GET`, so it has its class.
    pub(crate) fn of(method: &Method, route: &str) -> Self {
        let method = if method == Method::HEAD { &Method::GET } else { method };
        Self::listed(method.as_str(), route).unwrap_or(General)
    }

    /// The class of an operation of the OpenAPI document.
    #[cfg(feature = "openapi")]
    pub(crate) fn named(method: &str, route: &str) -> Self {
        Self::listed(&method.to_uppercase(), route).unwrap_or(General)
    }

    /// The class of a route; none if it has to be listed and is not.
    fn listed(method: &str, route: &str) -> Option<Self> {
        let found = ROUTES.iter().find(|(listed, pattern, _)| *listed == method && matches(pattern, route));
        found.map(|(_, _, class)| *class).or_else(|| (method == "GET").then_some(General))
    }

    /// The name in `SOUK_REQUEST_LIMITS`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Exempt => "exempt",
            General => "general",
            Orders => "orders",
            Quotes => "quotes",
            Carts => "carts",
            Reviews => "reviews",
            Uploads => "uploads",
            Credentials => "credentials",
        }
    }
}

/// Do two patterns name one route? The names of their parameters may differ.
fn matches(pattern: &str, route: &str) -> bool {
    let is_parameter = |segment: &str| segment.starts_with('{');
    let (mut ours, mut theirs) = (pattern.split('/'), route.split('/'));
    loop {
        match (ours.next(), theirs.next()) {
            (None, None) => return true,
            (Some(one), Some(other)) if one == other || (is_parameter(one) && is_parameter(other)) => {}
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    /// The methods and paths of the OpenAPI document.
    fn operations() -> Vec<(String, String)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../functions/ops/openapi.json");
        let document: Value = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
        let paths = document["paths"].as_object().unwrap().iter();
        let of_path = |(path, methods): (&String, &Value)| -> Vec<_> {
            methods.as_object().unwrap().keys().map(|method| (method.to_uppercase(), path.clone())).collect()
        };
        paths.flat_map(of_path).collect()
    }

    #[test]
    fn every_documented_route_has_a_class_and_every_class_a_documented_route() {
        let operations = operations();
        let forgotten: Vec<_> =
            operations.iter().filter(|(method, path)| RouteClass::listed(method, path).is_none()).collect();
        assert!(operations.len() > 80 && forgotten.is_empty(), "add these routes to ROUTES: {forgotten:?}");
        for (method, pattern, class) in ROUTES {
            let is_documented = operations.iter().any(|(other, path)| other == method && matches(pattern, path));
            assert!(is_documented, "{method} {pattern} ({class:?}) is not in the OpenAPI document");
        }
    }

    #[test]
    fn class_follows_method_and_pattern() {
        let of = |method: Method, route| RouteClass::of(&method, route);
        assert_eq!(of(Method::POST, "/api/v1/orders"), Orders);
        assert_eq!(of(Method::GET, "/api/v1/orders"), General);
        assert_eq!(of(Method::PUT, "/api/v1/cart/{owner}/items/{item}"), General);
        assert_eq!(of(Method::POST, "/api/v1/products/{id}/reviews"), Reviews);
        assert_eq!(of(Method::POST, "unmatched"), General);
        for method in [Method::GET, Method::HEAD] {
            assert_eq!(of(method.clone(), "/ready"), Exempt);
            assert_eq!(of(method, "/api/v1/auth/oauth/{provider}/callback"), Credentials);
        }
    }
}
