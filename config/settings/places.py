"""Places: folders of this host, addresses of this service, servers in the shop's own network."""

from pathlib import Path
from urllib.parse import urlsplit

from config import env

BASE_DIR = Path(__file__).resolve().parents[2]
VAR_DIR = Path(env.text("VAR_DIR", str(BASE_DIR / "var"))).resolve()

# The address that shoppers' browsers and FASHN's webhooks reach, such as https://tryon.example.com, or
# https://shop.example/tryon for a service below a path of another site.
PUBLIC_BASE_URL = env.web_address("PUBLIC_BASE_URL", "", example="https://tryon.example.com")
PUBLIC = urlsplit(PUBLIC_BASE_URL)
PUBLIC_HOST = PUBLIC.netloc.removesuffix(f":{PUBLIC.port}")
# Django puts it before every address. The gate takes it from the path of a request.
FORCE_SCRIPT_NAME = PUBLIC.path or None
# The address of the live door for browsers. Without one nobody is sent there.
EVENTS_URL = env.web_address("EVENTS_URL", "", example="https://tryon.example.com")

# Servers in the shop's own network that ``fileUrl`` may name, beside those of the public internet.
FILE_URL_HOSTS = env.places("FILE_URL_HOSTS")
# Servers in the shop's own network that webhook endpoints may name, also by http.
WEBHOOK_HOSTS = env.places("WEBHOOK_HOSTS")
