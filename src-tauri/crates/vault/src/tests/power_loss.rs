//! Random work on a machine whose power goes off at any step: each slot keeps its last value or the one before.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use super::fakes::{Machine, QUICK, config, scramble};
use crate::passphrase::passphrase;
use crate::worker::{Limits, Worker};
use crate::{Backend, Kind, Vault};

const SLOTS: [&str; 3] = ["a", "b", "c"];

/// Values a slot may hold; one only, unless the power went off.
type Model = BTreeMap<&'static str, Vec<Option<Vec<u8>>>>;

struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: u64) -> u64 {
        self.0 += 1;
        scramble(self.0) % sides
    }
}

async fn start(machine: &Arc<Machine>, backend: Backend) -> Vault {
    machine.restart();
    let worker = || Arc::new(Worker::new(machine.connect(), Limits::default()));
    let vault = Vault::assemble(config(backend, Path::new("v")), QUICK, Arc::clone(machine) as _, worker);
    vault.unlock(passphrase("p")).await.unwrap();
    vault
}

async fn look(vault: &Vault, model: &mut Model, story: &str) {
    for slot in SLOTS {
        let held = vault.get(slot, None).await.unwrap().map(|value| value.bytes.expose_secret().clone());
        let may = model.get_mut(slot).unwrap();
        let short: Vec<_> = may.iter().map(|v| v.as_ref().map(Vec::len)).collect();
        assert!(
            may.contains(&held),
            "{story}: slot {slot} holds {:?}, may hold {short:?}",
            held.as_ref().map(Vec::len)
        );
        *may = vec![held];
    }
}

async fn run(seed: u64) {
    let mut dice = Dice(seed << 20);
    let machine = Arc::<Machine>::default();
    let mut backend = if dice.roll(2) == 0 { Backend::Os } else { Backend::Passphrase };
    let mut vault = start(&machine, backend).await;
    let mut model: Model = SLOTS.into_iter().map(|slot| (slot, vec![None])).collect();
    for step in 1..=12 {
        let slot = SLOTS[dice.roll(3) as usize];
        let story = format!("seed {seed}, step {step}, {backend:?}");
        if dice.roll(3) == 0 {
            machine.cut_power_after(1 + dice.roll(6), dice.roll(2) == 0);
        }
        let choice = dice.roll(8);
        let worked = match choice {
            0 => {
                let removed = vault.remove(slot).await.is_ok();
                let may = model.get_mut(slot).unwrap();
                if removed {
                    *may = vec![None]
                } else {
                    may.push(None)
                }
                removed
            }
            1 => {
                let other = if backend == Backend::Os { Backend::Passphrase } else { Backend::Os };
                let target = start_quietly(&machine, other).await;
                let slots: Vec<String> = SLOTS.map(str::to_owned).to_vec();
                let mut moved = match target {
                    Some(target) => vault.migrate(&target, &slots).await.is_ok(),
                    None => false,
                };
                // started again until it is done, as a person would
                while !moved {
                    let (from, to) = (start(&machine, backend).await, start(&machine, other).await);
                    moved = from.migrate(&to, &slots).await.is_ok();
                }
                backend = other;
                false
            }
            _ => {
                let kind = [Kind::Text, Kind::RefreshToken, Kind::Key][dice.roll(3) as usize];
                let length = [3, 40, 2500, 2600, 6000][dice.roll(5) as usize];
                let value: Vec<u8> = format!("{step}:").bytes().cycle().take(length).collect();
                let bytes = Arc::new(countersign_secret::Secret::new(value.clone()));
                let set = vault.set(slot, "demo", kind, step, bytes).await.is_ok();
                let may = model.get_mut(slot).unwrap();
                if set {
                    *may = vec![Some(value)]
                } else {
                    may.push(Some(value))
                }
                set
            }
        };
        if !worked || dice.roll(4) == 0 {
            vault = start(&machine, backend).await;
        }
        machine.restart();
        look(&vault, &mut model, &story).await;
    }
}

/// Opening the other vault may be what the power fails at.
async fn start_quietly(machine: &Arc<Machine>, backend: Backend) -> Option<Vault> {
    let worker = || Arc::new(Worker::new(machine.connect(), Limits::default()));
    let vault = Vault::assemble(config(backend, Path::new("v")), QUICK, Arc::clone(machine) as _, worker);
    vault.unlock(passphrase("p")).await.ok().map(|_| vault)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_slot_is_never_lost_and_never_mixed() {
    for seed in 0..100 {
        run(seed).await;
    }
}

/// A slot that moved between item and file, then is removed; the power goes at every step of both.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_value_that_was_replaced_never_comes_back() {
    let (small, large) = (vec![b's'; 10], vec![b'l'; 4000]);
    for (first, second) in [(&small, &large), (&large, &small)] {
        for (moving, removing) in (1..6).flat_map(|moving| (1..6).map(move |removing| (moving, removing))) {
            for happens in [(false, false), (false, true), (true, false), (true, true)] {
                let machine = Arc::<Machine>::default();
                let bytes = |value: &Vec<u8>| Arc::new(countersign_secret::Secret::new(value.clone()));
                let vault = start(&machine, Backend::Os).await;
                vault.set("a", "demo", Kind::Text, 1, bytes(first)).await.unwrap();
                machine.cut_power_after(moving, happens.0);
                let moved = vault.set("a", "demo", Kind::Text, 2, bytes(second)).await.is_ok();
                let story = format!("moving to {}, power off after {moving} and {removing} {happens:?}", second.len());
                let mut model: Model = SLOTS.into_iter().map(|slot| (slot, vec![None])).collect();
                model.insert(
                    "a",
                    if moved { vec![Some(second.clone())] } else { vec![Some(first.clone()), Some(second.clone())] },
                );
                let vault = start(&machine, Backend::Os).await;
                look(&vault, &mut model, &story).await;
                machine.cut_power_after(removing, happens.1);
                let removed = vault.remove("a").await.is_ok();
                let may = model.get_mut("a").unwrap();
                if removed {
                    *may = vec![None]
                } else {
                    may.push(None)
                }
                look(&start(&machine, Backend::Os).await, &mut model, &story).await;
            }
        }
    }
}
