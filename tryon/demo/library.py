"""The demo shop's photos: our own drawings, kept as WebP files of 900x1350 px in ``pictures``."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

PICTURES: Final = Path(__file__).parent / "pictures"


@dataclass(frozen=True, slots=True)
class ModelPhoto:
    """A model photo; ``category`` is full_body, upper_body or lower_body."""

    name: str
    category: str
    tags: tuple[str, ...]

    @property
    def path(self) -> Path:
        return PICTURES / f"{self.name.lower()}.webp"


@dataclass(frozen=True, slots=True)
class ProductPhoto:
    """A product photo."""

    product_id: str
    name: str

    @property
    def path(self) -> Path:
        return PICTURES / f"{self.product_id.removeprefix('demo-')}.webp"


# Lists begin with the newest. Nearly all garments look right on a whole person, so these are the last ones.
MODELS: Final = (
    ModelPhoto("Ruth", "lower_body", ("legs", "skirt")),
    ModelPhoto("Ines", "lower_body", ("legs",)),
    ModelPhoto("Mateo", "upper_body", ("portrait", "short hair")),
    ModelPhoto("Freya", "upper_body", ("portrait",)),
    ModelPhoto("Zola", "upper_body", ("portrait",)),
    ModelPhoto("Kenji", "full_body", ("studio", "short hair")),
    ModelPhoto("Amina", "full_body", ("studio", "curly hair")),
    ModelPhoto("Clara", "full_body", ("studio", "long hair")),
)

PRODUCTS: Final = (
    ProductPhoto("demo-tee-teal", "Lagoon tee"),
    ProductPhoto("demo-top-striped", "Harbour top"),
    ProductPhoto("demo-hoodie-sage", "Moss hoodie"),
    ProductPhoto("demo-jacket-black", "Night jacket"),
    ProductPhoto("demo-shirt-blue", "Linen shirt"),
    ProductPhoto("demo-dress-plum", "Orchid dress"),
    ProductPhoto("demo-jeans-indigo", "Indigo jeans"),
    ProductPhoto("demo-skirt-forest", "Forest skirt"),
)
