//! The transitions.

use std::time::Duration;

use super::{Call, Cause, Effect, Event, Flight, Found, Refusal, Stage, Standing, State, Term};
use crate::Life;

/// What follows from an event.
pub fn step(state: State, event: Event, now: Duration) -> (State, Vec<Effect>) {
    let mut stepping = Stepping { state, effects: Vec::new(), now };
    stepping.expire();
    stepping.take(event);
    stepping.arm();
    (stepping.state, stepping.effects)
}

struct Stepping {
    state: State,
    effects: Vec<Effect>,
    now: Duration,
}

impl Stepping {
    fn take(&mut self, event: Event) {
        match event {
            Event::Discarded | Event::Edited => self.discard(),
            Event::Issued { flight, life } => {
                if self.lands(flight) {
                    self.publish(Term { generation: self.state.next_generation(), life }, false);
                }
            }
            Event::LookedUp => self.look_up(),
            Event::Read { flight, found } => {
                if let Some(flight) = self.under_way(flight) {
                    self.read(flight, found);
                }
            }
            Event::Refused { flight, refusal, u } => {
                if let Some(flight) = self.under_way(flight) {
                    self.refused(flight, refusal, u);
                }
            }
            Event::Requested => self.start(Cause::Requested),
            Event::Timer { used_at } => self.timer(used_at),
            Event::Unauthorized { generation } => self.unauthorized(generation),
            Event::Unreached { flight, sent, passing, u } => {
                if let Some(flight) = self.under_way(flight) {
                    self.unreached(flight, sent, passing, u);
                }
            }
        }
    }

    /// A token past its life is gone, whoever looks first.
    fn expire(&mut self) {
        let Some(token) = self.state.token().filter(|token| self.now >= token.life.dies_at) else { return };
        let why = Cause::Expired { generation: token.generation };
        self.drop_token(why);
        self.effects.push(Effect::Wake);
    }

    fn drop_token(&mut self, why: Cause) {
        self.effects.push(Effect::Drop);
        self.state.standing = match self.state.standing {
            same @ (Standing::Absent
            | Standing::Acquiring { .. }
            | Standing::Dead { .. }
            | Standing::Expired { .. }) => same,
            Standing::Ambiguous { used, flight, .. } => Standing::Ambiguous { token: None, used, flight },
            Standing::Renewing { flight, .. } => Standing::Acquiring { flight },
            Standing::Valid { .. } => Standing::Expired { why },
        };
    }

    fn discard(&mut self) {
        let state = &mut self.state;
        if state.token().is_some() {
            self.effects.push(Effect::Drop);
        }
        if let Some(flight) = state.flight() {
            state.draining = Some(flight.number);
        }
        state.standing = Standing::Absent;
        state.wanted = false;
        state.trouble = super::Trouble::default();
        self.effects.extend([Effect::Forget, Effect::Wake]);
    }

    fn look_up(&mut self) {
        let cause = match self.state.standing {
            Standing::Absent => Cause::FirstUse,
            Standing::Acquiring { .. } | Standing::Renewing { .. } => return,
            Standing::Ambiguous { token, flight, .. } => {
                if flight.is_some() || token.is_some_and(|token| self.now < token.life.hard_at) {
                    return;
                }
                self.renewal(token)
            }
            Standing::Dead { why } | Standing::Expired { why } => why,
            Standing::Valid { token } => {
                if self.now < token.life.hard_at {
                    if self.now >= token.life.soft_at && self.state.trouble.lets_retry(self.now) {
                        self.start(Cause::BeforeExpiry);
                    }
                    return;
                }
                Cause::BeforeExpiry
            }
        };
        self.ask(cause);
    }

    /// Why an undecided renewal goes on.
    fn renewal(&self, token: Option<Term>) -> Cause {
        match (token, self.state.generation) {
            (Some(_), _) => Cause::BeforeExpiry,
            (None, 0) => Cause::FirstUse,
            (None, generation) => Cause::Expired { generation },
        }
    }

    /// For somebody who waits: at once, or as soon as the back-off lets.
    fn ask(&mut self, cause: Cause) {
        if self.state.trouble.lets_ask(self.now) {
            self.start(cause);
        } else {
            self.state.wanted = true;
        }
    }

    /// A flight starts, unless one is under way.
    fn start(&mut self, cause: Cause) {
        if self.state.flight().is_some() {
            return;
        }
        if self.state.draining.is_some() {
            self.state.wanted = true;
            return;
        }
        self.state.flights += 1;
        self.state.wanted = false;
        let flight = Flight { number: self.state.flights, cause, stage: Stage::Reading { spent: None } };
        self.go_on(flight);
        self.effects.push(Effect::Start { flight: flight.number, cause });
    }

