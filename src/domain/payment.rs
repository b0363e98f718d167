//! Payments: credits on the payee's statements, where each stands, and why.
//! Which payment is for what is decided by `flow::pay`.

use super::words::words;

words! {
    /// Which way money went, as the holder of the account sees it.
    pub enum Direction {
        Credit = "credit",
        Debit = "debit",
    }
}

words! {
    /// Where a payment stands.
    pub enum PaymentState {
        /// All of it is allocated, and what it is for is paid; or it is another one, told twice.
        Matched = "matched",
        /// Very likely known for what; nothing of it is allocated.
        Suggested = "suggested",
        /// For something that is known, and a person has to look: a part, too much, once more.
        Held = "held",
        /// Nobody knows for what.
        Unmatched = "unmatched",
        /// Given back.
        Refunded = "refunded",
    }
}

words! {
    /// Why a payment stands where it does, from the surest to the least sure.
    pub enum Tier {
        /// A person said so.
        ByHand = "by_hand",
        /// One intact code, and exactly what is left.
        Code = "code",
        /// Several intact codes, and exactly what is left of them together.
        SeveralCodes = "several_codes",
        /// The code for all of a payer, and exactly what is left of them together.
        BatchCode = "batch_code",
        /// A part of what is left, which the other parts made whole.
        Parts = "parts",
        /// One intact code, and less than what is left.
        CodePartly = "code_partly",
        /// One intact code, and more than what is left.
        CodeOver = "code_over",
        /// What the code is for was paid before.
        PaidBefore = "paid_before",
        /// What the code is for was cancelled.
        Cancelled = "cancelled",
        /// The code for all of a payer, and less than what is left: further parts are awaited.
        BatchPartly = "batch_partly",
        /// The code for all of a payer, and another sum.
        BatchOther = "batch_other",
        /// Several intact codes, and another sum.
        SeveralOther = "several_other",
        /// Nearly a code that is there.
        NearMiss = "near_miss",
        /// The code of an order.
        OrderCode = "order_code",
        /// Comes from whom a person once named as a payer.
        KnownPayer = "known_payer",
        /// One set of one firm's open requests has exactly this sum, and no other.
        Subset = "subset",
        /// A person took it back.
        Parted = "parted",
        /// May be what another layout of the bank told already, with a reference.
        MaybeSame = "maybe_same",
        /// A person said that it is another one, told twice.
        Same = "same",
        /// All of it goes back, or went.
        Returned = "returned",
        /// A code that is right in itself and was given to nobody.
        UnknownCode = "unknown_code",
        Nothing = "nothing",
    }
}

impl Tier {
    /// Whether what a payment came for is what its text says: it pays for nothing yet, or for all under one code.
    pub const fn is_by_evidence(self) -> bool {
        matches!(self, Tier::PaidBefore | Tier::BatchPartly | Tier::BatchOther | Tier::BatchCode)
    }

    /// Where a payment stands for this reason. A person's own match waits where it is not all allocated, or what it is
    /// for is not all paid.
    pub const fn state(self) -> PaymentState {
        match self {
            Tier::ByHand
            | Tier::Code
            | Tier::SeveralCodes
            | Tier::BatchCode
            | Tier::Parts
            | Tier::Same => PaymentState::Matched,
            Tier::CodePartly
            | Tier::CodeOver
            | Tier::PaidBefore
            | Tier::Cancelled
            | Tier::MaybeSame
            | Tier::BatchPartly => PaymentState::Held,
            Tier::BatchOther
            | Tier::SeveralOther
            | Tier::NearMiss
            | Tier::OrderCode
            | Tier::KnownPayer
            | Tier::Subset => PaymentState::Suggested,
            Tier::Returned => PaymentState::Refunded,
            Tier::Parted | Tier::UnknownCode | Tier::Nothing => PaymentState::Unmatched,
        }
    }
}
