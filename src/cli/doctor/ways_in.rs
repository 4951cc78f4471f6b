//! Who may send alerts, and who decides about them.

use super::{Report, chain};
use crate::model::operator::Role;
use crate::store::{self, Db, StoreError};

const CHECK: &str = "people";

pub(super) async fn check(report: &mut Report, db: &Db) {
    if let Err(error) = look_at(report, db).await {
        report.fault(CHECK, chain(&error), "Look at the log of the database.");
    }
}

async fn look_at(report: &mut Report, db: &Db) -> Result<(), StoreError> {
    let operators = store::operator::list(db).await?;
    let live = operators.iter().filter(|(_, disabled)| disabled.is_none());
    let administrators = live.clone().filter(|(operator, _)| operator.role == Role::Administrator).count();
    if administrators == 0 {
        report.note(CHECK, "there is no administrator yet: open the setup link that the server prints when it starts");
    }
    let keys = store::credential::list(db).await?;
    let valid = keys.iter().filter(|key| key.revoked.is_none()).count();
    if valid == 0 {
        report.note(CHECK, "no key may post alerts yet: beffroi key create makes one");
    }
    let people = store::subscriber::count(db).await?;
    report.ok(CHECK, format!("{people} subscribed, {} operators, {valid} keys that may post", live.count()));
    Ok(())
}
