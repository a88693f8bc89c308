"""Writes the table of webhooks that every language is tested with: tests/data/webhooks.json.

    python3 webhook_vectors.py          writes it
    python3 webhook_vectors.py --check  fails if it is not what would be written

What the signatures are is worked out here, by hmac and base64 of Python alone. So is the key of duplicates. Each vector has
the name, secrets, headers, body (or bodyBase64), now, and what is expected: `ok` with some fields of the event, or `error`
with the kind. Those in the scheme of svix also say whether the public libraries agree that the request is genuine, or why not.
"""

import base64
import hashlib
import hmac
import json
import pathlib
import sys

FILE = pathlib.Path(__file__).parents[1] / "data" / "webhooks.json"

NOW = 1_795_860_000
KEY = b"0123456789abcdef0123456789abcdef"
SECRET = "whsec_" + base64.b64encode(KEY).decode()
# With both characters that the alphabets write differently, and without a length that needs no padding.
OTHER_KEY = b"\xfb\xef\xbe\xff another key of 31 bytes!!!"
OTHER = "whsec_" + base64.b64encode(OTHER_KEY).decode()
ID = "msg_2KWPBgLlAfxdpx2AI54pPJ85f4W"

DATA = '{"clientReferenceId":"user-42","connection":{"id":"conn_1","status":"active","permissions":["vault:write"],"userData":{"id":"7","name":"Ada \\u2764","username":"ada"}}}'
BODY = '{"type":"connection.created","timestamp":"2026-11-28T10:00:00.000Z","data":%s}' % DATA
OLDER = '{"eventType":"connection.created","live":true,"data":%s}' % DATA.replace('"id":"7"', '"userId":"7"')

# Where we take more than the libraries on purpose, and where they cannot be asked.
HEX = "the signature is hex"
TEXT = "the text of the secret is the key"
SEVERAL = "the first of several secrets did not make it, and the libraries take one"
URL_SAFE = "base64 in the url-safe alphabet"
UNPADDED = "base64 without its padding"
DOUBLED = "a header came twice"
BYTES = "the body is not UTF-8"
LINE_END = "the secret has a line end, blanks around it, or a mark of its encoding"
DOTTED = "the id has a dot, which Standard Webhooks forbids"

vectors = []


def mac(key, *parts):
    texts = [part.encode() if isinstance(part, str) else part for part in parts]
    return hmac.new(key, b".".join(texts), hashlib.sha256).digest()


def b64(signature):
    return base64.b64encode(signature).decode()


def ofauth(body, key=SECRET.encode(), at=NOW, write=bytes.hex):
    """The documented header; by default the key is the text of the secret, and the signature is hex."""
    return [["OFAuth-Signature", f"t={at},v1={write(mac(key, str(at), body))}"]]


def svix(body, key=KEY, at=NOW, write=b64, id=ID, prefix="svix"):
    return [
        [f"{prefix}-id", id],
        [f"{prefix}-timestamp", str(at)],
        [f"{prefix}-signature", "v1," + write(mac(key, id, str(at), body))],
    ]


def canonical(value):
    """What the key of duplicates is the hash of; an independent writing of crates/ofauth-webhooks/src/dedupe.rs."""

    def text(of):
        return f"{len(of.encode())}:".encode() + of.encode()

    if isinstance(value, dict):
        fields = (text(name) + canonical(of) for name, of in sorted(value.items(), key=lambda field: field[0].encode()))
        return f"{{{len(value)}:".encode() + b"".join(fields)
    if isinstance(value, list):
        return f"[{len(value)}:".encode() + b"".join(map(canonical, value))
    return text(value) if isinstance(value, str) else b"=" + text(json.dumps(value))


def dedupe(body):
    raw = body if isinstance(body, bytes) else body.encode()
    event = json.loads(raw.decode("utf-8-sig").replace("\\ud83d\"", "\\ufffd\""))
    name = event.get("type") or event.get("eventType")
    parts = [canonical(of) for of in (event.get("timestamp"), event.get("live"), event.get("data"))]
    named = f"{len(name.encode())}:".encode() + name.encode()
    return "sha256-" + hashlib.sha256(named + b"".join(parts)).hexdigest()


def add(name, headers, body, error=None, secrets=(SECRET,), now=NOW, scheme=None, event="connection.created", differ=None, key=None, **fields):
    vector = {"name": name, "secrets": list(secrets), "headers": headers}
    if isinstance(body, bytes):
        vector["bodyBase64"] = b64(body)
    else:
        vector["body"] = body
    vector["now"] = now
    if error:
        vector["expect"] = {"error": error}
    else:
        # The id is the key where it was signed.
        key = key or (ID if scheme == "svix" else dedupe(body))
        vector["expect"] = {"ok": {"scheme": scheme, "type": event, "dedupeKey": key, **fields}}
    if scheme == "svix":
        vector["libraries"] = {"differ": differ} if differ else {"agree": True}
    vectors.append(vector)


