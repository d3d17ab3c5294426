"""What the demo's shop has: model photos and product photos, each drawn when it is asked for."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from tryon.demo.drawing import garments
from tryon.demo.drawing.canvas import Camera
from tryon.demo.drawing.people import FULL, LOWER, UPPER, Look, draw_person


@dataclass(frozen=True, slots=True)
class DrawnModel:
    """A model photo; ``category`` is full_body, upper_body or lower_body."""

    name: str
    category: str
    tags: tuple[str, ...]
    look: Look

    def jpeg(self) -> bytes:
        """The photo: JPEG, 900x1350 px. About half a second of work."""
        return draw_person(self.look, CAMERAS[self.category])


@dataclass(frozen=True, slots=True)
class DrawnProduct:
    """A product photo."""

    product_id: str
    name: str
    draw: Callable[[str, str], bytes]
    colour: str
    accent: str

    def jpeg(self) -> bytes:
        """The photo: JPEG, 900x1350 px. About half a second of work."""
        return self.draw(self.colour, self.accent)


CAMERAS: Final[dict[str, Camera]] = {"full_body": FULL, "upper_body": UPPER, "lower_body": LOWER}

NAVY, CHARCOAL, DENIM = "#2f3a52", "#3c414c", "#4a6c8c"
SAND, SAGE, SKY = ("#f6f1ea", "#d9cfc6"), ("#eef1ea", "#c3cdbf"), ("#eef2f6", "#c3cfdc")
ROSE, LILAC, MINT = ("#f7ede8", "#dcc4b8"), ("#f0eef5", "#cdc6da"), ("#ecf3f1", "#bdd2cc")

MODELS: Final = (
    DrawnModel("Clara", "full_body", ("studio", "long hair"), Look(
        "#f1c9a8", "#5b3a24", "long", "#8fa6b8", NAVY, "#f4efe8", *SAND)),
    DrawnModel("Amina", "full_body", ("studio", "curly hair"), Look(
        "#8d5a3a", "#1d1512", "afro", "#d8a24a", CHARCOAL, "#efe9df", *SAGE, pose="hand on hip")),
    DrawnModel("Kenji", "full_body", ("studio", "short hair"), Look(
        "#e0ac82", "#241a18", "short", "#6f8f7a", NAVY, "#5a4030", *SKY, pose="walking")),
    DrawnModel("Zola", "upper_body", ("portrait",), Look(
        "#5f3b28", "#17110f", "bun", "#c9675f", CHARCOAL, "#22252c", *ROSE)),
    DrawnModel("Freya", "upper_body", ("portrait",), Look(
        "#f3d3bb", "#b0763e", "bob", "#5f7f9f", NAVY, "#5a4030", *MINT, pose="hand on hip")),
    DrawnModel("Mateo", "upper_body", ("portrait", "short hair"), Look(
        "#c98f62", "#2a1b14", "short", "#7d6b8a", CHARCOAL, "#22252c", *LILAC)),
    DrawnModel("Ines", "lower_body", ("legs",), Look(
        "#c98f62", "#2a1b14", "long", "#d3c4ae", DENIM, "#f4f0ea", *LILAC)),
    DrawnModel("Ruth", "lower_body", ("legs", "skirt"), Look(
        "#8d5a3a", "#1d1512", "bun", "#c7b7a4", "#7c4a52", "#3a2a28", *SAND, skirt=True)),
)  # fmt: skip

PRODUCTS: Final = (
    DrawnProduct("demo-tee-teal", "Lagoon tee", garments.draw_tee, "#23857f", "#f2c14e"),
    DrawnProduct("demo-top-striped", "Harbour top", garments.draw_stripes, "#30527d", "#8fb2d9"),
    DrawnProduct("demo-hoodie-sage", "Moss hoodie", garments.draw_hoodie, "#6f8f72", "#e9e2d0"),
    DrawnProduct("demo-jacket-black", "Night jacket", garments.draw_jacket, "#3a3d47", "#c9ccd4"),
    DrawnProduct("demo-shirt-blue", "Linen shirt", garments.draw_shirt, "#7ea3c7", "#f4efe6"),
    DrawnProduct("demo-dress-plum", "Orchid dress", garments.draw_dress, "#8d4b7d", "#4e2748"),
    DrawnProduct("demo-jeans-indigo", "Indigo jeans", garments.draw_jeans, "#3f5f8c", "#d9a55b"),
    DrawnProduct("demo-skirt-forest", "Forest skirt", garments.draw_skirt, "#3f7358", "#274a38"),
)  # fmt: skip


def first_garment() -> bytes:
    """What the demo's first try-on is made with: JPEG, 900x1350 px."""
    return PRODUCTS[0].jpeg()