    /// The flight under way is now this.
    fn go_on(&mut self, flight: Flight) {
        self.state.standing = match self.state.standing {
            Standing::Absent | Standing::Acquiring { .. } | Standing::Dead { .. } | Standing::Expired { .. } => {
                Standing::Acquiring { flight }
            }
            Standing::Ambiguous { token, used, .. } => Standing::Ambiguous { token, used, flight: Some(flight) },
            Standing::Renewing { token, .. } | Standing::Valid { token } => Standing::Renewing { token, flight },
        };
    }

    /// The flight of this number, if its result is wanted; else it has ended, and what waited for its end goes on.
    fn under_way(&mut self, number: u64) -> Option<Flight> {
        if self.state.draining == Some(number) {
            self.state.draining = None;
            if self.state.wanted {
                self.start(Cause::FirstUse);
            }
            return None;
        }
        self.state.flight().filter(|flight| flight.number == number)
    }

    fn lands(&mut self, number: u64) -> bool {
        self.under_way(number).is_some()
    }

    fn read(&mut self, flight: Flight, found: Found) {
        let Stage::Reading { spent } = flight.stage else { return };
        self.state.seen = self.state.seen.max(found.generation);
        // a refresh of this generation was sent and its answer lost: what came with it decides nothing
        let undecided = match self.state.standing {
            Standing::Ambiguous { used, .. } => found.generation <= used,
            Standing::Absent
            | Standing::Acquiring { .. }
            | Standing::Dead { .. }
            | Standing::Expired { .. }
            | Standing::Renewing { .. }
            | Standing::Valid { .. } => false,
        };
        let newer = !undecided
            && found.generation > self.state.generation
            && spent.is_none_or(|spent| found.generation > spent);
        if let Some(life) =
            found.life.filter(|life| newer && flight.cause != Cause::Requested && self.now < life.soft_at)
        {
            self.publish(Term { generation: found.generation, life }, true);
            return;
        }
        if spent.is_some_and(|spent| found.generation <= spent) {
            self.refresh_is_dead(flight);
            return;
        }
        if !found.refresh {
            self.mint(flight);
            return;
        }
        let stage = Stage::Refreshing { used: found.generation, last: undecided || spent.is_some() };
        self.go_on(Flight { stage, ..flight });
        self.effects.push(Effect::Call { flight: flight.number, call: Call::Refresh });
    }

    /// The grant that needs no refresh token, else the end.
    fn mint(&mut self, flight: Flight) {
        if let Standing::Ambiguous { token, .. } = self.state.standing {
            // the refresh token is gone, so nothing is undecided any more
            self.state.standing =
                token.map_or(Standing::Acquiring { flight }, |token| Standing::Renewing { token, flight });
        }
        if self.state.mint {
            self.go_on(Flight { stage: Stage::Minting, ..flight });
            self.effects.push(Effect::Call { flight: flight.number, call: Call::Mint });
        } else {
            self.end_lasting(flight, true);
        }
    }

    fn refresh_is_dead(&mut self, flight: Flight) {
        self.effects.push(Effect::Forget);
        self.mint(flight);
    }

    fn publish(&mut self, token: Term, adopted: bool) {
        let Some(flight) = self.state.flight() else { return };
        if self.now >= token.life.dies_at {
            // it died on its way, for example while the computer slept
            self.end_passing(flight, None, 0.5);
            return;
        }
        self.state.generation = token.generation;
        self.state.seen = self.state.seen.max(token.generation);
        self.state.life = Some(token.life.length());
        self.state.standing = Standing::Valid { token };
        self.state.trouble = super::Trouble::default();
        self.effects.extend([Effect::Publish { token, adopted }, Effect::Wake]);
    }

    fn refused(&mut self, flight: Flight, refusal: Refusal, u: f64) {
        match (refusal, flight.stage) {
            (Refusal::Grant, Stage::Refreshing { used, last: false }) => {
                self.go_on(Flight { stage: Stage::Reading { spent: Some(used) }, ..flight });
                self.effects.push(Effect::Read { flight: flight.number });
            }
            (Refusal::Grant, Stage::Refreshing { last: true, .. }) => self.refresh_is_dead(flight),
            (Refusal::Grant | Refusal::Lasting, Stage::Minting | Stage::Reading { .. })
            | (Refusal::Lasting, Stage::Refreshing { .. }) => self.end_lasting(flight, true),
            (Refusal::Passing { retry_after }, Stage::Minting | Stage::Reading { .. } | Stage::Refreshing { .. }) => {
                self.end_passing(flight, retry_after, u);
            }
        }
    }

    fn unreached(&mut self, flight: Flight, sent: bool, passing: bool, u: f64) {
        match flight.stage {
            Stage::Refreshing { last: true, .. } if sent => self.refresh_is_dead(flight),
            Stage::Refreshing { used, last: false } if sent => {
                let token = self.state.token();
                self.state.standing = Standing::Ambiguous { token, used, flight: None };
                self.state.trouble.passing(self.now, None, u);
                self.fail(false);
            }
            Stage::Minting | Stage::Reading { .. } | Stage::Refreshing { .. } => {
                if passing {
                    self.end_passing(flight, None, u)
                } else {
                    self.end_lasting(flight, false)
                }
            }
        }
    }

