//! Single transitions, then random sequences whose laws hold at every step.

use std::collections::HashMap;
use std::time::Duration;

use countersign_evidence::TokenState;

use super::{Call, Cause, Effect, Event, Found, Refusal, State, step};
use crate::Life;

fn s(seconds: u64) -> Duration {
    Duration::from_secs(seconds)
}

fn life(t0: Duration, seconds: u64) -> Life {
    Life::of(Some(s(seconds)), None, None, Duration::ZERO, t0, 1.0)
}

/// A state, a clock, and shorthand for the events of a flight.
struct Key {
    state: State,
    now: Duration,
}

impl Key {
    fn new(mint: bool) -> Self {
        Self { state: State::new(mint), now: s(1000) }
    }

    fn take(&mut self, event: Event) -> Vec<Effect> {
        let (state, effects) = step(self.state, event, self.now);
        self.state = state;
        effects
    }

    fn at(&mut self, seconds: u64, event: Event) -> Vec<Effect> {
        self.now = s(seconds);
        self.take(event)
    }

    fn read(&mut self, found: Found) -> Vec<Effect> {
        let flight = self.state.flight().expect("a flight").number;
        self.take(Event::Read { flight, found })
    }

    fn issued(&mut self, seconds: u64) -> Vec<Effect> {
        let flight = self.state.flight().expect("a flight").number;
        self.take(Event::Issued { flight, life: life(self.now, seconds) })
    }

    fn refused(&mut self, refusal: Refusal) -> Vec<Effect> {
        let flight = self.state.flight().expect("a flight").number;
        self.take(Event::Refused { flight, refusal, u: 0.5 })
    }

    fn lost(&mut self, sent: bool) -> Vec<Effect> {
        let flight = self.state.flight().expect("a flight").number;
        self.take(Event::Unreached { flight, sent, passing: true, u: 0.5 })
    }

    /// With a token of 300 s, generation 1, obtained at 1000.
    fn valid() -> Self {
        let mut key = Self::new(true);
        key.take(Event::LookedUp);
        key.read(Found::default());
        key.issued(300);
        key
    }

    fn generation(&self) -> Option<u64> {
        self.state.usable(self.now).map(|token| token.generation)
    }
}

fn calls(effects: &[Effect]) -> Vec<Call> {
    effects.iter().filter_map(|e| if let Effect::Call { call, .. } = e { Some(*call) } else { None }).collect()
}

fn starts(effects: &[Effect]) -> Vec<Cause> {
    effects.iter().filter_map(|e| if let Effect::Start { cause, .. } = e { Some(*cause) } else { None }).collect()
}

const REFRESH: Found = Found { generation: 4, life: None, refresh: true };

#[test]
fn the_first_use_reads_the_store_and_mints() {
    let mut key = Key::new(true);
    assert_eq!(key.take(Event::LookedUp), [Effect::Start { flight: 1, cause: Cause::FirstUse }]);
    assert_eq!(key.take(Event::LookedUp), [], "a second caller shares the flight");
    assert_eq!(key.state.word(), TokenState::Acquiring);
    assert_eq!(key.read(Found::default()), [Effect::Call { flight: 1, call: Call::Mint }]);
    let effects = key.issued(300);
    assert!(
        matches!(effects[..], [Effect::Publish { adopted: false, .. }, Effect::Wake, Effect::Arm { at }] if at == s(1225)),
        "{effects:?}"
    );
    assert_eq!((key.generation(), key.state.word()), (Some(1), TokenState::Valid));
}

#[test]
fn a_hot_key_is_renewed_at_soft_at_and_a_cold_one_when_it_is_used() {
    let mut hot = Key::valid();
    assert_eq!(starts(&hot.at(1225, Event::Timer { used_at: Some(s(1100)) })), [Cause::BeforeExpiry]);
    assert_eq!(
        (hot.generation(), hot.state.word()),
        (Some(1), TokenState::Renewing),
        "the present one is used meanwhile"
    );
    let mut cold = Key::valid();
    assert_eq!(
        cold.at(1225, Event::Timer { used_at: None }),
        [Effect::Arm { at: s(1300) }],
        "only its end is waited for"
    );
    assert_eq!(starts(&cold.at(1250, Event::LookedUp)), [Cause::BeforeExpiry], "on demand");
}

#[test]
fn from_hard_at_on_nobody_gets_the_present_token() {
    let mut key = Key::valid();
    key.at(1295, Event::LookedUp);
    assert_eq!((key.generation(), key.state.word()), (None, TokenState::Renewing));
    let effects = key.at(1300, Event::Timer { used_at: None });
    assert!(effects.contains(&Effect::Drop), "it died: {effects:?}");
    assert_eq!(key.state.word(), TokenState::Acquiring);
}

