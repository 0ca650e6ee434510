//! Accounts, for an admin: all of them, those of a role or status, and those whose email or name begins so.

use std::collections::HashMap;

use values::{Page, PageRequest, Result, Role, Text};

use crate::account::{Account, Accounts, Person, Status, User};
use crate::store::people::{Register, folded};

/// How many more looks into an index one page is worth, when it finds people of other roles.
const MOST_LOOKS: usize = 5;

/// Which accounts.
#[derive(Debug, Clone, Default)]
pub struct Wanted {
    /// What their email or their name begins with.
    pub search: Option<Text<100>>,
    /// Of which role.
    pub role: Option<Role>,
    /// Of which status.
    pub status: Option<Status>,
}

impl Wanted {
    fn suits(&self, role: Role, status: Status) -> bool {
        self.role.is_none_or(|wanted| wanted == role) && self.status.is_none_or(|wanted| wanted == status)
    }
}

/// A page of accounts; those whose person was erased are left out. Newest first, or, where something is searched for, by email
/// and then by name; such a page may be short although there are more. All: 4 queries side by side, 1 batch read. By role or
/// status: 4 queries for each of their pairs, 1 batch read. Searched: 1 to 6 queries, 1 batch read.
pub async fn list_users(accounts: &Accounts, wanted: &Wanted, request: &PageRequest) -> Result<Page<User>> {
    match &wanted.search {
        Some(search) => searched(accounts, wanted, &folded(search.as_str()), request).await,
        None => newest(accounts, wanted, request).await,
    }
}

async fn newest(accounts: &Accounts, wanted: &Wanted, request: &PageRequest) -> Result<Page<User>> {
    let page = accounts.store.newest(wanted.role, wanted.status, request).await?;
    let persons = accounts.store.persons(page.rows.iter().map(|account| account.user_id)).await?;
    let mut persons: HashMap<_, _> = persons.into_iter().collect();
    let rows = page.rows.iter();
    let rows = rows.filter_map(|account| Some(shown(account, persons.remove(&account.user_id.to_string())?)));
    Ok(Page { rows: rows.collect(), next: page.next })
}

async fn searched(accounts: &Accounts, wanted: &Wanted, prefix: &str, request: &PageRequest) -> Result<Page<User>> {
    let mut place = request.after.clone();
    let mut found = Vec::new();
    let mut looks = 0;
    let next = loop {
        let register = Register::of(place.as_ref());
        let left = request.limit - u32::try_from(found.len()).unwrap_or(request.limit).min(request.limit);
        let page = accounts.store.people(register, prefix, left, place.as_ref()).await?;
        let mut suit = page.rows;
        suit.retain(|(_, person)| wanted.suits(person.role, person.status) && register.lists(person, prefix));
        found.extend(suit);
        looks += 1;
        place = page.next.or_else(|| register.next().map(Register::begin));
        if place.is_none() || found.len() >= request.limit as usize || looks > MOST_LOOKS {
            break place;
        }
    };
    let rows = with_accounts(accounts, found).await?;
    // The index is a moment behind; what is shown is of now, and suits.
    let rows = rows.into_iter().filter(|user| wanted.suits(user.role, user.status)).collect();
    Ok(Page { rows, next })
}

async fn with_accounts(accounts: &Accounts, persons: Vec<(String, Person)>) -> Result<Vec<User>> {
    let ids = persons.iter().filter_map(|(id, _)| id.parse().ok());
    let rows = accounts.store.accounts(ids).await?;
    let rows: HashMap<_, _> = rows.into_iter().map(|account| (account.user_id.to_string(), account)).collect();
    Ok(persons.into_iter().filter_map(|(id, person)| Some(shown(rows.get(&id)?, person))).collect())
}

fn shown(account: &Account, person: Person) -> User {
    User { status_reason: account.status_reason.clone(), ..User::of(account, person) }
}