    fn end_passing(&mut self, flight: Flight, retry_after: Option<Duration>, u: f64) {
        self.state.trouble.passing(self.now, retry_after, u);
        self.settle(flight);
        self.fail(false);
    }

    /// `refused`: by the server, so that a person has to do something about it.
    fn end_lasting(&mut self, flight: Flight, refused: bool) {
        self.state.trouble.lasting();
        self.settle(flight);
        if refused {
            self.state.standing = match self.state.standing {
                Standing::Absent => Standing::Dead { why: Cause::FirstUse },
                Standing::Expired { why } => Standing::Dead { why },
                same @ (Standing::Acquiring { .. }
                | Standing::Ambiguous { .. }
                | Standing::Dead { .. }
                | Standing::Renewing { .. }
                | Standing::Valid { .. }) => same,
            };
        }
        self.fail(true);
    }

    fn fail(&mut self, lasting: bool) {
        self.effects.extend([Effect::Fail { lasting }, Effect::Wake]);
    }

    /// The flight is over without a token.
    fn settle(&mut self, flight: Flight) {
        let generation = self.state.generation;
        self.state.standing = match self.state.standing {
            // also where one was discarded before: none had expired
            Standing::Acquiring { .. } if generation == 0 || flight.cause == Cause::FirstUse => Standing::Absent,
            Standing::Acquiring { .. } => Standing::Expired {
                why: match flight.cause {
                    why @ (Cause::Expired { .. } | Cause::Refused { .. }) => why,
                    Cause::BeforeExpiry | Cause::FirstUse | Cause::Requested => Cause::Expired { generation },
                },
            },
            Standing::Ambiguous { token, used, .. } => Standing::Ambiguous { token, used, flight: None },
            Standing::Renewing { token, .. } => Standing::Valid { token },
            same @ (Standing::Absent | Standing::Dead { .. } | Standing::Expired { .. } | Standing::Valid { .. }) => {
                same
            }
        };
    }

    fn unauthorized(&mut self, generation: u64) {
        if self.state.token().is_none_or(|token| token.generation != generation) {
            return;
        }
        let why = Cause::Refused { generation };
        self.drop_token(why);
        self.effects.push(Effect::Wake);
        if self.state.flight().is_none() {
            self.ask(why);
        }
    }

    fn timer(&mut self, used_at: Option<Duration>) {
        self.state.armed = None;
        let (trouble, now) = (self.state.trouble, self.now);
        let hot = self.state.hot(used_at, now);
        let wanted = self.state.wanted && trouble.lets_ask(now);
        match self.state.standing {
            Standing::Acquiring { .. } | Standing::Renewing { .. } => {}
            Standing::Absent => {
                if wanted {
                    self.start(Cause::FirstUse);
                }
            }
            Standing::Ambiguous { token, flight, .. } => {
                if flight.is_none() && (wanted || trouble.lets_retry(now)) {
                    self.start(self.renewal(token));
                }
            }
            Standing::Dead { why } => {
                if wanted {
                    self.start(why);
                }
            }
            Standing::Expired { why } => {
                if wanted || (hot && trouble.lets_retry(now)) {
                    self.start(why);
                }
            }
            Standing::Valid { token } => {
                if wanted || (hot && now >= token.life.soft_at && trouble.lets_retry(now)) {
                    self.start(Cause::BeforeExpiry);
                }
            }
        }
    }

    /// The next instant at which time alone changes something.
    fn arm(&mut self) {
        let due = self.due();
        if due == self.state.armed {
            return;
        }
        self.state.armed = due;
        if let Some(at) = due {
            self.effects.push(Effect::Arm { at });
        }
    }

    fn due(&self) -> Option<Duration> {
        let state = &self.state;
        let later = |at: Option<Duration>| at.filter(|at| *at > self.now);
        let asked = if state.wanted && state.draining.is_none() { state.trouble.asked_at() } else { None };
        let dies = |life: Life| Some(life.dies_at);
        let own = match state.standing {
            Standing::Absent | Standing::Acquiring { .. } | Standing::Dead { .. } => None,
            Standing::Ambiguous { token, flight, .. } => {
                let retry = if flight.is_none() { later(state.trouble.retry_at()) } else { None };
                earliest(retry, token.and_then(|token| dies(token.life)))
            }
            Standing::Expired { .. } => later(state.trouble.retry_at()),
            Standing::Renewing { token, .. } => dies(token.life),
            Standing::Valid { token } => {
                let retry = state.trouble.retry_at();
                let renew = later(Some(retry.map_or(token.life.soft_at, |at| at.max(token.life.soft_at))));
                earliest(renew, dies(token.life))
            }
        };
        earliest(own, asked)
    }
}

fn earliest(a: Option<Duration>, b: Option<Duration>) -> Option<Duration> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (one, None) | (None, one) => one,
    }
}
