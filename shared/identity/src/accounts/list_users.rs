//! Lists accounts for an admin: all, those of a role or status, or those whose email address or name begins with a text.

use std::collections::HashMap;

use values::{Page, PageRequest, Result};

use crate::accounts::person::Person;
use crate::accounts::user::User;
use crate::accounts::user_filter::UserFilter;
use crate::accounts::user_lists::{PersonIndex, indexed_name};
use crate::service::AccountService;

/// How many more queries one page may cost when the filter drops the people that the index finds.
const MAX_EXTRA_QUERIES: usize = 5;

impl AccountService {
    /// A page of accounts, without those whose person was erased. Newest first; a search is ordered by email address, then by
    /// name, and its page may be short although more follow. All: 4 queries side by side, 1 batch read. By role or status: 4
    /// queries for each of their pairs, 1 batch read. Search: 1 to 6 queries, 1 batch read.
    pub async fn list_users(&self, filter: &UserFilter, request: &PageRequest) -> Result<Page<User>> {
        match &filter.search {
            Some(search) => self.search_users(filter, &indexed_name(search.as_str()), request).await,
            None => self.newest_users(filter, request).await,
        }
    }

    async fn newest_users(&self, filter: &UserFilter, request: &PageRequest) -> Result<Page<User>> {
        let page = self.store.newest_accounts(filter.role, filter.status, request).await?;
        let persons = self.store.persons(page.rows.iter().map(|account| account.user_id)).await?;
        let mut persons: HashMap<_, _> = persons.into_iter().collect();
        let users = page.rows.iter().filter_map(|account| {
            let person = persons.remove(&account.user_id.to_string())?;
            Some(User::for_admin(account, person))
        });
        Ok(Page { rows: users.collect(), next: page.next })
    }

    async fn search_users(&self, filter: &UserFilter, prefix: &str, request: &PageRequest) -> Result<Page<User>> {
        let mut position = request.after.clone();
        let mut persons = Vec::new();
        let mut queries = 0;
        let next = loop {
            let index = PersonIndex::at(position.as_ref());
            let left = request.limit - u32::try_from(persons.len()).unwrap_or(request.limit).min(request.limit);
            let page = self.store.search_persons(index, prefix, left, position.as_ref()).await?;
            let mut matching = page.rows;
            matching.retain(|(_, person)| filter.matches(person.role, person.status) && index.lists(person, prefix));
            persons.extend(matching);
            queries += 1;
            position = page.next.or_else(|| index.next().map(PersonIndex::begin));
            if position.is_none() || persons.len() >= request.limit as usize || queries > MAX_EXTRA_QUERIES {
                break position;
            }
        };
        let users = self.users_of(persons).await?;
        // The index may be stale: the filter is applied again to the rows as they are now.
        let rows = users.into_iter().filter(|user| filter.matches(user.role, user.status)).collect();
        Ok(Page { rows, next })
    }

    async fn users_of(&self, persons: Vec<(String, Person)>) -> Result<Vec<User>> {
        let ids = persons.iter().filter_map(|(id, _)| id.parse().ok());
        let accounts = self.store.accounts(ids).await?;
        let accounts: HashMap<_, _> =
            accounts.into_iter().map(|account| (account.user_id.to_string(), account)).collect();
        let users = persons.into_iter().filter_map(|(id, person)| {
            let account = accounts.get(&id)?;
            Some(User::for_admin(account, person))
        });
        Ok(users.collect())
    }
}
