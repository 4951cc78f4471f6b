//! See `validate` in ../targets.rs.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| beffroi::targets::validate(bytes));
