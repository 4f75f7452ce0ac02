#!/usr/bin/env python3
"""Checks that what Dockerfile, .dockerignore and compose.yaml name exists, as far as no container is needed.

The exit status is 3 if Python is older than 3.11 or cannot read YAML.
"""

import pathlib
import re
import sys

try:
    import tomllib

    import yaml
except ImportError:
    sys.exit(3)

ROOT = pathlib.Path(__file__).resolve().parent.parent
faults = []


def check(holds, text):
    if not holds:
        faults.append(text)


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


compose = yaml.safe_load(read("compose.yaml"))
services, volumes, secrets = compose["services"], compose["volumes"], compose["secrets"]
for name, service in services.items():
    check("image" in service, f"compose.yaml: {name} has no image")
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        known = (ROOT / source).is_file() if source.startswith(".") else source in volumes
        check(known, f"compose.yaml: {name}: there is no {source}")
    check(set(service.get("secrets", [])) <= set(secrets), f"compose.yaml: {name}: an unknown secret")
    check(set(service.get("networks", [])) <= set(compose["networks"]), f"compose.yaml: {name}: a network")
    check(set(service.get("depends_on", {})) <= set(services), f"compose.yaml: {name} depends on nothing")

# Each variable of the server must be one that it knows: it refuses others.
args = read("server/src/args.rs")
for variable in services["tickwire"]["environment"]:
    check(f'env = "{variable}"' in args, f"compose.yaml: the server has no {variable}")
job = yaml.safe_load(read("assets/prometheus.yml"))["scrape_configs"][0]
target = job["static_configs"][0]["targets"][0]
port = services["tickwire"]["environment"]["TICKWIRE_ADMIN"].rpartition(":")[2]
check(target == f"tickwire:{port}", f"assets/prometheus.yml asks {target}")
proxy = services["caddy"]["networks"]["inside"]["ipv4_address"]
trusted = services["tickwire"]["environment"]["TICKWIRE_TRUSTED_PROXIES"]
check(proxy == trusted, f"compose.yaml: Caddy is {proxy}, trusted is {trusted}")
yaml.safe_load(read("assets/proxy/envoy.yaml"))

# Cargo reads the manifests of all members, so each must be in the context.
context = {line[1:] for line in read(".dockerignore").splitlines() if line.startswith("!")}
check({"Cargo.toml", "Cargo.lock"} <= context, ".dockerignore: the manifest is left out")
for name in context:
    check((ROOT / name).exists(), f".dockerignore: there is no {name}")
for member in tomllib.loads(read("Cargo.toml"))["workspace"]["members"]:
    check(member.split("/")[0] in context, f".dockerignore: {member} is left out")

rust = re.search(r"FROM rust:(\d+)\.(\d+)", read("Dockerfile"))
oldest = tomllib.loads(read("Cargo.toml"))["workspace"]["package"]["rust-version"]
is_new = [int(part) for part in rust.groups()] >= [int(part) for part in oldest.split(".")]
check(is_new, f"Dockerfile: Rust before {oldest}")

print("\n".join(faults), file=sys.stderr, end="\n" if faults else "")
sys.exit(1 if faults else 0)
