//! Who may work in a client's data, as the quotas have it: of the client at most one admin and one who sends documents,
//! of the firm anybody. Who these people are is said by `staff`.

use serde::{Deserialize, Serialize};

use crate::domain::{email::Email, licence::Role};

/// One account, as the platform speaks of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    pub email: Email,
    pub name: Option<String>,
    pub role: Role,
}

/// The accounts of a licence; a third one of the client has no place in it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "Vec<Account>", try_from = "Vec<Account>")]
pub struct Accounts {
    client_admin: Option<Account>,
    client_sender: Option<Account>,
    firm: Vec<Account>,
}

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a client has one {0} account, and there are two")]
pub struct TooMany(Role);

impl Accounts {
    /// Adds an account, unless the client has one of its role.
    pub fn add(&mut self, account: Account) -> Result<(), TooMany> {
        let place = match account.role {
            Role::ClientAdmin => &mut self.client_admin,
            Role::ClientSender => &mut self.client_sender,
            Role::AspAdmin | Role::AspManager | Role::AspDataEntry => {
                self.firm.push(account);
                return Ok(());
            }
        };
        if place.is_some() {
            return Err(TooMany(account.role));
        }
        *place = Some(account);
        Ok(())
    }

    /// The client's people as they are, and these of the firm. Who signs in for both is the client's.
    #[must_use]
    pub fn with_firm(self, mut firm: Vec<Account>) -> Accounts {
        let is_client = |account: &Account| {
            [&self.client_admin, &self.client_sender]
                .into_iter()
                .flatten()
                .any(|it| it.email == account.email)
        };
        firm.retain(|account| !is_client(account));
        Accounts { firm, ..self }
    }

    pub fn iter(&self) -> impl Iterator<Item = &Account> {
        self.client_admin.iter().chain(&self.client_sender).chain(&self.firm)
    }
}

impl TryFrom<Vec<Account>> for Accounts {
    type Error = TooMany;
    fn try_from(all: Vec<Account>) -> Result<Accounts, TooMany> {
        let mut accounts = Accounts::default();
        for account in all {
            accounts.add(account)?;
        }
        Ok(accounts)
    }
}

impl From<Accounts> for Vec<Account> {
    fn from(accounts: Accounts) -> Vec<Account> {
        accounts.iter().cloned().collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn account(email: &str, role: Role) -> Account {
        Account { email: email.parse().unwrap(), name: None, role }
    }

    #[test]
    fn who_signs_in_for_client_and_firm_has_one_account_that_of_the_client() {
        let client = account("lan@firm.example", Role::ClientAdmin);
        let mut accounts = Accounts::default();
        accounts.add(client.clone()).unwrap();
        let other = account("binh@firm.example", Role::AspManager);
        let firm = vec![account("lan@firm.example", Role::AspAdmin), other.clone()];
        assert_eq!(Vec::from(accounts.with_firm(firm)), [client, other]);
    }

    #[test]
    fn a_client_has_one_admin_and_one_sender_and_the_firm_as_many_as_it_likes() {
        let mut all = vec![
            account("chu@a.example", Role::ClientAdmin),
            account("gui@a.example", Role::ClientSender),
        ];
        all.extend((0..9).map(|n| account(&format!("nv{n}@firm.example"), Role::AspDataEntry)));
        assert_eq!(Vec::from(Accounts::try_from(all.clone()).unwrap()), all);
        for role in [Role::ClientAdmin, Role::ClientSender] {
            let mut third = all.clone();
            third.push(account("ba@a.example", role));
            assert_eq!(Accounts::try_from(third.clone()), Err(TooMany(role)));
            let json = serde_json::to_string(&third).unwrap();
            assert!(serde_json::from_str::<Accounts>(&json).is_err());
        }
    }
}
