//! A public certificate is valid for more than 47 days (F06).
//!
//! `leaf (900 days) → intermediate → root`, valid from 1 March 2027.

use super::{Note, Seen, lifetime};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    lifetime::over(seen, "validity.over_47_days", 47, "2029-03-15")
}

#[cfg(test)]
mod tests {
    use super::super::lifetime::tests::lasting;
    use crate::Profile;
    use crate::fixture::{DAY, found, moment};

    #[test]
    fn a_longer_life_is_noted_under_the_public_profile() {
        let mut chain = lasting(900);
        let offset = 800 * DAY;
        assert!(found(&chain, offset, "validity.over_47_days"), "900 days, judged at {:?}", moment(offset));
        chain.profile = Profile::Private;
        assert!(!found(&chain, offset, "validity.over_47_days"), "a private CA may choose");
    }

    #[test]
    fn a_life_within_the_limit_is_as_it_should_be() {
        assert!(!found(&lasting(46), 800 * DAY, "validity.over_47_days"), "46 days and a second");
    }
}
