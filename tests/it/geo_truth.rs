//! geo_truth