#[test]
fn a_401_on_the_present_generation_renews_once_and_an_older_one_does_nothing() {
    let mut key = Key::valid();
    let effects = key.take(Event::Unauthorized { generation: 1 });
    assert_eq!(starts(&effects), [Cause::Refused { generation: 1 }]);
    assert!(effects.contains(&Effect::Drop), "not handed out any more");
    assert_eq!(key.take(Event::Unauthorized { generation: 1 }), [], "the others share it");
    key.read(Found::default());
    key.issued(300);
    let before = key.state;
    assert_eq!(key.take(Event::Unauthorized { generation: 1 }), []);
    assert_eq!(key.state, before, "an old refusal changes nothing");
}

#[test]
fn a_failed_renewal_keeps_the_token_and_tries_again_later() {
    let mut key = Key::valid();
    key.at(1225, Event::LookedUp);
    key.read(Found::default());
    let effects = key.lost(true);
    assert!(effects.contains(&Effect::Fail { lasting: false }), "{effects:?}");
    assert_eq!(key.generation(), Some(1), "still good");
    assert_eq!(key.take(Event::LookedUp), [], "the back-off holds");
    let at = key.state.retries_at(key.now).unwrap();
    key.now = at;
    assert_eq!(starts(&key.take(Event::Timer { used_at: Some(at) })), [Cause::BeforeExpiry]);
}

#[test]
fn a_lasting_refusal_is_not_repeated_in_the_background() {
    let mut key = Key::valid();
    key.at(1225, Event::LookedUp);
    key.read(Found::default());
    assert!(key.refused(Refusal::Lasting).contains(&Effect::Fail { lasting: true }));
    for at in [1226, 1260, 1294] {
        assert_eq!(starts(&key.at(at, Event::LookedUp)), [], "the token is good until hard_at");
    }
    assert_eq!(starts(&key.at(1300, Event::Timer { used_at: Some(s(1294)) })), [], "nor at its end");
    assert_eq!(starts(&key.at(1301, Event::LookedUp)), [Cause::Expired { generation: 1 }], "somebody needs one");
    key.read(Found::default());
    key.refused(Refusal::Lasting);
    assert_eq!(key.state.word(), TokenState::Dead, "a person has to do something");
    assert_eq!(starts(&key.take(Event::Requested)), [Cause::Requested], "and may try");
}

#[test]
fn what_was_discarded_has_not_expired() {
    let mut key = Key::valid();
    key.take(Event::Discarded);
    assert_eq!(starts(&key.take(Event::LookedUp)), [Cause::FirstUse]);
    key.read(Found::default());
    key.refused(Refusal::Lasting);
    assert_eq!(starts(&key.take(Event::LookedUp)), [Cause::FirstUse], "nor after a refusal");
}

#[test]
fn a_newer_token_of_another_process_is_adopted() {
    let mut key = Key::valid();
    key.at(1225, Event::LookedUp);
    let effects = key.read(Found { generation: 7, life: Some(life(s(1220), 300)), refresh: true });
    assert!(matches!(effects[0], Effect::Publish { adopted: true, token } if token.generation == 7), "{effects:?}");
    assert_eq!(key.state.next_generation(), 8, "and counted on from");
    key.at(1445, Event::LookedUp);
    let same = Found { generation: 7, life: Some(life(s(1220), 300)), refresh: true };
    assert_eq!(calls(&key.read(same)), [Call::Refresh], "our own is not adopted again");
}

#[test]
fn a_dead_refresh_token_is_read_again_and_then_minting_stands_in() {
    let mut key = Key::new(true);
    key.take(Event::LookedUp);
    assert_eq!(calls(&key.read(REFRESH)), [Call::Refresh]);
    assert_eq!(key.refused(Refusal::Grant), [Effect::Read { flight: 1 }]);
    let effects = key.read(REFRESH);
    assert_eq!(calls(&effects), [Call::Mint], "unchanged: dead, and the profile can mint");
    assert!(effects.contains(&Effect::Forget), "it is of no use any more");
    key.issued(300);
    assert_eq!(key.generation(), Some(5));
}

#[test]
fn a_refresh_token_that_moved_is_tried_once() {
    let mut key = Key::new(false);
    key.take(Event::LookedUp);
    key.read(REFRESH);
    key.refused(Refusal::Grant);
    let newer = Found { generation: 5, ..REFRESH };
    assert_eq!(calls(&key.read(newer)), [Call::Refresh], "another process rotated it");
    let effects = key.refused(Refusal::Grant);
    assert_eq!(calls(&effects), [], "no third try");
    assert_eq!(key.state.word(), TokenState::Dead, "nothing else gets a token: {effects:?}");
}

