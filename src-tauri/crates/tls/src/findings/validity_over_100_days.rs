//! A public certificate is valid for more than 100 days (F05).
//!
//! `leaf (100 days) → intermediate → root`, valid from 1 March 2027.

use super::{Note, Seen, lifetime};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    lifetime::over(seen, "validity.over_100_days", 100, "2027-03-15")
}

#[cfg(test)]
mod tests {
    use super::super::lifetime::tests::lasting;
    use crate::Profile;
    use crate::fixture::{DAY, found, moment};

    #[test]
    fn a_longer_life_is_noted_under_the_public_profile() {
        let mut chain = lasting(100);
        let offset = 20 * DAY;
        assert!(found(&chain, offset, "validity.over_100_days"), "100 days, judged at {:?}", moment(offset));
        chain.profile = Profile::Private;
        assert!(!found(&chain, offset, "validity.over_100_days"), "a private CA may choose");
    }

    #[test]
    fn a_life_within_the_limit_is_as_it_should_be() {
        assert!(!found(&lasting(99), 20 * DAY, "validity.over_100_days"), "99 days and a second");
    }
}
