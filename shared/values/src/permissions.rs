//! What may be done, and who may do it: the one table. Extractors and use cases ask it, and nobody asks for a role.

use crate::Role;

/// A permission as a type, for whoever is built for one: `Allowed<ManageProducts>` reads as a sentence.
pub trait Permit {
    /// Which.
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $wire:literal: $guest:ident, $customer:ident, $admin:ident, $key:ident;)*) => {
        /// Something that somebody may do.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// Every one.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// As a scope of an API key is called.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// Its line of the table: guest, customer, admin, key.
            const fn line(self) -> [Answer; 4] {
                match self {
                    $(Self::$name => [Answer::$guest, Answer::$customer, Answer::$admin, Answer::$key],)*
                }
            }
        }

        /// Every permission as a type.
        pub mod permit {
            $($(#[$doc])* #[derive(Debug, Clone, Copy)] pub struct $name;
            impl super::Permit for $name {
                const PERMISSION: super::Permission = super::Permission::$name;
            })*
        }
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(non_camel_case_types, reason = "the table is read as a table")]
enum Answer {
    yes,
    no_,
}

// What is one's own (a profile, a cart, an order, a review) is not in the table: whose something is decides there, and to
// anybody else it does not exist, unless a permission below says that it does.
permissions! {
    //                                     guest customer admin key
    /// Fill a cart and order what is in it.
    Buy "buy":                              yes,  yes,  yes,  yes;
    /// Have a profile, an address book, a list of orders, a cart called `me`.
    UseAccount "use_account":               no_,  yes,  yes,  yes;
    /// Say what a product that one received is like.
    WriteReviews "write_reviews":           no_,  yes,  yes,  yes;
    /// See to what opens the account: sessions, API keys, the address that a password is reset by. No key makes another.
    ManageCredentials "manage_credentials": no_,  yes,  yes,  no_;
    /// See all accounts, give roles, suspend.
    ManageUsers "manage_users":             no_,  no_,  yes,  yes;
    /// Make, change and archive products and their pictures; see what is archived, and the history; import and export.
    ManageProducts "manage_products":       no_,  no_,  yes,  yes;
    /// Count stock, and see what moved it.
    ManageStock "manage_stock":             no_,  no_,  yes,  yes;
    /// Arrange the tree of categories.
    ManageCategories "manage_categories":   no_,  no_,  yes,  yes;
    /// Hide reviews and see hidden ones.
    ModerateReviews "moderate_reviews":     no_,  no_,  yes,  yes;
    /// Look into other people's carts, and change them.
    ServeCarts "serve_carts":               no_,  no_,  yes,  yes;
    /// See and search other people's orders and payments, and who did what with them.
    ReadOrders "read_orders":               no_,  no_,  yes,  yes;
    /// Move orders on, and cancel them for the shop.
    MoveOrders "move_orders":               no_,  no_,  yes,  yes;
    /// Capture and give back.
    MoveMoney "move_money":                 no_,  no_,  yes,  yes;
}

impl Role {
    /// May an account of this role do that?
    pub fn may(self, permission: Permission) -> bool {
        let [_, customer, admin, _] = permission.line();
        let answer = match self {
            Self::Customer => customer,
            Self::Admin => admin,
        };
        answer == Answer::yes
    }
}

impl Permission {
    /// May somebody without an account do that?
    pub fn is_public(self) -> bool {
        self.line()[0] == Answer::yes
    }

    /// May an API key be given that? What no key is given takes a login.
    pub fn is_grantable(self) -> bool {
        self.line()[3] == Answer::yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Caller, Clock, Kind};

    fn caller(role: Role) -> Caller {
        Caller::User { id: Clock::System.mint(), role, session: Clock::System.mint() }
    }

    #[test]
    fn whoever_has_more_of_a_role_may_do_no_less() {
        for permission in Permission::ALL {
            assert!(!permission.is_public() || Role::Customer.may(*permission), "{permission:?}");
            assert!(!Role::Customer.may(*permission) || Role::Admin.may(*permission), "{permission:?}");
        }
    }

    #[test]
    fn who_is_refused_is_asked_to_log_in_or_told_that_it_is_not_theirs() {
        let (guest, customer, admin) = (Caller::Guest, caller(Role::Customer), caller(Role::Admin));
        for permission in Permission::ALL {
            assert!(admin.require(*permission).is_ok(), "{permission:?}");
            let refused = |caller: &Caller| caller.require(*permission).err().map(|error| (error.kind, error.code));
            let nobody = (!permission.is_public()).then_some((Kind::Unauthenticated, "unauthenticated"));
            assert_eq!(refused(&guest), nobody, "{permission:?}");
            let theirs = (!Role::Customer.may(*permission)).then_some((Kind::Forbidden, "forbidden"));
            assert_eq!(refused(&customer), theirs, "{permission:?}");
        }
    }

    #[test]
    fn no_key_is_given_what_opens_the_account() {
        let logins: Vec<_> = Permission::ALL.iter().filter(|permission| !permission.is_grantable()).collect();
        assert_eq!(logins, [&Permission::ManageCredentials]);
    }

    #[test]
    fn a_customer_runs_no_shop() {
        let ours: Vec<_> = Permission::ALL.iter().filter(|permission| Role::Customer.may(**permission)).collect();
        use Permission::{Buy, ManageCredentials, UseAccount, WriteReviews};
        assert_eq!(ours, [&Buy, &UseAccount, &WriteReviews, &ManageCredentials]);
    }
}
