//! The table of terms. Only this file and the `store.rs` files of the rooms know its keys.
//!
//! | pattern | key condition | on | cost |
//! |---|---|---|---|
//! | all markets, at most 20 | `MARKETS` | table, Query | 1 read unit per 4 KB, every 30 s in each execution environment |
//! | all shipping zones with their methods, at most 50 | `ZONES` | table, Query | the same |
//! | version of a room | `VERSIONS` / `MARKETS`, `VERSIONS` / `ZONES` | table, GetItem | 1 read unit |
//! | create, change, delete a market | `MARKETS` / `{key}`, and that of the former default; the version of the room, on itself | transaction | 2 a row |
//! | create, change, delete a zone or a method | `ZONES` / `{key}`; the version of the room, on itself | transaction | 2 per KB and row |
//!
//! **A room has one version.** What an admin may change depends on the other rows of the room: their number, their places, the default.
//! So each change is conditioned on the version of the room, which it raises. Changes are rare, so they do not meet. The new version is
//! also that of the changed row. It never comes back, not even if a row is deleted and created again.

use aws_kit::{Key, Table, Write};
use serde::{Deserialize, Serialize};
use values::Result;

/// The rows of the terms.
#[derive(Debug, Clone)]
pub(crate) struct Store {
    pub(crate) table: Table,
}

/// A room whose rows are changed under one version.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Room {
    Markets,
    Shipping,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct RoomVersion {
    version: u64,
}

impl Store {
    pub(crate) fn new(table: Table) -> Self {
        Self { table }
    }

    /// The version of a room; 0 if nothing in it was ever changed. 1 round trip.
    pub(crate) async fn room_version(&self, room: Room) -> Result<u64> {
        let row = self.table.get::<RoomVersion>(version_key(room)).await?;
        Ok(row.unwrap_or_default().version)
    }

    /// The write that raises the version of a room by one. Its condition fails if the room is not at `version`.
    pub(crate) fn raise_version(&self, room: Room, version: u64) -> Result<Write> {
        let put = Write::put(&self.table, version_key(room), &RoomVersion { version: version + 1 })?;
        match version {
            0 => Ok(put.when("attribute_not_exists(pk)")),
            _ => put.when("version = :v").value(":v", version),
        }
    }
}

fn version_key(room: Room) -> Key {
    let room = match room {
        Room::Markets => "MARKETS",
        Room::Shipping => "ZONES",
    };
    Key::new("VERSIONS", room)
}
