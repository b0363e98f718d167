//! Which tax ids are one client's: what the firms' catalogues know, and what the rows of a list say themselves.
//! Whether two tax ids without such a word are one client is a question to a person.

use std::collections::HashMap;

/// Tax ids in groups of one client each.
#[derive(Clone, Debug, Default)]
pub struct Identities {
    /// The node of a tax id, and of each node the one that it was joined to; a root points at itself.
    nodes: HashMap<String, usize>,
    joined_to: Vec<usize>,
}

impl Identities {
    /// Says that two tax ids are one client's.
    pub fn join(&mut self, one: &str, other: &str) {
        let (one, other) = (self.node(one), self.node(other));
        let (one, other) = (self.root(one), self.root(other));
        self.joined_to[other] = one;
    }

    /// The same for all tax ids of one client, and for no other.
    pub fn who(&self, tax_id: &str) -> String {
        let root = self.nodes.get(tax_id).map(|node| self.root(*node));
        root.map_or_else(|| tax_id.to_owned(), |root| format!("#{root}"))
    }

    fn node(&mut self, tax_id: &str) -> usize {
        let next = self.joined_to.len();
        let node = *self.nodes.entry(tax_id.to_owned()).or_insert(next);
        if node == next {
            self.joined_to.push(node);
        }
        node
    }

    fn root(&self, mut node: usize) -> usize {
        while self.joined_to[node] != node {
            node = self.joined_to[node];
        }
        node
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_joined_by_way_of_others_is_one_client() {
        let mut identities = Identities::default();
        for (one, other) in [("a", "b"), ("c", "d"), ("d", "b"), ("x", "x")] {
            identities.join(one, other);
        }
        let who = |id| identities.who(id);
        assert!(who("a") == who("c") && who("b") == who("d"));
        assert!(who("a") != who("x") && who("x") == who("x") && who("new") == "new");
    }
}
