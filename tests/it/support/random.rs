//! Chance that can be repeated: SplitMix64 from a seed that is printed.

use beffroi::clock;

/// Set this to a seed that a failing test printed.
const SEED: &str = "BEFFROI_TEST_SEED";

pub struct Random(u64);

impl Random {
    /// From `BEFFROI_TEST_SEED`, or a new seed; printed either way.
    pub fn new(name: &str) -> Self {
        let seed = match std::env::var(SEED) {
            Ok(text) => text.parse().unwrap_or_else(|error| panic!("{SEED}: {error}")),
            Err(_) => u64::from_le_bytes(clock::random_bytes()),
        };
        println!("{name}: {SEED}={seed}");
        Self(seed)
    }

    /// At least 0 and below 1.
    pub fn fraction(&mut self) -> f64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((mixed ^ (mixed >> 31)) >> 11) as f64 / (1_u64 << 53) as f64
    }
}
