#!/usr/bin/env python3
"""Sending pushes side by side: `beffroi rehearse`, the web-push crate with its own client, npm's web-push and PyPI's
pywebpush with a session.

Each sender runs on the first processor, the sandbox of push services on the second, all in one run. CPU time of the
sender for each push: of ours everything there is, from POST to the last outcome in the database; of the others signing,
encrypting and sending only, over connections that are kept. The crate's sender is built first, in a project of its own.

Then a whole city on SQLite, with all processors for everything, the sandbox included: how long until the last push was
accepted, how much memory that took, and how long urgent alerts took to their first push, before it and meanwhile.

    scripts/bench/push.py [--subscribers N] [--pushes N] [--rounds N] [--city N] [--urgent N] [--beffroi PROGRAM]
"""

import argparse
import json
import os
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
import urllib.request
import ssl

TOP = pathlib.Path(__file__).resolve().parents[2]
HERE = TOP / "scripts" / "bench"
CRATE_TARGET = TOP / "target" / "bench-push-crate"
SENDER, SANDBOX = "0", "1"
# One of so many pushes is decrypted, so that the sandbox holds nobody up.
DECRYPT_EVERY = "1000"
# Name, channel, and how many messages are armed ahead for each person.
REHEARSALS = [("webpush, armed", "webpush", 1), ("webpush", "webpush", 0), ("apns", "apns", 0), ("fcm", "fcm", 0)]

# Channel, and how many messages are armed ahead for each person of the city.
CITIES = [("webpush", 1), ("mixed", 1), ("mixed", 0)]


def pinned(cpu, command):
    return ["taskset", "-c", cpu, *map(str, command)]


def build_crate():
    """The sender of the web-push crate, built as a release. What cargo says goes to stderr."""
    manifest = HERE / "push_crate" / "Cargo.toml"
    command = ["cargo", "build", "--release", "--locked", "--manifest-path", manifest]
    subprocess.run(command, check=True, stdout=sys.stderr, env={**os.environ, "CARGO_TARGET_DIR": str(CRATE_TARGET)})
    return CRATE_TARGET / "release" / "push_crate"


def children(pid):
    found = subprocess.run(["ps", "-o", "pid=", "--ppid", str(pid)], stdout=subprocess.PIPE, text=True)
    return [int(line) for line in found.stdout.split()]


def rehearse(program, channel, armed, subscribers):
    """Figures of a rehearsal on one processor; the sandbox that it starts is moved to the other one."""
    command = [program, "rehearse", "--subscribers", subscribers, "--channel", channel, "--armed", armed]
    command = pinned(SENDER, command)
    rehearsal = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    while rehearsal.poll() is None:
        sandboxes = children(rehearsal.pid)
        if sandboxes:
            subprocess.run(["taskset", "-a", "-p", "-c", SANDBOX, str(sandboxes[0])], stdout=subprocess.DEVNULL)
            break
        time.sleep(0.01)
    figures = json.loads(rehearsal.communicate()[0])
    if rehearsal.returncode != 0:
        raise SystemExit(f"the rehearsal went wrong: {figures}")
    return whole(figures)


def whole(figures):
    if figures["lost"] or figures["duplicates"]:
        raise SystemExit(f"the rehearsal went wrong: {figures}")
    return figures


def city(program, channel, armed, people, urgent):
    """One row about everybody, on all processors."""
    command = [program, "rehearse", "--subscribers", people, "--channel", channel, "--armed", armed, "--urgent", urgent]
    done = subprocess.run([*map(str, command)], check=True, stdout=subprocess.PIPE, text=True)
    print(done.stdout, file=sys.stderr)
    figures = whole(json.loads(done.stdout))
    times = [figures[name] for name in ("idle_first_push_ms", "idle_first_push_ms_p99")]
    times += [figures[name] for name in ("preempt_first_push_ms", "preempt_first_push_ms_p99", "preempts")]
    return (
        f"| {figures['accepted']:,} {channel}, {'armed' if armed else 'not armed'} "
        f"| {figures['last_push_ms'] / 1000:.1f} | {figures['pushes_per_second']:,.0f} | {figures['peak_rss_mb']:.0f} "
        f"| {times[0]}, {times[1]} | {times[2]}, {times[3]} ({times[4]}) |"
    )


