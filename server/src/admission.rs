//! Which connections are accepted: there is a limit for all and a limit per address. Exempt addresses and
//! proxies have no limit per address. The fewer connections are free, the fewer one address may have.
//!
//! A permit represents one connection; dropping it frees that connection. An IPv6 client counts by its /64,
//! which is what one customer gets.

use crate::charges::{counted_as, share};
use crate::config::{AddressRange, Limits};
use crate::metrics::{Metrics, Refused};
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

/// Counts connections.
#[derive(Debug)]
pub(crate) struct Admission {
    connections_max: AtomicU32,
    per_address_max: u32,
    exempt: Vec<AddressRange>,
    trusted_proxies: Vec<AddressRange>,
    connections: AtomicU32,
    by_address: Mutex<HashMap<IpAddr, u32>>,
    metrics: Arc<Metrics>,
}

/// Permission for one connection.
#[derive(Debug)]
pub(crate) struct Permit {
    admission: Arc<Admission>,
    _address: Option<AddressPermit>,
}

/// Permission for one of an address's connections.
#[derive(Debug)]
pub(crate) struct AddressPermit {
    admission: Arc<Admission>,
    address: IpAddr,
}

impl Admission {
    /// No connections yet.
    pub(crate) fn new(
        limits: &Limits,
        exempt: Vec<AddressRange>,
        trusted_proxies: Vec<AddressRange>,
        metrics: Arc<Metrics>,
    ) -> Self {
        Self {
            connections_max: AtomicU32::new(limits.connections_max),
            per_address_max: limits.connections_per_address_max,
            exempt,
            trusted_proxies,
            connections: AtomicU32::new(0),
            by_address: Mutex::default(),
            metrics,
        }
    }

    /// From now on at most this many connections are accepted.
    pub(crate) fn set_connections_max(&self, connections_max: u32) {
        self.connections_max.store(connections_max, Ordering::Relaxed);
        self.metrics.connections_max.set(connections_max.into());
    }

    fn connections_max(&self) -> u32 {
        self.connections_max.load(Ordering::Relaxed)
    }

    /// A permit for a connection from `address`, or why there is none (counted).
    pub(crate) fn admit(self: &Arc<Self>, address: IpAddr) -> Result<Permit, Refused> {
        let _address = self.admit_address(address)?;
        let more = |now: u32| (now < self.connections_max()).then_some(now + 1);
        if self.connections.fetch_update(Ordering::Relaxed, Ordering::Relaxed, more).is_err() {
            self.metrics.connections_refused.of(Refused::Full).inc();
            return Err(Refused::Full);
        }
        self.metrics.connections.inc();
        Ok(Permit { admission: Arc::clone(self), _address })
    }

    /// Counts a connection against `address`; `None` if the address is exempt.
    pub(crate) fn admit_address(self: &Arc<Self>, address: IpAddr) -> Result<Option<AddressPermit>, Refused> {
        if self.is_proxy(address) || self.exempt.iter().any(|range| range.contains(address)) {
            return Ok(None);
        }
        let address = counted_as(address);
        let connections = self.connections.load(Ordering::Relaxed);
        let per_address_max = self.per_address_max.min(share(self.connections_max(), connections));
        let mut by_address = self.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        let count = by_address.entry(address).or_insert(0);
        if *count >= per_address_max {
            self.metrics.connections_refused.of(Refused::Address).inc();
            return Err(Refused::Address);
        }
        *count += 1;
        Ok(Some(AddressPermit { admission: Arc::clone(self), address }))
    }

    /// Whether the operator declared this address a proxy.
    pub(crate) fn is_proxy(&self, address: IpAddr) -> bool {
        self.trusted_proxies.iter().any(|range| range.contains(address))
    }

    /// Whether a further connection would be refused.
    pub(crate) fn is_full(&self) -> bool {
        self.connections.load(Ordering::Relaxed) >= self.connections_max()
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.admission.connections.fetch_sub(1, Ordering::Relaxed);
        self.admission.metrics.connections.dec();
    }
}

impl Drop for AddressPermit {
    fn drop(&mut self) {
        let mut by_address = self.admission.by_address.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = by_address.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                by_address.remove(&self.address);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn admission(connections_max: u32, connections_per_address_max: u32) -> Arc<Admission> {
        let limits = Limits { connections_max, connections_per_address_max, ..Limits::default() };
        let proxies = vec!["10.0.0.0/8".parse().unwrap()];
        let exempt = vec!["127.0.0.0/8".parse().unwrap()];
        Arc::new(Admission::new(&limits, exempt, proxies, Arc::new(Metrics::new())))
    }

    fn ip(text: &str) -> IpAddr {
        text.parse().unwrap()
    }

    #[test]
    fn an_address_gets_its_share_and_gets_them_back() {
        let admission = admission(100, 2);
        let first = admission.admit(ip("192.0.2.1")).unwrap();
        let _second = admission.admit(ip("192.0.2.1")).unwrap();
        assert_eq!(admission.admit(ip("192.0.2.1")).unwrap_err(), Refused::Address);
        assert!(admission.admit(ip("192.0.2.2")).is_ok());
        drop(first);
        assert!(admission.admit(ip("192.0.2.1")).is_ok());
    }

    #[test]
    fn loopback_and_proxies_are_exempt_from_the_bound_per_address_only() {
        let admission = admission(4, 1);
        let held: Vec<_> = ["127.0.0.1", "127.0.0.1", "10.1.1.1", "10.1.1.1"]
            .map(|text| admission.admit(ip(text)).unwrap())
            .into();
        assert!(admission.is_full());
        assert_eq!(admission.admit(ip("127.0.0.1")).unwrap_err(), Refused::Full);
        drop(held);
        assert!(!admission.is_full());
        assert!(admission.by_address.lock().unwrap().is_empty());
    }

    #[test]
    fn a_refused_connection_leaves_nothing_counted() {
        let admission = admission(1, 5);
        let held = admission.admit(ip("192.0.2.1")).unwrap();
        assert!(admission.admit(ip("192.0.2.2")).is_err());
        drop(held);
        assert!(admission.by_address.lock().unwrap().is_empty());
        assert!(admission.admit(ip("192.0.2.2")).is_ok());
    }

    #[test]
    fn one_customers_ipv6_block_counts_as_one() {
        let admission = admission(100, 1);
        let _held = admission.admit(ip("2001:db8::1")).unwrap();
        assert!(admission.admit(ip("2001:db8::2")).is_err());
        assert!(admission.admit(ip("2001:db8:0:1::1")).is_ok());
    }
}
