//! The owner of a cart.

use std::fmt;
use std::str::FromStr;

use catalog::BuyerKind;
use serde::{Deserialize, Deserializer, Serialize, Serializer, de};
use values::{Caller, CartId, Error, Permission, Result, UserId};

/// The owner of a cart: `usr_…` or, for a guest's cart, the id of the cart, `crt_…`. That id is the guest's only
/// credential. 74 of its bits are random (RFC 9562, 5.7), so it cannot be guessed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Owner {
    User(UserId),
    /// A guest who knows the id.
    Guest(CartId),
}

impl Owner {
    /// Whether an account or a guest buys what is in the cart.
    pub fn kind(&self) -> BuyerKind {
        match self {
            Self::User(_) => BuyerKind::Account,
            Self::Guest(_) => BuyerKind::Guest,
        }
    }

    /// The owner that `name` (`me`, `usr_…` or `crt_…`) means for this caller. 404 for the cart of another account,
    /// unless the caller may serve carts.
    pub fn parse_for(name: &str, caller: &Caller) -> Result<Self> {
        if name == "me" {
            return caller.require_user().map(Self::User);
        }
        match name.parse()? {
            Self::User(user) if caller.user() != Some(user) && !caller.may(Permission::ServeCarts) => {
                caller.require_user()?;
                Err(Error::not_found("cart"))
            }
            owner => Ok(owner),
        }
    }

    /// Does the cart belong to the caller? Then a view by the caller counts as a view by the owner.
    pub fn is_caller(&self, caller: &Caller) -> bool {
        match self {
            Self::User(user) => caller.user() == Some(*user),
            Self::Guest(_) => true,
        }
    }
}

impl fmt::Display for Owner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::User(id) => id.fmt(f),
            Self::Guest(id) => id.fmt(f),
        }
    }
}

impl FromStr for Owner {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let user = text.parse().map(Self::User);
        user.or_else(|_| text.parse().map(Self::Guest)).map_err(|_| Error::not_found("cart"))
    }
}

impl Serialize for Owner {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for Owner {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer)?.parse().map_err(|error: Error| de::Error::custom(error.detail))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use values::{Clock, Kind, Role};

    fn user(id: UserId, role: Role) -> Caller {
        Caller::User {
            id,
            role,
            session: Clock::System.mint(),
            authenticated_at: None,
            assurance: values::Assurance::OneFactor,
        }
    }

    #[test]
    fn cart_exists_for_its_owner_and_for_an_admin() {
        let (ada, bob): (UserId, UserId) = (Clock::System.mint(), Clock::System.mint());
        let (customer, admin) = (user(ada, Role::Customer), user(bob, Role::Admin));
        assert_eq!(Owner::parse_for("me", &customer).unwrap(), Owner::User(ada));
        assert_eq!(Owner::parse_for(&ada.to_string(), &customer).unwrap(), Owner::User(ada));
        assert_eq!(Owner::parse_for(&ada.to_string(), &admin).unwrap(), Owner::User(ada));
        assert_eq!(Owner::parse_for(&bob.to_string(), &customer).unwrap_err().kind, Kind::NotFound);
        assert_eq!(Owner::parse_for("nonsense", &customer).unwrap_err().kind, Kind::NotFound);
        assert_eq!(Owner::parse_for("me", &Caller::Guest).unwrap_err().kind, Kind::Unauthenticated);
    }

    #[test]
    fn guest_cart_is_found_by_its_id() {
        let id: CartId = Clock::System.mint();
        assert_eq!(Owner::parse_for(&id.to_string(), &Caller::Guest).unwrap(), Owner::Guest(id));
        assert_eq!(id.to_string().parse::<Owner>().unwrap().to_string(), id.to_string());
    }
}
