"""Makes corpus/journal out of corpus/records: the records, framed as in a journal's file, some of them damaged.

Run it after a change of the format or of the records: python3 frame_journals.py
"""

import struct
import zlib
from pathlib import Path

MAGIC = b"OFAUTHJ1"
CORPUS = Path(__file__).parent / "corpus"


def framed(lines):
    """The bytes of a journal: a header with its flag, then a frame for each line."""
    finishing = lines[:1] == [b"finishing"]
    journal = MAGIC + (b"\xff" if finishing else b"\0") * 8
    chain = zlib.crc32(MAGIC)
    for payload in lines[finishing:]:
        length = struct.pack("<I", len(payload))
        chain = zlib.crc32(struct.pack("<I", chain) + length + payload)
        journal += length + struct.pack("<I", chain) + payload
    return journal


def write(name, journal):
    (CORPUS / "journal" / name).write_bytes(journal)


def main():
    (CORPUS / "journal").mkdir(exist_ok=True)
    read = {path.name: path.read_bytes().splitlines() for path in (CORPUS / "records").iterdir() if len(path.name) < 40}
    for name in ["finished", "interrupted", "single", "no_session"]:
        write(name, framed(read[name]))
    whole = framed(read["finished"])
    write("torn", whole[:-5])
    write("flipped", whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:])
    write("damaged_session", framed(read["interrupted"])[:300])
    write("long_frame", framed(read["single"]) + struct.pack("<II", 0xFFFFFFFF, 0))
    write("empty", framed([]))
    write("next_version", b"OFAUTHJ2" + bytes(8))
    write("foreign", b"not a journal at all")
    write("zeros", bytes(16))


if __name__ == "__main__":
    main()
