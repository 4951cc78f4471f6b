//! real_alerts