def renamed(headers, change):
    return [[change(name), value] for name, value in headers]


def replaced(headers, ending, value):
    return [[name, value if name.lower().endswith(ending) else old] for name, old in headers]


def appended(headers, more):
    *first, (name, value) = headers
    return [*first, [name, value + more]]


def both_schemes():
    for scheme, sign, body, own_key in (("ofauth", ofauth, BODY, SECRET.encode()), ("svix", svix, OLDER, KEY)):

        def case(name, headers, of=body, error=None, **more):
            add(f"{scheme}: {name}", headers, of, error, scheme=scheme, **more)

        good, wrong = sign(body), sign(body, b"wrong key")
        separator, value = (",v1=", 1) if scheme == "ofauth" else (" v1,", 1)
        signature = good[-1][1].split("v1")[-1][value:]

        case("genuine", good, connectionId="conn_1")
        case("wrong secret", wrong, error="mismatch")
        case("altered body", good, body.replace("conn_1", "conn_2"), "mismatch")
        case("body written again with blanks", good, json.dumps(json.loads(body)), "mismatch")
        case("line end behind the body", good, body + "\n", "mismatch")
        case("body cut", good, body[:-1], "mismatch")
        case("299 s old", good, now=NOW + 299)
        case("exactly at the bound, old", good, now=NOW + 300)
        case("stale by a second", good, error="too_old", now=NOW + 301)
        case("stale by a day", good, error="too_old", now=NOW + 86_400)
        case("exactly at the bound, ahead", good, now=NOW - 300)
        case("future by a second", good, error="too_new", now=NOW - 301)
        case("stale and altered", good, body + " ", "mismatch", now=NOW + 86_400)
        case("milliseconds for seconds", sign(body, at=NOW * 1000), error="too_new")
        case("time before 1970", sign(body, at=-NOW), error="malformed")
        case("time altered", replaced(good, "signature" if scheme == "ofauth" else "timestamp", good[-1][1].replace(str(NOW), str(NOW + 1)) if scheme == "ofauth" else str(NOW + 1)), error="mismatch")

        case("two secrets, made by the first", good, secrets=(SECRET, OTHER))
        case("two secrets, made by the second", good, secrets=(OTHER, SECRET), differ=SEVERAL)
        case("three secrets, made by none", good, error="mismatch", secrets=(OTHER, "another", "one more"))
        case("empty secrets beside", good, secrets=("", "\n", "whsec_", SECRET), differ=SEVERAL)
        case("no secret but empty ones", good, error="no_secret", secrets=("", "whsec_\r\n"))
        case("no secret", good, error="no_secret", secrets=())

        case("several signatures, the last is right", appended(wrong, separator + signature))
        case("several signatures, the first is right", appended(good, separator + b64(b"x" * 32)))
        case("several signatures, none is right", appended(wrong, separator + b64(b"x" * 32)), error="mismatch")
        if scheme == "ofauth":
            case("unknown versions beside", [["OFAuth-Signature", f"v0=old,{good[0][1]},v2=abc,scheme=x"]])
            case("unknown versions alone", [["OFAuth-Signature", good[0][1].replace("v1=", "v2=")]], error="malformed")
        else:
            case("unknown versions beside", appended(replaced(good, "signature", "v1a,abcd " + good[2][1]), " v2,efgh"))
            case("unknown versions alone", replaced(good, "signature", good[2][1].replace("v1,", "v2,")), error="malformed")

        case("header names in upper case", renamed(good, str.upper))
        case("header names in lower case", renamed(good, str.lower))
        case("header names as Go writes them", renamed(good, lambda name: "-".join(word.capitalize() for word in name.split("-"))))
        case("no header", [["Content-Type", "application/json"]], error="missing")
        case("other headers beside", [["Host", "example.com"], *good, ["Signature", "x"]])
        case("all headers doubled", good + good, differ=DOUBLED)
        case("signature header doubled with another", [*good, [good[-1][0], wrong[-1][1]]], differ=DOUBLED)
        case("signature header cut", replaced(good, "signature", good[-1][1][:-9]), error="malformed")
        case("signature header cut to its beginning", replaced(good, "signature", good[-1][1].split("v1")[0] + "v1"), error="malformed")
        case("signature header empty", replaced(good, "signature", ""), error="malformed" if scheme == "ofauth" else "missing")

        hex_differs = HEX if scheme == "svix" else None
        case("hex in lower case", sign(body, write=bytes.hex), differ=hex_differs)
        case("hex in upper case", sign(body, write=lambda of: of.hex().upper()), differ=hex_differs)
        case("base64", sign(body, write=b64))
        # A signature that the two alphabets write differently.
        at = next(at for at in range(NOW, NOW + 300) if set(sign(body, at=at, write=b64)[-1][1].split("v1")[1]) & set("+/"))
        url_safe = lambda of: base64.urlsafe_b64encode(of).decode()
        case("base64 for URLs", sign(body, at=at, write=url_safe), differ=URL_SAFE)
        case("base64 without padding", sign(body, write=lambda of: b64(of).rstrip("=")), differ=UNPADDED)

        case("key is the base64 behind whsec_", sign(body, KEY))
        case("key is the whole text", sign(body, SECRET.encode()), differ=TEXT)
        case("key is the text behind whsec_", sign(body, SECRET[6:].encode()), differ=TEXT)
        case("secret without whsec_, key is base64", sign(body, KEY), secrets=(SECRET[6:],))
        case("secret without whsec_, key is the text", sign(body, SECRET[6:].encode()), secrets=(SECRET[6:],), differ=TEXT)
        case("secret is base64 without padding", sign(body, OTHER_KEY), secrets=(OTHER.rstrip("="),))
        case("secret is base64 for URLs", sign(body, OTHER_KEY), secrets=("whsec_" + base64.urlsafe_b64encode(OTHER_KEY).decode(),), differ=URL_SAFE)
        case("secret is no base64", sign(body, b"pass word!"), secrets=("pass word!",), differ=TEXT)
        case("secret is no base64 behind whsec_", sign(body, "whsec_é".encode()), secrets=("whsec_é",), differ=TEXT)
        case("secret with a line end", sign(body, own_key), secrets=(SECRET + "\n",))
        case("secret with a line end of Windows", sign(body, own_key), secrets=(SECRET + "\r\n",))
        case("text as secret with a line end", sign(body, b"pass word!"), secrets=("pass word!\r\n",), differ=TEXT)
        case("secret with a byte order mark", sign(body, own_key), secrets=("\ufeff" + SECRET,), differ=LINE_END)
        case("secret with blanks around", sign(body, own_key), secrets=(" " + SECRET + " \t\n",), differ=LINE_END)
        case("empty key", sign(body, b""), error="mismatch", secrets=(SECRET, "whsec_"))

        for name, of, error, differ in (
            ("body not JSON", "<html>no</html>", "unreadable", None),
            ("body half a JSON", body[:40], "unreadable", None),
            ("body empty", "", "unreadable", None),
            ("body is a list", "[%s]" % body, "unreadable", None),
            ("body names no event", '{"data":{}}', "unreadable", None),
            ("body is binary", bytes(range(256)), "unreadable", BYTES),
            ("body has half a character", body.encode()[:-3] + b"\xff\"}}", "unreadable", BYTES),
            ("body has a byte order mark", b"\xef\xbb\xbf" + body.encode(), None, None),
            ("body has half a pair of surrogates", body.replace("\\u2764", "\\ud83d"), None, None),
            ("body has blanks around", "\r\n " + body + " \n", None, None),
            ("body with a NUL", body.replace("Ada", "A\0a"), "unreadable", None),
        ):
            case(name, sign(of), of, error, differ=differ)

        envelope = "type" if scheme == "ofauth" else "eventType"
        # What no parser takes is there as its text, and the rest of the event with it.
        odd = lambda of: '{"%s":"realtime.x","data":{"connection":{"id":"conn_9"},"eventBody":%s}}' % (envelope, of)
        odd_key = lambda of: ID if scheme == "svix" else dedupe(odd(json.dumps(of)))
        deep = "[" * 200 + "]" * 200
        for name, of, event, fields in (
            ("unknown event", '{"%s":"moon.landed","data":{"crew":3}}' % envelope, "moon.landed", {}),
            ("unknown realtime event", '{"%s":"realtime.x.y","data":{"connection":{"id":"conn_9"},"environment":"test","eventBody":[]}}' % envelope, "realtime.x.y", {"connectionId": "conn_9"}),
            ("event without data", '{"%s":"rules.updated"}' % envelope, "rules.updated", {}),
            ("event with odd data", '{"%s":"connection.expired","data":"none"}' % envelope, "connection.expired", {}),
            ("event in both envelopes", '{"type":"a.b","eventType":"c.d","data":{}}', "a.b", {}),
            ("unreadable timestamp in the body", '{"%s":"rules.updated","timestamp":"soon","data":{}}' % envelope, "rules.updated", {}),
            ("event with a number too large", odd("1e400"), "realtime.x", {"key": odd_key("1e400"), "connectionId": "conn_9"}),
            ("event that nests deeply", odd(deep), "realtime.x", {"key": odd_key(deep), "connectionId": "conn_9"}),
            ("event with a long number", '{"%s":"realtime.x","data":{"eventBody":{"id":9007199254740993}}}' % envelope, "realtime.x", {}),
        ):
            case(name, sign(of), of, event=event, **fields)


