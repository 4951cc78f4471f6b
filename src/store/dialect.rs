//! The words of queries that only one of the two databases understands.

/// A query of SQLite that gives the rows of another one as one row with a JSON list of lists of these columns.
pub(super) fn listed(columns: &str, select: &str) -> String {
    format!("SELECT json_group_array(json_array({columns})) FROM ({select})")
}

/// The words of a query on which the databases differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    Sqlite,
    Postgres,
}

impl Dialect {
    /// Ends a `SELECT`: its rows stay locked until the transaction ends. SQLite's writer is alone anyway.
    pub(super) const fn locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE",
        }
    }

    /// Ends a `SELECT`: nobody changes its rows until the transaction ends, and any number may say so.
    pub(super) const fn shared(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR SHARE",
        }
    }

    /// Ends a `SELECT` that locks rows: leaves those out that another transaction holds.
    pub(super) const fn but_held(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "SKIP LOCKED",
        }
    }

    /// Ends a `SELECT`: its rows stay locked until the transaction ends, but for those that another one holds, which are
    /// left out. Rows of other tables may still be made that belong to them.
    pub(super) const fn locked_but_held(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// Ends a `SELECT … FROM batch`: takes rows that no other transaction holds.
    pub(super) const fn batches_nobody_holds(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE OF batch SKIP LOCKED",
        }
    }

    /// Ends a `SELECT … FROM receipt JOIN …`: the receipts' rows stay locked until the transaction ends.
    pub(super) const fn locked_receipts(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => "FOR UPDATE OF receipt",
        }
    }

    /// A parenthesised query of the integers in the JSON list that parameter `$1` holds.
    pub(super) const fn integers(self) -> &'static str {
        match self {
            Self::Sqlite => "(SELECT value FROM json_each($1))",
            Self::Postgres => "(SELECT value::bigint FROM json_array_elements_text($1::json))",
        }
    }

    /// A parenthesised query of the texts in the JSON list that parameter `$1` holds.
    pub(super) const fn texts(self) -> &'static str {
        match self {
            Self::Sqlite => "(SELECT value FROM json_each($1))",
            Self::Postgres => "(SELECT value FROM json_array_elements_text($1::json))",
        }
    }
}
