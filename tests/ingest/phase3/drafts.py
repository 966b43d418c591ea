"""A FITS file that can be changed card by card and byte by byte, and written with correct checksums."""

from dataclasses import dataclass, field
from pathlib import Path

from demo.fitsbytes import BLOCK, Value, card
from ingest.fitsfile import Limits, data_size, read_hdus
from ingest.phase3.product import _Buffer
from vo_server.files.checksums import OFFSET, UNSET, encode, sum32

SUMS = ("CHECKSUM", "DATASUM")


@dataclass
class Hdu:
    """One HDU: its cards as lines of 80 characters, and its data without fill."""

    lines: list[str]
    data: bytes = b""

    def position(self, keyword: str) -> int | None:
        """The number of the card of ``keyword``."""
        return next((i for i, line in enumerate(self.lines) if _name(line) == keyword), None)

    def set(self, keyword: str, value: Value, comment: str = "") -> None:
        """Write ``keyword`` at its place, or at the end."""
        line = card(keyword, value, comment).decode("ascii")
        at = self.position(keyword)
        if at is None:
            self.lines.append(line)
        else:
            self.lines[at] = line

    def remove(self, *keywords: str) -> None:
        """Take cards away."""
        self.lines = [line for line in self.lines if _name(line) not in keywords]

    def rename(self, keyword: str, name: str) -> None:
        """Give a card another keyword."""
        at = self.position(keyword)
        assert at is not None, keyword
        self.lines[at] = name.ljust(8) + self.lines[at][8:]

    def value(self, keyword: str) -> str:
        """What stands behind the equals sign, comment left out."""
        at = self.position(keyword)
        assert at is not None, keyword
        return self.lines[at][10:].split(" /")[0].strip()

    def to_bytes(self, *, with_sums: bool = True) -> bytes:
        """The HDU, its checksums computed anew where the header has them."""
        data = self.data + bytes(-len(self.data) % BLOCK)
        lines = list(self.lines)
        datasum = sum32(data)
        if with_sums:
            for i, line in enumerate(lines):
                if _name(line) == "DATASUM":
                    lines[i] = card("DATASUM", str(datasum), "data unit checksum").decode()
                elif _name(line) == "CHECKSUM":
                    lines[i] = card("CHECKSUM", UNSET, "HDU checksum").decode()
        header = bytearray("".join([*lines, "END".ljust(80)]).encode("ascii"))
        header += b" " * (-len(header) % BLOCK)
        at = next((i for i, line in enumerate(lines) if _name(line) == "CHECKSUM"), None)
        if with_sums and at is not None:
            start = 80 * at + OFFSET
            header[start : start + 16] = encode(sum32(bytes(header), datasum))
        return bytes(header) + data


@dataclass
class Draft:
    """One file: its name and its HDUs."""

    name: str
    hdus: list[Hdu] = field(default_factory=list)

    @classmethod
    def read(cls, name: str, content: bytes) -> "Draft":
        """The draft of a file's bytes."""
        found, _ = read_hdus(_Buffer(content), Limits())
        hdus, start = [], 0
        for hdu in found:
            start += -(-len(hdu.text) // BLOCK) * BLOCK
            size = data_size(hdu)
            hdus.append(Hdu([card.text for card in hdu.cards], content[start : start + size]))
            start += -(-size // BLOCK) * BLOCK
        return cls(name, hdus)

    def to_bytes(self, *, with_sums: bool = True) -> bytes:
        """The file."""
        return b"".join(hdu.to_bytes(with_sums=with_sums) for hdu in self.hdus)

    def write(self, directory: Path, *, with_sums: bool = True) -> Path:
        """Write the file into ``directory``."""
        path = directory / self.name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(self.to_bytes(with_sums=with_sums))
        return path


def _name(line: str) -> str:
    return line[:8].rstrip()