def ofauth_alone():
    good = ofauth(BODY)
    (name, value), = good
    for what, header, error in (
        ("blanks around the fields", value.replace(",", " , "), None),
        ("fields in another order", ",".join(reversed(value.split(","))), None),
        ("no time", value.split(",")[1], "malformed"),
        ("no signature", value.split(",")[0], "malformed"),
        ("time is no number", value.replace(str(NOW), "now"), "malformed"),
        ("two times", f"t={NOW + 1},{value}", "malformed"),
        ("one time said twice", f"t={NOW},{value}", None),
        ("svix' form in this header", "v1," + value.split("v1=")[1], "malformed"),
    ):
        add(f"ofauth: {what}", [[name, header]], BODY, error, scheme="ofauth")
    add("ofauth: the older envelope", ofauth(OLDER), OLDER, scheme="ofauth")


def svix_alone():
    good = svix(OLDER)
    for missing in range(3):
        rest = good[:missing] + good[missing + 1 :]
        add(f"svix: {good[missing][0]} missing", rest, OLDER, "missing", scheme="svix")
    for name, headers, error in (
        ("id altered", replaced(good, "-id", "msg_other"), "mismatch"),
        ("id empty", replaced(good, "-id", ""), "missing"),
        ("id with a dot", svix(OLDER, id="msg_1.5"), "malformed"),
        ("time is no number", replaced(good, "timestamp", "now"), "malformed"),
        ("signature without a version", replaced(good, "signature", good[2][1][3:]), "malformed"),
        ("two ids that differ", [*good, ["svix-id", "msg_other"]], "malformed"),
        ("two times that differ", [*good, ["svix-timestamp", str(NOW + 1)]], "malformed"),
        ("under the names of Standard Webhooks", svix(OLDER, prefix="webhook"), None),
        ("under the names of Standard Webhooks, altered", svix(OLDER + " ", prefix="webhook"), "mismatch"),
    ):
        add(f"svix: {name}", headers, OLDER, error, scheme="svix", differ=DOTTED if "dot" in name else None)
    add("svix: the newer envelope", svix(BODY), BODY, scheme="svix")
    add("svix: the example of its documents", [
        ["svix-id", "msg_p5jXN8AQM9LWM0D4loKWxJek"],
        ["svix-timestamp", "1614265330"],
        ["svix-signature", "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="],
    ], '{"test": 2432232314}', "unreadable", secrets=("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw",), now=1_614_265_330, scheme="svix")


