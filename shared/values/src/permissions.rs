//! The table of permissions. Extractors and use cases check a permission, never a role.

use crate::Role;

/// A permission as a type, for extractors such as `Authorized<ManageProducts>`.
pub trait Permit {
    const PERMISSION: Permission;
}

macro_rules! permissions {
    ($($(#[$doc:meta])* $name:ident $wire:literal: $guest:ident, $customer:ident, $admin:ident, $key:ident;)*) => {
        /// A permission.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub enum Permission {
            $($(#[$doc])* $name,)*
        }

        impl Permission {
            /// All permissions.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The name of the permission as a scope of an API key.
            pub const fn name(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)*
                }
            }

            /// The row of the table: guest, customer, admin, key.
            const fn row(self) -> [Granted; 4] {
                match self {
                    $(Self::$name => [Granted::$guest, Granted::$customer, Granted::$admin, Granted::$key],)*
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
#[allow(non_camel_case_types, reason = "the columns of the table line up")]
enum Granted {
    yes,
    no_,
}

// A caller's own data (profile, cart, orders, reviews) is not in the table: there the owner decides. For every other caller that data
// does not exist, unless a permission below gives access to it.
permissions! {
    //                                     guest customer admin key
    /// Use a cart and place orders.
    Buy "buy":                              yes,  yes,  yes,  yes;
    /// Use the profile, the address book, the list of orders and the cart `me` of the account.
    UseAccount "use_account":               no_,  yes,  yes,  yes;
    /// Review products that the account has received.
    WriteReviews "write_reviews":           no_,  yes,  yes,  yes;
    /// Manage what gives access to the account: sessions, API keys, the email address for password resets. No key can create a key.
    ManageCredentials "manage_credentials": no_,  yes,  yes,  no_;
    /// List all accounts, change roles, suspend accounts.
    ManageUsers "manage_users":             no_,  no_,  yes,  yes;
    /// Create, change and archive products and images; read archived products and histories; import and export.
    ManageProducts "manage_products":       no_,  no_,  yes,  yes;
    /// Change stock and list its movements.
    ManageStock "manage_stock":             no_,  no_,  yes,  yes;
    /// Change the tree of categories.
    ManageCategories "manage_categories":   no_,  no_,  yes,  yes;
    /// Hide reviews and read hidden ones.
    ModerateReviews "moderate_reviews":     no_,  no_,  yes,  yes;
    /// Read and change the carts of other accounts.
    ServeCarts "serve_carts":               no_,  no_,  yes,  yes;
    /// Read and search all orders and payments, with their histories.
    ReadOrders "read_orders":               no_,  no_,  yes,  yes;
    /// Change the status of orders and cancel them for the shop.
    MoveOrders "move_orders":               no_,  no_,  yes,  yes;
    /// Capture and refund payments.
    MoveMoney "move_money":                 no_,  no_,  yes,  yes;
}

impl Role {
    /// Does an account of this role have the permission?
    pub fn may(self, permission: Permission) -> bool {
        let [_, customer, admin, _] = permission.row();
        let granted = match self {
            Self::Customer => customer,
            Self::Admin => admin,
        };
        granted == Granted::yes
    }
}

impl Permission {
    /// Does a guest have the permission?
    pub fn is_public(self) -> bool {
        self.row()[0] == Granted::yes
    }

    /// Can an API key have the permission? If not, the caller has to log in.
    pub fn is_grantable(self) -> bool {
        self.row()[3] == Granted::yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    #[test]
    fn higher_role_has_every_permission_of_a_lower_one() {
        for permission in Permission::ALL {
            assert!(!permission.is_public() || Role::Customer.may(*permission), "{permission:?}");
            assert!(!Role::Customer.may(*permission) || Role::Admin.may(*permission), "{permission:?}");
        }
    }

    #[test]
    fn key_cannot_have_the_permission_to_manage_credentials() {
        let session_only: Vec<_> = Permission::ALL.iter().filter(|permission| !permission.is_grantable()).collect();
        assert_eq!(session_only, [&Permission::ManageCredentials]);
    }

    #[test]
    fn customer_has_no_permission_of_the_shop() {
        let permissions: Vec<_> =
            Permission::ALL.iter().filter(|permission| Role::Customer.may(**permission)).collect();
        use Permission::{Buy, ManageCredentials, UseAccount, WriteReviews};
        assert_eq!(permissions, [&Buy, &UseAccount, &WriteReviews, &ManageCredentials]);
    }
}
