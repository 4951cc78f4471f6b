//! The line that every alert walks, one file a step: intake, admit, target, plan, dispatch, outcome, sweep; and
//! `decide`, where people release, refuse and stop.