def both_at_once():
    of_both = lambda ofauth_body, svix_body: ofauth(ofauth_body) + svix(svix_body)
    add("both: both genuine", of_both(BODY, BODY), BODY, scheme="svix")
    add("both: both genuine, svix late", ofauth(BODY) + svix(BODY, at=NOW - 301), BODY, scheme="ofauth")
    add("both: only ofauth genuine", of_both(BODY, "other"), BODY, scheme="ofauth")
    add("both: only svix genuine", of_both("other", BODY), BODY, scheme="svix")
    add("both: none genuine", of_both("other", "other"), BODY, "mismatch")
    add("both: ofauth late, svix in time", ofauth(BODY, at=NOW - 301) + svix(BODY), BODY, scheme="svix")
    add("both: ofauth altered, svix late", ofauth("other") + svix(BODY, at=NOW - 301), BODY, "too_old")


def main():
    both_schemes()
    ofauth_alone()
    svix_alone()
    both_at_once()
    names = [vector["name"] for vector in vectors]
    assert len(names) == len(set(names)), "two vectors have one name"
    # One vector a line, so that a change can be read.
    lines = ",\n".join(json.dumps(vector, ensure_ascii=False) for vector in vectors)
    text = '{"vectors": [\n' + lines + "\n]}\n"
    if "--check" in sys.argv:
        assert FILE.read_text(encoding="utf-8") == text, f"{FILE.name} is not current: run {pathlib.Path(__file__).name}"
    else:
        FILE.write_text(text, encoding="utf-8")
    print(f"{len(vectors)} vectors")


if __name__ == "__main__":
    main()