class Sandbox:
    """A sandbox on its own processor."""

    def __init__(self, program):
        self.folder = tempfile.mkdtemp(prefix="beffroi-bench-")
        command = [program, "sandbox", "--listen", "127.0.0.1:0", "--decrypt-every", DECRYPT_EVERY]
        self.process = subprocess.Popen(
            pinned(SANDBOX, command),
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, "BEFFROI__DATA__DIR": self.folder},
        )
        said = [self.process.stdout.readline().split()[-1] for _ in range(2)]
        self.origin, self.ca = said
        self.tls = ssl.create_default_context(cafile=self.ca)

    def ask(self, method, path):
        request = urllib.request.Request(self.origin + path, method=method)
        with urllib.request.urlopen(request, context=self.tls) as answer:
            return json.load(answer)

    def end(self):
        self.process.terminate()
        self.process.wait()
        shutil.rmtree(self.folder)


def peer(sandbox, command, pushes):
    """Microseconds of CPU time for each push of another sender, which sends to fresh subscriptions."""
    what = pathlib.Path(sandbox.folder) / "subscriptions.json"
    what.write_text(json.dumps(sandbox.ask("POST", f"/subscriptions?count={pushes}&keys=16")))
    before = sandbox.ask("GET", "/counts?each=false")["accepted"]
    done = subprocess.run(pinned(SENDER, [*command, what, sandbox.ca]), check=True, stdout=subprocess.PIPE, text=True)
    accepted = sandbox.ask("GET", "/counts?each=false")["accepted"] - before
    if accepted != pushes:
        raise SystemExit(f"{command}: {accepted} of {pushes} accepted")
    return json.loads(done.stdout)["cpu_us"] / pushes


def main():
    arguments = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    arguments.add_argument("--subscribers", type=int, default=100_000, help="people of a rehearsal")
    arguments.add_argument("--pushes", type=int, default=3_000, help="pushes of each other sender")
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--city", type=int, default=1_000_000, help="people of a city")
    arguments.add_argument("--urgent", type=int, default=100, help="urgent alerts before and during its broadcast")
    arguments.add_argument("--beffroi", default=str(TOP / "target" / "release" / "beffroi"))
    given = arguments.parse_args()
    rounds = {}
    crate = build_crate()
    sandbox = Sandbox(given.beffroi)
    try:
        for _ in range(given.rounds):
            for name, channel, armed in REHEARSALS:
                figures = rehearse(given.beffroi, channel, armed, given.subscribers)
                rounds.setdefault(f"beffroi, {name}", []).append(figures["sender_cpu_us_per_push"])
                print(json.dumps({"rehearsal": name, **figures}), file=sys.stderr)
            for name, command in [
                ("web-push (crate, its own client)", ["env", f"SSL_CERT_FILE={sandbox.ca}", crate]),
                ("web-push (npm)", ["node", HERE / "push.mjs"]),
                ("pywebpush, one session", [sys.executable, HERE / "push_python.py"]),
            ]:
                rounds.setdefault(name, []).append(peer(sandbox, command, given.pushes))
    finally:
        sandbox.end()
    ours = statistics.median(rounds["beffroi, webpush, armed"])
    print("| sender | µs of CPU time a push | × ours |\n|---|---:|---:|")
    for name, figures in rounds.items():
        middle = statistics.median(figures)
        print(f"| {name} | {middle:,.1f} | {middle / ours:,.1f} |")
    rows = [city(given.beffroi, channel, armed, given.city, given.urgent) for channel, armed in CITIES]
    print("\n| a city | s to the last | pushes a second | MB at most | P0 idle, ms: p50, p99 | P0 meanwhile (n) |")
    print("|---|---:|---:|---:|---:|---:|", *rows, sep="\n")


if __name__ == "__main__":
    main()
