//! Who is told while a connection is being made.

use countersign_evidence::{Fact, Step, StepState};

/// Told of each change of a step; the host stamps time and exchange on it.
pub trait Observer: Send + Sync {
    /// A step changed its state.
    fn event(&self, step: Step, state: StepState, facts: Vec<Fact>);
}

/// Nobody is told.
impl Observer for () {
    fn event(&self, _step: Step, _state: StepState, _facts: Vec<Fact>) {}
}