#[test]
fn a_lost_refresh_is_ambiguous_and_tried_once_more_with_the_same_token() {
    let mut key = Key::new(false);
    key.take(Event::LookedUp);
    key.read(REFRESH);
    key.lost(true);
    assert_eq!(key.state.word(), TokenState::Ambiguous);
    key.now = key.state.retries_at(key.now).unwrap();
    assert_eq!(starts(&key.take(Event::Timer { used_at: None })).len(), 1, "even on a cold key");
    assert_eq!(calls(&key.read(REFRESH)), [Call::Refresh]);
    key.lost(false);
    assert_eq!(key.state.word(), TokenState::Ambiguous, "nothing was sent, nothing is decided");
    key.now = key.state.retries_at(key.now).unwrap();
    key.take(Event::Timer { used_at: None });
    key.read(REFRESH);
    let effects = key.lost(true);
    assert!(effects.contains(&Effect::Forget), "{effects:?}");
    assert_eq!((calls(&effects), key.state.word()), (vec![], TokenState::Dead), "lost twice");
}

#[test]
fn a_discarded_flight_is_waited_for_and_its_result_dropped() {
    let mut key = Key::valid();
    key.at(1225, Event::LookedUp);
    key.read(Found::default());
    let effects = key.take(Event::Discarded);
    assert!(effects.contains(&Effect::Drop) && effects.contains(&Effect::Forget), "{effects:?}");
    assert_eq!(starts(&key.take(Event::LookedUp)), [], "one call at a time, also now");
    let effects = key.take(Event::Issued { flight: 2, life: life(s(1225), 300) });
    assert!(!effects.iter().any(|e| matches!(e, Effect::Publish { .. })), "dropped: {effects:?}");
    assert_eq!(starts(&effects), [Cause::FirstUse], "and who waited gets a new one");
}

#[test]
fn a_token_that_died_on_its_way_is_not_published() {
    let mut key = Key::new(true);
    key.take(Event::LookedUp);
    key.read(Found::default());
    key.now = s(3000);
    let effects = key.take(Event::Issued { flight: 1, life: life(s(1000), 300) });
    assert!(effects.contains(&Effect::Fail { lasting: false }), "{effects:?}");
    assert_eq!((key.generation(), key.state.word()), (None, TokenState::Absent));
}

/// Knuth's constants; the seed stands in the message of a failure.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % below
    }

    fn unit(&mut self) -> f64 {
        Duration::from_millis(self.roll(1000)).as_secs_f64()
    }
}

/// What a flight of the world outside is doing.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Task {
    Calling { flight: u64, call: Call, token: u64 },
    Reading { flight: u64 },
}

/// The world outside, and the laws.
struct World {
    seed: u64,
    dice: Dice,
    key: Key,
    task: Option<Task>,
    stored: Found,
    /// Which refresh token is stored.
    token: u64,
    armed: Option<Duration>,
    dropped: u64,
    published: u64,
    /// How often a refresh token may have rotated at the server.
    sent: HashMap<u64, u32>,
}

impl World {
    fn new(seed: u64, mint: bool) -> Self {
        Self {
            seed,
            dice: Dice(seed),
            key: Key::new(mint),
            task: None,
            stored: Found::default(),
            token: 0,
            armed: None,
            dropped: 0,
            published: 0,
            sent: HashMap::new(),
        }
    }

    fn law(&self, holds: bool, law: &str) {
        assert!(holds, "seed {}: {law}; {:?} at {:?}, task {:?}", self.seed, self.key.state, self.key.now, self.task);
    }

    fn take(&mut self, event: Event) {
        let before = self.key.state;
        let effects = self.key.take(event);
        if let Event::Unauthorized { generation } = event
            && before.token().is_none_or(|token| token.generation != generation && self.key.now < token.life.dies_at)
        {
            self.law(before == self.key.state, "a 401 on another generation changes nothing");
        }
        for effect in &effects {
            match *effect {
                Effect::Arm { at } => self.armed = Some(at),
                Effect::Call { flight, call } => {
                    self.law(self.task.is_none(), "one call at a time");
                    self.task = Some(Task::Calling { flight, call, token: self.token });
                }
                Effect::Drop => self.dropped = self.published,
                Effect::Fail { .. } | Effect::Wake => {}
                Effect::Forget => self.stored = Found::default(),
                Effect::Publish { token, .. } => {
                    self.law(token.generation > self.published, "generations only grow");
                    self.law(self.key.now < token.life.dies_at, "a dead token is not published");
                    self.published = token.generation;
                }
                Effect::Start { flight, .. } | Effect::Read { flight } => {
                    self.law(self.task.is_none(), "one flight at a time");
                    self.task = Some(Task::Reading { flight });
                }
            }
        }
        if let Some(token) = self.key.state.usable(self.key.now) {
            self.law(self.key.now < token.life.hard_at, "only a token with life left is reused");
            self.law(token.generation == self.published, "and only the one published last");
            self.law(token.generation > self.dropped, "never one that was dropped");
        }
        if event == Event::LookedUp && self.key.state.usable(self.key.now).is_none() {
            self.law(self.task.is_some() || self.armed.is_some(), "who waits is served by a flight or a timer");
        }
    }

