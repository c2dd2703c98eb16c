//! A public certificate is valid for more than 200 days (F04).
//!
//! `leaf (200 days) → intermediate → root`, valid from 1 March 2027.

use super::{Note, Seen, lifetime};

pub(super) fn notes(seen: &Seen<'_>) -> Vec<Note> {
    lifetime::over(seen, "validity.over_200_days", 200, "2026-03-15")
}

#[cfg(test)]
mod tests {
    use super::super::lifetime::tests::lasting;
    use crate::Profile;
    use crate::fixture::{DAY, found, moment};

    #[test]
    fn a_longer_life_is_noted_under_the_public_profile() {
        let mut chain = lasting(200);
        let offset = DAY;
        assert!(found(&chain, offset, "validity.over_200_days"), "200 days, judged at {:?}", moment(offset));
        chain.profile = Profile::Private;
        assert!(!found(&chain, offset, "validity.over_200_days"), "a private CA may choose");
    }

    #[test]
    fn a_life_within_the_limit_is_as_it_should_be() {
        assert!(!found(&lasting(199), DAY, "validity.over_200_days"), "199 days and a second");
    }
}
