"""schemathesis against the sandbox: every answer must be as the served document says, and every refusal, too.

    python schemathesis_judge.py target/debug/ofauth

schemathesis makes requests out of the document, good and bad ones, and follows what is created until it is deleted. It
runs with one seed. Its findings must be in `schemathesis-exceptions.json`, which gives a reason for each, and every
exception there must still be needed.
"""

import base64
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

from sandbox import CONNECTION, KEY, Sandbox

EXCEPTIONS = json.loads(Path(__file__).with_name("schemathesis-exceptions.json").read_text())
# How many requests it invents for an operation, besides those at the limits of what the document allows.
EXAMPLES = 5
SECONDS = 180


def run(sandbox, place):
    """Runs it in a directory that is thrown away, where it keeps what it remembers; returns its summary and its findings."""
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{sandbox.url}/openapi.json"),
        *("--header", f"apiKey: {KEY}", "--header", f"x-connection-id: {CONNECTION}"),
        *("--seed", "1", "--generation-deterministic", "--max-examples", str(EXAMPLES), "--workers", "1"),
        *("--no-shrink", "--continue-on-failure", "--warnings", "off"),
        *("--report", "json,ndjson", "--report-json-path", "run.json", "--report-ndjson-path", "events.ndjson"),
    ]
    done = subprocess.run(command, cwd=place, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=SECONDS)
    summary = json.loads(Path(place, "run.json").read_text()) if Path(place, "run.json").exists() else {}
    operations = summary.get("operations", {})
    if not summary.get("complete") or summary["errors"] or operations["tested"] != operations["total"]:
        sys.exit(f"{done.stdout}\nschemathesis did not get to its end")
    with Path(place, "events.ndjson").open() as events:
        found = [finding for event in events for finding in findings(event)]
    if summary["test_cases"]["with_failures"] and not found:
        sys.exit(f"{done.stdout}\nits events do not have what it found")
    return summary, found


def findings(line):
    """The failed checks of one event: code, operation, and what was said, with the answer."""
    recorder = json.loads(line).get("ScenarioFinished", {}).get("recorder") or {}
    for case, checks in recorder.get("checks", {}).items():
        for check in checks:
            if check["status"] != "success":
                failure = check["failure_info"]["failure"]
                exchange = recorder["interactions"].get(case, {})
                request, response = exchange.get("request") or {}, exchange.get("response") or {}
                body = base64.b64decode((response.get("content") or {}).get("$base64", "")).decode(errors="replace")
                called = f"{request.get('method')} {request.get('uri')}"
                yield failure["code"], failure["operation"], f"{failure['message']}\n{body}", called


def excepts(exception, finding):
    """Whether an exception is about a finding."""
    code, operation, text, _ = finding
    return (
        exception["code"] == code
        and re.fullmatch(exception["operation"], operation)
        and re.search(exception["text"], text, re.DOTALL)
    )


def main(command):
    with Sandbox(command) as sandbox, tempfile.TemporaryDirectory() as place:
        summary, found = run(sandbox, place)
    left = [finding for finding in found if not any(excepts(one, finding) for one in EXCEPTIONS)]
    unused = [one for one in EXCEPTIONS if not any(excepts(one, finding) for finding in found)]
    for code, operation, text, called in left:
        print(f"{code} {operation}\n    {called}\n    {text}", file=sys.stderr)
    for one in unused:
        print(f"no finding needs this exception any more: {one}", file=sys.stderr)
    cases = summary["test_cases"]["generated"]
    print(f"schemathesis: {cases} cases, {len(left)} findings, {len(EXCEPTIONS)} exceptions")
    return 1 if left or unused else 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