    fn task_ends(&mut self, task: Task) {
        self.task = None;
        match task {
            Task::Reading { flight } => {
                let found = self.stored;
                self.take(Event::Read { flight, found });
            }
            Task::Calling { flight, call, token } => {
                let kind = self.dice.roll(10);
                let reached = kind != 9;
                if call == Call::Refresh && reached {
                    let times = self.sent.entry(token).or_default();
                    *times += u32::from(matches!(kind, 0..=3 | 7 | 8));
                    let times = *times;
                    self.law(times <= 2, "a rotating refresh token is sent twice at most");
                }
                let u = self.dice.unit();
                match kind {
                    0..=3 => {
                        let life = life(self.key.now, 15 + self.dice.roll(300));
                        if self.key.state.awaits(flight) && self.dice.roll(2) == 0 {
                            self.stored =
                                Found { generation: self.key.state.next_generation(), life: Some(life), refresh: true };
                            self.token += 1;
                        } else if call == Call::Refresh && self.key.state.awaits(flight) {
                            self.stored = Found::default();
                        }
                        self.take(Event::Issued { flight, life });
                    }
                    4 => self.take(Event::Refused { flight, refusal: Refusal::Lasting, u }),
                    5 => self.take(Event::Refused { flight, refusal: Refusal::Passing { retry_after: None }, u }),
                    6 => self.take(Event::Refused { flight, refusal: Refusal::Grant, u }),
                    7 | 8 => self.take(Event::Unreached { flight, sent: true, passing: true, u }),
                    _ => self.take(Event::Unreached { flight, sent: false, passing: true, u }),
                }
            }
        }
    }

    fn turn(&mut self) {
        self.key.now += Duration::from_millis(self.dice.roll(20_000));
        if let Some(at) = self.armed.filter(|at| *at <= self.key.now) {
            self.armed = None;
            let used_at = Some(at.saturating_sub(s(self.dice.roll(900))));
            self.take(Event::Timer { used_at });
        }
        let generation = self.published.saturating_sub(self.dice.roll(3));
        match self.dice.roll(24) {
            0 => self.take(Event::Discarded),
            1 => self.take(Event::Edited),
            2 => self.take(Event::Requested),
            3 | 4 => self.take(Event::Unauthorized { generation }),
            5 => {
                // another process renewed
                let generation = self.stored.generation.max(self.published) + 1;
                self.stored = Found { generation, life: Some(life(self.key.now, 300)), refresh: true };
                self.token += 1;
            }
            6..=12 => self.take(Event::LookedUp),
            _ => {
                if let Some(task) = self.task {
                    self.task_ends(task);
                }
            }
        }
    }
}

#[test]
fn the_laws_hold_for_random_sequences() {
    for seed in 0..3000 {
        let mut world = World::new(seed, seed % 3 != 0);
        for _ in 0..200 {
            world.turn();
        }
    }
}

#[test]
fn every_wait_ends_when_the_server_is_well_again() {
    for seed in 0..500 {
        let mut world = World::new(seed, true);
        for _ in 0..100 {
            world.turn();
        }
        for _ in 0..60 {
            world.take(Event::LookedUp);
            if world.key.state.usable(world.key.now).is_some() {
                break;
            }
            match (world.task.take(), world.armed.take()) {
                (Some(Task::Reading { flight }), armed) => {
                    world.armed = armed;
                    let found = world.stored;
                    world.take(Event::Read { flight, found });
                }
                (Some(Task::Calling { flight, .. }), armed) => {
                    world.armed = armed;
                    let life = life(world.key.now, 300);
                    world.take(Event::Issued { flight, life });
                }
                (None, Some(at)) => {
                    world.key.now = world.key.now.max(at);
                    world.take(Event::Timer { used_at: None });
                }
                (None, None) => {}
            }
        }
        world.law(world.key.state.usable(world.key.now).is_some(), "a token is there");
    }
}
