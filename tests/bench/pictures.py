"""The cost of a picture: ``python -m tests.bench.pictures``, or ``make bench-pictures``.

CPU seconds of an upload's picture, in the asking process and its decoding child together, and the memory of a
web process that has taken the worst pictures of tests/config/core/images/test_images_memory.py, each twice.
``--save FOLDER`` leaves the photos there, for measuring other programs with them.
"""

import argparse
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from io import BytesIO
from pathlib import Path
from statistics import median
from typing import Final

import pillow_heif
import requests
from PIL import Image

from config.core import images
from tests import images as drawn
from tests.bench.installation import PROJECT, installation, manage
from tests.bench.meter import TICKS
from tests.config.core.images.test_images_memory import WORST

ADDRESS: Final = "http://127.0.0.1:8911"
MAKE_KEY: Final = "from config.shops.keys import key_issue; print(key_issue(name='bench')[1])"
THREADS: Final = 4


def photo(size: drawn.Size) -> Image.Image:
    """A drawn person with as much detail as a photo: 12 megapixels make a JPEG of 4 MB at quality 92."""
    person = drawn.draw_model((1500, 1000)).resize(size, Image.Resampling.BICUBIC)
    coarse = Image.effect_noise((size[0] // 3, size[1] // 3), 80).resize(size, Image.Resampling.BICUBIC)
    noise = Image.blend(coarse, Image.effect_noise(size, 30), 0.5).convert("RGB")
    return Image.blend(person, noise, 0.3)


def jpeg(size: drawn.Size) -> bytes:
    """As cameras write it: with a profile, which is sRGB."""
    return drawn.encode(photo(size), "JPEG", quality=92, icc_profile=drawn.srgb_profile())


def heic(size: drawn.Size) -> bytes:
    file = BytesIO()
    pillow_heif.from_pillow(photo(size)).save(file, quality=60, enc_params={"preset": "ultrafast"})
    return file.getvalue()


PHOTOS: Final[dict[str, Callable[[], bytes]]] = {
    "12mp.jpg": lambda: jpeg((4000, 3000)),
    "24mp.jpg": lambda: jpeg((6000, 4000)),
    "9mp.webp": lambda: drawn.encode(photo((3000, 3000)), "WEBP", quality=85, method=2),
    "12mp.heic": lambda: heic((4000, 3000)),
}


def cpu_seconds(pid: int | str) -> float:
    """CPU that a process and its children have used."""
    own = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    children = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return (int(own[11]) + int(own[12])) / TICKS + sum(cpu_seconds(child) for child in children.split())


def cost(content: bytes, runs: int) -> float:
    """CPU seconds of one picture, once its child is warm."""
    images.prepare(BytesIO(content))
    before = cpu_seconds("self")
    for _ in range(runs):
        images.prepare(BytesIO(content))
    return (cpu_seconds("self") - before) / runs


def web_memory() -> str:
    """Memory of a web process before and after the worst pictures, in MB."""
    with installation("", LOG_LEVEL="WARNING") as environment:
        key = subprocess.check_output(
            manage("shell", "-c", MAKE_KEY), cwd=PROJECT, env=environment, text=True
        )
        command = [
            str(Path(sys.executable).with_name("granian")), "--interface", "asgi", "--port", "8911",
            "--workers", "1", "config.asgi:application",
        ]  # fmt: skip
        server = subprocess.Popen(command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL)
        try:
            return _fed(server.pid, key.split()[-1])
        finally:
            server.terminate()
            server.wait()


def _fed(server: int, key: str) -> str:
    while not _answers():
        time.sleep(0.2)
    worker = max(_memory_of_children(server).items(), key=lambda item: item[1]["VmRSS"])[0]
    before = _memory(worker)
    contents = [make() for make in WORST.values()]
    with ThreadPoolExecutor(THREADS) as threads:
        codes = list(threads.map(lambda content: _upload(content, key), contents * 2))
    after = _memory(worker)
    taken = codes.count(201)
    return (
        f"web process: {before['VmRSS']} MB, then {after['VmRSS']} MB after {taken} of {len(codes)} pictures"
        f" were taken, peak {after['VmHWM']} MB"
    )


def _answers() -> bool:
    try:
        return requests.get(f"{ADDRESS}/healthz", timeout=2).ok
    except requests.ConnectionError:
        return False


def _upload(content: bytes, key: str) -> int:
    """Send a photo, again where all places are taken."""
    while True:
        answer = requests.post(
            f"{ADDRESS}/api/tryon/upload",
            data={"productId": "bench"},
            files={"file": ("photo.jpg", content)},
            headers={"Authorization": f"Api-Key {key}"},
            timeout=300,
        )
        if answer.status_code != 503:
            return answer.status_code
        time.sleep(float(answer.headers["Retry-After"]))


def _memory_of_children(pid: int) -> Mapping[int, Mapping[str, int]]:
    listed = " ".join(path.read_text() for path in Path(f"/proc/{pid}/task").glob("*/children"))
    return {int(child): _memory(int(child)) for child in listed.split()}


def _memory(pid: int) -> dict[str, int]:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return {line.split(":")[0]: int(line.split()[1]) // 1024 for line in lines if line.startswith("Vm")}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench-pictures", description=__doc__)
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--save", type=Path)
    given = parser.parse_args()
    for name, make in PHOTOS.items():
        content = make()
        if given.save:
            given.save.mkdir(parents=True, exist_ok=True)
            (given.save / name).write_bytes(content)
        rounds = [cost(content, given.runs) for _ in range(3)]
        sys.stdout.write(
            f"{name:10} {median(rounds):.3f} s of CPU ({min(rounds):.3f} to {max(rounds):.3f}),"
            f" {len(content) / 1e6:.1f} MB\n"
        )
    sys.stdout.write(web_memory() + "\n")


if __name__ == "__main__":
    main()
